/** A kitchen of some size, as its stream would tell it, for tests of what is made of it. */
import type { KitchenThing } from '#gateway'
import type { Of, Things } from '../model/kitchen.ts'

export const seven = Date.UTC(2026, 4, 1, 19) * 1_000
export const inMinutes = (minutes: number): Of<'ticket'>['openedAt'] =>
  (seven + minutes * 60_000_000) as Of<'ticket'>['openedAt']
const actor = { node: 'node-1', isStopped: false }

export const stationThing = (name: string, units: Of<'station'>['units'], cooks: number): Of<'station'> => ({
  ...{ ...actor, id: `station/main:${name}`, kind: 'station', state: 'busy', name, units, next: [] },
  ...{ waiting: 0, working: 0, served: 0, spoilt: 0 },
  cooks: Array.from({ length: cooks }, (_, n) => ({ n: n + 1, here: true, job: '', unit: -1 })),
})
export const applianceThing = (
  kind: 'oven' | 'pan' | 'fryer',
  station: string,
  n: number,
  more: Partial<Of<'oven' | 'pan' | 'fryer'>> = {},
): Of<'oven' | 'pan' | 'fryer'> => ({
  ...{
    ...actor,
    id: `${kind}/main:${station}:${n}`,
    kind,
    station,
    n,
    state: 'ready',
    reading: 180,
    target: 180,
  },
  ...{ level: 0, doorOpen: false, slots: 4, fault: '', sensor: 'ok', isWelded: false, foods: [] },
  ...more,
})
export const probeThing = (station: string, n: number, more: Partial<Of<'probe'>> = {}): Of<'probe'> => ({
  ...{ ...actor, id: `probe/main:${station}:${n}`, kind: 'probe', station, n, state: 'ready', reading: null },
  ...{ job: '', fault: '', sensor: 'ok' },
  ...more,
})
export const timerThing = (
  station: string,
  alarms: Of<'kitchen-timer'>['alarms'] = [],
): Of<'kitchen-timer'> => ({
  ...{ ...actor, id: `kitchen-timer/main:${station}:1`, kind: 'kitchen-timer', station, n: 1, state: 'idle' },
  ...{ fault: '', alarms },
})
export const binThing = (ingredient: string, more: Partial<Of<'bin'>> = {}): Of<'bin'> => ({
  ...{ ...actor, id: `bin/main:${ingredient}`, kind: 'bin', state: 'ok', ingredient, unit: 'g' },
  ...{ free: 900, held: 0, par: 1_000, low: 200, ordered: 0 },
  ...more,
})
export const ticketThing = (key: string, more: Partial<Of<'ticket'>> = {}): Of<'ticket'> => ({
  ...{ ...actor, id: `ticket/${key}`, kind: 'ticket', state: 'cooking', screen: 'new' },
  ...{ openedAt: inMinutes(0), promisedAt: inMinutes(40) },
  plates: [{ key: `${key}:0:1`, dish: 'caprese', is: 'open' }],
  ...more,
})

const many = <T>(count: number, make: (n: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, n) => make(n + 1))
export const thingsIn = (...all: readonly KitchenThing[]): Things =>
  new Map(all.map((thing) => [thing.id, thing]))

/** Ovens, pans and fryers for each station, in the sizes of the house; `size` multiplies them. */
export function kitchenOf(size = 1): readonly KitchenThing[] {
  const [ovens, pans] = [Math.ceil(11 * size), Math.ceil(10 * size)]
  const units = (kind: 'oven' | 'pan' | 'fryer', count: number) => many(count, (n) => ({ kind, n }))
  const grill = [...units('pan', pans), ...units('fryer', 2)]
  return [
    stationThing('grill', grill, Math.ceil(6 * size)),
    stationThing('oven', units('oven', ovens), Math.ceil(4 * size)),
    stationThing('garde-manger', [], Math.ceil(15 * size)),
    ...grill.map(({ kind, n }) => applianceThing(kind, 'grill', n)),
    ...many(ovens, (n) => applianceThing('oven', 'oven', n)),
    ...many(grill.length, (n) => probeThing('grill', n)),
    ...many(ovens, (n) => probeThing('oven', n)),
    ...['grill', 'oven', 'garde-manger'].map((station) => timerThing(station)),
    ...many(31, (n) => binThing(`ingredient-${n}`)),
  ]
}
