import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Message } from '#actor'
import { minutes } from '#actor'
import { Rehearsal } from '../rehearsal.test-kit.ts'
import { patrolMs, remindersMax, silentPatrolsMax, suspectMs } from './kitchen-delays.ts'
import { stationRef } from './kitchen-messages.ts'
import { station } from './station.ts'
import type { Cook, Job, Unit, Waiting } from './station-line.ts'

interface View {
  readonly queue: readonly Waiting[]
  readonly jobs: readonly Job[]
  readonly cooks: readonly Cook[]
  readonly units: readonly Unit[]
  readonly served: number
  readonly spoilt: number
}

const it = stationRef('r', 's')
const reached = new Set<string>()
let stage: Rehearsal
const tell = (type: string, rest: object = {}): void => stage.tell(it, { type, ...rest })
const unit = (type: string, rest: object = {}, n = 1): void =>
  tell(`appliance.${type}`, { kind: 'oven', n, ...rest })
const state = (): unknown => stage.value(it)
const view = (): View => stage.query(it, 'view')
const phases = (): readonly string[] => view().jobs.map(({ job, phase }) => `${job} ${phase}`)
/** Messages to one actor since it was asked last. */
let seen: Map<string, number>
function news(to: string): readonly Message[] {
  const all = stage.sent.flatMap((letter) => (letter.to === to ? [letter.message] : []))
  const fresh = all.slice(seen.get(to) ?? 0)
  seen.set(to, all.length)
  return fresh
}
const cookNews = (n = 1): readonly Message[] => news(`cook/r:s:${n}`)
const ovenNews = (n = 1): readonly Message[] => news(`oven/r:s:${n}`)
const dishNews = (d: string): readonly Message[] => news(`dish/${d}`)
const a = 'a.1.0'
const b = 'b.1.0'

function open(over: object = {}): void {
  stage = new Rehearsal({ actors: [station], reached })
  seen = new Map()
  tell('station.open', { site: 'r', name: 's', cooks: 2, ovens: 2, pans: 0, fryers: 0, slots: 2, ...over })
  for (const { n } of view().cooks) tell('cook.here', { n, job: '' })
  for (const to of new Set(stage.sent.map((letter) => letter.to))) news(to)
}
const take = (job: string, celsius = 180, promisedAt = 0): void =>
  tell('job.take', {
    job,
    promisedAt,
    means: celsius === 0 ? 'hands' : 'oven',
    celsius,
    minutes: 10,
    probed: false,
  })
const prepped = (job: string, n = 1): void => tell('cook.done', { n, job })
/** A job in the first oven, which is hot. */
function cook(job: string, n = 1): void {
  take(job)
  prepped(job)
  unit('ready', { celsius: 180 }, n)
  unit('loaded', { job }, n)
}

beforeEach(() => open())

afterAll(() => {
  for (const value of Object.keys(station.machine.states)) expect(reached).toContain(`station:${value}`)
  for (const type of station.messageTypes) expect(reached).toContain(`station<${type}`)
})

describe('opening and closing', () => {
  test('it creates its cooks and appliances, and keeps them when it is opened again', () => {
    stage = new Rehearsal({ actors: [station], reached })
    seen = new Map()
    tell('station.open', { site: 'r', name: 's', cooks: 1, ovens: 1, pans: 1, fryers: 1, slots: 3 })
    tell('station.open', { site: 'r', name: 's', cooks: 9, ovens: 9, pans: 9, fryers: 0, slots: 9 })
    expect(stage.sent).toMatchObject([
      { to: 'oven/r:s:1', message: { type: 'appliance.open', station: it, n: 1, slots: 3 } },
      { to: 'probe/r:s:1', message: { type: 'probe.open' } },
      { to: 'pan/r:s:1', message: { type: 'appliance.open', station: it, n: 1, slots: 3 } },
      { to: 'probe/r:s:2', message: { type: 'probe.open' } },
      { to: 'fryer/r:s:1', message: { type: 'appliance.open', station: it, n: 1, slots: 3 } },
      { to: 'probe/r:s:3', message: { type: 'probe.open' } },
      { to: 'kitchen-timer/r:s:1', message: { type: 'timer.open' } },
      { to: 'cook/r:s:1', message: { type: 'cook.open', station: it, n: 1 } },
    ])
    expect(state()).toBe('quiet')
  })

  test('closed, it finishes what it has, then sends its cooks home and turns the heat off', () => {
    cook(a)
    tell('station.close')
    expect(state()).toBe('closing')
    take(b)
    expect(dishNews('b')).toEqual([{ type: 'job.refused', job: b, reason: 'station-closed' }])
    stage.run(patrolMs)
    unit('done', { job: a })
    unit('unloaded', { job: a, outcome: 'done' })
    cookNews()
    tell('job.collect', { job: a })
    expect(state()).toBe('closed')
    expect(cookNews()).toEqual([{ type: 'cook.shift', on: false }])
    expect(ovenNews().at(-1)).toEqual({ type: 'appliance.heat', celsius: 0 })
    tell('station.open', { site: 'r', name: 's', cooks: 2, ovens: 2, pans: 0, fryers: 0, slots: 2 })
    expect(cookNews()).toEqual([{ type: 'cook.shift', on: true }])
    expect(state()).toBe('quiet')
  })

  test('closed with nothing to do, it is closed at once; reopened while closing, it goes on', () => {
    tell('station.close')
    expect(state()).toBe('closed')
    open()
    take(a, 0)
    tell('station.close')
    tell('station.open', { site: 'r', name: 's', cooks: 2, ovens: 2, pans: 0, fryers: 0, slots: 2 })
    expect(state()).toBe('busy')
  })

  test('what it cannot do, it refuses', () => {
    tell('job.take', { job: a, promisedAt: 0, means: 'pan', celsius: 180, minutes: 5, probed: false })
    expect(dishNews('a')).toEqual([{ type: 'job.refused', job: a, reason: 'no-appliance' }])
    open({ cooks: 0 })
    take(a, 0)
    expect(dishNews('a')).toEqual([{ type: 'job.refused', job: a, reason: 'no-cooks' }])
  })
})

describe('a roster', () => {
  test('tells each cook when to be there, and keeps in mind who can do what', () => {
    const shift = { from: 1, to: 2 }
    tell('station.roster', {
      crew: [
        { n: 1, skills: ['hands'], shift, breaks: [] },
        { n: 2, skills: ['pan'], breaks: [{ at: 5, minutes: 10 }] },
        { n: 99, breaks: [] },
      ],
    })
    expect(cookNews(1)).toEqual([{ type: 'cook.roster', shift, breaks: [] }])
    expect(cookNews(2)).toEqual([{ type: 'cook.roster', breaks: [{ at: 5, minutes: 10 }] }])
    take(a, 0)
    take(b, 0)
    expect(phases()).toEqual([`${a} prep`])
    expect(cookNews(1)).toMatchObject([{ type: 'cook.work', job: a }])
    take('c.1.0')
    expect(dishNews('c')).toEqual([{ type: 'job.refused', job: 'c.1.0', reason: 'no-cooks' }])
    tell('station.roster', { crew: [{ n: 2, breaks: [] }] })
    expect(phases()).toEqual([`${a} prep`, `${b} prep`])
  })
})

describe('a job', () => {
  test('whose core is measured goes in with the probe beside its appliance', () => {
    open({ ovens: 1, fryers: 1 })
    const [means, celsius] = ['fryer', 180]
    tell('job.take', { job: a, promisedAt: 0, means, celsius, minutes: 7, probed: true })
    prepped(a)
    tell('appliance.ready', { kind: 'fryer', n: 1, celsius })
    expect(news('fryer/r:s:1').at(-1)).toEqual({
      type: 'appliance.load',
      job: a,
      celsius,
      minutes: 7,
      probe: 2,
    })
  })

  test('by hand: a cook for all of its time', () => {
    take(a, 0)
    expect(cookNews()).toEqual([{ type: 'cook.work', job: a, ms: minutes(10) }])
    expect(dishNews('a')).toEqual([{ type: 'job.assigned', job: a }])
    expect(ovenNews()).toEqual([])
    prepped(a)
    expect(dishNews('a')).toEqual([{ type: 'job.done', job: a, outcome: 'done' }])
    expect(state()).toBe('busy')
    tell('job.collect', { job: a })
    expect([state(), view().served]).toEqual(['quiet', 1])
  })

  test('with heat: a cook for a moment, the oven as soon as it is hot, and out when its time is over', () => {
    take(a)
    expect(cookNews()).toMatchObject([{ type: 'cook.work', job: a, ms: minutes(1) }])
    expect(ovenNews()).toEqual([{ type: 'appliance.heat', celsius: 180 }])
    prepped(a)
    expect(phases()).toEqual([`${a} holding`])
    unit('ready', { celsius: 200 })
    expect(ovenNews()).toEqual([])
    unit('ready', { celsius: 180 })
    expect(ovenNews()).toEqual([{ type: 'appliance.load', job: a, celsius: 180, minutes: 10 }])
    unit('loaded', { job: a })
    unit('loaded', { job: a })
    expect(dishNews('a').map(({ type }) => type)).toEqual(['job.assigned', 'job.cooking'])
    unit('done', { job: a })
    unit('done', { job: a })
    expect(ovenNews()).toEqual([{ type: 'appliance.unload', job: a }])
    unit('unloaded', { job: a, outcome: 'done' })
    unit('unloaded', { job: a, outcome: 'gone' })
    expect(dishNews('a')).toEqual([{ type: 'job.done', job: a, outcome: 'done' }])
    take(b)
    expect(ovenNews()).toEqual([])
    prepped(b)
    expect(ovenNews()).toMatchObject([{ type: 'appliance.load', job: b }])
  })

  test('an oven that got cold holds the next one back', () => {
    cook(a)
    unit('cold')
    ovenNews()
    take(b)
    prepped(b)
    expect(ovenNews()).toEqual([])
    unit('ready', { celsius: 180 })
    expect(ovenNews()).toMatchObject([{ type: 'appliance.load', job: b }])
  })

  test('the queue: oldest promise first, whenever a cook is free', () => {
    open({ cooks: 1 })
    take('x.1.0', 0, 5)
    take('late.1.0', 0, 9)
    take('early.1.0', 0, 7)
    expect(dishNews('late')).toEqual([{ type: 'job.queued', job: 'late.1.0', ahead: 0 }])
    expect(dishNews('early')).toEqual([{ type: 'job.queued', job: 'early.1.0', ahead: 0 }])
    take('late.1.0', 0, 9)
    expect(dishNews('late')).toEqual([{ type: 'job.queued', job: 'late.1.0', ahead: 1 }])
    prepped('x.1.0')
    expect(cookNews().at(-1)).toMatchObject({ type: 'cook.work', job: 'early.1.0' })
  })

  test('S1: taken twice, it is said how it stands', () => {
    take(a)
    take(a)
    expect(dishNews('a')).toEqual([
      { type: 'job.assigned', job: a },
      { type: 'job.assigned', job: a },
    ])
    prepped(a)
    unit('ready', { celsius: 180 })
    unit('loaded', { job: a })
    dishNews('a')
    take(a)
    expect(dishNews('a')).toEqual([{ type: 'job.cooking', job: a }])
    unit('done', { job: a })
    unit('unloaded', { job: a, outcome: 'raw' })
    take(a)
    expect(dishNews('a').map(({ type }) => type)).toEqual(['job.done', 'job.done'])
    expect(view().jobs).toHaveLength(1)
    expect(view().spoilt).toBe(1)
    tell('job.collect', { job: a })
    tell('job.collect', { job: a })
    expect(state()).toBe('quiet')
  })
})

describe('drop: S2, cook and slot come back', () => {
  const dropped = (wasted: boolean): void => {
    tell('job.drop', { job: a })
    expect(dishNews('a').at(-1)).toEqual({ type: 'job.dropped', job: a, wasted })
  }

  test('in the queue', () => {
    open({ cooks: 1 })
    take(b)
    take(a)
    dropped(false)
    expect(view().queue).toEqual([])
  })

  test('in hand', () => {
    take(a)
    cookNews()
    dropped(true)
    expect(cookNews()).toEqual([{ type: 'cook.drop', job: a }])
    prepped(a)
    expect([state(), view().cooks[0]!.job]).toEqual(['quiet', ''])
  })

  test('waiting for the heat', () => {
    take(a)
    prepped(a)
    dropped(true)
    expect(view().jobs).toEqual([])
    unit('ready', { celsius: 180 })
    expect(ovenNews().map(({ type }) => type)).toEqual(['appliance.heat'])
  })

  for (const phase of ['loading', 'cooking', 'unloading'] as const) {
    test(`${phase}: its slot is kept until it is out`, () => {
      take(a)
      prepped(a)
      unit('ready', { celsius: 180 })
      if (phase !== 'loading') unit('loaded', { job: a })
      if (phase === 'unloading') unit('done', { job: a })
      expect(phases()).toEqual([`${a} ${phase}`])
      ovenNews()
      dropped(true)
      dropped(true)
      take(a)
      expect(phases()).toEqual([`${a} clearing`])
      expect(ovenNews()).toEqual([{ type: 'appliance.unload', job: a }])
      if (phase === 'loading') unit('loaded', { job: a })
      unit('done', { job: a })
      unit('unloaded', { job: a, outcome: 'raw' })
      expect([state(), view().jobs, view().spoilt]).toEqual(['quiet', [], 0])
    })
  }

  test('a load that was refused meanwhile leaves nothing to clear', () => {
    take(a)
    prepped(a)
    unit('ready', { celsius: 180 })
    dropped(true)
    unit('refused', { job: a, reason: 'full' })
    expect(view().jobs).toEqual([])
  })

  test('done, or never heard of', () => {
    take(a, 0)
    prepped(a)
    dropped(true)
    expect(view().jobs).toEqual([])
    dropped(false)
  })
})

describe('cooks', () => {
  test('one that goes away puts the job down: it waits again, and another takes it', () => {
    open({ cooks: 1 })
    take(a)
    cookNews()
    tell('cook.away', { n: 1 })
    expect(view().queue.map(({ job }) => job)).toEqual([a])
    expect(dishNews('a').map(({ type }) => type)).toEqual(['job.assigned', 'job.queued'])
    expect(view().jobs).toEqual([])
    cookNews()
    tell('cook.here', { n: 1, job: '' })
    expect(cookNews()).toMatchObject([{ type: 'cook.work', job: a }])
  })

  test('one who knows nothing of the job in hand is told again; one who has another puts it down', () => {
    take(a)
    cookNews()
    tell('cook.here', { n: 1, job: '' })
    expect(cookNews()).toMatchObject([{ type: 'cook.work', job: a }])
    tell('cook.here', { n: 1, job: a })
    expect(cookNews()).toEqual([])
    tell('cook.here', { n: 2, job: b })
    expect(cookNews(2)).toEqual([{ type: 'cook.drop', job: b }])
  })

  test('what is said by a stranger, or of a job that is not in hand, changes nothing', () => {
    take(a)
    const before = JSON.stringify(view())
    tell('cook.done', { n: 2, job: a })
    tell('cook.done', { n: 9, job: a })
    tell('cook.here', { n: 9, job: '' })
    tell('cook.away', { n: 9 })
    unit('ready', { celsius: 180 }, 9)
    expect(JSON.stringify(view())).toBe(before)
  })
})

describe('appliances', () => {
  const places: readonly (readonly [string, number])[] = [
    ['prep', 0],
    ['holding', 1],
    ['loading', 2],
    ['cooking', 3],
    ['unloading', 4],
  ]
  const bring = (to: number): void => {
    take(a)
    if (to > 0) prepped(a)
    if (to > 1) unit('ready', { celsius: 180 })
    if (to > 2) unit('loaded', { job: a })
    if (to > 3) unit('done', { job: a })
  }
  for (const [phase, to] of places) {
    const inside = to > 2
    test(`it breaks while a job is ${phase}: ${inside ? 'the food is lost' : 'the job finds another oven'}`, () => {
      bring(to)
      expect(phases()).toEqual([`${a} ${phase}`])
      unit('fault', { reason: 'fuse', jobs: inside ? [a] : [] })
      expect(view().units[0]).toMatchObject({ is: 'fault', celsius: 0, ready: false })
      if (inside) {
        expect(dishNews('a').at(-1)).toEqual({ type: 'job.done', job: a, outcome: 'failed' })
      } else {
        expect(view().jobs).toMatchObject([{ job: a, phase: 'prep', unit: 1 }])
        expect(ovenNews(2)).toEqual([{ type: 'appliance.heat', celsius: 180 }])
      }
    })
  }

  test('it breaks while a dropped job is being cleared', () => {
    bring(3)
    tell('job.drop', { job: a })
    unit('fault', { reason: 'fuse', jobs: [a] })
    expect(state()).toBe('quiet')
  })

  test('a load that it had taken before it broke is lost', () => {
    bring(2)
    unit('fault', { reason: 'fuse', jobs: [a] })
    expect(dishNews('a').at(-1)).toMatchObject({ type: 'job.done', outcome: 'failed' })
  })

  test('repaired, it is used again', () => {
    open({ ovens: 1 })
    unit('fault', { reason: 'fuse', jobs: [] })
    take(a)
    expect(view().queue).toHaveLength(1)
    unit('repaired')
    expect(view().jobs).toMatchObject([{ job: a, phase: 'prep', unit: 0 }])
  })

  test('a load that it refuses waits for the heat again, or for another place', () => {
    bring(2)
    ovenNews()
    unit('refused', { job: a, reason: 'not-ready' })
    expect(phases()).toEqual([`${a} holding`])
    expect(ovenNews()).toEqual([{ type: 'appliance.heat', celsius: 180 }])
    unit('ready', { celsius: 180 })
    unit('refused', { job: a, reason: 'full' })
    expect(phases()).toEqual([`${a} prep`])
    unit('refused', { job: a, reason: 'full' })
    expect(phases()).toEqual([`${a} prep`])
  })

  test('S3: what it holds and nobody wants is thrown away', () => {
    unit('loaded', { job: 'x.1.0' })
    unit('done', { job: 'y.1.0' })
    unit('status', { fault: '', celsius: 0, ready: false, cooking: ['z.1.0'], done: [] })
    expect(ovenNews()).toEqual(['x.1.0', 'y.1.0', 'z.1.0'].map((job) => ({ type: 'appliance.unload', job })))
  })

  test('food that is gone when it should come out is a failed job', () => {
    bring(4)
    unit('unloaded', { job: a, outcome: 'gone' })
    expect(dishNews('a').at(-1)).toMatchObject({ outcome: 'failed' })
  })

  test('two dishes spoilt in a row: it rests, what is in it comes out, and it is tried again later', () => {
    open({ ovens: 1, cooks: 3, slots: 3 })
    for (const [job, outcome] of [
      ['p.1.0', 'burnt'],
      ['q.1.0', 'raw'],
    ] as const) {
      cook(job)
      if (job === 'q.1.0') {
        cook(a)
        take(b)
      }
      unit('done', { job })
      unit('unloaded', { job, outcome })
    }
    expect(view().units[0]).toMatchObject({ is: 'suspect', celsius: 0 })
    expect(stage.events).toMatchObject([{ type: 'device.suspect', kind: 'oven', n: 1 }])
    expect(view().queue.map(({ job }) => job)).toEqual([b])
    expect(phases()).toContain(`${a} unloading`)
    unit('unloaded', { job: a, outcome: 'raw' })
    for (const job of [a, 'p.1.0', 'q.1.0']) tell('job.collect', { job })
    stage.run(suspectMs - 1)
    expect(view().jobs).toEqual([])
    stage.run(patrolMs)
    expect(phases()).toEqual([`${b} prep`])
    expect(view().units[0]).toMatchObject({ is: 'up', spoilt: 1, celsius: 180 })
  })

  test('a suspect that was repaired is trusted at once', () => {
    open({ ovens: 1 })
    for (const job of [a, b]) {
      cook(job)
      unit('done', { job })
      unit('unloaded', { job, outcome: 'raw' })
    }
    unit('repaired')
    expect(view().units[0]).toMatchObject({ is: 'up', spoilt: 0 })
  })
})

describe('S4: the patrol', () => {
  test('a cook who does not finish is told again, then given up; the job finds another', () => {
    take(a, 0)
    cookNews()
    stage.run(minutes(10))
    expect(cookNews()).toEqual([])
    stage.run(patrolMs)
    expect(cookNews()).toMatchObject([{ type: 'cook.work', job: a }])
    stage.run(patrolMs * silentPatrolsMax)
    expect(view().cooks[0]).toMatchObject({ here: false, job: '' })
    expect(cookNews(2).at(-1)).toMatchObject({ type: 'cook.work', job: a })
    stage.run(patrolMs)
    expect(cookNews().at(-1)).toMatchObject({ type: 'cook.open' })
  })

  test('an oven in use is asked how it is, and given up when it stays silent; awake again, it is used', () => {
    open({ ovens: 1 })
    cook(a)
    ovenNews()
    stage.run(patrolMs * silentPatrolsMax)
    expect(ovenNews().filter(({ type }) => type === 'appliance.check')).toHaveLength(silentPatrolsMax)
    stage.run(patrolMs)
    expect(view().units[0]).toMatchObject({ is: 'silent' })
    expect(dishNews('a').at(-1)).toMatchObject({ type: 'job.done', outcome: 'failed' })
    stage.run(patrolMs)
    expect(ovenNews()).toMatchObject([{ type: 'appliance.open' }])
    unit('status', { fault: '', celsius: 180, ready: true, cooking: [a], done: [] })
    expect(view().units[0]).toMatchObject({ is: 'up', asked: 0 })
    expect(ovenNews()).toEqual([
      { type: 'appliance.unload', job: a },
      { type: 'appliance.heat', celsius: 0 },
    ])
  })

  const reminders: readonly (readonly [string, () => void, string])[] = [
    ['holding', () => prepped(a), 'appliance.heat'],
    [
      'loading',
      () => {
        prepped(a)
        unit('ready', { celsius: 180 })
      },
      'appliance.load',
    ],
    [
      'unloading',
      () => {
        prepped(a)
        unit('ready', { celsius: 180 })
        unit('loaded', { job: a })
        unit('done', { job: a })
      },
      'appliance.unload',
    ],
    [
      'clearing',
      () => {
        prepped(a)
        unit('ready', { celsius: 180 })
        tell('job.drop', { job: a })
      },
      'appliance.unload',
    ],
  ]
  for (const [phase, bring, again] of reminders) {
    test(`${phase}: ${again} is said again`, () => {
      take(a)
      bring()
      expect(phases()).toEqual([`${a} ${phase}`])
      ovenNews()
      stage.run(patrolMs)
      expect(ovenNews().map(({ type }) => type)).toEqual(['appliance.check', again])
    })
  }

  test('a dish in the oven for twice its time is asked for', () => {
    cook(a)
    ovenNews()
    const patrolled = (): readonly string[] => {
      stage.run(patrolMs)
      unit('status', { fault: '', celsius: 180, ready: true, cooking: [a], done: [] })
      return ovenNews().map(({ type }) => type)
    }
    while (stage.now / 1_000 + patrolMs < minutes(20)) expect(patrolled()).toEqual(['appliance.check'])
    expect(patrolled()).toEqual(['appliance.check', 'appliance.check'])
  })

  test('a finished job is said again until it is collected, and forgotten in the end', () => {
    take(a, 0)
    prepped(a)
    dishNews('a')
    stage.run(patrolMs * remindersMax)
    expect(dishNews('a')).toHaveLength(remindersMax)
    stage.run(patrolMs)
    expect([state(), dishNews('a')]).toEqual(['quiet', []])
  })
})

describe('its own word against ours', () => {
  const status = (rest: object): void =>
    unit('status', { fault: '', celsius: 180, ready: true, cooking: [], done: [], ...rest })

  test('a dish that it does not have is lost', () => {
    cook(a)
    status({})
    expect(dishNews('a').at(-1)).toMatchObject({ type: 'job.done', outcome: 'failed' })
  })

  test('a dish that is done is unloaded; one to be cleared that is gone is forgotten', () => {
    cook(a)
    ovenNews()
    status({ done: [a] })
    expect(ovenNews()).toEqual([{ type: 'appliance.unload', job: a }])
    tell('job.drop', { job: a })
    status({})
    expect(view().jobs).toEqual([])
  })

  test('it is ready, or not, and that loads what waits', () => {
    take(a)
    prepped(a)
    ovenNews()
    status({ ready: false })
    expect(ovenNews()).toEqual([])
    status({})
    expect(ovenNews()).toMatchObject([{ type: 'appliance.load', job: a }])
  })

  test('it holds another temperature: told again', () => {
    take(a)
    ovenNews()
    status({ celsius: 0, ready: false })
    expect(ovenNews()).toEqual([{ type: 'appliance.heat', celsius: 180 }])
  })

  test('it is broken and we had not heard; it is well and we had not heard', () => {
    status({ fault: 'fuse' })
    status({ fault: 'fuse' })
    expect(view().units[0]).toMatchObject({ is: 'fault' })
    status({ celsius: 0, ready: false })
    expect(view().units[0]).toMatchObject({ is: 'up' })
  })
})

test('a station is a shard with its cooks', () => {
  expect(station.shardKey?.('r:s')).toBe('r:s')
})
