/**
 * The published menu, close at hand: prices are read with every order.
 *
 * Owns:     one copy per gateway, dropped when the menu has a new turn, and after a while in any case.
 * Does not: decide prices. A copy may be old by one message's way; the order keeps the price that it was given.
 */
import { type MenuItem, menuRef } from '#actors'
import type { ClusterClient } from '../cluster-client.ts'
import { Problem, problemOf } from '../problems.ts'

export interface PublishedMenu {
  readonly site: string
  /** Grows with each change that guests can see. */
  readonly edition: number
  readonly items: readonly MenuItem[]
}

/** A lost notice costs at most this much staleness. */
const keepMs = 30_000
const requestTimeoutMs = 3_000

export class MenuCache {
  readonly #client: ClusterClient
  readonly #site: string
  readonly #unwatch: () => void
  #copy: { readonly menu: PublishedMenu; readonly until: number } | undefined
  #asking: Promise<PublishedMenu> | undefined

  constructor(client: ClusterClient, site: string) {
    this.#client = client
    this.#site = site
    this.#unwatch = client.watch(menuRef(site), () => {
      this.#copy = undefined
      this.#asking = undefined
    })
  }

  /** @throws Problem when nobody can tell the menu. */
  async read(): Promise<PublishedMenu> {
    if (this.#copy !== undefined && performance.now() < this.#copy.until) return this.#copy.menu
    const asking = this.#asking ?? this.#ask()
    this.#asking = asking
    try {
      const menu = await asking
      // An answer that was overtaken by a change is good for who waited for it, and for nobody after.
      if (this.#asking === asking) this.#copy = { menu, until: performance.now() + keepMs }
      return menu
    } finally {
      if (this.#asking === asking) this.#asking = undefined
    }
  }

  close(): void {
    this.#unwatch()
  }

  async #ask(): Promise<PublishedMenu> {
    const outcome = await this.#client.request({
      actor: menuRef(this.#site),
      body: { kind: 'query', name: 'items' },
      timeoutMs: requestTimeoutMs,
    })
    if (outcome.kind === 'answer') return outcome.value as PublishedMenu
    if (outcome.kind === 'unknown' || outcome.kind === 'done') {
      throw new Problem('not-ready', `The menu of '${this.#site}' is not open yet.`)
    }
    throw problemOf(outcome, `The menu of '${this.#site}'`)
  }
}
