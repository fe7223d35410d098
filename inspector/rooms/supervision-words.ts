/**
 * What a log of supervision says in words, and as lanes of time.
 *
 * Owns:     what was done about a failure, who passed it on and why, and which actors restart the most.
 * Does not: draw, or know from where a log comes.
 */
import type { Severity } from '../data/incidents.ts'
import type { KnownBudget, LogEntry } from '../model/supervision-log.ts'
import { clockOf, manyOf } from '../shell/words.ts'

export type Failed = Extract<LogEntry, { readonly kind: 'failed' }>
type Told = { readonly severity: Severity; readonly words: string }

export function doneAbout(entry: Exclude<LogEntry, { readonly kind: 'unknown' }>): Told {
  switch (entry.kind) {
    case 'failed':
      return doneAboutFailure(entry)
    case 'restarted':
      return { severity: 'note', words: 'restarts too' }
    case 'forgot':
      return { severity: 'bad', words: 'drops its memory and loads what is durable' }
  }
}

function doneAboutFailure({ directive, attempt, isBuried, group }: Failed): Told {
  switch (directive) {
    case 'restart':
      return isBuried
        ? {
            severity: 'bad',
            words: `restarts; after ${manyOf(attempt, 'attempt')} its message is a dead letter`,
          }
        : { severity: 'warn', words: `restarts, attempt ${attempt}` }
    case 'resume':
      return { severity: 'warn', words: 'goes on; its message is a dead letter' }
    case 'reset':
      return { severity: 'warn', words: 'begins anew; its message is a dead letter' }
    case 'stop':
      return {
        severity: 'bad',
        words: group === undefined ? 'stopped: its snapshot cannot be loaded' : 'stopped: its messages wait',
      }
    case 'escalate':
      return {
        severity: 'bad',
        words: isBuried
          ? 'beyond the root; loading again has not helped: its message is a dead letter'
          : 'beyond the root: its node loads again what is durable',
      }
  }
}

const becauseOf = {
  budget: 'budget used up',
  decider: 'leaves such errors to the next',
  birth: 'it cannot begin anew',
} as const

/** Who was asked, the innermost first, and what each said; the last one decided. Empty: nobody was. */
export function chainOf({ passed = [], directive, group }: Failed): readonly string[] {
  if (group === undefined) return []
  const asked = passed.map((one) => `${one.group}: ${becauseOf[one.because]}`)
  return [...asked, directive === 'escalate' ? 'the node decides' : `${group} decides`]
}

export function unknownIn(entry: Extract<LogEntry, { readonly kind: 'unknown' }>): string {
  const between = `From ${clockOf(entry.from)} to ${clockOf(entry.at)}`
  if (entry.node === undefined) return `${between} nobody looked: what failed then is not known.`
  if (entry.events === undefined)
    return `${between} nothing came from ${entry.node}: what failed there is not known.`
  return `${manyOf(entry.events, 'event')} of ${entry.node} until ${clockOf(entry.at)} were too many to be told.`
}

/** Of one actor: what it did itself, and what it made others do. What is not known stays. */
export const entriesOf = (entries: readonly LogEntry[], actor: string | undefined): readonly LogEntry[] =>
  actor === undefined
    ? entries
    : entries.filter(
        (entry) =>
          entry.kind === 'unknown' ||
          (entry.kind !== 'forgot' && entry.actor === actor) ||
          (entry.kind === 'restarted' && entry.cause === actor),
      )

export interface Lane {
  /** An actor; or a node, which has dropped its memory. */
  readonly name: string
  readonly isNode: boolean
  readonly marks: readonly {
    readonly n: number
    readonly at: number
    readonly severity: Severity
    readonly words: string
  }[]
  /** The same message has failed so often, at its latest. */
  readonly attempt: number
}

/** The busiest, and how many others have no lane. */
export function lanesOf(
  entries: readonly LogEntry[],
  max: number,
): { readonly lanes: readonly Lane[]; readonly others: number } {
  const all = new Map<string, { isNode: boolean; marks: Lane['marks'][number][]; attempt: number }>()
  for (const entry of entries) {
    if (entry.kind === 'unknown') continue
    const name = entry.kind === 'forgot' ? entry.node : entry.actor
    const lane = all.get(name) ?? { isNode: entry.kind === 'forgot', marks: [], attempt: 0 }
    lane.marks.push({ n: entry.n, at: entry.at, ...doneAbout(entry) })
    if (entry.kind === 'failed') lane.attempt = entry.attempt
    all.set(name, lane)
  }
  const busiest = [...all.keys()].toSorted(
    (a, b) => (all.get(b)?.marks.length ?? 0) - (all.get(a)?.marks.length ?? 0),
  )
  const chosen = new Set(busiest.slice(0, max))
  // As they came: a lane does not jump away under who points at it.
  const lanes = [...all].filter(([name]) => chosen.has(name)).map(([name, lane]) => ({ name, ...lane }))
  return { lanes, others: all.size - lanes.length }
}

/** Of the shards of a group the one that has used the most; each has the whole budget for itself. */
export const mostUsed = (budgets: readonly KnownBudget[], group: string): KnownBudget | undefined =>
  budgets
    .filter((one) => one.group === group)
    .reduce<KnownBudget | undefined>(
      (most, one) => (most === undefined || one.restarts > most.restarts ? one : most),
      undefined,
    )
