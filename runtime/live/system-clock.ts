/**
 * The machine's clock, and a world that runs beside it.
 *
 * Owns:     two timers, one for each clock.
 * Does not: store the world's record. It is anchored again at each start of the cluster, so the world stands
 *           still while nobody is there to cook.
 *
 * The runtime clock is Unix time as of the start of the cluster, and goes on by the machine's monotonic clock, which
 * its processes share: when the machine's time is corrected, deadlines neither jump nor wait for it to catch up, and
 * a process that starts afterwards tells the same time as the others.
 */
import type { ClockName, Instant, Now } from '#actor'
import { type Clock, runtimeAt, type WorldAnchor, worldAt } from '#ports'

interface Wake {
  at: Instant
  fire: () => void
  /** When the timer goes off, on the runtime clock: never later than it must, perhaps earlier. */
  due: Instant
  timer: NodeJS.Timeout
}

// The longest timeout that Node takes is 2^31 - 1 ms; what is further away is looked at again then.
const timeoutMaxMs = 2 ** 30
// `performance.now()` is the monotonic clock, from the start of this process; and cheaper than `hrtime`.
const startedAtUs = Number(process.hrtime.bigint()) / 1_000 - performance.now() * 1_000

/** The machine's monotonic clock, in microseconds: the same in all processes. */
export const monotonicUs = (): number => startedAtUs + performance.now() * 1_000

/** Where the monotonic clock stood when the runtime clock stood at `runtime`: for every process of the machine. */
export interface MachineAnchor extends WorldAnchor {
  readonly monotonicUs: number
}

/** What the runtime clock of every process with this anchor shows. */
export const runtimeNow = (anchor: MachineAnchor): Instant =>
  (anchor.runtime + Math.floor(monotonicUs() - anchor.monotonicUs)) as Instant

export class SystemClock implements Clock {
  #world: WorldAnchor
  /** Of the runtime clock, when this process started. */
  readonly #startedAt: number
  #wakes = new Map<ClockName, Wake>()
  #stepUs = 0
  #last: Now

  constructor(world: MachineAnchor) {
    this.#world = world
    this.#startedAt = world.runtime + startedAtUs - world.monotonicUs
    const runtime = this.#read()
    this.#last = { world: worldAt(world, runtime), runtime }
  }

  now(): Now {
    const { world, runtime } = this.#last
    const read = Math.max(runtime, this.#read()) as Instant
    this.#last = { world: Math.max(world, worldAt(this.#world, read)) as Instant, runtime: read }
    return this.#last
  }

  wakeAt(clock: ClockName, at: Instant, fire: () => void): void {
    const due = clock === 'runtime' ? at : runtimeAt(this.#world, at)
    const wake = this.#wakes.get(clock)
    if (wake === undefined || due < wake.due) {
      clearTimeout(wake?.timer)
      this.#wakes.set(clock, { at, fire, due, timer: this.#timerFor(clock, due) })
      return
    }
    // The timer that runs goes off early enough, and looks again.
    wake.at = at
    wake.fire = fire
  }

  soon(run: () => void): void {
    setImmediate(run)
  }

  /** The world stands at `anchor.world` now and goes on at its speed; it never goes back. */
  reanchor(anchor: WorldAnchor): void {
    this.#world = anchor
    this.#rearm()
  }

  /** A fault: this node's clock jumps. Back means that it stands still until it has caught up. */
  step(microseconds: number): void {
    this.#stepUs += microseconds
    this.#rearm()
  }

  close(): void {
    for (const { timer } of this.#wakes.values()) clearTimeout(timer)
    this.#wakes.clear()
  }

  #timerFor(clock: ClockName, due: Instant): NodeJS.Timeout {
    const waitMs = Math.ceil((due - this.#read()) / 1_000)
    return setTimeout(() => this.#look(clock), Math.min(Math.max(waitMs, 0), timeoutMaxMs))
  }

  #look(clock: ClockName): void {
    const wake = this.#wakes.get(clock)
    if (wake === undefined) return
    this.#wakes.delete(clock)
    if (this.now()[clock] < wake.at) this.wakeAt(clock, wake.at, wake.fire)
    else wake.fire()
  }

  #rearm(): void {
    for (const [clock, { at, fire, timer }] of [...this.#wakes]) {
      clearTimeout(timer)
      this.#wakes.delete(clock)
      this.wakeAt(clock, at, fire)
    }
  }

  #read(): Instant {
    return (Math.floor(this.#startedAt + performance.now() * 1_000) + this.#stepUs) as Instant
  }
}
