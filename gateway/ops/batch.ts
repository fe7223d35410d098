/**
 * One command to many actors: how many it would reach, and then to each.
 *
 * Owns:     which actors a selector means, and the bound on how many.
 * Does not: know more of a command than that each actor takes it on its own: one that refuses stops no other.
 */
import { type Static, Type } from 'typebox'
import type { ActorId } from '#actor'
import type { NodeId } from '#ports'
import type { ActorListItem, ClusterClient } from '../cluster-client.ts'
import { Problem } from '../problems.ts'
import { stateNameOf } from '../routes/order-body.ts'
import { exact, reach } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'

/** More than this is asked for in parts. */
export const batchMax = 500
const atOnce = 10
const pageSize = 200
const sampleSize = 10
const requestTimeoutMs = 3_000

const Selector = Type.Object(
  {
    type: Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' }),
    node: Type.Optional(Type.String({ maxLength: 64 })),
    status: Type.Optional(Type.Enum(['live', 'stopped'])),
    state: Type.Optional(Type.String({ maxLength: 100, description: 'The outermost state.' })),
  },
  exact,
)
type Selector = Static<typeof Selector>
const count = Type.Integer({ minimum: 0 })
const sample = Type.Array(Type.String(), { description: `The first ${sampleSize}.` })

export function batchRoutes(app: Server, client: ClusterClient): void {
  const selected = async ({ type, node, status, state }: Selector): Promise<readonly ActorId[]> => {
    const found: ActorId[] = []
    let cursor: string | undefined
    do {
      const page = await client.actors({
        type,
        limit: pageSize,
        ...(node !== undefined && { node: node as NodeId }),
        ...(cursor !== undefined && { cursor }),
      })
      const fits = (item: ActorListItem): boolean =>
        (status === undefined ? item.status !== 'archived' : item.status === status) &&
        (state === undefined || outermost(item.state) === state)
      found.push(...page.items.filter(fits).map(({ id }) => id))
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
          detail: `The selector ${detail}: narrow it by node, status or state.`,
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

/** Of an actor that this build cannot read there is none. */
const outermost = (state: unknown): string => (state === null ? '' : stateNameOf(state))
