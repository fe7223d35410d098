/**
 * The token of a guest's order: who holds it reads, follows, pays, cancels and collects that one order.
 *
 * It is derived from the order's id with a key that is stored with the data, so nothing is kept and every gateway
 * agrees. It goes into `Authorization: Bearer …` or `X-Order-Token`; the event stream also takes `?token=`,
 * because a browser's `EventSource` cannot set headers.
 */
import type { FastifyRequest } from 'fastify'
import { bearerOf } from '../auth/caller.ts'
import type { Keyring } from '../keyring.ts'
import { Problem } from '../problems.ts'
import type { SecurityScheme } from '../server.ts'

const purpose = 'order-token'
const description = 'The `orderToken` that the order was created with.'

export const orderTokenSchemes = {
  orderToken: { type: 'http', scheme: 'bearer', description },
  orderTokenHeader: { type: 'apiKey', in: 'header', name: 'X-Order-Token', description },
  orderTokenQuery: { type: 'apiKey', in: 'query', name: 'token', description },
} as const satisfies Record<string, SecurityScheme>

/** For a route's `security`: any one of these will do. */
export const byOrderToken = [{ orderToken: [] }, { orderTokenHeader: [] }, { accessToken: [] }]

export const orderTokenOf = (keyring: Keyring, orderId: string): string => keyring.tag(purpose, orderId)

/**
 * Both refusals are 401 and are decided without asking for the order: whether it exists is told only to whom it
 * belongs.
 */
export function authorize(
  keyring: Keyring,
  orderId: string,
  headers: FastifyRequest['headers'],
  queryToken?: string,
): void {
  const bearer = bearerOf(headers.authorization)
  const token = headers['x-order-token'] ?? queryToken ?? bearer
  if (token === undefined) {
    throw new Problem('unauthorized', 'Log in, or send the `orderToken` of this order as a bearer token.')
  }
  if (typeof token !== 'string' || !keyring.isTag(purpose, orderId, token)) {
    throw new Problem('token-invalid', 'This token was not given for this order.')
  }
}
