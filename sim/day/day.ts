/**
 * A restaurant day: one file of plain data that says what happens, from opening to the last plate.
 *
 * Owns:     the format.
 * Does not: fill in defaults (`define-day.ts`), judge a day (`validate-day.ts`) or run one (`run-day.ts`).
 *
 * Invariants:
 *   D1. A day is plain data: it survives JSON, and its hash says whether two days are the same.
 */
import { hash32 } from '#actor'
import type { CrewMember, DishName, HousePantry, Ingredient, Means, StationName, StationOpen } from '#actors'
import { applianceRef, ingredients } from '#actors'
import type { Bounds } from '#host'
import type { Delivery } from '#sim'
import type { Fault } from './faults/fault.ts'
import type { Situation } from './situations.ts'
import { type Duration, durationUs, type TimeOfDay, timeUs } from './time-of-day.ts'

/** What a guest's card does at the provider. */
export const cards = ['ok', 'declined', 'slow', 'timeoutCaptured', 'flaky'] as const
export type Card = (typeof cards)[number]

export interface Guests {
  /** Guests per hour at these times, linear between them, none before the first and after the last. */
  readonly arrivals: readonly { readonly at: TimeOfDay; readonly perHour: number }[]
  /** Besides: so many more, each at a random moment of `within` from `at` on. Within seconds: they order online at once. */
  readonly bursts: readonly { readonly at: TimeOfDay; readonly guests: number; readonly within: Duration }[]
  /** How many portions a guest orders, by weight. */
  readonly portions: readonly { readonly count: number; readonly weight: number }[]
  /** Weight of each dish; a dish that is not named is not ordered. */
  readonly dishes: Readonly<Partial<Record<DishName, number>>>
  /** Weight of each kind of card. */
  readonly cards: Readonly<Partial<Record<Card, number>>>
  /** Share that is served at a table; the others collect. */
  readonly tableShare: number
  /** Share of orders that their guest cancels, within `cancelWithin` of placing them. */
  readonly cancelShare: number
  readonly cancelWithin: Duration
  /** Share that pays later, and would have something else before that. */
  readonly reviseShare: number
  /** Share that sends the same request again although it was answered. */
  readonly repeatShare: number
  /** Of those who collect, the share that never comes. */
  readonly noShowShare: number
  /** Share of acknowledged orders of which the house gives something back, within an hour. A day of before it has none. */
  readonly refundShare?: number
  /** Share with an account: they log in, and are told how their orders get on. A day of before it has none. */
  readonly members?: number
  /** What a guest is promised. The kitchen takes the oldest promise first. */
  readonly promise: Duration
  /** How long a guest goes on trying to place an order that is not acknowledged. */
  readonly patience: Duration
  /** Who comes, by number, of all that would: a failure that was made smaller needs few. Absent: everybody. */
  readonly only?: readonly number[]
}

export interface Station {
  readonly cooks: number
  /** Ovens or pans, whichever the station works with; garde-manger works without. */
  readonly appliances: number
  /** Besides; their numbers go on after those of the others. */
  readonly fryers: number
  /** Dishes that one appliance takes at a time. */
  readonly slots: number
}

/** What is special about one cook: what he or she can do, and is there when. */
export interface Duty {
  readonly station: StationName
  readonly cook: number
  /** Without any: all that the station does. */
  readonly skills?: readonly Means[]
  /** Without one: from opening to closing. */
  readonly shift?: { readonly from: TimeOfDay; readonly to: TimeOfDay }
  readonly breaks?: readonly { readonly at: TimeOfDay; readonly for: Duration }[]
}

export interface Stock {
  /** Of every ingredient's usual opening stock and par level. */
  readonly par: number
  /** Opening stock of single ingredients, instead. */
  readonly opening: Readonly<Partial<Record<Ingredient, number>>>
  /** Of every ingredient's usual shelf life. */
  readonly shelfLife: number
  /** From an order of what has run low to its delivery, when it is in time. A day of before it has the usual one. */
  readonly lead?: Duration
  readonly deliveries: readonly {
    readonly at: TimeOfDay
    readonly ingredient: Ingredient
    readonly amount: number
  }[]
}

export interface Payments {
  /** The middle of the time that the provider takes. */
  readonly latency: Duration
  /** Of good cards, the share that is declined all the same. */
  readonly declineShare: number
}

export interface Group {
  readonly name: string
  readonly nodes: number
  /** What its nodes host; `'all'`: the whole restaurant. A group that hosts nothing is an edge: guests come in there. */
  readonly departments: 'all' | readonly string[]
}

/** What links do to frames, and how fast the disk is. In a live run both are what they are. */
export interface Character {
  readonly delay: Duration
  readonly dropShare: number
  /** Of frames with an acknowledgement or an answer. */
  readonly dropAcknowledgementShare: number
  readonly duplicateShare: number
  readonly reorderShare: number
  /** Which frame comes first. */
  readonly delivery: Delivery
  readonly flush: Duration
  /** How far the clock of a node is from the right time, at most; `'0s'`: all are right. */
  readonly clockSkew: Duration
  /** Until a node is told of a change among the members, at most. */
  readonly news: Duration
  /** Until a write can be read by others, and how long a read takes. */
  readonly write: Duration
  readonly read: Duration
}

export interface ClusterLayout {
  readonly groups: readonly Group[]
  /** Shards of each department. */
  readonly shards: number
  /** Bounds of its nodes that are not the usual ones: small ones make rare things common. */
  readonly bounds: Partial<Bounds>
  readonly character: Character
  /** How often a node looks at the shard table without a reason; deaths and moves are told at once. */
  readonly review: Duration
  /** The launcher kills a node that is silent for so long. */
  readonly heartbeat: Duration
  /** Until a node that died is started again. */
  readonly restart: Duration
}

/** `reads` is judged of simulated days: a live one asks through HTTP, and does not see the journal while it asks. */
export const checkNames = [
  'orders',
  'money',
  'stock',
  'kitchen',
  'identity',
  'owner',
  'messages',
  'reads',
  'conformance',
  'notices',
  'read-models',
  'liveness',
  'nothing-left',
  'faults-fired',
  'reached',
] as const
export type CheckName = (typeof checkNames)[number]

export interface Day {
  /** Kebab-case. */
  readonly name: string
  readonly title: string
  readonly open: TimeOfDay
  /** Nobody is let in after it. */
  readonly lastOrder: TimeOfDay
  readonly close: TimeOfDay
  /** How long after closing the last orders may take before the day is judged as it stands. */
  readonly drainLimit: Duration
  /** For reports. */
  readonly timeZone: string
  readonly guests: Guests
  readonly kitchen: Readonly<Record<StationName, Station>>
  readonly roster: readonly Duty[]
  readonly stock: Stock
  readonly payments: Payments
  readonly cluster: ClusterLayout
  readonly faults: readonly Fault[]
  /** How many nodes faults may keep down at once; those that end all of them at once apart. */
  readonly nodesDownMax: number
  /** Situations that the day must have reached: a day that never came to what it is about proves nothing. */
  readonly sometimes: readonly Situation[]
  /** What must never be. Default: every check there is. */
  readonly invariants: readonly CheckName[]
  /** An acknowledged order settles within this, counted from its acknowledgement or from the end of the last fault. */
  readonly settleWithin: Duration
  /** `{ 'order.accept': ['p95 < 200ms'] }`, from the moment at which the guest meant to order. */
  readonly slo: Readonly<Record<string, readonly string[]>>
}

export const usualLead: Duration = '2h'

/** The machine that a day runs on when it does not say. */
export const usualCharacter: Character = {
  delay: '200us',
  dropShare: 0,
  dropAcknowledgementShare: 0,
  duplicateShare: 0,
  reorderShare: 0,
  delivery: 'in-order',
  clockSkew: '0s',
  news: '2ms',
  flush: '2ms',
  write: '1ms',
  read: '200us',
}

/** The names of a layout's nodes: `node-1`, `node-2`, `edge-1`. */
export function nodesOf(
  groups: readonly Group[],
): readonly { readonly node: string; readonly group: string }[] {
  return groups.flatMap(({ name, nodes }) =>
    Array.from({ length: nodes }, (_, n) => ({ node: `${name}-${n + 1}`, group: name })),
  )
}

/** What a station cooks with; undefined: with hands alone. */
export function applianceOf(station: StationName): 'oven' | 'pan' | undefined {
  if (station === 'garde-manger') return undefined
  return station === 'grill' ? 'pan' : 'oven'
}

/** What the bins open the day with. */
export const pantryOf = ({ stock: { par, opening, shelfLife } }: Day): HousePantry => ({
  scale: par,
  opening,
  shelfLife,
})

/** What its station opens with. */
export function stationOpen({ kitchen }: Day, site: string, name: StationName): StationOpen {
  const { cooks, appliances, fryers, slots } = kitchen[name]
  const kind = applianceOf(name)
  return {
    type: 'station.open',
    site,
    name,
    cooks,
    ovens: kind === 'oven' ? appliances : 0,
    pans: kind === 'pan' ? appliances : 0,
    fryers,
    slots,
  }
}

/** The appliance with this number at a station: its fryers come after the others. */
export function applianceAt({ kitchen }: Day, site: string, station: StationName, n: number) {
  const { appliances } = kitchen[station]
  const kind = applianceOf(station)
  if (kind === undefined || n > appliances) return applianceRef('fryer', site, station, n - appliances)
  return applianceRef(kind, site, station, n)
}

/** The duties of a station's cooks, on the day that begins at `midnight` by the world's clock. */
export function crewOf({ roster }: Day, station: StationName, midnight = 0): CrewMember[] {
  const at = (time: TimeOfDay): number => midnight + timeUs(time)
  return roster
    .filter((duty) => duty.station === station)
    .map(({ cook, skills, shift, breaks = [] }) => ({
      n: cook,
      ...(skills && { skills: [...skills] }),
      ...(shift && { shift: { from: at(shift.from), to: at(shift.to) } }),
      breaks: breaks.map((pause) => ({ at: at(pause.at), minutes: durationUs(pause.for) / 60_000_000 })),
    }))
}

/** What an ingredient opens the day with. */
export function openingOf(day: Day, ingredient: Ingredient): number {
  return day.stock.opening[ingredient] ?? Math.round(ingredients[ingredient].opening * day.stock.par)
}

/** Sixteen hexadecimal characters of everything that the day says. */
export function hashOfDay(day: Day): string {
  const text = JSON.stringify(day)
  return [0, 0x9e3779b9].map((lane) => hash32(text, lane).toString(16).padStart(8, '0')).join('')
}
