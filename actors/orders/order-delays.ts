/**
 * How long an order waits for each of its steps.
 *
 * World time. The shortest deadline bounds how fast a live day may run: divided by the speed it must still
 * be longer than a failover.
 */
import { hours, minutes } from '#actor'

/** Past it the order gives up and gives back what it has taken. */
export const orderDeadlines = {
  reserveDeadline: minutes(10),
  reviseDeadline: minutes(10),
  payDeadline: minutes(15),
  confirmDeadline: minutes(10),
  queueDeadline: hours(2),
  cookDeadline: hours(2),
  platingDeadline: minutes(30),
} as const

/** The first of them to give an order up. */
export const shortestDeadlineMs = Math.min(...Object.values(orderDeadlines))

/** Until the actors of a node that died answer from another one, at most. Milliseconds. */
export const failoverMs = 3_000

/** How fast a live restaurant may run: the shortest deadline is then ten seconds long, and three failovers take nine. */
export const speedMax = 60

/** Why a live restaurant cannot run at this speed; undefined when it can. */
export function speedProblem(speed: number): string | undefined {
  if (speed > 0 && speed <= speedMax) return undefined
  if (!(speed > 0)) return `${speed} is no speed`
  return `at ×${speed} the shortest deadline of an order (${shortestDeadlineMs / 60_000} minutes) is ${shortestDeadlineMs / speed / 1_000} s long, and three failovers take ${(3 * failoverMs) / 1_000} s`
}

/** Outlives every deadline before the commit, so that it is the order that gives up first. */
export const reservationLifeMs = minutes(60)

/** A compensation without an answer is asked for again. Asking twice does no harm. */
export const askAgainMs = minutes(10)

/** The way from the pass to the table. */
export const toTheTableMs = minutes(1)

/** What nobody fetched for so long was cooked and is paid: the order is complete. */
export const fetchWithinMs = hours(4)
