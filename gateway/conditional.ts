/**
 * Conditional requests: the version of an actor is its strong ETag.
 */
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { Problem } from './problems.ts'

export const etagOf = (version: number | string): string => `"${version}"`

/** The answer 304 of a route that asks `isStillGood`. */
export const StillGood = Type.Null({ description: 'The copy named by `If-None-Match` is still good.' })

/** Sets the ETag, and tells whether the caller's copy has it: the status is 304 then, and the answer null. */
export function isStillGood(reply: FastifyReply, etag: string): boolean {
  reply.header('etag', etag)
  const isGood = isUnchanged(reply.request.headers['if-none-match'], etag)
  if (isGood) reply.code(304)
  return isGood
}

/** Weak comparison, as RFC 9110 wants it here. */
function isUnchanged(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}

/**
 * The version that a write is meant for, for `ActorRequest.ifVersion`; undefined without a condition. `If-Match: "7"`
 * is 7, and `If-None-Match: *` is 0: there must be nothing yet.
 *
 * @throws Problem `precondition-failed` when no version of ours is named: it fits nothing.
 */
export function versionOf(headers: {
  readonly 'if-match'?: string | undefined
  readonly 'if-none-match'?: string | undefined
}): number | undefined {
  const { 'if-match': match, 'if-none-match': none } = headers
  if (match === undefined) return none?.trim() === '*' ? 0 : undefined
  const version = /^\s*"(\d{1,15})"\s*$/.exec(match)?.[1]
  if (version === undefined)
    throw new Problem('precondition-failed', `If-Match is ${match}, which is no ETag of ours.`)
  return Number(version)
}

/** The version of a route that requires one. @throws Problem `precondition-required`, and what `versionOf` does. */
export function requiredVersionOf(headers: Parameters<typeof versionOf>[0]): number {
  const version = versionOf(headers)
  if (version === undefined)
    throw new Problem('precondition-required', 'Send the ETag of what you have read as If-Match.')
  return version
}
