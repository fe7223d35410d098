/**
 * What an order waits for, since when, and what happens if it does not come.
 *
 * Owns:     the words for each state.
 * Does not: tell the past: the order's journal does.
 */
import type { Instant } from '#actor'
import { after } from '#actor'
import type { OrderContext } from './order.ts'
import { askAgainMs, fetchWithinMs, orderDeadlines, toTheTableMs } from './order-delays.ts'

export interface OrderStory {
  readonly state: string
  readonly since: Instant
  /** Absent when the order is finished. */
  readonly waitsFor?: string
  readonly until?: Instant
  readonly otherwise?: string
}

interface Wait {
  readonly waitsFor: string
  readonly ms: number
  readonly otherwise: string
}

const expires = 'it expires, and gives back what it has taken'
const asksAgain = 'it asks again'

const waits: Readonly<Record<string, Wait>> = {
  reserving: {
    waitsFor: 'the pantry to hold every ingredient',
    ms: orderDeadlines.reserveDeadline,
    otherwise: expires,
  },
  revising: {
    waitsFor: 'the pantry to hold what was revised',
    ms: orderDeadlines.reviseDeadline,
    otherwise: expires,
  },
  paying: { waitsFor: 'the payment to be captured', ms: orderDeadlines.payDeadline, otherwise: expires },
  confirmed: {
    waitsFor: 'the pantry to issue the ingredients',
    ms: orderDeadlines.confirmDeadline,
    otherwise: expires,
  },
  queued: { waitsFor: 'a cook to begin', ms: orderDeadlines.queueDeadline, otherwise: expires },
  cooking: { waitsFor: 'every dish to be cooked', ms: orderDeadlines.cookDeadline, otherwise: expires },
  plating: { waitsFor: 'the plates on the pass', ms: orderDeadlines.platingDeadline, otherwise: expires },
  cancelling: { waitsFor: 'the kitchen to stop', ms: askAgainMs, otherwise: asksAgain },
  refunding: { waitsFor: 'the till to return the money', ms: askAgainMs, otherwise: asksAgain },
  releasing: { waitsFor: 'the pantry to take the ingredients back', ms: askAgainMs, otherwise: asksAgain },
}

const unpaid: Wait = {
  waitsFor: 'the guest to pay',
  ms: orderDeadlines.payDeadline,
  otherwise: expires,
}

export function orderStory(state: string, context: OrderContext): OrderStory {
  const { since, serve, money } = context
  if (state === 'ready') {
    return serve === 'table'
      ? waiting(since, state, { waitsFor: 'the waiter', ms: toTheTableMs, otherwise: 'it is served' })
      : waiting(since, state, {
          waitsFor: 'the guest',
          ms: fetchWithinMs,
          otherwise: 'it is closed unfetched',
        })
  }
  const wait = state === 'paying' && money === 'free' ? unpaid : waits[state]
  return wait === undefined ? { state, since } : waiting(since, state, wait)
}

function waiting(since: Instant, state: string, { waitsFor, ms, otherwise }: Wait): OrderStory {
  return { state, since, waitsFor, until: after(since, ms), otherwise }
}
