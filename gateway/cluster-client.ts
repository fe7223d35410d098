/**
 * What the gateway asks of the cluster behind it.
 *
 * Owns:     the one interface between HTTP and the host, and the shapes of what operators are shown.
 * Does not: know HTTP, or how a request finds the owner of a shard (the host's router).
 *
 * Invariants:
 *   G1. No method throws synchronously. `request` and `command` never reject: their outcome is a value.
 *   G2. What `request` answers is durable: an outcome that states a fact about an actor is never taken back.
 */
import type { TapBatch, TapOrder } from '#activity'
import type { ActorId, Instant } from '#actor'
import type {
  ActorStatus,
  CounterName,
  DeadReason,
  Epoch,
  JournalRecord,
  Member,
  MessageId,
  NodeId,
  Outcome,
  RecordPlace,
  Request,
  ShardId,
  TurnSource,
} from '#ports'

/** A request without what the client fills in: its id, and the node that the response returns to. */
export type ActorRequest = Omit<Request, 'id' | 'node'>

/** As a `TurnSource` it tells the turns of all actors, for read models. */
export interface ClusterClient extends TurnSource {
  /** Routes to the owner of the actor's shard; waits out a relocation, at most `timeoutMs` in all. */
  request(request: ActorRequest): Promise<Outcome>
  /** An actor's journal, newest first. Empty when there never was such an actor. */
  history(
    actor: ActorId,
    page: { readonly before?: RecordPlace; readonly limit: number },
  ): Promise<readonly JournalRecord[]>
  /** Calls back when the actor may have a new turn; a call too many is harmless, one too few is not. */
  watch(actor: ActorId, changed: () => void): () => void
  /** Frames of `#activity`, of all nodes, each beginning with one that is whole. Lost ones are followed by such a one. */
  watchActivity(see: (frame: Uint8Array) => void): ActivityWatch
  /** Tells every message that fits, of all nodes, until what is returned is called. `lost`: before these, on their way here. */
  tapMessages(order: TapOrder, hear: (batch: TapBatch, lost: number) => void): () => void
  cluster(): Promise<ClusterView>
  actors(filter: ActorFilter): Promise<Page<ActorListItem>>
  deadLetters(filter: { readonly limit: number; readonly cursor?: string }): Promise<Page<DeadLetterItem>>
  command(command: NodeCommand): Promise<CommandOutcome>
  /** Whether requests can be answered now: there is a link to the cluster, and owners of shards are known. */
  ready(): boolean
  /** Of each department, how many of its shards somebody owns now, as far as this process knows. */
  ownership(): readonly Ownership[]
  /** Who takes part, as far as this process knows. */
  members(): readonly KnownMember[]
  /** The world clock now: what a promise made by the gateway counts from. */
  worldNow(): Instant
  /** 32 bytes stored with the data: keys of requests and tokens of orders are derived from it. */
  idempotencyKey(): Uint8Array
}

export interface ActivityWatch {
  /** Has every node tell all there is: somebody has missed something. */
  again(): void
  stop(): void
}

/** `cursor` is the client's own, from the page before; the gateway signs it on its way out. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor?: string
}

export interface ClusterView {
  readonly id: string
  readonly world: { readonly now: Instant; readonly speed: number }
  readonly nodes: readonly NodeView[]
  readonly shards: readonly ShardPlace[]
}

/**
 * - `up`, `cordoned`, `leaving`: takes part
 * - `paused`: frozen
 * - `starting`: its process loads
 * - `waiting`: no process; a restart is due
 * - `down`: no process, and none to come
 */
export const nodeStates = ['up', 'cordoned', 'leaving', 'paused', 'starting', 'waiting', 'down'] as const
export type NodeState = (typeof nodeStates)[number]

export interface NodeView {
  readonly id: NodeId
  readonly group: string
  readonly state: NodeState
  /** Grows with each process of this name. */
  readonly life: number
  readonly address: string
  /** Absent when there is no process, or none of its own. */
  readonly pid?: number
  readonly shardsOwned: number
  /** Since the start of the process. */
  readonly counters: Readonly<Partial<Record<CounterName, number>>>
  /** Values of now: `actors`, `mailboxRows`, `heapBytes`, … */
  readonly gauges: Readonly<Record<string, number>>
  readonly latencies: Readonly<Partial<Record<'commit' | 'request' | 'recovery', Latency>>>
}

/** A cumulative histogram with its quantiles: `buckets[i]` observations took at most `boundsMs[i]`. */
export interface Latency {
  readonly count: number
  readonly sumMs: number
  readonly maxMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly boundsMs: readonly number[]
  readonly buckets: readonly number[]
}

export interface ShardPlace {
  readonly shard: ShardId
  readonly epoch: Epoch
  /** Absent: nobody owns it at the moment. */
  readonly owner?: NodeId
  /** Nobody owns it because no build that is here can go on from what a newer one wrote. */
  readonly waitsFor?: NewerBuild
}

export type KnownMember = Pick<Member, 'node' | 'life' | 'state'>

export interface Ownership {
  readonly department: string
  readonly shards: number
  readonly owned: number
}

/** Of each department, from the owners of its shards. A shard is named `department.number`. */
export function ownershipOf(
  shards: readonly ShardId[],
  isOwned: (shard: ShardId) => boolean,
): readonly Ownership[] {
  const found = new Map<string, { department: string; shards: number; owned: number }>()
  for (const shard of shards) {
    const department = shard.slice(0, shard.lastIndexOf('.'))
    const one = found.get(department) ?? { department, shards: 0, owned: 0 }
    one.shards += 1
    if (isOwned(shard)) one.owned += 1
    found.set(department, one)
  }
  return [...found.values()]
}

/** Somebody is about to take it. */
export const isUnowned = ({ owner, waitsFor }: ShardPlace): boolean =>
  owner === undefined && waitsFor === undefined

/** `needs` is the version of the machine of `type` that was written, `has` the one of this build. */
export interface NewerBuild {
  readonly type: string
  readonly needs: string
  readonly has: string
}

export interface ActorFilter {
  readonly type?: string
  readonly node?: NodeId
  /** Only these. A page of few that fit may be short, and not the last. */
  readonly fits?: (actor: ActorListItem) => boolean
  readonly limit: number
  readonly cursor?: string
}

export interface ActorListItem {
  readonly id: ActorId
  readonly status: ActorStatus
  readonly state: unknown
  readonly version: number
  readonly shard: ShardId
  readonly node?: NodeId
  /** World time of its last turn. */
  readonly at: Instant
}

export interface DeadLetterItem {
  readonly actor: ActorId
  /** Its number in the mailbox table of the actor's shard. */
  readonly row: number
  readonly id: MessageId
  readonly message: string
  readonly from?: ActorId
  readonly reason: DeadReason
  readonly detail: string
  readonly at: Instant
  readonly replays: number
}

export type NodeCommand =
  | { readonly kind: 'crash' | 'resume' | 'cordon' | 'uncordon'; readonly node: NodeId }
  /** Resumes by itself after `forMs`, when given. */
  | { readonly kind: 'pause'; readonly node: NodeId; readonly forMs?: number }
  /** `force` also takes down the last node of its group. */
  | { readonly kind: 'drain'; readonly node: NodeId; readonly force?: boolean }
  | { readonly kind: 'add-node'; readonly group: string; readonly count?: number }
  /** Every node, one after the other: it drains and starts again, and is awaited. */
  | { readonly kind: 'rolling-restart' }

export type CommandOutcome =
  /** Begun, not finished: the cluster's view shows how it goes. `nodes` are the new ones of `add-node`. */
  | { readonly kind: 'accepted'; readonly nodes?: readonly NodeId[] }
  | { readonly kind: 'unknown-node'; readonly node: NodeId }
  | { readonly kind: 'unknown-group'; readonly group: string; readonly known: readonly string[] }
  | {
      readonly kind: 'refused'
      readonly reason:
        | 'last-node'
        | 'node-gone'
        | 'node-limit'
        | 'invalid-transition'
        | 'unsupported'
        | 'would-kill-quorum'
      readonly detail: string
    }
  | { readonly kind: 'failed'; readonly detail: string }
