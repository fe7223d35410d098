import { describe, expect, test } from 'vitest'
import type { ProblemBody } from './answers.ts'
import { EventLines } from './event-lines.ts'
import { isPassing, retryAfterMs, waitMs } from './retry.ts'

const problem = (more: Partial<ProblemBody>): ProblemBody => ({
  status: 503,
  code: 'busy',
  title: '',
  ...more,
})

describe('asking again', () => {
  test('waits longer each time, up to ten seconds, and at least as long as it was told', () => {
    const longest = [0, 1, 2, 3, 4, 5, 50].map((tries) => waitMs(tries, 1))
    expect(longest).toEqual([400, 800, 1_600, 3_200, 6_400, 10_000, 10_000])
    expect(waitMs(3, 0)).toBe(1_600)
    expect(waitMs(0, 1, 60_000)).toBe(60_000)
  })

  test.each([
    ['entity-relocating', 503, true, true],
    ['actor-timeout', 504, true, true],
    ['request-in-progress', 409, true, true],
    ['quota-exceeded', 429, true, true],
    ['not-ready', 502, false, true],
    ['orders-closed', 503, true, false],
    ['actor-stopped', 503, true, false],
    ['menu-changed', 409, false, false],
    ['internal', 500, false, false],
  ] as const)('%s (%d) is an answer that passes, or one that stands', (code, status, retryable, passes) => {
    expect(isPassing(problem({ code, status, retryable }))).toBe(passes)
  })

  test('reads seconds, and takes anything else for nothing', () => {
    expect(['2', '0.5', null, '', 'soon', '-1'].map(retryAfterMs)).toEqual([2_000, 500, 0, 0, 0, 0])
  })
})

describe('events', () => {
  test('come out whole, wherever the bytes were cut', () => {
    const text =
      'retry: 1000\n\nid: 1\ndata: {"a":1}\n\n: still here\n\nid:2\r\ndata: one\r\ndata: two\r\n\r\nid: 3\nda'
    const whole = [
      { id: '1', data: '{"a":1}' },
      { id: '2', data: 'one\ntwo' },
    ]
    expect(new EventLines().take(text)).toEqual(whole)
    const lines = new EventLines()
    expect([...text].flatMap((letter) => lines.take(letter))).toEqual(whole)
    expect(lines.take('ta: x\n\n')).toEqual([{ id: '3', data: 'x' }])
  })
})
