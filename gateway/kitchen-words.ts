/**
 * What the kitchen shows, as the `kitchen` stream tells it: things, each of them an actor.
 *
 * Owns:     the shapes. Nothing of Node is used here: pages have it, too.
 * Does not: look (`ops/kitchen-feed.ts`).
 */
import type { Instant } from '#actor'

interface Actor {
  /** `oven/main:oven:1`. */
  readonly id: string
  /** Who runs it; null while nobody does. */
  readonly node: string | null
  /** Its supervisor has given it up. */
  readonly isStopped: boolean
  /** As its machine names it. */
  readonly state: string
}

interface Device extends Actor {
  readonly station: string
  readonly n: number
  /** Empty while there is none. */
  readonly fault: string
}

/** What its sensor shows is not what is so, unless it is `ok`. */
type Sensor = 'ok' | 'stuck' | 'silent' | 'drift'

export interface KitchenFood {
  readonly job: string
  readonly since: Instant
  readonly ends: Instant
  readonly done: boolean
}

export interface KitchenAppliance extends Device {
  readonly kind: 'oven' | 'pan' | 'fryer'
  /** °C; null when the sensor is silent. */
  readonly reading: number | null
  /** °C to hold; 0 is off. */
  readonly target: number
  readonly level: number
  readonly doorOpen: boolean
  readonly slots: number
  readonly sensor: Sensor
  /** Its relay is welded: full heat, whatever is wanted. */
  readonly isWelded: boolean
  readonly foods: readonly KitchenFood[]
}

export interface KitchenProbe extends Device {
  readonly kind: 'probe'
  readonly reading: number | null
  readonly sensor: Sensor
  /** The food that it was last in; empty when there was none. */
  readonly job: string
}

export interface KitchenTimer extends Device {
  readonly kind: 'kitchen-timer'
  readonly alarms: readonly {
    readonly alarm: string
    /** When it rings; null while it stands still. */
    readonly rings: Instant | null
    readonly leftMs: number
  }[]
}

export interface KitchenStation extends Actor {
  readonly kind: 'station'
  readonly name: string
  /** `job` is in hand, or empty; `unit` is the place of its appliance in `units`, or −1. */
  readonly cooks: readonly {
    readonly n: number
    readonly here: boolean
    readonly job: string
    readonly unit: number
  }[]
  /** Its appliances, in the order in which its probes are numbered. */
  readonly units: readonly { readonly kind: KitchenAppliance['kind']; readonly n: number }[]
  /** Jobs that wait, and the first of them. */
  readonly waiting: number
  readonly next: readonly string[]
  readonly working: number
  readonly served: number
  readonly spoilt: number
}

export interface KitchenTicket extends Actor {
  readonly kind: 'ticket'
  readonly screen: 'new' | 'accepted' | 'bumped'
  readonly openedAt: Instant
  readonly promisedAt: Instant
  readonly plates: readonly {
    readonly key: string
    readonly dish: string
    readonly is: 'open' | 'plated' | 'failed' | 'cancelled'
  }[]
}

export interface KitchenBin extends Actor {
  readonly kind: 'bin'
  readonly ingredient: string
  readonly unit: 'g' | 'piece'
  readonly free: number
  readonly held: number
  readonly par: number
  readonly low: number
  readonly ordered: number
}

export type KitchenThing =
  | KitchenAppliance
  | KitchenProbe
  | KitchenTimer
  | KitchenStation
  | KitchenTicket
  | KitchenBin

/** Of a thing that was told before only what is different; of a new one, and in one that is `whole`, all. */
export interface KitchenPatch {
  readonly whole: boolean
  /** World time, in microseconds. */
  readonly at: Instant
  readonly things: readonly (Partial<KitchenThing> & { readonly id: string })[]
  readonly gone: readonly string[]
}
