import { beforeEach, expect, test } from 'vitest'
import { type ActorId, type Instant, keyOf, type Message } from '#actor'
import type { JournalRecord, Key, MessageId, RowStore, ShardId, Turns } from '#ports'
import { MemoryStore, type Projection, Projector, type Table } from '#projections'
import { sourceOf } from './journal.test-kit.ts'

// A projection of this test's own: what was said last, by when.
type Say = Message & { readonly word: string }
interface Row {
  readonly id: string
  readonly at: number
  readonly said: string
}
const table: Table<Row> = {
  name: 'words',
  orders: { byTime: ({ at, id }) => [at, id], byWord: ({ said, at, id }) => [said, at, id] },
}
const words = (version = 1, apply: Partial<Projection> = {}): Projection => ({
  name: 'words',
  about: 'what was said last',
  version,
  actors: ['a'],
  tables: [table] as readonly Table<never>[],
  apply: (rows, { actor, at, message }) =>
    rows.put(table, [keyOf(actor)], { id: keyOf(actor), at, said: `${(message as Say).word}` }),
  ...apply,
})
const others: Projection = { ...words(), name: 'others', about: 'the same again' }

let batches: JournalRecord[][]
let journal: string
let trimmed: number
let clock: number
let store: RowStore
beforeEach(() => {
  batches = []
  journal = 'a'
  trimmed = 0
  clock = 1_000
  store = new MemoryStore()
})

const says = (id: string, word: string, at: number): void => {
  const record = {
    shard: 's' as ShardId,
    actor: `a/${id}` as ActorId,
    sequence: 1,
    id: `${id} ${at}` as MessageId,
  }
  batches.push([{ ...record, at: at as Instant, message: { type: 'say', word } as Say, state: 'on' }])
}
const source = sourceOf(
  () => batches,
  () => journal,
  () => trimmed,
)
const open = (projections: readonly Projection[] = [words()], turnsMax = 10): Projector =>
  new Projector({ source, store, projections, turnsMax, now: () => clock })
async function caughtUp(projector: Projector): Promise<Projector> {
  while (await projector.look()) {}
  return projector
}
const idsOf = (projector: Projector, page: Partial<Parameters<Projector['page']>[2]> = {}) =>
  projector.page(words(), table, { order: 'byTime', limit: 100, ...page }).rows.map(({ id }) => id)

test('a page begins where the one before ended, both ways, and rows that come in between shift nothing', async () => {
  for (let n = 0; n < 10; n += 1) says(`${n}`, n % 2 ? 'odd' : 'even', 100 + (n >> 1))
  const projector = await caughtUp(open())
  const ways = [{}, { backwards: true }, { order: 'byWord', prefix: ['odd'] as Key, backwards: true }]
  for (const way of ways) {
    const whole = idsOf(projector, way)
    const paged: string[] = []
    let after: Key | undefined
    do {
      const page = projector.page<Row>(words(), table, {
        order: 'byTime',
        ...way,
        limit: 3,
        ...(after && { after }),
      })
      expect(page.rows.length).toBeLessThanOrEqual(3)
      paged.push(...page.rows.map(({ id }) => id))
      after = page.next
      says(`new ${whole} ${paged}`, 'odd', 1)
      says(`late ${whole} ${paged}`, 'odd', 9_999)
      await caughtUp(projector)
    } while (after !== undefined)
    expect(paged.filter((id) => /^\d/.test(id))).toEqual(whole.filter((id) => /^\d/.test(id)))
  }
})

test('a page has what lies from an instant until before another, and what fits', async () => {
  for (let n = 0; n < 10; n += 1) says(`${n}`, n % 2 ? 'odd' : 'even', 100 + n)
  const projector = await caughtUp(open())
  expect(idsOf(projector, { from: 102, to: 105 })).toEqual(['2', '3', '4'])
  expect(idsOf(projector, { from: 102, to: 105, backwards: true })).toEqual(['4', '3', '2'])
  const { rows, next } = projector.page<Row>(words(), table, {
    order: 'byTime',
    limit: 2,
    fits: ({ said }) => said === 'odd',
  })
  expect([rows.map(({ id }) => id), next]).toEqual([
    ['1', '3'],
    [103, '3'],
  ])
})

test('a row that changes leaves its old place in every order', async () => {
  says('x', 'first', 100)
  const projector = await caughtUp(open())
  says('x', 'second', 200)
  await caughtUp(projector)
  expect(idsOf(projector)).toEqual(['x'])
  expect(idsOf(projector, { order: 'byWord', prefix: ['first'] })).toEqual([])
  expect(idsOf(projector, { order: 'byWord', prefix: ['second'] })).toEqual(['x'])
})

test('the lag is the time since all that was there was in; asOf is the world time of the last turn', async () => {
  const projector = open()
  expect(projector.freshness()).toEqual({ lagMs: 0 })
  says('x', 'a', 777)
  await caughtUp(projector)
  clock += 40
  expect(projector.freshness()).toEqual({ asOf: 777, lagMs: 40 })
  await caughtUp(projector)
  expect(projector.freshness()).toEqual({ asOf: 777, lagMs: 0 })
  for (let n = 0; n < 30; n += 1) says(`${n}`, 'b', 800 + n)
  clock += 100
  expect(await projector.look()).toBe(true)
  expect(projector.freshness()).toEqual({ asOf: 809, lagMs: 100 })
})

test('a look that does not succeed publishes nothing, and the next one does', async () => {
  says('x', 'a', 1)
  let isDown = true
  const flaky: typeof source = {
    turns: (...asked) => (isDown ? Promise.reject(new Error('nobody vouches')) : source.turns(...asked)),
  }
  const projector = new Projector({ source: flaky, store, projections: [words()], now: () => clock })
  await expect(projector.look()).rejects.toThrow('nobody vouches')
  clock += 5_000
  expect(idsOf(projector)).toEqual([])
  expect(projector.freshness().lagMs).toBe(5_000)
  isDown = false
  await caughtUp(projector)
  expect(idsOf(projector)).toEqual(['x'])
})

test('a shard that waits is late alone, as are the projections of actors that live there', async () => {
  says('x', 'a', 1)
  let waiting: NonNullable<Turns['waiting']> = [{ shard: 's.0' as ShardId, types: ['a', 'b'] }]
  const held: typeof source = { turns: async (...asked) => ({ ...(await source.turns(...asked)), waiting }) }
  const elsewhere: Projection = { ...words(), name: 'elsewhere', actors: ['c'] }
  const projections = [words(), elsewhere]
  const projector = await caughtUp(new Projector({ source: held, store, projections, now: () => clock }))
  clock += 5_000
  await caughtUp(projector)
  expect(projector.waiting).toEqual([{ shard: 's.0', lagMs: 5_000 }])
  expect([words(), elsewhere].map((of) => projector.freshness(of).lagMs)).toEqual([5_000, 0])
  expect(projector.freshness().lagMs).toBe(5_000)
  waiting = []
  await caughtUp(projector)
  expect([projector.waiting, projector.freshness().lagMs]).toEqual([[], 0])
})

test('another journal begins with empty tables', async () => {
  says('x', 'a', 1)
  const projector = await caughtUp(open())
  batches = []
  journal = 'b'
  says('y', 'a', 2)
  await caughtUp(projector)
  expect(idsOf(projector)).toEqual(['y'])
  expect(projector.turns).toBe(1)
  expect(idsOf(await caughtUp(open()))).toEqual(['y'])
})

test('a projection of another version is built anew, and meanwhile the others go on', async () => {
  for (let n = 0; n < 30; n += 1) says(`${n}`, 'a', n)
  await caughtUp(open([words(1), others]))
  const projector = open([words(2), others])
  await projector.look()
  expect(projector.view().map(({ name, state }) => `${name} ${state}`)).toEqual([
    'words building',
    'others live',
  ])
  says('more', 'a', 100)
  await caughtUp(projector)
  expect(projector.view().map(({ state }) => state)).toEqual(['live', 'live'])
  expect(idsOf(projector)).toHaveLength(31)
  expect(idsOf(await caughtUp(open([words(2), others])))).toHaveLength(31)
})

test('R4: a projection that fails on a turn stops alone and says where, and one that is mended is built anew', async () => {
  says('x', 'a', 1)
  const apply: Projection['apply'] = (rows, record) => {
    if ((record.message as Say).word === 'poison') throw new Error('I cannot fold this')
    words().apply(rows, record)
  }
  const projector = await caughtUp(open([words(1, { apply }), others]))
  says('y', 'poison', 2)
  says('z', 'a', 3)
  await caughtUp(projector)
  expect(projector.view()[0]).toMatchObject({ state: 'failed', problem: 'turn 1 of a/y: I cannot fold this' })
  expect(projector.page(others, table, { order: 'byTime', limit: 9 }).rows).toHaveLength(3)
  expect(idsOf(projector)).toEqual([])
  // As it is it would fail again, and says so.
  projector.rebuild(['words'], {})
  await caughtUp(projector)
  expect(projector.view()[0]).toMatchObject({ state: 'failed', rebuild: { state: 'failed' } })
  const mended = await caughtUp(open([words(), others]))
  expect(idsOf(mended)).toEqual(['x', 'y', 'z'])
})

test('R3: while it is rebuilt the old copy is served, and a difference is told with both rows', async () => {
  for (let n = 0; n < 40; n += 1) says(`${n}`, 'a', n)
  let projector = await caughtUp(open())
  const row = { id: '7', at: 7, said: 'from nowhere' }
  await store.commit([
    { key: ['words.a', 'words', '', '7'], row },
    { key: ['words.a', 'words', '', '12'] },
    { key: ['words.a', 'words', '', 'ghost'], row },
  ])
  projector = open()
  projector.rebuild(['words'], { verify: true })
  await projector.look()
  expect(projector.view()[0]?.rebuild).toMatchObject({ state: 'reading', turns: 10 })
  expect(projector.row(words(), table, ['7'])).toEqual(row)
  await caughtUp(projector)
  expect(projector.view()[0]?.rebuild).toEqual({
    state: 'done',
    verify: true,
    acceptLoss: false,
    turns: 40,
    notKept: 0,
    differences: {
      count: 3,
      missing: 1,
      first: [
        'words 12: was undefined, is {"id":"12","at":12,"said":"a"}',
        'words 7: was {"id":"7","at":7,"said":"from nowhere"}, is {"id":"7","at":7,"said":"a"}',
        'words ghost: was {"id":"7","at":7,"said":"from nowhere"}, is undefined',
      ],
    },
  })
  // It was only to be compared.
  expect(projector.row(words(), table, ['7'])).toEqual(row)
  projector.rebuild(['words'], {})
  await caughtUp(projector)
  expect(projector.row(words(), table, ['7'])).toMatchObject({ said: 'a' })
  projector.rebuild(['words'], { verify: true })
  await caughtUp(projector)
  expect(projector.view()[0]?.rebuild).toMatchObject({ differences: { count: 0 } })
  const kept = store.range({ start: ['words'], end: ['x'] }, { limit: 1_000 }).map(([[copy]]) => copy)
  expect(new Set(kept)).toEqual(new Set(['words.b']))
})

test('R5: from a cut journal nothing is replaced that would be lost, unless that is accepted', async () => {
  for (let n = 0; n < 40; n += 1) says(`${n}`, 'a', n)
  says('39', 'b', 50)
  const projector = await caughtUp(open())
  // Twelve ids are gone with their only turn, and one turn of an id that has another.
  batches = batches.map((batch, n) => (n < 12 || n === 39 ? [] : batch))
  const rebuilt = async (wish: Parameters<Projector['rebuild']>[1]) => {
    projector.rebuild(['words'], wish)
    await caughtUp(projector)
    return projector.view()[0]
  }
  expect(await rebuilt({ verify: true })).toMatchObject({
    state: 'live',
    rebuild: { state: 'done', turns: 28, notKept: 13, differences: { count: 12, missing: 12 } },
  })
  expect(idsOf(projector)).toHaveLength(40)
  expect(await rebuilt({})).toMatchObject({
    state: 'live',
    rebuild: {
      state: 'refused',
      problem: '13 turns are not in the journal any more: 12 rows would be lost and 0 would change',
    },
  })
  expect(idsOf(projector)).toHaveLength(40)
  const kept = store.range({ start: ['words'], end: ['x'] }, { limit: 1_000 }).map(([[copy]]) => copy)
  expect(new Set(kept), 'what was refused is removed').toEqual(new Set(['words.a']))
  // It goes on with what comes, and may be asked again.
  says('new', 'a', 60)
  await caughtUp(projector)
  expect(idsOf(projector)).toHaveLength(41)
  expect(await rebuilt({ acceptLoss: true })).toMatchObject({
    state: 'live',
    rebuild: { state: 'done', notKept: 13, differences: { missing: 12 } },
  })
  expect(idsOf(projector)).toHaveLength(29)
})

test('R5: a cut that no row shows is no reason to refuse', async () => {
  says('x', 'a', 1)
  says('x', 'b', 2)
  const projector = await caughtUp(open())
  batches = batches.with(0, [])
  projector.rebuild(['words'], {})
  await caughtUp(projector)
  expect(projector.view()[0]?.rebuild).toMatchObject({
    state: 'done',
    notKept: 1,
    differences: { count: 0 },
  })
})

test('R7: turns that were trimmed before they were read fail every projection, and it takes the loss to go on', async () => {
  for (let n = 0; n < 20; n += 1) says(`${n}`, 'a', n)
  const projector = await caughtUp(open())
  for (let n = 20; n < 30; n += 1) says(`${n}`, 'a', n)
  trimmed = 25
  await caughtUp(projector)
  expect(projector.view()[0]).toMatchObject({
    state: 'failed',
    problem: 'turns were trimmed from the journal before they were read',
  })
  // Neither by itself nor in another process is it built of what is left.
  for (const later of [projector, await caughtUp(open())]) {
    later.rebuild(['words'], {})
    await caughtUp(later)
    expect(later.view()[0]).toMatchObject({ state: 'failed', rebuild: { state: 'refused', notKept: 20 } })
    expect(idsOf(later)).toEqual([])
  }
  const mended = await caughtUp(open())
  mended.rebuild(['words'], { acceptLoss: true })
  await caughtUp(mended)
  expect(mended.view()[0]).toMatchObject({ state: 'live', isCut: true })
  expect(idsOf(mended)).toEqual(['25', '26', '27', '28', '29'])
})

test('R7: who begins with a journal that was cut says so, also after a restart', async () => {
  for (let n = 0; n < 40; n += 1) says(`${n}`, 'a', n)
  expect((await caughtUp(open())).view()[0]).not.toHaveProperty('isCut')
  store = new MemoryStore()
  trimmed = 15
  expect((await caughtUp(open())).view()[0]).toMatchObject({ state: 'live', isCut: true })
  expect((await caughtUp(open())).view()[0]).toMatchObject({ state: 'live', isCut: true })
  // Nothing is lost by building it once more.
  const projector = open()
  projector.rebuild(['words'], {})
  await caughtUp(projector)
  expect(projector.view()[0]).toMatchObject({ isCut: true, rebuild: { state: 'done', notKept: 0 } })
})

test('R5: what has no copy to compare with is not built of a cut journal either, unless the loss is accepted', async () => {
  for (let n = 0; n < 40; n += 1) says(`${n}`, 'a', n)
  await caughtUp(open([words(1), others]))
  trimmed = 12
  let projector = await caughtUp(open([words(2), others]))
  const refused = {
    state: 'failed',
    problem: '12 turns are not in the journal any more, and what they made would be missing',
    rebuild: { state: 'refused', notKept: 12 },
  }
  expect(projector.view()).toMatchObject([refused, { state: 'live' }])
  says('new', 'a', 60)
  projector = await caughtUp(open([words(2), others]))
  expect(projector.view()).toMatchObject([refused, { state: 'live' }])
  projector.rebuild(['words'], { acceptLoss: true })
  await caughtUp(projector)
  expect(projector.view()).toMatchObject([{ state: 'live', isCut: true }, { state: 'live' }])
  expect(idsOf(projector)).toHaveLength(29)
})

// Of a table whose rows end with the word `over`.
const ending: Table<Row> = {
  ...table,
  orders: { ...table.orders, byEnd: ({ said, at, id }) => (said === 'over' ? [at, id] : undefined) },
  leavesBy: 'byEnd',
}
const endings = words(1, {
  tables: [ending] as readonly Table<never>[],
  apply: (rows, { actor, at, message }) =>
    rows.put(ending, [keyOf(actor)], { id: keyOf(actor), at, said: `${(message as Say).word}` }),
})
const keeping = (keptMs: number): Projector =>
  new Projector({ source, store, projections: [endings], turnsMax: 10, keptMs, now: () => clock })

test('R8: what ended long ago leaves every order, and what has not ended stays', async () => {
  for (let n = 0; n < 20; n += 1) says(`${n}`, n % 2 ? 'over' : 'open', n * 1_000)
  const projector = await caughtUp(keeping(10))
  expect(projector.freshness().keptFrom).toBe(9_000)
  const left = ['1', '3', '5', '7']
  const all = Array.from({ length: 20 }, (_, n) => `${n}`)
  expect(idsOf(projector)).toEqual(all.filter((id) => !left.includes(id)))
  expect(idsOf(projector, { order: 'byWord', prefix: ['over'] })).not.toContain('7')
  for (const id of left) expect(projector.row(words(), ending, [id])).toBeUndefined()
  const rows = store.range({ start: ['words.a'], end: ['words.b'] }, { limit: 1_000 })
  // A row, its time and its word; and of those that have ended that they have.
  expect(rows).toHaveLength(16 * 3 + 6)
})

test('R8: more than a page of them leaves look by look, and turns go on meanwhile', async () => {
  for (let n = 0; n < 1_200; n += 1) says(`${n}`, 'over', 1_000)
  await caughtUp(keeping(10))
  says('late', 'open', 1_000_000)
  const projector = keeping(10)
  expect(await projector.look()).toBe(true)
  expect(idsOf(projector, { backwards: true })).toContain('late')
  expect(projector.page(words(), ending, { order: 'byTime', limit: 2_000 }).rows).toHaveLength(701)
  await caughtUp(projector)
  expect(idsOf(projector)).toEqual(['late'])
})

test('R8: a rebuild finds what was there: of what has left nothing, also when it is kept for longer from now on', async () => {
  for (let n = 0; n < 20; n += 1) says(`${n}`, n % 3 ? 'over' : 'open', n * 1_000)
  await caughtUp(keeping(10))
  for (const keptMs of [10, 1_000]) {
    const projector = await caughtUp(keeping(keptMs))
    const before = idsOf(projector)
    projector.rebuild(['words'], {})
    await caughtUp(projector)
    expect(projector.view()[0]).toMatchObject({
      state: 'live',
      rebuild: { state: 'done', turns: 20, differences: { count: 0 } },
    })
    expect(idsOf(projector)).toEqual(before)
    expect(projector.freshness().keptFrom).toBe(9_000)
  }
})

test('R8: when rows leave before their turns do, a rebuild from a cut journal loses none, and takes its place', async () => {
  for (let n = 0; n < 20; n += 1) says(`${n}`, 'over', n * 1_000)
  const projector = await caughtUp(keeping(10))
  batches = batches.map((batch, n) => (n < 9 ? [] : batch))
  projector.rebuild(['words'], {})
  await caughtUp(projector)
  expect(projector.view()[0]).toMatchObject({
    state: 'live',
    rebuild: { state: 'done', notKept: 9, differences: { count: 0 } },
  })
})

test('turns that come while it is rebuilt are in both copies', async () => {
  for (let n = 0; n < 40; n += 1) says(`${n}`, 'a', n)
  const projector = await caughtUp(open())
  projector.rebuild(['words'], {})
  for (let n = 0; await projector.look(); n += 1) if (n < 20) says(`new ${n}`, 'b', 100 + n)
  expect(projector.view()[0]?.rebuild).toMatchObject({ state: 'done', differences: { count: 0 } })
  await caughtUp(projector)
  expect(batches.length).toBeGreaterThan(43)
  expect(idsOf(projector)).toHaveLength(batches.length)
})

test('a process that ends in the middle of a rebuild goes on with the old copy', async () => {
  for (let n = 0; n < 40; n += 1) says(`${n}`, 'a', n)
  let projector = await caughtUp(open())
  projector.rebuild(['words'], {})
  await projector.look()
  await projector.look()
  projector = await caughtUp(open())
  expect(idsOf(projector)).toHaveLength(40)
  projector.rebuild(['words'], {})
  await caughtUp(projector)
  expect(projector.view()[0]?.rebuild).toMatchObject({ state: 'done', differences: { count: 0 } })
})

test('a projection that there is not is not rebuilt', () => {
  expect(open().rebuild(['words', 'none'], { verify: false })).toBe(false)
})

test('rows that are not what was written are thrown away, and read again from the journal', async () => {
  for (let n = 0; n < 3; n += 1) says(`${n}`, 'a', n)
  const projector = await caughtUp(open())
  const get = store.get.bind(store)
  store.get = (key) => {
    if (key[3] === '1') throw new Error('its checksum is wrong')
    return get(key)
  }
  expect(() => idsOf(projector)).toThrow('checksum')
  store.get = get
  await caughtUp(projector)
  expect(idsOf(projector)).toEqual(['0', '1', '2'])
  expect(projector.turns).toBe(3)
})
