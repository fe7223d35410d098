/**
 * The actors that are measured: an order that goes its way again and again, and the waiter who sends it along.
 *
 * The order has what a real one has (guards, assignments, timers, a reply, domain events); it ends where it began,
 * so that a measurement needs no births.
 */
import { Type } from 'typebox'
import { assign, setup } from 'xstate'
import {
  type ActorId,
  type Birth,
  type Delivered,
  defineActor,
  effects,
  emit,
  type Instant,
  type MessageOf,
  minutes,
  ref,
  reply,
  supervise,
  tell,
} from '#actor'
import { Registry } from '#kernel'

const OrderMessage = Type.Union([
  Type.Object({ type: Type.Literal('order.place'), items: Type.Array(Type.String()), total: Type.Integer() }),
  Type.Object({ type: Type.Literal('reservation.held') }),
  Type.Object({ type: Type.Literal('payment.done'), receipt: Type.String() }),
  Type.Object({ type: Type.Literal('ticket.started') }),
  Type.Object({ type: Type.Literal('ticket.ready') }),
  Type.Object({ type: Type.Literal('order.collect') }),
])
export type OrderMessage = MessageOf<typeof OrderMessage>

interface OrderContext {
  readonly id: ActorId
  readonly items: readonly string[]
  readonly total: number
  readonly receipt: string | null
  readonly since: Instant
}

export const orderMachine = setup({
  types: { context: {} as OrderContext, events: {} as Delivered<OrderMessage>, input: {} as Birth },
  actions: {
    arrive: assign({ since: ({ event }) => event.at }),
    publish: emit(({ context, event }) => ({ type: event.type, order: context.id })),
  },
  guards: { paid: ({ context }) => context.receipt !== null },
}).createMachine({
  id: 'order',
  context: ({ input }) => ({ id: input.id, items: [], total: 0, receipt: null, since: input.at }),
  initial: 'new',
  states: {
    new: {
      on: {
        'order.place': {
          target: 'reserving',
          actions: assign({ items: ({ event }) => event.items, total: ({ event }) => event.total }),
        },
      },
    },
    reserving: {
      entry: 'arrive',
      on: { 'reservation.held': 'paying' },
      after: { [minutes(10)]: 'new' },
    },
    paying: {
      entry: 'arrive',
      on: {
        'payment.done': {
          target: 'queued',
          actions: [assign({ receipt: ({ event }) => event.receipt }), reply({ type: 'order.paid' })],
        },
      },
      after: { [minutes(15)]: 'new' },
    },
    queued: { entry: ['arrive', 'publish'], on: { 'ticket.started': { guard: 'paid', target: 'cooking' } } },
    cooking: { entry: ['arrive', 'publish'], on: { 'ticket.ready': 'ready' } },
    ready: {
      entry: ['arrive', 'publish'],
      on: { 'order.collect': 'new' },
      after: { [minutes(60)]: 'new' },
    },
  },
})

/** An order's way, once around. */
export const orderDay: readonly OrderMessage[] = [
  { type: 'order.place', items: ['margherita', 'tiramisu'], total: 1_250 },
  { type: 'reservation.held' },
  { type: 'payment.done', receipt: 'receipt-4711' },
  { type: 'ticket.started' },
  { type: 'ticket.ready' },
  { type: 'order.collect' },
]
/** Where the order is after the message of the same index. */
export const orderStates = ['reserving', 'paying', 'queued', 'cooking', 'ready', 'new'] as const

export const order = defineActor({
  type: 'order',
  accepts: OrderMessage,
  creates: ['order.place'],
  machine: orderMachine,
  queries: { total: ({ context }) => (context as OrderContext).total },
})

export const orderRef = (n: number) => ref<OrderMessage>('order', `ord-${n}`)

const WaiterMessage = Type.Object({
  type: Type.Literal('waiter.serve'),
  /** Orders `from` up to, but not including, `to` are told the message `step` of their day. */
  step: Type.Integer(),
  from: Type.Integer(),
  to: Type.Integer(),
})
type WaiterMessage = MessageOf<typeof WaiterMessage>

const waiter = defineActor({
  type: 'waiter',
  accepts: WaiterMessage,
  creates: ['waiter.serve'],
  machine: setup({
    types: { context: {} as object, events: {} as Delivered<WaiterMessage>, input: {} as Birth },
  }).createMachine({
    context: {},
    on: {
      'waiter.serve': {
        actions: effects(({ event: { step, from, to } }) => {
          const message = orderDay[step % orderDay.length] as OrderMessage
          return Array.from({ length: to - from }, (_, n) => tell(orderRef(from + n), message))
        }),
      },
    },
  }),
})

export const waiterRef = (n: number) => ref<WaiterMessage>('waiter', `${n}`)

/** One department with both. */
export function orderRegistry(shards: number): Registry {
  return new Registry({
    departments: [{ name: 'orders', shards, actors: [order, waiter] }],
    supervision: supervise({ name: 'root', children: [order, waiter] }),
  })
}
