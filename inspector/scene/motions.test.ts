import { expect, test } from 'vitest'
import { Motions } from './motions.ts'

const at = (motions: Motions, now: number, to: number): number => {
  motions.begin(now)
  return motions.value('x', to, 100)
}

test('a value is on its way for as long as it was told, and says so', () => {
  const motions = new Motions()
  expect(at(motions, 0, 1)).toBe(1)
  expect(motions.isMoving).toBe(false)
  expect(at(motions, 1_000, 2)).toBe(1)
  expect(motions.isMoving).toBe(true)
  const between = at(motions, 1_050, 2)
  expect(between).toBeGreaterThan(1)
  expect(between).toBeLessThan(2)
  expect(at(motions, 1_100, 2)).toBe(2)
  expect(motions.isMoving).toBe(false)
})

test('one that turns round begins where it is', () => {
  const motions = new Motions()
  at(motions, 0, 0)
  at(motions, 1_000, 1)
  const before = at(motions, 1_050, 1)
  expect(at(motions, 1_050, 0)).toBe(before)
})

test('for who wants no motion everything has happened', () => {
  const motions = new Motions()
  motions.isStill = true
  at(motions, 0, 0)
  expect(at(motions, 10, 5)).toBe(5)
  expect(motions.isMoving).toBe(false)
  expect(motions.sinceChange('word', 'a', 100)).toBeUndefined()
  expect(motions.sinceChange('word', 'b', 100)).toBeUndefined()
})

test('what is not asked for any more is forgotten', () => {
  const motions = new Motions()
  at(motions, 0, 1)
  expect(motions.last('x')).toBe(1)
  motions.begin(10)
  motions.begin(20)
  expect(motions.last('x')).toBeUndefined()
})
