/**
 * Rows in an LMDB environment of their own, which one process uses and which may be deleted at any time.
 *
 * Owns:     the folder: what cannot be opened, or is of another format, is thrown away.
 * Does not: hold anything that is nowhere else.
 *
 * Invariants: S1 of the port, and
 *   B1. What is read is what was written: every value carries a checksum.
 */
import { mkdirSync, renameSync, rmSync, statfsSync } from 'node:fs'
import { type Database, open, type RootDatabase } from 'lmdb'
import type { Key, KeyRange, RowStore, RowWrite } from '#ports'
import { decodeValue, encodeValue } from './codec.ts'
import { checkDataFile } from './data-file.ts'
import { encodeKey } from './key.ts'

/** Grows when a build could not read what an older one wrote. */
const rowFormat = 1
const formatKey = Buffer.from('format')

const mapBytes = 4 * 2 ** 30

// As for the journal (`journal.ts`, W5): LMDB does not survive every write that a full disk cuts short.
const minRoomBytes = 64 * 2 ** 20

export class LmdbRowStore implements RowStore {
  readonly #folder: string
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #rows: Database<Buffer, Buffer>

  private constructor(folder: string, root: RootDatabase<Buffer, Buffer>) {
    this.#folder = folder
    this.#root = root
    this.#rows = root.openDB<Buffer, Buffer>({ name: 'rows', encoding: 'binary', keyEncoding: 'binary' })
  }

  /** What is there and cannot be used is put aside, as `FOLDER.unusable`: old turns are not in the journal any more. */
  static async open(folder: string): Promise<LmdbRowStore> {
    try {
      return await LmdbRowStore.#open(folder)
    } catch {
      rmSync(`${folder}.unusable`, { recursive: true, force: true })
      renameSync(folder, `${folder}.unusable`)
      return LmdbRowStore.#open(folder)
    }
  }

  static async #open(folder: string): Promise<LmdbRowStore> {
    mkdirSync(folder, { recursive: true })
    checkDataFile(folder)
    const root = open<Buffer, Buffer>({
      path: folder,
      mapSize: mapBytes,
      maxDbs: 2,
      encoding: 'binary',
      keyEncoding: 'binary',
      // docs/adr/0008: a kill in the middle of an overlapping flush leaves what cannot be opened.
      overlappingSync: false,
    })
    try {
      const format = root.get(formatKey)
      if (format === undefined) await root.put(formatKey, encodeValue(rowFormat))
      else if (decodeValue(format) !== rowFormat) throw new Error(`Rows of another format than ${rowFormat}.`)
      return new LmdbRowStore(folder, root)
    } catch (error) {
      await root.close()
      throw error
    }
  }

  get(key: Key): unknown {
    const value = this.#rows.get(encodeKey(key))
    return value === undefined ? undefined : (decodeValue(value) as readonly unknown[])[1]
  }

  range(
    range: KeyRange,
    { limit, backwards = false }: { readonly limit: number; readonly backwards?: boolean },
  ): readonly (readonly [key: Key, row: unknown])[] {
    const [start, end] = [encodeKey(range.start), encodeKey(range.end)]
    if (start.compare(end) >= 0) return []
    // Backwards LMDB begins with its `start`, which here is the end and not part of the range.
    const found = backwards
      ? this.#rows.getRange({
          start: end,
          exclusiveStart: true,
          end: start,
          inclusiveEnd: true,
          reverse: true,
          limit,
        })
      : this.#rows.getRange({ start, end, limit })
    return [...found].map(({ value }) => decodeValue(value) as [Key, unknown])
  }

  async commit(writes: readonly RowWrite[]): Promise<void> {
    if (writes.length === 0) return
    const encoded = writes.map(({ key, row }) => ({
      key: encodeKey(key),
      value: row === undefined ? undefined : encodeValue([key, row]),
    }))
    const { bavail, bsize } = statfsSync(this.#folder)
    if (bavail * bsize < minRoomBytes) throw new Error(`The disk of ${this.#folder} is full.`)
    await this.#root.transaction(() => {
      for (const { key, value } of encoded) {
        if (value === undefined) this.#rows.remove(key)
        else this.#rows.put(key, value)
      }
    })
    this.#root.resetReadTxn()
  }

  async clear(): Promise<void> {
    await this.#rows.clearAsync()
    this.#root.resetReadTxn()
  }

  async close(): Promise<void> {
    await this.#root.close()
  }
}
