/**
 * When the day is over nothing is left of any order: no actor alive, no timer, no message, no call, no ask.
 *
 * Owns:     which actors belong to an order and must have ended with it.
 */
import type { ActorId } from '#actor'
import { typeOf } from '#actor'
import type { Key, TableName, Tables } from '#ports'
import { Problems } from './problems.ts'

const typesOfAnOrder: ReadonlySet<string> = new Set(['order', 'reservation', 'payment', 'ticket', 'dish'])

/** All rows of a table, as the journal has them. */
export type Rows = <T extends TableName>(table: T) => Iterable<readonly [Key, Tables[T]]>

export function leftProblems(rows: Rows): Problems {
  const problems = new Problems()
  for (const [, { id, status }] of rows('snapshots')) {
    if (status !== 'archived' && isOfAnOrder(id)) problems.add(`${id} is still ${status}`)
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
      if (isOfAnOrder(actor)) problems.add(`${actor} still has a row in ${table}`)
    }
  }
  return problems
}

const isOfAnOrder = (id: ActorId): boolean => typesOfAnOrder.has(typeOf(id))
