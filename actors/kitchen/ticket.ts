/**
 * The ticket: what the expeditor follows from the order to the pass.
 *
 * Owns:     its dishes, one for each portion, and the one answer that the order gets.
 * Does not: cook: a dish walks through the stations by itself (`dish.ts`).
 *
 * Invariants:
 *   T1. The order is told exactly one end: `ticket.plated`, `ticket.failed` or `ticket.cancelled` (K1).
 *   T2. A ticket ends only when each of its dishes has, but for those that stay silent past all patience.
 *   T3. It is plated only when every dish was.
 *   T4. What people do with it on their screen changes nothing of T1 to T3.
 */
import { Type } from 'typebox'
import { assign, setup } from 'xstate'
import type { Birth, Delivered, Instant } from '#actor'
import { defineActor, effects, millisecondsBetween, ref, tell } from '#actor'
import { recipeOf } from '../orders/menu-data.ts'
import { platingMs, stopAgainMs, ticketAsksMs, ticketTimeMaxMs, unansweredMax } from './kitchen-delays.ts'
import type { DishReport as Report } from './kitchen-messages.ts'
import { DishReport, dishKey, dishRef } from './kitchen-messages.ts'
import type { TicketReport } from './ticket-messages.ts'
import { TicketCommand } from './ticket-messages.ts'

interface Plate {
  readonly key: string
  readonly dish: string
  readonly is: 'open' | 'plated' | 'failed' | 'cancelled'
}

interface TicketContext {
  readonly order: string
  readonly site: string
  readonly openedAt: Instant
  readonly promisedAt: number
  readonly plates: readonly Plate[]
  /** Ingredients were used, or nobody knows that they were not. */
  readonly wasted: boolean
  /** Why it fails; empty while it does not. */
  readonly reason: string
  /** How often it has asked its dishes to stop. */
  readonly asked: number
  /** What people have done with it on their screen. */
  readonly screen: 'new' | 'accepted' | 'bumped'
}

type TicketEvent = Delivered<TicketCommand | Report>

const anOrder = (context: TicketContext) => ref<TicketReport>('order', context.order)
const openPlates = (context: TicketContext): readonly Plate[] =>
  context.plates.filter((plate) => plate.is === 'open')

/** A ticket that was taken off the screen stays off until it is recalled. */
const onScreen = {
  'ticket.accept': [{ guard: 'bumped' as const }, { actions: 'accept' as const }],
}
/** Somebody has begun: it may be done. */
const begun = {
  ...onScreen,
  'ticket.bump': { actions: 'bump' as const },
  'ticket.recall': [{ guard: 'isNew' as const }, { actions: 'accept' as const }],
}

const machine = setup({
  types: {
    context: {} as TicketContext,
    events: {} as TicketEvent,
    input: {} as Birth,
  },
  actions: {
    openDishes: effects(({ context }) =>
      openPlates(context).map(({ key, dish }) =>
        tell(dishRef(key), {
          type: 'dish.open',
          order: context.order,
          site: context.site,
          dish,
          promisedAt: context.promisedAt,
        }),
      ),
    ),
    stopDishes: effects(({ context }) =>
      openPlates(context).map(({ key }) => tell(dishRef(key), { type: 'dish.cancel' })),
    ),
    accept: assign({ screen: 'accepted' }),
    bump: assign({ screen: 'bumped' }),
    countAsking: assign(({ context }) => ({ asked: context.asked + 1 })),
    confirm: effects(({ event }) => {
      const report = event as Report
      return [tell(dishRef(report.plate), { type: 'dish.confirm' })]
    }),
    note: assign(({ context, event }) => noted(context, event as Report)),
    tooLate: assign({ reason: 'too-late' }),
    tellStarted: tell(({ context }) => anOrder(context), { type: 'ticket.started' }),
    tellPlating: tell(({ context }) => anOrder(context), { type: 'ticket.plating' }),
    tellPlated: tell(({ context }) => anOrder(context), { type: 'ticket.plated' }),
    tellFailed: tell(
      ({ context }) => anOrder(context),
      ({ context }) => ({ type: 'ticket.failed', reason: context.reason, wasted: context.wasted }),
    ),
    tellCancelled: tell(
      ({ context }) => anOrder(context),
      ({ context }) => ({ type: 'ticket.cancelled', wasted: context.wasted }),
    ),
  },
  guards: {
    allPlated: ({ context }) => context.plates.every((plate) => plate.is === 'plated'),
    noneOpen: ({ context }) => openPlates(context).length === 0,
    overdue: ({ context, event }) => millisecondsBetween(context.openedAt, event.at) > ticketTimeMaxMs,
    unheard: ({ context }) => context.asked > unansweredMax,
    bumped: ({ context }) => context.screen === 'bumped',
    isNew: ({ context }) => context.screen === 'new',
  },
  delays: {
    askAgain: ticketAsksMs,
    stopAgain: stopAgainMs,
    plating: platingMs,
  },
}).createMachine({
  id: 'ticket',
  version: '1',
  context: ({ input }) => ({
    order: input.key,
    site: '',
    openedAt: input.at,
    promisedAt: 0,
    plates: [],
    wasted: false,
    reason: '',
    asked: 0,
    screen: 'new',
  }),
  on: {
    'ticket.open': {},
    'ticket.cancel': {},
    'dish.begun': {},
    'dish.plated': { actions: ['confirm', 'note'] },
    'dish.failed': { actions: ['confirm', 'note'] },
    'dish.cancelled': { actions: ['confirm', 'note'] },
  },
  initial: 'new',
  states: {
    new: {
      tags: 'working',
      on: {
        'ticket.open': [
          {
            guard: ({ event }) => event.items.some(({ dish }) => recipeOf(dish) === undefined),
            target: 'failed',
            actions: assign({ reason: 'unknown-dish' }),
          },
          {
            target: 'waiting',
            actions: [
              assign(({ event }) => ({
                site: event.site,
                promisedAt: event.promisedAt,
                plates: event.items.flatMap(({ line, dish, quantity }) =>
                  Array.from({ length: quantity }, (_, n) => ({
                    key: dishKey(event.order, line, n + 1),
                    dish,
                    is: 'open' as const,
                  })),
                ),
              })),
              'openDishes',
            ],
          },
        ],
      },
    },
    /** No cook has begun. */
    waiting: {
      tags: 'waiting',
      on: {
        ...onScreen,
        'ticket.cancel': 'cancelling',
        'dish.begun': { target: 'cooking', actions: 'tellStarted' },
        'dish.plated': { target: 'cooking', actions: ['tellStarted', 'confirm', 'note'] },
        'dish.failed': { target: 'failing', actions: ['confirm', 'note'] },
      },
      after: {
        askAgain: [
          { guard: 'overdue', target: 'failing', actions: 'tooLate' },
          { target: 'waiting', reenter: true, actions: 'openDishes' },
        ],
      },
    },
    cooking: {
      tags: 'working',
      always: { guard: 'allPlated', target: 'plating' },
      on: {
        ...begun,
        'ticket.cancel': 'cancelling',
        'dish.failed': { target: 'failing', actions: ['confirm', 'note'] },
      },
      after: {
        askAgain: [
          { guard: 'overdue', target: 'failing', actions: 'tooLate' },
          { target: 'cooking', reenter: true, actions: 'openDishes' },
        ],
      },
    },
    /** Too late to cancel. */
    plating: { tags: 'working', entry: 'tellPlating', on: begun, after: { plating: 'plated' } },
    cancelling: {
      tags: ['working', 'undone'],
      entry: ['stopDishes', 'countAsking'],
      always: [
        { guard: 'noneOpen', target: 'cancelled' },
        { guard: 'unheard', target: 'cancelled', actions: assign({ wasted: true }) },
      ],
      after: { stopAgain: { target: 'cancelling', reenter: true } },
    },
    failing: {
      tags: ['working', 'undone'],
      entry: ['stopDishes', 'countAsking'],
      always: [
        { guard: 'noneOpen', target: 'failed' },
        { guard: 'unheard', target: 'failed', actions: assign({ wasted: true }) },
      ],
      after: { stopAgain: { target: 'failing', reenter: true } },
    },
    plated: { tags: 'rest', type: 'final', entry: 'tellPlated' },
    cancelled: { tags: ['rest', 'undone'], type: 'final', entry: 'tellCancelled' },
    failed: { tags: ['rest', 'undone'], type: 'final', entry: 'tellFailed' },
  },
})

/** What a dish's end means for the ticket. The first failure names the reason. */
function noted(context: TicketContext, report: Report): Partial<TicketContext> {
  const known = context.plates.find((plate) => plate.key === report.plate)
  if (known?.is !== 'open' || report.type === 'dish.begun') return {}
  const is = endOf(report)
  return {
    plates: context.plates.map((plate) => (plate === known ? { ...plate, is } : plate)),
    wasted: context.wasted || report.type === 'dish.plated' || report.wasted,
    reason: report.type === 'dish.failed' && context.reason === '' ? report.reason : context.reason,
  }
}

function endOf(report: Exclude<Report, { type: 'dish.begun' }>): Plate['is'] {
  switch (report.type) {
    case 'dish.plated':
      return 'plated'
    case 'dish.failed':
      return 'failed'
    case 'dish.cancelled':
      return 'cancelled'
  }
}

const accepts = Type.Union([...TicketCommand.anyOf, ...DishReport.anyOf])

export const ticket = defineActor({
  type: 'ticket',
  glyph: 'docket',
  accepts,
  creates: ['ticket.open'],
  ignores: accepts.anyOf.map((message) => message.properties.type.const),
  machine,
  queries: {
    view: ({ value, context }) => ({ state: value, ...(context as TicketContext) }),
  },
})
