/**
 * One log-in of one account: a family of refresh tokens, each made from the one before.
 *
 * A token is a keyed hash of the session and a number, made by the gateway; here is only the number. Whoever
 * presents the current one is given the next. Whoever presents the one before, within a moment, is given the same
 * next one again: that is a client that never heard the answer. An older one has been copied, and ends the family.
 *
 * Owns:     which number is current, and when the session ends (runtime clock).
 * Does not: know a token, or say what the account may do.
 *
 * Invariants:
 *   S1. Whoever presents number n is given n + 1 or nothing, however often.
 *   S2. A session that ended stays ended, and its account is told.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered, Instant } from '#actor'
import { cancel, defineActor, emit, hours, reply, schedule, seconds, tell } from '#actor'
import { accountOfSession, accountRef, SessionMessage } from './messages.ts'

/** A token that was already exchanged is good for so long: a retry after a lost answer, or a second tab. */
export const leewayMs = seconds(10)
export const idleMaxMs = hours(7 * 24)
export const lifetimeMs = hours(30 * 24)

export interface SessionContext {
  readonly id: string
  readonly account: string
  /** The number of the current token. */
  readonly counter: number
  readonly openedAt: Instant
  readonly usedAt: Instant
  /** Why it ended. */
  readonly reason: 'revoked' | 'reused' | 'idle' | 'expired' | null
}

/** The session's own timers. */
type SessionTimer = { readonly type: 'session.settle' | 'session.idle' | 'session.expire' }

export interface SessionView {
  readonly id: string
  readonly account: string
  readonly state: string
  readonly openedAt: Instant
  readonly usedAt: Instant
}

interface Because {
  readonly reason: SessionContext['reason']
}

export const sessionMachine = setup({
  types: {
    context: {} as SessionContext,
    events: {} as Delivered<SessionMessage | SessionTimer>,
    input: {} as Birth,
  },
  guards: {
    isCurrent: ({ context, event }) => event.type === 'session.rotate' && event.counter === context.counter,
    isPrevious: ({ context, event }) =>
      event.type === 'session.rotate' && event.counter === context.counter - 1,
  },
  actions: {
    next: assign(({ context, event }) => ({ counter: context.counter + 1, usedAt: event.at })),
    give: reply(({ context: { counter } }) => ({ type: 'session.rotated', counter })),
    publishRotated: emit(({ context: { id, counter } }) => ({
      type: 'session.rotated',
      session: id,
      counter,
    })),
    sayReused: reply({ type: 'session.reused' }),
    limitLeeway: schedule('settle', leewayMs, { type: 'session.settle' }, { clock: 'runtime' }),
    endLeeway: cancel('settle'),
    limitIdle: schedule('idle', idleMaxMs, { type: 'session.idle' }, { clock: 'runtime' }),
    limitLife: schedule('expire', lifetimeMs, { type: 'session.expire' }, { clock: 'runtime' }),
    because: assign((_, { reason }: Because) => ({ reason })),
    sayEnded: tell(
      ({ context }) => accountRef(context.account),
      ({ context }) => ({ type: 'account.session-ended', session: context.id }),
    ),
    publishEnded: emit(({ context: { id, account, reason } }) => ({
      type: 'session.ended',
      session: id,
      account,
      reason,
    })),
  },
}).createMachine({
  id: 'session',
  version: '1',
  context: ({ input }) => ({
    id: input.key,
    account: accountOfSession(input.key),
    counter: 1,
    openedAt: input.at,
    usedAt: input.at,
    reason: null,
  }),
  initial: 'closed',
  states: {
    closed: {
      tags: 'rest',
      on: { 'session.open': { target: 'active', actions: ['limitIdle', 'limitLife'] } },
    },
    active: {
      tags: 'rest',
      on: {
        'session.rotate': [
          { guard: 'isCurrent', target: 'rotated' },
          { target: 'revoked', actions: ['sayReused', { type: 'because', params: { reason: 'reused' } }] },
        ],
      },
    },
    rotated: {
      tags: 'rest',
      entry: ['next', 'give', 'publishRotated', 'limitLeeway', 'limitIdle'],
      exit: 'endLeeway',
      on: {
        'session.rotate': [
          { guard: 'isCurrent', target: 'rotated', reenter: true },
          { guard: 'isPrevious', actions: ['give', 'publishRotated'] },
          { target: 'revoked', actions: ['sayReused', { type: 'because', params: { reason: 'reused' } }] },
        ],
        'session.settle': 'active',
      },
    },
    revoked: { tags: 'rest', type: 'final', entry: ['sayEnded', 'publishEnded'] },
    expired: { tags: 'rest', type: 'final', entry: ['sayEnded', 'publishEnded'] },
  },
  on: {
    'session.open': {},
    'session.revoke': {
      target: '.revoked',
      actions: { type: 'because', params: { reason: 'revoked' } },
    },
    'session.idle': { target: '.expired', actions: { type: 'because', params: { reason: 'idle' } } },
    'session.expire': { target: '.expired', actions: { type: 'because', params: { reason: 'expired' } } },
  },
})

export const session = defineActor({
  type: 'session',
  glyph: 'diamond',
  accepts: SessionMessage,
  creates: ['session.open'],
  // Its account may say it again, after a session ended by itself.
  ignores: ['session.open', 'session.revoke'],
  machine: sessionMachine,
  shardKey: accountOfSession,
  queries: {
    view: ({ value, context }): SessionView => {
      const { id, account, openedAt, usedAt } = context as SessionContext
      return { id, account, state: value as string, openedAt, usedAt }
    },
  },
})
