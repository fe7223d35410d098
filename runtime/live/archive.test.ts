import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ActorId, Instant } from '#actor'
import { ClusterError } from '#actor'
import type { ArchiveOutcome, KeptBatch, MessageId, Position, ScopeId, ShardId } from '#ports'
import { archivedBatches, archiveFiles, FileArchive } from './archive.ts'

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'brigade-archive-')), 'archive')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

const batch = (n: number): KeptBatch => ({
  scope: 'node-1.a' as ScopeId,
  position: n as Position,
  now: (n * 1_000) as Instant,
  records: [
    {
      shard: 'orders.1' as ShardId,
      actor: 'order/o-1' as ActorId,
      sequence: n,
      at: (n * 1_000) as Instant,
      id: `m-${n}` as MessageId,
      message: { type: 'order.accept', ...{ note: 'crème brûlée' } },
      state: { paying: 'waiting' },
    },
  ],
})
const keep = (archive: FileArchive, ...batches: KeptBatch[]): Promise<ArchiveOutcome> =>
  new Promise((done) => archive.keep(batches, done))
const all = () => archiveFiles(folder).flatMap((file) => [...archivedBatches(file)])

test('what was kept is read again as it was, from every file, in the order in which it came', async () => {
  const archive = new FileArchive({ folder, name: 'node-1.x', fileBytesMax: 1 })
  expect(await keep(archive, batch(1), batch(2))).toEqual({ kind: 'kept' })
  expect(await keep(archive, batch(3))).toEqual({ kind: 'kept' })
  await archive.close()
  expect(archiveFiles(folder)).toHaveLength(2)
  expect(all()).toEqual([batch(1), batch(2), batch(3)])
})

test('a block that was cut short is the end of its file, and no error', async () => {
  const archive = new FileArchive({ folder, name: 'node-1.x' })
  await keep(archive, batch(1))
  const [file = ''] = archiveFiles(folder)
  const whole = readFileSync(file).length
  await keep(archive, batch(2))
  await archive.close()
  for (const bytes of [whole + 1, whole + 9, readFileSync(file).length - 1].reverse()) {
    truncateSync(file, bytes)
    expect(all(), `${bytes} bytes`).toEqual([batch(1)])
  }
})

test('a damaged block is told with its file and place', async () => {
  const archive = new FileArchive({ folder, name: 'node-1.x' })
  await keep(archive, batch(1))
  await archive.close()
  const [file = ''] = archiveFiles(folder)
  const bytes = readFileSync(file)
  bytes[20] = (bytes[20] ?? 0) ^ 0xff
  writeFileSync(file, bytes)
  expect(all).toThrow(ClusterError)
  expect(all).toThrow('the block at byte 0')
  writeFileSync(file, 'a file of somebody else')
  expect(all).toThrow('no block begins at byte 0')
})

test('a process that begins anew begins a file of its own, and never writes behind what another has left', async () => {
  const first = new FileArchive({ folder, name: 'node-1.x' })
  await keep(first, batch(1))
  const [file = ''] = archiveFiles(folder)
  appendFileSync(file, 'BRGA')
  const second = new FileArchive({ folder, name: 'node-1.y' })
  await keep(second, batch(2))
  await Promise.all([first.close(), second.close()])
  expect(all()).toEqual([batch(1), batch(2)])
  const again = new FileArchive({ folder, name: 'node-1.y' })
  expect(await keep(again, batch(3)), 'a name is used once').toMatchObject({ kind: 'failed' })
})

test('without room nothing is written, and it goes on when there is some', async () => {
  let roomBytes = 2 ** 20
  const archive = new FileArchive({ folder, name: 'node-1.x', roomBytes: () => roomBytes })
  expect(await keep(archive, batch(1))).toMatchObject({
    kind: 'failed',
    cause: expect.stringContaining('free'),
  })
  expect(archiveFiles(folder)).toEqual([])
  roomBytes = 2 ** 30
  expect(await keep(archive, batch(1))).toEqual({ kind: 'kept' })
  await archive.close()
  expect(all()).toEqual([batch(1)])
})
