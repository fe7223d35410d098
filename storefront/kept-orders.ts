/**
 * The orders of this phone: kept, followed while they go on, and what their guest does with them.
 *
 * Owns:     which orders are followed, and the one that is shown.
 * Does not: place them (`placing.ts`).
 *
 * Invariants:
 *   F1. So few are followed at once that the phone's connections to the house (six of a browser) are never used up.
 *   F2. What changes an order has one key for as long as it means the same, across reloads.
 */
import { computed, shallowRef, watch } from 'vue'
import type { Order, OrderRead, ProblemBody, Story } from './answers.ts'
import { ask, insist, Refused } from './api.ts'
import { follow, type Link } from './follow.ts'
import { kept, newKey } from './kept.ts'
import {
  isHeardOut,
  isOver,
  type KnownOrder,
  knownFrom,
  merged,
  withNew,
  withReading,
  withTurn,
} from './order-known.ts'
import type { Wanted } from './placing.ts'
import { type Said, saidOf } from './problem-words.ts'

const followedMax = 3

export const orders = kept<readonly KnownOrder[]>('orders', [], merged)
const chosen = shallowRef<string>()
/** The one that was chosen, or else the newest that goes on, or the newest of the last visit. */
export const shown = computed(
  () => orders.value.find(({ id }) => id === chosen.value) ?? orders.value.find((one) => !isOver(one)),
)
export const links = shallowRef<ReadonlyMap<string, Link>>(new Map())
/** What the last command of an order came to, when it was no; or why it takes longer. */
export const refusals = shallowRef<ReadonlyMap<string, Said | undefined>>(new Map())
/** Orders that something is done to: of each, one thing at a time. */
export const acting = shallowRef<ReadonlySet<string>>(new Set())

export function show(id: string): void {
  chosen.value = id
}

export function keep(order: Order, wanted: Wanted): void {
  orders.value = withNew(orders.value, knownFrom(order, wanted))
  chosen.value = order.id
}

export function readAll(): void {
  orders.value = orders.value.map((one) => ({ ...one, read: one.messages.length }))
}

function change(id: string, next: (known: KnownOrder) => KnownOrder): void {
  orders.value = orders.value.map((one) => (one.id === id ? next(one) : one))
}

const running = new Map<string, AbortController>()

/** To be called once. */
export function followOrders(): void {
  const wanted = (): readonly string[] => {
    const going = orders.value.filter((one) => !isHeardOut(one)).map(({ id }) => id)
    const first = shown.value?.id
    return going.sort((a, b) => Number(b === first) - Number(a === first)).slice(0, followedMax)
  }
  watch(
    () => wanted().join(' '),
    () => {
      const ids = wanted()
      for (const [id, stop] of running) if (!ids.includes(id)) stop.abort()
      for (const id of ids) if (!running.has(id)) void followOne(id)
    },
    { immediate: true },
  )
  // Of one that is over its last reading tells what became of the money, and may never have come.
  for (const one of orders.value) if (isOver(one) && one.order.version < one.heard) void read(one.id)
}

async function followOne(id: string): Promise<void> {
  const known = (): KnownOrder | undefined => orders.value.find((one) => one.id === id)
  const { token } = known() ?? {}
  if (token === undefined) return
  const stop = new AbortController()
  running.set(id, stop)
  void read(id)
  const ended = await follow({
    id,
    token,
    signal: stop.signal,
    heard: () => known()?.heard ?? 0,
    linked: (link) => {
      links.value = new Map([...links.value, [id, link]])
    },
    told: (turn) => {
      change(id, (one) => withTurn(one, turn))
      void read(id)
    },
  })
  running.delete(id)
  if (ended === 'gone') change(id, (one) => ({ ...one, isGone: true }))
  else if (!stop.signal.aborted) void read(id)
}

const reading = new Map<string, 'once' | 'again'>()

/** The order itself and what it waits for. While that is asked, whatever asks for it again is one more time. */
async function read(id: string): Promise<void> {
  if (reading.has(id)) return void reading.set(id, 'again')
  reading.set(id, 'once')
  try {
    const { token } = orders.value.find((one) => one.id === id) ?? {}
    if (token === undefined) return
    const [order, story] = await Promise.all([
      insist<OrderRead>(`orders/${id}?expand=payment`, { token }),
      ask<Story>(`orders/${id}/story`, { token }).catch(() => undefined),
    ])
    change(id, (one) => withReading(one, order, story))
  } catch {
    // Refused for good: the stream says what that means.
  } finally {
    const next = reading.get(id)
    reading.delete(id)
    if (next === 'again') void read(id)
  }
}

/** Does something to an order, however long the house takes to answer. */
async function act(id: string, what: string, path: string, body?: unknown): Promise<void> {
  const known = orders.value.find((one) => one.id === id)
  if (known === undefined || acting.value.has(id)) return
  acting.value = new Set([...acting.value, id])
  const say = (why?: ProblemBody | 'no-network'): void => {
    refusals.value = new Map([...refusals.value, [id, why && saidOf(why)]])
  }
  say()
  const key = known.keys[what] ?? newKey()
  change(id, (one) => ({ ...one, keys: { ...one.keys, [what]: key } }))
  try {
    await insist(`orders/${id}/${path}`, { method: 'POST', token: known.token, key, body }, say)
    say()
  } catch (error) {
    if (error instanceof Refused) say(error.problem)
  } finally {
    acting.value = new Set([...acting.value].filter((one) => one !== id))
    void read(id)
  }
}

export const cancel = (id: string): Promise<void> => act(id, 'cancellation', 'cancellation', {})
export const collect = (id: string): Promise<void> => act(id, 'collection', 'collection')
export const pay = (id: string, token: string): Promise<void> =>
  act(id, `payment ${token}`, 'payments', { token })
