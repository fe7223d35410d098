import { describe, expect, test } from 'vitest'
import { type Gaps, gapIn, gapShownMs, withGap } from './gaps.ts'

const none: Gaps = new Map()

describe('frames that were left out', () => {
  test('are counted for their stream alone', () => {
    const gaps = withGap(withGap(none, 'activity', 400, 0), 'tap:3', 7, 0)
    expect(gapIn(gaps, 'activity', 3_000)).toBe('400 frames dropped, the last 3 s ago')
    expect(gapIn(gaps, 'tap:3', 3_000)).toBe('7 frames dropped, the last 3 s ago')
    expect(gapIn(gaps, 'kitchen', 3_000)).toBeUndefined()
  })

  test('add up while they are told of, and one is said as one', () => {
    const one = withGap(none, 'activity', 1, 0)
    expect(gapIn(one, 'activity', 0)).toBe('1 frame dropped 0 ms ago')
    const more = withGap(one, 'activity', 11, gapShownMs - 1)
    expect(gapIn(more, 'activity', gapShownMs + 1_999)).toBe('12 frames dropped, the last 2 s ago')
  })

  test('are told of for a while, and then counted from nothing', () => {
    const gaps = withGap(none, 'activity', 400, 0)
    expect(gapIn(gaps, 'activity', gapShownMs)).toBeUndefined()
    expect(withGap(gaps, 'activity', 2, gapShownMs).get('activity')).toEqual({ dropped: 2, at: gapShownMs })
  })

  test('change no count that was handed out before', () => {
    const before = withGap(none, 'activity', 1, 0)
    withGap(before, 'activity', 1, 1)
    expect(before.get('activity')?.dropped).toBe(1)
    expect(none.size).toBe(0)
  })
})
