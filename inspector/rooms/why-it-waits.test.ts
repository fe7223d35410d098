import { expect, test } from 'vitest'
import type { Snapshot, Story, Timer } from '../data/house.ts'
import { type Involved, whyOf } from './why-it-waits.ts'

const world = Date.parse('2026-05-01T19:42:16Z')
const clocks = { world, runtime: 1_000 }
const snapshot = (state: unknown, context: object, timers: readonly Timer[] = []): Snapshot => ({
  id: 'x',
  version: 1,
  state,
  inside: { context, at: 0, accepts: [], mailboxDepth: 0, timers, asks: [], calls: [] },
})
const story = (state: string, more: Partial<Story> = {}): Story => ({
  state,
  since: '2026-05-01T19:40:00Z',
  waitsFor: 'somebody',
  ...more,
})
const told = (its: Story | undefined, involved: Partial<Involved>): readonly string[] =>
  whyOf('ord_1', its, { order: undefined, ...involved }, clocks).map(({ words }) =>
    words.map((one) => ('actor' in one ? one.actor : one.text)).join(''),
  )

test('a payment whose outcome is unknown: when it is asked again, and that nothing is charged twice', () => {
  const again: Timer = { id: 'again', clock: 'runtime', at: 4_200_000 }
  const payment = snapshot({ unknown: 'waiting' }, { asked: 2, awaited: null }, [again])
  expect(
    told(story('paying', { until: '2026-05-01T19:42:34Z', otherwise: 'it expires' }), { payment }),
  ).toEqual([
    'payment/ord_1 is unknown.waiting: the provider has not said what came of its call, and nobody guesses.',
    'It asks the provider in 3.2 s, under the same key, for the second time. A second charge cannot happen.',
    'If nothing comes by 19:42:34, in 18 s, it expires.',
  ])
})

test('a reservation: which bin it has asked', () => {
  const reservation = snapshot(
    { open: 'asking' },
    { lines: [{ ingredient: 'basil' }, { ingredient: 'rice' }], asked: 2 },
  )
  expect(told(story('reserving'), { reservation })[0]).toBe(
    'reservation/ord_1 is open.asking: it has asked the bin of rice, the second of 2. A bin may wait for others who hold what is left.',
  )
})

test('a ticket: how many plates are still to come, and where each of them is', () => {
  const ticket = snapshot('cooking', {
    plates: [
      { key: 'ord_1:0:1', dish: 'gratin', is: 'plated' },
      { key: 'ord_1:1:1', dish: 'risotto', is: 'open' },
    ],
  })
  const dishes = [{ id: 'dish/ord_1:1:1', state: 'waiting' }]
  expect(told(story('cooking'), { ticket, dishes })).toEqual([
    'ticket/ord_1 has 1 of 2 plates still to come.',
    'dish/ord_1:1:1 risotto is waiting: no cook or appliance is free for its next step.',
  ])
})

test('the guest, who has not paid or has not come', () => {
  expect(told(story('paying', { waitsFor: 'the guest to pay' }), {})[0]).toContain(
    'waits for the guest to pay',
  )
  expect(told(story('ready', { waitsFor: 'the waiter' }), {})[0]).toContain('wait for the waiter.')
})

test('an order that is over waits for nobody', () => {
  const { waitsFor: _, ...over } = story('completed')
  expect(told(over, {})).toEqual(['It is completed, and waits for nobody. Its money is kept.'])
  expect(told({ ...over, state: 'expired' }, {})[0]).toContain('holds no stock, no ticket and no money')
})

test('an actor that cannot be looked into is named, and why', () => {
  expect(told(story('paying'), { payment: { missing: 'Shard till.3 has no owner.' } })).toEqual([
    'payment/ord_1 cannot be looked into now. Shard till.3 has no owner.',
  ])
  expect(told(undefined, { order: { missing: 'It does not answer.' } })).toEqual([
    'order/ord_1 cannot be looked into now. It does not answer.',
  ])
})
