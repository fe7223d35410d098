import { expect, test } from 'vitest'
import type { ActorItem } from '../data/answers.ts'
import { readFilter } from './actor-filter.ts'
import { type SortKey, sorted, tableOf, treeOf } from './actor-table.ts'

const now = Date.parse('2026-05-01T18:00:00Z')
const actor = (id: string, shard: string, state: unknown, agoS: number, node = 'node-1'): ActorItem => ({
  id,
  status: 'live',
  state,
  version: agoS,
  shard,
  node,
  at: new Date(now - agoS * 1_000).toISOString(),
})
const table = tableOf(
  [
    actor('order/b', 'orders.1', { paying: 'charging' }, 10),
    actor('order/a', 'orders.2', 'cooking', 30),
    actor('bin/main:rice', 'pantry.1', 'ok', 20, 'node-2'),
    actor('menu/main', 'orders.3', 'published', 900),
  ],
  undefined,
)
const shown = (text: string, key: SortKey = 'path', isDown = false) =>
  [...sorted(table, readFilter(text).terms, { key, isDown }, now)].map((place) => table.ids[place])

test('those that fit are sorted, up and down, and equals by their path', () => {
  expect(shown('')).toEqual(['bin/main:rice', 'menu/main', 'order/a', 'order/b'])
  expect(shown('', 'age', true)).toEqual(['menu/main', 'order/a', 'bin/main:rice', 'order/b'])
  expect(shown('', 'node', true)).toEqual(['bin/main:rice', 'menu/main', 'order/a', 'order/b'])
  expect(shown('', 'mailbox')).toEqual(['bin/main:rice', 'menu/main', 'order/a', 'order/b'])
  expect(shown('type=order state!=cooking')).toEqual(['order/b'])
  expect(shown('age>15s age<1m')).toEqual(['bin/main:rice', 'order/a'])
})

test('what the stream does not tell of counts as nothing', () => {
  expect(shown('mailbox=0')).toHaveLength(4)
  expect(shown('rate>0')).toEqual([])
})

test('the tree has departments, below them types, and actors where it is open', () => {
  const order = sorted(table, [], { key: 'path', isDown: false }, now)
  const told = (open: readonly string[]) =>
    treeOf(table, order, new Set(open)).map((row) =>
      typeof row === 'number' ? `    ${table.ids[row]}` : `${'  '.repeat(row.depth)}${row.name} ${row.count}`,
    )
  expect(told([])).toEqual(['orders 3', 'pantry 1'])
  expect(told(['orders', 'orders/order'])).toEqual([
    'orders 3',
    '  menu 1',
    '  order 2',
    '    order/a',
    '    order/b',
    'pantry 1',
  ])
})
