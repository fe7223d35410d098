import { afterAll, beforeEach, expect, test } from 'vitest'
import { draw, minutes, seconds } from '#actor'
import { Rehearsal } from '../rehearsal.test-kit.ts'
import { ovenRef } from './appliance-messages.ts'
import { oven } from './oven.ts'
import { probe } from './probe.ts'
import { probeRef } from './probe-messages.ts'

const it = probeRef('riverside:oven', 1)
const appliance = ovenRef('riverside', 'oven', 1)
let stage: Rehearsal
const reached = new Set<string>()
const tell = (type: string, rest: object = {}): void => stage.tell(it, { type, ...rest })
const readings = (): readonly number[] =>
  stage.sentOf('probe.reading').map((message) => (message as unknown as { celsius: number }).celsius)
const read = (core: number, job = 'a'): number => {
  tell('probe.read', { appliance, job, core })
  return readings().at(-1) ?? Number.NaN
}
const view = (): { state: string; fault: string; reading: number | null; job: string } =>
  stage.query(it, 'view')

afterAll(() => {
  for (const value of Object.keys(probe.machine.states)) expect(reached).toContain(`probe:${value}`)
  for (const type of probe.messageTypes) expect(reached).toContain(`probe<${type}`)
})

beforeEach(() => {
  stage = new Rehearsal({ actors: [probe], reached })
  tell('probe.open')
})

test('shows the core to a tenth, with noise; and the same when it is asked twice', () => {
  const errors = Array.from({ length: 50 }, (_, n) => {
    stage.run(minutes(10))
    const core = 40 + 60 * draw(1, 'core', n)
    const shown = read(core)
    expect(shown * 10).toBeCloseTo(Math.round(shown * 10), 9)
    return shown - core
  })
  expect(Math.max(...errors.map(Math.abs))).toBeLessThan(2.1)
  expect(new Set(errors.map((error) => error.toFixed(2))).size).toBeGreaterThan(20)
  stage.run(minutes(60))
  expect(Math.abs(read(75) - read(75))).toBeLessThan(1.1)
  expect(view()).toMatchObject({ job: 'a', reading: readings().at(-1) })
})

test('the tip lags: out of something hot into something cold it shows too much', () => {
  const off = (before: number): number => {
    stage = new Rehearsal({ actors: [probe], reached })
    tell('probe.open')
    read(before)
    read(60, 'b')
    return stage.query<{ celsius: number }>(it, 'truth').celsius - 60
  }
  expect(off(60)).toBeLessThan(0)
  expect(off(200)).toBeGreaterThan(2)
  // In the air it comes back to the room.
  read(200)
  stage.run(minutes(10))
  read(60, 'c')
  expect(stage.query<{ celsius: number }>(it, 'truth').celsius).toBeLessThan(60)
})

test('stuck it shows what it showed, drifted too much, and both without looking ill', () => {
  stage.run(minutes(10))
  tell('probe.sensor', { mode: 'stuck' })
  expect(read(90)).toBe(22)
  tell('probe.sensor', { mode: 'ok' })
  const well = read(70)
  tell('probe.sensor', { mode: 'stuck' })
  stage.run(minutes(10))
  expect(read(95)).toBe(well)
  tell('probe.sensor', { mode: 'drift', offset: 20 })
  stage.run(minutes(10))
  expect(read(70)).toBeGreaterThan(87)
  expect(view()).toMatchObject({ state: 'ready', fault: '' })
  expect(stage.query(it, 'truth')).toMatchObject({ sensor: 'drift', offset: 20 })
})

test('P2: dead it says nothing, its display is dark, and repaired it is as new', () => {
  read(70)
  tell('probe.sensor', { mode: 'silent' })
  tell('probe.read', { appliance, job: 'b', core: 80 })
  expect(readings()).toHaveLength(1)
  expect(view()).toMatchObject({ state: 'fault', fault: 'silent', reading: null })
  tell('probe.repair')
  stage.run(seconds(30))
  expect(Math.abs(read(80, 'b') - 80)).toBeLessThan(2)
})

test('beside an oven: a dish is done by its core, before its time; and by its time when the probe is dead', () => {
  const cook = (isDead: boolean): number => {
    stage = new Rehearsal({ actors: [oven, probe], reached, delayMs: 20 })
    stage.tell(appliance, {
      type: 'appliance.open',
      ...{ station: 'station/riverside:oven', n: 1, slots: 2 },
    })
    tell('probe.open')
    if (isDead) tell('probe.sensor', { mode: 'silent' })
    stage.tell(appliance, { type: 'appliance.heat', ...{ celsius: 200 } })
    stage.runUntil(() => stage.value(appliance) === 'ready')
    const since = stage.now
    stage.tell(appliance, {
      type: 'appliance.load',
      ...{ job: 'a', celsius: 200, minutes: 22, probe: 1 },
    })
    const before = stage.turns
    stage.runUntil(() => stage.sentOf('appliance.done').length === 1)
    // What a probe may cost: the questions, the answers, and the looks that ask.
    expect(stage.turns - before).toBeLessThan(20)
    stage.tell(appliance, { type: 'appliance.unload', ...{ job: 'a' } })
    expect(stage.sentOf('appliance.unloaded')).toMatchObject([{ outcome: 'done' }])
    return (stage.now - since) / 60_000_000
  }
  expect(cook(false)).toBeLessThan(17)
  expect(cook(true)).toBeCloseTo(22, 1)
})
