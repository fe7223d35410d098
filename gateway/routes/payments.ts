/**
 * Payments over HTTP: reading one, and giving money back.
 *
 * Owns:     which message each route sends, and who may.
 * Does not: take payments (an order does), or decide how much can be given back (the payment does).
 */
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type OrderView, orderRef, type PaymentMessage, type PaymentView, paymentRef } from '#actors'
import { type Auth, byAccount, hasRole, requireCaller } from '../auth/caller.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { etagOf, isStillGood, StillGood } from '../conditional.ts'
import { fingerprintOf, requestKeyOf, requiredKeyOf } from '../idempotency.ts'
import type { Keyring } from '../keyring.ts'
import { answerOf, doneOf, inWords, Problem } from '../problems.ts'
import { pathOf, problems, type Server } from '../server.ts'
import { settled, waitSecondsOf } from '../waiting.ts'
import { authorize, byOrderToken } from './order-token.ts'
import {
  Payment,
  PaymentRef,
  paymentBody,
  paymentsPath,
  RefundBody,
  RefundRef,
  RefundWish,
  refundBody,
} from './payment-body.ts'
import { keyed, keyHeader, reach, signIn, written } from './route-parts.ts'

export interface PaymentRouteOptions {
  readonly client: ClusterClient
  readonly auth: Auth
  readonly keyring: Keyring
  readonly timeoutMs: () => number
}

const tags = ['payments']
const OfPayment = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })
const OfRefund = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100 }),
  refund: Type.String({ minLength: 1, maxLength: 100 }),
})

export function paymentRoutes(app: Server, options: PaymentRouteOptions): void {
  const { client, auth, keyring, timeoutMs } = options
  app.addSchema(RefundBody)
  app.addSchema(Payment)

  const read = async (id: string, trace: string): Promise<{ view: PaymentView; version: number }> => {
    const outcome = await client.request({
      actor: paymentRef(id),
      body: { kind: 'query', name: 'view' },
      timeoutMs: timeoutMs(),
      trace,
    })
    const { value, version } = answerOf(outcome, `Payment '${id}'`)
    return { view: value as PaymentView, version }
  }

  /** The house, whoever has the order's token, or the account that placed the order. */
  const mayRead = async (id: string, request: FastifyRequest): Promise<void> => {
    const caller = await auth.callerOf(request)
    if (caller === undefined) return authorize(keyring, id, request.headers)
    if (hasRole(caller, 'staff', 'manager')) return
    const outcome = await client.request({
      actor: orderRef(id),
      body: { kind: 'query', name: 'view' },
      timeoutMs: timeoutMs(),
      trace: request.trace.context,
    })
    const isOwn = outcome.kind === 'answer' && (outcome.value as OrderView).guest === caller.account
    // Whose it is, is nobody else's business: not even that it is.
    if (!isOwn) throw new Problem('not-found', `Payment '${id}' does not exist.`)
  }

  app.get(
    `${paymentsPath}/:id`,
    {
      schema: {
        summary: 'One payment',
        tags,
        security: [...byOrderToken, ...byAccount],
        params: OfPayment,
        response: {
          200: PaymentRef,
          304: StillGood,
          ...problems('validation', ...signIn, 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      await mayRead(id, request)
      const { view, version } = await read(id, request.trace.context)
      if (isStillGood(reply, etagOf(version))) return null
      return paymentBody(view, version)
    },
  )

  app.get(
    `${paymentsPath}/:id/refunds/:refund`,
    {
      schema: {
        summary: 'One refund',
        tags,
        security: [...byOrderToken, ...byAccount],
        params: OfRefund,
        response: { 200: RefundRef, ...problems('validation', ...signIn, 'not-found', ...reach) },
      },
    },
    async (request, reply) => {
      const { id, refund } = request.params
      await mayRead(id, request)
      const { view, version } = await read(id, request.trace.context)
      reply.header('etag', etagOf(version))
      return refundBody(refundIn(view, refund))
    },
  )

  app.post(
    `${paymentsPath}/:id/refunds`,
    {
      schema: {
        summary: 'Gives a guest some of the money back: role staff or manager',
        description:
          'While the order cooks, and for three days of the restaurant after it was completed. The provider does it after the answer; `Prefer: wait=n` waits for that at most n seconds.',
        tags,
        security: byAccount,
        params: OfPayment,
        headers: keyHeader(),
        body: RefundWish,
        response: {
          201: RefundRef,
          ...problems(
            ...written,
            ...keyed,
            ...signIn,
            'forbidden',
            'not-found',
            'nothing-to-refund',
            ...reach,
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const caller = await requireCaller(auth, request, 'staff', 'manager')
      const key = requiredKeyOf(request.headers['idempotency-key'])
      const scope = { subject: caller.account, method: 'POST', path: pathOf(request.url), key }
      const intent = requestKeyOf(keyring, scope)
      const { amount, reason } = request.body
      const refund = `re_${intent.slice(0, 32)}`
      const message: PaymentMessage = {
        type: 'payment.refund',
        refund,
        amount: amount.amount,
        ...(reason !== undefined && { reason }),
      }
      const outcome = await client.request({
        actor: paymentRef(id),
        body: { kind: 'command', message },
        key: intent,
        fingerprint: fingerprintOf(request.body),
        timeoutMs: timeoutMs(),
        trace: request.trace.context,
      })
      if (outcome.kind === 'not-accepted' || outcome.kind === 'archived') {
        throw await nothingToRefund(id, request.trace.context, amount.amount)
      }
      if (doneOf(outcome, `Payment '${id}'`).replayed) reply.header('idempotent-replayed', 'true')
      reply.code(201).header('location', `${paymentsPath}/${id}/refunds/${refund}`)
      const seconds = waitSecondsOf(request.headers.prefer)
      const readNow = () => read(id, request.trace.context)
      const { view, version } =
        seconds === undefined
          ? await readNow()
          : await settled(
              client,
              paymentRef(id),
              readNow,
              (now) => refundIn(now.view, refund).state !== 'asked',
              seconds * 1_000,
            )
      if (seconds !== undefined) reply.header('preference-applied', `wait=${seconds}`)
      reply.header('etag', etagOf(version))
      return refundBody(refundIn(view, refund))
    },
  )

  const nothingToRefund = async (id: string, trace: string, amount: number): Promise<Problem> => {
    const { view } = await read(id, trace)
    const promised = view.refunds.reduce(
      (sum, refund) => sum + (refund.state === 'asked' ? refund.amount : 0),
      0,
    )
    const left = Math.max(0, view.captured - view.refunded - promised)
    return new Problem('nothing-to-refund', {
      detail: `Payment '${id}' is ${inWords(view.state)}, and ${left} of the ${amount} cents could be given back.`,
      currentState: view.state,
    })
  }
}

function refundIn({ order, refunds }: PaymentView, refund: string) {
  const found = refunds.find(({ id }) => id === refund)
  if (found === undefined) throw new Problem('not-found', `Payment '${order}' has no refund '${refund}'.`)
  return found
}
