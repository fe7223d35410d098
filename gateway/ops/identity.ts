/**
 * Operating accounts: the first admin, and the keys of access tokens.
 *
 * A password does not come here: whoever makes an admin sends its hash.
 */
import { Type } from 'typebox'
import { adminRollRef } from '#actors'
import { type Accounts, accountIdOf } from '../auth/accounts.ts'
import type { SigningKeys } from '../auth/signing-keys.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { fingerprintOf, guestKeyLengthMin, requestKeyOf, requiredKeyOf } from '../idempotency.ts'
import type { Keyring } from '../keyring.ts'
import { answerOf, Problem } from '../problems.ts'
import { Email } from '../routes/auth.ts'
import { exact, reach } from '../routes/route-parts.ts'
import { pathOf, problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { requireAdmin } from './guard.ts'

const tags = ['identity']
const requestTimeoutMs = 3_000

const Keys = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        { kid: Type.String(), status: Type.Enum(['active', 'retiring', 'retired']), since: Timestamp },
        exact,
      ),
    ),
  },
  exact,
)

export interface IdentityRouteOptions {
  readonly client: ClusterClient
  readonly accounts: Accounts
  readonly keys: SigningKeys
  readonly keyring: Keyring
}

export function identityRoutes(app: Server, { client, accounts, keys, keyring }: IdentityRouteOptions): void {
  app.post(
    '/ops/v1/admins',
    {
      schema: {
        summary: 'Makes the first admin; `another` makes a further one',
        tags,
        headers: Type.Object({
          'idempotency-key': Type.Optional(Type.String({ description: 'Required.' })),
        }),
        body: Type.Object(
          {
            email: Email,
            hash: Type.String({ pattern: '^\\$argon2id\\$[!-~]{20,280}$', description: 'Of its password.' }),
            another: Type.Optional(Type.Boolean()),
          },
          exact,
        ),
        response: {
          201: Type.Object({ id: Type.String(), email: Type.String() }, exact),
          ...problems(
            'validation',
            'idempotency-key-missing',
            'idempotency-key-invalid',
            'idempotency-key-reused',
            'idempotency-key-expired',
            'request-in-progress',
            'admin-exists',
            'forbidden',
            'email-taken',
            ...reach,
          ),
        },
      },
    },
    async (request, reply) => {
      requireAdmin(request)
      const { email, hash, another = false } = request.body
      const key = requiredKeyOf(request.headers['idempotency-key'], guestKeyLengthMin)
      const trace = request.trace.context
      const intent = requestKeyOf(keyring, {
        subject: 'operator',
        method: 'POST',
        path: pathOf(request.url),
        key,
      })
      const account = accountIdOf(intent)
      const others = (await adminsNow(trace)).filter((admin) => admin !== account)
      if (!another && others.length > 0) {
        throw new Problem('admin-exists', 'There is an admin already, who can give the role to others.')
      }
      const registration = {
        account,
        key: intent,
        fingerprint: fingerprintOf({ email, another }),
        email,
        roles: ['admin'] as const,
      }
      await accounts.register(registration, async () => hash, trace)
      reply.code(201)
      return { id: account, email }
    },
  )
  app.get(
    '/ops/v1/admins',
    {
      schema: {
        summary: 'The accounts that are admins and not locked',
        tags,
        response: { 200: Type.Object({ items: Type.Array(Type.String()) }, exact), ...problems(...reach) },
      },
    },
    async ({ trace }) => ({ items: [...(await adminsNow(trace.context))] }),
  )
  const adminsNow = async (trace: string): Promise<readonly string[]> => {
    const outcome = await client.request({
      actor: adminRollRef,
      body: { kind: 'query', name: 'admins' },
      timeoutMs: requestTimeoutMs,
      trace,
    })
    if (outcome.kind === 'unknown') return []
    return answerOf(outcome, 'The roll of admins').value as readonly string[]
  }

  const listed = async () => ({
    items: (await keys.listed()).map(({ kid, status, since }) => ({
      kid,
      status,
      since: timestampOf(since),
    })),
  })
  app.get(
    '/ops/v1/keys',
    {
      schema: { summary: 'The keys of access tokens', tags, response: { 200: Keys, ...problems(...reach) } },
    },
    listed,
  )
  app.post(
    '/ops/v1/keys/rotation',
    {
      schema: {
        summary: 'Signs with a new key from now on; the old one verifies for an hour',
        tags,
        response: { 200: Keys, ...problems('rotation-limit', ...reach) },
      },
    },
    async () => {
      await keys.rotate()
      return listed()
    },
  )
}
