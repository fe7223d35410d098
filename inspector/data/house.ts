/**
 * The house as its operators read it: orders with their promise, the menu, and what an order waits for.
 *
 * Does not: know which actors there are (`poll.ts`), or decide what is late (rooms).
 */
import type { ActorItem, Page } from './answers.ts'
import { ask } from './operator.ts'

export interface Money {
  readonly amount: number
  readonly currency: string
}

export interface HouseOrder {
  readonly id: string
  readonly state: string
  readonly version: number
  readonly items: readonly { readonly dish: string; readonly quantity: number; readonly price: Money }[]
  readonly total: Money
  readonly serve: string
  readonly note?: string
  readonly createdAt: string
  readonly promisedAt: string
  readonly reason?: string
  readonly shortages?: readonly {
    readonly ingredient: string
    readonly needed: number
    readonly free: number
  }[]
}

export interface Story {
  readonly state: string
  readonly since: string
  readonly waitsFor?: string
  readonly until?: string
  readonly otherwise?: string
}

export interface Dish {
  readonly dish: string
  readonly name: string
  readonly price: number
  readonly available: boolean
  readonly needs: readonly { readonly ingredient: string; readonly amount: number }[]
}

export interface Menu {
  readonly site: string
  readonly items: readonly Dish[]
}

/** What the operator sees inside of an actor. */
export interface Snapshot<Context = unknown> {
  readonly id: string
  readonly version: number
  readonly state: unknown
  readonly inside: {
    readonly node?: string
    readonly shard?: string
    readonly status?: string
    readonly context: Context
    readonly at: number
    readonly accepts: readonly string[]
    readonly mailboxDepth: number
    readonly timers: readonly Timer[]
    readonly asks: readonly unknown[]
    readonly calls: readonly unknown[]
  }
}

export interface Timer {
  readonly id: string
  readonly clock: 'world' | 'runtime'
  /** Microseconds since 1970. */
  readonly at: number
}

export interface Turn {
  readonly sequence: number
  readonly at: string
  readonly id: string
  readonly message: { readonly type: string; readonly [member: string]: unknown }
  readonly state: unknown
  readonly from?: string
  readonly cause?: string
  readonly trace?: string
  readonly events?: readonly { readonly type: string }[]
  readonly note?: string
}

/** Of very many, the first pages. */
export async function allOf<Item>(path: string, signal: AbortSignal, pagesMax = 5): Promise<readonly Item[]> {
  const found: Item[] = []
  let cursor: string | undefined
  for (let page = 0; page < pagesMax; page += 1) {
    const more: string =
      cursor === undefined ? '' : `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`
    const answer = await ask<Page<Item>>(`${path}${more}`, { signal })
    found.push(...answer.items)
    cursor = answer.nextCursor
    if (cursor === undefined) break
  }
  return found
}

export const snapshotOf = <Context>(actor: string, signal?: AbortSignal): Promise<Snapshot<Context>> =>
  ask(`actors/${encodeURIComponent(actor)}/snapshot`, signal && { signal })

export const sendTo = (actor: string, message: object): Promise<unknown> =>
  ask(`actors/${encodeURIComponent(actor)}/messages`, { method: 'POST', body: { message } })

/** As it is published. Undefined: the house has none. */
export async function askMenu(signal: AbortSignal): Promise<Menu | undefined> {
  const {
    items: [first],
  } = await ask<Page<ActorItem>>('actors?type=menu&limit=1', { signal })
  return first && (await snapshotOf<Menu>(first.id, signal)).inside.context
}
