import { expect, test } from 'vitest'
import type { Cluster, ClusterIncident, Node } from './answers.ts'
import { changesBetween, toldOf } from './incidents.ts'

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
const cluster = (nodes: readonly Node[]): Cluster => ({
  id: 'c',
  isReadOnly: false,
  world: { now: '2026-05-01T18:00:00.000Z', speed: 1, isSimulated: false },
  nodes,
  shards: { total: 64, unowned: 0, waiting: [] },
})

test.each([
  ['nothing', [node('node-1')], [node('node-1')], []],
  ['a freeze', [node('node-1')], [node('node-1', 'paused')], [['warn', 'node-1 is frozen']]],
  [
    'a thaw',
    [node('node-1', 'paused')],
    [node('node-1')],
    [['ok', 'node-1 goes on, and is the same process']],
  ],
  ['a life that the gateway tells of', [node('node-1', 'paused')], [node('node-1', 'up', 2)], []],
  ['a newcomer that the gateway tells of', [], [node('node-1')], []],
  ['dead letters', [node('node-1')], [node('node-1', 'up', 1, 2)], [['warn', '2 dead letters on node-1']]],
])('between two looks, %s', (_, before, now, told) => {
  const found = changesBetween(cluster(before), cluster(now), 7)
  expect(found).toEqual(told.map(([severity, words]) => ({ at: 7, severity, words })))
})

const at = '2026-05-01T18:00:00.000Z'
test.each([
  [{ kind: 'joined', node: 'node-1', life: 1 }, 'ok', 'node-1 has joined'],
  [{ kind: 'joined', node: 'node-1', life: 3 }, 'ok', 'node-1 is up in life 3'],
  [
    { kind: 'joined', node: 'node-1', life: 3, tookMs: 2_400 },
    'ok',
    'node-1 is up in life 3, after 2.4 s of real time',
  ],
  [{ kind: 'ended', node: 'node-1', life: 2 }, 'bad', 'node-1 has ended'],
  [{ kind: 'unowned', shards: 1 }, 'warn', '1 shard without an owner'],
  [
    { kind: 'recovered', shards: 9, tookMs: 812 },
    'ok',
    'every shard has an owner again, after 812 ms of real time',
  ],
] as const)('%j is told as %s', (incident, severity, words) => {
  const told: ClusterIncident = { at, ...incident }
  expect(toldOf(told, cluster([]).world)).toEqual({ at: Date.parse(at), severity, words })
})

test('a simulated cluster has one clock', () => {
  const { world } = cluster([])
  const told = toldOf({ at, kind: 'recovered', shards: 9, tookMs: 812 }, { ...world, isSimulated: true })
  expect(told.words).toBe('every shard has an owner again, after about 812 ms')
})
