/**
 * What replications say: a mean, how sure it is, and how far single runs lie from it.
 *
 * Source of the formulas: Law, Simulation Modeling and Analysis (5th ed.), 4.5 (t interval), 9.4 (terminating
 * simulations), 10.2 (comparing two systems: the paired t, and the t of two samples with one variance).
 *
 * Owns:     the intervals.
 * Does not: decide what a replication is. The numbers given must be independent of each other: one a run, and
 *           never a percentile of a run where a mean over all of them is meant.
 */
import { studentQuantile } from './student-t.ts'

export interface Interval {
  readonly n: number
  readonly mean: number
  /** Of the mean. Absent with fewer numbers than say anything of their spread. */
  readonly halfWidth?: number
}

/** An interval, and the runs behind it. */
export interface Summary extends Interval {
  /** Of single runs, by nearest rank: nine in ten lie between them. */
  readonly p5: number
  readonly p95: number
}

export const usualConfidence = 0.95

/** The mean of all runs that there might be lies in mean ± half-width in `confidence` of all studies. */
export function meanOf(values: readonly number[], confidence = usualConfidence): Interval {
  const n = values.length
  const mean = sumOf(values) / n
  if (n < 2) return { n, mean }
  return { n, mean, halfWidth: studentQuantile(confidence, n - 1) * Math.sqrt(squares(values) / (n - 1) / n) }
}

export function summaryOf(values: readonly number[], confidence = usualConfidence): Summary {
  return { ...meanOf(values, confidence), p5: percentile(values, 0.05), p95: percentile(values, 0.95) }
}

/**
 * By how much `b` is above `a`, run by run: both were played under the same seeds, so what chance brings to both
 * cancels (common random numbers).
 */
export function pairedDifference(
  a: readonly number[],
  b: readonly number[],
  confidence = usualConfidence,
): Interval {
  return meanOf(
    b.map((value, n) => value - (a[n] ?? Number.NaN)),
    confidence,
  )
}

/**
 * By how much the mean of `b` is above that of `a`: separate runs with one variance, which both sets estimate
 * together. One run of `b` will do: the interval is then where another run of `a` would lie.
 */
export function difference(
  a: readonly number[],
  b: readonly number[],
  confidence = usualConfidence,
): Interval {
  const mean = sumOf(b) / b.length - sumOf(a) / a.length
  const n = a.length + b.length
  const degrees = n - 2
  if (degrees < 1) return { n, mean }
  const variance = (squares(a) + squares(b)) / degrees
  const halfWidth = studentQuantile(confidence, degrees) * Math.sqrt(variance * (1 / a.length + 1 / b.length))
  return { n, mean, halfWidth }
}

/** Whether the interval has this value in it. Without a width it has every value: it says nothing. */
export function covers({ mean, halfWidth = Number.POSITIVE_INFINITY }: Interval, value: number): boolean {
  return Math.abs(value - mean) <= halfWidth
}

/** The half-width as a share of the mean; infinite when nothing is known of it. */
export function relativeHalfWidth({ mean, halfWidth = Number.POSITIVE_INFINITY }: Interval): number {
  return halfWidth === 0 ? 0 : halfWidth / Math.abs(mean)
}

/** By nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/** The sum of squared distances from their mean. */
function squares(values: readonly number[]): number {
  const mean = sumOf(values) / values.length
  return sumOf(values.map((value) => (value - mean) ** 2))
}
