/**
 * A webhook: an address on the web that an account wants to be told at, and what it was told lately.
 *
 * A delivery is `pending` until there is room, `sending` while its call is out, in `backoff` after a try that failed,
 * and in the end `delivered` or `dead`. By hand it is sent once more, under the same id: a receiver that has it
 * already can tell.
 *
 * Owns:     the deliveries it remembers, their tries, and the number of the secret that signs.
 * Does not: know a secret. Gateway and handler derive it from the service key, the webhook's id and that number.
 *
 * Invariants:
 *   W1. It remembers at most `deliveriesMax`; the oldest go, those that have ended first.
 *   W2. At most `inFlightMax` are sent at once.
 *   W3. Every delivery ends: after `triesMax` tries it is dead.
 */

import { assign, setup } from 'xstate'
import type { Birth, Delivered, Effect, Instant } from '#actor'
import { backoffMs, defineActor, draw, effects, emit, minutes, reply, seconds, tell } from '#actor'
import { currency } from '../orders/messages.ts'
import { type Plan, planned } from '../plan.ts'
import { stateName } from '../state-name.ts'
import { inboxRef, type Notice, type NoticeEvent, WebhookMessage } from './messages.ts'
import { type DeliveryBody, statusIn } from './outside-contract.ts'

export const deliveriesMax = 50
export const inFlightMax = 8
export const triesMax = 12
/** Between two tries: 5 s, 15 s, 45 s, … 10 min; an hour and a half in all. */
const patience = { minMs: seconds(5), maxMs: minutes(10), factor: 3, jitter: 0.2 } as const

export type DeliveryState = 'pending' | 'sending' | 'backoff' | 'delivered' | 'dead'

export interface Delivery {
  /** The notice's. */
  readonly id: string
  readonly notice: Notice
  readonly at: Instant
  readonly state: DeliveryState
  readonly tries: number
  /** What the receiver answered last. */
  readonly status: number | null
  readonly detail: string | null
}

export interface WebhookContext {
  readonly id: string
  readonly account: string
  readonly url: string
  readonly events: readonly NoticeEvent[]
  readonly enabled: boolean
  readonly secretNumber: number
  readonly createdAt: Instant
  /** Newest first. */
  readonly deliveries: readonly Delivery[]
  /** Why it closed by itself. */
  readonly reason: string | null
}

type WebhookTimer = { readonly type: 'webhook.retry'; readonly delivery: string }
type WebhookEvent = Delivered<WebhookMessage | WebhookTimer>

const hasEnded = ({ state }: Delivery): boolean => state === 'delivered' || state === 'dead'

/** What the message does to one delivery; undefined when there is none that it could mean. */
function changed({ deliveries }: WebhookContext, event: WebhookEvent): Delivery | undefined {
  const of = (id: string, ...states: readonly DeliveryState[]): Delivery | undefined =>
    deliveries.find((one) => one.id === id && states.includes(one.state))
  switch (event.type) {
    case 'webhook.retry': {
      const due = of(event.delivery, 'backoff')
      return due && { ...due, state: 'pending' }
    }
    case 'webhook.redeliver': {
      const again = of(event.delivery, 'delivered', 'dead', 'backoff')
      return again && { ...again, state: 'pending', tries: 0 }
    }
    case 'call.done': {
      const sent = of(event.call, 'sending')
      return sent && { ...sent, state: 'delivered', status: statusIn(event.result) ?? null, detail: null }
    }
    case 'call.failed': {
      const failed = of(event.call, 'sending')
      const isOver = event.reason === 'refused' || (failed?.tries ?? 0) >= triesMax
      return (
        failed && {
          ...failed,
          state: isOver ? 'dead' : 'backoff',
          status: null,
          detail: event.detail.slice(0, 200),
        }
      )
    }
    default:
      return undefined
  }
}

/** Takes a new one in, and lets go of the oldest when there are too many. */
function added(context: WebhookContext, notice: Notice, at: Instant): readonly Delivery[] {
  if (context.deliveries.some(({ id }) => id === notice.id)) return context.deliveries
  const fresh: Delivery = {
    id: notice.id,
    notice,
    at,
    state: 'pending',
    tries: 0,
    status: null,
    detail: null,
  }
  const all = [fresh, ...context.deliveries]
  if (all.length <= deliveriesMax) return all
  const oldest = all.findLast(hasEnded) ?? all.at(-1)
  return all.filter((one) => one !== oldest)
}

/** Deliveries after this message: those that have room begin. */
function delivered(context: WebhookContext, event: WebhookEvent): Plan<WebhookContext> {
  const told: Effect[] = []
  const one = changed(context, event)
  if (one?.state === 'backoff') told.push(retry(context, one))
  const before =
    event.type === 'webhook.deliver'
      ? added(context, event.notice, event.at)
      : context.deliveries.map((delivery) => (delivery.id === one?.id ? one : delivery))
  let room = inFlightMax - before.filter(({ state }) => state === 'sending').length
  const begun = before.toReversed().map((delivery): Delivery => {
    if (delivery.state !== 'pending' || room <= 0) return delivery
    room -= 1
    told.push(sending(context, delivery))
    return { ...delivery, state: 'sending', tries: delivery.tries + 1 }
  })
  return { context: { ...context, deliveries: begun.toReversed() }, effects: told }
}

function sending({ id, url, secretNumber }: WebhookContext, { id: delivery, notice, at }: Delivery): Effect {
  const { event, order, amount, reason } = notice
  const body: DeliveryBody = {
    id: delivery,
    type: event,
    at,
    order,
    ...(amount !== undefined && { amount, currency }),
    ...(reason !== undefined && { reason }),
  }
  return {
    kind: 'call',
    id: delivery,
    handler: 'webhook.deliver',
    args: { webhook: id, secretNumber, url, body },
    deadlineMs: seconds(15),
    attemptsMax: 1,
  }
}

function retry({ id }: WebhookContext, { id: delivery, tries }: Delivery): Effect {
  return {
    kind: 'schedule',
    id: `retry:${delivery}`,
    delayMs: Math.round(backoffMs(patience, tries, draw(0, `webhook/${id}/${delivery}`, tries))),
    message: { type: 'webhook.retry', ...{ delivery } },
    clock: 'runtime',
  }
}

const delivering = planned(delivered)

export const webhookMachine = setup({
  types: {
    context: {} as WebhookContext,
    events: {} as WebhookEvent,
    input: {} as Birth,
  },
  guards: {
    remembers: ({ context, event }) =>
      event.type === 'webhook.redeliver' && context.deliveries.some(({ id }) => id === event.delivery),
  },
  actions: {
    send: effects(({ context, event }) => delivering.effects({ context, event })),
    keep: assign(({ context, event }) => delivering.context({ context, event })),
    // Whoever is switched off asks for nothing.
    subscribe: tell(
      ({ context }) => inboxRef(context.account),
      ({ context: { id, events, enabled } }) => ({
        type: 'inbox.subscribe',
        webhook: id,
        events: enabled ? [...events] : [],
      }),
    ),
    unsubscribe: tell(
      ({ context }) => inboxRef(context.account),
      ({ context }) => ({ type: 'inbox.unsubscribe', webhook: context.id }),
    ),
    show: reply(({ context }) => ({ type: 'webhook.view', ...webhookView(context, 'active') })),
    announceClosed: emit(({ context: { id, account, reason } }) => ({
      type: 'webhook.closed',
      webhook: id,
      account,
      ...(reason !== null && { reason }),
    })),
  },
}).createMachine({
  id: 'webhook',
  version: '1',
  context: ({ input }) => ({
    id: input.key,
    account: '',
    url: '',
    events: [],
    enabled: true,
    secretNumber: 1,
    createdAt: input.at,
    deliveries: [],
    reason: null,
  }),
  initial: 'created',
  states: {
    created: {
      tags: 'rest',
      on: {
        'webhook.create': {
          target: 'subscribing',
          actions: [
            assign(({ event: { account, url, events, at } }) => ({ account, url, events, createdAt: at })),
            'subscribe',
            'show',
          ],
        },
      },
    },
    /** Its account's inbox says whether there is room for one more. It always answers. */
    subscribing: {
      tags: 'waiting',
      on: {
        'webhook.subscribed': 'active',
        'webhook.refused': { target: 'closed', actions: assign({ reason: 'too-many-webhooks' }) },
      },
    },
    active: { tags: 'rest', on: { 'webhook.subscribed': {}, 'webhook.refused': {} } },
    closed: { tags: 'rest', type: 'final', entry: 'announceClosed' },
  },
  on: {
    'webhook.update': {
      actions: [
        assign(({ context, event }) => ({
          url: event.url ?? context.url,
          events: event.events ?? context.events,
          enabled: event.enabled ?? context.enabled,
          secretNumber: event.newSecret === true ? context.secretNumber + 1 : context.secretNumber,
        })),
        'subscribe',
        'show',
      ],
    },
    'webhook.close': {
      target: '.closed',
      actions: ['unsubscribe', 'show'],
    },
    'webhook.deliver': { actions: ['send', 'keep'] },
    'webhook.retry': { actions: ['send', 'keep'] },
    'webhook.redeliver': [
      {
        guard: 'remembers',
        actions: [
          'send',
          'keep',
          reply(({ context, event }) => ({
            type: 'webhook.delivery',
            delivery: context.deliveries.find(({ id }) => id === event.delivery),
          })),
        ],
      },
      { actions: reply({ type: 'webhook.no-delivery' }) },
    ],
    'call.done': { actions: ['send', 'keep'] },
    'call.failed': { actions: ['send', 'keep'] },
  },
})

/** A webhook as its account sees it. */
export interface WebhookView {
  readonly id: string
  readonly account: string
  readonly state: string
  readonly url: string
  readonly events: readonly NoticeEvent[]
  readonly enabled: boolean
  readonly secretNumber: number
  readonly createdAt: Instant
  /** Why it closed by itself. */
  readonly reason: string | null
}

function webhookView(context: WebhookContext, state: string): WebhookView {
  const { deliveries: _, ...shown } = context
  return { ...shown, state }
}

export const webhook = defineActor({
  type: 'webhook',
  glyph: 'diamond',
  accepts: WebhookMessage,
  creates: ['webhook.create'],
  // What its inbox has on the way when it closes.
  ignores: ['webhook.deliver', 'webhook.subscribed', 'webhook.refused', 'webhook.close'],
  machine: webhookMachine,
  queries: {
    view: ({ value, context }) => webhookView(context as WebhookContext, stateName(value)),
    /** Newest first. */
    deliveries: ({ context }) => (context as WebhookContext).deliveries,
  },
})
