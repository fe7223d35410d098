/**
 * P2, the machine's part: how many transitions a second, through XState's public function, through its machine
 * with one inert scope, and through the kernel's adapter.
 *
 * Method: the same order, from placed to collected, again and again in one process; each way is warmed up, then
 * measured in turns with the others, and the best round counts: the others measure the machine's other work.
 */

import { Type } from 'typebox'
import type { AnyActorScope, EventFromLogic, SnapshotFrom } from 'xstate'
import { assign, initialTransition, setup, transition } from 'xstate'
import type { ActorId, Birth, Delivered, Instant } from '#actor'
import { defineActor, effects, emit, minutes, ref, reply, tell } from '#actor'
import { Machine } from '#kernel'

const OrderMessage = Type.Union([
  Type.Object({ type: Type.Literal('order.place'), items: Type.Array(Type.String()), total: Type.Integer() }),
  Type.Object({ type: Type.Literal('reservation.held') }),
  Type.Object({ type: Type.Literal('payment.done'), receipt: Type.String() }),
  Type.Object({ type: Type.Literal('ticket.started') }),
  Type.Object({ type: Type.Literal('ticket.ready') }),
  Type.Object({ type: Type.Literal('order.collect') }),
])
type OrderMessage = Type.Static<typeof OrderMessage>

interface OrderContext {
  readonly id: ActorId
  readonly items: readonly string[]
  readonly total: number
  readonly receipt: string | null
  readonly since: Instant
}

const orderMachine = setup({
  types: { context: {} as OrderContext, events: {} as Delivered<OrderMessage>, input: {} as Birth },
  actions: {
    arrive: assign({ since: ({ event }) => event.at }),
    reserve: effects(({ context }) =>
      context.items.map((item) =>
        tell(ref('bin', item), { type: 'bin.take', order: context.id, grams: 100 }),
      ),
    ),
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
          actions: [
            assign({ items: ({ event }) => event.items, total: ({ event }) => event.total }),
            'reserve',
          ],
        },
      },
    },
    reserving: {
      entry: 'arrive',
      on: { 'reservation.held': 'paying' },
      after: { [minutes(10)]: 'done' },
    },
    paying: {
      entry: 'arrive',
      on: {
        'payment.done': {
          target: 'queued',
          actions: [assign({ receipt: ({ event }) => event.receipt }), reply({ type: 'order.paid' })],
        },
      },
      after: { [minutes(15)]: 'done' },
    },
    queued: { entry: ['arrive', 'publish'], on: { 'ticket.started': { guard: 'paid', target: 'cooking' } } },
    cooking: { entry: ['arrive', 'publish'], on: { 'ticket.ready': 'ready' } },
    ready: {
      entry: ['arrive', 'publish'],
      on: { 'order.collect': 'done' },
      after: { [minutes(60)]: 'done' },
    },
    done: { type: 'final', entry: 'publish' },
  },
})

const at = 1_000_000 as Instant
const birth: Birth = { id: ref('order', '1'), key: '1', at }
const day: readonly Delivered<OrderMessage>[] = [
  { type: 'order.place', items: ['flour', 'tomato'], total: 1250, at },
  { type: 'reservation.held', at },
  { type: 'payment.done', receipt: 'r-1', at },
  { type: 'ticket.started', at },
  { type: 'ticket.ready', at },
  { type: 'order.collect', at },
]

type Event = EventFromLogic<typeof orderMachine>
type Snapshot = SnapshotFrom<typeof orderMachine>

/** One order's day: its birth is not counted. */
type Run = () => void

function publicTransition(): Run {
  const [born] = initialTransition(orderMachine, birth)
  return () => {
    let snapshot: Snapshot = born
    for (const event of day) [snapshot] = transition(orderMachine, snapshot, event as Event)
    if (snapshot.status !== 'done') throw new Error('The order is not done.')
  }
}

function reusedScope(): Run {
  const scope = {
    self: {},
    system: { _sendInspectionEvent: () => {} },
    defer: () => {},
    actionExecutor: () => {},
  } as unknown as AnyActorScope
  const born = orderMachine.getInitialSnapshot(scope, birth)
  return () => {
    let snapshot: Snapshot = born
    for (const event of day) snapshot = orderMachine.transition(snapshot, event as Event, scope)
    if (snapshot.status !== 'done') throw new Error('The order is not done.')
  }
}

function adapter(): Run {
  const order = defineActor({
    type: 'order',
    accepts: OrderMessage,
    creates: ['order.place'],
    machine: orderMachine,
  })
  const machine = new Machine(order)
  const born = machine.birth(birth).state
  return () => {
    let state = born
    for (const event of day) {
      const turn = machine.turn(state, event)
      if (turn === 'not-accepted') throw new Error(`The order did not accept ${event.type}.`)
      state = turn.state
    }
    if (!state.done) throw new Error('The order is not done.')
  }
}

export interface Measured {
  readonly way: string
  readonly transitionsPerSecond: number
  readonly microseconds: number
}

/** Measures all ways, in rounds of `roundMs` milliseconds. */
export function measureMachine(rounds = 5, roundMs = 300): readonly Measured[] {
  const ways: readonly (readonly [string, Run])[] = [
    ['XState, public transition()', publicTransition()],
    ['XState, machine.transition() with one scope', reusedScope()],
    ['Brigade, Machine.turn()', adapter()],
  ]
  const best = new Map<string, number>()
  for (let round = 0; round <= rounds; round += 1) {
    for (const [way, run] of ways) {
      const rate = ratePerSecond(run, roundMs)
      // Round 0 warms up.
      if (round > 0) best.set(way, Math.max(best.get(way) ?? 0, rate))
    }
  }
  return [...best].map(([way, rate]) => ({
    way,
    transitionsPerSecond: Math.round(rate),
    microseconds: Math.round(1e8 / rate) / 100,
  }))
}

function ratePerSecond(run: Run, durationMs: number): number {
  const from = performance.now()
  let days = 0
  let elapsedMs = 0
  while (elapsedMs < durationMs) {
    for (let n = 0; n < 100; n += 1) run()
    days += 100
    elapsedMs = performance.now() - from
  }
  return (days * day.length * 1_000) / elapsedMs
}

if (process.argv[1] === import.meta.filename) console.table(measureMachine())
