/**
 * One simulated process: whatever reaches it goes through here.
 *
 * Owns:     whether it runs, is frozen (SIGSTOP) or has ended (SIGKILL), and what waits while it is frozen.
 * Does not: hold a node's ports; each of them delivers through `enter`.
 *
 * Invariants:
 *   P1. Nothing runs in a frozen process; after the thaw it runs in the order in which it came.
 *   P2. Nothing runs in a process that has ended, now or ever.
 */
import type { SimEvent } from './event-queue.ts'
import type { Timeline } from './timeline.ts'

export class SimProcess {
  #timeline: Timeline
  #state: 'running' | 'frozen' | 'ended' = 'running'
  #waiting: (() => void)[] = []
  #thawing: SimEvent | undefined
  #whenEnded: (() => void)[] = []

  constructor(timeline: Timeline) {
    this.#timeline = timeline
  }

  get state(): 'running' | 'frozen' | 'ended' {
    return this.#state
  }

  /** Runs `run` in this process: at once, after the thaw, or never. */
  enter(run: () => void): void {
    if (this.#state === 'running') run()
    else if (this.#state === 'frozen') this.#waiting.push(run)
  }

  freeze(): void {
    if (this.#thawing !== undefined) this.#timeline.cancel(this.#thawing)
    this.#thawing = undefined
    if (this.#state === 'running') this.#state = 'frozen'
  }

  /** It runs again in an event of its own, so that what waited goes before whatever comes after. */
  thaw(): void {
    if (this.#state !== 'frozen' || this.#thawing !== undefined) return
    this.#thawing = this.#timeline.after(0, () => this.#catchUp())
  }

  end(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#waiting = []
    for (const tell of this.#whenEnded) tell()
    this.#whenEnded = []
  }

  /** Tells the world outside, in the instant of the end. */
  onEnd(tell: () => void): void {
    this.#whenEnded.push(tell)
  }

  #catchUp(): void {
    this.#thawing = undefined
    if (this.#state !== 'frozen') return
    this.#state = 'running'
    const waited = this.#waiting
    this.#waiting = []
    for (const run of waited) this.enter(run)
  }
}
