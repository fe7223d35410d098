/**
 * What this phone keeps between two visits: the cart, an order that is being sent, the orders with their tokens.
 *
 * Owns:     where it lies. In memory alone, where the browser keeps nothing for pages.
 * Does not: know what it means. A token is a secret of this phone; it is sent to its own server, in a header, and nowhere else.
 */
import { type ShallowRef, shallowRef, watch } from 'vue'

/**
 * A value that is written down at each change; other tabs of this phone see it. What cannot be read counts as `none`.
 * `merge` says what stands when another tab has written; of two equal values it takes theirs, or both would write for ever.
 */
export function kept<Value>(
  name: string,
  none: Value,
  merge: (mine: Value, theirs: Value) => Value = (_, theirs) => theirs,
): ShallowRef<Value> {
  const place = `brigade.storefront.${name}`
  const read = (text: string | null): Value => {
    try {
      return text === null ? none : (JSON.parse(text) as Value)
    } catch {
      return none
    }
  }
  const value = shallowRef<Value>(none)
  try {
    value.value = read(localStorage.getItem(place))
  } catch {
    return value
  }
  // At once: a page may be gone in the next moment.
  watch(
    value,
    (now) => {
      try {
        const text = JSON.stringify(now)
        if (localStorage.getItem(place) !== text) localStorage.setItem(place, text)
      } catch {
        // It is full: what is in memory goes on.
      }
    },
    { flush: 'sync' },
  )
  addEventListener('storage', ({ key, newValue }) => {
    if (key === place) value.value = merge(value.value, read(newValue))
  })
  return value
}

/** Random, for an intent of its own. `crypto.randomUUID` is not there over plain HTTP from another machine. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )
