/**
 * Once everything has healed, every order that was acknowledged settles in time.
 */
import type { Instant } from '#actor'
import { durationText, timeText } from '../time-of-day.ts'
import type { GuestOrder, OrdersCheck } from './orders.ts'
import { Problems } from './problems.ts'

/** `healedAt`: the end of the last fault, by world time. `withinUs` counts from it, or from the acknowledgement. */
export function livenessProblems(
  { orders }: Pick<OrdersCheck, 'orders'>,
  log: readonly GuestOrder[],
  healedAt: Instant,
  withinUs: number,
): Problems {
  const problems = new Problems()
  for (const { order, outcome, acknowledgedAt } of log) {
    if (outcome !== 'acknowledged' || acknowledgedAt === undefined) continue
    const settled = orders.get(order)
    const took = (settled?.at ?? Number.POSITIVE_INFINITY) - Math.max(acknowledgedAt, healedAt)
    if (took <= withinUs) continue
    const end = settled === undefined ? 'has not settled' : `settled after ${durationText(took)}`
    problems.add(
      `order/${order} of ${timeText(acknowledgedAt)} ${end}; it has to within ${durationText(withinUs)}`,
    )
  }
  return problems
}
