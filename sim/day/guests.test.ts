import { describe, expect, test } from 'vitest'
import { expectedBefore, segmentsOf } from './guests.ts'
import { defineDay, planGuests, timeUs } from './index.ts'

const day = defineDay({
  name: 'curve',
  open: '11:00',
  lastOrder: '22:00',
  close: '23:00',
  guests: {
    arrivals: [
      { at: '11:00', perHour: 0 },
      { at: '13:00', perHour: 200 },
      { at: '15:00', perHour: 20 },
      { at: '18:00', perHour: 20 },
      { at: '20:00', perHour: 400 },
      { at: '23:00', perHour: 0 },
    ],
  },
})
const seeds = [1, 2, 3, 4, 5]

describe('arrivals', () => {
  // Pearson's statistic over quarters of an hour has about as many degrees of freedom as there are quarters;
  // six standard deviations above that is a bound that a wrong curve exceeds at once.
  test.each(seeds)('follow the curve in every quarter of an hour, seed %i', (seed) => {
    const segments = segmentsOf(day)
    const arrivals = planGuests(day, seed).map(({ at }) => at)
    let statistic = 0
    let quarters = 0
    for (let from = timeUs('11:15'); from < timeUs('22:00'); from += timeUs('00:15')) {
      const to = from + timeUs('00:15')
      const expected = expectedBefore(segments, to) - expectedBefore(segments, from)
      const seen = arrivals.filter((at) => at >= from && at < to).length
      statistic += (seen - expected) ** 2 / expected
      quarters += 1
    }
    expect(statistic).toBeLessThan(quarters + 6 * Math.sqrt(2 * quarters))
    expect(statistic).toBeGreaterThan(quarters - 6 * Math.sqrt(2 * quarters))
  })

  test('come in order, from opening to the last order', () => {
    const arrivals = planGuests(day, 1).map(({ at }) => at)
    expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b))
    expect(arrivals[0]).toBeGreaterThanOrEqual(timeUs('11:00'))
    expect(arrivals.at(-1)).toBeLessThan(timeUs('22:00'))
  })

  test('add up to the area under the curve', () => {
    const expected = expectedBefore(segmentsOf(day), timeUs('22:00'))
    const seen = seeds.reduce((sum, seed) => sum + planGuests(day, seed).length, 0)
    expect(Math.abs(seen - seeds.length * expected)).toBeLessThan(6 * Math.sqrt(seeds.length * expected))
  })
})

describe('guests', () => {
  test('are the same for a seed, whatever happens to the cluster', () => {
    const troubled = defineDay({
      ...day,
      faults: [{ kind: 'restart-cluster', at: '20:00' }],
      payments: { declineShare: 0.5 },
    })
    expect(planGuests(troubled, 7)).toEqual(planGuests(day, 7))
    expect(planGuests(day, 8)).not.toEqual(planGuests(day, 7))
  })

  test('a change of one habit leaves every other choice as it was', () => {
    const before = planGuests(day, 7)
    const after = planGuests(defineDay({ ...day, guests: { ...day.guests, cancelShare: 1 } }), 7)
    expect(after.map(({ cancelAfterUs: _, ...rest }) => rest)).toEqual(
      before.map(({ cancelAfterUs: _, ...rest }) => rest),
    )
  })

  test('behave in the shares that the day gives', () => {
    const guests = seeds.flatMap((seed) => planGuests(day, seed))
    const share = (of: (guest: (typeof guests)[number]) => boolean) =>
      guests.filter(of).length / guests.length
    expect(share(({ serve }) => serve === 'table')).toBeCloseTo(0.7, 1)
    expect(share(({ cancelAfterUs }) => cancelAfterUs !== undefined)).toBeCloseTo(0.02, 1)
    expect(share(({ card }) => card === 'ok')).toBeCloseTo(0.94, 1)
    expect(share(({ wishes }) => wishes.reduce((sum, { quantity }) => sum + quantity, 0) === 2)).toBeCloseTo(
      0.4,
      1,
    )
  })
})

test('a guest who stays away changes nothing of those who come', () => {
  const all = planGuests(day, 1)
  const some = planGuests({ ...day, guests: { ...day.guests, only: [3, 17] } }, 1)
  expect(some).toEqual([all[3], all[17]])
})

test('a burst comes besides the others, evenly within its time, and changes none of them', () => {
  const bursts = [{ at: '19:00', guests: 400, within: '10s' }] as const
  const without = planGuests(day, 1)
  const all = planGuests(defineDay({ ...day, guests: { ...day.guests, bursts } }), 1)
  expect(all.slice(0, without.length)).toEqual(without)
  const seconds = all.slice(without.length).map(({ at }) => (at - timeUs('19:00')) / 1_000_000)
  expect(seconds).toHaveLength(400)
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...seconds)).toBeLessThan(10)
  expect(seconds.filter((second) => second < 5).length).toBeGreaterThan(140)
  expect(seconds.filter((second) => second < 5).length).toBeLessThan(260)
})
