/**
 * What time it is in the restaurant, and when it will be later.
 *
 * Owns:     the way between the day's clock (microseconds since the midnight before it opens), the world's clock
 *           and this machine's.
 * Does not: set the world's clock: the cluster carries it on from start to start.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Instant } from '#actor'
import { runtimeAt, type WorldAnchor, worldAt } from '#ports'

export class DayClock {
  readonly #anchor: WorldAnchor
  /** World time of the day's midnight. */
  readonly midnight: Instant
  readonly signal: AbortSignal

  /** Whoever waits when `signal` aborts is rejected. */
  constructor(anchor: WorldAnchor, midnight: Instant, signal: AbortSignal) {
    this.#anchor = anchor
    this.midnight = midnight
    this.signal = signal
  }

  /** Microseconds since midnight. */
  now(): number {
    return worldAt(this.#anchor, unixNow()) - this.midnight
  }

  /** The moment of the day on `performance.now()`. */
  realMsOf(at: number): number {
    return runtimeAt(this.#anchor, (this.midnight + at) as Instant) / 1_000 - performance.timeOrigin
  }

  async reached(at: number): Promise<void> {
    const waitMs = this.realMsOf(at) - performance.now()
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.signal })
    this.signal.throwIfAborted()
  }

  /** Of this machine, not of the restaurant. */
  pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.signal })
  }
}

export const unixNow = (): Instant =>
  Math.floor((performance.timeOrigin + performance.now()) * 1_000) as Instant
