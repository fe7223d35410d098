/**
 * The autoscaler of each group of nodes: reading how it decides and what it sees, and setting its policy.
 *
 * The ETag is the number of the policy, not the version of the actor, which grows with each look.
 */
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import {
  type AutoscalerContext,
  type AutoscalerMessage,
  autoscalerRef,
  nodesMax,
  scalePolicies,
} from '#actors'
import type { ClusterClient } from '../cluster-client.ts'
import { etagOf, requiredVersionOf } from '../conditional.ts'
import { answerOf, doneOf, Problem } from '../problems.ts'
import { exact, matched, reach, written } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'

const tags = ['cluster']
/** The group that has all departments, where they run together. */
const usual = 'kitchen'
const requestTimeoutMs = 3_000

const nodes = Type.Integer({ minimum: 1, maximum: nodesMax })
const Policy = {
  min: nodes,
  max: nodes,
  target: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    description: 'Of each node. `cpu`: percent of a processor; `mailbox`: messages that wait.',
  }),
  policy: Type.Enum([...scalePolicies], { description: '`off`: the group is left as it is.' }),
}
const Scale = Type.Object(
  {
    group: Type.String(),
    version: Type.Integer({
      minimum: 0,
      description: 'Of the policy: the ETag. 0 where nobody has set one.',
    }),
    ...Policy,
    state: Type.Enum(['off', 'watching', 'looking', 'scaling', 'resting']),
    loadPercent: Type.Optional(Type.Integer({ description: 'Of the target, at the last look.' })),
    changes: Type.Integer({ minimum: 0, description: 'Nodes that it has asked for, or had drained.' }),
    by: Type.Optional(Type.String()),
    at: Type.Optional(Timestamp),
    why: Type.Optional(Type.String()),
  },
  exact,
)
type Scale = Static<typeof Scale>
const OfGroup = Type.Object(
  { group: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$', default: usual })) },
  exact,
)

export function scaleRoutes(app: Server, client: ClusterClient): void {
  const read = async (group: string, { trace }: FastifyRequest): Promise<Shown> => {
    const { nodes } = await client.cluster()
    if (!nodes.some((node) => node.group === group))
      throw new Problem('not-found', `There is no group '${group}'.`)
    const outcome = await client.request({
      actor: autoscalerRef(group),
      body: { kind: 'query', name: 'view' },
      timeoutMs: requestTimeoutMs,
      trace: trace.context,
    })
    if (outcome.kind === 'unknown') return { ...none, group }
    return answerOf(outcome, whose(group)).value as Shown
  }

  app.get(
    '/ops/v1/scale',
    {
      schema: {
        summary: 'How many nodes a group may have, and how busy it is',
        tags,
        querystring: OfGroup,
        response: { 200: Scale, ...problems('validation', 'not-found', ...reach) },
      },
    },
    async (request, reply) => {
      const view = await read(request.query.group ?? usual, request)
      reply.header('etag', etagOf(view.revision))
      return shown(view)
    },
  )
  app.put(
    '/ops/v1/scale',
    {
      schema: {
        summary: 'Has the nodes of a group added and drained by their load',
        description: '`If-Match` is the ETag of GET /ops/v1/scale. `X-Reason` says why.',
        tags,
        querystring: OfGroup,
        headers: Type.Object({ 'x-reason': Type.Optional(Type.String({ maxLength: 200 })) }),
        body: Type.Object(Policy, exact),
        response: {
          200: Scale,
          ...problems(...written, 'not-found', ...matched, 'audit-unavailable', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { group = usual } = request.query
      const revision = requiredVersionOf(request.headers)
      await read(group, request)
      const why = request.headers['x-reason']
      const message: AutoscalerMessage = {
        type: 'autoscaler.set',
        ...request.body,
        revision,
        by: request.operator,
        ...(typeof why === 'string' && { why }),
      }
      const outcome = await client.request({
        actor: autoscalerRef(group),
        body: { kind: 'command', message },
        timeoutMs: requestTimeoutMs,
        trace: request.trace.context,
      })
      const answer = doneOf(outcome, whose(group)).reply as unknown as Answer
      if (answer.type === 'autoscaler.stale') {
        throw new Problem('precondition-failed', {
          detail: `${whose(group)} was changed since you read it.`,
          headers: { etag: etagOf(answer.revision) },
        })
      }
      if (answer.type === 'autoscaler.refused') {
        throw new Problem('validation', {
          detail: `The policy cannot be: ${answer.problem}.`,
          errors: [{ pointer: '#/min', detail: answer.problem }],
        })
      }
      reply.header('etag', etagOf(answer.revision))
      return shown(await read(group, request))
    },
  )
}

type Shown = Omit<AutoscalerContext, 'seen' | 'looks' | 'streak' | 'asked'> & { readonly state: string }
type Answer =
  | (Shown & { readonly type: 'autoscaler.view' })
  | { readonly type: 'autoscaler.stale'; readonly revision: number }
  | { readonly type: 'autoscaler.refused'; readonly problem: string }

const whose = (group: string): string => `The autoscaler of '${group}'`

/** Of a group that nobody has set a policy for. */
const none = {
  min: 1,
  max: nodesMax,
  target: 1,
  policy: 'off',
  state: 'off',
  revision: 0,
  loadPercent: null,
  changes: 0,
  by: '',
  at: 0 as Shown['at'],
  why: null,
} as const

function shown({ revision, by, at, why, loadPercent, state, ...policy }: Shown): Scale {
  return {
    ...policy,
    version: revision,
    state: state as Scale['state'],
    ...(loadPercent !== null && { loadPercent }),
    ...(revision > 0 && { by, at: timestampOf(at) }),
    ...(why !== null && { why }),
  }
}
