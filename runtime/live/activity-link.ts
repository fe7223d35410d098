/**
 * People look at a cluster through any of its nodes: that one asks the others, and each tells what its actors do.
 *
 * A watch ends by itself when it is not asked for again, so a node that looks and is killed is forgotten. Frames may be
 * lost: one that finds a gap asks for all there is.
 *
 * Owns:     who is watched, by whom, for how long; and when a look is taken.
 * Does not: know what a frame says (`#activity`), or who looks (a gateway).
 *
 * Invariants:
 *   AL1. A node that nobody watches collects nothing, and says nothing.
 *   AL2. Looks take little of a node's time, and say no more than a viewer can be sent (`restAfterLook`).
 */
import { Activity, activityHead, encodeActivity, type FrameHead, restAfterLook } from '#activity'
import type { LookItem, Node } from '#host'
import type { Clock, NodeId } from '#ports'
import type { Metrics } from './prometheus.ts'

/** A watch is asked for again so often, and ends after three times that. */
const askAgainMs = 1_000
const watchMs = 3 * askAgainMs

/** One frame of `#activity`, of one node. */
export type SeeActivity = (node: NodeId, frame: Uint8Array) => void

export interface ActivityLinkParts {
  readonly node: Node
  readonly about: { readonly node: NodeId; readonly life: number }
  readonly clock: Clock
  readonly metrics: Metrics
}

export class ActivityLink {
  readonly #parts: ActivityLinkParts
  /** Who watches this node, until when, of `performance.now()`. */
  readonly #watchers = new Map<NodeId, number>()
  #watches = 0
  #looking: { readonly activity: Activity; readonly stop: () => void; whole: boolean } | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #viewers = new Set<SeeActivity>()
  /** Of each node, the frame that was heard last. */
  readonly #heard = new Map<NodeId, string>()
  #asking: NodeJS.Timeout | undefined

  constructor(parts: ActivityLinkParts) {
    this.#parts = parts
  }

  /** Tells of all nodes, beginning with all there is, until what is returned is called. */
  watch(see: SeeActivity): () => void {
    // One function that watches twice is two viewers.
    const viewer: SeeActivity = (node, frame) => see(node, frame)
    this.#viewers.add(viewer)
    this.#ask(true)
    this.#asking ??= setInterval(() => this.#ask(false), askAgainMs)
    return () => {
      this.#viewers.delete(viewer)
      if (this.#viewers.size > 0) return
      clearInterval(this.#asking)
      this.#asking = undefined
      this.#heard.clear()
    }
  }

  /** Has all nodes tell all there is, to all who watch: somebody has missed something. */
  again(): void {
    if (this.#viewers.size > 0) this.#ask(true)
  }

  received(from: NodeId, item: Extract<LookItem, { readonly kind: 'watch' | 'activity' }>): void {
    if (item.kind === 'watch') this.#asked(from, item)
    else if (this.#viewers.size > 0) this.#told(from, item.bytes)
  }

  close(): void {
    clearInterval(this.#asking)
    this.#viewers.clear()
    this.#stopLooking()
  }

  #ask(whole: boolean): void {
    const { node, about } = this.#parts
    for (const member of node.members) {
      if (member.node === about.node) continue
      const isNew = !this.#heard.get(member.node)?.startsWith(`${member.life} `)
      node.tell(member.node, { kind: 'watch', forMs: watchMs, whole: whole || isNew })
    }
  }

  #told(from: NodeId, bytes: Uint8Array): void {
    const head = headOf(bytes)
    if (head === undefined) return
    const { life, watch, sequence, whole } = head
    const before = this.#heard.get(from)
    // It came twice.
    if (before === `${life} ${watch} ${sequence}`) return
    const isNext = before === `${life} ${watch} ${sequence - 1}`
    // Not what it was: without what came before it, it says nothing.
    if (!isNext && !whole) {
      this.#heard.delete(from)
      return
    }
    this.#heard.set(from, `${life} ${watch} ${sequence}`)
    for (const see of this.#viewers) see(from, bytes)
  }

  #asked(from: NodeId, { forMs, whole }: Extract<LookItem, { kind: 'watch' }>): void {
    this.#watchers.set(from, performance.now() + forMs)
    if (this.#looking === undefined) this.#startLooking()
    else if (whole) this.#looking.whole = true
  }

  #startLooking(): void {
    this.#watches += 1
    const { about, metrics } = this.#parts
    const activity = new Activity(about.node, { life: about.life, watch: this.#watches })
    const stop = metrics.watch((event) => activity.seen(event))
    this.#looking = { activity, stop, whole: false }
    this.#timer = setTimeout(() => this.#look(), 0)
  }

  #look(): void {
    const looking = this.#looking
    if (looking === undefined) return
    const began = performance.now()
    for (const [watcher, until] of this.#watchers) if (until < began) this.#watchers.delete(watcher)
    if (this.#watchers.size === 0) {
      this.#stopLooking()
      return
    }
    const { node, clock } = this.#parts
    const frame = looking.activity.frame(node.residents(), clock.now().world, looking.whole, node.budgets)
    looking.whole = false
    const { whole } = frame.head
    const bytes = encodeActivity(frame)
    for (const watcher of this.#watchers.keys()) node.tell(watcher, { kind: 'activity', bytes })
    const tookMs = performance.now() - began
    const told = whole ? 0 : bytes.length * node.members.length
    this.#timer = setTimeout(() => this.#look(), restAfterLook({ tookMs, bytes: told }))
  }

  #stopLooking(): void {
    clearTimeout(this.#timer)
    this.#looking?.stop()
    this.#looking = undefined
    this.#watchers.clear()
  }
}

/** Undefined: the node is of another build, whose frames are others. */
function headOf(bytes: Uint8Array): FrameHead | undefined {
  try {
    return activityHead(bytes)
  } catch {
    return undefined
  }
}
