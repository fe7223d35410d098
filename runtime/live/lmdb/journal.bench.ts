/**
 * Durable batches a second, side by side with LMDB alone: the same rows, its own encoding, one batch at a time.
 *
 * Not measured: what makes the rows, several processes, more than one batch in flight.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { afterAll, bench, describe } from 'vitest'
import type { ActorId, Instant } from '#actor'
import type {
  Batch,
  JournalRecord,
  MessageId,
  NodeId,
  Ordinal,
  Position,
  RecordPlace,
  ScopeId,
  ShardId,
} from '#ports'
import { Environment } from './environment.ts'
import { LmdbJournal } from './journal.ts'

const scope = 'node-1.4f3a9c22' as ScopeId
const shard = 'orders.17' as ShardId
const actors = 20_000
const folders: string[] = []
const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'brigade-bench-'))
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** Each turn: one record, and the new snapshot of an actor. */
function batchOf(position: number, turns: number): Batch {
  const records: JournalRecord[] = []
  const writes: Batch['writes'][number][] = []
  for (let turn = 0; turn < turns; turn += 1) {
    const ordinal = ((position * turns + turn) * 7_919) % actors
    const actor = `order/ord_${ordinal}` as ActorId
    const place: RecordPlace = [scope, position as Position, turn]
    const at = (1_700_000_000_000_000 + position) as Instant
    records.push({
      shard,
      actor,
      sequence: position,
      at,
      id: `${scope}.${position}.${turn}` as MessageId,
      message: { type: 'payment.captured', ...{ amount: 2_550, payment: 'payment/pay_1234' } },
      from: 'payment/pay_1234' as ActorId,
      state: 'preparing',
      previous: place,
    })
    writes.push({
      table: 'snapshots',
      key: [shard, ordinal as Ordinal],
      value: {
        id: actor,
        status: 'live',
        state: ['1', 'preparing', 'user/u-1234', [{ item: 'soup', n: 2, price: 1_150 }], 2_550, null],
        version: position,
        generation: 3,
        at,
        last: place,
      },
    })
  }
  return { now: 1 as Instant, records, writes }
}

async function newJournal() {
  const environment = await Environment.open({
    folder: newFolder(),
    departments: { orders: 64 },
    hashVersion: 1,
  })
  const journal = new LmdbJournal(environment)
  await new Promise((done) => journal.open(scope, 'node-1' as NodeId, done))
  return (position: number, batch: Batch) =>
    new Promise<void>((done, fail) =>
      journal.append(scope, position as Position, batch, ({ kind }) =>
        kind === 'durable' ? done() : fail(new Error(kind)),
      ),
    )
}

async function bareStore() {
  const root = open({ path: newFolder(), mapSize: 2 ** 34, separateFlushed: true, overlappingSync: false })
  const scopes = root.openDB({ name: 'scopes', useVersions: true })
  const journal = root.openDB({ name: 'journal' })
  const snapshots = root.openDB({ name: 'snapshots' })
  await scopes.put(scope, {}, 0)
  return async (position: number, { records, writes }: Batch) => {
    const write = scopes.ifVersion(scope, position, () => {
      for (const { key, value } of writes) snapshots.put([...key], value)
      journal.put([scope, position + 1], records)
      scopes.put(scope, {}, position + 1)
    })
    if (!(await write)) throw new Error('refused')
    await (write as { flushed?: Promise<unknown> }).flushed
  }
}

for (const turns of [100, 1_000]) {
  describe(`durable batches of ${turns} turns`, async () => {
    for (const [name, make] of [
      ['the journal', newJournal],
      ['LMDB alone', bareStore],
    ] as const) {
      const append = await make()
      let position = 0
      bench(name, async () => {
        await append(position, batchOf(position + 1, turns))
        position += 1
      })
    }
  })
}
