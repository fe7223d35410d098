/**
 * Whether the simulator and a live cluster have played the same day.
 *
 * A live figure agrees when it lies where another simulated day might have: within the interval of the difference of
 * the means, which days of both worlds estimate with one variance. The live days have seeds that were simulated too,
 * so what is left of a disagreement between pairs is the worlds' own.
 *
 * Owns:     which figures have to agree, and when they do.
 * Does not: run either world.
 *
 * Invariants:
 *   A1. A figure that disagrees is outside of the interval; that it is inside proves no more than that these days do
 *       not tell the worlds apart.
 */
import { covers, difference, type Interval, meanOf, type Summary, summaryOf } from '#statistics'
import { type Kpi, kpis } from './kpis.ts'
import type { Measured } from './replicate.ts'

/** These have to agree. The others are shown: the wait at the door is that of two different machines, say. */
export const decisive: readonly string[] = ['completed', 'ticket-time', 'reneged']

export interface Agreement {
  readonly kpi: Kpi
  readonly simulated: Summary
  readonly live: Interval
  /** Live above simulated. */
  readonly difference: Interval
  /** The same of days with one seed, on average. Absent when no seed was played in both worlds. */
  readonly sameSeed?: number
  readonly isDecisive: boolean
  readonly agrees: boolean
}

/** `guests` is how many ordered, or tried to, on all live days together. */
export function agreementOf(
  simulated: readonly Measured[],
  live: readonly Measured[],
  guests: number,
): readonly Agreement[] {
  return kpis.map((kpi) => {
    const of = (runs: readonly Measured[]): number[] =>
      runs.map((run) => run.kpis.values[kpi.id] ?? Number.NaN)
    const pairs = live.flatMap((run) => {
      const twin = simulated.find(({ seed }) => seed === run.seed)
      return twin === undefined ? [] : [(of([run])[0] ?? 0) - (of([twin])[0] ?? 0)]
    })
    const apart = noFinerThan(kpi, difference(of(simulated), of(live)), guests)
    return {
      kpi,
      simulated: summaryOf(of(simulated)),
      live: meanOf(of(live)),
      difference: apart,
      ...(pairs.length > 0 && { sameSeed: meanOf(pairs).mean }),
      isDecisive: decisive.includes(kpi.id),
      agrees: covers(apart, 0),
    }
  })
}

/**
 * A share of so many guests is not known to less than three of them: none in n says below 3/n at 95 % (the rule of
 * three), also when no simulated day differs from another.
 */
function noFinerThan({ unit }: Kpi, interval: Interval, guests: number): Interval {
  if (unit !== 'share' || interval.halfWidth === undefined) return interval
  return { ...interval, halfWidth: Math.max(interval.halfWidth, 3 / guests) }
}
