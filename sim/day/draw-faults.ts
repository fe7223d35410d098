/**
 * The faults of a drawn evening.
 *
 * Each kind is switched on or off for itself, and of those that are on some strike: what hides behind one fault is
 * seen in an evening that is without it.
 *
 * Owns:     how often each kind is chosen, and from which values it is drawn.
 * Does not: decide what can be on one day (`faults/validate-faults.ts` does).
 */

import type { Ingredient, StationName } from '#actors'
import { stationNames } from '#actors'
import { type CrashPoint, crashPoints } from '#sim'
import type { Day, Group } from './day.ts'
import { nodesOf } from './day.ts'
import type { Dice } from './dice.ts'
import type { HeatedStation, OvenStation } from './faults/fault.ts'
import { downOf, endOf, type Fault, type FaultKind, type Of } from './faults/fault.ts'
import {
  conflictOf,
  faultKinds,
  isStubborn,
  leastPerNodeUs,
  type Troubled,
} from './faults/validate-faults.ts'
import type { Duration, TimeOfDay } from './time-of-day.ts'
import { durationUs } from './time-of-day.ts'

/** What faults are drawn for. */
export type Evening = Omit<Troubled, 'faults'> & {
  readonly cluster: Pick<Day['cluster'], 'bounds'>
  readonly deliveries: Day['stock']['deliveries']
  readonly kitchen: Day['kitchen']
  /** The time of day so many minutes after opening. */
  readonly minute: (n: number) => TimeOfDay
}

const heatedStations: readonly HeatedStation[] = ['grill', 'oven', 'pastry']
const ovenStations: readonly OvenStation[] = ['oven', 'pastry']
const perishable: readonly Ingredient[] = ['mozzarella', 'basil', 'cod', 'sea-bass']
const triesMax = 200
/** Where most is at stake: before a write, and when what was accepted is durable and not handled. */
const fragile: readonly CrashPoint[] = ['before-append', 'before-accept', 'before-handling']

/** In which share of evenings a kind is on, where it is not the usual. */
const shares: Partial<Record<FaultKind, number>> = { 'crash-at': 0.8, 'add-node': 0.5, 'drain-node': 0.5 }

/** How often a kind is drawn, of those that are on. Unsaid: once. A write that is pending is the best moment to die in. */
const weights: Partial<Record<FaultKind, number>> = {
  'crash-at': 8,
  'crash-node': 2,
  'drain-node': 3,
  'add-node': 3,
  'write-fails': 2,
  'turns-throw': 2,
  'clock-step': 2,
}

export function drawFaults(dice: Dice, evening: Evening): readonly Fault[] {
  const on = faultKinds.filter((kind) => dice.happens(`fault.${kind}`, shares[kind] ?? 0.3))
  const kinds = (on.length === 0 ? faultKinds : on).flatMap((kind) =>
    Array.from({ length: weights[kind] ?? 1 }, () => kind),
  )
  const wanted = dice.whole('faults', 4, 12)
  const pace = dice.pick('pace', [1, 2])
  const faults: Fault[] = []
  for (let n = 0, minute = dice.whole('first', 2, 5); faults.length < wanted && n < triesMax; n += 1) {
    const at = evening.minute(minute)
    const fault = new FaultDice(dice, n, at, evening).draw(dice.pick('kind', kinds, n))
    minute += dice.whole('gap', 0, 2 * pace, n)
    if (fault === undefined || conflictOf({ ...evening, faults: [...faults, fault] }) !== undefined) continue
    faults.push(fault)
  }
  return faults
}

class FaultDice {
  readonly #dice: Dice
  readonly #n: number
  readonly #at: TimeOfDay
  readonly #evening: Evening

  constructor(dice: Dice, n: number, at: TimeOfDay, evening: Evening) {
    this.#dice = dice
    this.#n = n
    this.#at = at
    this.#evening = evening
  }

  /** Undefined: there is nothing here that it could strike. */
  draw(kind: FaultKind): Fault | undefined {
    const { groups } = this.#evening.cluster
    const at = this.#at
    switch (kind) {
      case 'crash-node':
        return { kind, node: this.#anyNode(), at }
      case 'crash-at':
        return {
          kind,
          node: this.#writingNode(),
          point: this.#point,
          at,
          for: this.#for,
        }
      case 'pause-node': {
        const lasts = this.#pick('pause', ['200ms', '700ms', '3s', '20s'])
        return { kind, node: this.#anyNode(), at, for: lasts }
      }
      case 'long-gc':
        return { kind, node: this.#anyNode(), pause: this.#pick('gc', ['50ms', '400ms']), at, for: '30s' }
      case 'drain-node':
        return { kind, node: this.#writingNode(), at, for: '30s' }
      case 'rolling-restart':
      case 'rolling-upgrade': {
        const nodes = downOf({ kind, at, for: '1s' }, groups).length
        const least = (nodes * leastPerNodeUs(this.#evening.cluster)) / 1_000_000
        return { kind, at, for: `${Math.ceil(least * this.#pick('haste', [1, 2]))}s` }
      }
      case 'add-node':
        return {
          kind,
          group: this.#pick('group', hosting(groups)).name,
          at,
          // Just long enough to be given something, or to stay.
          for: this.#pick('stay', ['3s', '5s', this.#for]),
        }
      case 'restart-cluster':
      case 'launcher-dies':
      case 'power-loss':
        return { kind, at }
      case 'torn-write':
      case 'provider-outage':
      case 'mail-outage':
      case 'sms-outage':
      case 'webhook-outage':
      case 'supplier-outage':
        return { kind, at, for: this.#for }
      case 'write-fails':
        return { kind, node: this.#writingNode(), written: this.#happens('written', 0.5), at, for: this.#for }
      case 'slow-disk':
      case 'slow-reads':
        return { kind, by: this.#pick('by', ['20ms', '300ms', '4s']), at, for: this.#for }
      case 'full-disk':
        return { kind, at, for: this.#pick('full', ['2s', '20s', '2m']) }
      case 'clock-step': {
        const by = this.#pick('by', ['200ms', '5s', '1m', '10m'])
        return { kind, node: this.#anyNode(), by, back: this.#happens('back', 0.5), at, for: this.#for }
      }
      case 'clock-drift': {
        const rate = this.#pick('rate', [0.5, 0.99, 1.01, 2])
        return { kind, node: this.#anyNode(), rate, at, for: this.#for }
      }
      case 'turns-throw':
        return { kind, share: this.#throwShare, at, for: this.#for }
      case 'partition':
        return { kind, between: this.#sides(), oneWay: this.#happens('oneWay', 0.3), at, for: this.#for }
      case 'partition-ring': {
        const nodes = nodesOf(groups).map(({ node }) => node)
        return nodes.length < 4 ? undefined : { kind, nodes, at, for: this.#for }
      }
      case 'delay-frames':
        return { kind, ...this.#links(), by: this.#pick('by', ['50ms', '500ms', '3s']), at, for: this.#for }
      case 'drop-frames':
      case 'duplicate-frames':
      case 'reorder-frames':
      case 'corrupt-frames': {
        const share = this.#pick('share', [0.05, 0.3, 0.9])
        return { kind, ...this.#links(), share, at, for: this.#for }
      }
      case 'provider-declines':
      case 'provider-silent':
        return { kind, share: this.#pick('share', [0.2, 1]), at, for: this.#for }
      case 'provider-slow':
        return { kind, by: this.#pick('by', ['500ms', '5s', '20s']), at, for: this.#for }
      case 'appliance-breakdown':
      case 'sensor-stuck':
      case 'runaway-heat': {
        const station = this.#pick('station', heatedStations)
        return { kind, station, appliance: this.#applianceOf(station), at, for: this.#for }
      }
      case 'sensor-drift': {
        const station = this.#pick('station', heatedStations)
        const kelvin = this.#pick('kelvin', [-60, -15, 15, 60])
        return { kind, station, appliance: this.#applianceOf(station), kelvin, at, for: this.#for }
      }
      case 'probe-silent': {
        const station = this.#pick('station', heatedStations)
        return { kind, station, appliance: this.#whole('appliance', 1, 3), at, for: this.#for }
      }
      case 'timer-stopped':
        return { kind, station: this.#pick('station', heatedStations), at, for: this.#for }
      case 'door-open': {
        const station = this.#pick('station', ovenStations)
        return { kind, station, appliance: this.#whole('appliance', 1, 3), at, for: this.#for }
      }
      case 'cook-ill': {
        const station: StationName = this.#pick('station', stationNames)
        return { kind, station, cook: this.#whole('cook', 1, 2), at, for: this.#for }
      }
      case 'delivery-late':
        return { kind, ...this.#due(), by: this.#pick('by', ['2m', '10m']) }
      case 'delivery-short':
        return { kind, ...this.#due(), share: this.#pick('share', [0.01, 0.5]) }
      case 'spoilage':
        return { kind, ingredient: this.#pick('ingredient', perishable), share: 0.5, at }
    }
  }

  /** Most are short and a few are long: 1/√u is Pareto with exponent 2. */
  get #for(): Duration {
    return `${Math.min(12, Math.floor(2 / Math.sqrt(1 - this.#dice.uniform('lasts', this.#n))))}m`
  }

  // Of a message that is given up something would be left, which no day may have. More than these, and the cooks of a
  // station that fails, who all report to it, make it fail again for as long as turns throw.
  get #throwShare(): number {
    return this.#pick('share', isStubborn(this.#evening.cluster) ? [0.05, 0.08] : [0.002, 0.02, 0.05])
  }

  get #point(): CrashPoint {
    return this.#pick('point', this.#happens('fragile', 0.5) ? fragile : crashPoints)
  }

  /** One of those that are filled first; where there are fryers, every other time the first of them. */
  #applianceOf(station: HeatedStation): number {
    const { appliances, fryers } = this.#evening.kitchen[station]
    const isFryer = fryers > 0 && this.#happens('fryer', 0.5)
    return isFryer ? appliances + 1 : this.#whole('appliance', 1, 3)
  }

  #anyNode(): string {
    return this.#pick('node', nodesOf(this.#evening.cluster.groups)).node
  }

  #writingNode(): string {
    return this.#pick('node', nodesOf(hosting(this.#evening.cluster.groups))).node
  }

  #due(): Pick<Of<'delivery-late'>, 'ingredient' | 'at'> {
    const { ingredient, at } = this.#pick('delivery', this.#evening.deliveries)
    return { ingredient, at }
  }

  /** Half of the time all links, else some. */
  #links(): Pick<Of<'drop-frames'>, 'between' | 'oneWay'> {
    if (this.#happens('everywhere', 0.5)) return {}
    return { between: this.#sides(), oneWay: this.#happens('oneWay', 0.3) }
  }

  #sides(): [string[], string[]] {
    const [first, ...others] = nodesOf(this.#evening.cluster.groups).map(({ node }) => node) as [string]
    const sides: [string[], string[]] = [[first], []]
    for (const node of others as readonly string[]) sides[this.#pick(`side.${node}`, [0, 1])].push(node)
    // The last one is an edge, which does nothing without the others.
    if (sides[1].length === 0) sides[1].push(sides[0].pop() as string)
    return this.#happens('turned', 0.5) ? [sides[1], sides[0]] : sides
  }

  #pick<const T>(what: string, choices: readonly T[]): T {
    return this.#dice.pick(what, choices, this.#n)
  }

  #whole(what: string, least: number, most: number): number {
    return this.#dice.whole(what, least, most, this.#n)
  }

  #happens(what: string, share: number): boolean {
    return this.#dice.happens(what, share, this.#n)
  }
}

const hosting = (groups: readonly Group[]): readonly Group[] =>
  groups.filter(({ departments }) => departments.length > 0)

/** Whole minutes from opening until the last of them has ended. */
export function minutesUntilHealed(faults: readonly Fault[], openUs: number): number {
  return Math.ceil(Math.max(0, ...faults.map((fault) => endOf(fault) - openUs)) / durationUs('1m'))
}
