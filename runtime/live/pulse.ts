/**
 * Whether one process still answers.
 *
 * Owns:     which heartbeat is unanswered, and for how long.
 * Does not: send one, kill anything or read a clock (`launcher.ts`).
 *
 * Invariants:
 *   P1. At most one heartbeat is unanswered.
 *   P2. A process is overdue only for time in which the launcher itself was running: an answer that came while
 *       the launcher stood still is read after the tick that follows.
 */
import type { LauncherSettings } from './launcher-defaults.ts'

export class Pulse {
  readonly #intervalMs: number
  readonly #boundMs: number
  #askedAt: number | undefined
  #lastTick: number | undefined

  constructor({ heartbeatIntervalMs, heartbeatBoundMs }: LauncherSettings) {
    this.#intervalMs = heartbeatIntervalMs
    this.#boundMs = heartbeatBoundMs
  }

  /** To be called every interval. `ask`: send a heartbeat now. */
  tick(nowMs: number): 'ask' | 'wait' | 'overdue' {
    const stoodStill = nowMs - (this.#lastTick ?? nowMs) > 2 * this.#intervalMs
    this.#lastTick = nowMs
    if (this.#askedAt === undefined) {
      this.#askedAt = nowMs
      return 'ask'
    }
    if (stoodStill) this.#askedAt = nowMs
    return nowMs - this.#askedAt > this.#boundMs ? 'overdue' : 'wait'
  }

  answered(): void {
    this.#askedAt = undefined
  }
}
