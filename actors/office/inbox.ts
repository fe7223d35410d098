/**
 * Where an account is told things: its list in the app, and what it wants to hear by which channel.
 *
 * One `inbox.notify` says that something happened. The inbox keeps it, starts one notification for each other
 * channel that is wanted, and tells the webhooks that asked for it.
 *
 * Owns:     the list, the contact, the preferences, who subscribes, and what is offered to devices.
 * Does not: send anything (`notification.ts`, `webhook.ts`), or know words (`notice-words.ts`).
 *
 * Invariants:
 *   I1. A notice is taken once, by its id, for as long as its id is remembered.
 *   I2. Every list has a maximum; the newest stay.
 *   I3. The contact follows the profile, each part of it for as long as its owner has chosen no other here.
 *   I4. When its account has closed nobody is told anything any more: its webhooks end, and nothing is kept.
 */

import { assign, setup } from 'xstate'
import type { Birth, Delivered, Effect, Instant } from '#actor'
import { after, defineActor, effects, minutes, reply, tell } from '#actor'
import { type Plan, planned } from '../plan.ts'
import {
  type Channel,
  type Contact,
  defaultPreferences,
  InboxMessage,
  type Notice,
  type NoticeEvent,
  type NoticePreferences,
  notificationIdOf,
  notificationRef,
  webhookRef,
} from './messages.ts'

export const entriesMax = 200
/** Ids of notices that are in no list. */
export const rememberedMax = 100
export const offersMax = 50
export const webhooksMax = 10

/** A device may fetch it for so long, by the world's clock: then nobody wants to see it on a lock screen. */
export const offeredForMs = minutes(30)

export interface InboxEntry extends Omit<Notice, 'lines'> {
  /** Grows with each: the order of the list. */
  readonly n: number
  readonly at: Instant
  readonly read: boolean
}

/** For devices, until one has shown it. */
export interface Offer extends Omit<Notice, 'lines'> {
  /** Grows with each, as that of an entry. */
  readonly n: number
  readonly at: Instant
  readonly until: Instant
}

export interface InboxContext {
  readonly account: string
  readonly contact: Contact
  readonly preferences: NoticePreferences
  /** Newest first, as all lists here. */
  readonly entries: readonly InboxEntry[]
  readonly taken: number
  readonly remembered: readonly string[]
  readonly offers: readonly Offer[]
  readonly webhooks: readonly { readonly webhook: string; readonly events: readonly NoticeEvent[] }[]
}

type Notify = Extract<Delivered<InboxMessage>, { readonly type: 'inbox.notify' }>

const isKnown = ({ entries, remembered }: InboxContext, id: string): boolean =>
  remembered.includes(id) || entries.some((entry) => entry.id === id)

/** What a new notice changes and sets off. */
function taken(context: InboxContext, event: Delivered<InboxMessage>): Plan<InboxContext> {
  if (event.type !== 'inbox.notify' || isKnown(context, event.id)) return { context, effects: [] }
  const { account, preferences } = context
  const wanted: readonly Channel[] = preferences[event.topic]
  const notice = noticeIn(event)
  const { lines: _, ...short } = notice
  const { at } = event
  const n = context.taken + 1
  const isShown = wanted.includes('in-app')
  const told: Effect[] = [
    ...wanted.flatMap((channel) => (channel === 'in-app' ? [] : [started(context, channel, notice)])),
    ...context.webhooks.flatMap(({ webhook, events }): Effect[] =>
      events.includes(notice.event)
        ? [
            {
              kind: 'tell',
              to: webhookRef(webhook),
              message: { type: 'webhook.deliver', ...{ notice: short } },
            },
          ]
        : [],
    ),
  ]
  const noted = { type: 'inbox.noted', account, notice: notice.id, event: notice.event, order: notice.order }
  return {
    context: {
      ...context,
      taken: n,
      ...(isShown
        ? { entries: newest([{ ...short, n, at, read: false }, ...context.entries], entriesMax) }
        : { remembered: newest([notice.id, ...context.remembered], rememberedMax) }),
      ...(wanted.includes('push') && {
        offers: newest([{ ...short, n, at, until: after(at, offeredForMs) }, ...context.offers], offersMax),
      }),
    },
    effects: isShown ? [...told, { kind: 'emit', event: noted }] : told,
  }
}

function started(
  { account, contact }: InboxContext,
  channel: Exclude<Channel, 'in-app'>,
  notice: Notice,
): Effect {
  const to = channel === 'email' ? contact.email : channel === 'sms' ? contact.phone : null
  return {
    kind: 'tell',
    to: notificationRef(notificationIdOf(notice.id, channel)),
    message: { type: 'notification.send', ...{ account, channel, to, notice } },
  }
}

/** The offer that a device has shown, or that somebody has read in the list: no device needs it any more. */
const seenIn = ({ offers }: InboxContext, event: Delivered<InboxMessage>): readonly Offer[] =>
  event.type === 'inbox.ack' || (event.type === 'inbox.read' && event.read)
    ? offers.filter(({ id }) => id === event.id)
    : []

/** Its own fields, without those of a message. */
function noticeIn({ id, topic, event, order, amount, reason, lines }: Notify): Notice {
  return {
    id,
    topic,
    event,
    order,
    ...(amount !== undefined && { amount }),
    ...(reason !== undefined && { reason }),
    ...(lines !== undefined && { lines }),
  }
}

/** Of somebody who was told nothing yet, and of somebody who has left. */
const empty = {
  contact: { email: null, phone: null },
  preferences: defaultPreferences,
  entries: [],
  remembered: [],
  offers: [],
  webhooks: [],
} satisfies Partial<InboxContext>

const newest = <T>(list: readonly T[], most: number): readonly T[] => list.slice(0, most)

const hasContact = ({ contact }: InboxContext, channel: Channel): boolean =>
  (channel !== 'email' || contact.email !== null) && (channel !== 'sms' || contact.phone !== null)

/** What still is as the profile had it becomes what the profile has now. */
function following(contact: Contact, was: Contact, is: Contact): Contact {
  return {
    email: contact.email === was.email ? is.email : contact.email,
    phone: contact.phone === was.phone ? is.phone : contact.phone,
  }
}

const taking = planned(taken)

export const inboxMachine = setup({
  types: {
    context: {} as InboxContext,
    events: {} as Delivered<InboxMessage>,
    input: {} as Birth,
  },
  guards: {
    hasEntry: ({ context, event }) => 'id' in event && context.entries.some(({ id }) => id === event.id),
    hasRoom: ({ context, event }) =>
      event.type === 'inbox.subscribe' &&
      (context.webhooks.length < webhooksMax ||
        context.webhooks.some(({ webhook }) => webhook === event.webhook)),
  },
  actions: {
    tellOthers: effects(({ context, event }) => taking.effects({ context, event })),
    keep: assign(({ context, event }) => taking.context({ context, event })),
    tellSeen: effects(({ context, event }) =>
      seenIn(context, event).map(({ id }) =>
        tell(notificationRef(notificationIdOf(id, 'push')), { type: 'notification.ack' }),
      ),
    ),
    forgetSeen: assign({
      offers: ({ context, event }) => {
        const seen = seenIn(context, event)
        return context.offers.filter((offer) => !seen.includes(offer))
      },
    }),
    showSettings: reply(({ context }) => ({ type: 'inbox.settings', ...settingsOf(context) })),
    showEntry: reply(({ context, event }) => ({
      type: 'inbox.entry',
      entry: context.entries.find(({ id }) => 'id' in event && id === event.id),
    })),
  },
}).createMachine({
  id: 'inbox',
  version: '1',
  context: ({ input }) => ({
    account: input.key,
    ...empty,
    taken: 0,
  }),
  initial: 'open',
  states: {
    open: {
      tags: 'rest',
      on: {
        'inbox.close': {
          target: 'closed',
          actions: [
            effects(({ context: { webhooks } }) =>
              webhooks.map(({ webhook }) => tell(webhookRef(webhook), { type: 'webhook.close' })),
            ),
            assign(empty),
          ],
        },
      },
    },
    closed: {
      tags: 'rest',
      on: {
        'inbox.close': {},
        'inbox.notify': {},
        'inbox.contact': {},
        'inbox.prefer': { actions: 'showSettings' },
        'inbox.subscribe': {
          actions: tell(({ event }) => webhookRef(event.webhook), { type: 'webhook.refused' }),
        },
        'inbox.confirm': {
          actions: tell(({ event }) => notificationRef(event.notification), {
            type: 'notification.unwanted',
            reason: 'no-contact',
          }),
        },
      },
    },
  },
  on: {
    'inbox.notify': { actions: ['tellOthers', 'keep'] },
    'inbox.prefer': {
      actions: [
        assign(({ context, event }) => ({
          contact: event.contact ?? context.contact,
          preferences: event.preferences ?? context.preferences,
        })),
        'showSettings',
      ],
    },
    'inbox.contact': {
      actions: assign({ contact: ({ context, event: { was, is } }) => following(context.contact, was, is) }),
    },
    'inbox.read': [
      {
        guard: 'hasEntry',
        actions: [
          assign(({ context, event }) => ({
            entries: context.entries.map((entry) =>
              entry.id === event.id ? { ...entry, read: event.read } : entry,
            ),
          })),
          'tellSeen',
          'forgetSeen',
          'showEntry',
        ],
      },
      { actions: reply({ type: 'inbox.no-entry' }) },
    ],
    // Also again, and too late.
    'inbox.ack': { actions: ['tellSeen', 'forgetSeen', reply({ type: 'inbox.acknowledged' })] },
    'inbox.subscribe': [
      {
        guard: 'hasRoom',
        actions: [
          assign(({ context, event: { webhook, events } }) => ({
            webhooks: [...context.webhooks.filter((one) => one.webhook !== webhook), { webhook, events }],
          })),
          tell(({ event }) => webhookRef(event.webhook), { type: 'webhook.subscribed' }),
        ],
      },
      { actions: tell(({ event }) => webhookRef(event.webhook), { type: 'webhook.refused' }) },
    ],
    'inbox.unsubscribe': {
      actions: assign(({ context, event }) => ({
        webhooks: context.webhooks.filter(({ webhook }) => webhook !== event.webhook),
      })),
    },
    'inbox.confirm': {
      actions: effects(({ context, event: { notification, topic, channel } }) => {
        const to = notificationRef(notification)
        if (!context.preferences[topic].includes(channel)) {
          return [tell(to, { type: 'notification.unwanted', reason: 'preference' })]
        }
        return hasContact(context, channel)
          ? [tell(to, { type: 'notification.wanted' })]
          : [tell(to, { type: 'notification.unwanted', reason: 'no-contact' })]
      }),
    },
  },
})

export interface InboxSettings {
  readonly contact: Contact
  readonly preferences: NoticePreferences
}

const settingsOf = ({ contact, preferences }: InboxContext): InboxSettings => ({ contact, preferences })

/** Of a list: those that are older than `before`. */
export interface EntriesAsked {
  readonly before?: number
  readonly limit: number
}

export const inbox = defineActor({
  type: 'inbox',
  glyph: 'diamond',
  accepts: InboxMessage,
  creates: ['inbox.notify', 'inbox.prefer', 'inbox.contact', 'inbox.subscribe', 'inbox.close'],
  machine: inboxMachine,
  queries: {
    settings: ({ context }) => settingsOf(context as InboxContext),
    entries: ({ context }, args) => {
      const { before = Number.POSITIVE_INFINITY, limit } = args as EntriesAsked
      return (context as InboxContext).entries.filter(({ n }) => n < before).slice(0, limit)
    },
    /** Oldest first: the order in which devices are to show them. */
    offers: ({ context }, _args, at) =>
      (context as InboxContext).offers.filter(({ until }) => until > at).toReversed(),
    webhooks: ({ context }) => (context as InboxContext).webhooks.map(({ webhook }) => webhook),
  },
})
