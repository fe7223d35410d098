/**
 * Guests who order one after the other, each insisting until there is an answer.
 *
 * Owns:     what was acknowledged, and when; the answers that no guest should get.
 *
 * Invariants:
 *   G1. An order counts as acknowledged once its 201 was read whole, and not before.
 *   G2. A guest who insists says the same under the same key.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Placed, Up } from '../testing/up.ts'

export interface Acknowledged extends Placed {
  readonly key: string
  /** `performance.now()`. */
  readonly askedAt: number
  readonly heardAt: number
}

export interface Refusal {
  readonly status: number
  readonly code: string
  readonly retryAfter: string | null
  readonly heardAt: number
}

const againMs = 50
/** To be tried again. Anything else is no answer to a good order. */
const passing: ReadonlySet<number> = new Set([409, 503, 504])
const ends: ReadonlySet<string> = new Set(['completed', 'rejected', 'cancelled', 'expired'])

export class Load {
  readonly acknowledged: Acknowledged[] = []
  readonly refusals: Refusal[] = []
  readonly complaints: string[] = []
  /** Keys that were sent and got no answer yet. */
  readonly open = new Map<string, number>()
  readonly #up: Up
  readonly #everyMs: number
  readonly #guests = new Set<Promise<void>>()
  #isComing = true
  #isInsisting = true

  constructor(up: Up, everyMs: number) {
    this.#up = up
    this.#everyMs = everyMs
    void this.#come()
  }

  /** No guest comes any more. Resolves when each one who came has an answer. */
  async served(): Promise<readonly Acknowledged[]> {
    this.#isComing = false
    await Promise.all(this.#guests)
    return this.acknowledged
  }

  /** Everybody leaves. What is on its way may still be answered, so the list is read after this. */
  leave(): void {
    this.#isComing = false
    this.#isInsisting = false
  }

  /** Waits until so many more orders are acknowledged. */
  async more(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count
    while (this.acknowledged.length < wanted) await sleep(10)
  }

  async #come(): Promise<void> {
    while (this.#isComing) {
      const guest = this.#insist(crypto.randomUUID()).catch((error: unknown) => {
        this.complaints.push(String(error))
      })
      this.#guests.add(guest)
      void guest.then(() => this.#guests.delete(guest))
      await sleep(this.#everyMs)
    }
  }

  async #insist(key: string): Promise<void> {
    const askedAt = performance.now()
    this.open.set(key, askedAt)
    for (; this.#isInsisting; await sleep(againMs)) {
      const order = await this.#order(key)
      if (order === undefined) continue
      this.open.delete(key)
      if (typeof order === 'string') this.complaints.push(order)
      else this.acknowledged.push({ ...order, key, askedAt, heardAt: performance.now() })
      return
    }
  }

  /** Undefined: try again. */
  async #order(key: string): Promise<Placed | string | undefined> {
    try {
      const response = await this.#up.post('orders', key, {
        items: [{ dish: 'caprese', quantity: 1 }],
        payment: { token: 'tok_ok' },
      })
      const text = await response.text()
      const { status } = response
      if (status === 201) return JSON.parse(text) as Placed
      const retryAfter = response.headers.get('retry-after')
      const { code } = JSON.parse(text) as { readonly code: string }
      this.refusals.push({ status, code, retryAfter, heardAt: performance.now() })
      return passing.has(status) ? undefined : `${status} ${text}`
    } catch {
      return undefined
    }
  }
}

/** Follows every order to its end: who has one that is ready fetches it. Resolves with the ends, in order. */
export function followed(up: Up, orders: readonly Placed[], withinMs: number): Promise<readonly string[]> {
  const until = performance.now() + withinMs
  return Promise.all(orders.map((order) => follow(up, order, until)))
}

/** `288 completed, 2 rejected`. */
export function tally(ends: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const end of ends) counts.set(end, (counts.get(end) ?? 0) + 1)
  return [...counts].map(([end, count]) => `${count} ${end}`).join(', ')
}

async function follow(up: Up, order: Placed, until: number): Promise<string> {
  let seen = 'unseen'
  while (performance.now() < until) {
    try {
      const { state } = await up.read(order)
      seen = state
      if (ends.has(state)) return state
      if (state === 'ready') await up.collect(order)
    } catch {
      // A node on its way back answers later.
    }
    await sleep(200)
  }
  return `unfinished: ${seen}`
}
