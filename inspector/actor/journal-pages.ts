/** Pages of a journal as one, newest first. */
import type { Journal } from './answers.ts'

/** The newest page, and what is known before it. A gap between them begins anew. */
export function joined(known: Journal | undefined, page: Journal): Journal {
  const oldest = page.items.at(-1)?.sequence
  if (known === undefined || oldest === undefined) return page
  const before = known.items.filter(({ sequence }) => sequence < oldest)
  if (before[0]?.sequence !== oldest - 1) return page
  const { items: _, nextCursor: __, ...rest } = known
  return {
    ...rest,
    ...(known.nextCursor !== undefined && { nextCursor: known.nextCursor }),
    items: [...page.items, ...before],
  }
}
