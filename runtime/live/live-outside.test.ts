import { expect, test } from 'vitest'
import { after, type Instant } from '#actor'
import type { CallOutcome, Clock } from '#ports'
import { LiveOutside, type OutsideHandler } from './live-outside.ts'

const now = 1_000_000 as Instant
const clock = { now: () => ({ world: now, runtime: now }) } as Clock

function outcomeOf(handler: OutsideHandler): Promise<CallOutcome> {
  const outside = new LiveOutside({ phone: handler }, clock)
  const call = { handler: 'phone', args: 1, key: 'k', expiresAt: after(now, 60_000) }
  return new Promise((resolve) => outside.start(call, resolve))
}

test.each([
  ['rejects', () => Promise.reject(new Error('no line'))],
  [
    'throws before there is a promise',
    () => {
      throw new Error('no line')
    },
  ],
] as const)('of a handler that %s the outcome is unknown', async (_, handler) => {
  expect(await outcomeOf(handler)).toEqual({ kind: 'unknown', detail: 'no line' })
})
