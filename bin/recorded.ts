/**
 * A recording of a live node, replayed and told: whether its kernel does the same again, and if not, where they part.
 *
 * Owns:     the registry that replays, the last turns before the end, and the words.
 * Does not: compare (`#host`) or read files (`#live`).
 */
import { isDeepStrictEqual } from 'node:util'
import { type RecordedStep, type ReplayEnd, replayRecording } from '#host'
import { digestOf, type Recording, readRecording } from '#live'
import { blindObserver, type InspectionEvent } from '#ports'
import { restaurantCluster } from '../cluster.config.ts'
import { exitCodes } from './command-line/exit-codes.ts'
import type { Paint } from './terminal/terminal.ts'

type Turn = Extract<InspectionEvent, { kind: 'turn' | 'failure' }>

export interface Replayed {
  readonly recording: Recording
  readonly end: ReplayEnd
  readonly turns: number
  /** The last ones, oldest first. */
  readonly lastTurns: readonly Turn[]
}

const lastTurnsMax = 12

/** @throws ClusterError `RECORDING_DAMAGED`, `RECORDING_MISMATCH`. */
export function replayFile(file: string, onUnfinished: (step: number, kind: string) => void): Replayed {
  const recording = readRecording(file)
  const lastTurns: Turn[] = []
  let turns = 0
  const end = replayRecording(recording.start, recording.steps, {
    registry: restaurantCluster().registry,
    digestOf,
    onUnfinished: (step, { kind }) => onUnfinished(step, kind),
    observer: {
      ...blindObserver,
      watched: true,
      event: (event) => {
        if (event.kind !== 'turn' && event.kind !== 'failure') return
        turns += 1
        lastTurns.push(event)
        if (lastTurns.length > lastTurnsMax) lastTurns.shift()
      },
    },
  })
  return { recording, end, turns, lastTurns }
}

/**
 * What is wrong with an incident that is kept as `WHAT-at-STEP.recording`: it happens again, or it is not reached any
 * more. From its step on another code may do something else; that is what mended it.
 */
export function incidentProblem(file: string): string | undefined {
  const incident = Number(/-at-(\d+)\.recording$/.exec(file)?.[1])
  if (!Number.isInteger(incident)) return `'${file}' is not named WHAT-at-STEP.recording`
  const { end } = replayFile(file, () => {})
  if (end.kind === 'threw') return `it throws at step ${end.step}: ${wordsOf(end.error)}`
  const last = end.kind === 'same' ? end.steps : end.step
  if (last >= incident) return undefined
  return `it can be followed to step ${last} only, not to ${incident}: it proves nothing any more. Make a day of it, or take it out`
}

/** A step that throws is a crash; one that leads to something else is not what was proven of the recorded run. */
export function exitCodeOf({ kind }: ReplayEnd): number {
  return { same: exitCodes.held, differs: exitCodes.safety, threw: exitCodes.crash }[kind]
}

/** As one JSON document. */
export function documentOf(
  { recording, end, turns, lastTurns }: Replayed,
  file: string,
  code: string,
): object {
  const { start } = recording
  const told = end.kind === 'threw' ? { ...end, error: wordsOf(end.error) } : end
  return { file, start, recordedBy: recording.code, code, turns, end: told, lastTurns }
}

export function told({ recording, end, turns, lastTurns }: Replayed, code: string, paint: Paint): string {
  const { node, scope, at } = recording.start
  const same = recording.code === code
  return [
    `${node}, ${scope}, from ${new Date(at / 1_000).toISOString()}: ${turns} turns`,
    `  code     ${code}${same ? ', which recorded it' : `; it was recorded by ${recording.code || 'another'}`}`,
    ...verdictOf(end, same, paint).map((line) => `  ${line}`),
    ...(end.kind === 'same' ? [] : ['', '  the turns before:', ...lastTurns.map(lineOf)]),
    '',
  ].join('\n')
}

function verdictOf(end: ReplayEnd, isSameCode: boolean, paint: Paint): readonly string[] {
  if (end.kind === 'same') {
    const open = end.unfinished === 0 ? '' : ' The last one has nothing to be compared with.'
    return [`✓ The same again: every output of ${end.steps} steps.${open}`]
  }
  const { step, input } = end
  const place = `step ${step}, ${describe(input)}`
  if (end.kind === 'threw') {
    const { stack = wordsOf(end.error) } = end.error instanceof Error ? end.error : {}
    return [paint.red(`✗ It throws at ${place}:`), stack]
  }
  const kinds = end.outputs.map(({ kind }) => kind)
  const { kinds: before } = end.recorded
  return [
    paint.red(`✗ It parts from the recording at ${place}.`),
    `  recorded ${before.join(', ') || 'nothing'}`,
    `  now      ${kinds.join(', ') || 'nothing'}${isDeepStrictEqual(kinds, before) ? ', with other contents' : ''}`,
    isSameCode
      ? '  The code is the same: something in it depends on more than its inputs.'
      : '  Another code may well do something else. Up to here it did the same.',
  ]
}

function describe(input: RecordedStep['input']): string {
  if (input.kind === 'request') return `request to ${input.request.actor}`
  if (input.kind === 'received' && input.item.kind === 'message') {
    const { to, message } = input.item.envelope
    return `'${message.type}' to ${to}`
  }
  return input.kind
}

function lineOf(event: Turn): string {
  const { kind, actor, message } = event
  const led = kind === 'turn' ? `→ ${JSON.stringify(event.state)}` : `failed: ${event.error}`
  return `    ${actor}  ${message}  ${led}`
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
