/**
 * What every journal must do, whatever it writes on.
 *
 * Owns:     the meaning of J1 to J7 and of the tables, as tests. An adapter's own test calls `journalContract`.
 * Does not: look behind the port. What only one store can do wrong is tested beside that store.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ActorId, Instant } from '#actor'
import type {
  AcquireOutcome,
  ActorRows,
  AppendOutcome,
  Batch,
  Envelope,
  Epoch,
  Expired,
  Journal,
  JournalRecord,
  MailboxRow,
  MessageId,
  NodeId,
  Ordinal,
  Position,
  Read,
  RecordPlace,
  RequestPlace,
  ScopeId,
  ShardId,
  ShardRow,
  ShardRows,
  ShardView,
  SnapshotRow,
  TombstonePage,
  Trim,
  Write,
} from '#ports'
import { keyBytes, keyBytesMax } from '#ports'

export interface JournalUnderTest {
  /** A port of its own, as another process would have. */
  port(node: NodeId): Journal
  /** Every process ends and what was not durable is lost. Old ports are dead; new ones see what is left. */
  losePower(): Promise<void>
  close(): Promise<void>
}

const node1 = 'node-1' as NodeId
const node2 = 'node-2' as NodeId
const scopeA = 'node-1.a' as ScopeId
const scopeB = 'node-2.b' as ScopeId
const scopeC = 'node-1.c' as ScopeId
const shard = 'orders.1' as ShardId
const otherShard = 'orders.10' as ShardId
const actor = 'order/o-1' as ActorId
const none = 0 as Position
const unowned = 0 as Epoch

const at = (n: number): Instant => n as Instant
const epoch = (n: number): Epoch => n as Epoch
const position = (n: number): Position => n as Position
const ordinal = (n: number): Ordinal => n as Ordinal
const place = (n: number, index = 0): RecordPlace => [scopeA, position(n), index]

const batch = (...writes: readonly Write[]): Batch => ({ now: at(1), records: [], writes })
const mark = (from: string, value: number): Write => ({ table: 'inbox', key: [shard, from], value })

const envelope = (id: string): Envelope => ({
  id: id as MessageId,
  to: actor,
  message: { type: 'order.accept' },
  from: 'user/u-1' as ActorId,
  trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
})

const record = (sequence: number, previous?: RecordPlace): JournalRecord => ({
  shard,
  actor,
  sequence,
  at: at(sequence * 1_000_000_000_000),
  id: `m-${sequence}` as MessageId,
  message: { type: 'order.accept', ...{ note: 'crème brûlée, 2×', amounts: [1, -2, 0.5, 2 ** 40] } },
  state: { paying: 'waiting' },
  ...(previous && { previous }),
})

const snapshot = (version: number, last: RecordPlace): SnapshotRow => ({
  id: actor,
  status: 'live',
  state: ['3', { paying: 'waiting' }, 'user/u-1', null, [{ item: 'soup', n: 2 }], true, 12.5],
  version,
  generation: 2,
  at: at(1_700_000_000_000_000),
  last,
})

const shardRow = (of: { epoch: number; scope: ScopeId; released?: boolean; now?: number }): ShardRow => ({
  shard,
  epoch: epoch(of.epoch),
  scope: of.scope,
  node: of.scope === scopeB ? node2 : node1,
  released: of.released ?? false,
  now: at(of.now ?? 0),
})

/** A port whose answers are promises, so that a test reads from top to bottom. */
class Asked {
  readonly journal: Journal

  constructor(journal: Journal) {
    this.journal = journal
  }

  open(scope: ScopeId, node: NodeId): Promise<string> {
    return new Promise((done) => this.journal.open(scope, node, ({ kind }) => done(kind)))
  }

  append(scope: ScopeId, expected: number, of: Batch): Promise<AppendOutcome> {
    return new Promise((done) => this.journal.append(scope, position(expected), of, done))
  }

  acquire(of: ShardId, expected: number, scope: ScopeId): Promise<AcquireOutcome> {
    return new Promise((done) => this.journal.acquire(of, epoch(expected), scope, done))
  }

  shards(): Promise<readonly ShardView[]> {
    return found((done) => this.journal.readShards(done))
  }

  shard(of: ShardId = shard, mailboxWindow = 100): Promise<ShardRows> {
    return found((done) => this.journal.readShard(of, mailboxWindow, done))
  }

  mailbox(numbers: readonly number[]): Promise<ShardRows['mailbox']> {
    return found((done) => this.journal.readMailbox(shard, numbers, done))
  }

  actor(of: ActorId = actor): Promise<ActorRows> {
    return found((done) => this.journal.readActor(shard, of, done))
  }

  requests(page: { after?: RequestPlace; limit: number }): Promise<readonly RequestPlace[]> {
    return found((done) => this.journal.readRequests(shard, page, done))
  }

  position(scope: ScopeId): Promise<Position | 'sealed'> {
    return found((done) => this.journal.readPosition(scope, done))
  }

  expired(before: number, limit = 100): Promise<Expired> {
    return found((done) => this.journal.readExpired({ before: at(before), limit }, done))
  }

  tombstones(page: { after?: Ordinal; limit: number }): Promise<TombstonePage> {
    return found((done) => this.journal.readTombstones(shard, page, done))
  }

  history(page: { before?: RecordPlace; limit: number }): Promise<readonly JournalRecord[]> {
    return found((done) => this.journal.readHistory(shard, actor, page, done))
  }
}

function found<T>(read: (done: (read: Read<T>) => void) => void): Promise<T> {
  return new Promise((done, fail) =>
    read((answer) => (answer.kind === 'found' ? done(answer.value) : fail(new Error(answer.cause)))),
  )
}

const durable = (n: number): AppendOutcome => ({ kind: 'durable', position: position(n) })
const sealed = { kind: 'sealed' } as const
const emptyShard: ShardRows = {
  mailbox: [],
  beyond: [],
  outbox: [],
  inbox: [],
  channels: [],
  timers: [],
  calls: [],
  asks: [],
}

/** A row of every table that a batch writes, for one actor. */
const oneOfEach: readonly Write[] = [
  { table: 'actors', key: [actor], value: { shard, ordinal: ordinal(7), createdBy: 'k-1' } },
  { table: 'snapshots', key: [shard, 7], value: snapshot(1, place(1)) },
  { table: 'mailbox', key: [shard, 4], value: { envelope: envelope('m-4'), attempts: 1, notBefore: at(9) } },
  { table: 'outbox', key: [shard, 'pantry.2', 12], value: envelope('m-5') },
  { table: 'inbox', key: [shard, 'till.3'], value: 41 },
  { table: 'channels', key: [shard, 'pantry.2'], value: 12 },
  {
    table: 'timers',
    key: [shard, 7, 'patience'],
    value: { actor, generation: 2, clock: 'world', at: at(5), message: { type: 'order.late' } },
  },
  {
    table: 'calls',
    key: [shard, 7, 'authorize'],
    value: {
      actor,
      generation: 2,
      handler: 'payments.authorize',
      args: { amount: 1150, nested: [{ a: null }] },
      key: 'order/o-1#1',
      deadline: at(99),
      attemptsMax: 3,
    },
  },
  {
    table: 'asks',
    key: [shard, 7, 'stock'],
    value: { actor, question: 'm-1' as MessageId, deadline: at(77) },
  },
  {
    table: 'requests',
    key: [shard, actor, 'k-1'],
    value: { fingerprint: 'f', at: at(3), outcome: { kind: 'done', state: null } },
  },
  {
    table: 'meta',
    key: ['shard', shard],
    value: {
      nextOrdinal: 8,
      versions: { order: '3' },
      siblings: { 'line/1': [actor] },
      escalations: [at(1)],
      poisons: [],
      quarantined: false,
    },
  },
]

const rowsOf = <T extends Write['table']>(table: T) => {
  const write = oneOfEach.find((one): one is Extract<Write, { table: T }> => one.table === table)
  return write?.value as NonNullable<Extract<Write, { table: T }>['value']>
}

const shardOfEach: ShardRows = {
  state: rowsOf('meta'),
  mailbox: [[4, rowsOf('mailbox')]],
  beyond: [],
  outbox: [['pantry.2' as ShardId, 12, rowsOf('outbox')]],
  inbox: [['till.3' as ShardId, 41]],
  channels: [['pantry.2' as ShardId, 12]],
  timers: [[ordinal(7), 'patience', rowsOf('timers')]],
  calls: [[ordinal(7), 'authorize', rowsOf('calls')]],
  asks: [[ordinal(7), 'stock', rowsOf('asks')]],
}

export function journalContract(name: string, open: () => Promise<JournalUnderTest>): void {
  describe(`${name} is a journal`, () => {
    let store: JournalUnderTest
    let one: Asked
    let two: Asked

    beforeEach(async () => {
      store = await open()
      one = new Asked(store.port(node1))
      two = new Asked(store.port(node2))
      await one.open(scopeA, node1)
      await two.open(scopeB, node2)
    })
    afterEach(() => store.close())

    describe('J1: a position grows by one per accepted batch', () => {
      test('and each batch is told its own', async () => {
        expect(await one.position(scopeA)).toBe(0)
        for (const n of [1, 2, 3])
          expect(await one.append(scopeA, n - 1, batch(mark('a', n)))).toEqual(durable(n))
        expect(await one.position(scopeA)).toBe(3)
      })

      test('scopes count for themselves', async () => {
        await one.append(scopeA, 0, batch())
        expect(await two.append(scopeB, 0, batch())).toEqual(durable(1))
      })

      for (const [what, expected] of [
        ['the one before it', 0],
        ['one that is not yet there', 2],
      ] as const) {
        test(`a batch that follows ${what} is refused`, async () => {
          await one.append(scopeA, 0, batch(mark('a', 1)))
          expect(await one.append(scopeA, expected, batch(mark('a', 2)))).toEqual(sealed)
          expect(await one.position(scopeA)).toBe(1)
        })
      }

      test('a scope that was never opened takes no batch', async () => {
        expect(await one.append(scopeC, 0, batch(mark('a', 1)))).toEqual(sealed)
        expect((await one.shard()).inbox).toEqual([])
      })

      test('a scope is opened once', async () => {
        await one.append(scopeA, 0, batch())
        expect(await one.open(scopeA, node1)).toBe('failed')
        expect(await two.open(scopeA, node1)).toBe('failed')
        expect(await one.position(scopeA)).toBe(1)
      })
    })

    describe('J2: nothing of a refused batch is stored', () => {
      test('of no table', async () => {
        const refused = { ...batch(...oneOfEach), records: [record(1)] }
        expect(await one.append(scopeA, 3, refused)).toEqual(sealed)
        expect(await one.shard()).toEqual(emptyShard)
        expect(await one.actor()).toEqual({ requests: [] })
      })

      test('nor is what it would have removed', async () => {
        await one.append(scopeA, 0, batch(...oneOfEach))
        await one.append(scopeA, 0, batch(...oneOfEach.map(({ table, key }) => ({ table, key }) as Write)))
        expect(await one.shard()).toEqual(shardOfEach)
      })

      const cyclic: { self?: unknown } = {}
      cyclic.self = cyclic
      for (const [what, outcome] of [
        ['a value that refers to itself', cyclic],
        ['a symbol', Symbol('no')],
        ['an integer beyond 64 bits', 2n ** 70n],
      ] as const) {
        test(`a batch with ${what} is unstorable as a whole, and the scope can be left for another`, async () => {
          const bad: Write = {
            table: 'requests',
            key: [shard, actor, 'k'],
            value: { fingerprint: 'f', at: at(1), outcome },
          }
          expect((await one.append(scopeA, 0, batch(mark('a', 1), bad))).kind).toBe('unstorable')
          expect(await one.shard()).toEqual(emptyShard)

          await one.open(scopeC, node1)
          expect(await one.append(scopeC, 0, batch(mark('a', 1)))).toEqual(durable(1))
        })
      }

      const longest = 'k'.repeat(keyBytesMax - keyBytes([shard, 7, '']))
      const ask = (id: string): Write => ({
        table: 'asks',
        key: [shard, 7, id],
        value: { actor, question: 'm-1' as MessageId, deadline: at(1) },
      })

      test('a key may be as long as the limit', async () => {
        expect(await one.append(scopeA, 0, batch(ask(longest)))).toEqual(durable(1))
        expect((await one.shard()).asks).toEqual([[7, longest, { actor, question: 'm-1', deadline: 1 }]])
      })

      const badKeys: readonly (readonly [string, Write])[] = [
        ['longer than the limit', ask(`${longest}k`)],
        ['with NUL in it', ask('a\0b')],
        ['with a fraction in it', { table: 'snapshots', key: [shard, 0.5], value: snapshot(1, place(1)) }],
        [
          'with a negative number in it',
          { table: 'snapshots', key: [shard, -1], value: snapshot(1, place(1)) },
        ],
      ]
      for (const [what, write] of badKeys) {
        test(`a batch with a key ${what} is unstorable as a whole`, async () => {
          expect((await one.append(scopeA, 0, batch(mark('a', 1), write))).kind).toBe('unstorable')
          expect(await one.shard()).toEqual(emptyShard)
        })
      }
    })

    test('J3: `done` is called once, after the call has returned', async () => {
      const called: string[] = []
      const { journal } = one
      journal.append(scopeA, none, batch(), () => called.push('append'))
      journal.append(scopeC, none, batch(), () => called.push('refused append'))
      journal.acquire(shard, unowned, scopeA, () => called.push('acquire'))
      journal.open(scopeA, node1, () => called.push('open'))
      journal.readShards(() => called.push('shards'))
      journal.readShard(shard, 1, () => called.push('shard'))
      journal.readMailbox(shard, [1], () => called.push('mailbox'))
      journal.readActor(shard, actor, () => called.push('actor'))
      journal.readPosition(scopeA, () => called.push('position'))
      journal.readHistory(shard, actor, { limit: 1 }, () => called.push('history'))
      journal.readExpired({ before: at(1), limit: 1 }, () => called.push('expired'))
      journal.readTombstones(shard, { limit: 1 }, () => called.push('tombstones'))
      expect(called).toEqual([])

      await one.append(scopeA, 1, batch())
      await one.acquire(otherShard, 0, scopeA)
      await one.position(scopeA)
      expect(called.toSorted()).toEqual(
        [
          'acquire',
          'actor',
          'append',
          'expired',
          'history',
          'mailbox',
          'open',
          'position',
          'refused append',
          'shard',
          'shards',
          'tombstones',
        ].toSorted(),
      )
    })

    describe('J4: of two acquires at one epoch at most one is accepted, and it seals the old owner', () => {
      test('the first acquire makes the row, at epoch 1', async () => {
        expect(await one.acquire(shard, 0, scopeA)).toEqual({
          kind: 'acquired',
          epoch: 1,
          clean: true,
          now: 0,
        })
        expect(await one.shards()).toEqual([
          { row: shardRow({ epoch: 1, scope: scopeA }), sealed: false, versions: {} },
        ])
      })

      test('a row that is not there has no epoch but 0', async () => {
        expect(await one.acquire(shard, 1, scopeA)).toEqual({ kind: 'refused' })
        expect(await one.shards()).toEqual([])
      })

      for (const [what, prepare] of [
        ['a shard that nobody has had', async () => 0],
        [
          'a shard of a dead node',
          async () => {
            await one.open(scopeC, node1)
            await one.acquire(shard, 0, scopeC)
            return 1
          },
        ],
      ] as const) {
        test(`two race for ${what}: one wins, the other is shown the row`, async () => {
          const expected = await prepare()
          const outcomes = await Promise.all([
            one.acquire(shard, expected, scopeA),
            two.acquire(shard, expected, scopeB),
          ])
          const [view] = await one.shards()
          expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['acquired', 'refused'])
          expect(outcomes.find(({ kind }) => kind === 'refused')).toEqual({ kind: 'refused', row: view?.row })
          expect(view?.row.epoch).toBe(expected + 1)
          expect(view?.row.scope).toBe(outcomes[0].kind === 'acquired' ? scopeA : scopeB)
        })
      }

      test('the old owner can write no more, to no shard', async () => {
        await one.acquire(shard, 0, scopeA)
        await one.acquire(otherShard, 0, scopeA)
        await one.append(scopeA, 0, batch(mark('a', 1)))

        expect(await two.acquire(shard, 1, scopeB)).toMatchObject({
          kind: 'acquired',
          epoch: 2,
          clean: false,
        })
        expect(await one.position(scopeA)).toBe('sealed')
        expect(await one.append(scopeA, 1, batch(mark('a', 2)))).toEqual(sealed)
        expect(await one.append(scopeA, 2, batch(mark('a', 3)))).toEqual(sealed)
        expect((await two.shard()).inbox).toEqual([['a', 1]])
        expect((await two.shards()).map(({ row, sealed }) => [row.shard, row.scope, sealed])).toEqual([
          [shard, scopeB, false],
          [otherShard, scopeA, true],
        ])
      })

      test('batches in flight at that moment are told durable or refused, and stored accordingly', async () => {
        await one.acquire(shard, 0, scopeA)
        const appended = [1, 2, 3].map((n) => one.append(scopeA, n - 1, batch(mark(`${n}`, n))))
        const taken = two.acquire(shard, 1, scopeB)
        const outcomes = await Promise.all(appended)
        expect((await taken).kind).toBe('acquired')
        const accepted = outcomes.filter(({ kind }) => kind === 'durable').length
        expect(outcomes).toEqual([1, 2, 3].map((n) => (n <= accepted ? durable(n) : sealed)))
        expect((await two.shard()).inbox.length).toBe(accepted)
      })

      test('a sealed scope acquires nothing', async () => {
        await one.acquire(shard, 0, scopeA)
        await two.acquire(shard, 1, scopeB)
        expect(await one.acquire(otherShard, 0, scopeA)).toEqual(sealed)
        expect(await one.acquire(shard, 2, scopeA)).toEqual(sealed)
        expect(await two.position(scopeB)).toBe(0)
        expect(await two.shards()).toEqual([
          { row: shardRow({ epoch: 2, scope: scopeB }), sealed: false, versions: {} },
        ])
      })

      test('a scope that was never opened acquires nothing', async () => {
        expect(await one.acquire(shard, 0, scopeC)).toEqual(sealed)
        expect(await one.shards()).toEqual([])
      })

      test('a node takes its shard from an older incarnation of itself, and seals that', async () => {
        await one.acquire(shard, 0, scopeA)
        await one.open(scopeC, node1)
        expect(await one.acquire(shard, 1, scopeC)).toMatchObject({
          kind: 'acquired',
          epoch: 2,
          clean: false,
        })
        expect(await one.append(scopeA, 0, batch())).toEqual(sealed)
        expect(await one.append(scopeC, 0, batch())).toEqual(durable(1))
      })

      test('a scope that takes its own shard again is not sealed by that', async () => {
        await one.acquire(shard, 0, scopeA)
        expect(await one.acquire(shard, 1, scopeA)).toMatchObject({ kind: 'acquired', epoch: 2, clean: true })
        expect(await one.append(scopeA, 0, batch())).toEqual(durable(1))
      })

      test('an acquire at an epoch that has passed is refused', async () => {
        await one.acquire(shard, 0, scopeA)
        expect(await two.acquire(shard, 0, scopeB)).toEqual({
          kind: 'refused',
          row: shardRow({ epoch: 1, scope: scopeA }),
        })
        expect(await one.append(scopeA, 0, batch())).toEqual(durable(1))
      })
    })

    describe('a release', () => {
      const release = (now: number): Write => ({
        table: 'shards',
        key: [shard],
        value: { ...shardRow({ epoch: 1, scope: scopeA, released: true, now }), heir: node2 },
      })

      test('is a batch of the owner, and the next acquire at the same epoch is clean and seals nobody', async () => {
        await one.acquire(shard, 0, scopeA)
        expect(await one.append(scopeA, 0, batch(release(5)))).toEqual(durable(1))
        expect(await two.shards()).toEqual([
          {
            row: { ...shardRow({ epoch: 1, scope: scopeA, released: true, now: 5 }), heir: node2 },
            sealed: false,
            versions: {},
          },
        ])
        expect(await two.acquire(shard, 1, scopeB)).toEqual({
          kind: 'acquired',
          epoch: 2,
          clean: true,
          now: 5,
        })
        expect(await one.append(scopeA, 1, batch())).toEqual(durable(2))
        expect(await two.shards()).toEqual([
          { row: shardRow({ epoch: 2, scope: scopeB, now: 5 }), sealed: false, versions: {} },
        ])
      })

      test('by a sealed scope changes nothing', async () => {
        await one.acquire(shard, 0, scopeA)
        await two.acquire(shard, 1, scopeB)
        expect(await one.append(scopeA, 0, batch(release(5)))).toEqual(sealed)
        expect(await two.shards()).toEqual([
          { row: shardRow({ epoch: 2, scope: scopeB }), sealed: false, versions: {} },
        ])
      })

      test('that races with an acquire leaves one owner, and seals only one that had not released', async () => {
        await one.acquire(shard, 0, scopeA)
        const [released, acquired] = await Promise.all([
          one.append(scopeA, 0, batch(release(5))),
          two.acquire(shard, 1, scopeB),
        ])
        expect(acquired).toMatchObject({ kind: 'acquired', epoch: 2, clean: released.kind === 'durable' })
        expect(await one.position(scopeA)).toBe(released.kind === 'durable' ? 1 : 'sealed')
      })
    })

    describe('an acquirer is told the latest world time that the shard has seen', () => {
      const turn = (now: number): Batch => ({ now: at(now), records: [record(1)], writes: [] })

      test('from the last batch of the owner that it seals', async () => {
        await one.acquire(shard, 0, scopeA)
        await one.append(scopeA, 0, turn(500))
        expect(await two.acquire(shard, 1, scopeB)).toMatchObject({ now: 500 })
      })

      test('from a batch that was in flight when it took over', async () => {
        await one.acquire(shard, 0, scopeA)
        const appended = one.append(scopeA, 0, turn(500))
        const acquired = await two.acquire(shard, 1, scopeB)
        expect(acquired).toMatchObject({ now: (await appended).kind === 'durable' ? 500 : 0 })
      })

      test('through an owner that wrote nothing', async () => {
        await one.acquire(shard, 0, scopeA)
        await one.append(scopeA, 0, turn(500))
        await two.acquire(shard, 1, scopeB)
        await one.open(scopeC, node1)
        expect(await one.acquire(shard, 2, scopeC)).toMatchObject({ now: 500 })
        await two.open('node-2.d' as ScopeId, node2)
        expect(await two.acquire(shard, 3, 'node-2.d' as ScopeId)).toMatchObject({ now: 500 })
      })
    })

    test('J5: what was told durable survives the loss of power, in whole batches', async () => {
      await one.acquire(shard, 0, scopeA)
      for (let n = 1; n <= 5; n += 1) {
        expect(await one.append(scopeA, n - 1, batch(mark('a', n), mark('b', n)))).toEqual(durable(n))
      }
      // Nobody waits for these: they may survive, but only whole and in order.
      one.journal.append(scopeA, position(5), batch(mark('a', 6), mark('b', 6)), () => {})
      one.journal.append(scopeA, position(6), batch(mark('a', 7), mark('b', 7)), () => {})
      await store.losePower()

      two = new Asked(store.port(node2))
      const survived = await two.position(scopeA)
      expect(survived).toBeGreaterThanOrEqual(5)
      expect((await two.shard()).inbox).toEqual([
        ['a', survived],
        ['b', survived],
      ])
      expect(await two.open(scopeC, node2)).toBe('opened')
      expect(await two.acquire(shard, 1, scopeC)).toMatchObject({ kind: 'acquired', epoch: 2 })
    })

    describe('J6: appends of one scope are answered in order', () => {
      test('as they were submitted', async () => {
        const answered: number[] = []
        const all = Array.from({ length: 20 }, (_, n) =>
          one.append(scopeA, n, batch(mark('a', n))).then(() => answered.push(n)),
        )
        await Promise.all(all)
        expect(answered).toEqual(Array.from({ length: 20 }, (_, n) => n))
      })

      test('after one is refused, so are all, even one that would fit', async () => {
        const outcomes = await Promise.all([
          one.append(scopeA, 0, batch(mark('a', 1))),
          one.append(scopeA, 7, batch(mark('b', 1))),
          one.append(scopeA, 1, batch(mark('c', 1))),
        ])
        expect(outcomes).toEqual([durable(1), sealed, sealed])
        expect(await one.append(scopeA, 1, batch(mark('d', 1)))).toEqual(sealed)
        expect((await one.shard()).inbox).toEqual([['a', 1]])
      })

      test('after one was unstorable, so are all', async () => {
        const bad = batch({ table: 'snapshots', key: [shard, -1], value: snapshot(1, place(1)) })
        const outcomes = await Promise.all([
          one.append(scopeA, 0, batch(mark('a', 1))),
          one.append(scopeA, 1, bad),
          one.append(scopeA, 1, batch(mark('c', 1))),
        ])
        expect(outcomes.map(({ kind }) => kind)).toEqual(['durable', 'unstorable', 'unstorable'])
        expect((await one.shard()).inbox).toEqual([['a', 1]])
      })
    })

    test('J7: a read sees what was told before it began, whoever wrote it', async () => {
      for (let n = 1; n <= 5; n += 1) {
        await one.append(scopeA, n - 1, batch(mark('a', n)))
        expect((await two.shard()).inbox).toEqual([['a', n]])
        expect(await two.position(scopeA)).toBe(n)
      }
      await one.acquire(shard, 0, scopeA)
      expect((await two.shards()).map(({ row }) => row.scope)).toEqual([scopeA])
    })

    describe('J8: what is trimmed is gone with the batch that says so, and nothing else is', () => {
      const turn = (now: number, sequence: number, previous?: number): Batch => ({
        now: at(now),
        records: [record(sequence, previous === undefined ? undefined : place(previous))],
        writes: [{ table: 'snapshots', key: [shard, 7], value: snapshot(sequence, place(sequence)) }],
      })
      const trim = (...trims: readonly Trim[]): Batch => ({ ...batch(), trims })
      const positions = (...of: readonly number[]): readonly Position[] => of.map(position)

      /** Four turns of one actor at 10, 20, 30 and 40, by the owner of its shard. */
      async function fourTurns(): Promise<void> {
        await one.acquire(shard, 0, scopeA)
        await one.append(scopeA, 0, {
          ...turn(10, 1),
          writes: [...turn(10, 1).writes, ...oneOfEach.slice(0, 1)],
        })
        for (const n of [2, 3, 4]) await one.append(scopeA, n - 1, turn(10 * n, n, n - 1))
      }

      test('batches are told by their age, oldest first, a page at a time', async () => {
        await fourTurns()
        const told = ({ batches, more }: Expired) => [batches.map((b) => [b.scope, b.position, b.now]), more]
        expect(told(await two.expired(30))).toEqual([
          [
            [scopeA, 1, 10],
            [scopeA, 2, 20],
            [scopeA, 3, 30],
          ],
          false,
        ])
        expect(told(await two.expired(30, 2))).toEqual([
          [
            [scopeA, 1, 10],
            [scopeA, 2, 20],
          ],
          true,
        ])
        expect(told(await two.expired(9))).toEqual([[], false])
        expect((await two.expired(10)).batches[0]?.records).toEqual([record(1)])
      })

      test('a batch of another scope takes them, and whose they were writes on', async () => {
        await fourTurns()
        expect(await two.append(scopeB, 0, trim({ scope: scopeA, positions: positions(1, 2) }))).toEqual(
          durable(1),
        )
        expect((await two.expired(1_000)).batches.map(({ position }) => position)).toEqual([3])
        expect(await one.append(scopeA, 4, turn(50, 5, 4))).toEqual(durable(5))
      })

      test('a history ends where it was cut, with a record that has another before it', async () => {
        await fourTurns()
        await one.append(scopeA, 4, trim({ scope: scopeA, positions: positions(1, 2) }))
        const history = await one.history({ limit: 10 })
        expect(history.map(({ sequence }) => sequence)).toEqual([4, 3])
        expect(history.at(-1)?.previous).toEqual(place(2))
        expect(await one.history({ before: place(2), limit: 10 })).toEqual([])
      })

      test('a refused batch trims nothing, and a repeated trim changes nothing', async () => {
        await fourTurns()
        expect(await two.append(scopeB, 3, trim({ scope: scopeA, positions: positions(1) }))).toEqual(sealed)
        expect((await one.expired(1_000)).batches).toHaveLength(3)
        await one.append(scopeA, 4, trim({ scope: scopeA, positions: positions(1) }))
        await one.append(scopeA, 5, trim({ scope: scopeA, positions: positions(1, 2) }))
        expect((await one.expired(1_000)).batches.map(({ position }) => position)).toEqual([3])
      })

      test('world time is known to whoever takes the shard, however old the last batch of its owner is', async () => {
        await fourTurns()
        const { batches } = await two.expired(1_000)
        expect(batches.map(({ position }) => position)).toEqual([1, 2, 3])
        await two.append(scopeB, 0, trim({ scope: scopeA, positions: positions(1, 2, 3) }))
        expect(await two.acquire(shard, 1, scopeB)).toMatchObject({ clean: false, now: 40 })
        const named = await two.expired(1_000)
        expect([named.batches, named.ends], 'the one that was sealed is named, too').toEqual([[], []])
        await one.open(scopeC, node1)
        expect(await one.acquire(shard, 2, scopeC)).toMatchObject({ now: 40 })
      })

      test('a scope that no shard names goes with its last batch, and cannot write any more', async () => {
        await fourTurns()
        const released = { ...shardRow({ epoch: 1, scope: scopeA, released: true, now: 40 }) }
        await one.append(scopeA, 4, batch({ table: 'shards', key: [shard], value: released }))
        await two.acquire(shard, 1, scopeB)
        const expired = await two.expired(40)
        expect(expired.batches.map(({ position }) => position)).toEqual([1, 2, 3, 4])
        expect(expired.ends).toEqual([scopeA])
        await two.append(scopeB, 0, trim({ scope: scopeA, positions: positions(1, 2, 3, 4), ends: true }))

        expect(await two.position(scopeA)).toBe('sealed')
        expect(await one.append(scopeA, 5, batch(mark('a', 1)))).toEqual(sealed)
        expect(await one.acquire(otherShard, 0, scopeA)).toEqual(sealed)
        expect((await two.shard()).inbox).toEqual([])
        expect(await two.expired(1_000)).toEqual({ batches: [], ends: [], more: false })
      })

      test('a scope that has taken a shard while its row went owns it in name only', async () => {
        await one.acquire(shard, 0, scopeA)
        await two.append(scopeB, 0, trim({ scope: scopeA, positions: [], ends: true }))
        expect(await one.append(scopeA, 0, batch(mark('a', 1)))).toEqual(sealed)
        expect((await two.shards()).map(({ sealed }) => sealed)).toEqual([true])
        expect(await two.acquire(shard, 1, scopeB)).toMatchObject({
          kind: 'acquired',
          epoch: 2,
          clean: false,
        })
      })

      test('tombstones are read in pages of snapshots, and nobody else is among them', async () => {
        const tombstone = (n: number): Write => ({
          table: 'snapshots',
          key: [shard, n],
          value: {
            ...snapshot(1, place(1)),
            ...(n % 2 === 1 && { status: 'archived', archivedAt: at(100 + n) }),
          },
        })
        await one.append(scopeA, 0, batch(...[1, 2, 3, 4, 5].map(tombstone)))
        expect(await one.tombstones({ limit: 3 })).toEqual({
          tombstones: [
            [1, actor, 101],
            [3, actor, 103],
          ],
          next: 3,
        })
        expect(await one.tombstones({ after: ordinal(3), limit: 3 })).toEqual({
          tombstones: [[5, actor, 105]],
        })
      })
    })

    describe('the tables', () => {
      test('give back what was written', async () => {
        await one.append(scopeA, 0, { ...batch(...oneOfEach), records: [record(1)] })
        expect(await one.shard()).toEqual(shardOfEach)
        expect(await one.actor()).toEqual({
          ordinal: 7,
          createdBy: 'k-1',
          snapshot: rowsOf('snapshots'),
          requests: [['k-1', rowsOf('requests')]],
        })
      })

      test('say in the view of a shard which versions were written to it', async () => {
        await one.acquire(shard, 0, scopeA)
        await one.append(scopeA, 0, batch(...oneOfEach))
        expect(await two.shards()).toMatchObject([{ row: { shard }, versions: { order: '3' } }])
      })

      test('a field that is absent stays absent', async () => {
        await one.append(scopeA, 0, batch(...oneOfEach))
        const [[, row] = []] = (await one.shard()).mailbox
        expect(Object.keys(row ?? {}).toSorted()).toEqual(['attempts', 'envelope', 'notBefore'])
        expect(Object.keys(row?.envelope ?? {}).toSorted()).toEqual(['from', 'id', 'message', 'to', 'trace'])
      })

      test('a put replaces the row', async () => {
        await one.append(scopeA, 0, batch(...oneOfEach))
        await one.append(
          scopeA,
          1,
          batch(mark('till.3', 42), { table: 'snapshots', key: [shard, 7], value: snapshot(2, place(2)) }),
        )
        expect((await one.shard()).inbox).toEqual([['till.3', 42]])
        expect((await one.actor()).snapshot).toEqual(snapshot(2, place(2)))
      })

      for (const { table, key } of oneOfEach) {
        test(`a removal takes the row of ${table}, and no other`, async () => {
          await one.append(scopeA, 0, batch(...oneOfEach))
          await one.append(scopeA, 1, batch({ table, key } as Write))

          const { state, ...lists } = shardOfEach
          const left = {
            ...lists,
            ...(table === 'meta' ? {} : { state }),
            ...(table in lists && { [table]: [] }),
          }
          expect(await one.shard()).toEqual(left)
          expect(await one.actor()).toEqual({
            ...(table !== 'actors' && { ordinal: 7, createdBy: 'k-1' }),
            ...(table !== 'actors' && table !== 'snapshots' && { snapshot: rowsOf('snapshots') }),
            requests: table === 'requests' ? [] : [['k-1', rowsOf('requests')]],
          })
        })
      }

      test('removing what is not there is no failure', async () => {
        const removals = oneOfEach.map(({ table, key }) => ({ table, key }) as Write)
        expect(await one.append(scopeA, 0, batch(...removals))).toEqual(durable(1))
      })

      test('of a mailbox the window is loaded, and all dead letters; what is behind is named, and read by number', async () => {
        const other = 'order/o-2' as ActorId
        const row = (to: ActorId): MailboxRow => ({
          envelope: { ...envelope('m'), to },
          attempts: 0,
          notBefore: at(0),
        })
        const letter: MailboxRow = {
          ...row(actor),
          dead: { reason: 'failed', detail: 'it fell', at: at(1), replays: 0 },
        }
        const stored: [number, MailboxRow][] = [
          [1, row(actor)],
          [2, letter],
          [3, row(other)],
          [4, row(actor)],
          [5, row(actor)],
          [6, row(other)],
          [7, letter],
          [300, row(actor)],
        ]
        await one.append(
          scopeA,
          0,
          batch(...stored.map(([n, value]): Write => ({ table: 'mailbox', key: [shard, n], value }))),
        )
        const { mailbox, beyond } = await one.shard(shard, 2)
        expect(mailbox.map(([n]) => n)).toEqual([1, 2, 3, 4, 6, 7])
        expect(beyond).toEqual([
          [5, actor],
          [300, actor],
        ])
        expect(await one.mailbox([300, 299, 5])).toEqual([
          [300, row(actor)],
          [5, row(actor)],
        ])
      })

      test('a shard is loaded in the order of its keys, and without the rows of others', async () => {
        const row = { envelope: envelope('m'), attempts: 0, notBefore: at(0) }
        const timer = { actor, generation: 1, clock: 'runtime', at: at(1), message: { type: 't' } } as const
        const numbers = [70_000, 3, 256, 0, 2 ** 40, 255, 10]
        const names = ['till.2', 'till.10', 'till.1', 'pantry.9']
        await one.append(
          scopeA,
          0,
          batch(
            ...numbers.map((n): Write => ({ table: 'mailbox', key: [shard, n], value: row })),
            ...names.flatMap((to): Write[] => [
              { table: 'outbox', key: [shard, to, 300], value: row.envelope },
              { table: 'outbox', key: [shard, to, 20], value: row.envelope },
              { table: 'channels', key: [shard, to], value: 1 },
              { table: 'inbox', key: [shard, to], value: 1 },
            ]),
            ...numbers.flatMap((n): Write[] => [
              { table: 'timers', key: [shard, n, 'b'], value: timer },
              { table: 'timers', key: [shard, n, 'a'], value: timer },
            ]),
            { table: 'mailbox', key: [otherShard, 1], value: row },
            { table: 'inbox', key: [otherShard, 'till.1'], value: 1 },
            { table: 'mailbox', key: ['orders.0' as ShardId, 1], value: row },
          ),
        )
        const rows = await one.shard()
        const ordered = numbers.toSorted((a, b) => a - b)
        const orderedNames = names.toSorted()
        expect(rows.mailbox.map(([n]) => n)).toEqual(ordered)
        expect(rows.outbox.map(([to, n]) => [to, n])).toEqual(
          orderedNames.flatMap((to) => [
            [to, 20],
            [to, 300],
          ]),
        )
        expect(rows.channels.map(([to]) => to)).toEqual(orderedNames)
        expect(rows.inbox.map(([from]) => from)).toEqual(orderedNames)
        expect(rows.timers.map(([n, id]) => [n, id])).toEqual(
          ordered.flatMap((n) => [
            [n, 'a'],
            [n, 'b'],
          ]),
        )
      })

      test('an actor that never was has nothing', async () => {
        await one.append(scopeA, 0, batch(...oneOfEach))
        expect(await one.actor('order/o-2' as ActorId)).toEqual({ requests: [] })
      })

      test("an actor's requests are its own, in the order of their keys", async () => {
        const row = { fingerprint: 'f', at: at(1) }
        const keys: readonly (readonly [string, string])[] = [
          ['order/o-1', 'k-2'],
          ['order/o-1', 'k-1'],
          ['order/o-10', 'k-3'],
          ['order/o-1/x', 'k-4'],
        ]
        await one.append(
          scopeA,
          0,
          batch(
            ...keys.map(([id, key]): Write => ({ table: 'requests', key: [shard, id, key], value: row })),
          ),
        )
        expect((await one.actor()).requests).toEqual([
          ['k-1', row],
          ['k-2', row],
        ])
      })

      test("a shard's requests are read in pages, without those of another shard", async () => {
        const row = (n: number) => ({ fingerprint: 'f', at: at(n), outcome: { kind: 'done' } })
        const keys: readonly (readonly [ShardId, string, string, number])[] = [
          [shard, 'order/o-1', 'k-2', 2],
          [shard, 'order/o-1', 'k-1', 1],
          [shard, 'order/o-10', 'k-0', 3],
          [otherShard, 'order/o-2', 'k-9', 9],
          ['orders.0' as ShardId, 'order/o-0', 'k-9', 9],
        ]
        await one.append(
          scopeA,
          0,
          batch(
            ...keys.map(
              ([of, id, key, n]): Write => ({
                table: 'requests',
                key: [of, id, key],
                value: row(n),
              }),
            ),
          ),
        )
        const first = await one.requests({ limit: 2 })
        expect(first).toEqual([
          ['order/o-1', 'k-1', 1],
          ['order/o-1', 'k-2', 2],
        ])
        const after = first[1] as RequestPlace
        expect(await one.requests({ after, limit: 2 })).toEqual([['order/o-10', 'k-0', 3]])
      })

      test('names need not be Latin', async () => {
        await one.append(
          scopeA,
          0,
          batch({ table: 'asks', key: [shard, 7, 'menü・😀'], value: rowsOf('asks') }),
        )
        expect((await one.shard()).asks).toEqual([[7, 'menü・😀', rowsOf('asks')]])
      })

      test('share nothing with the caller', async () => {
        const items = [{ item: 'soup', n: 2 }]
        const row: SnapshotRow = { ...snapshot(1, place(1)), state: ['1', 'open', items] }
        const writes: Write[] = [
          { table: 'actors', key: [actor], value: { shard, ordinal: ordinal(7) } },
          { table: 'snapshots', key: [shard, 7], value: row },
        ]
        const appended = one.append(scopeA, 0, { ...batch(...writes), records: [record(1)] })
        items.push({ item: 'salad', n: 1 })
        await appended

        const stored = ['1', 'open', [{ item: 'soup', n: 2 }]]
        const read = (await one.actor()).snapshot
        expect(read?.state).toEqual(stored)
        ;(read!.state[2] as unknown[]).push('mine')
        expect((await one.actor()).snapshot?.state).toEqual(stored)
      })
    })

    describe("an actor's history", () => {
      // Three batches: two turns, none, two turns.
      beforeEach(async () => {
        const snapshotAt = (version: number, last: RecordPlace): Write[] => [
          { table: 'actors', key: [actor], value: { shard, ordinal: ordinal(7) } },
          { table: 'snapshots', key: [shard, 7], value: snapshot(version, last) },
        ]
        const stranger = { ...record(1), actor: 'order/o-2' as ActorId }
        await one.append(scopeA, 0, {
          now: at(1),
          records: [record(1), stranger, record(2, place(1, 0))],
          writes: snapshotAt(2, place(1, 2)),
        })
        await one.append(scopeA, 1, batch(mark('a', 1)))
        await one.append(scopeA, 2, {
          now: at(2),
          records: [record(3, place(1, 2)), record(4, place(3, 0))],
          writes: snapshotAt(4, place(3, 1)),
        })
      })

      test('is walked from the newest record to the first', async () => {
        expect(await one.history({ limit: 10 })).toEqual([
          record(4, place(3, 0)),
          record(3, place(1, 2)),
          record(2, place(1, 0)),
          record(1),
        ])
      })

      test('comes in pages', async () => {
        const pages: number[][] = []
        let before: RecordPlace | undefined
        do {
          const page = await one.history({ limit: 3, ...(before && { before }) })
          pages.push(page.map(({ sequence }) => sequence))
          before = page.at(-1)?.previous
        } while (before)
        expect(pages).toEqual([[4, 3, 2], [1]])
      })

      test('goes on in the scope of the next owner', async () => {
        await one.acquire(shard, 0, scopeA)
        await two.acquire(shard, 1, scopeB)
        await two.append(scopeB, 0, {
          now: at(3),
          records: [record(5, place(3, 1))],
          writes: [{ table: 'snapshots', key: [shard, 7], value: snapshot(5, [scopeB, position(1), 0]) }],
        })
        expect((await two.history({ limit: 10 })).map(({ sequence }) => sequence)).toEqual([5, 4, 3, 2, 1])
      })

      test('of an actor that never was is empty', async () => {
        expect(
          await found((done) => one.journal.readHistory(shard, 'order/o-9' as ActorId, { limit: 3 }, done)),
        ).toEqual([])
      })
    })
  })
}
