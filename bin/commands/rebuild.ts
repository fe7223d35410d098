/** `brigade rebuild`: builds read models anew from the journal, and says whether that changes anything. */
import { setTimeout as sleep } from 'node:timers/promises'
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { get, Operator, opsOption, post } from '../operator.ts'

interface ShownRebuild {
  readonly state: 'waiting' | 'reading' | 'comparing' | 'done' | 'failed'
  readonly verify: boolean
  readonly turns: number
  readonly differences?: { readonly count: number; readonly first: readonly string[] }
  readonly problem?: string
}
interface ShownModel {
  readonly name: string
  readonly rebuild?: ShownRebuild
}

const lookAgainMs = 250

export const rebuild = defineCommand({
  name: 'rebuild',
  summary: 'build read models anew from the journal',
  args: [{ name: 'NAME', about: 'orders, payments, tickets, kpi or ledger (default all)', optional: true }],
  options: {
    ...opsOption,
    verify: { kind: 'flag', about: 'only compare: nothing is replaced' },
    ...jsonOption,
  },
  about: [
    'Folds the whole journal into a second copy of the tables beside the one that is served, compares the two row by row, and lets the new one take the place of the old. Lists are served all the while.',
    'It is done by the edge whose operator listener is asked; each edge has read models of its own. Ends with 12 when a row was not what the journal says.',
  ],
  examples: [
    { line: 'rebuild', about: 'All of them, with one reading of the journal.' },
    { line: 'rebuild orders --verify', about: 'Whether the list of orders is what the journal says.' },
  ],
  next: 'a difference is a bug, or a table that somebody has changed: keep what it printed.',
  async run({ args: [name = 'all'], options: { ops, verify = false, json } }, terminal) {
    const operator = new Operator(ops, terminal)
    const asked = await operator.ask<{ items: readonly ShownModel[] }>(
      post(`projections/${encodeURIComponent(name)}/rebuild`, { verify }),
    )
    const names = new Set(asked.items.map((model) => model.name))
    for (;;) {
      const { items } = await operator.ask<{ items: readonly ShownModel[] }>(get('projections'))
      const models = items.filter((model) => names.has(model.name))
      if (models.every(({ rebuild }) => rebuild === undefined))
        throw new UsageError(
          'The edge has forgotten what it was to build: it was started again.',
          'Ask again.',
        )
      if (models.some(({ rebuild }) => rebuild?.state !== 'done' && rebuild?.state !== 'failed')) {
        await sleep(lookAgainMs)
        continue
      }
      terminal.print(json ? `${JSON.stringify({ items: models })}\n` : `${models.map(inWords).join('\n')}\n`)
      return models.every(isSame) ? exitCodes.held : exitCodes.safety
    }
  },
})

const isSame = ({ rebuild }: ShownModel): boolean =>
  rebuild?.state === 'done' && (rebuild.differences?.count ?? 0) === 0

function inWords({ name, rebuild }: ShownModel): string {
  if (rebuild === undefined) return `${name}: not asked for`
  const { state, verify, turns, differences, problem } = rebuild
  if (state === 'failed') return `${name}: failed on ${problem}. The old one is as it was.`
  const kept = verify ? 'nothing was replaced' : 'it was replaced'
  if (differences === undefined) return `${name}: built from ${turns} turns; there was none before`
  if (differences.count === 0) return `${name}: the same rows from ${turns} turns; ${kept}`
  const told = differences.first.map((line) => `  ${line}`)
  return [`${name}: ${differences.count} rows differ from what ${turns} turns say; ${kept}`, ...told].join(
    '\n',
  )
}
