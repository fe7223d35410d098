import { expect, test } from 'vitest'
import type { ActorItem } from '../data/answers.ts'
import type { HouseOrder } from '../data/house.ts'
import { boardOf } from './order-board.ts'

const now = Date.parse('2026-05-01T18:30:00Z')
const at = (minutes: number): string => new Date(now + minutes * 60_000).toISOString()
const classes = new Map([
  ['cooking', 'working'],
  ['paying.charging', 'waiting'],
  ['queued', 'waiting'],
  ['refunding', 'undone'],
  ['completed', 'rest'],
] as const)
const live = (id: string, state: unknown, minutes = -1): ActorItem => ({
  id: `order/${id}`,
  status: 'live',
  state,
  version: 3,
  shard: 'orders.1',
  node: 'node-2',
  at: at(minutes),
})
const listed = (id: string, state: string, placed = -20, promised = 20): HouseOrder => ({
  id,
  state,
  version: 3,
  items: [{ dish: 'caprese', quantity: 2, price: { amount: 1_050, currency: 'EUR' } }],
  total: { amount: 2_100, currency: 'EUR' },
  serve: 'table',
  createdAt: at(placed),
  promisedAt: at(promised),
})
const board = (orders: readonly ActorItem[], house: readonly HouseOrder[], search = '') =>
  boardOf({ live: orders, listed: house, classes, now, search })
const placed = (columns: ReturnType<typeof board>) =>
  columns.map(({ groups }) =>
    groups.map(({ stage, orders }) => `${stage}: ${orders.map(({ id }) => id).join(' ')}`),
  )

test('an order stands in the column of its state’s class, in the order of its way, the oldest first', () => {
  const columns = board(
    [
      live('a', 'queued'),
      live('b', { paying: 'charging' }),
      live('c', 'cooking'),
      live('d', 'cooking'),
      live('e', 'refunding'),
    ],
    [listed('c', 'cooking', -10), listed('d', 'cooking', -30)],
  )
  expect(placed(columns)).toEqual([['cooking: d c'], ['paying: b', 'queued: a'], ['refunding: e'], []])
})

test('B1: one that the list does not know yet is there, without a promise', () => {
  const [working] = board([live('a', 'cooking', -3)], [])
  expect(working?.groups[0]?.orders[0]).toMatchObject({ id: 'a', ageMs: 180_000, isLate: false })
})

test('B2: on the pass it is not late any more', () => {
  const columns = board([live('a', 'ready')], [listed('a', 'ready', -60, -20)])
  expect(columns.map(({ late }) => late)).toEqual([0, 0, 0, 0])
})

test('B2: it is late after its promise, and how much of it is gone is told', () => {
  const [working] = board(
    [live('a', 'cooking'), live('b', 'cooking')],
    [listed('a', 'cooking', -20, 20), listed('b', 'cooking', -30, -10)],
  )
  expect([working?.count, working?.late]).toEqual([2, 1])
  expect(working?.groups[0]?.orders.map(({ id, spent, leftMs }) => [id, spent, leftMs])).toEqual([
    ['b', 1.5, -600_000],
    ['a', 0.5, 1_200_000],
  ])
})

test('what has ended is in the last column, the newest first, and never late', () => {
  const columns = board(
    [live('c', 'cooking')],
    [listed('a', 'completed', -90, -60), listed('b', 'completed', -40, -10), listed('c', 'completed')],
  )
  expect(placed(columns)[3]).toEqual(['completed: b a'])
  expect(columns[3]?.late).toBe(0)
})

test.each([
  ['caprese', ['b', 'a']],
  ['cooking caprese', ['b', 'a']],
  ['late', ['b']],
  ['late order', []],
  ['nobody', []],
])('“%s” finds %j', (search, found) => {
  const [working] = board(
    [live('a', 'cooking'), live('b', 'cooking')],
    [listed('a', 'cooking'), listed('b', 'cooking', -30, -10)],
    search,
  )
  expect(working?.groups.flatMap(({ orders }) => orders.map(({ id }) => id))).toEqual(found)
})
