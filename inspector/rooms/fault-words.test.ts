import { describe, expect, test } from 'vitest'
import {
  curlOf,
  faultIn,
  fromAllOthers,
  type Kind,
  lanesOf,
  metIn,
  p95Between,
  radiusIn,
  radiusPath,
  targetIn,
} from './fault-words.ts'

const kind = (more: Partial<Kind> = {}): Kind => ({
  ...{ kind: 'crash-node', name: 'Kill −9', group: 'Process', about: '', targets: ['node'] },
  ...{ params: { properties: {} }, undo: 'by-itself', canBeScheduled: true },
  ...more,
})

test.each([
  [{ node: 'node-1' }, 'node-1'],
  [{ a: ['node-1'], b: ['node-2', 'node-3'] }, 'node-1 from node-2 and node-3'],
  [{ actor: 'oven/house:pass:1' }, 'oven/house:pass:1'],
  [{}, ''],
])('the target %j is %s', (target, words) => expect(targetIn(target, 'partition')).toBe(words))

test('links that are not cut are between', () =>
  expect(targetIn({ a: ['node-1'], b: ['node-2'] }, 'delay-frames')).toBe('between node-1 and node-2'))

test('a node is parted from all others that have shards', () => {
  const house = ['node-1', 'node-2', 'node-3'].map((id) => ({ id, group: 'house' }))
  const target = fromAllOthers('node-2', [{ id: 'edge-1', group: 'edge' }, ...house])
  expect(target).toEqual({ a: ['node-2'], b: ['node-1', 'node-3'] })
})

test.each([
  ['Cut', {}, 'Cut'],
  ['Cut', { oneWay: true }, 'Cut one way'],
  ['Delay', { byMs: 80, oneWay: false }, 'Delay 80 ms'],
  ['Drop', { share: 0.2, oneWay: true }, 'Drop 20 %, one way'],
  ['Clock drifts', { rate: 1.05 }, 'Clock drifts ×1.05'],
])('%s with %j is told as %s', (name, params, words) => expect(faultIn(name, params)).toBe(words))

test('what has fired says how often', () =>
  expect([0, 1, 1_200].map(metIn)).toEqual(['not seen yet', 'fired', 'fired 1,200 times']))

describe('what a fault touches', () => {
  const radius = { nodes: ['node-1'], shards: 64, actors: 5, openOrders: 2, isAll: true }
  const byType = [
    { type: 'order', actors: 3 },
    { type: 'bin', actors: 1 },
    { type: 'oven', actors: 1 },
    { type: 'pan', actors: 1 },
  ]

  test('is told with the most frequent types, and what is undone', () => {
    expect(radiusIn(kind(), { ...radius, byType })).toEqual([
      '64 shards on node-1',
      '5 actors: 3 order, 1 bin, 1 oven, …',
      '2 orders on the way',
      'What it stops comes back by itself. Acknowledged orders are in the journal.',
    ])
  })

  test('of very many is at least', () => {
    const told = radiusIn(kind({ undo: 'revert' }), { ...radius, byType, isAll: false })
    expect(told[1]).toMatch(/^at least 5 actors/)
    expect(told).toHaveLength(3)
  })

  test('is asked for by address', () =>
    expect(radiusPath('partition', { a: ['node-1'], b: ['node-2', 'node-3'] })).toBe(
      'faults/radius?kind=partition&a=node-1&b=node-2%2Cnode-3',
    ))
})

test('as curl it is quoted for a shell', () => {
  expect(curlOf('faults', { kind: 'x', by: "it's" }, 'http://127.0.0.1:4001/#/chaos')).toBe(
    `curl -X POST 'http://127.0.0.1:4001/ops/v1/faults' -H 'content-type: application/json' -d '{"kind":"x","by":"it'\\''s"}'`,
  )
})

test('a schedule has a lane for each node, and one for each group of others', () => {
  const item = (n: number, target: object, of = 'slow-disk') =>
    ({ n, atMs: n, forMs: 1, kind: of, target, params: {} }) as never
  const kinds = new Map([['slow-disk', kind({ group: 'Disk and clock' })]])
  const lanes = lanesOf(
    ['node-1', 'node-2'],
    [item(0, { node: 'node-2' }), item(1, { a: ['node-1'], b: ['node-2'] }), item(2, {})],
    kinds,
  )
  expect(lanes.map(({ name, items }) => [name, items.map(({ n }) => n)])).toEqual([
    ['node-1', []],
    ['node-2', [0]],
    ['links', [1]],
    ['disk and clock', [2]],
  ])
})

describe('what 95 of 100 took', () => {
  const boundsMs = [10, 50, 200]
  test('is of what came between two looks', () => {
    const before = { boundsMs, buckets: [100, 100, 100] }
    expect(p95Between(before, { boundsMs, buckets: [100, 119, 120] })).toBe(50)
    expect(p95Between(before, { boundsMs, buckets: [100, 110, 120] })).toBe(200)
    expect(p95Between(before, before)).toBeUndefined()
  })
  test('of the first look is of all', () =>
    expect(p95Between(undefined, { boundsMs, buckets: [100, 100, 100] })).toBe(10))
  test('of nobody is nothing', () => expect(p95Between(undefined, undefined)).toBeUndefined())
})
