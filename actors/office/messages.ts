/**
 * What is said to, and within, the office: inboxes, notifications, webhooks.
 *
 * Owns:     the contracts, the words that they share (topics, channels, events), and the addresses.
 * Does not: decide who is told what (`inbox.ts`), or carry anything out of the house (the calls of `outside-contract.ts`).
 */

import { type Static, Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'

const exact = { additionalProperties: false } as const
const id = Type.String({ minLength: 1, maxLength: 100 })
/** An order's id and what happened to it, with a channel at its end. */
const noticeId = Type.String({ minLength: 1, maxLength: 150 })
const reason = Type.String({ maxLength: 200 })
const cents = Type.Integer({ minimum: 0 })

/** The ways to an account; `in-app` is its own list. */
export const channels = ['in-app', 'email', 'sms', 'push'] as const
export type Channel = (typeof channels)[number]

/** What notices are about: an account chooses channels for each. */
export const topics = ['progress', 'ready', 'receipt', 'trouble'] as const
export type Topic = (typeof topics)[number]

/** What happened. */
export const noticeEvents = [
  'order.created',
  'order.paid',
  'cooking.started',
  'order.ready',
  'order.completed',
  'order.rejected',
  'order.cancelled',
  'order.expired',
  'order.refunded',
] as const
export type NoticeEvent = (typeof noticeEvents)[number]

export const linesMax = 50

/** Something that an account may want to know. Words are made of it where they are shown. */
const noticeFields = {
  /** Of this event of this thing, and no other. */
  id: noticeId,
  topic: Type.Enum(topics),
  event: Type.Enum(noticeEvents),
  order: id,
  /** In cents: what was paid, or given back. */
  amount: Type.Optional(cents),
  reason: Type.Optional(reason),
  /** Of a receipt. */
  lines: Type.Optional(
    Type.Array(Type.Object({ dish: id, quantity: Type.Integer({ minimum: 1 }), price: cents }, exact), {
      maxItems: linesMax,
    }),
  ),
}
export const Notice = Type.Object(noticeFields, exact)
export type Notice = Static<typeof Notice>

/** The channels of each topic. */
export const NoticePreferences = Type.Object(
  {
    progress: Type.Array(Type.Enum(channels), { maxItems: channels.length, uniqueItems: true }),
    ready: Type.Array(Type.Enum(channels), { maxItems: channels.length, uniqueItems: true }),
    receipt: Type.Array(Type.Enum(channels), { maxItems: channels.length, uniqueItems: true }),
    trouble: Type.Array(Type.Enum(channels), { maxItems: channels.length, uniqueItems: true }),
  },
  exact,
)
export type NoticePreferences = Static<typeof NoticePreferences>

export const defaultPreferences: NoticePreferences = {
  progress: [],
  ready: ['in-app', 'email', 'push'],
  receipt: ['in-app', 'email', 'push'],
  trouble: ['in-app', 'email', 'push'],
}

/** `null`: there is none. */
export const Contact = Type.Object(
  {
    email: Type.Union([Type.String({ minLength: 3, maxLength: 254 }), Type.Null()]),
    /** E.164: `+4930123456`. */
    phone: Type.Union([Type.String({ pattern: '^\\+[1-9][0-9]{5,14}$' }), Type.Null()]),
  },
  exact,
)
export type Contact = Static<typeof Contact>

const events = Type.Array(Type.Enum(noticeEvents), { maxItems: noticeEvents.length, uniqueItems: true })

export const InboxMessage = Type.Union([
  /** Creates the inbox, as all of those do that may come first. */
  Type.Object({ type: Type.Literal('inbox.notify'), ...noticeFields }, exact),
  /** What is not said stays. */
  Type.Object(
    {
      type: Type.Literal('inbox.prefer'),
      contact: Type.Optional(Contact),
      preferences: Type.Optional(NoticePreferences),
    },
    exact,
  ),
  /** From its account's profile: where it leads has changed there. What was chosen here stays. */
  Type.Object({ type: Type.Literal('inbox.contact'), was: Contact, is: Contact }, exact),
  Type.Object({ type: Type.Literal('inbox.read'), id: noticeId, read: Type.Boolean() }, exact),
  /** A device has shown it. */
  Type.Object({ type: Type.Literal('inbox.ack'), id: noticeId }, exact),
  /** From a webhook: tell me of these. */
  Type.Object({ type: Type.Literal('inbox.subscribe'), webhook: id, events }, exact),
  Type.Object({ type: Type.Literal('inbox.unsubscribe'), webhook: id }, exact),
  /** From an account that closes. */
  Type.Object({ type: Type.Literal('inbox.close') }, exact),
  /** From a notification that is late: is it still wanted? */
  Type.Object(
    {
      type: Type.Literal('inbox.confirm'),
      notification: noticeId,
      topic: Type.Enum(topics),
      channel: Type.Enum(channels),
    },
    exact,
  ),
])
export type InboxMessage = MessageOf<typeof InboxMessage>

export const NotificationMessage = Type.Union([
  /** Creates it. `to` is an address or a number; a device has none. */
  Type.Object(
    {
      type: Type.Literal('notification.send'),
      account: id,
      channel: Type.Enum(['email', 'sms', 'push']),
      to: Type.Union([Type.String({ maxLength: 254 }), Type.Null()]),
      notice: Notice,
    },
    exact,
  ),
  Type.Object({ type: Type.Literal('notification.ack') }, exact),
  Type.Object({ type: Type.Literal('notification.wanted') }, exact),
  Type.Object({ type: Type.Literal('notification.unwanted'), reason }, exact),
])
export type NotificationMessage = MessageOf<typeof NotificationMessage>

/** An address on the web. Whether it may be reached is decided when it is connected to. */
export const WebhookUrl = Type.String({ pattern: '^https?://[\\x21-\\x7e]+$', maxLength: 500 })

export const WebhookMessage = Type.Union([
  /** Creates it. */
  Type.Object({ type: Type.Literal('webhook.create'), account: id, url: WebhookUrl, events }, exact),
  /** What is not said stays. `newSecret`: the next one counts from now on. */
  Type.Object(
    {
      type: Type.Literal('webhook.update'),
      url: Type.Optional(WebhookUrl),
      events: Type.Optional(events),
      enabled: Type.Optional(Type.Boolean()),
      newSecret: Type.Optional(Type.Boolean()),
    },
    exact,
  ),
  Type.Object({ type: Type.Literal('webhook.close') }, exact),
  /** Once more, by hand. */
  Type.Object({ type: Type.Literal('webhook.redeliver'), delivery: noticeId }, exact),
  /** From its account's inbox. */
  Type.Object({ type: Type.Literal('webhook.deliver'), notice: Notice }, exact),
  Type.Object({ type: Type.Literal('webhook.subscribed') }, exact),
  /** There are as many as an account may have. */
  Type.Object({ type: Type.Literal('webhook.refused') }, exact),
])
export type WebhookMessage = MessageOf<typeof WebhookMessage>

/** An inbox has its account's id. */
export const inboxRef = (account: string) => ref<InboxMessage>('inbox', account)
export const notificationRef = (notification: string) =>
  ref<NotificationMessage>('notification', notification)
export const webhookRef = (webhook: string) => ref<WebhookMessage>('webhook', webhook)

export const notificationIdOf = (notice: string, channel: Channel): string => `${notice}.${channel}`
