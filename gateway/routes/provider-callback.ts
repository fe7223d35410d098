/**
 * What the payment provider tells by itself: signed, perhaps late, twice, or after newer news.
 *
 * Owns:     whether it is the provider who speaks, and now.
 * Does not: judge what it says: the payment takes what is news, and nothing else.
 */
import { createHmac } from 'node:crypto'
import { Type } from 'typebox'
import { type PaymentMessage, ProviderStatus, paymentRef } from '#actors'
import type { ClusterClient } from '../cluster-client.ts'
import { isSameSecret } from '../keyring.ts'
import { Problem, problemOf } from '../problems.ts'
import { problems, type Server } from '../server.ts'
import { exact, reach } from './route-parts.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** As it came, of a route that checks a signature. */
    rawBody?: string
  }
}

export interface CallbackOptions {
  readonly client: ClusterClient
  /** Known to the provider and to us. Absent: nobody is believed. */
  readonly secret?: string
  readonly timeoutMs: () => number
}

/** What was signed longer ago, or so far ahead of our clock, may be somebody's copy. */
const ageSecondsMax = 300

const News = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 100 }),
    payment: Type.String({ minLength: 1, maxLength: 100 }),
    status: ProviderStatus,
    captured: Type.Integer({ minimum: 0 }),
    refunded: Type.Integer({ minimum: 0 }),
    reason: Type.Optional(Type.String({ maxLength: 200 })),
  },
  exact,
)

export function providerCallbackRoutes(server: Server, options: CallbackOptions): void {
  const { client, secret, timeoutMs } = options
  void server.register(async (scope) => {
    const parse = scope.getDefaultJsonParser('error', 'error')
    scope.removeContentTypeParser('application/json')
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
      request.rawBody = String(body)
      parse(request, String(body), done)
    })
    const app = scope as unknown as Server
    app.post(
      '/api/v1/callbacks/provider',
      {
        config: { isUncounted: true },
        schema: {
          summary: 'The payment provider tells that a payment has changed',
          description:
            '`Provider-Signature: t=<seconds since 1970>,v1=<hex>`: HMAC-SHA-256 of the seconds, a full stop and the body, with the secret of both sides. At most five minutes old.',
          tags: ['payments'],
          headers: Type.Object({ 'provider-signature': Type.Optional(Type.String()) }),
          body: News,
          response: {
            204: Type.Null({ description: 'Heard. What was known before changes nothing.' }),
            ...problems(
              'validation',
              'malformed-json',
              'payload-too-large',
              'unsupported-media-type',
              'signature-invalid',
              'not-found',
              ...reach,
            ),
          },
        },
      },
      async (request, reply) => {
        checkSignature(secret, request.headers['provider-signature'], request.rawBody ?? '')
        const { id: _, payment, ...said } = request.body
        const message: PaymentMessage = { type: 'payment.news', ...said }
        const outcome = await client.request({
          actor: paymentRef(payment),
          body: { kind: 'command', message },
          timeoutMs: timeoutMs(),
          trace: request.trace.context,
        })
        // No news, or too late to matter.
        const isHeard = ['done', 'not-accepted', 'archived'].includes(outcome.kind)
        if (!isHeard) throw problemOf(outcome, `Payment '${payment}'`)
        reply.code(204)
        return null
      },
    )
  })
}

function checkSignature(secret: string | undefined, header: string | undefined, body: string): void {
  const [, seconds = '', tag = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? []
  const expected = createHmac('sha256', secret ?? '')
    .update(`${seconds}.${body}`)
    .digest('hex')
  if (secret === undefined || secret === '' || !isSameSecret(expected, tag)) {
    throw new Problem('signature-invalid', 'The Provider-Signature does not fit the body.')
  }
  if (Math.abs(Date.now() / 1_000 - Number(seconds)) > ageSecondsMax) {
    throw new Problem('signature-invalid', `It was signed more than ${ageSecondsMax} seconds ago or ahead.`)
  }
}
