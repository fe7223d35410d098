import { expect, test } from 'vitest'
import type { Instant } from '#actor'
import type { Member, NodeId, ScopeId, ShardId } from '#ports'
import { Cluster, defaultClusterBounds } from './cluster.ts'

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
