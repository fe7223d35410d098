import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type ActorId, draw, type Instant } from '#actor'
import type {
  Epoch,
  JournalRecord,
  Marks,
  MessageId,
  NodeId,
  Position,
  RecordPlace,
  ScopeId,
  ShardId,
  Trim,
} from '#ports'
import { encodeValue } from './codec.ts'
import { Environment } from './environment.ts'
import { LmdbJournal } from './journal.ts'
import { encodeKey } from './key.ts'
import { scopeLayout } from './tables.ts'
import { TurnReader } from './turns.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-turns-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let environment: Environment
let journal: LmdbJournal
const shard = 'a.0' as ShardId
let positions: Map<ScopeId, number>
let last: Map<ActorId, { place: RecordPlace; sequence: number }>

beforeEach(async () => {
  environment = await Environment.open({
    folder: mkdtempSync(join(folder, 'data-')),
    departments: { a: 1 },
    hashVersion: 1,
  })
  journal = new LmdbJournal(environment)
  positions = new Map()
  last = new Map()
  return () => environment.close()
})

const done = <T>(ask: (done: (outcome: T) => void) => void): Promise<T> =>
  new Promise((resolve) => ask(resolve))
const openScope = async (name: string): Promise<ScopeId> => {
  const scope = name as ScopeId
  await done((tell) => journal.open(scope, 'n' as NodeId, tell))
  positions.set(scope, 0)
  return scope
}

/** One batch: a turn of each of these actors. */
async function write(scope: ScopeId, ...actors: readonly string[]): Promise<void> {
  const expected = positions.get(scope) as Position
  const position = (expected + 1) as Position
  positions.set(scope, position)
  const records = actors.map((name, index): JournalRecord => {
    const actor = `a/${name}` as ActorId
    const before = last.get(actor)
    const sequence = (before?.sequence ?? 0) + 1
    last.set(actor, { place: [scope, position, index], sequence })
    return {
      shard,
      actor,
      sequence,
      at: position as unknown as Instant,
      id: `${name} ${sequence}` as MessageId,
      message: { type: 'go' },
      state: 'on',
      ...(before && { previous: before.place }),
    }
  })
  const batch = { now: 1 as Instant, records, writes: [] }
  const outcome = await done((tell) => journal.append(scope, expected, batch, tell))
  expect(outcome).toMatchObject({ kind: 'durable' })
}

/** What is trimmed goes with a batch of this scope, which has no turns. */
async function trim(scope: ScopeId, ...trims: readonly Trim[]): Promise<void> {
  const expected = positions.get(scope) as Position
  positions.set(scope, expected + 1)
  const batch = { now: 1 as Instant, records: [], writes: [], trims }
  expect(await done((tell) => journal.append(scope, expected, batch, tell))).toMatchObject({
    kind: 'durable',
  })
}
const through = (last: number): Position[] => Array.from({ length: last }, (_, n) => (n + 1) as Position)

/** Reads to the end, so many turns a look. */
function readAll(limit: number, reader = new TurnReader(environment), after: Marks = {}, upTo?: Marks) {
  const records: JournalRecord[] = []
  let marks = after
  for (let more = true; more; ) {
    const read = reader.read(marks, { limit, ...(upTo && { upTo }) })
    records.push(...read.records)
    marks = read.marks
    more = read.more
  }
  return { records, marks }
}
const namesOf = (records: readonly JournalRecord[]): readonly string[] => records.map(({ id }) => id)

test('what an actor did under its first owner is read before what it did under the next', async () => {
  // By name the new owner's scope comes first.
  const [older, newer] = [await openScope('s-b'), await openScope('s-a')]
  await write(older, 'x', 'y')
  await write(older, 'x')
  await write(newer, 'x')
  await write(newer, 'z', 'y')
  expect(namesOf(readAll(100).records)).toEqual(['x 1', 'y 1', 'x 2', 'x 3', 'z 1', 'y 2'])
  expect(namesOf(readAll(1).records)).toEqual(['x 1', 'y 1', 'x 2', 'x 3', 'z 1', 'y 2'])
})

test('T1: however actors change hands and however much is read at once, each turn comes once and in order', async () => {
  for (let round = 0; round < 8; round += 1) {
    const scopes = await Promise.all(
      [0, 1, 2, 3].map((n) => openScope(`r${round} ${(n * 7 + round) % 4} ${n}`)),
    )
    for (let n = 0; n < 40; n += 1) {
      const scope = scopes[Math.floor(draw(round, 'scope', n) * 4)] as ScopeId
      const actors = new Set([0, 1, 2].map((k) => `${Math.floor(draw(round, `actor ${k}`, n) * 6)}`))
      await write(scope, ...actors)
    }
  }
  const all = readAll(10_000).records
  for (const limit of [1, 3, 10, 77]) {
    const { records } = readAll(limit)
    const seen = new Map<ActorId, number>()
    for (const { actor, sequence } of records) {
      expect(sequence).toBe((seen.get(actor) ?? 0) + 1)
      seen.set(actor, sequence)
    }
    expect(new Set(namesOf(records))).toEqual(new Set(namesOf(all)))
    expect(records.length).toBe(all.length)
  }
  expect(all.length).toBeGreaterThan(500)
})

test('a look up to earlier marks ends there, and the next one goes on from them', async () => {
  const [one, two] = [await openScope('s-1'), await openScope('s-2')]
  await write(one, 'x')
  await write(two, 'x', 'y')
  const { marks } = readAll(100)
  await write(one, 'x')
  await write(two, 'y')
  const until = readAll(1, new TurnReader(environment), {}, marks)
  expect(namesOf(until.records)).toEqual(['x 1', 'x 2', 'y 1'])
  expect(until.marks).toEqual(marks)
  expect(namesOf(readAll(100, new TurnReader(environment), marks).records)).toEqual(['x 3', 'y 2'])
})

test('each scope that was read from is vouched for by its last turn', async () => {
  const [one, two] = [await openScope('s-1'), await openScope('s-2')]
  await write(one, 'x')
  await write(one, 'y', 'z')
  await write(two, 'w')
  const { lasts, marks } = new TurnReader(environment).read({}, { limit: 100 })
  expect(namesOf(lasts)).toEqual(['z 1', 'w 1'])
  expect(new TurnReader(environment).read(marks, { limit: 100 }).lasts).toEqual([])
})

test('a scope that was sealed is read to its end, and what it has is read again by a reader who begins anew', async () => {
  const [old, taker] = [await openScope('s-1'), await openScope('s-2')]
  await done((tell) => journal.acquire(shard, 0 as Epoch, old, tell))
  await write(old, 'x')
  await write(old, 'y')
  await done((tell) => journal.acquire(shard, 1 as Epoch, taker, tell))
  const reader = new TurnReader(environment)
  const first = readAll(1, reader)
  expect(namesOf(first.records)).toEqual(['x 1', 'y 1'])
  await write(taker, 'x')
  expect(namesOf(readAll(10, reader, first.marks).records)).toEqual(['x 2'])
  expect(namesOf(readAll(10, reader).records)).toEqual(['x 1', 'y 1', 'x 2'])
})

test('batches without turns do not hold up a reader', async () => {
  const scope = await openScope('s-1')
  await write(scope)
  await write(scope, 'x')
  await write(scope)
  const { records, marks } = readAll(10)
  expect(namesOf(records)).toEqual(['x 1'])
  expect(marks).toEqual({ 's-1': 3 })
})

describe('R2: turns that were trimmed before they were read', () => {
  test('are missed, and it is said once', async () => {
    const [one, keeper] = [await openScope('s-1'), await openScope('s-2')]
    await write(one, 'x')
    const reader = new TurnReader(environment)
    const { marks } = reader.read({}, { limit: 100 })
    await write(one, 'x')
    await write(one, 'y')
    await trim(keeper, { scope: one, positions: through(2) })
    const late = reader.read(marks, { limit: 100 })
    expect([namesOf(late.records), late.isCut]).toEqual([['y 1'], true])
    expect(reader.read(late.marks, { limit: 100 }).isCut).toBe(false)
  })

  test('are no loss to one who has read them', async () => {
    const [one, keeper] = [await openScope('s-1'), await openScope('s-2')]
    await write(one, 'x')
    await write(one, 'x')
    const reader = new TurnReader(environment)
    const { marks } = reader.read({}, { limit: 100 })
    await trim(keeper, { scope: one, positions: through(2) })
    await write(one, 'x')
    const next = reader.read(marks, { limit: 100 })
    expect([namesOf(next.records), next.isCut]).toEqual([['x 3'], false])
  })

  test('are missed by a reader who begins', async () => {
    const [one, keeper] = [await openScope('s-1'), await openScope('s-2')]
    await write(one, 'x')
    expect(new TurnReader(environment).read({}, { limit: 100 }).isCut).toBe(false)
    await trim(keeper, { scope: one, positions: through(1) })
    expect(new TurnReader(environment).read({}, { limit: 100 }).isCut).toBe(true)
  })

  test('are missed also when the whole scope went, by what followed them', async () => {
    const [one, two] = [await openScope('s-1'), await openScope('s-2')]
    await write(one, 'x')
    const { marks } = readAll(100)
    await write(one, 'x')
    await trim(two, { scope: one, positions: through(2), ends: true })
    await write(two, 'x')
    const read = (after: Marks) => new TurnReader(environment).read(after, { limit: 100 })
    expect([namesOf(read(marks).records), read(marks).isCut]).toEqual([['x 3'], true])
    expect(read({}).isCut).toBe(true)
    expect(read({ ...marks, 's-1': 2 }).isCut).toBe(false)
  })
})

test('a scope whose row went and that comes back is read on from where it was', async () => {
  const [one, two] = [await openScope('s-1'), await openScope('s-2')]
  await write(one, 'x')
  await write(one, 'y')
  const first = readAll(100)
  // Its owner has not noticed yet: what it still writes is refused, and what it had written is there.
  await environment.rows.scopes.remove(encodeKey([one]))
  await write(two, 'z')
  const gone = readAll(100, new TurnReader(environment), first.marks)
  await environment.rows.scopes.put(
    encodeKey([one]),
    encodeValue(scopeLayout.toStored({ node: 'n' as NodeId })),
    2,
  )
  const back = readAll(100, new TurnReader(environment), gone.marks)
  expect([namesOf(gone.records), namesOf(back.records)]).toEqual([['z 1'], []])
})
