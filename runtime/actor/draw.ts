/**
 * Randomness that is keyed, not sequenced.
 *
 * A draw is a pure function of its key, so removing a fault or adding a guest changes no other draw.
 * Integer arithmetic only: the same on every machine and V8 version.
 *
 * Source: murmur3's 32-bit finaliser (Appleby, public domain) over FNV-1a (Fowler, Noll, Vo).
 */

/** A 32-bit unsigned hash of a string. Stable for ever: stored data depends on it. */
export function hash32(text: string, seed = 0): number {
  let h = (0x811c9dc5 ^ seed) >>> 0
  for (let i = 0; i < text.length; i += 1) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  }
  return mix32(h)
}

/** Spreads every bit of a 32-bit integer over all of them. */
export function mix32(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A uniform number in [0, 1) for this seed, name and count; 32 bits of it are random. */
export function draw(seed: number, name: string, n = 0): number {
  return drawOf(hash32(name, seed), n)
}

/** `draw` of a name of which `hash32(name, seed)` is known: for those who draw from one name again and again. */
export function drawOf(hash: number, n: number): number {
  return mix32(hash ^ mix32(n + 0x9e3779b9)) / 0x1_0000_0000
}

/** A uniform integer in [0, bound). */
export function drawInteger(bound: number, seed: number, name: string, n = 0): number {
  return Math.floor(draw(seed, name, n) * bound)
}
