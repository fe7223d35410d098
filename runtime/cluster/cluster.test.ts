import { describe, expect, test } from 'vitest'
import { after, type Instant } from '#actor'
import type { Epoch, Member, NodeId, ScopeId, ShardId, ShardView } from '#ports'
import { Cluster, type ClusterOptions, defaultClusterBounds } from './cluster.ts'

const ofOneShard = (node: NodeId, scope: ScopeId, shard: ShardId): ClusterOptions => ({
  node,
  scope,
  shards: [shard],
  hosts: () => true,
  reads: () => true,
  bounds: defaultClusterBounds,
})

test('a node that starts contends as soon as it has settled, however rare its reviews are', () => {
  const me = 'node-1' as NodeId
  const bounds = { ...defaultClusterBounds, settleMs: 300, reviewMs: 60_000 }
  const start = 1_000_000 as Instant
  const settled = (start + 300_000) as Instant
  const cluster = new Cluster(
    {
      node: me,
      scope: 'node-1.a' as ScopeId,
      shards: ['orders.0' as ShardId],
      hosts: () => true,
      reads: () => true,
      bounds,
    },
    start,
  )
  const member: Member = { node: me, group: 'node', address: '', state: 'up', life: 1 }

  const first = cluster.step({ kind: 'members', members: [member] }, start)
  expect(first).toContainEqual({ kind: 'tick-at', at: settled })
  const early = cluster.step({ kind: 'shards', views: [] }, start)
  expect(early.some(({ kind }) => kind === 'acquire')).toBe(false)

  const now = cluster.step({ kind: 'tick' }, settled)
  expect(now).toContainEqual({ kind: 'acquire', shard: 'orders.0', epoch: 0 })
})

test('a shard whose owner does not answer is looked up soon, and then rarely again', () => {
  const start = 1_000_000 as Instant
  const [me, shard, scope] = ['node-1' as NodeId, 'orders.0' as ShardId, 'node-1.a' as ScopeId]
  const bounds = defaultClusterBounds
  const cluster = new Cluster(
    { node: me, scope, shards: [shard], hosts: () => true, reads: () => true, bounds },
    start,
  )
  const member: Member = { node: me, group: 'node', address: '', state: 'up', life: 1 }
  const row = { shard, epoch: 1 as Epoch, scope, node: me, released: false, now: start }
  cluster.step({ kind: 'members', members: [member] }, start)
  cluster.step({ kind: 'shards', views: [{ row, sealed: false, versions: {} }] }, start)

  let now = after(start, 60_000)
  const reviewed = (): boolean => {
    const reads = cluster.step({ kind: 'tick' }, now).some(({ kind }) => kind === 'read-shards')
    cluster.step({ kind: 'shards', views: [{ row, sealed: false, versions: {} }] }, now)
    return reads
  }
  expect(reviewed()).toBe(true)
  now = after(now, bounds.reviewMs)
  expect(reviewed()).toBe(false)
  cluster.step({ kind: 'unanswered' }, now)
  now = after(now, bounds.reviewMs)
  expect(reviewed()).toBe(true)
  now = after(now, bounds.reviewMs)
  expect(reviewed()).toBe(false)
})

test('a released shard is brought to mind at each review, until it is taken', () => {
  const start = 1_000_000 as Instant
  const shard = 'orders.0' as ShardId
  const nodes = ['node-1', 'node-2', 'node-3'] as NodeId[]
  const members = nodes.map((node): Member => ({ node, group: 'node', address: '', state: 'up', life: 1 }))
  const row = (released: boolean, epoch: number): ShardView => ({
    row: {
      shard,
      epoch: epoch as Epoch,
      scope: 'node-2.a' as ScopeId,
      node: 'node-2' as NodeId,
      released,
      now: start,
    },
    sealed: false,
    versions: {},
  })
  // It leaves, so that it is always somebody else's turn.
  const cluster = new Cluster(
    {
      node: 'node-1' as NodeId,
      scope: 'node-1.a' as ScopeId,
      shards: [shard],
      hosts: () => true,
      reads: () => true,
      bounds: defaultClusterBounds,
    },
    start,
  )
  const onlooker = members.map((member) =>
    member.node === 'node-1' ? { ...member, state: 'leaving' as const } : member,
  )
  cluster.step({ kind: 'members', members: onlooker }, start)
  cluster.step({ kind: 'shards', views: [row(false, 1)] }, start)
  expect(cluster.ownerOf(shard)).toBe('node-2')

  const reminders = () =>
    cluster.step({ kind: 'shards', views: [row(true, 1)] }, start).filter(({ kind }) => kind === 'tell')
  const [reminder] = reminders()
  expect(reminder).toMatchObject({ item: { kind: 'move', shard } })
  expect(reminders()).toEqual([reminder])
  expect(cluster.ownerOf(shard)).toBeUndefined()

  expect(cluster.step({ kind: 'shards', views: [row(false, 2)] }, start).map(({ kind }) => kind)).toEqual([
    'routed',
  ])
})

// Nodes that all leave, for their launcher has ended, know it of themselves only: each thinks that the others stay.
test('whoever is told that a shard is free looks, and tells nobody else', () => {
  const start = 1_000_000 as Instant
  const shard = 'orders.0' as ShardId
  const nodes = ['node-1', 'node-2', 'node-3'] as NodeId[]
  const members = nodes.map(
    (node): Member => ({
      node,
      group: 'node',
      address: '',
      state: node === 'node-1' ? 'leaving' : 'up',
      life: 1,
    }),
  )
  const [node, scope] = ['node-1' as NodeId, 'node-1.a' as ScopeId]
  const cluster = new Cluster(
    { node, scope, shards: [shard], hosts: () => true, reads: () => true, bounds: defaultClusterBounds },
    start,
  )
  const row = { shard, epoch: 1 as Epoch, scope, node, released: true, now: start }
  const seen = () =>
    cluster
      .step({ kind: 'shards', views: [{ row, sealed: false, versions: {} }] }, start)
      .map(({ kind }) => kind)
  const told = () =>
    cluster
      .step({ kind: 'gossip', from: 'node-2' as NodeId, item: { kind: 'move', shard, to: node } }, start)
      .map(({ kind }) => kind)

  cluster.step({ kind: 'members', members }, start)
  expect(seen()).toContain('tell')
  expect(told()).toEqual(['read-shards'])
  expect(seen()).not.toContain('tell')
  expect(told()).toEqual(['read-shards'])
  expect(told(), 'once more when it is told meanwhile').toEqual([])
  expect(seen()).toEqual(['read-shards'])
  expect(seen()).not.toContain('tell')
})

describe('what an earlier incarnation of a node lost', () => {
  const me = 'node-1' as NodeId
  const other = 'node-2' as NodeId
  const shard = 'orders.0' as ShardId
  const start = 1_000_000 as Instant
  const later = (start + 5_000_000) as Instant
  const member = (node: NodeId, state: Member['state']): Member => ({
    node,
    group: 'node',
    address: '',
    state,
    life: 1,
  })
  const row = {
    shard,
    epoch: 3 as Epoch,
    scope: 'node-1.before' as ScopeId,
    node: me,
    released: false,
    now: start,
  }

  test.each(['up', 'cordoned', 'leaving'] as const)(
    'it takes back, also when it is %s: nobody else may',
    (state) => {
      const options = ofOneShard(me, 'node-1.a' as ScopeId, shard)
      const cluster = new Cluster(options, start)
      cluster.step({ kind: 'members', members: [member(me, state), member(other, 'up')] }, start)
      const out = cluster.step({ kind: 'shards', views: [{ row, sealed: false, versions: {} }] }, later)
      expect(out).toContainEqual(expect.objectContaining({ kind: 'acquire', shard }))
      const released = { ...row, released: true, heir: me }
      const free = new Cluster(options, start)
      free.step({ kind: 'members', members: [member(me, state), member(other, 'up')] }, start)
      const taken = free.step(
        { kind: 'shards', views: [{ row: released, sealed: false, versions: {} }] },
        later,
      )
      expect(taken.some(({ kind }) => kind === 'acquire')).toBe(state === 'up')
    },
  )
})

// The news of who is a member may come late to some: they take a newcomer for dead, and it lives.
test('a node whose shard another one took learns it from the shard table, and from a seal', () => {
  const start = 1_000_000 as Instant
  const [me, shard, scope] = ['node-1' as NodeId, 'orders.0' as ShardId, 'node-1.a' as ScopeId]
  const other = { node: 'node-2' as NodeId, scope: 'node-2.a' as ScopeId }
  const view = (epoch: number, owner: { node: NodeId; scope: ScopeId }, sealed = false): ShardView => ({
    row: { shard, epoch: epoch as Epoch, released: false, now: start, ...owner },
    sealed,
    versions: {},
  })
  const options = ofOneShard(me, scope, shard)
  const owning = (): Cluster => {
    const cluster = new Cluster(options, start)
    const member: Member = { node: me, group: 'node', address: '', state: 'up', life: 1 }
    cluster.step({ kind: 'members', members: [member] }, start)
    cluster.step(
      { kind: 'acquired', shard, outcome: { kind: 'acquired', epoch: 1 as Epoch, clean: true, now: start } },
      start,
    )
    return cluster
  }
  const reads = (cluster: Cluster, seen: ShardView): boolean =>
    cluster.step({ kind: 'shards', views: [seen] }, start).some(({ kind }) => kind === 'sealed')
  // Whoever has something to write hears it from the journal sooner.
  const isSealed = (cluster: Cluster, seen: ShardView): boolean => {
    expect(reads(cluster, seen)).toBe(false)
    return reads(cluster, seen)
  }
  const mine = { node: me, scope }

  expect(isSealed(owning(), view(1, mine))).toBe(false)
  expect(isSealed(owning(), view(2, other))).toBe(true)
  expect(isSealed(owning(), view(1, mine, true))).toBe(true)

  // Of an earlier incarnation of this node; and what it hands over an heir may have before it hears so.
  expect(isSealed(owning(), view(1, { node: me, scope: 'node-1.before' as ScopeId }, true))).toBe(false)
  const releasing = owning()
  releasing.step({ kind: 'gossip', from: other.node, item: { kind: 'move', shard, to: other.node } }, start)
  expect(isSealed(releasing, view(2, other))).toBe(false)
  releasing.step({ kind: 'released', shard }, start)
  expect(isSealed(releasing, view(2, other))).toBe(false)

  // The table as it was before this node acquired, read slowly.
  const again = owning()
  again.step(
    { kind: 'acquired', shard, outcome: { kind: 'acquired', epoch: 3 as Epoch, clean: true, now: start } },
    start,
  )
  expect(isSealed(again, view(2, other))).toBe(false)

  // Whoever is told that its own shard is free looks at once; and an acquisition may be heard of when it is over.
  const move = { kind: 'gossip', from: other.node, item: { kind: 'move', shard, to: me } } as const
  const settled = owning()
  settled.step({ kind: 'shards', views: [view(1, mine)] }, start)
  expect(settled.step(move, start)).toContainEqual({ kind: 'read-shards' })
  const late = new Cluster(options, start)
  expect(isSealed(late, view(2, other))).toBe(false)
  const outcome = { kind: 'acquired', epoch: 1 as Epoch, clean: true, now: start } as const
  expect(late.step({ kind: 'acquired', shard, outcome }, start)).toContainEqual({ kind: 'sealed' })
})
