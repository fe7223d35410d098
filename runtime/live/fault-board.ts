/**
 * The faults that somebody has put on the nodes of one machine, and what was seen of each.
 *
 * Owns:     which are in force, when each ends, and the counts by which it proves its effect, over lives of nodes.
 * Does not: carry them out (`launcher.ts`, and the nodes), or know what they are for: their words are the injector's.
 *
 * Invariants:
 *   FB1. A fault is in force or over, and over once: it does not begin again. Of those that are over the last are
 *        remembered.
 */
import type { NodeId } from '#ports'
import type { FaultStatus, FaultsView, Injection } from './control.ts'

/** Of a party outside that is in trouble. */
export interface OutsideTrouble {
  readonly met: number
  heal(): void
}

export interface Fault {
  readonly injection: Injection
  readonly since: number
  readonly outside?: OutsideTrouble
  /** Struck nodes, with the life that each had. */
  readonly struck: ReadonlyMap<NodeId, number>
  /** Those of them whose end or freeze was seen. */
  readonly seen: Set<NodeId>
  /** By node and life. */
  readonly counts: Map<string, number>
  ended?: { readonly how: 'over' | 'reverted'; readonly at: number; readonly metOutside: number }
}

const rememberedMax = 100

export class FaultBoard {
  readonly #inForce = new Map<string, Fault>()
  #over: Fault[] = []

  /** False: it is over already. */
  begin(
    injection: Injection,
    now: number,
    more: Pick<Fault, 'struck'> & { outside?: OutsideTrouble },
  ): boolean {
    if (this.#over.some((fault) => fault.injection.id === injection.id)) {
      more.outside?.heal()
      return false
    }
    const before = this.#inForce.get(injection.id)
    before?.outside?.heal()
    const { outside, struck } = more
    const since = before?.since ?? now
    this.#inForce.set(injection.id, {
      ...{ injection, since, struck, seen: new Set(), counts: new Map() },
      ...(outside && { outside }),
    })
    return true
  }

  get(id: string): Fault | undefined {
    return this.#inForce.get(id)
  }

  get inForce(): readonly Fault[] {
    return [...this.#inForce.values()]
  }

  end(id: string, how: 'over' | 'reverted', now: number): Fault | undefined {
    const fault = this.#inForce.get(id)
    if (fault === undefined) return undefined
    this.#inForce.delete(id)
    fault.ended = { how, at: now, metOutside: fault.outside?.met ?? 0 }
    fault.outside?.heal()
    this.#over = [fault, ...this.#over].slice(0, rememberedMax)
    return fault
  }

  /** What a node says of the faults that it has met. It may say so after one of them is over. */
  counted(node: NodeId, life: number, met: Readonly<Record<string, number>>): void {
    const known = [...this.#inForce.values(), ...this.#over]
    for (const [id, count] of Object.entries(met))
      known.find(({ injection }) => injection.id === id)?.counts.set(`${node}#${life}`, count)
  }

  /** For the nodes. */
  get view(): FaultsView {
    const all = this.inForce.map(({ injection }) => injection)
    return {
      links: all.flatMap(({ id, links = [] }) => links.map((link) => ({ ...link, id }))),
      processes: all.flatMap(({ id, processes = [] }) => processes.map((fault) => ({ ...fault, id }))),
    }
  }

  statuses(now: number): readonly FaultStatus[] {
    return [...this.#inForce.values(), ...this.#over].map((fault) => statusOf(fault, now))
  }
}

function statusOf({ injection, since, outside, seen, counts, ended }: Fault, now: number): FaultStatus {
  const { id, about, links = [], met = 0, forMs, isMendedFirst = false } = injection
  const counted = [...counts.values()].reduce((sum, count) => sum + count, met + seen.size)
  return {
    id,
    links,
    met: counted + (ended?.metOutside ?? outside?.met ?? 0),
    ageMs: Math.round(now - since),
    isMendedFirst,
    ...(about !== undefined && { about }),
    ...(forMs !== undefined && { leftMs: Math.round(since + forMs - now) }),
    ...(ended && { ended: { how: ended.how, agoMs: Math.round(now - ended.at) } }),
  }
}
