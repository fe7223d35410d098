/**
 * What is different between two states, as a person would say it: the smallest parts that changed, by their paths.
 */

export interface Difference {
  /** `items[2].quantity`; empty when all of it is another. */
  readonly path: string
  /** Absent: it is new. */
  readonly before?: unknown
  /** Absent: it is gone. */
  readonly after?: unknown
}

export function differencesBetween(before: unknown, after: unknown, path = ''): readonly Difference[] {
  if (Object.is(before, after)) return []
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length)
    return Array.from({ length }, (_, at) => at).flatMap((at) =>
      ofMember(at < before.length, before[at], at < after.length, after[at], `${path}[${at}]`),
    )
  }
  if (isPlain(before) && isPlain(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...names].flatMap((name) =>
      ofMember(
        name in before,
        before[name],
        name in after,
        after[name],
        path === '' ? name : `${path}.${name}`,
      ),
    )
  }
  return [{ path, before, after }]
}

function ofMember(
  was: boolean,
  before: unknown,
  is: boolean,
  after: unknown,
  path: string,
): readonly Difference[] {
  if (was && is) return differencesBetween(before, after, path)
  return [{ path, ...(was && { before }), ...(is && { after }) }]
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
