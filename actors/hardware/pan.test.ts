import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Message } from '#actor'
import { minutes, seconds } from '#actor'
import { Rehearsal } from '../rehearsal.test-kit.ts'
import { panRef } from './appliance-messages.ts'
import { pan } from './pan.ts'

interface Truth {
  readonly celsius: number
  readonly heating: boolean
}

const it = panRef('riverside', 'grill', 2)
let stage: Rehearsal
const reached = new Set<string>()
const tell = (type: string, rest: object = {}): void => stage.tell(it, { type, ...rest })
const truth = (): Truth => stage.query(it, 'truth')
const level = (): number => stage.query<{ level: number }>(it, 'view').level
const hotAt = (celsius: number): void => {
  tell('appliance.heat', { celsius })
  expect(stage.runUntil(() => stage.value(it) === 'ready')).toBe(true)
}

afterAll(() => {
  for (const value of Object.keys(pan.machine.states)) expect(reached).toContain(`pan:${value}`)
  for (const type of [...pan.messageTypes, 'restarted']) expect(reached).toContain(`pan<${type}`)
})

beforeEach(() => {
  stage = new Rehearsal({ actors: [pan], reached })
  stage.tell(it, { type: 'appliance.open', station: 'station/riverside:grill', n: 2, slots: 4 } as Message)
})

test('full heat until it is hot, then the level that holds it', () => {
  tell('appliance.heat', { celsius: 200 })
  expect(level()).toBe(9)
  expect(stage.runUntil(() => stage.value(it) === 'ready', minutes(5))).toBe(true)
  expect(level()).toBeLessThan(9)
  stage.run(minutes(30))
  expect(Math.abs(truth().celsius - 200)).toBeLessThan(21)
  expect(stage.value(it)).toBe('ready')
})

test('asked for less, it goes without heat until it is there', () => {
  hotAt(230)
  tell('appliance.heat', { celsius: 120 })
  expect(stage.value(it)).toBe('cooling')
  expect([level(), truth().heating]).toEqual([0, false])
  expect(stage.runUntil(() => stage.value(it) === 'ready', minutes(10))).toBe(true)
})

test('a pan that has cooled below its last reading is heated when it is asked for a little less', () => {
  // At 200 °C the nearest level holds 182: more than 190, when it was read last, and less by now.
  hotAt(200)
  stage.run(minutes(60))
  expect(truth().celsius).toBeLessThan(183)
  hotAt(190)
})

test('every dish of the menu comes out done, alone or four at a time', () => {
  for (const [celsius, time] of [
    [120, 17],
    [140, 6],
    [190, 6],
    [210, 7],
    [210, 3],
    [220, 4],
    [230, 6],
  ] as const) {
    for (const jobs of [['a'], ['a', 'b', 'c', 'd']]) {
      hotAt(celsius)
      const before = stage.sentOf('appliance.done').length
      for (const job of jobs) tell('appliance.load', { job, celsius, minutes: time })
      expect(stage.value(it)).toBe('loaded')
      stage.runUntil(() => stage.sentOf('appliance.done').length === before + jobs.length)
      for (const job of jobs) tell('appliance.unload', { job })
      expect(stage.sentOf('appliance.unloaded').slice(-jobs.length)).toMatchObject(
        jobs.map((job) => ({ job, outcome: 'done' })),
      )
    }
  }
})

test('a fish with a probe comes out when its core says so', () => {
  hotAt(190)
  tell('appliance.load', { job: 'a', celsius: 190, minutes: 6, probe: 1 })
  stage.run(seconds(235))
  tell('probe.reading', { job: 'a', celsius: 80 })
  stage.run(seconds(20))
  tell('probe.reading', { job: 'a', celsius: 80 })
  expect(stage.sentOf('appliance.done')).toHaveLength(1)
  tell('appliance.unload', { job: 'a' })
  expect(stage.sentOf('appliance.unloaded')).toMatchObject([{ outcome: 'done' }])
})

test('someone turns the knob: the dish burns, and the next heat command sets the level right', () => {
  hotAt(120)
  tell('appliance.load', { job: 'a', celsius: 120, minutes: 17 })
  tell('appliance.level', { level: 5 })
  stage.run(minutes(17))
  tell('appliance.unload', { job: 'a' })
  expect(stage.sentOf('appliance.fault').length + stage.sentOf('appliance.unloaded').length).toBeGreaterThan(
    0,
  )
  tell('appliance.repair')
  hotAt(190)
  stage.run(minutes(10))
  expect(Math.abs(truth().celsius - 190)).toBeLessThan(21)
})

test('a knob turned on a cold pan heats it towards no target', () => {
  tell('appliance.level', { level: 3 })
  expect(stage.value(it)).toBe('preheating')
  stage.run(minutes(20))
  expect(truth().celsius).toBeGreaterThan(130)
  tell('appliance.level', { level: 0 })
  expect(stage.value(it)).toBe('cooling')
  expect(stage.runUntil(() => stage.value(it) === 'off')).toBe(true)
})

test('a sibling failed: no heat for a moment, then on as before', () => {
  hotAt(200)
  stage.system(it, { type: 'restarted', cause: 'pan/riverside:grill:1' } as Message)
  expect(truth().heating).toBe(false)
  expect(stage.runUntil(() => truth().heating, seconds(11))).toBe(true)
  stage.run(minutes(10))
  expect(Math.abs(truth().celsius - 200)).toBeLessThan(21)
})

test('what every appliance does, a pan does: it breaks, is mended, answers, and its sensor deceives', () => {
  hotAt(200)
  tell('appliance.sensor', { mode: 'stuck' })
  tell('appliance.run-away')
  stage.run(minutes(10))
  expect(truth().celsius).toBeGreaterThan(330)
  expect(stage.value(it)).toBe('ready')
  tell('appliance.break', { reason: 'hob' })
  expect(stage.value(it)).toBe('fault')
  tell('appliance.check')
  expect(stage.sentOf('appliance.status').at(-1)).toMatchObject({ kind: 'pan', n: 2, fault: 'hob' })
  tell('appliance.repair')
  expect(stage.value(it)).toBe('cooling')
  expect(stage.runUntil(() => stage.value(it) === 'off')).toBe(true)
})
