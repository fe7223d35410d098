import { expect, test } from 'vitest'
import { restAfterLook } from './look-pace.ts'

test.each([
  ['what costs next to nothing is looked at ten times a second', 0.5, 2_000, 100],
  ['a look that takes long is taken rarely', 12, 2_000, 240],
  ['so is one that says much', 0.5, 192 * 512, 500],
])('%s', (_, tookMs, bytes, rest) => {
  expect(restAfterLook({ tookMs, bytes })).toBe(rest)
})
