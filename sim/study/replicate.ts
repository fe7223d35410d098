/**
 * One simulated day of a study, run and measured.
 *
 * Owns:     what is kept of a run: everything else of it is forgotten, so that a thousand fit in memory.
 */
import { type Day, type DayResult, runSimDay } from '#day'
import { type DayKpis, KpiLog } from './kpis.ts'

/** What to run: plain data, for another thread. */
export interface Replication {
  /** Which variant of the study, from 0. */
  readonly variant: number
  readonly day: Day
  readonly seed: number
}

/** A run that is over: plain data too. */
export interface Measured {
  readonly variant: number
  readonly seed: number
  readonly kpis: DayKpis
  readonly checks: DayResult['checks']
  readonly events: number
  readonly wallSeconds: number
  readonly traceHash: string
}

/** @throws whatever the day throws. */
export function replicate({ variant, day, seed }: Replication, wall: () => number = () => 0): Measured {
  const log = new KpiLog(day)
  const result = runSimDay(day, { seed, wall, onCommit: (commit) => log.commit(commit) })
  return measuredOf(variant, result, log.close(result))
}

/** Of a day that somebody else has run: a live one. */
export function measuredOf(variant: number, result: DayResult, measured: DayKpis): Measured {
  const { seed, checks, events, wallSeconds, traceHash } = result
  return { variant, seed, kpis: measured, checks, events, wallSeconds, traceHash }
}
