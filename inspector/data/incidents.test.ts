import { expect, test } from 'vitest'
import type { Cluster, Node } from './answers.ts'
import { changesBetween } from './incidents.ts'

const node = (id: string, state: Node['state'] = 'up', life = 1, dead = 0): Node => ({
  id,
  group: 'kitchen',
  state,
  life,
  address: '',
  shardsOwned: 1,
  counters: {},
  gauges: { deadLettersNow: dead },
  latencies: {},
})
const cluster = (nodes: readonly Node[], unowned = 0): Cluster => ({
  id: 'c',
  world: { now: '2026-05-01T18:00:00.000Z', speed: 1, isSimulated: false },
  nodes,
  shards: { total: 64, unowned, waiting: [] },
})

test.each([
  ['nothing', [node('node-1')], [node('node-1')], []],
  ['a kill', [node('node-1')], [node('node-1', 'down')], [['bad', 'node-1 is down']]],
  [
    'a kill and a start',
    [node('node-1')],
    [node('node-1', 'starting', 2)],
    [['bad', 'node-1 is down, and starting']],
  ],
  ['a start', [node('node-1', 'starting', 2)], [node('node-1', 'up', 2)], [['ok', 'node-1 is up']]],
  [
    'a life nobody saw end',
    [node('node-1')],
    [node('node-1', 'up', 2)],
    [['warn', 'node-1 is up in life 2']],
  ],
  ['a freeze', [node('node-1')], [node('node-1', 'paused')], [['warn', 'node-1 is frozen']]],
  ['a newcomer', [], [node('node-1')], [['note', 'node-1 has joined']]],
  ['one who left', [node('node-1')], [], [['note', 'node-1 has left']]],
  ['dead letters', [node('node-1')], [node('node-1', 'up', 1, 2)], [['warn', '2 dead letters on node-1']]],
])('%s is told', (_, before, now, told) => {
  const found = changesBetween(cluster(before), cluster(now), 7)
  expect(found).toEqual(told.map(([severity, words]) => ({ at: 7, severity, words })))
})

test('shards without an owner are told when they lose it and when all have one again', () => {
  expect(changesBetween(cluster([]), cluster([], 9), 7)).toEqual([
    { at: 7, severity: 'warn', words: '9 of 64 shards have no owner' },
  ])
  expect(changesBetween(cluster([], 9), cluster([], 4), 7)).toEqual([])
  expect(changesBetween(cluster([], 4), cluster([]), 7)).toEqual([
    { at: 7, severity: 'ok', words: 'all 64 shards have an owner again' },
  ])
})
