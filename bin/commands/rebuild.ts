/** `brigade rebuild`: builds read models anew from the journal, and says whether that changes anything. */
import { setTimeout as sleep } from 'node:timers/promises'
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { get, Operator, opsOption, post } from '../operator.ts'

interface ShownRebuild {
  readonly state: 'waiting' | 'reading' | 'comparing' | 'done' | 'refused' | 'failed'
  readonly verify: boolean
  readonly turns: number
  /** Turns that the journal has no more. */
  readonly notKept?: number
  readonly differences?: { readonly count: number; readonly first: readonly string[] }
  readonly problem?: string
}
interface ShownModel {
  readonly name: string
  readonly rebuild?: ShownRebuild
}

const lookAgainMs = 250
const underway: ReadonlySet<string> = new Set(['waiting', 'reading', 'comparing'])

export const rebuild = defineCommand({
  name: 'rebuild',
  summary: 'build read models anew from the journal',
  args: [
    { name: 'NAME', about: 'orders, payments, tickets, kpi, ledger or users (default all)', optional: true },
  ],
  options: {
    ...opsOption,
    verify: { kind: 'flag', about: 'only compare: nothing is replaced' },
    'accept-loss': { kind: 'flag', about: 'replace it also when turns were trimmed and rows are lost' },
    ...jsonOption,
  },
  about: [
    'Folds the whole journal into a second copy of the tables beside the one that is served, compares the two row by row, and lets the new one take the place of the old. Lists are served all the while.',
    'It is done by the edge whose operator listener is asked; each edge has read models of its own. When turns were trimmed from the journal and rows would be lost or changed, nothing is replaced, unless --accept-loss says so. Ends with 12 when a row was not what the journal says.',
  ],
  examples: [
    { line: 'rebuild', about: 'All of them, with one reading of the journal.' },
    { line: 'rebuild orders --verify', about: 'Whether the list of orders is what the journal says.' },
  ],
  next: 'a difference is a bug, or a table that somebody has changed: keep what it printed.',
  async run(
    { args: [name = 'all'], options: { ops, verify = false, 'accept-loss': acceptLoss = false, json } },
    terminal,
  ) {
    const operator = new Operator(ops, terminal)
    const asked = await operator.ask<{ items: readonly ShownModel[] }>(
      post(`projections/${encodeURIComponent(name)}/rebuild`, { verify, acceptLoss }),
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
      if (models.some(({ rebuild }) => rebuild !== undefined && underway.has(rebuild.state))) {
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
  const { state, verify, turns, notKept = 0, differences, problem } = rebuild
  if (state === 'failed') return `${name}: failed on ${problem}. The old one is as it was.`
  if (state === 'refused')
    return `${name}: refused: ${problem}. The old one is as it was; --accept-loss replaces it all the same.`
  const kept = verify ? 'nothing was replaced' : 'it was replaced'
  if (differences === undefined) return `${name}: built from ${turns} turns; there was none before`
  if (differences.count === 0) return `${name}: the same rows from ${turns} turns; ${kept}`
  const cut = notKept > 0 ? ` (${notKept} more are not kept)` : ''
  const told = differences.first.map((line) => `  ${line}`)
  const head = `${name}: ${differences.count} rows differ from what ${turns} turns say${cut}; ${kept}`
  return [head, ...told].join('\n')
}
