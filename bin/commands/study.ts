/**
 * `brigade study`: many runs of a day, how sure its figures are, and what a change costs.
 *
 * Owns:     what is asked of a study, and where its reports go.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import type { Day } from '#day'
import type { Measured, StudyWords, Variant } from '#study'
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { didYouMean } from '../command-line/nearest.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { exitCodeOf, worstOf } from '../judgement.ts'
import { clearLine } from '../terminal/terminal.ts'
import { dayNamed, toneOf } from './day.ts'

const usualLeast = 10
const usualMost = 30
const usualRelative = 5
const usualKpi = 'ticket-time'

export const study = defineCommand({
  name: 'study',
  summary: 'run a day many times: how sure is it, and what does a change cost',
  args: [{ name: 'DAY', about: 'which day; npx brigade day lists them' }],
  options: {
    until: {
      kind: 'number',
      value: 'PERCENT',
      about: `run until the half-width is at most this share of the mean (default ${usualRelative})`,
    },
    on: {
      kind: 'text',
      value: 'FIGURE',
      about: `… of this figure (default ${usualKpi}); a wrong name lists them`,
    },
    least: { kind: 'count', value: 'N', about: `days to run at least (default ${usualLeast})` },
    most: { kind: 'count', value: 'N', about: `days to run at most, of each variant (default ${usualMost})` },
    'first-seed': { kind: 'count', value: 'N', about: 'where to begin (default 1)' },
    sweep: {
      kind: 'text',
      value: 'PLACE=A,B',
      about:
        'the day once with each value: kitchen.grill.cooks=3,4,5; cluster.nodes=1,2,3; guests.scale=1,1.2',
    },
    'with-fault': {
      kind: 'text',
      value: 'FAULTS',
      about: "the day, and the same one with faults: 'crash-node node-2 19:50'; several with commas between",
    },
    against: { kind: 'text', value: 'DAY', about: 'the day, and another one, under the same seeds' },
    jobs: { kind: 'count', value: 'N', about: 'days that run side by side (default: one for each core)' },
    html: {
      kind: 'text',
      value: 'FILE',
      about: 'write a report with charts: one page that needs nothing else',
    },
    rows: { kind: 'text', value: 'FILE', about: 'write a line of JSON for each day' },
    ...jsonOption,
  },
  about: [
    'One day is an anecdote: other guests would have come. A study plays the day again and again, each time under another seed, until its figures are known well enough, and says how well that is: the mean of all such days lies within ± of what is printed in 95 of 100 studies, and p5 and p95 are what single days are like.',
    'With --sweep, --with-fault or --against there are several variants of the day, and each is played under the same seeds: the same guests come at the same time and want the same. So what differs is what was changed, and a small difference shows after a few days. Each is compared with the first, pair by pair.',
    'Percentiles of ticket times are of all tickets of all days together; they are never averaged. The result does not depend on the number of cores.',
  ],
  examples: [
    { line: 'study friday-rush', about: 'What a Friday is like, to ± 5 % of its ticket time.' },
    {
      line: "study friday-rush --with-fault 'crash-node node-2 19:50'",
      about: 'What a node that dies in the rush costs the guests.',
    },
    {
      line: 'study friday-rush --sweep kitchen.grill.cooks=2,3,4 --html a.html',
      about: 'How many cooks the grill needs, with charts.',
    },
    {
      line: 'study quiet-tuesday --most 200 --until 1 --rows days.ndjson',
      about: 'Two hundred Tuesdays, each as a line.',
    },
  ],
  next: 'the report ends with the command that repeats it. Exit codes, of the worst day: 0 held, 11 liveness, 12 safety, 13 too slow.',
  async run({ args: [name = ''], options }, terminal) {
    const {
      least = usualLeast,
      most = Math.max(usualMost, least),
      until = usualRelative,
      on = usualKpi,
    } = options
    const { 'first-seed': firstSeed = 1, jobs = availableParallelism(), html, rows, json } = options
    if (least < 2) throw new UsageError('--least is at least 2: one day says nothing of others.')
    if (most < least) throw new UsageError(`--most ${most} is less than --least ${least}.`)
    if (jobs === 0) throw new UsageError('--jobs is at least 1.')
    const { days } = await import('#scenarios')
    const { kpis, Study, studyReport } = await import('#study')
    const { runStudy } = await import('../study/run-study.ts')
    const { codeVersion } = await import('../code-version.ts')
    const ids = kpis.map(({ id }) => id)
    if (!ids.includes(on)) {
      throw new UsageError(
        `There is no figure '${on}'. ${didYouMean(on, ids) ?? ''}`.trim(),
        `Figures: ${ids.join(', ')}.`,
      )
    }
    const day = dayNamed(days, name)
    const variants = await variantsOf(day, days, options)
    const rules = { firstSeed, least, most, on, relative: until / 100 }
    const running = new Study(variants, rules)
    const startedAt = performance.now()
    let ended = 0
    await runStudy(running, Math.min(jobs, most * variants.length), () => {
      ended += 1
      if (json || !terminal.isScreen || running.isEnough) return
      const known =
        running.whole < 2
          ? ''
          : `, ${on} ± ${(running.relativeOf(running.whole) * 100).toPrecision(2)} % so far`
      terminal.note(`${clearLine}${name}: ${ended} days${known}`)
    })
    if (terminal.isScreen && !json) terminal.note(clearLine)
    const result = running.result()
    const words: StudyWords = {
      title: variants.length === 1 ? day.title : `${day.title}, compared`,
      wallSeconds: (performance.now() - startedAt) / 1_000,
      jobs,
      command: commandOf(name, options),
      commit: codeVersion(),
    }
    const measured = [...running.rows()]
    if (rows !== undefined)
      writeTo('--rows', rows, measured.map((one) => rowOf(name, variants, one)).join(''))
    if (html !== undefined) {
      const { htmlReport } = await import('../study/html-report.ts')
      writeTo('--html', html, htmlReport(result, words, measured))
    }
    if (json) terminal.print(`${JSON.stringify({ day: name, ...words, ...result })}\n`)
    else {
      terminal.print(studyReport(result, words, toneOf(terminal.paint)))
      if (html !== undefined) terminal.print(`  ${html}: the same with charts\n`)
    }
    return worstOf(measured.map(exitCodeOf))
  },
})

interface Chosen {
  readonly sweep?: string
  readonly 'with-fault'?: string
  readonly against?: string
}

async function variantsOf(
  day: Day,
  days: Readonly<Record<string, Day>>,
  { sweep, 'with-fault': fault, against }: Chosen,
): Promise<readonly Variant[]> {
  const { asItIs, swept, withFaults } = await import('#study')
  if ([sweep, fault, against].filter((one) => one !== undefined).length > 1) {
    throw new UsageError('--sweep, --with-fault and --against are three ways to compare: choose one.')
  }
  if (sweep !== undefined) return swept(day, sweep)
  if (fault !== undefined) return withFaults(day, fault)
  if (against === undefined) return [{ name: asItIs, day }]
  return [day, dayNamed(days, against)].map((one) => ({ name: one.name, day: one }))
}

/** One run as one line: the variant, the seed, and what was measured. */
function rowOf(
  day: string,
  variants: readonly Variant[],
  { variant, seed, kpis, checks, events, traceHash }: Measured,
): string {
  const broken = checks.filter(({ held }) => !held).map(({ id }) => id)
  return `${JSON.stringify({ day, variant: variants[variant]?.name, seed, ...kpis.values, events, traceHash, broken })}\n`
}

function writeTo(option: string, file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new UsageError(`${option} ${file} cannot be written: ${(error as Error).message}.`)
  }
}

/** Without what changes nothing of the numbers. */
function commandOf(
  name: string,
  options: Readonly<Record<string, string | number | true | undefined>>,
): string {
  const said = ['until', 'on', 'least', 'most', 'first-seed', 'sweep', 'with-fault', 'against'].flatMap(
    (option) => {
      const value = options[option]
      if (value === undefined) return []
      return [`--${option} ${typeof value === 'string' && /[^\w.,=-]/.test(value) ? `'${value}'` : value}`]
    },
  )
  return ['npx brigade study', name, ...said].join(' ')
}
