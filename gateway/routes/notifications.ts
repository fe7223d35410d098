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
  topics,
  wordsOf,
} from '#actors'
import { type Auth, byAccount, requireCaller } from '../auth/caller.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { etagOf, requiredVersionOf } from '../conditional.ts'
import { cursorOf, nextLink, PageQuery, pageSize, placeOf } from '../cursor.ts'
import type { Keyring } from '../keyring.ts'
import { answerOf, doneOf, Problem } from '../problems.ts'
import { problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import type { Money } from './order-body.ts'
import { exact, matched, matchHeader, reach, signIn, written } from './route-parts.ts'

export interface NotificationRouteOptions {
  readonly client: ClusterClient
  readonly auth: Auth
  readonly keyring: Keyring
  readonly timeoutMs: () => number
}

const tags = ['notifications']
const path = '/api/v1/notifications'

const NotificationBody = Type.Object(
  {
    id: Type.String(),
    topic: Type.Enum(topics),
    event: Type.Enum(noticeEvents),
    order: Type.String(),
    title: Type.String(),
    text: Type.String(),
    amount: Type.Optional(Type.Unsafe<Static<typeof Money>>(Type.Ref('Money#'))),
    at: Timestamp,
    read: Type.Boolean(),
  },
  exact,
)
const PreferencesBody = Type.Object(
  { channels: NoticePreferences, contact: Contact },
  { ...exact, description: `Of each topic the channels: ${channels.join(', ')}.` },
)

/** Of an account that was never told anything. */
const fresh: InboxSettings = { contact: { email: null, phone: null }, preferences: defaultPreferences }

export function notificationRoutes(app: Server, options: NotificationRouteOptions): void {
  const { client, auth, keyring, timeoutMs } = options

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
      const found = await query(account, 'entries', { ...before, limit }, request.trace.parent)
      const entries = (found?.value ?? []) as readonly InboxEntry[]
      const items = entries.map(shown)
      const last = entries.at(-1)
      if (entries.length < limit || last === undefined) return { items }
      const nextCursor = cursorOf(keyring, list, last.n)
      reply.header('link', nextLink(request.url, nextCursor))
      return { items, nextCursor }
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
      const { reply: said } = await write(account, message, request.trace.parent)
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
      const found = await query(account, 'settings', undefined, request.trace.parent)
      reply.header('etag', etagOf(found?.version ?? 0))
      return preferencesShown((found?.value as InboxSettings | undefined) ?? fresh)
    },
  )

  const prefer = async (request: FastifyRequest, reply: FastifyReply, wish: Partial<InboxSettings>) => {
    const { account } = await requireCaller(auth, request)
    const ifVersion = requiredVersionOf(request.headers)
    const message: InboxMessage = { type: 'inbox.prefer', ...wish }
    const { reply: said, version } = await write(account, message, request.trace.parent, ifVersion)
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

function shown(entry: InboxEntry) {
  const { id, topic, event, order, amount, at, read } = entry
  return {
    id,
    topic,
    event,
    order,
    ...wordsOf(entry),
    ...(amount !== undefined && { amount: { amount, currency } }),
    at: timestampOf(at),
    read,
  }
}
