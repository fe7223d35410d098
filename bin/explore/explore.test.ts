// Goal: what a search finds can be found again by somebody else, from the file alone.
// Method: an evening that cannot hold (its orders would have to settle at once) is searched, written and replayed.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { defineDay, drawDay, hashOfDay } from '#day'
import { brigade } from '../brigade.ts'
import { recordingTerminal } from '../testing/recording-terminal.ts'
import { Search } from './search.ts'
import { type Failure, tryDay } from './trial.ts'

const calm = defineDay({
  name: 'calm',
  open: '18:00',
  lastOrder: '18:10',
  close: '18:20',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 60 },
      { at: '18:10', perHour: 60 },
    ],
  },
})
const hopeless = { ...calm, name: 'hopeless', settleWithin: '1s' } as const
vi.mock('#scenarios', () => ({
  get days() {
    return { calm, hopeless }
  },
}))
const folder = mkdtempSync(join(tmpdir(), 'brigade-explore-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function run(line: string) {
  const terminal = recordingTerminal()
  const code = await brigade(line.split(' '), terminal)
  return { code, printed: terminal.printed(), noted: terminal.noted() }
}

function fileOf(name: string, failure: Failure): string {
  const file = join(folder, name)
  writeFileSync(file, JSON.stringify(failure))
  return file
}

describe('a search over drawn evenings', () => {
  test('says what was covered, and threads change nothing of any run', async () => {
    const { code, printed } = await run('explore --seeds 2 --first-seed 17 --jobs 1 --json')
    const found = JSON.parse(printed)
    expect(code).toBe(0)
    expect(found).toMatchObject({ seeds: 2, firstSeed: 17, tried: 2, failed: 0 })
    type Run = { seed: number; events: number; traceHash: string }
    const runs: readonly Run[] = found.runs
    expect(found.events).toBe(runs.reduce((sum, { events }) => sum + events, 0))
    expect(runs[0]).toMatchObject({ day: 'explored', seed: 17, options: drawDay(17), exitCode: 0 })

    const main = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url))
    const [, , ...again] = found.command.split(' ')
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...again, '--jobs', '2', '--json'])
    const inThreads = JSON.parse(stdout)
    expect(inThreads).toMatchObject({ jobs: 2, events: found.events })
    const traces = (all: readonly Run[]) => new Map(all.map(({ seed, traceHash }) => [seed, traceHash]))
    expect(traces(inThreads.runs)).toEqual(traces(runs))
  })

  test('who asks for it is told by the exit code that there is something which no day came to', async () => {
    const { code, printed } = await run('explore calm --seeds 1 --reach')
    expect(printed).toContain('All 1 held.')
    expect(printed).toMatch(/unseen .*shard-taken-over/)
    expect(code).toBe(1)
    expect((await run('explore calm --seeds 1')).code).toBe(0)
    const document = JSON.parse((await run('explore calm --seeds 1 --reach --json')).printed)
    expect(document).toMatchObject({ exitCode: 1, command: expect.stringMatching(/--reach$/) })
    expect(document.neverReached).toContain('shard-taken-over')
  })

  test('what cannot be searched is a usage error', async () => {
    expect((await run('explore clam')).noted).toMatch("Did you mean 'calm'?")
    expect((await run('explore --seeds 0')).code).toBe(1)
    expect((await run('explore --jobs 0')).code).toBe(1)
  })
})

describe('a search over days that are named', () => {
  test('writes each failure to a file of its own, and prints the line that repeats it', async () => {
    const out = join(folder, 'found')
    const { code, printed } = await run(`explore calm hopeless --seeds 2 --jobs 1 --out ${out}`)
    expect(code).toBe(11)
    expect(readdirSync(out)).toEqual(
      [1, 2].map((seed) => `hopeless-${seed}-${hashOfDay(hopeless).slice(0, 8)}.json`),
    )
    expect(printed).toContain('✓ seed 1  calm: calm; no faults')
    expect(printed).toMatch(/✗ seed 2 {2}hopeless.*\n {4}liveness: order\/.*\n/)
    expect(printed).toContain('2 of 4 failed.')
    const [, line = ''] = /npx brigade (replay .*hopeless-2-.*)\n/.exec(printed) ?? []
    expect(await run(line)).toMatchObject({ code: 11 })
  })
})

describe('a day that does not hold', () => {
  const { exitCode, failure, result } = tryDay({ day: hopeless, seed: 4, commit: 'abc', command: '' })

  test('leaves its day, its seed, the check, and the last turns of the orders that the check names', () => {
    expect(exitCode).toBe(11)
    expect(failure).toMatchObject({ seed: 4, commit: 'abc', day: hopeless, traceHash: result?.traceHash })
    expect(failure?.check).toMatchObject({ id: 'liveness', held: false })
    for (const { actor } of failure!.lastTurns) expect(failure!.check.detail).toContain(actor)
    expect(failure!.lastTurns.map(({ message }) => message)).toContain('order.place')
  })

  test('fails again when its file is replayed, in the same way, and another code is told', async () => {
    const file = fileOf('hopeless.json', failure!)
    const { code, printed } = await run(`replay ${file}`)
    expect(code).toBe(11)
    expect(printed).toMatch(/✗ It still fails: liveness: order\/ord_/)
    expect(printed).toMatch(/and the code that failed was another: abc/)
    expect(printed).toContain(`${failure!.traceHash}, the same run`)
    expect(JSON.parse((await run(`replay ${file} --json`)).printed)).toMatchObject({
      outcome: 'fails',
      found: { commit: 'abc' },
    })
  })

  test('holds when what broke it is mended', async () => {
    const file = fileOf('mended.json', { ...failure!, day: calm })
    const { code, printed } = await run(`replay ${file}`)
    expect({ code, printed }).toMatchObject({ code: 0, printed: expect.stringContaining('✓ It holds now') })
  })

  test('is told apart from one that breaks another check', async () => {
    const file = fileOf('other.json', { ...failure!, check: { id: 'money', held: false } })
    expect((await run(`replay ${file}`)).printed).toMatch(/It fails in another way: liveness/)
  })

  test('is a crash when it throws, with the reason', () => {
    const impossible = { ...hopeless, faults: [{ kind: 'crash-node', node: 'node-1', at: '17:00' }] } as const
    const end = tryDay({ day: impossible, seed: 4, commit: 'abc', command: '' })
    expect(end).toMatchObject({ exitCode: 10, failure: { check: { id: 'crash' } } })
    expect(end.failure?.check.detail).toMatch(/in the past/)
  })
})

test.each([
  ['nothing.json', undefined, /cannot be read/],
  ['text.json', 'no', /is not JSON/],
  ['other.json', '{"name":"x"}', /is not the file of a failure/],
  ['later.json', '{"format":2,"seed":1,"day":{},"check":{"id":"money"}}', /has format 2/],
])('a file that is no failure is refused: %s', async (name, text, reason) => {
  const file = join(folder, `no-${name}`)
  if (text !== undefined) writeFileSync(file, text)
  const { code, noted } = await run(`replay ${file}`)
  expect(code).toBe(1)
  expect(noted).toMatch(reason)
})

test('a failure of an earlier build, whose day does not say all that days say now, is replayed', async () => {
  const { code, printed } = await run('replay scenarios/regressions/explored-7-c835c46a.json')
  expect(printed).toContain('holds now')
  expect(code).toBe(0)
})

test('the worst that was found is the exit code of a search, and a failure takes its bound away', () => {
  const search = new Search()
  const end = { day: hopeless, seed: 1 }
  for (let n = 0; n < 300; n += 1) search.add({ ...end, exitCode: 0 })
  expect(search.failureShareBelow).toBe(0.01)
  const failure = tryDay({ ...end, commit: '', command: '' }).failure!
  for (const exitCode of [13, 11, 12, 10]) search.add({ ...end, exitCode, failure })
  expect(search).toMatchObject({ exitCode: 12, failed: 4, tried: 304, failureShareBelow: undefined })
})
