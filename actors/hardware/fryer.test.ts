import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Message } from '#actor'
import { minutes, seconds } from '#actor'
import { Rehearsal } from '../rehearsal.test-kit.ts'
import { fryerRef } from './appliance-messages.ts'
import { fryer } from './fryer.ts'

interface Truth {
  readonly celsius: number
  readonly heating: boolean
}

const it = fryerRef('riverside', 'grill', 1)
let stage: Rehearsal
const reached = new Set<string>()
const tell = (type: string, rest: object = {}): void => stage.tell(it, { type, ...rest })
const truth = (): Truth => stage.query(it, 'truth')
const load = (job: string, celsius = 180, time = 7): void =>
  tell('appliance.load', { job, celsius, minutes: time })
const hotAt = (celsius: number): void => {
  tell('appliance.heat', { celsius })
  expect(stage.runUntil(() => stage.value(it) === 'ready', minutes(30))).toBe(true)
}

afterAll(() => {
  for (const value of Object.keys(fryer.machine.states)) expect(reached).toContain(`fryer:${value}`)
  for (const type of [...fryer.messageTypes, 'restarted']) expect(reached).toContain(`fryer<${type}`)
})

beforeEach(() => {
  stage = new Rehearsal({ actors: [fryer], reached })
  tell('appliance.open', { station: 'station/riverside:grill', n: 1, slots: 4 })
})

test('cold oil takes its time, and is then held', () => {
  hotAt(180)
  expect(stage.now / 60_000_000).toBeGreaterThan(5)
  expect(stage.now / 60_000_000).toBeLessThan(9)
  stage.run(minutes(30))
  expect(Math.abs(truth().celsius - 180)).toBeLessThan(8)
})

test('a basket takes heat out of the oil, which has it back in less than a minute', () => {
  hotAt(180)
  stage.run(minutes(10))
  const before = truth().celsius
  load('a')
  expect(before - truth().celsius).toBeCloseTo(0.03 * (before - 22), 6)
  stage.run(seconds(60))
  expect(truth().celsius).toBeGreaterThan(176)
  const full = truth().celsius
  tell('appliance.unload', { job: 'a' })
  expect(truth().celsius).toBe(full)
})

test('four baskets at once are a long way down; all the same every portion comes out done', () => {
  for (const jobs of [['a'], ['b', 'c', 'd', 'e']]) {
    hotAt(180)
    for (const job of jobs) load(job)
    if (jobs.length === 4) expect(truth().celsius).toBeLessThan(166)
    stage.run(minutes(7))
    for (const job of jobs) tell('appliance.unload', { job })
    expect(stage.sentOf('appliance.unloaded').slice(-jobs.length)).toMatchObject(
      jobs.map((job) => ({ job, outcome: 'done' })),
    )
  }
})

test('in oil that is too cold it stays raw, in oil that runs away it burns', () => {
  tell('appliance.sensor', { mode: 'drift', offset: 110 })
  hotAt(180)
  load('a')
  stage.run(minutes(7))
  tell('appliance.unload', { job: 'a' })
  tell('appliance.repair')
  tell('appliance.heat', { celsius: 0 })
  hotAt(180)
  tell('appliance.sensor', { mode: 'stuck' })
  tell('appliance.run-away')
  load('b')
  stage.run(minutes(14))
  tell('appliance.unload', { job: 'b' })
  expect(stage.sentOf('appliance.unloaded')).toMatchObject([{ outcome: 'raw' }, { outcome: 'burnt' }])
})

test('each of its faults is felt: it breaks, its sensor falls silent, it runs away', () => {
  hotAt(180)
  load('a')
  tell('appliance.break', { reason: 'fuse' })
  tell('appliance.repair')
  tell('appliance.check')
  hotAt(180)
  tell('appliance.sensor', { mode: 'silent' })
  tell('appliance.repair')
  hotAt(180)
  tell('appliance.run-away')
  stage.run(minutes(15))
  expect(stage.sentOf('appliance.fault')).toMatchObject([
    { kind: 'fryer', reason: 'fuse', jobs: ['a'] },
    { reason: 'sensor-silent' },
    { reason: 'too-hot' },
  ])
})

test('a sibling failed: no heat for a moment, then on as before; a probe tells it what a probe tells an oven', () => {
  hotAt(180)
  stage.system(it, { type: 'restarted', cause: 'pan/riverside:grill:1' } as Message)
  expect([stage.value(it), truth().heating]).toEqual(['cooling', false])
  stage.run(seconds(30))
  expect(stage.value(it)).toBe('ready')
  tell('appliance.load', { job: 'a', celsius: 180, minutes: 7, probe: 1 })
  stage.run(seconds(274))
  tell('probe.reading', { job: 'a', celsius: 90 })
  stage.run(seconds(22))
  tell('probe.reading', { job: 'a', celsius: 95 })
  expect(stage.sentOf('appliance.done')).toHaveLength(1)
  tell('appliance.heat', { celsius: 0 })
  tell('appliance.unload', { job: 'a' })
  expect(stage.runUntil(() => stage.value(it) === 'off')).toBe(true)
})
