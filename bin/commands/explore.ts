/**
 * `brigade explore`: looks for a seed under which a check does not hold.
 *
 * Owns:     which days and seeds are tried, what is told of them, and where a failure is written.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Day } from '#day'
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { durationText } from '../command-line/duration.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { writeFailure } from '../explore/failure-file.ts'
import type { Search } from '../explore/search.ts'
import type { Trial, TrialEnd } from '../explore/trial.ts'
import { worstOf } from '../judgement.ts'
import { clearLine, type Terminal } from '../terminal/terminal.ts'
import { dayNamed } from './day.ts'

const usualSeeds = 100
const usualFolder = join('scenarios', 'regressions')

export const explore = defineCommand({
  name: 'explore',
  summary: 'look for a seed under which something breaks',
  args: [
    {
      name: 'DAY',
      about: 'a day to try as it is written; without one, each seed draws a short evening of its own',
      optional: true,
      many: true,
    },
  ],
  options: {
    seeds: { kind: 'count', value: 'N', about: `how many (default ${usualSeeds})` },
    'first-seed': { kind: 'count', value: 'N', about: 'where to begin (default 1)' },
    jobs: { kind: 'count', value: 'N', about: 'days that run side by side (default: one for each core)' },
    out: { kind: 'text', value: 'DIR', about: `where a failure is written (default ${usualFolder})` },
    reach: { kind: 'flag', about: 'also fail (1) when there is a situation that no evening came to' },
    ...jsonOption,
  },
  about: [
    'Draws short evenings, runs each in the simulator, and judges it like any day. A seed draws which troubles there are, and not only how many: nodes, edges and shards, and how small their bounds are; links that lose, double, delay and reorder, and which frame comes first; a slow disk; small kitchens, bad cards, empty pantries; and four to twelve faults of some of the kinds there are. Some evenings have one kind of trouble alone, and some have many.',
    'The same seed is the same run, on any number of cores. A run that breaks a check is written to a file that holds all it takes to repeat it.',
    'The report names what no evening came to (unseen), for of that nothing is known. It says what was covered, and what it is worth: when none of n seeds fails, fewer than 3 in n of all seeds do, with a confidence of 95 %.',
  ],
  examples: [
    { line: 'explore', about: 'A hundred evenings, in a minute or less.' },
    { line: 'explore --seeds 1000 --first-seed 5001', about: 'A thousand that nobody has tried.' },
    { line: 'explore node-dies-in-the-rush --seeds 20', about: 'One long day, under twenty seeds.' },
    { line: 'explore --seeds 20 --json', about: 'One JSON document with every day and its result.' },
  ],
  next: 'npx brigade replay FILE repeats a failure, and npx brigade shrink FILE makes it smaller. Exit codes, of the worst that was found: 0 held, 1 with --reach when something is unseen, 10 crash, 11 liveness, 12 safety, 13 too slow.',
  async run({ args: names, options }, terminal) {
    const { seeds = usualSeeds, 'first-seed': firstSeed = 1, json = false, out = usualFolder } = options
    const { jobs = availableParallelism() } = options
    if (seeds === 0) throw new UsageError('--seeds is at least 1.')
    if (jobs === 0) throw new UsageError('--jobs is at least 1.')
    const { drawDay } = await import('#day')
    const { days } = await import('#scenarios')
    const { codeVersion } = await import('../code-version.ts')
    const { tryAll } = await import('../explore/crew.ts')
    const { Search } = await import('../explore/search.ts')
    const named = names.map((name) => dayNamed(days, name))
    const commit = codeVersion()
    const search = new Search()
    const count = seeds * Math.max(1, named.length)
    const threads = Math.min(jobs, count)
    const startedAt = performance.now()
    const took = (): number => (performance.now() - startedAt) / 1_000
    const runs: object[] = []

    await tryAll(trialsOf(named, drawDay, firstSeed, seeds, commit), threads, (end) => {
      search.add(end)
      const file = end.failure && writeFailure(end.failure, out)
      if (json) runs.push(documentOf(end, file))
      else {
        terminal.print(lineOf(end, file, terminal))
        if (terminal.isScreen && search.tried < count) terminal.note(progressOf(search, count, took()))
      }
    })

    const { neverReached, failureShareBelow } = search
    const isBlind = options.reach === true && neverReached.length > 0
    const exitCode = worstOf([search.exitCode, isBlind ? exitCodes.usage : exitCodes.held])
    const asked = ['npx brigade explore', ...names, `--seeds ${seeds} --first-seed ${firstSeed}`]
    const command = [...asked, ...(options.reach ? ['--reach'] : [])].join(' ')
    if (json) {
      const how = { command, commit, days: names, seeds, firstSeed, jobs: threads }
      const found = { ...search, neverReached, wallSeconds: took(), failureShareBelow, exitCode, runs }
      terminal.print(`${JSON.stringify({ ...how, ...found })}\n`)
    } else terminal.print(reportOf(search, command, commit, took(), threads, terminal))
    return exitCode
  },
})

function* trialsOf(
  named: readonly Day[],
  drawDay: (seed: number) => Day,
  firstSeed: number,
  seeds: number,
  commit: string,
): Generator<Trial> {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    for (const day of named) {
      yield { day, seed, commit, command: `npx brigade day ${day.name} --seed ${seed}` }
    }
    if (named.length > 0) continue
    const command = `npx brigade explore --seeds 1 --first-seed ${seed}`
    yield { day: drawDay(seed), seed, commit, command }
  }
}

const replayOf = (file: string): string => `npx brigade replay ${file}`

function documentOf({ day, seed, exitCode, result, failure }: TrialEnd, file: string | undefined): object {
  return {
    ...(result ?? { day: day.name, seed }),
    exitCode,
    options: day,
    ...(failure && file && { check: failure.check, file, replay: replayOf(file) }),
  }
}

function lineOf(
  { day, seed, result, failure }: TrialEnd,
  file: string | undefined,
  { isScreen, paint }: Terminal,
): string {
  const clear = isScreen ? clearLine : ''
  const head = `${failure ? paint.red('✗') : '✓'} seed ${seed}`
  const kinds = new Map<string, number>()
  for (const { kind } of day.faults) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  const faults = [...kinds].map(([kind, count]) => (count === 1 ? kind : `${count} × ${kind}`)).join(', ')
  const trace = result === undefined ? '' : `  trace ${result.traceHash}`
  const line = `${clear}${head}  ${day.name}: ${day.title}; ${faults || 'no faults'}${trace}\n`
  if (failure === undefined || file === undefined) return line
  const { id, detail } = failure.check
  const options = optionsOf(day).map((option) => `    ${paint.faint(option)}\n`)
  return `${line}    ${paint.red(id)}: ${detail}\n${options.join('')}    ${replayOf(file)}\n`
}

/** All that the day says, a section in a line, and each of its faults. */
function optionsOf({ faults, ...sections }: Day): readonly string[] {
  return [
    ...Object.entries(sections).map(([name, section]) => `${name} ${JSON.stringify(section)}`),
    ...faults.map((fault) => `fault ${JSON.stringify(fault)}`),
  ]
}

function progressOf({ tried, failed }: Search, count: number, took: number): string {
  const left = durationText(Math.max(1_000, ((took * (count - tried)) / tried) * 1_000))
  return `${clearLine}${tried} of ${count}, ${failed} failed, about ${left} left`
}

function reportOf(
  search: Search,
  command: string,
  commit: string,
  took: number,
  threads: number,
  { paint }: Pick<Terminal, 'paint'>,
): string {
  const { tried, failed, events, guests, virtualSeconds, faults, failureShareBelow } = search
  const whole = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',')
  const verdict =
    failed === 0 ? `All ${whole(tried)} held.` : paint.red(`${failed} of ${whole(tried)} failed.`)
  const never = search.neverReached.length === 0 ? [] : [`  unseen   ${search.neverReached.join(', ')}`]
  const bound =
    failureShareBelow === undefined
      ? []
      : [
          `  bound    fewer than ${Number((failureShareBelow * 100).toPrecision(2))} % of all seeds fail, with a confidence of 95 %`,
        ]
  return [
    '',
    `  ${verdict}`,
    '',
    `  covered  ${whole(virtualSeconds / 3_600)} hours of the restaurant, ${whole(guests)} guests, ${whole(events)} events`,
    `           in ${took.toFixed(1)} s on ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    ...Object.entries(faults).map(
      ([kind, { struck, missed }], n) =>
        `  ${n === 0 ? 'faults ' : '       '}  ${kind.padEnd(20)} ${whole(struck).padStart(6)} struck${missed === 0 ? '' : `, ${missed} met nobody`}`,
    ),
    ...never,
    ...bound,
    '',
    paint.faint(`  repeat   ${command}   commit ${commit}`),
    '',
  ].join('\n')
}
