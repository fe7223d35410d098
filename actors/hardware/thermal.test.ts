import { describe, expect, test } from 'vitest'
import { draw, drawInteger } from '#actor'
import type { Control, Heat, Plant, Portion, Setting } from './thermal.ts'
import { advance, doneness, opened, programme, raw, until } from './thermal.ts'

const plant: Plant = {
  power: 3_200,
  capacity: 6_000,
  loss: 9,
  doorLoss: 30,
  load: 120,
  opening: 0.02,
  dip: 0,
  lag: 8,
  room: 22,
}
const cold: Heat = { air: 22, sensed: 22, relay: false }
const thermostat = (celsius: number): Control => ({ kind: 'thermostat', low: celsius - 4, high: celsius + 4 })
const setting = (control: Control, over: Partial<Setting> = {}): Setting => ({
  control,
  doorOpen: false,
  stuck: false,
  ...over,
})
const portion = (celsius: number, minutes: number): Portion => ({
  ...raw,
  programme: programme(celsius, minutes),
})

/** The same equations by small steps, the relay looked at in each. */
function stepped(of: Setting, before: Heat, portions: readonly Portion[], seconds: number, dt: number) {
  let { air, sensed, relay } = before
  let foods = portions
  for (let n = 0; n < Math.round(seconds / dt); n += 1) {
    const { control } = of
    if (control.kind === 'off') relay = false
    else if (control.kind === 'power') relay = control.share > 0
    else if (sensed >= control.high) relay = false
    else if (sensed <= control.low) relay = true
    const share = !relay ? 0 : control.kind === 'power' ? control.share : 1
    const loss = plant.loss + (of.doorOpen ? plant.doorLoss : 0)
    const load = share === 0 ? 0 : foods.length * plant.load
    const flow = (t: number): number =>
      (plant.power * share - load - loss * (t - plant.room)) / plant.capacity
    const middle = air + (flow(air) * dt) / 2
    foods = foods.map((food) => {
      const core = food.core + ((middle - food.core) / food.programme.tau) * dt
      return {
        ...food,
        core,
        peak: Math.max(food.peak, core),
        above: food.above + (core > food.programme.doneAt ? dt : 0),
      }
    })
    if (!of.stuck) sensed += ((middle - sensed) / plant.lag) * dt
    air += flow(middle) * dt
  }
  return { heat: { air, sensed, relay }, portions: foods }
}

const settings: readonly (readonly [string, Setting])[] = [
  ['off', setting({ kind: 'off' })],
  ['thermostat', setting(thermostat(180))],
  ['thermostat, door open', setting({ kind: 'off' }, { doorOpen: true })],
  ['thermostat, stuck sensor', setting(thermostat(180), { stuck: true })],
  ['level', setting({ kind: 'power', share: 4 / 9 })],
]

describe('T1: splitting an interval changes nothing', () => {
  for (const [name, of] of settings) {
    test(name, () => {
      for (let n = 0; n < 200; n += 1) {
        const at = (what: string): number => draw(3, `${name}/${what}`, n)
        const start: Heat = {
          air: 22 + 250 * at('air'),
          sensed: 22 + 250 * at('sensed'),
          relay: at('relay') < 0.5,
        }
        const foods = [portion(180, 20), portion(200, 5 + n / 20)].slice(0, drawInteger(3, 3, 'foods', n))
        const whole = 3_000 * at('length')
        const cut = whole * at('cut')
        const one = advance(plant, of, start, foods, whole)
        const first = advance(plant, of, start, foods, cut)
        const two = advance(plant, of, first.heat, first.portions, whole - cut)
        expect(Math.abs(one.heat.air - two.heat.air)).toBeLessThan(1e-9)
        expect(Math.abs(one.heat.sensed - two.heat.sensed)).toBeLessThan(1e-9)
        expect(one.heat.relay).toBe(two.heat.relay)
        for (const [m, food] of one.portions.entries()) {
          expect(Math.abs(food.core - two.portions[m]!.core)).toBeLessThan(1e-9)
          expect(Math.abs(food.above - two.portions[m]!.above)).toBeLessThan(1e-9)
          expect(Math.abs(food.peak - two.portions[m]!.peak)).toBeLessThan(1e-9)
        }
      }
    })
  }

  test('twelve hours in one piece, and in 720', () => {
    const of = setting(thermostat(180))
    let heat = cold
    for (let n = 0; n < 720; n += 1) heat = advance(plant, of, heat, [], 60).heat
    const whole = advance(plant, of, cold, [], 43_200).heat
    expect(Math.abs(whole.air - heat.air)).toBeLessThan(1e-9)
    expect(whole.relay).toBe(heat.relay)
  })
})

describe('the closed form is the differential equation', () => {
  for (const [name, of] of settings) {
    test(name, () => {
      const start: Heat = { air: 150, sensed: 190, relay: true }
      const foods = [portion(180, 12), portion(180, 9.47)]
      const closed = advance(plant, of, start, foods, 900)
      const small = stepped(of, start, foods, 900, 0.005)
      expect(closed.heat.air).toBeCloseTo(small.heat.air, 1)
      expect(closed.heat.sensed).toBeCloseTo(small.heat.sensed, 1)
      for (const [n, food] of closed.portions.entries()) {
        expect(food.core).toBeCloseTo(small.portions[n]!.core, 1)
        expect(Math.abs(food.above - small.portions[n]!.above)).toBeLessThan(0.1)
      }
    })
  }

  test('a core with the time constant of the oven itself is no special case', () => {
    const tau = plant.capacity / plant.loss
    const at = (factor: number): number =>
      advance(
        plant,
        setting({ kind: 'off' }),
        { air: 200, sensed: 200, relay: false },
        [{ ...raw, programme: { ...programme(180, 10), tau: tau * factor } }],
        600,
      ).portions[0]!.core
    // y = T∞ + y0·e^(−t/τ) + T0·(t/τ)·e^(−t/τ), measured from the room.
    const decay = Math.exp(-600 / tau)
    expect(at(1)).toBeCloseTo(22 + (5 - 22) * decay + (200 - 22) * (600 / tau) * decay, 10)
    expect(Math.abs(at(1) - at(1 + 1e-9))).toBeLessThan(1e-6)
  })
})

describe('T2: the relay switches when the sensor crosses', () => {
  test('at the instant, not at the next look', () => {
    const of = setting(thermostat(180))
    const off = until(plant, of, cold, 0, { above: 184 }, 3_600)!
    expect(advance(plant, of, cold, [], off - 1e-6).heat.relay).toBe(true)
    expect(advance(plant, of, cold, [], off + 1e-6).heat.relay).toBe(false)
    const { heat } = advance(plant, of, cold, [], off + 30)
    const on = until(plant, of, heat, 0, { below: 176 }, 3_600)!
    expect(advance(plant, of, heat, [], on - 1e-6).heat.relay).toBe(false)
    expect(advance(plant, of, heat, [], on + 1e-6).heat.relay).toBe(true)
  })

  test('the band holds but for what the lag lets through, however rarely one looks', () => {
    const of = setting(thermostat(180))
    let { heat } = advance(plant, of, cold, [], 1_800)
    for (let n = 0; n < 500; n += 1) {
      heat = advance(plant, of, heat, [], 17.3).heat
      expect(Math.abs(heat.sensed - 180)).toBeLessThan(7)
    }
  })

  test('a sensor that sticks while the relay is on lets the oven run away; while off, go cold', () => {
    const of = setting(thermostat(180), { stuck: true })
    const on = advance(plant, of, { air: 180, sensed: 180, relay: true }, [], 3_600)
    const off = advance(plant, of, { air: 180, sensed: 180, relay: false }, [], 3_600)
    expect(on.heat.air).toBeGreaterThan(370)
    expect(off.heat.air).toBeLessThan(25)
  })
})

test('T3: control off adds no heat, whatever the relay was', () => {
  const { heat } = advance(plant, setting({ kind: 'off' }), { air: 22, sensed: 22, relay: true }, [], 600)
  expect(heat).toEqual({ air: 22, sensed: 22, relay: false })
})

test('an open door cools faster, and opening it costs at once', () => {
  const hot: Heat = { air: 200, sensed: 200, relay: false }
  const open = advance(plant, setting({ kind: 'off' }, { doorOpen: true }), hot, [], 60).heat.air
  expect(open).toBeLessThan(advance(plant, setting({ kind: 'off' }), hot, [], 60).heat.air - 20)
  expect(opened(plant, hot).air).toBeCloseTo(200 - 0.02 * 178, 10)
})

describe('until: when something will happen', () => {
  test('the predicted instant is when it happens', () => {
    const of = setting(thermostat(180))
    const seconds = until(plant, of, cold, 0, { above: 174 }, 3_600)!
    expect(advance(plant, of, cold, [], seconds).heat.sensed).toBeCloseTo(174, 9)
    expect(seconds / 60).toBeGreaterThan(5)
    expect(seconds / 60).toBeLessThan(9)
  })

  test('it looks through the switches of the relay', () => {
    const of = setting(thermostat(180))
    const { heat } = advance(plant, of, cold, [], 1_800)
    expect(until(plant, of, heat, 0, { above: 190, below: 170 }, 3_600)).toBeUndefined()
    const seconds = until(plant, of, heat, 0, { below: 176.5 }, 3_600)!
    expect(advance(plant, of, heat, [], seconds).heat.sensed).toBeCloseTo(176.5, 9)
  })

  test('now, when it is so already; never, with a stuck sensor', () => {
    const hot: Heat = { air: 200, sensed: 200, relay: false }
    expect(until(plant, setting({ kind: 'off' }), hot, 0, { above: 180 }, 60)).toBe(0)
    expect(
      until(plant, setting(thermostat(180), { stuck: true }), cold, 0, { above: 180 }, 9_999),
    ).toBeUndefined()
  })
})

describe('doneness is time above a temperature', () => {
  const cooked = (celsius: number, minutes: number, oven: number, share = 1): string => {
    const of = setting(thermostat(oven))
    const { heat } = advance(plant, of, cold, [], 3_600)
    const { portions } = advance(plant, of, heat, [portion(celsius, minutes)], minutes * 60 * share)
    return doneness(portions[0]!, portions[0]!.programme)
  }
  const table: readonly (readonly [string, string, string])[] = [
    ['its time at its temperature', cooked(180, 20, 180), 'done'],
    ['half of its time', cooked(180, 20, 180, 0.5), 'raw'],
    ['its time in a lukewarm oven', cooked(180, 20, 80), 'raw'],
    ['its time in an oven that ran away', cooked(180, 20, 340), 'burnt'],
    ['three times its time', cooked(180, 20, 180, 3), 'burnt'],
    ['a hot and short programme', cooked(280, 7, 280), 'done'],
  ]
  for (const [name, found, wanted] of table) test(`${name}: ${wanted}`, () => expect(found).toBe(wanted))

  test('food that was burnt stays burnt when it cools', () => {
    const of = programme(180, 20)
    expect(doneness({ core: 20, peak: of.burntAt, above: of.needs }, of)).toBe('burnt')
  })
})
