/**
 * A day that can be wound back and run again, with what was done to it from outside.
 *
 * A simulated day depends on its file, its seed, and on whatever came from outside while it ran: a guest over HTTP, an
 * operator's hand. The third is remembered here, each with the event after which it came. So any moment is reached
 * again by running from the start, and a fork is the same day up to now.
 *
 * Owns:     what was done from outside and when, and doing it again at the same event.
 * Does not: know a wall clock, or who turns the time (`bin/simulated/`).
 *
 * Invariants:
 *   V1. A day run again to an event it has been at is the day that it was: the same trace.
 *   V2. What is done after winding back begins another future: what was to come of the old one is forgotten.
 */
import type { Instant } from '#actor'
import { assert } from '#actor'
import type { NodeId, Observer } from '#ports'
import { blindObserver } from '#ports'
import type { RunBounds, RunEnd } from '#sim'
import type { Day } from './day.ts'
import { SimDay, type SimDayOptions } from './run-day.ts'

/** Does something to a day. `again`: it was done before, and whoever waited for the outcome has it or is gone. */
export type Intervention = (day: SimDay, again: boolean) => void

/** Between two events of a run. */
export interface Moment {
  readonly events: number
  /** Microseconds of the timeline. */
  readonly at: number
}

export interface ReplayableDayOptions extends Pick<SimDayOptions, 'onCommit'> {
  /** For each life of each node, also those of an earlier run of the day. */
  readonly observer?: (node: NodeId) => Observer
}

/** What `step` counts: events of the timeline, turns of actors, or batches that became durable. */
export type StepUnit = 'event' | 'turn' | 'commit'

/** So many events without a turn or a commit, and nothing more is expected. */
const fruitlessMax = 100_000

export class ReplayableDay {
  readonly day: Day
  readonly seed: number
  readonly #options: ReplayableDayOptions
  readonly #done: (Moment & { readonly act: Intervention })[]
  /** How many of them are done in the run that goes on. */
  #reached = 0
  #today: SimDay
  readonly #counts = { turn: 0, commit: 0 }

  constructor(day: Day, seed: number, options: ReplayableDayOptions = {}) {
    this.day = day
    this.seed = seed
    this.#options = options
    this.#done = []
    this.#today = this.#begin()
  }

  /** The run that goes on. It is another one after `rewind`. */
  get today(): SimDay {
    return this.#today
  }

  get moment(): Moment {
    const { events, now } = this.#today.cluster.timeline
    return { events, at: now }
  }

  get worldNow(): Instant {
    return this.#today.cluster.worldNow
  }

  /** Does it now. */
  intervene(act: Intervention): void {
    this.#done.length = this.#reached
    this.#done.push({ ...this.moment, act })
    this.#reached += 1
    act(this.#today, false)
  }

  run({ until = Number.POSITIVE_INFINITY, eventsMax = Number.POSITIVE_INFINITY }: RunBounds): RunEnd {
    const { timeline } = this.#today.cluster
    const last = timeline.events + eventsMax
    for (;;) {
      const next = this.#done[this.#reached]
      if (next === undefined || next.at > until || next.events > last)
        return timeline.run({ until, eventsMax: last - timeline.events })
      this.#goTo(next)
      this.#reached += 1
      next.act(this.#today, true)
    }
  }

  /** Towards a moment that this day has been at, or that the day has been at of which it is a fork. True: it is there. */
  runTo(moment: Moment, eventsMax: number): boolean {
    const { timeline } = this.#today.cluster
    const left = moment.events - timeline.events
    if (left > eventsMax) this.run({ eventsMax })
    else {
      this.run({ until: moment.at, eventsMax: left })
      this.#goTo(moment)
    }
    return left <= eventsMax
  }

  /** The last events before it, and the time that passes without any. */
  #goTo({ events, at }: Moment): void {
    const { timeline } = this.#today.cluster
    timeline.run({ until: at, eventsMax: events - timeline.events })
    // Either it is this instant already, or nothing is left that comes before the end of it.
    if (timeline.now < at) timeline.run({ until: at })
    assert(timeline.events === events && timeline.now === at, 'V1', 'the day took another course')
  }

  /** Runs until one more of these has happened. False when none is to come. */
  step(by: StepUnit): boolean {
    const before = by === 'event' ? 0 : this.#counts[by]
    for (let events = 0; events < fruitlessMax; events += 1) {
      if (this.run({ eventsMax: 1 }) === 'quiet') return false
      if (by === 'event' || this.#counts[by] > before) return true
    }
    return false
  }

  /** Back to the start. */
  rewind(): void {
    this.#reached = 0
    this.#today = this.#begin()
  }

  /** The same day with the same past, at its start: run to this one's `moment`, it is the same. */
  fork(options: ReplayableDayOptions = {}): ReplayableDay {
    const fork = new ReplayableDay(this.day, this.seed, options)
    fork.#done.push(...this.#done.slice(0, this.#reached))
    return fork
  }

  #begin(): SimDay {
    const { observer = () => blindObserver, onCommit } = this.#options
    return new SimDay(this.day, this.seed, {
      observer: (node) => {
        const seen = observer(node)
        return {
          count: (name, by = 1) => {
            if (name === 'turns') this.#counts.turn += by
            seen.count(name, by)
          },
          time: (name, ms) => seen.time(name, ms),
          get watched() {
            return seen.watched
          },
          event: (event) => seen.event(event),
          get messages() {
            return seen.messages
          },
        }
      },
      onCommit: (commit) => {
        if (commit.kind === 'appended') this.#counts.commit += 1
        onCommit?.(commit)
      },
    })
  }
}
