/**
 * What an account is told, over HTTP: its list, what it has read, and which channels it wants.
 *
 * Owns:     which message each route sends, and what its outcomes mean. Everything is the caller's own.
 * Does not: send anything; the inbox starts what is sent.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Message } from '#actor'
import {
  Contact,
  channels,
  currency,
  defaultPreferences,
  type InboxEntry,
  type InboxMessage,
  type InboxSettings,
  inboxRef,
  NoticePreferences,
  noticeEvents,
  type Offer,
  topics,
  wordsOf,
} from '#actors'
import { type Auth, byAccount, isStillAllowed, requireCaller } from '../auth/caller.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { etagOf, requiredVersionOf } from '../conditional.ts'
import { cursorOf, nextLink, PageQuery, pageSize, placeOf } from '../cursor.ts'
import { deviceLine } from '../device-line.ts'
import { type EventStreams, formOf, lastEventIdOf, type StreamSource } from '../event-stream.ts'
import type { Flags } from '../flags.ts'
import type { Keyring } from '../keyring.ts'
import { answerOf, doneOf, Problem } from '../problems.ts'
import { problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { upgradeOf } from '../upgrade.ts'
import type { Money } from './order-body.ts'
import { exact, matched, matchHeader, reach, signIn, written } from './route-parts.ts'

export interface NotificationRouteOptions {
  readonly client: ClusterClient
  readonly auth: Auth
  readonly keyring: Keyring
  readonly streams: EventStreams
  readonly flags: Flags
  readonly timeoutMs: () => number
}

const tags = ['notifications']
const path = '/api/v1/notifications'
/** It goes on as a WebSocket, where that is asked for. */
export const notificationStream = `${path}/stream`

const told = {
  id: Type.String(),
  topic: Type.Enum(topics),
  event: Type.Enum(noticeEvents),
  order: Type.String(),
  title: Type.String(),
  text: Type.String(),
  amount: Type.Optional(Type.Unsafe<Static<typeof Money>>(Type.Ref('Money#'))),
  at: Timestamp,
}
const NotificationBody = Type.Object({ ...told, read: Type.Boolean() }, exact)
const PreferencesBody = Type.Object(
  { channels: NoticePreferences, contact: Contact },
  { ...exact, description: `Of each topic the channels: ${channels.join(', ')}.` },
)

/** Of an account that was never told anything. */
const fresh: InboxSettings = { contact: { email: null, phone: null }, preferences: defaultPreferences }

export function notificationRoutes(app: Server, options: NotificationRouteOptions): void {
  const { client, auth, keyring, streams, flags, timeoutMs } = options

  /** Undefined: there is no inbox yet. */
  const query = async (account: string, name: string, args: unknown, trace: string) => {
    const outcome = await client.request({
      actor: inboxRef(account),
      body: { kind: 'query', name, args },
      timeoutMs: timeoutMs(),
      trace,
    })
    return outcome.kind === 'unknown' ? undefined : answerOf(outcome, 'Your inbox')
  }
  const write = async (account: string, message: InboxMessage, trace: string, ifVersion?: number) => {
    const outcome = await client.request({
      actor: inboxRef(account),
      body: { kind: 'command', message },
      ...(ifVersion !== undefined && { ifVersion }),
      timeoutMs: timeoutMs(),
      trace,
    })
    return doneOf(outcome, 'Your inbox')
  }

  app.get(
    path,
    {
      schema: {
        summary: 'What you were told, newest first',
        description: 'The newest 200 are kept.',
        tags,
        security: byAccount,
        querystring: Type.Object(PageQuery, exact),
        response: {
          200: Type.Object(
            { items: Type.Array(NotificationBody), nextCursor: Type.Optional(Type.String()) },
            exact,
          ),
          ...problems('validation', 'invalid-cursor', ...signIn, ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const { limit = pageSize, cursor } = request.query
      const list = `notifications ${account}`
      const before = cursor === undefined ? {} : { before: placeOf(keyring, list, cursor) as number }
      const found = await query(account, 'entries', { ...before, limit }, request.trace.context)
      const entries = (found?.value ?? []) as readonly InboxEntry[]
      const items = entries.map(shown)
      const last = entries.at(-1)
      if (entries.length < limit || last === undefined) return { items }
      const nextCursor = cursorOf(keyring, list, last.n)
      reply.header('link', nextLink(request.url, nextCursor))
      return { items, nextCursor }
    },
  )

  app.get(
    notificationStream,
    {
      // The head of a stream would never end.
      exposeHeadRoute: false,
      schema: {
        summary: 'What is pushed to your devices, as it happens',
        description: streamDescription,
        tags,
        security: byAccount,
        querystring: Type.Object(
          {
            token: Type.Optional(
              Type.String({ maxLength: 4_096, description: 'The access token, where no header can be set.' }),
            ),
          },
          exact,
        ),
        response: {
          101: Type.Null({ description: 'It goes on as a WebSocket.' }),
          200: { description: 'A stream.', content: { 'text/event-stream': { schema: Type.String() } } },
          ...problems('validation', ...signIn, 'not-acceptable', 'too-many-streams', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { token } = request.query
      const authorization = token === undefined ? request.headers.authorization : `Bearer ${token}`
      const asked = { headers: { ...(authorization !== undefined && { authorization }) } }
      const { account } = await requireCaller(auth, asked)
      const head = upgradeOf(request.raw)
      const hasStreams = await flags.isOn('event-streams', account)
      const form = formOf(request.headers.accept, { hasStreams, usual: 'stream' })
      if (form === 'page') throw new Problem('not-acceptable', `GET ${path} is the list; this is a stream.`)

      const { parent } = request.trace
      const since: StreamSource['since'] = async (id) => {
        const found = await query(account, 'offers', undefined, parent)
        const offers = (found?.value ?? []) as readonly Offer[]
        return offers.flatMap((offer) => (offer.n > id ? [{ id: offer.n, data: offered(offer) }] : []))
      }
      // What is wrong with the inbox is told before a stream begins.
      await since(0)
      const source: StreamSource = {
        holder: account,
        watch: (changed) => client.watch(inboxRef(account), changed),
        after: head === undefined ? lastEventIdOf(request.headers['last-event-id']) : 0,
        since,
        isAllowed: () => isStillAllowed(auth, asked),
      }
      if (head === undefined) streams.start(reply, source)
      else {
        const acknowledge = (id: string) => write(account, { type: 'inbox.ack', id }, parent)
        streams.startOver(() => deviceLine(reply, head, acknowledge), request, source)
      }
      return reply
    },
  )

  app.patch(
    `${path}/:id`,
    {
      schema: {
        summary: 'Marks it as read, or as not',
        tags,
        security: byAccount,
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 150 }) }),
        body: Type.Object({ read: Type.Boolean() }, exact),
        response: { 200: NotificationBody, ...problems(...written, ...signIn, 'not-found', ...reach) },
      },
    },
    async (request) => {
      const { account } = await requireCaller(auth, request)
      const { id } = request.params
      const message: InboxMessage = { type: 'inbox.read', id, read: request.body.read }
      const { reply: said } = await write(account, message, request.trace.context)
      const { entry } = said as Message & { readonly entry?: InboxEntry }
      if (entry === undefined) throw new Problem('not-found', `There is no notification '${id}'.`)
      return shown(entry)
    },
  )

  app.get(
    `${path}/preferences`,
    {
      schema: {
        summary: 'By which channels you hear of what',
        tags,
        security: byAccount,
        response: { 200: PreferencesBody, ...problems(...signIn, ...reach) },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request)
      const found = await query(account, 'settings', undefined, request.trace.context)
      reply.header('etag', etagOf(found?.version ?? 0))
      return preferencesShown((found?.value as InboxSettings | undefined) ?? fresh)
    },
  )

  const prefer = async (request: FastifyRequest, reply: FastifyReply, wish: Partial<InboxSettings>) => {
    const { account } = await requireCaller(auth, request)
    const ifVersion = requiredVersionOf(request.headers)
    const message: InboxMessage = { type: 'inbox.prefer', ...wish }
    const { reply: said, version } = await write(account, message, request.trace.context, ifVersion)
    reply.header('etag', etagOf(version))
    return preferencesShown(said as Message & InboxSettings)
  }
  const preferring = {
    tags,
    security: byAccount,
    headers: matchHeader,
    response: {
      200: PreferencesBody,
      ...problems(...written, ...signIn, ...matched, ...reach),
    },
  }
  app.put(
    `${path}/preferences`,
    { schema: { summary: 'Chooses channels, and where they lead', ...preferring, body: PreferencesBody } },
    (request, reply) => {
      const { channels: preferences, contact } = request.body
      return prefer(request, reply, { preferences, contact })
    },
  )
  app.patch(
    `${path}/preferences`,
    {
      schema: {
        summary: 'Changes one of the two; what is not named stays',
        ...preferring,
        body: Type.Object(
          { channels: Type.Optional(NoticePreferences), contact: Type.Optional(Contact) },
          { ...exact, minProperties: 1 },
        ),
      },
    },
    (request, reply) => {
      const { channels: preferences, contact } = request.body
      return prefer(request, reply, { ...(preferences && { preferences }), ...(contact && { contact }) })
    },
  )
}

const preferencesShown = ({ preferences, contact }: InboxSettings) => ({ channels: preferences, contact })

const streamDescription = [
  'Over a WebSocket each text frame is `{"type":"notification","notification":{…}}`, and a device that has shown one answers',
  '`{"type":"ack","id":…}`: then it is offered to no other, and `{"type":"acknowledged","id":…}` comes back. What nobody',
  'acknowledges is sent again to whoever connects within half an hour.',
  'With `Accept: text/event-stream`, Server-Sent Events of the same notifications, whose `Last-Event-ID` resumes after it;',
  'there `PATCH …/{id}` with `{"read":true}` acknowledges. The stream ends when the access token does.',
].join(' ')

const shown = (entry: InboxEntry) => ({ ...offered(entry), read: entry.read })

function offered(notice: InboxEntry | Offer) {
  const { id, topic, event, order, amount, at } = notice
  return {
    id,
    topic,
    event,
    order,
    ...wordsOf(notice),
    ...(amount !== undefined && { amount: { amount, currency } }),
    at: timestampOf(at),
  }
}
