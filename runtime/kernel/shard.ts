/**
 * What a node has in memory of one shard that it owns: the shard's rows, and the actors that are active.
 *
 * Owns:     the in-memory picture of the tables `mailbox`, `outbox`, `inbox`, `channels`, `timers`, `calls`, `asks`.
 * Does not: write: the kernel changes picture and batch together.
 */
import type { ActorId, Instant } from '#actor'
import type {
  AskRow,
  CallRow,
  Epoch,
  MailboxRow,
  Ordinal,
  RecordPlace,
  Request,
  RequestOrigin,
  RequestPlace,
  RequestRow,
  ShardId,
  ShardStateRow,
  TimerRow,
} from '#ports'
import type { LiveState } from './machine.ts'
import { Mailbox, type Waiting } from './mailbox.ts'
import type { OutChannel } from './out-channel.ts'
import type { ActorType } from './registry.ts'

/** What was accepted of one channel: in memory, and durably. */
export interface InboxMark {
  readonly from: ShardId
  mark: number
  durable: number
}

/** An outbound call that waits for its answer. Attempts are memory only: a new owner starts over. */
export interface PendingCall {
  readonly row: CallRow
  attempt: number
  answered: boolean
}

/** A shard is careful after a death: one turn of it at a time, each announced on disk before it runs. */
export interface Care {
  /** Rows that the last owner left, by number. */
  readonly inherited: Set<number>
  readonly until: Instant
  /** The message that is on trial, or undefined. */
  trial: Waiting | undefined
  /** Actors with something to do, waiting for the one trial. */
  readonly queue: Activation[]
}

export class Shard {
  readonly id: ShardId
  readonly epoch: Epoch
  readonly grantedAt: Instant
  /** No turn here is earlier than this on the world clock. */
  now: Instant
  state: ShardStateRow
  draining = false
  care: Care | undefined
  nextRow = 1
  /** How far this look through `requests` has come. */
  remembered: { readonly since: Instant; readonly after: RequestPlace | undefined } | undefined
  /** How far this look through tombstones has come, and the oldest that stays. */
  tombstones: { readonly since: Instant; readonly after: Ordinal | undefined } | undefined
  /** Messages that wait in mailboxes, dead letters not counted. */
  waiting = 0
  readonly activations = new Map<ActorId, Activation>()
  readonly deadLetters = new Map<number, MailboxRow>()
  readonly out = new Map<ShardId, OutChannel>()
  readonly inbox = new Map<ShardId, InboxMark>()
  readonly timers = new Map<Ordinal, Map<string, TimerRow>>()
  readonly calls = new Map<Ordinal, Map<string, PendingCall>>()
  readonly asks = new Map<Ordinal, Map<string, AskRow>>()

  constructor(id: ShardId, epoch: Epoch, now: Instant, grantedAt: Instant, state: ShardStateRow | undefined) {
    this.id = id
    this.epoch = epoch
    this.now = now
    this.grantedAt = grantedAt
    this.state = state ?? {
      nextOrdinal: 1,
      versions: {},
      siblings: {},
      escalations: [],
      poisons: [],
      quarantined: false,
    }
  }

  /** What requests from outside are measured against. */
  get backlog(): number {
    let depth = this.waiting
    for (const channel of this.out.values()) depth += channel.depth
    return depth
  }
}

/** The versions written to a shard, and this one: of two of one type the higher stays. */
export function withVersion(
  versions: ShardStateRow['versions'],
  { definition: { type }, machine: { version } }: ActorType,
): ShardStateRow['versions'] {
  const highest = versions[type]
  if (highest !== undefined && !isHigher(version, highest)) return versions
  return { ...versions, [type]: version }
}

/** Number by number: 10 is higher than 9, and 2.1 than 2. */
function isHigher(version: string, than: string): boolean {
  const [ours, theirs] = [version.split('.'), than.split('.')]
  for (let n = 0; n < Math.max(ours.length, theirs.length); n += 1) {
    const [a = '', b = ''] = [ours[n], theirs[n]]
    if (a !== b) return a.length === b.length ? a > b : a.length > b.length
  }
  return false
}

/** The row of one id under one ordinal. */
export function rowOf<T>(table: Map<Ordinal, Map<string, T>>, ordinal: Ordinal, id: string): T | undefined {
  return table.get(ordinal)?.get(id)
}

/** Returns the row that was there. */
export function setRow<T>(
  table: Map<Ordinal, Map<string, T>>,
  ordinal: Ordinal,
  id: string,
  row: T,
): T | undefined {
  let rows = table.get(ordinal)
  if (rows === undefined) {
    rows = new Map()
    table.set(ordinal, rows)
  }
  const before = rows.get(id)
  rows.set(id, row)
  return before
}

/** Returns the row that was there. */
export function deleteRow<T>(
  table: Map<Ordinal, Map<string, T>>,
  ordinal: Ordinal,
  id: string,
): T | undefined {
  const rows = table.get(ordinal)
  const row = rows?.get(id)
  if (rows === undefined || row === undefined) return undefined
  rows.delete(id)
  if (rows.size === 0) table.delete(ordinal)
  return row
}

/** An actor's one presence in memory. Containers are made when they are first needed. */
export class Activation {
  readonly id: ActorId
  readonly type: ActorType
  readonly shard: Shard
  status: 'loading' | 'absent' | 'live' | 'stopped' | 'archived' = 'loading'
  ordinal: Ordinal | undefined
  /** The idempotency key of the request that created it, if it had one. */
  createdBy: string | undefined
  state: LiveState | undefined
  /** As it was loaded or born: what a kernel that undoes too much goes back to. */
  loaded: LiveState | undefined
  version = 0
  generation = 0
  at = 0 as Instant
  last: RecordPlace | undefined
  /** Of a tombstone. */
  archivedAt: Instant | undefined
  notBefore = 0 as Instant
  queued = false
  usedAt = 0 as Instant
  /** Position of the last batch that changed it. */
  changedAt = 0
  #mailbox: Mailbox | undefined
  /** Remembered answers by idempotency key; undefined when there are none. */
  requests: Map<string, RequestRow> | undefined
  /** Requests with a key that wait or run. */
  runningKeys: Map<string, RequestOrigin> | undefined
  /** Requests that wait until the actor is loaded. */
  arriving: Request[] | undefined

  constructor(id: ActorId, type: ActorType, shard: Shard) {
    this.id = id
    this.type = type
    this.shard = shard
  }

  get mailbox(): Mailbox {
    this.#mailbox ??= new Mailbox()
    return this.#mailbox
  }

  get depth(): number {
    return this.#mailbox?.depth ?? 0
  }
}
