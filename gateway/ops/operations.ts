/**
 * Commands that take a while: each is an operation, an actor that can be asked how far it is.
 *
 * Owns:     beginning one before the command is carried out, telling it what became of that, and showing it. A command
 *           with an `Idempotency-Key` that came before is answered with the operation that it began, and not repeated.
 * Does not: wait for the effect: the operation itself looks for it, whatever becomes of this gateway.
 */
import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { type Goal, type OperationContext, type OperationMessage, operationRef } from '#actors'
import type { ClusterClient } from '../cluster-client.ts'
import { cursorOf, nextLink, PageQuery, pageSize, placeOf } from '../cursor.ts'
import { fingerprintOf, idempotencyKeyOf, requestKeyOf } from '../idempotency.ts'
import type { Keyring } from '../keyring.ts'
import { answerOf, doneOf, Problem } from '../problems.ts'
import { exact, reach } from '../routes/route-parts.ts'
import { pathOf, problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'

const tags = ['operations']
const requestTimeoutMs = 3_000
const path = '/ops/v1/operations'

const Operation = Type.Object(
  {
    id: Type.String(),
    state: Type.Enum(['new', 'pending', 'running', 'done', 'failed', 'forgotten']),
    what: Type.String(),
    target: Type.String(),
    by: Type.String(),
    begunAt: Timestamp,
    endedAt: Type.Optional(Timestamp),
    progress: Type.Object({ done: Type.Integer(), total: Type.Integer() }, exact),
    detail: Type.Optional(Type.String({ description: 'Why it failed.' })),
  },
  exact,
)

export const Accepted = Type.Object(
  {
    accepted: Type.Literal(true),
    /** Absent in a simulated cluster, whose commands are done when they are said. */
    operation: Type.Optional(Type.String()),
    node: Type.Optional(Type.String()),
    nodes: Type.Optional(Type.Array(Type.String())),
  },
  exact,
)
export type Accepted = Static<typeof Accepted>
export const keyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ description: 'A command that came before with this key is not carried out again.' }),
  ),
  'x-reason': Type.Optional(Type.String({ maxLength: 200, description: 'Why: it stands in the audit.' })),
})

export interface Carried {
  readonly goal: Goal
  readonly answer?: Partial<Accepted>
}

export class Operations {
  readonly #client: ClusterClient
  readonly #keyring: Keyring
  readonly #isSimulated: boolean

  constructor(client: ClusterClient, keyring: Keyring, isSimulated: boolean) {
    this.#client = client
    this.#keyring = keyring
    this.#isSimulated = isSimulated
  }

  /**
   * Carries a command out as an operation, once for each key, and answers 202.
   *
   * @throws what `carryOut` throws, and Problem when no operation can be begun; nothing is carried out then.
   */
  async run(
    request: FastifyRequest,
    reply: FastifyReply,
    target: string,
    carryOut: () => Promise<Carried>,
  ): Promise<Accepted> {
    reply.code(202)
    if (this.#isSimulated) return { accepted: true, ...(await carryOut()).answer }
    const begun = await this.#begin(request, target)
    if (begun === undefined) return { accepted: true, ...(await carryOut()).answer }
    const { id, isReplayed } = begun
    reply.header('location', `${path}/${id}`)
    if (isReplayed) {
      reply.header('idempotent-replayed', 'true')
      return { accepted: true, operation: id }
    }
    try {
      const { goal, answer } = await carryOut()
      await this.#tell(id, { type: 'operation.started', goal: goal as never })
      return { accepted: true, operation: id, ...answer }
    } catch (error) {
      const detail = error instanceof Problem ? error.message : 'it broke'
      await this.#tell(id, { type: 'operation.fail', detail: detail.slice(0, 500) || 'it broke' })
      throw error
    }
  }

  /** Undefined: none can be begun, and the command goes on without, for it mends something. */
  async #begin(
    request: FastifyRequest,
    target: string,
  ): Promise<{ readonly id: string; readonly isReplayed: boolean } | undefined> {
    const { method, url, body, operator, routeOptions, headers } = request
    const mends = routeOptions.config.mends === true
    const key = idempotencyKeyOf(headers['idempotency-key'])
    const intent =
      key === undefined
        ? undefined
        : requestKeyOf(this.#keyring, { subject: operator, method, path: pathOf(url), key })
    const id = `op_${intent === undefined ? randomUUID() : intent.slice(0, 32)}`
    const message: OperationMessage = {
      type: 'operation.begin',
      what: `${method} ${routeOptions.url}`.slice(0, 100),
      target: target.slice(0, 200),
      by: operator,
    }
    const outcome = await this.#client.request({
      actor: operationRef(id),
      body: { kind: 'command', message },
      key: intent ?? id,
      fingerprint: fingerprintOf(body ?? undefined),
      timeoutMs: mends ? requestTimeoutMs / 6 : requestTimeoutMs,
      trace: request.trace.context,
    })
    if (mends && outcome.kind !== 'done' && outcome.kind !== 'key-reused') return undefined
    return { id, isReplayed: doneOf(outcome, `Operation '${id}'`).replayed === true }
  }

  /** It is told as well as can be: an operation that hears nothing fails by itself. */
  async #tell(id: string, message: OperationMessage): Promise<void> {
    const actor = operationRef(id)
    const body = { kind: 'command', message } as const
    const ask = () =>
      this.#client.request({ actor, body, key: message.type, fingerprint: '', timeoutMs: requestTimeoutMs })
    const outcome = await ask()
    if (outcome.kind === 'timeout' || outcome.kind === 'moved' || outcome.kind === 'busy') void ask()
  }
}

export function operationRoutes(app: Server, client: ClusterClient, keyring: Keyring): void {
  app.get(
    `${path}/:id`,
    {
      schema: {
        summary: 'How far a command is',
        tags,
        params: Type.Object({ id: Type.String({ pattern: '^op_[0-9a-z-]{1,64}$' }) }),
        response: { 200: Operation, ...problems('validation', 'not-found', ...reach) },
      },
    },
    async ({ params: { id }, trace }) => {
      const outcome = await client.request({
        actor: operationRef(id),
        body: { kind: 'query', name: 'view' },
        timeoutMs: requestTimeoutMs,
        trace: trace.context,
      })
      return shown(answerOf(outcome, `Operation '${id}'`).value as OperationContext & { state: string })
    },
  )
  app.get(
    path,
    {
      schema: {
        summary: 'Operations of the last day, in the order of their ids',
        tags,
        querystring: Type.Object(PageQuery, exact),
        response: {
          200: Type.Object(
            {
              items: Type.Array(
                Type.Object({ id: Type.String(), state: Type.String(), at: Timestamp }, exact),
              ),
              nextCursor: Type.Optional(Type.String()),
            },
            exact,
          ),
          ...problems('validation', 'invalid-cursor'),
        },
      },
    },
    async ({ query: { limit = pageSize, cursor }, url }, reply) => {
      const page = await client.actors({
        type: 'operation',
        limit,
        ...(cursor !== undefined && { cursor: placeOf(keyring, path, cursor) as string }),
      })
      const items = page.items.map(({ id, state, at }) => ({
        id: id.slice(id.indexOf('/') + 1),
        state: String(state),
        at: timestampOf(at),
      }))
      if (page.nextCursor === undefined) return { items }
      const nextCursor = cursorOf(keyring, path, page.nextCursor)
      reply.header('link', nextLink(url, nextCursor))
      return { items, nextCursor }
    },
  )
}

function shown(view: OperationContext & { readonly state: string }): Static<typeof Operation> {
  const { id, state, what, target, by, begunAt, endedAt, done, total, detail } = view
  return {
    id,
    state: state as Static<typeof Operation>['state'],
    what,
    target,
    by,
    begunAt: timestampOf(begunAt),
    ...(endedAt !== null && { endedAt: timestampOf(endedAt) }),
    progress: { done, total },
    ...(detail !== null && { detail }),
  }
}
