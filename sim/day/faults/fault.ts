/**
 * What can go wrong on a day, as plain data: one vocabulary for scenario files, the simulator and a live cluster.
 *
 * Owns:     the words, and what follows from a fault's words alone: whom it strikes, until when.
 * Does not: judge them (`validate-faults.ts`) or carry them out (`faults.ts`; live: `live-faults.ts`).
 *
 * Invariants:
 *   F3. Every fault ends by itself; where it has a `for`, after that.
 */
import type { Ingredient, StationName } from '#actors'
import type { CrashPoint } from '#sim'
import type { Group } from '../day.ts'
import { nodesOf } from '../day.ts'
import type { Duration, TimeOfDay } from '../time-of-day.ts'
import { durationUs, timeUs } from '../time-of-day.ts'

/** Stations that cook with something. */
export type HeatedStation = Exclude<StationName, 'garde-manger'>
/** Stations whose appliances have doors. */
export type OvenStation = Exclude<HeatedStation, 'grill'>

interface Momentary {
  readonly at: TimeOfDay
}

interface Lasting extends Momentary {
  readonly for: Duration
}

/** On the links from the one side to the other, and back unless it is one-way. Without `between`: on all links. */
interface OfLinks extends Lasting {
  readonly between?: readonly [readonly string[], readonly string[]]
  readonly oneWay?: boolean
}

interface OfAppliance extends Lasting {
  /** Which of the station's, from 1; its fryers come last. */
  readonly appliance: number
}

/** Of processes and of the machine that they are on. */
export type MachineFault =
  /** Its memory is gone at once. */
  | ({ readonly kind: 'crash-node'; readonly node: string } & Momentary)
  /** It is killed when it next comes to this point of its work; `for` is how long that is waited for. */
  | ({ readonly kind: 'crash-at'; readonly node: string; readonly point: CrashPoint } & Lasting)
  /** It is stopped, and goes on. Longer than the heartbeat bound, it becomes a kill. */
  | ({ readonly kind: 'pause-node'; readonly node: string } & Lasting)
  /** Its loop stands still for `pause` again and again, and runs for as long in between. */
  | ({ readonly kind: 'long-gc'; readonly node: string; readonly pause: Duration } & Lasting)
  /** It hands over all that it owns, then its process ends. `for` is how long that may take before it is killed. */
  | ({ readonly kind: 'drain-node'; readonly node: string } & Lasting)
  /** Every node with shards is drained and started again, one after the other, spread over `for`. */
  | ({ readonly kind: 'rolling-restart' } & Lasting)
  /** The same into a newer build of every actor: until the last one, the cluster is of two builds. */
  | ({ readonly kind: 'rolling-upgrade' } & Lasting)
  /** One more node of this group joins; after `for` it is drained, and leaves for good. */
  | ({ readonly kind: 'add-node'; readonly group: string } & Lasting)
  /** Every process ends at once, and comes back after `cluster.restart`. */
  | ({ readonly kind: 'restart-cluster' } & Momentary)
  /** The launcher is killed: every node gives back what it owns and ends. They come back with another launcher. */
  | ({ readonly kind: 'launcher-dies' } & Momentary)
  /** Every process ends at once, and what was not flushed is gone. */
  | ({ readonly kind: 'power-loss' } & Momentary)
  /** The same in the middle of a flush, which is waited for: a write is on the disk in part. */
  | ({ readonly kind: 'torn-write' } & Lasting)
  /** Its next write fails. `written`: it is on the disk all the same; the node cannot know. */
  | ({ readonly kind: 'write-fails'; readonly node: string; readonly written: boolean } & Lasting)
  /** Every write and every flush takes up to this much longer. */
  | ({ readonly kind: 'slow-disk'; readonly by: Duration } & Lasting)
  /** Every read takes up to this much longer: whoever loads a shard or an actor waits. */
  | ({ readonly kind: 'slow-reads'; readonly by: Duration } & Lasting)
  /** Nothing more fits on the disk. */
  | ({ readonly kind: 'full-disk' } & Lasting)
  /** Its clock jumps ahead, or back, and is set right at the end. */
  | ({
      readonly kind: 'clock-step'
      readonly node: string
      readonly by: Duration
      readonly back?: boolean
    } & Lasting)
  /** Its clock runs at `rate` instead of 1. */
  | ({ readonly kind: 'clock-drift'; readonly node: string; readonly rate: number } & Lasting)
  /** A share of all turns throw before they begin. */
  | ({ readonly kind: 'turns-throw'; readonly share: number } & Lasting)

export type LinkFault =
  /** No frame passes. */
  | ({ readonly kind: 'partition' } & OfLinks & Required<Pick<OfLinks, 'between'>>)
  /** Each of these reaches the two beside it, the first and the last included, and no other of them. */
  | ({ readonly kind: 'partition-ring'; readonly nodes: readonly string[] } & Lasting)
  | ({ readonly kind: 'delay-frames'; readonly by: Duration } & OfLinks)
  | ({ readonly kind: 'drop-frames'; readonly share: number } & OfLinks)
  | ({ readonly kind: 'duplicate-frames'; readonly share: number } & OfLinks)
  | ({ readonly kind: 'reorder-frames'; readonly share: number } & OfLinks)
  /** They arrive damaged, which is noticed. */
  | ({ readonly kind: 'corrupt-frames'; readonly share: number } & OfLinks)

export type RestaurantFault =
  /** The provider fails (5xx), and does nothing. */
  | ({ readonly kind: 'provider-outage' } & Lasting)
  /** It declines this share of good cards. */
  | ({ readonly kind: 'provider-declines'; readonly share: number } & Lasting)
  | ({ readonly kind: 'provider-slow'; readonly by: Duration } & Lasting)
  /** It does what it is asked, and of this share nobody hears. */
  | ({ readonly kind: 'provider-silent'; readonly share: number } & Lasting)
  /** Nothing is taken by the mail server, by the SMS provider, by any receiver of webhooks. */
  | ({ readonly kind: 'mail-outage' } & Lasting)
  | ({ readonly kind: 'sms-outage' } & Lasting)
  | ({ readonly kind: 'webhook-outage' } & Lasting)
  /** No supplier takes an order, or tells of one. */
  | ({ readonly kind: 'supplier-outage' } & Lasting)
  | ({ readonly kind: 'appliance-breakdown'; readonly station: HeatedStation } & OfAppliance)
  /** Its sensor shows what it last showed. */
  | ({ readonly kind: 'sensor-stuck'; readonly station: HeatedStation } & OfAppliance)
  /** Its sensor shows so many kelvin too much; below zero, too little. */
  | ({
      readonly kind: 'sensor-drift'
      readonly station: HeatedStation
      readonly kelvin: number
    } & OfAppliance)
  /** Full heat, whatever is wanted. */
  | ({ readonly kind: 'runaway-heat'; readonly station: HeatedStation } & OfAppliance)
  /** The probe beside this appliance shows nothing; what cooks in there is done by its time. */
  | ({ readonly kind: 'probe-silent'; readonly station: HeatedStation } & OfAppliance)
  /** The kitchen timer stands still; what rests is taken by the clock on the wall. */
  | ({ readonly kind: 'timer-stopped'; readonly station: HeatedStation } & Lasting)
  | ({ readonly kind: 'door-open'; readonly station: OvenStation } & OfAppliance)
  /** The cook goes home at once, and is well again after `for`. */
  | ({ readonly kind: 'cook-ill'; readonly station: StationName; readonly cook: number } & Lasting)
  /** Of the delivery that is due `at` this time. */
  | ({ readonly kind: 'delivery-late'; readonly ingredient: Ingredient; readonly by: Duration } & Momentary)
  /** `share`: what comes of it. */
  | ({ readonly kind: 'delivery-short'; readonly ingredient: Ingredient; readonly share: number } & Momentary)
  /** This share of what is free is thrown away. */
  | ({ readonly kind: 'spoilage'; readonly ingredient: Ingredient; readonly share: number } & Momentary)

export type Fault = MachineFault | LinkFault | RestaurantFault
export type FaultKind = Fault['kind']
export type Of<Kind extends FaultKind> = Extract<Fault, { readonly kind: Kind }>

/** Faults that end every process. */
export const clusterWide: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'restart-cluster',
  'launcher-dies',
  'power-loss',
  'torn-write',
])

/** When it is over, in microseconds since midnight; whoever ended may take a moment more to come back. */
export function endOf(fault: Fault): number {
  const lasts = 'for' in fault ? fault.for : fault.kind === 'delivery-late' ? fault.by : undefined
  return timeUs(fault.at) + (lasts === undefined ? 0 : durationUs(lasts))
}

/** Nodes that are down for it, one after the other or at once. */
export function downOf(fault: Fault, groups: readonly Group[]): readonly string[] {
  switch (fault.kind) {
    case 'crash-node':
    case 'crash-at':
    case 'pause-node':
    case 'drain-node':
      return [fault.node]
    case 'rolling-restart':
    case 'rolling-upgrade':
      return nodesOf(groups.filter(({ departments }) => departments.length > 0)).map(({ node }) => node)
    default:
      return clusterWide.has(fault.kind) ? nodesOf(groups).map(({ node }) => node) : []
  }
}

/** What it has to itself while it lasts: two faults at once would undo each other. */
export function objectOf(fault: Fault): string | undefined {
  switch (fault.kind) {
    case 'clock-step':
    case 'clock-drift':
      return `the clock of ${fault.node}`
    case 'appliance-breakdown':
    case 'sensor-stuck':
    case 'sensor-drift':
    case 'runaway-heat':
    case 'door-open':
      return `${fault.station} ${fault.appliance}`
    case 'probe-silent':
      return `the probe of ${fault.station} ${fault.appliance}`
    case 'timer-stopped':
      return `the timer of ${fault.station}`
    case 'cook-ill':
      return `cook ${fault.cook} of ${fault.station}`
    case 'add-node':
      return `a new node of ${fault.group}`
    case 'turns-throw':
      return 'turns'
    case 'delivery-late':
    case 'delivery-short':
      return `the delivery of ${fault.ingredient}`
    default:
      return undefined
  }
}

/** Whom it strikes, for people. */
export function targetOf(fault: Fault): string {
  switch (fault.kind) {
    case 'crash-at':
      return `${fault.node} ${fault.point}`
    case 'partition':
    case 'delay-frames':
    case 'drop-frames':
    case 'duplicate-frames':
    case 'reorder-frames':
    case 'corrupt-frames':
      return fault.between?.map((side) => side.join('+')).join(fault.oneWay ? ' → ' : ' | ') ?? 'all links'
    case 'partition-ring':
      return fault.nodes.join('–')
    case 'provider-outage':
    case 'provider-declines':
    case 'provider-slow':
    case 'provider-silent':
      return 'provider'
    case 'mail-outage':
    case 'sms-outage':
    case 'webhook-outage':
    case 'supplier-outage':
      return fault.kind.slice(0, fault.kind.indexOf('-'))
    case 'slow-disk':
    case 'slow-reads':
    case 'full-disk':
      return 'disk'
    case 'spoilage':
      return fault.ingredient
    default:
      return objectOf(fault) ?? ('node' in fault ? fault.node : 'cluster')
  }
}
