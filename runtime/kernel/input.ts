/**
 * Everything that can happen to a kernel: a closed union of plain data.
 *
 * A live node can record its inputs, with the `Now` of each, and the simulator can replay them.
 */
import type { ActorId, Instant } from '#actor'
import type {
  ActorRows,
  AppendOutcome,
  CallOutcome,
  Epoch,
  NodeId,
  Ordinal,
  Request,
  RequestPlace,
  ShardId,
  ShardRows,
  TombstonePage,
  Trim,
  WireItem,
} from '#ports'

export type Input =
  /** The shard is ours: acquired durably, and its rows are read. */
  | {
      readonly kind: 'granted'
      readonly shard: ShardId
      readonly epoch: Epoch
      readonly clean: boolean
      readonly worldNow: Instant
      readonly rows: ShardRows
    }
  /** Hand the shard over: no more turns, a last batch, a release. */
  | { readonly kind: 'release'; readonly shard: ShardId; readonly heir?: NodeId }
  /** An actor's rows, as read. */
  | {
      readonly kind: 'loaded'
      readonly shard: ShardId
      readonly epoch: Epoch
      readonly actor: ActorId
      readonly rows: ActorRows
    }
  /** Messages that waited behind the window of an actor's mailbox, as read. */
  | {
      readonly kind: 'mailbox-read'
      readonly shard: ShardId
      readonly epoch: Epoch
      readonly actor: ActorId
      readonly rows: ShardRows['mailbox']
    }
  /** A page of the shard's `requests`, as read. */
  | {
      readonly kind: 'requests-read'
      readonly shard: ShardId
      readonly epoch: Epoch
      readonly rows: readonly RequestPlace[]
    }
  /** Batches that may be trimmed: they were read, and archived where that is wanted. None: it could not be done now. */
  | {
      readonly kind: 'expired'
      readonly shard: ShardId
      readonly epoch: Epoch
      readonly trims: readonly Trim[]
      readonly more: boolean
    }
  /** Tombstones of the shard, as read. None: they could not be read now, and are asked for again. */
  | {
      readonly kind: 'tombstones-read'
      readonly shard: ShardId
      readonly epoch: Epoch
      readonly page?: TombstonePage
    }
  /** A channel message or mark from another node, or from this one. */
  | { readonly kind: 'received'; readonly item: Extract<WireItem, { kind: 'message' | 'mark' }> }
  | { readonly kind: 'request'; readonly request: Request }
  /** The oldest append in flight was answered. */
  | { readonly kind: 'appended'; readonly outcome: AppendOutcome }
  /** The scope row was read, in a transaction opened after the matching `verify`. */
  | { readonly kind: 'verified' }
  | {
      readonly kind: 'called'
      readonly shard: ShardId
      readonly ordinal: Ordinal
      readonly id: string
      readonly attempt: number
      readonly outcome: CallOutcome
    }
  /** A clock reached the instant of the last `wake-at`. */
  | { readonly kind: 'wake' }
  /** The shard has an owner that it did not have: what waits for it can be sent. */
  | { readonly kind: 'routed'; readonly shard: ShardId }
  /** All inputs that were there are in: run turns, close what can be closed. */
  | { readonly kind: 'flush' }
