/**
 * Whether this gateway lives, can serve, and has started; and its numbers.
 *
 * None of them waits for the cluster longer than a moment: they have to answer when nothing else does.
 */
import { Type } from 'typebox'
import type { Projector } from '#projections'
import type { ClusterClient, ClusterView } from './cluster-client.ts'
import type { Departments } from './departments.ts'
import type { Metrics } from './metrics.ts'
import { Problem } from './problems.ts'
import { problems, type Server } from './server.ts'

const scrapeTimeoutMs = 1_000

const Healthy = Type.Object({ status: Type.Literal('ok') }, { additionalProperties: false })
const tags = ['about']

const Ready = Type.Object(
  {
    status: Type.Literal('ok'),
    departments: Type.Record(Type.String(), Type.Enum(['answers', 'silent']), {
      description: 'What does not need a silent one is done all the same.',
    }),
  },
  { additionalProperties: false },
)

export function healthRoutes(
  app: Server,
  client: ClusterClient,
  metrics: Metrics,
  departments: Departments,
  projector: Projector,
): void {
  let hasStarted = false
  const isReady = (): boolean => {
    const ready = client.ready()
    hasStarted ||= ready
    return ready
  }

  app.get('/healthz', { schema: { summary: 'The process lives', tags, response: { 200: Healthy } } }, () => ({
    status: 'ok' as const,
  }))
  app.get(
    '/readyz',
    {
      schema: {
        summary: 'Requests are answered, and by which departments',
        tags,
        response: { 200: Ready, ...problems('not-ready') },
      },
    },
    () => {
      if (!isReady()) throw new Problem('not-ready', 'There is no link to the cluster at the moment.')
      return { status: 'ok' as const, departments: { ...departments.states } }
    },
  )
  app.get(
    '/startupz',
    { schema: { summary: 'It was ready once', tags, response: { 200: Healthy, ...problems('not-ready') } } },
    () => {
      if (!hasStarted && !isReady()) throw new Problem('not-ready', 'It has not been ready yet.')
      return { status: 'ok' as const }
    },
  )
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    return metrics.text(await viewOf(client), projector)
  })
}

/** The cluster's view, unless it takes too long: then this process is shown alone. */
async function viewOf(client: ClusterClient): Promise<ClusterView | undefined> {
  let timer: NodeJS.Timeout | undefined
  const giveUp = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), scrapeTimeoutMs)
  })
  try {
    return await Promise.race([client.cluster(), giveUp])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
