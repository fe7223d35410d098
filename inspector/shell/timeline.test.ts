import { expect, test } from 'vitest'
import { liveTimeline, placeOf, timelineOf } from './timeline.ts'

const at = (clock: string): number => Date.parse(`2026-05-01T${clock}Z`)

test('a day has a tick for each hour', () => {
  const { ticks } = timelineOf(at('17:00:00'), at('23:00:00'), 600)
  expect(ticks.map(({ words }) => words)).toEqual([
    '17:00',
    '18:00',
    '19:00',
    '20:00',
    '21:00',
    '22:00',
    '23:00',
  ])
})

test.each([1, 10, 60])(
  'at ×%d now is between the middle and the last quarter, and few ticks are shown',
  (speed) => {
    for (const clock of ['00:00:00', '19:42:16', '23:59:59']) {
      const line = liveTimeline(at(clock), speed, 700)
      expect(placeOf(line, at(clock))).toBeGreaterThanOrEqual(0.5)
      expect(placeOf(line, at(clock))).toBeLessThan(0.75)
      expect(line.ticks.length).toBeGreaterThan(2)
      expect(line.ticks.length).toBeLessThanOrEqual(11)
    }
  },
)

test('it stands still while now goes on', () => {
  expect(liveTimeline(at('18:00:01'), 60, 700)).toEqual(liveTimeline(at('19:30:00'), 60, 700))
})
