/**
 * Whether a store holds a value, and gives it back as it was: plain data.
 *
 * Owns:     that question. It is asked of what comes from a party outside, and of every turn of a node whose store has
 *           once refused what a batch held; to ask it always would cost each turn what its transition costs.
 * Does not: bound the length of keys (`machine.ts`, `registry.ts`).
 */

// Deeper than any message; less deep than the stack.
const depthMax = 200

/** What in it no store holds, in words; undefined when all of it is plain data. */
export function unstorablePart(value: unknown, depth = 0): string | undefined {
  switch (typeof value) {
    case 'function':
    case 'symbol':
    case 'bigint':
      return `a ${typeof value}`
    case 'object':
      break
    default:
      return undefined
  }
  if (value === null) return undefined
  if (depth > depthMax) return 'a value that contains itself'
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null)
    return `a ${value.constructor.name}`
  for (const inner of Object.values(value)) {
    const part = unstorablePart(inner, depth + 1)
    if (part !== undefined) return part
  }
  return undefined
}
