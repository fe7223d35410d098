/**
 * A node for measurements: the real host and clock over what else it is given, and one that is alone and kept busy.
 *
 * Owns:     putting it together, and the waiters that keep the lonely one busy.
 * Does not: measure.
 */
import type { Instant } from '#actor'
import { type Bounds, boundsOf, defaultClusterBounds, Node, type Ports } from '#host'
import { SystemClock, SystemRandom } from '#live'
import {
  blindObserver,
  type Frame,
  type Member,
  type Membership,
  type NodeId,
  type Outcome,
  type Transport,
} from '#ports'
import { orderRegistry, waiterRef } from './order.ts'
import { newFolder, WatchedJournal } from './store.ts'

export const shards = 16
export const departments = { orders: shards }
export const ordersPerWaiter = 10

/** What the processes of one bench share; it is on loopback, and gone with them. */
export const benchSecret = 'a secret of the bench alone'

/** Owns the shards, or lets requests in. */
export type Group = 'all' | 'edge'
const groups = { all: ['orders'], edge: [] }

export interface NodeParts extends Pick<Ports, 'journal' | 'transport' | 'membership'> {
  readonly node: NodeId
  readonly group: Group
  readonly bounds?: Partial<Bounds>
}

export function startNode({ node, group, bounds, ...ports }: NodeParts): Node {
  const started = new Node({
    node,
    group,
    groups,
    registry: orderRegistry(shards),
    // Nothing is refused at the door: what is measured is how fast, not how much at once.
    bounds: boundsOf({ shardBacklogMax: 1e9, ...bounds }),
    clusterBounds: defaultClusterBounds,
    ports: {
      ...ports,
      clock: new SystemClock({ world: 0 as Instant, runtime: 0 as Instant, speed: 1, monotonicUs: 0 }),
      random: new SystemRandom(),
      outside: { start: () => ({ cancel: () => {} }) },
      observer: blindObserver,
    },
    onEnd: (cause) => {
      throw new Error(cause)
    },
  })
  started.start()
  return started
}

/** Delivers to the one node there is. */
class Loopback implements Transport, Membership {
  readonly #node: NodeId
  #receive: (from: NodeId, frame: Frame) => void = () => {}

  constructor(node: NodeId) {
    this.#node = node
  }

  send(_to: NodeId, frame: Frame): void {
    setImmediate(() => this.#receive(this.#node, frame))
  }

  onFrame(receive: (from: NodeId, frame: Frame) => void): void {
    this.#receive = receive
  }

  onLink(): void {}

  watch(change: (members: readonly Member[]) => void): void {
    setImmediate(() => change([{ node: this.#node, group: 'all', address: '', state: 'up', life: 1 }]))
  }
}

export class BenchNode {
  readonly journal: WatchedJournal
  readonly #node: Node
  readonly #waiters: number
  #steps: number[] = []
  #serving = 0
  #stopping = false
  #quiet = (): void => {}

  static async start(waiters: number, bounds: Partial<Bounds>): Promise<BenchNode> {
    const node = 'node-1' as NodeId
    const journal = await WatchedJournal.open(newFolder(), departments)
    const loopback = new Loopback(node)
    const parts = { node, group: 'all', journal, transport: loopback, membership: loopback, bounds } as const
    return new BenchNode(startNode(parts), journal, waiters)
  }

  private constructor(started: Node, journal: WatchedJournal, waiters: number) {
    this.#node = started
    this.journal = journal
    this.#waiters = waiters
    this.#steps = Array.from({ length: waiters }, () => 0)
  }

  /** Keeps every waiter busy for so long, then waits until all is durable. Returns durable turns a second. */
  async serve(forMs: number): Promise<number> {
    this.#stopping = false
    for (let waiter = 0; waiter < this.#waiters; waiter += 1) this.#serve(waiter)
    // The pipeline fills before the watch starts.
    await new Promise((resolve) => setTimeout(resolve, forMs / 4))
    const from = performance.now()
    const turns = this.journal.durableTurns
    await new Promise((resolve) => setTimeout(resolve, forMs))
    const rate = ((this.journal.durableTurns - turns) * 1_000) / (performance.now() - from)
    await this.#drain()
    return rate
  }

  stop(): void {
    this.#node.stop()
  }

  #serve(waiter: number): void {
    this.#serving += 1
    const from = waiter * ordersPerWaiter
    const step = this.#steps[waiter] as number
    const message = { type: 'waiter.serve', step, from, to: from + ordersPerWaiter } as const
    this.#node.request(
      { actor: waiterRef(waiter), body: { kind: 'command', message }, timeoutMs: 60_000 },
      (outcome) => this.#served(waiter, outcome),
    )
  }

  #served(waiter: number, outcome: Outcome): void {
    if (outcome.kind !== 'done') throw new Error(`A waiter was answered '${outcome.kind}'.`)
    this.#steps[waiter] = (this.#steps[waiter] as number) + 1
    this.#serving -= 1
    if (!this.#stopping) this.#serve(waiter)
    else if (this.#serving === 0) this.#quiet()
  }

  async #drain(): Promise<void> {
    this.#stopping = true
    await new Promise<void>((resolve) => {
      this.#quiet = resolve
    })
    while (this.#node.kernel?.idle !== true) await new Promise((resolve) => setImmediate(resolve))
  }
}
