import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Instant, Message } from '#actor'
import { minutes, seconds } from '#actor'
import { Rehearsal } from '../rehearsal.test-kit.ts'
import type { ApplianceContext } from './appliance.ts'
import { heatingTimeMaxMs } from './appliance.ts'
import { bankOf, ovenRef } from './appliance-messages.ts'
import { oven } from './oven.ts'

interface Truth {
  readonly celsius: number
  readonly heating: boolean
  readonly foods: readonly { readonly core: number; readonly doneness: string }[]
}
interface View {
  readonly reading: number | null
  readonly foods: readonly {
    readonly core: number | null
    readonly since: Instant
    readonly done: boolean
    readonly ends: Instant
  }[]
}

const it = ovenRef('riverside', 'oven', 1)
let stage: Rehearsal
const reached = new Set<string>()
const open: Message & Record<string, unknown> = {
  type: 'appliance.open',
  station: 'station/riverside:oven',
  n: 1,
  slots: 2,
}

const tell = (type: string, rest: object = {}): void => stage.tell(it, { type, ...rest })
const state = (): unknown => stage.value(it)
const truth = (): Truth => stage.query(it, 'truth')
const view = (): View => stage.query(it, 'view')
const context = (): ApplianceContext => stage.context(it)
const heard = (type: string): readonly Message[] => stage.sentOf(type)
const hotAt = (celsius: number): void => {
  tell('appliance.heat', { celsius })
  expect(stage.runUntil(() => state() === 'ready', heatingTimeMaxMs)).toBe(true)
}
const load = (job: string, celsius = 180, time = 20): void =>
  tell('appliance.load', { job, celsius, minutes: time })

afterAll(() => {
  for (const value of Object.keys(oven.machine.states)) expect(reached).toContain(`oven:${value}`)
  for (const type of [...oven.messageTypes, 'restarted']) expect(reached).toContain(`oven<${type}`)
})

beforeEach(() => {
  stage = new Rehearsal({ actors: [oven], reached })
  stage.tell(it, open)
})

describe('heat', () => {
  test('off, preheating, ready, cooling, off; and it says when it is ready', () => {
    expect(state()).toBe('off')
    tell('appliance.heat', { celsius: 180 })
    expect(state()).toBe('preheating')
    stage.run(minutes(3))
    expect(state()).toBe('preheating')
    expect(stage.runUntil(() => state() === 'ready')).toBe(true)
    expect(heard('appliance.ready')).toEqual([{ type: 'appliance.ready', kind: 'oven', n: 1, celsius: 180 }])
    expect(stage.now / 60_000_000).toBeGreaterThan(4)
    expect(stage.now / 60_000_000).toBeLessThan(9)
    tell('appliance.heat', { celsius: 0 })
    expect(state()).toBe('cooling')
    expect(stage.runUntil(() => state() === 'off')).toBe(true)
    expect(truth().celsius).toBeLessThan(55)
    expect(stage.timers(it)).toEqual([])
  })

  test('it sleeps: a whole hour at its temperature takes a handful of turns', () => {
    hotAt(180)
    const turns = stage.turns
    stage.run(minutes(60))
    expect(Math.abs(truth().celsius - 180)).toBeLessThan(10)
    expect(stage.turns - turns).toBeLessThan(10)
  })

  test('asked for less, it cools down to it and is ready again', () => {
    hotAt(280)
    tell('appliance.heat', { celsius: 180 })
    expect(state()).toBe('cooling')
    expect(stage.runUntil(() => state() === 'ready', heatingTimeMaxMs)).toBe(true)
    expect(truth().celsius).toBeLessThan(200)
  })

  test('asked again for what it has, it only answers again', () => {
    hotAt(180)
    tell('appliance.heat', { celsius: 180 })
    expect(heard('appliance.ready')).toHaveLength(2)
    expect(state()).toBe('ready')
  })

  test('its sensor shows half degrees, with noise, and later than the truth', () => {
    tell('appliance.heat', { celsius: 180 })
    const errors: number[] = []
    for (let n = 0; n < 20; n += 1) {
      stage.run(seconds(13))
      const { reading } = view()
      expect((reading ?? Number.NaN) * 2).toBe(Math.round((reading ?? 0) * 2))
      errors.push((reading ?? 0) - truth().celsius)
    }
    expect(new Set(errors).size).toBeGreaterThan(15)
    expect(errors.every((error) => error < 1.1)).toBe(true)
    expect(errors.reduce((sum, error) => sum + error, 0)).toBeLessThan(0)
  })
})

describe('H1: no heat', () => {
  test('with an open door', () => {
    hotAt(180)
    tell('appliance.door', { open: true })
    stage.run(minutes(2))
    expect(truth().heating).toBe(false)
    expect(truth().celsius).toBeLessThan(110)
    expect(stage.runUntil(() => heard('appliance.cold').length === 1)).toBe(true)
    expect(state()).toBe('preheating')
    tell('appliance.door', { open: false })
    expect(truth().heating || context().relay === false).toBe(true)
    expect(stage.runUntil(() => state() === 'ready')).toBe(true)
  })

  test('with an open door, even through a welded relay', () => {
    tell('appliance.run-away')
    tell('appliance.door', { open: true })
    stage.run(minutes(30))
    expect(truth().celsius).toBe(22)
  })

  test('while it recovers from a sibling that failed; then it heats again', () => {
    hotAt(180)
    stage.system(it, { type: 'restarted', cause: 'pan/riverside:oven:1' } as Message)
    expect(state()).toBe('cooling')
    expect(truth().heating).toBe(false)
    stage.run(seconds(9))
    expect(truth().heating).toBe(false)
    expect(stage.runUntil(() => state() === 'ready')).toBe(true)
    stage.run(minutes(10))
    expect(Math.abs(truth().celsius - 180)).toBeLessThan(10)
  })

  test('while a fault stands', () => {
    hotAt(180)
    tell('appliance.break', { reason: 'fuse' })
    tell('appliance.heat', { celsius: 200 })
    stage.run(minutes(60))
    expect(truth().celsius).toBeLessThan(35)
    expect(state()).toBe('fault')
  })
})

describe('cooking', () => {
  test('a dish that gets its time is done; the oven says so and waits to be unloaded', () => {
    hotAt(180)
    load('a')
    expect(state()).toBe('loaded')
    expect(heard('appliance.loaded')).toHaveLength(1)
    stage.run(minutes(20) - 1)
    expect(heard('appliance.done')).toHaveLength(0)
    stage.run(1)
    expect(heard('appliance.done')).toEqual([{ type: 'appliance.done', kind: 'oven', n: 1, job: 'a' }])
    tell('appliance.unload', { job: 'a' })
    expect(heard('appliance.unloaded')).toEqual([
      { type: 'appliance.unloaded', kind: 'oven', n: 1, job: 'a', outcome: 'done' },
    ])
    expect(state()).toBe('ready')
  })

  test('taken out early it is raw, left in it burns', () => {
    hotAt(180)
    load('a')
    load('b')
    stage.run(minutes(8))
    tell('appliance.unload', { job: 'a' })
    stage.run(minutes(60))
    tell('appliance.unload', { job: 'b' })
    expect(heard('appliance.unloaded')).toMatchObject([{ outcome: 'raw' }, { outcome: 'burnt' }])
    expect(stage.timers(it)).not.toContain('food:a')
  })

  test('time in an oven that has gone cold does not count; H4: not for ever', () => {
    hotAt(180)
    load('a')
    tell('appliance.door', { open: true })
    stage.run(minutes(20))
    expect(heard('appliance.done')).toHaveLength(0)
    expect(view().foods[0]!.ends).toBeGreaterThan(stage.now)
    expect(stage.runUntil(() => heard('appliance.done').length === 1 || state() === 'fault')).toBe(true)
    expect(heard('appliance.fault')).toMatchObject([{ reason: 'no-heat', jobs: ['a'] }])
  })

  test('in an oven whose sensor has drifted a dish ends raw: nobody has looked inside', () => {
    tell('appliance.sensor', { mode: 'drift', offset: 110 })
    hotAt(180)
    expect(truth().celsius).toBeLessThan(80)
    load('a')
    stage.run(minutes(20))
    expect(stage.runUntil(() => heard('appliance.done').length === 1)).toBe(true)
    tell('appliance.unload', { job: 'a' })
    expect(heard('appliance.unloaded')).toMatchObject([{ outcome: 'raw' }])
  })

  test('it refuses what it cannot take, with the reason', () => {
    load('cold')
    hotAt(180)
    load('other', 200)
    load('a')
    load('b')
    load('c')
    expect(heard('appliance.refused')).toMatchObject([
      { job: 'cold', reason: 'not-ready' },
      { job: 'other', reason: 'not-ready' },
      { job: 'c', reason: 'full' },
    ])
    tell('appliance.break', { reason: 'fuse' })
    load('d')
    expect(heard('appliance.refused').at(-1)).toMatchObject({ job: 'd', reason: 'fault' })
  })

  test('A1: loading and unloading again change nothing', () => {
    hotAt(180)
    load('a')
    stage.run(minutes(5))
    const { ends } = view().foods[0]!
    load('a')
    expect(view().foods).toHaveLength(1)
    expect(view().foods[0]!.ends).toBe(ends)
    tell('appliance.unload', { job: 'a' })
    tell('appliance.unload', { job: 'a' })
    expect(heard('appliance.unloaded')).toMatchObject([{ outcome: 'raw' }, { outcome: 'gone' }])
    expect(heard('appliance.loaded')).toHaveLength(2)
  })

  test('a restart in between costs no dish', () => {
    hotAt(180)
    load('a')
    stage.run(minutes(5))
    stage.system(it, { type: 'restarted', cause: 'oven/riverside:oven:2' } as Message)
    expect(state()).toBe('loaded')
    stage.runUntil(() => heard('appliance.done').length === 1)
    tell('appliance.unload', { job: 'a' })
    expect(heard('appliance.unloaded')).toMatchObject([{ outcome: 'done' }])
  })
})

describe('a dish with a probe', () => {
  const withProbe = (job = 'a', minutes = 20): void =>
    tell('appliance.load', { job, celsius: 180, minutes, probe: 3 })
  const asked = (): readonly Message[] => heard('probe.read')
  const shows = (celsius: number, job = 'a'): void => tell('probe.reading', { job, celsius })
  // 5 + 0.4 · 175: what `programme` wants of a core in 180 °C.
  const doneAt = 75

  test('is asked after when it may be done, and is done when two readings apart say so', () => {
    hotAt(180)
    withProbe()
    stage.run(minutes(13) - 1)
    expect(asked()).toEqual([])
    stage.run(1)
    const { core } = truth().foods[0]!
    expect(stage.sent.at(-1)).toEqual({
      from: it,
      to: 'probe/riverside:oven:3',
      message: { type: 'probe.read', appliance: it, job: 'a', core },
    })
    shows(doneAt + 1)
    expect(view().foods[0]!.core).toBe(doneAt + 1)
    stage.run(minutes(1))
    expect(asked()).toHaveLength(2)
    expect(heard('appliance.done')).toEqual([])
    shows(doneAt)
    expect(heard('appliance.done')).toMatchObject([{ job: 'a' }])
    expect(stage.timers(it)).not.toContain('food:a')
    tell('appliance.unload', { job: 'a' })
    expect(heard('appliance.unloaded')).toMatchObject([{ outcome: 'done' }])
  })

  test('that falls back below begins again; a second answer to one question counts nothing', () => {
    hotAt(180)
    withProbe()
    stage.run(minutes(13))
    shows(doneAt + 1)
    shows(doneAt + 9)
    expect(view().foods[0]!.core).toBe(doneAt + 1)
    stage.run(minutes(1))
    shows(doneAt - 1)
    stage.run(minutes(2.5))
    shows(doneAt + 1)
    expect(heard('appliance.done')).toEqual([])
    stage.run(minutes(1))
    shows(doneAt + 1)
    expect(heard('appliance.done')).toHaveLength(1)
  })

  test('a probe that says nothing is reported once, and the time counts', () => {
    hotAt(180)
    withProbe()
    stage.run(minutes(20) - 1)
    expect(heard('appliance.done')).toEqual([])
    stage.run(1)
    expect(asked()).toHaveLength(1)
    expect(heard('appliance.done')).toHaveLength(1)
    expect(stage.events).toEqual([
      { type: 'device.fault', device: 'probe/riverside:oven:3', reason: 'silent' },
    ])
  })

  test('H4: a probe that always shows too little ends after twice the time, and the dish is not burnt', () => {
    hotAt(180)
    withProbe()
    for (let n = 0, answered = 0; n < 300 && heard('appliance.done').length === 0; n += 1) {
      stage.run(seconds(10))
      for (; answered < asked().length; answered += 1) shows(20)
    }
    expect(heard('appliance.done')).toHaveLength(1)
    expect(stage.now - view().foods[0]!.since).toBe(minutes(40) * 1_000)
    tell('appliance.unload', { job: 'a' })
    expect(heard('appliance.unloaded')).toMatchObject([{ outcome: 'done' }])
  })

  test('a probe that lies in an oven that is not hot lets it out raw', () => {
    tell('appliance.sensor', { mode: 'drift', offset: 110 })
    hotAt(180)
    withProbe()
    stage.run(minutes(13))
    shows(doneAt + 20)
    stage.run(minutes(1))
    shows(doneAt + 20)
    tell('appliance.unload', { job: 'a' })
    expect(heard('appliance.unloaded')).toMatchObject([{ outcome: 'raw' }])
  })

  test('what is not in the oven any more is not asked after', () => {
    hotAt(180)
    withProbe()
    stage.run(minutes(13))
    tell('appliance.unload', { job: 'a' })
    shows(doneAt + 1)
    expect(heard('appliance.done')).toEqual([])
  })
})

describe('faults', () => {
  test('it breaks: what is in it is lost, the station and the public hear it once', () => {
    hotAt(180)
    load('a')
    load('b')
    tell('appliance.break', { reason: 'fuse' })
    tell('appliance.break', { reason: 'again' })
    expect(heard('appliance.fault')).toEqual([
      { type: 'appliance.fault', kind: 'oven', n: 1, reason: 'fuse', jobs: ['a', 'b'] },
    ])
    expect(stage.events).toEqual([{ type: 'device.fault', device: it, reason: 'fuse' }])
    expect(stage.timers(it).filter((id) => id.startsWith('food:'))).toEqual([])
  })

  test('repaired it starts from off, with every fault mended', () => {
    hotAt(180)
    tell('appliance.sensor', { mode: 'stuck' })
    tell('appliance.run-away')
    tell('appliance.break', { reason: 'fuse' })
    tell('appliance.repair')
    expect(heard('appliance.repaired')).toHaveLength(1)
    expect(state()).toBe('cooling')
    expect(context()).toMatchObject({ sensor: 'ok', welded: false, fault: '', target: 0 })
    hotAt(180)
  })

  test('H3: an oven that does not get hot says so', () => {
    tell('appliance.heat', { celsius: 180 })
    tell('appliance.door', { open: true })
    stage.run(heatingTimeMaxMs)
    expect(heard('appliance.fault')).toMatchObject([{ reason: 'no-heat' }])
  })

  test('H3: a sensor that stuck cold is no heat either, though the oven glows', () => {
    tell('appliance.heat', { celsius: 180 })
    stage.run(minutes(2))
    tell('appliance.sensor', { mode: 'stuck' })
    stage.run(heatingTimeMaxMs - minutes(2) - 1)
    expect(truth().celsius).toBeGreaterThan(300)
    expect(state()).toBe('preheating')
    stage.run(minutes(1))
    expect(heard('appliance.fault')).toMatchObject([{ reason: 'no-heat' }])
  })

  test('a sensor that sticks in a hot oven deceives it: the dish tells', () => {
    hotAt(180)
    stage.runUntil(() => truth().heating, seconds(1))
    while (!truth().heating) stage.run(seconds(5))
    tell('appliance.sensor', { mode: 'stuck' })
    stage.run(minutes(15))
    expect(state()).toBe('ready')
    load('a')
    stage.run(minutes(20))
    tell('appliance.unload', { job: 'a' })
    expect(heard('appliance.unloaded')).toMatchObject([{ outcome: 'burnt' }])
  })

  test('a silent sensor is noticed at once', () => {
    hotAt(180)
    tell('appliance.sensor', { mode: 'silent' })
    expect(view().reading).toBeNull()
    expect(heard('appliance.fault')).toMatchObject([{ reason: 'sensor-silent' }])
  })

  test('an oven that runs away is noticed by its sensor', () => {
    hotAt(180)
    tell('appliance.run-away')
    stage.run(minutes(15))
    expect(heard('appliance.fault')).toMatchObject([{ reason: 'too-hot' }])
    expect(truth().heating).toBe(false)
  })

  test('a drifted sensor shifts what it holds', () => {
    hotAt(180)
    tell('appliance.sensor', { mode: 'drift', offset: 20 })
    stage.run(minutes(40))
    expect(Math.abs(truth().celsius - 160)).toBeLessThan(10)
  })
})

describe('questions', () => {
  test('a check is answered with what is in it', () => {
    hotAt(180)
    load('a', 180, 20)
    stage.run(minutes(10))
    load('b', 180, 20)
    stage.run(minutes(11))
    tell('appliance.check')
    expect(heard('appliance.status').at(-1)).toEqual({
      type: 'appliance.status',
      kind: 'oven',
      n: 1,
      fault: '',
      celsius: 180,
      ready: true,
      cooking: ['b'],
      done: ['a'],
    })
    expect(truth().foods).toHaveLength(2)
    expect(view().foods[0]!.core).toBeNull()
  })

  test('asking changes nothing', () => {
    hotAt(180)
    const before = JSON.stringify(context())
    stage.run(minutes(1))
    truth()
    view()
    expect(JSON.stringify(context())).toBe(before)
  })

  test('opening it again is a question too', () => {
    hotAt(180)
    stage.tell(it, open)
    expect(state()).toBe('ready')
    expect(heard('appliance.status')).toHaveLength(2)
  })
})

test('T1: looking in between changes nothing that happens', () => {
  const day = (checks: boolean): readonly unknown[] => {
    stage = new Rehearsal({ actors: [oven], reached })
    stage.tell(it, open)
    hotAt(180)
    load('a', 180, 25)
    for (let n = 0; n < 1_500; n += 1) {
      if (checks) tell('appliance.check')
      stage.run(seconds(1))
    }
    tell('appliance.unload', { job: 'a' })
    return [truth().celsius.toFixed(8), heard('appliance.unloaded'), heard('appliance.done')]
  }
  expect(day(true)).toEqual(day(false))
})

test('a bank is one shard: the key without its number', () => {
  expect(oven.shardKey?.('riverside:oven:3')).toBe('riverside:oven')
  expect(bankOf('riverside:oven:3')).toBe('riverside:oven')
})
