import { expect, test } from 'vitest'
import { apart, type Label, nameOf } from './labels.ts'

const label = (text: string, x: number, y: number): Label => ({ text, x, y, kind: 'group' })

test('of labels that would lie on each other the first is shown', () => {
  const [order, near, below, beside] = [
    label('order 52', 100, 100),
    label('dish 46', 120, 106),
    label('bin 3', 100, 116),
    label('payment 9', 160, 100),
  ] as const
  expect(apart([order, near, below, beside])).toEqual([order, below, beside])
})

test('a name lies below its circle, above it where another is below, and nowhere between two', () => {
  const own = { x: 100, y: 100, r: 30 }
  const below = { x: 110, y: 160, r: 25 }
  const above = { x: 90, y: 40, r: 25 }
  const beside = { x: 200, y: 137, r: 30 }
  expect(nameOf('dish 46', own, [own, beside])).toEqual({ x: 100, y: 137 })
  expect(nameOf('dish 46', own, [own, beside, below])).toEqual({ x: 100, y: 63 })
  expect(nameOf('dish 46', own, [own, below, above])).toBeUndefined()
})
