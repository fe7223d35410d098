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
import { draw } from '#actor'
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
}

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

/** A partition that is in force until it is healed. Several may overlap. */
export interface Cut {
  /** Frames that it has swallowed. */
  readonly frames: number
  heal(): void
}

interface Endpoint {
  readonly node: NodeId
  readonly process: SimProcess
  receive: (from: NodeId, frame: Frame) => void
  linkChanged: (peer: NodeId, up: boolean) => void
  /** Peers that it was told are up. */
  readonly up: Set<NodeId>
}

const purposes = ['drop', 'corrupt', 'duplicate', 'tail', 'reorder', 'late', 'tailAgain'] as const

type Purpose = (typeof purposes)[number]

interface Link {
  readonly from: NodeId
  readonly to: NodeId
  readonly counts: LinkCounts
  readonly cuts: Set<{ frames: number }>
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
  #endpoints = new Map<NodeId, Endpoint>()
  #links = new Map<string, Link>()

  constructor(timeline: Timeline, character: LinkCharacter = calmLink) {
    this.#timeline = timeline
    this.#character = character
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
    const links = pairs(a, b).flatMap(([from, to]) =>
      direction === 'both' ? [this.#link(from, to), this.#link(to, from)] : [this.#link(from, to)],
    )
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

  /** Every cut ends, and every link becomes calm. */
  healAll(): void {
    this.#character = calmLink
    for (const link of this.#links.values()) link.character = calmLink
    this.healCuts()
  }

  /** Every cut ends. */
  healCuts(): void {
    for (const link of this.#links.values()) link.cuts.clear()
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
      const copy = plainCopy(frame)
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
    const copy = plainCopy(frame)
    link.inFlight += 1
    this.#timeline.at(this.#dueOn(link, purpose), EventClass.general, () => {
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

  #dueOn(link: Link, purpose: 'tail' | 'tailAgain'): number {
    const { delayUs, tailUs, tailMaxUs } = link.character
    // 1/√u is Pareto with exponent 2, and a square root is exact on every machine.
    const tail = Math.min(tailMaxUs, tailUs * (1 / Math.sqrt(1 - link.draw(purpose)) - 1))
    const due = this.#timeline.now + Math.floor(delayUs + tail)
    if (happens(link, 'reorder')) {
      link.counts.reordered += 1
      return due + Math.floor(link.draw('late') * 4 * delayUs)
    }
    link.due = Math.max(link.due, due)
    return link.due
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
      const { seed } = this.#timeline
      link = {
        from,
        to,
        counts,
        cuts: new Set(),
        draw: (purpose) =>
          draw(seed, `link.${name}`, counts.sent * purposes.length + purposes.indexOf(purpose)),
        character: this.#character,
        due: 0,
        inFlight: 0,
      }
      this.#links.set(name, link)
    }
    return link
  }

  #between(from: NodeId | undefined, to: NodeId | undefined): Link[] {
    if (from !== undefined && to !== undefined) return [this.#link(from, to)]
    return [...this.#links.values()].filter(
      (link) => (from === undefined || link.from === from) && (to === undefined || link.to === to),
    )
  }
}

const happens = (
  link: Link,
  fault: 'drop' | 'corrupt' | 'duplicate' | 'reorder',
  share = link.character[fault],
): boolean => share > 0 && link.draw(fault) < share

function dropShareOf({ drop, dropAcknowledgements }: LinkCharacter, { items }: Frame): number {
  if (dropAcknowledgements <= drop) return drop
  return items.some(({ kind }) => kind === 'mark' || kind === 'response') ? dropAcknowledgements : drop
}

function swallow(link: Link): void {
  link.counts.cut += 1
  for (const cut of link.cuts) cut.frames += 1
}

const pairs = (a: readonly NodeId[], b: readonly NodeId[]): [NodeId, NodeId][] =>
  a.flatMap((from) => b.filter((to) => to !== from).map((to): [NodeId, NodeId] => [from, to]))
