/**
 * A message on its way, and what nodes send to each other.
 *
 * Owns:     the wire's vocabulary. Everything here is plain data that survives msgpack.
 * Does not: encode (the transport's adapter) or decide (kernel and cluster).
 */
import type { ActorId, Instant, Message } from '#actor'
import type { Epoch, MessageId, NodeId, RequestId, ScopeId, ShardId } from './ids.ts'

export interface Envelope {
  readonly id: MessageId
  readonly to: ActorId
  readonly message: Message
  /** The sending actor. Absent for requests, timers and what the runtime itself says. */
  readonly from?: ActorId
  /** The message whose turn sent this one. */
  readonly cause?: MessageId
  /** What `trace.ts` makes. */
  readonly trace?: string
  /** An answer is wanted by `from`, under this id. */
  readonly ask?: string
  /** This answers the ask with this id of the receiver. */
  readonly answers?: string
  /** It came from outside; the turn's reply goes back there. */
  readonly request?: RequestOrigin
  /** It stands for a stored row, and counts only while that row is there. */
  readonly row?: RowOrigin
}

export type RowOrigin =
  | { readonly kind: 'timer'; readonly id: string; readonly generation: number }
  | { readonly kind: 'call'; readonly id: string; readonly generation: number }
  | { readonly kind: 'ask'; readonly id: string; readonly question: MessageId }

export interface RequestOrigin {
  readonly id: RequestId
  readonly node: NodeId
  readonly key?: string
  readonly fingerprint?: string
  readonly ifVersion?: number
}

/** A request from outside for one actor. Sent by a node that may own nothing (the gateway's). */
export interface Request {
  /** Unique per try; the same key on another try is the same request to the actor. */
  readonly id: RequestId
  /** Where the response goes. */
  readonly node: NodeId
  readonly actor: ActorId
  readonly body:
    | { readonly kind: 'command'; readonly message: Message }
    /** What the command under this key was answered: `unknown` when there was none. Nothing is handled. */
    | { readonly kind: 'recall' }
    | { readonly kind: 'query'; readonly name: string; readonly args?: unknown }
    | { readonly kind: 'operate'; readonly command: OperatorCommand }
  /** Idempotency key, already hashed with the subject and the path; at most 64 characters. */
  readonly key?: string
  /** Of the body: the same key with another fingerprint is refused. */
  readonly fingerprint?: string
  /** Of a command: handled only if the actor has had so many turns; 0: if there never was one. Otherwise `stale`. */
  readonly ifVersion?: number
  readonly timeoutMs: number
  readonly trace?: string
}

/** What an operator may do to one actor. */
export type OperatorCommand =
  | { readonly kind: 'inspect' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'stop' }
  /** Of a stopped actor, and of a shard in quarantine. */
  | { readonly kind: 'start' }
  | { readonly kind: 'replay'; readonly row: number }

export interface Response {
  readonly id: RequestId
  readonly outcome: Outcome
}

export type Outcome =
  /** The turn is durable. `reply` is what the machine's `reply` action said, if any. */
  | {
      readonly kind: 'done'
      readonly reply?: Message
      readonly state: unknown
      readonly version: number
      readonly replayed?: boolean
    }
  | { readonly kind: 'answer'; readonly value: unknown; readonly state: unknown; readonly version: number }
  /** No such actor, and the message does not create one. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'archived'; readonly state: unknown }
  /** The machine has no transition for it in this state. */
  | {
      readonly kind: 'not-accepted'
      readonly state: unknown
      readonly accepts: readonly string[]
      readonly version: number
    }
  | { readonly kind: 'invalid'; readonly problem: string }
  /** It has had other turns than the request's `ifVersion` says. Nothing has happened. */
  | { readonly kind: 'stale'; readonly state: unknown; readonly version: number }
  /** The same key is being worked on. */
  | { readonly kind: 'running' }
  | { readonly kind: 'key-reused' }
  | { readonly kind: 'key-expired' }
  /** At the door: the shard's backlog is past its mark, the node cannot write, somebody has stopped the world, or the
   *  department is known to be down. */
  | {
      readonly kind: 'busy'
      readonly retryAfterMs: number
      readonly reason: 'backlog' | 'storage-full' | 'requests-full' | 'paused' | 'dependency-open'
    }
  /** This node does not own the shard; try again, elsewhere. */
  | { readonly kind: 'moved'; readonly shard: ShardId }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'timeout' }

export type WireItem =
  /** One message of the channel `from` → `to`. Only `mark + 1` is taken. */
  | {
      readonly kind: 'message'
      readonly from: ShardId
      readonly to: ShardId
      readonly sequence: number
      readonly envelope: Envelope
    }
  /** To the owner of `from`: `to` has durably accepted up to here. */
  | { readonly kind: 'mark'; readonly from: ShardId; readonly to: ShardId; readonly mark: number }
  | { readonly kind: 'request'; readonly request: Request }
  | { readonly kind: 'response'; readonly response: Response }
  /** I own these shards. A hint for routing; it ends no ownership. */
  | {
      readonly kind: 'owned'
      readonly scope: ScopeId
      readonly shards: readonly (readonly [ShardId, Epoch])[]
    }
  /** Newer builds than mine have written to these shards, and to no others: I cannot take them. */
  | { readonly kind: 'lacks'; readonly shards: readonly ShardId[] }
  /** From the holder of the first shard to an owner: hand this shard to that node. */
  | { readonly kind: 'move'; readonly shard: ShardId; readonly to: NodeId }
  /** Somebody looks: tell what your actors do for so long, beginning with all there is when it is `whole`. */
  | { readonly kind: 'watch'; readonly forMs: number; readonly whole: boolean }
  /** What they do: a frame of `#activity`. It may be lost. */
  | { readonly kind: 'activity'; readonly bytes: Uint8Array }
  /** Somebody taps: tell the messages that fit for so long; 0: no more. `order`: JSON of `#activity`. */
  | { readonly kind: 'tap'; readonly id: string; readonly forMs: number; readonly order: string }
  /** Those: a batch of `#activity` as JSON. It may be lost. */
  | { readonly kind: 'tapped'; readonly id: string; readonly bytes: Uint8Array }

/** Items for one peer, in order. A frame arrives whole or not at all. */
export interface Frame {
  readonly items: readonly WireItem[]
  readonly sentAt?: Instant
}
