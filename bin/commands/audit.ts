/** `brigade audit`: who did what to the cluster. */
import type { AuditEntry } from '#gateway'
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { get, Operator, opsOption } from '../operator.ts'
import { table } from '../terminal/table.ts'

interface ShownAudit {
  readonly day: string
  readonly items: readonly AuditEntry[]
}

const shownMax = 100

export const audit = defineCommand({
  name: 'audit',
  summary: 'who did what to the cluster',
  args: [{ name: 'DAY', about: 'by the world clock, as 2026-05-01 (default today)', optional: true }],
  options: { ...opsOption, ...jsonOption },
  about: [
    'Lists the commands of one day, newest first, with who gave them and how they were answered. Each was written down before it was carried out: one without an answer was under way when its gateway ended.',
  ],
  examples: [
    { line: 'audit', about: 'Today.' },
    { line: 'audit 2026-05-01', about: 'Another day.' },
  ],
  next: 'nothing secret is in it: what was sent is shown without.',
  async run({ args: [day], options: { ops, json } }, terminal) {
    const operator = new Operator(ops, terminal)
    const query = day === undefined ? '' : `&day=${encodeURIComponent(day)}`
    const shown = await operator.ask<ShownAudit>(get(`audit?limit=${shownMax}${query}`))
    terminal.print(json ? `${JSON.stringify(shown)}\n` : `${auditLines(shown).join('\n')}\n`)
    return 0
  },
})

function auditLines({ day, items }: ShownAudit): string[] {
  const answers = new Map(items.map(({ entry, status }) => [entry, status] as const).filter(([, s]) => s))
  const begun = items.filter(({ what }) => what === 'begun')
  if (begun.length === 0) return [`Nobody did anything on ${day}.`]
  return table(
    [{ title: 'WORLD' }, { title: 'WHO' }, { title: 'ANSWER' }, { title: 'COMMAND' }, { title: 'WHY' }],
    begun.map(({ entry, at, who = '', command = '', target = '', reason = '' }) => [
      at.slice(11, 19),
      who,
      String(answers.get(entry) ?? '-'),
      `${command.slice(0, command.indexOf(' '))} ${target}`,
      reason,
    ]),
  )
}
