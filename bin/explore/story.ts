/**
 * What happens on the day of a failure, in order, on a page: who comes, what breaks, and the turns that led to it.
 *
 * Owns:     what counts as an entry of a day, and the words for it.
 * Does not: run the day: the turns stand in the failure's file.
 */
import type { Day, Fault, GuestPlan } from '#day'
import { durationText, planGuests, timeUs } from '#day'
import { optionsOf } from './shrink.ts'
import type { Failure, Turn } from './trial.ts'

/** Something that is put into the day: an act of a guest, a delivery, a fault. What follows from it is none. */
export interface Entry {
  /** Microseconds since midnight; of an act that follows an answer, as if the answer came at once. */
  readonly at: number
  readonly what: string
}

export function entriesOf(day: Day, seed: number): readonly Entry[] {
  const entries = [
    ...planGuests(day, seed).flatMap(actsOf),
    ...day.stock.deliveries.map(({ at, ingredient, amount }) => ({
      at: timeUs(at),
      what: `${amount} ${ingredient} are delivered`,
    })),
    ...day.faults.map((fault) => ({ at: timeUs(fault.at), what: wordsFor(fault) })),
  ]
  return entries.sort((a, b) => a.at - b.at)
}

function actsOf(plan: GuestPlan): readonly Entry[] {
  const { n, at, wishes, card, serve, promiseUs, cancelAfterUs, repeats, collects } = plan
  const dishes = wishes.map(({ dish, quantity }) => `${quantity} ${dish}`).join(', ')
  const acts = [{ at, what: `guest ${n} orders ${dishes}, card ${card}, ${serve}` }]
  if (repeats) acts.push({ at, what: `guest ${n} sends the same order again, once it is acknowledged` })
  if (cancelAfterUs !== undefined) {
    const later = durationText(cancelAfterUs)
    acts.push({ at: at + cancelAfterUs, what: `guest ${n} cancels, ${later} after the acknowledgement` })
  }
  if (serve === 'collect' && collects) {
    acts.push({ at: at + promiseUs, what: `guest ${n} comes to collect it` })
  }
  return acts
}

/** `crash-node: node-1`; `partition: node-1 | node-2 for 3m`. */
function wordsFor({ kind, at: _, ...fault }: Fault): string {
  const said = Object.entries(fault).map(([field, value]) =>
    field === 'for'
      ? `for ${value}`
      : `${field} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return [kind, ...said].join(', ')
}

/** Turns that are shown: with everything else they fill a page. */
const turnsMax = 30

export function storyOf({ day, seed, check, lastTurns }: Failure): string {
  const { groups, shards } = day.cluster
  const nodes = groups.map(({ name, nodes: count }) => `${count} ${name}`).join(', ')
  const differing = optionsOf(day).map((path) => `${path} ${JSON.stringify(valueAt(day, path))}`)
  const turns = lastTurns.slice(-turnsMax)
  return [
    `  ${day.open} to ${day.close}, nodes: ${nodes}, ${shards} shards of each department`,
    ...differing.map((text) => `  ${text}`),
    '',
    ...entriesOf(day, seed).map(({ at, what }) => `  ${clock(at)}  ${what}`),
    '',
    `  ${check.id} does not hold: ${check.detail}`,
    ...(turns.length === 0 ? [] : ['', '  the last turns before the end', '']),
    ...turns.map(lineOf),
    '',
  ].join('\n')
}

const lineOf = ({ at, actor, message, state, note }: Turn): string =>
  `  ${at.slice(0, 12)}  ${actor}  ${message} → ${typeof state === 'string' ? state : JSON.stringify(state)}${note ? ` (${note})` : ''}`

/** `18:02:14.031`. */
function clock(us: number): string {
  const of = (unit: number, count: number): string => String(Math.floor(us / unit) % count).padStart(2, '0')
  const ms = String(Math.floor(us / 1_000) % 1_000).padStart(3, '0')
  return `${of(3_600_000_000, 100)}:${of(60_000_000, 60)}:${of(1_000_000, 60)}.${ms}`
}

function valueAt(day: Day, path: string): unknown {
  return path.split('.').reduce<unknown>((value, field) => (value as Record<string, unknown>)[field], day)
}
