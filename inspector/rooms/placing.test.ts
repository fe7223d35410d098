import { expect, test } from 'vitest'
import { order, orderRef } from '#actors'
import { Machine } from '#kernel'
import { FakeCluster } from '../../gateway/testing/fake-cluster.ts'
import { asGuest, inTurn, orderOf } from './placing.ts'

const menu = {
  site: 'main',
  items: [
    {
      dish: 'caprese',
      name: 'Caprese',
      price: 1_050,
      available: true,
      needs: [
        { ingredient: 'tomatoes', amount: 150 },
        { ingredient: 'mozzarella', amount: 125 },
      ],
    },
    {
      dish: 'pizza',
      name: 'Pizza',
      price: 1_150,
      available: true,
      needs: [{ ingredient: 'tomatoes', amount: 100 }],
    },
  ],
}
const wishes = [
  { dish: 'caprese', quantity: 2 },
  { dish: 'pizza', quantity: 1 },
]

test('an order names each ingredient once, its total, and its promise in microseconds', () => {
  const message = orderOf(menu, [...wishes, { dish: 'pizza', quantity: 0 }], {
    now: 1_000,
    token: 'tok_ok',
    serve: 'table',
  })
  expect(message).toMatchObject({
    total: 3_250,
    items: [
      { dish: 'caprese', quantity: 2, price: 1_050 },
      { dish: 'pizza', quantity: 1, price: 1_150 },
    ],
    needs: [
      { ingredient: 'tomatoes', amount: 400 },
      { ingredient: 'mozzarella', amount: 250 },
    ],
    promisedAt: (1_000 + 45 * 60_000) * 1_000,
  })
})

test('the order takes it', () => {
  const cluster = new FakeCluster([{ definition: order, machine: new Machine(order) }])
  const message = orderOf(menu, wishes, { now: 1_000, token: 'tok_ok', serve: 'collect' })
  expect(cluster.deliver(orderRef('ord_1'), message as { type: string }).kind).toBe('done')
})

test('of many each is tried once, some at a time, and what came of them is counted', async () => {
  let [open, most, tried] = [0, 0, 0]
  const told: (readonly [number, number])[] = []
  const place = async (): Promise<void> => {
    open += 1
    most = Math.max(most, open)
    const isRefused = tried++ % 5 === 0
    await Promise.resolve()
    open -= 1
    if (isRefused) throw new Error('full')
  }
  await inTurn(50, place, (placed, refused) => told.push([placed, refused]))
  expect([tried, most, told.at(-1)]).toEqual([50, 4, [40, 10]])
})

test('a guest’s command has the plates that were asked for', () => {
  expect(asGuest(wishes)).toContain('{"dish":"caprese","quantity":2},{"dish":"pizza","quantity":1}')
})
