/**
 * A timer as something that counts down.
 *
 * Owns:     what is left of it, and its name. How long it runs is told by the machine where it is always the same; else
 *           it is as much as was left when it was first seen.
 */
import type { MachineChart } from '#gateway'
import type { Timer } from './answers.ts'

export interface Countdown {
  readonly leftMs: number
  /** What is left, from 0 to 1. */
  readonly part: number
}

export interface RunningTimer {
  readonly id: string
  /** What its end brings. */
  readonly event: string
  readonly name: string
  /** Absent: it does not go by the world's clock. */
  readonly countdown?: Countdown
}

/** `now`: milliseconds of the world's clock. `totals`: what was left of each when it was first seen; this adds to it. */
export function countdownOf(
  { id, clock, at, message: { type: event } }: Timer,
  now: number,
  chart: MachineChart | undefined,
  totals: Map<string, number>,
): RunningTimer {
  const after = chart?.states
    .flatMap(({ transitions }) => transitions)
    .find((transition) => transition.event === event)?.after
  const own = `${chart?.type ?? ''}.`
  const name = after?.delay ?? (event.startsWith(own) ? event.slice(own.length) : event)
  if (clock !== 'world') return { id, event, name }
  const leftMs = Math.max(0, at / 1_000 - now)
  const key = `${id} ${at}`
  const total = after?.ms ?? totals.get(key) ?? leftMs
  totals.set(key, total)
  return { id, event, name, countdown: { leftMs, part: total === 0 ? 0 : Math.min(1, leftMs / total) } }
}
