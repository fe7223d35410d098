/**
 * Conditional requests: the version of an actor is its strong ETag.
 */

export const etagOf = (version: number | string): string => `"${version}"`

/** Whether the caller's copy is still good: the answer is 304. Weak comparison, as RFC 9110 wants it here. */
export function isUnchanged(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}
