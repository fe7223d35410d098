import { describe, expect, test } from 'vitest'
import { ClusterError } from '#actor'
import { failoverMs, shortestDeadlineMs, speedMax } from '#actors'
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
      'half a guest',
      guests({ bursts: [{ at: '19:00', guests: 1.5, within: '1s' }] }),
      'guests.bursts[0].guests',
      'halves',
    ],
    [
      'a burst after the last order',
      guests({ bursts: [{ at: '22:00', guests: 10, within: '1s' }] }),
      'guests.bursts[0]',
      'before or after',
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
      "no group hosts 'identity'",
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
      'Say which of the two',
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
      'faults[0].at: oven 1 has the trouble of faults[2] until 12:30',
      'when the other is over',
    ],
    [
      'a slip of the pen in a fault',
      { faults: [{ kind: 'crash-node', node: 'node-1', at: '12:00', untill: '13:00' }] },
      'faults[0].untill: a crash-node has no such field',
      'at, node',
    ],
    [
      'an open door of a pan',
      { faults: [{ kind: 'door-open', station: 'grill', appliance: 1, at: '12:00', for: '5m' }] },
      "no station with doors 'grill'",
      'oven, pastry',
    ],
    [
      'a fifth cook of four',
      { faults: [{ kind: 'cook-ill', station: 'grill', cook: 5, at: '12:00', for: '5m' }] },
      'the crew of the grill has 4, and no number 5',
      'from 1',
    ],
    [
      'a late delivery that nobody has ordered',
      { faults: [{ kind: 'delivery-late', ingredient: 'cod', by: '10m', at: '12:00' }] },
      'no cod is due at 12:00',
      'stock.deliveries',
    ],
    [
      'a garbage collection that is a kill',
      { faults: [{ kind: 'long-gc', node: 'node-1', pause: '2s', at: '12:00', for: '1m' }] },
      "no shorter than the heartbeat bound ('1s')",
      'pause-node',
    ],
    [
      'a ring of three',
      { faults: [{ kind: 'partition-ring', nodes: ['node-1', 'node-2', 'node-3'], at: '12:00', for: '1m' }] },
      'no ring in which some are apart',
      'four or more',
    ],
    [
      'a rolling restart in a hurry',
      { faults: [{ kind: 'rolling-restart', at: '12:00', for: '10s' }] },
      'too short for 3 nodes',
      "'48s'",
    ],
    [
      'turns that throw so often that it is no accident',
      { faults: [{ kind: 'turns-throw', share: 0.5, at: '12:00', for: '1m' }] },
      'from 0.000001 to 0.1',
      'Choose one',
    ],
    [
      'a new node of guests',
      { faults: [{ kind: 'add-node', group: 'edge', at: '12:00', for: '1m' }] },
      "no group with shards 'edge'",
      'node',
    ],
    [
      'a trouble that outlasts the day',
      { faults: [{ kind: 'provider-outage', at: '21:50', for: '30m' }] },
      'faults[0]: it lasts until 22:20, and the house closes at 22:00',
      'end earlier',
    ],
    [
      'more nodes down than the day says',
      {
        faults: [
          { kind: 'crash-at', node: 'node-1', point: 'in-call', at: '12:00', for: '5m' },
          { kind: 'crash-node', node: 'edge-1', at: '12:04' },
        ],
      },
      'faults[1]: at 12:04 2 nodes may be down at once, for faults[0], faults[1]',
      'nodesDownMax: 2',
    ],
    [
      'a node that is struck while it is down',
      {
        nodesDownMax: 3,
        faults: [
          { kind: 'drain-node', node: 'node-1', at: '12:00', for: '2m' },
          { kind: 'crash-node', node: 'node-1', at: '12:01' },
        ],
      },
      'faults[1].at: node-1 may be away until 12:02 and 3 s for faults[0], and is then left alone for 10s',
      'Let it strike later',
    ],
    [
      'a clock with two troubles at once',
      {
        faults: [
          { kind: 'clock-step', node: 'node-1', by: '5s', at: '12:00', for: '5m' },
          { kind: 'clock-drift', node: 'node-1', rate: 1.1, at: '12:04', for: '5m' },
        ],
      },
      'the clock of node-1 has the trouble of faults[0] until 12:05',
      'when the other is over',
    ],
    [
      'a situation that nobody knows',
      { sometimes: ['it-rains'] },
      "there is no situation 'it-rains'",
      'order-rejected',
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
    const faults: DayOptions['faults'] = [
      // @ts-expect-error a pan has no door
      { kind: 'door-open', station: 'grill', appliance: 1, at: '12:00', for: '5m' },
      // @ts-expect-error a partition is between somebody
      { kind: 'partition', at: '12:00', for: '5m' },
      // @ts-expect-error there is no such point
      { kind: 'crash-at', node: 'node-1', point: 'before-lunch', at: '12:00', for: '5m' },
    ]
    expect(faults).toBeDefined()
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
    expect(message).toContain('×60 or slower')
    // It is what a cluster takes, too.
    expect(shortestDeadlineMs / speedMax).toBeGreaterThanOrEqual(3 * failoverMs)
  })
})
