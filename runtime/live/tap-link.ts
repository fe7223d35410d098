/**
 * People tap messages through any node: that one asks the others, and each tells those that fit.
 *
 * A tap ends by itself when it is not asked for again, so that one of a node that is killed is forgotten. What a node has
 * told and did not arrive is counted: its numbers say how many they were.
 *
 * Owns:     who taps this node, for how long, and what of the others' messages was lost on the way.
 * Does not: know what fits (`#activity`), or who reads (a gateway).
 *
 * Invariants:
 *   TL1. On a node that nobody taps no message is looked at.
 *   TL2. A message arrives once, or is counted as lost; but for what a node has not told when it ends, or when it has not
 *        been asked again for so long that its tap has ended.
 */
import { MessageTaps, type TapBatch, type TapOrder } from '#activity'
import type { LookItem, Node } from '#host'
import type { NodeId } from '#ports'
import type { Metrics } from './prometheus.ts'

/** How often a node that is tapped tells what it has. */
const tellMs = 100
/** A tap is asked for again so often, and ends after three times that. */
const askAgainMs = 1_000
const tapMs = 3 * askAgainMs

/** `lost`: of the messages before these, as many did not arrive. */
export type HearMessages = (batch: TapBatch, lost: number) => void

export interface TapLinkParts {
  readonly node: Node
  readonly about: { readonly node: NodeId; readonly life: number }
  readonly metrics: Metrics
}

interface Tapping {
  readonly order: string
  readonly hear: HearMessages
  /** By node, life and run: how many it has told. */
  readonly heard: Map<string, number>
}

export class TapLink {
  readonly #parts: TapLinkParts
  readonly #taps: MessageTaps
  /** Who taps this node, by the id of the tap, until when, of `performance.now()`. */
  readonly #tappers = new Map<string, { readonly node: NodeId; until: number }>()
  #telling: NodeJS.Timeout | undefined
  readonly #tapping = new Map<string, Tapping>()
  #asking: NodeJS.Timeout | undefined
  #ids = 0

  constructor(parts: TapLinkParts) {
    this.#parts = parts
    this.#taps = new MessageTaps(parts.about, () => performance.now())
  }

  /** Messages of this node that were held against a filter, since its process began. */
  get looked(): number {
    return this.#taps.looked
  }

  /** Tells what fits, of all nodes, until what is returned is called. */
  tap(order: TapOrder, hear: HearMessages): () => void {
    const { node, life } = this.#parts.about
    this.#ids += 1
    const id = `${node} ${life} ${this.#ids}`
    this.#tapping.set(id, { order: JSON.stringify(order), hear, heard: new Map() })
    this.ask()
    this.#asking ??= setInterval(() => this.ask(), askAgainMs)
    return () => {
      if (!this.#tapping.delete(id)) return
      this.#toAll({ kind: 'tap', id, forMs: 0, order: '' })
      if (this.#tapping.size > 0) return
      clearInterval(this.#asking)
      this.#asking = undefined
    }
  }

  /** Again: who has just become a member has not heard of it. */
  ask(): void {
    for (const [id, { order }] of this.#tapping) this.#toAll({ kind: 'tap', id, forMs: tapMs, order })
  }

  received(from: NodeId, item: Extract<LookItem, { readonly kind: 'tap' | 'tapped' }>): void {
    if (item.kind === 'tap') this.#asked(from, item)
    else this.#told(item.id, item.bytes)
  }

  close(): void {
    clearInterval(this.#asking)
    this.#tapping.clear()
    for (const id of this.#tappers.keys()) this.#end(id)
  }

  #toAll(item: LookItem): void {
    const { node, about } = this.#parts
    for (const member of node.members) if (member.node !== about.node) node.tell(member.node, item)
  }

  #asked(from: NodeId, { id, forMs, order }: Extract<LookItem, { readonly kind: 'tap' }>): void {
    if (forMs === 0) {
      this.#end(id)
      return
    }
    const until = performance.now() + forMs
    const known = this.#tappers.get(id)
    if (known !== undefined) {
      known.until = until
      return
    }
    const read = orderIn(order)
    if (read === undefined) return
    this.#tappers.set(id, { node: from, until })
    this.#taps.add(id, read)
    this.#parts.metrics.messages = this.#taps
    // The first answer says that it is there.
    this.#tell()
    this.#telling ??= setInterval(() => this.#tell(), tellMs)
  }

  #tell(): void {
    const now = performance.now()
    for (const [id, { until }] of this.#tappers) if (until < now) this.#end(id)
    for (const [id, batch] of this.#taps.take(now)) {
      const to = this.#tappers.get(id)?.node
      const bytes = new TextEncoder().encode(JSON.stringify(batch))
      if (to !== undefined) this.#parts.node.tell(to, { kind: 'tapped', id, bytes })
    }
  }

  #end(id: string): void {
    this.#tappers.delete(id)
    this.#taps.remove(id)
    if (!this.#taps.isEmpty) return
    this.#parts.metrics.messages = undefined
    clearInterval(this.#telling)
    this.#telling = undefined
  }

  #told(id: string, bytes: Uint8Array): void {
    const tapping = this.#tapping.get(id)
    const batch = tapping === undefined ? undefined : batchIn(bytes)
    if (tapping === undefined || batch === undefined) return
    const key = `${batch.node} ${batch.life} ${batch.run}`
    const lost = batch.told - batch.messages.length - (tapping.heard.get(key) ?? 0)
    // It came twice, or late: its messages were told, or counted as lost.
    if (lost < 0) return
    tapping.heard.set(key, batch.told)
    tapping.hear(batch, lost)
  }
}

/** Undefined: the node is of another build, whose words are others. */
function orderIn(text: string): TapOrder | undefined {
  const read = jsonIn(text) as Partial<TapOrder> | undefined
  return Array.isArray(read?.terms) && typeof read.perSecond === 'number' ? (read as TapOrder) : undefined
}

function batchIn(bytes: Uint8Array): TapBatch | undefined {
  const read = jsonIn(new TextDecoder().decode(bytes)) as Partial<TapBatch> | undefined
  return Array.isArray(read?.messages) && typeof read.told === 'number' ? (read as TapBatch) : undefined
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
