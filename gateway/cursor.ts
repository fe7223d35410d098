/**
 * Opaque, signed cursors of paged lists.
 *
 * Invariants:
 *   C1. A cursor opens only the list that it was made for; any other text is the problem `invalid-cursor`.
 */
import { Type } from 'typebox'
import type { JournalRecord } from '#ports'
import type { Keyring } from './keyring.ts'
import { Problem } from './problems.ts'

const tagLength = 22

/** `place` is plain data: where the next page begins. `list` names the list, with its filters. */
export function cursorOf(keyring: Keyring, list: string, place: unknown): string {
  const text = Buffer.from(JSON.stringify(place)).toString('base64url')
  return keyring.tag('cursor', `${list}\n${text}`) + text
}

export function placeOf(keyring: Keyring, list: string, cursor: string): unknown {
  const text = cursor.slice(tagLength)
  if (!keyring.isTag('cursor', `${list}\n${text}`, cursor.slice(0, tagLength))) {
    throw new Problem('invalid-cursor', 'This cursor was not given for this list.')
  }
  return JSON.parse(Buffer.from(text, 'base64url').toString())
}

/** How many items a page has when nobody says. */
export const pageSize = 50

export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: pageSize })),
  cursor: Type.Optional(Type.String({ minLength: tagLength, maxLength: 1_024 })),
}

/** Of a history whose first turns have left the journal. */
export const OlderNotKept = Type.Optional(
  Type.Boolean({
    description:
      'The turns before these are kept no longer here. They may be archived: `brigade archive show`.',
  }),
)

/** Whether the last page of a history ends before the first turn. */
export function isCut(
  records: readonly Pick<JournalRecord, 'previous'>[],
  cursor: string | undefined,
): boolean {
  const oldest = records.at(-1)
  return oldest === undefined ? cursor !== undefined : oldest.previous !== undefined
}

/** `Link` of RFC 8288 for the next page. `path` includes the query of this page. */
export function nextLink(path: string, cursor: string): string {
  const url = new URL(path, 'http://localhost')
  url.searchParams.set('cursor', cursor)
  return `<${url.pathname}${url.search}>; rel="next"`
}
