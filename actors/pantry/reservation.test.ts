import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import type { ReservationView } from './reservation.ts'
import { reservation } from './reservation.ts'

const reached = new Set<string>()

const wish: AnyMessage = {
  type: 'reservation.hold',
  site: 'main',
  lines: [
    { ingredient: 'tomatoes', amount: 120 },
    { ingredient: 'basil', amount: 5 },
    { ingredient: 'tomatoes', amount: 60 },
  ],
  expiresInMs: 900_000,
}
const held = (ingredient: string): AnyMessage => ({ type: 'bin.held', ingredient })
const refused = (ingredient: string): AnyMessage => ({ type: 'bin.refused', ingredient, free: 7 })
const released = (ingredient: string): AnyMessage => ({ type: 'bin.released', ingredient })
const commit = { type: 'reservation.commit' }
const release = { type: 'reservation.release' }
const close = (fate: string): AnyMessage => ({ type: 'reservation.close', fate })
const expiry = { type: 'xstate.after.expiry.reservation.open' }
const askAgain = { type: 'xstate.after.askAgain.reservation.releasing' }

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(reservation, 'ord_1')
  let effects: readonly Effect[] = []
  for (const message of messages) {
    const found = stage.send(message)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    reached.add(`reservation:${stage.state}`).add(`reservation>${message.type}`)
  }
  const told = effects.flatMap((effect) =>
    effect.kind === 'tell' ? [`${effect.message.type} → ${effect.to}`] : [],
  )
  return { stage, effects, told, state: stage.state }
}

const toHeld = [wish, held('basil'), held('tomatoes')]

describe('asking', () => {
  test('R1: goes from bin to bin in key order, each ingredient once', () => {
    const first = walk(wish)
    expect(first.effects).toContainEqual({
      kind: 'tell',
      to: 'bin/main:basil',
      message: { type: 'bin.hold', reservation: 'ord_1', amount: 5 },
    })
    expect(first.told).toEqual(['bin.hold → bin/main:basil'])
    const second = walk(wish, held('basil'))
    expect(second.effects).toEqual([
      {
        kind: 'tell',
        to: 'bin/main:tomatoes',
        message: { type: 'bin.hold', reservation: 'ord_1', amount: 180 },
      },
    ])
  })

  test('ends when the last bin has said yes: every hold becomes firm, and the order hears of it', () => {
    const { state, told } = walk(...toHeld)
    expect(state).toBe('open.held')
    expect(told).toEqual([
      'bin.confirm → bin/main:basil',
      'bin.confirm → bin/main:tomatoes',
      'reservation.held → order/ord_1',
    ])
  })

  test('shares one deadline with holding', () => {
    const timers = (effects: readonly Effect[]) => effects.filter(({ kind }) => kind === 'schedule')
    expect(timers(walk(wish).effects)).toMatchObject([{ delayMs: 900_000, clock: 'world' }])
    expect(timers(walk(...toHeld).effects)).toEqual([])
  })
})

describe('R2: giving back', () => {
  test('a refusal gives back what was held, and says what is short when the last bin has confirmed', () => {
    const first = walk(wish, held('basil'), refused('tomatoes'))
    expect([first.state, first.told]).toEqual(['releasing', ['bin.release → bin/main:basil']])
    const { state, effects } = walk(wish, held('basil'), refused('tomatoes'), released('basil'))
    expect(state).toBe('refused')
    expect(effects).toContainEqual({
      kind: 'tell',
      to: 'order/ord_1',
      message: {
        type: 'reservation.refused',
        shortages: [{ ingredient: 'tomatoes', needed: 180, free: 7 }],
      },
    })
  })

  test('a refusal by the first bin has nothing to give back', () => {
    const { state, told } = walk(wish, refused('basil'))
    expect([state, told]).toEqual(['refused', ['reservation.refused → order/ord_1']])
  })

  test('a release while asking asks the bin back whose answer is still on its way', () => {
    for (const crossing of [held('tomatoes'), refused('tomatoes')]) {
      const first = walk(wish, held('basil'), release)
      expect(first.told).toEqual(['bin.release → bin/main:basil', 'bin.release → bin/main:tomatoes'])
      const { state, told } = walk(
        wish,
        held('basil'),
        release,
        crossing,
        released('tomatoes'),
        released('basil'),
      )
      expect([state, told]).toEqual(['released', ['reservation.released → order/ord_1']])
    }
  })

  test('an expiry gives everything back, and only it is told', () => {
    const { state, told } = walk(...toHeld, expiry, release, released('basil'), released('tomatoes'))
    expect([state, told]).toEqual(['expired', ['reservation.expired → order/ord_1']])
  })

  test('an expiry while asking is the same', () => {
    expect(walk(wish, expiry, released('basil')).state).toBe('expired')
  })

  test('R3: a commit after the expiry changes nothing', () => {
    const { state, told } = walk(...toHeld, expiry, commit)
    expect([state, told]).toEqual(['releasing', []])
  })

  test('a bin that does not confirm is asked again', () => {
    const { state, told } = walk(...toHeld, release, askAgain)
    expect(state).toBe('releasing')
    expect(told).toEqual(['bin.release → bin/main:basil', 'bin.release → bin/main:tomatoes'])
  })
})

describe('R4: a revision', () => {
  const line = (ingredient: string, amount: number) => ({ ingredient, amount })
  const revise = (...lines: readonly object[]): AnyMessage => ({ type: 'reservation.revise', lines })
  const moved = (effects: readonly Effect[]) =>
    effects.flatMap((effect) => {
      if (effect.kind !== 'tell') return []
      const { type, by = '' } = effect.message as { type: string; by?: number }
      return [`${type} ${by} → ${effect.to.split('/')[1]}`]
    })
  const more = revise(line('tomatoes', 200), line('leek', 3), line('basil', 2))

  test('asks for what is more in key order, and gives back what is less when all of it is held', () => {
    const first = walk(...toHeld, more)
    expect([first.state, moved(first.effects)]).toEqual(['open.revising', ['bin.raise 3 → main:leek']])
    expect(moved(walk(...toHeld, more, held('leek')).effects)).toEqual(['bin.raise 20 → main:tomatoes'])
    const { state, effects, stage } = walk(...toHeld, more, held('leek'), held('tomatoes'))
    expect(state).toBe('open.held')
    expect(moved(effects)).toEqual(['bin.lower 3 → main:basil', 'reservation.revised  → ord_1'])
    expect(stage.query<ReservationView>('view').lines).toEqual([
      line('basil', 2),
      line('leek', 3),
      line('tomatoes', 200),
    ])
    expect(walk(...toHeld, more, held('leek'), held('tomatoes'), release).told).toHaveLength(3)
  })

  test('to less is done at once', () => {
    const { state, effects } = walk(...toHeld, revise(line('basil', 4)))
    expect(state).toBe('open.held')
    expect(moved(effects)).toEqual([
      'bin.lower 1 → main:basil',
      'bin.lower 180 → main:tomatoes',
      'reservation.revised  → ord_1',
    ])
  })

  test('that one bin refuses is undone, and what was held is held', () => {
    const { state, effects, stage } = walk(...toHeld, more, held('leek'), refused('tomatoes'))
    expect(state).toBe('open.held')
    expect(moved(effects)).toEqual(['bin.lower 3 → main:leek', 'reservation.kept  → ord_1'])
    expect(effects).toContainEqual({
      kind: 'tell',
      to: 'order/ord_1',
      message: {
        type: 'reservation.kept',
        shortages: [{ ingredient: 'tomatoes', needed: 20, free: 7 }],
      },
    })
    expect(stage.query<ReservationView>('view').lines).toEqual([line('basil', 5), line('tomatoes', 180)])
  })

  test('that is crossed by a release or the expiry gives back also what was asked for last', () => {
    for (const [end, state] of [
      [release, 'released'],
      [expiry, 'expired'],
    ] as const) {
      const first = walk(...toHeld, more, end)
      expect(first.told).toEqual(
        ['basil', 'tomatoes', 'leek'].map((name) => `bin.release → bin/main:${name}`),
      )
      const confirmed = ['leek', 'basil', 'tomatoes'].map(released)
      expect(walk(...toHeld, more, end, held('leek'), more, ...confirmed).state).toBe(state)
    }
  })
})

describe('after the commit', () => {
  const committed = [...toHeld, commit]

  test('every bin issues, the order hears of it, and the deadline is gone', () => {
    const { state, told, effects } = walk(...committed)
    expect(state).toBe('committed')
    expect(told).toEqual([
      'bin.commit → bin/main:basil',
      'bin.commit → bin/main:tomatoes',
      'reservation.committed → order/ord_1',
    ])
    expect(effects.filter(({ kind }) => kind === 'cancel')).toHaveLength(1)
  })

  test('it ends with what became of the stock', () => {
    for (const fate of ['served', 'wasted']) {
      const { state, stage } = walk(...committed, close(fate))
      expect([state, stage.query<ReservationView>('view').fate]).toEqual(['closed', fate])
    }
  })

  test('what was not used comes back, line by line', () => {
    const first = walk(...committed, release)
    expect(first.effects).toContainEqual({
      kind: 'tell',
      to: 'bin/main:tomatoes',
      message: { type: 'bin.return', reservation: 'ord_1', amount: 180 },
    })
    expect(first.state).toBe('returning')
    const { state, told } = walk(...committed, release, release, released('tomatoes'), released('basil'))
    expect([state, told]).toEqual(['released', ['reservation.released → order/ord_1']])
  })
})

test('what staff keeps is told to no order, however it ends', () => {
  const byStaff = { ...wish, byStaff: true }
  const kept = walk(byStaff, held('basil'), held('tomatoes'))
  expect(kept.told).toEqual(['bin.confirm → bin/main:basil', 'bin.confirm → bin/main:tomatoes'])
  for (const [end, state] of [
    [release, 'released'],
    [expiry, 'expired'],
  ] as const) {
    const ended = walk(byStaff, held('basil'), held('tomatoes'), end, released('basil'), released('tomatoes'))
    expect([ended.state, ended.told]).toEqual([state, []])
  }
  const short = walk(byStaff, refused('basil'))
  expect([short.state, short.told]).toEqual(['refused', []])
})

test('the view shows the lines', () => {
  expect(walk(...toHeld).stage.query<ReservationView>('view')).toMatchObject({
    state: 'open',
    lines: [
      { ingredient: 'basil', amount: 5 },
      { ingredient: 'tomatoes', amount: 180 },
    ],
  })
})

afterAll(() => expect(unreached(reservation, reached)).toEqual([]))
