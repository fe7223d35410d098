/**
 * Who a request comes from, and what they may do.
 *
 * Owns:     the roles, and the one question that routes ask.
 * Does not: know tokens, keys or passwords: an `Auth` does, and a route is handed one.
 */
import type { FastifyRequest } from 'fastify'
import { type AccountRole, accountRoles } from '#actors'
import { Problem } from '../problems.ts'
import type { SecurityScheme } from '../server.ts'

/** In the order of what they may do; `admin` may do what all of them may. */
export const roles = accountRoles
export type Role = AccountRole

/** This role and those that may do more, for `requireCaller`. */
export const atLeast = (role: Role): readonly Role[] => roles.slice(roles.indexOf(role))

export interface Caller {
  /** The account's id. The subject of its idempotency keys. */
  readonly account: string
  readonly session: string
  readonly roles: readonly Role[]
}

export interface Auth {
  /**
   * The account whose access token the request carries; undefined when it carries none. Another bearer token (an
   * `orderToken`) is none.
   *
   * @throws Problem `token-invalid` when it is an access token that is not good.
   */
  callerOf(request: Pick<FastifyRequest, 'headers'>): Promise<Caller | undefined>
}

/** A gateway without accounts: everybody is a guest. */
export const noAccounts: Auth = { callerOf: async () => undefined }

export const accountSchemes = {
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'The `accessToken` of POST /api/v1/auth/login.',
  },
} as const satisfies Record<string, SecurityScheme>

/** For a route's `security`. */
export const byAccount = [{ accessToken: [] }]

export const hasRole = ({ roles: has }: Caller, ...anyOf: readonly Role[]): boolean =>
  has.some((role) => role === 'admin' || anyOf.includes(role))

/**
 * The account that sent the request; with `anyOf`, one that has one of these roles.
 *
 * @throws Problem `unauthorized`, `token-invalid`, `forbidden`.
 */
export async function requireCaller(
  auth: Auth,
  request: Pick<FastifyRequest, 'headers'>,
  ...anyOf: readonly Role[]
): Promise<Caller> {
  const caller = await auth.callerOf(request)
  if (caller === undefined) throw new Problem('unauthorized', 'Log in, and send the access token.')
  if (anyOf.length > 0 && !hasRole(caller, ...anyOf)) {
    throw new Problem('forbidden', `This takes the role ${anyOf.join(' or ')}.`)
  }
  return caller
}

/** For who was let in and stays. An answer that cannot be had now ends nothing. */
export async function isStillAllowed(...asked: Parameters<typeof requireCaller>): Promise<boolean> {
  try {
    await requireCaller(...asked)
    return true
  } catch (error) {
    return !(error instanceof Problem && (error.status === 401 || error.status === 403))
  }
}

export const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1]
