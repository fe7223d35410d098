/**
 * Which order an Idempotency-Key makes: the same one for every try, through any gateway.
 *
 * A guest who never heard an answer does not know the id; whoever has the data's secret does.
 */
import { requestKeyOf } from '../idempotency.ts'
import { Keyring } from '../keyring.ts'
import { ordersPath } from './order-body.ts'

/** The name of the intent to place an order: of an account, or of a guest without one. */
export function orderIntentOf(keyring: Keyring, key: string, account = ''): string {
  return requestKeyOf(keyring, { subject: account, method: 'POST', path: ordersPath, key })
}

export const orderIdOf = (intent: string): string => `ord_${intent.slice(0, 32)}`

/** `secret` is what `ClusterClient.idempotencyKey` gives. */
export function orderOfKey(secret: Uint8Array, key: string, account?: string): string {
  return orderIdOf(orderIntentOf(new Keyring(secret), key, account))
}
