import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Message } from '#actor'
import { minutes, seconds } from '#actor'
import { Rehearsal } from '../rehearsal.test-kit.ts'
import { alarmsMax, kitchenTimer } from './kitchen-timer.ts'
import { kitchenTimerRef } from './timer-messages.ts'

const it = kitchenTimerRef('riverside', 'oven')
const rings = 'dish/o-1:0:1'
let stage: Rehearsal
const reached = new Set<string>()
const tell = (type: string, rest: object = {}): void => stage.tell(it, { type, ...rest })
const set = (alarm: string, ms = minutes(2), to: string | undefined = rings): void =>
  tell('timer.set', { alarm, ms, ...(to !== '' && { rings: to }) })
const heard = (): readonly Message[] => stage.sent.map(({ message }) => message)
const rang = (alarm: string): Message => ({ type: 'timer.rang', ...{ alarm } })
const view = (): {
  readonly state: string
  readonly alarms: readonly { alarm: string; leftMs: number; paused: boolean }[]
} => stage.query(it, 'view')

afterAll(() => {
  for (const value of Object.keys(kitchenTimer.machine.states))
    expect(reached).toContain(`kitchen-timer:${value}`)
  for (const type of kitchenTimer.messageTypes) expect(reached).toContain(`kitchen-timer<${type}`)
})

beforeEach(() => {
  stage = new Rehearsal({ actors: [kitchenTimer], reached })
  tell('timer.open')
})

describe('an alarm', () => {
  test('M1: rings once, for whoever wanted to hear it', () => {
    set('a')
    expect(view()).toMatchObject({ state: 'running', alarms: [{ alarm: 'a', leftMs: minutes(2) }] })
    stage.run(minutes(2) - 1)
    expect(heard()).toEqual([])
    stage.run(1)
    expect(stage.sent).toEqual([{ from: it, to: rings, message: rang('a') }])
    expect([view().state, stage.events]).toEqual(['idle', []])
  })

  test('A3: set again it goes on as it was, and does not ring again when it has rung', () => {
    set('a')
    stage.run(minutes(1))
    set('a', minutes(60))
    stage.run(minutes(1))
    expect(heard()).toEqual([rang('a')])
    set('a')
    stage.run(minutes(60))
    expect(heard()).toEqual([rang('a')])
  })

  test('without a listener rings for the whole kitchen', () => {
    set('bread', minutes(30), '')
    stage.run(minutes(30))
    expect(heard()).toEqual([])
    expect(stage.events).toEqual([{ type: 'timer.rang', device: it, alarm: 'bread' }])
  })

  test('stands still while it is paused, and goes on with what was left', () => {
    set('a')
    stage.run(seconds(90))
    tell('timer.pause', { alarm: 'a' })
    tell('timer.pause', { alarm: 'a' })
    stage.run(minutes(30))
    expect(view().alarms).toEqual([{ alarm: 'a', leftMs: seconds(30), paused: true }])
    tell('timer.resume', { alarm: 'a' })
    tell('timer.resume', { alarm: 'a' })
    stage.run(seconds(30) - 1)
    expect(heard()).toEqual([])
    stage.run(1)
    expect(heard()).toEqual([rang('a')])
  })

  test('stopped it never rings; nor does one that was never set', () => {
    set('a')
    set('b')
    tell('timer.pause', { alarm: 'b' })
    for (const alarm of ['a', 'b', 'c']) tell('timer.stop', { alarm })
    expect([view().state, stage.timers(it)]).toEqual(['idle', []])
    stage.run(minutes(30))
    expect(heard()).toEqual([])
  })
})

test('M2: what is too much is refused, to whoever wanted to hear it', () => {
  for (let n = 0; n < alarmsMax; n += 1) set(`a${n}`, minutes(1))
  set('more')
  set('for nobody', minutes(1), '')
  expect(heard()).toEqual([{ type: 'timer.refused', alarm: 'more' }])
  stage.run(minutes(1))
  expect(heard()).toHaveLength(1 + alarmsMax)
})

describe('broken', () => {
  test('it stands still and refuses, is reported once, and goes on when it is repaired', () => {
    set('a')
    set('held')
    tell('timer.pause', { alarm: 'held' })
    stage.run(minutes(1))
    tell('timer.break')
    tell('timer.break')
    expect(view()).toMatchObject({ state: 'fault', fault: 'stopped' })
    set('b')
    stage.run(minutes(30))
    expect(heard()).toEqual([{ type: 'timer.refused', alarm: 'b' }])
    expect(stage.events).toEqual([{ type: 'device.fault', device: it, reason: 'stopped' }])
    tell('timer.repair')
    tell('timer.repair')
    stage.run(minutes(1))
    expect(heard().at(-1)).toEqual(rang('a'))
    expect(view().alarms).toEqual([{ alarm: 'held', leftMs: minutes(2), paused: true }])
  })

  test('what is paused, resumed or stopped meanwhile is so afterwards', () => {
    for (const alarm of ['a', 'b', 'c']) set(alarm)
    tell('timer.pause', { alarm: 'b' })
    tell('timer.break')
    tell('timer.pause', { alarm: 'a' })
    tell('timer.resume', { alarm: 'b' })
    tell('timer.stop', { alarm: 'c' })
    tell('timer.repair')
    stage.run(minutes(2))
    expect(heard()).toEqual([rang('b')])
    expect(view().alarms).toMatchObject([{ alarm: 'a', paused: true }])
  })
})

test('it keeps time without a station, too: whoever is faster sets it', () => {
  stage = new Rehearsal({ actors: [kitchenTimer], reached })
  set('a')
  tell('timer.open')
  stage.run(minutes(2))
  expect(heard()).toEqual([rang('a')])
})
