/**
 * The store of one machine: one LMDB environment, opened by every process that owns shards.
 *
 * Owns:     the data folder: its format, the shards it was made with, its identity; and when a write is durable.
 * Does not: know batches and scopes (`journal.ts`), nor who may hold the folder (the launcher's lock).
 *
 * Invariants:
 *   E1. A write is told when it is flushed (`separateFlushed`), and flushed before another one begins. Without it
 *       everything would leave before it is durable, silently.
 *   E2. A data folder of another format, or made with other shards, is not opened.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { assert, ClusterError } from '#actor'
import { decodeValue, encodeValue } from './codec.ts'
import { checkDataFile, type DataFileUse } from './data-file.ts'
import { encodeKey } from './key.ts'
import { databaseNames, versioned } from './tables.ts'

/** Grows when a build could not read what an older one wrote, or the other way round. */
export const dataFormat = 1

export interface EnvironmentOptions extends DataFileUse {
  readonly folder: string
  /** How many shards each department has. */
  readonly departments: Readonly<Record<string, number>>
  /** Of the function from an actor to its shard. */
  readonly hashVersion: number
}

/** What the data folder is, written once. */
export interface DataIdentity {
  readonly format: number
  /** A restored copy gets another one. */
  readonly cluster: string
  readonly departments: Readonly<Record<string, number>>
  readonly hashVersion: number
  /** 32 random bytes in hex: the key of the hash that makes actor keys of idempotency keys. */
  readonly requestHashKey: string
}

export type DatabaseName = (typeof databaseNames)[number]
export type Rows = Database<Buffer, Buffer>

// Enough to never grow while running on a small machine; the file itself is only as large as its data.
const mapBytes = 16 * 2 ** 30

// A transaction starts only once all writes of an `ifVersion` are known, however many they are: so the lock that
// spans processes is never held while JavaScript runs. The type of the options lacks this one.
const startThreshold = { batchStartThreshold: Number.MAX_SAFE_INTEGER }

// LMDB's: corrupted, page not found, invalid, of another version. Any other error is not the file's fault, and a
// process that is started again may succeed: so for one that opens just as the last other user closes, who then
// destroys the locks that they share.
const unusableCodes: ReadonlySet<number> = new Set([-30796, -30797, -30793, -30794])

export class Environment {
  readonly folder: string
  readonly rows: Readonly<Record<DatabaseName, Rows>>
  readonly identity: DataIdentity
  readonly #root: RootDatabase<Buffer, Buffer>

  private constructor(
    folder: string,
    root: RootDatabase<Buffer, Buffer>,
    rows: Environment['rows'],
    identity: DataIdentity,
  ) {
    this.folder = folder
    this.#root = root
    this.rows = rows
    this.identity = identity
  }

  /**
   * @throws ClusterError `DATA_DAMAGED`, `DATA_VERSION_MISMATCH`, `DATA_SHARDS_MISMATCH`.
   */
  static async open(options: EnvironmentOptions): Promise<Environment> {
    const { folder } = options
    mkdirSync(folder, { recursive: true })
    if (!existsSync(join(folder, 'data.mdb'))) await Environment.#make(options)
    checkDataFile(folder, options)
    return Environment.#open(options)
  }

  // LMDB does not survive that two processes make one new file: it is made aside, and appears whole.
  static async #make(options: EnvironmentOptions): Promise<void> {
    const draft = mkdtempSync(join(options.folder, 'draft-'))
    const made = await Environment.#open({ ...options, folder: draft })
    await made.close()
    try {
      linkSync(join(draft, 'data.mdb'), join(options.folder, 'data.mdb'))
      syncFolder(options.folder)
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error
    } finally {
      rmSync(draft, { recursive: true })
    }
  }

  static async #open(options: EnvironmentOptions): Promise<Environment> {
    const root = openRoot(options)
    try {
      const rows = openRows(root)
      const identity = await identify(root, rows.meta, options)
      return new Environment(options.folder, root, rows, identity)
    } catch (error) {
      await root.close()
      throw error
    }
  }

  /** The next read sees every write that was told before. */
  refresh(): void {
    this.#root.resetReadTxn()
  }

  /** Frees what a dead process was reading, so that its pages can be used again. After each death of a node. */
  releaseDeadReaders(): number {
    return this.#root.readerCheck()
  }

  /** After the last write was answered. */
  async close(): Promise<void> {
    await this.#root.close()
  }
}

/** What the store said of a write that failed. */
export class WriteError extends Error {
  /** Of the operating system, or negative: LMDB's own. */
  readonly code: number | undefined

  constructor(cause: { readonly message: string; readonly code?: number }) {
    super(cause.message, { cause })
    this.code = cause.code
  }
}

/**
 * Waits until a write is durable. False: its condition did not hold, and nothing was written.
 *
 * @throws WriteError when it failed. If it is visible nevertheless, its flush has failed.
 */
export async function durable(write: Promise<boolean>): Promise<boolean> {
  let isWritten: boolean
  try {
    isWritten = await write
  } catch (error) {
    throw new WriteError(await commitErrorOf(error))
  }
  // Of a refused write `flushed` means nothing.
  if (isWritten) await flushOf(write)
  return isWritten
}

// LMDB rejects every write of a failed commit with the same words, and tells the reason later.
async function commitErrorOf(error: unknown): Promise<{ message: string; code?: number }> {
  const { commitError } = error as { commitError?: Promise<never> }
  try {
    await commitError
  } catch (reason) {
    return reason as Error
  }
  return error as Error
}

function flushOf(write: Promise<boolean>): Promise<unknown> | undefined {
  return (write as { flushed?: Promise<unknown> }).flushed
}

/** For a copy: it writes nothing, not even who it is. */
export function openToRead(folder: string): RootDatabase<Buffer, Buffer> {
  return openRoot({ folder }, true)
}

function openRoot(
  { folder }: Pick<EnvironmentOptions, 'folder'>,
  readOnly = false,
): RootDatabase<Buffer, Buffer> {
  const options = {
    readOnly,
    path: folder,
    // Otherwise one with a dot in its name is taken for a file.
    noSubdir: false,
    mapSize: mapBytes,
    maxDbs: 2 * databaseNames.length,
    encoding: 'binary',
    keyEncoding: 'binary',
    separateFlushed: true,
    // A process that is killed in an overlapping flush breaks the store for the others: docs/adr/0008.
    overlappingSync: false,
    // With it a failed commit also rejects a promise that nobody holds, which ends the process.
    eventTurnBatching: false,
    ...startThreshold,
  } as const
  try {
    return open<Buffer, Buffer>(options)
  } catch (error) {
    const { code = 0, message } = error as { code?: number; message: string }
    if (!unusableCodes.has(code)) throw error
    throw new ClusterError('DATA_DAMAGED', { folder, problem: message })
  }
}

function openRows(root: RootDatabase<Buffer, Buffer>): Environment['rows'] {
  const open = (name: DatabaseName): Rows =>
    root.openDB<Buffer, Buffer>({
      name,
      encoding: 'binary',
      keyEncoding: 'binary',
      useVersions: versioned.has(name),
    })
  return Object.fromEntries(databaseNames.map((name) => [name, open(name)])) as Record<DatabaseName, Rows>
}

async function identify(root: RootDatabase, meta: Rows, options: EnvironmentOptions): Promise<DataIdentity> {
  const { folder, departments, hashVersion } = options
  const key = encodeKey(['cluster', 'identity'])
  const mine: DataIdentity = {
    format: dataFormat,
    cluster: randomUUID(),
    departments,
    hashVersion,
    requestHashKey: randomBytes(32).toString('hex'),
  }
  const value = encodeValue(mine)
  const write = meta.ifNoExists(key, () => {
    meta.put(key, value, 0)
  })
  assert(flushOf(write) !== undefined, 'E1', 'LMDB does not tell when a write is flushed')
  await durable(write)

  root.resetReadTxn()
  const stored = meta.get(key)
  if (stored === undefined) throw new ClusterError('DATA_DAMAGED', { folder, problem: 'it has no identity' })
  const identity = readIdentity(folder, stored)
  checkShards(folder, identity, options)
  return identity
}

function readIdentity(folder: string, stored: Buffer): DataIdentity {
  let identity: DataIdentity
  try {
    identity = decodeValue(stored) as DataIdentity
  } catch (error) {
    throw new ClusterError('DATA_DAMAGED', { folder, problem: (error as Error).message })
  }
  const { format } = identity
  if (format !== dataFormat) {
    throw new ClusterError('DATA_VERSION_MISMATCH', { folder, stored: format, build: dataFormat })
  }
  return identity
}

function checkShards(folder: string, stored: DataIdentity, configured: EnvironmentOptions): void {
  const names = new Set([...Object.keys(stored.departments), ...Object.keys(configured.departments)])
  for (const name of names) {
    const [was, is] = [stored.departments[name] ?? 0, configured.departments[name] ?? 0]
    if (was !== is) mismatch(folder, `the shards of '${name}' at`, was, is)
  }
  const [was, is] = [stored.hashVersion, configured.hashVersion]
  if (was !== is) mismatch(folder, 'hash version', was, is)
}

function mismatch(folder: string, what: string, stored: number, configured: number): never {
  throw new ClusterError('DATA_SHARDS_MISMATCH', {
    folder,
    what,
    stored: String(stored),
    configured: String(configured),
  })
}

// So that the file itself, and not only what is in it, survives the loss of power.
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
