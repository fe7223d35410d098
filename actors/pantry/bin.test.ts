import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { draw, drawInteger } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import type { BinContext, BinView } from './bin.ts'
import { bin, waitMs } from './bin.ts'

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
const deliver = (amount: number): AnyMessage => ({ type: 'bin.deliver', amount })
const adjust = (delta: number): AnyMessage => ({ type: 'bin.adjust', delta, reason: 'count' })
const waited = (reservation: string): AnyMessage => ({ type: 'bin.waited', reservation })

/** What a turn said, in short: `held a`, `refused b`. */
function said(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) =>
    effect.kind === 'tell' ? [`${effect.message.type.slice('bin.'.length)} ${effect.to.split('/')[1]}`] : [],
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

  test('is on order once a supplier has promised, until it is there', () => {
    const ordered = { type: 'bin.ordered', amount: 6 }
    expect(walk(open(10), hold('a', 8), ordered).state).toBe('on-order')
    expect(walk(open(10), hold('a', 10), ordered).state).toBe('empty')
    const arrived = walk(open(10), hold('a', 8), ordered, deliver(6))
    expect([arrived.state, arrived.books.ordered]).toEqual(['ok', 0])
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
      ordered: 0,
      par: 10,
      low: 2,
      waiting: 0,
      state: 'low',
      version: 5,
    })
    expect(stage.query('level')).toBe(1)
  })

  test('B1: they balance after anything that may be said, in any order', () => {
    for (let seed = 0; seed < 60; seed += 1) {
      const stage = new Stage(bin, 'main:basil')
      stage.send(open(20))
      for (let n = 0; n < 120; n += 1) {
        const who = `r${drawInteger(6, seed, 'who', n)}`
        const amount = 1 + drawInteger(9, seed, 'amount', n)
        const wishes = [hold(who, amount), confirm(who), commit(who), release(who), waited(who)]
        const rare = [deliver(amount), adjust(-amount), giveBack(who, amount)]
        const from = draw(seed, 'rare', n) < 0.1 ? rare : wishes
        stage.send(from[drawInteger(from.length, seed, 'what', n)]!)
        const b = stage.context as unknown as BinContext
        expect(b.opening + b.delivered + b.adjusted).toBe(b.free + b.held + b.issued)
        expect(Math.min(b.free, b.held, b.issued)).toBeGreaterThanOrEqual(0)
        expect(b.holds.reduce((sum, entry) => sum + entry.amount, 0)).toBe(b.held)
      }
    }
  })
})

afterAll(() => {
  // The timer is the bin's own message, and stands in no contract.
  expect(reached.has('bin>bin.waited')).toBe(true)
  expect(unreached(bin, reached)).toEqual([])
})
