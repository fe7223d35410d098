/**
 * Who orders from the suppliers, for all bins of a site.
 *
 * A bin tells when it has become short, and again when a delivery does not end that. What is ordered is promised for a
 * time; then the supplier is asked whether it was delivered, unless somebody of the house has said so before.
 *
 * Owns:     the last order of each ingredient, and how it stands. There is one list of them, as long as the list of
 *           ingredients: what came before is in the journal.
 * Does not: count stock (the bins do) or decide what is short.
 *
 * Invariants:
 *   R1. Of one ingredient there is at most one open order.
 *   R2. An order whose answer is missing is asked for again under its own name, until the supplier has said how it
 *       stands: it is never ordered a second time.
 *   R3. One order is delivered to its bin once, whoever tells it and however often.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered, Effect, Instant, Message } from '#actor'
import { backoffMs, defineActor, draw, effects, millisecondsBetween, minutes, seconds } from '#actor'
import { type Plan, planned } from '../plan.ts'
import { binRef, ReplenisherMessage } from './messages.ts'
import { type SupplierArgs, type SupplierOperation, supplierAnswer } from './supplier-contract.ts'

/** A supplier that has refused may have it later. */
export const refusedForMs = minutes(30)
/** What is late is looked for no more often than this. */
const lookAgainMs = minutes(1)
/** A supplier that does not answer is asked again: after 10 s, 20 s, … 5 min. */
const patience = { minMs: seconds(10), maxMs: minutes(5), factor: 2, jitter: 0.2 } as const

/**
 * - `asked`: the supplier has not said yes
 * - `promised`: it is to come at `dueAt`
 * - `refused`: the supplier does not have it; another order follows
 * - `delivered`: it has come, and is closed
 */
export type SupplyState = 'asked' | 'promised' | 'refused' | 'delivered'

export interface SupplyOrder {
  readonly ingredient: string
  /** Among the orders of this ingredient, from 1. */
  readonly n: number
  readonly amount: number
  readonly state: SupplyState
  readonly dueAt: Instant | null
  /** What came of it. */
  readonly brought: number
  /** How often nobody answered since somebody did. */
  readonly unanswered: number
}

export interface ReplenisherContext {
  readonly site: string
  /** Of each ingredient the last. */
  readonly orders: readonly SupplyOrder[]
}

type Again = { readonly type: 'replenisher.again'; readonly ingredient: string }
type ReplenisherEvent = Delivered<ReplenisherMessage | Again>
type Planned = Plan<ReplenisherContext>

/** What the supplier knows an order by. */
export const orderNameOf = (site: string, { ingredient, n }: Pick<SupplyOrder, 'ingredient' | 'n'>): string =>
  `${site}:${ingredient}:${n}`

const isOpen = ({ state }: SupplyOrder): boolean => state !== 'delivered'
const timerOf = ({ ingredient }: SupplyOrder): string => `again:${ingredient}`
const callOf = (operation: SupplierOperation, { ingredient, n }: SupplyOrder): string =>
  `${operation}/${ingredient}/${n}`

function handled(context: ReplenisherContext, event: ReplenisherEvent): Planned {
  const { orders, site } = context
  const of = (ingredient: string) => orders.find((order) => order.ingredient === ingredient)
  switch (event.type) {
    case 'replenisher.short': {
      const last = of(event.ingredient)
      if (last !== undefined && isOpen(last)) return { context, effects: [] }
      return ordered(context, event.ingredient, event.amount)
    }
    case 'replenisher.again': {
      const order = of(event.ingredient)
      if (order?.state === 'refused') return ordered(context, order.ingredient, order.amount)
      if (order?.state === 'asked') return { context, effects: [asking(context, order)] }
      return order?.state === 'promised'
        ? { context, effects: [looking(context, order)] }
        : { context, effects: [] }
    }
    case 'replenisher.receive': {
      const { type: _, at: __, from: ___, order: name, ...lot } = event
      if (name === undefined) return { context, effects: [bringing(site, lot), received(lot)] }
      const order = of(lot.ingredient)
      const isKnown = order !== undefined && order.state !== 'refused' && orderNameOf(site, order) === name
      if (!isKnown)
        return { context, effects: [{ kind: 'reply', message: { type: 'replenisher.no-order' } }] }
      // Told again: it was booked as it was told first.
      if (!isOpen(order)) return { context, effects: [received({ ...lot, amount: order.brought })] }
      const plan = delivered(context, order, lot.amount, lot.lifeMs)
      return { ...plan, effects: [...plan.effects, received(lot)] }
    }
    case 'call.done':
    case 'call.failed': {
      const order = orders.find(
        (one) =>
          callOf('supplier.order', one) === event.call || callOf('supplier.lookup', one) === event.call,
      )
      // A late answer to what is settled by now.
      if (order === undefined || !isOpen(order)) return { context, effects: [] }
      return answered(context, order, event)
    }
    default:
      return { context, effects: [] }
  }
}

function answered(
  context: ReplenisherContext,
  order: SupplyOrder,
  event: Extract<ReplenisherEvent, { type: 'call.done' | 'call.failed' }>,
): Planned {
  const said = event.type === 'call.done' ? supplierAnswer(event.result) : undefined
  if (event.type === 'call.failed' && event.reason === 'refused' && order.state === 'asked') {
    return lookAgain(context, { ...order, state: 'refused' }, refusedForMs, 'world')
  }
  if (said === undefined) {
    const unanswered = order.unanswered + 1
    const drawn = draw(0, `replenisher/${orderNameOf(context.site, order)}`, unanswered)
    return lookAgain(
      context,
      { ...order, unanswered },
      Math.round(backoffMs(patience, unanswered, drawn)),
      'runtime',
    )
  }
  const heard = { ...order, unanswered: 0 }
  switch (said.status) {
    case 'none':
      return { context: keep(context, { ...heard, state: 'asked' }), effects: [asking(context, order)] }
    case 'delivered':
      return delivered(context, heard, said.amount)
    case 'ordered': {
      const delayMs = Math.max(lookAgainMs, millisecondsBetween(event.at, said.dueAt))
      const plan = lookAgain(context, { ...heard, state: 'promised', dueAt: said.dueAt }, delayMs, 'world')
      if (order.state === 'promised') return plan
      const { ingredient, amount } = order
      const promise = { type: 'bin.ordered', ...{ amount } }
      return {
        ...plan,
        effects: [...plan.effects, { kind: 'tell', to: binRef(context.site, ingredient), message: promise }],
      }
    }
  }
}

/** One more order of this ingredient. */
function ordered(context: ReplenisherContext, ingredient: string, amount: number): Planned {
  const n = (context.orders.find((order) => order.ingredient === ingredient)?.n ?? 0) + 1
  const order: SupplyOrder = { ingredient, n, amount, state: 'asked', dueAt: null, brought: 0, unanswered: 0 }
  const { site } = context
  const name = orderNameOf(site, order)
  const event = { type: 'inventory.ordered', ...{ site, ingredient, order: name, amount } }
  return { context: keep(context, order), effects: [asking(context, order), { kind: 'emit', event }] }
}

function delivered(
  context: ReplenisherContext,
  order: SupplyOrder,
  brought: number,
  lifeMs?: number,
): Planned {
  const { ingredient, amount } = order
  const lot = { ingredient, amount: brought, ...(lifeMs !== undefined && { lifeMs }) }
  const name = orderNameOf(context.site, order)
  return {
    context: keep(context, { ...order, state: 'delivered', brought }),
    effects: [{ kind: 'cancel', id: timerOf(order) }, bringing(context.site, lot, { name, amount })],
  }
}

/** Looks at it again after so long. */
function lookAgain(
  context: ReplenisherContext,
  order: SupplyOrder,
  delayMs: number,
  clock: 'world' | 'runtime',
): Planned {
  const message = { type: 'replenisher.again', ...{ ingredient: order.ingredient } }
  return {
    context: keep(context, order),
    effects: [{ kind: 'schedule', id: timerOf(order), delayMs, message, clock }],
  }
}

function keep(context: ReplenisherContext, order: SupplyOrder): ReplenisherContext {
  const others = context.orders.filter(({ ingredient }) => ingredient !== order.ingredient)
  return { ...context, orders: [...others, order] }
}

interface Lot {
  readonly ingredient: string
  readonly amount: number
  readonly lifeMs?: number | undefined
}

const received = ({ ingredient, amount }: Lot): Effect => ({
  kind: 'reply',
  message: { type: 'replenisher.received', ...{ ingredient, amount } },
})

function bringing(
  site: string,
  { ingredient, amount, lifeMs }: Lot,
  order?: { readonly name: string; readonly amount: number },
): Effect {
  const message = {
    type: 'bin.deliver',
    amount,
    ...(lifeMs !== undefined && { lifeMs }),
    ...(order && { order }),
  }
  return { kind: 'tell', to: binRef(site, ingredient), message: message as Message }
}

function supplier<Operation extends SupplierOperation>(
  handler: Operation,
  order: SupplyOrder,
  args: SupplierArgs[Operation],
): Effect {
  return { kind: 'call', id: callOf(handler, order), handler, args, deadlineMs: seconds(10), attemptsMax: 3 }
}

const asking = ({ site }: ReplenisherContext, order: SupplyOrder): Effect => {
  const { ingredient, amount } = order
  return supplier('supplier.order', order, { order: orderNameOf(site, order), site, ingredient, amount })
}
const looking = ({ site }: ReplenisherContext, order: SupplyOrder): Effect =>
  supplier('supplier.lookup', order, { order: orderNameOf(site, order) })

const handling = planned(handled)
const isIn =
  (...states: readonly SupplyState[]) =>
  ({ context }: { readonly context: ReplenisherContext }): boolean =>
    context.orders.some(({ state }) => states.includes(state))
const isAsking = isIn('asked')
const isWaiting = isIn('promised', 'refused')

export const replenisherMachine = setup({
  types: {
    context: {} as ReplenisherContext,
    events: {} as ReplenisherEvent,
    input: {} as Birth,
  },
  guards: {
    asks: isAsking,
    waits: (turn) => !isAsking(turn) && isWaiting(turn),
    rests: (turn) => !isAsking(turn) && !isWaiting(turn),
  },
  actions: {
    act: effects(({ context, event }) => handling.effects({ context, event })),
    keep: assign(({ context, event }) => handling.context({ context, event })),
  },
}).createMachine({
  id: 'replenisher',
  version: '1',
  context: ({ input }) => ({ site: input.key, orders: [] }),
  initial: 'quiet',
  states: {
    /** Nothing is open. */
    quiet: {
      tags: 'rest',
      always: [
        { guard: 'asks', target: 'ordering' },
        { guard: 'waits', target: 'waiting' },
      ],
    },
    /** A supplier has not said yes or no yet. */
    ordering: {
      tags: 'working',
      always: [
        { guard: 'waits', target: 'waiting' },
        { guard: 'rests', target: 'quiet' },
      ],
    },
    /** Everything that is open has its time: of its delivery, or of the next try. */
    waiting: {
      tags: 'waiting',
      always: [
        { guard: 'asks', target: 'ordering' },
        { guard: 'rests', target: 'quiet' },
      ],
    },
  },
  on: {
    'replenisher.short': { actions: ['act', 'keep'] },
    'replenisher.receive': { actions: ['act', 'keep'] },
    'replenisher.again': { actions: ['act', 'keep'] },
    'call.done': { actions: ['act', 'keep'] },
    'call.failed': { actions: ['act', 'keep'] },
  },
})

export interface ReplenisherView extends ReplenisherContext {
  readonly state: string
}

export const replenisher = defineActor({
  type: 'replenisher',
  glyph: 'diamond',
  accepts: ReplenisherMessage,
  creates: ['replenisher.short', 'replenisher.receive'],
  machine: replenisherMachine,
  queries: {
    view: ({ value, context, version }) => ({
      ...(context as ReplenisherContext),
      state: value,
      version,
    }),
  },
})
