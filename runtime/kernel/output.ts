/**
 * Everything that a kernel can want: a closed union of plain data, carried out by the host in order.
 */
import type { ActorId, ClockName, Instant } from '#actor'
import type {
  Batch,
  CallRow,
  Epoch,
  NodeId,
  Ordinal,
  Position,
  RequestPlace,
  Response,
  ShardId,
  WireItem,
} from '#ports'

export type Output =
  /** Write this batch as `expected + 1`. */
  | { readonly kind: 'append'; readonly expected: Position; readonly batch: Batch }
  /** Read the own scope's position, then say `verified`. */
  | { readonly kind: 'verify' }
  | { readonly kind: 'load'; readonly shard: ShardId; readonly epoch: Epoch; readonly actor: ActorId }
  /** Read these rows of the shard's `mailbox`, then say `mailbox-read`. */
  | {
      readonly kind: 'read-mailbox'
      readonly shard: ShardId
      readonly epoch: Epoch
      readonly actor: ActorId
      readonly numbers: readonly number[]
    }
  /** Read the next rows of the shard's `requests`, then say `requests-read`. */
  | {
      readonly kind: 'read-requests'
      readonly shard: ShardId
      readonly epoch: Epoch
      readonly page: { readonly after?: RequestPlace; readonly limit: number }
    }
  /** Read batches with no turn later than `before`, archive them, then say `expired`. */
  | {
      readonly kind: 'read-expired'
      readonly shard: ShardId
      readonly epoch: Epoch
      readonly page: { readonly before: Instant; readonly limit: number }
    }
  /** Read the next of the shard's tombstones, then say `tombstones-read`. */
  | {
      readonly kind: 'read-tombstones'
      readonly shard: ShardId
      readonly epoch: Epoch
      readonly page: { readonly after?: Ordinal; readonly limit: number }
    }
  /** To whoever owns this shard. */
  | { readonly kind: 'send'; readonly shard: ShardId; readonly item: WireItem }
  /** What was sent to some shard's owner had to be sent again. */
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'respond'; readonly to: NodeId; readonly response: Response }
  | {
      readonly kind: 'call'
      readonly shard: ShardId
      readonly ordinal: Ordinal
      readonly id: string
      readonly attempt: number
      readonly row: CallRow
    }
  | { readonly kind: 'cancel-call'; readonly shard: ShardId; readonly ordinal: Ordinal; readonly id: string }
  | { readonly kind: 'wake-at'; readonly clock: ClockName; readonly at: Instant }
  | { readonly kind: 'released'; readonly shard: ShardId }
  /** Forget this kernel, take a new incarnation, load again. */
  | { readonly kind: 'forget'; readonly cause: string }
  /** The node itself should end: a shard escalated too often. */
  | { readonly kind: 'end-node'; readonly cause: string }
