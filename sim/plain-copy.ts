/**
 * A copy of plain data that shares nothing with it, and a refusal of whatever is not plain data.
 *
 * Stricter than the real store and the real wire, which quietly turn a function into nothing and an instance
 * into an object: what does not survive is found where it is handed over, not when it is read.
 */

// Deeper than any message; less deep than the stack.
const depthMax = 200

/** @throws TypeError for a function, a symbol, a bigint, an instance of a class, or a value that contains itself. */
export function plainCopy<T>(value: T): T {
  return copy(value, 0) as T
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value !== 'object') {
    if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
      throw new TypeError(`A ${typeof value} is not plain data.`)
    }
    return value
  }
  if (value === null) return null
  if (depth > depthMax) throw new TypeError('A value that contains itself is not plain data.')
  if (Array.isArray(value)) {
    const items: unknown[] = value.slice()
    for (let i = 0; i < items.length; i += 1) items[i] = copy(items[i], depth + 1)
    return items
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`A ${value.constructor.name} is not plain data: use plain objects and arrays.`)
  }
  // A spread keeps the shape, which is three times as fast as adding field by field.
  const fields: Record<string, unknown> = { ...value }
  for (const name in fields) {
    const field = fields[name]
    if (typeof field === 'object' ? field !== null : !isPlain(field)) fields[name] = copy(field, depth + 1)
  }
  return fields
}

const isPlain = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === undefined
