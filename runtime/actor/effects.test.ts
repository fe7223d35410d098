/**
 * Most of this test is made by the compiler: inside `setup` and `createMachine`, context, event, params and the
 * receiver's messages are inferred, without a cast; and what the receiver does not accept is an error.
 */
import { Type } from 'typebox'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { assign, createMachine, enqueueActions, raise, setup } from 'xstate'
import type { ActorRef, Birth, Delivered, MessageOf } from '#actor'
import { ask, call, cancel, defineActor, effects, emit, minutes, ref, reply, schedule, tell } from '#actor'

const OrderMessage = Type.Union([
  Type.Object({ type: Type.Literal('order.place'), items: Type.Array(Type.String()) }),
  Type.Object({ type: Type.Literal('order.pay'), cents: Type.Integer() }),
  Type.Object({ type: Type.Literal('payment.late') }),
])
type OrderMessage = MessageOf<typeof OrderMessage>
type BinMessage = { readonly type: 'bin.take'; readonly grams: number } | { readonly type: 'bin.open' }

const bin = (key: string): ActorRef<BinMessage> => ref('bin', key)

type StockMessage =
  | { type: 'stock.report'; lines: { unit: 'g' | 'kg'; n: number }[]; by?: ActorRef }
  | { type: 'stock.count' }
const stock = (key: string): ActorRef<StockMessage> => ref('stock', key)
const untyped = (key: string): ActorRef => ref('any', key)
const reportOf = (items: readonly string[]): StockMessage =>
  items.length === 0 ? { type: 'stock.count' } : { type: 'stock.report', lines: [] }
interface Count {
  type: 'stock.count'
}
const interfaceMessage: Count = { type: 'stock.count' }

const orderDefinition = defineActor({
  type: 'order',
  accepts: OrderMessage,
  creates: ['order.place'],
  machine: createMachine({}),
})

const orderMachine = setup({
  types: {
    context: {} as { key: string; items: readonly string[]; cents: number; binRef: ActorRef<BinMessage> },
    events: {} as Delivered<OrderMessage>,
    input: {} as Birth,
  },
  actions: {
    takeAll: effects(({ context, event }) => {
      expectTypeOf(context.items).toEqualTypeOf<readonly string[]>()
      expectTypeOf(event).toEqualTypeOf<Delivered<OrderMessage>>()
      return context.items.map((item) => tell(bin(item), { type: 'bin.take', grams: 5 }))
    }),
    tellBin: tell(({ context }) => context.binRef, { type: 'bin.open' }),
    remind: schedule('late', minutes(5), { type: 'payment.late' }, { clock: 'world' }),
    take: tell(
      (_, params: { item: string }) => bin(params.item),
      (_, params: { item: string }) => ({ type: 'bin.take', grams: params.item.length }),
    ),
  },
  delays: { patience: ({ context }) => context.items.length * 1_000 },
  guards: { enough: ({ context, event }) => event.type === 'order.pay' && event.cents >= context.cents },
}).createMachine({
  id: 'order',
  version: '1',
  context: ({ input }) => ({ key: input.key, items: [], cents: 0, binRef: bin(input.key) }),
  initial: 'new',
  states: {
    new: {
      on: {
        'order.place': {
          target: 'paying',
          actions: [
            assign({ items: ({ event }) => event.items }),
            'takeAll',
            'tellBin',
            { type: 'take', params: ({ event }) => ({ item: event.items[0] ?? '' }) },
            reply(({ context, event }) => {
              expectTypeOf(context.cents).toEqualTypeOf<number>()
              expectTypeOf(event.type).toEqualTypeOf<'order.place'>()
              expectTypeOf(event.items).toEqualTypeOf<string[]>()
              return { type: 'order.placed', count: event.items.length, key: context.key }
            }),
            tell(
              ({ context }) => context.binRef,
              ({ event }) => ({ type: 'bin.take', grams: event.items.length }),
            ),
            tell(bin('a'), { type: 'bin.take', grams: 1 }),
            // @ts-expect-error a bin takes grams
            tell(bin('a'), { type: 'bin.take' }),
            // @ts-expect-error a bin has no such message
            tell(bin('a'), { type: 'bin.eat', grams: 1 }),
            // @ts-expect-error a bin has no such message, computed
            tell(bin('a'), ({ event }) => ({ type: 'bin.eat', grams: event.items.length })),
            // @ts-expect-error no message of a bin has this field
            tell(bin('a'), { type: 'bin.open', colour: 3 }),
            tell(untyped('a'), { type: 'anything', n: 3 }),
            tell(untyped('a'), ({ context }) => ({ type: 'anything', n: context.cents })),
            tell(stock('a'), ({ context }) => ({
              type: 'stock.report',
              lines: [{ unit: 'g', n: context.cents }],
            })),
            tell(stock('a'), ({ context }) => ({
              type: 'stock.report',
              lines: context.items.map((item) => ({ unit: 'g', n: item.length })),
            })),
            tell(stock('a'), { type: 'stock.report', lines: [{ unit: 'kg', n: 1 }], by: bin('a') }),
            // @ts-expect-error no such unit
            tell(stock('a'), ({ context }) => ({
              type: 'stock.report',
              lines: [{ unit: 'lb', n: context.cents }],
            })),
            // @ts-expect-error a line has a number
            tell(stock('a'), { type: 'stock.report', lines: [{ unit: 'g' }] }),
            tell(stock('a'), ({ event }) => reportOf(event.items)),
            tell(stock('a'), interfaceMessage),
            effects(({ event }) =>
              event.from === undefined ? [] : [tell(event.from, { type: 'thanks', n: 1 })],
            ),
            reply(interfaceMessage),
            tell(orderDefinition.ref('a'), ({ context }) => ({ type: 'order.pay', cents: context.cents })),
            // @ts-expect-error not in the order's contract
            tell(orderDefinition.ref('a'), ({ context }) => ({ type: 'order.pey', cents: context.cents })),
            ask('level', bin('a'), { type: 'bin.open' }, 500),
            call(({ context, event }) => ({
              id: `charge-${context.key}`,
              handler: 'charge',
              args: { items: event.items },
              deadlineMs: 5_000,
              attemptsMax: 3,
            })),
            effects(({ context, event }) =>
              event.items.map((item) => tell(bin(item), { type: 'bin.take', grams: context.cents })),
            ),
            enqueueActions(({ enqueue, context, event }) => {
              enqueue(tell(bin(context.key), { type: 'bin.take', grams: event.items.length }))
              enqueue(reply({ type: 'noted', n: 3 }))
              enqueue('tellBin')
              enqueue(effects(() => [emit({ type: 'x' })]))
            }),
          ],
        },
      },
    },
    paying: {
      entry: [
        'remind',
        emit(({ context }) => ({ type: 'order.paying', key: context.key })),
        schedule(({ context }) => context.key, minutes(1), { type: 'payment.late' }, { clock: 'runtime' }),
      ],
      exit: cancel('late'),
      on: {
        'order.pay': { guard: 'enough', target: 'paid', actions: reply({ type: 'ok' }) },
        'payment.late': { actions: raise(({ event }) => ({ type: 'payment.late', at: event.at })) },
        'call.done': {
          actions: reply(({ event }) => ({ type: 'charged', result: event.result, at: event.at })),
        },
      },
      after: { patience: 'paid', [minutes(10)]: 'paid' },
    },
    paid: { type: 'final' },
  },
})

describe('effects', () => {
  const turn = { context: { items: ['salt', 'flour'] }, event: { type: 'go' } }

  test('are described without a cast, in a machine that an actor takes as it is', () => {
    const order = defineActor({
      type: 'order',
      accepts: OrderMessage,
      creates: ['order.place'],
      machine: orderMachine,
    })
    expect(order.machine).toBe(orderMachine)
  })

  test('are computed from the turn and the params of a named action', () => {
    const action = tell(
      (_: typeof turn, { item }: { item: string }) => bin(item),
      ({ context }) => ({ type: 'bin.take', grams: context.items.length }),
    )
    expect(action(turn, { item: 'salt' })).toEqual({
      kind: 'tell',
      to: 'bin/salt',
      message: { type: 'bin.take', grams: 2 },
    })
  })

  test('of one action are listed flat, in order', () => {
    const action = effects(({ context }: typeof turn) => [
      ...context.items.map((item) => tell(bin(item), { type: 'bin.open' })),
      { kind: 'cancel', id: 'late' },
      effects(() => [reply({ type: 'done' })]),
    ])
    expect(action(turn, undefined)).toEqual([
      { kind: 'tell', to: 'bin/salt', message: { type: 'bin.open' } },
      { kind: 'tell', to: 'bin/flour', message: { type: 'bin.open' } },
      { kind: 'cancel', id: 'late' },
      { kind: 'reply', message: { type: 'done' } },
    ])
  })
})
