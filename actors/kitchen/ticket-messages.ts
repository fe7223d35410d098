/**
 * What an order and its ticket say to each other.
 *
 * Owns:     both contracts, and the ticket's address. A ticket has its order's key.
 * Does not: hold what the ticket says inside the kitchen (`ticket.ts`).
 *
 * Invariants:
 *   K1. Every `ticket.open` is answered, in the end, by exactly one of `ticket.plated`, `ticket.failed` and
 *       `ticket.cancelled`; after it the ticket is finished and its dishes are gone.
 *   K2. `ticket.cancel` may come at any time and more than once. A ticket that is already finished ignores it:
 *       the order reads the answer that is on its way.
 */

import { Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'

const exact = { additionalProperties: false } as const
const id = Type.String({ minLength: 1, maxLength: 100 })

/** Creates the ticket: one dish for each portion of each line. */
export const TicketOpen = Type.Object(
  {
    type: Type.Literal('ticket.open'),
    order: id,
    site: id,
    items: Type.Array(
      Type.Object(
        { line: Type.Integer({ minimum: 0 }), dish: id, quantity: Type.Integer({ minimum: 1 }) },
        exact,
      ),
      { minItems: 1 },
    ),
    /** World instant: the expeditor takes the oldest promise first. */
    promisedAt: Type.Integer(),
  },
  exact,
)

/** Stop, and answer `ticket.cancelled`. */
export const TicketCancel = Type.Object({ type: Type.Literal('ticket.cancel') }, exact)

/**
 * From the people in the kitchen, as on any kitchen display: seen; done and off the screen; back on the screen. They mark
 * the ticket for people. Cooks begin without it, and the order is told nothing.
 */
const TicketMarks = [
  Type.Object({ type: Type.Literal('ticket.accept') }, exact),
  Type.Object({ type: Type.Literal('ticket.bump') }, exact),
  Type.Object({ type: Type.Literal('ticket.recall') }, exact),
] as const

/** From the order to its ticket, and from the screen in the kitchen. */
export const TicketCommand = Type.Union([TicketOpen, TicketCancel, ...TicketMarks])
export type TicketCommand = MessageOf<typeof TicketCommand>

/** A cook has begun with the first dish. */
export const TicketStarted = Type.Object({ type: Type.Literal('ticket.started') }, exact)
/** Every dish is cooked; the plates are being dressed. Cancelling is too late. */
export const TicketPlating = Type.Object({ type: Type.Literal('ticket.plating') }, exact)
/** Every plate is on the pass. */
export const TicketPlated = Type.Object({ type: Type.Literal('ticket.plated') }, exact)
/** The kitchen gave up. `wasted`: ingredients were used. Otherwise they go back to their bins. */
export const TicketFailed = Type.Object(
  { type: Type.Literal('ticket.failed'), reason: Type.String(), wasted: Type.Boolean() },
  exact,
)
/** `wasted`: as of a failure. */
export const TicketCancelled = Type.Object(
  { type: Type.Literal('ticket.cancelled'), wasted: Type.Boolean() },
  exact,
)

/** From the ticket to its order. */
export const TicketReport = Type.Union([
  TicketStarted,
  TicketPlating,
  TicketPlated,
  TicketFailed,
  TicketCancelled,
])
export type TicketReport = MessageOf<typeof TicketReport>

export const ticketRef = (order: string) => ref<TicketCommand>('ticket', order)
