/**
 * Time, and the host's turn to run.
 *
 * Invariants:
 *   C1. `now` never goes back on either clock.
 *   C2. A `wakeAt` fires once, not before its instant; a later `wakeAt` of the same clock replaces it.
 *   C3. Nothing fires before the call returns.
 */
import type { ClockName, Instant, Now } from '#actor'

export interface Clock {
  now(): Now
  /** Calls `fire` when the clock reaches `at`. One pending instant per clock. */
  wakeAt(clock: ClockName, at: Instant, fire: () => void): void
  /** Calls `run` once, after what is already waiting to happen now. */
  soon(run: () => void): void
}

/**
 * World time as a stored record: it stood at `world` when the runtime clock stood at `runtime`, and runs at
 * `speed` since.
 */
export interface WorldAnchor {
  readonly world: Instant
  readonly runtime: Instant
  readonly speed: number
}

export function worldAt(anchor: WorldAnchor, runtime: Instant): Instant {
  return (anchor.world + Math.floor((runtime - anchor.runtime) * anchor.speed)) as Instant
}

/** The first runtime instant at which the world clock has reached `world`. */
export function runtimeAt(anchor: WorldAnchor, world: Instant): Instant {
  const at = (anchor.runtime + Math.ceil((world - anchor.world) / anchor.speed)) as Instant
  // A speed such as 0.1 is not exact: the quotient can be a microsecond short.
  return worldAt(anchor, at) < world ? ((at + 1) as Instant) : at
}
