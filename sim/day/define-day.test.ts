import { describe, expect, test } from 'vitest'
import { ClusterError } from '#actor'
import type { Day, DayOptions } from './index.ts'
import { checkMode, defineDay, hashOfDay, mixed } from './index.ts'

const minimal: DayOptions = {
  name: 'monday',
  open: '11:00',
  close: '22:00',
  guests: {
    arrivals: [
      { at: '11:00', perHour: 10 },
      { at: '22:00', perHour: 0 },
    ],
  },
}

/** What an untyped author may hand in. */
const problemOf = (options: object): string => {
  try {
    defineDay({ ...minimal, ...options } as DayOptions)
  } catch (error) {
    if (error instanceof ClusterError && error.code === 'DAY_INVALID') return error.message
    throw error
  }
  return 'none'
}
const guests = (options: object) => ({ guests: { ...minimal.guests, ...options } })

describe('a day', () => {
  test('needs a name, opening hours and guests, and nothing else', () => {
    const day = defineDay(minimal)
    expect(day).toMatchObject({ title: 'monday', lastOrder: '22:00', faults: [], stock: { par: 1 } })
  })

  test('is plain data: it survives JSON, and its hash says whether two days are the same', () => {
    const day = defineDay(minimal)
    const copy = JSON.parse(JSON.stringify(day)) as Day
    expect(copy).toEqual(day)
    expect(hashOfDay(copy)).toBe(hashOfDay(day))
    expect(hashOfDay(defineDay({ ...minimal, lastOrder: '21:59' }))).not.toBe(hashOfDay(day))
  })

  test('can be made from another day', () => {
    const day = defineDay({ ...defineDay(minimal), name: 'tuesday', cluster: { groups: mixed(5) } })
    expect(day.cluster.groups[0]).toEqual({ name: 'node', nodes: 5, departments: 'all' })
    expect(day.cluster.shards).toBe(defineDay(minimal).cluster.shards)
  })
})

describe('an impossible day is refused with the place, the problem and the remedy', () => {
  test.each([
    ['an untidy name', { name: 'Monday!' }, 'name', "Write it like 'friday-rush'"],
    [
      'close before open',
      { close: '10:00', lastOrder: '10:00' },
      "'10:00' is not after open ('11:00')",
      'close later',
    ],
    ['no time of day', { open: '25:00' }, "open: '25:00' is not a time of day", "like '19:30'"],
    ['a number for a time', { open: 11 }, "open: '11' is not a time of day", "like '19:30'"],
    ['a last order after closing', { lastOrder: '22:30' }, 'lastOrder', 'Leave it out'],
    ['a bare number of minutes', { drainLimit: 90 }, 'drainLimit', "'90s', '10m', '1.5h'"],
    [
      'one point',
      guests({ arrivals: [{ at: '11:00', perHour: 1 }] }),
      'guests.arrivals',
      'the first and the last',
    ],
    [
      'guests before opening',
      guests({
        arrivals: [
          { at: '10:00', perHour: 1 },
          { at: '12:00', perHour: 1 },
        ],
      }),
      "guests.arrivals[0].at: '10:00' is outside of the day ('11:00' to '22:00')",
      'Nobody comes while it is closed',
    ],
    [
      'an unsorted curve',
      guests({
        arrivals: [
          { at: '13:00', perHour: 1 },
          { at: '12:00', perHour: 1 },
        ],
      }),
      'guests.arrivals[1].at',
      'Sort the points',
    ],
    [
      'a curve of nothing',
      guests({ arrivals: minimal.guests.arrivals.map(({ at }) => ({ at, perHour: 0 })) }),
      'nobody ever comes',
      'above 0',
    ],
    [
      'a dish that is not on the menu',
      guests({ dishes: { pancake: 1 } }),
      "there is no dish 'pancake'",
      'margherita-pizza',
    ],
    [
      'a share above 1',
      guests({ cancelShare: 2 }),
      'guests.cancelShare: 2 is not a number from 0 to 1',
      'Choose one',
    ],
    [
      'half a plate',
      guests({ portions: [{ count: 1.5, weight: 1 }] }),
      '1.5 is not a whole number',
      'half a plate',
    ],
    ['a strange station', { kitchen: { sushi: { cooks: 1 } } }, "there is no station 'sushi'", 'grill, oven'],
    ['a slip of the pen', { fault: [] }, 'fault: there is no such field', 'faults'],
    ['a slip of the pen further in', guests({ tabelShare: 1 }), 'guests.tabelShare', 'tableShare'],
    ['a station without cooks', { kitchen: { grill: { cooks: 0 } } }, "kitchen['grill'].cooks", 'Choose one'],
    [
      'an unknown ingredient',
      { stock: { opening: { saffron: 3 } } },
      "there is no ingredient 'saffron'",
      'Use one of',
    ],
    [
      'a delivery at night',
      { stock: { deliveries: [{ at: '23:30', ingredient: 'rice', amount: 1 }] } },
      "stock.deliveries[0].at: '23:30' is outside of the day",
      'Choose a time within it',
    ],
    [
      'no edge',
      { cluster: { groups: [{ name: 'node', nodes: 3, departments: 'all' }] } },
      'no edge',
      "name: 'edge'",
    ],
    [
      'a department without a home',
      {
        cluster: {
          groups: [
            { name: 'a', nodes: 1, departments: ['orders'] },
            { name: 'edge', nodes: 1, departments: [] },
          ],
        },
      },
      "no group hosts 'pantry'",
      'Add it',
    ],
    ['an unknown check', { invariants: ['luck'] }, "there is no check 'luck'", 'Use one of orders'],
    [
      'an objective that is not understood',
      { slo: { 'order.accept': ['fast'] } },
      "'fast' is not understood",
      "'p95 < 200ms'",
    ],
    [
      'an unknown fault',
      { faults: [{ kind: 'meteor', at: '12:00' }] },
      "there is no fault 'meteor'",
      'crash-node',
    ],
    [
      'a fault at night',
      { faults: [{ kind: 'crash-node', node: 'node-1', at: '23:00' }] },
      'faults[0].at',
      'within it',
    ],
    [
      'a fault of nobody',
      { faults: [{ kind: 'crash-node', node: 'node-9', at: '12:00' }] },
      "there is no node 'node-9'",
      'node-1, node-2, node-3, edge-1',
    ],
    [
      'a death at a point that there is not',
      { faults: [{ kind: 'crash-at', node: 'node-1', point: 'before-lunch', at: '12:00', for: '5m' }] },
      "there is no point 'before-lunch'",
      'before-append, before-durable',
    ],
    [
      'a death in writing of a node that never writes',
      { faults: [{ kind: 'crash-at', node: 'edge-1', point: 'before-append', at: '12:00', for: '5m' }] },
      "there is no node with shards 'edge-1'",
      'node-1, node-2, node-3',
    ],
    [
      'a write that fails and does not say how',
      { faults: [{ kind: 'write-fails', node: 'node-1', at: '12:00', for: '5m' }] },
      'faults[0].written',
      'whether the batch is there',
    ],
    [
      'a partition with an empty side',
      { faults: [{ kind: 'partition', between: [['node-1'], []], at: '12:00', for: '5s' }] },
      'faults[0].between[1]: this side is empty',
      'at least one node',
    ],
    [
      'a broken oven that is not there',
      { faults: [{ kind: 'appliance-breakdown', station: 'oven', appliance: 99, at: '12:00', for: '5m' }] },
      'no number 99',
      'from 1',
    ],
    [
      'an oven that breaks while it is broken',
      {
        faults: [
          { kind: 'appliance-breakdown', station: 'oven', appliance: 1, at: '12:30', for: '20m' },
          { kind: 'appliance-breakdown', station: 'oven', appliance: 2, at: '12:10', for: '1h' },
          { kind: 'appliance-breakdown', station: 'oven', appliance: 1, at: '12:00', for: '30m' },
        ],
      },
      'faults[0].at: oven 1 is broken from 12:00 for 30m (faults[2])',
      'one fault that lasts as long as both',
    ],
    [
      'a fault without an end',
      { faults: [{ kind: 'provider-outage', at: '12:00' }] },
      'faults[0].for',
      "'90s'",
    ],
  ])('%s', (_name, options, problem, remedy) => {
    const message = problemOf(options)
    expect(message).toContain(problem)
    expect(message).toContain(remedy)
  })

  test('in types as well, where it is written', () => {
    const wrong: DayOptions = {
      ...minimal,
      // @ts-expect-error there is no such hour
      open: '25:00',
      // @ts-expect-error a length of time has a unit
      drainLimit: 90,
      // @ts-expect-error there is no such dish
      guests: { ...minimal.guests, dishes: { pancake: 1 } },
      // @ts-expect-error a fault has an end
      faults: [{ kind: 'provider-outage', at: '12:00' }],
    }
    expect(wrong).toBeDefined()
  })
})

test('an oven may break again once it was mended, and two ovens at one time', () => {
  const oven = (appliance: number, at: '12:00' | '12:31') =>
    ({ kind: 'appliance-breakdown', station: 'oven', appliance, at, for: '30m' }) as const
  const day = defineDay({ ...minimal, faults: [oven(1, '12:31'), oven(1, '12:00'), oven(2, '12:00')] })
  expect(day.faults).toHaveLength(3)
})

describe('a way of running that cannot honour the day is refused', () => {
  const refusal = (options: Partial<DayOptions>, speed: number): string => {
    try {
      checkMode(defineDay({ ...minimal, ...options }), { kind: 'live', speed })
    } catch (error) {
      return (error as Error).message
    }
    return 'none'
  }

  test('the simulator takes every fault, a live run names the one that it cannot have', () => {
    const faults = [{ kind: 'power-loss', at: '12:00' }] as const
    checkMode(defineDay({ ...minimal, faults }), { kind: 'sim' })
    expect(refusal({ faults }, 60)).toContain('faults[0] for something that a live run cannot do: power-loss')
  })

  test('a live run has the links that it has', () => {
    expect(refusal({ cluster: { character: { dropShare: 0.1 } } }, 60)).toContain(
      'cluster.character.dropShare',
    )
  })

  test('a live run is no faster than three failovers within the shortest deadline, and both are named', () => {
    expect(refusal({}, 60)).toBe('none')
    const message = refusal({}, 100)
    expect(message).toContain('(10 minutes) is 6 s long, and three failovers take 9 s')
    expect(message).toContain('×66 or slower')
  })
})
