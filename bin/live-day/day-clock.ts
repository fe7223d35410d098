/**
 * What time it is in the restaurant, and when it will be later.
 *
 * Owns:     the way between the day's clock (microseconds since the midnight before it opens), the world's clock
 *           and this machine's.
 * Does not: set the world's clock: the cluster carries it on from start to start.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Instant } from '#actor'
import { type MachineAnchor, runtimeNow } from '#live'
import { runtimeAt, worldAt } from '#ports'

export class DayClock {
  readonly #anchor: MachineAnchor
  /** World time of the day's midnight. */
  readonly midnight: Instant
  readonly signal: AbortSignal

  /** Whoever waits when `signal` aborts is rejected. */
  constructor(anchor: MachineAnchor, midnight: Instant, signal: AbortSignal) {
    this.#anchor = anchor
    this.midnight = midnight
    this.signal = signal
    // A whole house may wait for something.
    setMaxListeners(0, signal)
  }

  /** Microseconds since midnight. */
  now(): number {
    return worldAt(this.#anchor, runtimeNow(this.#anchor)) - this.midnight
  }

  /** The moment of the day on `performance.now()`. */
  realMsOf(at: number): number {
    const runtime = runtimeAt(this.#anchor, (this.midnight + at) as Instant)
    return performance.now() + (runtime - runtimeNow(this.#anchor)) / 1_000
  }

  async reached(at: number): Promise<void> {
    const waitMs = this.realMsOf(at) - performance.now()
    await this.pause(waitMs)
  }

  /** Of this machine, not of the restaurant. Rejects with the reason of the signal. */
  async pause(ms: number): Promise<void> {
    try {
      await sleep(Math.max(0, ms), undefined, { signal: this.signal })
    } catch {
      this.signal.throwIfAborted()
    }
  }
}

const dayUs = 86_400_000_000

/** How long before opening time the world of a new data folder begins: time for the cluster to start, in real time. */
const startWithinMs = 10_000
/** Whoever opens today waits for it no longer than this. */
const waitMs = 15_000

/** World time for a new data folder: today, a little before `open` (microseconds since midnight). */
export function worldBefore(open: number, speed: number): Instant {
  const now = unixNow()
  return Math.floor(now - (now % dayUs) + open - startWithinMs * 1_000 * speed) as Instant
}

/** World time of a midnight after which it is about to open: the calendar's, or the day begins now. */
export function midnightBefore(open: number, anchor: MachineAnchor): Instant {
  const now = worldAt(anchor, runtimeNow(anchor))
  const calendar = now - (now % dayUs)
  const untilOpen = calendar + open - now
  const isSoon = untilOpen >= 0 && untilOpen <= waitMs * 1_000 * anchor.speed
  return (isSoon ? calendar : now - open) as Instant
}

export const unixNow = (): Instant =>
  Math.floor((performance.timeOrigin + performance.now()) * 1_000) as Instant
