/**
 * One notice on its way through one channel.
 *
 * Owns:     its tries, how long it goes on, and how it ends. Of a letter the outcome may be unknown: then it is sent
 *           again under the same key, and whoever receives it twice keeps it once.
 * Does not: know servers (the host's handlers), or devices: an inbox offers it to them, and says that one has it.
 *
 * Invariants:
 *   N1. It ends: a letter `keepsOnForMs` after it began at the latest, and one try more; a push after `offeredForMs`.
 *   N2. All its tries are one deed, with one key.
 *   N3. Before each further round it is asked whether it is still wanted.
 */

import { assign, setup } from 'xstate'
import type { Birth, Delivered, Instant } from '#actor'
import { backoffMs, call, defineActor, draw, emit, hours, minutes, schedule, seconds, tell } from '#actor'
import { stateName } from '../state-name.ts'
import { offeredForMs } from './inbox.ts'
import { inboxRef, type Notice, NotificationMessage } from './messages.ts'

/** A round is some tries of one call; between two rounds. */
const patience = { minMs: seconds(20), maxMs: minutes(5), factor: 2, jitter: 0.2 } as const
/** By the runtime's clock: servers are out of order by that one. */
export const keepsOnForMs = hours(1)

export interface NotificationContext {
  readonly id: string
  readonly account: string
  readonly channel: 'email' | 'sms' | 'push'
  readonly to: string | null
  readonly notice: Notice | null
  readonly createdAt: Instant
  readonly rounds: number
  /** It has gone on for as long as it may. */
  readonly overdue: boolean
  /** Why it was not sent, or not yet. */
  readonly reason: string | null
}

type NotificationTimer = { readonly type: 'notification.again' } | { readonly type: 'notification.deadline' }

export const notificationMachine = setup({
  types: {
    context: {} as NotificationContext,
    events: {} as Delivered<NotificationMessage | NotificationTimer>,
    input: {} as Birth,
  },
  delays: { offeredFor: offeredForMs },
  guards: {
    isPush: ({ event }) => event.type === 'notification.send' && event.channel === 'push',
    hasNoContact: ({ event }) => event.type === 'notification.send' && event.to === null,
    isRefusal: ({ event }) => event.type === 'call.failed' && event.reason === 'refused',
    isOverdue: ({ context }) => context.overdue,
  },
  actions: {
    take: assign(({ event }) => {
      if (event.type !== 'notification.send') return {}
      const { account, channel, to, notice } = event
      return { account, channel, to, notice }
    }),
    because: assign((_, { reason }: { reason: string }) => ({ reason })),
    noteFailure: assign({
      reason: ({ event }) => (event.type === 'call.failed' ? event.detail.slice(0, 200) : null),
    }),
    forgetReason: assign({ reason: null }),
    countRound: assign({ rounds: ({ context }) => context.rounds + 1 }),
    noteOverdue: assign({ overdue: true }),
    setDeadline: schedule('deadline', keepsOnForMs, { type: 'notification.deadline' }, { clock: 'runtime' }),
    waitABit: schedule(
      'again',
      ({ context: { id, rounds } }) =>
        Math.round(backoffMs(patience, rounds, draw(0, `notification/${id}`, rounds))),
      { type: 'notification.again' },
      { clock: 'runtime' },
    ),
    send: call(({ context: { id, channel, to, notice } }) => ({
      id: 'send',
      handler: channel === 'sms' ? 'sms.send' : 'mail.send',
      args: { notification: id, to, notice },
      deadlineMs: seconds(30),
      attemptsMax: 3,
    })),
    askWhetherWanted: tell(
      ({ context }) => inboxRef(context.account),
      ({ context: { id, channel, notice } }) => ({
        type: 'inbox.confirm',
        notification: id,
        topic: notice?.topic ?? 'progress',
        channel,
      }),
    ),
    publish: emit(
      ({ context: { id, account, channel, notice, reason } }, { outcome }: { outcome: string }) => ({
        type: `notification.${outcome}`,
        notification: id,
        account,
        channel,
        order: notice?.order ?? '',
        ...(reason !== null && { reason }),
      }),
    ),
  },
}).createMachine({
  id: 'notification',
  version: '1',
  context: ({ input }) => ({
    id: input.key,
    account: '',
    channel: 'email',
    to: null,
    notice: null,
    createdAt: input.at,
    rounds: 0,
    overdue: false,
    reason: null,
  }),
  initial: 'created',
  states: {
    created: {
      tags: 'working',
      on: {
        'notification.send': [
          { guard: 'isPush', target: 'offered', actions: 'take' },
          {
            guard: 'hasNoContact',
            target: 'suppressed',
            actions: ['take', { type: 'because', params: { reason: 'no-contact' } }],
          },
          { target: 'sending', actions: ['take', 'setDeadline'] },
        ],
      },
    },
    /** To devices, until one says that it has it. */
    offered: {
      tags: 'waiting',
      on: { 'notification.ack': 'sent' },
      after: {
        offeredFor: { target: 'failed', actions: { type: 'because', params: { reason: 'no-device' } } },
      },
    },
    sending: {
      tags: 'working',
      entry: ['countRound', 'send'],
      on: {
        'call.done': { target: 'sent', actions: 'forgetReason' },
        'call.failed': [
          { guard: 'isRefusal', target: 'failed', actions: 'noteFailure' },
          { guard: 'isOverdue', target: 'failed', actions: 'noteFailure' },
          { target: 'queued', actions: 'noteFailure' },
        ],
        // What is on its way cannot be called back: its answer is waited for, which has a deadline of its own.
        'notification.deadline': { actions: 'noteOverdue' },
      },
    },
    queued: {
      tags: 'waiting',
      entry: 'waitABit',
      on: { 'notification.again': 'asking', 'notification.deadline': 'failed' },
    },
    asking: {
      tags: 'waiting',
      entry: 'askWhetherWanted',
      on: {
        'notification.wanted': 'sending',
        'notification.unwanted': {
          target: 'suppressed',
          actions: { type: 'because', params: ({ event }) => ({ reason: event.reason }) },
        },
        'notification.deadline': 'failed',
      },
    },
    sent: { tags: 'rest', type: 'final', entry: { type: 'publish', params: { outcome: 'sent' } } },
    failed: { tags: 'rest', type: 'final', entry: { type: 'publish', params: { outcome: 'failed' } } },
    suppressed: {
      tags: 'rest',
      type: 'final',
      entry: { type: 'publish', params: { outcome: 'suppressed' } },
    },
  },
  on: { 'notification.send': {} },
})

/** For checks and for people. */
export interface NotificationView {
  readonly state: string
  readonly account: string
  readonly channel: string
  readonly rounds: number
  readonly reason: string | null
}

export const notification = defineActor({
  type: 'notification',
  glyph: 'diamond',
  accepts: NotificationMessage,
  creates: ['notification.send'],
  // An acknowledgement, and what the inbox says, may cross its end.
  ignores: ['notification.send', 'notification.ack', 'notification.wanted', 'notification.unwanted'],
  machine: notificationMachine,
  queries: {
    view: ({ value, context }): NotificationView => {
      const { account, channel, rounds, reason } = context as NotificationContext
      return { state: stateName(value), account, channel, rounds, reason }
    },
  },
})
