/**
 * Links between simulated nodes, each direction with a character of its own.
 *
 * Owns:     when a frame arrives, whether it does, and how often; what was done to how many.
 * Does not: retry. The kernel's channels mend what is lost here.
 *
 * Invariants:
 *   N1. Without `reorder` a link keeps its order, as TCP does.
 *   N2. A frame is for the process that lived when it was sent: a later life of the same node never gets it.
 *   N3. Every frame sent is counted once as lost, or as delivered; a duplicate is delivered once more.
 *   N4. A frame to oneself meets no fault.
 */
import { draw, drawOf, hash32 } from '#actor'
import type { Frame, NodeId, Transport } from '#ports'
import { EventClass } from './event-queue.ts'
import { plainCopy } from './plain-copy.ts'
import type { SimProcess } from './process.ts'
import type { Timeline } from './timeline.ts'

/** What a link does to frames. Shares are probabilities in [0, 1]. */
export interface LinkCharacter {
  readonly delayUs: number
  /** Heavy tail on top: Pareto with exponent 2, this scale and this bound. */
  readonly tailUs: number
  readonly tailMaxUs: number
  readonly drop: number
  /** The same, of frames with an acknowledgement or an answer: what was done must not be done again. */
  readonly dropAcknowledgements: number
  readonly duplicate: number
  readonly reorder: number
  /** A frame that arrives damaged is recognised and dropped. */
  readonly corrupt: number
  /** Frames on their way; more are dropped (T3). */
  readonly framesMax: number
  readonly delivery: Delivery
}

/**
 * Which frame comes first. `in-order`: of one link, as TCP does. `random`: any. `by-link`: some links are far slower
 * than others, always. `acknowledgements-last`: whatever says that something was done comes much later than the rest.
 */
export const deliveries = ['in-order', 'random', 'by-link', 'acknowledgements-last'] as const
export type Delivery = (typeof deliveries)[number]

export const calmLink: LinkCharacter = {
  delayUs: 200,
  tailUs: 50,
  tailMaxUs: 20_000,
  drop: 0,
  dropAcknowledgements: 0,
  duplicate: 0,
  reorder: 0,
  corrupt: 0,
  framesMax: 1_024,
  delivery: 'in-order',
}

/** What happened to the frames of a link. A fault compares two readings to see that it had an effect. */
export interface LinkCounts {
  sent: number
  delivered: number
  duplicated: number
  reordered: number
  dropped: number
  corrupted: number
  /** By a cut. */
  cut: number
  /** Nobody was there, or the receiver ended before it arrived. */
  unreachable: number
  /** Beyond `framesMax`. */
  overflowed: number
}

const noCounts = (): LinkCounts => ({
  sent: 0,
  delivered: 0,
  duplicated: 0,
  reordered: 0,
  dropped: 0,
  corrupted: 0,
  cut: 0,
  unreachable: 0,
  overflowed: 0,
})

/** A partition or a disturbance that is in force until it is healed. Several may overlap. */
export interface Cut {
  /** Frames that it has swallowed, delayed, doubled or damaged. */
  readonly frames: number
  heal(): void
}

/** What is wrong with a link, on top of its character. Shares are probabilities in [0, 1]. */
export interface Disturbance {
  readonly slowerUs?: number
  readonly drop?: number
  readonly duplicate?: number
  readonly reorder?: number
  readonly corrupt?: number
}

interface Disturbing extends Disturbance {
  frames: number
}

interface Endpoint {
  readonly node: NodeId
  readonly process: SimProcess
  receive: (from: NodeId, frame: Frame) => void
  linkChanged: (peer: NodeId, up: boolean) => void
  /** Peers that it was told are up. */
  readonly up: Set<NodeId>
}

const purposes = ['drop', 'corrupt', 'duplicate', 'tail', 'reorder', 'late', 'tailAgain', 'place'] as const

type Purpose = (typeof purposes)[number]

interface Link {
  readonly from: NodeId
  readonly to: NodeId
  readonly counts: LinkCounts
  readonly cuts: Set<{ frames: number }>
  readonly disturbances: Set<Disturbing>
  /** Keyed by the frame's number and the purpose: a fault changes nothing for other frames. */
  readonly draw: (purpose: Purpose) => number
  character: LinkCharacter
  /** When the last frame in order is due. */
  due: number
  inFlight: number
}

export class SimNetwork {
  #timeline: Timeline
  #character: LinkCharacter
  readonly #copies: boolean
  #endpoints = new Map<NodeId, Endpoint>()
  #links = new Map<string, Link>()

  /** `copies`: frames are copied, and refused when they are not plain data; else they arrive as they were sent. */
  constructor(timeline: Timeline, character: LinkCharacter = calmLink, copies = true) {
    this.#timeline = timeline
    this.#character = character
    this.#copies = copies
  }

  /** The transport of one life of a node. It leaves the network when its process ends. */
  port(node: NodeId, process: SimProcess): Transport {
    const endpoint: Endpoint = {
      node,
      process,
      receive: () => {},
      linkChanged: () => {},
      up: new Set(),
    }
    this.#endpoints.set(node, endpoint)
    process.onEnd(() => {
      if (this.#endpoints.get(node) === endpoint) this.#endpoints.delete(node)
      this.#tellLinks()
    })
    this.#tellLinks()
    return {
      send: (to, frame) => this.#send(endpoint, to, frame),
      onFrame: (receive) => {
        endpoint.receive = receive
      },
      onLink: (change) => {
        endpoint.linkChanged = change
      },
    }
  }

  /** Changes what links do, from now on: those from `from` to `to`, or all of a side that is not given. */
  shape(character: Partial<LinkCharacter>, from?: NodeId, to?: NodeId): void {
    if (from === undefined && to === undefined) this.#character = { ...this.#character, ...character }
    for (const link of this.#between(from, to)) link.character = { ...link.character, ...character }
  }

  /** No frame passes from any of `a` to any of `b`, nor back unless it is one-way. */
  cut(a: readonly NodeId[], b: readonly NodeId[], direction: 'both' | 'one-way' = 'both'): Cut {
    const cut = { frames: 0 }
    const links = this.#across(a, b, direction)
    for (const link of links) link.cuts.add(cut)
    this.#tellLinks()
    return {
      get frames() {
        return cut.frames
      },
      heal: () => {
        for (const link of links) link.cuts.delete(cut)
        this.#tellLinks()
      },
    }
  }

  /** Frames from any of `a` to any of `b` fare worse than the character of their link says. */
  disturb(
    a: readonly NodeId[],
    b: readonly NodeId[],
    direction: 'both' | 'one-way',
    disturbance: Disturbance,
  ): Cut {
    const disturbing: Disturbing = { ...disturbance, frames: 0 }
    const links = this.#across(a, b, direction)
    for (const link of links) link.disturbances.add(disturbing)
    return {
      get frames() {
        return disturbing.frames
      },
      heal: () => {
        for (const link of links) link.disturbances.delete(disturbing)
      },
    }
  }

  /** Every cut and disturbance ends, and every link becomes calm. */
  healAll(): void {
    this.#character = calmLink
    for (const link of this.#links.values()) link.character = calmLink
    this.healCuts()
  }

  /** Every cut and disturbance ends. */
  healCuts(): void {
    for (const link of this.#links.values()) {
      link.cuts.clear()
      link.disturbances.clear()
    }
    this.#tellLinks()
  }

  /** The sum over the links from `from` to `to`, or of all. */
  counts(from?: NodeId, to?: NodeId): LinkCounts {
    const sum = noCounts()
    for (const { counts } of this.#between(from, to)) {
      for (const name in counts) sum[name as keyof LinkCounts] += counts[name as keyof LinkCounts]
    }
    return sum
  }

  #send(sender: Endpoint, to: NodeId, frame: Frame): void {
    const receiver = this.#endpoints.get(to)
    if (to === sender.node) {
      const copy = this.#given(frame)
      this.#timeline.after(0, () => sender.process.enter(() => sender.receive(to, copy)))
      return
    }
    const link = this.#link(sender.node, to)
    const { counts, character } = link
    counts.sent += 1
    if (link.cuts.size > 0) {
      swallow(link)
    } else if (receiver === undefined) {
      counts.unreachable += 1
    } else if (link.inFlight >= character.framesMax) {
      counts.overflowed += 1
    } else if (happens(link, 'drop', dropShareOf(character, frame))) {
      counts.dropped += 1
    } else if (happens(link, 'corrupt')) {
      counts.corrupted += 1
    } else {
      this.#carry(link, receiver, frame, 'tail')
      if (!happens(link, 'duplicate')) return
      counts.duplicated += 1
      this.#carry(link, receiver, frame, 'tailAgain')
    }
  }

  #carry(link: Link, receiver: Endpoint, frame: Frame, purpose: 'tail' | 'tailAgain'): void {
    const copy = this.#given(frame)
    link.inFlight += 1
    this.#timeline.at(this.#dueOn(link, frame, purpose), EventClass.general, () => {
      link.inFlight -= 1
      if (link.cuts.size > 0) {
        swallow(link)
      } else if (receiver.process.state === 'ended') {
        link.counts.unreachable += 1
      } else {
        link.counts.delivered += 1
        receiver.process.enter(() => receiver.receive(link.from, copy))
      }
    })
  }

  #given(frame: Frame): Frame {
    return this.#copies ? plainCopy(frame) : frame
  }

  #dueOn(link: Link, frame: Frame, purpose: 'tail' | 'tailAgain'): number {
    const { delayUs, tailUs, tailMaxUs, delivery } = link.character
    // 1/√u is Pareto with exponent 2, and a square root is exact on every machine.
    const tail = Math.min(tailMaxUs, tailUs * (1 / Math.sqrt(1 - link.draw(purpose)) - 1))
    const due = this.#timeline.now + Math.floor(delayUs + tail) + slower(link)
    if (happens(link, 'reorder')) {
      link.counts.reordered += 1
      return due + Math.floor(link.draw('late') * 4 * delayUs)
    }
    switch (delivery) {
      case 'random':
        return due + Math.floor(link.draw('place') * shuffledUs)
      case 'acknowledgements-last':
        return isAnswer(frame) ? due + Math.floor(link.draw('place') * lastUs) : due
      case 'in-order':
      case 'by-link':
        link.due = Math.max(link.due, delivery === 'by-link' ? due + this.#rankOf(link) : due)
        return link.due
    }
  }

  /** What a link is behind the others: a third of them by nothing, the slowest by far. */
  #rankOf({ from, to }: Link): number {
    const rank = draw(this.#timeline.seed, `link.${from}>${to}.rank`, 0)
    return Math.floor(Math.max(0, rank - 1 / 3) * lastUs)
  }

  // A link is up while its two processes live and it is not cut in both directions: one direction keeps
  // a connection open for as long as anybody would notice.
  #tellLinks(): void {
    for (const endpoint of this.#endpoints.values()) {
      for (const peer of this.#endpoints.keys()) {
        if (peer === endpoint.node) continue
        const isCut =
          this.#link(endpoint.node, peer).cuts.size > 0 && this.#link(peer, endpoint.node).cuts.size > 0
        this.#tellLink(endpoint, peer, !isCut)
      }
      for (const peer of [...endpoint.up]) {
        if (!this.#endpoints.has(peer)) this.#tellLink(endpoint, peer, false)
      }
    }
  }

  #tellLink(endpoint: Endpoint, peer: NodeId, up: boolean): void {
    if (endpoint.up.has(peer) === up) return
    if (up) endpoint.up.add(peer)
    else endpoint.up.delete(peer)
    const { delayUs } = this.#link(peer, endpoint.node).character
    this.#timeline.after(delayUs, () => endpoint.process.enter(() => endpoint.linkChanged(peer, up)))
  }

  #link(from: NodeId, to: NodeId): Link {
    const name = `${from}>${to}`
    let link = this.#links.get(name)
    if (link === undefined) {
      const counts = noCounts()
      const hash = hash32(`link.${name}`, this.#timeline.seed)
      link = {
        from,
        to,
        counts,
        cuts: new Set(),
        disturbances: new Set(),
        draw: (purpose) => drawOf(hash, counts.sent * purposes.length + purposes.indexOf(purpose)),
        character: this.#character,
        due: 0,
        inFlight: 0,
      }
      this.#links.set(name, link)
    }
    return link
  }

  #across(a: readonly NodeId[], b: readonly NodeId[], direction: 'both' | 'one-way'): Link[] {
    return pairs(a, b).flatMap(([from, to]) =>
      direction === 'both' ? [this.#link(from, to), this.#link(to, from)] : [this.#link(from, to)],
    )
  }

  #between(from: NodeId | undefined, to: NodeId | undefined): Link[] {
    if (from !== undefined && to !== undefined) return [this.#link(from, to)]
    return [...this.#links.values()].filter(
      (link) => (from === undefined || link.from === from) && (to === undefined || link.to === to),
    )
  }
}

/** Microseconds by which frames that are shuffled may be apart, and by which the last ones are behind. */
const shuffledUs = 100_000
const lastUs = 600_000

function happens(
  link: Link,
  fault: 'drop' | 'corrupt' | 'duplicate' | 'reorder',
  share = link.character[fault],
): boolean {
  if (link.disturbances.size === 0) return share > 0 && link.draw(fault) < share
  const drawn = link.draw(fault)
  let hit = drawn < share
  for (const disturbing of link.disturbances) {
    if (drawn >= (disturbing[fault] ?? 0)) continue
    disturbing.frames += 1
    hit = true
  }
  return hit
}

function slower({ disturbances }: Link): number {
  let sum = 0
  for (const disturbing of disturbances) {
    if (disturbing.slowerUs === undefined) continue
    disturbing.frames += 1
    sum += disturbing.slowerUs
  }
  return sum
}

const isAnswer = ({ items }: Frame): boolean =>
  items.some(({ kind }) => kind === 'mark' || kind === 'response')

function dropShareOf({ drop, dropAcknowledgements }: LinkCharacter, frame: Frame): number {
  return dropAcknowledgements > drop && isAnswer(frame) ? dropAcknowledgements : drop
}

function swallow(link: Link): void {
  link.counts.cut += 1
  for (const cut of link.cuts) cut.frames += 1
}

const pairs = (a: readonly NodeId[], b: readonly NodeId[]): [NodeId, NodeId][] =>
  a.flatMap((from) => b.filter((to) => to !== from).map((to): [NodeId, NodeId] => [from, to]))
