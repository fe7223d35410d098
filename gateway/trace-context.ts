/**
 * W3C trace context: which trace a request belongs to, and our span in it.
 *
 * Owns:     reading `traceparent` and making a new one. A header that is malformed starts a new trace; it is
 *           never a reason to refuse a request.
 */
import { randomFillSync } from 'node:crypto'

export interface TraceContext {
  readonly traceId: string
  /** `traceparent` of our own span: what goes on to the cluster and back to the caller. */
  readonly parent: string
}

const noTrace = '0'.repeat(32)
const noSpan = '0'.repeat(16)
const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

export function traceOf(header: string | string[] | undefined): TraceContext {
  const match = typeof header === 'string' ? shape.exec(header) : null
  const [, version, traceId, spanId, flags, more] = match ?? []
  const isValid =
    traceId !== undefined &&
    version !== 'ff' &&
    traceId !== noTrace &&
    spanId !== noSpan &&
    (version !== '00' || more === undefined)
  if (isValid) return { traceId, parent: `00-${traceId}-${randomHex(8)}-${flags}` }
  const fresh = randomHex(16)
  // Sampled, and random: the two flags of a trace that begins here.
  return { traceId: fresh, parent: `00-${fresh}-${randomHex(8)}-03` }
}

// The system's source is asked for many bytes at once; a call for each request costs more than the request's hash.
const pool = Buffer.alloc(8_192)
let taken = pool.length

function randomHex(bytes: number): string {
  if (taken + bytes > pool.length) {
    randomFillSync(pool)
    taken = 0
  }
  taken += bytes
  return pool.toString('hex', taken - bytes, taken)
}
