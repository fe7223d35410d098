/**
 * No order that a guest was promised is lost, and none is made that nobody asked for.
 *
 * Owns:     the algebra over order ids: what guests know against what the journal says.
 * Does not: ask how long it took (`liveness.ts`).
 *
 * Invariants:
 *   O1. acknowledged = completed + rejected + cancelled + expired + lost.
 *   O2. attempted = acknowledged + refused + unknown.
 */
import type { Instant } from '#actor'
import { keyOf } from '#actor'
import type { JournalRecord } from '#ports'
import { Problems } from './problems.ts'

export const settledStates = ['completed', 'rejected', 'cancelled', 'expired'] as const
export type SettledState = (typeof settledStates)[number]

/** What a guest knows of one order. An acknowledgement counts only when the guest received it. */
export interface GuestOrder {
  readonly order: string
  readonly outcome: 'acknowledged' | 'refused' | 'unknown'
  /** World time; of an acknowledged order. */
  readonly acknowledgedAt?: Instant
}

export interface OrderCounts {
  readonly attempted: number
  readonly acknowledged: number
  readonly refused: number
  readonly completed: number
  readonly rejected: number
  readonly cancelled: number
  readonly expired: number
  readonly lost: number
  readonly unexpected: number
  readonly recovered: number
  readonly unknown: number
}

const settledNames: ReadonlySet<unknown> = new Set(settledStates)

export class OrdersCheck {
  /** Every order that the journal knows; `undefined` until it has settled. */
  readonly orders = new Map<string, { readonly state: SettledState; readonly at: Instant } | undefined>()

  record({ actor, state, at }: JournalRecord): void {
    if (!actor.startsWith('order/')) return
    const settled = settledNames.has(state) ? { state: state as SettledState, at } : undefined
    this.orders.set(keyOf(actor), settled)
  }

  count(log: readonly GuestOrder[]): OrderCounts {
    const counts = {
      attempted: log.length,
      acknowledged: 0,
      refused: 0,
      completed: 0,
      rejected: 0,
      cancelled: 0,
      expired: 0,
      lost: 0,
      unexpected: 0,
      recovered: 0,
      unknown: 0,
    }
    const wanted = new Set<string>()
    for (const { order, outcome } of log) {
      counts[outcome] += 1
      const settled = this.orders.get(order)
      if (outcome !== 'refused') wanted.add(order)
      if (outcome === 'unknown' && settled !== undefined) counts.recovered += 1
      if (outcome === 'acknowledged') counts[settled?.state ?? 'lost'] += 1
    }
    for (const order of this.orders.keys()) if (!wanted.has(order)) counts.unexpected += 1
    return counts
  }

  problems(log: readonly GuestOrder[]): Problems {
    const problems = new Problems()
    const outcomes = new Map(log.map(({ order, outcome }) => [order, outcome]))
    for (const [order, outcome] of outcomes) {
      if (outcome !== 'acknowledged' || this.orders.get(order) !== undefined) continue
      problems.add(
        `order/${order} was acknowledged and ${this.orders.has(order) ? 'never settled' : 'is gone'}`,
      )
    }
    for (const order of this.orders.keys()) {
      const outcome = outcomes.get(order)
      if (outcome === undefined) problems.add(`order/${order} is there, and nobody asked for it`)
      else if (outcome === 'refused') problems.add(`order/${order} is there, and its guest was refused`)
    }
    return problems
  }
}
