/**
 * The secret that a webhook's deliveries are signed with.
 *
 * It is derived from the service key: shown once by the gateway, derived again by whoever signs, and never kept, sent to
 * an actor, or written down.
 */
import { createHmac, hkdfSync } from 'node:crypto'

/** `number` says which of its secrets: a new number is a new secret. */
export function webhookSecretOf(serviceKey: string, webhook: string, number: number): string {
  const key = new Uint8Array(hkdfSync('sha256', serviceKey, '', 'brigade webhook-secret', 32))
  return `whsec_${createHmac('sha256', key).update(`${webhook}\n${number}`).digest('base64url')}`
}

/** `t=…,v1=…`: the time in seconds, and HMAC-SHA-256 over `t.body`. */
export function signatureOf(secret: string, atSeconds: number, body: string): string {
  const digest = createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex')
  return `t=${atSeconds},v1=${digest}`
}
