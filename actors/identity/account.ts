/**
 * Somebody who can log in: the hash of a password, roles, and the sessions that are open.
 *
 * The gateway checks passwords and says here how it went. An account is made only after its e-mail address has
 * confirmed that it belongs to it.
 *
 * Owns:     whether the account may log in, what it may do, and the list of its sessions.
 * Does not: see a password, count admins (`admin-roll.ts`), or know a token (`session.ts`).
 *
 * Invariants:
 *   A1. An account that can log in has a confirmed address.
 *   A2. Of any row of wrong passwords, each at most `quietMs` after the one before, `failuresMax` are answered:
 *       then the account is locked for `restMs`, also for the right one.
 *   A3. An account stops being an unlocked admin only after the roll of admins has let it go.
 *   A4. What it waits for is asked for again until it is answered.
 *   A5. When it closes, its profile, its cards, its inbox and its webhooks go with it.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered, Instant } from '#actor'
import { cancel, defineActor, effects, emit, minutes, reply, schedule, seconds, tell } from '#actor'
import { inboxRef } from '../office/messages.ts'
import { walletRef } from '../till/messages.ts'
import type { AccountRole } from './messages.ts'
import { AccountMessage, addressRef, adminRollRef, profileRef, sessionRef } from './messages.ts'

export const failuresMax = 5
/** So long after the last wrong password none of them counts any more. */
export const quietMs = minutes(15)
export const restMs = minutes(15)
/** With one more the oldest is ended. */
export const sessionsMax = 10
/** Another actor that does not answer is asked again; runtime clock, as all times here. */
export const askAgainMs = seconds(30)

/** What an admin may do to its account only when the roll of admins agrees. */
export type Wish =
  | { readonly to: 'roles'; readonly roles: readonly AccountRole[] }
  | { readonly to: 'lock' }
  | { readonly to: 'close' }

export interface AccountContext {
  readonly id: string
  readonly address: string
  readonly email: string
  readonly hash: string
  readonly roles: readonly AccountRole[]
  readonly name: string | null
  readonly locale: string | null
  readonly createdAt: Instant
  /** Wrong passwords in a row. */
  readonly failures: number
  /** Ids, oldest first. */
  readonly sessions: readonly string[]
  /** Waits for the roll of admins. */
  readonly wish: Wish | null
  /** How many there were. */
  readonly wishes: number
}

/** The account's own timers. */
type AccountTimer = { readonly type: 'account.ask-again' | 'account.quiet' | 'account.rested' }

export interface AccountView {
  readonly id: string
  readonly email: string
  readonly roles: readonly AccountRole[]
  readonly state: 'registering' | 'active' | 'locked' | 'closing' | 'refused' | 'closed'
  /** A lock for wrong passwords ends by itself. */
  readonly lockedBy: 'failures' | 'operator' | null
  readonly sessions: readonly string[]
  readonly createdAt: Instant
  /** A change waits for the roll of admins. When it does not any more, the account shows whether it was made. */
  readonly isWaiting: boolean
}

export interface Credentials extends Pick<AccountView, 'state' | 'lockedBy'> {
  readonly hash: string
}

const standing: Readonly<Record<string, Pick<AccountView, 'state' | 'lockedBy'>>> = {
  registering: { state: 'registering', lockedBy: null },
  active: { state: 'active', lockedBy: null },
  resting: { state: 'locked', lockedBy: 'failures' },
  barred: { state: 'locked', lockedBy: 'operator' },
  closing: { state: 'closing', lockedBy: null },
  refused: { state: 'refused', lockedBy: null },
  closed: { state: 'closed', lockedBy: null },
}

/** Of the state of its machine. */
export function accountStanding(value: unknown): Pick<AccountView, 'state' | 'lockedBy'> {
  const name = typeof value === 'string' ? value : (value as { readonly open: string }).open
  return standing[name] ?? { state: 'registering', lockedBy: null }
}

const isAdmin = (roles: readonly AccountRole[]): boolean => roles.includes('admin')
const endOf = (session: string) => tell(sessionRef(session), { type: 'session.revoke' })

interface Named {
  readonly what: string
}

export const accountMachine = setup({
  types: {
    context: {} as AccountContext,
    events: {} as Delivered<AccountMessage | AccountTimer>,
    input: {} as Birth,
  },
  guards: {
    isWaiting: ({ context }) => context.wish !== null,
    isAdmin: ({ context }) => isAdmin(context.roles),
    stopsBeingAdmin: ({ context, event }) =>
      event.type === 'account.set-roles' && isAdmin(context.roles) && !isAdmin(event.roles),
    isAnswer: ({ context, event }) =>
      'wish' in event && context.wish !== null && event.wish === context.wishes,
    isAnswerTo: ({ context, event }, { to }: { to: Wish['to'] }) =>
      'wish' in event && context.wish?.to === to && event.wish === context.wishes,
    isTooOften: ({ context }) => context.failures + 1 >= failuresMax,
  },
  actions: {
    done: reply({ type: 'account.done' }),
    sayWaiting: reply({ type: 'account.waiting' }),
    sayLocked: reply((_, { by }: { by: 'failures' | 'operator' }) => ({ type: 'account.locked', by })),

    confirmAddress: tell(
      ({ context }) => addressRef(context.address),
      ({ context }) => ({ type: 'address.confirm', account: context.id }),
    ),
    releaseAddress: tell(
      ({ context }) => addressRef(context.address),
      ({ context }) => ({ type: 'address.release', account: context.id }),
    ),
    openProfile: tell(
      ({ context }) => profileRef(context.id),
      ({ context: { email, name, locale } }) => ({
        type: 'profile.open',
        email,
        ...(name !== null && { name }),
        ...(locale !== null && { locale }),
      }),
    ),
    closeRest: effects(({ context: { id } }) => [
      tell(profileRef(id), { type: 'profile.close' }),
      tell(walletRef(id), { type: 'wallet.close' }),
      tell(inboxRef(id), { type: 'inbox.close' }),
    ]),
    askAgainLater: schedule('again', askAgainMs, { type: 'account.ask-again' }, { clock: 'runtime' }),
    askNoMore: cancel('again'),

    enterRoll: effects(({ context: { id, roles } }) =>
      isAdmin(roles) ? [tell(adminRollRef, { type: 'roll.enter', account: id })] : [],
    ),
    leaveRoll: tell(adminRollRef, ({ context: { id, wishes } }) => ({
      type: 'roll.leave',
      account: id,
      wish: wishes,
    })),
    wish: assign(({ context, event }, { to }: { to: 'lock' | 'close' | 'roles' }) => ({
      wishes: context.wishes + 1,
      wish:
        to === 'roles'
          ? { to, roles: event.type === 'account.set-roles' ? event.roles : context.roles }
          : ({ to } as const),
    })),
    wishNoMore: assign({ wish: null }),
    setRoles: assign(({ context, event }) => ({
      roles: event.type === 'account.set-roles' ? event.roles : context.roles,
    })),
    setRolesWished: assign(({ context: { wish, roles } }) => ({
      roles: wish?.to === 'roles' ? wish.roles : roles,
    })),

    openSession: effects(({ context: { id, sessions }, event }) => {
      if (event.type !== 'account.login') return []
      const isFull = !sessions.includes(event.session) && sessions.length >= sessionsMax
      return [
        ...(isFull ? sessions.slice(0, 1).map(endOf) : []),
        tell(sessionRef(event.session), { type: 'session.open', account: id }),
        reply({ type: 'account.welcome' }),
      ]
    }),
    listSession: assign(({ context: { sessions }, event }) => ({
      failures: 0,
      sessions:
        event.type !== 'account.login' || sessions.includes(event.session)
          ? sessions
          : [...sessions, event.session].slice(-sessionsMax),
    })),
    forgetSession: assign(({ context: { sessions }, event }) => ({
      sessions: sessions.filter((id) => event.type !== 'account.session-ended' || id !== event.session),
    })),
    endSessions: effects(({ context }) => context.sessions.map(endOf)),

    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    forgetFailures: assign({ failures: 0 }),
    waitForQuiet: schedule('quiet', quietMs, { type: 'account.quiet' }, { clock: 'runtime' }),
    waitNoMore: cancel('quiet'),
    rest: schedule('rest', restMs, { type: 'account.rested' }, { clock: 'runtime' }),
    restNoMore: cancel('rest'),

    publish: emit(({ context: { id, roles } }, { what }: Named) => ({
      type: `account.${what}`,
      account: id,
      roles,
    })),
    publishRegistered: emit(({ context: { id, address, roles } }) => ({
      type: 'account.registered',
      account: id,
      address,
      roles,
    })),
    forgetPerson: assign({ email: '', hash: '', name: null, locale: null }),
  },
}).createMachine({
  id: 'account',
  version: '1',
  context: ({ input }) => ({
    id: input.key,
    address: '',
    email: '',
    hash: '',
    roles: [],
    name: null,
    locale: null,
    createdAt: input.at,
    failures: 0,
    sessions: [],
    wish: null,
    wishes: 0,
  }),
  initial: 'unborn',
  // The last words of what is over.
  on: {
    'account.session-ended': { actions: 'forgetSession' },
    'address.confirmed': {},
    'address.refused': {},
    'address.released': {},
    'roll.left': {},
    'roll.refused': {},
  },
  states: {
    unborn: {
      tags: 'rest',
      on: {
        'account.register': {
          target: 'registering',
          actions: [
            assign(({ event: { address, email, hash, roles, name = null, locale = null } }) => ({
              address,
              email,
              hash,
              roles,
              name,
              locale,
            })),
            'done',
          ],
        },
      },
    },
    registering: {
      tags: 'waiting',
      entry: ['confirmAddress', 'askAgainLater'],
      exit: 'askNoMore',
      on: {
        'address.confirmed': { target: 'open', actions: ['openProfile', 'enterRoll', 'publishRegistered'] },
        'address.refused': { target: 'refused', actions: 'forgetPerson' },
        'account.ask-again': { target: 'registering', reenter: true },
      },
    },
    open: {
      initial: 'active',
      states: {
        active: {
          tags: 'rest',
          on: {
            'account.login': { actions: ['waitNoMore', 'openSession', 'listSession'] },
            'account.login-failed': [
              { guard: 'isTooOften', target: 'resting' },
              { actions: ['countFailure', 'waitForQuiet'] },
            ],
            'account.quiet': { actions: 'forgetFailures' },
            'account.unlock': { actions: 'done' },
          },
        },
        resting: {
          tags: 'waiting',
          entry: ['waitNoMore', 'forgetFailures', 'rest', { type: 'publish', params: { what: 'locked' } }],
          exit: 'restNoMore',
          on: {
            'account.login': { actions: { type: 'sayLocked', params: { by: 'failures' } } },
            'account.login-failed': {},
            'account.rested': {
              target: 'active',
              actions: { type: 'publish', params: { what: 'unlocked' } },
            },
            'account.unlock': {
              target: 'active',
              actions: ['done', { type: 'publish', params: { what: 'unlocked' } }],
            },
          },
        },
      },
      on: {
        'account.set-roles': [
          { guard: 'isWaiting', actions: 'sayWaiting' },
          {
            guard: 'stopsBeingAdmin',
            actions: [{ type: 'wish', params: { to: 'roles' } }, 'leaveRoll', 'askAgainLater', 'done'],
          },
          { actions: ['setRoles', 'enterRoll', 'done', { type: 'publish', params: { what: 'roles-set' } }] },
        ],
        'account.lock': [
          { guard: 'isWaiting', actions: 'sayWaiting' },
          {
            guard: 'isAdmin',
            actions: [{ type: 'wish', params: { to: 'lock' } }, 'leaveRoll', 'askAgainLater', 'done'],
          },
          { target: 'barred', actions: 'done' },
        ],
        'account.close': [
          { guard: 'isWaiting', actions: 'sayWaiting' },
          {
            guard: 'isAdmin',
            actions: [{ type: 'wish', params: { to: 'close' } }, 'leaveRoll', 'askAgainLater', 'done'],
          },
          { target: 'closing', actions: 'done' },
        ],
        'roll.left': [
          {
            guard: { type: 'isAnswerTo', params: { to: 'roles' } },
            actions: [
              'setRolesWished',
              'wishNoMore',
              'askNoMore',
              { type: 'publish', params: { what: 'roles-set' } },
            ],
          },
          {
            guard: { type: 'isAnswerTo', params: { to: 'lock' } },
            target: 'barred',
            actions: ['wishNoMore', 'askNoMore'],
          },
          {
            guard: { type: 'isAnswerTo', params: { to: 'close' } },
            target: 'closing',
            actions: ['wishNoMore', 'askNoMore'],
          },
          {},
        ],
        'roll.refused': [{ guard: 'isAnswer', actions: ['wishNoMore', 'askNoMore'] }, {}],
        'account.ask-again': { guard: 'isWaiting', actions: ['leaveRoll', 'askAgainLater'] },
      },
    },
    barred: {
      tags: 'rest',
      entry: ['waitNoMore', 'forgetFailures', 'endSessions', { type: 'publish', params: { what: 'locked' } }],
      on: {
        'account.login': { actions: { type: 'sayLocked', params: { by: 'operator' } } },
        'account.login-failed': {},
        'account.lock': { actions: 'done' },
        'account.unlock': {
          target: 'open',
          actions: ['enterRoll', 'done', { type: 'publish', params: { what: 'unlocked' } }],
        },
      },
    },
    closing: {
      tags: 'waiting',
      entry: ['waitNoMore', 'endSessions', 'closeRest', 'releaseAddress', 'askAgainLater'],
      on: {
        'account.close': { actions: 'done' },
        'account.ask-again': { actions: ['releaseAddress', 'askAgainLater'] },
        'address.released': 'closed',
      },
    },
    refused: { tags: 'rest', type: 'final' },
    closed: {
      tags: 'rest',
      type: 'final',
      entry: ['forgetPerson', { type: 'publish', params: { what: 'closed' } }],
    },
  },
})

export const account = defineActor({
  type: 'account',
  glyph: 'square',
  accepts: AccountMessage,
  creates: ['account.register'],
  // Handshakes and sessions may end after it.
  ignores: [
    'account.session-ended',
    'account.login-failed',
    'address.confirmed',
    'address.refused',
    'address.released',
    'roll.left',
    'roll.refused',
  ],
  machine: accountMachine,
  queries: {
    view: ({ value, context }): AccountView => {
      const { id, email, roles, sessions, createdAt, wish } = context as AccountContext
      return { id, email, roles, ...accountStanding(value), sessions, createdAt, isWaiting: wish !== null }
    },
    /** What a password is checked against. */
    credentials: ({ value, context }): Credentials => ({
      hash: (context as AccountContext).hash,
      ...accountStanding(value),
    }),
  },
})
