/**
 * Messages of a simulated cluster that fit a filter, for people: each node is asked where it is.
 *
 * Owns:     when there is something to tell, on the wall's clock: the world may stand still.
 * Does not: know what fits (`#activity`). On the way to another moment nothing is told: it has happened before.
 */
import { MessageTaps, type TapBatch, type TapOrder } from '#activity'
import type { MessageWatcher, NodeId } from '#ports'

const tellMs = 100

export interface SimulatedTapsParts {
  readonly nodes: () => readonly NodeId[]
  readonly isSeeking: () => boolean
}

export class SimulatedTaps {
  readonly #parts: SimulatedTapsParts
  readonly #tapping = new Map<
    string,
    { readonly order: TapOrder; readonly hear: (batch: TapBatch) => void }
  >()
  readonly #nodes = new Map<NodeId, MessageTaps>()
  #ids = 0
  #timer: NodeJS.Timeout | undefined

  constructor(parts: SimulatedTapsParts) {
    this.#parts = parts
  }

  /** Of this node, while somebody taps. */
  watcherOf(node: NodeId): MessageWatcher | undefined {
    return this.#tapping.size === 0 || this.#parts.isSeeking() ? undefined : this.#tapsOf(node)
  }

  tap(order: TapOrder, hear: (batch: TapBatch) => void): () => void {
    this.#ids += 1
    const id = String(this.#ids)
    for (const taps of this.#nodes.values()) taps.add(id, order)
    this.#tapping.set(id, { order, hear })
    for (const node of this.#parts.nodes()) this.#tapsOf(node)
    this.#timer ??= setInterval(() => this.#tell(), tellMs)
    return () => {
      this.#tapping.delete(id)
      for (const taps of this.#nodes.values()) taps.remove(id)
      if (this.#tapping.size === 0) this.close()
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#tapping.clear()
    this.#nodes.clear()
  }

  #tapsOf(node: NodeId): MessageTaps {
    let taps = this.#nodes.get(node)
    if (taps === undefined) {
      taps = new MessageTaps({ node, life: 1 })
      for (const [id, { order }] of this.#tapping) taps.add(id, order)
      this.#nodes.set(node, taps)
    }
    return taps
  }

  #tell(): void {
    const now = performance.now()
    for (const taps of this.#nodes.values())
      for (const [id, batch] of taps.take(now)) this.#tapping.get(id)?.hear(batch)
  }
}
