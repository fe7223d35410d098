/**
 * The supervision tree: its groups, what each decides, and how often it restarts something before it escalates.
 *
 * Owns:     the tree as a list, each group before those inside it.
 * Does not: know how much of a budget is used: nodes tell it with what their actors do (`activity`), shard by shard.
 */
import { type Static, Type } from 'typebox'
import { restartAlways, type Supervisor } from '#actor'
import { restaurant } from '#actors'
import { exact } from '../routes/route-parts.ts'
import type { Server } from '../server.ts'

const count = Type.Integer({ minimum: 0 })
export const groupShape = {
  name: Type.String(),
  strategy: Type.Enum(['one-for-one', 'one-for-all', 'rest-for-one']),
  intensity: Type.Object({ restarts: count, withinMs: count }, exact),
  backoff: Type.Object({ minMs: count, maxMs: count, factor: Type.Number(), jitter: Type.Number() }, exact),
}
const Group = Type.Object(
  {
    ...groupShape,
    outer: Type.Optional(Type.String({ description: 'The group that decides when this one escalates.' })),
    decides: Type.Enum(['restart', 'by-error'], {
      description: 'Whether it restarts whatever has failed, or what it does depends on the error.',
    }),
    types: Type.Array(Type.String(), { description: 'Of its actors, in the order of `rest-for-one`.' }),
  },
  exact,
)
export type SupervisionGroup = Static<typeof Group>

export function supervisionRoutes(app: Server): void {
  app.get(
    '/ops/v1/supervision',
    {
      schema: {
        summary: 'The groups of the supervision tree, each before those inside it',
        description: 'Restarts are counted in each shard for itself.',
        tags: ['actors'],
        response: { 200: Type.Object({ items: Type.Array(Group) }, exact) },
      },
    },
    () => ({ items: groupsOf(restaurant) }),
  )
}

function groupsOf(supervisor: Supervisor, outer?: string): SupervisionGroup[] {
  const { name, strategy, intensity, backoff, decide, children } = supervisor
  return [
    {
      ...{ name, strategy, intensity, backoff },
      ...(outer !== undefined && { outer }),
      decides: decide === restartAlways ? 'restart' : 'by-error',
      types: children.flatMap((child) => ('type' in child ? [child.type] : [])),
    },
    ...children.flatMap((child) => ('type' in child ? [] : groupsOf(child, name))),
  ]
}
