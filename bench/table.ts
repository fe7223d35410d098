/** Reports for people: a table for each promise, the goal beside what was measured. */
import { type Goal, isHeld, type Report } from './side-by-side.ts'

export function tableOf({ promise, title, figures, goals, notMeasured }: Report): string {
  const rows = [
    ...figures.map(({ what, value, unit }) => [what, `${shown(value)} ${unit}`, '', '']),
    ...goals.map((goal) => [
      goal.what,
      `${shown(goal.value)} ${goal.unit}`,
      goalOf(goal),
      isHeld(goal) ? 'held' : 'MISSED',
    ]),
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const lines = rows.map(([what = '', value = '', goal = '', verdict = '']) =>
    `  ${what.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${goal.padEnd(widths[2] ?? 0)}  ${verdict}`.trimEnd(),
  )
  const without = notMeasured.map((what) => `  not measured: ${what}`)
  return [`${promise}  ${title}`, ...lines, ...without, ''].join('\n')
}

function goalOf({ atLeast, atMost, unit }: Goal): string {
  return atLeast === undefined ? `≤ ${shown(atMost ?? 0)} ${unit}` : `≥ ${shown(atLeast)} ${unit}`
}

function shown(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toFixed(2)))
}
