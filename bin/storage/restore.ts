/**
 * A data folder made of a backup.
 *
 * Owns:     looking at the backup before anything is written, and that the folder appears whole.
 * Does not: start anything: `brigade up` or `start` does, and the restored house goes on where the backup was taken.
 *
 * Invariants:
 *   R1. Nothing is written over, and what is restored is what the manifest says, byte for byte.
 *   R2. The restored cluster is another one: its id is new and every old scope is sealed.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path'
import { ClusterError } from '#actor'
import { shardHashVersion } from '#host'
import { Environment, lockDataFolder, renew, shardCounts } from '#live'
import { restaurantCluster } from '../../cluster.config.ts'
import {
  type BackupFile,
  backupFormat,
  flush,
  type Manifest,
  manifestName,
  moveInto,
  refuseIfNotEmpty,
  sha256Of,
} from './backup.ts'

export interface Restored {
  readonly manifest: Manifest
  /** Of the new cluster. */
  readonly cluster: string
}

/**
 * @throws ClusterError `BACKUP_DAMAGED`, `BACKUP_VERSION_MISMATCH`, `DATA_IN_USE`, `DATA_NOT_EMPTY`,
 *   `DATA_FOLDER_UNUSABLE`, `DATA_SHARDS_MISMATCH`.
 */
export async function restore(backup: string, dataFolder: string): Promise<Restored> {
  const folder = resolve(dataFolder)
  if (existsSync(join(folder, 'data.mdb'))) lockDataFolder(folder).release()
  refuseIfNotEmpty(folder)
  const manifest = readManifest(backup)
  for (const file of manifest.files) await checkFile(backup, file)
  let draft: string | undefined
  try {
    mkdirSync(dirname(folder), { recursive: true })
    draft = mkdtempSync(`${folder}.draft-`)
    for (const { name } of manifest.files) {
      mkdirSync(dirname(join(draft, name)), { recursive: true })
      copyFileSync(join(backup, name), join(draft, name))
    }
    const cluster = await renewed(draft)
    flush(draft)
    moveInto(draft, folder)
    return { manifest, cluster }
  } catch (error) {
    if (draft !== undefined) rmSync(draft, { recursive: true, force: true })
    if (error instanceof ClusterError) throw error
    throw new ClusterError('DATA_FOLDER_UNUSABLE', { folder, problem: (error as Error).message })
  }
}

function readManifest(folder: string): Manifest {
  const damaged = (problem: string): ClusterError => new ClusterError('BACKUP_DAMAGED', { folder, problem })
  const path = join(folder, manifestName)
  if (!existsSync(path)) throw damaged(`there is no ${manifestName} in it`)
  let manifest: Partial<Manifest>
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8')) as Partial<Manifest>
  } catch (error) {
    throw damaged(`its ${manifestName} cannot be read (${(error as Error).message})`)
  }
  const { format, files } = manifest
  if (format !== backupFormat) {
    throw new ClusterError('BACKUP_VERSION_MISMATCH', {
      folder,
      stored: String(format),
      build: String(backupFormat),
    })
  }
  if (!Array.isArray(files) || !files.some(({ name }) => name === 'data.mdb'))
    throw damaged(`its ${manifestName} names no data.mdb`)
  for (const { name } of files as readonly BackupFile[]) {
    if (isAbsolute(name) || normalize(name).startsWith('..'))
      throw damaged(`its ${manifestName} names '${name}', which is not in it`)
  }
  return manifest as Manifest
}

async function checkFile(folder: string, { name, bytes, sha256 }: BackupFile): Promise<void> {
  const path = join(folder, name)
  const damaged = (problem: string): ClusterError =>
    new ClusterError('BACKUP_DAMAGED', { folder, problem: `${name} ${problem}` })
  if (!existsSync(path)) throw damaged('is missing')
  const { size } = statSync(path)
  if (size !== bytes) throw damaged(`has ${size} of its ${bytes} bytes`)
  if ((await sha256Of(path)) !== sha256) throw damaged('is not what was written: its checksum is another')
}

async function renewed(folder: string): Promise<string> {
  const environment = await Environment.open({
    folder,
    departments: shardCounts(restaurantCluster()),
    hashVersion: shardHashVersion,
  })
  try {
    return await renew(environment)
  } finally {
    await environment.close()
    rmSync(join(folder, 'lock.mdb'), { force: true })
  }
}
