// The whole kitchen and its hardware in one small world.
// Method: messages arrive late and sometimes twice, guests cancel at any moment, appliances break, a cook falls ill.
// Whatever happens, each ticket has one end, and when the last has ended nothing is left of any.
import { describe, expect, test } from 'vitest'
import type { ActorId, Message } from '#actor'
import { draw, drawInteger, keyOf, minutes, seconds, typeOf } from '#actor'
import { applianceRef, hardwareActors, ovenRef, panRef } from '../hardware/index.ts'
import type { DishName } from '../orders/menu-data.ts'
import { recipes } from '../orders/menu-data.ts'
import { Rehearsal } from '../rehearsal.test-kit.ts'
import { houseKitchen } from './house-kitchen.ts'
import { kitchenActors } from './index.ts'
import { cookRef, stationRef } from './kitchen-messages.ts'
import type { Cook, Job, Unit, Waiting } from './station-line.ts'
import { ticketRef } from './ticket-messages.ts'

const site = 'riverside'
const dishNames = Object.keys(recipes) as readonly DishName[]
const stations = ['grill', 'oven', 'garde-manger', 'pastry'] as const
const ends = new Set(['ticket.plated', 'ticket.failed', 'ticket.cancelled'])

interface StationView {
  readonly state: string
  readonly queue: readonly Waiting[]
  readonly jobs: readonly Job[]
  readonly cooks: readonly Cook[]
  readonly units: readonly Unit[]
}

function kitchen(options: { seed: number; repeats?: number; delayMs?: number }): Rehearsal {
  const stage = new Rehearsal({
    actors: [...kitchenActors, ...hardwareActors],
    delayMs: seconds(2),
    repeats: 0.05,
    ...options,
  })
  for (const open of houseKitchen(site)) stage.tell(stationRef(site, open.name), open)
  return stage
}

const view = (stage: Rehearsal, name: string): StationView => stage.query(stationRef(site, name), 'view')

function order(stage: Rehearsal, seed: number, n: number, atMs: number): void {
  const items = Array.from({ length: 1 + drawInteger(3, seed, 'lines', n) }, (_, line) => ({
    line,
    dish: dishNames[drawInteger(dishNames.length, seed, 'dish', n * 10 + line)]!,
    quantity: 1 + drawInteger(2, seed, 'quantity', n * 10 + line),
  }))
  stage.later(atMs, ticketRef(`o-${n}`), {
    type: 'ticket.open',
    order: `o-${n}`,
    site,
    items,
    promisedAt: Math.round((atMs + minutes(30)) * 1_000),
  } as Message)
}

/** What each order was told, in order. */
function stories(stage: Rehearsal): ReadonlyMap<string, readonly Message[]> {
  const told = new Map<string, Message[]>()
  for (const { to, message } of stage.sent) told.set(keyOf(to), [...(told.get(keyOf(to)) ?? []), message])
  return told
}

const ended = (stage: Rehearsal): number => stage.sent.filter(({ message }) => ends.has(message.type)).length

function expectOneEndEach(stage: Rehearsal, tickets: number): void {
  const told = stories(stage)
  expect(told.size).toBe(tickets)
  for (const [, messages] of told) {
    expect(messages.filter(({ type }) => ends.has(type))).toHaveLength(1)
    expect(ends.has(messages.at(-1)!.type)).toBe(true)
    if (messages.at(-1)!.type === 'ticket.plated') {
      expect(messages.map(({ type }) => type)).toEqual(['ticket.started', 'ticket.plating', 'ticket.plated'])
    }
  }
}

function expectNothingLeft(stage: Rehearsal): void {
  const left = stage.living.filter((id) => ['ticket', 'dish'].includes(typeOf(id)))
  expect(left.map((id) => `${id} ${JSON.stringify(stage.value(id))}`)).toEqual([])
  for (const name of stations) {
    const { queue, jobs, cooks, state } = view(stage, name)
    expect([name, state, queue, jobs]).toEqual([name, 'quiet', [], []])
    expect(cooks.filter((cook) => cook.job !== '')).toEqual([])
  }
  for (const id of stage.living) {
    if (typeOf(id) === 'oven' || typeOf(id) === 'pan') {
      expect(stage.query<{ foods: unknown[] }>(id, 'view').foods).toEqual([])
    }
    if (typeOf(id) === 'cook') expect(stage.query<{ job: string }>(id, 'view').job).toBe('')
  }
  expect(stage.deadLetters).toEqual([])
}

describe('a day in the kitchen', () => {
  test('on a quiet day 100 tickets are all plated, in the order of their states, and nothing is left over', () => {
    const stage = kitchen({ seed: 1 })
    for (let n = 0; n < 100; n += 1) order(stage, 1, n, minutes(3 * 100 * draw(1, 'at', n)))
    stage.run(minutes(3 * 100))
    expect(stage.runUntil(() => ended(stage) === 100, minutes(300))).toBe(true)
    stage.run(minutes(30))
    expect(stage.sentOf('ticket.plated')).toHaveLength(100)
    expectOneEndEach(stage, 100)
    expectNothingLeft(stage)
    expect(stage.events).toEqual([])
  })

  for (const seed of [2]) {
    test(`on a bad day each of 200 has one end, and nothing is left over (seed ${seed})`, () => {
      const stage = kitchen({ seed, repeats: 0.2, delayMs: seconds(20) })
      const count = 200
      for (let n = 0; n < count; n += 1) {
        const at = minutes(400 * draw(seed, 'at', n))
        order(stage, seed, n, at)
        const cancels = draw(seed, 'cancels', n) < 0.3
        if (cancels) stage.later(at + minutes(60 * draw(seed, 'when', n)), ticketRef(`o-${n}`), cancel)
      }
      trouble(stage, seed)
      stage.run(minutes(400))
      expect(stage.runUntil(() => ended(stage) === count, minutes(600))).toBe(true)
      stage.run(minutes(120))
      expectOneEndEach(stage, count)
      const types = stage.sent.map(({ message }) => message.type)
      expect(types.filter((type) => type === 'ticket.plated').length).toBeGreaterThan(100)
      expect(types).toContain('ticket.cancelled')
      expect(stage.events.map(({ type }) => type)).toContain('device.fault')
      expect(stage.events.map(({ type }) => type)).toContain('dish.remade')
      stage.deadLetters.splice(0, stage.deadLetters.length, ...stage.deadLetters.filter(notTheGuests))
      expectNothingLeft(stage)
    })
  }
})

const cancel: Message = { type: 'ticket.cancel' }
/** A guest who cancels what was never ordered, or after the end: the order would not. */
const notTheGuests = ({ message, from }: { message: Message; from: ActorId | undefined }): boolean =>
  !(message.type === 'ticket.cancel' && from === undefined)

/** Ovens and pans that break, stick and run away, cooks that fall ill, siblings that restart. */
function trouble(stage: Rehearsal, seed: number): void {
  for (let n = 0; n < 12; n += 1) {
    const at = minutes(400 * draw(seed, 'trouble', n))
    const grill = draw(seed, 'where', n) < 0.5
    const which = 1 + drawInteger(6, seed, 'which', n)
    const unit = grill ? panRef(site, 'grill', which) : applianceRef('oven', site, 'oven', which)
    const kinds: readonly Message[] = [
      { type: 'appliance.break', reason: 'fuse' } as Message,
      { type: 'appliance.sensor', mode: 'stuck' } as Message,
      { type: 'appliance.run-away' },
      { type: 'appliance.sensor', mode: 'silent' } as Message,
    ]
    stage.later(at, unit, kinds[n % kinds.length]!)
    stage.later(at + minutes(20 + 60 * draw(seed, 'repair', n)), unit, { type: 'appliance.repair' })
    const cook = cookRef(site, n % 2 === 0 ? 'grill' : 'garde-manger', 1 + (n % 3))
    stage.later(at, cook, { type: 'cook.shift', on: false } as Message)
    stage.later(at + minutes(30), cook, { type: 'cook.shift', on: true } as Message)
    const tired = cookRef(site, 'oven', 1 + (n % 3))
    stage.later(at, tired, { type: 'cook.break', minutes: 15 } as Message)
  }
}

describe('what was not answered', () => {
  test('an oven that never answers is given up, and its dishes go elsewhere', () => {
    // The first oven hears nothing: its messages are lost on the way.
    const stage = kitchen({ seed: 9, repeats: 0, delayMs: 0 })
    stage.run(seconds(1))
    const deaf = ovenRef(site, 'oven', 1)
    stage.lose((to) => to === deaf)
    order(stage, 9, 0, 0)
    stage.later(0, ticketRef('q-1'), {
      type: 'ticket.open',
      order: 'q-1',
      site,
      items: [{ line: 0, dish: 'margherita-pizza', quantity: 4 }],
      promisedAt: 0,
    } as Message)
    expect(stage.runUntil(() => view(stage, 'oven').units[0]?.is === 'silent', minutes(30))).toBe(true)
    expect(stage.runUntil(() => ended(stage) === 2, minutes(120))).toBe(true)
    expect(stage.sentOf('ticket.plated')).toHaveLength(2)
    stage.lose(() => false)
    order(stage, 9, 2, 0)
    stage.runUntil(() => ended(stage) === 3)
    stage.run(minutes(30))
    expectNothingLeft(stage)
  })

  test('every message may be lost for a while: it is said again', () => {
    for (const seed of [11, 12]) {
      const stage = kitchen({ seed, repeats: 0 })
      stage.run(minutes(1))
      let n = 0
      stage.lose((to, message) => {
        n += 1
        return !message.type.startsWith('ticket.') && draw(seed, to, n) < 0.05
      })
      for (let k = 0; k < 40; k += 1) order(stage, seed, k, minutes(200 * draw(seed, 'at', k)))
      stage.run(minutes(200))
      expect(stage.runUntil(() => ended(stage) === 40, minutes(600))).toBe(true)
      stage.lose(() => false)
      stage.run(minutes(400))
      expectOneEndEach(stage, 40)
      expectNothingLeft(stage)
    }
  })

  test('a ticket for a station that is not there fails, and leaves nothing', () => {
    const stage = new Rehearsal({ actors: [...kitchenActors, ...hardwareActors] })
    order(stage, 1, 1, 0)
    expect(stage.runUntil(() => ended(stage) === 1, minutes(120))).toBe(true)
    expect(stage.sentOf('ticket.failed')).toMatchObject([{ reason: 'station-silent', wasted: true }])
    stage.run(minutes(300))
    expect(stage.living).toEqual([])
  })

  test('a ticket that stands in the queue past all patience fails', () => {
    const stage = kitchen({ seed: 1, repeats: 0 })
    stage.run(minutes(1))
    for (let n = 1; n <= 15; n += 1) {
      stage.tell(cookRef(site, 'garde-manger', n), { type: 'cook.shift', on: false } as Message)
    }
    stage.tell(ticketRef('o-1'), {
      type: 'ticket.open',
      order: 'o-1',
      site,
      items: [{ line: 0, dish: 'caprese', quantity: 2 }],
      promisedAt: 0,
    } as Message)
    expect(stage.runUntil(() => ended(stage) === 1, minutes(240))).toBe(true)
    expect(stage.sentOf('ticket.failed')).toMatchObject([{ reason: 'too-slow', wasted: false }])
    stage.run(minutes(60))
    expectNothingLeft(stage)
  })
})

test('the same seed gives the same day', () => {
  const day = (): string => {
    const stage = kitchen({ seed: 7, repeats: 0.1 })
    for (let n = 0; n < 30; n += 1) order(stage, 7, n, minutes(60 * draw(7, 'at', n)))
    trouble(stage, 7)
    stage.run(minutes(240))
    return JSON.stringify([stage.sent, stage.events, stage.turns])
  }
  expect(day()).toBe(day())
})
