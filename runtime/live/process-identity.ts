/**
 * Which process a pid means. A pid alone is used again; a pid and its start are not. And whether it runs.
 *
 * Owns:     reading the process table: /proc on Linux, `ps` elsewhere.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

export interface ProcessIdentity {
  readonly pid: number
  /** Opaque; equal only for the same process. */
  readonly startedAt: string
}

/** The running process with this pid. One that has ended and was not yet waited for (a zombie) is not running. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = existsSync('/proc/self/stat') ? startFromProc(pid) : startFromPs(pid)
  return startedAt === undefined ? undefined : { pid, startedAt }
}

export function isRunning(process: ProcessIdentity): boolean {
  return identify(process.pid)?.startedAt === process.startedAt
}

/**
 * How long the main thread of this process was ready to run and stood in the queue for a CPU, since it began. In
 * milliseconds; 0 where the system does not tell.
 */
export function queuedMs(pid: number): number {
  try {
    const [, waitedNs = ''] = readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')
    return Number(waitedNs) / 1e6
  } catch {
    return 0
  }
}

/** What the operating system says of the process. Where there is `/proc` it is asked: `ps` may take longer than a pause. */
export function isStopped(pid: number): boolean {
  const stat = `/proc/${pid}/stat`
  try {
    const state = existsSync(stat)
      ? readFileSync(stat, 'latin1').split(') ').at(-1)
      : execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'latin1' }).trim()
    return state?.startsWith('T') === true
  } catch {
    return false // It has ended.
  }
}

// Start times count from boot, so the boot is part of the identity.
let boot: string | undefined

function startFromProc(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The command stands in parentheses and may hold anything; after it: the state, and 19 fields on the start time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  return `${boot}/${fields[19]}`
}

function startFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'latin1',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [state = 'Z', ...start] = line.trim().split(/\s+/)
    return state.startsWith('Z') ? undefined : start.join(' ')
  } catch {
    return undefined
  }
}
