import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Message } from '#actor'
import { minutes, seconds } from '#actor'
import { Rehearsal } from '../rehearsal.test-kit.ts'
import { cook } from './cook.ts'
import { cookRef } from './kitchen-messages.ts'

const it = cookRef('riverside', 'grill', 3)
const job = 'o-1:0:1.1.0'
const reached = new Set<string>()
let stage: Rehearsal
const tell = (type: string, rest: object = {}): void => stage.tell(it, { type, ...rest })
const state = (): unknown => stage.value(it)
const told = (): readonly Message[] =>
  stage.sent.flatMap(({ to, message }) => (to === 'station/riverside:grill' ? [message] : []))
const work = (id = job): void => tell('cook.work', { job: id, ms: seconds(60) })
const restart = (): void =>
  stage.system(it, { type: 'restarted', cause: 'station/riverside:grill' } as Message)

beforeEach(() => {
  stage = new Rehearsal({ actors: [cook], reached })
  tell('cook.open', { station: 'station/riverside:grill', n: 3 })
})

afterAll(() => {
  for (const value of Object.keys(cook.machine.states)) expect(reached).toContain(`cook:${value}`)
  for (const type of [...cook.messageTypes, 'restarted']) expect(reached).toContain(`cook<${type}`)
})

test('opened, the cook is there; opened again, still', () => {
  tell('cook.open', { station: 'station/riverside:grill', n: 3 })
  expect(state()).toBe('idle')
  expect(told()).toEqual([
    { type: 'cook.here', n: 3, job: '' },
    { type: 'cook.here', n: 3, job: '' },
  ])
})

test('a job takes its time, and both dish and station hear of it', () => {
  work()
  expect(state()).toBe('working')
  expect(stage.sent.at(-1)).toMatchObject({ to: 'dish/o-1:0:1', message: { type: 'job.prep', job } })
  stage.run(seconds(60) - 1)
  expect(state()).toBe('working')
  stage.run(1)
  expect(state()).toBe('idle')
  expect(told().at(-1)).toEqual({ type: 'cook.done', n: 3, job })
})

test('the same job again: in hand it goes on, finished it stays finished', () => {
  work()
  stage.run(seconds(40))
  work()
  stage.run(seconds(20))
  work()
  expect(state()).toBe('idle')
  expect(told().slice(1)).toEqual([
    { type: 'cook.done', n: 3, job },
    { type: 'cook.done', n: 3, job },
  ])
})

test('C1: another job takes the place of the one in hand, with its own time', () => {
  work()
  stage.run(seconds(40))
  work('o-2:0:1.1.0')
  stage.run(seconds(40))
  expect(state()).toBe('working')
  stage.run(seconds(20))
  expect(told().at(-1)).toEqual({ type: 'cook.done', n: 3, job: 'o-2:0:1.1.0' })
})

test('a job that is dropped is put down; another is not', () => {
  work()
  tell('cook.drop', { job: 'o-9:0:1.1.0' })
  expect(state()).toBe('working')
  tell('cook.drop', { job })
  expect(state()).toBe('idle')
  stage.run(minutes(10))
  tell('cook.drop', { job })
  expect(told()).toHaveLength(1)
})

describe('breaks', () => {
  test('at once when the hands are free, with a word at each end', () => {
    tell('cook.break', { minutes: 15 })
    expect(state()).toBe('on-break')
    work()
    tell('cook.break', { minutes: 15 })
    tell('cook.shift', { on: true })
    expect(told().slice(1)).toEqual([
      { type: 'cook.away', n: 3 },
      { type: 'cook.away', n: 3 },
    ])
    stage.run(minutes(15))
    expect(state()).toBe('idle')
    expect(told().at(-1)).toEqual({ type: 'cook.here', n: 3, job: '' })
  })

  test('after the job in hand, finished or dropped', () => {
    work()
    tell('cook.break', { minutes: 15 })
    expect(state()).toBe('working')
    stage.run(seconds(60))
    expect(state()).toBe('on-break')
    expect(
      told()
        .slice(1)
        .map(({ type }) => type),
    ).toEqual(['cook.done', 'cook.away'])
    stage.run(minutes(15))
    work('o-2:0:1.1.0')
    tell('cook.break', { minutes: 15 })
    tell('cook.drop', { job: 'o-2:0:1.1.0' })
    expect(state()).toBe('on-break')
    tell('cook.shift', { on: false })
    expect(state()).toBe('off-shift')
    stage.run(minutes(60))
    expect(state()).toBe('off-shift')
  })
})

describe('shifts', () => {
  test('C2: ill in the middle of a job, the cook says so; back again, too', () => {
    work()
    tell('cook.shift', { on: false })
    expect([state(), told().at(-1)]).toEqual(['off-shift', { type: 'cook.away', n: 3 }])
    stage.run(minutes(10))
    work()
    tell('cook.shift', { on: false })
    tell('cook.open', { station: 'station/riverside:grill', n: 3 })
    tell('cook.break', { minutes: 5 })
    expect(
      told()
        .slice(-3)
        .map(({ type }) => type),
    ).toEqual(['cook.away', 'cook.away', 'cook.away'])
    tell('cook.shift', { on: true })
    expect([state(), told().at(-1)]).toEqual(['idle', { type: 'cook.here', n: 3, job: '' }])
  })

  test('told to be there who is there already, the cook answers', () => {
    tell('cook.shift', { on: true })
    work()
    tell('cook.shift', { on: true })
    tell('cook.open', { station: 'station/riverside:grill', n: 3 })
    expect(told().slice(1)).toEqual([
      { type: 'cook.here', n: 3, job: '' },
      { type: 'cook.here', n: 3, job },
      { type: 'cook.here', n: 3, job },
    ])
    tell('cook.drop', { job })
    tell('cook.shift', { on: false })
    expect(state()).toBe('off-shift')
  })
})

test('after a sibling failed, each says where things stand', () => {
  restart()
  work()
  restart()
  tell('cook.shift', { on: false })
  restart()
  expect(told().slice(1)).toEqual([
    { type: 'cook.here', n: 3, job: '' },
    { type: 'cook.here', n: 3, job },
    { type: 'cook.away', n: 3 },
    { type: 'cook.away', n: 3 },
  ])
})

test('a cook lives where the station lives', () => {
  expect(cook.shardKey?.('riverside:grill:3')).toBe('riverside:grill')
  expect(stage.query(it, 'view')).toMatchObject({ state: 'idle', n: 3 })
})

describe('a roster', () => {
  const at = (min: number): number => minutes(min) * 1_000
  const roster = (shift: readonly [number, number] | undefined, ...breaks: readonly number[]): void =>
    tell('cook.roster', {
      ...(shift && { shift: { from: at(shift[0]), to: at(shift[1]) } }),
      breaks: breaks.map((min) => ({ at: at(min), minutes: 15 })),
    })

  test('the cook comes, takes the breaks, and goes', () => {
    roster([10, 100], 30, 60)
    expect([state(), told().at(-1)?.type]).toEqual(['off-shift', 'cook.away'])
    stage.run(minutes(10))
    expect([state(), told().at(-1)?.type]).toEqual(['idle', 'cook.here'])
    stage.run(minutes(20))
    expect(state()).toBe('on-break')
    stage.run(minutes(15))
    expect(state()).toBe('idle')
    stage.run(minutes(16))
    expect(state()).toBe('on-break')
    stage.run(minutes(39))
    expect([state(), told().at(-1)?.type]).toEqual(['off-shift', 'cook.away'])
    expect(stage.timers(it)).toEqual([])
  })

  test('the job in hand is finished before the cook goes, or taken away', () => {
    roster([0, 10])
    stage.run(minutes(10) - 1)
    work()
    stage.run(1)
    expect(state()).toBe('working')
    stage.run(seconds(60))
    expect([
      state(),
      ...told()
        .slice(-2)
        .map(({ type }) => type),
    ]).toEqual(['off-shift', 'cook.done', 'cook.away'])
    roster([20, 30])
    stage.run(minutes(10))
    work('b.1.0')
    roster([40, 50])
    tell('cook.drop', { job: 'b.1.0' })
    expect([state(), told().at(-1)?.type]).toEqual(['off-shift', 'cook.away'])
    stage.run(minutes(20))
    expect(state()).toBe('idle')
  })

  test('the end of the shift ends a break; whoever is kept on is not sent away', () => {
    roster([0, 20], 10)
    stage.run(minutes(20))
    expect(state()).toBe('off-shift')
    roster([15, 40])
    tell('cook.shift', { on: true })
    stage.run(minutes(5))
    work()
    roster([30, 31])
    tell('cook.roster', { breaks: [] })
    stage.run(minutes(60))
    expect(state()).toBe('off-shift')
  })

  test('a new roster leaves nothing of the old one; what is over is not caught up with', () => {
    roster([5, 90], 30, 60)
    roster(undefined, 40)
    expect(stage.timers(it)).toEqual(['break:0'])
    stage.run(minutes(50))
    roster([1, 2], 3)
    expect(stage.timers(it)).not.toContain('leave')
  })
})
