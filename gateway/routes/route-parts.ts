/**
 * What routes that change something have in common: the header of an intent, and how such a request can fail.
 *
 * Does not: read the key (`idempotency.ts`), or know what failed (`problems.ts`).
 */
import { Type } from 'typebox'

export const keyHeader = (more = '') =>
  Type.Object({
    'idempotency-key': Type.Optional(
      Type.String({
        description: `Required. A new random key for each intent, the same for its retries: 1 to 64 visible characters${more}. Kept for 24 hours.`,
      }),
    ),
  })

export const signIn = ['unauthorized', 'token-invalid'] as const

/** Ways in which an actor cannot be reached. */
export const reach = [
  'busy',
  'dependency-open',
  'storage-full',
  'entity-relocating',
  'actor-stopped',
  'actor-timeout',
  'actor-failed',
] as const

/** Ways in which a request with a body and a key can be wrong. */
export const keyed = [
  'validation',
  'malformed-json',
  'idempotency-key-missing',
  'idempotency-key-invalid',
  'request-in-progress',
  'idempotency-key-reused',
  'idempotency-key-expired',
  'payload-too-large',
  'unsupported-media-type',
] as const
