import { describe, expect, test } from 'vitest'
import type { ActorId } from '#actor'
import type { NodeId, ShardId } from '#ports'
import type { ActorListItem, ClusterView, NodeState, NodeView } from '../cluster-client.ts'
import type { FaultKind, FaultTarget } from '../fault-control.ts'
import { brokenBy, downMaxOf, overBudget, radiusOf } from './fault-budget.ts'
import { faultSpecs } from './fault-catalogue.ts'

const node = (
  id: string,
  state: NodeState = 'up',
  group = id.startsWith('edge') ? 'edge' : 'kitchen',
): NodeView => ({
  ...{ id: id as NodeId, group, state, life: 1, address: '', shardsOwned: group === 'edge' ? 0 : 10 },
  ...{ counters: {}, gauges: {}, latencies: {} },
})
const cluster = (...nodes: NodeView[]): ClusterView => ({
  ...{ id: 'c', nodes, shards: [] },
  world: { now: 0 as ClusterView['world']['now'], speed: 1 },
})
const three = [node('node-1'), node('node-2'), node('node-3')]

test.each([
  [0, 0],
  [1, 0],
  [2, 1],
  [3, 1],
  [4, 1],
  [5, 2],
  [9, 4],
])('FQ1: of %i nodes %i may be down', (nodes, down) => expect(downMaxOf(nodes)).toBe(down))

describe('the budget', () => {
  const cases: readonly (readonly [
    string,
    readonly NodeView[],
    FaultKind,
    FaultTarget,
    RegExp | undefined,
  ])[] = [
    ['one of three may be killed', three, 'crash-node', { node: 'node-1' }, undefined],
    [
      'FQ1: a second one may not',
      [node('node-1'), node('node-2', 'starting'), node('node-3')],
      'crash-node',
      { node: 'node-1' },
      /At most 1 of 3 nodes may be down, and node-2 is away already/,
    ],
    [
      'FQ1: nor be frozen while another is frozen',
      [node('node-1'), node('node-2', 'paused'), node('node-3')],
      'pause-node',
      { node: 'node-3' },
      /node-2 is away/,
    ],
    [
      'the one that is away already may be struck again',
      [node('node-1'), node('node-2', 'paused'), node('node-3')],
      'crash-node',
      { node: 'node-2' },
      undefined,
    ],
    ['FQ1: the only node may not', [node('node-1')], 'crash-node', { node: 'node-1' }, /No other node/],
    [
      'FQ2: the only edge may not',
      [...three, node('edge-1')],
      'crash-node',
      { node: 'edge-1' },
      /the only edge that is up/,
    ],
    [
      'one of two edges may',
      [...three, node('edge-1'), node('edge-2')],
      'crash-node',
      { node: 'edge-1' },
      undefined,
    ],
    [
      'FQ2: the last of a group may not',
      [node('node-1', 'up', 'till'), node('node-2'), node('node-3')],
      'drain-node',
      { node: 'node-1' },
      /group 'till'/,
    ],
    [
      'FQ2: nor when the others are cordoned: they take no shard',
      [node('node-1'), node('node-2', 'cordoned'), node('node-3', 'cordoned')],
      'crash-node',
      { node: 'node-1' },
      /No other node/,
    ],
    ['what stops all of them says so by its name', three, 'restart-cluster', {}, undefined],
    ['what stops none has no budget', [node('node-1')], 'slow-disk', {}, undefined],
    ['nor has a cut', three, 'partition', { a: ['node-1'], b: ['node-2', 'node-3'] }, undefined],
    [
      'a rolling restart waits for who is away',
      [node('node-1'), node('node-2', 'down'), node('node-3')],
      'rolling-restart',
      {},
      /node-2 is away/,
    ],
  ]
  test.each(cases)('%s', (_, nodes, kind, target, refused) => {
    const told = overBudget(cluster(...nodes), { kind, target })
    if (refused === undefined) expect(told).toBeUndefined()
    else expect(told).toMatch(refused)
  })
})

test('FQ3: what an actor has to be mended of forbids more, and what is over or never mended does not', () => {
  const target = { actor: 'bin/main:basil' }
  const of = (kind: FaultKind, more = {}) => ({
    ...{ id: 'f', by: 'ada', kind, target, params: {}, ageMs: 0, met: 0 },
    ...more,
  })
  expect(brokenBy({ target }, [of('cook-ill')])).toContain("'Cook falls ill' is in force there")
  expect(brokenBy({ target: { actor: 'bin/main:salt' } }, [of('cook-ill')])).toBeUndefined()
  expect(brokenBy({ target }, [of('cook-ill', { ended: { how: 'over', agoMs: 1 } })])).toBeUndefined()
  expect(brokenBy({ target }, [of('spoilage')])).toBeUndefined()
  expect(brokenBy({ target: {} }, [of('cook-ill', { target: {} })])).toBeUndefined()
})

test('FQ1: what was just struck is away, though it looks as if it were up', () => {
  const set = { id: 'f', by: 'ada', kind: 'crash-node', target: { node: 'node-2' }, params: {} } as const
  const struck = { ...set, ageMs: 0, met: 0 }
  const asked = { kind: 'crash-node', target: { node: 'node-1' } } as const
  expect(overBudget(cluster(...three), asked, [struck])).toMatch(/node-2 is away/)
  const over = { ...struck, ended: { how: 'over', agoMs: 0 } } as const
  expect(overBudget(cluster(...three), asked, [over])).toBeUndefined()
})

describe('what a fault touches', () => {
  const actor = (id: string, on?: string, status: ActorListItem['status'] = 'live'): ActorListItem => ({
    ...{ id: id as ActorId, status, state: '', version: 1, shard: 's.0' as ShardId },
    at: 0 as ActorListItem['at'],
    ...(on !== undefined && { node: on as NodeId }),
  })
  const actors = [
    ...['order/1', 'order/2', 'oven/1'].map((id) => actor(id, 'node-1')),
    actor('order/3', 'node-1', 'archived'),
    actor('payment/1', 'node-2'),
    actor('payment/2'),
  ]
  const touched = (kind: FaultKind, target: FaultTarget) =>
    radiusOf(cluster(...three, node('edge-1')), faultSpecs[kind], target, actors)

  test('a node: its shards and who lives there', () => {
    expect(touched('crash-node', { node: 'node-1' })).toEqual({
      ...{ nodes: ['node-1'], shards: 10, actors: 3, openOrders: 2 },
      byType: [
        { type: 'order', actors: 2 },
        { type: 'oven', actors: 1 },
      ],
    })
  })

  test('links: both sides', () => {
    expect(touched('partition', { a: ['node-1'], b: ['node-2'] })).toMatchObject({ shards: 20, actors: 4 })
  })

  test('a party outside: who deals with it, wherever they are', () => {
    expect(touched('provider-outage', {})).toMatchObject({
      nodes: [],
      byType: [{ type: 'payment', actors: 2 }],
    })
  })

  test('an actor: itself', () => {
    expect(touched('appliance-breakdown', { actor: 'oven/1' })).toMatchObject({
      nodes: [],
      shards: 0,
      actors: 1,
    })
  })

  test('the whole: every node with shards, and no edge', () => {
    expect(touched('slow-disk', {}).nodes).toEqual(['node-1', 'node-2', 'node-3'])
  })
})
