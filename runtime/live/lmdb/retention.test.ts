import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ActorId, Instant } from '#actor'
import type {
  AppendOutcome,
  Expired,
  JournalRecord,
  MessageId,
  NodeId,
  Position,
  Read,
  RecordPlace,
  ScopeId,
  ShardId,
} from '#ports'
import { Environment } from './environment.ts'
import { LmdbJournal } from './journal.ts'

const scope = 'node-1.a' as ScopeId
const orders = 20_000
const ordersPerBatch = 20
const keptBatches = 25

const recordsOf = (position: number): readonly JournalRecord[] =>
  Array.from({ length: ordersPerBatch }, (_, n) => ({
    shard: 'orders.1' as ShardId,
    actor: `order/ord_${position}-${n}` as ActorId,
    sequence: 3,
    at: position as Instant,
    id: `${scope}:${position * ordersPerBatch + n}` as MessageId,
    message: { type: 'order.accept', ...{ items: [{ dish: 'caprese', quantity: 2 }], table: n } },
    trace: `00-${String(position).padStart(32, '0')}-${String(n).padStart(16, '0')}-01`,
    state: { paying: 'waiting' },
    previous: [scope, position as Position, n] as RecordPlace,
  }))

// Method: the same load, with and without trimming, and the size of the file half-way and at its end.
async function sizesOf({ trims }: { trims: boolean }): Promise<readonly [early: number, late: number]> {
  const folder = mkdtempSync(join(tmpdir(), 'brigade-retention-'))
  const environment = await Environment.open({ folder, departments: { orders: 64 }, hashVersion: 1 })
  const journal = new LmdbJournal(environment)
  await new Promise((done) => journal.open(scope, 'node-1' as NodeId, done))
  await new Promise((done) => journal.acquire('orders.1' as ShardId, 0 as never, scope, done))
  const batches = orders / ordersPerBatch
  const sizes: number[] = []
  for (let position = 1; position <= batches; position += 1) {
    const before = (position - keptBatches) as Instant
    const expired =
      trims && position % 10 === 0
        ? await new Promise<Read<Expired>>((done) => journal.readExpired({ before, limit: 64 }, done))
        : undefined
    const gone = expired?.kind === 'found' ? expired.value.batches.map((batch) => batch.position) : []
    const batch = {
      now: position as Instant,
      records: recordsOf(position),
      writes: [],
      ...(gone.length > 0 && { trims: [{ scope, positions: gone }] }),
    }
    const outcome = await new Promise<AppendOutcome>((done) =>
      journal.append(scope, (position - 1) as Position, batch, done),
    )
    expect(outcome.kind).toBe('durable')
    if (position === batches / 2 || position === batches) sizes.push(statSync(join(folder, 'data.mdb')).size)
  }
  await environment.close()
  rmSync(folder, { recursive: true })
  return sizes as [number, number]
}

test('under a steady load the file stops growing: trimmed pages are used again', {
  timeout: 120_000,
}, async () => {
  const [early, late] = await sizesOf({ trims: true })
  const [, untrimmed] = await sizesOf({ trims: false })
  expect(late).toBeLessThanOrEqual(early * 1.1)
  expect(late).toBeLessThan(untrimmed / 4)
})
