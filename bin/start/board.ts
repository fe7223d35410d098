/**
 * The restaurant on a screen of 80 columns: orders, traffic, what holds, nodes, what happened, what to try.
 *
 * Owns:     the layout. The same places hold the same things in every frame.
 * Does not: gather anything (`run.ts`) or write to a terminal (`terminal/screen.ts`).
 */
import { nodeTable } from '../commands/status.ts'
import type { ShownNode } from '../operator.ts'
import { padded } from '../terminal/table.ts'
import type { Paint } from '../terminal/terminal.ts'
import { timeShown } from '../terminal/time-shown.ts'
import { stages, type TallyView } from './tally.ts'
import type { Rates } from './traffic.ts'

export interface Told {
  /** Microseconds since midnight. */
  readonly at: number
  readonly words: string
  readonly isTrouble: boolean
}

export interface Shown {
  readonly title: string
  /** Microseconds since midnight. */
  readonly at: number
  readonly speed: number
  readonly service: number
  readonly seed: number
  /** How many guests are expected in this service. */
  readonly expected: number
  readonly tally: TallyView
  readonly rates: Rates
  readonly nodes: readonly ShownNode[]
  readonly restarts: number
  /** Newest last. */
  readonly incidents: readonly Told[]
  readonly url: string
  readonly opsUrl: string
}

const width = 80
const label = 11
const incidentsMax = 6
/** And a last row that stays free. */
const linesWithoutIncidents = 16

/** As many lines as `rows`, or as few as it can do with. */
export function boardLines(shown: Shown, paint: Paint, rows = 24): string[] {
  const { tally, rates, nodes, restarts, incidents, url, opsUrl } = shown
  const incidentsShown = Math.max(1, Math.min(incidentsMax, rows - linesWithoutIncidents - nodes.length))
  const row = (name: string, text: string): string => ` ${paint.faint(padded(name, label))}${text}`
  const none = paint.faint('nothing yet; see Try')
  const happened = incidents
    .slice(-incidentsShown)
    .reverse()
    .map((told) => incidentLine(told, paint))
  const [latest = none, ...earlier] = happened
  return [
    heading(shown, paint),
    '',
    row('Orders', stageCounts(tally)),
    row('', endCounts(tally)),
    row('', acceptance(shown)),
    row(
      'Traffic',
      `${whole(rates.messages)} messages/s   ${whole(rates.turns)} turns/s   ${whole(rates.commits)} commits/s   ${restartsText(restarts)}`,
    ),
    row('Holds', holds(tally, paint)),
    '',
    ...nodeTable(nodes, paint).map((line) => ` ${line}`),
    '',
    row('Latest', latest),
    ...Array.from({ length: incidentsShown - 1 }, (_, n) => row('', earlier[n] ?? '')),
    '',
    row('Guests', `${url}/`),
    row('Inspector', `${opsUrl}/`),
    row('Try', `${paint.strong('npx brigade crash node-2')}   in another terminal`),
    row('Leave', 'Ctrl-C drains; npm start goes on from there'),
  ]
}

/** One line, where nothing can be written over. */
export function boardLine({ at, tally, rates, nodes }: Shown): string {
  const open = stages.reduce((sum, stage) => sum + tally.stages[stage], 0)
  const states = nodes.map(({ id, state }) => `${id} ${state}`).join(', ')
  const wrong = tally.problems.length === 0 ? 'all holds' : `WRONG: ${tally.problems[0]}`
  return `${timeShown(at)}  ${tally.acknowledged} orders, ${open} open, ${tally.ended.completed} completed; ${wrong}; ${rates.messages} messages/s; ${states}`
}

function heading({ title, at, speed, service, seed }: Shown, paint: Paint): string {
  const left = `${title}, ${timeShown(at)}`
  const right = `x${speed} · service ${service} · seed ${seed}`
  return ` ${paint.strong(left)}${padded(right, width - 2 - left.length, 'right')}`
}

function stageCounts({ stages: counts }: TallyView): string {
  const usual = stages.filter((stage) => stage !== 'ending')
  return usual.map((stage) => `${stage} ${padded(String(counts[stage]), 2)}`).join('  ')
}

function endCounts({ ended, stages: { ending } }: TallyView): string {
  const others = (['rejected', 'cancelled', 'expired'] as const).flatMap((end) =>
    ended[end] > 0 ? [`${whole(ended[end])} ${end}`] : [],
  )
  const onTheWay = ending > 0 ? [`${ending} being cancelled`] : []
  return [`${whole(ended.completed)} completed`, ...others, ...onTheWay].join(', ')
}

function acceptance({ tally: { acknowledged, leftWithout, acceptMs }, expected }: Shown): string {
  const { p50, p95, n } = acceptMs
  const within = n === 0 ? '' : ` (p50 ${whole(p50)} ms, p95 ${whole(p95)} ms)`
  const left = leftWithout > 0 ? `, ${whole(leftWithout)} left without` : ''
  return `${whole(acknowledged)} of ${whole(expected)} accepted${within}${left}`
}

const restartsText = (count: number): string => `${whole(count)} restart${count === 1 ? '' : 's'}`

function holds({ problems, kept }: TallyView, paint: Paint): string {
  if (problems.length === 0) return `no order lost   none doubled   ${euros(kept)} kept as billed`
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return paint.red(clipped(`${problems[0]}${more}`, width - label - 1))
}

function incidentLine({ at, words, isTrouble }: Told, paint: Paint): string {
  const line = clipped(`${timeShown(at)}  ${words}`, width - label - 1)
  return isTrouble ? paint.yellow(line) : line
}

const clipped = (text: string, columns: number): string =>
  text.length <= columns ? text : `${text.slice(0, columns - 1)}…`

const whole = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',')
const euros = (cents: number): string =>
  `${whole(Math.floor(cents / 100))}.${String(cents % 100).padStart(2, '0')}`
