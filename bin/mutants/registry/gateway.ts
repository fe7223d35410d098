/** Bugs of the gateway. */
import type { Mutant } from '../mutant.ts'

const routes = ['gateway/routes/orders.test.ts', 'gateway/index.test.ts'] as const
const keys = ['gateway/idempotency.test.ts', ...routes] as const

export const gatewayMutants: readonly Mutant[] = [
  {
    id: 'key-not-scoped',
    where: 'gateway',
    what: 'the same Idempotency-Key on another route is taken for a repetition',
    file: 'gateway/idempotency.ts',
    find: 'return keyring.digest(`${subject}\\n${method}\\n${path}\\n${key}`)',
    replace: 'return keyring.digest(key)',
    by: keys,
  },
  {
    id: 'fingerprint-ignored',
    where: 'gateway',
    what: 'another body under a key that was used gets the answer of the first',
    file: 'gateway/idempotency.ts',
    find: "return hash('sha256', canonical(body), 'base64url')",
    replace: "return hash('sha256', canonical(typeof body), 'base64url')",
    by: keys,
  },
  {
    id: 'fingerprint-of-bytes',
    where: 'gateway',
    what: 'a retry whose JSON has its members in another order is refused',
    file: 'gateway/idempotency.ts',
    find: '\n    .sort(([a], [b]) => (a < b ? -1 : 1))',
    replace: '',
    by: keys,
  },
  {
    id: 'guests-key-too-short',
    where: 'gateway',
    what: "a guest's key may be short enough to be guessed, and with it the order",
    file: 'gateway/idempotency.ts',
    find: 'if (key.length < lengthMin) {',
    replace: 'if (key.length < 1) {',
    by: keys,
  },
  {
    id: 'created-before-durable',
    where: 'gateway',
    what: 'an order is told to be there when nobody knows yet whether it is',
    file: 'gateway/routes/orders.ts',
    find: "if (outcome.kind !== 'done') throw refusal(outcome, id)\n      if (headers.prefer",
    replace:
      "if (outcome.kind === 'timeout' || outcome.kind === 'running') {\n        reply.code(201)\n        return { id } as never\n      }\n      if (outcome.kind !== 'done') throw refusal(outcome, id)\n      if (headers.prefer",
    by: routes,
  },
  {
    id: 'order-token-not-checked',
    where: 'gateway',
    what: 'any token opens any order',
    file: 'gateway/routes/order-token.ts',
    find: '!keyring.isTag(purpose, orderId, token)',
    replace: "token === ''",
    by: routes,
  },
  {
    id: 'retry-refused-by-new-menu',
    where: 'gateway',
    what: 'a retry is refused because a dish was taken off the menu since the order was placed',
    file: 'gateway/routes/orders.ts',
    find: "if (outcome.kind === 'unknown') throw refused",
    replace: "if (outcome.kind !== 'timeout') throw refused",
    by: routes,
  },
  {
    id: 'copy-always-good',
    where: 'gateway',
    what: 'a copy that is out of date is called good',
    file: 'gateway/conditional.ts',
    find: "tag.trim().replace(/^W\\//, '') === etag",
    replace: "tag.trim() !== ''",
    by: routes,
  },
]
