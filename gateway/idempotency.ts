/**
 * The Idempotency-Key header, and what is derived from it.
 *
 * A creation's actor is named by its key, so a retry through any gateway finds the same actor; the actor's
 * shard remembers the reply. The gateway itself stores nothing.
 *
 * Owns:     the header's form (draft-ietf-httpapi-idempotency-key-header-06: a structured-field string; a bare
 *           token is taken too), its scope, and the fingerprint of a body.
 * Does not: compare or remember (the kernel's `requests` rows do, for 24 hours).
 *
 * Invariants:
 *   I1. Two requests have the same request key if and only if subject, method, path and header agree.
 *   I2. Two bodies have the same fingerprint if and only if they are the same JSON value.
 */
import { hash } from 'node:crypto'
import type { Keyring } from './keyring.ts'
import { Problem } from './problems.ts'

/** A guest is known by the key alone: this many characters of base64 hold 128 bits. */
export const guestKeyLengthMin = 22

const quoted = /^"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,64})"$/
const bare = /^[\x21-\x7e]{1,64}$/

/** The key, without quotes; undefined when there is no header. */
export function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const text = Array.isArray(header) ? header.join(',') : header
  const inner = quoted.exec(text)?.[1]?.replace(/\\(["\\])/g, '$1')
  const key = inner ?? (bare.test(text) && !text.startsWith('"') ? text : undefined)
  if (key === undefined) {
    throw new Problem('idempotency-key-invalid', {
      detail: 'The Idempotency-Key has to be 1 to 64 visible ASCII characters.',
      errors: [{ parameter: 'idempotency-key', detail: 'must be 1 to 64 visible ASCII characters' }],
    })
  }
  return key
}

/** The key of a route that requires one. */
export function requiredKeyOf(header: string | string[] | undefined, lengthMin = 1): string {
  const key = idempotencyKeyOf(header)
  if (key === undefined) {
    throw new Problem('idempotency-key-missing', {
      detail: 'Send an Idempotency-Key header: a new random one for each new intent.',
      errors: [{ parameter: 'idempotency-key', detail: 'is missing' }],
    })
  }
  if (key.length < lengthMin) {
    throw new Problem('idempotency-key-invalid', {
      detail: `A guest's Idempotency-Key has to have at least ${lengthMin} characters; this one has ${key.length}.`,
      errors: [{ parameter: 'idempotency-key', detail: `must have at least ${lengthMin} characters` }],
    })
  }
  return key
}

export interface RequestScope {
  /** Who asks: an account, an order token's order, or nobody. */
  readonly subject: string
  readonly method: string
  /** The concrete path, without the query. */
  readonly path: string
  readonly key: string
}

/** 64 hexadecimal characters: the name of this intent in the cluster. */
export function requestKeyOf(keyring: Keyring, { subject, method, path, key }: RequestScope): string {
  // None of the parts can hold a line feed: header values and URLs cannot.
  return keyring.digest(`${subject}\n${method}\n${path}\n${key}`)
}

export function fingerprintOf(body: unknown): string {
  return hash('sha256', canonical(body), 'base64url')
}

/** JSON with the members of every object in order of their names. `undefined` (no body) is the empty text. */
function canonical(value: unknown): string {
  if (value === undefined) return ''
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
  return `{${members.join(',')}}`
}
