/**
 * Read models, as operators see them: where they stand, and building them anew.
 *
 * They belong to the edge that is asked; each edge has its own.
 */
import { type Static, Type } from 'typebox'
import { type ProjectionView, type Projector, projectionStates, rebuildStates } from '#projections'
import { Problem } from '../problems.ts'
import { Fresh, freshness } from '../read-models.ts'
import { exact } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'

const count = Type.Integer({ minimum: 0 })

const Model = Type.Object(
  {
    name: Type.String(),
    about: Type.String(),
    version: count,
    state: Type.Enum([...projectionStates]),
    problem: Type.Optional(Type.String()),
    isCut: Type.Optional(
      Type.Boolean({ description: 'What was trimmed from the journal before it was built is not in it.' }),
    ),
    rebuild: Type.Optional(
      Type.Object(
        {
          state: Type.Enum([...rebuildStates], {
            description: '`refused`: rows would have been lost, and nothing was replaced.',
          }),
          verify: Type.Boolean({ description: 'It is only compared: nothing is replaced.' }),
          acceptLoss: Type.Boolean({ description: 'It is replaced though the journal was cut.' }),
          turns: Type.Integer({ minimum: 0, description: 'Read from the journal so far.' }),
          differences: Type.Optional(
            Type.Object(
              { count, missing: count, first: Type.Array(Type.String()) },
              { ...exact, description: 'From the old one; `missing` of them only the old one has.' },
            ),
          ),
          notKept: Type.Optional({ ...count, description: 'Turns that the journal has no more.' }),
          problem: Type.Optional(Type.String()),
        },
        exact,
      ),
    ),
  },
  exact,
)
const Waiting = Type.Array(Type.Object({ shard: Type.String(), lagMs: count }, exact), {
  description:
    'Shards of whose latest turns nobody says now whether they are durable: they have no owner, or it does not answer. The others go on.',
})
const path = '/ops/v1/projections'
/** Stands for every one of them. */
const all = 'all'

export function projectionRoutes(app: Server, projector: Projector): void {
  app.get(
    path,
    {
      schema: {
        summary: 'The read models of this edge, how far they are, and what is being built',
        tags: ['projections'],
        response: {
          200: Type.Object({ items: Type.Array(Model), turns: count, ...Fresh, waiting: Waiting }, exact),
          ...problems('validation'),
        },
      },
    },
    () => ({
      items: projector.view().map(shown),
      turns: projector.turns,
      ...freshness(projector),
      waiting: [...projector.waiting],
    }),
  )
  app.post(
    `${path}/:name/rebuild`,
    {
      schema: {
        summary: 'Builds a read model anew from the journal, beside the old one, and compares them',
        description:
          'Then the new one takes its place; with `verify` it does not. When turns were trimmed from the journal and rows would be lost or changed, it is refused unless `acceptLoss` is set. `all` stands for every one. How it goes: GET /ops/v1/projections.',
        tags: ['projections'],
        params: Type.Object({ name: Type.String({ pattern: '^[a-z]{1,40}$' }) }),
        body: Type.Union([
          Type.Object(
            { verify: Type.Optional(Type.Boolean()), acceptLoss: Type.Optional(Type.Boolean()) },
            exact,
          ),
          Type.Null(),
        ]),
        response: {
          202: Type.Object({ items: Type.Array(Model) }, exact),
          ...problems('validation', 'malformed-json', 'not-found'),
        },
      },
    },
    ({ params: { name }, body }, reply) => {
      const names = name === all ? projector.view().map((model) => model.name) : [name]
      if (!projector.rebuild(names, body ?? {}))
        throw new Problem('not-found', `There is no projection '${name}'.`)
      reply.code(202).header('location', path)
      return {
        items: projector
          .view()
          .filter((model) => names.includes(model.name))
          .map(shown),
      }
    },
  )
}

function shown({ rebuild, ...model }: ProjectionView): Static<typeof Model> {
  if (rebuild === undefined) return { ...model }
  const { differences, ...rest } = rebuild
  return {
    ...model,
    rebuild: {
      ...rest,
      ...(differences && { differences: { ...differences, first: [...differences.first] } }),
    },
  }
}
