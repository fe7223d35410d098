/**
 * Whether a data file can be opened at all.
 *
 * LMDB maps its file into memory and believes it. A file that was cut short ends the process with SIGBUS as soon
 * as the missing part is read, so its size is compared with what its own headers say before anything maps it.
 *
 * Owns:     reading those headers, and the mark that a failed flush leaves behind.
 * Does not: read rows. What they say is the codec's to check.
 */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ClusterError } from '#actor'

const magic = 0xbeefc0de
const headerBytes = 24

/** A header of the file: the state after one transaction. */
interface Header {
  readonly transaction: bigint
  readonly pageBytes: number
  readonly pages: number
}

export interface DataFileUse {
  /** Opens it also when a flush has failed: for a check, which decides whether it may be used again. */
  readonly afterFailedFlush?: boolean
  /**
   * Others have it open, and write: whoever was first has looked at its size. A look in between their writes has once
   * taken a new file for damaged.
   */
  readonly isInUse?: boolean
}

/**
 * Throws DATA_DAMAGED unless LMDB may open this folder. A folder without data may be opened; one with the mark of a
 * failed flush only by a check.
 */
export function checkDataFile(folder: string, { afterFailedFlush, isInUse }: DataFileUse = {}): void {
  const path = join(folder, 'data.mdb')
  if (afterFailedFlush !== true && existsSync(markPath(folder))) {
    const cause = readFileSync(markPath(folder), 'utf8')
    throw new ClusterError('DATA_DAMAGED', { folder, problem: `a flush to the disk failed (${cause})` })
  }
  if (isInUse === true || !existsSync(path) || statSync(path).size === 0) return
  const header = currentHeader(path)
  if (header === undefined)
    throw new ClusterError('DATA_DAMAGED', { folder, problem: `${path} is not an LMDB file` })
  const needed = header.pages * header.pageBytes
  // Looked at after the header: the file only grows.
  const { size } = statSync(path)
  if (size >= needed || copiesInAnotherProcess(folder)) return
  throw new ClusterError('DATA_DAMAGED', { folder, problem: `${path} has ${size} of its ${needed} bytes` })
}

/** After a failed flush nobody knows what is on the disk: no start until a check has looked at it. */
export function markFlushFailed(folder: string, cause: string): void {
  writeFileSync(markPath(folder), cause)
}

/** For a check that found nothing wrong. */
export function clearFlushFailed(folder: string): void {
  rmSync(markPath(folder), { force: true })
}

const markPath = (folder: string): string => join(folder, 'flush-failed')

// Two headers take turns: each is written when all that it speaks of is on the disk.
function currentHeader(path: string): Header | undefined {
  const file = openSync(path, 'r')
  try {
    if (readBytes(file, headerBytes, 4)?.readUInt32LE(0) !== magic) return undefined
    const first = readHeader(file, 0)
    if (first === undefined) return undefined
    const second = readHeader(file, first.pageBytes)
    return second !== undefined && second.transaction > first.transaction ? second : first
  } finally {
    closeSync(file)
  }
}

function readHeader(file: number, page: number): Header | undefined {
  const meta = readBytes(file, page + headerBytes, 136)
  if (meta === undefined) return undefined
  return {
    pageBytes: meta.readUInt32LE(24),
    pages: Number(meta.readBigUInt64LE(120)) + 1,
    transaction: meta.readBigUInt64LE(128),
  }
}

function readBytes(file: number, at: number, count: number): Buffer | undefined {
  const bytes = Buffer.alloc(count)
  return readSync(file, bytes, 0, count, at) === count ? bytes : undefined
}

// The last pages may be missing for a good reason: they were taken and given back before they were written. Only a
// compacting copy tells, which reads every page and counts the free ones; and where a SIGBUS harms nobody.
function copiesInAnotherProcess(folder: string): boolean {
  const copy = mkdtempSync(join(tmpdir(), 'brigade-copy-'))
  const script = `
    import { open } from 'lmdb'
    await open({ path: process.argv[1], noSubdir: false, readOnly: true }).backup(process.argv[2], true)
    process.exit(0)`
  try {
    execFileSync(process.execPath, ['--input-type=module', '--eval', script, folder, copy], {
      cwd: dirname(fileURLToPath(import.meta.url)),
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  } finally {
    rmSync(copy, { recursive: true })
  }
}
