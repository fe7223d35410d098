/**
 * Registering, logging in and out, and the sessions of an account.
 *
 * Owns:     which message each route sends, and what a caller is told.
 * Does not: say why a log-in failed: a wrong password and an unknown address are one answer, after the same work.
 *
 * Invariants:
 *   A1. A password is hashed or checked here and goes nowhere else; a refresh token leaves only as a cookie.
 *   A2. A retry of a registration with the same key finds the same account, through any gateway.
 */
import { randomBytes } from 'node:crypto'
import { decodeJwt } from 'jose'
import { Type } from 'typebox'
import { accountOfSession, accountRef, restMs, sessionKeyOf, sessionRef } from '#actors'
import { type Accounts, accountIdOf, typeOfReply } from '../auth/accounts.ts'
import { bearerOf, byAccount, type Caller, requireCaller } from '../auth/caller.ts'
import { accessTokenLastsS, type JwtAuth } from '../auth/jwt-auth.ts'
import { type Passwords, passwordLengthMax, passwordLengthMin, passwordProblem } from '../auth/passwords.ts'
import {
  type Refresh,
  refreshCookieOf,
  refreshIn,
  refreshTokenOf,
  setRefreshCookie,
} from '../auth/refresh-token.ts'
import type { SigningKeys } from '../auth/signing-keys.ts'
import { etagOf } from '../conditional.ts'
import { fingerprintOf, guestKeyLengthMin, requestKeyOf, requiredKeyOf } from '../idempotency.ts'
import type { Keyring } from '../keyring.ts'
import { doneOf, Problem, problemOf } from '../problems.ts'
import { pathOf, problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { exact, reach, signIn, written } from './route-parts.ts'

export interface AuthRouteOptions {
  readonly accounts: Accounts
  readonly auth: JwtAuth
  readonly keys: SigningKeys
  readonly passwords: Passwords
  /** Of the data: names requests. */
  readonly keyring: Keyring
  /** Of the service key: makes refresh tokens. */
  readonly serviceKeyring: Keyring
}

const tags = ['accounts']
const base = '/api/v1/auth'

export const Email = Type.String({ minLength: 3, maxLength: 254, pattern: '^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$' })
const Password = Type.String({
  minLength: 1,
  maxLength: passwordLengthMax,
  description: `At least ${passwordLengthMin} characters, and not the e-mail address.`,
})
export const Name = Type.String({ minLength: 1, maxLength: 100 })
export const Locale = Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$' })
const Login = Type.Object({ email: Email, password: Password }, exact)
const Register = Type.Object(
  { email: Email, password: Password, name: Type.Optional(Name), locale: Type.Optional(Locale) },
  exact,
)
const Registered = Type.Object({ id: Type.String(), email: Type.String() }, exact)
const Tokens = Type.Object(
  {
    accessToken: Type.String({ description: 'A JWT, for `Authorization: Bearer …`.' }),
    tokenType: Type.Literal('Bearer'),
    expiresIn: Type.Integer({ description: 'Seconds.' }),
  },
  exact,
)
const Valid = Type.Object(
  {
    active: Type.Literal(true),
    sub: Type.String(),
    scope: Type.String({ description: 'The roles, with spaces between them.' }),
    exp: Type.Integer({ description: 'Seconds since 1970.' }),
  },
  exact,
)
const Session = Type.Object(
  { id: Type.String(), createdAt: Timestamp, usedAt: Timestamp, isCurrent: Type.Boolean() },
  exact,
)
const KeyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ description: 'Required: a new random key of 22 to 64 characters for each new account.' }),
  ),
})
const Jwk = Type.Object(
  {
    kty: Type.Literal('OKP'),
    crv: Type.Literal('Ed25519'),
    alg: Type.Literal('EdDSA'),
    use: Type.Literal('sig'),
    kid: Type.String(),
    x: Type.String(),
  },
  exact,
)

export function authRoutes(app: Server, options: AuthRouteOptions): void {
  const { accounts, auth, keys, passwords, keyring, serviceKeyring } = options

  const tokensFor = async (caller: Caller) => ({
    accessToken: await auth.issue(caller),
    tokenType: 'Bearer' as const,
    expiresIn: accessTokenLastsS,
  })
  /** The session that its refresh cookie names. */
  const refreshOf = (cookie: string | undefined): Refresh => {
    const refresh = cookie === undefined ? undefined : refreshIn(serviceKeyring, cookie)
    if (refresh === undefined)
      throw new Problem('unauthorized', 'There is no refresh cookie of ours: log in.')
    return refresh
  }

  app.post(
    `${base}/register`,
    {
      schema: {
        summary: 'Makes an account',
        description: 'Open to everybody.',
        tags,
        headers: KeyHeader,
        body: Register,
        response: {
          201: Registered,
          ...problems(
            ...written,
            'idempotency-key-missing',
            'idempotency-key-invalid',
            'email-taken',
            'request-in-progress',
            'idempotency-key-reused',
            'idempotency-key-expired',
            ...reach,
          ),
        },
      },
    },
    async (request, reply) => {
      const key = requiredKeyOf(request.headers['idempotency-key'], guestKeyLengthMin)
      const { email, password, name, locale } = request.body
      const unfit = passwordProblem(password, email)
      if (unfit !== undefined) {
        throw new Problem('validation', {
          detail: `The password ${unfit}.`,
          errors: [{ pointer: '#/password', detail: unfit }],
        })
      }
      const intent = requestKeyOf(keyring, { subject: '', method: 'POST', path: pathOf(request.url), key })
      const account = accountIdOf(intent)
      const { isReplayed } = await accounts.register(
        {
          account,
          key: intent,
          // Its hash would be a fast one of the password: only whoever has the service key could try.
          fingerprint: serviceKeyring.digest(fingerprintOf(request.body)),
          email,
          roles: ['customer'],
          ...(name !== undefined && { name }),
          ...(locale !== undefined && { locale }),
        },
        () => passwords.hash(password),
        request.trace.context,
      )
      reply.code(201)
      reply.header('location', '/api/v1/users/me')
      // Of the profile, as it was opened.
      reply.header('etag', etagOf(1))
      if (isReplayed) reply.header('idempotent-replayed', 'true')
      return { id: account, email }
    },
  )

  app.post(
    `${base}/login`,
    {
      schema: {
        summary: 'Opens a session: an access token, and a cookie that renews it',
        description: 'Open to everybody.',
        tags,
        body: Login,
        response: { 200: Tokens, ...problems(...written, 'bad-credentials', 'account-locked', ...reach) },
      },
    },
    async (request, reply) => {
      const { email, password } = request.body
      const trace = request.trace.context
      const known = await accounts.credentialsOf(email, trace)
      if (known !== undefined && known.lockedBy !== null) throw locked(known.lockedBy)
      const isRight = await passwords.isRight(known?.hash || undefined, password)
      const account = known?.account ?? ''
      if (!isRight) {
        // Not waited for: the answer for an unknown address does not take a turn either.
        if (known !== undefined)
          void accounts.tell(accountRef(account), { type: 'account.login-failed' }, trace)
        throw new Problem('bad-credentials', 'There is no account with this e-mail address and password.')
      }
      const session = sessionKeyOf(account, randomBytes(16).toString('base64url'))
      const outcome = await accounts.tell(accountRef(account), { type: 'account.login', session }, trace)
      if (outcome.kind === 'archived' || outcome.kind === 'not-accepted')
        throw new Problem('bad-credentials', 'There is no account with this e-mail address and password.')
      const handled = doneOf(outcome, 'The account')
      if (typeOfReply(handled) === 'account.locked')
        throw locked((handled.reply as unknown as { readonly by: 'failures' | 'operator' }).by)
      await accounts.opened(session, trace)
      const { view } = await accounts.read(account, trace)
      setRefreshCookie(request, reply, refreshTokenOf(serviceKeyring, { session, counter: 1 }))
      return tokensFor({ account, session, roles: view.roles })
    },
  )

  app.post(
    `${base}/refresh`,
    {
      schema: {
        summary: 'Exchanges the refresh cookie for the next one, and a new access token',
        description:
          'Takes the cookie only. The cookie before the current one gives the same next one again, for a moment; an older one ends the session.',
        tags,
        response: {
          200: Tokens,
          ...problems('unauthorized', 'refresh-reused', 'session-ended', 'account-locked', ...reach),
        },
      },
    },
    async (request, reply) => {
      const trace = request.trace.context
      const { session, counter } = refreshOf(refreshCookieOf(request))
      const outcome = await accounts.tell(sessionRef(session), { type: 'session.rotate', counter }, trace)
      if (outcome.kind !== 'done') {
        setRefreshCookie(request, reply, outcome.kind === 'archived' ? undefined : refreshCookieOf(request))
        if (outcome.kind === 'archived' || outcome.kind === 'unknown')
          throw new Problem('session-ended', 'This session has ended: log in.')
        throw problemOf(outcome, 'The session')
      }
      if (typeOfReply(outcome) !== 'session.rotated') {
        setRefreshCookie(request, reply, undefined)
        throw new Problem(
          'refresh-reused',
          'This refresh token was used before. Somebody may have copied it, so the session has been ended: log in.',
        )
      }
      const next = (outcome.reply as unknown as { readonly counter: number }).counter
      // At once: whatever fails from here on, the caller has the cookie that is good.
      setRefreshCookie(request, reply, refreshTokenOf(serviceKeyring, { session, counter: next }))
      const account = accountOfSession(session)
      const { view } = await accounts.read(account, trace)
      if (view.lockedBy === 'operator') throw locked('operator')
      return tokensFor({ account, session, roles: view.roles })
    },
  )

  app.get(
    `${base}/validate`,
    {
      schema: {
        summary: 'Whether an access token is good, and its session has not ended',
        description: 'Every account.',
        tags,
        security: byAccount,
        response: { 200: Valid, ...problems(...signIn, 'session-ended', ...reach) },
      },
    },
    async (request) => {
      const { account, session, roles } = await requireCaller(auth, request)
      if ((await accounts.sessionOf(session, request.trace.context)) === undefined)
        throw new Problem('session-ended', 'This session has ended: log in.')
      const { exp = 0 } = decodeJwt(bearerOf(request.headers.authorization) ?? '')
      return { active: true as const, sub: account, scope: roles.join(' '), exp }
    },
  )

  app.post(
    `${base}/logout`,
    {
      schema: {
        summary: 'Ends the session of the access token, or of the refresh cookie',
        description: 'Every account. An access token that was given lives out its ten minutes.',
        tags,
        security: byAccount,
        response: {
          204: Type.Null({ description: 'It has ended.' }),
          ...problems(...signIn, 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      const caller = await auth.callerOf(request)
      const session = caller?.session ?? refreshOf(refreshCookieOf(request)).session
      await endSession(session, request.trace.context)
      setRefreshCookie(request, reply, undefined)
      reply.code(204)
      return null
    },
  )
  const endSession = async (session: string, trace: string): Promise<void> => {
    const outcome = await accounts.tell(sessionRef(session), { type: 'session.revoke' }, trace)
    // It has ended already.
    if (outcome.kind !== 'archived') doneOf(outcome, `Session '${session}'`)
  }

  app.get(
    `${base}/sessions`,
    {
      schema: {
        summary: 'The open sessions of the account, oldest first',
        description: 'Every account, of its own.',
        tags,
        security: byAccount,
        response: {
          200: Type.Object({ items: Type.Array(Session) }, exact),
          ...problems(...signIn, 'not-found', ...reach),
        },
      },
    },
    async (request) => {
      const caller = await requireCaller(auth, request)
      const trace = request.trace.context
      const { view } = await accounts.read(caller.account, trace)
      const found = await Promise.all(view.sessions.map((id) => accounts.sessionOf(id, trace)))
      return {
        items: found.flatMap((one) =>
          one === undefined
            ? []
            : [
                {
                  id: one.id,
                  createdAt: timestampOf(one.openedAt),
                  usedAt: timestampOf(one.usedAt),
                  isCurrent: one.id === caller.session,
                },
              ],
        ),
      }
    },
  )

  app.delete(
    `${base}/sessions/:id`,
    {
      schema: {
        summary: 'Ends one of the sessions of the account',
        description: 'Every account, of its own.',
        tags,
        security: byAccount,
        params: Type.Object({ id: Type.String({ pattern: '^[\\w.-]{1,100}$' }) }),
        response: {
          204: Type.Null({ description: 'It has ended.' }),
          ...problems('validation', ...signIn, 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      const caller = await requireCaller(auth, request)
      const { id } = request.params
      if (accountOfSession(id) !== caller.account)
        throw new Problem('not-found', `Session '${id}' does not exist.`)
      await endSession(id, request.trace.context)
      reply.code(204)
      return null
    },
  )

  app.get(
    '/.well-known/jwks.json',
    {
      schema: {
        summary: 'The public keys of access tokens',
        description: 'Open to everybody.',
        tags,
        response: { 200: Type.Object({ keys: Type.Array(Jwk) }, exact), ...problems(...reach) },
      },
    },
    async (_request, reply) => {
      const published = await keys.published()
      reply.header('cache-control', 'public, max-age=60')
      return { keys: [...published] }
    },
  )
}

function locked(by: 'failures' | 'operator'): Problem {
  return new Problem('account-locked', {
    detail:
      by === 'operator'
        ? 'The account was locked by an admin.'
        : 'The account is locked: there were too many wrong passwords.',
    // At most: the account knows no clock.
    ...(by === 'failures' && { retryAfterMs: restMs }),
  })
}
