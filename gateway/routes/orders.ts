/**
 * Orders over HTTP: placing, reading, following, paying, cancelling, collecting.
 *
 * Owns:     which message each route sends, and what its outcomes mean to a guest.
 * Does not: decide anything about an order; the order's machine does.
 *
 * Invariants:
 *   R1. A retry with the same key finds the same order and gets the same reply, through any gateway.
 *   R2. An order is told only to who has its token, to the account that placed it, and to staff. Of another's it is
 *       not even told that it exists.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { after, type Instant, type Message } from '#actor'
import {
  type ConfigValues,
  currency,
  noticeOf,
  type OrderMessage,
  type OrderStory,
  type OrderView,
  orderRef,
  type PaymentView,
  paymentRef,
  type Quote,
  quote,
  type RefusedWish,
  recipeOf,
  type Told,
  wordsOf,
} from '#actors'
import type { JournalRecord, Outcome, RecordPlace } from '#ports'
import { type Auth, byAccount, type Caller, hasRole } from '../auth/caller.ts'
import type { ActorRequest, ClusterClient } from '../cluster-client.ts'
import { etagOf, isStillGood, requiredVersionOf, StillGood } from '../conditional.ts'
import { cursorOf, isCut, nextLink, OlderNotKept, PageQuery, pageSize, placeOf } from '../cursor.ts'
import type { Departments } from '../departments.ts'
import { type EventStreams, formOf, lastEventIdOf, turnStream } from '../event-stream.ts'
import type { Flags } from '../flags.ts'
import {
  fingerprintOf,
  guestKeyLengthMin,
  idempotencyKeyOf,
  requestKeyOf,
  requiredKeyOf,
} from '../idempotency.ts'
import type { Keyring } from '../keyring.ts'
import {
  answerOf,
  type FieldError,
  fieldErrorsMax,
  inWords,
  Problem,
  type ProblemCode,
  problemOf,
} from '../problems.ts'
import { pathOf, problems, type Server } from '../server.ts'
import type { Settings } from '../settings.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { settled, waitSecondsOf } from '../waiting.ts'
import type { MenuCache, PublishedMenu } from './menu-cache.ts'
import {
  allowedEventsOf,
  CancelOrder,
  Money,
  messageNameOf,
  Order,
  OrderRef,
  OrderTurn,
  orderBody,
  ordersPath,
  type PaymentMeans,
  PayOrder,
  PlaceOrder,
  ReviseOrder,
  stateNameOf,
} from './order-body.ts'
import { orderIdOf, orderIntentOf } from './order-id.ts'
import { ExpandQuery, expanded, orderParts } from './order-parts.ts'
import { authorize, byOrderToken, orderTokenOf } from './order-token.ts'
import { PaymentRef, paymentBody, paymentsPath } from './payment-body.ts'
import { tokenOfMethod } from './payment-methods.ts'
import { exact, keyed, keyHeader, reach, signIn, written } from './route-parts.ts'
import type { StockCache } from './stock-cache.ts'

export interface OrderRouteOptions {
  readonly client: ClusterClient
  readonly auth: Auth
  readonly keyring: Keyring
  readonly menu: MenuCache
  readonly stock: StockCache
  readonly streams: EventStreams
  readonly settings: Settings
  readonly flags: Flags
  readonly departments: Departments
}

const tags = ['orders']
const OfOrder = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })

const KeyHeader = keyHeader(', for a guest who places an order at least 22')
/** An order with the parts that were asked for. */
const ExpandedOrder = Type.Object({ ...Order.properties, ...orderParts }, exact)
export const Story = Type.Object(
  {
    state: Type.String(),
    since: Timestamp,
    waitsFor: Type.Optional(Type.String()),
    until: Type.Optional(Timestamp),
    otherwise: Type.Optional(Type.String()),
  },
  exact,
)
const OrderTurns = Type.Object(
  {
    items: Type.Array(Type.Unsafe<OrderTurn>(Type.Ref('OrderTurn#'))),
    nextCursor: Type.Optional(Type.String()),
    olderNotKept: OlderNotKept,
  },
  exact,
)

/** After one of these nothing more happens to an order. */
const finals: ReadonlySet<string> = new Set(['completed', 'rejected', 'cancelled', 'expired'])
/** In these the next step is the cluster's, and it is soon: a caller who would wait waits on. */
const passing: ReadonlySet<string> = new Set([
  'placed',
  'reserving',
  'revising',
  'paying',
  'cancelling',
  'refunding',
  'releasing',
])

interface Reading {
  readonly view: OrderView
  readonly state: unknown
  readonly version: number
}

export function orderRoutes(app: Server, options: OrderRouteOptions): void {
  const { client, auth, keyring, menu, stock, streams, settings, flags, departments } = options
  const timeoutMs = (): number => settings.latest()['gateway.request-timeout-ms']
  app.addSchema(Money)
  app.addSchema(Order)
  app.addSchema(OrderTurn)

  const query = async (id: string, name: string, trace: string) => {
    const outcome = await client.request({
      actor: orderRef(id),
      body: { kind: 'query', name },
      timeoutMs: timeoutMs(),
      trace,
    })
    return answerOf(outcome, `Order '${id}'`)
  }
  const read = async (id: string, trace: string): Promise<Reading> => {
    const { value, state, version } = await query(id, 'view', trace)
    return { view: value as OrderView, state, version }
  }
  /** As it is, or after as long a wait for a settled state as the caller prefers. */
  const readSettled = (
    id: string,
    request: FastifyRequest,
    reply: FastifyReply,
    isSettled: (reading: Reading) => boolean = isSettledFor,
  ): Promise<Reading> => {
    const seconds = waitSecondsOf(request.headers.prefer)
    const readNow = () => read(id, request.trace.context)
    if (seconds === undefined) return readNow()
    reply.header('preference-applied', `wait=${seconds}`)
    return settled(client, orderRef(id), readNow, isSettled, seconds * 1_000)
  }
  /** The account that may touch this order, or undefined for who holds its token. */
  const allowed = async (
    id: string,
    request: FastifyRequest,
    queryToken?: string,
  ): Promise<Caller | undefined> => {
    // Somebody who is logged in may hold the token of an order that was placed without an account.
    const isTokenSent = request.headers['x-order-token'] !== undefined || queryToken !== undefined
    const caller = isTokenSent ? undefined : await auth.callerOf(request)
    if (caller === undefined) authorize(keyring, id, request.headers, queryToken)
    else if (!hasRole(caller, 'staff', 'manager', 'operator')) {
      const { view } = await read(id, request.trace.context)
      if (view.guest !== caller.account) throw problemOf({ kind: 'unknown' }, `Order '${id}'`)
    }
    return caller
  }
  const withoutSubstitutes = async (
    body: Pick<PlaceOrder, 'items'>,
    subject: string,
  ): Promise<Problem | undefined> => {
    if (!asksForSubstitutes(body) || (await flags.isOn('substitutions', subject))) return undefined
    return new Problem('switched-off', 'Nothing can be substituted at the moment: order it as it is.')
  }
  /** The provider's token for what the caller pays with; or why there is none. */
  const tokenFor = async (
    means: PaymentMeans | undefined,
    request: FastifyRequest,
    pointer = '#/payment/method',
  ): Promise<{ readonly token?: string; readonly refused?: Problem }> => {
    if (means === undefined) return {}
    if ('token' in means) return { token: means.token }
    try {
      return { token: await tokenOfMethod({ client, auth, timeoutMs }, request, means.method, pointer) }
    } catch (error) {
      if (error instanceof Problem && error.code === 'validation') return { refused: error }
      throw error
    }
  }
  /** What was done under this key once is answered again, though the house or the card has changed since. */
  const unlessRefused = async (refused: Problem | undefined, request: ActorRequest): Promise<Outcome> => {
    if (refused === undefined) return client.request(request)
    if (request.key === undefined) throw refused
    const outcome = await client.request({ ...request, body: { kind: 'recall' } })
    if (outcome.kind === 'unknown') throw refused
    return outcome
  }
  const command = (
    id: string,
    message: OrderMessage,
    request: FastifyRequest,
    key: string | undefined,
    caller: Caller | undefined,
    { ifVersion, refused }: { readonly ifVersion?: number; readonly refused?: Problem | undefined } = {},
  ): Promise<Outcome> => {
    const scope = key && {
      subject: caller?.account ?? '',
      method: request.method,
      path: pathOf(request.url),
      key,
    }
    return unlessRefused(refused, {
      actor: orderRef(id),
      body: { kind: 'command', message },
      ...(ifVersion !== undefined && { ifVersion }),
      ...(scope && {
        key: requestKeyOf(keyring, scope),
        fingerprint: fingerprintOf(request.body ?? undefined),
      }),
      timeoutMs: timeoutMs(),
      trace: request.trace.context,
    })
  }

  app.post(
    ordersPath,
    {
      schema: {
        summary: 'Places an order',
        description:
          'For an account, or for a guest without one. `Prefer: wait=n` waits at most n seconds for a settled state.',
        tags,
        security: [{}, ...byAccount],
        headers: KeyHeader,
        body: PlaceOrder,
        response: {
          201: OrderRef,
          ...problems(
            ...written,
            ...keyed,
            ...signIn,
            'menu-changed',
            'insufficient-stock',
            'not-ready',
            'orders-closed',
            'switched-off',
            ...reach,
          ),
        },
      },
    },
    async (request, reply) => {
      const values = await settings.now()
      const caller = await auth.callerOf(request)
      const { headers, body } = request
      const key = requiredKeyOf(headers['idempotency-key'], caller === undefined ? guestKeyLengthMin : 1)
      const intent = orderIntentOf(keyring, key, caller?.account)
      const id = orderIdOf(intent)
      const created = (order: Order, isReplayed: boolean): Order => {
        reply.code(201)
        reply.header('location', order.links.self)
        reply.header('etag', etagOf(order.version))
        if (isReplayed) reply.header('idempotent-replayed', 'true')
        return { ...order, orderToken: orderTokenOf(keyring, id) }
      }

      const published = await menu.read()
      const priced = quote(published.items, wishesOf(body.items))
      const paid = await tokenFor(body.payment, request)
      const refused =
        (caller === undefined && !values['orders.guest-checkout']
          ? new Problem('unauthorized', 'Guests cannot order here: log in.')
          : undefined) ??
        houseRefusal(body, values) ??
        withoutNeeded(departments, body) ??
        (await withoutSubstitutes(body, caller?.account ?? id)) ??
        objectionTo(body, priced, stock) ??
        paid.refused
      const outcome = await unlessRefused(refused, {
        actor: orderRef(id),
        body: {
          kind: 'command',
          message: placing(body, published, priced, {
            token: paid.token,
            caller,
            now: client.worldNow(),
            slackMinutes: values['orders.promise-slack-minutes'],
          }),
        },
        key: intent,
        fingerprint: fingerprintOf(body),
        timeoutMs: timeoutMs(),
        trace: request.trace.context,
      })
      if (outcome.kind !== 'done') throw refusal(outcome, id)
      if (headers.prefer !== undefined && waitSecondsOf(headers.prefer) !== undefined) {
        const { view, version } = await readSettled(id, request, reply)
        return created(orderBody(view, version), outcome.replayed === true)
      }
      return created(orderBody(viewIn(outcome, id), outcome.version), outcome.replayed === true)
    },
  )

  app.get(
    `${ordersPath}/:id`,
    {
      schema: {
        summary: 'One order',
        description: '`Prefer: wait=n` waits at most n seconds for a settled state.',
        tags,
        security: byOrderToken,
        params: OfOrder,
        querystring: ExpandQuery,
        response: {
          200: ExpandedOrder,
          304: StillGood,
          ...problems('validation', ...signIn, 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      await allowed(id, request)
      const { view, version } = await readSettled(id, request, reply)
      const { expand } = request.query
      const more =
        expand === undefined ? undefined : await expanded(client, id, expand, request.trace.context)
      const etag = etagOf(more === undefined ? version : `${version} ${more.versions}`)
      if (isStillGood(reply, etag)) return null
      return { ...orderBody(view, version), ...more?.parts }
    },
  )

  app.get(
    `${ordersPath}/:id/story`,
    {
      schema: {
        summary: 'What the order waits for, since when, and what happens next',
        tags,
        security: byOrderToken,
        params: OfOrder,
        response: { 200: Story, ...problems('validation', ...signIn, 'not-found', ...reach) },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      await allowed(id, request)
      const { value, version } = await query(id, 'story', request.trace.context)
      reply.header('etag', etagOf(version))
      return storyBody(value as OrderStory)
    },
  )

  app.get(
    `${ordersPath}/:id/events`,
    {
      // The head of a stream would never end.
      exposeHeadRoute: false,
      schema: {
        summary: 'Everything that happens to the order, as it happens',
        description:
          'Server-Sent Events: `id` is the sequence, `data` an OrderTurn. `Last-Event-ID` resumes after it; 204 says that nothing more will come. With `Accept: application/json` one page, newest first.',
        tags,
        security: [...byOrderToken, { orderTokenQuery: [] }],
        params: OfOrder,
        querystring: Type.Object(
          {
            ...PageQuery,
            token: Type.Optional(
              Type.String({ description: 'The order token, where no header can be set.' }),
            ),
          },
          exact,
        ),
        response: {
          200: {
            description: 'A stream, or a page.',
            content: {
              'application/json': { schema: OrderTurns },
              'text/event-stream': { schema: Type.String() },
            },
          },
          204: Type.Null({ description: 'The order is finished, and you have seen it all.' }),
          ...problems(
            'validation',
            'invalid-cursor',
            ...signIn,
            'not-found',
            'not-acceptable',
            'too-many-streams',
            ...reach,
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const caller = await allowed(id, request, request.query.token)
      const hasStreams = await flags.isOn('event-streams', caller?.account ?? id)
      const form = formOf(request.headers.accept, { hasStreams, usual: 'stream' })
      const { view, version } = await read(id, request.trace.context)
      reply.header('vary', 'Authorization, Accept')
      if (form === 'page') return turnsOf(id, request.query, request.url, reply)

      // Nobody has seen what is still to come.
      const sequence = Math.min(lastEventIdOf(request.headers['last-event-id']), version)
      if (finals.has(view.state) && sequence >= version) {
        reply.code(204)
        return null
      }
      const event = (record: JournalRecord) => ({
        data: shownTurn(record, id),
        isLast: finals.has(stateNameOf(record.state)),
      })
      streams.start(reply, turnStream(client, orderRef(id), { after: sequence, event }))
      return reply
    },
  )
  const turnsOf = async (
    id: string,
    { limit = pageSize, cursor }: { readonly limit?: number; readonly cursor?: string },
    url: string,
    reply: FastifyReply,
  ) => {
    const list = `order-events ${id}`
    const records = await client.history(orderRef(id), {
      limit,
      ...(cursor !== undefined && { before: placeOf(keyring, list, cursor) as RecordPlace }),
    })
    const items = records.map((record) => shownTurn(record, id))
    const previous = records.length === limit ? records.at(-1)?.previous : undefined
    if (previous === undefined) return { items, ...(isCut(records, cursor) && { olderNotKept: true }) }
    const nextCursor = cursorOf(keyring, list, previous)
    reply.header('link', nextLink(withoutToken(url), nextCursor))
    return { items, nextCursor }
  }

  app.patch(
    `${ordersPath}/:id/items`,
    {
      schema: {
        summary: 'Changes what was ordered, until it is paid for',
        description:
          'The pantry is asked after the answer: when it has too little, the order stands as it was, and `shortages` says of what. `Prefer: wait=n` waits for that at most n seconds.',
        tags,
        security: byOrderToken,
        params: OfOrder,
        headers: Type.Object({
          'if-match': Type.Optional(Type.String({ description: 'Required: the ETag of the order.' })),
          'idempotency-key': Type.Optional(Type.String({ description: '1 to 64 visible characters.' })),
        }),
        body: ReviseOrder,
        response: {
          200: OrderRef,
          ...problems(
            ...written,
            ...keyed,
            ...signIn,
            'not-found',
            'menu-changed',
            'invalid-transition',
            'precondition-failed',
            'precondition-required',
            'not-ready',
            'switched-off',
            ...reach,
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const caller = await allowed(id, request)
      const key = idempotencyKeyOf(request.headers['idempotency-key'])
      const ifVersion = requiredVersionOf(request.headers)
      const { items: wishes } = request.body
      const { items } = await menu.read()
      const priced = quote(items, wishesOf(wishes))
      const refused =
        (await withoutSubstitutes(request.body, caller?.account ?? id)) ??
        (priced.refused.length > 0 ? refusedWishes(priced, wishes) : undefined)
      const message: OrderMessage = {
        type: 'order.revise',
        items: [...priced.items],
        needs: [...priced.needs],
        total: priced.total,
        promisedAt: promiseFor(wishes, client.worldNow(), settings.latest()['orders.promise-slack-minutes']),
      }
      const outcome = await command(id, message, request, key, caller, { ifVersion, refused })
      if (outcome.kind !== 'done') throw refusal(outcome, id)
      if (waitSecondsOf(request.headers.prefer) === undefined) return done(outcome, id, reply)
      const { view, version } = await readSettled(id, request, reply)
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      reply.header('etag', etagOf(version))
      return orderBody(view, version)
    },
  )

  app.post(
    `${ordersPath}/:id/cancellation`,
    {
      schema: {
        summary: 'Cancels the order; possible until its plates are dressed',
        tags,
        security: byOrderToken,
        params: OfOrder,
        headers: KeyHeader,
        body: CancelOrder,
        response: {
          202: OrderRef,
          ...problems(...written, ...keyed, ...signIn, 'not-found', 'too-late', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const caller = await allowed(id, request)
      const key = requiredKeyOf(request.headers['idempotency-key'])
      const reason = request.body?.reason
      const message: OrderMessage = { type: 'order.cancel', ...(reason !== undefined && { reason }) }
      const outcome = await command(id, message, request, key, caller)
      if (outcome.kind !== 'done') throw refusal(outcome, id, 'too-late')
      reply.code(202)
      return done(outcome, id, reply)
    },
  )

  app.post(
    `${ordersPath}/:id/collection`,
    {
      schema: {
        summary: 'The guest has it',
        tags,
        security: byOrderToken,
        params: OfOrder,
        headers: KeyHeader,
        response: {
          200: OrderRef,
          ...problems(...written, ...keyed, ...signIn, 'not-found', 'invalid-transition', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const caller = await allowed(id, request)
      const key = idempotencyKeyOf(request.headers['idempotency-key'])
      const outcome = await command(id, { type: 'order.collect' }, request, key, caller)
      if (outcome.kind !== 'done') throw refusal(outcome, id)
      return done(outcome, id, reply)
    },
  )

  app.post(
    `${ordersPath}/:id/payments`,
    {
      schema: {
        summary: 'Pays an order that was placed without a payment',
        description: 'The capture goes on after the answer. `Prefer: wait=n` waits for it at most n seconds.',
        tags,
        security: byOrderToken,
        params: OfOrder,
        headers: KeyHeader,
        body: PayOrder,
        response: {
          201: PaymentRef,
          ...problems(
            ...written,
            ...keyed,
            ...signIn,
            'not-found',
            'invalid-transition',
            'already-paid',
            'payment-declined',
            ...reach,
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const caller = await allowed(id, request)
      const key = requiredKeyOf(request.headers['idempotency-key'])
      const { token = '', refused } = await tokenFor(request.body, request, '#/method')
      const outcome = await command(id, { type: 'order.pay', token }, request, key, caller, { refused })
      if (outcome.kind !== 'done') throw refusal(outcome, id, isPaid(outcome) ? 'already-paid' : undefined)
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      reply.code(201).header('location', `${paymentsPath}/${id}`)
      if (waitSecondsOf(request.headers.prefer) === undefined) return paymentNow(id, outcome, request, reply)
      const { view } = await readSettled(id, request, reply)
      if (view.state === 'rejected') {
        throw new Problem('payment-declined', {
          detail: `The payment of order '${id}' was declined: ${view.reason ?? 'no reason given'}.`,
          currentState: view.state,
        })
      }
      return paymentNow(id, outcome, request, reply)
    },
  )

  /** The payment as it stands, or as it is about to be: the order has only just asked for it. */
  const paymentNow = async (
    id: string,
    asked: Extract<Outcome, { kind: 'done' }>,
    request: FastifyRequest,
    reply: FastifyReply,
  ) => {
    const outcome = await client.request({
      actor: paymentRef(id),
      body: { kind: 'query', name: 'view' },
      timeoutMs: timeoutMs(),
      trace: request.trace.context,
    })
    const version = outcome.kind === 'answer' ? outcome.version : 0
    reply.header('etag', etagOf(version))
    if (outcome.kind === 'answer') return paymentBody(outcome.value as PaymentView, version)
    const { amount } = viewIn(asked, id).total
    const none = { captured: 0, refunded: 0, reason: null, refunds: [] }
    return paymentBody({ order: id, state: 'authorizing', amount, ...none }, version)
  }
}

export function storyBody({ state, since, waitsFor, until, otherwise }: OrderStory): Static<typeof Story> {
  return {
    state,
    since: timestampOf(since),
    ...(waitsFor !== undefined && { waitsFor }),
    ...(until !== undefined && { until: timestampOf(until) }),
    ...(otherwise !== undefined && { otherwise }),
  }
}

/** The order as its own reply tells it. */
function done(outcome: Extract<Outcome, { kind: 'done' }>, id: string, reply: FastifyReply): Order {
  reply.header('etag', etagOf(outcome.version))
  if (outcome.replayed) reply.header('idempotent-replayed', 'true')
  return orderBody(viewIn(outcome, id), outcome.version)
}

function viewIn(outcome: Extract<Outcome, { kind: 'done' }>, id: string): OrderView {
  const reply = outcome.reply as (Message & OrderView) | undefined
  if (reply?.type === 'order.view') return reply
  throw new Problem('internal', `Order '${id}' did not say how it stands.`)
}

function refusal(
  outcome: Outcome,
  id: string,
  code?: Extract<ProblemCode, 'too-late' | 'already-paid'>,
): Problem {
  const shown = inPublicWords(outcome)
  const isState = shown.kind === 'not-accepted' || shown.kind === 'archived'
  if (code === undefined || !isState) return problemOf(shown, `Order '${id}'`)
  return new Problem(code, {
    detail: `Order '${id}' is ${inWords(shown.state)} already.`,
    currentState: shown.state,
    allowedEvents: shown.kind === 'archived' ? [] : shown.accepts,
  })
}

function inPublicWords(outcome: Outcome): Outcome {
  if (outcome.kind === 'archived') return { ...outcome, state: stateNameOf(outcome.state) }
  if (outcome.kind !== 'not-accepted') return outcome
  return { ...outcome, state: stateNameOf(outcome.state), accepts: allowedEventsOf(outcome.accepts) }
}

const paid: ReadonlySet<string> = new Set(['confirmed', 'queued', 'cooking', 'plating', 'ready', 'completed'])

/** Paid, or being paid for. */
function isPaid(outcome: Outcome): boolean {
  if (outcome.kind !== 'not-accepted' && outcome.kind !== 'archived') return false
  return paid.has(stateNameOf(outcome.state)) || isPaying(outcome.state, 'charging')
}

const isPaying = (state: unknown, how: 'awaiting' | 'charging'): boolean =>
  (state as { readonly paying?: unknown } | undefined)?.paying === how

/** Nothing happens soon: it cooks, it is over, or it is the guest's turn to pay. */
const isSettledFor = ({ view, state }: Reading): boolean =>
  !passing.has(view.state) || isPaying(state, 'awaiting')

export const wishesOf = (items: PlaceOrder['items']) =>
  items.map(({ dish, quantity, options }) => ({
    dish,
    quantity,
    ...(options && { substitute: options.substitute }),
  }))

/** Why it is not even tried, as far as the gateway knows. What it does not know the order finds. */
function objectionTo(body: PlaceOrder, priced: Quote, stock: StockCache): Problem | undefined {
  if (priced.refused.length > 0) return refusedWishes(priced, body.items)
  if (body.total !== undefined && !isSame(body.total, priced.total)) {
    return new Problem('menu-changed', {
      detail: `It would be ${priced.total} cents now, not ${body.total.amount}.`,
      errors: [{ pointer: '#/total/amount', detail: `would be ${priced.total} ${currency}` }],
    })
  }
  const shortages = stock.shortagesAtHand(priced.needs)
  if (shortages.length === 0) return undefined
  const missing = shortages.map(({ ingredient }) => ingredient).join(', ')
  return new Problem('insufficient-stock', { detail: `There is too little left of: ${missing}.`, shortages })
}

const isSame = (expected: Money, total: number): boolean =>
  expected.amount === total && expected.currency === currency

export function refusedWishes({ refused }: Quote, items: PlaceOrder['items']): Problem {
  const errors = refused.slice(0, fieldErrorsMax).map((wish) => fieldErrorOf(wish, items))
  const isSoldOut = refused.every(({ why }) => why === 'unavailable')
  return new Problem(isSoldOut ? 'menu-changed' : 'validation', {
    detail: `${errors.map(({ detail }) => detail).join(', ')}.`,
    errors,
  })
}

function fieldErrorOf(wish: RefusedWish, items: PlaceOrder['items']): FieldError {
  const pointer = `#/items/${wish.item}`
  switch (wish.why) {
    case 'unknown':
      return { pointer: `${pointer}/dish`, detail: `'${wish.dish}' is not on the menu` }
    case 'unavailable':
      return { pointer: `${pointer}/dish`, detail: `'${wish.dish}' is not available now` }
    case 'no-substitute': {
      const ingredient = items[wish.item]?.options?.substitute[wish.substitute]
      return {
        pointer: `${pointer}/options/substitute/${wish.substitute}`,
        detail: `'${wish.dish}' is offered without a substitute for '${ingredient}'`,
      }
    }
  }
}

const asksForSubstitutes = ({ items }: Pick<PlaceOrder, 'items'>): boolean =>
  items.some(({ options }) => (options?.substitute.length ?? 0) > 0)

/** Until when somebody who comes to a closed house should not ask again. */
const closedForMs = 60_000

/** What the house does not take at the moment, by its configuration. */
function houseRefusal({ note = '', items }: PlaceOrder, values: ConfigValues): Problem | undefined {
  if (!values['orders.open'])
    return new Problem('orders-closed', {
      detail: 'The last order has been called.',
      retryAfterMs: closedForMs,
    })
  const { 'orders.note-length-max': noteMax, 'orders.dishes-max': dishesMax } = values
  const errors: FieldError[] = []
  if (note.length > noteMax)
    errors.push({ pointer: '#/note', detail: `must not have more than ${noteMax} characters` })
  if (items.reduce((sum, { quantity }) => sum + quantity, 0) > dishesMax)
    errors.push({ pointer: '#/items', detail: `must not ask for more than ${dishesMax} plates together` })
  const [first] = errors
  if (first === undefined) return undefined
  return new Problem('validation', {
    detail: `The order is too large: ${first.pointer} ${first.detail}.`,
    errors,
  })
}

/** How soon somebody who is refused for a department that is down should try again. */
const downForMs = 5_000

/**
 * An order is not taken when it is known that nobody could reserve for it, take its money, or cook it: it would wait, and
 * expire. Without appliances it is taken, for its dishes wait for them.
 */
function withoutNeeded(departments: Departments, { payment }: PlaceOrder): Problem | undefined {
  const needed = ['pantry', 'kitchen', ...(payment === undefined ? [] : (['till'] as const))] as const
  const down = needed.find((name) => departments.isDown(name))
  if (down === undefined) return undefined
  return new Problem('dependency-open', {
    detail: `The ${down} does not answer at the moment, and without it no order can be taken.`,
    retryAfterMs: downForMs,
  })
}

/** `slackMinutes`, of world time, on top of the longest dish: the way through a busy kitchen. */
function placing(
  body: PlaceOrder,
  menu: PublishedMenu,
  priced: Quote,
  {
    token,
    now,
    slackMinutes,
    caller,
  }: {
    readonly token: string | undefined
    readonly now: Instant
    readonly slackMinutes: number
    readonly caller: Caller | undefined
  },
): OrderMessage {
  return {
    type: 'order.place',
    site: menu.site,
    items: [...priced.items],
    needs: [...priced.needs],
    total: priced.total,
    serve: body.serve ?? 'collect',
    promisedAt: promiseFor(body.items, now, slackMinutes),
    ...(token !== undefined && { token }),
    ...(body.note !== undefined && { note: body.note }),
    ...(caller && { guest: caller.account }),
  }
}

function promiseFor(items: PlaceOrder['items'], now: Instant, slackMinutes: number): Instant {
  const cooking = items.map(({ dish }) =>
    (recipeOf(dish)?.steps ?? []).reduce((sum, { minutes }) => sum + minutes, 0),
  )
  return after(now, (Math.max(...cooking) + slackMinutes) * 60_000)
}

function shownTurn({ sequence, at, message, state, events = [] }: JournalRecord, order: string): OrderTurn {
  const told = [...events, message].flatMap((said) => toldOf(said, order))
  return {
    sequence,
    at: timestampOf(at),
    message: messageNameOf(message.type),
    state: stateNameOf(state),
    events: events.map(({ type }) => type),
    ...(told.length > 0 && { told }),
  }
}

/** The same words as a notification of it has. That money went back is no event: the payment says so. */
function toldOf(said: Message, order: string): NonNullable<OrderTurn['told']> {
  const { refunded = 0 } = said as { readonly refunded?: number }
  const hasMoneyBack = said.type === 'payment.settled' && refunded > 0
  const news: Told = hasMoneyBack ? { type: 'order.refunded', order, amount: refunded } : { ...said, order }
  const notice = noticeOf(news)
  return notice === undefined ? [] : [wordsOf(notice)]
}

function withoutToken(url: string): string {
  const parsed = new URL(url, 'http://localhost')
  parsed.searchParams.delete('token')
  return `${parsed.pathname}${parsed.search}`
}
