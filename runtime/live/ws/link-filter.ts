/**
 * Faults on links, on purpose: cuts, drops, delays, damage.
 *
 * Owns:     what is done to the frames of which peer, and the counts by which a fault proves its effect.
 * Does not: know sockets. Without a fault nothing is drawn and nothing is delayed. Of several faults on one link a
 *           frame meets each in turn.
 */
import type { NodeId, Random } from '#ports'

/** Shares are probabilities in [0, 1]. Jitter reorders, once it is longer than the time between frames. */
export interface LinkFault {
  /** What it was injected under; the launcher sets it. */
  readonly id?: string
  readonly drop?: number
  readonly duplicate?: number
  readonly corrupt?: number
  /** These wait a little, and later ones overtake them. */
  readonly reorder?: number
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

/** A frame that is overtaken waits up to so long. */
const overtakenMs = 50
/** Faults whose counts are kept. */
const metMax = 200

export type CutDirection = 'in' | 'out'

export class LinkFilter {
  #random: Random
  /** By peer: the names of the faults that cut it. */
  #cuts: Record<CutDirection, Map<NodeId, string>> = { in: new Map(), out: new Map() }
  #faults = new Map<NodeId, readonly LinkFault[]>()
  #counts = new Map<NodeId, FilterCounts>()
  #met = new Map<string, number>()
  #late = new Set<NodeJS.Timeout>()

  constructor(random: Random) {
    this.#random = random
  }

  /** In both directions; one direction alone keeps a connection open for as long as anybody would notice. */
  isCut(peer: NodeId): boolean {
    return this.#cuts.in.has(peer) && this.#cuts.out.has(peer)
  }

  cut(peer: NodeId, direction: CutDirection, id = ''): void {
    this.#cuts[direction].set(peer, id)
  }

  shape(peer: NodeId, fault: LinkFault): void {
    this.#faults.set(peer, [...(this.#faults.get(peer) ?? []), fault])
  }

  /** Frames that met each fault, by its name; also of those that are over. */
  get met(): ReadonlyMap<string, number> {
    return this.#met
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
    const id = this.#cuts.in.get(peer)
    if (id === undefined) return true
    this.counts(peer).cut += frames
    this.#meets(id, frames)
    return false
  }

  /** Passes an encoded frame on: at once, later, twice, damaged or never. */
  out(peer: NodeId, frame: Buffer, pass: (frame: Buffer) => void): void {
    const id = this.#cuts.out.get(peer)
    if (id !== undefined) {
      this.counts(peer).cut += 1
      this.#meets(id)
      return
    }
    const meetAll = (this.#faults.get(peer) ?? []).reduceRight(
      (next, fault) => (frame: Buffer) => this.#meet(fault, this.counts(peer), frame, next),
      pass,
    )
    meetAll(frame)
  }

  close(): void {
    for (const timer of this.#late) clearTimeout(timer)
    this.#late.clear()
  }

  #meet(fault: LinkFault, counts: FilterCounts, frame: Buffer, pass: (frame: Buffer) => void): void {
    if (this.#happens(fault.drop)) {
      counts.dropped += 1
      this.#meets(fault.id)
      return
    }
    if (this.#happens(fault.corrupt)) {
      counts.corrupted += 1
      this.#meets(fault.id)
      this.#delay(fault, counts, () => pass(damaged(frame)))
      return
    }
    this.#delay(fault, counts, () => pass(frame))
    if (!this.#happens(fault.duplicate)) return
    counts.duplicated += 1
    this.#meets(fault.id)
    this.#delay(fault, counts, () => pass(frame))
  }

  #delay(fault: LinkFault, counts: FilterCounts, pass: () => void): void {
    const jitterMs = (fault.jitterMs ?? 0) + (this.#happens(fault.reorder) ? overtakenMs : 0)
    const delayMs = (fault.delayMs ?? 0) + (jitterMs > 0 ? jitterMs * this.#uniform() : 0)
    if (delayMs === 0) {
      pass()
      return
    }
    counts.delayed += 1
    this.#meets(fault.id)
    const timer = setTimeout(() => {
      this.#late.delete(timer)
      pass()
    }, delayMs)
    this.#late.add(timer)
  }

  #meets(id = '', times = 1): void {
    if (id === '') return
    this.#met.set(id, (this.#met.get(id) ?? 0) + times)
    const [oldest = ''] = this.#met.keys()
    if (this.#met.size > metMax) this.#met.delete(oldest)
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
