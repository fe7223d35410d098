/**
 * The turns that every incarnation of every node has journaled since a reader looked last.
 *
 * An actor's turns lie in as many scopes as it has had owners, and each names the one before it. So a batch is read only
 * after those that its turns follow: where they lie in another scope, the reader goes there first.
 *
 * Owns:     that order, and which scopes will never have more.
 * Does not: prove anything durable: what is visible here may not be. Whoever tells the public asks the owner of the last
 *           turn of each scope (`tails`), and reads up to there.
 *
 * Invariants: T1 of the port, and
 *   R1. One look reads through given places, and what those turns follow, whatever is written meanwhile.
 *   R2. Whoever goes over turns that were trimmed is told, also of a scope that went with its row, as long as that is one of
 *       the last to go (`tables.ts`, `goneTrimsMax`). Of an older one it is seen by the turns that follow what was in it.
 */
import type { JournalRecord, Marks, Position, RecordPlace, ScopeId, ShardId } from '#ports'
import { decodeValue } from './codec.ts'
import type { Environment } from './environment.ts'
import { decodeKey, encodeKey, keysFrom } from './key.ts'
import { batchLayout, scopeLayout, trimLayout, trimmedThrough } from './tables.ts'

export interface TurnsRead {
  readonly records: readonly JournalRecord[]
  readonly marks: Marks
  readonly more: boolean
  /** Turns after the marks were trimmed before this look: they are missing. */
  readonly isCut: boolean
}

/** Turns of one scope that a reader has not read. */
export interface Tail {
  readonly scope: ScopeId
  /** The last of those whose shard has an owner, who can vouch for it and all before it. */
  readonly witness?: { readonly position: Position; readonly record: JournalRecord }
  /** Of the turns after it. */
  readonly unowned: ReadonlySet<ShardId>
}

/** Batches looked through for a turn whose shard has an owner. What lies before them waits with them. */
const tailBatchesMax = 64
/**
 * Marks of so many scopes that have gone are kept: one may come back, sealed by whoever took from it, and tell its turns
 * again.
 */
const goneMax = 256

export class TurnReader {
  readonly #environment: Environment
  /** Sealed scopes that were read to their end, and where that is. */
  readonly #ended = new Map<ScopeId, number>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Of each scope that has more turns than these: who can vouch for them. */
  tails(after: Marks, isOwned: (shard: ShardId) => boolean): readonly Tail[] {
    this.#environment.refresh()
    const tails: Tail[] = []
    for (const { scope, end } of this.#scopes()) {
      const from = after[scope] ?? 0
      if (from >= (end ?? this.#ended.get(scope) ?? Number.POSITIVE_INFINITY)) continue
      const tail = this.#tail(scope, from, isOwned)
      if (tail !== undefined) tails.push(tail)
      else if (end === undefined) this.#ended.set(scope, from)
    }
    return tails
  }

  /** By scope: through which position turns were trimmed. */
  trimmed(): Marks {
    this.#environment.refresh()
    const trimmed: Record<ScopeId, number> = {}
    for (const { key, value } of this.#environment.rows.trims.getRange({}))
      trimmed[decodeKey(key, ['text'])[0] as ScopeId] = trimmedThrough(
        trimLayout.fromStored(decodeValue(value)),
      )
    return trimmed
  }

  /** Whole batches, until there are `limit` turns: those through `upTo`, and what they follow. */
  read(after: Marks, { limit, upTo }: { readonly limit: number; readonly upTo: Marks }): TurnsRead {
    const trimmed = this.trimmed()
    const scopes = [...this.#scopes()].map(({ scope }) => scope)
    const look = new Look(this.#environment, after, limit)
    for (const scope of scopes) look.knows(scope, upTo[scope] ?? 0)
    look.keepsGone(trimmed)
    for (const scope of Object.keys(trimmed) as ScopeId[])
      look.passes(scope, Math.min(trimmed[scope] ?? 0, upTo[scope] ?? 0))
    for (const scope of scopes) look.take(scope, upTo[scope] ?? 0)
    return look
  }

  /** A scope that was sealed has no `end` but its last batch. */
  *#scopes(): Generator<{ scope: ScopeId; end: number | undefined }> {
    for (const { key, value, version = 0 } of this.#environment.rows.scopes.getRange({ versions: true })) {
      const [scope] = decodeKey(key, ['text']) as readonly [ScopeId]
      const isSealed = scopeLayout.fromStored(decodeValue(value)).sealedBy !== undefined
      yield { scope, end: isSealed ? undefined : version }
    }
  }

  #tail(scope: ScopeId, from: number, isOwned: (shard: ShardId) => boolean): Tail | undefined {
    const unowned = new Set<ShardId>()
    // Backwards LMDB begins with its `start`, which here is the end and not part of the range.
    const batches = this.#environment.rows.journal.getRange({
      start: keysFrom([scope]).end,
      exclusiveStart: true,
      end: encodeKey([scope, from + 1]),
      inclusiveEnd: true,
      reverse: true,
      limit: tailBatchesMax,
    })
    for (const { key, value } of batches) {
      const position = decodeKey(key, ['text', 'number'])[1] as Position
      const { records } = batchLayout.fromStored(decodeValue(value))
      const record = records.findLast(({ shard }) => isOwned(shard))
      if (record !== undefined) return { scope, witness: { position, record }, unowned }
      for (const { shard } of records) unowned.add(shard)
    }
    return unowned.size === 0 ? undefined : { scope, unowned }
  }
}

class Look implements TurnsRead {
  readonly #environment: Environment
  readonly #after: Marks
  readonly #limit: number
  readonly records: JournalRecord[] = []
  readonly marks: Record<ScopeId, number> = {}
  more = false
  isCut = false

  constructor(environment: Environment, after: Marks, limit: number) {
    this.#environment = environment
    this.#after = after
    this.#limit = limit
  }

  knows(scope: ScopeId, end: number): void {
    this.marks[scope] = Math.min(this.#after[scope] ?? 0, end)
  }

  /** Those of the scopes that are no more: of whose trims is known, and the latest of the others. */
  keepsGone(trimmed: Marks): void {
    const gone = Object.entries(this.#after).filter(([scope]) => this.marks[scope as ScopeId] === undefined)
    const others = gone.filter(([scope]) => trimmed[scope] === undefined)
    const known = gone.filter(([scope]) => trimmed[scope] !== undefined)
    for (const [scope, mark] of [...others.slice(-goneMax), ...known]) this.marks[scope as ScopeId] = mark
  }

  /** Nothing of this scope is there any more through this position. */
  passes(scope: ScopeId, through: number): void {
    if (through <= this.markOf(scope)) return
    this.isCut = true
    this.marks[scope] = through
  }

  markOf(scope: ScopeId): number {
    return this.marks[scope] ?? 0
  }

  /** Reads this scope through this position. False: the look is full. */
  take(scope: ScopeId, through: number): boolean {
    const from = this.markOf(scope)
    if (from >= through) return true
    const start = encodeKey([scope, from + 1])
    const end = encodeKey([scope, through + 1])
    for (const { key, value } of this.#environment.rows.journal.getRange({ start, end })) {
      const { records } = batchLayout.fromStored(decodeValue(value))
      if (this.records.length >= this.#limit || !this.#takeBefore(scope, records)) {
        this.more = true
        return false
      }
      for (const record of records) this.records.push(record)
      this.marks[scope] = decodeKey(key, ['text', 'number'])[1] as number
    }
    this.marks[scope] = through
    return true
  }

  /** What these turns follow, in other scopes. It was written before them, so this look sees it. */
  #takeBefore(scope: ScopeId, records: readonly JournalRecord[]): boolean {
    for (const { previous } of records) {
      if (previous === undefined || previous[0] === scope) continue
      if (previous[1] > this.markOf(previous[0]) && !this.#isThere(previous)) this.isCut = true
      if (!this.take(previous[0], previous[1])) return false
    }
    return true
  }

  #isThere([scope, position]: RecordPlace): boolean {
    return this.#environment.rows.journal.get(encodeKey([scope, position])) !== undefined
  }
}
