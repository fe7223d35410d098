import { describe, expect, test } from 'vitest'
import type { KitchenThing } from '#gateway'
import type { Of } from '../model/kitchen.ts'
import type { Rgb } from './drawn.ts'
import { heatColor, type KitchenPalette, type Look } from './kitchen-drawn.ts'
import { lookOf } from './kitchen-look.ts'
import { railOf } from './kitchen-pass.ts'
import { planOf } from './kitchen-plan.ts'
import { roomOf } from './kitchen-room.ts'
import {
  applianceThing,
  binThing,
  inMinutes,
  kitchenOf,
  probeThing,
  seven,
  stationThing,
  thingsIn,
  ticketThing,
  timerThing,
} from './kitchen-things.test-kit.ts'
import { Motions } from './motions.ts'

const gray: Rgb = [0.5, 0.5, 0.5]
const [red, yellow, white, paper, pink]: readonly Rgb[] = [
  [1, 0, 0],
  [1, 1, 0],
  [1, 1, 1],
  [0.9, 0.9, 0.8],
  [1, 0.6, 0.7],
]
const nodes: Readonly<Record<string, Rgb>> = { 'node-1': [0, 0, 1], 'node-2': [0, 1, 0] }
const ramp: readonly Rgb[] = [0, 1, 2, 3, 4, 5].map((n): Rgb => [n / 5, n / 10, 0])
const palette = {
  ...Object.fromEntries(
    'floor joint wall tile steel steelDark iron cloth apron skin line ink inkDim'
      .split(' ')
      .map((name) => [name, gray]),
  ),
  ...{ work: paper, carbon: pink, chosen: white, warn: yellow, bad: red, heat: ramp },
  foods: Object.fromEntries(['leaf', 'red', 'cream', 'brown', 'gold', 'pink'].map((tone) => [tone, gray])),
  node: (node: string | null) => nodes[node ?? ''] ?? gray,
} as unknown as KitchenPalette

const worldNow = seven / 1_000
function looks(
  more: readonly KitchenThing[],
  options: { readonly chosen?: string; readonly motions?: Motions; readonly now?: number } = {},
): Look {
  const things = thingsIn(...kitchenOf(), ...more)
  const { motions = new Motions(), now = 0, chosen } = options
  motions.begin(now)
  return lookOf(planOf(things), things, { palette, motions, worldNow, chosen, hovered: undefined })
}
const has = (look: Look, color: Rgb | undefined): boolean =>
  [...look.solids, ...look.marks, ...look.cards].some((one) => one.color === color)
const crosses = (look: Look): number => look.marks.filter(({ shape }) => shape === 'cross').length
const shining = (look: Look): number => look.marks.filter(({ shape }) => shape === 'glow').length

describe('heat', () => {
  test('is a colour between those of the ramp', () => {
    expect(heatColor(0, ramp)).toEqual(ramp[0])
    expect(heatColor(0.4, ramp)).toEqual(ramp[2])
    expect(heatColor(1, ramp)[0]).toBeCloseTo(1, 3)
  })

  test('lights the floor before an oven, and more through an open door', () => {
    const cold = looks(kitchenOf().map((thing) => ('reading' in thing ? { ...thing, reading: 22 } : thing)))
    expect(shining(cold)).toBe(0)
    const lit = (more: readonly KitchenThing[]): number =>
      Math.max(
        ...looks(more).marks.flatMap(({ shape, alpha, at }) =>
          shape === 'glow' && at[1] < 0.1 ? [alpha] : [],
        ),
      )
    expect(lit([applianceThing('oven', 'oven', 1, { doorOpen: true })])).toBeGreaterThan(lit([]))
  })

  test('is not seen of an oven that nobody runs', () => {
    const all = kitchenOf().map((thing) => (thing.kind === 'oven' ? { ...thing, node: null } : thing))
    expect(shining(looks(all))).toBeLessThan(shining(looks([])))
  })
})

describe('trouble', () => {
  const oven = (more: Partial<Of<'oven'>>): Of<'oven'> => applianceThing('oven', 'oven', 1, more)

  test('that is bad has a cross as well as a colour', () => {
    expect(crosses(looks([]))).toBe(0)
    expect(crosses(looks([oven({ fault: 'overheated' })]))).toBe(1)
    expect(crosses(looks([probeThing('oven', 2, { fault: 'silent', sensor: 'silent' })]))).toBe(1)
    expect(crosses(looks([{ ...timerThing('oven'), fault: 'stopped' }]))).toBe(1)
  })
})

describe('a ticket', () => {
  test('that is undone is pink', () => {
    expect(has(looks([ticketThing('o1', { state: 'cancelling' })]), pink)).toBe(true)
    expect(has(looks([ticketThing('o1')]), pink)).toBe(false)
  })

  test('hangs before those that are promised later, and its clip says who runs it', () => {
    const rail = planOf(thingsIn(...kitchenOf())).rail
    const tickets = [
      ticketThing('late', { promisedAt: inMinutes(50) }),
      ticketThing('soon', { promisedAt: inMinutes(5), node: 'node-2' }),
    ]
    const hung = railOf(tickets, rail)
    expect(hung.map(({ ticket }) => ticket.id)).toEqual(['ticket/soon', 'ticket/late'])
    expect(hung[0]?.x).toBeLessThan(hung[1]?.x ?? 0)
    expect(has(looks(tickets), nodes['node-2'])).toBe(true)
  })

  test('leaves the rail when it has ended, pulled up where it hung', () => {
    const motions = new Motions()
    expect(looks([ticketThing('o1')], { motions }).cards).toHaveLength(1)
    const ended = ticketThing('o1', { state: 'plated' })
    const [card] = looks([ended], { motions, now: 100 }).cards
    expect(card?.size[1]).toBeLessThanOrEqual(0.5)
    looks([ended], { motions, now: 200 })
    expect(looks([ended], { motions, now: 5_000 }).cards).toEqual([])
  })
})

describe('a bin', () => {
  const topOf = (bin: Of<'bin'>): number => {
    const things = thingsIn(...kitchenOf(), bin)
    const { min, max } = planOf(things).boxes.get(bin.id) ?? { min: [0, 0, 0], max: [0, 0, 0] }
    const inIt = looks([bin]).solids.filter(
      ({ shape, at }) =>
        shape === 'box' &&
        at[2] > min[2] &&
        at[2] < max[2] &&
        at[0] < max[0] &&
        at[1] > min[1] + 0.06 &&
        at[1] < max[1],
    )
    return Math.max(min[1], ...inIt.map(({ at, size }) => at[1] + size[1] / 2)) - min[1]
  }

  test('is as full as it is', () => {
    const [empty, half, full] = [0, 500, 1_000].map((free) => topOf(binThing('basil', { free })))
    expect(empty).toBeLessThan(0.1)
    expect(half).toBeGreaterThan(0.25)
    expect(full).toBeGreaterThan((half ?? 0) + 0.2)
  })

  test('that is low has a yellow edge, and one that is empty a red one', () => {
    expect(has(looks([]), yellow)).toBe(false)
    expect(has(looks([binThing('basil', { free: 150 })]), yellow)).toBe(true)
    expect(has(looks([binThing('basil', { free: 0 })]), red)).toBe(true)
  })
})

describe('cooks', () => {
  const grill = (cooks: Of<'station'>['cooks']): Of<'station'> => ({
    ...(kitchenOf().find(({ id }) => id === 'station/main:grill') as Of<'station'>),
    cooks,
  })
  const at = (look: Look, n: number) => look.bodies.find(({ id }) => id === `cook/main:grill:${n}`)?.box

  test('go to the appliance that they have a job for', () => {
    const motions = new Motions()
    motions.isStill = true
    const things = thingsIn(...kitchenOf())
    const pan = planOf(things).boxes.get('pan/main:grill:4')
    const look = looks([grill([{ n: 1, here: true, job: 'o1:0:1.1.0', unit: 3 }])], { motions })
    const box = at(look, 1)
    expect(((box?.min[0] ?? 0) + (box?.max[0] ?? 0)) / 2).toBeCloseTo(
      ((pan?.min[0] ?? 0) + (pan?.max[0] ?? 0)) / 2,
    )
  })

  test('who are away have left a ring, and nothing else', () => {
    const [here, away] = [true, false].map((is) => looks([grill([{ n: 1, here: is, job: '', unit: -1 }])]))
    expect(away?.solids.length).toBeLessThan(here?.solids.length ?? 0)
    expect(away?.marks.some(({ shape, isDashed }) => shape === 'ring' && isDashed)).toBe(true)
  })
})

test('who has come to another node flashes, once', () => {
  const motions = new Motions()
  const moved = [applianceThing('oven', 'oven', 1, { node: 'node-2' })]
  const flashes = (look: Look): number => look.marks.filter(({ shape }) => shape === 'flash').length
  expect(flashes(looks([], { motions }))).toBe(0)
  expect(flashes(looks(moved, { motions, now: 1_000 }))).toBe(1)
  expect(flashes(looks(moved, { motions, now: 1_500 }))).toBe(1)
  expect(flashes(looks(moved, { motions, now: 3_000 }))).toBe(0)
})

test('who had no node for a moment flashes when another one has it', () => {
  const motions = new Motions()
  const at = (node: string | null, now: number): number =>
    looks([applianceThing('oven', 'oven', 1, { node })], { motions, now }).marks.filter(
      ({ shape }) => shape === 'flash',
    ).length
  expect([at('node-1', 0), at(null, 500), at('node-2', 1_000), at('node-2', 3_000)]).toEqual([0, 0, 1, 0])
})

test('what is chosen has an edge in the colour of what is chosen', () => {
  expect(has(looks([]), white)).toBe(false)
  expect(has(looks([], { chosen: 'oven/main:oven:1' }), white)).toBe(true)
})

test('everything that is an actor can be pointed at', () => {
  const things = [...kitchenOf(), ticketThing('o1')]
  const ids = new Set(looks([ticketThing('o1')]).bodies.map(({ id }) => id))
  expect(things.filter(({ id }) => !ids.has(id))).toEqual([])
  expect(ids).toContain('cook/main:grill:1')
})

test('a full house has room in the buffers of the graphics card', () => {
  const things = thingsIn(...kitchenOf(3), ...Array.from({ length: 200 }, (_, n) => ticketThing(`o${n}`)))
  const plan = planOf(things)
  const look = lookOf(plan, things, {
    ...{ palette, motions: new Motions(), worldNow, chosen: undefined, hovered: undefined },
  })
  const solids = [...roomOf(plan, palette), ...look.solids]
  const count = (shape: string): number => solids.filter((solid) => solid.shape === shape).length
  expect(count('box')).toBeLessThan(6_000)
  expect(count('cylinder')).toBeLessThan(2_000)
  expect(count('sphere')).toBeLessThan(1_000)
  expect(count('glow')).toBeLessThan(4_000)
  expect(look.marks.length).toBeLessThan(1_200)
  expect(look.cards.length).toBeLessThan(400)
})

test('a station of which only the name is known is drawn without its cooks', () => {
  expect(
    looks([stationThing('grill', [], 0)]).bodies.some(({ id }) => id.startsWith('cook/main:grill')),
  ).toBe(false)
})
