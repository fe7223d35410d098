/**
 * How appliances warm, cool and cook: first-order physics in closed form.
 *
 * The cavity follows C·dT/dt = P·u − k·(T − room) − door − load. The sensor follows the cavity with a lag, and
 * so does the core of everything that is being cooked: dX/dt = (T − X)/τ. Between two switches of the relay
 * all of these are sums of exponentials, so they are evaluated, never stepped. The thermostat feels the sensor,
 * not the cavity: a sensor that sticks leaves the relay as it is, and the oven runs away or goes cold.
 *
 * Owns:     the model, the relay's switch instants, the doneness of food.
 * Does not: know the actor's states, messages or clock (`appliance.ts`); it never reads a sensor with noise.
 *
 * Invariants:
 *   T1. `advance` by a and then by b gives what `advance` by a + b gives: the result does not depend on who looks.
 *   T2. The relay switches at the instant when the sensor crosses a threshold, not at the next look.
 *   T3. No heat flows while control is `off`.
 */
import { exp, log } from './exact-math.ts'

/** The constants of one kind of appliance. */
export interface Plant {
  /** Watts at full heat. */
  readonly power: number
  /** Joules that warm it by one kelvin. */
  readonly capacity: number
  /** Watts lost for each kelvin above the room, and those that an open door adds. */
  readonly loss: number
  readonly doorLoss: number
  /** Watts that one portion takes up. */
  readonly load: number
  /** Share of the heat above the room that is lost when something is put in or taken out. */
  readonly opening: number
  /** The share that a cold portion takes besides, at once, where it goes into the heat itself. */
  readonly dip: number
  /** Time constant of the sensor, in seconds. */
  readonly lag: number
  readonly room: number
}

export type Control =
  | { readonly kind: 'off' }
  /** A share of full power, whatever the sensor says: a hob's level, or a relay that is welded shut. */
  | { readonly kind: 'power'; readonly share: number }
  /** Heats below `low`, stops above `high`, in between goes on with what it does. */
  | { readonly kind: 'thermostat'; readonly low: number; readonly high: number }

/** What acts on the plant; constant between two events. */
export interface Setting {
  readonly control: Control
  readonly doorOpen: boolean
  readonly stuck: boolean
}

/** One portion in the heat. */
export interface Core {
  /** Core temperature now, and the highest that it ever was. */
  readonly core: number
  readonly peak: number
  /** Seconds that the core has spent above `doneAt`. */
  readonly above: number
}

/** What heat does to one portion, derived from its programme. */
export interface Programme {
  /** Time constant of its core, in seconds. */
  readonly tau: number
  readonly doneAt: number
  readonly burntAt: number
  /** Seconds above `doneAt` that it needs. */
  readonly needs: number
}

export interface Heat {
  /** True temperature of the cavity or the pan. */
  readonly air: number
  /** What the sensor has come to, before noise and resolution. */
  readonly sensed: number
  readonly relay: boolean
}

export type Doneness = 'raw' | 'done' | 'burnt'

const fridge = 5

/** Share of its time after which a portion at its target temperature is done. */
export const doneAfter = 0.65

/** At its target temperature a portion is done after about 0.65 of its time, and burnt after about 2.2. */
export function programme(celsius: number, minutes: number): Programme {
  const range = celsius - fridge
  return {
    tau: (0.6 * minutes * 60) / log(1 / (1 - 0.4)),
    doneAt: fridge + 0.4 * range,
    burntAt: fridge + 0.85 * range,
    needs: 0.05 * minutes * 60,
  }
}

export const raw: Core = { core: fridge, peak: fridge, above: 0 }

export function doneness(food: Core, of: Programme): Doneness {
  if (food.peak >= of.burntAt) return 'burnt'
  return food.above >= of.needs ? 'done' : 'raw'
}

/** The cavity relaxing to `rest`, and something that follows it. */
interface Curve {
  readonly rest: number
  /** 1/s: of the cavity, and of the follower. */
  readonly a: number
  readonly b: number
  /** Distance from `rest` at the start: of the cavity, and of the follower. */
  readonly cavity: number
  readonly follower: number
}

/** (1 − e^−z)/z, also where both vanish. */
function relaxed(z: number): number {
  if (z > -1e-3 && z < 1e-3) return 1 - (z / 2) * (1 - (z / 3) * (1 - (z / 4) * (1 - z / 5)))
  return (1 - exp(-z)) / z
}

function followerAt(c: Curve, t: number): number {
  // The usual form divides by b − a; this one stays exact when the two rates are alike.
  const driven =
    c.b >= c.a ? exp(-c.a * t) * relaxed((c.b - c.a) * t) : exp(-c.b * t) * relaxed((c.a - c.b) * t)
  return c.rest + c.follower * exp(-c.b * t) + c.cavity * c.b * t * driven
}

/** When the follower turns round: where it meets the cavity. At most once; undefined when never. */
function turn(c: Curve): number | undefined {
  if (c.cavity === 0) return undefined
  const first = (c.cavity - c.follower) / (c.cavity * c.a)
  const w = (c.b - c.a) * first
  if (w <= -1) return undefined
  const t = w > -1e-6 && w < 1e-6 ? first * (1 - w / 2) : log(1 + w) / (c.b - c.a)
  return t > 0 ? t : undefined
}

/** The instants in (0, end] when the follower crosses `level`, at most two, in order. */
function crossings(c: Curve, level: number, end: number): readonly number[] {
  // It stays between where it is and where the cavity goes: mostly there is nothing to look for.
  const offset = level - c.rest
  const cavityAtEnd = c.cavity * exp(-c.a * end)
  if (offset < Math.min(c.follower, c.cavity, cavityAtEnd)) return []
  if (offset > Math.max(c.follower, c.cavity, cavityAtEnd)) return []
  const turning = turn(c)
  const edges = turning !== undefined && turning < end ? [0, turning, end] : [0, end]
  const found: number[] = []
  for (let n = 1; n < edges.length; n += 1) {
    const root = rootWithin(c, level, edges[n - 1] ?? 0, edges[n] ?? end)
    if (root !== undefined) found.push(root)
  }
  return found
}

/** The one root in (low, high] of a stretch where the follower only rises or only falls. */
function rootWithin(c: Curve, level: number, low: number, high: number): number | undefined {
  const start = followerAt(c, low) - level
  const end = followerAt(c, high) - level
  if (end === 0) return start === 0 ? undefined : high
  if (start === 0 || start > 0 === end > 0) return undefined
  let [left, right] = [low, high]
  let t = low + ((high - low) * start) / (start - end)
  // Newton, kept inside a bracket that shrinks: it ends when the step is below what a double can hold.
  for (let n = 0; n < 100; n += 1) {
    const off = followerAt(c, t) - level
    if (off === 0) return t
    if (off > 0 === start > 0) left = t
    else right = t
    const cavity = c.rest + c.cavity * exp(-c.a * t)
    const slope = c.b * (cavity - level - off)
    let next = slope === 0 ? left : t - off / slope
    if (next <= left || next >= right) next = (left + right) / 2
    if (next === t || right - left <= 1e-15 * right) return next
    t = next
  }
  return t
}

/** The relay as the control has it now. */
export function settled(heat: Heat, control: Control): Heat {
  const relay =
    control.kind === 'off'
      ? false
      : control.kind === 'power'
        ? control.share > 0
        : heat.sensed >= control.high
          ? false
          : heat.sensed <= control.low || heat.relay
  return relay === heat.relay ? heat : { ...heat, relay }
}

interface Stretch {
  readonly rest: number
  readonly rate: number
}

function stretch(plant: Plant, setting: Setting, relay: boolean, portions: number): Stretch {
  const share = !relay ? 0 : setting.control.kind === 'power' ? setting.control.share : 1
  const loss = plant.loss + (setting.doorOpen ? plant.doorLoss : 0)
  // A portion takes up heat only while there is some: in a cold oven it is worth nothing.
  const load = share === 0 ? 0 : portions * plant.load
  return { rest: plant.room + (plant.power * share - load) / loss, rate: loss / plant.capacity }
}

/** When the sensor next makes the thermostat switch, within `end` seconds. */
function switching(c: Curve, heat: Heat, setting: Setting, end: number): number | undefined {
  if (setting.control.kind !== 'thermostat' || setting.stuck) return undefined
  return crossings(c, heat.relay ? setting.control.high : setting.control.low, end)[0]
}

function curveOf(heat: Heat, s: Stretch, from: number, tau: number): Curve {
  return { rest: s.rest, a: s.rate, b: 1 / tau, cavity: heat.air - s.rest, follower: from - s.rest }
}

function cooked(food: Core, of: Programme, heat: Heat, s: Stretch, dt: number): Core {
  const c = curveOf(heat, s, food.core, of.tau)
  const core = followerAt(c, dt)
  // It turns downwards only while the cavity cools past it.
  const turning = c.cavity > 0 && c.follower < c.cavity ? turn(c) : undefined
  const top = turning !== undefined && turning < dt ? Math.max(core, followerAt(c, turning)) : core
  let above = food.above
  let from = 0
  let over = food.core > of.doneAt || (food.core === of.doneAt && c.cavity > c.follower)
  for (const t of [...crossings(c, of.doneAt, dt), dt]) {
    if (over) above += t - from
    from = t
    over = !over
  }
  return { core, peak: Math.max(food.peak, top), above }
}

export interface Portion extends Core {
  readonly programme: Programme
}

/** The state after `seconds` under one setting. Portions keep whatever else they carry. */
export function advance<P extends Portion>(
  plant: Plant,
  setting: Setting,
  before: Heat,
  portions: readonly P[],
  seconds: number,
): { readonly heat: Heat; readonly portions: readonly P[] } {
  let heat = settled(before, setting.control)
  let foods = portions
  let left = seconds
  while (left > 0) {
    const s = stretch(plant, setting, heat.relay, foods.length)
    const sensor = curveOf(heat, s, heat.sensed, plant.lag)
    const switched = switching(sensor, heat, setting, left)
    const dt = switched ?? left
    const air = s.rest + sensor.cavity * exp(-s.rate * dt)
    foods = foods.map((food) => ({ ...food, ...cooked(food, food.programme, heat, s, dt) }))
    heat = { ...heat, air, sensed: setting.stuck ? heat.sensed : followerAt(sensor, dt) }
    if (switched !== undefined) heat = flipped(heat, setting.control)
    left -= dt
  }
  return { heat, portions: foods }
}

/** At the switch the sensor stands on the threshold exactly: rounding must not make it switch twice. */
function flipped(heat: Heat, control: Control): Heat {
  if (control.kind !== 'thermostat') return heat
  return { ...heat, sensed: heat.relay ? control.high : control.low, relay: !heat.relay }
}

/** Where the cavity is after something was taken out. */
export function opened(plant: Plant, heat: Heat): Heat {
  return { ...heat, air: heat.air - plant.opening * (heat.air - plant.room) }
}

/** And after a cold portion was put in. */
export function filled(plant: Plant, heat: Heat): Heat {
  return { ...heat, air: heat.air - (plant.opening + plant.dip) * (heat.air - plant.room) }
}

/**
 * Seconds until the sensor stands at or above `above`, or at or below `below`; undefined when it will not within
 * `horizon` seconds. This is how an actor sleeps until something happens instead of looking at every tick.
 */
export function until(
  plant: Plant,
  setting: Setting,
  before: Heat,
  portions: number,
  watch: { readonly above?: number; readonly below?: number },
  horizon: number,
): number | undefined {
  let heat = settled(before, setting.control)
  const { above = Number.POSITIVE_INFINITY, below = Number.NEGATIVE_INFINITY } = watch
  if (heat.sensed >= above || heat.sensed <= below) return 0
  let elapsed = 0
  // A thermostat that has switched a few times without crossing is in its cycle, and will not cross.
  for (let switches = 0; switches < 4 && elapsed < horizon && !setting.stuck; switches += 1) {
    const s = stretch(plant, setting, heat.relay, portions)
    const sensor = curveOf(heat, s, heat.sensed, plant.lag)
    const switched = switching(sensor, heat, setting, horizon - elapsed)
    const end = switched ?? horizon - elapsed
    const hits = [above, below].flatMap((level) =>
      Number.isFinite(level) ? crossings(sensor, level, end) : [],
    )
    if (hits.length > 0) return elapsed + Math.min(...hits)
    if (switched === undefined) return undefined
    heat = flipped({ ...heat, air: s.rest + sensor.cavity * exp(-s.rate * end) }, setting.control)
    elapsed += end
  }
  return undefined
}
