/**
 * Placing an order, once.
 *
 * Owns:     the attempt: what is sent, and the key that it is sent with. Both are written down before anything is sent.
 *
 * Invariants:
 *   P1. An attempt has one key from the first try to its answer: tapped twice, sent again or reloaded in the middle, it is one
 *       order.
 *   P2. While there is an attempt, there is no other.
 *   P3. An attempt whose outcome nobody knows is sent again or forgotten by its guest, and not by the passing of time.
 */
import { shallowRef } from 'vue'
import type { Order, ProblemBody } from './answers.ts'
import { insist, Refused } from './api.ts'
import type { Wish } from './cart.ts'
import { kept, newKey } from './kept.ts'
import { type Said, saidOf } from './problem-words.ts'

export interface Wanted {
  readonly items: readonly Wish[]
  readonly total: Order['total']
  readonly serve: 'collect' | 'table'
  readonly note?: string
  readonly payment?: { readonly token: string }
}

interface Attempt {
  readonly key: string
  readonly body: Wanted
  /** By this phone's clock, milliseconds. */
  readonly at: number
}

/** One that is found later than this is asked about: its guest may have eaten elsewhere. */
const freshMs = 5 * 60_000

/** By then nobody knows what its key stood for. */
const keyMs = 24 * 3_600_000
export const isSendable = ({ at }: Attempt, now: number): boolean => now - at <= keyMs

export const attempt = kept<Attempt | null>('attempt', null)
/** Why it takes longer; null while it does not; undefined while nothing is sent. */
export const sending = shallowRef<ProblemBody | 'no-network' | null>()
export const refused = shallowRef<Said>()

export interface Placing {
  readonly placed: (order: Order, body: Wanted) => void
}

export function place(body: Wanted, placing: Placing): void {
  if (attempt.value !== null || sending.value !== undefined) return
  attempt.value = { key: newKey(), body, at: Date.now() }
  void send(placing)
}

/** After a reload. */
export function resume(placing: Placing): void {
  if (attempt.value !== null && Date.now() - attempt.value.at < freshMs) void send(placing)
}

export async function send({ placed }: Placing): Promise<void> {
  const made = attempt.value
  if (made === null || sending.value !== undefined) return
  sending.value = null
  refused.value = undefined
  try {
    const { key, body } = made
    const order = await insist<Order>('orders', { method: 'POST', key, body }, (why) => {
      sending.value = why
    })
    placed(order, body)
    attempt.value = null
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    refused.value = saidOf(error.problem)
    // Of what broke nobody knows whether it was placed: it is kept, with its key.
    if (error.problem.status < 500 || error.problem.code === 'orders-closed') attempt.value = null
  } finally {
    sending.value = undefined
  }
}

export function giveUp(): void {
  if (sending.value === undefined) attempt.value = null
}
