/**
 * One day under one seed, as a search tries it: what came of it, and if a check does not hold, all that somebody
 * else needs to see the same.
 *
 * Owns:     what a failure is, and its form in a file.
 * Does not: choose days and seeds (`commands/explore.ts`) or spread them over cores (`crew.ts`).
 *
 * Invariants:
 *   T1. A failure is whole: its day and its seed are in it, so what is drawn from a seed may change after it.
 */
import type { Day, DayResult, Verdict } from '#day'
import { hashOfDay, runSimDay, timeText } from '#day'
import { exitCodes } from '../command-line/exit-codes.ts'
import { crashCheck, exitCodeOf, firstBroken } from '../judgement.ts'

export interface Trial {
  readonly day: Day
  readonly seed: number
  readonly commit: string
  /** Repeats it. */
  readonly command: string
}

export interface TrialEnd {
  readonly day: Day
  readonly seed: number
  readonly exitCode: number
  /** Absent: the day threw. */
  readonly result?: DayResult
  /** Of the day that threw. */
  readonly stack?: string
  readonly failure?: Failure
}

/** What stands in the file of a failure. */
export interface Failure {
  readonly format: typeof failureFormat
  readonly seed: number
  /** The code that failed. */
  readonly commit: string
  /** The first one that does not hold, and is the worst. */
  readonly check: Verdict
  readonly optionsHash: string
  /** Absent: the day threw. */
  readonly traceHash?: string
  /** The last turns of the actors that the check names, or of all. */
  readonly lastTurns: readonly Turn[]
  readonly day: Day
}

export interface Turn {
  /** `19:42:10.031250` of the restaurant. */
  readonly at: string
  readonly scope: string
  readonly actor: string
  readonly sequence: number
  readonly message: string
  readonly state: unknown
  readonly note?: string
}

export const failureFormat = 1
const turnsMax = 60
/** One trial of so many is strict: it takes a quarter longer, and finds whoever changes what was handed over. */
const strictEvery = 8

export function tryDay(trial: Trial): TrialEnd {
  const { day, seed, commit } = trial
  const end = run(trial)
  const check = firstBroken(end)
  const { exitCode, result, stack } = end
  const ended = { day, seed, exitCode, ...(result && { result }), ...(stack && { stack }) }
  if (check === undefined) return ended
  return {
    ...ended,
    failure: {
      format: failureFormat,
      seed,
      commit,
      check,
      optionsHash: hashOfDay(day),
      ...(result && { traceHash: result.traceHash }),
      lastTurns: lastTurns(trial, check),
      day,
    },
  }
}

/** The check that this day breaks, without a word on how it came to that. */
export function brokenBy(day: Day, seed: number): Verdict | undefined {
  return firstBroken(run({ day, seed, commit: '', command: '' }))
}

/** What is left to say of a day whose thread has ended in the middle of it. */
export function endOfThread({ day, seed, commit }: Trial, error: Error): TrialEnd {
  const check = { id: crashCheck, held: false, detail: String(error) }
  return {
    day,
    seed,
    exitCode: exitCodes.crash,
    failure: { format: failureFormat, seed, commit, check, optionsHash: hashOfDay(day), lastTurns: [], day },
  }
}

type OnCommit = NonNullable<Parameters<typeof runSimDay>[1]['onCommit']>

function run(
  { day, seed, commit, command }: Trial,
  onCommit: OnCommit = () => {},
): Pick<TrialEnd, 'exitCode' | 'result' | 'stack'> & Pick<DayResult, 'checks'> {
  try {
    const result = {
      ...runSimDay(day, {
        seed,
        commit,
        onCommit,
        strict: seed % strictEvery === 0,
        wall: () => performance.now(),
      }),
      command,
    }
    return { exitCode: exitCodeOf(result), result, checks: result.checks }
  } catch (error) {
    const checks = [{ id: crashCheck, held: false, detail: String(error) }]
    const { stack = '' } = error instanceof Error ? error : {}
    return { exitCode: exitCodes.crash, checks, stack }
  }
}

/** The day once more, with somebody who takes notes: days that hold need none. */
function lastTurns(trial: Trial, { detail = '' }: Verdict): readonly Turn[] {
  const named = new Set(detail.match(/[a-z0-9-]+\/[\w:-]+/g))
  const ofNamed: Turn[] = []
  const ofAll: Turn[] = []
  run(trial, (commit) => {
    if (commit.kind !== 'appended') return
    for (const { actor, sequence, at, message, state, note } of commit.batch.records) {
      const turn: Turn = {
        at: `${timeText(at)}:${((at % 60_000_000) / 1_000_000).toFixed(6).padStart(9, '0')}`,
        scope: commit.scope,
        actor,
        sequence,
        message: message.type,
        state,
        ...(note && { note }),
      }
      keep(ofAll, turn)
      if (named.has(actor)) keep(ofNamed, turn)
    }
  })
  return ofNamed.length > 0 ? ofNamed : ofAll
}

function keep(turns: Turn[], turn: Turn): void {
  turns.push(turn)
  if (turns.length > turnsMax) turns.shift()
}
