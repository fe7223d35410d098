/**
 * A disk that flushes when the drill says so, beside the real one.
 *
 * Each flush freezes every node of the cluster, copies the data file, lets them go on, and only then may they answer
 * what they had written before (`fixtures/kitchen-node.mjs`). So the last copy is what this disk has kept when the
 * power goes: as it was at one moment, and with everything that was ever answered as durable.
 *
 * Owns:     the ticks, the copy, and the machine that starts again from it.
 *
 * Invariants:
 *   D1. A copy is taken while no process of the cluster runs, and a tick follows it whole.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { signalTo, type Up } from '../testing/up.ts'

export class DrillDisk {
  /** For the environment of the cluster. */
  readonly env: Readonly<Record<string, string>>
  readonly #ticks: string
  readonly #copy: string
  #tick = 0
  #isOn = false
  #loop: Promise<void> = Promise.resolve()
  /** Of the copies: how long the cluster stood still for each, in milliseconds. */
  readonly frozenMs: number[] = []

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true })
    this.#ticks = join(folder, 'ticks')
    this.#copy = join(folder, 'flushed.mdb')
    this.env = { BRIGADE_DRILL_TICKS: this.#ticks }
    this.tick()
  }

  /** All that was flushed by the real disk before this may be answered. */
  tick(): void {
    this.#tick += 1
    writeFileSync(`${this.#ticks}.next`, String(this.#tick))
    renameSync(`${this.#ticks}.next`, this.#ticks)
  }

  /** Ticks again and again; with a cluster and its data, each after a copy. */
  start(everyMs: number, copied?: { readonly up: Up; readonly dataFolder: string }): void {
    this.#isOn = true
    this.#loop = this.#run(everyMs, copied)
  }

  /** Resolves right after the last tick. */
  async stop(): Promise<void> {
    this.#isOn = false
    await this.#loop
  }

  /** The data folder as it is found after a loss of power. */
  restoreTo(dataFolder: string): void {
    mkdirSync(dataFolder, { recursive: true })
    copyFileSync(this.#copy, join(dataFolder, 'data.mdb'))
  }

  async #run(everyMs: number, copied?: { readonly up: Up; readonly dataFolder: string }): Promise<void> {
    while (this.#isOn) {
      await sleep(everyMs)
      if (copied !== undefined) await this.#flush(copied.up, join(copied.dataFolder, 'data.mdb'))
      this.tick()
    }
  }

  async #flush(up: Up, path: string): Promise<void> {
    if (!existsSync(path)) return
    const began = performance.now()
    const frozen = up.running
    for (const { pid } of frozen) signalTo(pid, 'SIGSTOP')
    try {
      while (!frozen.every(({ pid }) => isStopped(pid))) await sleep(1)
      copyFileSync(path, `${this.#copy}.next`)
      renameSync(`${this.#copy}.next`, this.#copy)
    } finally {
      for (const { pid } of frozen) signalTo(pid, 'SIGCONT')
    }
    this.frozenMs.push(performance.now() - began)
  }
}

/** Every thread of it, or it has ended. */
function isStopped(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')
      return 'TtZX'.includes(stat[stat.lastIndexOf(')') + 2] ?? 'X')
    })
  } catch {
    return true
  }
}
