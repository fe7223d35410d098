/**
 * All that one order needs from the pantry, or nothing of it; or what staff keeps back for a while, for no order.
 *
 * It asks one bin after the other in the order of their keys, so two reservations can never wait for each
 * other in a ring. When the last bin has said yes, all holds become firm.
 *
 * Owns:     which bins were asked and what they said, and the only deadline that a hold has (world clock).
 * Does not: count stock: the bins do.
 *
 * Invariants:
 *   R1. Bins are asked in ascending key order, one at a time.
 *   R2. Once it is finished without having been committed, no bin holds anything for it: each bin that was
 *       asked has confirmed that.
 *   R3. A commit after the expiry is not accepted: the order hears `reservation.expired`, and refunds.
 *   R4. A revision is all or nothing, and what was held is held until all of it is.
 */

import { assign, setup } from 'xstate'
import type { Birth, Delivered, MessageOf, Turn } from '#actor'
import { after, defineActor, effects, emit, minutes, tell } from '#actor'
import { orderRef } from '../orders/messages.ts'
import { stateName } from '../state-name.ts'
import type { ReservationReport, Shortage, StockLine } from './messages.ts'
import { binRef, ReservationMessage } from './messages.ts'

export interface ReservationContext {
  /** Its key: the order's, unless staff keeps it. */
  readonly order: string
  readonly byStaff: boolean
  readonly site: string
  /** Ascending by ingredient. */
  readonly lines: readonly StockLine[]
  readonly expiresInMs: number
  /** On the world clock. */
  readonly expiresAt: number
  /** How many bins were asked; all but the last of them have answered. */
  readonly asked: number
  /** Bins that have not yet confirmed that they hold nothing. */
  readonly pending: readonly string[]
  /** What it is to hold instead, while the bins are asked for what that is more. */
  readonly wanted: readonly StockLine[] | null
  /** Of how many bins more was asked. */
  readonly raised: number
  readonly outcome: 'refused' | 'released' | 'expired' | null
  readonly shortages: readonly Shortage[]
  readonly fate: 'served' | 'wasted' | null
}

/** Ascending, each ingredient once: a bin knows a reservation by one hold. */
function oncePerIngredient(lines: readonly StockLine[]): StockLine[] {
  const names = [...new Set(lines.map(({ ingredient }) => ingredient))].sort()
  return names.map((ingredient) => ({
    ingredient,
    amount: lines.reduce((sum, line) => (line.ingredient === ingredient ? sum + line.amount : sum), 0),
  }))
}

/** By how much each line of `to` is above the same line of `from`. */
function excess(from: readonly StockLine[], to: readonly StockLine[]): readonly StockLine[] {
  return to.flatMap(({ ingredient, amount }) => {
    const has = from.find((line) => line.ingredient === ingredient)?.amount ?? 0
    return amount > has ? [{ ingredient, amount: amount - has }] : []
  })
}
const raises = ({ lines, wanted }: ReservationContext): readonly StockLine[] => excess(lines, wanted ?? lines)
const lowers = ({ lines, wanted }: ReservationContext): readonly StockLine[] => excess(wanted ?? lines, lines)

const lower = ({ site, order }: ReservationContext, lines: readonly StockLine[]) =>
  lines.map(({ ingredient, amount }) =>
    tell(binRef(site, ingredient), { type: 'bin.lower', reservation: order, by: amount }),
  )

/** To the order. What staff keeps is nobody's: they read how it stands. */
const report = (
  said: (
    turn: Turn<ReservationContext, Delivered<ReservationMessage>>,
  ) => MessageOf<typeof ReservationReport>,
) =>
  effects((turn: Turn<ReservationContext, Delivered<ReservationMessage>>) =>
    turn.context.byStaff ? [] : [tell(orderRef(turn.context.order), said(turn))],
  )

export const reservationMachine = setup({
  types: {
    context: {} as ReservationContext,
    events: {} as Delivered<ReservationMessage>,
    input: {} as Birth,
  },
  delays: {
    expiry: ({ context }) => context.expiresInMs,
    askAgain: minutes(10),
  },
  guards: {
    hasAll: ({ context }) => context.asked === context.lines.length,
    hasRaisedAll: ({ context }) => context.raised === raises(context).length,
    isFreeAfter: ({ context }, { outcome }: { outcome: ReservationContext['outcome'] }) =>
      context.pending.length === 0 && context.outcome === outcome,
  },
  actions: {
    askNext: effects(({ context: { site, lines, asked, order } }) =>
      lines
        .slice(asked, asked + 1)
        .map(({ ingredient, amount }) =>
          tell(binRef(site, ingredient), { type: 'bin.hold', reservation: order, amount }),
        ),
    ),
    countAsked: assign({ asked: ({ context }) => context.asked + 1 }),
    want: assign({
      wanted: ({ event }) => (event.type === 'reservation.revise' ? oncePerIngredient(event.lines) : null),
      raised: 0,
    }),
    raiseNext: effects(({ context }) =>
      raises(context)
        .slice(context.raised, context.raised + 1)
        .map(({ ingredient, amount }) =>
          tell(binRef(context.site, ingredient), {
            type: 'bin.raise',
            reservation: context.order,
            by: amount,
          }),
        ),
    ),
    countRaised: assign({ raised: ({ context }) => context.raised + 1 }),
    // Only when all that is more is held: until then what was held can stay.
    lowerRest: effects(({ context }) => lower(context, lowers(context))),
    // The last one that was asked has refused.
    lowerRaised: effects(({ context }) => lower(context, raises(context).slice(0, context.raised - 1))),
    applyWanted: assign(({ context: { lines, wanted } }) => {
      const now = wanted ?? lines
      return { lines: now, asked: now.length, wanted: null }
    }),
    keepOld: assign({ wanted: null }),
    // Each bin that was asked for more may hold something.
    includeRaised: assign(({ context }) => {
      const asked = raises(context).slice(0, context.raised)
      const more = excess(context.lines, asked).filter(({ ingredient }) =>
        context.lines.every((line) => line.ingredient !== ingredient),
      )
      const lines = [...context.lines, ...more]
      return context.wanted === null ? {} : { lines, asked: lines.length, wanted: null }
    }),
    sayRevised: report(() => ({ type: 'reservation.revised' })),
    sayKept: report(({ context, event }) => ({
      type: 'reservation.kept',
      shortages:
        event.type === 'bin.refused'
          ? raises(context)
              .filter(({ ingredient }) => ingredient === event.ingredient)
              .map(({ ingredient, amount }) => ({ ingredient, needed: amount, free: event.free }))
          : [],
    })),
    confirmAll: effects(({ context: { site, lines, order } }) =>
      lines.map(({ ingredient }) =>
        tell(binRef(site, ingredient), { type: 'bin.confirm', reservation: order }),
      ),
    ),
    commitAll: effects(({ context: { site, lines, order } }) =>
      lines.map(({ ingredient }) =>
        tell(binRef(site, ingredient), { type: 'bin.commit', reservation: order }),
      ),
    ),
    // Only bins that were asked can hold something; the one that refused does not.
    awaitAsked: assign({
      pending: ({ context: { lines, asked, shortages } }) =>
        lines
          .slice(0, asked)
          .map(({ ingredient }) => ingredient)
          .filter((ingredient) => shortages.every((shortage) => shortage.ingredient !== ingredient)),
    }),
    awaitAll: assign({ pending: ({ context }) => context.lines.map(({ ingredient }) => ingredient) }),
    releasePending: effects(({ context: { site, pending, order } }) =>
      pending.map((ingredient) =>
        tell(binRef(site, ingredient), { type: 'bin.release', reservation: order }),
      ),
    ),
    returnAll: effects(({ context: { site, lines, order } }) =>
      lines.map(({ ingredient, amount }) =>
        tell(binRef(site, ingredient), { type: 'bin.return', reservation: order, amount }),
      ),
    ),
    tick: assign({
      pending: ({ context, event }) =>
        event.type === 'bin.released'
          ? context.pending.filter((ingredient) => ingredient !== event.ingredient)
          : context.pending,
    }),
    release: assign({ outcome: 'released' }),
    expire: assign({ outcome: 'expired' }),

    sayHeld: report(() => ({ type: 'reservation.held' })),
    sayCommitted: report(() => ({ type: 'reservation.committed' })),
    sayReleased: report(() => ({ type: 'reservation.released' })),
    sayExpired: report(() => ({ type: 'reservation.expired' })),
    sayRefused: report(({ context }) => ({
      type: 'reservation.refused',
      shortages: [...context.shortages],
    })),
    publishReserved: emit(({ context: { order, site, lines } }) => ({
      type: 'inventory.reserved',
      order,
      site,
      lines,
    })),
    publishReleased: emit(({ context: { order, site, lines, outcome } }) => ({
      type: 'inventory.released',
      order,
      site,
      lines,
      outcome,
    })),
  },
}).createMachine({
  id: 'reservation',
  version: '1',
  context: ({ input }) => ({
    order: input.key,
    byStaff: false,
    site: '',
    lines: [],
    expiresInMs: minutes(60),
    expiresAt: 0,
    asked: 0,
    pending: [],
    wanted: null,
    raised: 0,
    outcome: null,
    shortages: [],
    fate: null,
  }),
  initial: 'new',
  states: {
    new: {
      tags: 'working',
      on: {
        'reservation.hold': {
          target: 'open',
          actions: assign(({ event: { site, lines, expiresInMs, byStaff = false, at } }) => ({
            byStaff,
            site,
            lines: oncePerIngredient(lines),
            expiresInMs,
            expiresAt: after(at, expiresInMs),
          })),
        },
      },
    },
    open: {
      initial: 'asking',
      states: {
        asking: {
          tags: 'working',
          entry: ['askNext', 'countAsked'],
          on: {
            'bin.held': [
              { guard: 'hasAll', target: 'held', actions: ['confirmAll', 'sayHeld', 'publishReserved'] },
              { actions: ['askNext', 'countAsked'] },
            ],
            'bin.refused': {
              target: '#reservation.releasing',
              actions: assign({
                outcome: 'refused',
                shortages: ({ context, event: { ingredient, free } }) =>
                  context.lines
                    .filter((line) => line.ingredient === ingredient)
                    .map(({ amount }) => ({ ingredient, needed: amount, free })),
              }),
            },
          },
        },
        held: {
          tags: 'rest',
          on: {
            'reservation.revise': { target: 'revising', actions: ['want', 'raiseNext', 'countRaised'] },
            'reservation.commit': {
              target: '#reservation.committed',
              actions: ['commitAll', 'sayCommitted'],
            },
          },
        },
        // Asked once more for what is more, in key order; what is less is given back when all of that is held.
        revising: {
          tags: 'working',
          always: {
            guard: ({ context }) => raises(context).length === 0,
            target: 'held',
            actions: ['lowerRest', 'applyWanted', 'sayRevised', 'publishReserved'],
          },
          on: {
            'bin.held': [
              {
                guard: 'hasRaisedAll',
                target: 'held',
                actions: ['lowerRest', 'applyWanted', 'sayRevised', 'publishReserved'],
              },
              { actions: ['raiseNext', 'countRaised'] },
            ],
            'bin.refused': { target: 'held', actions: ['lowerRaised', 'sayKept', 'keepOld'] },
          },
        },
      },
      on: { 'reservation.release': { target: 'releasing', actions: ['includeRaised', 'release'] } },
      after: { expiry: { target: 'releasing', actions: ['includeRaised', 'expire'] } },
    },
    releasing: {
      tags: ['working', 'undone'],
      entry: ['awaitAsked', 'releasePending'],
      always: [
        { guard: { type: 'isFreeAfter', params: { outcome: 'refused' } }, target: 'refused' },
        { guard: { type: 'isFreeAfter', params: { outcome: 'released' } }, target: 'released' },
        { guard: { type: 'isFreeAfter', params: { outcome: 'expired' } }, target: 'expired' },
      ],
      on: {
        'bin.released': { actions: 'tick' },
        // Crossed by the release that is on its way to the same bin.
        'bin.held': {},
        'bin.refused': {},
        'reservation.release': {},
        'reservation.commit': {},
        'reservation.revise': {},
      },
      after: { askAgain: { target: 'releasing', reenter: true } },
    },
    // The order is cooking: it says how it went, within deadlines of its own.
    committed: {
      tags: 'rest',
      on: {
        'reservation.close': { target: 'closed', actions: assign({ fate: ({ event }) => event.fate }) },
        'reservation.release': { target: 'returning', actions: 'release' },
      },
    },
    // A bin cannot tell a second return from the first, so it is told once: a message is delivered once.
    returning: {
      tags: ['working', 'undone'],
      entry: ['awaitAll', 'returnAll'],
      always: { guard: { type: 'isFreeAfter', params: { outcome: 'released' } }, target: 'released' },
      on: { 'bin.released': { actions: 'tick' }, 'reservation.release': {} },
    },
    refused: { tags: ['rest', 'undone'], type: 'final', entry: 'sayRefused' },
    released: { tags: ['rest', 'undone'], type: 'final', entry: ['sayReleased', 'publishReleased'] },
    expired: { tags: ['rest', 'undone'], type: 'final', entry: ['sayExpired', 'publishReleased'] },
    closed: { tags: 'rest', type: 'final' },
  },
})

/** A reservation, for checks and for people. */
export interface ReservationView extends ReservationContext {
  readonly state: string
}

export const reservation = defineActor({
  type: 'reservation',
  glyph: 'square',
  accepts: ReservationMessage,
  creates: ['reservation.hold'],
  // An order asks again when it had to wait; the last word may be on its way.
  ignores: ['reservation.release', 'reservation.commit', 'reservation.revise', 'bin.released'],
  machine: reservationMachine,
  queries: {
    view: ({ value, context, version }) => ({
      ...(context as ReservationContext),
      state: stateName(value),
      version,
    }),
  },
})
