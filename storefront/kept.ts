/**
 * What this phone keeps between two visits: the cart, an order that is being sent, the orders with their tokens.
 *
 * Owns:     where it lies. In memory alone, where the browser keeps nothing for pages.
 * Does not: know what it means. A token is a secret of this phone; it is sent to its own server, in a header, and nowhere else.
 */
import { type ShallowRef, shallowRef, watch } from 'vue'

/**
 * A value that is written down at each change; other tabs of this phone see it. What cannot be read counts as `none`.
 * `merge` says what stands when another tab has written: in all tabs the same, or they would write for ever. Without it the
 * last one that writes is right.
 */
export function kept<Value>(
  name: string,
  none: Value,
  merge?: (mine: Value, theirs: Value) => Value,
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
  /** What stood there when this tab looked last: anything else is another's. */
  let seen: string | null
  try {
    seen = localStorage.getItem(place)
    value.value = read(seen)
  } catch {
    return value
  }
  // At once: a page may be gone in the next moment.
  watch(
    value,
    (now) => {
      try {
        const stands = localStorage.getItem(place)
        const next = merge === undefined || stands === seen ? now : merge(now, read(stands))
        seen = JSON.stringify(next)
        if (stands !== seen) localStorage.setItem(place, seen)
        value.value = next
      } catch {
        // It is full: what is in memory goes on.
      }
    },
    { flush: 'sync' },
  )
  const hear = (text: string | null): void => {
    const theirs = read(text)
    value.value = merge === undefined ? theirs : merge(value.value, theirs)
  }
  addEventListener('storage', ({ key, newValue }) => {
    if (key === place) hear(newValue)
  })
  // A page that comes back from the browser's cache of pages was told of nothing meanwhile.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) hear(localStorage.getItem(place))
  })
  return value
}

/** Random, for an intent of its own. `crypto.randomUUID` is not there over plain HTTP from another machine. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )
