/**
 * One launcher per data folder.
 *
 * Node has no lock that the kernel holds, so a holder is a file with a pid and its start: when that process ends,
 * however it ends, nobody holds the folder. A lock file is never taken over, but followed by one with the next
 * number; the highest number counts. So of two that find a dead holder only one comes next.
 *
 * Owns:     the files `launcher-lock.<n>` of the data folder.
 * Does not: know node processes (`process-record.ts`).
 *
 * Invariants:
 *   DL1. At most one running process holds a folder.
 *   DL2. The file with the highest number is changed only by its holder, and removed by nobody.
 */
import {
  accessSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { ClusterError } from '#actor'
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts'

export interface DataLock {
  /** Lets another launcher take the folder while this process still runs. */
  release(): void
}

const prefix = 'launcher-lock.'
const released: ProcessIdentity = { pid: 0, startedAt: 'released' }

/**
 * Takes the folder for this process. It is made if need be.
 *
 * @throws ClusterError `DATA_IN_USE` with the holder's pid, `DATA_FOLDER_UNUSABLE`.
 */
export function lockDataFolder(folder: string): DataLock {
  try {
    makeFolder(folder)
    accessSync(folder, constants.W_OK)
    readdirSync(folder)
  } catch (error) {
    throw new ClusterError('DATA_FOLDER_UNUSABLE', { folder, problem: (error as Error).message })
  }
  const self = identify(process.pid)
  if (self === undefined) throw new Error('This process is not in the process table; is /proc mounted?')
  const draft = join(folder, `${prefix}draft-${process.pid}`)
  const pathOf = (number: number): string => join(folder, `${prefix}${number}`)

  for (;;) {
    const last = Math.max(0, ...numbersIn(folder))
    const holder = last === 0 ? undefined : holderIn(pathOf(last))
    if (holder === 'vanished') continue
    if (holder !== undefined && isRunning(holder)) {
      throw new ClusterError('DATA_IN_USE', { folder, pid: holder.pid })
    }

    const mine = last + 1
    writeFileSync(draft, JSON.stringify(self))
    const taken = linkOnce(draft, pathOf(mine))
    rmSync(draft)
    if (!taken) continue
    // Someone may have come and gone since the folder was read, and cleared what was read.
    const numbers = numbersIn(folder)
    if (Math.max(...numbers) > mine) {
      rmSync(pathOf(mine), { force: true })
      continue
    }
    for (const number of numbers) if (number < mine) rmSync(pathOf(number), { force: true })

    const release = (): void => {
      writeFileSync(draft, JSON.stringify(released))
      renameSync(draft, pathOf(mine))
    }
    return { release }
  }
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .filter(Number.isSafeInteger)
}

// A file that vanishes was not the last one: its maker found a later one.
function holderIn(path: string): ProcessIdentity | 'vanished' {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity
  } catch (error) {
    if (isCode(error, 'ENOENT')) return 'vanished'
    throw error
  }
}

// A link appears whole, and only where there was nothing.
function linkOnce(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

// Node's own `recursive` never returns where a folder that is there takes no more in it, as in /proc.
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    // Somebody else was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
