/**
 * The published menu, close at hand: prices are read with every order.
 *
 * Owns:     the menu's copy in this gateway, and how old it may be shown when nobody can tell a newer one.
 * Does not: decide prices. A copy may be old by one message's way; the order keeps the price that it was given.
 */
import { type MenuItem, menuRef } from '#actors'
import { Cached, type Copy } from '../cached.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { answerOf, Problem } from '../problems.ts'

export interface PublishedMenu {
  readonly site: string
  /** Grows with each change that guests can see. */
  readonly edition: number
  readonly items: readonly MenuItem[]
  readonly version: number
}

export class MenuCache {
  readonly #cached: Cached<PublishedMenu>

  constructor(client: ClusterClient, site: string, ttlMs: () => number) {
    const what = `The menu of '${site}'`
    this.#cached = new Cached({
      client,
      actor: menuRef(site),
      query: 'items',
      ttlMs,
      valueIn: (outcome) => {
        if (outcome.kind === 'unknown') throw new Problem('not-ready', `${what} is not open yet.`)
        return answerOf(outcome, what).value as PublishedMenu
      },
    })
  }

  /** @throws Problem when nobody can tell the menu. */
  read(): Promise<PublishedMenu> {
    return this.#cached.read()
  }

  /** The menu as it was known last, when nobody can tell it now. @throws Problem when it was never known. */
  readOrStale(): Promise<Copy<PublishedMenu>> {
    return this.#cached.readOr((error) => {
      throw error
    })
  }

  close(): void {
    this.#cached.close()
  }
}
