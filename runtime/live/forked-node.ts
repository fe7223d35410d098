/**
 * One node process, as a forked comedy actor.
 *
 * comedy forks the process, loads `node-process.ts` in it, and carries orders and answers. What it would do on
 * its own account is switched off here: it respawns nothing, pings nothing, and handles no signal.
 *
 * Owns:     everything that is known of comedy on the launcher's side.
 * Does not: decide when a process is started, judged or restarted (`launcher.ts`).
 *
 * Invariants:
 *   FN1. `onExit` is called exactly once, after the process is gone or could not be made.
 *   FN2. No order reaches a process before `onLoaded`, and none is answered after `onExit`.
 */
import type { ChildProcess } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { fileURLToPath } from 'node:url'
import comedy from 'comedy'
import type { LauncherOrders, NodeOrders } from './control.ts'

export interface ForkOptions {
  /** Shown by `ps`. */
  readonly name: string
  readonly flags: readonly string[]
  readonly orders: LauncherOrders
  onSpawn(pid: number): void
  /** It can be given orders. */
  onLoaded(): void
  onExit(end: ProcessEnd): void
}

export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** There was no process: it could not be forked. */
  readonly error?: Error
}

/** What comedy's own types leave out. */
interface ForkingSystem {
  rootActor(): Promise<comedy.Actor>
  createActor(path: string, parent: comedy.Actor, config: object): Promise<ForkedActor>
}
interface ForkedActor extends comedy.ActorRef {
  initialize(): Promise<void>
  getWrapped(): { readonly exitHandler: () => void; readonly timeoutWorkerInterval: NodeJS.Timeout }
}

// comedy reads a path that begins with two slashes as absolute.
const nodeProcess = `/${fileURLToPath(new URL('./node-process.js', import.meta.url))}`
const never = 2 ** 31 - 1

export class ForkedNode {
  readonly #options: ForkOptions
  #process: ChildProcess | undefined
  #actor: ForkedActor | undefined
  #killed = false
  #ended = false

  constructor(options: ForkOptions) {
    this.#options = options
    this.#fork().catch((error: Error) => this.#end({ code: null, signal: null, error }))
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Gives an order and awaits its answer. Rejects when the process is not loaded, ends first, or refuses. */
  async request<T extends keyof NodeOrders>(
    order: T,
    ...args: Parameters<NodeOrders[T]>
  ): Promise<Awaited<ReturnType<NodeOrders[T]>>> {
    if (this.#actor === undefined) throw new Error(`${this.#options.name} is not loaded`)
    return await this.#actor.sendAndReceive(order, ...args)
  }

  /** Gives an order. What a dead process misses does not matter: its end is told by `onExit`. */
  tell<T extends keyof NodeOrders>(order: T, ...args: Parameters<NodeOrders[T]>): void {
    this.#actor?.send(order, ...args).catch(() => {})
  }

  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (signal === 'SIGKILL') this.#killed = true
    this.#process?.kill(signal)
  }

  async #fork(): Promise<void> {
    const { name, flags, orders } = this.#options
    // A system of its own for each process: when the process is gone, nothing refers to it any more.
    const system = withoutSignalHandlers(() =>
      comedy.createSystem({
        root: { command: orders.command, leaving: orders.leaving },
        config: {},
        pingTimeout: never,
        // Silence; nothing else in comedy depends on it in the modes used here.
        test: true,
      }),
    ) as unknown as ForkingSystem
    const actor = await system.createActor(nodeProcess, await system.rootActor(), { mode: 'forked', name })
    // One timer and one exit listener per process, that comedy keeps after a crash. Neither is needed: no ping
    // waits for an answer, and a node ends by itself when its channel closes.
    const { exitHandler, timeoutWorkerInterval } = actor.getWrapped()
    process.removeListener('exit', exitHandler)
    clearInterval(timeoutWorkerInterval)

    // comedy forks with the flags of this very process, and keeps the child to itself until it is loaded; a child
    // that dies earlier would never be heard of.
    process.execArgv = [...flags]
    const adopt = (message: unknown): void => {
      const child = (message as { readonly process: ChildProcess }).process
      child.once('spawn', () => {
        if (child.spawnargs.at(-1) !== name) return
        unsubscribe('child_process', adopt)
        this.#adopt(child)
      })
    }
    subscribe('child_process', adopt)
    try {
      await actor.initialize()
    } finally {
      unsubscribe('child_process', adopt)
    }
    if (this.#ended) return
    this.#actor = actor
    this.#options.onLoaded()
  }

  #adopt(child: ChildProcess): void {
    this.#process = child
    child.once('exit', (code, signal) => this.#end({ code, signal }))
    if (child.pid !== undefined) this.#options.onSpawn(child.pid)
    if (this.#killed) child.kill('SIGKILL')
  }

  #end(end: ProcessEnd): void {
    // Loading may fail for a reason that the process survives; then it has to go, and its exit will be the end.
    if (end.error !== undefined && this.#process !== undefined && this.#process.exitCode === null) {
      this.kill('SIGKILL')
      return
    }
    if (this.#ended) return
    this.#ended = true
    this.#actor = undefined
    this.#options.onExit(end)
  }
}

// comedy exits at once on SIGINT and SIGTERM, so that nothing could drain.
function withoutSignalHandlers<T>(create: () => T): T {
  const signals = ['SIGINT', 'SIGTERM'] as const
  const before = signals.map((signal) => process.listeners(signal))
  const created = create()
  signals.forEach((signal, i) => {
    for (const listener of process.listeners(signal)) {
      if (!before[i]?.includes(listener)) process.removeListener(signal, listener)
    }
  })
  return created
}
