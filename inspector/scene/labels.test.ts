import { expect, test } from 'vitest'
import { apart, type Label } from './labels.ts'

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
