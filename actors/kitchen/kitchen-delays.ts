/**
 * How long the kitchen waits, and when it asks again. World time.
 *
 * A wait that ends in giving something up is at least nine minutes long: divided by the speed of a live day it
 * must still outlast a failover. Asking again does no harm and may come sooner.
 */
import { hours, minutes } from '#actor'

/** A cook's hands for a dish that goes into an appliance. */
export const handsMs = minutes(1)
/** A heated dish rests before it is plated; the station's timer rings when it is over. */
export const restMs = minutes(2)
/** A timer that has not rung by then is not waited for: somebody looks at the clock. */
export const restMaxMs = minutes(5)
/** From the last plate on the pass to the ticket that is called. */
export const platingMs = minutes(1)

/** A station looks round: what was not answered is said again. */
export const patrolMs = minutes(3)
/** Patrols without a word, after which an appliance or a cook counts as lost. */
export const silentPatrolsMax = 3
/** A finished job that nobody collects is forgotten after so many reminders. */
export const remindersMax = 10
/** An appliance that spoilt two dishes in a row rests for so long. */
export const suspectMs = minutes(30)

/** A dish that hears nothing asks its station how things stand; a ticket asks its dishes. */
export const askAgainMs = minutes(15)
export const ticketAsksMs = minutes(30)
/** What is being stopped is asked sooner. */
export const stopAgainMs = minutes(3)
/** Questions without an answer, after which one goes on alone. */
export const unansweredMax = 3

/** The longest that one step may take, with its wait in the queue; and a whole ticket. */
export const stepTimeMaxMs = hours(2)
export const ticketTimeMaxMs = hours(4)

/** A dish that fails is made again, until it was tried so often. */
export const attemptsMax = 3
