/** `brigade config`: what is configured, where it comes from, and changing it while all runs. */
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { get, Operator, opsOption } from '../operator.ts'
import { table } from '../terminal/table.ts'

type Value = boolean | number | string

interface ShownSetting {
  readonly key: string
  readonly value: Value
  readonly default: Value
  readonly source: 'default' | 'start' | 'stored'
  readonly locked: boolean
  readonly about: string
  readonly by?: string
  readonly why?: string
}

interface ShownConfig {
  readonly version: number
  readonly items: readonly ShownSetting[]
}

export const config = defineCommand({
  name: 'config',
  summary: 'what is configured; set a value',
  args: [
    { name: 'VERB', about: 'get (the default), set or unset', optional: true },
    { name: 'KEY', about: 'which one', optional: true },
    { name: 'VALUE', about: 'for set: true, false, a whole number or text', optional: true },
  ],
  options: { ...opsOption, ...jsonOption },
  about: [
    'Lists every key with its value and where that comes from. What the environment has set (start) is locked; else what was stored counts, else the default. Every gateway goes by a change within a moment, without a restart.',
  ],
  examples: [
    { line: 'config', about: 'Everything.' },
    { line: 'config set orders.open false', about: 'The last order is called: no new ones are taken.' },
    { line: 'config unset orders.open', about: 'The default holds again.' },
  ],
  next: 'npx brigade audit shows who changed what.',
  async run({ args: [verb = 'get', key, value], options: { ops, json } }, terminal) {
    const operator = new Operator(ops, terminal)
    const all = await operator.ask<ShownConfig>(get('config'))
    if (verb === 'get') {
      const items = key === undefined ? all.items : [settingOf(all, key)]
      terminal.print(json ? `${JSON.stringify({ ...all, items })}\n` : `${configLines(items).join('\n')}\n`)
      return 0
    }
    if (verb !== 'set' && verb !== 'unset')
      throw new UsageError(`'${verb}' is not something to do with a value.`, 'It is get, set or unset.')
    const setting = settingOf(all, key)
    if (verb === 'set' && value === undefined)
      throw new UsageError('VALUE is missing.', `npx brigade config set ${setting.key} VALUE`)
    const changed = await operator.ask<ShownSetting>({
      method: verb === 'set' ? 'PUT' : 'DELETE',
      path: `config/${encodeURIComponent(setting.key)}`,
      ifVersion: all.version,
      ...(value !== undefined && verb === 'set' && { body: { value: typed(value, setting) } }),
    })
    terminal.print(
      json
        ? `${JSON.stringify(changed)}\n`
        : `${changed.key} is ${String(changed.value)} (${changed.source}); it was ${String(setting.value)}.\n`,
    )
    return 0
  },
})

function settingOf({ items }: ShownConfig, key: string | undefined): ShownSetting {
  const setting = items.find((item) => item.key === key)
  if (setting !== undefined) return setting
  throw new UsageError(
    key === undefined ? 'KEY is missing.' : `There is no key '${key}'.`,
    'npx brigade config lists them.',
  )
}

/** As the key's default is: the gateway says what is wrong with the rest. */
function typed(text: string, setting: ShownSetting): Value {
  if (typeof setting.default === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (typeof setting.default === 'number' && /^-?\d{1,15}$/.test(text)) return Number(text)
  return text
}

function configLines(items: readonly ShownSetting[]): string[] {
  return table(
    [{ title: 'KEY' }, { title: 'VALUE', align: 'right' }, { title: 'FROM' }, { title: 'MEANING' }],
    items.map(({ key, value, source, locked, by, about }) => [
      key,
      String(value),
      `${source}${by === undefined ? '' : ` by ${by}`}${locked ? ', locked' : ''}`,
      about,
    ]),
  )
}
