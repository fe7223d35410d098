import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Instant } from '#actor'
import type { ClusterDefinition } from '#host'
import { shardHashVersion } from '#host'
import type { Epoch, NodeId, Position, ScopeId, ShardId } from '#ports'
import { worldAt } from '#ports'
import { Environment } from './lmdb/environment.ts'
import { LmdbJournal } from './lmdb/journal.ts'
import { startWorld, stopWorld } from './world.ts'

/** As much of a cluster as a data folder knows. */
const cluster = { registry: { departments: [{ name: 'orders', shards: 4 }] } } as unknown as ClusterDefinition
const hour = 3_600_000_000

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-world-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** A node takes a shard, has a turn at this world time, and dies. */
async function crashAt(world: Instant): Promise<void> {
  const environment = await Environment.open({
    folder,
    departments: { orders: 4 },
    hashVersion: shardHashVersion,
  })
  const journal = new LmdbJournal(environment)
  const scope = 'node-1.a' as ScopeId
  const shard = 'orders.1' as ShardId
  await new Promise((done) => journal.open(scope, 'node-1' as NodeId, done))
  await new Promise((done) => journal.acquire(shard, 0 as Epoch, scope, done))
  const record = {
    shard,
    actor: 'order/1',
    sequence: 1,
    at: world,
    id: 'm',
    message: { type: 'x' },
    state: 'on',
  }
  const batch = { now: world, records: [record] as never, writes: [] }
  await new Promise((done) => journal.append(scope, 0 as Position, batch, done))
  await environment.close()
}

test('a new world begins now', async () => {
  const before = Date.now()
  const { world, runtime } = await startWorld(folder, cluster, 60)
  expect(world).toBe(runtime)
  expect(Math.abs(world / 1_000 - before)).toBeLessThan(5_000)
})

test('it stands still while nothing runs, and goes on from where it stood', async () => {
  const first = await startWorld(folder, cluster, 60)
  await stopWorld(folder, cluster, first)
  const second = await startWorld(folder, cluster, 1)
  const third = await startWorld(folder, cluster, 1)
  expect(second.world).toBeGreaterThan(first.world)
  expect(second.world).toBeLessThanOrEqual(worldAt(first, second.runtime))
  expect(third.world).toBe(second.world)
})

test('after a crash it goes on from the latest turn', async () => {
  const first = await startWorld(folder, cluster, 60)
  const latest = (first.world + hour) as Instant
  await crashAt(latest)
  expect((await startWorld(folder, cluster, 60)).world).toBe(latest)
})
