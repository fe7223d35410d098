/**
 * What should hold of a day's latencies: `'p95 < 200ms'`.
 *
 * Owns:     percentiles, by nearest rank over all measurements; never an average of percentiles.
 */
import type { Duration } from './time-of-day.ts'
import { parseDuration } from './time-of-day.ts'

export interface Latency {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  readonly mean: number
  readonly n: number
}

export interface Slo {
  readonly percentile: 'p50' | 'p95' | 'p99' | 'max'
  readonly belowMs: number
}

/** Undefined when it is not understood. */
export function parseSlo(text: string): Slo | undefined {
  const [, percentile, below = ''] = /^(p50|p95|p99|max) < (\S+)$/.exec(text) ?? []
  const us = parseDuration(below as Duration)
  if (percentile === undefined || us === undefined) return undefined
  return { percentile: percentile as Slo['percentile'], belowMs: us / 1_000 }
}

/** Of milliseconds, to the microsecond. */
export function latencyOf(measured: readonly number[]): Latency {
  const sorted = [...measured].sort((a, b) => a - b)
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  const mean = sorted.length === 0 ? 0 : sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length
  return { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), max: rank(1), mean, n: sorted.length }
}
