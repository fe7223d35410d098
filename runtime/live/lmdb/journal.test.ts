import { closeSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { Instant } from '#actor'
import type { AppendOutcome, Batch, NodeId, Position, Read, ScopeId, ShardId, ShardRows } from '#ports'
import { journalContract } from '../../ports/contracts/journal.contract.ts'
import { Environment, type EnvironmentOptions } from './environment.ts'
import { LmdbJournal } from './journal.ts'

const made = { departments: { orders: 64 }, hashVersion: 1 }

// Loss of power: at every flush the file is copied, and the copy is what is left.
journalContract('LMDB', async () => {
  const root = mkdtempSync(join(tmpdir(), 'brigade-journal-'))
  const options: EnvironmentOptions = { ...made, folder: join(root, 'before') }
  const survivor = join(root, 'after')
  mkdirSync(survivor)
  let environment = await Environment.open(options)
  let hasPower = true
  const afterFlush = () => {
    if (hasPower) copyFileSync(join(options.folder, 'data.mdb'), join(survivor, 'data.mdb'))
  }
  return {
    port: () => new LmdbJournal(environment, { afterFlush }),
    losePower: async () => {
      const lost = environment
      hasPower = false
      environment = await Environment.open({ ...made, folder: survivor })
      await lost.close()
    },
    close: async () => {
      await environment.close()
      rmSync(root, { recursive: true })
    },
  }
})

// Method: count how often others had their turn between the call and the answer.
test('a long backlog is read without holding up whoever asks for a heartbeat', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'brigade-journal-'))
  const environment = await Environment.open({ ...made, folder })
  const scope = 'node-1.a' as ScopeId
  const journal = new LmdbJournal(environment)
  await new Promise((done) => journal.open(scope, 'node-1' as NodeId, done))
  const envelope = { id: 'm', to: 'order/1', message: { type: 'note' } }
  const rows = Array.from({ length: 4_500 }, (_, n) => [n + 1, { envelope, attempts: 0, notBefore: 0 }])
  const writes = rows.map(([n, value]) => ({ table: 'mailbox', key: ['orders.1', n], value }))
  const batch = { now: 0, records: [], writes } as unknown as Batch
  await new Promise((done) => journal.append(scope, 0 as Position, batch, done))

  let turns = 0
  let isRead = false
  const count = (): void => {
    turns += 1
    if (!isRead) setImmediate(count)
  }
  setImmediate(count)
  const read = await new Promise<Read<ShardRows>>((done) =>
    journal.readShard('orders.1' as ShardId, 10_000, done),
  )
  isRead = true
  expect(read).toMatchObject({ kind: 'found', value: { mailbox: rows } })
  expect(turns).toBeGreaterThanOrEqual(4)
  await environment.close()
  rmSync(folder, { recursive: true })
})

test('a disk that is about to be full is not written to', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'brigade-journal-'))
  const environment = await Environment.open({ ...made, folder })
  const scope = 'node-1.a' as ScopeId
  let roomBytes = 2 ** 30
  const journal = new LmdbJournal(environment, { roomBytes: () => roomBytes })
  const opened = await new Promise((done) => journal.open(scope, 'node-1' as NodeId, done))
  expect(opened).toEqual({ kind: 'opened' })

  const empty = { now: 0 as Instant, records: [], writes: [] }
  const append = (expected: number): Promise<AppendOutcome> =>
    new Promise((done) => journal.append(scope, expected as Position, empty, done))
  expect(await append(0)).toEqual({ kind: 'durable', position: 1 })
  roomBytes = 2 ** 20
  let outcome: AppendOutcome
  let position = 1
  do {
    outcome = await append(position)
    position += 1
  } while (outcome.kind === 'durable')
  expect(outcome).toEqual({ kind: 'full' })

  const again = new LmdbJournal(environment, { roomBytes: () => roomBytes })
  const refused = await new Promise((done) => again.open('node-1.b' as ScopeId, 'node-1' as NodeId, done))
  expect(refused).toMatchObject({ kind: 'failed', cause: expect.stringContaining('64 MiB are free') })
  await environment.close()
  rmSync(folder, { recursive: true })
})

// The meta page is written through a file of its own: with that one closed, LMDB cannot end a transaction. Linux tells
// which it is.
test.skipIf(process.platform !== 'linux')(
  'a panic of LMDB ends the process at once: it could neither read nor be answered any more',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'brigade-journal-'))
    const environment = await Environment.open({ ...made, folder })
    const scope = 'node-1.a' as ScopeId
    // lmdb itself says it there, too.
    const noise = vi.spyOn(console, 'error').mockImplementation(() => {})
    const told: string[] = []
    const journal = new LmdbJournal(environment, { onBroken: (cause) => told.push(cause) })
    await new Promise((done) => journal.open(scope, 'node-1' as NodeId, done))
    const opened = readdirSync('/proc/self/fd').filter((fd) => isOf(fd, join(folder, 'data.mdb')))
    closeSync(Number(opened.at(-1)))
    const empty = { now: 0 as Instant, records: [], writes: [] }
    const refused = await new Promise((done) => journal.append(scope, 0 as Position, empty, done))
    expect(refused).toMatchObject({ kind: 'failed', cause: expect.stringContaining('cannot be written') })
    expect(told).toEqual([expect.stringContaining('cannot be written')])
    const late = await new Promise((done) => journal.open('node-1.b' as ScopeId, 'node-1' as NodeId, done))
    expect(late).toMatchObject({ kind: 'failed' })
    noise.mockRestore()
    // It cannot be closed any more.
    rmSync(folder, { recursive: true })
  },
)

function isOf(fd: string, path: string): boolean {
  try {
    return readlinkSync(join('/proc/self/fd', fd)) === path
  } catch {
    return false
  }
}
