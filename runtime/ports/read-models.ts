/**
 * What a read model is made of: turns, read from the journal in an order that respects each actor, and a store of
 * rows of its own, which can be deleted.
 *
 * Owns:     the shapes and promises of both.
 * Does not: know what is projected (`#projections`).
 *
 * Invariants:
 *   T1. Every turn that is kept is read once, and the turns of one actor in their order, whatever scopes they were written in.
 *   T2. A turn that was told is durable: it is never taken back.
 *   S1. A commit is there as a whole or not at all, also after the process was killed in the middle of it.
 */
import type { ShardId } from './ids.ts'
import type { JournalRecord, Key } from './rows.ts'

/** By scope, or whatever else the source counts by: how much of it was read. Whoever keeps it does not look inside. */
export type Marks = Readonly<Record<string, number>>

/** A place in a journal. */
export interface ReadUpTo {
  /** Which journal; marks in another one say nothing. */
  readonly journal: string
  readonly marks: Marks
}

/** A shard of which nobody can say now what is durable. */
export interface WaitingShard {
  readonly shard: ShardId
  /** Of the actors that live there. */
  readonly types: readonly string[]
}

export interface Turns extends ReadUpTo {
  /** Those of different actors in any order in which every actor's own are as it had them. */
  readonly records: readonly JournalRecord[]
  /** There is more already. */
  readonly more: boolean
  /** Whose latest turns are not told before somebody can prove them durable. None: absent. */
  readonly waiting?: readonly WaitingShard[]
  /** Turns after that place were trimmed before they were told: nobody can tell them any more. */
  readonly isCut?: boolean
}

export interface TurnSource {
  /**
   * The turns after this place, about `limit` of them, and at most those before `upTo`, which was told earlier. What
   * comes after a place in another journal begins at the beginning of this one: `journal` says so.
   *
   * Of what cannot be proved durable now nothing is told; the others go on.
   */
  turns(
    after: ReadUpTo | undefined,
    bounds: { readonly limit: number; readonly upTo?: Marks },
  ): Promise<Turns>
}

/** A put, or without a row a removal. A row is plain data. */
export interface RowWrite {
  readonly key: Key
  readonly row?: unknown
}

export interface KeyRange {
  readonly start: Key
  /** Not part of it. */
  readonly end: Key
}

/** Rows in the order of their keys, which are those of the cluster's tables: part by part, numbers as numbers. */
export interface RowStore {
  /** @throws Error when what is stored is not what was written: clear it, and begin anew. */
  get(key: Key): unknown
  /** At most `limit` rows, from the start; or backwards, from the end. @throws as `get` does. */
  range(
    range: KeyRange,
    page: { readonly limit: number; readonly backwards?: boolean },
  ): readonly (readonly [key: Key, row: unknown])[]
  /** At most one write for a key. The next read sees all of them. */
  commit(writes: readonly RowWrite[]): Promise<void>
  /** Removes every row. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** Every key that begins with these parts, the last of which is a string. */
export function startingWith(prefix: readonly [...Key, string]): KeyRange {
  const last = prefix.at(-1) as string
  return { start: prefix, end: [...prefix.slice(0, -1), `${last}\u0001`] }
}

/** In the order of keys as they are stored. */
export function compareKeys(a: Key, b: Key): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const [left, right] = [a[i] as string | number, b[i] as string | number]
    if (left !== right) return left < right ? -1 : 1
  }
  return a.length - b.length
}
