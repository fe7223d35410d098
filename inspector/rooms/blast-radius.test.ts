import { expect, test } from 'vitest'
import type { Cluster, Node } from '../data/answers.ts'
import { radiusOfCrash, radiusOfCut, radiusOfDrain } from './blast-radius.ts'

const node = (id: string, shardsOwned: number, state: Node['state'] = 'up'): Node => ({
  id,
  group: id.startsWith('edge') ? 'edge' : 'kitchen',
  state,
  life: 1,
  address: '',
  shardsOwned,
  counters: {},
  gauges: { actors: 12 },
  latencies: {},
})
const cluster = (...nodes: readonly Node[]): Cluster => ({
  id: 'c',
  isReadOnly: false,
  world: { now: '2026-05-01T18:00:00.000Z', speed: 1, isSimulated: false },
  nodes,
  shards: { total: 64, unowned: 0, waiting: [] },
})
const [one, two, three, edge] = [
  node('node-1', 30),
  node('node-2', 34),
  node('node-3', 0, 'down'),
  node('edge-1', 0),
]

test('a crash moves what the node owns to those of its group that are up', () => {
  expect(radiusOfCrash(cluster(one, two, three, edge), two)).toBe(
    '34 shards and 12 actors in memory go to node-1. What was acknowledged is in the journal. The launcher starts it again.',
  )
})

test('of the last one nobody takes anything', () => {
  expect(radiusOfCrash(cluster(two, three), two)).toContain('nobody else of its group can take them')
  expect(radiusOfDrain(cluster(two, three), two)).toContain('the last of its group')
})

test('the only edge takes this page along', () => {
  expect(radiusOfCrash(cluster(one, edge), edge)).toContain('nobody answers until it is up again')
  expect(radiusOfCrash(cluster(one, edge, node('edge-2', 0)), edge)).toContain('go to edge-2')
})

test('a drain hands over and ends, and a cut hides what both own', () => {
  expect(radiusOfDrain(cluster(one, two), two)).toBe(
    'It hands 34 shards over to node-1, and then ends for good.',
  )
  expect(radiusOfCut(cluster(one, two), 'node-1', 'node-2', 'for 10 s')).toBe(
    '64 shards lose sight of each other for 10 s. Messages between them wait in their outboxes.',
  )
})
