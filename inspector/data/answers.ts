/** What the operator API answers, as far as this page reads it. */
import type { Incident, NodeView, TimeView } from '#gateway'

export type Node = Omit<NodeView, 'id'> & { readonly id: string }

export interface Cluster {
  readonly id: string
  readonly isReadOnly: boolean
  readonly world: { readonly now: string; readonly speed: number; readonly isSimulated: boolean }
  readonly nodes: readonly Node[]
  readonly shards: {
    readonly total: number
    readonly unowned: number
    readonly waiting: readonly { readonly type: string; readonly shards: number }[]
  }
}

/** Of a simulated cluster. Instants are ISO here. */
export type Time = Omit<TimeView, 'now' | 'from' | 'to'> & {
  readonly now: string
  readonly from: string
  readonly to: string
}

export interface ActorItem {
  readonly id: string
  readonly status: 'live' | 'stopped' | 'archived'
  /** A name, or an object of them when states are nested. */
  readonly state: unknown
  readonly version: number
  readonly shard: string
  readonly node?: string
  /** Of its last turn. */
  readonly at: string
}

export interface Invariant {
  readonly id: string
  readonly holds: boolean
  readonly detail: string
}

/** Instants are ISO here. */
export type ClusterIncident = Omit<Incident, 'at'> & { readonly at: string }

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor?: string
}
