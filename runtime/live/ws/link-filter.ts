/**
 * Faults on links, on purpose: cuts, drops, delays, damage.
 *
 * Owns:     what is done to the frames of which peer, and the counts by which a fault proves its effect.
 * Does not: know sockets. Without a fault nothing is drawn and nothing is delayed.
 */
import type { NodeId, Random } from '#ports'

/** Shares are probabilities in [0, 1]. Jitter reorders, once it is longer than the time between frames. */
export interface LinkFault {
  readonly drop?: number
  readonly duplicate?: number
  readonly corrupt?: number
  readonly delayMs?: number
  readonly jitterMs?: number
}

export interface FilterCounts {
  cut: number
  dropped: number
  duplicated: number
  corrupted: number
  delayed: number
}

const noCounts = (): FilterCounts => ({ cut: 0, dropped: 0, duplicated: 0, corrupted: 0, delayed: 0 })

export type CutDirection = 'in' | 'out'

export class LinkFilter {
  #random: Random
  #cuts: Record<CutDirection, Set<NodeId>> = { in: new Set(), out: new Set() }
  #faults = new Map<NodeId, LinkFault>()
  #counts = new Map<NodeId, FilterCounts>()
  #late = new Set<NodeJS.Timeout>()

  constructor(random: Random) {
    this.#random = random
  }

  /** In both directions; one direction alone keeps a connection open for as long as anybody would notice. */
  isCut(peer: NodeId): boolean {
    return this.#cuts.in.has(peer) && this.#cuts.out.has(peer)
  }

  cut(peer: NodeId, direction: CutDirection): void {
    this.#cuts[direction].add(peer)
  }

  shape(peer: NodeId, fault: LinkFault): void {
    this.#faults.set(peer, fault)
  }

  heal(peer: NodeId): void {
    this.#cuts.in.delete(peer)
    this.#cuts.out.delete(peer)
    this.#faults.delete(peer)
  }

  healAll(): void {
    this.#cuts.in.clear()
    this.#cuts.out.clear()
    this.#faults.clear()
  }

  counts(peer: NodeId): FilterCounts {
    let counts = this.#counts.get(peer)
    if (counts === undefined) {
      counts = noCounts()
      this.#counts.set(peer, counts)
    }
    return counts
  }

  /** False when a cut swallows what came in: one command on one node is enough for a partition. */
  letsIn(peer: NodeId, frames: number): boolean {
    if (!this.#cuts.in.has(peer)) return true
    this.counts(peer).cut += frames
    return false
  }

  /** Passes an encoded frame on: at once, later, twice, damaged or never. */
  out(peer: NodeId, frame: Buffer, pass: (frame: Buffer) => void): void {
    if (this.#cuts.out.has(peer)) {
      this.counts(peer).cut += 1
      return
    }
    const fault = this.#faults.get(peer)
    if (fault === undefined) pass(frame)
    else this.#meet(fault, this.counts(peer), frame, pass)
  }

  close(): void {
    for (const timer of this.#late) clearTimeout(timer)
    this.#late.clear()
  }

  #meet(fault: LinkFault, counts: FilterCounts, frame: Buffer, pass: (frame: Buffer) => void): void {
    if (this.#happens(fault.drop)) {
      counts.dropped += 1
      return
    }
    if (this.#happens(fault.corrupt)) {
      counts.corrupted += 1
      this.#delay(fault, counts, () => pass(damaged(frame)))
      return
    }
    this.#delay(fault, counts, () => pass(frame))
    if (!this.#happens(fault.duplicate)) return
    counts.duplicated += 1
    this.#delay(fault, counts, () => pass(frame))
  }

  #delay(fault: LinkFault, counts: FilterCounts, pass: () => void): void {
    const delayMs = (fault.delayMs ?? 0) + (fault.jitterMs ?? 0) * this.#uniform()
    if (delayMs === 0) {
      pass()
      return
    }
    counts.delayed += 1
    const timer = setTimeout(() => {
      this.#late.delete(timer)
      pass()
    }, delayMs)
    this.#late.add(timer)
  }

  #happens(share = 0): boolean {
    return share > 0 && this.#uniform() < share
  }

  #uniform(): number {
    return this.#random.next() / 2 ** 32
  }
}

// 0xc1 is the one byte that begins no msgpack value: the receiver cannot fail to notice.
function damaged(frame: Buffer): Buffer {
  const copy = Buffer.from(frame)
  copy[0] = 0xc1
  return copy
}
