/** `brigade time`: the clock of a simulated cluster, and what turns it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { get, type Operation, Operator, opsOption, post } from '../operator.ts'
import { clearLine } from '../terminal/terminal.ts'
import { timeShown } from '../terminal/time-shown.ts'

interface ShownTime {
  readonly state: 'running' | 'paused' | 'seeking'
  /** RFC 3339, on the first day of 1970: a simulated world counts from midnight. */
  readonly now: string
  readonly speed: number
  readonly day: string
  readonly seed: number
  readonly from: string
  readonly to: string
  readonly events: number
  readonly traceHash: string
}

const lookAgainMs = 150
const units = ['event', 'turn', 'commit'] as const

export const time = defineCommand({
  name: 'time',
  summary: 'its clock; pause, resume, step, seek, speed, fork',
  args: [
    { name: 'VERB', about: 'pause, resume, step, seek, speed or fork; the clock without it', optional: true },
    {
      name: 'VALUE',
      about: 'of step: how many, or event, turn or commit; of seek: 19:30 or 19:30:15; of speed: 60',
      optional: true,
    },
  ],
  options: {
    by: { kind: 'text', value: 'UNIT', about: 'what step counts: event (default), turn or commit' },
    ...opsOption,
    ...jsonOption,
  },
  about: [
    'A simulated cluster (npx brigade up --sim DAY) stands still when it is told to, and goes to any moment of its day. Back is a run from the start, with everything that was done to it from outside: the same moment, with the same trace.',
    'What is done after going back begins another future. A fork is a second cluster with the same past, at addresses of its own: crash a node in one of them, and compare.',
  ],
  examples: [
    { line: 'time', about: 'Where the clock stands.' },
    { line: 'time pause', about: 'The world stands still. It can be looked at; it takes nothing.' },
    { line: 'time step 3 --by turn', about: 'Three turns of actors.' },
    { line: 'time seek 19:30', about: 'To the rush, and it waits there.' },
    { line: 'time speed 600', about: 'Ten minutes a second.' },
    { line: 'time fork', about: 'Prints the addresses of the other one.' },
  ],
  next: 'npx brigade status shows the nodes of the moment.',
  async run({ args: [verb, value], options: { ops, by, json } }, terminal) {
    const operator = new Operator(ops, terminal)
    if (verb === 'fork') {
      const fork = await operator.ask<{ url: string; opsUrl: string; events: number }>(post('forks'))
      terminal.print(json ? `${JSON.stringify(fork)}\n` : forkText(fork))
      return 0
    }
    let shown = await operator.ask<ShownTime>(operationOf(verb, value, by))
    while (verb === 'seek' && shown.state === 'seeking') {
      if (terminal.isScreen) terminal.note(`${clearLine}${timeText(shown).split('\n')[0]}`)
      await sleep(lookAgainMs)
      shown = await operator.ask<ShownTime>(get('time'))
    }
    if (verb === 'seek' && terminal.isScreen) terminal.note(clearLine)
    terminal.print(json ? `${JSON.stringify(shown)}\n` : timeText(shown))
    return 0
  },
})

function operationOf(verb: string | undefined, value: string | undefined, by: string | undefined): Operation {
  switch (verb) {
    case undefined:
      return get('time')
    case 'pause':
    case 'resume':
      return post(`time/${verb}`)
    case 'step':
      return post('time/step', { by: unitOf(by ?? 'event'), count: countOf(value ?? '1') })
    case 'speed':
      return { method: 'PUT', path: 'time/speed', body: { speed: speedOf(value) } }
    case 'seek':
      return post('time/seek', { to: momentOf(value) })
    default:
      throw new UsageError(
        `'${verb}' is not something to do with time.`,
        'There are pause, resume, step, seek, speed and fork: npx brigade help time.',
      )
  }
}

function unitOf(typed: string): string {
  if ((units as readonly string[]).includes(typed)) return typed
  throw new UsageError(`--by is event, turn or commit, not '${typed}'.`)
}

function countOf(typed: string): number {
  const count = Number(typed)
  if (Number.isInteger(count) && count >= 1 && count <= 1_000) return count
  throw new UsageError(`'${typed}' steps cannot be made: a number from 1 to 1000.`)
}

function speedOf(typed: string | undefined): number {
  const speed = Number(typed)
  if (typed !== undefined && speed > 0) return speed
  throw new UsageError('A speed is a number above 0, like 60: npx brigade time speed 60.')
}

/** Of `19:30` or `19:30:15`; after midnight the day goes on: `25:10`. */
function momentOf(typed: string | undefined): string {
  const match = /^(\d{1,2}):([0-5]\d)(?::([0-5]\d))?$/.exec(typed ?? '')
  if (match !== null) {
    const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0))
    return new Date(((hours * 60 + minutes) * 60 + seconds) * 1_000).toISOString()
  }
  throw new UsageError('A moment is a time of the day, like 19:30 or 19:30:15: npx brigade time seek 19:30.')
}

/** `19:30:15`; `34:00:00` is ten in the morning after. */
function clock(at: string): string {
  return `${timeShown(Date.parse(at) * 1_000)}${at.slice(16, 19)}`
}

function timeText({ state, now, speed, day, seed, from, to, events, traceHash }: ShownTime): string {
  const pace = state === 'running' ? `running at ×${speed}` : state
  return [
    `${clock(now)}  ${pace}`,
    `  ${day}, seed ${seed}, from ${clock(from)} to ${clock(to)}`,
    `  ${events} events, trace ${traceHash}`,
    '',
  ].join('\n')
}

function forkText({ url, opsUrl, events }: { url: string; opsUrl: string; events: number }): string {
  return [
    `A second cluster, with the same past up to event ${events}. It is paused.`,
    '',
    `  guests     ${url}/`,
    `  operators  ${opsUrl}`,
    '',
    `npx brigade time resume --ops ${opsUrl} lets it go on.`,
    '',
  ].join('\n')
}
