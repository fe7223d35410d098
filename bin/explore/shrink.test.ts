// Goal: a failure is made as small as it gets, and what is left fails by the same check.
// Method: an evening full of trouble that fails for one reason alone: its orders would have to settle at once.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Day, defineDay, mixed, planGuests } from '#day'
import { brigade } from '../brigade.ts'
import { recordingTerminal } from '../testing/recording-terminal.ts'
import { optionsOf, shrink } from './shrink.ts'
import { entriesOf, storyOf } from './story.ts'
import { type Failure, tryDay } from './trial.ts'

const seed = 4
const busy = defineDay({
  name: 'busy',
  open: '18:00',
  lastOrder: '18:20',
  close: '18:30',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 45 },
      { at: '18:20', perHour: 45 },
    ],
    cancelShare: 0.3,
    repeatShare: 0.5,
  },
  payments: { latency: '1s' },
  cluster: { groups: mixed(3), restart: '300ms', character: { delay: '2ms', duplicateShare: 0.1 } },
  faults: [
    { kind: 'crash-node', node: 'node-2', at: '18:05' },
    { kind: 'provider-outage', at: '18:08', for: '4m' },
    { kind: 'crash-node', node: 'node-3', at: '18:11' },
  ],
  settleWithin: '1s',
})

const failureOf = (day: Day): Failure => tryDay({ day, seed, commit: 'abc', command: '' }).failure!
const forever = { isOver: () => false }
const found = failureOf(busy)
const folder = mkdtempSync(join(tmpdir(), 'brigade-shrink-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function run(line: string) {
  const terminal = recordingTerminal()
  const code = await brigade(line.split(' '), terminal)
  return { code, printed: terminal.printed(), noted: terminal.noted() }
}

describe('a failure that needs one guest and nothing else', () => {
  const { failure, finished } = shrink(found, forever)!
  const { day } = failure

  test('is left with that guest, one node and one edge, and a plain day around them', () => {
    expect(finished).toBe(true)
    expect(failure.check.id).toBe('liveness')
    expect(day.faults).toEqual([])
    expect(planGuests(day, seed)).toHaveLength(1)
    expect(day.cluster.groups.map(({ nodes }) => nodes)).toEqual([1, 1])
    expect(optionsOf(day)).toEqual([])
  })

  test('has the guest as it came to the whole day', () => {
    const [{ n, at, key, wishes } = { n: -1 }] = planGuests(day, seed)
    expect(planGuests(busy, seed)[n]).toMatchObject({ n, at, key, wishes })
  })

  test('cannot be shrunk any more', () => {
    const again = shrink(failure, forever)!
    expect(again.failure.day).toEqual(day)
  })

  test('is told on a page: who comes, the check, and the turns', () => {
    const story = storyOf(failure)
    expect(story).toMatch(/18:\d\d:\d\d\.\d{3} {2}guest \d+ orders /)
    expect(story).toMatch(/liveness does not hold: order\/ord_/)
    expect(story).toMatch(/order\/ord_\S+ {2}order\.place → reserving/)
    expect(story.split('\n').length).toBeLessThan(60)
  })
})

test('a fault that a failure needs is kept, and made as short as it may be', () => {
  // Without an outage every order settles well within two minutes of its acknowledgement or the last fault.
  const outage = { kind: 'provider-outage', at: '18:08', for: '16m' } as const
  const day = { ...busy, cluster: { ...busy.cluster, restart: '2s' }, invariants: ['faults-fired'] } as const
  const missed = { kind: 'crash-at', node: 'node-2', point: 'in-handoff', at: '18:15', for: '8s' } as const
  const start = failureOf(defineDay({ ...day, faults: [outage, missed] }))
  expect(start.check.id).toBe('faults-fired')
  const { failure } = shrink(start, forever)!
  expect(failure.day.faults.map(({ kind }) => kind)).toEqual(['crash-at'])
  expect(failure.check.detail).toContain('crash-at')
})

test('when time is up, what was reached fails by the same check, and it is said that more may be possible', () => {
  let smaller = 0
  const onSmaller = (): void => {
    smaller += 1
  }
  const { failure, finished } = shrink(found, { isOver: () => smaller > 2, onSmaller })!
  expect(finished).toBe(false)
  expect(failure.check.id).toBe('liveness')
  const entries = ({ day }: Failure) => entriesOf(day, seed).length
  expect(entries(failure)).toBeLessThan(entries(found))
})

test('acts of guests and faults are the entries of a day, in order', () => {
  const entries = entriesOf(busy, seed)
  const plans = planGuests(busy, seed)
  const acts = plans.map(
    ({ repeats, cancelAfterUs, serve, collects }) =>
      1 + Number(repeats) + Number(cancelAfterUs !== undefined) + Number(serve === 'collect' && collects),
  )
  expect(entries).toHaveLength(acts.reduce((sum, count) => sum + count, 0) + busy.faults.length)
  expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).toSorted((a, b) => a - b))
})

describe('the command', () => {
  test('writes the smaller failure beside the one that was found, and it fails when it is replayed', async () => {
    const file = join(folder, 'busy.json')
    writeFileSync(file, JSON.stringify(found))
    const { code, printed } = await run(`shrink ${file} --for 10m`)
    expect(code).toBe(0)
    expect(printed).toMatch(/taken away {2}entries \d+ → \d+, guests \d+ → 1, faults 3 → 0, nodes 5 → 2/)
    const smaller = join(folder, 'busy.smaller.json')
    expect(JSON.parse(readFileSync(smaller, 'utf8'))).toMatchObject({ seed, check: { id: 'liveness' } })
    const replayed = await run(`replay ${smaller}`)
    expect(replayed.code).toBe(11)
    expect(replayed.printed).toMatch(/It still fails: liveness.*\n\n.*guest \d+ orders/s)

    const again = JSON.parse((await run(`shrink ${smaller} --json`)).printed)
    expect(again).toMatchObject({ smaller, finished: true, before: again.after })
  }, 700_000)

  test('refuses what does not fail on this code', async () => {
    const file = join(folder, 'mended.json')
    writeFileSync(file, JSON.stringify({ ...found, day: { ...busy, settleWithin: '10h' } }))
    const { code, noted } = await run(`shrink ${file}`)
    expect(code).toBe(1)
    expect(noted).toMatch(/does not fail by 'liveness' on this code/)
  })
})
