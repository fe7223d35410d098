/**
 * The way a day is written: what is said, and defaults for everything else.
 *
 * Owns:     what is taken where a day says nothing.
 * Does not: judge the result (`validate-day.ts`, called here).
 */
import type { StationName } from '#actors'
import { recipes, stationNames } from '#actors'
import type { Character, ClusterLayout, Day, Group, Guests, Payments, Station, Stock } from './day.ts'
import { checkNames, usualCharacter, usualLead } from './day.ts'
import type { TimeOfDay } from './time-of-day.ts'
import { checkFields, validateDay } from './validate-day.ts'

/** What a day has to say; everything else has a default. */
export interface DayOptions
  extends Partial<
    Omit<Day, 'name' | 'open' | 'close' | 'guests' | 'kitchen' | 'stock' | 'payments' | 'cluster'>
  > {
  readonly name: string
  readonly open: TimeOfDay
  readonly close: TimeOfDay
  readonly guests: Pick<Guests, 'arrivals'> & Partial<Guests>
  readonly kitchen?: Readonly<Partial<Record<StationName, Partial<Station>>>>
  readonly stock?: Partial<Stock>
  readonly payments?: Partial<Payments>
  readonly cluster?: Partial<Omit<ClusterLayout, 'character'>> & { readonly character?: Partial<Character> }
}

/** One group that hosts everything, and two edges. */
export function mixed(nodes: number): readonly Group[] {
  return [
    { name: 'node', nodes, departments: 'all' },
    { name: 'edge', nodes: 2, departments: [] },
  ]
}

// A house for a thousand guests and two thousand dishes in twelve hours.
export const usualKitchen: Day['kitchen'] = {
  grill: { cooks: 4, appliances: 8, fryers: 2, slots: 4 },
  oven: { cooks: 3, appliances: 8, fryers: 0, slots: 4 },
  'garde-manger': { cooks: 11, appliances: 0, fryers: 0, slots: 1 },
  pastry: { cooks: 2, appliances: 6, fryers: 0, slots: 4 },
}

const everyDish = Object.fromEntries(Object.keys(recipes).map((dish) => [dish, 1]))

/** Everything that a day need not say. */
const usual: Omit<Day, 'name' | 'title' | 'open' | 'lastOrder' | 'close'> = {
  drainLimit: '11h',
  timeZone: 'Europe/Berlin',
  guests: {
    arrivals: [],
    bursts: [],
    portions: [
      { count: 1, weight: 3 },
      { count: 2, weight: 4 },
      { count: 3, weight: 2 },
      { count: 4, weight: 1 },
    ],
    dishes: everyDish,
    cards: { ok: 94, declined: 2, slow: 2, flaky: 1, timeoutCaptured: 1 },
    tableShare: 0.7,
    cancelShare: 0.02,
    cancelWithin: '15m',
    reviseShare: 0,
    repeatShare: 0.03,
    noShowShare: 0.01,
    refundShare: 0.01,
    members: 0.2,
    promise: '40m',
    patience: '2m',
  },
  kitchen: usualKitchen,
  roster: [],
  stock: { par: 1, opening: {}, shelfLife: 1, lead: usualLead, deliveries: [] },
  payments: { latency: '40ms', declineShare: 0 },
  cluster: {
    groups: mixed(3),
    shards: 4,
    bounds: {},
    review: '30s',
    heartbeat: '1s',
    restart: '2s',
    character: usualCharacter,
  },
  faults: [],
  nodesDownMax: 1,
  sometimes: [],
  invariants: checkNames,
  // In a kitchen that is far too small an order may wait two hours for a cook, be cooked for two, and stand on
  // the pass for four: longer than that is stuck.
  settleWithin: '10h',
  slo: { 'order.accept': ['p95 < 200ms', 'p99 < 1s'] },
}

/**
 * A day with its defaults filled in.
 *
 * @throws ClusterError `DAY_INVALID` naming the place and the remedy.
 */
export function defineDay(options: DayOptions): Day {
  const { kitchen = {}, cluster = {} } = options
  const stations = [...new Set([...stationNames, ...Object.keys(kitchen)])] as StationName[]
  const day: Day = {
    title: options.name,
    lastOrder: options.close,
    ...usual,
    ...options,
    guests: { ...usual.guests, ...options.guests },
    kitchen: Object.fromEntries(
      stations.map((name) => [name, { ...usualKitchen[name], ...kitchen[name] }]),
    ) as Day['kitchen'],
    stock: { ...usual.stock, ...options.stock },
    payments: { ...usual.payments, ...options.payments },
    cluster: { ...usual.cluster, ...cluster, character: { ...usualCharacter, ...cluster.character } },
  }
  const own = { name: '', title: '', open: '', lastOrder: '', close: '' }
  checkFields(day.name, [
    ['', day, { ...own, ...usual }],
    ['guests.', day.guests, { ...usual.guests, only: [] }],
    ['stock.', day.stock, usual.stock],
    ['payments.', day.payments, usual.payments],
    ['cluster.', day.cluster, usual.cluster],
    ['cluster.character.', day.cluster.character, usualCharacter],
    ...stations.map((name) => [`kitchen['${name}'].`, day.kitchen[name], usualKitchen.grill] as const),
  ])
  validateDay(day)
  return day
}
