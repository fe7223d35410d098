// Each check must be able to fail: a history that is right passes it, and the same history with one thing wrong
// does not.
import { describe, expect, test } from 'vitest'
import type { ActorId, Instant, Message } from '#actor'
import type {
  Batch,
  Epoch,
  JournalRecord,
  Key,
  NodeId,
  Position,
  ScopeId,
  ShardId,
  Tables,
  Write,
} from '#ports'
import type { Commit } from '#sim'
import { KitchenCheck } from './kitchen.ts'
import { livenessProblems } from './liveness.ts'
import { MessagesCheck } from './messages.ts'
import { MoneyCheck } from './money.ts'
import type { Rows } from './nothing-left.ts'
import { leftProblems } from './nothing-left.ts'
import type { GuestOrder } from './orders.ts'
import { OrdersCheck } from './orders.ts'
import { OwnerCheck } from './owner.ts'
import type { BinBooks, SuppliedEntry } from './stock.ts'
import { StockCheck, suppliedBy } from './stock.ts'

const at = (minutes: number): Instant => (minutes * 60_000_000) as Instant

function record(actor: string, options: Partial<JournalRecord> & { message?: object } = {}): JournalRecord {
  return {
    shard: 'orders.0' as ShardId,
    actor: actor as ActorId,
    sequence: 1,
    at: at(0),
    id: 'm' as JournalRecord['id'],
    message: { type: 'any' },
    state: 'placed',
    ...options,
  } as JournalRecord
}

const emitted = (type: string, fields: object): Message => ({ type, ...fields })

describe('orders', () => {
  const judge = (records: readonly JournalRecord[], log: readonly GuestOrder[]) => {
    const check = new OrdersCheck()
    for (const each of records) check.record(each)
    return { counts: check.count(log), problems: check.problems(log) }
  }
  const acknowledged: GuestOrder = { order: 'a', outcome: 'acknowledged', acknowledgedAt: at(1) }

  test('an acknowledged order that completed is counted once and is no problem', () => {
    const { counts, problems } = judge(
      [record('order/a'), record('order/a', { state: 'completed' })],
      [acknowledged],
    )
    expect(counts).toMatchObject({ attempted: 1, acknowledged: 1, completed: 1, lost: 0, unexpected: 0 })
    expect(problems.none).toBe(true)
  })

  test('an acknowledged order that the journal does not know is lost', () => {
    const { counts, problems } = judge([], [acknowledged])
    expect(counts.lost).toBe(1)
    expect(problems.detail).toBe('order/a was acknowledged and is gone')
  })

  test('an acknowledged order that never settles is lost', () => {
    const { counts, problems } = judge([record('order/a', { state: { paying: 'charging' } })], [acknowledged])
    expect(counts.lost).toBe(1)
    expect(problems.detail).toContain('never settled')
  })

  test('an order that nobody attempted, or whose guest was refused, is unexpected', () => {
    const settled = [record('order/a', { state: 'rejected' })]
    expect(judge(settled, []).counts.unexpected).toBe(1)
    expect(judge(settled, []).problems.none).toBe(false)
    const refused: GuestOrder = { order: 'a', outcome: 'refused' }
    expect(judge(settled, [refused]).problems.none).toBe(false)
  })

  test('an unknown outcome is information, and recovered when the order settled', () => {
    const unknown: GuestOrder = { order: 'a', outcome: 'unknown' }
    expect(judge([], [unknown])).toMatchObject({
      counts: { unknown: 1, recovered: 0 },
      problems: { none: true },
    })
    const settled = judge([record('order/a', { state: 'expired' })], [unknown])
    expect(settled).toMatchObject({
      counts: { unknown: 1, recovered: 1, expired: 0 },
      problems: { none: true },
    })
  })
})

describe('money', () => {
  const captured = record('payment/a', { events: [emitted('payment.captured', { order: 'a', amount: 900 })] })
  const refunded = record('payment/a', { events: [emitted('payment.refunded', { order: 'a', amount: 900 })] })
  const completed = record('order/a', { events: [emitted('order.completed', { order: 'a', total: 900 })] })
  const cancelled = record('order/a', { events: [emitted('order.cancelled', { order: 'a' })] })
  const entry = { payment: 'a', status: 'captured', amount: 900, captured: 900, refunded: 0 }

  const judge = (records: readonly JournalRecord[], provider = [entry]) => {
    const check = new MoneyCheck()
    for (const each of records) check.record(each)
    check.close(provider)
    return { counts: check.count(provider), detail: check.found.detail }
  }

  test('a completed order that paid its bill once is right', () => {
    expect(judge([captured, completed])).toEqual({
      counts: { billed: 900, captured: 900, refunded: 0, givenBack: 0, doubleCharges: 0 },
      detail: '',
    })
  })

  test('a cancelled order that got everything back is right', () => {
    const provider = [{ ...entry, status: 'refunded', refunded: 900 }]
    expect(judge([captured, refunded, cancelled], provider).detail).toBe('')
  })

  const asks = (refund: string, amount: number) =>
    record('payment/a', { message: { type: 'payment.refund', refund, amount } as Message })
  const givesBack = (refund: string, amount: number) =>
    record('payment/a', { events: [emitted('payment.refunded', { order: 'a', refund, amount })] })
  const partly = { ...entry, refunded: 300 }

  test('a completed order of which somebody gave some back is right, before or after', () => {
    const late = [captured, completed, asks('re_1', 300), asks('re_1', 300), givesBack('re_1', 300)]
    expect(judge(late, [partly])).toEqual({
      counts: { billed: 900, captured: 900, refunded: 300, givenBack: 300, doubleCharges: 0 },
      detail: '',
    })
    expect(judge([captured, asks('re_1', 300), givesBack('re_1', 300), completed], [partly]).detail).toBe('')
  })

  test.each([
    ['without having been asked for', [captured, completed, givesBack('re_1', 300)], [partly]],
    ['with another amount', [captured, completed, asks('re_1', 200), givesBack('re_1', 300)], [partly]],
    [
      'twice',
      [captured, completed, asks('re_1', 300), givesBack('re_1', 300), givesBack('re_1', 300)],
      [{ ...entry, refunded: 600 }],
    ],
    ['in promise only', [captured, completed, asks('re_1', 300)], [entry]],
    [
      'of a cancelled order in part',
      [captured, asks('re_1', 300), givesBack('re_1', 300), cancelled],
      [partly],
    ],
  ])('M5: money that is given back %s is found', (_name, records, provider) => {
    expect(judge(records, provider).detail).not.toBe('')
  })

  test('two captures of one order are found and counted', () => {
    const { counts, detail } = judge([captured, captured, completed])
    expect(counts.doubleCharges).toBe(1)
    expect(detail).toContain('captured 2 times')
  })

  test.each([
    ['completes without having paid', [completed], []],
    ['is cancelled and keeps the money', [captured, cancelled], [entry]],
    ['completes and is refunded as well', [captured, completed, refunded], [{ ...entry, refunded: 900 }]],
    ['gets back more than it paid', [refunded, cancelled], [{ ...entry, captured: 0, refunded: 900 }]],
    ['never ends and keeps the money', [captured], [entry]],
    ['is captured by us and unknown to the provider', [captured, completed], []],
    ['is captured by the provider and unknown to us', [cancelled], [entry]],
    ['leaves the money blocked', [cancelled], [{ ...entry, status: 'authorized', captured: 0 }]],
  ])('an order that %s is found', (_name, records, provider) => {
    expect(judge(records, provider).detail).not.toBe('')
  })

  test('what was asked for again under the same key is right, and under another one it is found', () => {
    const capture = JSON.stringify(['provider.capture', 'a', 900, null])
    const asked = {
      ...entry,
      keys: { first: capture, void: JSON.stringify(['provider.void', 'a', null, null]) },
    }
    expect(judge([captured, completed], [asked]).detail).toBe('')
    const again = { ...asked, keys: { ...asked.keys, second: capture } }
    expect(judge([captured, completed], [again]).detail).toContain(
      'provider.capture was asked for under two keys',
    )
  })

  test.each([
    ['an open order of which the provider knows more is none', [], [entry], ''],
    ['an ended one is', [cancelled], [entry], 'of payment/a'],
    ['a charge for an order that never was is', [], [{ ...entry, payment: 'b' }], 'order/b, which never was'],
    ['an attempt that took nothing is none', [], [{ ...entry, payment: 'b', captured: 0 }], ''],
  ])('before close: %s', (_name, records, provider, words) => {
    const check = new MoneyCheck()
    for (const each of records) check.record(each)
    check.compare(provider, (order) => order === 'a')
    expect(check.found.detail).toContain(words)
    expect(check.found.none).toBe(words === '')
  })
})

describe('stock', () => {
  const books = (change: Partial<BinBooks> = {}): BinBooks => ({
    opening: 100,
    delivered: 0,
    adjusted: 0,
    free: 100,
    held: 0,
    issued: 0,
    spoiled: 0,
    lots: [{ amount: (change.free ?? 100) + (change.held ?? 0), expires: 0 }],
    holds: [],
    waiting: [],
    ...change,
  })
  const bin = (message: object, events?: readonly Message[]) =>
    record('bin/s:salt', { message: message as Message, ...(events && { events }) })
  const opened = bin({ type: 'bin.open', opening: 100 })
  const hold = record('reservation/a', {
    message: emitted('reservation.hold', { site: 's', lines: [{ ingredient: 'salt', amount: 7 }] }),
    state: { open: 'asking' },
  })
  const committed = record('reservation/a', { state: 'committed' })
  const closed = (fate: string) =>
    record('reservation/a', { message: emitted('reservation.close', { fate }), state: 'closed' })
  const taken = books({ free: 93, issued: 7 })

  const judge = (...steps: readonly (JournalRecord | BinBooks)[]) => {
    let next: BinBooks = books()
    const check = new StockCheck(() => next)
    for (const step of steps) {
      if ('actor' in step) check.record(step)
      else {
        next = step
        const value = { id: 'bin/s:salt' } as Tables['snapshots']
        check.writes([{ table: 'snapshots', key: ['pantry.0', 1], value }])
      }
    }
    check.close((order) => order === 'a')
    return check.found.detail
  }

  test('a bin whose books add up is right', () => {
    expect(judge(opened, books(), hold, committed, taken, closed('served'))).toBe('')
  })

  test('what was taken and came to nothing is found, and so is what was thrown away of a meal that was eaten', () => {
    expect(judge(opened, books(), hold, committed, taken)).toBe(
      'what order/a took was neither served nor wasted',
    )
    expect(judge(opened, books(), hold, committed, taken, closed('wasted'))).toBe(
      'what order/a took was wasted, and it completed',
    )
  })

  test('what a returned reservation gave back is not missed', () => {
    const released = record('reservation/a', { state: 'released' })
    expect(judge(opened, hold, committed, books({ free: 93, issued: 7 }), books(), released)).toBe('')
  })

  test('a delivery and an adjustment count', () => {
    const delivered = bin({ type: 'bin.deliver', amount: 50 })
    const adjusted = bin({ type: 'bin.adjust' }, [emitted('inventory.adjusted', { delta: -10 })])
    expect(judge(opened, delivered, adjusted, books({ delivered: 50, adjusted: -10, free: 140 }))).toBe('')
  })

  describe('S6: what suppliers bring', () => {
    const brought = (amount: number) =>
      bin({ type: 'bin.deliver', amount, order: { name: 's:salt:1', amount: 50 } })
    const compare = (records: readonly JournalRecord[], ...supplied: readonly SuppliedEntry[]) => {
      const check = new StockCheck(() => books())
      for (const each of records) check.record(each)
      check.close(() => false, supplied)
      return check.found.detail
    }
    const came = (amount: number, isBooked = true) => ({ order: 's:salt:1', amount, isBooked })

    test('the books say what has come by now, and what must be in its bin', () => {
      const order = { order: 's:salt:1', brings: 30, arrivesAt: 100 as Instant }
      const at = (now: number, bookedBefore: number, wellSince?: number) =>
        suppliedBy([order], { now, bookedBefore, ...(wellSince !== undefined && { wellSince }) })
      expect(at(99, 90)).toEqual([came(0, false)])
      expect(at(100, 99)).toEqual([came(30, false)])
      expect(at(200, 100)).toEqual([came(30)])
      expect(at(200, 100, 101)).toEqual([came(30, false)])
    })

    test('is in its bin once, as much as came of it', () => {
      expect(compare([brought(30)], came(30))).toBe('')
      expect(compare([], came(0, false))).toBe('')
      expect(compare([], came(30, false))).toBe('')
    })

    test.each([
      ['twice', [brought(30), brought(30)], [came(30)], 's:salt:1 was brought to bin/s:salt twice'],
      ['more than came', [brought(50)], [came(30)], '50 was brought to its bin, and 30 has come'],
      ['before it came', [brought(30)], [came(0, false)], '30 was brought to its bin, and 0 has come'],
      ['what nobody has ordered', [brought(30)], [], '30 was brought to its bin, and 0 has come'],
      ['nothing at all', [], [came(30)], '30 has come, and its bin was brought nothing'],
    ] as const)('and is found when a bin is brought %s', (_name, records, supplied, words) => {
      expect(compare(records, ...supplied)).toContain(words)
    })
  })

  test('what has spoiled counts', () => {
    const spoiled = bin({ type: 'bin.expired' }, [emitted('inventory.spoiled', { amount: 8 })])
    expect(judge(opened, spoiled, books({ free: 92, spoiled: 8 }))).toBe('')
  })

  test('a bin that serves those who ask in the order in which they asked is right, and no other', () => {
    const ask = (reservation: string) => bin({ type: 'bin.hold', reservation })
    const held = (...reservations: readonly string[]) => ({
      free: 100 - reservations.length,
      held: reservations.length,
      holds: reservations.map((reservation) => ({ reservation })),
    })
    const waits = (...reservations: readonly string[]) => ({
      waiting: reservations.map((reservation) => ({ reservation })),
    })
    const bothAsk = [opened, ask('a'), books(waits('a')), ask('b')]
    const end = books()
    expect(judge(...bothAsk, books(waits('a', 'b')), books({ ...held('a'), ...waits('b') }), end)).toBe('')
    expect(judge(...bothAsk, books({ ...held('b'), ...waits('a') }), end)).toBe(
      'bin/s:salt has served order/b before order/a',
    )
    expect(judge(...bothAsk, books({ ...held('b'), ...waits('b') }), end)).toContain('has order/b twice')
    expect(judge(...bothAsk, books(held('a', 'a')), end)).toBe('bin/s:salt has order/a twice')
  })

  test.each([
    ['has lost a gram', [books({ free: 99 })]],
    ['issues what nobody has taken', [books({ free: 93, issued: 7 })]],
    ['throws away what it does not announce', [books({ free: 93, spoiled: 7 })]],
    ['has another amount in its lots', [books({ lots: [{ amount: 99, expires: 0 }] })]],
    ['has gone below zero', [books({ free: -7, held: 107 })]],
    ['invents a delivery', [books({ delivered: 5, free: 105 })]],
    ['forgets what was issued', [hold, committed, books()]],
    ['still holds something at close', [books({ free: 93, held: 7 })]],
  ])('a bin that %s is found', (_name, steps) => {
    expect(judge(opened, ...steps)).toContain('bin/s:salt')
  })
})

describe('kitchen', () => {
  const ofDish = (type: string, fields: object = {}, state: unknown = 'waiting') =>
    record('dish/a:1:1', { message: emitted(type, fields), state })
  const opened = ofDish('dish.open', { order: 'a', dish: 'roast-chicken' })
  const done = (attempt: number, step: number, state: string, outcome = 'done') => ({
    ...ofDish('job.done', { job: `a:1:1.${attempt}.${step}`, outcome }, state),
    sequence: 2,
  })
  const told = (state: string) =>
    record('cook/s:grill:1', { message: emitted('cook.work', { job: 'a:1:1.1.0' }), state })
  const begun = told('working')
  const givenBack = record('reservation/a', { state: 'returning' })
  const judge = (...records: readonly JournalRecord[]) => {
    const check = new KitchenCheck()
    for (const each of records) check.record(each)
    return check.found.detail
  }

  test('a dish whose steps were all done is right, also when it was made again', () => {
    expect(judge(opened, done(1, 0, 'waiting'), done(1, 1, 'plated'))).toBe('')
    const again = [done(1, 0, 'waiting'), done(1, 1, 'waiting', 'burnt'), done(2, 0, 'waiting')]
    expect(judge(opened, ...again, done(2, 1, 'plated'))).toBe('')
  })

  test('a dish that is asked for once more, when it stands on the pass, is the same dish', () => {
    const again = { ...opened, sequence: 4, state: 'plated' }
    expect(judge(opened, done(1, 0, 'waiting'), done(1, 1, 'plated'), again, again)).toBe('')
  })

  test('a dish that is plated without one of its steps is found', () => {
    expect(judge(opened, done(1, 0, 'waiting'), done(1, 0, 'plated'))).toBe(
      'dish/a:1:1 is plated, and of its 2 steps is done: a:1:1.1.0',
    )
    expect(judge(opened, done(1, 0, 'waiting'), done(2, 1, 'plated'))).toContain('dish/a:1:1 is plated')
    expect(judge(opened, done(1, 0, 'waiting'), done(1, 1, 'plated', 'burnt'))).toContain('is plated')
  })

  describe('K3: what is in an appliance', () => {
    const oven = (type: string, job: string, state: string) =>
      record('oven/s:oven:1', { message: emitted(type, { job }), state })
    const load = oven('appliance.load', 'a:1:1.1.1', 'loaded')
    const plated = [opened, done(1, 0, 'waiting'), done(1, 1, 'plated')]

    test('is right while its dish is made, and when it is out', () => {
      expect(judge(opened, load)).toBe('')
      expect(judge(load, oven('appliance.unload', 'a:1:1.1.1', 'ready'), ...plated)).toBe('')
      expect(judge(load, oven('appliance.break', '', 'fault'), ofDish('job.lost', {}, 'failed'))).toBe('')
      const other = oven('appliance.load', 'b:1:1.1.1', 'loaded')
      expect(judge(load, other, ...plated)).toBe('')
    })

    test('is found when its dish is made or given up, in whichever order it is heard', () => {
      const problem =
        'oven/s:oven:1 is loaded, and the dish of each job that it took has ended, as of a:1:1.1.1'
      expect(judge(load, ...plated)).toBe(problem)
      expect(judge(...plated, load, oven('appliance.unload', 'a:1:1.1.1', 'loaded'))).toBe(problem)
      expect(judge(load, ofDish('job.lost', {}, 'failed'))).toBe(problem)
    })
  })

  test('K4: an alarm that rings twice is found; another one is another', () => {
    const due = (timer: string, alarm: string) =>
      record(`kitchen-timer/s:${timer}:1`, { message: emitted('timer.due', { alarm }), state: 'idle' })
    expect(judge(due('grill', 'a'), due('grill', 'b'), due('oven', 'a'))).toBe('')
    expect(judge(due('grill', 'a'), due('grill', 'a'))).toBe("kitchen-timer/s:grill:1 'a' rang twice")
  })

  test('what a cook has begun and comes back into a bin is found, in whichever order it is heard', () => {
    const problem = 'order/a gave back ingredients, and a cook had begun'
    expect(judge(begun, givenBack)).toBe(problem)
    expect(judge(givenBack, begun)).toBe(problem)
    expect(judge(begun)).toBe('')
    expect(judge(told('off-shift'), givenBack)).toBe('')
    expect(judge(givenBack, record('cook/s:grill:1', { message: emitted('cook.open', {}) }))).toBe('')
  })
})

describe('owner', () => {
  const [scopeA, scopeB] = ['node-1.a', 'node-2.b'] as unknown as [ScopeId, ScopeId]
  const shard = 'orders.0' as ShardId
  const opened = (scope: ScopeId): Commit => ({ kind: 'opened', scope, node: scope.slice(0, 6) as NodeId })
  const acquired = (scope: ScopeId, epoch: number, sealed?: ScopeId): Commit => ({
    kind: 'acquired',
    shard,
    epoch: epoch as Epoch,
    scope,
    ...(sealed && { sealed }),
  })
  const appended = (scope: ScopeId, position: number, batch: Partial<Batch> = {}): Commit => ({
    kind: 'appended',
    scope,
    position: position as Position,
    batch: { now: at(0), records: [], writes: [], ...batch },
  })
  const turn = (sequence: number) => ({ records: [record('order/a', { sequence })] })
  const row = { shard, scope: scopeA, released: true } as Tables['shards']
  const release: Write = { table: 'shards', key: [shard], value: row }
  const start = [opened(scopeA), opened(scopeB), acquired(scopeA, 1), appended(scopeA, 1, turn(1))]

  const judge = (...commits: readonly Commit[]) => {
    const check = new OwnerCheck()
    for (const commit of commits) check.commit(commit)
    return check.found.detail
  }

  test('a take-over that seals the old owner first is right', () => {
    expect(judge(...start, acquired(scopeB, 2, scopeA), appended(scopeB, 1, turn(2)))).toBe('')
  })

  test('a shard that was released may be taken without sealing', () => {
    const released = appended(scopeA, 2, { ...turn(2), writes: [release] })
    expect(judge(...start, released, acquired(scopeB, 2), appended(scopeB, 1, turn(3)))).toBe('')
  })

  test.each([
    ['writes after it was sealed', [acquired(scopeB, 2, scopeA), appended(scopeA, 2)]],
    ['takes a shard whose owner can still write', [acquired(scopeB, 2)]],
    ['takes a shard at an old epoch', [acquired(scopeB, 1, scopeA)]],
    ['writes to a shard of another', [appended(scopeB, 1, turn(2))]],
    [
      'writes to a shard that it released',
      [appended(scopeA, 2, { writes: [release] }), appended(scopeA, 3, turn(2))],
    ],
    ['leaves out a position', [appended(scopeA, 3)]],
    ['writes an actor twice at one number', [appended(scopeA, 2, turn(1))]],
    ['loses a turn of an actor', [appended(scopeA, 2, turn(3))]],
    ['was never opened', [acquired('node-3.c' as ScopeId, 2, scopeA)]],
  ])('a scope that %s is found', (_name, commits) => {
    expect(judge(...start, ...commits)).not.toBe('')
  })
})

describe('messages', () => {
  const turn = (
    actor: string,
    sequence: number,
    id: string,
    caused?: readonly [from: string, cause: string],
  ) =>
    record(actor, {
      sequence,
      id: id as JournalRecord['id'],
      ...(caused && { from: caused[0] as ActorId, cause: caused[1] as JournalRecord['id'] }),
    })
  const [first, second] = [turn('order/a', 1, 'm1'), turn('order/a', 2, 'm2')]
  const heard = (id: string, cause: string) => turn('bin/s:salt', 1, id, ['order/a', cause])
  const judge = (...records: readonly JournalRecord[]) => {
    const check = new MessagesCheck()
    for (const one of records) check.record(one)
    return check.found.detail
  }

  test('what was sent is handled, in its order, and some of it never', () => {
    expect(judge(first, second, heard('m3', 'm1'), heard('m4', 'm1'), heard('m5', 'm2'))).toBe('')
    expect(judge(first, second, heard('m5', 'm2'))).toBe('')
  })

  test("a supervisor's note on a message is no turn of it", () => {
    expect(judge(first, { ...second, id: first.id, note: 'stopped' }, { ...second, note: 'migrated' })).toBe(
      '',
    )
  })

  test.each([
    ['handled twice', [first, heard('m3', 'm1'), heard('m3', 'm1')], /twice/],
    ['of a turn that there never was', [heard('m3', 'm1'), first], /there never was/],
    [
      "earlier than its shard's last turn",
      [
        { ...first, at: at(2) },
        { ...second, at: at(1) },
      ],
      /earlier turn/,
    ],
    ['overtaken by a later one', [first, second, heard('m4', 'm2'), heard('m3', 'm1')], /sent later/],
  ])('a message that is %s is found', (_name, records, problem) => {
    expect(judge(...records)).toMatch(problem)
  })
})

describe('liveness', () => {
  const log: readonly GuestOrder[] = [{ order: 'a', outcome: 'acknowledged', acknowledgedAt: at(10) }]
  const judge = (settledAt: number | undefined, healedAt: number) => {
    const settled = settledAt === undefined ? undefined : { state: 'completed' as const, at: at(settledAt) }
    return livenessProblems({ orders: new Map([['a', settled]]) }, log, at(healedAt), 60 * 60_000_000)
  }

  test('an order in time is right, counted from its acknowledgement or from the healing', () => {
    expect(judge(70, 0).none).toBe(true)
    expect(judge(100, 45).none).toBe(true)
  })

  test('an order that settles late, or never, is found', () => {
    expect(judge(71, 0).detail).toContain('settled after 1.02h')
    expect(judge(undefined, 0).detail).toContain('has not settled')
  })
})

describe('nothing left', () => {
  const judge = <T extends keyof Tables>(table?: T, row?: object) => {
    const rows = (wanted: string) => (wanted === table ? [[[] as Key, row]] : [])
    return leftProblems(rows as unknown as Rows).detail
  }
  const envelope = (to: string) => ({ to, message: { type: 'order.cancel' } })

  test('a timer that was due long ago is found, whosever it is', () => {
    const due = (clock: string) => (wanted: string) =>
      wanted === 'timers'
        ? [[[] as Key, { actor: 'oven/s:oven:1', clock, at: at(5), message: { type: 'look' } }]]
        : []
    const judge = (clock: string, before: number) =>
      leftProblems(due(clock) as unknown as Rows, at(before)).detail
    expect(judge('world', 6)).toMatch(/oven\/s:oven:1 still has a timer for 'look'/)
    expect(judge('world', 5)).toBe('')
    expect(judge('runtime', 6)).toBe('')
  })

  test('the timer that ends a settled payment may stay, and no other one of an order', () => {
    const settled = { id: 'payment/a', status: 'live', state: ['1', 'settled'] }
    const rows = (actor: string) => (wanted: string) => {
      if (wanted === 'snapshots') return [[[] as Key, settled]]
      return wanted === 'timers' ? [[[] as Key, { actor }]] : []
    }
    expect(leftProblems(rows('payment/a') as unknown as Rows).none).toBe(true)
    expect(leftProblems(rows('payment/b') as unknown as Rows).none).toBe(false)
  })

  test('finished orders, and what belongs to no order, may stay', () => {
    expect(judge()).toBe('')
    expect(judge('snapshots', { id: 'order/a', status: 'archived' })).toBe('')
    expect(judge('snapshots', { id: 'bin/s:salt', status: 'live' })).toBe('')
    expect(judge('snapshots', { id: 'payment/a', status: 'live', state: ['1', 'settled'] })).toBe('')
    expect(judge('timers', { actor: 'oven/s:oven:1' })).toBe('')
  })

  test.each([
    ['an order alive', 'snapshots', { id: 'order/a', status: 'live' }],
    ['a payment on its way', 'snapshots', { id: 'payment/a', status: 'live', state: ['1', 'refunding'] }],
    [
      'a settled payment that was stopped',
      'snapshots',
      { id: 'payment/a', status: 'stopped', state: ['1', 'settled'] },
    ],
    ['a dish in the air', 'snapshots', { id: 'dish/a:0:1', status: 'stopped' }],
    ['a waiting message', 'mailbox', { envelope: envelope('order/a') }],
    ['a dead letter', 'mailbox', { envelope: envelope('ticket/a'), dead: { reason: 'failed', detail: '' } }],
    ['a message under way', 'outbox', envelope('reservation/a')],
    ['a timer', 'timers', { actor: 'order/a' }],
    ['a call', 'calls', { actor: 'payment/a' }],
    ['an ask', 'asks', { actor: 'order/a' }],
  ] as const)('%s is found', (_name, table, row) => {
    expect(judge(table, row)).not.toBe('')
  })
})
