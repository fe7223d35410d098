/**
 * A backup of a data folder, taken while its cluster runs.
 *
 * Owns:     what belongs to a backup, its manifest, and that it is whole before it has its name.
 * Does not: stop or slow down anybody: the store is read in one transaction, and nothing is written to the data folder.
 *
 * Left out: the service key, so that a stolen backup alone forges nothing (its check is in: a restored folder takes no
 * other key, and makes none); recordings; and the payment provider's own books, but for those of the stub in
 * development, which are a file beside the data.
 *
 * Invariants:
 *   B1. A folder with a manifest is a whole backup: the manifest is written last, and the folder renamed after it.
 *   B2. What is copied after the store is never older than it: the provider knows every charge that the store knows,
 *       and what leaves the journal meanwhile is in the archive.
 *   B3. A copy that does not pass the data check is no backup.
 *   B4. A backup that was killed leaves a draft beside its place, and the next one to that place removes it.
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  copyFileSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ClusterError, type Instant } from '#actor'
import { shardHashVersion } from '#host'
import {
  archiveFiles,
  archiveIn,
  copyData,
  dataFormat,
  Environment,
  latestWorldTime,
  scopesOf,
  shardCounts,
} from '#live'
import { restaurantCluster } from '../../cluster.config.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { checkFolder, type DataReport } from '../data-check.ts'
import { keyCheckName } from '../service-key.ts'

export const backupFormat = 1
export const manifestName = 'manifest.json'
/** Of the parties outside that `up` plays: without them, what they did would be done again. */
const books = ['provider-ledger.jsonl', 'supplier-ledger.jsonl']

export interface BackupFile {
  /** From the backup's folder. */
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

export interface Manifest {
  readonly format: number
  readonly dataFormat: number
  readonly cluster: string
  /** When it was begun, by the clock of the machine. */
  readonly takenAt: string
  /** The moment that it holds. */
  readonly mark: {
    /** World time of the latest turn. */
    readonly world: Instant
    /** Of each incarnation of a node, its last batch with turns. */
    readonly positions: Readonly<Record<string, number>>
  }
  readonly counts: {
    readonly actors: number
    readonly turns: number
    readonly openOrders: number
    readonly mailboxRows: number
    readonly outboxRows: number
  }
  readonly files: readonly BackupFile[]
}

export interface BackupOptions {
  readonly dataFolder: string
  /** Not there, or empty. */
  readonly folder: string
  /** The longest that the store may be read: pages of its moment are not used again meanwhile. Default: ten minutes. */
  readonly withinMs?: number
  /** Bytes that are free where the backup goes. Default: asks the operating system. */
  readonly roomBytes?: () => number
}

/** What a cluster on the same disk needs to go on. */
const spareBytes = 128 * 2 ** 20

/**
 * @throws UsageError when there is no data; ClusterError `DATA_NOT_EMPTY`, `BACKUP_FAILED`.
 */
export async function backUp(options: BackupOptions): Promise<Manifest> {
  const { dataFolder } = options
  const folder = resolve(options.folder)
  if (!existsSync(join(dataFolder, 'data.mdb')))
    throw new UsageError(`There is no data in '${dataFolder}'.`, 'Say where it is: --data DIR')
  refuseIfNotEmpty(folder)
  const takenAt = new Date().toISOString()
  let draft: string | undefined
  try {
    mkdirSync(dirname(folder), { recursive: true })
    removeDrafts(folder)
    refuseWithoutRoom(options, dirname(folder))
    draft = mkdtempSync(`${folder}.draft-${process.pid}-`)
    await within(options.withinMs ?? 600_000, copyData(dataFolder, draft))
    copyBeside(dataFolder, draft)
    const manifest = await manifestOf(draft, takenAt, await soundReport(draft))
    writeFileSync(join(draft, manifestName), `${JSON.stringify(manifest, null, 2)}\n`)
    flush(draft)
    moveInto(draft, folder)
    return manifest
  } catch (error) {
    if (draft !== undefined) rmSync(draft, { recursive: true, force: true })
    if (error instanceof ClusterError && error.code.startsWith('BACKUP')) throw error
    throw new ClusterError('BACKUP_FAILED', { folder, problem: (error as Error).message })
  }
}

export function refuseIfNotEmpty(folder: string): void {
  if (existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0))
    throw new ClusterError('DATA_NOT_EMPTY', { folder })
}

/** Of backups to this place whose process does not run any more. */
function removeDrafts(folder: string): void {
  const prefix = `${basename(folder)}.draft-`
  for (const name of readdirSync(dirname(folder))) {
    if (!name.startsWith(prefix) || isRunning(Number.parseInt(name.slice(prefix.length), 10))) continue
    rmSync(join(dirname(folder), name), { recursive: true, force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The draft gets its name, and both are on the disk. */
export function moveInto(draft: string, folder: string): void {
  if (existsSync(folder)) rmdirSync(folder)
  renameSync(draft, folder)
  flushFile(dirname(folder))
}

/** Every file and folder in it, and itself. */
export function flush(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) flush(path)
    else flushFile(path)
  }
  flushFile(folder)
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

function flushFile(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function refuseWithoutRoom({ dataFolder, folder, roomBytes }: BackupOptions, disk: string): void {
  const { bavail, bsize } = statfsSync(disk)
  const room = roomBytes?.() ?? bavail * bsize
  const files = [join(dataFolder, 'data.mdb'), ...archiveFiles(archiveIn(dataFolder))]
  const needed = files.reduce((sum, path) => sum + statSync(path).size, 0)
  if (room >= needed + spareBytes) return
  const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20)
  throw new ClusterError('BACKUP_FAILED', {
    folder,
    problem: `it needs up to ${mebibytes(needed)} MiB, the disk has ${mebibytes(room)}, and ${mebibytes(spareBytes)} of them are left to the cluster`,
  })
}

// What goes on growing is taken as far as it is whole.
function copyBeside(dataFolder: string, draft: string): void {
  const keyCheck = join(dataFolder, keyCheckName)
  if (existsSync(keyCheck)) copyFileSync(keyCheck, join(draft, keyCheckName))
  for (const name of books) {
    if (!existsSync(join(dataFolder, name))) continue
    const bytes = readFileSync(join(dataFolder, name))
    writeFileSync(join(draft, name), bytes.subarray(0, bytes.lastIndexOf(10) + 1))
  }
  const files = archiveFiles(archiveIn(dataFolder))
  if (files.length > 0) mkdirSync(archiveIn(draft))
  for (const path of files) copyFileSync(path, join(archiveIn(draft), basename(path)))
}

async function soundReport(draft: string): Promise<DataReport> {
  const report = await checkFolder(draft)
  for (const name of readdirSync(draft)) {
    if (name === 'lock.mdb' || name.startsWith('launcher-lock.')) rmSync(join(draft, name))
  }
  const wrong = [
    ...report.problems,
    ...report.checks.flatMap(({ id, held, detail }) => (held ? [] : [`${id}: ${detail}`])),
  ]
  if (wrong.length === 0) return report
  throw new ClusterError('BACKUP_FAILED', {
    folder: draft,
    problem: `the copy does not pass the data check (${wrong.slice(0, 3).join('; ')})`,
  })
}

async function manifestOf(draft: string, takenAt: string, report: DataReport): Promise<Manifest> {
  const definition = restaurantCluster()
  const environment = await Environment.open({
    folder: draft,
    departments: shardCounts(definition),
    hashVersion: shardHashVersion,
  })
  const count = (table: 'actors' | 'mailbox' | 'outbox'): number => environment.rows[table].getKeysCount({})
  const held = {
    format: backupFormat,
    dataFormat,
    cluster: environment.identity.cluster,
    takenAt,
    mark: {
      world: latestWorldTime(environment),
      positions: Object.fromEntries(
        scopesOf(environment).map(({ scope, batches }) => [scope, batches.at(-1)?.[0] ?? 0]),
      ),
    },
    counts: {
      actors: count('actors'),
      turns: report.turns,
      openOrders: report.openOrders,
      mailboxRows: count('mailbox'),
      outboxRows: count('outbox'),
    },
  }
  await environment.close()
  rmSync(join(draft, 'lock.mdb'), { force: true })
  const names = readdirSync(draft, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(draft, name)).isFile(),
  )
  const files: BackupFile[] = []
  for (const name of names.sort()) {
    const path = join(draft, name)
    files.push({ name, bytes: statSync(path).size, sha256: await sha256Of(path) })
  }
  return { ...held, files }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Error(`the store was read for more than ${ms / 1_000} s`)
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLong), ms)
  })
  const begun = performance.now()
  try {
    const done = await Promise.race([work, late])
    // A timer is late on a busy machine: the work may have come before it, and be too long all the same.
    if (performance.now() - begun >= ms) throw tooLong
    return done
  } finally {
    clearTimeout(timer)
  }
}
