import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AcquireOutcome, AppendOutcome, Position, Read, ShardRows, ShardView } from '#ports'
import { Environment } from './environment.ts'
import { LmdbJournal } from './journal.ts'

const fixture = fileURLToPath(new URL('../fixtures/journal-process.mjs', import.meta.url))
const made = { departments: { orders: 64 }, hashVersion: 1 }

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

let folder: string
const children: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-processes-'))
})
afterEach(async () => {
  await Promise.all(children.splice(0).map(kill))
  rmSync(folder, { recursive: true })
})

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** A process with a journal, in the way of a promise for each of its calls. */
class JournalProcess {
  readonly child: ChildProcess
  #calls = 0
  readonly #answers = new Map<number, (outcome: never) => void>()

  private constructor(child: ChildProcess) {
    this.child = child
    children.push(child)
    child.on('message', ({ n, outcome }: { n?: number; outcome: never }) => {
      if (n !== undefined) this.#answers.get(n)?.(outcome)
    })
  }

  static async start(child = fork(fixture, [folder], { execArgv: [] })): Promise<JournalProcess> {
    const started = new JournalProcess(child)
    await once(child, 'message')
    return started
  }

  call<Outcome>(call: string, ...args: readonly unknown[]): Promise<Outcome> {
    this.#calls += 1
    const n = this.#calls
    return new Promise((answer) => {
      this.#answers.set(n, answer as never)
      this.child.send({ call, args, n })
    })
  }
}

const mark = (from: string, value: number) => ({ table: 'inbox', key: ['orders.1', from], value })
const batch = (...writes: readonly object[]) => ({ now: 1, records: [], writes })

describe('two processes on one store', () => {
  test('that acquire at one epoch: one is refused, for new shards and for those of a dead node', async () => {
    const [one, two] = await Promise.all([JournalProcess.start(), JournalProcess.start()])
    await Promise.all([one.call('open', 'a', 'node-1'), two.call('open', 'b', 'node-2')])
    await one.call('open', 'dead', 'node-3')
    const shards = Array.from({ length: 30 }, (_, n) => `orders.${n}`)
    for (const shard of shards.slice(15)) await one.call('acquire', shard, 0, 'dead')

    for (const [n, shard] of shards.entries()) {
      const expected = n < 15 ? 0 : 1
      const outcomes = await Promise.all([
        one.call<AcquireOutcome>('acquire', shard, expected, 'a'),
        two.call<AcquireOutcome>('acquire', shard, expected, 'b'),
      ])
      const winner = outcomes.findIndex(({ kind }) => kind === 'acquired')
      expect(outcomes[winner]).toMatchObject({ kind: 'acquired', epoch: expected + 1 })
      expect(outcomes[1 - winner]).toMatchObject({
        kind: 'refused',
        row: { shard, epoch: expected + 1, scope: winner === 0 ? 'a' : 'b' },
      })
    }
    expect(await one.call('readPosition', 'dead')).toEqual({ kind: 'found', value: 'sealed' })
  })

  test('one takes over while the other writes: what the other was told is all that is there', async () => {
    const [one, two] = await Promise.all([JournalProcess.start(), JournalProcess.start()])
    await Promise.all([one.call('open', 'a', 'node-1'), two.call('open', 'b', 'node-2')])
    await one.call('acquire', 'orders.1', 0, 'a')
    const told: AppendOutcome[] = []
    let taken: Promise<AcquireOutcome> | undefined
    const refused = new Promise<void>((done) => {
      one.child.on('message', ({ outcome }: { outcome: AppendOutcome }) => {
        told.push(outcome)
        if (told.length === 20) taken = two.call('acquire', 'orders.1', 1, 'b')
        if (outcome.kind !== 'durable') done()
      })
    })
    one.child.send({ call: 'flood', args: ['a', 'orders.1', 30] })
    await refused
    expect(await taken).toEqual({ kind: 'acquired', epoch: 2, clean: false, now: 0 })

    const { value: rows } = await two.call<{ value: ShardRows }>('readShard', 'orders.1', 100)
    const durable = told.filter(({ kind }) => kind === 'durable').length
    expect(durable).toBeGreaterThanOrEqual(20)
    expect(new Set(rows.inbox.map(([, value]) => value))).toEqual(new Set([durable]))
    expect(await two.call('append', 'b', 0, batch(mark('x', 1)))).toEqual({ kind: 'durable', position: 1 })
  })
})

// A writer is killed at a moment that nobody chose, with two batches under way. Method: kill it on the n-th answer,
// for several n, and look from another process.
describe('a process that is killed while it appends', () => {
  for (const answers of [1, 2, 7, 30, 100]) {
    test(`on answer ${answers}: whole batches are there, and all that it was told`, async () => {
      const environment = await Environment.open({ ...made, folder })
      const witness = new LmdbJournal(environment)
      const writer = await JournalProcess.start()
      await writer.call('open', 'a', 'node-1')
      await writer.call('acquire', 'orders.1', 0, 'a')

      let last = 0
      const killed = new Promise<void>((done) => {
        writer.child.on('message', ({ outcome }: { outcome: AppendOutcome }) => {
          if (outcome.kind === 'durable') last = outcome.position
          if (last === answers) void kill(writer.child).then(done)
        })
      })
      writer.child.send({ call: 'flood', args: ['a', 'orders.1', 200] })
      await killed

      const position = await found<Position>((done) => witness.readPosition('a' as never, done as never))
      const rows = await found<ShardRows>((done) => witness.readShard('orders.1' as never, 100, done))
      expect(position).toBeGreaterThanOrEqual(last)
      expect(rows.inbox).toHaveLength(200)
      expect(new Set(rows.inbox.map(([, value]) => value))).toEqual(new Set([position]))

      // And the lock that it may have held holds up nobody.
      await new Promise((done) => witness.open('b' as never, 'node-2' as never, done))
      const taken = await new Promise((done) =>
        witness.acquire('orders.1' as never, 1 as never, 'b' as never, done),
      )
      expect(taken).toMatchObject({ kind: 'acquired', epoch: 2, clean: false })
      await environment.close()
    })
  }
})

function found<T>(read: (done: (read: Read<T>) => void) => void): Promise<T> {
  return new Promise((done, fail) =>
    read((answer) => (answer.kind === 'found' ? done(answer.value) : fail(new Error(answer.cause)))),
  )
}

// LMDB begins a new read transaction with each turn of the event loop, which hides a read that forgets to: here another
// process writes within one turn.
test('W2: a read sees what another process has written since the last one, without a pause between them', async () => {
  const environment = await Environment.open({ ...made, folder })
  const journal = new LmdbJournal(environment)
  const lmdb = new URL('../../../dist/runtime/live/lmdb/index.js', import.meta.url)
  const taking = `
    import { Environment, LmdbJournal } from ${JSON.stringify(lmdb)}
    const environment = await Environment.open(${JSON.stringify({ ...made, folder })})
    const journal = new LmdbJournal(environment)
    await new Promise((done) => journal.open('a', 'node-1', done))
    await new Promise((done) => journal.acquire('orders.1', 0, 'a', done))
    await environment.close()`
  const before = found<readonly ShardView[]>((done) => journal.readShards(done))
  execFileSync(process.execPath, ['--input-type=module', '--eval', taking])
  const since = found<readonly ShardView[]>((done) => journal.readShards(done))
  expect(await before).toEqual([])
  expect((await since).map(({ row }) => row.shard)).toEqual(['orders.1'])
  await environment.close()
})

// A file may not grow beyond a limit that the shell sets: to LMDB that is a full disk.
test('a full disk: nothing of the batch is stored, and the process lives to say so', async () => {
  await (await Environment.open({ ...made, folder })).close()
  const limited = spawn('sh', ['-c', `ulimit -f 2000; exec "$0" "$@"`, process.execPath, fixture, folder], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const writer = await JournalProcess.start(limited)
  await writer.call('open', 'a', 'node-1')
  const big = (n: number) =>
    batch(mark('n', n), {
      table: 'requests',
      key: ['orders.1', 'order/o', `k-${n}`],
      value: { fingerprint: 'f', at: 1, outcome: 'x'.repeat(100_000) },
    })
  let position = 0
  let outcome: AppendOutcome
  do {
    outcome = await writer.call<AppendOutcome>('append', 'a', position, big(position + 1))
    if (outcome.kind === 'durable') position = outcome.position
  } while (outcome.kind === 'durable' && position < 100)

  expect(outcome).toEqual({ kind: 'full' })
  expect(position).toBeGreaterThan(0)
  expect(await writer.call('readPosition', 'a')).toEqual({ kind: 'found', value: position })
  const { value: rows } = await writer.call<{ value: ShardRows }>('readShard', 'orders.1', 100)
  expect(rows.inbox).toEqual([['n', position]])
})
