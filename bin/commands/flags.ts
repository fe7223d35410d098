/** `brigade flags`: for whom a feature is on. */
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { get, Operator, opsOption } from '../operator.ts'
import { table } from '../terminal/table.ts'

type Rule =
  | { readonly kind: 'on' | 'off' }
  | { readonly kind: 'share'; readonly percent: number }
  | { readonly kind: 'accounts'; readonly accounts: readonly string[] }

interface ShownFlag {
  readonly flag: string
  readonly rule: Rule
  readonly source: 'default' | 'stored'
  readonly about: string
}

interface ShownFlags {
  readonly version: number
  readonly items: readonly ShownFlag[]
}

export const flags = defineCommand({
  name: 'flags',
  summary: 'features that are on or off, and for whom',
  args: [
    { name: 'FLAG', about: 'which one', optional: true },
    { name: 'RULE', about: 'on, off, a share as 25%, default, or accounts', optional: true },
    { name: 'ACCOUNT', about: 'for accounts: which ones', optional: true, many: true },
  ],
  options: { ...opsOption, ...jsonOption },
  about: [
    'Lists every feature flag with its rule. A share is of accounts: the same ones at every look, and more of them when it grows.',
  ],
  examples: [
    { line: 'flags', about: 'All of them.' },
    { line: 'flags substitutions off', about: 'Nothing can be substituted.' },
    { line: 'flags substitutions 25%', about: 'A quarter of the accounts may.' },
  ],
  next: 'npx brigade audit shows who changed what.',
  async run({ args: [name, rule, ...accounts], options: { ops, json } }, terminal) {
    const operator = new Operator(ops, terminal)
    const all = await operator.ask<ShownFlags>(get('flags'))
    const flag = all.items.find((item) => item.flag === name)
    if (name !== undefined && flag === undefined)
      throw new UsageError(`There is no flag '${name}'.`, 'npx brigade flags lists them.')
    if (flag === undefined || rule === undefined) {
      const items = flag === undefined ? all.items : [flag]
      terminal.print(json ? `${JSON.stringify({ ...all, items })}\n` : `${flagLines(items).join('\n')}\n`)
      return 0
    }
    const changed = await operator.ask<ShownFlag>({
      path: `flags/${encodeURIComponent(flag.flag)}`,
      ifVersion: all.version,
      ...(rule === 'default'
        ? { method: 'DELETE' }
        : { method: 'PUT', body: { rule: ruleOf(rule, accounts) } }),
    })
    terminal.print(
      json
        ? `${JSON.stringify(changed)}\n`
        : `${changed.flag} is ${inWords(changed.rule)}; it was ${inWords(flag.rule)}.\n`,
    )
    return 0
  },
})

function ruleOf(text: string, accounts: readonly string[]): Rule {
  if (text === 'on' || text === 'off') return { kind: text }
  const percent = /^(\d{1,3})%$/.exec(text)?.[1]
  if (percent !== undefined) return { kind: 'share', percent: Number(percent) }
  if (text === 'accounts' && accounts.length > 0) return { kind: 'accounts', accounts }
  throw new UsageError(
    `'${text}' is no rule.`,
    'It is on, off, a share as 25%, default, or accounts ACCOUNT…',
  )
}

function inWords(rule: Rule): string {
  switch (rule.kind) {
    case 'on':
    case 'off':
      return rule.kind
    case 'share':
      return `on for ${rule.percent}% of the accounts`
    case 'accounts':
      return `on for ${rule.accounts.join(', ')}`
  }
}

function flagLines(items: readonly ShownFlag[]): string[] {
  return table(
    [{ title: 'FLAG' }, { title: 'RULE' }, { title: 'FROM' }, { title: 'GUARDS' }],
    items.map(({ flag, rule, source, about }) => [flag, inWords(rule), source, about]),
  )
}
