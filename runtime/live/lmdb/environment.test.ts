import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ActorId, ErrorCode, Instant } from '#actor'
import type { AppendOutcome, Batch, NodeId, Position, Read, ScopeId, ShardId } from '#ports'
import { checkData } from './check.ts'
import { encodeValue } from './codec.ts'
import { checkDataFile, clearFlushFailed, markFlushFailed } from './data-file.ts'
import { durable, Environment } from './environment.ts'
import { LmdbJournal } from './journal.ts'
import { encodeKey } from './key.ts'
import { readWorldClock, writeWorldClock } from './world-clock.ts'

const scope = 'node-1.a' as ScopeId
const shard = 'orders.1' as ShardId
const made = { departments: { orders: 64, pantry: 16 }, hashVersion: 1 }

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-environment-'))
  file = join(folder, 'data.mdb')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

async function withEnvironment<T>(use: (environment: Environment) => T | Promise<T>): Promise<T> {
  const environment = await Environment.open({ ...made, folder })
  try {
    return await use(environment)
  } finally {
    await environment.close()
  }
}

function batch(position: number, size = 20): Batch {
  const row = (n: number) => ({
    fingerprint: `f${n}`,
    at: 1 as Instant,
    outcome: `needle-${position}-${n}-${'x'.repeat(200)}`,
  })
  return {
    now: 1 as Instant,
    records: [],
    writes: Array.from({ length: size }, (_, n) => ({
      table: 'requests',
      key: [shard, 'order/o-1', `${position}-${n}`],
      value: row(n),
    })),
  }
}

function append(journal: LmdbJournal, expected: number, of = batch(expected + 1)): Promise<AppendOutcome> {
  return new Promise((done) => journal.append(scope, expected as Position, of, done))
}

const opened = (journal: LmdbJournal) =>
  new Promise((done) => journal.open(scope, 'node-1' as NodeId, ({ kind }) => done(kind)))

function fill(batches = 50): Promise<void> {
  return withEnvironment(async (environment) => {
    const journal = new LmdbJournal(environment)
    await opened(journal)
    for (let n = 0; n < batches; n += 1) await append(journal, n)
  })
}

async function openError(options = made): Promise<{ code: ErrorCode; message: string } | undefined> {
  try {
    await (await Environment.open({ ...options, folder })).close()
  } catch (error) {
    return error as { code: ErrorCode; message: string }
  }
}

describe('a data folder', () => {
  test('has one identity, whoever opens it first', async () => {
    const [one, two] = await Promise.all([
      Environment.open({ ...made, folder }),
      Environment.open({ ...made, folder }),
    ])
    expect(two.identity).toEqual(one.identity)
    expect(one.identity.requestHashKey).toMatch(/^[0-9a-f]{64}$/)
    await one.close()
    await two.close()
    expect(await withEnvironment(({ identity }) => identity)).toEqual(one.identity)
  })

  const others = [
    [
      'more shards',
      { ...made, departments: { orders: 128, pantry: 16 } },
      "the shards of 'orders' at 64, and the configuration says 128",
    ],
    [
      'a department less',
      { ...made, departments: { orders: 64 } },
      "the shards of 'pantry' at 16, and the configuration says 0",
    ],
    [
      'a department more',
      { ...made, departments: { ...made.departments, till: 8 } },
      "the shards of 'till' at 0, and the configuration says 8",
    ],
    ['another hash', { ...made, hashVersion: 2 }, 'hash version 1, and the configuration says 2'],
  ] as const
  for (const [what, options, words] of others) {
    test(`is not opened with ${what}`, async () => {
      await fill(1)
      const error = await openError(options as typeof made)
      expect(error).toMatchObject({ code: 'DATA_SHARDS_MISMATCH' })
      expect(error?.message).toContain(words)
    })
  }

  test('of another format is not opened, and both formats are named', async () => {
    await withEnvironment(async ({ rows, identity }) => {
      const value = encodeValue({ ...identity, format: 7 })
      await rows.meta.put(encodeKey(['cluster', 'identity']), value, 0)
    })
    const error = await openError()
    expect(error).toMatchObject({ code: 'DATA_VERSION_MISMATCH', fields: { stored: 7, build: 1 } })
  })
})

describe('a damaged data file', () => {
  for (const [what, size] of [
    ['half of it is gone', (was: number) => was / 2],
    ['its last page is gone', (was: number) => was - 4_096],
    ['only its first page is left', () => 4_096],
    ['it ends within its first header', () => 100],
  ] as const) {
    test(`is refused when ${what}, and the process lives to say so`, async () => {
      await fill()
      truncateSync(file, Math.floor(size(statSync(file).size)))
      expect(await openError()).toMatchObject({ code: 'DATA_DAMAGED' })
    })
  }

  test('is refused when it is something else', async () => {
    writeFileSync(file, 'x'.repeat(100_000))
    expect(await openError()).toMatchObject({ code: 'DATA_DAMAGED' })
  })

  test('that is empty is a new one', async () => {
    writeFileSync(file, '')
    expect(await openError()).toBeUndefined()
  })

  test('whose bytes were overwritten fails the read, and the check says which row', async () => {
    await fill()
    expect(await withEnvironment(checkData)).toEqual({ rows: 1_002, problems: [] })

    const at = readFileSync(file).indexOf('needle-50-7-')
    const handle = openSync(file, 'r+')
    writeSync(handle, 'N', at)
    closeSync(handle)
    await withEnvironment(async (environment) => {
      const read = await new Promise<Read<unknown>>((done) =>
        new LmdbJournal(environment).readActor(shard, 'order/o-1' as ActorId, done),
      )
      expect(read).toMatchObject({ kind: 'failed' })
      expect(checkData(environment).problems).toEqual([
        `requests ["orders.1","order/o-1","50-7"]: A stored value is damaged: its checksum is wrong. Run \`brigade check\`.`,
      ])
    })
  })

  test('is not looked for while others write: only that no flush has failed', async () => {
    await fill()
    truncateSync(file, statSync(file).size - 4_096)
    expect(() => checkDataFile(folder)).toThrow(expect.objectContaining({ code: 'DATA_DAMAGED' }))
    expect(() => checkDataFile(folder, { isInUse: true })).not.toThrow()
    markFlushFailed(folder, 'EIO')
    expect(() => checkDataFile(folder, { isInUse: true })).toThrow(
      expect.objectContaining({ code: 'DATA_DAMAGED' }),
    )
  })

  // LMDB does not write pages that one transaction took and gave back: here those of rows that are put and removed.
  test('is no damage when the pages that are missing hold nothing', async () => {
    await withEnvironment(async ({ rows: { requests } }) => {
      const keys = Array.from({ length: 400 }, (_, n) => encodeKey([shard, `order/o-${n}`, 'k']))
      const value = encodeValue('x'.repeat(200))
      const write = requests.batch(() => {
        for (const key of keys) requests.put(key, value)
        for (const key of keys) requests.remove(key)
      })
      await durable(write)
    })
    const bytes = readFileSync(file)
    const lastPage = Math.max(...[0, 4_096].map((page) => Number(bytes.readBigUInt64LE(page + 24 + 120))))
    expect(statSync(file).size).toBeLessThan((lastPage + 1) * 4_096)
    expect(await openError()).toBeUndefined()
  })
})

describe('a flush', () => {
  test('that fails ends everything also when the disk does not take the mark of it', async () => {
    const told: string[] = []
    const mark = join(folder, 'flush-failed')
    await withEnvironment(async (environment) => {
      const journal = new LmdbJournal(environment, { onFatal: (cause) => told.push(cause) })
      await opened(journal)
      mkdirSync(mark)
      const { scopes } = environment.rows
      const write = scopes.ifVersion.bind(scopes)
      scopes.ifVersion = async (...args) => {
        await write(...args)
        throw new Error('EIO')
      }
      expect((await append(journal, 0)).kind).toBe('failed')
      scopes.ifVersion = write
      expect(told).toEqual(['A flush to the disk failed: EIO'])
    })
    rmdirSync(mark)
  })

  // The disk cannot be made to fail here, so the store's promise does: after the write is visible, as LMDB would.
  test('that fails ends everything: nothing is told durable, and nobody starts before a check', async () => {
    const told: string[] = []
    await withEnvironment(async (environment) => {
      const journal = new LmdbJournal(environment, { onFatal: (cause) => told.push(cause) })
      await opened(journal)
      const { scopes } = environment.rows
      const write = scopes.ifVersion.bind(scopes)
      scopes.ifVersion = async (...args) => {
        await write(...args)
        throw Object.assign(new Error('Commit failed'), { commitError: Promise.reject(new Error('EIO')) })
      }
      const outcomes = await Promise.all([append(journal, 0), append(journal, 1)])
      scopes.ifVersion = write
      expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'failed'])
      expect(told).toEqual(['A flush to the disk failed: EIO'])
      expect(await opened(journal)).toBe('failed')
    })
    const error = await openError()
    expect(error).toMatchObject({ code: 'DATA_DAMAGED' })
    expect(error?.message).toContain('a flush to the disk failed (EIO)')
    clearFlushFailed(folder)
    expect(await openError()).toBeUndefined()
  })

  // A promise of LMDB's, whose flush ends when the test says so.
  const writeWith = (isWritten: boolean) => {
    let flush = () => {}
    const flushed = new Promise<void>((done) => {
      flush = done
    })
    return { write: Object.assign(Promise.resolve(isWritten), { flushed }), flush }
  }

  test('makes a write durable: that it is visible does not', async () => {
    const { write, flush } = writeWith(true)
    const order: string[] = []
    const isDurable = durable(write).then(() => order.push('durable'))
    await write
    await new Promise(setImmediate)
    order.push('visible')
    flush()
    await isDurable
    expect(order).toEqual(['visible', 'durable'])
  })

  test('of a refused write is not waited for: it means nothing', async () => {
    expect(await durable(writeWith(false).write)).toBe(false)
  })

  test('is waited for: nothing is told before it', async () => {
    await withEnvironment(async (environment) => {
      let release = () => {}
      const held = new Promise<void>((done) => {
        release = done
      })
      const order: string[] = []
      const journal = new LmdbJournal(environment, { afterFlush: () => held })
      const witness = new LmdbJournal(environment)
      const isOpen = opened(journal).then(() => order.push('told'))
      const visible = () => new Promise<Read<unknown>>((done) => witness.readPosition(scope, done))
      while (((await visible()) as { value: unknown }).value !== 0) await new Promise(setImmediate)
      order.push('visible')
      release()
      await isOpen
      expect(order).toEqual(['visible', 'told'])
    })
  })
})

test('E1: a store that does not tell when it is flushed is not used', async () => {
  vi.resetModules()
  vi.doMock('lmdb', async (importOriginal) => {
    const lmdb = await importOriginal<typeof import('lmdb')>()
    const open = (options: object) => lmdb.open({ ...options, separateFlushed: false } as never)
    return { ...lmdb, open }
  })
  const { Environment } = await import('./environment.ts')
  await expect(Environment.open({ ...made, folder })).rejects.toThrow('Invariant E1')
  vi.doUnmock('lmdb')
})

test("the world clock's record is changed by one at a time", async () => {
  await withEnvironment(async (environment) => {
    const record = (version: number, speed: number) => ({
      anchorWorld: 1_000 as Instant,
      anchorRuntime: 5 as Instant,
      speed,
      version,
    })
    expect(readWorldClock(environment)).toBeUndefined()
    expect(
      await Promise.all([
        writeWorldClock(environment, record(1, 60)),
        writeWorldClock(environment, record(1, 30)),
      ]),
    ).toEqual([true, false])
    expect(
      await Promise.all([
        writeWorldClock(environment, record(2, 10)),
        writeWorldClock(environment, record(2, 20)),
      ]),
    ).toEqual([true, false])
    expect(readWorldClock(environment)).toEqual(record(2, 10))
  })
})

test('what a dead reader was reading does not hold up the store', async () => {
  await withEnvironment((environment) => {
    expect(environment.releaseDeadReaders()).toBe(0)
  })
})
