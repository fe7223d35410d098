import { expect, test } from 'vitest'
import { traceOf } from './trace-context.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const parent = `00-${traceId}-00f067aa0ba902b7-01`

test('a valid header goes on in its trace, with a span of our own and its flags', () => {
  const trace = traceOf(parent)
  expect(trace.traceId).toBe(traceId)
  expect(trace.parent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
  expect(trace.parent).not.toBe(parent)
})

test('a version that is not known yet is read as far as it is known', () => {
  expect(traceOf(`01-${traceId}-00f067aa0ba902b7-01-more`).traceId).toBe(traceId)
})

const broken = [
  undefined,
  '',
  'x',
  parent.toUpperCase(),
  `ff${parent.slice(2)}`,
  `${parent}-more`,
  `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
]
for (const header of broken) {
  test(`'${header}' starts a new trace`, () => {
    const { traceId: fresh, parent: ours } = traceOf(header)
    expect(fresh).not.toBe(traceId)
    expect(ours).toMatch(new RegExp(`^00-${fresh}-[0-9a-f]{16}-03$`))
  })
}

test('no two requests get the same trace', () => {
  const ids = Array.from({ length: 2_000 }, () => traceOf(undefined).traceId)
  expect(new Set(ids).size).toBe(ids.length)
})
