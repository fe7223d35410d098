import { describe, expect, test } from 'vitest'
import { crashPoints, deliveries } from '#sim'
import { drawDay, durationUs, faultKinds, nodesOf, planGuests, runSimDay, timeUs } from './index.ts'

const seeds = Array.from({ length: 300 }, (_, n) => n + 1)
const days = seeds.map((seed) => drawDay(seed))

describe('three hundred drawn days', () => {
  test('each has forty guests and four faults at least, and its faults end before it closes', () => {
    for (const [n, day] of days.entries()) {
      expect(planGuests(day, seeds[n]!).length).toBeGreaterThanOrEqual(40)
      expect(day.faults.length).toBeGreaterThanOrEqual(4)
      for (const fault of day.faults) {
        const end = timeUs(fault.at) + ('for' in fault ? durationUs(fault.for) : 0)
        expect(end).toBeLessThanOrEqual(timeUs(day.close))
      }
    }
  })

  test('every fault, every number of nodes and every trouble of a link is in some of them, and none in all', () => {
    const features = days.map(
      ({ faults, cluster: { groups, bounds, character } }) =>
        new Set<string>([
          ...faults.flatMap((fault) => (fault.kind === 'crash-at' ? [fault.kind, fault.point] : fault.kind)),
          character.delivery,
          ...Object.keys(bounds),
          `${nodesOf(groups).length - (groups.at(-1)?.nodes ?? 0)} nodes`,
          ...Object.entries(character).map(([field, value]) => (value === 0 ? `no ${field}` : field)),
        ]),
    )
    const shareOf = (feature: string): number =>
      features.filter((drawn) => drawn.has(feature)).length / days.length
    const drawn = [
      ...faultKinds,
      ...crashPoints,
      ...deliveries,
      ...['dropShare', 'dropAcknowledgementShare', 'duplicateShare', 'reorderShare'],
      ...['batchTurnsMax', 'activationsMax', 'mailboxWindow', 'channelWindow', 'attemptsMax'],
      ...['1 nodes', '2 nodes', '3 nodes', '4 nodes', '5 nodes'],
    ]
    for (const feature of drawn) {
      expect(shareOf(feature), feature).toBeGreaterThan(0.02)
      expect(shareOf(feature), feature).toBeLessThan(0.9)
    }
  })

  test('the same seed draws the same day', () => {
    expect(seeds.slice(0, 20).map((seed) => drawDay(seed))).toEqual(days.slice(0, 20))
  })
})

describe('a drawn day that is run', () => {
  test('is the same run again, and holds every check', () => {
    const first = runSimDay(drawDay(25), { seed: 25 })
    expect(first.checks.filter(({ held }) => !held)).toEqual([])
    expect(first.events).toBeGreaterThan(5_000)
    expect(runSimDay(drawDay(25), { seed: 25 })).toEqual(first)
  })

  test('finds a runtime that answers before it is durable, and nothing in one that does not', () => {
    const brokenChecks = (broken?: 'release-before-durable') =>
      runSimDay(drawDay(7), { seed: 7, ...(broken && { broken }) }).checks.filter(({ held }) => !held)
    expect(brokenChecks()).toEqual([])
    expect(brokenChecks('release-before-durable')).not.toEqual([])
  })
})
