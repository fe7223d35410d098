/**
 * A simulated day that plays: its world goes on as the wall clock does, so many times faster, until somebody turns it.
 *
 * It runs in slices, so that the gateway beside it in this process is never kept waiting for long.
 *
 * Owns:     the pace, and whether the world goes on, stands still, or is on its way to a moment.
 * Does not: know HTTP, or what runs (`ReplayableDay`).
 *
 * Invariants:
 *   D1. Nothing comes in before the opening time is reached, nor after the last moment.
 */
import type { Instant } from '#actor'
import { durationUs, type Moment, type ReplayableDay, timeUs } from '#day'
import type { Fork, TimeControl, TimeView } from '#gateway'

/** What one slice may take, and how many events are run between two looks at the clock. */
const sliceMs = 10
const eventsAtOnce = 200
/** Between two slices of a world that keeps up. */
const frameMs = 15

export interface PlayedDayOptions {
  readonly speed: number
  /** Where it begins, standing still: a fork. Default: at opening time, and it plays. */
  readonly at?: Moment
  /** Called when time was wound back, before anything runs again. */
  readonly rewound: () => void
  readonly fork: () => Promise<Fork | 'too-many'>
}

export class PlayedDay implements TimeControl {
  readonly #play: ReplayableDay
  readonly #options: PlayedDayOptions
  readonly #from: Instant
  readonly #to: Instant
  #state: TimeView['state'] = 'seeking'
  #then: 'running' | 'paused' = 'running'
  #target: Instant | Moment
  #speed: number
  /** The world stood there at that time of the wall, and has gone on since. */
  #anchor = { world: 0, wallMs: 0 }
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Immediate | undefined
  #reached: (() => void)[] = []
  #closed = false

  constructor(play: ReplayableDay, options: PlayedDayOptions) {
    const { open, close, drainLimit } = play.day
    this.#play = play
    this.#options = options
    this.#speed = options.speed
    this.#from = timeUs(open) as Instant
    this.#to = (timeUs(close) + durationUs(drainLimit)) as Instant
    this.#target = options.at ?? this.#from
    if (options.at !== undefined) this.#then = 'paused'
    this.#next()
  }

  view(): TimeView {
    const { day, seed, moment, worldNow, today } = this.#play
    return {
      state: this.#state,
      now: worldNow,
      speed: this.#speed,
      day: day.name,
      seed,
      from: this.#from,
      to: this.#to,
      events: moment.events,
      traceHash: today.traceHash,
    }
  }

  /** It is on its way to another moment. */
  get isSeeking(): boolean {
    return this.#state === 'seeking'
  }

  pause(): void {
    if (this.#state === 'seeking') this.#then = 'paused'
    else this.#state = 'paused'
  }

  resume(): void {
    if (this.#state === 'seeking') this.#then = 'running'
    else this.#go()
  }

  step(by: 'event' | 'turn' | 'commit', count: number): number {
    if (this.#state === 'seeking') return 0
    this.#state = 'paused'
    for (let n = 0; n < count; n += 1) if (!this.#play.step(by)) return n
    return count
  }

  setSpeed(speed: number): void {
    this.#speed = speed
    this.#anchorHere()
  }

  seek(to: Instant): void {
    this.#then = 'paused'
    this.#target = to
    this.#state = 'seeking'
    if (to < this.#play.worldNow) {
      this.#play.rewind()
      this.#options.rewound()
    }
    this.#next()
  }

  fork(): Promise<Fork | 'too-many'> {
    return this.#options.fork()
  }

  /** Resolves when the moment that is sought is reached. */
  arrived(): Promise<void> {
    if (this.#state !== 'seeking') return Promise.resolve()
    return new Promise((resolve) => this.#reached.push(resolve))
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    clearImmediate(this.#soon)
  }

  #go(): void {
    if (this.#play.worldNow >= this.#to) return
    this.#state = 'running'
    this.#anchorHere()
    this.#next()
  }

  #slice(): void {
    if (this.#closed || this.#state === 'paused') return
    const began = performance.now()
    const target = this.#state === 'seeking' ? this.#target : this.#due(began)
    let isThere = false
    while (!isThere && performance.now() - began < sliceMs) isThere = this.#goOn(target)
    if (this.#state === 'seeking') {
      if (isThere) this.#arrive()
    } else if (this.#play.worldNow >= this.#to) this.#state = 'paused'
    // Too fast for this machine: what was missed is not made up for.
    else if (!isThere) this.#anchorHere()
    this.#next(isThere ? frameMs : 0)
  }

  #arrive(): void {
    this.#state = 'paused'
    if (this.#then === 'running') this.#go()
    for (const tell of this.#reached.splice(0)) tell()
  }

  /** A few events further. True: it is there. */
  #goOn(target: Instant | Moment): boolean {
    if (typeof target === 'object') return this.#play.runTo(target, eventsAtOnce)
    const { timeline, worldNow } = this.#play.today.cluster
    const until = timeline.now + Math.max(0, target - worldNow)
    return this.#play.run({ until, eventsMax: eventsAtOnce }) !== 'limit'
  }

  /** Where the world should be by now. */
  #due(wallMs: number): Instant {
    const { world, wallMs: since } = this.#anchor
    return Math.min(this.#to, Math.floor(world + (wallMs - since) * 1_000 * this.#speed)) as Instant
  }

  #anchorHere(): void {
    this.#anchor = { world: this.#play.worldNow, wallMs: performance.now() }
  }

  #next(afterMs = 0): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#soon)
    if (this.#closed || this.#state === 'paused') return
    if (afterMs > 0) this.#timer = setTimeout(() => this.#slice(), afterMs)
    else this.#soon = setImmediate(() => this.#slice())
  }
}
