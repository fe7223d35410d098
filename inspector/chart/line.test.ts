import { expect, test } from 'vitest'
import { pathOf } from './line.ts'

test('a straight line has no corner', () => {
  expect(
    pathOf([
      { x: 0, y: 0 },
      { x: 10, y: 0 },
    ]),
  ).toBe('M0 0L10 0')
})

test('a corner is rounded, as far as its sides allow', () => {
  expect(
    pathOf([
      { x: 0, y: 0 },
      { x: 20, y: 0 },
      { x: 20, y: 20 },
    ]),
  ).toBe('M0 0L14 0Q20 0 20 6L20 20')
  expect(
    pathOf([
      { x: 0, y: 0 },
      { x: 20, y: 0 },
      { x: 20, y: 4 },
    ]),
  ).toBe('M0 0L18 0Q20 0 20 2L20 4')
})

test('a corner on a line without length stays where it is', () => {
  expect(
    pathOf([
      { x: 5, y: 0 },
      { x: 5, y: 0 },
      { x: 5, y: 9 },
    ]),
  ).toBe('M5 0L5 0Q5 0 5 0L5 9')
})

test('one point is no line', () => expect(pathOf([{ x: 1, y: 1 }])).toBe(''))
