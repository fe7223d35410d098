/**
 * What is stored, table by table.
 *
 * Every table but `actors`, `journal`, `scopes` and `members` is keyed by the shard first, so that a shard
 * is loaded by ranges. A write is one put or one removal; a batch holds at most one write for a key. The parts
 * of a key are whole numbers from 0, and strings without NUL.
 *
 * Owns:     the tables, their keys and their values.
 * Does not: know a store, or how values are encoded.
 */
import type { ActorId, Instant, Message } from '#actor'
import type { Envelope } from './envelope.ts'
import type { Epoch, MessageId, NodeId, Ordinal, Position, ScopeId, ShardId } from './ids.ts'

/** One batch of one scope, and the index of a record in it. */
export type RecordPlace = readonly [scope: ScopeId, position: Position, index: number]

/** `actors`: [actor] → where its rows are. Written once. */
export interface ActorRow {
  readonly shard: ShardId
  readonly ordinal: Ordinal
  /** The idempotency key of the request that created it: known as long as the actor is, unlike the answer. */
  readonly createdBy?: string
}

/** `archived` is a tombstone: a finished actor with its last state. */
export type ActorStatus = 'live' | 'stopped' | 'archived'

/** `snapshots`: [shard, ordinal]. */
export interface SnapshotRow {
  readonly id: ActorId
  readonly status: ActorStatus
  /** Machine version, state value, context: written and read by `kernel/machine.ts` alone. */
  readonly state: readonly unknown[]
  /** Turns that this actor has had; its journal sequence. */
  readonly version: number
  /** The last generation given to one of its timers and calls. */
  readonly generation: number
  /** World time of its last turn. */
  readonly at: Instant
  /** Its last journal record: a history is a walk from here. */
  readonly last: RecordPlace
  /** Runtime clock; of a tombstone. */
  readonly archivedAt?: Instant
}

/** One turn, as journaled. `journal`: [scope, position] → all records of the batch. */
export interface JournalRecord {
  readonly shard: ShardId
  readonly actor: ActorId
  readonly sequence: number
  readonly at: Instant
  readonly id: MessageId
  readonly message: Message
  readonly from?: ActorId
  readonly cause?: MessageId
  readonly trace?: string
  /** Domain events that the turn emitted. */
  readonly events?: readonly Message[]
  /** The state value after the turn. */
  readonly state: unknown
  /** The actor's record before this one. */
  readonly previous?: RecordPlace
  /** Absent for an ordinary turn. */
  readonly note?: 'migrated' | 'stopped' | 'started' | 'reset' | 'restarted'
}

export type DeadReason =
  | 'unknown-actor'
  | 'archived'
  | 'invalid'
  | 'failed'
  | 'poison'
  | 'mailbox-limit'
  | 'no-answer-wanted'

/** `mailbox`: [shard, n], n growing. One table for all that was accepted and is not handled, dead letters included. */
export interface MailboxRow {
  readonly envelope: Envelope
  /** Turns that failed on it. */
  readonly attempts: number
  /** Runtime clock; the actor's whole mailbox waits for it. 0: at once. */
  readonly notBefore: Instant
  /** Times that a person took it out of the dead letters. */
  readonly replays?: number
  /** Deaths of a node while it was on trial. */
  readonly deaths?: number
  /** Its turn may be running: written before a turn of a careful shard, removed with it. */
  readonly onTrial?: boolean
  /** Set: a dead letter. */
  readonly dead?: {
    readonly reason: DeadReason
    readonly detail: string
    readonly at: Instant
    readonly replays: number
  }
  /** Runtime clock; of a dead letter. */
  readonly buriedAt?: Instant
}

/** `outbox`: [shard, to, sequence]. Kept until acknowledged. */
export type OutboxRow = Envelope

/** `channels`: [shard, to] → the last sequence given out. `inbox`: [shard, from] → the last sequence accepted. */
export type MarkRow = number

/** `timers`: [shard, ordinal, id]. */
export interface TimerRow {
  readonly actor: ActorId
  readonly generation: number
  readonly clock: 'world' | 'runtime'
  readonly at: Instant
  readonly message: Message
}

/** `calls`: [shard, ordinal, id]. */
export interface CallRow {
  readonly actor: ActorId
  /** A result of an earlier call of the same id does not count. */
  readonly generation: number
  readonly handler: string
  readonly args: unknown
  /** One for each id of the actor: the other party may see it more than once, and does what it names once. */
  readonly key: string
  /** Runtime clock. */
  readonly deadline: Instant
  readonly attemptsMax: number
  readonly trace?: string
}

/** `asks`: [shard, ordinal, id]. Reply and timeout race for it; the winner deletes it. */
export interface AskRow {
  readonly actor: ActorId
  /** The message that asked: an answer to an earlier ask of the same id does not count. */
  readonly question: MessageId
  /** Runtime clock. */
  readonly deadline: Instant
  /** Set: it was asked from outside, and this is where the answer goes. */
  readonly request?: { readonly id: string; readonly node: NodeId; readonly key?: string }
}

/** `requests`: [shard, actor, key]. Loaded with its actor, and read in pages to find what is kept no longer. */
export interface RequestRow {
  readonly fingerprint: string
  /** Runtime clock. */
  readonly at: Instant
  /** Absent while running. */
  readonly outcome?: unknown
}

/** `meta`: ['shard', shard]. What a shard remembers of itself. */
export interface ShardStateRow {
  readonly nextOrdinal: number
  /** Highest machine version written here, per actor type. */
  readonly versions: Readonly<Record<string, string>>
  /** Members of `one-for-all` and `rest-for-one` groups, per group instance. */
  readonly siblings: Readonly<Record<string, readonly ActorId[]>>
  /** Runtime instants of escalations and of poison found; newest last. */
  readonly escalations: readonly Instant[]
  readonly poisons: readonly Instant[]
  readonly quarantined: boolean
  /** Rows of `requests`, and an instant (runtime clock) that none of them is older than. Absent: there are none. */
  readonly requests?: { readonly count: number; readonly oldest: Instant }
  /** An instant (runtime clock) that no tombstone is older than. Absent: there are none. */
  readonly oldestTombstone?: Instant
}

/** `shards`: [shard]. Changed by `acquire`, and by the owner's own release. */
export interface ShardRow {
  readonly shard: ShardId
  readonly epoch: Epoch
  readonly scope: ScopeId
  readonly node: NodeId
  readonly released: boolean
  /** Who should take it after a release; a hint. */
  readonly heir?: NodeId
  /** No turn of this shard was later than this on the world clock, when it was last acquired or released. */
  readonly now: Instant
}

/** `scopes`: [scope]. */
export interface ScopeRow {
  readonly node: NodeId
  readonly position: Position
  /** Set: the scope that took over; nothing more can be appended here. */
  readonly sealedBy?: ScopeId
  /** World time of the last batch. */
  readonly now: Instant
}

export interface Tables {
  actors: ActorRow
  snapshots: SnapshotRow
  mailbox: MailboxRow
  outbox: OutboxRow
  inbox: MarkRow
  channels: MarkRow
  timers: TimerRow
  calls: CallRow
  asks: AskRow
  requests: RequestRow
  meta: ShardStateRow
  shards: ShardRow
}

export type TableName = keyof Tables
export type Key = readonly (string | number)[]

/** The most that `keyBytes` may say of a key. A batch with a longer one, or a malformed one, is `unstorable`. */
export const keyBytesMax = 1_024

/** What a key weighs: 8 for a number, the characters and one for a string (3 for one outside of Latin). */
export function keyBytes(key: Key): number {
  let bytes = 0
  for (const part of key) bytes += typeof part === 'number' ? 8 : textBytes(part) + 1
  return bytes
}

function textBytes(text: string): number {
  let bytes = 0
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3
  }
  return bytes
}

/** A put, or without a value a removal. */
export type Write = {
  readonly [T in TableName]: { readonly table: T; readonly key: Key; readonly value?: Tables[T] }
}[TableName]

/** All rows of a shard but its snapshots and requests, each list in key order. */
export interface ShardRows {
  readonly state?: ShardStateRow
  /** Of each actor the first rows, as many as the window that was asked for; and all dead letters. */
  readonly mailbox: readonly (readonly [n: number, row: MailboxRow])[]
  /** The other rows of `mailbox`, by number. */
  readonly beyond: readonly (readonly [n: number, actor: ActorId])[]
  readonly outbox: readonly (readonly [to: ShardId, sequence: number, row: OutboxRow])[]
  readonly inbox: readonly (readonly [from: ShardId, mark: number])[]
  readonly channels: readonly (readonly [to: ShardId, last: number])[]
  readonly timers: readonly (readonly [ordinal: Ordinal, id: string, row: TimerRow])[]
  readonly calls: readonly (readonly [ordinal: Ordinal, id: string, row: CallRow])[]
  readonly asks: readonly (readonly [ordinal: Ordinal, id: string, row: AskRow])[]
}

/** A shard's rows of `mailbox`, told apart by a window as they come, in key order: they need not fit in memory. */
export class MailboxWindow {
  readonly rows: Pick<ShardRows, 'mailbox' | 'beyond'>
  readonly #window: number
  readonly #mailbox: [number, MailboxRow][] = []
  readonly #beyond: [number, ActorId][] = []
  readonly #depths = new Map<ActorId, number>()

  constructor(window: number) {
    this.#window = window
    this.rows = { mailbox: this.#mailbox, beyond: this.#beyond }
  }

  add(n: number, row: MailboxRow): void {
    const { to } = row.envelope
    const depth = this.#depths.get(to) ?? 0
    if (row.dead === undefined) this.#depths.set(to, depth + 1)
    if (row.dead === undefined && depth >= this.#window) this.#beyond.push([n, to])
    else this.#mailbox.push([n, row])
  }
}

/** All of them at once. */
export function withinWindow(
  rows: Iterable<readonly [n: number, row: MailboxRow]>,
  window: number,
): MailboxWindow['rows'] {
  const within = new MailboxWindow(window)
  for (const [n, row] of rows) within.add(n, row)
  return within.rows
}

/** Names a row of a shard's `requests`, and says when it was written. */
export type RequestPlace = readonly [actor: ActorId, key: string, at: Instant]

/** Finished actors, and when they finished (runtime clock). */
export interface TombstonePage {
  readonly tombstones: readonly (readonly [ordinal: Ordinal, actor: ActorId, archivedAt: Instant])[]
  /** The last ordinal that was looked at, if there may be others behind it. */
  readonly next?: Ordinal
}

/** One actor, with the requests it remembers. Absent: there never was such an actor. */
export interface ActorRows {
  readonly ordinal?: Ordinal
  readonly createdBy?: string
  readonly snapshot?: SnapshotRow
  readonly requests: readonly (readonly [key: string, row: RequestRow])[]
}
