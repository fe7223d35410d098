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
import { goneTrimsMax, scopeLayout } from './tables.ts'
import { TurnReader } from './turns.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-turns-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let environment: Environment
let journal: LmdbJournal
const shard = 'a.0' as ShardId
const lostShard = 'a.1' as ShardId
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
      shard: name.startsWith('lost') ? lostShard : shard,
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
  const batch = { now: (expected + 1) as unknown as Instant, records: [], writes: [], trims }
  expect(await done((tell) => journal.append(scope, expected, batch, tell))).toMatchObject({
    kind: 'durable',
  })
}
const through = (last: number): Position[] => Array.from({ length: last }, (_, n) => (n + 1) as Position)

/** Through all that is there: everybody has an owner, and each vouches for what is theirs. */
function ends(reader: TurnReader, after: Marks): Marks {
  const tails = reader.tails(after, () => true).map(({ scope, witness }) => [scope, witness?.position ?? 0])
  return Object.fromEntries([...Object.entries(after), ...Object.entries(reader.trimmed()), ...tails])
}
const readOn = (reader: TurnReader, after: Marks) =>
  reader.read(after, { limit: 100, upTo: ends(reader, after) })

/** Reads to the end, so many turns a look. */
function readAll(limit: number, reader = new TurnReader(environment), after: Marks = {}, upTo?: Marks) {
  const records: JournalRecord[] = []
  let marks = after
  for (let more = true; more; ) {
    const read = reader.read(marks, { limit, upTo: upTo ?? ends(reader, marks) })
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

test('each scope that has more is vouched for by its last turn of a shard that has an owner', async () => {
  const [one, two] = [await openScope('s-1'), await openScope('s-2')]
  await write(one, 'x')
  await write(one, 'y', 'z')
  await write(one, 'lost 1')
  await write(one, 'lost 2')
  await write(two, 'lost 3')
  const reader = new TurnReader(environment)
  const witnesses = (after: Marks, isOwned: (shard: ShardId) => boolean) =>
    reader
      .tails(after, isOwned)
      .map(({ scope, witness, unowned }) => [scope, witness?.record.id, [...unowned]])
  expect(witnesses({}, () => true)).toEqual([
    [one, 'lost 2 1', []],
    [two, 'lost 3 1', []],
  ])
  expect(witnesses({}, (it) => it === shard)).toEqual([
    [one, 'z 1', [lostShard]],
    [two, undefined, [lostShard]],
  ])
  const { marks } = readAll(100)
  expect(witnesses(marks, () => true)).toEqual([])
})

test('turns that nobody vouches for are told all the same once another scope goes on from them', async () => {
  const [one, two] = [await openScope('s-1'), await openScope('s-2')]
  await write(one, 'x')
  await write(one, 'lost')
  await write(two, 'y')
  const reader = new TurnReader(environment)
  const first = reader.read({}, { limit: 100, upTo: { [one]: 1, [two]: 1 } })
  expect(namesOf(first.records)).toEqual(['x 1', 'y 1'])
  await write(two, 'lost')
  const next = reader.read(first.marks, { limit: 100, upTo: { [one]: 1, [two]: 2 } })
  expect([namesOf(next.records), next.marks]).toEqual([['lost 1', 'lost 2'], { [one]: 2, [two]: 2 }])
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
  expect(marks).toEqual({ 's-1': 2 })
})

describe('R2: turns that were trimmed before they were read', () => {
  test('are missed, and it is said once', async () => {
    const [one, keeper] = [await openScope('s-1'), await openScope('s-2')]
    await write(one, 'x')
    const reader = new TurnReader(environment)
    const { marks } = readOn(reader, {})
    await write(one, 'x')
    await write(one, 'y')
    await trim(keeper, { scope: one, positions: through(2) })
    const late = readOn(reader, marks)
    expect([namesOf(late.records), late.isCut]).toEqual([['y 1'], true])
    expect(readOn(reader, late.marks).isCut).toBe(false)
  })

  test('are no loss to one who has read them', async () => {
    const [one, keeper] = [await openScope('s-1'), await openScope('s-2')]
    await write(one, 'x')
    await write(one, 'x')
    const reader = new TurnReader(environment)
    const { marks } = readOn(reader, {})
    await trim(keeper, { scope: one, positions: through(2) })
    await write(one, 'x')
    const next = readOn(reader, marks)
    expect([namesOf(next.records), next.isCut]).toEqual([['x 3'], false])
  })

  test('are missed by a reader who begins', async () => {
    const [one, keeper] = [await openScope('s-1'), await openScope('s-2')]
    await write(one, 'x')
    expect(readOn(new TurnReader(environment), {}).isCut).toBe(false)
    await trim(keeper, { scope: one, positions: through(1) })
    expect(readOn(new TurnReader(environment), {}).isCut).toBe(true)
  })

  const read = (after: Marks) => readOn(new TurnReader(environment), after)

  test('are missed also when the whole scope went and its actors did nothing since, and it is said once', async () => {
    const [one, two] = [await openScope('s-1'), await openScope('s-2')]
    await write(one, 'x')
    const { marks } = readAll(100)
    await write(one, 'x')
    await trim(two, { scope: one, positions: through(1) })
    await trim(two, { scope: one, positions: [2 as Position], ends: true })
    const late = read(marks)
    expect([namesOf(late.records), late.isCut]).toEqual([[], true])
    expect(read(late.marks).isCut).toBe(false)
    expect(read({}).isCut).toBe(true)
    expect(read({ ...marks, 's-1': 2 }).isCut).toBe(false)
  })

  test('are missed when the row of the scope goes a look after its last turns', async () => {
    const [one, two] = [await openScope('s-1'), await openScope('s-2')]
    await write(one, 'x')
    await trim(two, { scope: one, positions: through(1) })
    await trim(two, { scope: one, positions: [], ends: true })
    expect(read({}).isCut).toBe(true)
    expect(read({ [one]: 1 }).isCut).toBe(false)
  })

  test('of a scope that went long before others are missed by what follows them', async () => {
    const [one, keeper] = [await openScope('s-1'), await openScope('s-2')]
    await write(one, 'x')
    const { marks } = readAll(100)
    await write(one, 'x')
    await trim(keeper, { scope: one, positions: through(2), ends: true })
    for (let n = 0; n < goneTrimsMax; n += 1) {
      const scope = await openScope(`gone ${n}`)
      await write(scope, `a ${n}`)
      await trim(keeper, { scope, positions: through(1), ends: true })
    }
    expect(Object.keys(new TurnReader(environment).trimmed())).toHaveLength(goneTrimsMax)
    const others = Array.from({ length: goneTrimsMax }, (_, n) => [`gone ${n}`, 1])
    const upToDate = { ...Object.fromEntries(others), ...marks }
    expect(read(upToDate).isCut).toBe(false)
    await write(keeper, 'x')
    expect(read(upToDate).isCut).toBe(true)
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
