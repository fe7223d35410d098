/**
 * The stock of one ingredient at one site, in lots that do not keep for ever.
 *
 * A hold is tentative while its reservation still asks other bins, and firm after that. Whoever finds too
 * little free waits behind the tentative holders, because one of them may give back; when even that could
 * not be enough the answer is no, at once.
 *
 * Only what is free spoils: an expired lot is thrown away but for what is held. Who holds is served from the oldest
 * lot first, and what they give back of an expired one is thrown away then. A hold therefore touches no lot.
 *
 * Owns:     exact counters, the lots, the holds, and who waits for what (on the runtime clock: it is a wait for
 *           messages, not for a meal). It runs low once, until it has clearly recovered, and tells the replenisher.
 * Does not: end a hold by itself. Only the reservation has a deadline, and says so.
 *
 * Invariants:
 *   B1. opening + delivered + adjusted = free + held + issued + spoiled, and none of the last four is negative.
 *   B2. `held` is the sum of the holds.
 *   B3. Requests are served in the order they came; nobody waits longer than `waitMs`.
 *   B4. The lots are what is free and what is held.
 */

import { assign, setup } from 'xstate'
import type { Birth, Delivered, Instant, Message } from '#actor'
import {
  after,
  assert,
  cancel,
  defineActor,
  effects,
  emit,
  millisecondsBetween,
  reply,
  schedule,
  seconds,
  tell,
} from '#actor'
import { added, expiredIn, type Lot, never, nextExpiry, taken } from './lots.ts'
import { BinMessage, replenisherRef, reservationRef } from './messages.ts'

export const waitMs = seconds(2)

export interface Hold {
  readonly reservation: string
  readonly amount: number
  readonly firm: boolean
}

export interface BinContext {
  readonly site: string
  readonly ingredient: string
  readonly opening: number
  readonly delivered: number
  readonly adjusted: number
  readonly free: number
  readonly held: number
  readonly issued: number
  readonly spoiled: number
  readonly unit: 'g' | 'piece'
  readonly par: number
  readonly low: number
  /** How long a lot keeps of which nobody says more; 0: for ever. */
  readonly shelfLifeMs: number
  /** Promised by suppliers, not yet here. */
  readonly ordered: number
  readonly lots: readonly Lot[]
  /** Of what was issued last: what comes back is as old. */
  readonly issuedFrom: number
  readonly holds: readonly Hold[]
  readonly waiting: readonly { readonly reservation: string; readonly amount: number }[]
}

/** The bin's own timers: a request has waited long enough; a lot has expired. */
type BinTimer =
  | { readonly type: 'bin.waited'; readonly reservation: string }
  | { readonly type: 'bin.expired' }

/** What serving the queue decided, in order. */
interface Served {
  readonly context: BinContext
  readonly granted: readonly string[]
  readonly refused: readonly string[]
}

/** Serves those who wait, from the front, until one has to go on waiting. */
export function serve(start: BinContext): Served {
  let context = start
  const granted: string[] = []
  const refused: string[] = []
  for (const { reservation, amount } of start.waiting) {
    if (amount <= context.free) {
      context = {
        ...context,
        free: context.free - amount,
        held: context.held + amount,
        holds: [...context.holds, { reservation, amount, firm: false }],
      }
      granted.push(reservation)
    } else if (amount > context.free + tentative(context)) {
      refused.push(reservation)
    } else break
  }
  const waiting = context.waiting.slice(granted.length + refused.length)
  return { context: { ...context, waiting }, granted, refused }
}

const tentative = (context: BinContext): number =>
  context.holds.reduce((sum, { amount, firm }) => (firm ? sum : sum + amount), 0)

/** Low stock has recovered when there is clearly more: a bin at the mark must not cry at every portion. */
const recoveredAbove = ({ low, par }: BinContext): number =>
  Math.max(low, Math.min(par - 1, low + Math.ceil(low / 4)))

/** To be ordered up to `par`. */
const wanted = ({ site, ingredient, par, free }: BinContext) =>
  free < par
    ? [tell(replenisherRef(site), { type: 'replenisher.short', ingredient, amount: par - free })]
    : []

/** The name of the state that the counters ask for, of a bin that was well or was not. */
function levelOf(context: BinContext, wasOk: boolean): 'ok' | 'low' | 'empty' | 'on-order' {
  const { free, low, ordered } = context
  if (free === 0) return 'empty'
  if (free > (wasOk ? low : recoveredAbove(context))) return 'ok'
  return ordered > 0 ? 'on-order' : 'low'
}

function checked(context: BinContext): BinContext {
  const { opening, delivered, adjusted, free, held, issued, spoiled, holds, lots } = context
  const where = `${context.site}:${context.ingredient}`
  const whole = opening + delivered + adjusted === free + held + issued + spoiled
  assert(whole && free >= 0 && held >= 0 && issued >= 0 && spoiled >= 0, 'B1', where)
  assert(held === sumOf(holds), 'B2', where)
  assert(free + held === sumOf(lots), 'B4', where)
  return context
}

const sumOf = (parts: readonly { readonly amount: number }[]): number =>
  parts.reduce((sum, { amount }) => sum + amount, 0)

/** How old what is there by the message in hand is, unless somebody says. */
const freshAt = ({ shelfLifeMs }: BinContext, at: Instant, lifeMs = shelfLifeMs): number =>
  lifeMs === 0 ? never : after(at, lifeMs)

/** What nobody holds of what has expired. */
const wasteOf = ({ lots, held }: BinContext, at: Instant): number => Math.max(0, expiredIn(lots, at) - held)

/** More or less by a count: less is missing of the oldest, more was overlooked of the oldest that is good. */
function counted(context: BinContext, delta: number, at: Instant): readonly Lot[] {
  const { lots } = context
  if (delta < 0) return taken(lots, -delta).lots
  const expires = lots.find((lot) => lot.expires > at)?.expires ?? freshAt(context, at)
  return added(lots, { amount: delta, expires })
}

const timerOf = (reservation: string): string => `wait:${reservation}`
const without = <T extends { readonly reservation: string }>(list: readonly T[], reservation: string) =>
  list.filter((entry) => entry.reservation !== reservation)
const heldFor = (context: BinContext, reservation: string): number =>
  context.holds.find((hold) => hold.reservation === reservation)?.amount ?? 0
/** With so much for this reservation; who has all that they asked for holds firmly. */
function holding({ holds }: BinContext, reservation: string, amount: number): readonly Hold[] {
  const others = without(holds, reservation)
  return amount === 0 ? others : [...others, { reservation, amount, firm: true }]
}
const reservationOf = (event: Message): string =>
  'reservation' in event && typeof event.reservation === 'string' ? event.reservation : ''

const held = ({ ingredient }: BinContext, reservation: string) =>
  tell(reservationRef(reservation), { type: 'bin.held', ingredient })
const refused = ({ ingredient, free }: BinContext, reservation: string) =>
  tell(reservationRef(reservation), { type: 'bin.refused', ingredient, free })
const released = ({ ingredient }: BinContext, reservation: string) =>
  tell(reservationRef(reservation), { type: 'bin.released', ingredient })

export const binMachine = setup({
  types: {
    context: {} as BinContext,
    events: {} as Delivered<BinMessage | BinTimer>,
    input: {} as Birth,
  },
  guards: {
    isOk: ({ context }) => levelOf(context, false) === 'ok',
    isLow: ({ context }) => levelOf(context, false) === 'low',
    isEmpty: ({ context }) => context.free === 0,
    isOnOrder: ({ context }) => levelOf(context, false) === 'on-order',
    runsLow: ({ context }) => levelOf(context, true) === 'low',
    runsLowOnOrder: ({ context }) => levelOf(context, true) === 'on-order',
    holds: ({ context, event }) => heldFor(context, reservationOf(event)) > 0,
    isNew: ({ context, event }) =>
      heldFor(context, reservationOf(event)) === 0 &&
      context.waiting.every(({ reservation }) => reservation !== reservationOf(event)),
    waits: ({ context, event }) =>
      context.waiting.some(({ reservation }) => reservation === reservationOf(event)),
  },
  actions: {
    // `serve` is pure: it decides the answers first, and then, from the same context, the new books.
    answerQueue: effects(({ context, event }) => {
      const served = serve(context)
      const inHand = event.type === 'bin.hold' ? event.reservation : ''
      const waited = [...served.granted, ...served.refused].filter((reservation) => reservation !== inHand)
      return [
        ...served.granted.map((reservation) => held(context, reservation)),
        ...served.refused.map((reservation) => refused(served.context, reservation)),
        ...waited.map((reservation) => cancel(timerOf(reservation))),
      ]
    }),
    serveQueue: assign(({ context }) => checked(serve(context).context)),
    limitWait: effects(({ context, event }) => {
      const reservation = reservationOf(event)
      if (context.waiting.every((entry) => entry.reservation !== reservation)) return []
      return [
        schedule(timerOf(reservation), waitMs, { type: 'bin.waited', reservation }, { clock: 'runtime' }),
      ]
    }),
    answerReleased: effects(({ context, event }) => [released(context, reservationOf(event))]),
    answerRaised: effects(({ context, event }) => [held(context, reservationOf(event))]),
    answerRefused: effects(({ context, event }) => [refused(context, reservationOf(event))]),
    stopWaiting: assign(({ context, event }) => ({
      waiting: without(context.waiting, reservationOf(event)),
    })),
    forgetTimer: cancel(({ event }) => timerOf(reservationOf(event))),
    awaitExpiry: effects(({ context: { lots }, event: { at } }) => {
      const expires = nextExpiry(lots, at)
      if (expires === never) return []
      const delayMs = millisecondsBetween(at, expires as Instant)
      return [schedule('expiry', delayMs, { type: 'bin.expired' }, { clock: 'world' })]
    }),
    // Both look at the same context: first it is said, then it is done.
    announceWaste: effects(({ context, event }) => {
      const amount = wasteOf(context, event.at)
      if (amount === 0) return []
      return [emit({ type: 'inventory.spoiled', site: context.site, ingredient: context.ingredient, amount })]
    }),
    throwWasteAway: assign(({ context, event }) => {
      const waste = wasteOf(context, event.at)
      if (waste === 0) return {}
      return {
        free: context.free - waste,
        spoiled: context.spoiled + waste,
        lots: taken(context.lots, waste).lots,
      }
    }),
    showBooks: reply(({ context }) => ({ type: 'bin.view', ...binView(context) })),
    askForMore: effects(({ context }) => wanted(context)),
    // What came was not enough, and nothing more is to come.
    askAgain: effects(({ context }) =>
      levelOf(context, false) !== 'ok' && context.ordered === 0 ? wanted(context) : [],
    ),
    announceLow: emit(({ context }) => ({
      type: 'inventory.low',
      site: context.site,
      ingredient: context.ingredient,
      free: context.free,
      par: context.par,
    })),
  },
}).createMachine({
  id: 'bin',
  version: '1',
  context: ({ input }) => ({
    site: input.key.slice(0, input.key.indexOf(':')),
    ingredient: input.key.slice(input.key.indexOf(':') + 1),
    opening: 0,
    delivered: 0,
    adjusted: 0,
    free: 0,
    held: 0,
    issued: 0,
    spoiled: 0,
    unit: 'g',
    par: 0,
    low: 0,
    shelfLifeMs: 0,
    ordered: 0,
    lots: [],
    issuedFrom: never,
    holds: [],
    waiting: [],
  }),
  initial: 'closed',
  states: {
    closed: {
      tags: 'rest',
      on: {
        'bin.open': {
          target: 'ok',
          actions: [
            assign(({ event: { opening, par, low, unit = 'g', shelfLifeMs = 0 } }) => ({
              opening,
              free: opening,
              par,
              low,
              unit,
              shelfLifeMs,
            })),
            assign(({ context, event }) => ({
              lots: added([], { amount: context.opening, expires: freshAt(context, event.at) }),
            })),
            'awaitExpiry',
            'showBooks',
          ],
        },
      },
    },
    ok: {
      tags: 'rest',
      always: [
        { guard: 'isEmpty', target: 'empty' },
        { guard: 'runsLow', target: 'low' },
        { guard: 'runsLowOnOrder', target: 'on-order' },
      ],
      exit: ['announceLow', 'askForMore'],
    },
    low: {
      tags: 'rest',
      always: [
        { guard: 'isOk', target: 'ok' },
        { guard: 'isEmpty', target: 'empty' },
        { guard: 'isOnOrder', target: 'on-order' },
      ],
    },
    empty: {
      tags: 'waiting',
      always: [
        { guard: 'isOk', target: 'ok' },
        { guard: 'isLow', target: 'low' },
        { guard: 'isOnOrder', target: 'on-order' },
      ],
    },
    'on-order': {
      tags: 'waiting',
      always: [
        { guard: 'isOk', target: 'ok' },
        { guard: 'isEmpty', target: 'empty' },
        { guard: 'isLow', target: 'low' },
      ],
    },
  },
  on: {
    'bin.hold': {
      guard: 'isNew',
      actions: [
        assign(({ context, event: { reservation, amount } }) => ({
          waiting: [...context.waiting, { reservation, amount }],
        })),
        'answerQueue',
        'serveQueue',
        'limitWait',
      ],
    },
    'bin.waited': {
      guard: 'waits',
      actions: ['stopWaiting', 'answerRefused', 'answerQueue', 'serveQueue'],
    },
    'bin.confirm': {
      guard: 'holds',
      actions: [
        assign(({ context, event }) => ({
          holds: context.holds.map((hold) =>
            hold.reservation === event.reservation ? { ...hold, firm: true } : hold,
          ),
        })),
        'answerQueue',
        'serveQueue',
      ],
    },
    // Whoever waits came first: a raise takes only what nobody waits for.
    'bin.raise': [
      {
        guard: ({ context, event }) => context.waiting.length === 0 && event.by <= context.free,
        actions: [
          assign(({ context, event: { reservation, by } }) =>
            checked({
              ...context,
              free: context.free - by,
              held: context.held + by,
              holds: holding(context, reservation, heldFor(context, reservation) + by),
            }),
          ),
          'answerRaised',
        ],
      },
      { actions: 'answerRefused' },
    ],
    'bin.lower': {
      guard: ({ context, event }) => event.by <= heldFor(context, event.reservation),
      actions: [
        assign(({ context, event: { reservation, by } }) => ({
          free: context.free + by,
          held: context.held - by,
          holds: holding(context, reservation, heldFor(context, reservation) - by),
        })),
        'announceWaste',
        'throwWasteAway',
        'answerQueue',
        'serveQueue',
      ],
    },
    'bin.commit': {
      guard: 'holds',
      actions: [
        assign(({ context, event: { reservation } }) => {
          const amount = heldFor(context, reservation)
          const { lots, from } = taken(context.lots, amount)
          return {
            held: context.held - amount,
            issued: context.issued + amount,
            holds: without(context.holds, reservation),
            lots,
            issuedFrom: from,
          }
        }),
        'answerQueue',
        'serveQueue',
      ],
    },
    'bin.release': [
      {
        guard: 'waits',
        actions: ['stopWaiting', 'forgetTimer', 'answerReleased', 'answerQueue', 'serveQueue'],
      },
      {
        actions: [
          assign(({ context, event }) => ({
            free: context.free + heldFor(context, event.reservation),
            held: context.held - heldFor(context, event.reservation),
            holds: without(context.holds, event.reservation),
          })),
          'answerReleased',
          'announceWaste',
          'throwWasteAway',
          'answerQueue',
          'serveQueue',
        ],
      },
    ],
    'bin.return': {
      guard: ({ context, event }) => event.amount <= context.issued,
      actions: [
        assign(({ context, event }) => ({
          free: context.free + event.amount,
          issued: context.issued - event.amount,
          lots: added(context.lots, { amount: event.amount, expires: context.issuedFrom }),
        })),
        'answerReleased',
        'announceWaste',
        'throwWasteAway',
        'awaitExpiry',
        'answerQueue',
        'serveQueue',
      ],
    },
    'bin.ordered': {
      actions: [assign(({ context, event }) => ({ ordered: context.ordered + event.amount })), 'showBooks'],
    },
    'bin.deliver': {
      actions: [
        assign(({ context, event }) => ({
          free: context.free + event.amount,
          delivered: context.delivered + event.amount,
          ordered: Math.max(0, context.ordered - (event.order?.amount ?? 0)),
          lots: added(context.lots, {
            amount: event.amount,
            expires: freshAt(context, event.at, event.lifeMs),
          }),
        })),
        'awaitExpiry',
        'answerQueue',
        'serveQueue',
        'askAgain',
        'showBooks',
        emit(({ context: { site, ingredient }, event: { amount } }) => ({
          type: 'inventory.delivered',
          site,
          ingredient,
          amount,
        })),
      ],
    },
    'bin.adjust': [
      {
        guard: ({ context, event }) => context.free + event.delta >= 0,
        actions: [
          assign(({ context, event }) => ({
            free: context.free + event.delta,
            adjusted: context.adjusted + event.delta,
            lots: counted(context, event.delta, event.at),
          })),
          'awaitExpiry',
          'answerQueue',
          'serveQueue',
          'showBooks',
          emit(({ context: { site, ingredient }, event: { delta, reason } }) => ({
            type: 'inventory.adjusted',
            site,
            ingredient,
            delta,
            reason,
          })),
        ],
      },
      { actions: reply(({ context }) => ({ type: 'bin.negative-stock', free: context.free })) },
    ],
    'bin.configure': [
      {
        guard: ({ context, event: { low = context.low, par = context.par } }) => low <= par,
        actions: [
          assign(({ context, event }) => ({
            unit: event.unit ?? context.unit,
            par: event.par ?? context.par,
            low: event.low ?? context.low,
            shelfLifeMs: event.shelfLifeMs ?? context.shelfLifeMs,
          })),
          'showBooks',
        ],
      },
      { actions: reply(({ context: { par, low } }) => ({ type: 'bin.low-above-par', par, low })) },
    ],
    'bin.expired': {
      actions: ['announceWaste', 'throwWasteAway', 'awaitExpiry', 'answerQueue', 'serveQueue'],
    },
  },
})

/** The books of a bin, for checks and for people. */
export interface BinView {
  readonly site: string
  readonly ingredient: string
  readonly opening: number
  readonly delivered: number
  readonly adjusted: number
  readonly free: number
  readonly held: number
  readonly issued: number
  readonly spoiled: number
  readonly ordered: number
  readonly unit: 'g' | 'piece'
  readonly par: number
  readonly low: number
  readonly shelfLifeMs: number
  readonly lots: readonly Lot[]
  readonly waiting: number
}

export function binView(context: BinContext): BinView {
  const { holds: _, issuedFrom: __, waiting, ...books } = context
  return { ...books, waiting: waiting.length }
}

export const bin = defineActor({
  type: 'bin',
  glyph: 'square',
  accepts: BinMessage,
  creates: ['bin.open'],
  machine: binMachine,
  queries: {
    view: ({ value, context, version }) => ({ ...binView(context as BinContext), state: value, version }),
    level: ({ context }) => (context as BinContext).free,
  },
})
