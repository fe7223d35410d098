/**
 * Operating actors: finding them, looking inside, sending messages, and bringing dead letters back.
 *
 * An actor's id contains a slash; in a path it is percent-encoded: `/ops/v1/actors/order%2Ford_1/snapshot`.
 */
import { type Static, Type } from 'typebox'
import { type ActorId, type Message, ref, systemMessageTypes, typeOf } from '#actor'
import { departments, vault } from '#actors'
import {
  type JournalRecord,
  type NodeId,
  type OperatorCommand,
  type Outcome,
  type RecordPlace,
  traceHeaders,
} from '#ports'
import type { ClusterClient } from '../cluster-client.ts'
import { cursorOf, isCut, nextLink, OlderNotKept, PageQuery, pageSize, placeOf } from '../cursor.ts'
import type { Keyring } from '../keyring.ts'
import { inWords, Problem, problemOf } from '../problems.ts'
import { exact, reach } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { actorType, SelectorQuery, selects } from './actor-selector.ts'
import { requireAdmin } from './guard.ts'
import { withoutSecrets } from './redaction.ts'
import { replayedContexts } from './replayed-contexts.ts'
import { groupShape } from './supervision.ts'

const count = Type.Integer({ minimum: 0 })
const OfActor = Type.Object({ id: Type.String({ minLength: 3, maxLength: 200 }) })
const AnyMessage = Type.Object(
  { type: Type.String({ minLength: 1, maxLength: 100 }) },
  { additionalProperties: true },
)

const pageOf = <Item extends ReturnType<typeof Type.Object>>(item: Item) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Optional(Type.String()) }, exact)

const ActorItem = Type.Object(
  {
    id: Type.String(),
    status: Type.Enum(['live', 'stopped', 'archived']),
    state: Type.Unknown(),
    version: count,
    shard: Type.String(),
    node: Type.Optional(Type.String()),
    at: Timestamp,
  },
  exact,
)
const Snapshot = Type.Object(
  { id: Type.String(), version: count, state: Type.Unknown(), inside: Type.Unknown() },
  exact,
)
const Mailbox = Type.Object({ id: Type.String(), depth: count, items: Type.Array(Type.Unknown()) }, exact)
const Turn = Type.Object(
  {
    sequence: count,
    at: Timestamp,
    id: Type.String(),
    message: AnyMessage,
    state: Type.Unknown(),
    context: Type.Optional(
      Type.Unknown({
        description: 'After the turn, as doing all turns again tells it; absent where it cannot.',
      }),
    ),
    from: Type.Optional(Type.String()),
    cause: Type.Optional(Type.String()),
    trace: Type.Optional(Type.String({ description: '`traceparent` of the message.' })),
    tracestate: Type.Optional(Type.String()),
    baggage: Type.Optional(Type.String()),
    events: Type.Optional(Type.Array(AnyMessage)),
    note: Type.Optional(Type.String()),
  },
  exact,
)
const PageOfTurns = Type.Object(
  { items: Type.Array(Turn), nextCursor: Type.Optional(Type.String()), olderNotKept: OlderNotKept },
  exact,
)
const Supervision = Type.Object(
  {
    groups: Type.Array(
      Type.Object(
        {
          ...groupShape,
          restarts: Type.Optional(
            Type.Integer({
              minimum: 0,
              description:
                'Of its shard, as far as they count now: one more than the intensity allows escalates. A simulated cluster does not tell it.',
            }),
          ),
        },
        exact,
      ),
    ),
    restartsWith: Type.Array(Type.String(), { description: 'Actors that restart when this one does.' }),
  },
  exact,
)
const DeadLetter = Type.Object(
  {
    id: Type.String(),
    actor: Type.String(),
    message: Type.String(),
    from: Type.Optional(Type.String()),
    reason: Type.String(),
    detail: Type.String(),
    at: Timestamp,
    replays: count,
  },
  exact,
)
const Handled = Type.Object(
  { state: Type.Unknown(), version: count, reply: Type.Optional(AnyMessage) },
  exact,
)
const reachFailures = ['audit-unavailable', ...reach] as const

/** Told to them, a message can give somebody a role, a key that tokens are signed with, or another's card. */
const decidesWhoMayDoWhat: ReadonlySet<string> = new Set(
  [...departments.identity, vault].map(({ type }) => type),
)

/** An operator waits no longer than this for one actor. */
const requestTimeoutMs = 3_000

export function actorRoutes(app: Server, client: ClusterClient, keyring: Keyring): void {
  app.get(
    '/ops/v1/actors',
    {
      schema: {
        summary: 'Actors, resident or not, in the order of their ids',
        description:
          'A page has fewer than `limit` also when few fit: only one without `nextCursor` is the last.',
        tags: ['actors'],
        querystring: Type.Object(
          {
            ...PageQuery,
            ...SelectorQuery,
            type: Type.Optional(actorType),
          },
          exact,
        ),
        response: { 200: pageOf(ActorItem), ...problems('validation', 'invalid-cursor') },
      },
    },
    async ({ query: { limit = pageSize, cursor, type, node, ...selector }, url }, reply) => {
      const { status, state, path } = selector
      const list = `actors ${JSON.stringify([type, node, status, state, path])}`
      const page = await client.actors({
        limit,
        fits: selects(selector),
        ...(type !== undefined && { type }),
        ...(node !== undefined && { node: node as NodeId }),
        ...(cursor !== undefined && { cursor: placeOf(keyring, list, cursor) as string }),
      })
      const items = page.items.map((item) => ({ ...item, at: timestampOf(item.at) }))
      if (page.nextCursor === undefined) return { items }
      const nextCursor = cursorOf(keyring, list, page.nextCursor)
      reply.header('link', nextLink(url, nextCursor))
      return { items, nextCursor }
    },
  )

  const inspect = async (actor: ActorId, trace: string): Promise<Extract<Outcome, { kind: 'answer' }>> => {
    const body = { kind: 'operate', command: { kind: 'inspect' } } as const
    const outcome = await client.request({ actor, body, timeoutMs: requestTimeoutMs, trace })
    if (outcome.kind === 'answer') return outcome
    throw refusalOf(outcome, actor)
  }
  app.get(
    '/ops/v1/actors/:id/snapshot',
    {
      schema: {
        summary: 'State, context, timers, asks and calls of one actor',
        tags: ['actors'],
        params: OfActor,
        response: { 200: Snapshot, ...problems('validation', 'not-found', ...reachFailures) },
      },
    },
    async ({ params, trace }) => {
      const actor = actorOf(params.id)
      const { value, state, version } = await inspect(actor, trace.context)
      const {
        mailbox: _,
        supervision: _elsewhere,
        ...inside
      } = value as {
        mailbox?: unknown
        supervision?: unknown
      }
      return { id: actor, version, state, inside: withoutSecrets(inside) }
    },
  )
  app.get(
    '/ops/v1/actors/:id/mailbox',
    {
      schema: {
        summary: 'What waits for one actor, oldest first',
        tags: ['actors'],
        params: OfActor,
        response: { 200: Mailbox, ...problems('validation', 'not-found', ...reachFailures) },
      },
    },
    async ({ params, trace }) => {
      const actor = actorOf(params.id)
      const { value } = await inspect(actor, trace.context)
      const { mailbox = [], mailboxDepth } = value as { mailbox?: unknown[]; mailboxDepth?: number }
      return { id: actor, depth: mailboxDepth ?? mailbox.length, items: withoutSecrets(mailbox) }
    },
  )
  app.get(
    '/ops/v1/actors/:id/supervision',
    {
      schema: {
        summary: 'Which groups decide when a turn of one actor fails, and which actors restart with it',
        description:
          'The innermost group is asked first. An actor has no children: supervisors are no actors.',
        tags: ['actors'],
        params: OfActor,
        response: { 200: Supervision, ...problems('validation', 'not-found', ...reachFailures) },
      },
    },
    async ({ params, trace }) => {
      const actor = actorOf(params.id)
      const { value } = await inspect(actor, trace.context)
      return (value as { supervision: Static<typeof Supervision> }).supervision
    },
  )
  app.get(
    '/ops/v1/actors/:id/journal',
    {
      schema: {
        summary: 'Every turn of one actor, newest first',
        tags: ['actors'],
        params: OfActor,
        querystring: Type.Object(
          {
            ...PageQuery,
            contexts: Type.Optional(
              Type.Boolean({
                description: 'What its context was after each turn, too. It costs each turn again.',
              }),
            ),
          },
          exact,
        ),
        response: { 200: PageOfTurns, ...problems('validation', 'invalid-cursor') },
      },
    },
    async ({ params, query: { limit = pageSize, cursor, contexts = false }, url }, reply) => {
      const actor = actorOf(params.id)
      const list = `journal ${actor}`
      const records = await client.history(actor, {
        limit,
        ...(cursor !== undefined && { before: placeOf(keyring, list, cursor) as RecordPlace }),
      })
      const replayed = contexts ? await replayedContexts(client, actor, records) : undefined
      const items = records.map((record) => shownTurn(record, replayed?.get(record.sequence)))
      const previous = records.length === limit ? records.at(-1)?.previous : undefined
      if (previous === undefined) return { items, ...(isCut(records, cursor) && { olderNotKept: true }) }
      const nextCursor = cursorOf(keyring, list, previous)
      reply.header('link', nextLink(url, nextCursor))
      return { items, nextCursor }
    },
  )

  app.post(
    '/ops/v1/actors/:id/messages',
    {
      schema: {
        summary: 'Sends one message of the contract of the actor, and says what it did',
        tags: ['actors'],
        params: OfActor,
        body: Type.Object({ message: AnyMessage }, exact),
        response: {
          202: Handled,
          ...problems(
            'validation',
            'forbidden',
            'forged-message',
            'not-found',
            'event-not-accepted',
            ...reachFailures,
          ),
        },
      },
    },
    async (request, reply) => {
      const { params, body, trace } = request
      const { message } = body
      if (decidesWhoMayDoWhat.has(typeOf(actorOf(params.id)))) requireAdmin(request)
      if (systemMessageTypes.has(message.type)) {
        throw new Problem('forged-message', `Only the runtime sends '${message.type}'.`)
      }
      reply.code(202)
      return handled(
        client,
        actorOf(params.id),
        { kind: 'command', message: message as Message },
        trace.context,
      )
    },
  )
  const commands = [
    ['restart', 'Drops it from memory and loads its snapshot again'],
    ['stop', 'Stops it; messages wait'],
    ['start', 'Lets a stopped actor go on, or the shard that is in quarantine'],
  ] as const
  for (const [kind, summary] of commands) {
    app.post(
      `/ops/v1/actors/:id/${kind}`,
      {
        schema: {
          summary,
          tags: ['actors'],
          params: OfActor,
          response: { 202: Handled, ...problems('validation', 'not-found', ...reachFailures) },
        },
      },
      async ({ params, trace }, reply) => {
        reply.code(202)
        return handled(client, actorOf(params.id), { kind: 'operate', command: { kind } }, trace.context)
      },
    )
  }

  app.get(
    '/ops/v1/dead-letters',
    {
      schema: {
        summary: 'Messages that could not be handled, and why',
        tags: ['dead letters'],
        querystring: Type.Object(PageQuery, exact),
        response: { 200: pageOf(DeadLetter), ...problems('validation', 'invalid-cursor') },
      },
    },
    async ({ query: { limit = pageSize, cursor }, url }, reply) => {
      const list = 'dead-letters'
      const page = await client.deadLetters({
        limit,
        ...(cursor !== undefined && { cursor: placeOf(keyring, list, cursor) as string }),
      })
      const items = page.items.map(({ row, id: _message, ...item }) => ({
        ...item,
        id: `${row}:${item.actor}`,
        at: timestampOf(item.at),
      }))
      if (page.nextCursor === undefined) return { items }
      const nextCursor = cursorOf(keyring, list, page.nextCursor)
      reply.header('link', nextLink(url, nextCursor))
      return { items, nextCursor }
    },
  )
  app.post(
    '/ops/v1/dead-letters/:id/replay',
    {
      schema: {
        summary: 'Delivers a dead letter once more; its id is percent-encoded',
        tags: ['dead letters'],
        params: Type.Object({ id: Type.String({ pattern: '^\\d{1,15}:.+$' }) }),
        response: {
          202: Type.Object({ accepted: Type.Literal(true) }, exact),
          ...problems('validation', 'not-found', 'replay-limit', ...reachFailures),
        },
      },
    },
    async ({ params: { id }, trace }, reply) => {
      const colon = id.indexOf(':')
      const actor = actorOf(id.slice(colon + 1))
      const command: OperatorCommand = { kind: 'replay', row: Number(id.slice(0, colon)) }
      const outcome = await client.request({
        actor,
        body: { kind: 'operate', command },
        timeoutMs: requestTimeoutMs,
        trace: trace.context,
      })
      if (outcome.kind === 'unknown') throw new Problem('not-found', `There is no dead letter '${id}'.`)
      if (outcome.kind === 'invalid')
        throw new Problem('replay-limit', `It cannot be replayed: ${outcome.problem}.`)
      if (outcome.kind !== 'done' && outcome.kind !== 'answer') throw refusalOf(outcome, actor)
      reply.code(202)
      return { accepted: true as const }
    },
  )
}

/** @throws ClusterError `ACTOR_ID_INVALID`, which is a problem of status 400. */
export function actorOf(id: string): ActorId {
  const slash = Math.max(0, id.indexOf('/'))
  return ref(id.slice(0, slash), id.slice(slash + 1))
}

async function handled(
  client: ClusterClient,
  actor: ActorId,
  body: Parameters<ClusterClient['request']>[0]['body'],
  trace: string,
): Promise<Static<typeof Handled>> {
  const outcome = await client.request({ actor, body, timeoutMs: requestTimeoutMs, trace })
  if (outcome.kind === 'done') {
    const { state, version, reply } = outcome
    return { state, version, ...(reply && { reply: { ...reply } }) }
  }
  if (outcome.kind === 'answer') return { state: outcome.state, version: outcome.version }
  throw refusalOf(outcome, actor)
}

function refusalOf(outcome: Outcome, actor: ActorId): Problem {
  if (outcome.kind !== 'not-accepted') return problemOf(outcome, `Actor '${actor}'`)
  return new Problem('event-not-accepted', {
    detail: `Actor '${actor}' does not take this message in its state ${inWords(outcome.state)}.`,
    currentState: outcome.state,
    allowedEvents: outcome.accepts,
  })
}

function shownTurn(record: JournalRecord, context: unknown): Static<typeof Turn> {
  const { sequence, at, id, message, state, from, cause, events, note } = record
  const { traceparent, ...cameWithIt } = traceHeaders(record.trace)
  return {
    sequence,
    at: timestampOf(at),
    id,
    message: withoutSecrets({ ...message }),
    state,
    ...(context !== undefined && { context: withoutSecrets<unknown>(context) }),
    ...(from !== undefined && { from }),
    ...(cause !== undefined && { cause }),
    ...(traceparent !== undefined && { trace: traceparent }),
    ...cameWithIt,
    ...(events && { events: events.map((event) => withoutSecrets({ ...event })) }),
    ...(note !== undefined && { note }),
  }
}
