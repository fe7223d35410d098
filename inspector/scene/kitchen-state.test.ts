import { describe, expect, test } from 'vitest'
import type { Of } from '../model/kitchen.ts'
import { hangs, ringsNext, toneOf, troubleOf, warmth } from './kitchen-state.ts'
import { applianceThing, inMinutes, seven, ticketThing, timerThing } from './kitchen-things.test-kit.ts'

const worldNow = seven / 1_000

test('warm is between 20 and 280 °C', () => {
  expect([20, 150, 280, 500, -5].map(warmth)).toEqual([0, 0.5, 1, 1, 0])
})

describe('trouble', () => {
  const oven = (more: Partial<Of<'oven'>>): Of<'oven'> => applianceThing('oven', 'oven', 1, more)

  test.each([
    [{}, undefined],
    [{ fault: 'overheated' }, { severity: 'bad', words: 'overheated' }],
    [
      { isStopped: true, fault: 'overheated' },
      { severity: 'bad', words: 'stopped' },
    ],
    [{ isWelded: true }, { severity: 'bad', words: 'its relay is welded' }],
    [{ node: null }, { severity: 'warn', words: 'no owner' }],
    [{ sensor: 'stuck' as const }, { severity: 'warn', words: 'sensor stuck' }],
  ])('of %j is %j', (more, told) => {
    expect(troubleOf(oven(more))).toEqual(told)
  })
})

test('a ticket is longer the nearer its promise is, and yellow past it', () => {
  const at = (minutes: number) => hangs(ticketThing('o1'), inMinutes(minutes) / 1_000)
  expect(at(0).length).toBeCloseTo(0.5)
  expect(at(20).length).toBeCloseTo(0.8)
  expect(at(90)).toMatchObject({ kind: 'late', lateMs: 50 * 60_000 })
  expect(at(90).length).toBeCloseTo(1.1)
})

describe('a timer', () => {
  test('has the alarm that rings first, and what is left of it', () => {
    const timer = timerThing('oven', [
      { alarm: 'a', rings: inMinutes(3), leftMs: 240_000 },
      { alarm: 'b', rings: inMinutes(1), leftMs: 240_000 },
    ])
    expect(ringsNext(timer, worldNow)).toEqual({ leftMs: 60_000, share: 0.25 })
    expect(ringsNext(timerThing('oven'), worldNow)).toBeUndefined()
  })

  test('that stands still keeps what was left', () => {
    const timer = timerThing('oven', [{ alarm: 'a', rings: null, leftMs: 90_000 }])
    expect(ringsNext(timer, worldNow)?.leftMs).toBe(90_000)
  })
})

test('food has the tone of what it is', () => {
  expect(['basil', 'cherry-tomatoes', 'chocolate-fondant', 'rice'].map(toneOf)).toEqual([
    'leaf',
    'red',
    'brown',
    'cream',
  ])
})
