/**
 * What the gateway derives from the one secret that is stored with the data.
 *
 * Owns:     the keyed hash that names requests, and the tags that prove that a token or a cursor is ours.
 * Does not: keep anything: two gateways over the same data derive the same.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

export class Keyring {
  readonly #secret: Uint8Array
  readonly #tagKeys = new Map<string, Uint8Array>()

  constructor(secret: Uint8Array) {
    this.#secret = secret
  }

  /** HMAC-SHA-256 in hexadecimal. */
  digest(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('hex')
  }

  /** 22 characters that only we can make for this text. A tag of one purpose says nothing for another. */
  tag(purpose: string, text: string): string {
    let key = this.#tagKeys.get(purpose)
    if (key === undefined) {
      key = new Uint8Array(hkdfSync('sha256', this.#secret, '', `brigade ${purpose}`, 32))
      this.#tagKeys.set(purpose, key)
    }
    return createHmac('sha256', key).update(text).digest('base64url').slice(0, 22)
  }

  isTag(purpose: string, text: string, tag: string): boolean {
    return isSameSecret(this.tag(purpose, text), tag)
  }
}

/** Compares in a time that tells nothing about where they differ. */
export function isSameSecret(expected: string, given: string): boolean {
  const a = Buffer.from(expected)
  const b = Buffer.from(given)
  return a.length === b.length && timingSafeEqual(a, b)
}
