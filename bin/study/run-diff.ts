/**
 * One day in both worlds, and whether they agree.
 *
 * Owns:     the order: the simulated days first, on all cores, and then the live ones, which want the machine for
 *           themselves.
 * Does not: say which figures have to agree (`sim/study/agreement.ts`), or tell it (`diff-report.ts`).
 */
import { checkMode, type Day } from '#day'
import { type Agreement, agreementOf, KpiLog, type Measured, measuredOf, Study } from '#study'
import { exitCodes } from '../command-line/exit-codes.ts'
import { exitCodeOf, worstOf } from '../judgement.ts'
import { runLiveDay } from '../live-day/run-live-day.ts'
import { timeShown } from '../terminal/time-shown.ts'
import { runStudy } from './run-study.ts'

export interface DiffRules {
  /** Of each world, under seeds from the first. */
  readonly simulatedDays: number
  readonly liveDays: number
  readonly firstSeed: number
  /** Seconds of the restaurant in a real one. */
  readonly speed: number
  readonly jobs: number
}

export interface Diff {
  readonly agreements: readonly Agreement[]
  /** Every figure that has to agree does. */
  readonly agrees: boolean
  /** What did not hold, in which world. */
  readonly broken: readonly string[]
  readonly exitCode: number
}

/** @throws ClusterError when the day cannot be played live. */
export async function runDiff(
  day: Day,
  rules: DiffRules,
  say: (words: string) => void = () => {},
): Promise<Diff> {
  const { simulatedDays, liveDays, firstSeed, speed, jobs } = rules
  checkMode(day, { kind: 'live', speed })
  const all = { firstSeed, least: simulatedDays, most: simulatedDays, on: 'ticket-time', relative: 0 }
  const study = new Study([{ name: 'simulated', day }], all)
  await runStudy(study, Math.min(jobs, simulatedDays), () =>
    say(`${study.whole} of ${simulatedDays} simulated days`),
  )
  const simulated = [...study.rows()].map(withoutSlo)
  const live: Measured[] = []
  let guests = 0
  for (let n = 0; n < liveDays; n += 1) {
    const log = new KpiLog(day)
    const result = await runLiveDay(day, {
      seed: firstSeed + n,
      speed,
      onCommit: (commit) => log.commit(commit),
      onProgress: ({ at, arrived, expected }) =>
        say(`live ${timeShown(at)}  ${arrived} of ${expected} guests have come`),
    })
    guests += result.orders.attempted
    live.push(withoutSlo(measuredOf(0, result, log.close(result))))
  }
  const agreements = agreementOf(simulated, live, guests)
  const agrees = agreements.every((one) => one.agrees || !one.isDecisive)
  const codes = [...simulated, ...live].map(exitCodeOf)
  return {
    agreements,
    agrees,
    broken: [...brokenOf('simulated', simulated), ...brokenOf('live', live)],
    exitCode: worstOf([...codes, agrees ? exitCodes.held : exitCodes.slo]),
  }
}

/** How fast a machine answers is no promise that both worlds make. */
function withoutSlo(run: Measured): Measured {
  return { ...run, checks: run.checks.filter(({ id }) => !id.startsWith('slo ')) }
}

function brokenOf(world: string, runs: readonly Measured[]): readonly string[] {
  return runs.flatMap(({ seed, checks }) =>
    checks
      .filter(({ held }) => !held)
      .map(({ id, detail }) => `${world}, seed ${seed}: ${id} did not hold: ${detail}`),
  )
}
