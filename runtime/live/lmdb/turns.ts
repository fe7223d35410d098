/**
 * The turns that every incarnation of every node has journaled since a reader looked last.
 *
 * An actor's turns lie in as many scopes as it has had owners, and each names the one before it. So a batch is read only
 * after those that its turns follow: where they lie in another scope, the reader goes there first.
 *
 * Owns:     that order, and which scopes will never have more.
 * Does not: prove anything durable: what is visible here may not be. Whoever tells the public asks the owners, for the
 *           last turn of each scope (`TurnsRead.lasts`).
 *
 * Invariants: T1 of the port, and
 *   R1. One look sees one moment: what it has read is complete to those marks, whatever is written meanwhile.
 *   R2. Whoever goes over turns that were trimmed is told. Of a scope that went with its row it is seen by the turns that
 *       follow what was in it: one whose actors did nothing since says nothing.
 */
import type { JournalRecord, Marks, Position, RecordPlace, ScopeId } from '#ports'
import { decodeValue } from './codec.ts'
import type { Environment } from './environment.ts'
import { decodeKey, encodeKey, keysFrom } from './key.ts'
import { batchLayout, scopeLayout, trimLayout } from './tables.ts'

export interface TurnsRead {
  readonly records: readonly JournalRecord[]
  readonly marks: Marks
  readonly more: boolean
  /** Turns after the marks were trimmed before this look: they are missing. */
  readonly isCut: boolean
  /** Of each scope that was read from, its last turn. */
  readonly lasts: readonly JournalRecord[]
}

/**
 * Marks of so many scopes that have gone are kept: one may come back, sealed by whoever took from it, and tell its turns
 * again.
 */
const goneMax = 256
/** Larger than any position. */
const toTheEnd = Number.MAX_SAFE_INTEGER

export class TurnReader {
  readonly #environment: Environment
  /** Sealed scopes that were read to their end, and where that is. */
  readonly #ended = new Map<ScopeId, number>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Whole batches, until there are `limit` turns. */
  read(after: Marks, { limit, upTo }: { readonly limit: number; readonly upTo?: Marks }): TurnsRead {
    this.#environment.refresh()
    const look = new Look(this.#environment, after, limit)
    for (const { scope, end } of this.#scopes(upTo)) look.knows(scope, end)
    look.keepsGone()
    for (const { scope, end, isSealed } of this.#scopes(upTo)) {
      if ((this.#ended.get(scope) ?? toTheEnd) <= look.markOf(scope)) continue
      const isRead = look.take(scope, end)
      if (isRead && isSealed && upTo === undefined) this.#ended.set(scope, look.markOf(scope))
    }
    return look
  }

  *#scopes(upTo: Marks | undefined): Generator<{ scope: ScopeId; end: number; isSealed: boolean }> {
    for (const { key, value, version = 0 } of this.#environment.rows.scopes.getRange({ versions: true })) {
      const [scope] = decodeKey(key, ['text']) as readonly [ScopeId]
      const isSealed = scopeLayout.fromStored(decodeValue(value)).sealedBy !== undefined
      const end = upTo === undefined ? (isSealed ? toTheEnd : version) : (upTo[scope] ?? 0)
      yield { scope, end, isSealed }
    }
  }
}

class Look implements TurnsRead {
  readonly #environment: Environment
  readonly #after: Marks
  readonly #limit: number
  readonly #lasts = new Map<ScopeId, JournalRecord>()
  readonly records: JournalRecord[] = []
  readonly marks: Record<ScopeId, number> = {}
  more = false
  isCut = false

  constructor(environment: Environment, after: Marks, limit: number) {
    this.#environment = environment
    this.#after = after
    this.#limit = limit
  }

  get lasts(): readonly JournalRecord[] {
    return [...this.#lasts.values()]
  }

  knows(scope: ScopeId, end: number): void {
    this.marks[scope] = Math.min(this.#after[scope] ?? 0, end)
  }

  /** Those of the scopes that are no more, the latest of them. */
  keepsGone(): void {
    const gone = Object.entries(this.#after).filter(([scope]) => this.marks[scope as ScopeId] === undefined)
    for (const [scope, mark] of gone.slice(-goneMax)) this.marks[scope as ScopeId] = mark
  }

  markOf(scope: ScopeId): number {
    return this.marks[scope] ?? 0
  }

  /** Reads this scope through this position. False: the look is full. */
  take(scope: ScopeId, through: Position | number): boolean {
    const from = this.markOf(scope)
    if (from >= through) return true
    if (this.#trimmedThrough(scope) > from) this.isCut = true
    const start = encodeKey([scope, from + 1])
    const end = through === toTheEnd ? keysFrom([scope]).end : encodeKey([scope, through + 1])
    for (const { key, value } of this.#environment.rows.journal.getRange({ start, end })) {
      const { records } = batchLayout.fromStored(decodeValue(value))
      if (this.records.length >= this.#limit || !this.#takeBefore(scope, records)) {
        this.more = true
        return false
      }
      for (const record of records) this.records.push(record)
      const last = records.at(-1)
      if (last !== undefined) this.#lasts.set(scope, last)
      this.marks[scope] = decodeKey(key, ['text', 'number'])[1] as number
    }
    // Batches without turns are not in the journal.
    if (through !== toTheEnd) this.marks[scope] = through
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

  #trimmedThrough(scope: ScopeId): number {
    const trimmed = this.#environment.rows.trims.get(encodeKey([scope]))
    return trimmed === undefined ? 0 : trimLayout.fromStored(decodeValue(trimmed))
  }

  #isThere([scope, position]: RecordPlace): boolean {
    return this.#environment.rows.journal.get(encodeKey([scope, position])) !== undefined
  }
}
