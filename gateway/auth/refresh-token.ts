/**
 * Refresh tokens: the number of a session's turn, with a tag that only the service key makes.
 *
 * Nothing of it is stored: the session keeps the number, and every gateway makes the same token of it again.
 *
 * Owns:     its form, and the cookie that carries it, to one path and to no script.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { idleMaxMs } from '#actors'
import type { Keyring } from '../keyring.ts'

const purpose = 'refresh-token'
const cookieName = 'brigade_refresh'
const cookiePath = '/api/v1/auth'

export interface Refresh {
  readonly session: string
  readonly counter: number
}

const textOf = ({ session, counter }: Refresh): string => `${session}.${counter}`

export const refreshTokenOf = (keyring: Keyring, refresh: Refresh): string =>
  `${textOf(refresh)}.${keyring.tag(purpose, textOf(refresh))}`

/** Undefined for what is not one of ours. */
export function refreshIn(keyring: Keyring, token: string): Refresh | undefined {
  const [, session, number, tag] = /^([\w.-]{1,100})\.(\d{1,9})\.([\w-]{22})$/.exec(token) ?? []
  if (session === undefined || tag === undefined) return undefined
  const refresh = { session, counter: Number(number) }
  return keyring.isTag(purpose, textOf(refresh), tag) ? refresh : undefined
}

export function refreshCookieOf({ headers }: FastifyRequest): string | undefined {
  return new RegExp(`(?:^|;\\s*)${cookieName}=([^;\\s]+)`).exec(headers.cookie ?? '')?.[1]
}

/** Undefined takes it away. */
export function setRefreshCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string | undefined,
): void {
  const lifeS = token === undefined ? 0 : idleMaxMs / 1_000
  const secure = request.protocol === 'https' ? '; Secure' : ''
  reply.header(
    'set-cookie',
    `${cookieName}=${token ?? ''}; Path=${cookiePath}; Max-Age=${lifeS}; HttpOnly; SameSite=Strict${secure}`,
  )
}
