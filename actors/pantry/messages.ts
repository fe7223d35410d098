/**
 * What orders, reservations, bins and the replenisher say to each other.
 *
 * Owns:     the contracts of the pantry, and its addresses. A reservation has its order's key, or where staff keeps
 *           something one of its own; a bin's key is `site:ingredient`, a
 *           replenisher's its site.
 * Does not: decide anything (`bin.ts`, `reservation.ts`, `replenisher.ts`).
 */

import { Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'

const exact = { additionalProperties: false } as const
const id = Type.String({ minLength: 1, maxLength: 100 })
const positive = Type.Integer({ minimum: 1 })
const natural = Type.Integer({ minimum: 0 })

export const Unit = Type.Union([Type.Literal('g'), Type.Literal('piece')])
/** A year is as good as for ever. */
const lifeMs = Type.Integer({ minimum: 0, maximum: 31_536_000_000 })

/** One ingredient in whole grams or pieces. */
export const StockLine = Type.Object({ ingredient: id, amount: positive }, exact)
export const Shortage = Type.Object({ ingredient: id, needed: positive, free: natural }, exact)

export const BinMessage = Type.Union([
  /** Creates the bin with its opening stock. */
  Type.Object(
    {
      type: Type.Literal('bin.open'),
      opening: natural,
      par: natural,
      low: natural,
      unit: Type.Optional(Unit),
      shelfLifeMs: Type.Optional(lifeMs),
    },
    exact,
  ),
  /** Asks for stock. The hold is tentative until `bin.confirm`; it ends only by `bin.commit` or `bin.release`. */
  Type.Object({ type: Type.Literal('bin.hold'), reservation: id, amount: positive }, exact),
  /** The reservation has all that it asked for: nobody need wait for this hold to come back. */
  Type.Object({ type: Type.Literal('bin.confirm'), reservation: id }, exact),
  /** More of what is held, at once or not at all; answered `bin.held` or `bin.refused`, and nobody waits for it. */
  Type.Object({ type: Type.Literal('bin.raise'), reservation: id, by: positive }, exact),
  /** Less of what is held. Not answered: it cannot fail. */
  Type.Object({ type: Type.Literal('bin.lower'), reservation: id, by: positive }, exact),
  /** The held stock leaves for the kitchen. */
  Type.Object({ type: Type.Literal('bin.commit'), reservation: id }, exact),
  /** Gives a hold back, or takes a waiting request away; answered `bin.released`, whatever was there. */
  Type.Object({ type: Type.Literal('bin.release'), reservation: id }, exact),
  /** Issued stock comes back unused; answered `bin.released`. */
  Type.Object({ type: Type.Literal('bin.return'), reservation: id, amount: positive }, exact),
  /**
   * `lifeMs`: how long this lot keeps, where it is not what is usual; 0: for ever. `order`: what came of an order of so
   * much, of which nothing more is to come.
   */
  Type.Object(
    {
      type: Type.Literal('bin.deliver'),
      amount: positive,
      lifeMs: Type.Optional(lifeMs),
      order: Type.Optional(Type.Object({ name: id, amount: positive }, exact)),
    },
    exact,
  ),
  /** A supplier has promised this much. */
  Type.Object({ type: Type.Literal('bin.ordered'), amount: positive }, exact),
  /** A count corrects the books, or something was dropped. Refused when more would go than is free. */
  Type.Object({ type: Type.Literal('bin.adjust'), delta: Type.Integer(), reason: Type.String() }, exact),
  /** What is said is changed from now on. Refused when `low` would be above `par`. */
  Type.Object(
    {
      type: Type.Literal('bin.configure'),
      unit: Type.Optional(Unit),
      par: Type.Optional(natural),
      low: Type.Optional(natural),
      shelfLifeMs: Type.Optional(lifeMs),
    },
    exact,
  ),
])
export type BinMessage = MessageOf<typeof BinMessage>

/** From a bin to a reservation. */
export const BinReport = Type.Union([
  Type.Object({ type: Type.Literal('bin.held'), ingredient: id }, exact),
  Type.Object({ type: Type.Literal('bin.refused'), ingredient: id, free: natural }, exact),
  Type.Object({ type: Type.Literal('bin.released'), ingredient: id }, exact),
])

export const ReservationMessage = Type.Union([
  /** Creates the reservation: all of the lines, or none. It expires unless it is committed within `expiresInMs`. */
  Type.Object(
    {
      type: Type.Literal('reservation.hold'),
      site: id,
      lines: Type.Array(StockLine, { minItems: 1 }),
      expiresInMs: positive,
      /** It is kept for no order: nobody is told what becomes of it. */
      byStaff: Type.Optional(Type.Literal(true)),
    },
    exact,
  ),
  /** The stock is paid for and leaves for the kitchen; answered `reservation.committed`. */
  Type.Object({ type: Type.Literal('reservation.commit') }, exact),
  /**
   * Other lines instead, all or nothing: answered `reservation.revised`, or `reservation.kept`, and then what was held is
   * held. The deadline stays what it was.
   */
  Type.Object(
    {
      type: Type.Literal('reservation.revise'),
      lines: Type.Array(StockLine, { minItems: 1, maxItems: 100 }),
    },
    exact,
  ),
  /** Everything back into the bins, also after a commit; answered `reservation.released`. */
  Type.Object({ type: Type.Literal('reservation.release') }, exact),
  /** What became of committed stock. Ends the reservation. */
  Type.Object(
    {
      type: Type.Literal('reservation.close'),
      fate: Type.Union([Type.Literal('served'), Type.Literal('wasted')]),
    },
    exact,
  ),
  ...BinReport.anyOf,
])
export type ReservationMessage = MessageOf<typeof ReservationMessage>

export const ReplenisherMessage = Type.Union([
  /** A bin has become short of so much, or still is after a delivery. While an order of it is open nothing follows. */
  Type.Object({ type: Type.Literal('replenisher.short'), ingredient: id, amount: positive }, exact),
  /**
   * Somebody has taken a delivery in: of an order, by its name, or unannounced. Answered `replenisher.received`, with
   * what was booked; `replenisher.no-order` when there is no such order, or it is not the last one.
   */
  Type.Object(
    {
      type: Type.Literal('replenisher.receive'),
      ingredient: id,
      amount: positive,
      order: Type.Optional(id),
      lifeMs: Type.Optional(lifeMs),
    },
    exact,
  ),
])
export type ReplenisherMessage = MessageOf<typeof ReplenisherMessage>

/** From a reservation to its order, if it has one. `refused`, `released` and `expired` are last words: nothing is held. */
export const ReservationReport = Type.Union([
  Type.Object({ type: Type.Literal('reservation.held') }, exact),
  Type.Object({ type: Type.Literal('reservation.refused'), shortages: Type.Array(Shortage) }, exact),
  Type.Object({ type: Type.Literal('reservation.revised') }, exact),
  Type.Object({ type: Type.Literal('reservation.kept'), shortages: Type.Array(Shortage) }, exact),
  Type.Object({ type: Type.Literal('reservation.committed') }, exact),
  Type.Object({ type: Type.Literal('reservation.released') }, exact),
  Type.Object({ type: Type.Literal('reservation.expired') }, exact),
])

export interface StockLine {
  readonly ingredient: string
  readonly amount: number
}
export interface Shortage {
  readonly ingredient: string
  readonly needed: number
  readonly free: number
}

export const binRef = (site: string, ingredient: string) => ref<BinMessage>('bin', `${site}:${ingredient}`)
export const reservationRef = (order: string) => ref<ReservationMessage>('reservation', order)
export const replenisherRef = (site: string) => ref<ReplenisherMessage>('replenisher', site)
