/**
 * Simulated and live, side by side, as a person reads it.
 */
import { type Agreement, differenceText, figure, intervalText, scaleOf } from '#study'
import { table } from '../terminal/table.ts'
import type { Paint } from '../terminal/terminal.ts'
import type { Diff, DiffRules } from './run-diff.ts'

export interface DiffWords extends DiffRules {
  readonly title: string
  readonly wallSeconds: number
  /** Repeats it. */
  readonly command: string
  readonly commit: string
}

export function diffReport({ agreements, broken }: Diff, words: DiffWords, paint: Paint): string {
  const days = (n: number, how: string): string => `${n} ${how} ${n === 1 ? 'day' : 'days'}`
  const asked = agreements.filter(({ isDecisive }) => isDecisive)
  const others = agreements.filter(({ isDecisive }) => !isDecisive)
  const apart = asked.filter(({ agrees }) => !agrees)
  const rows = [...asked, ...others].map((row) => rowOf(row, paint))
  const [head = '', ...lines] = table(
    [
      { title: '' },
      { title: 'simulated' },
      { title: 'live' },
      { title: 'live − simulated ± 95 %' },
      { title: 'same seed' },
      { title: '' },
    ],
    rows,
  )
  const verdict =
    apart.length === 0
      ? `Simulated and live agree in ${asked.map(({ kpi }) => kpi.title.trim()).join(', ')}.`
      : paint.red(`Simulated and live disagree in ${apart.map(({ kpi }) => kpi.title.trim()).join(', ')}.`)
  return [
    '',
    paint.strong(`${words.title}, simulated and live`),
    paint.faint(
      `${days(words.simulatedDays, 'simulated')}, ${days(words.liveDays, 'live')} at × ${words.speed} · ${words.wallSeconds.toFixed(0)} s`,
    ),
    '',
    `  ${paint.faint(head)}`,
    ...lines.slice(0, asked.length).map((line) => `  ${line}`),
    '',
    ...lines.slice(asked.length).map((line) => `  ${line}`),
    '',
    ...(broken.length === 0
      ? ['  Every check held in both worlds.']
      : broken.map((line) => paint.red(`  ${line}`))),
    `  ${verdict}`,
    '',
    paint.faint(`  repeat   ${words.command}   commit ${words.commit}`),
    '',
  ].join('\n')
}

function rowOf(row: Agreement, paint: Paint): readonly string[] {
  const { kpi, simulated, live, difference, sameSeed, isDecisive, agrees } = row
  const scale = scaleOf(kpi.unit, simulated)
  const shown = (value: number): string => `${figure(value, scale)} ${scale.mark}`.trimEnd()
  const mark = agrees ? '✓' : isDecisive ? paint.red('✗') : '✗'
  return [
    kpi.title,
    intervalText(kpi.unit, simulated),
    live.halfWidth === undefined ? shown(live.mean) : intervalText(kpi.unit, live),
    differenceText(kpi.unit, difference),
    sameSeed === undefined ? '' : shown(sameSeed),
    isDecisive
      ? `${mark} ${agrees ? 'agrees' : paint.red('disagrees')}`
      : paint.faint(agrees ? '' : 'differs'),
  ]
}
