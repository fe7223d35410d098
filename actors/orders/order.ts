/**
 * An order: the saga from the guest's wish to the plate, with a way back from every step.
 *
 * It takes, in this order, stock, money and a ticket. Whatever fails, `unwinding` gives back what is still
 * taken, in reverse order, and the order ends only after each of them has confirmed it.
 *
 * Owns:     the order's way, its deadlines (world clock), and the public events.
 * Does not: count stock (`reservation`), move money (`payment`), or cook (`ticket`); it only listens to them.
 *
 * Invariants:
 *   O1. A finished order holds no reservation and has no ticket; it has kept money only if it is `completed`.
 *   O2. Every state that is neither final nor passing has a time after which the order goes on, or asks again.
 *   O3. Of one order at most one payment is requested.
 *   O4. What is charged and cooked is what is held: a revision counts when the pantry has it, and not before.
 */

import { assign, setup } from 'xstate'
import type { Birth, Delivered, Instant } from '#actor'
import { defineActor, effects, emit, reply, tell } from '#actor'
import { ticketRef } from '../kitchen/ticket-messages.ts'
import type { Shortage, StockLine } from '../pantry/messages.ts'
import { reservationRef } from '../pantry/messages.ts'
import { stateName } from '../state-name.ts'
import { paymentRef } from '../till/messages.ts'
import type { OrderEvent, OrderItem } from './messages.ts'
import { currency, OrderMessage } from './messages.ts'
import { askAgainMs, fetchWithinMs, orderDeadlines, reservationLifeMs, toTheTableMs } from './order-delays.ts'
import { noticesOf } from './order-notices.ts'
import { orderStory } from './order-story.ts'

export interface OrderContext {
  readonly id: string
  readonly site: string
  readonly guest: string | null
  readonly items: readonly OrderItem[]
  readonly needs: readonly StockLine[]
  readonly total: number
  readonly serve: 'collect' | 'table'
  readonly note: string | null
  readonly token: string | null
  readonly createdAt: Instant
  readonly promisedAt: Instant
  /** When the present state was entered. */
  readonly since: Instant
  /** What would have to be given back. */
  readonly stock: 'free' | 'asked'
  readonly money: 'free' | 'asked'
  readonly ticket: 'free' | 'open'
  /** How it will end, once it is known that it does not succeed. */
  readonly outcome: 'rejected' | 'cancelled' | 'expired' | null
  readonly reason: string | null
  /** What was missing when it was rejected, or of the revision that could not be. */
  readonly shortages: readonly Shortage[]
  readonly wasted: boolean
  /** What the guest would have instead, until the pantry has answered. */
  readonly revision: Revision | null
}

interface Revision {
  readonly items: readonly OrderItem[]
  readonly needs: readonly StockLine[]
  readonly total: number
  readonly promisedAt: Instant
}

/** An order as the API shows it. */
export interface OrderView {
  readonly id: string
  readonly site: string
  readonly state: string
  readonly items: readonly OrderItem[]
  readonly total: { readonly amount: number; readonly currency: string }
  readonly serve: 'collect' | 'table'
  readonly createdAt: Instant
  readonly promisedAt: Instant
  readonly reason: string | null
  readonly shortages: readonly Shortage[]
  readonly guest: string | null
  readonly note: string | null
}

export function orderView(context: OrderContext, state: string): OrderView {
  const { id, site, items, total, serve, createdAt, promisedAt, reason, shortages, guest, note } = context
  return {
    id,
    site,
    state,
    items,
    total: { amount: total, currency },
    serve,
    createdAt,
    promisedAt,
    reason,
    shortages,
    guest,
    note,
  }
}

interface Because {
  readonly reason: string
}

const sumOf = (items: readonly OrderItem[]): number =>
  items.reduce((sum, { quantity, price }) => sum + quantity * price, 0)

const about = ({ id, site, guest }: OrderContext) => ({
  order: id,
  site,
  ...(guest === null ? {} : { guest }),
})
const ending = (type: 'order.rejected' | 'order.cancelled' | 'order.expired', context: OrderContext) =>
  ({
    type,
    ...about(context),
    reason: context.reason ?? '',
    shortages: context.shortages,
    wasted: context.wasted,
  }) satisfies OrderEvent

/** Publishes it, and tells the guest. */
const publish = (eventOf: (context: OrderContext) => OrderEvent) =>
  effects<OrderContext, Delivered<OrderMessage>, unknown>(({ context }) => {
    const event = eventOf(context)
    return [emit(event), ...noticesOf(event, event.type === 'order.completed' ? context.items : undefined)]
  })

export const orderMachine = setup({
  types: {
    context: {} as OrderContext,
    events: {} as Delivered<OrderMessage>,
    input: {} as Birth,
  },
  delays: {
    ...orderDeadlines,
    askAgain: askAgainMs,
    handover: ({ context }) => (context.serve === 'table' ? toTheTableMs : fetchWithinMs),
  },
  guards: {
    totalAddsUp: ({ event }) => event.type === 'order.place' && event.total === sumOf(event.items),
    revisionAddsUp: ({ event }) => event.type === 'order.revise' && event.total === sumOf(event.items),
    hasRevision: ({ context }) => context.revision !== null,
    hasToken: ({ context }) => context.token !== null,
    toTable: ({ context }) => context.serve === 'table',
    ticketOpen: ({ context }) => context.ticket === 'open',
    moneyAsked: ({ context }) => context.money === 'asked',
    stockAsked: ({ context }) => context.stock === 'asked',
    // What a cook has touched is waste; what nobody has touched goes back.
    used: ({ event }) =>
      (event.type === 'ticket.failed' || event.type === 'ticket.cancelled') && event.wasted,
    toReject: ({ context }) => context.outcome === 'rejected',
    toCancel: ({ context }) => context.outcome === 'cancelled',
  },
  actions: {
    arrive: assign({ since: ({ event }) => event.at }),
    reject: assign((_, { reason }: Because) => ({ outcome: 'rejected', reason })),
    expire: assign((_, { reason }: Because) => ({ outcome: 'expired', reason })),
    callOff: assign((_, { reason }: Because) => ({ outcome: 'cancelled', reason })),
    cancelForGuest: assign(({ event }) => ({
      outcome: 'cancelled',
      reason: (event.type === 'order.cancel' ? event.reason : undefined) ?? 'guest',
    })),

    takeStock: assign({ stock: 'asked' }),
    askStock: tell(
      ({ context }) => reservationRef(context.id),
      ({ context }) => ({
        type: 'reservation.hold',
        site: context.site,
        lines: [...context.needs],
        expiresInMs: reservationLifeMs,
      }),
    ),
    commitStock: tell(({ context }) => reservationRef(context.id), { type: 'reservation.commit' }),
    releaseStock: tell(({ context }) => reservationRef(context.id), { type: 'reservation.release' }),
    stockGone: assign({ stock: 'free' }),
    serveStock: tell(({ context }) => reservationRef(context.id), {
      type: 'reservation.close',
      fate: 'served',
    }),

    noteRevision: assign({
      revision: ({ context, event }) =>
        event.type === 'order.revise'
          ? {
              items: event.items,
              needs: event.needs,
              total: event.total,
              promisedAt: event.promisedAt as Instant,
            }
          : context.revision,
    }),
    askRevision: tell(
      ({ context }) => reservationRef(context.id),
      ({ context }) => ({ type: 'reservation.revise', lines: [...(context.revision ?? context).needs] }),
    ),
    applyRevision: assign(({ context: { revision } }) => ({ ...revision, revision: null, shortages: [] })),
    keepItems: assign({
      revision: null,
      shortages: ({ context, event }) =>
        event.type === 'reservation.kept' ? event.shortages : context.shortages,
    }),
    publishRevised: emit(
      ({ context }) =>
        ({
          type: 'order.revised',
          ...about(context),
          items: context.items,
          total: context.total,
          promisedAt: context.promisedAt,
        }) satisfies OrderEvent,
    ),
    takeMoney: assign({ money: 'asked' }),
    askMoney: tell(
      ({ context }) => paymentRef(context.id),
      ({ context }) => ({ type: 'payment.request', amount: context.total, token: context.token ?? '' }),
    ),
    announcePayment: emit(
      ({ context }) =>
        ({ type: 'payment.requested', ...about(context), amount: context.total }) satisfies OrderEvent,
    ),
    forgetToken: assign({ token: null }),
    returnMoney: tell(({ context }) => paymentRef(context.id), { type: 'payment.cancel' }),
    moneyGone: assign({ money: 'free' }),
    keepMoney: tell(({ context }) => paymentRef(context.id), { type: 'payment.close' }),

    takeTicket: assign({ ticket: 'open' }),
    openTicket: tell(
      ({ context }) => ticketRef(context.id),
      ({ context }) => ({
        type: 'ticket.open',
        order: context.id,
        site: context.site,
        items: context.items.map(({ dish, quantity }, line) => ({ line, dish, quantity })),
        promisedAt: context.promisedAt,
      }),
    ),
    cancelTicket: tell(({ context }) => ticketRef(context.id), { type: 'ticket.cancel' }),
    ticketGone: assign({ ticket: 'free' }),
    // What a cook has touched never goes back into a bin.
    wasteStock: tell(({ context }) => reservationRef(context.id), {
      type: 'reservation.close',
      fate: 'wasted',
    }),
    countWaste: assign({ wasted: true, stock: 'free' }),

    cancelAccepted: reply(({ context }) => ({
      type: 'order.view',
      ...orderView(context, 'cancelling'),
    })),
    publishCreated: publish((context) => ({
      type: 'order.created',
      ...about(context),
      items: context.items,
      total: context.total,
    })),
    publishPaid: publish((context) => ({ type: 'order.paid', ...about(context), amount: context.total })),
    publishCooking: publish((context) => ({ type: 'cooking.started', ...about(context) })),
    publishReady: publish((context) => ({ type: 'order.ready', ...about(context) })),
    publishCompleted: publish((context) => ({
      type: 'order.completed',
      ...about(context),
      total: context.total,
      ...(context.reason === null ? {} : { reason: context.reason }),
    })),
    publishRejected: publish((context) => ending('order.rejected', context)),
    publishCancelled: publish((context) => ending('order.cancelled', context)),
    publishExpired: publish((context) => ending('order.expired', context)),
    tellRefund: effects(({ context, event }) =>
      event.type === 'payment.settled' && event.refunded > 0
        ? noticesOf({ type: 'order.refunded', ...about(context), amount: event.refunded })
        : [],
    ),
  },
}).createMachine({
  id: 'order',
  version: '1',
  context: ({ input }) => ({
    id: input.key,
    site: '',
    guest: null,
    items: [],
    needs: [],
    total: 0,
    serve: 'collect',
    note: null,
    token: null,
    createdAt: input.at,
    promisedAt: input.at,
    since: input.at,
    stock: 'free',
    money: 'free',
    ticket: 'free',
    outcome: null,
    reason: null,
    shortages: [],
    wasted: false,
    revision: null,
  }),
  initial: 'placed',
  // An expiry says that the reservation is gone, wherever the order stands; `reserving`, `paying` and
  // `confirmed` need it, and give up.
  on: { 'reservation.expired': { actions: 'stockGone' } },
  states: {
    placed: {
      tags: 'working',
      on: {
        'order.place': [
          {
            guard: 'totalAddsUp',
            target: 'reserving',
            actions: [
              assign(({ event }) => ({
                site: event.site,
                guest: event.guest ?? null,
                items: event.items,
                needs: event.needs,
                total: event.total,
                serve: event.serve,
                note: event.note ?? null,
                token: event.token ?? null,
                promisedAt: event.promisedAt as Instant,
              })),
              reply(({ context }) => ({ type: 'order.view', ...orderView(context, 'placed') })),
              'publishCreated',
            ],
          },
          {
            target: 'rejected',
            actions: [
              assign(({ event }) => ({
                site: event.site,
                guest: event.guest ?? null,
                items: event.items,
                total: event.total,
                serve: event.serve,
                promisedAt: event.promisedAt as Instant,
                outcome: 'rejected' as const,
                reason: 'total-does-not-add-up',
              })),
              reply(({ context }) => ({ type: 'order.view', ...orderView(context, 'rejected') })),
            ],
          },
        ],
      },
    },

    reserving: {
      tags: 'working',
      entry: ['arrive', 'takeStock', 'askStock'],
      on: {
        'reservation.held': [{ guard: 'hasRevision', target: 'revising' }, { target: 'paying' }],
        // It waits for the pantry's answer to what was wished for first.
        'order.revise': {
          guard: 'revisionAddsUp',
          actions: [
            'noteRevision',
            reply(({ context }) => ({ type: 'order.view', ...orderView(context, 'reserving') })),
          ],
        },
        'reservation.refused': {
          target: 'unwinding',
          actions: [
            'stockGone',
            assign({ shortages: ({ event }) => event.shortages }),
            { type: 'reject', params: { reason: 'insufficient-stock' } },
          ],
        },
        'reservation.expired': {
          target: 'unwinding',
          actions: ['stockGone', { type: 'expire', params: { reason: 'reservation-expired' } }],
        },
        'order.cancel': { target: 'unwinding', actions: ['cancelForGuest', 'cancelAccepted'] },
      },
      after: {
        reserveDeadline: {
          target: 'unwinding',
          actions: { type: 'expire', params: { reason: 'not-reserved-in-time' } },
        },
      },
    },

    revising: {
      tags: 'working',
      entry: ['arrive', 'askRevision'],
      on: {
        'reservation.revised': { target: 'paying', actions: ['applyRevision', 'publishRevised'] },
        'reservation.kept': { target: 'paying', actions: 'keepItems' },
        'reservation.expired': {
          target: 'unwinding',
          actions: ['stockGone', { type: 'expire', params: { reason: 'reservation-expired' } }],
        },
        'order.cancel': { target: 'unwinding', actions: ['cancelForGuest', 'cancelAccepted'] },
      },
      after: {
        reviseDeadline: {
          target: 'unwinding',
          actions: { type: 'expire', params: { reason: 'not-revised-in-time' } },
        },
      },
    },

    paying: {
      entry: 'arrive',
      initial: 'deciding',
      states: {
        deciding: {
          tags: 'working',
          always: [{ guard: 'hasToken', target: 'charging' }, { target: 'awaiting' }],
        },
        awaiting: {
          tags: 'waiting',
          on: {
            'order.revise': {
              guard: 'revisionAddsUp',
              target: '#order.revising',
              actions: [
                'noteRevision',
                reply(({ context }) => ({ type: 'order.view', ...orderView(context, 'revising') })),
              ],
            },
            'order.pay': {
              target: 'charging',
              actions: [
                assign({ token: ({ event }) => event.token }),
                reply(({ context }) => ({ type: 'order.view', ...orderView(context, 'paying') })),
              ],
            },
          },
        },
        charging: {
          tags: 'waiting',
          entry: ['takeMoney', 'askMoney', 'announcePayment', 'forgetToken'],
          on: {
            'payment.captured': { target: '#order.confirmed', actions: 'publishPaid' },
            'payment.declined': {
              target: '#order.unwinding',
              actions: ['moneyGone', { type: 'reject', params: ({ event }) => ({ reason: event.reason }) }],
            },
          },
        },
      },
      on: {
        'reservation.expired': {
          target: 'unwinding',
          actions: ['stockGone', { type: 'expire', params: { reason: 'reservation-expired' } }],
        },
        'order.cancel': { target: 'unwinding', actions: ['cancelForGuest', 'cancelAccepted'] },
      },
      after: {
        payDeadline: {
          target: 'unwinding',
          actions: { type: 'expire', params: { reason: 'not-paid-in-time' } },
        },
      },
    },

    confirmed: {
      tags: 'working',
      entry: ['arrive', 'commitStock'],
      on: {
        'reservation.committed': 'queued',
        'reservation.expired': {
          target: 'unwinding',
          actions: ['stockGone', { type: 'expire', params: { reason: 'reservation-expired' } }],
        },
        'order.cancel': { target: 'unwinding', actions: ['cancelForGuest', 'cancelAccepted'] },
      },
      after: {
        confirmDeadline: {
          target: 'unwinding',
          actions: { type: 'expire', params: { reason: 'not-confirmed-in-time' } },
        },
      },
    },

    queued: {
      tags: 'waiting',
      entry: ['arrive', 'takeTicket', 'openTicket'],
      on: {
        'ticket.started': { target: 'cooking', actions: 'publishCooking' },
        'ticket.failed': [
          {
            guard: 'used',
            target: 'unwinding',
            actions: [
              'ticketGone',
              'wasteStock',
              'countWaste',
              { type: 'callOff', params: ({ event }) => ({ reason: event.reason }) },
            ],
          },
          {
            target: 'unwinding',
            actions: ['ticketGone', { type: 'callOff', params: ({ event }) => ({ reason: event.reason }) }],
          },
        ],
        'order.cancel': { target: 'unwinding', actions: ['cancelForGuest', 'cancelAccepted'] },
      },
      after: {
        queueDeadline: {
          target: 'unwinding',
          actions: { type: 'expire', params: { reason: 'not-started-in-time' } },
        },
      },
    },

    cooking: {
      tags: 'working',
      entry: 'arrive',
      on: {
        'ticket.plating': 'plating',
        'ticket.failed': [
          {
            guard: 'used',
            target: 'unwinding',
            actions: [
              'ticketGone',
              'wasteStock',
              'countWaste',
              { type: 'callOff', params: ({ event }) => ({ reason: event.reason }) },
            ],
          },
          {
            target: 'unwinding',
            actions: ['ticketGone', { type: 'callOff', params: ({ event }) => ({ reason: event.reason }) }],
          },
        ],
        'order.cancel': { target: 'unwinding', actions: ['cancelForGuest', 'cancelAccepted'] },
      },
      after: {
        cookDeadline: {
          target: 'unwinding',
          actions: { type: 'expire', params: { reason: 'not-cooked-in-time' } },
        },
      },
    },

    plating: {
      tags: 'working',
      entry: 'arrive',
      on: {
        'ticket.plated': { target: 'ready', actions: ['ticketGone', 'serveStock', 'stockGone'] },
        'ticket.failed': [
          {
            guard: 'used',
            target: 'unwinding',
            actions: [
              'ticketGone',
              'wasteStock',
              'countWaste',
              { type: 'callOff', params: ({ event }) => ({ reason: event.reason }) },
            ],
          },
          {
            target: 'unwinding',
            actions: ['ticketGone', { type: 'callOff', params: ({ event }) => ({ reason: event.reason }) }],
          },
        ],
      },
      after: {
        platingDeadline: {
          target: 'unwinding',
          actions: { type: 'expire', params: { reason: 'not-plated-in-time' } },
        },
      },
    },

    ready: {
      tags: 'waiting',
      entry: ['arrive', 'publishReady'],
      on: {
        'order.collect': {
          target: 'completed',
          actions: reply(({ context }) => ({ type: 'order.view', ...orderView(context, 'completed') })),
        },
      },
      after: {
        handover: [
          { guard: 'toTable', target: 'completed' },
          { target: 'completed', actions: assign({ reason: 'not-fetched' }) },
        ],
      },
    },

    // Passing: what is still taken decides what is given back next; nothing left decides the end.
    unwinding: {
      tags: ['working', 'undone'],
      always: [
        { guard: 'ticketOpen', target: 'cancelling' },
        { guard: 'moneyAsked', target: 'refunding' },
        { guard: 'stockAsked', target: 'releasing' },
        { guard: 'toReject', target: 'rejected' },
        { guard: 'toCancel', target: 'cancelled' },
        { target: 'expired' },
      ],
    },

    cancelling: {
      tags: ['working', 'undone'],
      entry: ['arrive', 'cancelTicket'],
      on: {
        'ticket.cancelled': [
          { guard: 'used', target: 'unwinding', actions: ['ticketGone', 'wasteStock', 'countWaste'] },
          { target: 'unwinding', actions: 'ticketGone' },
        ],
        // Crossed by the kitchen's own last word.
        'ticket.plated': { target: 'unwinding', actions: ['ticketGone', 'wasteStock', 'countWaste'] },
        'ticket.failed': [
          { guard: 'used', target: 'unwinding', actions: ['ticketGone', 'wasteStock', 'countWaste'] },
          { target: 'unwinding', actions: 'ticketGone' },
        ],
        'ticket.started': {},
        'ticket.plating': {},
      },
      after: { askAgain: { target: 'cancelling', reenter: true } },
    },

    refunding: {
      tags: ['working', 'undone'],
      entry: ['arrive', 'returnMoney'],
      on: {
        'payment.settled': { target: 'unwinding', actions: ['moneyGone', 'tellRefund'] },
        // Crossed: it was declined, or captured, before it heard of the cancellation. A captured payment is
        // still to be settled.
        'payment.declined': { target: 'unwinding', actions: 'moneyGone' },
        'payment.captured': {},
        'reservation.committed': {},
      },
      after: { askAgain: { target: 'refunding', reenter: true } },
    },

    releasing: {
      tags: ['working', 'undone'],
      entry: ['arrive', 'releaseStock'],
      on: {
        'reservation.released': { target: 'unwinding', actions: 'stockGone' },
        // Crossed: it came to the same by itself.
        'reservation.refused': { target: 'unwinding', actions: 'stockGone' },
        'reservation.expired': { target: 'unwinding', actions: 'stockGone' },
        'reservation.held': {},
        'reservation.revised': {},
        'reservation.kept': {},
        'reservation.committed': {},
      },
      after: { askAgain: { target: 'releasing', reenter: true } },
    },

    completed: { tags: 'rest', type: 'final', entry: ['arrive', 'keepMoney', 'publishCompleted'] },
    rejected: { tags: ['rest', 'undone'], type: 'final', entry: ['arrive', 'publishRejected'] },
    cancelled: { tags: ['rest', 'undone'], type: 'final', entry: ['arrive', 'publishCancelled'] },
    expired: { tags: ['rest', 'undone'], type: 'final', entry: ['arrive', 'publishExpired'] },
  },
})

export const order = defineActor({
  type: 'order',
  glyph: 'docket',
  accepts: OrderMessage,
  creates: ['order.place'],
  machine: orderMachine,
  queries: {
    view: ({ value, context, version }) => ({
      ...orderView(context as OrderContext, stateName(value)),
      version,
    }),
    story: ({ value, context }) => orderStory(stateName(value), context as OrderContext),
  },
})
