/**
 * The stock of one ingredient at one site.
 *
 * A hold is tentative while its reservation still asks other bins, and firm after that. Whoever finds too
 * little free waits behind the tentative holders, because one of them may give back; when even that could
 * not be enough the answer is no, at once.
 *
 * Owns:     exact counters, the holds, and who waits for what (on the runtime clock: it is a wait for
 *           messages, not for a meal).
 * Does not: end a hold by itself. Only the reservation has a deadline, and says so.
 *
 * Invariants:
 *   B1. opening + delivered + adjusted = free + held + issued, and none of the last three is negative.
 *   B2. `held` is the sum of the holds.
 *   B3. Requests are served in the order they came; nobody waits longer than `waitMs`.
 */

import { assign, setup } from 'xstate'
import type { Birth, Delivered, Message } from '#actor'
import { assert, cancel, defineActor, effects, emit, reply, schedule, seconds, tell } from '#actor'
import { BinMessage, reservationRef } from './messages.ts'

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
  readonly par: number
  readonly low: number
  /** Promised by suppliers, not yet here. */
  readonly ordered: number
  readonly holds: readonly Hold[]
  readonly waiting: readonly { readonly reservation: string; readonly amount: number }[]
}

/** The bin's own timer: this request has waited long enough. */
type BinTimer = { readonly type: 'bin.waited'; readonly reservation: string }

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

/** The name of the state that the counters ask for. */
export function levelOf({ free, low, ordered }: BinContext): 'ok' | 'low' | 'empty' | 'on-order' {
  if (free === 0) return 'empty'
  if (free > low) return 'ok'
  return ordered > 0 ? 'on-order' : 'low'
}

function checked(context: BinContext): BinContext {
  const { opening, delivered, adjusted, free, held, issued, holds } = context
  const whole = opening + delivered + adjusted === free + held + issued
  assert(whole && free >= 0 && held >= 0 && issued >= 0, 'B1', `${context.site}:${context.ingredient}`)
  assert(
    held === holds.reduce((sum, { amount }) => sum + amount, 0),
    'B2',
    `${context.site}:${context.ingredient}`,
  )
  return context
}

const timerOf = (reservation: string): string => `wait:${reservation}`
const without = <T extends { readonly reservation: string }>(list: readonly T[], reservation: string) =>
  list.filter((entry) => entry.reservation !== reservation)
const heldFor = (context: BinContext, reservation: string): number =>
  context.holds.find((hold) => hold.reservation === reservation)?.amount ?? 0
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
    isOk: ({ context }) => levelOf(context) === 'ok',
    isLow: ({ context }) => levelOf(context) === 'low',
    isEmpty: ({ context }) => levelOf(context) === 'empty',
    isOnOrder: ({ context }) => levelOf(context) === 'on-order',
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
    answerRefused: effects(({ context, event }) => [refused(context, reservationOf(event))]),
    stopWaiting: assign(({ context, event }) => ({
      waiting: without(context.waiting, reservationOf(event)),
    })),
    forgetTimer: cancel(({ event }) => timerOf(reservationOf(event))),
    showBooks: reply(({ context }) => ({ type: 'bin.view', ...binView(context) })),
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
    par: 0,
    low: 0,
    ordered: 0,
    holds: [],
    waiting: [],
  }),
  initial: 'closed',
  states: {
    closed: {
      on: {
        'bin.open': {
          target: 'ok',
          actions: [
            assign(({ event: { opening, par, low } }) => ({ opening, free: opening, par, low })),
            'showBooks',
          ],
        },
      },
    },
    ok: {
      always: [
        { guard: 'isEmpty', target: 'empty' },
        { guard: 'isLow', target: 'low' },
        { guard: 'isOnOrder', target: 'on-order' },
      ],
      exit: 'announceLow',
    },
    low: {
      always: [
        { guard: 'isOk', target: 'ok' },
        { guard: 'isEmpty', target: 'empty' },
        { guard: 'isOnOrder', target: 'on-order' },
      ],
    },
    empty: {
      always: [
        { guard: 'isOk', target: 'ok' },
        { guard: 'isLow', target: 'low' },
        { guard: 'isOnOrder', target: 'on-order' },
      ],
    },
    'on-order': {
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
    'bin.commit': {
      guard: 'holds',
      actions: [
        assign(({ context, event }) => ({
          held: context.held - heldFor(context, event.reservation),
          issued: context.issued + heldFor(context, event.reservation),
          holds: without(context.holds, event.reservation),
        })),
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
        })),
        'answerReleased',
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
          ordered: Math.max(0, context.ordered - event.amount),
        })),
        'answerQueue',
        'serveQueue',
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
          })),
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
  readonly ordered: number
  readonly par: number
  readonly low: number
  readonly waiting: number
}

export function binView(context: BinContext): BinView {
  const { holds: _, waiting, ...books } = context
  return { ...books, waiting: waiting.length }
}

export const bin = defineActor({
  type: 'bin',
  accepts: BinMessage,
  creates: ['bin.open'],
  machine: binMachine,
  queries: {
    view: ({ value, context, version }) => ({ ...binView(context as BinContext), state: value, version }),
    level: ({ context }) => (context as BinContext).free,
  },
})
