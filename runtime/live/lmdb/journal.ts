/**
 * The journal on LMDB. Scope: one incarnation of a node.
 *
 * Every write is one un-nested condition on one entry: an append on the version of its scope's entry, which is the
 * position; an acquire on that of the shard's. LMDB evaluates it inside its single writer, so of two processes one
 * is refused, and nothing of what stands inside the condition is written.
 *
 * Owns:     those two conditions, the order of answers, and the end of it all when a flush fails.
 * Does not: make a write durable or open the store (`environment.ts`), nor lay out rows (`tables.ts`).
 *
 * Invariants: J1 to J7 of the port, and
 *   W1. Inside a condition stand only puts and removals of bytes that were encoded and checked before: an error
 *       inside would keep the puts already made.
 *   W2. A read that decides is made in a transaction opened after the call.
 *   W3. After a failed flush nothing is written or answered as durable by this process again.
 *   W4. After an error of LMDB itself nothing is written by this process again.
 *   W5. Nothing is written to a disk that is about to be full: LMDB's memory does not survive every write that the
 *       operating system cuts short.
 */
import { statfsSync } from 'node:fs'
import type { ActorId, Instant } from '#actor'
import type {
  AcquireOutcome,
  ActorRows,
  AppendOutcome,
  Batch,
  Epoch,
  Journal,
  JournalRecord,
  Key,
  NodeId,
  Ordinal,
  Position,
  Read,
  RecordPlace,
  ScopeId,
  ShardId,
  ShardRow,
  ShardRows,
  ShardView,
  TableName,
  Tables,
  Trim,
  Write,
} from '#ports'
import { MailboxWindow } from '#ports'
import { decodeValue, encodeValue } from './codec.ts'
import { markFlushFailed } from './data-file.ts'
import { durable, type Environment, type Rows, WriteError } from './environment.ts'
import { expiredIn } from './expired.ts'
import { decodeKey, encodeKey, keysFrom } from './key.ts'
import {
  batchLayout,
  goneTrimsMax,
  type StoredShardRow,
  scopeLayout,
  tableSpecs,
  trimLayout,
  trimmedThrough,
} from './tables.ts'
import { lastTimeOf } from './world-clock.ts'

export interface LmdbJournalOptions {
  /** A flush failed: what is on the disk is unknown, and this process must end. Called once. */
  readonly onFatal?: (cause: string) => void
  /** LMDB cannot write any more in this process, which must end; another one may. Called once. */
  readonly onBroken?: (cause: string) => void
  /** Between a completed flush and its answer: a test copies the file here, or holds the answer back. */
  readonly afterFlush?: () => void | Promise<void>
  /** Bytes that a process may still write to the disk of the data folder. Default: asks the operating system. */
  readonly roomBytes?: () => number
}

/** What this process appends to one scope. */
interface OpenScope {
  readonly node: NodeId
  /** The position after all that was submitted. */
  submitted: Position
  /** The outcome that all later appends share (J6). */
  lost?: AppendOutcome
  /** Nothing more is submitted, because an append did not follow the one before it or could not be encoded. */
  stopped: boolean
  /** Settles when all appends so far were answered. */
  answered: Promise<void>
}

/** One put or removal, ready to be written. */
interface EncodedWrite {
  readonly rows: Rows
  readonly key: Buffer
  readonly value: Buffer | undefined
  readonly version: number | undefined
}

// No append expects this position.
export const sealedVersion = -1

// Of the operating system: no space, quota exceeded, file too large; LMDB's own "map full". An input/output error
// of which nothing is visible is a write that was cut short, which is how the first lack of space shows.
const noSpace = 28
const fullCodes: ReadonlySet<number | undefined> = new Set([noSpace, 122, 69, 27, -30792, 5])

// LMDB's: page not found, corrupted, panic, bad transaction, problem. Tried again in this process they come again.
const brokenCodes: ReadonlySet<number | undefined> = new Set([-30797, -30796, -30795, -30782, -30779])

// What all nodes of a machine write between two looks fits into it many times.
export const minRoomBytes = 64 * 2 ** 20
const lookAtRoomMs = 50

/** Rows read before others have their turn: a dozen milliseconds. */
const pageRows = 1_000

export class LmdbJournal implements Journal {
  readonly #environment: Environment
  readonly #options: LmdbJournalOptions
  readonly #scopes = new Map<ScopeId, OpenScope>()
  readonly #roomBytes: () => number
  #lookedAtRoom = Number.NEGATIVE_INFINITY
  #hasRoom = true
  #fatal: string | undefined

  constructor(environment: Environment, options: LmdbJournalOptions = {}) {
    this.#environment = environment
    this.#options = options
    const { folder } = environment
    this.#roomBytes =
      options.roomBytes ??
      (() => {
        const { bavail, bsize } = statfsSync(folder)
        return bavail * bsize
      })
  }

  open(...[scope, node, done]: Parameters<Journal['open']>): void {
    const fail = (cause: string) => ({ kind: 'failed', cause }) as const
    this.#open(scope, node)
      .then(
        (isOpen) => (isOpen ? ({ kind: 'opened' } as const) : fail(`Scope '${scope}' was opened before.`)),
        (error: Error) => fail(error.message),
      )
      .then(done)
  }

  append(...[scope, expected, batch, done]: Parameters<Journal['append']>): void {
    const state = this.#scopes.get(scope)
    if (state === undefined) {
      queueMicrotask(() => done({ kind: 'sealed' }))
      return
    }
    const outcome = this.#submit(scope, state, expected, batch)
    state.answered = state.answered.then(async () => {
      const mine = await outcome
      if (state.lost === undefined && mine.kind !== 'durable') state.lost = mine
      done(state.lost ?? mine)
    })
  }

  acquire(...[shard, expected, scope, done]: Parameters<Journal['acquire']>): void {
    this.#acquire(shard, expected, scope)
      .catch((error: Error) => ({ kind: 'failed', cause: error.message }) as const)
      .then(done)
  }

  readShards(done: (read: Read<readonly ShardView[]>) => void): void {
    this.#read(done, () => {
      const isSealed = new Map<ScopeId, boolean>()
      return [...this.#environment.rows.shards.getRange({})].map(({ value }) => {
        const row = publicRow(shardLayout.fromStored(decodeValue(value)))
        const sealed = isSealed.get(row.scope) ?? this.#positionOf(row.scope) === 'sealed'
        isSealed.set(row.scope, sealed)
        const { versions = {} } = this.#get('meta', ['shard', row.shard]) ?? {}
        return { row, sealed, versions }
      })
    })
  }

  readShard(...[shard, mailboxWindow, done]: Parameters<Journal['readShard']>): void {
    this.#shardRows(shard, mailboxWindow)
      .then(
        (value) => ({ kind: 'found', value }) as const,
        (error: Error) => ({ kind: 'failed', cause: error.message }) as const,
      )
      .then(done)
  }

  readMailbox(...[shard, numbers, done]: Parameters<Journal['readMailbox']>): void {
    this.#read(done, () =>
      numbers.flatMap((n) => {
        const row = this.#get('mailbox', [shard, n])
        return row === undefined ? [] : [[n, row] as const]
      }),
    )
  }

  readActor(shard: ShardId, actor: ActorId, done: (read: Read<ActorRows>) => void): void {
    this.#read(done, () => this.#actorRows(shard, actor))
  }

  readRequests(...[shard, { after, limit }, done]: Parameters<Journal['readRequests']>): void {
    const { key: shape, row } = tableSpecs.requests
    const whole = keysFrom([shard])
    const rest = after && { ...whole, start: encodeKey([shard, after[0], after[1]]), exclusiveStart: true }
    this.#read(done, () =>
      [...this.#environment.rows.requests.getRange({ ...(rest ?? whole), limit })].map(({ key, value }) => {
        const [, actor, name] = decodeKey(key, shape)
        return [actor as ActorId, name as string, row.fromStored(decodeValue(value)).at] as const
      }),
    )
  }

  readPosition(scope: ScopeId, done: (read: Read<Position | 'sealed'>) => void): void {
    this.#read(done, () => this.#positionOf(scope))
  }

  readExpired(...[{ before, limit }, done]: Parameters<Journal['readExpired']>): void {
    // A process that died reading holds on to pages that could be used again.
    this.#environment.releaseDeadReaders()
    this.#read(done, () => expiredIn(this.#environment, before, limit))
  }

  readTombstones(...[shard, { after, limit }, done]: Parameters<Journal['readTombstones']>): void {
    const { key: shape, row } = tableSpecs.snapshots
    const whole = keysFrom([shard])
    const rest = after !== undefined && { start: encodeKey([shard, after]), exclusiveStart: true }
    this.#read(done, () => {
      const page = [...this.#environment.rows.snapshots.getRange({ ...whole, ...rest, limit })].map(
        ({ key, value }) =>
          [decodeKey(key, shape)[1] as Ordinal, row.fromStored(decodeValue(value))] as const,
      )
      const last = page[limit - 1]
      return {
        tombstones: page.flatMap(([ordinal, { id, status, archivedAt }]) =>
          status !== 'archived' || archivedAt === undefined ? [] : [[ordinal, id, archivedAt] as const],
        ),
        ...(last && { next: last[0] }),
      }
    })
  }

  readHistory(...[shard, actor, { before, limit }, done]: Parameters<Journal['readHistory']>): void {
    this.#read(done, () => {
      const walked: JournalRecord[] = []
      const batches = new Map<string, readonly JournalRecord[]>()
      let place = before ?? this.#actorRows(shard, actor).snapshot?.last
      while (place !== undefined && walked.length < limit) {
        const record = this.#recordAt(place, batches)
        if (record === undefined) break
        walked.push(record)
        place = record.previous
      }
      return walked
    })
  }

  // ── appending ──

  async #open(scope: ScopeId, node: NodeId): Promise<boolean> {
    const { scopes } = this.#environment.rows
    const key = encodeKey([scope])
    const value = encodeValue(scopeLayout.toStored({ node }))
    const isOpen = await this.#commit(
      () =>
        scopes.ifNoExists(key, () => {
          scopes.put(key, value, 0)
        }),
      () => this.#positionOf(scope) === 0,
    )
    if (isOpen) {
      const submitted = 0 as Position
      this.#scopes.set(scope, { node, submitted, stopped: false, answered: Promise.resolve() })
    }
    return isOpen
  }

  // Not an async function: what it encodes it encodes before it returns, so the caller may change its rows.
  #submit(scope: ScopeId, state: OpenScope, expected: Position, batch: Batch): Promise<AppendOutcome> {
    if (state.lost !== undefined) return Promise.resolve(state.lost)
    const position = (expected + 1) as Position
    if (state.stopped || expected !== state.submitted) {
      state.stopped = true
      return Promise.resolve({ kind: 'sealed' })
    }
    let writes: EncodedWrite[]
    try {
      writes = this.#encode(scope, state, position, batch)
    } catch (error) {
      state.stopped = true
      return Promise.resolve({ kind: 'unstorable', cause: (error as Error).message })
    }
    state.submitted = position
    const { scopes } = this.#environment.rows
    const key = encodeKey([scope])
    return this.#commit(
      () =>
        scopes.ifVersion(key, expected, () => {
          for (const { rows, key, value, version } of writes) {
            if (value === undefined) rows.remove(key)
            else if (version === undefined) rows.put(key, value)
            else rows.put(key, value, version)
          }
        }),
      () => Number(this.#positionOf(scope)) >= position,
    ).then(
      (isWritten): AppendOutcome => (isWritten ? { kind: 'durable', position } : { kind: 'sealed' }),
      (error: Error): AppendOutcome =>
        error instanceof WriteError && fullCodes.has(error.code) && this.#fatal === undefined
          ? { kind: 'full' }
          : { kind: 'failed', cause: error.message },
    )
  }

  #encode(scope: ScopeId, { node }: OpenScope, position: Position, batch: Batch): EncodedWrite[] {
    const { rows } = this.#environment
    const writes = batch.writes.map((write) => this.#encodeWrite(write))
    if (batch.records.length > 0) {
      const value = encodeValue(batchLayout.toStored(batch))
      writes.push({ rows: rows.journal, key: encodeKey([scope, position]), value, version: undefined })
    }
    for (const trim of batch.trims ?? []) writes.push(...this.#encodeTrim(trim, batch.now))
    const ends = batch.trims?.filter((trim) => trim.ends).length ?? 0
    if (ends > 0) writes.push(...this.#oldestGone(ends))
    const value = encodeValue(scopeLayout.toStored({ node }))
    writes.push({ rows: rows.scopes, key: encodeKey([scope]), value, version: position })
    return writes
  }

  #encodeTrim({ scope, positions, ends }: Trim, now: Instant): EncodedWrite[] {
    const { journal, scopes, trims } = this.#environment.rows
    const key = encodeKey([scope])
    const before = trims.get(key)
    const last = positions.at(-1) ?? (before && trimmedThrough(trimLayout.fromStored(decodeValue(before))))
    const trim = last !== undefined && trimLayout.toStored(ends ? [last, now] : last)
    return [
      ...positions.map((position) => removal(journal, encodeKey([scope, position]))),
      ...(ends ? [removal(scopes, key)] : []),
      ...(trim ? [{ rows: trims, key, value: encodeValue(trim), version: undefined }] : []),
    ]
  }

  /** Room for so many more. */
  #oldestGone(more: number): EncodedWrite[] {
    const { trims } = this.#environment.rows
    const gone = [...trims.getRange({})].flatMap(({ key, value }) => {
      const trim = trimLayout.fromStored(decodeValue(value))
      return typeof trim === 'number' ? [] : [{ key, goneAt: trim[1] }]
    })
    const surplus = Math.max(0, gone.length + more - goneTrimsMax)
    const oldest = gone.sort((a, b) => a.goneAt - b.goneAt).slice(0, surplus)
    return oldest.map(({ key }) => removal(trims, key))
  }

  #encodeWrite({ table, key, value }: Write): EncodedWrite {
    const rows = this.#environment.rows[table]
    const layout = tableSpecs[table].row
    return {
      rows,
      key: encodeKey(key),
      value: value === undefined ? undefined : encodeValue(layout.toStored(value as never)),
      version: table === 'shards' ? versionOf(value as ShardRow) : table === 'meta' ? 0 : undefined,
    }
  }

  // ── acquiring ──

  async #acquire(shard: ShardId, expected: Epoch, scope: ScopeId): Promise<AcquireOutcome> {
    for (;;) {
      this.#environment.refresh()
      const row = this.#shardRow(shard)
      const node = this.#scopes.get(scope)?.node
      if (node === undefined || this.#positionOf(scope) === 'sealed') return { kind: 'sealed' }
      if ((row?.epoch ?? 0) !== expected) return { kind: 'refused', ...(row && { row: publicRow(row) }) }
      const owner = row === undefined || row.released ? undefined : row.scope
      const taken: StoredShardRow = {
        shard,
        epoch: (expected + 1) as Epoch,
        scope,
        node,
        released: false,
        now: this.#latestKnown(row) as Instant,
        ...(owner && { sealed: owner }),
      }
      // Refused at the epoch that was read: the owner has released meanwhile, once at most, or someone was faster.
      if (!(await this.#take(row, taken))) continue

      this.#environment.refresh()
      // One write has one condition, and this one was on the shard's row. A scope that was sealed between the look
      // above and the write has taken the shard in name only: it can append nothing, its row names a sealed scope,
      // so the shard counts as unowned; and it is told so here.
      if (this.#positionOf(scope) === 'sealed') return { kind: 'sealed' }
      const clean = owner === undefined || owner === scope
      return { kind: 'acquired', epoch: taken.epoch, clean, now: this.#latestKnown(taken) as Instant }
    }
  }

  #take(row: StoredShardRow | undefined, taken: StoredShardRow): Promise<boolean> {
    const { shards, scopes } = this.#environment.rows
    const { shard, scope } = taken
    const key = encodeKey([shard])
    const value = encodeValue(shardLayout.toStored(taken))
    const isHeld = row !== undefined && !row.released && row.scope !== scope
    const seal = isHeld && {
      key: encodeKey([row.scope]),
      value: encodeValue(scopeLayout.toStored({ node: row.node, sealedBy: scope })),
    }
    const write = () => {
      shards.put(key, value, versionOf(taken))
      if (seal) scopes.put(seal.key, seal.value, sealedVersion)
    }
    return this.#commit(
      () => (row ? shards.ifVersion(key, versionOf(row), write) : shards.ifNoExists(key, write)),
      () => this.#shardRow(shard)?.scope === scope && this.#shardRow(shard)?.epoch === taken.epoch,
    )
  }

  // World time: what the row says; and since its writer could not know the last batch of the scope that it sealed
  // until it had done so, that one's too.
  #latestKnown(row: StoredShardRow | undefined): number {
    return Math.max(row?.now ?? 0, row?.sealed ? lastTimeOf(this.#environment, row.sealed) : 0)
  }

  // ── every write and every read ──

  /** True: durable. False: refused. When it fails and `isVisible` nevertheless, it was the flush that failed. */
  async #commit(write: () => Promise<boolean>, isVisible: () => boolean): Promise<boolean> {
    if (this.#fatal !== undefined) throw new Error(this.#fatal)
    if (!this.#isRoomLeft()) {
      const message = `Less than ${minRoomBytes / 2 ** 20} MiB are free on the disk of ${this.#environment.folder}`
      throw new WriteError({ message, code: noSpace })
    }
    try {
      const isWritten = await durable(write())
      if (isWritten) await this.#options.afterFlush?.()
      if (this.#fatal === undefined) return isWritten
    } catch (error) {
      this.#judge(error as WriteError, isVisible)
      if (this.#fatal === undefined) throw error
    }
    throw new Error(this.#fatal)
  }

  #judge({ message, code }: WriteError, isVisible: () => boolean): void {
    try {
      this.#environment.refresh()
      if (isVisible()) this.#endAll(message)
      else if (brokenCodes.has(code)) this.#endProcess(message)
    } catch {
      // After a panic nothing can be read either, and the next write would never be answered.
      this.#endProcess(message)
    }
  }

  #isRoomLeft(): boolean {
    const now = performance.now()
    if (now - this.#lookedAtRoom >= lookAtRoomMs) {
      this.#lookedAtRoom = now
      this.#hasRoom = this.#roomBytes() >= minRoomBytes
    }
    return this.#hasRoom
  }

  #endAll(cause: string): void {
    if (this.#fatal !== undefined) return
    this.#fatal = `A flush to the disk failed: ${cause}`
    // The disk that could not be flushed may not take the mark either: the process ends all the same.
    try {
      markFlushFailed(this.#environment.folder, cause)
    } finally {
      this.#options.onFatal?.(this.#fatal)
    }
  }

  #endProcess(cause: string): void {
    if (this.#fatal !== undefined) return
    this.#fatal = `The store cannot be written to by this process: ${cause}`
    this.#options.onBroken?.(this.#fatal)
  }

  #read<T>(done: (read: Read<T>) => void, value: () => T): void {
    let read: Read<T>
    try {
      this.#environment.refresh()
      read = { kind: 'found', value: value() }
    } catch (error) {
      read = { kind: 'failed', cause: (error as Error).message }
    }
    queueMicrotask(() => done(read))
  }

  #positionOf(scope: ScopeId): Position | 'sealed' {
    const version = this.#environment.rows.scopes.getEntry(encodeKey([scope]))?.version
    return version === undefined || version === sealedVersion ? 'sealed' : (version as Position)
  }

  #shardRow(shard: ShardId): StoredShardRow | undefined {
    return this.#get('shards', [shard])
  }

  #actorRows(shard: ShardId, actor: ActorId): ActorRows {
    const requests = [...this.#range('requests', [shard, actor])].map(
      ([key, row]) => [key[2] as string, row] as const,
    )
    const found = this.#get('actors', [actor])
    if (found === undefined) return { requests }
    const { ordinal, createdBy } = found
    const snapshot = this.#get('snapshots', [shard, ordinal])
    return { ordinal, ...(createdBy && { createdBy }), ...(snapshot && { snapshot }), requests }
  }

  #recordAt(
    [scope, position, index]: RecordPlace,
    batches: Map<string, readonly JournalRecord[]>,
  ): JournalRecord | undefined {
    const name = `${scope} ${position}`
    let records = batches.get(name)
    if (records === undefined) {
      const value = this.#environment.rows.journal.get(encodeKey([scope, position]))
      records = value ? batchLayout.fromStored(decodeValue(value)).records : []
      batches.set(name, records)
    }
    return records[index]
  }

  #get<T extends TableName>(table: T, key: Key): Tables[T] | undefined {
    const value = this.#environment.rows[table].get(encodeKey(key))
    return value && tableSpecs[table].row.fromStored(decodeValue(value))
  }

  async #shardRows(shard: ShardId, mailboxWindow: number): Promise<ShardRows> {
    this.#environment.refresh()
    const state = this.#get('meta', ['shard', shard])
    const within = new MailboxWindow(mailboxWindow)
    for await (const page of this.#pages('mailbox', shard))
      for (const [[, n], row] of page) within.add(n as number, row)
    const list = async (table: TableName) => {
      const rows: unknown[] = []
      for await (const page of this.#pages(table, shard))
        for (const [key, row] of page) rows.push([...key.slice(1), row])
      return rows
    }
    return {
      ...(state && { state }),
      ...within.rows,
      outbox: await list('outbox'),
      inbox: await list('inbox'),
      channels: await list('channels'),
      timers: await list('timers'),
      calls: await list('calls'),
      asks: await list('asks'),
    } as unknown as ShardRows
  }

  // A hundred thousand rows take longer than the bound on heartbeats: read in one look, they would cost the process of
  // each node that takes the shard, one after the other.
  async *#pages<T extends TableName>(
    table: T,
    shard: ShardId,
  ): AsyncGenerator<readonly (readonly [Key, Tables[T]])[]> {
    const { key: shape, row } = tableSpecs[table]
    const whole = keysFrom([shard])
    for (let from: object = whole; ; ) {
      const page = [...this.#environment.rows[table].getRange({ ...whole, ...from, limit: pageRows })]
      yield page.map(({ key, value }) => [decodeKey(key, shape), row.fromStored(decodeValue(value))] as const)
      const last = page[pageRows - 1]
      if (last === undefined) return
      from = { start: last.key, exclusiveStart: true }
      await new Promise((resolve) => setImmediate(resolve))
      this.#environment.refresh()
    }
  }

  *#range<T extends TableName>(table: T, prefix: Key): Generator<readonly [Key, Tables[T]]> {
    const { key: shape, row } = tableSpecs[table]
    for (const { key, value } of this.#environment.rows[table].getRange(keysFrom(prefix))) {
      yield [decodeKey(key, shape), row.fromStored(decodeValue(value))]
    }
  }
}

const shardLayout = tableSpecs.shards.row

const removal = (rows: Rows, key: Buffer): EncodedWrite => ({
  rows,
  key,
  value: undefined,
  version: undefined,
})

// Twice the epoch, and one more once released: a release between an acquirer's look and its write refuses the
// write, so that it never seals an owner who has let go.
function versionOf({ epoch, released }: ShardRow): number {
  return 2 * epoch + (released ? 1 : 0)
}

function publicRow(row: StoredShardRow): ShardRow {
  const { sealed: _, ...rest } = row
  return rest
}
