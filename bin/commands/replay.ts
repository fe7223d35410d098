/**
 * `brigade replay`: runs the day of a failure's file once more, and says whether it still fails; or has the kernel of a
 * recording do the same again.
 */
import type { DayResult } from '#day'
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { readFailure } from '../explore/failure-file.ts'
import type { Failure, TrialEnd } from '../explore/trial.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** What a replay has shown. `fails-otherwise`: another check than the one in the file. */
type Outcome = 'holds' | 'fails' | 'fails-otherwise'

/** Entries of a day that fit on a page, with what came of them. */
const pageMax = 15

export const replay = defineCommand({
  name: 'replay',
  summary: 'repeat a failure that explore has written, or a recording of a live node',
  args: [{ name: 'FILE', about: 'what explore has written, or a file of up --record' }],
  options: jsonOption,
  about: [
    'The file holds the day, the seed, the code that failed, the check that it broke and the last turns before. Run on the same code it fails in the same way; on another one it shows whether that has mended it.',
    'Of a recording every input is given to the same kernel again, at the time that its clock showed, and every output is compared. With the code that recorded it nothing may differ; another one is told where it first does something else.',
    'A day that was made small enough for a page (npx brigade shrink) is told as well.',
    'The tests replay every file in scenarios/regressions, and each has to hold.',
  ],
  examples: [
    { line: 'replay scenarios/regressions/explored-7-c835c46a.json', about: 'Does it still fail?' },
    {
      line: 'replay recordings/node-2/FILE',
      about: 'What did it do before it died?',
    },
  ],
  next: 'exit codes: 0 it holds now, 10 crash, 11 liveness, 12 safety, 13 too slow.',
  async run({ args: [file = ''], options }, terminal) {
    const { codeVersion } = await import('../code-version.ts')
    const { isRecording } = await import('#live')
    if (isRecording(file)) return replayRecorded(file, codeVersion(), options.json === true, terminal)
    const { tryDay } = await import('../explore/trial.ts')
    const { entriesOf, storyOf } = await import('../explore/story.ts')
    const found = readFailure(file)
    const command = `npx brigade replay ${file}`
    const commit = codeVersion()
    const end = tryDay({ day: found.day, seed: found.seed, commit, command })
    const outcome = outcomeOf(found, end)
    if (options.json) {
      const { day, lastTurns, ...was } = found
      const { result, failure } = end
      terminal.print(
        `${JSON.stringify({ file, outcome, found: was, commit, check: failure?.check, result })}\n`,
      )
    } else {
      terminal.print(told(found, end, outcome, commit, terminal))
      if (entriesOf(found.day, found.seed).length <= pageMax) terminal.print(`\n${storyOf(found)}`)
    }
    return end.exitCode
  },
})

async function replayRecorded(
  file: string,
  code: string,
  json: boolean,
  { print, note, paint }: Terminal,
): Promise<number> {
  const { documentOf, exitCodeOf, replayFile, told } = await import('../recorded.ts')
  const replayed = replayFile(file, (step, kind) =>
    note(`The recording ends in step ${step}, ${kind}, before what it led to. It runs now:\n`),
  )
  print(json ? `${JSON.stringify(documentOf(replayed, file, code))}\n` : told(replayed, code, paint))
  return exitCodeOf(replayed.end)
}

function outcomeOf({ check }: Failure, { failure }: TrialEnd): Outcome {
  if (failure === undefined) return 'holds'
  return failure.check.id === check.id ? 'fails' : 'fails-otherwise'
}

function told(found: Failure, end: TrialEnd, outcome: Outcome, commit: string, { paint }: Terminal): string {
  const now = end.failure?.check
  const verdict = {
    holds: `✓ It holds now: all ${end.result?.checks.length} checks.`,
    fails: paint.red(`✗ It still fails: ${now?.id}: ${now?.detail}`),
    'fails-otherwise': paint.red(`✗ It fails in another way: ${now?.id}: ${now?.detail}`),
  }[outcome]
  const code =
    found.commit === commit
      ? `${commit}, which is the code that failed`
      : `${commit}, and the code that failed was another: ${found.commit}`
  return [
    `${found.day.name}, seed ${found.seed}: ${found.day.title}`,
    `  failed   ${found.check.id}: ${found.check.detail}`,
    `  code     ${code}`,
    `  trace    ${traceOf(found, end.result)}`,
    `  ${verdict}`,
    ...(end.stack === undefined ? [] : [end.stack]),
    '',
  ].join('\n')
}

function traceOf({ traceHash: was = 'none' }: Failure, result: DayResult | undefined): string {
  const is = result?.traceHash ?? 'none'
  return is === was ? `${is}, the same run` : `${is}, and it was ${was}`
}
