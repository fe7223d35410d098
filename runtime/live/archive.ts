/**
 * Old turns in files, so that an order of long ago can still be told.
 *
 * A file belongs to the process that began it, which only appends. It is a row of blocks: a magic number, a length, and
 * so many bytes of deflated batches, which carry their own checksum. A block that was cut short is the end of its file:
 * nobody was told that it is kept, so its batches are in the journal, and in a later block.
 *
 * Owns:     the folder `archive` beside the data, and the format of its files.
 * Does not: choose what is archived (kernel), or ever remove a file (the operator does).
 *
 * Invariants: A1 and A2 of the port, and
 *   FA1. A block that 'kept' was told of is flushed, and its file is in the folder for good.
 *   FA2. Nothing is written behind what may have been cut short: a file on which a write failed is left.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { deflate, inflateSync } from 'node:zlib'
import { ClusterError } from '#actor'
import type { Archive, KeptBatch, Position, ScopeId } from '#ports'
import { decodeValue, encodeValue } from './lmdb/codec.ts'
import { minRoomBytes } from './lmdb/journal.ts'
import { batchLayout } from './lmdb/tables.ts'

const magic = Buffer.from('BRGA')
const headBytes = magic.length + 4
const fileBytesMax = 64 * 2 ** 20
const extension = '.archive'

export const archiveIn = (dataFolder: string): string => join(dataFolder, 'archive')

export interface FileArchiveOptions {
  /** Created with the first batch. */
  readonly folder: string
  /** Of this process alone, among all that ever were: it is in the names of its files. */
  readonly name: string
  readonly fileBytesMax?: number
  /** Bytes that may still be written to the disk. Default: asks the operating system. */
  readonly roomBytes?: () => number
}

export class FileArchive implements Archive {
  readonly #options: FileArchiveOptions
  #file: FileHandle | undefined
  #bytes = 0
  #files = 0
  #written: Promise<void> = Promise.resolve()

  constructor(options: FileArchiveOptions) {
    this.#options = options
  }

  keep(...[batches, done]: Parameters<Archive['keep']>): void {
    this.#written = this.#written
      .then(() => this.#write(batches))
      .then(
        () => done({ kind: 'kept' }),
        (error: Error) => done({ kind: 'failed', cause: error.message }),
      )
  }

  /** After what was given to it. */
  async close(): Promise<void> {
    await this.#written
    await this.#leave()
  }

  async #write(batches: readonly KeptBatch[]): Promise<void> {
    const { folder, fileBytesMax: bytesMax = fileBytesMax } = this.#options
    const block = await blockOf(batches)
    // Its own name has to be there after a loss of power, too: what is archived is about to be trimmed.
    if (mkdirSync(folder, { recursive: true }) !== undefined) flushFolder(dirname(folder))
    const roomBytes = this.#options.roomBytes?.() ?? freeBytes(folder)
    // As the journal: what is left of the disk is not for what can wait.
    if (roomBytes < minRoomBytes)
      throw new Error(`less than ${minRoomBytes / 2 ** 20} MiB are free for ${folder}`)
    if (this.#file !== undefined && this.#bytes >= bytesMax) await this.#leave()
    try {
      this.#file ??= await this.#begin(folder)
      await this.#file.appendFile(block)
      await this.#file.datasync()
      this.#bytes += block.length
    } catch (error) {
      await this.#leave()
      throw error
    }
  }

  async #begin(folder: string): Promise<FileHandle> {
    this.#files += 1
    this.#bytes = 0
    const file = await open(join(folder, `${this.#options.name}.${this.#files}${extension}`), 'wx')
    flushFolder(folder)
    return file
  }

  async #leave(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => {})
  }
}

async function blockOf(batches: readonly KeptBatch[]): Promise<Buffer> {
  const stored = batches.map(({ scope, position, ...batch }) => [
    scope,
    position,
    batchLayout.toStored(batch),
  ])
  const packed = await promisify(deflate)(encodeValue(stored))
  const head = Buffer.alloc(headBytes)
  magic.copy(head)
  head.writeUInt32LE(packed.length, magic.length)
  return Buffer.concat([head, packed])
}

export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** Its files, by name. None if there is no such folder. */
export function archiveFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(extension))
      .sort()
      .map((name) => join(folder, name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/**
 * The batches of one file, as they were written: some may be in another, too.
 *
 * @throws ClusterError `ARCHIVE_DAMAGED`.
 */
export function* archivedBatches(path: string): Generator<KeptBatch> {
  const bytes = readFileSync(path)
  for (let at = 0; at + headBytes <= bytes.length; ) {
    if (bytes.compare(magic, 0, magic.length, at, at + magic.length) !== 0)
      throw new ClusterError('ARCHIVE_DAMAGED', { file: path, problem: `no block begins at byte ${at}` })
    const end = at + headBytes + bytes.readUInt32LE(at + magic.length)
    if (end > bytes.length) return
    yield* batchesOf(path, at, bytes.subarray(at + headBytes, end))
    at = end
  }
}

function batchesOf(path: string, at: number, packed: Buffer): readonly KeptBatch[] {
  try {
    const stored = decodeValue(inflateSync(packed)) as [ScopeId, Position, unknown][]
    return stored.map(([scope, position, batch]) => ({ scope, position, ...batchLayout.fromStored(batch) }))
  } catch (error) {
    throw new ClusterError('ARCHIVE_DAMAGED', {
      file: path,
      problem: `the block at byte ${at}: ${(error as Error).message}`,
    })
  }
}

function flushFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  fsyncSync(handle)
  closeSync(handle)
}
