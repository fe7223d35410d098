/** A store of rows in memory: for tests, and for a cluster that is simulated. */
import { compareKeys, type Key, type KeyRange, type RowStore, type RowWrite } from '#ports'

export class MemoryStore implements RowStore {
  /** In the order of their keys. */
  #rows: (readonly [key: Key, row: unknown])[] = []

  get(key: Key): unknown {
    const [found, row] = this.#rows[this.#placeOf(key)] ?? []
    return found !== undefined && compareKeys(found, key) === 0 ? row : undefined
  }

  range(
    { start, end }: KeyRange,
    { limit, backwards = false }: { readonly limit: number; readonly backwards?: boolean },
  ): readonly (readonly [key: Key, row: unknown])[] {
    const [from, to] = [this.#placeOf(start), this.#placeOf(end)]
    return backwards
      ? this.#rows.slice(Math.max(from, to - limit), Math.max(from, to)).reverse()
      : this.#rows.slice(from, Math.min(to, from + limit))
  }

  async commit(writes: readonly RowWrite[]): Promise<void> {
    for (const { key, row } of writes) {
      const place = this.#placeOf(key)
      const [found] = this.#rows[place] ?? []
      const isThere = found !== undefined && compareKeys(found, key) === 0
      if (row !== undefined) this.#rows.splice(place, isThere ? 1 : 0, [key, row])
      else if (isThere) this.#rows.splice(place, 1)
    }
  }

  async clear(): Promise<void> {
    this.#rows = []
  }

  async close(): Promise<void> {}

  /** Of the first row that does not come before this key. */
  #placeOf(key: Key): number {
    let [low, high] = [0, this.#rows.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys(this.#rows[middle]?.[0] as Key, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
