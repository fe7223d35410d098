/**
 * Conditional requests: the version of an actor is its strong ETag.
 */
import { Problem } from './problems.ts'

export const etagOf = (version: number | string): string => `"${version}"`

/** Whether the caller's copy is still good: the answer is 304. Weak comparison, as RFC 9110 wants it here. */
export function isUnchanged(ifNoneMatch: string | undefined, etag: string): boolean {
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
