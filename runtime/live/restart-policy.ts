/**
 * When a node that ended is started again, and when it is given up.
 *
 * Owns:     the count of one node's restarts.
 * Does not: start anything or read a clock (`launcher.ts`).
 *
 * Invariants:
 *   RP1. Within any window at most `restartsMax` restarts are granted.
 *   RP2. After `restartsMax` starts in a row that did not become a member none is granted, however slow they were.
 */
import type { LauncherSettings } from './launcher-defaults.ts'

type Limits = Pick<LauncherSettings, 'backoffFirstMs' | 'backoffMaxMs' | 'restartsMax' | 'restartsWindowMs'>

export class RestartPolicy {
  readonly #limits: Limits
  #granted: number[] = []
  #startsFailed = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** The process became a member. */
  started(): void {
    this.#startsFailed = 0
  }

  /** The process ended: milliseconds to wait before the next, or that there is none. */
  ended(nowMs: number): number | 'given-up' {
    const { backoffFirstMs, backoffMaxMs, restartsMax } = this.#limits
    if (this.within(nowMs) >= restartsMax || this.#startsFailed >= restartsMax) return 'given-up'
    const delay = Math.min(backoffFirstMs * 2 ** this.#startsFailed, backoffMaxMs)
    this.#granted.push(nowMs)
    this.#startsFailed += 1
    return delay
  }

  /** Restarts granted within the window. */
  within(nowMs: number): number {
    this.#granted = this.#granted.filter((at) => nowMs - at < this.#limits.restartsWindowMs)
    return this.#granted.length
  }

  /** An operator starts it again: the past is forgiven. */
  forgive(): void {
    this.#granted = []
    this.#startsFailed = 0
  }
}
