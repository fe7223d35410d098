/**
 * The batch that is being filled, and those that are on their way to the disk.
 *
 * Owns:     which writes and records a batch holds, and what may leave the process once it is durable.
 * Does not: decide when a batch closes (kernel) or write it (host).
 *
 * Invariants:
 *   B1. A batch holds at most one write for a key: the last.
 *   B2. Nothing that is held leaves before everything submitted earlier is durable, and it is itself.
 */
import type { Instant } from '#actor'
import type {
  Batch,
  JournalRecord,
  Key,
  Position,
  RecordPlace,
  ScopeId,
  ShardId,
  TableName,
  Tables,
  Trim,
  Write,
} from '#ports'
import type { OutChannel } from './out-channel.ts'
import type { Output } from './output.ts'
import type { Activation, InboxMark } from './shard.ts'

export class OpenBatch {
  readonly position: Position
  readonly #scope: ScopeId
  /** Of rows that may change more than once before the batch closes. */
  #latest: Map<string, Write> | undefined
  /** Of rows that change once. */
  #once: Write[] = []
  #records: JournalRecord[] = []
  #trims: readonly Trim[] = []
  /** Outputs that wait for this batch. */
  readonly held: Output[] = []
  /** What becomes true in memory when this batch is durable. */
  readonly whenDurable: (() => void)[] = []
  /** Actors whose snapshot is written when it closes: each is there once, however many turns it had. */
  changed: Activation[] = []
  /** Channels with new rows, and the last of them. */
  readonly sends = new Map<OutChannel, number>()
  /** Inbox marks that moved: acknowledged once durable. */
  readonly marks = new Map<InboxMark, readonly [to: ShardId, mark: number]>()
  turns = 0
  now = 0 as Instant

  constructor(scope: ScopeId, position: Position) {
    this.#scope = scope
    this.position = position
  }

  get writesNothing(): boolean {
    return (
      this.#latest === undefined &&
      this.#once.length === 0 &&
      this.changed.length === 0 &&
      this.marks.size === 0 &&
      this.#trims.length === 0
    )
  }

  get empty(): boolean {
    return this.writesNothing && this.held.length === 0 && this.whenDurable.length === 0
  }

  put<T extends TableName>(table: T, key: Key, value: Tables[T]): void {
    this.#latest ??= new Map()
    this.#latest.set(nameOf(table, key), { table, key, value } as Write)
  }

  remove(table: TableName, key: Key): void {
    this.#latest ??= new Map()
    this.#latest.set(nameOf(table, key), { table, key } as Write)
  }

  /** For a row of which the caller knows that this batch has no other write: it is not looked for. */
  putOnce<T extends TableName>(table: T, key: Key, value: Tables[T]): void {
    this.#once.push({ table, key, value } as Write)
  }

  removeOnce(table: TableName, key: Key): void {
    this.#once.push({ table, key } as Write)
  }

  trim(trims: readonly Trim[]): void {
    this.#trims = [...this.#trims, ...trims]
  }

  record(record: JournalRecord): RecordPlace {
    this.#records.push(record)
    return [this.#scope, this.position, this.#records.length - 1]
  }

  /** What to write. None of it is kept here while it is on its way: it would outlive its use by several batches. */
  close(): Batch {
    for (const [{ from, to }, last] of this.sends) this.putOnce('channels', [from, to], last)
    for (const [{ from }, [to, mark]] of this.marks) this.putOnce('inbox', [to, from], mark)
    const [records, writes, trims] = [this.#records, this.#once, this.#trims]
    if (this.#latest !== undefined) for (const write of this.#latest.values()) writes.push(write)
    this.#records = []
    this.#once = []
    this.#trims = []
    this.#latest = undefined
    this.changed = []
    return trims.length === 0 ? { now: this.now, records, writes } : { now: this.now, records, writes, trims }
  }
}

// Key parts hold no line breaks. A template is three times as fast as a join.
function nameOf(table: TableName, key: Key): string {
  const [a, b = '', c = ''] = key
  return `${table}\n${a}\n${b}\n${c}`
}
