/**
 * The journal of a simulated machine: one log, shared by all of its nodes.
 *
 * A write is submitted, then visible to every reader, then durable. A node that dies loses only what it has
 * submitted and what is not visible yet; a machine that loses power loses the end of the log, whoever wrote it.
 *
 * Owns:     the order of commits, what is durable, and the faults of a disk.
 * Does not: own time or chance. Both are given to it.
 *
 * Invariants:
 *   L1. What is durable is a prefix of the log.
 *   L2. After the loss of power the state is what it was when the last durable write became visible.
 */
import type { ActorId, Instant } from '#actor'
import type {
  AcquireOutcome,
  ActorRow,
  ActorRows,
  AppendOutcome,
  Batch,
  Epoch,
  Expired,
  Journal,
  JournalRecord,
  KeptBatch,
  Key,
  MailboxRow,
  NodeId,
  Ordinal,
  Position,
  Read,
  RecordPlace,
  RequestPlace,
  RequestRow,
  ScopeId,
  ScopeRow,
  ShardId,
  ShardRow,
  ShardRows,
  ShardStateRow,
  ShardView,
  SnapshotRow,
  TableName,
  Tables,
  TombstonePage,
  Trim,
  Write,
} from '#ports'
import { keyBytes, keyBytesMax, withinWindow } from '#ports'
import { plainCopy } from './plain-copy.ts'

/** What the journal needs of its simulator. */
export interface SimJournalWorld {
  schedule(delayMicroseconds: number, run: () => void): void
  /** The next number in [0, 1) under this name. */
  draw(name: string): number
}

/** Least and most, in microseconds. */
export type DelayRange = readonly [least: number, most: number]

export interface SimJournalDelays {
  /** From the call until a write is visible. */
  readonly visible: DelayRange
  /** A flush, of everything visible when it starts. One at a time. */
  readonly flush: DelayRange
  /** From the call of a read, which sees that moment, to its answer. */
  readonly read: DelayRange
}

/** A journal that is wrong on purpose, so that a test can show that a check finds it. */
export type JournalMutant =
  | 'skip-seal'
  | 'accept-stale-position'
  | 'durable-at-visible'
  | 'keep-part-of-refused'
  | 'keep-torn'
  | 'trim-last'

/** Points at which a process can be stopped: one at each border of what is durable. */
export const crashPoints = [
  /** Its batch is on the way, and nobody has seen it. */
  'before-append',
  /** Others can see its batch, which may yet be lost with the power. */
  'before-durable',
  /** Its batch is durable, and nothing that it caused has left. */
  'before-reply',
  /** It has accepted a message from another shard, and the batch with it is on the way. */
  'before-accept',
  /** A batch in which a timer has fired is visible. */
  'in-timer',
  /** A party outside has answered, and the batch with the answer is on the way. */
  'in-call',
  /** It has durably accepted a message from another shard, and has not acknowledged it. */
  'before-mark-sent',
  /** It has durably accepted a message, and handled nothing in that batch. */
  'before-handling',
  /** Its message was durably accepted elsewhere, and it has not heard of it. */
  'before-mark-seen',
  /** It has released a shard, and nobody has taken it. */
  'after-release',
  /** It is about to take a shard. */
  'before-acquire',
  /** A shard is its own, and not loaded. */
  'in-handoff',
  /** It has read a shard, and not begun with it. */
  'in-recovery',
] as const
export type CrashPoint = (typeof crashPoints)[number]

export interface SimJournalOptions {
  readonly delays?: SimJournalDelays
  /** Whether batches and answers are copied, and refused when they are not plain data (the default), or taken as they are. */
  readonly copies?: boolean
  readonly break?: ReadonlySet<JournalMutant>
}

interface Appended {
  readonly kind: 'appended'
  readonly scope: ScopeId
  readonly position: Position
  readonly batch: Batch
}

/** A write that was accepted, as it became visible. Nobody may change what it refers to. */
export type Commit =
  | Appended
  | { readonly kind: 'opened'; readonly scope: ScopeId; readonly node: NodeId }
  | {
      readonly kind: 'acquired'
      readonly shard: ShardId
      readonly epoch: Epoch
      readonly scope: ScopeId
      readonly sealed?: ScopeId
    }

// About what the real store does on a small machine.
const usualDelays: SimJournalDelays = { visible: [100, 1_500], flush: [300, 3_000], read: [20, 300] }

/** Something that is wrong with the disk until it is mended. Several may overlap. */
export interface DiskTrouble {
  /** Writes, flushes or reads that met it. */
  readonly met: number
  heal(): void
}

interface Trouble {
  readonly kind: 'full' | 'write' | 'flush' | 'read'
  /** What it adds to each at most. */
  readonly slowerUs: number
  met: number
}

/** One process's hold on the journal. */
interface Life {
  readonly node: NodeId
  /** Of its draws. */
  readonly names: { readonly visible: string; readonly read: string }
  /** How its callbacks reach it. */
  readonly enter: (run: () => void) => void
  readonly queue: Submitted[]
  ended: boolean
}

interface Submitted {
  readonly what: 'open' | 'append' | 'acquire'
  readonly batch?: Batch
  /** Decides and writes. What it accepts it returns as a commit. */
  readonly apply: () => { readonly answer: () => void; readonly commit?: Commit }
  /** Decides that it failed, or did not fit, and returns the answer. */
  readonly fail: (kind: 'failed' | 'full' | 'unstorable', cause: string) => () => void
}

interface Logged {
  readonly life: Life
  readonly answer: () => void
  readonly commit: Commit | undefined
  readonly undo: Undo
}

interface Trap {
  readonly node: NodeId | 'any'
  readonly point: CrashPoint
  readonly run: () => void
}

/** A row of a shard is kept as the write that made it. */
type Stored = Write

/** What was changed, three entries a change: a map, a key, and what was there. */
type Undo = unknown[]

export class SimJournal {
  readonly #world: SimJournalWorld
  readonly #delays: SimJournalDelays
  readonly #copies: boolean
  readonly #break: ReadonlySet<JournalMutant>
  readonly #lives = new Set<Life>()
  readonly #commitListeners: ((commit: Commit) => void)[] = []
  readonly #durableListeners: ((commit: Commit) => void)[] = []

  readonly #scopes = new Map<ScopeId, ScopeRow>()
  readonly #shards = new Map<ShardId, ShardRow>()
  readonly #actors = new Map<ActorId, ActorRow>()
  /** The scope that a shard was taken from, if that was sealed by it. */
  readonly #takenFrom = new Map<ShardId, ScopeId>()
  /** Those with records, in the order of their positions. */
  readonly #batches = new Map<ScopeId, Map<Position, Batch>>()
  readonly #tables = new Map<ShardId, ShardTables>()
  /** Scopes whose process was told that they are lost, and how (J6). */
  readonly #lost = new Map<ScopeId, AppendOutcome>()

  /** Visible and not durable, oldest first. */
  #log: Logged[] = []
  #undo: Undo = []
  #flushing = false
  #held = false
  readonly #troubles = new Set<Trouble>()
  /** Grows when power is lost, so that a flush from before does nothing. */
  #era = 0
  readonly #failures = new Map<NodeId, boolean[]>()
  readonly #traps = new Set<Trap>()

  constructor(world: SimJournalWorld, options: SimJournalOptions = {}) {
    this.#world = world
    this.#delays = options.delays ?? usualDelays
    this.#copies = options.copies ?? true
    this.#break = options.break ?? new Set()
  }

  /**
   * The journal of one process of this node; a new process needs a new one. `enter` carries each callback to
   * it, so that a frozen process can be called back later.
   */
  port(node: NodeId, enter = (run: () => void): void => run()): Journal {
    const names = { visible: `journal.visible.${node}`, read: `journal.read.${node}` }
    const life: Life = { node, names, enter, queue: [], ended: false }
    this.#lives.add(life)
    return new SimPort(this, life)
  }

  // ── faults ──

  /** The node's process ends: what it submitted and nobody can see yet is lost, and nothing calls it back. */
  crashNode(node: NodeId): void {
    for (const life of this.#lives) if (life.node === node) this.#end(life)
  }

  /**
   * Every port is dead, and all that was not durable is undone. Returns that, oldest first.
   *
   * `torn`: it fails in the middle of a flush. Some of the log has reached the disk without anybody being told, and
   * the write that follows only in part: its checksum says so, and it is undone whole.
   */
  losePower({ torn = false } = {}): readonly Commit[] {
    for (const life of this.#lives) this.#end(life)
    const reached = torn ? Math.floor(this.#world.draw('journal.torn') * this.#log.length) : 0
    for (const logged of this.#log.splice(0, reached)) this.#durable(logged)
    const lost = this.#log
    this.#log = []
    this.#era += 1
    this.#flushing = false
    this.#held = false
    const keptOfFirst = torn && this.#break.has('keep-torn') ? 0.5 : 0
    for (const [n, { undo }] of [...lost.entries()].reverse()) {
      restore(n === 0 ? undo.slice(Math.ceil(undo.length * keptOfFirst)) : undo)
    }
    // Those that were trimmed and are there again came last.
    for (const [scope, kept] of this.#batches)
      this.#batches.set(scope, new Map([...kept].sort(([a], [b]) => a - b)))
    return lost.flatMap(({ commit }) => commit ?? [])
  }

  /** The node's next write fails, and it cannot know whether it was written. Each call adds one. */
  failNext(node: NodeId, written: boolean): void {
    this.#failures.set(node, [...(this.#failures.get(node) ?? []), written])
  }

  /**
   * Runs once, in the instant in which a process of this node, or of any, next comes to this point. Returns how to
   * take it away.
   */
  trap(node: NodeId | 'any', point: CrashPoint, run: () => void): () => void {
    const trap: Trap = { node, point, run }
    this.#traps.add(trap)
    return () => this.#traps.delete(trap)
  }

  /** From now on nothing more fits. */
  fill(): DiskTrouble {
    return this.#trouble({ kind: 'full', slowerUs: 0, met: 0 })
  }

  /** From now on every write until it is visible, flush or read takes up to this much longer. Microseconds. */
  slow(kind: 'write' | 'flush' | 'read', slowerUs: number): DiskTrouble {
    return this.#trouble({ kind, slowerUs, met: 0 })
  }

  /** There is room again, and nothing is slow. */
  healAll(): void {
    this.#troubles.clear()
  }

  /** No flush ends until `releaseFlush`. */
  holdFlush(): void {
    this.#held = true
  }

  releaseFlush(): void {
    this.#held = false
    this.#startFlush()
  }

  // ── checks ──

  /** Told of every accepted write when it becomes visible, in the order of the log. */
  onCommit(listener: (commit: Commit) => void): void {
    this.#commitListeners.push(listener)
  }

  /** Told of every accepted write when it is durable, in the order of the log. */
  onDurable(listener: (commit: Commit) => void): void {
    this.#durableListeners.push(listener)
  }

  /** All visible rows of a table, in no order. Nobody may change them. */
  *rows<T extends TableName>(table: T): Generator<readonly [Key, Tables[T]]> {
    if (table === 'actors') yield* entries<T>(this.#actors)
    else if (table === 'shards') yield* entries<T>(this.#shards)
    else for (const tables of this.#tables.values()) yield* tables.all(table)
  }

  scopeRow(scope: ScopeId): ScopeRow | undefined {
    return this.#scopes.get(scope)
  }

  /** The records of a batch; none if there is no such batch. */
  recordsAt(scope: ScopeId, position: Position): readonly JournalRecord[] {
    return this.#batches.get(scope)?.get(position)?.records ?? []
  }

  // ── from the ports ──

  /** @internal */
  submit(life: Life, write: Submitted): void {
    if (life.ended) return
    life.queue.push(write)
    const delay = this.#drawn(this.#delays.visible, life.names.visible) + this.#meet('write')
    this.#world.schedule(delay, () => this.#commitNext(life))
  }

  /** @internal What is written of it; or what is wrong with it. */
  taken(batch: Batch): Batch | string {
    try {
      for (const { key } of batch.writes) checkKey(key)
      return this.#given(batch)
    } catch (error) {
      return (error as Error).message
    }
  }

  /** @internal A read sees this moment; its answer comes later. */
  read<T>(life: Life, done: (read: Read<T>) => void, value: () => T, isOfShard = false): void {
    if (life.ended) return
    const read: Read<T> = { kind: 'found', value: this.#given(value()) }
    const delay = this.#drawn(this.#delays.read, life.names.read) + this.#meet('read')
    this.#world.schedule(delay, () => {
      if (isOfShard) this.#reach(life, 'in-recovery')
      this.#answer(life, () => done(read))
    })
  }

  /** @internal A read of the retention's: its time is drawn apart, so that it changes no other. */
  lookFor<T>(life: Life, done: (read: Read<T>) => void, value: () => T): void {
    if (life.ended) return
    const read: Read<T> = { kind: 'found', value: this.#given(value()) }
    const delay = this.#drawn(this.#delays.read, `${life.names.read}.look`) + this.#meet('read')
    this.#world.schedule(delay, () => this.#answer(life, () => done(read)))
  }

  /** @internal */
  applyOpen(scope: ScopeId, node: NodeId): Commit | undefined {
    if (this.#scopes.has(scope)) return undefined
    this.#set(this.#scopes, scope, { node, position: 0 as Position, now: 0 as Instant })
    return { kind: 'opened', scope, node }
  }

  /** @internal */
  applyAppend(scope: ScopeId, expected: Position, batch: Batch): Appended | AppendOutcome {
    const lost = this.#lost.get(scope)
    if (lost) return lost
    const row = this.#scopes.get(scope)
    const fits = row?.position === expected || this.#break.has('accept-stale-position')
    if (row === undefined || row.sealedBy !== undefined || !fits) {
      if (this.#break.has('keep-part-of-refused')) {
        for (const write of batch.writes.slice(0, Math.ceil(batch.writes.length / 2))) this.#write(write)
      }
      return this.loseScope(scope, { kind: 'sealed' })
    }
    const position = (row.position + 1) as Position
    const now = Math.max(row.now, batch.now) as Instant
    this.#set(this.#scopes, scope, { ...row, position, now })
    if (batch.records.length > 0) this.#set(this.#batchesOf(scope), position, batch)
    for (const write of batch.writes) this.#write(write)
    for (const trim of batch.trims ?? []) this.#trim(trim)
    return { kind: 'appended', scope, position, batch }
  }

  /** @internal Everything that this scope appends from now on is told the same (J6). */
  loseScope(scope: ScopeId, outcome: AppendOutcome): AppendOutcome {
    return getOrAdd(this.#lost, scope, () => outcome)
  }

  /** @internal */
  applyAcquire(
    shard: ShardId,
    expected: Epoch,
    scope: ScopeId,
  ): { readonly outcome: AcquireOutcome; readonly commit?: Commit } {
    const own = this.#scopes.get(scope)
    if (own === undefined || own.sealedBy !== undefined) return { outcome: { kind: 'sealed' } }
    const row = this.#shards.get(shard)
    if ((row?.epoch ?? 0) !== expected) {
      return { outcome: { kind: 'refused', ...(row && { row: this.#given(row) }) } }
    }
    const held = row !== undefined && !row.released
    const owner = held ? this.#scopes.get(row.scope) : undefined
    const epoch = (expected + 1) as Epoch
    const now = Math.max(row?.now ?? 0, held ? this.#lastTimeOf(row.scope) : 0) as Instant
    this.#set(this.#takenFrom, shard, held ? row.scope : undefined)
    this.#set(this.#shards, shard, { shard, epoch, scope, node: own.node, released: false, now })

    const clean = !held || row.scope === scope
    const seals = !clean && owner !== undefined && !this.#break.has('skip-seal')
    if (seals && owner.sealedBy === undefined)
      this.#set(this.#scopes, row.scope, { ...owner, sealedBy: scope })
    return {
      outcome: { kind: 'acquired', epoch, clean, now },
      commit: { kind: 'acquired', shard, epoch, scope, ...(seals && { sealed: row.scope }) },
    }
  }

  /** @internal */
  shardViews(): ShardView[] {
    return [...this.#shards.values()]
      .sort((a, b) => (a.shard < b.shard ? -1 : 1))
      .map((row) => ({
        row,
        sealed: this.#isSealed(row.scope),
        versions: this.#tablesOf(row.shard).state?.versions ?? {},
      }))
  }

  /** Also one whose row has gone. */
  #isSealed(scope: ScopeId): boolean {
    const row = this.#scopes.get(scope)
    return row === undefined || row.sealedBy !== undefined
  }

  /** @internal */
  shardRows(shard: ShardId, mailboxWindow: number): ShardRows {
    return this.#tablesOf(shard).load(mailboxWindow)
  }

  /** @internal */
  mailboxRows(shard: ShardId, numbers: readonly number[]): (readonly [n: number, row: MailboxRow])[] {
    return this.#tablesOf(shard).mailboxRows(numbers)
  }

  /** @internal */
  actorRows(shard: ShardId, actor: ActorId): ActorRows {
    const requests = this.#tablesOf(shard).requestsOf(actor)
    const found = this.#actors.get(actor)
    if (found === undefined) return { requests }
    const { ordinal, createdBy } = found
    const snapshot = this.#tablesOf(shard).snapshotOf(ordinal)
    return { ordinal, ...(createdBy && { createdBy }), ...(snapshot && { snapshot }), requests }
  }

  /** @internal */
  requests(shard: ShardId, after: RequestPlace | undefined, limit: number): RequestPlace[] {
    const from: Key = after === undefined ? [] : [shard, after[0], after[1]]
    return [...this.#tablesOf(shard).all('requests')]
      .filter(([key]) => after === undefined || compareKeys(from, key) < 0)
      .sort(([a], [b]) => compareKeys(a, b))
      .slice(0, limit)
      .map(([[, actor, key], { at }]) => [actor as ActorId, key as string, at])
  }

  /** @internal The same choice as on LMDB (`live/lmdb/expired.ts`), without its bound on bytes. */
  expired(before: Instant, limit: number): Expired {
    const named = new Set([...this.#shards.values()].map(({ scope }) => scope))
    for (const scope of this.#takenFrom.values()) named.add(scope)
    if (this.#break.has('trim-last')) named.clear()
    const batches: KeptBatch[] = []
    const ends: ScopeId[] = []
    for (const scope of [...new Set([...this.#scopes.keys(), ...this.#batches.keys()])].sort()) {
      const kept = this.#batchesOf(scope).entries()
      let next = kept.next()
      if (next.done && !this.#scopes.has(scope)) continue
      let isEmpty = true
      while (!next.done) {
        const [position, { now, records }] = next.value
        next = kept.next()
        if (now > before || (next.done && named.has(scope))) {
          isEmpty = false
          break
        }
        if (batches.length === limit) return { batches, ends, more: true }
        batches.push({ scope, position, now, records })
      }
      if (!isEmpty || named.has(scope)) continue
      if (ends.length === limit) return { batches, ends, more: true }
      ends.push(scope)
    }
    return { batches, ends, more: false }
  }

  /** @internal */
  tombstones(shard: ShardId, after: Ordinal | undefined, limit: number): TombstonePage {
    const page = [...this.#tablesOf(shard).all('snapshots')]
      .map(([key, row]) => [key[1] as Ordinal, row] as const)
      .filter(([ordinal]) => after === undefined || ordinal > after)
      .sort(([a], [b]) => a - b)
      .slice(0, limit)
    const next = page[limit - 1]?.[0]
    return {
      tombstones: page.flatMap(([ordinal, { id, status, archivedAt }]) =>
        status !== 'archived' || archivedAt === undefined ? [] : [[ordinal, id, archivedAt] as const],
      ),
      ...(next !== undefined && { next }),
    }
  }

  /** @internal */
  history(shard: ShardId, actor: ActorId, before: RecordPlace | undefined, limit: number): JournalRecord[] {
    const records: JournalRecord[] = []
    let place = before ?? this.actorRows(shard, actor).snapshot?.last
    while (place !== undefined && records.length < limit) {
      const [scope, position, index]: RecordPlace = place
      const record = this.recordsAt(scope, position)[index]
      if (record === undefined) break
      records.push(record)
      place = record.previous
    }
    return records
  }

  // ── the log ──

  #commitNext(life: Life): void {
    if (this.#traps.size > 0) this.#reachBefore(life)
    const write = life.queue.shift()
    if (write === undefined) return
    const written = this.#failures.get(life.node)?.shift()
    if (written === false) this.#enlog(life, write.fail('failed', 'The disk failed.'), undefined)
    else if (this.#isFull()) this.#enlog(life, write.fail('full', 'The disk is full.'), undefined)
    else {
      const { answer, commit } = write.apply()
      this.#enlog(life, written ? write.fail('failed', 'The disk failed.') : answer, commit)
    }
  }

  #enlog(life: Life, answer: () => void, commit: Commit | undefined): void {
    this.#log.push({ life, answer, commit, undo: this.#undo })
    this.#undo = []
    if (commit) for (const listener of this.#commitListeners) listener(commit)
    if (commit?.kind === 'appended' && this.#traps.size > 0) {
      this.#reach(life, 'before-durable')
      if (removesFrom('timers', commit.batch)) this.#reach(life, 'in-timer')
    }
    if (this.#break.has('durable-at-visible')) this.#answer(life, answer)
    this.#startFlush()
  }

  #startFlush(): void {
    if (this.#flushing || this.#log.length === 0) return
    this.#flushing = true
    const count = this.#log.length
    const era = this.#era
    const delay = this.#drawn(this.#delays.flush, 'journal.flush') + this.#meet('flush')
    this.#world.schedule(delay, () => {
      if (era !== this.#era) return
      this.#flushing = false
      if (this.#held) return
      for (const logged of this.#log.splice(0, count)) this.#durable(logged)
      this.#startFlush()
    })
  }

  #durable({ life, answer, commit }: Logged): void {
    if (commit) for (const listener of this.#durableListeners) listener(commit)
    if (commit && this.#traps.size > 0) this.#reachAfter(life, commit)
    if (!this.#break.has('durable-at-visible')) this.#answer(life, answer)
  }

  /** Something was submitted and nobody has seen it. */
  #reachBefore(life: Life): void {
    const [next] = life.queue
    if (next?.what === 'acquire') this.#reach(life, 'before-acquire')
    if (next?.what !== 'append') return
    this.#reach(life, 'before-append')
    if (next.batch?.writes.some(({ table }) => table === 'inbox')) this.#reach(life, 'before-accept')
    if (next.batch && removesFrom('calls', next.batch)) this.#reach(life, 'in-call')
  }

  /** It is durable, and its node has not heard so. */
  #reachAfter(life: Life, commit: Commit): void {
    if (commit.kind === 'acquired') this.#reach(life, 'in-handoff')
    if (commit.kind !== 'appended') return
    this.#reach(life, 'before-reply')
    for (const { table, key, value } of commit.batch.writes) {
      if (table === 'shards' && value?.released === true) this.#reach(life, 'after-release')
      if (table !== 'inbox') continue
      this.#reach(life, 'before-mark-sent')
      if (commit.batch.records.length === 0) this.#reach(life, 'before-handling')
      const sender = this.#shards.get(key[1] as ShardId)?.node
      for (const other of this.#lives) if (other.node === sender) this.#reach(other, 'before-mark-seen')
    }
  }

  #reach(life: Life, point: CrashPoint): void {
    if (life.ended) return
    for (const trap of this.#traps) {
      if ((trap.node !== life.node && trap.node !== 'any') || trap.point !== point) continue
      this.#traps.delete(trap)
      trap.run()
    }
  }

  #answer(life: Life, answer: () => void): void {
    if (life.ended) return
    life.enter(() => {
      if (!life.ended) answer()
    })
  }

  #end(life: Life): void {
    life.ended = true
    life.queue.length = 0
    this.#lives.delete(life)
  }

  #drawn([least, most]: DelayRange, name: string): number {
    return least + Math.floor(this.#world.draw(name) * (most - least + 1))
  }

  #trouble(trouble: Trouble): DiskTrouble {
    this.#troubles.add(trouble)
    return {
      get met() {
        return trouble.met
      },
      heal: () => void this.#troubles.delete(trouble),
    }
  }

  #isFull(): boolean {
    this.#meet('full')
    return [...this.#troubles].some(({ kind }) => kind === 'full')
  }

  /** How much longer it takes. Microseconds. */
  #meet(kind: Trouble['kind']): number {
    let slowerUs = 0
    for (const trouble of this.#troubles) {
      if (trouble.kind !== kind) continue
      trouble.met += 1
      if (trouble.slowerUs > 0)
        slowerUs += Math.floor(trouble.slowerUs * this.#world.draw(`journal.slow.${kind}`))
    }
    return slowerUs
  }

  // ── the rows ──

  #write(write: Write): void {
    const { key } = write
    if (write.table === 'actors') this.#set(this.#actors, key[0] as ActorId, write.value)
    else if (write.table === 'shards') this.#set(this.#shards, key[0] as ShardId, write.value)
    else {
      const shard = (write.table === 'meta' ? key[1] : key[0]) as ShardId
      const rows = this.#tablesOf(shard).of(write.table, key)
      this.#set(rows, rowKeyOf(write.table, key), write.value === undefined ? undefined : write)
    }
  }

  /** World time of a scope's last batch, which is all that a store has to tell it by. */
  #lastTimeOf(scope: ScopeId): number {
    const batches = this.#batches.get(scope)
    if (batches === undefined || batches.size === 0) return 0
    const row = this.#scopes.get(scope)
    return row?.now ?? Math.max(...[...batches.values()].map(({ now }) => now))
  }

  #trim({ scope, positions, ends }: Trim): void {
    for (const position of positions) this.#set(this.#batchesOf(scope), position, undefined)
    if (ends) this.#set(this.#scopes, scope, undefined)
  }

  #set<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
    this.#undo.push(map, key, map.get(key))
    if (value === undefined) map.delete(key)
    else map.set(key, value)
  }

  /** What was handed over, as whoever gets it may keep it. */
  #given<T>(value: T): T {
    return this.#copies ? plainCopy(value) : value
  }

  #batchesOf(scope: ScopeId): Map<Position, Batch> {
    return getOrAdd(this.#batches, scope, () => new Map())
  }

  #tablesOf(shard: ShardId): ShardTables {
    return getOrAdd(this.#tables, shard, () => new ShardTables())
  }
}

/** What one process sees: it checks and copies what it is given, and calls back only while it lives. */
class SimPort implements Journal {
  readonly #machine: SimJournal
  readonly #life: Life

  constructor(machine: SimJournal, life: Life) {
    this.#machine = machine
    this.#life = life
  }

  open(...[scope, node, done]: Parameters<Journal['open']>): void {
    this.#machine.submit(this.#life, {
      what: 'open',
      apply: () => {
        const commit = this.#machine.applyOpen(scope, node)
        return commit
          ? { answer: () => done({ kind: 'opened' }), commit }
          : { answer: () => done({ kind: 'failed', cause: `Scope '${scope}' was opened before.` }) }
      },
      fail: (_, cause) => () => done({ kind: 'failed', cause }),
    })
  }

  append(...[scope, expected, batch, done]: Parameters<Journal['append']>): void {
    const checked = this.#machine.taken(batch)
    const fail: Submitted['fail'] = (kind, cause) => {
      const outcome = this.#machine.loseScope(scope, kind === 'full' ? { kind } : { kind, cause })
      return () => done(outcome)
    }
    const apply: Submitted['apply'] = () => {
      if (typeof checked === 'string') return { answer: fail('unstorable', checked) }
      const result = this.#machine.applyAppend(scope, expected, checked)
      if (result.kind !== 'appended') return { answer: () => done(result) }
      const { position } = result
      return { answer: () => done({ kind: 'durable', position }), commit: result }
    }
    this.#machine.submit(this.#life, { what: 'append', batch, apply, fail })
  }

  acquire(...[shard, expected, scope, done]: Parameters<Journal['acquire']>): void {
    this.#machine.submit(this.#life, {
      what: 'acquire',
      apply: () => {
        const { outcome, commit } = this.#machine.applyAcquire(shard, expected, scope)
        return { answer: () => done(outcome), ...(commit && { commit }) }
      },
      fail: (_, cause) => () => done({ kind: 'failed', cause }),
    })
  }

  readShards(done: (read: Read<readonly ShardView[]>) => void): void {
    this.#machine.read(this.#life, done, () => this.#machine.shardViews())
  }

  readShard(...[shard, mailboxWindow, done]: Parameters<Journal['readShard']>): void {
    this.#machine.read(this.#life, done, () => this.#machine.shardRows(shard, mailboxWindow), true)
  }

  readMailbox(...[shard, numbers, done]: Parameters<Journal['readMailbox']>): void {
    this.#machine.read(this.#life, done, () => this.#machine.mailboxRows(shard, numbers))
  }

  readActor(shard: ShardId, actor: ActorId, done: (read: Read<ActorRows>) => void): void {
    this.#machine.read(this.#life, done, () => this.#machine.actorRows(shard, actor))
  }

  readRequests(...[shard, { after, limit }, done]: Parameters<Journal['readRequests']>): void {
    this.#machine.read(this.#life, done, () => this.#machine.requests(shard, after, limit))
  }

  readExpired(...[{ before, limit }, done]: Parameters<Journal['readExpired']>): void {
    this.#machine.lookFor(this.#life, done, () => this.#machine.expired(before, limit))
  }

  readTombstones(...[shard, { after, limit }, done]: Parameters<Journal['readTombstones']>): void {
    this.#machine.lookFor(this.#life, done, () => this.#machine.tombstones(shard, after, limit))
  }

  readPosition(scope: ScopeId, done: (read: Read<Position | 'sealed'>) => void): void {
    this.#machine.read(this.#life, done, () => {
      const row = this.#machine.scopeRow(scope)
      return row === undefined || row.sealedBy !== undefined ? 'sealed' : row.position
    })
  }

  readHistory(...[shard, actor, { before, limit }, done]: Parameters<Journal['readHistory']>): void {
    this.#machine.read(this.#life, done, () => this.#machine.history(shard, actor, before, limit))
  }
}

/** The rows of one shard, but for its `shards` row. */
class ShardTables {
  readonly #rows: { readonly [T in TableName]?: Map<unknown, Stored> } = {
    snapshots: new Map(),
    mailbox: new Map(),
    outbox: new Map(),
    inbox: new Map(),
    channels: new Map(),
    timers: new Map(),
    calls: new Map(),
    asks: new Map(),
    meta: new Map(),
  }
  readonly #requests = new Map<unknown, Map<unknown, Stored>>()

  /** The map that holds this row. */
  of(table: TableName, key: Key): Map<unknown, Stored> {
    return table === 'requests' ? getOrAdd(this.#requests, key[1], () => new Map()) : this.#map(table)
  }

  *all<T extends TableName>(table: T): Generator<readonly [Key, Tables[T]]> {
    const maps = table === 'requests' ? this.#requests.values() : [this.#map(table)]
    for (const map of maps) for (const { key, value } of map.values()) yield [key, value as Tables[T]]
  }

  snapshotOf(ordinal: Ordinal): SnapshotRow | undefined {
    return this.#map('snapshots').get(ordinal)?.value as SnapshotRow | undefined
  }

  requestsOf(actor: ActorId): (readonly [key: string, row: RequestRow])[] {
    const rows = this.#requests.get(actor) ?? new Map<unknown, Stored>()
    return ordered(rows).map(({ key, value }) => [key[2] as string, value as RequestRow])
  }

  get state(): ShardStateRow | undefined {
    const [state] = this.#map('meta').values()
    return state?.value as ShardStateRow | undefined
  }

  mailboxRows(numbers: readonly number[]): (readonly [n: number, row: MailboxRow])[] {
    const rows = this.#map('mailbox')
    return numbers.flatMap((n) => {
      const row = rows.get(n)?.value as MailboxRow | undefined
      return row === undefined ? [] : [[n, row] as const]
    })
  }

  load(mailboxWindow: number): ShardRows {
    const { state } = this
    const list = (table: TableName) =>
      ordered(this.#map(table)).map(({ key, value }) => [...key.slice(1), value])
    return {
      ...(state && { state }),
      ...withinWindow(list('mailbox') as unknown as [number, MailboxRow][], mailboxWindow),
      outbox: list('outbox'),
      inbox: list('inbox'),
      channels: list('channels'),
      timers: list('timers'),
      calls: list('calls'),
      asks: list('asks'),
    } as unknown as ShardRows
  }

  #map(table: TableName): Map<unknown, Stored> {
    const rows = this.#rows[table]
    if (rows === undefined) throw new TypeError(`Table '${table}' is not one of a shard's.`)
    return rows
  }
}

/** A row's key in the map that holds it. */
function rowKeyOf(table: TableName, key: Key): unknown {
  if (table === 'requests') return key[2]
  return key.length < 3 ? key[1] : `${key[1]}\0${key[2]}`
}

function ordered(rows: ReadonlyMap<unknown, Stored>): Stored[] {
  return [...rows.values()].sort((a, b) => compareKeys(a.key, b.key))
}

function compareKeys(a: Key, b: Key): number {
  for (let i = 0; i < a.length; i += 1) {
    const [left = 0, right = 0] = [a[i], b[i]]
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

const removesFrom = (table: TableName, { writes }: Batch): boolean =>
  writes.some((write) => write.table === table && write.value === undefined)

function checkKey(key: Key): void {
  let sound = true
  // Counted exactly only if it could be too long.
  let bytesMax = 0
  for (const part of key) {
    if (typeof part === 'number' ? !Number.isSafeInteger(part) || part < 0 : part.includes('\0'))
      sound = false
    bytesMax += typeof part === 'number' ? 8 : 3 * part.length + 1
  }
  if (!sound || (bytesMax > keyBytesMax && keyBytes(key) > keyBytesMax)) {
    throw new TypeError(`The key ${JSON.stringify(key).slice(0, 200)} cannot be stored.`)
  }
}

function restore(undo: Undo): void {
  for (let at = undo.length - 3; at >= 0; at -= 3) {
    const [map, key, old] = undo.slice(at, at + 3) as [Map<unknown, unknown>, unknown, unknown]
    if (old === undefined) map.delete(key)
    else map.set(key, old)
  }
}

function* entries<T extends TableName>(
  rows: ReadonlyMap<string, unknown>,
): Generator<readonly [Key, Tables[T]]> {
  for (const [key, value] of rows) yield [[key], value as Tables[T]]
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const there = map.get(key)
  if (there !== undefined) return there
  const made = make()
  map.set(key, made)
  return made
}
