/**
 * The node processes of this data folder, on disk: so that a launcher that was killed leaves nothing behind that
 * its successor cannot end, and no life number is given twice.
 *
 * Owns:     the file `processes.json` of the data folder.
 * Does not: check who may write it: whoever holds the folder (`data-lock.ts`).
 *
 * Invariants:
 *   PR1. A process is recorded before it is told what to run.
 *   PR2. A life number is on disk before it is used.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClusterError } from '#actor'
import type { NodeId } from '#ports'
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts'

interface Recorded {
  /** The last life of each name. */
  readonly lives: Record<string, number>
  readonly processes: Record<string, ProcessIdentity>
}

export class ProcessRecord {
  readonly #folder: string
  readonly #path: string
  readonly #recorded: Recorded

  constructor(folder: string) {
    this.#folder = folder
    this.#path = join(folder, 'processes.json')
    this.#recorded = read(this.#path)
  }

  /** Records the process, and returns which life of its name it is. */
  began(node: NodeId, pid: number): number {
    const life = (this.#recorded.lives[node] ?? 0) + 1
    this.#recorded.lives[node] = life
    const process = identify(pid)
    if (process !== undefined) this.#recorded.processes[node] = process
    this.#write()
    return life
  }

  ended(node: NodeId): void {
    delete this.#recorded.processes[node]
    try {
      this.#write()
    } catch {
      // On a full disk, say. Whoever reads of it finds that it does not run.
    }
  }

  /**
   * Kills what an earlier launcher left running, and resolves when it is gone: before the store is opened.
   * Throws DATA_IN_USE for a process that cannot be ended.
   */
  async endOrphans(boundMs: number): Promise<readonly (readonly [NodeId, number])[]> {
    const orphans = Object.entries(this.#recorded.processes).filter(([, process]) => isRunning(process))
    for (const [, { pid }] of orphans) killOutright(pid)
    const deadline = performance.now() + boundMs
    for (const [, orphan] of orphans) {
      // They are not our children: there is no event to wait for.
      while (isRunning(orphan)) {
        if (performance.now() > deadline) {
          throw new ClusterError('DATA_IN_USE', { folder: this.#folder, pid: orphan.pid })
        }
        await sleep(5)
      }
    }
    for (const node of Object.keys(this.#recorded.processes)) delete this.#recorded.processes[node]
    this.#write()
    return orphans.map(([node, { pid }]) => [node as NodeId, pid] as const)
  }

  // The old file or the new one, also after a loss of power.
  #write(): void {
    const draft = `${this.#path}.draft`
    const file = openSync(draft, 'w')
    writeFileSync(file, JSON.stringify(this.#recorded, null, 2))
    fsyncSync(file)
    closeSync(file)
    renameSync(draft, this.#path)
    const folder = openSync(this.#folder, 'r')
    fsyncSync(folder)
    closeSync(folder)
  }
}

// It may have ended since it was looked at, or not be ours; whether it still runs is asked afterwards.
function killOutright(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {}
}

function read(path: string): Recorded {
  if (!existsSync(path)) return { lives: {}, processes: {} }
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Recorded
  } catch (cause) {
    throw new Error(`${path} cannot be read. Restore the data folder from a backup.`, { cause })
  }
}
