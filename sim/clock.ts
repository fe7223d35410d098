/**
 * The two clocks of one simulated process, as views of the timeline.
 *
 * Owns:     how far this node's clock is from virtual time: its offset and its drift.
 * Does not: hold time back while the node is frozen: real clocks run on through a SIGSTOP. What fires
 *           meanwhile waits in the process.
 */
import type { ClockName, Instant, Now } from '#actor'
import { assert } from '#actor'
import { type Clock, runtimeAt, type WorldAnchor, worldAt } from '#ports'
import type { SimEvent } from './event-queue.ts'
import type { SimProcess } from './process.ts'
import type { Timeline } from './timeline.ts'

/** The runtime clock of every run begins here: 2026-01-01T00:00Z. */
export const runtimeEpoch = 1_767_225_600_000_000 as Instant

/** The world clock begins at 0 and runs as fast as the runtime clock. */
export const simWorldAnchor: WorldAnchor = { world: 0 as Instant, runtime: runtimeEpoch, speed: 1 }

interface Wake {
  readonly at: Instant
  readonly fire: () => void
  readonly event: SimEvent
}

export class SimClock implements Clock {
  #timeline: Timeline
  #process: SimProcess
  #world: WorldAnchor
  #wakes = new Map<ClockName, Wake>()
  // The node's clock read `runtime` when the timeline read `timeline`, and gains `rate` a microsecond since.
  #anchor: { readonly timeline: number; readonly runtime: number; readonly rate: number }
  #last: Instant = runtimeEpoch

  constructor(timeline: Timeline, process: SimProcess, world: WorldAnchor = simWorldAnchor) {
    this.#timeline = timeline
    this.#process = process
    this.#world = world
    this.#anchor = { timeline: 0, runtime: runtimeEpoch, rate: 1 }
  }

  now(): Now {
    const read = this.#read()
    if (read > this.#last) this.#last = read
    return { world: worldAt(this.#world, this.#last), runtime: this.#last }
  }

  wakeAt(clock: ClockName, at: Instant, fire: () => void): void {
    const pending = this.#wakes.get(clock)
    if (pending !== undefined) this.#timeline.cancel(pending.event)
    const event = this.#timeline.after(this.#until(clock, at), () => {
      if (this.now()[clock] < at) this.wakeAt(clock, at, fire)
      else this.#fire(clock)
    })
    this.#wakes.set(clock, { at, fire, event })
  }

  soon(run: () => void): void {
    this.#timeline.soon(() => this.#process.enter(run))
  }

  /** The node's clock jumps; back means that it stands still until it has caught up. */
  step(microseconds: number): void {
    this.#setAnchor(this.#read() + microseconds, this.#anchor.rate)
  }

  /** The node's clock runs at `rate` from now on; 1 is right. */
  drift(rate: number): void {
    assert(rate > 0, 'C1', `a clock cannot run at ${rate}`)
    this.#setAnchor(this.#read(), rate)
  }

  /** The clock is set to what virtual time says, and runs as it should. */
  setRight(): void {
    this.#setAnchor(runtimeEpoch + this.#timeline.now, 1)
  }

  /** Microseconds by which whoever reads it now is misled. */
  get error(): number {
    return Math.max(this.#read(), this.#last) - (runtimeEpoch + this.#timeline.now)
  }

  // The wake leaves the table inside the process: while it is frozen, a later `wakeAt` cannot be asked for.
  #fire(clock: ClockName): void {
    const wake = this.#wakes.get(clock)
    if (wake === undefined) return
    this.#process.enter(() => {
      if (this.#wakes.get(clock) !== wake) return
      this.#wakes.delete(clock)
      wake.fire()
    })
  }

  #setAnchor(runtime: number, rate: number): void {
    this.#anchor = { timeline: this.#timeline.now, runtime, rate }
    for (const [clock, { at, fire }] of [...this.#wakes]) this.wakeAt(clock, at, fire)
  }

  #read(): Instant {
    const { timeline, runtime, rate } = this.#anchor
    return Math.floor(runtime + (this.#timeline.now - timeline) * rate) as Instant
  }

  #until(clock: ClockName, at: Instant): number {
    const runtime = clock === 'runtime' ? at : runtimeAt(this.#world, at)
    return Math.max(0, Math.ceil((runtime - this.#read()) / this.#anchor.rate))
  }
}
