/**
 * A study as a person reads it on a terminal.
 *
 * Owns:     the words and the layout. Colour is the caller's: `paint` is told what a piece of text means.
 */
import type { Paint } from '#day'
import { changeOf, countOf, differenceText, figure, intervalText, percentOf, scaleOf } from './figures.ts'
import { kpis } from './kpis.ts'
import type { StudyResult, VariantResult } from './study.ts'

const plain: Paint = (_, text) => text

/** What a report says beside the numbers. */
export interface StudyWords {
  readonly title: string
  readonly wallSeconds: number
  readonly jobs: number
  /** Repeats it. */
  readonly command: string
  readonly commit: string
}

export function studyReport(result: StudyResult, words: StudyWords, paint: Paint = plain): string {
  const { variants } = result
  const [first, ...others] = variants
  if (first === undefined) return ''
  const took = `${words.wallSeconds.toFixed(0)} s on ${words.jobs} ${words.jobs === 1 ? 'core' : 'cores'}`
  return [
    '',
    paint('title', `${words.title}: ${daysOf(result)}`),
    paint('quiet', `${seedsOf(result)} · ${took}`),
    paint(result.isPrecise ? 'quiet' : 'bad', precisionOf(result)),
    '',
    ...(others.length === 0 ? meansTable(first, paint) : comparisonTable(first, others, paint)),
    '',
    ...variants.map((variant) => `  ${others.length === 0 ? '' : `${variant.name}: `}${pooledText(variant)}`),
    ...checksOf(result).map(({ held, text }) => paint(held ? 'good' : 'bad', `  ${text}`)),
    ...verdictsOf(result).map((line) => `\n  ${line}`),
    '',
    paint('quiet', `  repeat   ${words.command}   commit ${words.commit}`),
    '',
  ].join('\n')
}

export function daysOf({ n, variants }: StudyResult): string {
  return `${n} ${n === 1 ? 'day' : 'days'}${variants.length === 1 ? '' : ` of each of ${variants.length}`}`
}

export const seedsOf = ({ seeds: [first, last] }: StudyResult): string =>
  first === last ? `seed ${first}` : `seeds ${first} to ${last}`

export function precisionOf({ rules, isPrecise, relative, n }: StudyResult): string {
  const what = (kpis.find(({ id }) => id === rules.on)?.title ?? rules.on).trim()
  const known = `${what} is known to ± ${percentOf(relative)}; ± ${percentOf(rules.relative)} was asked for`
  return isPrecise ? known : `${known}, and ${n} days were the most. For more: --most ${4 * n}`
}

const nameWidth = 26

function meansTable({ kpis: summaries }: VariantResult, paint: Paint): readonly string[] {
  const cells = (texts: readonly string[]): string => texts.map((text) => text.padStart(11)).join('')
  return [
    `  ${''.padEnd(nameWidth)}${cells(['mean', '± 95 %', 'p5', 'p95'])}`,
    ...kpis.flatMap(({ id, title, unit }) => {
      const summary = summaries[id]
      if (summary === undefined) return []
      const scale = scaleOf(unit, summary)
      const { mean, halfWidth = Number.NaN, p5, p95 } = summary
      const numbers = cells([mean, halfWidth, p5, p95].map((value) => figure(value, scale)))
      return [`  ${title.padEnd(nameWidth)}${numbers}  ${scale.mark}`.trimEnd()]
    }),
    '',
    paint(
      'quiet',
      '  ± is of the mean of all such days, in 95 of 100 studies; p5 and p95 are of single days.',
    ),
  ]
}

function comparisonTable(
  first: VariantResult,
  others: readonly VariantResult[],
  paint: Paint,
): readonly string[] {
  const heads = [first, ...others].map(({ name }) => (name.length > 34 ? `${name.slice(0, 33)}…` : name))
  const width = Math.max(22, ...heads.map((name) => name.length + 3))
  const line = (title: string, cells: readonly string[]): string =>
    `  ${title.padEnd(nameWidth)}${cells.map((cell) => cell.padEnd(width)).join('')}`.trimEnd()
  return [
    line('', heads),
    paint('quiet', line('', ['mean ± 95 %', ...others.map(() => 'difference ± 95 %')])),
    ...kpis.flatMap((kpi) => {
      const summary = first.kpis[kpi.id]
      if (summary === undefined) return []
      const cells = others.map(({ differences = {} }) => {
        const difference = differences[kpi.id]
        if (difference === undefined) return ''
        // Padded before it is painted: a colour has no width.
        const text = differenceText(kpi.unit, difference).padEnd(width)
        const change = changeOf(kpi, difference)
        return change === 'untold' ? paint('quiet', text) : change === 'worse' ? paint('bad', text) : text
      })
      return [line(kpi.title, [intervalText(kpi.unit, summary), ...cells])]
    }),
    '',
    paint(
      'quiet',
      '  Differences are of pairs: both days of a pair had the same guests, who wanted the same.',
    ),
  ]
}

export function pooledText({ ticketTimes: { n, p50, p95 } }: VariantResult): string {
  return `of all ${countOf(n)} tickets together half were ready within ${p50} min, and 95 % within ${p95} min`
}

/** What became of the checks, in sentences. */
export function checksOf({ variants, n }: StudyResult): readonly {
  readonly held: boolean
  readonly text: string
}[] {
  const broken = variants.filter((variant) => variant.broken.length > 0)
  if (broken.length === 0) return [{ held: true, text: 'Every check held on every day.' }]
  return broken.map(({ name, broken: days }) => {
    const checks = [...new Set(days.flatMap((day) => day.checks))].join(', ')
    const where = `${days.length} of ${n} days broke a check (${checks}), the first with seed ${days[0]?.seed}`
    return { held: false, text: variants.length === 1 ? where : `${name}: ${where}` }
  })
}

/** What can be told apart, in sentences. Empty when nothing was compared. */
export function verdictsOf({ variants }: StudyResult): readonly string[] {
  return variants.slice(1).map(({ name, differences = {} }) => {
    const told = kpis.flatMap((kpi) => {
      const difference = differences[kpi.id]
      if (difference === undefined || changeOf(kpi, difference) === 'untold') return []
      return [`${kpi.title.trim()} ${differenceText(kpi.unit, difference)}`]
    })
    return `${name}: ${told.length === 0 ? 'no difference can be told' : told.join(' · ')}.`
  })
}
