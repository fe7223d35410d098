import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { draw, drawInteger, hours, minutes } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import type { BinContext, BinView } from './bin.ts'
import { bin, waitMs } from './bin.ts'
import { lotsMax } from './lots.ts'

const reached = new Set<string>()

const open = (opening: number, low = 2): AnyMessage => ({ type: 'bin.open', opening, par: opening, low })
const hold = (reservation: string, amount: number): AnyMessage => ({ type: 'bin.hold', reservation, amount })
const confirm = (reservation: string): AnyMessage => ({ type: 'bin.confirm', reservation })
const commit = (reservation: string): AnyMessage => ({ type: 'bin.commit', reservation })
const release = (reservation: string): AnyMessage => ({ type: 'bin.release', reservation })
const giveBack = (reservation: string, amount: number): AnyMessage => ({
  type: 'bin.return',
  reservation,
  amount,
})
const raise = (reservation: string, by: number): AnyMessage => ({ type: 'bin.raise', reservation, by })
const lower = (reservation: string, by: number): AnyMessage => ({ type: 'bin.lower', reservation, by })
const deliver = (amount: number): AnyMessage => ({ type: 'bin.deliver', amount })
const adjust = (delta: number): AnyMessage => ({ type: 'bin.adjust', delta, reason: 'count' })
const expired: AnyMessage = { type: 'bin.expired' }
const keeping = (opening: number): AnyMessage => ({
  type: 'bin.open',
  opening,
  par: 10,
  low: 2,
  shelfLifeMs: hours(1),
})
const waited = (reservation: string): AnyMessage => ({ type: 'bin.waited', reservation })

/** What a turn said to reservations, in short: `held a`, `refused b`. */
function said(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) =>
    effect.kind === 'tell' && effect.to.startsWith('reservation/')
      ? [`${effect.message.type.slice('bin.'.length)} ${effect.to.split('/')[1]}`]
      : [],
  )
}

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(bin, 'main:basil')
  let effects: readonly Effect[] = []
  for (const message of messages) {
    const found = stage.send(message)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    reached.add(`bin:${stage.state}`).add(`bin>${message.type}`)
  }
  const books = stage.context as unknown as BinContext
  return { stage, effects, said: said(effects), books, state: stage.state }
}

describe('a hold', () => {
  test('takes from what is free, and is tentative', () => {
    const { said, books } = walk(open(10), hold('a', 4))
    expect(said).toEqual(['held a'])
    expect(books).toMatchObject({ free: 6, held: 4, holds: [{ reservation: 'a', amount: 4, firm: false }] })
  })

  test('leaves for the kitchen with the commit', () => {
    const { books } = walk(open(10), hold('a', 4), confirm('a'), commit('a'))
    expect(books).toMatchObject({ free: 6, held: 0, issued: 4, holds: [] })
  })

  test('comes back with the release, also before it was firm', () => {
    for (const way of [[], [confirm('a')]]) {
      const { said, books } = walk(open(10), hold('a', 4), ...way, release('a'))
      expect(said).toEqual(['released a'])
      expect(books).toMatchObject({ free: 10, held: 0, issued: 0, holds: [] })
    }
  })

  test('is released as often as somebody asks, and once', () => {
    const { said, books } = walk(open(10), hold('a', 4), release('a'), release('a'))
    expect([said, books.free]).toEqual([['released a'], 10])
  })

  test('comes back unused after the commit', () => {
    const { said, books } = walk(open(10), hold('a', 4), commit('a'), giveBack('a', 4))
    expect(said).toEqual(['released a'])
    expect(books).toMatchObject({ free: 10, issued: 0 })
  })

  test('is known by its reservation: what is not held is neither confirmed, committed nor held twice', () => {
    const { stage } = walk(open(10), hold('a', 4))
    for (const message of [hold('a', 1), confirm('b'), commit('b'), giveBack('a', 1)]) {
      expect(stage.send(message)).toBeUndefined()
    }
  })
})

describe('a firm hold', () => {
  const firm = [open(10), hold('a', 4), confirm('a')]

  test('is raised at once, or refused at once and stays as it was', () => {
    const more = walk(...firm, raise('a', 6))
    expect([more.said, more.books.free, more.books.held]).toEqual([['held a'], 0, 10])
    const tooMuch = walk(...firm, raise('a', 7))
    expect([tooMuch.said, tooMuch.books.free, tooMuch.books.held]).toEqual([['refused a'], 6, 4])
    const anew = walk(...firm, raise('b', 2))
    expect([anew.said, anew.books.holds]).toMatchObject([['held b'], [{}, { reservation: 'b', firm: true }]])
  })

  test('is not raised over the heads of those who wait', () => {
    expect(walk(open(10), hold('a', 4), hold('b', 7), raise('c', 1)).said).toEqual(['refused c'])
  })

  test('is lowered without an answer, and who waits gets it', () => {
    const less = walk(...firm, lower('a', 3))
    expect([less.said, less.books.free, less.books.held]).toEqual([[], 9, 1])
    expect(walk(...firm, lower('a', 4)).books.holds).toEqual([])
    expect(walk(open(10), hold('b', 2), ...firm.slice(1), hold('c', 6), lower('a', 2)).said).toEqual([
      'held c',
    ])
    expect(walk(...firm).stage.send(lower('a', 5))).toBeUndefined()
  })
})

describe('too little free', () => {
  test('is a no, at once, when even the tentative holds could not be enough', () => {
    expect(walk(open(10), hold('a', 4), confirm('a'), hold('b', 7)).said).toEqual(['refused b'])
    expect(walk(open(10), hold('a', 4), hold('b', 11)).said).toEqual(['refused b'])
  })

  test('is a wait behind a tentative holder, with a limit on the runtime clock', () => {
    const { said, effects, books } = walk(open(10), hold('a', 4), hold('b', 7))
    expect(said).toEqual([])
    expect(books.waiting).toEqual([{ reservation: 'b', amount: 7 }])
    expect(effects).toEqual([
      { kind: 'schedule', id: 'wait:b', delayMs: waitMs, message: waited('b'), clock: 'runtime' },
    ])
  })

  test('is a yes when the holder gives back, and the timer goes', () => {
    const { said, effects } = walk(open(10), hold('a', 4), hold('b', 7), release('a'))
    expect(said).toEqual(['released a', 'held b'])
    expect(effects).toContainEqual({ kind: 'cancel', id: 'wait:b' })
  })

  test('is a no when the holder keeps it, and the timer goes', () => {
    const { said, effects } = walk(open(10), hold('a', 4), hold('b', 7), confirm('a'))
    expect(said).toEqual(['refused b'])
    expect(effects).toContainEqual({ kind: 'cancel', id: 'wait:b' })
  })

  test('is a no after the wait', () => {
    const { said, books, stage } = walk(open(10), hold('a', 4), hold('b', 7), waited('b'))
    expect([said, books.waiting]).toEqual([['refused b'], []])
    expect(stage.send(waited('b'))).toBeUndefined()
  })

  test('is over when the one who waits goes away, and the timer goes', () => {
    const { said, effects, books } = walk(open(10), hold('a', 4), hold('b', 7), release('b'))
    expect([said, books.waiting]).toEqual([['released b'], []])
    expect(effects).toContainEqual({ kind: 'cancel', id: 'wait:b' })
  })

  test('tells how much is free', () => {
    expect(walk(open(3), hold('a', 5)).effects).toContainEqual({
      kind: 'tell',
      to: 'reservation/a',
      message: { type: 'bin.refused', ingredient: 'basil', free: 3 },
    })
  })

  test('B3: those who wait are served in their order, and a small wish does not overtake a large one', () => {
    const waiting = [open(10), hold('a', 8), hold('b', 6), hold('c', 2), hold('d', 3)]
    expect(walk(...waiting).said).toEqual([])
    expect(walk(...waiting, release('a')).said).toEqual(['released a', 'held b', 'held c'])
    expect(walk(...waiting, waited('b')).said).toEqual(['refused b', 'held c'])
    expect(walk(...waiting, release('b')).said).toEqual(['released b', 'held c'])
    expect(walk(...waiting, deliver(5)).said).toEqual(['held b'])
  })
})

describe('the level', () => {
  const low = (effects: readonly Effect[]) =>
    effects.some((effect) => effect.kind === 'emit' && effect.event.type === 'inventory.low')

  test('is a state, and running low is announced once', () => {
    expect(walk(open(10)).state).toBe('ok')
    expect(walk(open(0)).state).toBe('empty')
    const first = walk(open(10), hold('a', 8))
    expect([first.state, low(first.effects)]).toEqual(['low', true])
    const second = walk(open(10), hold('a', 8), hold('b', 1))
    expect([second.state, low(second.effects)]).toEqual(['low', false])
    expect(walk(open(10), hold('a', 8), hold('b', 2)).state).toBe('empty')
    expect(walk(open(10), hold('a', 8), deliver(20)).state).toBe('ok')
  })

  test('is told to the replenisher once: what is missing up to par', () => {
    const asked = (...messages: readonly AnyMessage[]) =>
      walk(...messages).effects.flatMap((effect) =>
        effect.kind === 'tell' && effect.to === 'replenisher/main' ? [effect.message] : [],
      )
    const short = (amount: number) => [{ type: 'replenisher.short', ingredient: 'basil', amount }]
    expect(asked(open(10), hold('a', 7))).toEqual([])
    expect(asked(open(10), hold('a', 8))).toEqual(short(8))
    expect(asked(open(10), hold('a', 8), hold('b', 1))).toEqual([])
    expect(asked(open(1))).toEqual([])
    expect(asked({ type: 'bin.open', opening: 0, par: 5, low: 2 })).toEqual(short(5))
  })

  test('is told again when what came was too little, and nothing more is to come', () => {
    const asks = (...messages: readonly AnyMessage[]) =>
      walk(open(10), hold('a', 9), ...messages).effects.some(
        (effect) => effect.kind === 'tell' && effect.message.type === 'replenisher.short',
      )
    const ordered = { type: 'bin.ordered', amount: 9 }
    const brought = (amount: number): AnyMessage => ({
      type: 'bin.deliver',
      amount,
      order: { name: 'main:basil:1', amount: 9 },
    })
    expect(asks(ordered, brought(1))).toBe(true)
    expect(walk(open(10), hold('a', 9), ordered, brought(1)).books.ordered).toBe(0)
    expect(asks(ordered, brought(9))).toBe(false)
    expect(asks(ordered, deliver(1))).toBe(false)
    expect(walk(open(10), hold('a', 9), ordered, deliver(1)).state).toBe('on-order')
    expect(asks(deliver(1))).toBe(true)
  })

  test('has recovered when there is clearly more than the mark, and only then it can run low again', () => {
    const atTheMark = [open(10, 4), hold('a', 6)]
    expect(walk(...atTheMark, deliver(1)).state).toBe('low')
    const again = walk(...atTheMark, deliver(1), hold('b', 1))
    expect([again.state, low(again.effects)]).toEqual(['low', false])
    expect(walk(...atTheMark, deliver(2)).state).toBe('ok')
    expect(low(walk(...atTheMark, deliver(2), hold('b', 2)).effects)).toBe(true)
  })

  test('follows its marks, which may be changed', () => {
    const configure = (levels: object): AnyMessage => ({ type: 'bin.configure', ...levels })
    const higher = walk(open(10), configure({ low: 10, par: 20, unit: 'piece' }))
    expect([higher.state, low(higher.effects)]).toEqual(['low', true])
    expect(higher.effects).toContainEqual({
      kind: 'reply',
      message: expect.objectContaining({ type: 'bin.view', par: 20, low: 10, unit: 'piece' }),
    })
    expect(walk(open(10), configure({ low: 11 })).effects).toEqual([
      { kind: 'reply', message: { type: 'bin.low-above-par', par: 10, low: 2 } },
    ])
  })

  test('is on order once a supplier has promised, until it is there', () => {
    const ordered = { type: 'bin.ordered', amount: 6 }
    expect(walk(open(10), hold('a', 8), ordered).state).toBe('on-order')
    expect(walk(open(10), hold('a', 10), ordered).state).toBe('empty')
    const promised: AnyMessage = { ...deliver(6), order: { name: 'main:basil:1', amount: 6 } }
    const arrived = walk(open(10), hold('a', 8), ordered, promised)
    expect([arrived.state, arrived.books.ordered]).toEqual(['ok', 0])
    // What nobody has ordered is not what was promised.
    const unannounced = walk(open(10), hold('a', 10), ordered, deliver(1))
    expect([unannounced.state, unannounced.books.ordered]).toEqual(['on-order', 6])
  })
})

describe('lots', () => {
  /** Each message with the minute at which it comes. */
  const played = (...steps: readonly (readonly [minute: number, message: AnyMessage])[]) => {
    const stage = new Stage(bin, 'main:basil')
    let effects: readonly Effect[] = []
    for (const [minute, message] of steps) {
      effects = stage.send(message, minute * 60_000_000) ?? []
      reached.add(`bin:${stage.state}`).add(`bin>${message.type}`)
    }
    return { effects, books: stage.context as unknown as BinContext }
  }
  const amounts = ({ lots }: BinContext) => lots.map(({ amount }) => amount)
  const wasted = (effects: readonly Effect[]) =>
    effects.flatMap((effect) => (effect.kind === 'emit' ? [effect.event] : []))

  test('are thrown away when they expire, and the next one is awaited', () => {
    const opened = played([0, keeping(10)])
    expect(opened.effects).toContainEqual({
      kind: 'schedule',
      id: 'expiry',
      delayMs: hours(1),
      message: expired,
      clock: 'world',
    })
    const { effects, books } = played([0, keeping(10)], [30, deliver(5)], [60, expired])
    expect(books).toMatchObject({ free: 5, spoiled: 10, lots: [{ amount: 5 }] })
    expect(wasted(effects)).toEqual([
      { type: 'inventory.spoiled', site: 'main', ingredient: 'basil', amount: 10 },
    ])
    expect(effects).toContainEqual(expect.objectContaining({ kind: 'schedule', delayMs: minutes(30) }))
  })

  test('go first to expire, first out', () => {
    const short: AnyMessage = { type: 'bin.deliver', amount: 5, lifeMs: minutes(10) }
    const { books } = played([0, keeping(10)], [5, short], [6, hold('a', 7)], [7, commit('a')])
    expect(amounts(books)).toEqual([8])
    expect(amounts(played([0, keeping(10)], [5, short], [6, hold('a', 7)]).books)).toEqual([5, 10])
  })

  test('do not spoil under those who hold them: what they take is served, what they give back is thrown away', () => {
    const held = [[0, keeping(10)] as const, [1, hold('a', 4)] as const, [60, expired] as const]
    expect(played(...held).books).toMatchObject({ free: 0, held: 4, spoiled: 6 })
    expect(played(...held, [61, commit('a')]).books).toMatchObject({ issued: 4, spoiled: 6, lots: [] })
    const back = played(...held, [61, release('a')])
    expect(back.books).toMatchObject({ free: 0, held: 0, spoiled: 10, lots: [] })
    expect(wasted(back.effects)).toMatchObject([{ amount: 4 }])
    const returned = played(...held, [61, commit('a')], [62, giveBack('a', 4)])
    expect(returned.books).toMatchObject({ free: 0, issued: 0, spoiled: 10 })
  })

  test('of what keeps for ever nothing is awaited', () => {
    expect(played([0, open(10)]).effects.map(({ kind }) => kind)).toEqual(['reply'])
  })

  test('are so many at most: of two that become one, the older counts', () => {
    const deliveries = Array.from({ length: lotsMax + 3 }, (_, n) => [n + 1, deliver(1)] as const)
    const { books } = played([0, keeping(10)], ...deliveries)
    expect(books.lots).toHaveLength(lotsMax)
    expect(books.lots.at(-1)).toEqual({ amount: 5, expires: (lotsMax - 1 + 60) * 60_000_000 })
    const same = played([0, keeping(10)], [0, deliver(5)])
    expect(amounts(same.books)).toEqual([15])
  })

  test('a count takes from the oldest, and finds more of what is good', () => {
    const two = [[0, keeping(10)] as const, [30, deliver(5)] as const]
    expect(amounts(played(...two, [31, adjust(-12)]).books)).toEqual([3])
    expect(amounts(played(...two, [31, adjust(2)]).books)).toEqual([12, 5])
    const none = played([0, keeping(10)], [60, expired], [61, adjust(2)])
    expect(none.books.lots).toEqual([{ amount: 2, expires: 121 * 60_000_000 }])
  })
})

describe('the books', () => {
  test('a count corrects them, but never below nothing', () => {
    expect(walk(open(10), adjust(-10)).books).toMatchObject({ free: 0, adjusted: -10 })
    const { effects, books } = walk(open(10), hold('a', 4), adjust(-7))
    expect(effects).toEqual([{ kind: 'reply', message: { type: 'bin.negative-stock', free: 6 } }])
    expect(books).toMatchObject({ free: 6, adjusted: 0 })
  })

  test('the view shows every counter', () => {
    const { stage } = walk(open(10), hold('a', 4), hold('b', 7), deliver(1), adjust(1))
    expect(stage.query<BinView>('view')).toEqual({
      site: 'main',
      ingredient: 'basil',
      opening: 10,
      delivered: 1,
      adjusted: 1,
      free: 1,
      held: 11,
      issued: 0,
      spoiled: 0,
      unit: 'g',
      ordered: 0,
      par: 10,
      low: 2,
      shelfLifeMs: 0,
      lots: [{ amount: 12, expires: Number.MAX_SAFE_INTEGER }],
      waiting: 0,
      state: 'low',
      version: 5,
    })
    expect(stage.query('level')).toBe(1)
  })

  test('B1, B4: they balance after anything that may be said, in any order', () => {
    for (let seed = 0; seed < 60; seed += 1) {
      const stage = new Stage(bin, 'main:basil')
      stage.send(keeping(20))
      for (let n = 0; n < 120; n += 1) {
        const who = `r${drawInteger(6, seed, 'who', n)}`
        const amount = 1 + drawInteger(9, seed, 'amount', n)
        const wishes = [hold(who, amount), confirm(who), commit(who), release(who), waited(who)]
        const rare = [
          raise(who, amount),
          lower(who, 1),
          deliver(amount),
          adjust(-amount),
          giveBack(who, amount),
          expired,
        ]
        const from = draw(seed, 'rare', n) < 0.1 ? rare : wishes
        stage.send(from[drawInteger(from.length, seed, 'what', n)]!, n * 60_000_000)
        const b = stage.context as unknown as BinContext
        expect(b.opening + b.delivered + b.adjusted).toBe(b.free + b.held + b.issued + b.spoiled)
        expect(Math.min(b.free, b.held, b.issued, b.spoiled)).toBeGreaterThanOrEqual(0)
        expect(b.lots.reduce((sum, { amount }) => sum + amount, 0)).toBe(b.free + b.held)
        expect(b.holds.reduce((sum, entry) => sum + entry.amount, 0)).toBe(b.held)
      }
    }
  })
})

afterAll(() => {
  // The timers are the bin's own messages, and stand in no contract.
  for (const timer of ['waited', 'expired']) expect(reached.has(`bin>bin.${timer}`)).toBe(true)
  expect(unreached(bin, reached)).toEqual([])
})
