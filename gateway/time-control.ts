/**
 * Time, as an operator sees and turns it.
 *
 * The world of a live cluster goes on by itself. That of a simulated one can be stopped, stepped, sought and forked.
 */
import type { Instant } from '#actor'

export interface TimeView {
  /** `seeking`: on the way to the moment that was asked for, as fast as it goes. */
  readonly state: 'running' | 'paused' | 'seeking'
  /** The world's clock. */
  readonly now: Instant
  /** Seconds of the world in a real one, at most: a large cluster may not get on so fast. */
  readonly speed: number
  readonly day: string
  readonly seed: number
  /** The first and the last moment that can be sought. */
  readonly from: Instant
  readonly to: Instant
  /** Events of the simulation so far. */
  readonly events: number
  /** Of all that became durable so far: two runs with the same one have the same past. */
  readonly traceHash: string
}

export interface Fork {
  readonly url: string
  readonly opsUrl: string
  /** Events after which it parts from this one. */
  readonly events: number
}

/** Every method returns at once; `view` shows how far a seek has come. */
export interface TimeControl {
  view(): TimeView
  pause(): void
  resume(): void
  /** Stops, and lets so many of these happen. Returns how many did: fewer when nothing more is to come. */
  step(by: 'event' | 'turn' | 'commit', count: number): number
  setSpeed(speed: number): void
  /** To a moment between `from` and `to`; one that has passed is reached by running the day again. It stays paused. */
  seek(to: Instant): void
  /** A second cluster with the same past, paused at this moment, with listeners of its own; or why there is none. */
  fork(): Promise<Fork | 'too-many'>
}
