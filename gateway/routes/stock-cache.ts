/**
 * How much there is of everything, close at hand: for lists, quotes, and the preview before an order is placed.
 *
 * Owns:     a copy per bin, made when it is first asked for.
 * Does not: promise anything: between the preview and the order somebody else may have ordered.
 */
import type { BinView, StockLine } from '#actors'
import { binRef, type Shortage } from '#actors'
import type { Outcome } from '#ports'
import { Cached } from '../cached.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { answerOf } from '../problems.ts'

/** A bin as its query shows it. */
export interface Stocked extends BinView {
  readonly state: string
  readonly version: number
}

/** A notice that was lost costs at most this much staleness. */
export const stockTtlMs = 30_000
const requestTimeoutMs = 3_000
/** In a rush every order changes its bins: the preview of orders asks for none of them more often than this. */
const askAgainMs = 1_000

export class StockCache {
  readonly #client: ClusterClient
  readonly #site: string
  readonly #bins = new Map<string, Cached<Stocked>>()
  readonly #askedAt = new Map<string, number>()

  constructor(client: ClusterClient, site: string) {
    this.#client = client
    this.#site = site
  }

  /** @throws Problem when nobody can tell. */
  read(ingredient: string): Promise<Stocked> {
    return this.#of(ingredient).read()
  }

  /** What is short of these, by what can be read. @throws Problem when nobody can tell. */
  async shortages(needs: readonly StockLine[]): Promise<readonly Shortage[]> {
    return short(needs, await Promise.all(needs.map(({ ingredient }) => this.read(ingredient))))
  }

  /** The same by what is at hand, without waiting for anybody: what is not at hand counts as enough. */
  shortagesAtHand(needs: readonly StockLine[]): readonly Shortage[] {
    return short(
      needs,
      needs.map(({ ingredient }) => this.#atHand(ingredient)),
    )
  }

  close(): void {
    for (const bin of this.#bins.values()) bin.close()
  }

  #atHand(ingredient: string): Stocked | undefined {
    const bin = this.#of(ingredient)
    const { atHand } = bin
    const now = performance.now()
    if (
      atHand === undefined &&
      now - (this.#askedAt.get(ingredient) ?? Number.NEGATIVE_INFINITY) > askAgainMs
    ) {
      this.#askedAt.set(ingredient, now)
      // After the order itself, and who needs to know asks and hears why not.
      queueMicrotask(() => bin.read().catch(() => {}))
    }
    return atHand
  }

  #of(ingredient: string): Cached<Stocked> {
    let bin = this.#bins.get(ingredient)
    if (bin === undefined) {
      bin = new Cached({
        client: this.#client,
        actor: binRef(this.#site, ingredient),
        query: 'view',
        ttlMs: () => stockTtlMs,
        valueIn: (outcome) => stockedIn(outcome, ingredient),
      })
      this.#bins.set(ingredient, bin)
    }
    return bin
  }
}

/** From the bin itself. @throws Problem. */
export async function readBin(client: ClusterClient, site: string, ingredient: string): Promise<Stocked> {
  const outcome = await client.request({
    actor: binRef(site, ingredient),
    body: { kind: 'query', name: 'view' },
    timeoutMs: requestTimeoutMs,
  })
  return stockedIn(outcome, ingredient)
}

function stockedIn(outcome: Outcome, ingredient: string): Stocked {
  return answerOf(outcome, `The bin of '${ingredient}'`).value as Stocked
}

function short(needs: readonly StockLine[], bins: readonly (Stocked | undefined)[]): readonly Shortage[] {
  return needs.flatMap(({ ingredient, amount }, n) => {
    const free = bins[n]?.free ?? amount
    return free < amount ? [{ ingredient, needed: amount, free }] : []
  })
}
