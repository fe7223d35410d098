/**
 * When the day is over nothing is left of any order: no actor alive, no timer, no message, no call, no ask. But a settled
 * payment stays for some days, with the timer that ends it: money may still be given back. And of nobody is a timer left
 * that was due long ago: it has fired, or never will.
 *
 * Owns:     which actors belong to an order and must have ended with it.
 */
import type { ActorId, Instant } from '#actor'
import { typeOf } from '#actor'
import type { Key, SnapshotRow, TableName, Tables } from '#ports'
import { timeText } from '../time-of-day.ts'
import { Problems } from './problems.ts'

const typesOfAnOrder: ReadonlySet<string> = new Set([
  'order',
  'reservation',
  'payment',
  'ticket',
  'dish',
  'notification',
])

/** All rows of a table, as the journal has them. */
export type Rows = <T extends TableName>(table: T) => Iterable<readonly [Key, Tables[T]]>

/** `dueBefore`: a timer of the world clock that was due before is overdue. Without it none is. */
export function leftProblems(rows: Rows, dueBefore?: Instant): Problems {
  const problems = new Problems()
  const resting = new Set<ActorId>()
  for (const [, row] of rows('snapshots')) {
    const { id, status } = row
    if (rests(row)) resting.add(id)
    else if (status !== 'archived' && isOfAnOrder(id)) problems.add(`${id} is still ${status}`)
  }
  for (const [, { envelope, dead }] of rows('mailbox')) {
    const { to, from, message } = envelope
    if (!isOfAnOrder(to) && !(from !== undefined && isOfAnOrder(from))) continue
    problems.add(
      dead === undefined
        ? `'${message.type}' still waits for ${to}`
        : `'${message.type}' to ${to} is a dead letter (${dead.reason}: ${dead.detail})`,
    )
  }
  for (const [, { to, from, message }] of rows('outbox')) {
    if (isOfAnOrder(to) || (from !== undefined && isOfAnOrder(from))) {
      problems.add(`'${message.type}' is still on its way to ${to}`)
    }
  }
  for (const table of ['timers', 'calls', 'asks'] as const) {
    for (const [, { actor }] of rows(table)) {
      if (table === 'timers' && resting.has(actor)) continue
      if (isOfAnOrder(actor)) problems.add(`${actor} still has a row in ${table}`)
    }
  }
  if (dueBefore === undefined) return problems
  for (const [, { actor, clock, at, message }] of rows('timers')) {
    if (clock === 'world' && at < dueBefore) {
      problems.add(`${actor} still has a timer for '${message.type}' that was due at ${timeText(at)}`)
    }
  }
  return problems
}

/** The state value is the second of what is stored of an actor. */
const rests = ({ id, status, state }: SnapshotRow): boolean =>
  typeOf(id) === 'payment' && status === 'live' && state[1] === 'settled'

const isOfAnOrder = (id: ActorId): boolean => typesOfAnOrder.has(typeOf(id))
