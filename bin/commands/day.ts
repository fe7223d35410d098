/**
 * `brigade day`: runs a restaurant day, simulated or on a real cluster, and judges it.
 */
import type { Day, DayProgress, DayResult, DayRun, Paint as ReportPaint } from '#day'
import { clusterOptions, defineCommand, jsonOption, seedOption } from '../command-line/command.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { didYouMean } from '../command-line/nearest.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { exitCodeOf } from '../judgement.ts'
import type { LiveDayRun } from '../live-day/run-live-day.ts'
import { clearLine, type Paint, type Terminal } from '../terminal/terminal.ts'
import { timeShown } from '../terminal/time-shown.ts'

const usualSeed = 1
/** The fastest at which no deadline of the world passes during a failover. */
export const usualSpeed = 60

export const day = defineCommand({
  name: 'day',
  summary: 'run a restaurant day and judge it',
  args: [{ name: 'NAME', about: 'which day; without it they are listed', optional: true }],
  options: {
    ...seedOption,
    nodes: clusterOptions.nodes,
    live: { kind: 'flag', about: 'on a cluster of real processes, over real HTTP' },
    speed: {
      kind: 'number',
      value: 'X',
      about: 'seconds of the restaurant in a real one (with --live; default 60)',
    },
    data: {
      kind: 'text',
      value: 'DIR',
      about: 'where a live day keeps its data (default: a folder that is removed)',
    },
    ...jsonOption,
  },
  about: [
    'Plays a whole day: guests come, order, pay, cancel and collect; nodes die, freeze and are cut off, as the day says; then every order, every cent and every gram is accounted for.',
    'Simulated (the default), the same day with the same seed and the same code is the same run, to the last message: the trace hash shows it. With --live the same guests come to real processes, and the same checks read the journal that these have left.',
  ],
  examples: [
    { line: 'day', about: 'Lists the days.' },
    {
      line: 'day friday-rush --seed 7',
      about: 'Twelve hours in seconds. Run it twice and compare the trace.',
    },
    { line: 'day node-dies-in-the-rush --live --speed 60', about: 'Processes are killed while they cook.' },
    { line: 'day friday-rush --seed 7 --json', about: 'One JSON document.' },
  ],
  next: 'the report ends with the command that repeats the run. Exit codes: 0 held, 11 liveness, 12 safety, 13 too slow.',
  async run({ args: [name], options }, terminal) {
    const { days } = await import('#scenarios')
    if (name === undefined) return listed(days, options.json === true, terminal)
    const chosen = dayNamed(days, name)
    const { seed = usualSeed, nodes, live, speed, data, json } = options
    if (nodes === 0) throw new UsageError('--nodes is at least 1.')
    if (live !== true && (speed !== undefined || data !== undefined)) {
      throw new UsageError(
        `--${speed === undefined ? 'data' : 'speed'} is for a live day.`,
        'Add --live; a simulated day takes no time and leaves no data.',
      )
    }
    const { codeVersion } = await import('../code-version.ts')
    const commit = codeVersion()
    const size = nodes === undefined ? {} : { nodes }
    const progress = json ? undefined : progressTo(terminal, name)
    const result = live
      ? await playLive(chosen, {
          seed,
          speed: speed ?? usualSpeed,
          commit,
          ...size,
          ...(data !== undefined && { dataFolder: data }),
          ...(progress && { onProgress: progress }),
        })
      : await simulate(chosen, { seed, commit, ...size, ...(progress && { onProgress: progress }) })
    if (progress) terminal.note(clearLine)
    if (json) terminal.print(`${JSON.stringify(result)}\n`)
    else {
      const { reportOf } = await import('#day')
      terminal.print(reportOf(result, chosen.title, toneOf(terminal.paint)))
    }
    return exitCodeOf(result)
  },
})

/** @throws UsageError */
export function dayNamed(days: Readonly<Record<string, Day>>, name: string): Day {
  const chosen = Object.hasOwn(days, name) ? days[name] : undefined
  if (chosen !== undefined) return chosen
  const names = Object.keys(days)
  throw new UsageError(
    `There is no day '${name}'. ${didYouMean(name, names) ?? ''}`.trim(),
    `Days: ${names.join(', ')}.`,
  )
}

async function simulate(chosen: Day, run: DayRun): Promise<DayResult> {
  const { runSimDay } = await import('#day')
  return runSimDay(chosen, { wall: () => performance.now(), ...run })
}

async function playLive(chosen: Day, run: LiveDayRun): Promise<DayResult> {
  const { runLiveDay } = await import('../live-day/run-live-day.ts')
  return runLiveDay(chosen, run)
}

function listed(
  days: Readonly<Record<string, { title: string }>>,
  json: boolean,
  { print }: Terminal,
): number {
  const all = Object.entries(days).map(([name, { title }]) => ({ name, title }))
  const width = Math.max(...all.map(({ name }) => name.length)) + 2
  const lines = all.map(({ name, title }) => `  ${name.padEnd(width)}${title}\n`).join('')
  print(
    json ? `${JSON.stringify({ days: all })}\n` : `Days:\n${lines}Run one: npx brigade day ${all[0]?.name}\n`,
  )
  return exitCodes.held
}

/** One line that is written over; nothing where nobody watches. */
function progressTo(
  { isScreen, note }: Terminal,
  name: string,
): ((progress: DayProgress) => void) | undefined {
  if (!isScreen) return undefined
  return ({ at, arrived, expected }) =>
    note(`${clearLine}${name} ${timeShown(at)}  ${arrived} of ${expected} guests have come`)
}

/** Few colours: only what is wrong is red. */
export const toneOf =
  (paint: Paint): ReportPaint =>
  (tone, text) =>
    tone === 'bad'
      ? paint.red(text)
      : tone === 'title'
        ? paint.strong(text)
        : tone === 'quiet'
          ? paint.faint(text)
          : text
