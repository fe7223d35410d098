import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Message } from '#actor'
import { Rehearsal } from '../rehearsal.test-kit.ts'
import { dish } from './dish.ts'
import {
  askAgainMs,
  attemptsMax,
  remindersMax,
  restMaxMs,
  restMs,
  stepTimeMaxMs,
  stopAgainMs,
  unansweredMax,
} from './kitchen-delays.ts'
import { dishOfJob, dishRef, jobId } from './kitchen-messages.ts'

const key = 'o-1:0:1'
const it = dishRef(key)
const reached = new Set<string>()
let stage: Rehearsal
const tell = (type: string, rest: object = {}): void => stage.tell(it, { type, ...rest })
const state = (): unknown => stage.value(it)
const job = (attempt: number, step: number): string => jobId(key, attempt, step)
const told = (to: string): readonly Message[] =>
  stage.sent.flatMap((letter) => (letter.to === to ? [letter.message] : []))
const toTicket = (): readonly Message[] => told('ticket/o-1')
const open = (what: string): void =>
  tell('dish.open', { order: 'o-1', site: 'riverside', dish: what, promisedAt: 5 })
const done = (attempt: number, step: number, outcome = 'done'): void =>
  tell('job.done', { job: job(attempt, step), outcome })

beforeEach(() => {
  stage = new Rehearsal({ actors: [dish], reached })
})

afterAll(() => {
  for (const value of Object.keys(dish.machine.states)) {
    if (value !== 'new') expect(reached).toContain(`dish:${value}`)
  }
  for (const type of dish.messageTypes) expect(reached).toContain(`dish<${type}`)
})

test('a job tells its dish', () => {
  expect(dishOfJob(jobId('o.1-x:0:1', 2, 3))).toBe('dish/o.1-x:0:1')
})

describe('the way through the stations', () => {
  test('D1: each step in order, at its station, with its means; it rests, is plated, and is confirmed', () => {
    open('roast-chicken')
    expect(told('station/riverside:grill')).toEqual([
      {
        type: 'job.take',
        job: job(1, 0),
        promisedAt: 5,
        means: 'pan',
        celsius: 220,
        minutes: 4,
        probed: false,
      },
    ])
    tell('job.queued', { job: job(1, 0), ahead: 3 })
    expect(state()).toBe('waiting')
    tell('job.assigned', { job: job(1, 0) })
    expect(state()).toBe('assigned')
    expect(toTicket()).toEqual([])
    tell('job.prep', { job: job(1, 0) })
    expect(state()).toBe('prep')
    expect(toTicket()).toEqual([{ type: 'dish.begun', plate: key }])
    tell('job.cooking', { job: job(1, 0) })
    expect(state()).toBe('cooking')
    done(1, 0)
    expect(state()).toBe('waiting')
    expect(told('station/riverside:grill').at(-1)).toEqual({ type: 'job.collect', job: job(1, 0) })
    expect(told('station/riverside:oven')).toMatchObject([{ job: job(1, 1), means: 'oven', celsius: 200 }])
    tell('job.assigned', { job: job(1, 1) })
    tell('job.cooking', { job: job(1, 1) })
    tell('job.prep', { job: job(1, 1) })
    expect(state()).toBe('cooking')
    done(1, 1)
    expect(state()).toBe('resting')
    expect(told('station/riverside:oven').at(-1)).toEqual({ type: 'job.collect', job: job(1, 1) })
    expect(told('kitchen-timer/riverside:oven:1')).toEqual([
      { type: 'timer.set', alarm: job(1, 1), ms: restMs, rings: it },
    ])
    stage.run(restMs)
    expect(state()).toBe('resting')
    tell('timer.rang', { alarm: job(1, 1) })
    expect(state()).toBe('plated')
    tell('timer.rang', { alarm: job(1, 1) })
    tell('dish.confirm')
    expect(state()).toBe('served')
    expect(toTicket().map(({ type }) => type)).toEqual(['dish.begun', 'dish.plated'])
    expect(stage.living).toEqual([])
  })

  test('a timer that is broken or full is not waited for long', () => {
    open('chocolate-fondant')
    tell('job.assigned', { job: job(1, 0) })
    tell('job.cooking', { job: job(1, 0) })
    done(1, 0)
    tell('timer.refused', { alarm: job(1, 0) })
    stage.run(restMaxMs - 1)
    expect(state()).toBe('resting')
    stage.run(1)
    expect(state()).toBe('plated')
    expect(told('kitchen-timer/riverside:pastry:1').map(({ type }) => type)).toEqual([
      'timer.set',
      'timer.stop',
    ])
  })

  test('a cold dish does not rest', () => {
    open('caprese')
    expect(told('station/riverside:garde-manger')).toMatchObject([{ means: 'hands', celsius: 0, minutes: 4 }])
    tell('job.assigned', { job: job(1, 0) })
    tell('job.prep', { job: job(1, 0) })
    done(1, 0)
    expect(state()).toBe('plated')
  })

  test('what was put back into the queue waits again; an answer while in hand changes nothing', () => {
    open('sea-bass')
    tell('job.assigned', { job: job(1, 0) })
    tell('job.prep', { job: job(1, 0) })
    tell('job.assigned', { job: job(1, 0) })
    expect(state()).toBe('prep')
    tell('job.queued', { job: job(1, 0), ahead: 0 })
    expect(state()).toBe('waiting')
  })
})

describe('D2: only the current job moves it', () => {
  test('a job of another attempt or step is dropped, or collected, where it is', () => {
    open('roast-chicken')
    for (const type of ['job.queued', 'job.assigned', 'job.cooking']) {
      tell(type, { job: job(1, 1), ...(type === 'job.queued' ? { ahead: 0 } : {}) })
      expect(told('station/riverside:oven').at(-1)).toEqual({ type: 'job.drop', job: job(1, 1) })
    }
    tell('job.prep', { job: job(2, 0) })
    tell('job.assigned', { job: job(1, 0) })
    tell('job.prep', { job: job(1, 0) })
    tell('job.assigned', { job: job(2, 0) })
    expect(told('station/riverside:grill').at(-1)).toEqual({ type: 'job.drop', job: job(2, 0) })
    done(1, 1)
    expect(state()).toBe('prep')
    expect(told('station/riverside:oven').at(-1)).toEqual({ type: 'job.collect', job: job(1, 1) })
    tell('job.refused', { job: job(1, 1), reason: 'station-closed' })
    tell('job.dropped', { job: job(1, 1), wasted: true })
    expect(state()).toBe('prep')
  })

  test('the end of a step said twice is collected twice, and the next step is taken once', () => {
    open('roast-chicken')
    done(1, 0)
    done(1, 0)
    expect(told('station/riverside:grill').map(({ type }) => type)).toEqual([
      'job.take',
      'job.collect',
      'job.collect',
    ])
    expect(told('station/riverside:oven')).toHaveLength(1)
  })
})

describe('made again', () => {
  for (const outcome of ['raw', 'burnt', 'failed']) {
    test(`a step that ends ${outcome} begins the dish from its first step, with a new attempt`, () => {
      open('roast-chicken')
      done(1, 0)
      done(1, 1, outcome)
      expect(state()).toBe('waiting')
      expect(told('station/riverside:grill').at(-1)).toMatchObject({ type: 'job.take', job: job(2, 0) })
      expect(stage.events).toEqual([
        { type: 'dish.remade', order: 'o-1', dish: 'roast-chicken', attempt: 1, outcome },
      ])
    })
  }

  test('not for ever: the last attempt fails the dish', () => {
    open('mushroom-risotto')
    for (let attempt = 1; attempt < attemptsMax; attempt += 1) done(attempt, 0, 'burnt')
    expect(state()).toBe('waiting')
    done(attemptsMax, 0, 'raw')
    expect(toTicket().at(-1)).toEqual({ type: 'dish.failed', plate: key, reason: 'raw', wasted: true })
    tell('dish.confirm')
    expect(state()).toBe('discarded')
  })

  test('a station that refuses fails it', () => {
    open('caprese')
    tell('job.refused', { job: job(1, 0), reason: 'station-closed' })
    expect(toTicket()).toEqual([{ type: 'dish.failed', plate: key, reason: 'station-closed', wasted: false }])
  })

  test('a station that refuses the second step fails it, and the first one is waste', () => {
    open('margherita-pizza')
    done(1, 0)
    tell('job.refused', { job: job(1, 1), reason: 'no-appliance' })
    expect(toTicket().at(-1)).toEqual({
      type: 'dish.failed',
      plate: key,
      reason: 'no-appliance',
      wasted: true,
    })
  })
})

describe('cancel', () => {
  const before: readonly (readonly [string, () => void, boolean])[] = [
    ['waiting', () => {}, false],
    ['assigned', () => tell('job.assigned', { job: job(1, 0) }), false],
    ['prep', () => tell('job.prep', { job: job(1, 0) }), true],
    ['cooking', () => tell('job.cooking', { job: job(1, 0) }), true],
  ]
  for (const [name, prepare, wasted] of before) {
    test(`${name}: the job is dropped first, D3`, () => {
      open('sea-bass')
      prepare()
      expect(state()).toBe(name)
      tell('dish.cancel')
      tell('dish.cancel')
      tell('dish.open', { order: 'o-1', site: 'riverside', dish: 'sea-bass', promisedAt: 5 })
      expect(state()).toBe('stopping')
      expect(told('station/riverside:grill').at(-1)).toEqual({ type: 'job.drop', job: job(1, 0) })
      tell('job.dropped', { job: job(2, 0), wasted: true })
      expect(state()).toBe('stopping')
      tell('job.dropped', { job: job(1, 0), wasted })
      expect(toTicket().at(-1)).toEqual({ type: 'dish.cancelled', plate: key, wasted })
      tell('dish.confirm')
      expect(state()).toBe('discarded')
    })
  }

  test('resting: there is no job to drop', () => {
    open('mushroom-risotto')
    done(1, 0)
    done(1, 0)
    tell('job.cooking', { job: job(1, 0) })
    expect(state()).toBe('resting')
    tell('dish.cancel')
    expect(toTicket().at(-1)).toEqual({ type: 'dish.cancelled', plate: key, wasted: true })
  })

  test('a step that ends meanwhile is collected', () => {
    open('roast-chicken')
    tell('dish.cancel')
    done(1, 0)
    expect(told('station/riverside:grill').at(-1)).toEqual({ type: 'job.collect', job: job(1, 0) })
    expect(toTicket().at(-1)).toEqual({ type: 'dish.cancelled', plate: key, wasted: true })
  })

  test('a job that was refused meanwhile is no job', () => {
    open('roast-chicken')
    tell('dish.cancel')
    tell('job.refused', { job: job(1, 0), reason: 'station-closed' })
    expect(toTicket()).toEqual([{ type: 'dish.cancelled', plate: key, wasted: false }])
  })

  test('too late: a dish that is plated says so again', () => {
    open('caprese')
    done(1, 0)
    tell('dish.cancel')
    expect(toTicket().map(({ type }) => type)).toEqual(['dish.begun', 'dish.plated', 'dish.plated'])
  })
})

describe('D4: no wait is endless', () => {
  const states: readonly (readonly [string, () => void])[] = [
    ['waiting', () => {}],
    ['assigned', () => tell('job.assigned', { job: job(1, 0) })],
    ['prep', () => tell('job.prep', { job: job(1, 0) })],
    ['cooking', () => tell('job.cooking', { job: job(1, 0) })],
  ]
  for (const [name, prepare] of states) {
    test(`${name}: the station is asked again, then given up, and what it did not say is waste`, () => {
      open('sea-bass')
      prepare()
      stage.run(askAgainMs * unansweredMax)
      expect(state()).toBe(name)
      expect(told('station/riverside:grill').map(({ type }) => type)).toEqual([
        'job.take',
        ...Array.from({ length: unansweredMax }, () => 'job.take'),
      ])
      stage.run(askAgainMs)
      expect(state()).toBe('stopping')
      stage.run(stopAgainMs * unansweredMax)
      expect(toTicket().at(-1)).toEqual({
        type: 'dish.failed',
        plate: key,
        reason: 'station-silent',
        wasted: true,
      })
    })
  }

  for (const everyMs of [askAgainMs - 1, askAgainMs / 3]) {
    test(`a station that says "queued" every ${everyMs / 60_000} minutes for ever is left`, () => {
      open('caprese')
      while (stage.now / 1_000 <= stepTimeMaxMs) {
        expect(state()).toBe('waiting')
        stage.run(everyMs)
        tell('job.queued', { job: job(1, 0), ahead: 9 })
      }
      expect(state()).toBe('stopping')
      tell('job.dropped', { job: job(1, 0), wasted: false })
      expect(toTicket()).toEqual([{ type: 'dish.failed', plate: key, reason: 'too-slow', wasted: false }])
    })
  }

  test('a station that only answers when it is asked is left too', () => {
    open('caprese')
    let asked = 1
    while (state() === 'waiting') {
      expect(stage.now / 1_000).toBeLessThan(stepTimeMaxMs + 2 * askAgainMs)
      stage.runUntil(() => told('station/riverside:garde-manger').length > asked)
      asked = told('station/riverside:garde-manger').length
      if (state() === 'waiting') tell('job.queued', { job: job(1, 0), ahead: 9 })
    }
    expect(told('station/riverside:garde-manger').at(-1)).toEqual({ type: 'job.drop', job: job(1, 0) })
  })

  for (const [reason, answer, wasted] of [
    ['dropped', () => tell('job.dropped', { job: job(1, 0), wasted: false }), false],
    ['dropped out of the hands of a cook', () => tell('job.dropped', { job: job(1, 0), wasted: true }), true],
    ['refused', () => tell('job.refused', { job: job(1, 0), reason: 'no-cooks' }), false],
    ['done', () => done(1, 0), true],
  ] as const) {
    test(`given up, it fails whether its job is ${reason}`, () => {
      open('caprese')
      stage.run(askAgainMs * (unansweredMax + 1))
      expect(state()).toBe('stopping')
      answer()
      expect(toTicket().at(-1)).toEqual({
        type: 'dish.failed',
        plate: key,
        reason: 'station-silent',
        wasted,
      })
    })
  }

  test('given up, it is waste also when the cook who had begun is heard last of all', () => {
    open('caprese')
    stage.run(askAgainMs * (unansweredMax + 1))
    tell('job.prep', { job: job(1, 0) })
    stage.run(stopAgainMs * unansweredMax)
    expect(toTicket()).toMatchObject([{ type: 'dish.failed', reason: 'station-silent', wasted: true }])
  })

  test('cancelled, and the station silent: it ends by itself', () => {
    open('caprese')
    tell('dish.cancel')
    stage.run(stopAgainMs * unansweredMax)
    expect(toTicket()).toEqual([{ type: 'dish.cancelled', plate: key, wasted: true }])
  })

  const ends: readonly (readonly [string, () => void, string])[] = [
    ['plated', () => done(1, 0), 'served'],
    ['failed', () => tell('job.refused', { job: job(1, 0), reason: 'no-cooks' }), 'discarded'],
    [
      'cancelled',
      () => {
        tell('dish.cancel')
        tell('job.dropped', { job: job(1, 0), wasted: false })
      },
      'discarded',
    ],
  ]
  for (const [name, end, last] of ends) {
    test(`${name} and never confirmed: said again, also when asked, and then it goes`, () => {
      open('caprese')
      end()
      const type = toTicket().at(-1)!.type
      const count = (): number => toTicket().filter((message) => message.type === type).length
      open('caprese')
      tell('dish.cancel')
      expect(count()).toBe(3)
      stage.run(askAgainMs)
      expect(count()).toBe(4)
      stage.run(askAgainMs * remindersMax)
      expect(state()).toBe(last)
    })
  }
})

test('asked again while it is made, it says that it was begun', () => {
  open('caprese')
  open('caprese')
  expect(toTicket()).toEqual([])
  tell('job.prep', { job: job(1, 0) })
  tell('dish.confirm')
  open('caprese')
  expect(toTicket().map(({ type }) => type)).toEqual(['dish.begun', 'dish.begun'])
})

test('the view shows the step', () => {
  open('roast-chicken')
  expect(stage.query(it, 'view')).toMatchObject({ state: 'waiting', what: 'brown the skin', step: 0, of: 2 })
})
