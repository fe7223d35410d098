/**
 * Instants and durations.
 *
 * Owns:     the units. An instant is an integer count of microseconds on one named clock; a duration is
 *           a number of milliseconds, because that is the unit of XState's delays.
 * Does not: read a clock. Whoever needs the time is given it (`event.at`, `now`).
 */
import type { Brand } from './actor-ref.ts'

/** Integer microseconds: on the world clock since the world's epoch, on the runtime clock since the Unix epoch. */
export type Instant = Brand<number, 'Instant'>

/** World: cooking, patience, deadlines. Runtime: asks, retries, backoff, idempotency. */
export type ClockName = 'world' | 'runtime'

/** Both clocks, as read once for one input. */
export interface Now {
  readonly world: Instant
  readonly runtime: Instant
}

export const milliseconds = (n: number): number => n
export const seconds = (n: number): number => n * 1_000
export const minutes = (n: number): number => n * 60_000
export const hours = (n: number): number => n * 3_600_000

/** `at` moved by a duration in milliseconds, rounded to a whole microsecond. */
export function after(at: Instant, durationMs: number): Instant {
  return (at + Math.round(durationMs * 1_000)) as Instant
}

/** Milliseconds from `a` to `b`; negative when `b` is earlier. */
export function millisecondsBetween(a: Instant, b: Instant): number {
  return (b - a) / 1_000
}
