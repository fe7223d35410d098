/**
 * Access tokens: JWTs of ten minutes, signed with EdDSA, checked here without asking anybody.
 *
 * What an account may do is written into its token, so a change of roles, a lock and a log-out are felt by its
 * routes when the token ends; `GET /auth/validate` asks the session as well.
 *
 * Owns:     the claims.
 * Does not: know passwords, sessions or refresh tokens.
 */

import type { FastifyRequest } from 'fastify'
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import { Problem } from '../problems.ts'
import { type Auth, bearerOf, type Caller, roles } from './caller.ts'
import type { SigningKeys } from './signing-keys.ts'

export const accessTokenLastsS = 600
const issuer = 'brigade'
const audience = 'brigade-api'
/** Between the clocks of two gateways. */
const clockToleranceS = 5

/** Header, claims and signature. An order token has no dot in it. */
const jwt = /^[\w-]+\.[\w-]+\.[\w-]+$/

export class JwtAuth implements Auth {
  readonly #keys: SigningKeys

  constructor(keys: SigningKeys) {
    this.#keys = keys
  }

  async issue({ account, session, roles }: Caller): Promise<string> {
    const { kid, key } = await this.#keys.signing()
    return new SignJWT({ sid: session, scope: roles.join(' ') })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid })
      .setSubject(account)
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${accessTokenLastsS}s`)
      .sign(key)
  }

  async callerOf({ headers }: Pick<FastifyRequest, 'headers'>): Promise<Caller | undefined> {
    const token = bearerOf(headers.authorization)
    if (token === undefined || !jwt.test(token)) return undefined
    const key = await this.#keyOf(token)
    try {
      const { payload } = await jwtVerify(token, key, {
        issuer,
        audience,
        algorithms: ['EdDSA'],
        clockTolerance: clockToleranceS,
        requiredClaims: ['sub', 'sid', 'scope', 'exp'],
      })
      const has = String(payload.scope).split(' ')
      return {
        account: String(payload.sub),
        session: String(payload.sid),
        roles: roles.filter((role) => has.includes(role)),
      }
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        throw new Problem(
          'token-invalid',
          'The access token has expired: POST /api/v1/auth/refresh gives another.',
        )
      throw notGood()
    }
  }

  async #keyOf(token: string) {
    let kid: string | undefined
    try {
      kid = decodeProtectedHeader(token).kid
    } catch {
      throw notGood()
    }
    const key = kid === undefined ? undefined : await this.#keys.verifying(kid)
    if (key === undefined) throw notGood()
    return key
  }
}

const notGood = (): Problem => new Problem('token-invalid', 'This access token was not given by this house.')
