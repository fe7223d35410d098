/** What each node of a simulated cluster has counted since its process began, and its events for whoever watches. */
import {
  blindObserver,
  type CounterName,
  type InspectionEvent,
  type MessageWatcher,
  type NodeId,
  type Observer,
} from '#ports'

export class NodeCounts {
  /** Told of every event, while there is one. */
  watcher: ((node: NodeId, event: InspectionEvent) => void) | undefined
  /** Who taps the messages of a node, when somebody does. */
  tapper: (node: NodeId) => MessageWatcher | undefined = () => undefined
  readonly #counts = new Map<NodeId, Partial<Record<CounterName, number>>>()

  /** For a new process of this node. */
  observer(node: NodeId): Observer {
    const counts: Partial<Record<CounterName, number>> = {}
    this.#counts.set(node, counts)
    const watcher = (): NodeCounts['watcher'] => this.watcher
    const tapper = (): MessageWatcher | undefined => this.tapper(node)
    return {
      ...blindObserver,
      count: (name, by = 1) => {
        counts[name] = (counts[name] ?? 0) + by
      },
      get watched() {
        return watcher() !== undefined
      },
      event: (event) => this.watcher?.(node, event),
      get messages() {
        return tapper()
      },
    }
  }

  of(node: NodeId): Readonly<Partial<Record<CounterName, number>>> {
    return this.#counts.get(node) ?? {}
  }
}
