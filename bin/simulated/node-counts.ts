/** What each node of a simulated cluster has counted since its process began. */
import { blindObserver, type CounterName, type NodeId, type Observer } from '#ports'

export class NodeCounts {
  readonly #counts = new Map<NodeId, Partial<Record<CounterName, number>>>()

  /** For a new process of this node. */
  observer(node: NodeId): Observer {
    const counts: Partial<Record<CounterName, number>> = {}
    this.#counts.set(node, counts)
    return {
      ...blindObserver,
      count: (name, by = 1) => {
        counts[name] = (counts[name] ?? 0) + by
      },
    }
  }

  of(node: NodeId): Readonly<Partial<Record<CounterName, number>>> {
    return this.#counts.get(node) ?? {}
  }
}
