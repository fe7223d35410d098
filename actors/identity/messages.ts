/**
 * What the gateway says to accounts and their sessions, and what those say to each other.
 *
 * Owns:     the contracts of the department and its addresses.
 * Does not: carry a secret: a password arrives as its hash, a refresh token as the number that it stands for, and a
 *           private key sealed.
 *
 * Invariants:
 *   I1. Every `address.confirm` is answered by `address.confirmed` or `address.refused`, every `address.release` by
 *       `address.released`, every `roll.leave` by `roll.left` or `roll.refused`. Asking twice does no harm.
 */
import { Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'

const exact = { additionalProperties: false } as const
const id = Type.String({ minLength: 1, maxLength: 100 })
const bare = <const Name extends string>(type: Name) => Type.Object({ type: Type.Literal(type) }, exact)
const ofAccount = <const Name extends string>(type: Name) =>
  Type.Object({ type: Type.Literal(type), account: id }, exact)

/** In the order of what they may do; `admin` may do what all of them may. */
export const accountRoles = ['customer', 'staff', 'manager', 'operator', 'admin'] as const
export type AccountRole = (typeof accountRoles)[number]
const Roles = Type.Array(Type.Enum([...accountRoles]), {
  minItems: 1,
  maxItems: accountRoles.length,
  uniqueItems: true,
})

export const AddressMessage = Type.Union([
  /** The first of two wins; it lapses unless the account confirms it in time. */
  ofAccount('address.claim'),
  ofAccount('address.confirm'),
  ofAccount('address.release'),
])
export type AddressMessage = MessageOf<typeof AddressMessage>

/** From an address to the account that asked. */
const AddressReport = Type.Union([
  bare('address.confirmed'),
  bare('address.refused'),
  bare('address.released'),
])

/** Which of its wishes an account was answered: an answer to an earlier one decides nothing. */
const wish = Type.Integer({ minimum: 1 })

export const AdminRollMessage = Type.Union([
  ofAccount('roll.enter'),
  Type.Object({ type: Type.Literal('roll.leave'), account: id, wish }, exact),
])
export type AdminRollMessage = MessageOf<typeof AdminRollMessage>
const AdminRollReport = Type.Union([
  Type.Object({ type: Type.Literal('roll.left'), wish }, exact),
  Type.Object({ type: Type.Literal('roll.refused'), wish }, exact),
])

const name = Type.String({ minLength: 1, maxLength: 100 })
const locale = Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$' })

export const AccountMessage = Type.Union([
  /** Creates the account. The e-mail address is claimed for it already. */
  Type.Object(
    {
      type: Type.Literal('account.register'),
      /** Key of the `address` actor. */
      address: id,
      email: Type.String({ minLength: 3, maxLength: 254 }),
      /** In PHC form: `$argon2id$…`. */
      hash: Type.String({ minLength: 1, maxLength: 300 }),
      roles: Roles,
      name: Type.Optional(name),
      locale: Type.Optional(locale),
    },
    exact,
  ),
  /** The password was right: `session` is opened, unless the account is locked. */
  Type.Object({ type: Type.Literal('account.login'), session: id }, exact),
  /** The password was wrong. */
  bare('account.login-failed'),
  Type.Object({ type: Type.Literal('account.session-ended'), session: id }, exact),
  Type.Object({ type: Type.Literal('account.set-roles'), roles: Roles }, exact),
  /** By an admin: until it is unlocked. */
  bare('account.lock'),
  bare('account.unlock'),
  bare('account.close'),
  ...AddressReport.anyOf,
  ...AdminRollReport.anyOf,
])
export type AccountMessage = MessageOf<typeof AccountMessage>

export const SessionMessage = Type.Union([
  ofAccount('session.open'),
  /** The refresh token of this number was presented. */
  Type.Object({ type: Type.Literal('session.rotate'), counter: Type.Integer({ minimum: 1 }) }, exact),
  bare('session.revoke'),
])
export type SessionMessage = MessageOf<typeof SessionMessage>

export const KeyRingMessage = Type.Union([
  /** A new signing key. It is taken only if `after` is the one that signs now; null: there is none yet. */
  Type.Object(
    {
      type: Type.Literal('key-ring.rotate'),
      kid: id,
      /** The public key, as the member `x` of its JWK. */
      x: Type.String({ minLength: 1, maxLength: 100 }),
      sealed: Type.String({ minLength: 1, maxLength: 1_000 }),
      after: Type.Union([id, Type.Null()]),
    },
    exact,
  ),
])
export type KeyRingMessage = MessageOf<typeof KeyRingMessage>

export const Preferences = Type.Object(
  {
    serve: Type.Optional(Type.Union([Type.Literal('collect'), Type.Literal('table')])),
    /** Ingredients that this guest does not eat. */
    avoids: Type.Optional(Type.Array(id, { maxItems: 20, uniqueItems: true })),
  },
  exact,
)
export interface Preferences {
  readonly serve?: 'collect' | 'table'
  readonly avoids?: readonly string[]
}

export const ProfileMessage = Type.Union([
  Type.Object(
    {
      type: Type.Literal('profile.open'),
      email: Type.String({ maxLength: 254 }),
      name: Type.Optional(name),
      locale: Type.Optional(locale),
    },
    exact,
  ),
  /** What is not named stays; null takes it away. */
  Type.Object(
    {
      type: Type.Literal('profile.change'),
      name: Type.Optional(Type.Union([name, Type.Null()])),
      phone: Type.Optional(Type.Union([Type.String({ pattern: '^\\+[1-9][0-9]{5,14}$' }), Type.Null()])),
      locale: Type.Optional(Type.Union([locale, Type.Null()])),
    },
    exact,
  ),
  Type.Object({ type: Type.Literal('profile.prefer'), preferences: Preferences }, exact),
  bare('profile.close'),
])
export type ProfileMessage = MessageOf<typeof ProfileMessage>

/** A session's key begins with its account's, so that both live in one shard and die with one node. */
export const sessionKeyOf = (account: string, n: string): string => `${account}.${n}`
export const accountOfSession = (session: string): string => session.slice(0, session.lastIndexOf('.'))

export const addressRef = (key: string) => ref<AddressMessage>('address', key)
export const accountRef = (id: string) => ref<AccountMessage>('account', id)
export const sessionRef = (id: string) => ref<SessionMessage>('session', id)
export const profileRef = (account: string) => ref<ProfileMessage>('profile', account)
export const keyRingRef = (site: string) => ref<KeyRingMessage>('key-ring', site)
/** There is one: accounts belong to no site. */
export const adminRollRef = ref<AdminRollMessage>('admin-roll', 'all')
