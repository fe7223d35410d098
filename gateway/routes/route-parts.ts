/**
 * What routes have in common: headers that they take, and how a request to an actor can fail.
 *
 * Does not: read those headers (`idempotency.ts`, `conditional.ts`), or know what failed (`problems.ts`).
 */
import { Type } from 'typebox'

/** Of a body or a document: what is not named in it is refused. */
export const exact = { additionalProperties: false } as const

export const keyHeader = (more = '') =>
  Type.Object({
    'idempotency-key': Type.Optional(
      Type.String({
        description: `Required. A new random key for each intent, the same for its retries: 1 to 64 visible characters${more}. Kept for 24 hours.`,
      }),
    ),
  })

export const matchHeader = Type.Object({
  'if-match': Type.Optional(Type.String({ description: 'Required: the `ETag` of what was read.' })),
})

export const signIn = ['unauthorized', 'token-invalid'] as const

/** Of a route that asks for a role. */
export const signInAs = [...signIn, 'forbidden'] as const

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

/** Ways in which a request with a body can be wrong. */
export const written = [
  'validation',
  'malformed-json',
  'payload-too-large',
  'unsupported-media-type',
] as const

/** Ways in which one with a key can be wrong. */
export const keyed = [
  'idempotency-key-missing',
  'idempotency-key-invalid',
  'request-in-progress',
  'idempotency-key-reused',
  'idempotency-key-expired',
] as const

/** Ways in which one that needs `If-Match` can be wrong. */
export const matched = ['precondition-failed', 'precondition-required'] as const
