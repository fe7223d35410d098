/**
 * Where durable turns go: a node's journal that shows what it was given, and the same store without a node.
 *
 * Owns:     the folders, and the two ways to write a batch.
 * Does not: make batches: a node does.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, open } from 'lmdb'
import { shardHashVersion } from '#host'
import { Environment, LmdbJournal } from '#live'
import type { Batch, Journal } from '#ports'
import type { Way } from './side-by-side.ts'

const folders: string[] = []

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'brigade-bench-'))
  folders.push(folder)
  return folder
}

/** Of the store in this folder. */
export const bytesIn = (folder: string): number => statSync(join(folder, 'data.mdb')).size

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** Counts what became durable, and keeps the first batches of turns. */
export class WatchedJournal extends LmdbJournal {
  durableTurns = 0
  durableBatches = 0
  kept: Batch[] = []
  keep = 0

  readonly environment: Environment

  constructor(environment: Environment) {
    super(environment)
    this.environment = environment
  }

  static async open(folder: string, departments: Readonly<Record<string, number>>): Promise<WatchedJournal> {
    return new WatchedJournal(await Environment.open({ folder, departments, hashVersion: shardHashVersion }))
  }

  override append(...[scope, expected, batch, done]: Parameters<Journal['append']>): void {
    if (this.kept.length < this.keep) this.kept.push(batch)
    super.append(scope, expected, batch, (outcome) => {
      if (outcome.kind === 'durable') {
        this.durableTurns += batch.records.length
        this.durableBatches += 1
      }
      done(outcome)
    })
  }
}

type Flushed = Promise<boolean> & { readonly flushed?: Promise<unknown> }

/** LMDB with its own encodings of keys and values, on the same condition, flushed as often. */
export class BareStore {
  readonly #root = open({
    path: newFolder(),
    mapSize: 2 ** 34,
    separateFlushed: true,
    overlappingSync: false,
  })
  readonly #scopes = this.#root.openDB({ name: 'scopes', useVersions: true })
  readonly #journal = this.#root.openDB({ name: 'journal' })
  readonly #tables = new Map<string, Database>()
  #position = 0

  async start(): Promise<void> {
    await this.#scopes.put('scope', {}, 0)
  }

  /** Resolves when the batch is durable. */
  async append({ records, writes }: Batch): Promise<void> {
    const position = this.#position
    this.#position += 1
    const entries = writes.map(({ table, key, value }) => ({
      table: this.#table(table),
      key: [...key],
      value,
    }))
    const write = this.#scopes.ifVersion('scope', position, () => {
      for (const { table, key, value } of entries) {
        if (value === undefined) table.remove(key)
        else table.put(key, value)
      }
      this.#journal.put(['scope', position + 1], records)
      this.#scopes.put('scope', {}, position + 1)
    }) as Flushed
    if (!(await write)) throw new Error('LMDB refused a batch.')
    await write.flushed
  }

  async close(): Promise<void> {
    await this.#root.close()
  }

  #table(name: string): Database {
    let table = this.#tables.get(name)
    if (table === undefined) {
      table = this.#root.openDB({ name })
      this.#tables.set(name, table)
    }
    return table
  }
}

/** Turns a second that LMDB alone makes durable: the same batches again and again, so many in flight. */
export async function lmdbAlone(batches: readonly Batch[], inFlight: number): Promise<Way> {
  const store = new BareStore()
  await store.start()
  let next = 0
  return async (forMs) => {
    const from = performance.now()
    let turns = 0
    const write = async (): Promise<void> => {
      while (performance.now() - from < forMs) {
        const batch = batches[next % batches.length] as Batch
        next += 1
        await store.append(batch)
        turns += batch.records.length
      }
    }
    await Promise.all(Array.from({ length: inFlight }, write))
    return (turns * 1_000) / (performance.now() - from)
  }
}
