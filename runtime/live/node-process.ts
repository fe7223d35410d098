/**
 * What runs in a node process: a comedy actor that loads a body and answers the launcher.
 *
 * Owns:     the process: its signals, its exit, and what happens when the launcher is gone.
 * Does not: know what a node is. The body is a module that the launcher names (`StartNode` in control.ts).
 *
 * Invariants:
 *   NP1. The process never outlives its control channel by more than `orphanDrainBoundMs`, unless it is frozen.
 *   NP2. Whatever ends it in peace, `drain` of the body is called once, before the exit.
 */
import type { Actor } from 'comedy'
import type {
  FaultsView,
  LauncherOrders,
  MembersView,
  NodeBody,
  NodeControl,
  NodeHealth,
  NodeOrders,
  Ready,
  StartNode,
  StartOrder,
} from './control.ts'
import { LauncherMembership } from './launcher-membership.ts'

/** Loaded by comedy in the forked process; never constructed in the launcher's. */
export default class NodeProcess implements NodeOrders {
  #self: Actor | undefined
  #body: NodeBody | undefined
  #membership: LauncherMembership | undefined
  #faults: FaultsView = { links: [], processes: [] }
  #orphanDrainBoundMs = 0
  #draining = false

  initialize(self: Actor): void {
    this.#self = self
    // comedy's listeners exit at once.
    process.removeAllListeners('SIGINT')
    process.removeAllListeners('SIGTERM')
    // Ctrl-C in a terminal reaches every process of the cluster; the launcher answers for all.
    process.on('SIGINT', () => {})
    process.on('SIGTERM', () => {
      this.#tell('leaving')
      this.drain()
    })
    process.once('disconnect', () => this.#orphaned())
    if (!process.connected) this.#orphaned()
  }

  async start(order: StartOrder): Promise<Ready> {
    const { node, group, life, module, config } = order
    this.#orphanDrainBoundMs = order.orphanDrainBoundMs
    this.#faults = order.faults
    const membership = new LauncherMembership(order.members)
    this.#membership = membership
    const control: NodeControl = {
      node,
      group,
      life,
      membership,
      command: (command) => this.#ask('command', command),
    }
    const { startNode } = (await import(module)) as { readonly startNode: StartNode }
    const body = await startNode(config, control)
    body.faults(this.#faults)
    this.#body = body
    return { address: body.address }
  }

  members(view: MembersView): void {
    this.#membership?.update(view)
  }

  heartbeat(): NodeHealth {
    const { user, system } = process.cpuUsage()
    return {
      counters: this.#body?.counters() ?? {},
      latencies: this.#body?.latencies?.() ?? {},
      rssBytes: process.memoryUsage.rss(),
      cpuMs: Math.round((user + system) / 1_000),
      faultsMet: this.#body?.faultsMet?.() ?? {},
    }
  }

  faults(view: FaultsView): void {
    this.#faults = view
    this.#body?.faults(view)
  }

  drain(): void {
    if (this.#draining) return
    this.#draining = true
    // Nothing is owned before the body has started.
    const drained = this.#body?.drain() ?? Promise.resolve()
    drained.then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(`${this.#self?.getName()} could not drain:`, error)
        process.exit(1)
      },
    )
  }

  #orphaned(): void {
    setTimeout(() => process.exit(1), this.#orphanDrainBoundMs)
    this.drain()
  }

  #ask<T extends keyof LauncherOrders>(
    order: T,
    ...args: Parameters<LauncherOrders[T]>
  ): Promise<Awaited<ReturnType<LauncherOrders[T]>>> {
    if (this.#self === undefined) return Promise.reject(new Error('The node process is not loaded'))
    return this.#self.getParent().sendAndReceive(order, ...args)
  }

  #tell<T extends keyof LauncherOrders>(order: T, ...args: Parameters<LauncherOrders[T]>): void {
    this.#self
      ?.getParent()
      .send(order, ...args)
      .catch(() => {})
  }
}
