/**
 * Webhooks over HTTP: where an account wants to be told on the web, and what was told there lately.
 *
 * Owns:     which message each route sends, and what its outcomes mean. Everything is the caller's own.
 * Does not: reach a receiver, or keep a secret: it is derived when it is shown.
 *
 * Invariants:
 *   WH1. A secret is in the answer to the request that made it, and in no message, list or later answer.
 */
import { type Static, Type } from 'typebox'
import {
  currency,
  type Delivery,
  inboxRef,
  noticeEvents,
  type WebhookMessage,
  WebhookUrl,
  type WebhookView,
  webhookRef,
  webhooksMax,
} from '#actors'
import type { Outcome } from '#ports'
import { type Auth, byAccount, requireCaller } from '../auth/caller.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { etagOf, isStillGood, requiredVersionOf, StillGood } from '../conditional.ts'
import { cursorOf, nextLink, PageQuery, pageSize, placeOf } from '../cursor.ts'
import { fingerprintOf, requestKeyOf, requiredKeyOf } from '../idempotency.ts'
import type { Keyring } from '../keyring.ts'
import { answerOf, doneOf, Problem } from '../problems.ts'
import { problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { settled } from '../waiting.ts'
import type { Money } from './order-body.ts'
import { exact, keyed, keyHeader, matchHeader, reach, signIn, written } from './route-parts.ts'

/** What the deliveries of a webhook are signed with. `number` says which of its secrets. */
export type WebhookSecret = (webhook: string, number: number) => string

export interface WebhookRouteOptions {
  readonly client: ClusterClient
  readonly auth: Auth
  readonly keyring: Keyring
  readonly secretOf: WebhookSecret
  readonly timeoutMs: () => number
}

const tags = ['webhooks']
const path = '/api/v1/webhooks'

const Events = Type.Array(Type.Enum(noticeEvents), {
  minItems: 1,
  maxItems: noticeEvents.length,
  uniqueItems: true,
})
const secret = Type.Optional(
  Type.String({ description: 'Signs the deliveries. It is shown this once: keep it.' }),
)
const webhookFields = {
  id: Type.String(),
  url: Type.String(),
  events: Type.Array(Type.Enum(noticeEvents)),
  enabled: Type.Boolean(),
  createdAt: Timestamp,
  links: Type.Object({ self: Type.String(), deliveries: Type.String() }, exact),
}
const WebhookBody = Type.Object(webhookFields, exact)
const WithSecret = Type.Object({ ...webhookFields, secret }, exact)
const DeliveryShown = Type.Object(
  {
    id: Type.String(),
    event: Type.Enum(noticeEvents),
    order: Type.String(),
    amount: Type.Optional(Type.Unsafe<Static<typeof Money>>(Type.Ref('Money#'))),
    at: Timestamp,
    state: Type.Enum(['pending', 'sending', 'backoff', 'delivered', 'dead']),
    tries: Type.Integer({ minimum: 0 }),
    status: Type.Optional(Type.Integer({ description: 'What the receiver answered.' })),
    detail: Type.Optional(Type.String({ description: 'Why the last try failed.' })),
  },
  exact,
)
const CreateWebhook = Type.Object({ url: WebhookUrl, events: Type.Optional(Events) }, exact)
const ChangeWebhook = Type.Object(
  {
    url: Type.Optional(WebhookUrl),
    events: Type.Optional(Events),
    enabled: Type.Optional(Type.Boolean()),
    newSecret: Type.Optional(Type.Literal(true, { description: 'The answer has it; the old one ends.' })),
  },
  { ...exact, minProperties: 1 },
)
const OfWebhook = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })
const OfDelivery = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100 }),
  delivery: Type.String({ minLength: 1, maxLength: 150 }),
})

interface Versioned {
  readonly view: WebhookView
  readonly version: number
}

export function webhookRoutes(app: Server, options: WebhookRouteOptions): void {
  const { client, auth, keyring, secretOf, timeoutMs } = options

  const ask = async (id: string, name: string, trace: string) => {
    const body = { kind: 'query', name } as const
    const outcome = await client.request({ actor: webhookRef(id), body, timeoutMs: timeoutMs(), trace })
    return answerOf(unlessClosed(outcome, id), `Webhook '${id}'`)
  }
  const read = async (id: string, trace: string): Promise<Versioned> => {
    const { value, version } = await ask(id, 'view', trace)
    return { view: value as WebhookView, version }
  }
  /** @throws Problem `not-found`: whether there is a webhook is told to its owner alone. */
  const own = async (account: string, id: string, trace: string): Promise<Versioned> => {
    const found = await read(id, trace)
    if (found.view.account === account && found.view.state !== 'closed') return found
    throw noWebhook(id)
  }
  const tell = async (id: string, message: WebhookMessage, trace: string, ifVersion?: number) => {
    const outcome = await client.request({
      actor: webhookRef(id),
      body: { kind: 'command', message },
      ...(ifVersion !== undefined && { ifVersion }),
      timeoutMs: timeoutMs(),
      trace,
    })
    return doneOf(unlessClosed(outcome, id), `Webhook '${id}'`)
  }

  app.post(
    path,
    {
      schema: {
        summary: 'Tells you at an address on the web',
        description: `Every account, at most ${webhooksMax}. Without \`events\`: of everything.`,
        tags,
        security: byAccount,
        headers: keyHeader(),
        body: CreateWebhook,
        response: {
          201: WithSecret,
          ...problems(...written, ...keyed, ...signIn, 'too-many-webhooks', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const { url, events = noticeEvents } = request.body
      assertUsable(url)
      const key = requiredKeyOf(request.headers['idempotency-key'])
      const intent = requestKeyOf(keyring, { subject: account, method: 'POST', path, key })
      const id = `whk_${intent.slice(0, 32)}`
      const trace = request.trace.context
      const message: WebhookMessage = { type: 'webhook.create', account, url, events: [...events] }
      const outcome = await client.request({
        actor: webhookRef(id),
        body: { kind: 'command', message },
        key: intent,
        fingerprint: fingerprintOf(request.body),
        timeoutMs: timeoutMs(),
        trace,
      })
      const created = doneOf(unlessClosed(outcome, id), `Webhook '${id}'`)
      const { view, version } = await settled(
        client,
        webhookRef(id),
        () => read(id, trace),
        ({ view: { state } }) => state !== 'subscribing',
        timeoutMs(),
      )
      if (view.reason !== null) {
        throw new Problem('too-many-webhooks', `An account has at most ${webhooksMax} webhooks.`)
      }
      if (created.replayed) reply.header('idempotent-replayed', 'true')
      reply.code(201).header('location', `${path}/${id}`).header('etag', etagOf(version))
      const first = created.reply as unknown as WebhookView
      return { ...shown(first), secret: secretOf(id, first.secretNumber) }
    },
  )

  app.get(
    path,
    {
      schema: {
        summary: 'Your webhooks, newest first',
        description: 'Every account, of its own.',
        tags,
        security: byAccount,
        querystring: Type.Object(PageQuery, exact),
        response: {
          200: pageOf(WebhookBody),
          ...problems('validation', 'invalid-cursor', ...signIn, ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const trace = request.trace.context
      const body = { kind: 'query', name: 'webhooks' } as const
      const outcome = await client.request({ actor: inboxRef(account), body, timeoutMs: timeoutMs(), trace })
      const ids =
        outcome.kind === 'unknown' ? [] : (answerOf(outcome, 'Your inbox').value as readonly string[])
      const found = await Promise.all(ids.map((id) => read(id, trace).catch(ifGone)))
      const items = found
        // One that has just closed has not left the inbox yet.
        .flatMap((one) =>
          one === undefined || one.view.state === 'closed' ? [] : [{ ...one.view, at: one.view.createdAt }],
        )
        .toSorted((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1))
      const page = pageIn(keyring, `webhooks ${account}`, items, request.query)
      if (page.nextCursor !== undefined) reply.header('link', nextLink(request.url, page.nextCursor))
      return { ...page, items: page.items.map(shown) }
    },
  )

  app.get(
    `${path}/:id`,
    {
      schema: {
        summary: 'One of your webhooks',
        description: 'Every account, of its own.',
        tags,
        security: byAccount,
        params: OfWebhook,
        response: {
          200: WebhookBody,
          304: StillGood,
          ...problems('validation', ...signIn, 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const { view, version } = await own(account, request.params.id, request.trace.context)
      const etag = etagOf(version)
      reply.header('cache-control', 'private, no-cache')
      if (isStillGood(reply, etag)) return null
      return shown(view)
    },
  )

  app.patch(
    `${path}/:id`,
    {
      schema: {
        summary: 'Changes a webhook: what is not named stays',
        description:
          'Every account, of its own. A webhook that is not `enabled` is told nothing; `newSecret` signs from now on.',
        tags,
        security: byAccount,
        consumes: ['application/merge-patch+json'],
        params: OfWebhook,
        headers: matchHeader,
        body: ChangeWebhook,
        response: {
          200: WithSecret,
          ...problems(
            'validation',
            'malformed-json',
            'payload-too-large',
            'unsupported-media-type',
            ...signIn,
            'not-found',
            'precondition-failed',
            'precondition-required',
            'invalid-transition',
            ...reach,
          ),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const { id } = request.params
      const trace = request.trace.context
      if (request.body.url !== undefined) assertUsable(request.body.url)
      const ifVersion = requiredVersionOf(request.headers)
      await own(account, id, trace)
      const message: WebhookMessage = { type: 'webhook.update', ...request.body }
      const { reply: said, version } = await tell(id, message, trace, ifVersion)
      const view = said as unknown as WebhookView
      reply.header('etag', etagOf(version))
      if (request.body.newSecret === undefined) return shown(view)
      return { ...shown(view), secret: secretOf(id, view.secretNumber) }
    },
  )

  app.delete(
    `${path}/:id`,
    {
      schema: {
        summary: 'Ends a webhook',
        description: 'Every account, of its own. What is on its way may arrive.',
        tags,
        security: byAccount,
        params: OfWebhook,
        response: {
          204: Type.Null({ description: 'Nothing more is told there.' }),
          ...problems('validation', ...signIn, 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const { id } = request.params
      await own(account, id, request.trace.context)
      await tell(id, { type: 'webhook.close' }, request.trace.context)
      reply.code(204)
      return null
    },
  )

  app.get(
    `${path}/:id/deliveries`,
    {
      schema: {
        summary: 'What a webhook was told lately, newest first',
        description: 'Every account, of its own. The newest 50 are remembered.',
        tags,
        security: byAccount,
        params: OfWebhook,
        querystring: Type.Object(PageQuery, exact),
        response: {
          200: pageOf(DeliveryShown),
          ...problems('validation', 'invalid-cursor', ...signIn, 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const { id } = request.params
      const trace = request.trace.context
      await own(account, id, trace)
      const deliveries = (await ask(id, 'deliveries', trace)).value as readonly Delivery[]
      const page = pageIn(keyring, `deliveries ${id}`, deliveries, request.query)
      if (page.nextCursor !== undefined) reply.header('link', nextLink(request.url, page.nextCursor))
      return { ...page, items: page.items.map(deliveryShown) }
    },
  )

  app.post(
    `${path}/:id/deliveries/:delivery/redelivery`,
    {
      schema: {
        summary: 'Sends it once more, under the same id',
        description: 'Every account, of its own. One that is on its way is left alone.',
        tags,
        security: byAccount,
        params: OfDelivery,
        response: { 202: DeliveryShown, ...problems('validation', ...signIn, 'not-found', ...reach) },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const { id, delivery } = request.params
      const trace = request.trace.context
      await own(account, id, trace)
      const { reply: said } = await tell(id, { type: 'webhook.redeliver', delivery }, trace)
      const again = (said as { readonly delivery?: Delivery } | undefined)?.delivery
      if (again === undefined) {
        throw new Problem('not-found', `Webhook '${id}' remembers no delivery '${delivery}'.`)
      }
      reply.code(202)
      return deliveryShown(again)
    },
  )
}

const noWebhook = (id: string): Problem => new Problem('not-found', `Webhook '${id}' does not exist.`)

/** Of a list: what is not there any more is left out. */
function ifGone(error: unknown): undefined {
  if (!(error instanceof Problem) || error.code !== 'not-found') throw error
}

/** @throws Problem `not-found` when it closed between two looks. */
function unlessClosed(outcome: Outcome, id: string): Outcome {
  if (outcome.kind === 'archived') throw noWebhook(id)
  return outcome
}

/** @throws Problem `validation` when nobody could be reached there, or when it holds a password: it would be stored. */
function assertUsable(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.username === '' && parsed.password === '') return
  const detail = parsed === undefined ? 'must be an address on the web' : 'must not hold a name or a password'
  throw new Problem('validation', { detail: `url ${detail}.`, errors: [{ pointer: '#/url', detail }] })
}

const pageOf = <T extends typeof WebhookBody | typeof DeliveryShown>(item: T) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Optional(Type.String()) }, exact)

/** A page of a list that is here as a whole, newest first. */
function pageIn<T extends { readonly id: string; readonly at: number }>(
  keyring: Keyring,
  list: string,
  all: readonly T[],
  { limit = pageSize, cursor }: { readonly limit?: number; readonly cursor?: string },
): { readonly items: readonly T[]; readonly nextCursor?: string } {
  const rest = cursor === undefined ? all : after(all, placeOf(keyring, list, cursor) as [string, number])
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  if (last === undefined || items.length === rest.length) return { items }
  return { items, nextCursor: cursorOf(keyring, list, [last.id, last.at]) }
}

/** The one that was last may be forgotten by now: then those that are older. */
function after<T extends { readonly id: string; readonly at: number }>(
  all: readonly T[],
  [id, at]: readonly [string, number],
): readonly T[] {
  const place = all.findIndex((one) => one.id === id)
  return place === -1 ? all.filter((one) => one.at < at) : all.slice(place + 1)
}

function shown({ id, url, events, enabled, createdAt }: WebhookView) {
  const self = `${path}/${id}`
  return {
    id,
    url,
    events: [...events],
    enabled,
    createdAt: timestampOf(createdAt),
    links: { self, deliveries: `${self}/deliveries` },
  }
}

function deliveryShown({ id, notice: { event, order, amount }, at, state, tries, status, detail }: Delivery) {
  return {
    id,
    event,
    order,
    ...(amount !== undefined && { amount: { amount, currency } }),
    at: timestampOf(at),
    state,
    tries,
    ...(status !== null && { status }),
    ...(detail !== null && { detail }),
  }
}
