import { describe, expect, test } from 'vitest'
import {
  covers,
  difference,
  histogramOf,
  histogramPercentile,
  meanOf,
  merged,
  pairedDifference,
  percentile,
  sizeOf,
  studentCentral,
  studentQuantile,
  summaryOf,
} from './index.ts'

// Two-sided quantiles as tabulated: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
const tabulated = [
  [1, 12.706, 63.657],
  [2, 4.303, 9.925],
  [3, 3.182, 5.841],
  [4, 2.776, 4.604],
  [5, 2.571, 4.032],
  [9, 2.262, 3.25],
  [10, 2.228, 3.169],
  [19, 2.093, 2.861],
  [30, 2.042, 2.75],
  [31, 2.04, 2.744],
  [60, 2.0, 2.66],
  [99, 1.984, 2.626],
  [100, 1.984, 2.626],
] as const

describe("Student's t", () => {
  test.each(tabulated)('%i degrees: the quantiles stand in the table', (degrees, p95, p99) => {
    expect(studentQuantile(0.95, degrees)).toBeCloseTo(p95, 3)
    expect(studentQuantile(0.99, degrees)).toBeCloseTo(p99, 3)
  })

  test('with one and two degrees it is what the closed forms say', () => {
    expect(studentQuantile(0.95, 1)).toBeCloseTo(Math.tan((Math.PI / 2) * 0.95), 9)
    expect(studentQuantile(0.95, 2)).toBeCloseTo(0.95 * Math.sqrt(2 / (1 - 0.95 ** 2)), 9)
  })

  test('with very many degrees it is the normal one', () => {
    expect(studentQuantile(0.95, 100_000)).toBeCloseTo(1.959_988, 4)
    expect(studentCentral(1.96, 1_000_000)).toBeCloseTo(0.950_004, 5)
  })
})

describe('intervals', () => {
  // Law, Simulation Modeling and Analysis, example 4.26: ten observations, 90 %.
  const law = [1.2, 1.5, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.5, 1.09]

  test("the mean and the half-width are those of Law's example", () => {
    const { mean, halfWidth } = meanOf(law, 0.9)
    expect(mean).toBeCloseTo(1.343, 3)
    expect(halfWidth).toBeCloseTo(0.24, 2)
  })

  test('one number has no half-width, and covers everything', () => {
    expect(meanOf([3])).toEqual({ n: 1, mean: 3 })
    expect(covers(meanOf([3]), 100)).toBe(true)
  })

  test('percentiles across runs are runs', () => {
    const runs = Array.from({ length: 20 }, (_, n) => n + 1)
    expect(summaryOf(runs)).toMatchObject({ n: 20, mean: 10.5, p5: 1, p95: 19 })
    expect(percentile([7], 0.95)).toBe(7)
  })

  test('what both have in common cancels in pairs, and does not between strangers', () => {
    const a = [10, 20, 30, 40, 50]
    const b = [11, 21.2, 30.9, 41, 50.9]
    const pairs = pairedDifference(a, b)
    expect(pairs.mean).toBeCloseTo(1, 9)
    expect(pairs.halfWidth).toBeLessThan(0.2)
    expect(difference(a, b).halfWidth).toBeGreaterThan(10)
  })

  test('one run is compared with where another of the others would lie', () => {
    const a = [9, 10, 11, 10, 10]
    // t(0.95, 4) · s · √(1 + 1/5), the prediction interval.
    expect(difference(a, [10]).halfWidth).toBeCloseTo(2.776 * Math.sqrt(0.5) * Math.sqrt(1.2), 3)
    expect(covers(difference(a, [12]), 0)).toBe(true)
    expect(covers(difference(a, [13]), 0)).toBe(false)
    expect(difference([1], [2])).toEqual({ n: 2, mean: 1 })
  })
})

test('the histogram of two runs is that of all their values', () => {
  const [one, two] = [
    [0, 0.4, 7],
    [1, 2.5, 2.6, 9.9],
  ]
  const both = merged([histogramOf(one as number[], 0.5), histogramOf(two as number[], 0.5)])
  expect(both).toEqual(histogramOf([...(one as number[]), ...(two as number[])], 0.5))
  expect(sizeOf(both)).toBe(7)
  expect([0.5, 0.99].map((share) => histogramPercentile(both, share))).toEqual([3, 10])
})
