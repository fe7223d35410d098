/**
 * The rows of one copy of a projection, over a store: what was changed since is seen, and written with one commit.
 *
 * Owns:     how a table lies in a store: its rows under their keys, and for each order an entry that names the row.
 */
import { compareKeys, type Key, type RowStore, type RowWrite } from '#ports'
import type { Rows, Table } from './projection.ts'

interface Changed {
  readonly table: Table<unknown>
  readonly key: Key
  readonly before: unknown
  row: unknown
  isChanged: boolean
}

/** Rows lie under this one; a name of an order is never empty. */
const ofRows = ''

export class Draft implements Rows {
  readonly #store: Pick<RowStore, 'get'>
  readonly #copy: string
  readonly #seen = new Map<string, Changed>()

  constructor(store: Pick<RowStore, 'get'>, copy: string) {
    this.#store = store
    this.#copy = copy
  }

  get<Row>(table: Table<Row>, key: Key): Row | undefined {
    return this.#at(table, key).row as Row | undefined
  }

  put<Row>(table: Table<Row>, key: Key, row: Row): void {
    Object.assign(this.#at(table, key), { row, isChanged: true })
  }

  remove<Row>(table: Table<Row>, key: Key): void {
    Object.assign(this.#at(table, key), { row: undefined, isChanged: true })
  }

  /** What the changes come to. */
  *writes(): Generator<RowWrite> {
    for (const { table, key, before, row, isChanged } of this.#seen.values()) {
      if (!isChanged || (before === undefined && row === undefined)) continue
      yield { key: rowKey(this.#copy, table, key), row }
      for (const [name, order] of Object.entries(table.orders)) {
        const was = before === undefined ? undefined : order(before)
        const is = row === undefined ? undefined : order(row)
        if (was !== undefined && is !== undefined && compareKeys(was, is) === 0) continue
        if (was !== undefined) yield { key: orderKey(this.#copy, table, name, was), row: undefined }
        if (is !== undefined) yield { key: orderKey(this.#copy, table, name, is), row: key }
      }
    }
  }

  #at<Row>(table: Table<Row>, key: Key): Changed {
    const name = `${table.name}\0${key.join('\0')}`
    let seen = this.#seen.get(name)
    if (seen === undefined) {
      const before = this.#store.get(rowKey(this.#copy, table, key))
      seen = { table: table as Table<unknown>, key, before, row: before, isChanged: false }
      this.#seen.set(name, seen)
    }
    return seen
  }
}

export const rowKey = (copy: string, { name }: { readonly name: string }, key: Key): Key => [
  copy,
  name,
  ofRows,
  ...key,
]

export const orderKey = (copy: string, { name }: { readonly name: string }, order: string, key: Key): Key => [
  copy,
  name,
  order,
  ...key,
]
