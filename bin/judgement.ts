/**
 * What a judged day is to whoever started it: an exit code, and the check to look at first.
 *
 * Owns:     which exit code a judgement is.
 * Does not: judge: `sim/day/checks` does.
 */
import type { DayResult, Verdict } from '#day'
import { exitCodes } from './command-line/exit-codes.ts'

/** Stands among the checks of a day that threw. */
export const crashCheck = 'crash'

/** What shows that a day proves something. That it does not is an error of the scenario. */
const ofTheScenario: ReadonlySet<string> = new Set(['faults-fired', 'reached'])

export function exitCodeOf({ checks }: Pick<DayResult, 'checks'>): number {
  const broken = checks.filter(({ held }) => !held).map(({ id }) => id)
  const isSafety = (id: string): boolean =>
    id !== 'liveness' && !ofTheScenario.has(id) && !id.startsWith('slo ')
  if (broken.includes(crashCheck)) return exitCodes.crash
  if (broken.some(isSafety)) return exitCodes.safety
  if (broken.includes('liveness')) return exitCodes.liveness
  if (broken.some((id) => ofTheScenario.has(id))) return exitCodes.usage
  return broken.length > 0 ? exitCodes.slo : exitCodes.held
}

/** Worst first. */
const bySeverity: readonly number[] = [
  exitCodes.safety,
  exitCodes.crash,
  exitCodes.liveness,
  exitCodes.slo,
  exitCodes.usage,
  exitCodes.held,
]

/** Of several exit codes; `held` of none. */
export function worstOf(codes: Iterable<number>): number {
  const found = new Set(codes)
  return bySeverity.find((code) => found.has(code)) ?? exitCodes.held
}

/** Of the checks that do not hold the first that its exit code is about. */
export function firstBroken({ checks }: Pick<DayResult, 'checks'>): Verdict | undefined {
  const code = exitCodeOf({ checks })
  return checks.find((check) => !check.held && exitCodeOf({ checks: [check] }) === code)
}
