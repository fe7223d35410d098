import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Message } from '#actor'
import { order, payment, paymentRef, ticket } from '#actors'
import { Machine } from '#kernel'
import type { JournalRecord, RowStore, ScopeId } from '#ports'
import {
  accountTable,
  entryTable,
  kpiProjection,
  kpiTable,
  ledgerProjection,
  MemoryRows,
  MemoryStore,
  ordersProjection,
  orderTable,
  Projector,
  paymentTable,
  projections,
  ticketTable,
} from '#projections'
import { evening, historyOf, Stage, sourceOf, type Told, type Written } from './journal.test-kit.ts'

const machines = new Map([order, payment, ticket].map((type) => [type.type, new Machine(type)]))
const history = historyOf(machines)

const batchesOf = (written: Written) => written.map(([, , records]) => records)

/** All rows of all projections, without where the reader stands. */
const tablesOf = (store: RowStore) =>
  store.range({ start: ['\u0002'], end: ['\uffff'] }, { limit: 100_000 }).map(([[copy, ...key], row]) => {
    return { key: [String(copy).replace(/\.[ab]$/, ''), ...key].join(' '), row }
  })

async function folded(batches: readonly (readonly JournalRecord[])[], keptMs: number) {
  const store = new MemoryStore()
  const projector = new Projector({
    source: sourceOf(() => batches),
    store,
    projections,
    keptMs,
    turnsMax: 1_000_000,
  })
  while (await projector.look()) {}
  return tablesOf(store)
}

/** Another order in which they may be read: any in which every batch comes after those that its turns follow. */
function interleaved(written: Written, picks: readonly number[]): readonly (readonly JournalRecord[])[] {
  const scopes = new Map<ScopeId, Written[number][]>()
  for (const batch of written) scopes.set(batch[0], [...(scopes.get(batch[0]) ?? []), batch])
  const read: (readonly JournalRecord[])[] = []
  const take = (scope: ScopeId, through: number): void => {
    const queue = scopes.get(scope) ?? []
    for (let head = queue[0]; head !== undefined && head[1] <= through; head = queue[0]) {
      for (const { previous } of head[2])
        if (previous && previous[0] !== scope) take(previous[0], previous[1])
      queue.shift()
      read.push(head[2])
    }
  }
  for (let n = 0; ; n += 1) {
    const open = [...scopes].filter(([, queue]) => queue.length > 0)
    const [scope, queue] = open[(picks[n % picks.length] ?? 0) % Math.max(1, open.length)] ?? []
    if (scope === undefined || queue?.[0] === undefined) return read
    take(scope, queue[0][1])
  }
}

/** From nothing to longer than any of these evenings, on the world clock. */
const keptMs = fc.constantFrom(0, 60_000, 3_600_000, 10 * 3_600_000, 1_000 * 3_600_000)

test('P1, P3: any order among actors, any split into looks and any restart give the same tables', async () => {
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.array(fc.nat(3), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 30 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
      keptMs,
      async (written, picks, turnsMax, restarts, keptMs) => {
        const expected = await folded(batchesOf(written), keptMs)
        const batches = interleaved(written, picks)
        expect(batches.flat().length).toBe(batchesOf(written).flat().length)
        const store = new MemoryStore()
        const source = sourceOf(() => batches)
        const open = () => new Projector({ source, store, projections, turnsMax, keptMs })
        let projector = open()
        for (let n = 0; await projector.look(); n += 1) if (restarts[n % restarts.length]) projector = open()
        expect(tablesOf(store)).toEqual(expected)
        expect(expected.length).toBeGreaterThan(0)
      },
    ),
    { numRuns: 60 },
  )
})

test('a rebuild of any history gives the tables that were there', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.integer({ min: 1, max: 30 }), keptMs, async (written, turnsMax, keptMs) => {
      const batches = batchesOf(written)
      const store = new MemoryStore()
      const source = sourceOf(() => batches)
      const projector = new Projector({ source, store, projections, turnsMax, keptMs })
      while (await projector.look()) {}
      const before = tablesOf(store)
      const names = projections.map(({ name }) => name)
      expect(projector.rebuild(names, { verify: false })).toBe(true)
      while (await projector.look()) {}
      for (const { rebuild } of projector.view())
        expect(rebuild).toMatchObject({ state: 'done', differences: { count: 0 } })
      expect(tablesOf(store)).toEqual(before)
    }),
    { numRuns: 30 },
  )
})

function played(...nights: Parameters<typeof evening>[]): MemoryRows {
  const stage = new Stage(machines)
  for (const night of nights) {
    for (const [actor, message] of evening(...night)) {
      stage.now = (stage.now + 60_000_000) as typeof stage.now
      stage.tell(actor, message)
    }
  }
  const rows = new MemoryRows()
  for (const record of stage.records)
    for (const { actors, apply } of projections)
      if (actors.includes(record.actor.split('/')[0] as string)) apply(rows, record)
  return rows
}

test('orders end as their actors say, with the reason and what was missing', () => {
  const rows = played(
    ['a', 'completed', 2, 'ada'],
    ['b', 'sold out', 1],
    ['c', 'declined', 1],
    ['d', 'paid and refunded', 1],
  )
  const shown = (id: string) => rows.get(orderTable, [id])
  expect(shown('a')).toMatchObject({ state: 'completed', guest: 'ada', total: 2_100, reason: null })
  expect(shown('a')?.endedAt).not.toBeNull()
  expect(shown('b')).toMatchObject({
    state: 'rejected',
    guest: null,
    reason: 'insufficient-stock',
    shortages: [{ ingredient: 'tomato', needed: 2, free: 1 }],
  })
  expect(shown('c')).toMatchObject({ state: 'rejected', reason: 'card-declined' })
  expect(shown('d')).toMatchObject({ state: 'cancelled', reason: 'words of a guest' })
})

test('an order that was revised is listed as it is now, and one that was not with what was missing', () => {
  const stage = new Stage(machines)
  const items = [{ dish: 'margherita-pizza', quantity: 2, price: 1_150 }]
  const promisedAt = Date.UTC(2026, 4, 1, 20) * 1_000
  const shortages = [{ ingredient: 'flour', needed: 2, free: 1 }]
  for (const [id, answer] of [
    ['a', { type: 'reservation.revised' }],
    ['b', { type: 'reservation.kept', shortages }],
  ] as const) {
    const [[actor, placed], [, held]] = evening(id, 'completed', 1) as [Told, Told]
    const { token, ...unpaid } = placed as Message & { token: string }
    const revise = { type: 'order.revise', items, needs: [], total: 2_300, promisedAt }
    for (const message of [unpaid, held, revise, answer]) stage.tell(actor, message as Message)
  }
  const rows = new MemoryRows()
  for (const record of stage.records) ordersProjection.apply(rows, record)
  const [a, b] = [rows.get(orderTable, ['a']), rows.get(orderTable, ['b'])]
  expect(a).toMatchObject({ state: 'paying', items, total: 2_300, promisedAt, shortages: [] })
  expect(b).toMatchObject({ state: 'paying', items: [{ dish: 'caprese' }], total: 1_050, shortages })
})

test('no row holds the token of a payment', () => {
  const rows = played(['a', 'completed', 2], ['b', 'declined', 1])
  const tables = [orderTable, paymentTable, ticketTable, kpiTable, entryTable].map((table) => [
    ...rows.all(table as typeof orderTable),
  ])
  expect(tables.every((table) => table.length > 0)).toBe(true)
  expect(JSON.stringify(tables)).not.toContain('tok_')
})

test('payments say what was taken and given back, and the ledger adds up to them', () => {
  const rows = played(
    ['a', 'completed', 2],
    ['b', 'declined', 1],
    ['c', 'paid and refunded', 3],
    ['d', 'given up', 1],
  )
  expect(rows.get(paymentTable, ['a'])).toMatchObject({ state: 'settled', captured: 2_100, refunded: 0 })
  expect(rows.get(paymentTable, ['b'])).toMatchObject({
    state: 'declined',
    captured: 0,
    reason: 'card-declined',
  })
  expect(rows.get(paymentTable, ['c'])).toMatchObject({ state: 'refunded', captured: 3_150, refunded: 3_150 })
  const [provider, guests, revenue] = ['provider', 'guests', 'revenue'].map((account) =>
    rows.get(accountTable, [account]),
  )
  expect(provider).toEqual({ account: 'provider', debits: 2_100 + 3_150 + 1_050, credits: 3_150 + 1_050 })
  expect(revenue).toEqual({ account: 'revenue', debits: 0, credits: 2_100 })
  // L2: nothing is open.
  expect(guests?.debits).toBe(guests?.credits)
  expect([...rows.all(entryTable)].map(({ order, kind, amount }) => `${order} ${kind} ${amount}`)).toEqual([
    'a captured 2100',
    'a earned 2100',
    'c captured 3150',
    'c refunded 3150',
    'd captured 1050',
    'd refunded 1050',
  ])
})

test('what is given back before the order is complete was owed, and what is given back later was earned', () => {
  const stage = new Stage(machines)
  const give = (refund: string, refunded: number): void => {
    stage.tell(paymentRef('a'), { type: 'payment.refund', refund, amount: 500 } as Message)
    const result = { status: 'captured', captured: 2_100, refunded }
    stage.tell(paymentRef('a'), { type: 'call.done', call: `provider.refund ${refund}`, result } as Message)
    stage.tell(paymentRef('a'), { type: 'payment.news', ...result } as Message)
  }
  const whole = evening('a', 'completed', 2)
  const paid = whole.findIndex(([, { type }]) => type === 'reservation.committed')
  for (const [actor, message] of whole.slice(0, paid)) stage.tell(actor, message)
  give('early', 500)
  for (const [actor, message] of whole.slice(paid)) stage.tell(actor, message)
  give('late', 1_000)
  const rows = new MemoryRows()
  for (const record of stage.records)
    if (record.actor.startsWith('payment/')) ledgerProjection.apply(rows, record)
  const entries = [...rows.all(entryTable)].map(({ kind, debit, amount }) => `${kind} ${debit} ${amount}`)
  expect(entries).toEqual([
    'captured provider 2100',
    'refunded guests 500',
    'earned guests 1600',
    'refunded revenue 500',
  ])
})

test('a ticket has its times, and only one that is open waits for its promise', () => {
  const rows = played(['a', 'completed', 1], ['b', 'still cooking', 1], ['c', 'cancelled while cooking', 1])
  const a = rows.get(ticketTable, ['a'])
  expect(a).toMatchObject({ state: 'plated', items: [{ dish: 'caprese', quantity: 1 }] })
  const times = [a?.openedAt, a?.startedAt, a?.platingAt, a?.endedAt] as number[]
  expect(times).toEqual(times.toSorted((x, y) => x - y))
  expect(new Set(times).size).toBe(4)
  const open = ['a', 'b', 'c'].filter((id) => {
    const row = rows.get(ticketTable, [id])
    return row !== undefined && ticketTable.orders.byPromise?.(row) !== undefined
  })
  expect(open).toEqual(['b'])
})

test('an hour adds up orders, ends by reason, money and times, and what a guest wrote is no reason', () => {
  const rows = played(
    ['a', 'completed', 2],
    ['b', 'sold out', 1],
    ['c', 'paid and refunded', 1],
    ['d', 'still cooking', 1],
  )
  const hours = [...rows.all(kpiTable)]
  const sum = (of: (row: (typeof hours)[number]) => number) =>
    hours.reduce((total, row) => total + of(row), 0)
  expect([sum((h) => h.placed), sum((h) => h.converted), sum((h) => h.completed)]).toEqual([4, 1, 1])
  expect([sum((h) => h.rejected), sum((h) => h.cancelled), sum((h) => h.expired)]).toEqual([1, 1, 0])
  expect(sum((h) => h.revenue)).toBe(2_100)
  expect(sum((h) => h.tickets)).toBe(1)
  expect(sum((h) => h.ticketUs)).toBeGreaterThan(sum((h) => h.cookingUs))
  expect(sum((h) => h.cookingUs)).toBeGreaterThan(0)
  expect(Object.assign({}, ...hours.map((h) => h.reasons))).toEqual({
    'rejected insufficient-stock': 1,
    'cancelled other': 1,
  })
})

test('P2: turns of an actor whose beginning is not there change nothing', () => {
  const stage = new Stage(machines)
  for (const [actor, message] of evening('a', 'cancelled while cooking', 1)) stage.tell(actor, message)
  const rows = new MemoryRows()
  const late = stage.records.filter(({ sequence, events = [] }) => sequence > 1 && events.length === 0)
  expect(late.length).toBeGreaterThan(5)
  for (const record of late)
    for (const { actors, apply } of projections)
      if (actors.includes(record.actor.split('/')[0] as string)) apply(rows, record)
  for (const { tables } of [...projections, kpiProjection, ledgerProjection])
    for (const table of tables) expect([...rows.all(table)]).toEqual([])
})
