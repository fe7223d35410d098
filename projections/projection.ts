/**
 * What a projection is: a pure fold of the journal's turns into tables.
 *
 * Owns:     the shapes of projections and tables, and rows in memory.
 * Does not: read a journal (`projector.ts`) or keep anything (`draft.ts`).
 *
 * Invariants:
 *   P1. Tables depend on every actor's turns in their order and on nothing else: not on the order among actors, not on
 *       how many turns were read at once. So what actors share is only ever added up.
 *   P2. A turn of an actor whose beginning was not read changes nothing.
 *   P3. A row that has come to its end is not changed again. So which rows have left depends on how late it is, and not on
 *       when each turn was read.
 */
import type { JournalRecord, Key } from '#ports'

/** Orders are names of further ways through the rows: what a row is found by there, or undefined when it is not. */
export interface Table<Row> {
  readonly name: string
  readonly orders: Readonly<Record<string, (row: Row) => Key | undefined>>
  /** Of these orders the one of rows that have come to their end, each key beginning with when: in time they leave. */
  readonly leavesBy?: string
}

/** The tables of one projection, as it writes them. */
export interface Rows {
  get<Row>(table: Table<Row>, key: Key): Row | undefined
  put<Row>(table: Table<Row>, key: Key, row: Row): void
  remove<Row>(table: Table<Row>, key: Key): void
}

export interface Projection {
  readonly name: string
  readonly about: string
  /** Another one is built anew from the journal. */
  readonly version: number
  /** Types of the actors whose turns it folds. */
  readonly actors: readonly string[]
  readonly tables: readonly Table<never>[]
  apply(rows: Rows, record: JournalRecord): void
}

/** Tables in memory, without their orders: for checks. */
export class MemoryRows implements Rows {
  readonly #tables = new Map<string, Map<string, unknown>>()

  get<Row>(table: Table<Row>, key: Key): Row | undefined {
    return this.#table(table).get(key.join('\0')) as Row | undefined
  }

  put<Row>(table: Table<Row>, key: Key, row: Row): void {
    this.#table(table).set(key.join('\0'), row)
  }

  remove<Row>(table: Table<Row>, key: Key): void {
    this.#table(table).delete(key.join('\0'))
  }

  all<Row>(table: Table<Row>): Iterable<Row> {
    return this.#table(table).values() as Iterable<Row>
  }

  entries({ name }: { readonly name: string }): ReadonlyMap<string, unknown> {
    return this.#table({ name })
  }

  #table({ name }: { readonly name: string }): Map<string, unknown> {
    let rows = this.#tables.get(name)
    if (rows === undefined) {
      rows = new Map()
      this.#tables.set(name, rows)
    }
    return rows
  }
}

/** Plain data with its members in any order: `reasons` have the one in which they were met. */
export function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  )
}
