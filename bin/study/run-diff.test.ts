/**
 * A short lunch in both worlds.
 *
 * Goal: the figures of real processes are read as those of simulated ones are, and agree with them.
 * Method: forty world minutes at sixty times their speed, from dist; and made-up days that do not agree.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { DayOptions } from '#day'
import { agreementOf, type DayKpis, type Measured } from '#study'
import { unpainted } from '../terminal/terminal.ts'
import { diffReport } from './diff-report.ts'
import type { Diff, DiffRules } from './run-diff.ts'

const fixture = fileURLToPath(new URL('../fixtures/diff-day.mjs', import.meta.url))

const lunch: DayOptions = {
  name: 'lunch',
  open: '12:00',
  lastOrder: '12:20',
  close: '12:40',
  guests: {
    arrivals: [
      { at: '12:00', perHour: 120 },
      { at: '12:20', perHour: 120 },
    ],
    dishes: { caprese: 1 },
    tableShare: 1,
  },
}
const rules: DiffRules = { simulatedDays: 6, liveDays: 1, firstSeed: 1, speed: 60, jobs: 1 }

test('a lunch on real processes has the figures of a simulated one', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    fixture,
    JSON.stringify(lunch),
    JSON.stringify(rules),
  ])
  const found = JSON.parse(stdout) as Diff
  expect(found.broken).toEqual([])
  expect(found.agreements.filter(({ isDecisive }) => isDecisive)).toMatchObject([
    { kpi: { id: 'completed' }, agrees: true },
    { kpi: { id: 'ticket-time' }, agrees: true },
    { kpi: { id: 'reneged' }, agrees: true },
  ])
  expect(found).toMatchObject({ agrees: true, exitCode: 0 })
  const [completed, ticketTime] = found.agreements
  // The same guests came: the live kitchen was seen, and not a default.
  expect(completed?.live.mean).toBeGreaterThan(20)
  expect(Math.abs(completed?.sameSeed ?? 99)).toBeLessThanOrEqual(3)
  expect(ticketTime?.live.mean).toBeGreaterThan(1)
  const busy = found.agreements.find(({ kpi }) => kpi.id === 'busy.garde-manger')
  expect(busy?.live.mean).toBeGreaterThan(0.5 * (busy?.simulated.mean ?? 1))
  expect(busy?.live.mean).toBeLessThan(2 * (busy?.simulated.mean ?? 0))
}, 240_000)

/** A day that somebody made up. */
function made(seed: number, values: DayKpis['values']): Measured {
  const kpis: DayKpis = { values, ticketTimes: { width: 1, counts: [] }, halfHours: [] }
  return { variant: 0, seed, kpis, checks: [], events: 0, wallSeconds: 0, traceHash: '' }
}

const simulated = [30, 31, 29.5, 30.5, 30.2].map((time, n) =>
  made(n + 1, { completed: 100 + n, 'ticket-time': time, reneged: 0 }),
)
const verdicts = (values: DayKpis['values'], guests = 1_000) => {
  const found = agreementOf(simulated, [made(1, values)], guests)
  return Object.fromEntries(found.filter((one) => one.isDecisive).map(({ kpi, agrees }) => [kpi.id, agrees]))
}

test('a live day disagrees when no simulated day would be like it', () => {
  expect(verdicts({ completed: 103, 'ticket-time': 30.9, reneged: 0 })).toEqual({
    completed: true,
    'ticket-time': true,
    reneged: true,
  })
  expect(verdicts({ completed: 103, 'ticket-time': 33, reneged: 0 })['ticket-time']).toBe(false)
  expect(verdicts({ completed: 90, 'ticket-time': 30, reneged: 0 }).completed).toBe(false)
})

test('where no simulated guest gives up, two of a thousand tell nothing apart, and four do', () => {
  expect(verdicts({ completed: 100, 'ticket-time': 30, reneged: 0.002 }).reneged).toBe(true)
  expect(verdicts({ completed: 100, 'ticket-time': 30, reneged: 0.004 }).reneged).toBe(false)
})

test('the report says what was compared, and what disagrees', () => {
  const agreements = agreementOf(
    simulated,
    [made(1, { completed: 90, 'ticket-time': 30.4, reneged: 0 })],
    1_000,
  )
  const words = {
    ...rules,
    title: 'Lunch',
    wallSeconds: 30,
    command: 'npx brigade diff lunch',
    commit: 'abc',
  }
  const found: Diff = {
    agreements,
    agrees: false,
    broken: ['live, seed 1: money did not hold: …'],
    exitCode: 12,
  }
  const report = diffReport(found, words, unpainted)
  expect(report).toContain('6 simulated days, 1 live day at × 60')
  expect(report).toMatch(/orders completed +102\.0 ± 2\.0 +90\.0 +−12\.0 ± 4\.8 +−10\.0 +✗ disagrees/)
  expect(report).toMatch(
    /ticket time +30\.24 ± 0\.\d+ min +30\.40 min +\+0\.2 ± \d\.\d min +0\.40 min +✓ agrees/,
  )
  expect(report).toContain('live, seed 1: money did not hold')
  expect(report).toContain('Simulated and live disagree in orders completed.')
})
