/**
 * The only ways to write.
 *
 * A node cannot know that its shards have just been taken: it may be frozen, or cut off.
 * So safety rests here and nowhere else: a batch names the position it follows, and a taker
 * seals the scope first. What is refused is refused whole, and so is all that follows it.
 *
 * Invariants:
 *   J1. A scope's position grows by one per accepted batch.
 *   J2. Nothing of a refused batch is stored.
 *   J3. `done` is never called before the call returns, and exactly once, unless the process dies.
 *   J4. Of two acquires at one epoch at most one is accepted, and it seals the old owner's scope.
 *   J5. 'durable' is told only of what survives the loss of power.
 *   J6. Appends of one scope are submitted and answered in order; after one is refused or failed, so are all.
 *   J7. A read sees every write whose outcome was told before the read began, whoever wrote it.
 *   J8. What a batch trims is gone with it, for good; a scope whose row went is sealed.
 */
import type { ActorId, Instant } from '#actor'
import type { Epoch, NodeId, Ordinal, Position, ScopeId, ShardId } from './ids.ts'
import type {
  ActorRows,
  JournalRecord,
  MailboxRow,
  RecordPlace,
  RequestPlace,
  ShardRow,
  ShardRows,
  ShardStateRow,
  TombstonePage,
  Write,
} from './rows.ts'

export interface Batch {
  /** World time of its latest turn. */
  readonly now: Instant
  readonly records: readonly JournalRecord[]
  /** At most one per key. */
  readonly writes: readonly Write[]
  /** What is kept no longer, of this scope or any other. None: absent. */
  readonly trims?: readonly Trim[]
}

/** Batches of one scope that go for good. To trim what is gone already changes nothing. */
export interface Trim {
  readonly scope: ScopeId
  /** Growing. */
  readonly positions: readonly Position[]
  /** No shard names the scope and nothing of it is left: its row goes, too, and whoever still has it is sealed by that. */
  readonly ends?: true
}

/** A batch as it is kept. */
export interface KeptBatch {
  readonly scope: ScopeId
  readonly position: Position
  readonly now: Instant
  readonly records: readonly JournalRecord[]
}

export interface Expired {
  /** Of each scope the oldest first. */
  readonly batches: readonly KeptBatch[]
  /** Scopes of which nothing is left once these batches have gone. */
  readonly ends: readonly ScopeId[]
  /** There may be more than fit. */
  readonly more: boolean
}

export type AppendOutcome =
  | { readonly kind: 'durable'; readonly position: Position }
  /** Someone took over, or `expected` is not the position: forget everything, load again under a new incarnation. */
  | { readonly kind: 'sealed' }
  /** Nothing was stored, and the disk has no room: forget everything, probe with backoff. */
  | { readonly kind: 'full' }
  /** Nothing was stored, and never will be: the batch holds what is no plain data, or a key that is too long. */
  | { readonly kind: 'unstorable'; readonly cause: string }
  /** The outcome is unknown. Forget everything, load again. */
  | { readonly kind: 'failed'; readonly cause: string }

export type AcquireOutcome =
  /** Durable. `clean`: the last owner released it, or there was none; otherwise its process died or was fenced. */
  | { readonly kind: 'acquired'; readonly epoch: Epoch; readonly clean: boolean; readonly now: Instant }
  /** Someone was faster; `row` is what is there now. */
  | { readonly kind: 'refused'; readonly row?: ShardRow }
  /** The acquirer's own scope is sealed. */
  | { readonly kind: 'sealed' }
  | { readonly kind: 'failed'; readonly cause: string }

/** The answer to a read. A failed read is a reason to forget everything. */
export type Read<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'failed'; readonly cause: string }

/** A shard's row, whether its owner can still write, and the highest version of each machine that was written there. */
export interface ShardView {
  readonly row: ShardRow
  readonly sealed: boolean
  readonly versions: ShardStateRow['versions']
}

export interface Journal {
  /** Creates the scope's row. Before its first acquire or append; a scope is opened once. */
  open(
    scope: ScopeId,
    node: NodeId,
    done: (outcome: { kind: 'opened' } | { kind: 'failed'; cause: string }) => void,
  ): void
  /** Writes the batch as `expected + 1`, if the scope's position is `expected` and it is not sealed. */
  append(scope: ScopeId, expected: Position, batch: Batch, done: (outcome: AppendOutcome) => void): void
  /**
   * Takes a shard whose row stands at `expected` (0: there is no row) for `scope`: sets owner and epoch + 1, and
   * seals the old owner's scope in the same write unless the row says released. A scope that takes what it owns
   * already is not sealed by that.
   */
  acquire(shard: ShardId, expected: Epoch, scope: ScopeId, done: (outcome: AcquireOutcome) => void): void

  readShards(done: (read: Read<readonly ShardView[]>) => void): void
  /**
   * Of a shard that the caller has just acquired, so that nobody writes to it: a long one is read in several looks.
   * `mailboxWindow`: of one actor's waiting messages no more than these are read, the others are named.
   */
  readShard(shard: ShardId, mailboxWindow: number, done: (read: Read<ShardRows>) => void): void
  /** The rows of a shard's `mailbox` under these numbers, in their order. One that is not there is left out. */
  readMailbox(
    shard: ShardId,
    numbers: readonly number[],
    done: (read: Read<readonly (readonly [n: number, row: MailboxRow])[]>) => void,
  ): void
  readActor(shard: ShardId, actor: ActorId, done: (read: Read<ActorRows>) => void): void
  /** The first `limit` rows of a shard's `requests`, in key order, or those behind `after`. */
  readRequests(
    shard: ShardId,
    page: { readonly after?: RequestPlace; readonly limit: number },
    done: (read: Read<readonly RequestPlace[]>) => void,
  ): void
  /** The position of a scope, or `sealed`. Ownership is proven for whatever arrived before the call. */
  readPosition(scope: ScopeId, done: (read: Read<Position | 'sealed'>) => void): void
  /**
   * Batches with no turn later than `before`, at most `limit`, and scopes of which nothing is left without them. The last
   * batch of a scope that a shard names is never among them: it says how late it is in the shard.
   */
  readExpired(
    page: { readonly before: Instant; readonly limit: number },
    done: (read: Read<Expired>) => void,
  ): void
  /** The tombstones among the first `limit` snapshots of a shard, or among those behind `after`, in the order of ordinals. */
  readTombstones(
    shard: ShardId,
    page: { readonly after?: Ordinal; readonly limit: number },
    done: (read: Read<TombstonePage>) => void,
  ): void
  /**
   * An actor's journal, newest first, at most `limit` records, from its last one or from the one at `before`: the
   * next page is asked with the `previous` of the last record of this one. When it ends with a record that has a
   * `previous`, what came before is kept no longer.
   */
  readHistory(
    shard: ShardId,
    actor: ActorId,
    page: { readonly before?: RecordPlace; readonly limit: number },
    done: (read: Read<readonly JournalRecord[]>) => void,
  ): void
}
