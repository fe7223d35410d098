/**
 * Whether one process still answers: at first the order to start, then heartbeats.
 *
 * Owns:     what is unanswered, and for how long.
 * Does not: send one, kill anything or read a clock (`launcher.ts`).
 *
 * Invariants:
 *   P1. At most one order is unanswered.
 *   P2. A process is overdue only for time in which the launcher itself was running: an answer that came while
 *       the launcher stood still is read after the tick that follows.
 *   P3. Nor for time in which it stood in the queue for a CPU. It would have answered; and whoever kills it on a
 *       machine that is busy makes it busier: the one that follows starts from nothing, and is as slow to answer.
 */
export class Pulse {
  readonly #intervalMs: number
  readonly #boundMs: number
  #asked: { readonly atMs: number; readonly queuedMs: number } | undefined
  #lastTick: number | undefined

  constructor(intervalMs: number, boundMs: number) {
    this.#intervalMs = intervalMs
    this.#boundMs = boundMs
  }

  /**
   * To be called every interval. `ask`: there is nothing to be answered. `queuedMs`: how long the process has waited for a CPU
   * since it began.
   */
  tick(nowMs: number, queuedMs = 0): 'ask' | 'wait' | 'overdue' {
    const stoodStill = nowMs - (this.#lastTick ?? nowMs) > 2 * this.#intervalMs
    this.#lastTick = nowMs
    const asked = this.#asked
    if (asked === undefined || stoodStill) {
      this.#asked = { atMs: nowMs, queuedMs }
      return asked === undefined ? 'ask' : 'wait'
    }
    return nowMs - asked.atMs - (queuedMs - asked.queuedMs) > this.#boundMs ? 'overdue' : 'wait'
  }

  answered(): void {
    this.#asked = undefined
  }
}
