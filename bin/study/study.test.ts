// Goal: a study says the same on one core and on many, and its report needs nothing but itself.
// Method: a short evening, studied through the command; and once more through the built command, in threads.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test, vi } from 'vitest'
import { defineDay } from '#day'
import { brigade } from '../brigade.ts'
import { recordingTerminal } from '../testing/recording-terminal.ts'

const calm = defineDay({
  name: 'calm',
  title: 'Calm <& quiet>',
  open: '18:00',
  lastOrder: '18:30',
  close: '19:30',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 40 },
      { at: '18:30', perHour: 40 },
    ],
  },
})
vi.mock('#scenarios', () => ({
  get days() {
    return { calm, hopeless: { ...calm, name: 'hopeless', settleWithin: '1s' } }
  },
}))
const folder = mkdtempSync(join(tmpdir(), 'brigade-study-'))
afterAll(() => rmSync(folder, { recursive: true }))
const main = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url))

async function run(...argv: string[]) {
  const terminal = recordingTerminal()
  const code = await brigade(argv, terminal)
  return { code, printed: terminal.printed(), noted: terminal.noted() }
}

const few = ['--least', '2', '--most', '3', '--until', '0.01', '--jobs', '1']

test('a variant with a fault is compared, written out day by day, and drawn on a page of its own', async () => {
  const [html, rows] = [join(folder, 'calm.html'), join(folder, 'calm.ndjson')]
  const fault = ['--with-fault', 'crash-node node-1 18:10', '--html', html, '--rows', rows]
  const { code, printed } = await run('study', 'calm', ...few, ...fault)
  expect(code).toBe(0)
  expect(printed).toContain('Calm <& quiet>, compared: 3 days of each of 2')
  expect(printed).toContain(
    "repeat   npx brigade study calm --until 0.01 --least 2 --most 3 --with-fault 'crash-node node-1 18:10'",
  )

  const lines = readFileSync(rows, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map(({ variant, seed }) => [variant, seed])).toEqual(
    [1, 2, 3].flatMap((seed) => [
      ['as it is', seed],
      ['crash-node node-1 18:10', seed],
    ]),
  )
  expect(lines[0]).toMatchObject({ day: 'calm', broken: [] })
  expect(lines[0]['ticket-time']).toBeGreaterThan(5)

  const page = readFileSync(html, 'utf8')
  expect(page).toContain('<h1>Calm &lt;&amp; quiet&gt;, compared</h1>')
  expect(page.match(/<svg /g)?.length).toBeGreaterThanOrEqual(6)
  expect(page, 'nothing is fetched').not.toMatch(/\b(src|href)=|url\((?!#)|@import/)
  expect(page, 'nothing runs').not.toMatch(/<script|\son\w+=/)
  expect(page, 'every colour is one of the page').not.toMatch(/#0a0b/)
  expect(page).not.toMatch(/NaN|undefined|Infinity/)
})

test('threads change nothing of the figures', async () => {
  const study = ['study', 'quiet-tuesday', '--least', '2', '--most', '2', '--until', '0.01', '--json']
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...study, '--jobs', '2'])
  const alone = await promisify(execFile)(process.execPath, [main, ...study, '--jobs', '1'])
  const [many, one] = [stdout, alone.stdout].map((text) => JSON.parse(text))
  expect(many.variants).toEqual(one.variants)
  expect(many).toMatchObject({ day: 'quiet-tuesday', n: 2, jobs: 2, isPrecise: false })
}, 300_000)

test('a day that breaks a check is said, and is the exit code', async () => {
  const { code, printed } = await run('study', 'hopeless', ...few)
  expect(code).toBe(11)
  expect(printed).toMatch(/3 of 3 days broke a check \(liveness\), the first with seed 1/)
})

test.each([
  [['study', 'calm', '--on', 'ticket-tim'], /Did you mean 'ticket-time'/],
  [['study', 'calm', '--least', '1'], /one day says nothing of others/],
  [['study', 'calm', '--least', '9', '--most', '3'], /--most 3 is less than --least 9/],
  [['study', 'calm', '--sweep', 'cluster.nodes=1,2', '--against', 'hopeless'], /choose one/],
  [['study', 'calm', '--sweep', 'kitchen.grill=1,2'], /kitchen\.grill: it holds more than one value/],
  [['study', 'calm', '--against', 'cal'], /Did you mean 'calm'/],
])('%s is refused, with the remedy', async (argv, words) => {
  const { code, noted } = await run(...argv)
  expect(code).toBe(1)
  expect(noted).toMatch(words)
})
