/** What each node of a simulated cluster has counted since its process began, and its events for whoever watches. */
import { blindObserver, type CounterName, type InspectionEvent, type NodeId, type Observer } from '#ports'

export class NodeCounts {
  /** Told of every event, while there is one. */
  watcher: ((node: NodeId, event: InspectionEvent) => void) | undefined
  readonly #counts = new Map<NodeId, Partial<Record<CounterName, number>>>()

  /** For a new process of this node. */
  observer(node: NodeId): Observer {
    const counts: Partial<Record<CounterName, number>> = {}
    this.#counts.set(node, counts)
    const watcher = (): NodeCounts['watcher'] => this.watcher
    return {
      ...blindObserver,
      count: (name, by = 1) => {
        counts[name] = (counts[name] ?? 0) + by
      },
      get watched() {
        return watcher() !== undefined
      },
      event: (event) => this.watcher?.(node, event),
    }
  }

  of(node: NodeId): Readonly<Partial<Record<CounterName, number>>> {
    return this.#counts.get(node) ?? {}
  }
}
