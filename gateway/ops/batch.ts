/**
 * One command to many actors: how many it would reach, and then to each.
 *
 * Owns:     which actors a selector means, and the bound on how many.
 * Does not: know more of a command than that each actor takes it on its own: one that refuses stops no other.
 */
import { type Static, Type } from 'typebox'
import type { ActorId } from '#actor'
import type { NodeId } from '#ports'
import type { ClusterClient } from '../cluster-client.ts'
import { Problem } from '../problems.ts'
import { exact, reach } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'
import { actorType, SelectorQuery, selects } from './actor-selector.ts'

/** More than this is asked for in parts. */
export const batchMax = 500
const atOnce = 10
const pageSize = 200
const sampleSize = 10
const requestTimeoutMs = 3_000

const Selector = Type.Object(
  {
    ...SelectorQuery,
    type: actorType,
    status: Type.Optional(Type.Enum(['live', 'stopped'])),
  },
  exact,
)
type Selector = Static<typeof Selector>
const count = Type.Integer({ minimum: 0 })
const sample = Type.Array(Type.String(), { description: `The first ${sampleSize}.` })

export function batchRoutes(app: Server, client: ClusterClient): void {
  const selected = async ({ type, node, ...selector }: Selector): Promise<readonly ActorId[]> => {
    const isSelected = selects(selector)
    const found: ActorId[] = []
    let cursor: string | undefined
    do {
      const page = await client.actors({
        type,
        limit: pageSize,
        fits: (actor) => actor.status !== 'archived' && isSelected(actor),
        ...(node !== undefined && { node: node as NodeId }),
        ...(cursor !== undefined && { cursor }),
      })
      found.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== undefined && found.length <= batchMax)
    return found
  }

  app.post(
    // Two colons: one would begin a parameter.
    '/ops/v1/actors::batch',
    {
      schema: {
        summary: 'Restarts, stops or starts every actor that fits; with `dryRun` it only counts them',
        description: `At most ${batchMax} at once. Each takes the command on its own: \`failed\` did not. Who hangs up ends it: no further actor is reached.`,
        tags: ['actors'],
        body: Type.Object(
          {
            selector: Selector,
            action: Type.Enum(['restart', 'stop', 'start']),
            dryRun: Type.Optional(Type.Boolean({ default: false })),
          },
          exact,
        ),
        response: {
          200: Type.Object({ dryRun: Type.Literal(true), count, sample }, exact),
          202: Type.Object({ count, done: count, failed: Type.Array(Type.String()) }, exact),
          ...problems('validation', 'audit-unavailable', ...reach),
        },
      },
    },
    async ({ body: { selector, action, dryRun = false }, trace }, reply) => {
      const actors = await selected(selector)
      if (actors.length > batchMax) {
        const detail = `fits more than ${batchMax} actors`
        throw new Problem('validation', {
          detail: `The selector ${detail}: narrow it by node, status, state or path.`,
          errors: [{ pointer: '#/selector', detail }],
        })
      }
      if (dryRun) return { dryRun: true as const, count: actors.length, sample: actors.slice(0, sampleSize) }
      const left = [...actors]
      const failed: string[] = []
      const isWanted = (): boolean => !reply.raw.destroyed
      const work = async (): Promise<void> => {
        for (let actor = left.shift(); actor !== undefined && isWanted(); actor = left.shift()) {
          const { kind } = await client.request({
            actor,
            body: { kind: 'operate', command: { kind: action } },
            timeoutMs: requestTimeoutMs,
            trace: trace.context,
          })
          if (kind !== 'done' && kind !== 'answer') failed.push(actor)
        }
      }
      await Promise.all(Array.from({ length: atOnce }, work))
      reply.code(202)
      return { count: actors.length, done: actors.length - failed.length, failed: failed.sort() }
    },
  )
}
