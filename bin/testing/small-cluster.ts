/**
 * `launchCluster` in a process of its own, as tests see it: calls to it, and the hand that kills.
 *
 * Owns:     the process: `close` ends it as its caller would, `end` at once and with its nodes.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CommandOutcome, NodeStatus } from '#live'
import type { NodeId } from '#ports'
import { signalTo } from './up.ts'

const fixture = fileURLToPath(new URL('../fixtures/small-cluster.mjs', import.meta.url))

export class SmallCluster {
  readonly exited: Promise<unknown>
  readonly #process: ChildProcess
  readonly #answers = new Map<number, (outcome: never) => void>()
  #calls = 0

  /** `module`: URL of one that exports `cluster`. */
  constructor(module: string, dataFolder: string) {
    this.#process = fork(fixture, [module, dataFolder], { execArgv: [] })
    this.exited = once(this.#process, 'exit')
    this.#process.on('message', ({ id, outcome }: { id?: number; outcome: never }) => {
      if (id !== undefined) this.#answers.get(id)?.(outcome)
    })
  }

  async started(): Promise<void> {
    await once(this.#process, 'message')
  }

  /** A method of `RunningCluster`. */
  call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    this.#calls += 1
    const id = this.#calls
    return new Promise((resolve) => {
      this.#answers.set(id, resolve as never)
      this.#process.send({ id, call: method, args })
    })
  }

  async nodes(): Promise<readonly NodeStatus[]> {
    const outcome = await this.call<CommandOutcome>('command', { kind: 'status' })
    return outcome.kind === 'status' ? outcome.nodes : []
  }

  async lives(): Promise<number> {
    return (await this.nodes()).reduce((sum, { life }) => sum + life, 0)
  }

  async crash(node: NodeId): Promise<boolean> {
    return (await this.call<CommandOutcome>('command', { kind: 'crash', node, force: true })).kind === 'done'
  }

  async close(): Promise<void> {
    await this.call('close')
    await this.exited
  }

  /** Whatever still runs. A node in an endless turn would not notice that its launcher is gone. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const nodes = await this.nodes()
    this.#process.kill('SIGKILL')
    for (const { pid } of nodes) if (pid !== undefined) signalTo(pid, 'SIGKILL')
    await this.exited
  }
}
