/**
 * Virtual time: one queue of events, run one after the other, and the randomness that goes with them.
 *
 * Owns:     what time it is, what happens next, and how often each named draw was made.
 * Does not: know nodes. Their clocks are views of this one (`clock.ts`).
 *
 * Invariants:
 *   L1. Time never goes back, and stands still while an event runs.
 *   L2. Whatever is started by an event runs after that event has returned.
 *   L3. A draw depends on the seed, its name and how often that name was drawn, and on nothing else.
 */
import { assert, drawOf, hash32 } from '#actor'
import { EventClass, EventQueue, type SimEvent } from './event-queue.ts'
import { Guard } from './guard.ts'

/** Why a run came back: nothing is left, the next event is later than asked for, or it had run enough. */
export type RunEnd = 'quiet' | 'until' | 'limit'

export interface RunBounds {
  /** Microseconds; events of this very instant are run, and time stands there afterwards. */
  readonly until?: number
  readonly eventsMax?: number
}

export class Timeline {
  readonly seed: number
  #queue = new EventQueue()
  #now = 0
  #events = 0
  #streams = new Map<string, () => number>()

  constructor(seed: number) {
    this.seed = seed
  }

  /** Microseconds since the run began. */
  get now(): number {
    return this.#now
  }

  /** Events run so far. */
  get events(): number {
    return this.#events
  }

  /** Events still to come. */
  get pending(): number {
    return this.#queue.size
  }

  at(time: number, eventClass: EventClass, run: () => void): SimEvent {
    assert(Number.isSafeInteger(time) && time >= this.#now, 'L1', 'an event is asked for in the past')
    return this.#queue.add(time, eventClass, run)
  }

  /** `delay` in microseconds. */
  after(delay: number, run: () => void): SimEvent {
    return this.at(this.#now + delay, EventClass.general, run)
  }

  /** At this very instant, in an event of its own that cannot be cancelled. */
  soon(run: () => void): void {
    this.#queue.addSoon(this.#now, run)
  }

  /** False when it has happened already. */
  cancel(event: SimEvent): boolean {
    return this.#queue.cancel(event)
  }

  /** @throws ClusterError `SIMULATION_IMPURE` when an event touches a real clock, a real timer or real chance. */
  run(bounds: RunBounds = {}): RunEnd {
    const { until = Number.POSITIVE_INFINITY, eventsMax = Number.POSITIVE_INFINITY } = bounds
    const last = this.#events + eventsMax
    const guard = Guard.install()
    try {
      while (this.#events < last) {
        const next = this.#queue.first
        if (next === undefined || next.at > until) return this.#stopAt(until, next)
        this.#queue.take()
        this.#now = next.at
        this.#events += 1
        next.run()
        if (guard.touched !== undefined) throw guard.touched
      }
      return 'limit'
    } finally {
      guard.remove()
    }
  }

  /** The next number in [0, 1) of this name. */
  draw(name: string): number {
    let stream = this.#streams.get(name)
    if (stream === undefined) {
      stream = this.stream(name)
      this.#streams.set(name, stream)
    }
    return stream()
  }

  /** The same numbers as `draw(name)`, without looking the name up each time. Use one of the two for a name. */
  stream(name: string): () => number {
    const hash = hash32(name, this.seed)
    let n = 0
    return () => {
      n += 1
      return drawOf(hash, n - 1)
    }
  }

  #stopAt(until: number, next: SimEvent | undefined): RunEnd {
    if (Number.isFinite(until) && until > this.#now) this.#now = until
    return next === undefined ? 'quiet' : 'until'
  }
}
