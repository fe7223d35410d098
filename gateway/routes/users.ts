/**
 * Users: what somebody says of itself, and what an admin does with an account.
 *
 * Owns:     which message each route sends, and which version it is meant for: of a profile for its owner, of the
 *           account for an admin.
 */
import { type Static, Type } from 'typebox'
import {
  type AccountMessage,
  type AccountView,
  accountRoles,
  Preferences,
  type ProfileMessage,
  type ProfileView,
  profileRef,
} from '#actors'
import type { Accounts, Versioned } from '../auth/accounts.ts'
import { type Auth, byAccount, requireCaller } from '../auth/caller.ts'
import { setRefreshCookie } from '../auth/refresh-token.ts'
import { etagOf, isStillGood, requiredVersionOf, StillGood } from '../conditional.ts'
import { doneOf, Problem } from '../problems.ts'
import { problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { Locale, Name } from './auth.ts'
import type { ProfileCache } from './profile-cache.ts'
import { exact, matched, matchHeader, reach, signIn, written } from './route-parts.ts'

export interface UserRouteOptions {
  readonly accounts: Accounts
  readonly auth: Auth
  readonly profiles: ProfileCache
  /** How many orders of an account are not settled. @throws Problem `not-ready` when nobody can say. */
  readonly openOrders: (account: string) => number
}

const tags = ['users']
const base = '/api/v1/users'
const OfUser = Type.Object({ id: Type.String({ pattern: '^usr_[0-9a-f]{32}$' }) })

const Me = Type.Object(
  {
    id: Type.String(),
    email: Type.String(),
    name: Type.Optional(Type.String()),
    phone: Type.Optional(Type.String()),
    locale: Type.Optional(Type.String()),
    version: Type.Integer({ minimum: 1 }),
  },
  { ...exact, $id: 'Me' },
)
const MeRef = Type.Unsafe<Static<typeof Me>>(Type.Ref('Me#'))
const Phone = Type.String({ pattern: '^\\+[1-9][0-9]{5,14}$', description: 'As E.164 writes it.' })
const ChangeMe = Type.Object(
  {
    name: Type.Optional(Type.Union([Name, Type.Null()])),
    phone: Type.Optional(Type.Union([Phone, Type.Null()])),
    locale: Type.Optional(Type.Union([Locale, Type.Null()])),
  },
  exact,
)
const User = Type.Object(
  {
    id: Type.String(),
    email: Type.String(),
    roles: Type.Array(Type.Enum([...accountRoles])),
    state: Type.Enum(['registering', 'active', 'locked', 'closing', 'refused', 'closed']),
    lockedBy: Type.Optional(
      Type.Enum(['failures', 'operator'], { description: '`failures`: it ends by itself.' }),
    ),
    sessions: Type.Integer({ minimum: 0 }),
    createdAt: Timestamp,
    version: Type.Integer({ minimum: 1 }),
  },
  { ...exact, $id: 'User' },
)
const UserRef = Type.Unsafe<Static<typeof User>>(Type.Ref('User#'))
const SetRoles = Type.Object(
  {
    roles: Type.Array(Type.Enum([...accountRoles]), {
      minItems: 1,
      maxItems: accountRoles.length,
      uniqueItems: true,
    }),
  },
  exact,
)

export function userRoutes(app: Server, { accounts, auth, profiles, openOrders }: UserRouteOptions): void {
  app.addSchema(Me)
  app.addSchema(User)

  const tellProfile = async (
    account: string,
    message: ProfileMessage,
    ifVersion: number,
    trace: string,
  ): Promise<Versioned<ProfileView>> => {
    const outcome = await accounts.tell(profileRef(account), message, trace, ifVersion)
    profiles.forget(account)
    const { reply, version } = doneOf(outcome, 'The profile')
    return { view: reply as unknown as ProfileView, version }
  }

  app.get(
    `${base}/me`,
    {
      schema: {
        summary: 'The profile of the account that asks',
        description: 'Every account, of its own.',
        tags,
        security: byAccount,
        response: { 200: MeRef, 304: StillGood, ...problems(...signIn, 'not-found', ...reach) },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const found = await profiles.read(account)
      if (isStillGood(reply, etagOf(found.version))) return null
      return shownMe(found)
    },
  )

  app.patch(
    `${base}/me`,
    {
      schema: {
        summary: 'Changes the profile: a JSON merge patch (RFC 7396)',
        description: 'Every account, of its own. What is not named stays, `null` takes it away.',
        tags,
        security: byAccount,
        consumes: ['application/merge-patch+json'],
        headers: matchHeader,
        body: ChangeMe,
        response: {
          200: MeRef,
          ...problems(...written, ...matched, ...signIn, 'not-found', 'invalid-transition', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const message: ProfileMessage = { type: 'profile.change', ...request.body }
      const version = requiredVersionOf(request.headers)
      const changed = await tellProfile(account, message, version, request.trace.context)
      reply.header('etag', etagOf(changed.version))
      return shownMe(changed)
    },
  )

  app.get(
    `${base}/me/preferences`,
    {
      schema: {
        summary: 'What the account likes',
        description: 'Every account, of its own.',
        tags,
        security: byAccount,
        response: { 200: Preferences, 304: StillGood, ...problems(...signIn, 'not-found', ...reach) },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const { view, version } = await profiles.read(account)
      if (isStillGood(reply, etagOf(version))) return null
      return shownPreferences(view)
    },
  )

  app.put(
    `${base}/me/preferences`,
    {
      schema: {
        summary: 'Replaces what the account likes',
        description: 'Every account, of its own.',
        tags,
        security: byAccount,
        headers: matchHeader,
        body: Preferences,
        response: {
          200: Preferences,
          ...problems(...written, ...matched, ...signIn, 'not-found', 'invalid-transition', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const message: ProfileMessage = { type: 'profile.prefer', preferences: request.body }
      const version = requiredVersionOf(request.headers)
      const changed = await tellProfile(account, message, version, request.trace.context)
      reply.header('etag', etagOf(changed.version))
      return shownPreferences(changed.view)
    },
  )

  app.delete(
    `${base}/me`,
    {
      schema: {
        summary: 'Closes the account: its address is free again, its sessions end, and its profile goes',
        description: 'Every account, of its own. `If-Match` is the version of the profile.',
        tags,
        security: byAccount,
        headers: matchHeader,
        response: {
          202: Type.Object({ id: Type.String(), state: Type.String() }, exact),
          ...problems(
            ...written,
            ...matched,
            ...signIn,
            'invalid-transition',
            'not-found',
            'open-orders',
            'not-ready',
            'last-admin',
            'request-in-progress',
            ...reach,
          ),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const trace = request.trace.context
      const wanted = requiredVersionOf(request.headers)
      const { version } = await accounts.profileOf(account, trace)
      if (wanted !== version) {
        throw new Problem('precondition-failed', {
          detail: `The profile was changed since you read it: it stands at version ${version}.`,
          headers: { etag: etagOf(version) },
        })
      }
      const open = openOrders(account)
      if (open > 0) {
        const orders = open === 1 ? 'order is' : 'orders are'
        throw new Problem('open-orders', `${open} ${orders} not finished yet.`)
      }
      const isClosing = ({ state }: AccountView): boolean => state === 'closing' || state === 'closed'
      const { view } = await accounts.change(account, { type: 'account.close' }, isClosing, trace)
      setRefreshCookie(request, reply, undefined)
      reply.code(202)
      return { id: account, state: view.state }
    },
  )

  app.get(
    `${base}/:id`,
    {
      schema: {
        summary: 'One account',
        description: 'Role admin.',
        tags,
        security: byAccount,
        params: OfUser,
        response: {
          200: UserRef,
          304: StillGood,
          ...problems('validation', ...signIn, 'forbidden', 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      await requireCaller(auth, request, 'admin')
      const found = await accounts.read(request.params.id, request.trace.context)
      if (isStillGood(reply, etagOf(found.version))) return null
      return shownUser(found)
    },
  )

  const commands = [
    ['lock', 'Ends every session of the account, and lets nobody log in until it is unlocked', 'locked'],
    ['unlock', 'Lets the account log in again, whoever locked it', 'active'],
  ] as const
  for (const [what, summary, wanted] of commands) {
    app.post(
      `${base}/:id/${what}`,
      {
        schema: {
          summary,
          description: 'Role admin.',
          tags,
          security: byAccount,
          params: OfUser,
          response: {
            200: UserRef,
            ...problems(
              'validation',
              ...signIn,
              'forbidden',
              'not-found',
              'invalid-transition',
              'last-admin',
              'request-in-progress',
              ...reach,
            ),
          },
        },
      },
      async (request, reply) => {
        await requireCaller(auth, request, 'admin')
        const message: AccountMessage = { type: `account.${what}` }
        const isDone = ({ state, lockedBy }: AccountView): boolean =>
          state === wanted && lockedBy !== 'failures'
        const changed = await accounts.change(request.params.id, message, isDone, request.trace.context)
        reply.header('etag', etagOf(changed.version))
        return shownUser(changed)
      },
    )
  }

  app.put(
    `${base}/:id/roles`,
    {
      schema: {
        summary: 'Sets the roles of an account; its access tokens have the old ones for ten minutes at most',
        description: 'Role admin.',
        tags,
        security: byAccount,
        params: OfUser,
        headers: matchHeader,
        body: SetRoles,
        response: {
          200: UserRef,
          ...problems(
            ...written,
            ...matched,
            ...signIn,
            'invalid-transition',
            'forbidden',
            'not-found',
            'last-admin',
            'request-in-progress',
            ...reach,
          ),
        },
      },
    },
    async (request, reply) => {
      await requireCaller(auth, request, 'admin')
      const { roles } = request.body
      const isDone = (view: AccountView): boolean => view.roles.join() === roles.join()
      const changed = await accounts.change(
        request.params.id,
        { type: 'account.set-roles', roles },
        isDone,
        request.trace.context,
        requiredVersionOf(request.headers),
      )
      reply.header('etag', etagOf(changed.version))
      return shownUser(changed)
    },
  )
}

const shownMe = ({ view, version }: Versioned<ProfileView>): Static<typeof Me> => ({
  id: view.account,
  email: view.email,
  ...(view.name !== null && { name: view.name }),
  ...(view.phone !== null && { phone: view.phone }),
  ...(view.locale !== null && { locale: view.locale }),
  version,
})

const shownPreferences = ({ preferences: { serve, avoids } }: ProfileView) => ({
  ...(serve !== undefined && { serve }),
  ...(avoids !== undefined && { avoids: [...avoids] }),
})

const shownUser = ({ view, version }: Versioned<AccountView>): Static<typeof User> => ({
  id: view.id,
  email: view.email,
  roles: [...view.roles],
  state: view.state,
  ...(view.lockedBy !== null && { lockedBy: view.lockedBy }),
  sessions: view.sessions.length,
  createdAt: timestampOf(view.createdAt),
  version,
})
