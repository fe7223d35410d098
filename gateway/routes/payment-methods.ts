/**
 * Stored cards over HTTP.
 *
 * The one place where a card number is in this process: it comes in a body, goes to the provider, and is forgotten.
 *
 * Owns:     the checks of a card, and that nothing of it but token, last four digits and brand goes on.
 * Does not: talk to the provider (a `CardExchange` that the composition root hands over), or store (`vault`).
 *
 * Invariants:
 *   V1. No card number and no security code is in a message, a key, a fingerprint, a log, a trace or an error.
 */
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Message } from '#actor'
import {
  type CardData,
  type CardExchange,
  type Exchanged,
  methodsMax,
  type VaultMessage,
  type VaultView,
  vaultRef,
  type WalletView,
  walletRef,
} from '#actors'
import { type Auth, byAccount, requireCaller } from '../auth/caller.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { fingerprintOf, requestKeyOf, requiredKeyOf } from '../idempotency.ts'
import type { Keyring } from '../keyring.ts'
import { answerOf, doneOf, Problem, problemOf } from '../problems.ts'
import { problems, type Server } from '../server.ts'
import { settled } from '../waiting.ts'
import { exact, keyed, keyHeader, reach, signIn, written } from './route-parts.ts'

export interface PaymentMethodOptions {
  readonly client: ClusterClient
  readonly auth: Auth
  readonly keyring: Keyring
  /** Absent: this house stores no cards, and 503 says so. */
  readonly exchange?: CardExchange
  readonly timeoutMs: () => number
}

const tags = ['payment methods']
const path = '/api/v1/payment-methods'

const Card = Type.Object(
  {
    // Shape and checksum are looked at by hand: the words of a schema's error could repeat what was sent.
    number: Type.String({ maxLength: 40, description: '12 to 19 digits; spaces and hyphens are left out.' }),
    expMonth: Type.Integer({ minimum: 1, maximum: 12 }),
    expYear: Type.Integer({ minimum: 2000, maximum: 2999 }),
    cvc: Type.Optional(Type.String({ maxLength: 10, description: 'Three or four digits.' })),
  },
  exact,
)

const Method = Type.Object(
  {
    id: Type.String(),
    last4: Type.String(),
    brand: Type.String(),
    links: Type.Object({ self: Type.String() }, exact),
  },
  { ...exact, $id: 'PaymentMethod' },
)
const MethodRef = Type.Unsafe<{
  id: string
  last4: string
  brand: string
  links: { self: string }
}>(Type.Ref('PaymentMethod#'))
const Methods = Type.Object({ items: Type.Array(MethodRef, { maxItems: methodsMax }) }, exact)
const OfMethod = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })

const shown = ({ method, last4, brand }: { method: string; last4: string; brand: string }) => ({
  id: method,
  last4,
  brand,
  links: { self: `${path}/${method}` },
})

export function paymentMethodRoutes(app: Server, options: PaymentMethodOptions): void {
  const { client, auth, keyring, exchange, timeoutMs } = options
  app.addSchema(Method)

  const entryOf = (id: string, trace: string) => readEntry(client, id, trace, timeoutMs())

  app.post(
    path,
    {
      // A refusal in the usual words would repeat the name of a member that is not known, and it may be a number.
      attachValidation: true,
      schema: {
        summary: 'Stores a card',
        description:
          'The number goes to the payment provider and nowhere else; what is kept is its token, the last four digits and the brand.',
        tags,
        security: byAccount,
        headers: keyHeader(),
        body: Card,
        response: {
          201: MethodRef,
          ...problems(
            ...written,
            ...keyed,
            ...signIn,
            'card-invalid',
            'too-many-methods',
            'provider-unavailable',
            ...reach,
          ),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      if (request.validationError !== undefined) {
        throw new Problem(
          'validation',
          'A card is number, expMonth and expYear, and perhaps cvc, and nothing else.',
        )
      }
      const key = requiredKeyOf(request.headers['idempotency-key'])
      const intent = requestKeyOf(keyring, { subject: account, method: 'POST', path, key })
      const card = checkedCard(request.body, new Date())
      const trace = request.trace.context
      const method = `pm_${intent.slice(0, 32)}`
      const asked = {
        actor: vaultRef(method),
        key: intent,
        // Of what is stored in the open, never of the card: a number can be found by trying until its hash fits.
        fingerprint: fingerprintOf(card.number.slice(-4)),
        timeoutMs: timeoutMs(),
        trace,
      }
      // The provider forgets keys: what is stored already is not exchanged for another token.
      let outcome = await client.request({ ...asked, body: { kind: 'recall' } })
      if (outcome.kind === 'unknown') {
        const exchanged = await exchange?.(card, intent, trace)
        if (exchanged?.kind !== 'done') throw notExchanged(exchanged?.kind)
        const { kind: _, ...token } = exchanged
        const message: VaultMessage = { type: 'vault.store', owner: account, ...token }
        outcome = await client.request({ ...asked, body: { kind: 'command', message } })
      }
      const { reply: said, replayed } = doneOf(outcome, `Payment method '${method}'`)
      const entry = await settled(
        client,
        vaultRef(method),
        () => entryOf(method, trace),
        ({ state }) => state !== 'storing',
        timeoutMs(),
      )
      if (entry.state === 'refused') {
        throw new Problem('too-many-methods', `An account stores at most ${methodsMax} cards.`)
      }
      if (replayed) reply.header('idempotent-replayed', 'true')
      reply.code(201).header('location', `${path}/${method}`)
      return shown(said as Message & VaultView)
    },
  )

  app.get(
    path,
    {
      schema: {
        summary: 'The cards of the account',
        tags,
        security: byAccount,
        response: { 200: Methods, ...problems(...signIn, ...reach) },
      },
    },
    async (request) => {
      const { account } = await requireCaller(auth, request)
      const outcome = await client.request({
        actor: walletRef(account),
        body: { kind: 'query', name: 'view' },
        timeoutMs: timeoutMs(),
        trace: request.trace.context,
      })
      if (outcome.kind === 'unknown') return { items: [] }
      return { items: (answerOf(outcome, 'The wallet').value as WalletView).methods.map(shown) }
    },
  )

  app.get(
    `${path}/:id`,
    {
      schema: {
        summary: 'One card of the account',
        tags,
        security: byAccount,
        params: OfMethod,
        response: { 200: MethodRef, ...problems('validation', ...signIn, 'not-found', ...reach) },
      },
    },
    async (request) => {
      const { account } = await requireCaller(auth, request)
      return shown(ownEntry(await entryOf(request.params.id, request.trace.context), account))
    },
  )

  app.delete(
    `${path}/:id`,
    {
      schema: {
        summary: 'Forgets a card',
        tags,
        security: byAccount,
        params: OfMethod,
        response: {
          204: Type.Null({ description: 'Nothing can be paid with it any more.' }),
          ...problems('validation', ...signIn, 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const { id } = request.params
      ownEntry(await entryOf(id, request.trace.context), account)
      const outcome = await client.request({
        actor: vaultRef(id),
        body: { kind: 'command', message: { type: 'vault.remove' } },
        timeoutMs: timeoutMs(),
        trace: request.trace.context,
      })
      // Somebody was faster: it is gone, as was wanted.
      if (outcome.kind !== 'archived') doneOf(outcome, `Payment method '${id}'`)
      reply.code(204)
      return null
    },
  )
}

function notExchanged(why: Exchanged['kind'] = 'unavailable'): Problem {
  if (why === 'key-reused') return problemOf({ kind: why }, 'The provider')
  if (why === 'refused') return new Problem('card-invalid', 'The provider refuses this card.')
  return new Problem('provider-unavailable', 'The payment provider does not answer.')
}

async function readEntry(
  client: ClusterClient,
  id: string,
  trace: string,
  timeoutMs: number,
): Promise<VaultView> {
  const outcome = await client.request({
    actor: vaultRef(id),
    body: { kind: 'query', name: 'view' },
    timeoutMs,
    trace,
  })
  return answerOf(outcome, `Payment method '${id}'`).value as VaultView
}

/** @throws Problem `not-found`: whose a card is, and whether it is, is told to its owner alone. */
function ownEntry(entry: VaultView, account: string): VaultView {
  const isThere = entry.state === 'storing' || entry.state === 'stored'
  if (entry.owner === account && isThere && entry.token !== null) return entry
  throw new Problem('not-found', `Payment method '${entry.method}' does not exist.`)
}

/**
 * The provider's token of a card that the caller has stored, for an order or a payment.
 *
 * @throws Problem `unauthorized`, `validation`, and what cannot be reached.
 */
export async function tokenOfMethod(
  { client, auth, timeoutMs }: Pick<PaymentMethodOptions, 'client' | 'auth' | 'timeoutMs'>,
  request: FastifyRequest,
  method: string,
  pointer: string,
): Promise<string> {
  const { account } = await requireCaller(auth, request)
  try {
    const entry = ownEntry(await readEntry(client, method, request.trace.context, timeoutMs()), account)
    return entry.token ?? ''
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'not-found') throw error
    const detail = `is no payment method of this account`
    throw new Problem('validation', { detail: `${pointer} ${detail}.`, errors: [{ pointer, detail }] })
  }
}

/** @throws Problem `card-invalid`, which repeats nothing of the card. */
function checkedCard({ number, expMonth, expYear, cvc }: CardData, now: Date): CardData {
  const digits = number.replaceAll(/[ -]/g, '')
  const wrong = (field: string, detail: string): Problem =>
    new Problem('card-invalid', {
      detail: `The card's ${field} ${detail}.`,
      errors: [{ pointer: `#/${field}`, detail }],
    })
  if (!/^\d{12,19}$/.test(digits) || !hasCheckDigit(digits)) throw wrong('number', 'is no card number')
  const isPast = expYear * 12 + expMonth - 1 < now.getUTCFullYear() * 12 + now.getUTCMonth()
  if (isPast) throw wrong('expYear', 'has passed')
  if (cvc !== undefined && !/^\d{3,4}$/.test(cvc)) throw wrong('cvc', 'is not three or four digits')
  return { number: digits, expMonth, expYear, ...(cvc !== undefined && { cvc }) }
}

/** Luhn's: from the right every second digit is doubled, and the sum of all digits ends in 0. */
function hasCheckDigit(digits: string): boolean {
  let sum = 0
  for (let n = 0; n < digits.length; n += 1) {
    const digit = Number(digits[digits.length - 1 - n])
    const doubled = digit * 2
    sum += n % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
