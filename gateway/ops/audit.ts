/**
 * Who did what: every command of an operator is written down before it is carried out, and its outcome after.
 *
 * Owns:     which requests are commands, what is written of them and what is left out, and the refusal of a command
 *           that cannot be written down.
 * Does not: keep the record: the journal of the actor `audit` of the day does. A simulated cluster, which takes nothing
 *           while its world stands still, keeps its own in memory.
 *
 * Invariants:
 *   AU1. A command is carried out only after its entry is durable. What mends what somebody has broken (`resume`, `heal`)
 *        goes on without: the record may be behind the very fault that it mends; its entry is written when it can be.
 *   AU2. Nothing secret is written: members of a body whose names say so are redacted, and values of secret keys.
 */
import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Message } from '#actor'
import { type AuditMessage, auditRef, configKeys, isConfigKey } from '#actors'
import type { JournalRecord, RecordPlace } from '#ports'
import type { ClusterClient } from '../cluster-client.ts'
import { cursorOf, nextLink, PageQuery, pageSize, placeOf } from '../cursor.ts'
import type { Keyring } from '../keyring.ts'
import { Problem } from '../problems.ts'
import { exact } from '../routes/route-parts.ts'
import { pathOf, problems, type Server } from '../server.ts'
import { redacted } from '../settings.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { withoutSecrets } from './redaction.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It mends what somebody has broken, and is not refused when it cannot be written down. */
    readonly mends?: true
  }
  interface FastifyRequest {
    auditEntry?: { readonly id: string; readonly day: string }
  }
}

const writeTimeoutMs = 2_000
/** How long a command that mends waits for its entry. */
const mendsAfterMs = 300
/** An outcome, and the entry of what mends, is insisted on so often. */
const triesMax = 20
const pauseMs = 1_000
const bodyLengthMax = 2_000
const entriesInMemoryMax = 1_000

const Entry = Type.Object(
  {
    entry: Type.String(),
    what: Type.Enum(['begun', 'ended']),
    at: Timestamp,
    who: Type.Optional(Type.String()),
    command: Type.Optional(Type.String({ description: 'Method and route.' })),
    target: Type.Optional(Type.String({ description: 'The path.' })),
    reason: Type.Optional(Type.String()),
    trace: Type.Optional(Type.String()),
    body: Type.Optional(Type.String({ description: 'What was sent, without what is secret.' })),
    status: Type.Optional(Type.Integer({ description: 'How it was answered.' })),
  },
  exact,
)
type Entry = Static<typeof Entry>
export type AuditEntry = Entry

export interface AuditOptions {
  readonly client: ClusterClient
  readonly keyring: Keyring
  /** The cluster is simulated. */
  readonly isSimulated: boolean
}

export function auditCommands(app: Server, { client, keyring, isSimulated }: AuditOptions): void {
  const remembered: Entry[] = []
  const remember = (message: AuditMessage): void => {
    remembered.unshift(shown(message, timestampOf(client.worldNow())))
    remembered.length = Math.min(remembered.length, entriesInMemoryMax)
  }
  const write = async (day: string, message: AuditMessage): Promise<boolean> => {
    if (isSimulated) {
      remember(message)
      return true
    }
    const outcome = await client.request({
      actor: auditRef(day),
      body: { kind: 'command', message },
      key: `${message.type} ${message.entry}`,
      fingerprint: '',
      timeoutMs: writeTimeoutMs,
    })
    return outcome.kind === 'done' || outcome.kind === 'key-reused'
  }
  const insist = async (day: string, message: AuditMessage): Promise<void> => {
    for (let n = 0; n < triesMax; n += 1) {
      if (await write(day, message)) return
      await new Promise((resolve) => setTimeout(resolve, pauseMs).unref())
    }
    app.log.error({ entry: message.entry }, 'an entry of the audit could not be written')
  }

  app.addHook('preHandler', async (request) => {
    if (!isCommand(request)) return
    const day = timestampOf(client.worldNow()).slice(0, 10)
    const message = entryOf(request, randomUUID())
    request.auditEntry = { id: message.entry, day }
    if (request.routeOptions.config.mends === true) {
      const soon = new Promise((resolve) => setTimeout(resolve, mendsAfterMs))
      await Promise.race([insist(day, message), soon])
    } else if (!(await write(day, message))) {
      delete request.auditEntry
      throw new Problem('audit-unavailable', 'It was not carried out: it cannot be written down who did it.')
    }
  })
  // Not when the answer has left: whoever hangs up before would have no end written.
  app.addHook('onSend', async ({ auditEntry }, { statusCode }) => {
    if (auditEntry === undefined) return
    void insist(auditEntry.day, { type: 'audit.end', entry: auditEntry.id, status: statusCode })
  })

  app.get(
    '/ops/v1/audit',
    {
      schema: {
        summary: 'Who did what, in one day by the world clock: newest first',
        description:
          'A command is written before it is carried out (`begun`) and after (`ended`). Without `day`, of today.',
        tags: ['audit'],
        querystring: Type.Object(
          { ...PageQuery, day: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })) },
          exact,
        ),
        response: {
          200: Type.Object(
            { day: Type.String(), items: Type.Array(Entry), nextCursor: Type.Optional(Type.String()) },
            exact,
          ),
          ...problems('validation', 'invalid-cursor'),
        },
      },
    },
    async ({ query: { limit = pageSize, cursor, day: asked }, url }, reply) => {
      const day = asked ?? timestampOf(client.worldNow()).slice(0, 10)
      if (isSimulated)
        return { day, items: remembered.filter(({ at }) => at.startsWith(day)).slice(0, limit) }
      const list = `audit ${day}`
      const records = await client.history(auditRef(day), {
        limit,
        ...(cursor !== undefined && { before: placeOf(keyring, list, cursor) as RecordPlace }),
      })
      const items = records.map(shownRecord)
      const previous = records.length === limit ? records.at(-1)?.previous : undefined
      if (previous === undefined) return { day, items }
      const nextCursor = cursorOf(keyring, list, previous)
      reply.header('link', nextLink(url, nextCursor))
      return { day, items, nextCursor }
    },
  )
}

const isCommand = ({ method, routeOptions, is404 }: FastifyRequest): boolean =>
  !is404 && method !== 'GET' && method !== 'HEAD' && routeOptions.url?.startsWith('/ops/') === true

function entryOf(request: FastifyRequest, entry: string): Extract<AuditMessage, { type: 'audit.begin' }> {
  const { method, url, headers, body, operator, trace, routeOptions } = request
  const reason = headers['x-reason']
  return {
    type: 'audit.begin',
    entry,
    who: operator,
    what: `${method} ${routeOptions.url}`,
    target: pathOf(url),
    trace: trace.parent,
    ...(typeof reason === 'string' && { reason: reason.slice(0, 200) }),
    ...(body !== undefined && body !== null && { body: bodyShown(request) }),
  }
}

function bodyShown({ body, params }: FastifyRequest): string {
  const { key } = (params ?? {}) as { readonly key?: string }
  const isSecret = key !== undefined && isConfigKey(key) && 'isSecret' in configKeys[key]
  return (isSecret ? redacted : JSON.stringify(withoutSecrets(body))).slice(0, bodyLengthMax)
}

const shownRecord = ({ message, at }: JournalRecord): Entry => shown(message as AuditMessage, timestampOf(at))

function shown(message: AuditMessage | Message, at: string): Entry {
  const said = message as AuditMessage
  if (said.type === 'audit.end') return { entry: said.entry, what: 'ended', at, status: said.status }
  const { entry, who, what, target, reason, trace, body } = said
  return {
    entry,
    what: 'begun',
    at,
    who,
    command: what,
    target,
    trace,
    ...(reason !== undefined && { reason }),
    ...(body !== undefined && { body }),
  }
}
