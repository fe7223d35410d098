/**
 * The restaurant's cluster in processes of its own, as tests see it: its events, commands to its launcher, and the
 * requests of a guest who insists.
 *
 * Owns:     every process that it started: `killAll` ends them at once, and `close` leaves none.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { CommandOutcome, LauncherCommand, LauncherEvent, NodeStatus } from '#live'
import type { NodeId } from '#ports'
import type { UpOptions } from '../up.ts'

const fixture = fileURLToPath(new URL('../fixtures/up.mjs', import.meta.url))

export interface Placed {
  readonly id: string
  readonly orderToken: string
  readonly state: string
  readonly version: number
}

interface Said {
  readonly id?: number
  readonly outcome?: CommandOutcome
  readonly event?: LauncherEvent
  readonly ready?: { readonly url: string; readonly opsUrl: string }
  readonly failed?: { readonly code: string; readonly message: string }
}

/** An event, and when it was heard (`performance.now()`). */
export type Heard = LauncherEvent & { readonly heardAt: number }

export class Up {
  readonly process: ChildProcess
  readonly exited: Promise<number | null>
  readonly events: Heard[] = []
  url = ''
  opsUrl = ''
  #commands = 0
  readonly #answers = new Map<number, (outcome: CommandOutcome) => void>()

  constructor(options: Partial<UpOptions>, env: Readonly<Record<string, string>> = {}) {
    this.process = fork(fixture, [JSON.stringify({ port: 0, opsPort: 0, speed: 60, ...options })], {
      execArgv: [],
      env: { ...process.env, ...env },
    })
    this.exited = once(this.process, 'exit').then(([code]) => code)
    this.process.on('message', ({ id, outcome, event }: Said) => {
      if (event !== undefined) this.events.push({ ...event, heardAt: performance.now() })
      if (id !== undefined && outcome !== undefined) this.#answers.get(id)?.(outcome)
    })
  }

  /** Resolves when it answers requests, or with why it does not. */
  async started(): Promise<{ readonly code: string; readonly message: string } | undefined> {
    for (;;) {
      const [{ ready, failed }] = (await once(this.process, 'message')) as [Said]
      if (failed !== undefined) return failed
      if (ready === undefined) continue
      Object.assign(this, ready)
      return undefined
    }
  }

  execute(command: LauncherCommand): Promise<CommandOutcome> {
    this.#commands += 1
    const id = this.#commands
    return new Promise((resolve) => {
      this.#answers.set(id, resolve)
      this.process.send({ id, command })
    })
  }

  async status(node: NodeId): Promise<NodeStatus> {
    const outcome = await this.execute({ kind: 'status' })
    const status =
      outcome.kind === 'status' ? outcome.nodes.find((candidate) => candidate.node === node) : undefined
    if (status === undefined) throw new Error(`There is no ${node}.`)
    return status
  }

  /** Node processes of which no end was heard. */
  get running(): readonly { readonly node: NodeId; readonly pid: number }[] {
    const running = new Map<NodeId, number>()
    for (const event of this.events) {
      if (event.kind === 'spawned') running.set(event.node, event.pid)
      if (event.kind === 'ended') running.delete(event.node)
    }
    return [...running].map(([node, pid]) => ({ node, pid }))
  }

  /** To the launcher and all nodes, as one event: no process of the cluster acts on another's end or silence. */
  signalAll(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.process.kill(signal)
    for (const { pid } of this.running) signalTo(pid, signal)
  }

  /** The whole cluster is gone at once. */
  async killAll(): Promise<void> {
    this.signalAll('SIGKILL')
    await this.exited
  }

  /** Drains, as on Ctrl-C. */
  close(): Promise<number | null> {
    this.process.kill('SIGTERM')
    return this.exited
  }

  async ops<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.opsUrl}/ops/v1/${path}`)).json()) as T
  }

  post(path: string, key: string, body?: object): Promise<Response> {
    return fetch(`${this.url}/api/v1/${path}`, {
      method: 'POST',
      headers: { 'idempotency-key': key, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
  }

  /** Places an order as a guest does who wants it: with the same key until there is an answer. */
  async place(dish = 'caprese', key: string = crypto.randomUUID()): Promise<Placed> {
    const body = { items: [{ dish, quantity: 1 }], payment: { token: 'tok_ok' } }
    for (;;) {
      const response = await this.post('orders', key, body).catch(() => undefined)
      if (response?.status === 201) return (await response.json()) as Placed
      if (response !== undefined && ![409, 503, 504].includes(response.status)) {
        throw new Error(`${response.status} ${await response.text()}`)
      }
      await sleep(50)
    }
  }

  async read({ id, orderToken }: Placed): Promise<{ readonly state: string; readonly version: number }> {
    const response = await fetch(`${this.url}/api/v1/orders/${id}`, {
      headers: { authorization: `Bearer ${orderToken}` },
    })
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    return (await response.json()) as Placed
  }

  /** The guest has it. Once is enough: asked again it is refused. */
  async collect({ id, orderToken }: Placed): Promise<void> {
    const response = await fetch(`${this.url}/api/v1/orders/${id}/collection`, {
      method: 'POST',
      headers: { authorization: `Bearer ${orderToken}` },
    })
    await response.arrayBuffer()
  }

  /** Waits until every order is as far as it goes without its guest. */
  async settled(orders: readonly Placed[]): Promise<readonly string[]> {
    return Promise.all(
      orders.map(async (order) => {
        for (;;) {
          const { state } = await this.read(order)
          if (['ready', 'completed', 'rejected', 'cancelled', 'expired'].includes(state)) return state
          await sleep(250)
        }
      }),
    )
  }
}

/** A process that is gone already is as it should be. */
export function signalTo(pid: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as { readonly code?: string }).code !== 'ESRCH') throw error
  }
}
