import { describe, expect, test } from 'vitest'
import { defineDay } from './define-day.ts'
import { ReplayableDay } from './replayable-day.ts'
import { timeUs } from './time-of-day.ts'

// Any moment of a day can be reached again, with all that was done to it from outside.
// Method: a short day, nodes that are killed by hand, and the trace of what became durable.

const day = defineDay({
  name: 'short',
  open: '18:00',
  lastOrder: '18:20',
  close: '18:30',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 90 },
      { at: '18:20', perHour: 90 },
    ],
  },
})

const to = (played: ReplayableDay, time: '18:05' | '18:10' | '18:15'): void => {
  const { timeline, worldNow } = played.today.cluster
  played.run({ until: timeline.now + timeUs(time) - worldNow })
}
const kill = (node: string) => (today: ReplayableDay['today']) => void today.cluster.crash(node)

function hurt(): ReplayableDay {
  const played = new ReplayableDay(day, 3)
  to(played, '18:05')
  played.intervene(kill('node-2'))
  to(played, '18:10')
  return played
}

const seen = (played: ReplayableDay) => ({ ...played.moment, trace: played.today.traceHash })

describe('a day that is wound back', () => {
  test('and run again to the same moment is the day that it was', () => {
    const played = hurt()
    const before = seen(played)
    played.rewind()
    expect(played.moment).toEqual({ events: 0, at: 0 })
    to(played, '18:10')
    expect(seen(played)).toEqual(before)
    expect(played.today.cluster.restarts).toBe(1)
  })

  test('without what was done to it would have been another', () => {
    const calm = new ReplayableDay(day, 3)
    to(calm, '18:10')
    expect(seen(calm).trace).not.toBe(seen(hurt()).trace)
  })

  test('reaches what was done in the middle of an instant in the middle of it', () => {
    const played = new ReplayableDay(day, 3)
    to(played, '18:05')
    for (let n = 0; n < 50; n += 1) {
      played.step('event')
      played.intervene(kill(`node-${(n % 3) + 1}`))
    }
    to(played, '18:10')
    const before = seen(played)
    played.rewind()
    to(played, '18:10')
    expect(seen(played)).toEqual(before)
  })

  test('forgets its old future when something else is done', () => {
    const played = hurt()
    played.rewind()
    played.intervene(kill('node-1'))
    to(played, '18:10')
    const once = new ReplayableDay(day, 3)
    once.intervene(kill('node-1'))
    to(once, '18:10')
    expect(seen(played)).toEqual(seen(once))
  })

  test('tells those who did something that it is done again', () => {
    const told: boolean[] = []
    const played = new ReplayableDay(day, 3)
    to(played, '18:05')
    played.intervene((_today, again) => void told.push(again))
    played.rewind()
    to(played, '18:05')
    expect(told).toEqual([false, true])
  })
})

describe('a fork', () => {
  test('has the same past and a future of its own', () => {
    const played = hurt()
    const fork = played.fork()
    while (!fork.runTo(played.moment, 1_000));
    expect(seen(fork)).toEqual(seen(played))
    fork.intervene(kill('node-3'))
    to(played, '18:15')
    to(fork, '18:15')
    expect(seen(fork).trace).not.toBe(seen(played).trace)
    expect([played.today.cluster.restarts, fork.today.cluster.restarts]).toEqual([1, 2])
  })
})

describe('a step', () => {
  test('of an event is one event', () => {
    const played = hurt()
    const { events } = played.moment
    expect(played.step('event')).toBe(true)
    expect(played.moment.events).toBe(events + 1)
  })

  test('of a commit ends when something has become durable', () => {
    const commits: number[] = []
    const played = new ReplayableDay(day, 3, { onCommit: (commit) => void commits.push(commit.kind.length) })
    to(played, '18:05')
    const before = commits.length
    expect(played.step('commit')).toBe(true)
    expect(commits.length).toBeGreaterThan(before)
  })

  test('of a turn ends in the event of a turn', () => {
    let turns = 0
    const observer = () => ({
      count: (name: string) => {
        if (name === 'turns') turns += 1
      },
      time: () => {},
      watched: false,
      event: () => {},
    })
    const played = new ReplayableDay(day, 3, { observer })
    to(played, '18:05')
    const before = turns
    expect(played.step('turn')).toBe(true)
    expect(turns).toBeGreaterThan(before)
  })
})
