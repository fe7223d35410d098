/**
 * Turning the time of a simulated cluster. A live one refuses: its time is everybody's.
 */
import { type Static, Type } from 'typebox'
import type { Instant } from '#actor'
import { Problem } from '../problems.ts'
import { exact } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'
import type { TimeControl, TimeView } from '../time-control.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'

const tags = ['time']
const count = Type.Integer({ minimum: 0 })

const Time = Type.Object(
  {
    state: Type.Enum(['running', 'paused', 'seeking']),
    now: Timestamp,
    speed: Type.Number(),
    day: Type.String(),
    seed: count,
    from: Timestamp,
    to: Timestamp,
    events: count,
    traceHash: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  },
  { ...exact, $id: 'Time' },
)
const TimeRef = Type.Unsafe<Static<typeof Time>>(Type.Ref('Time#'))
const Step = Type.Union([
  Type.Object(
    {
      by: Type.Optional(Type.Enum(['event', 'turn', 'commit'])),
      count: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    },
    exact,
  ),
  Type.Null(),
])
const Forked = Type.Object({ url: Type.String(), opsUrl: Type.String(), events: count }, exact)

/** `time` is undefined in a live cluster. */
export function timeRoutes(app: Server, time: TimeControl | undefined): void {
  const control = (): TimeControl => {
    if (time !== undefined) return time
    throw new Problem(
      'real-time-mode',
      'This cluster is live: its time cannot be turned. Start one with `brigade up --sim DAY`.',
    )
  }
  app.addSchema(Time)
  app.get(
    '/ops/v1/time',
    { schema: { summary: 'The clock', tags, response: { 200: TimeRef, ...problems('real-time-mode') } } },
    async () => shown(control().view()),
  )
  for (const [verb, summary] of [
    ['pause', 'Stops the world: it can be read, and takes nothing'],
    ['resume', 'Lets the world go on'],
  ] as const) {
    app.post(
      `/ops/v1/time/${verb}`,
      { schema: { summary, tags, response: { 200: TimeRef, ...problems('real-time-mode') } } },
      async () => {
        control()[verb]()
        return shown(control().view())
      },
    )
  }
  app.post(
    '/ops/v1/time/step',
    {
      schema: {
        summary: 'Stops the world, and lets one event, turn or commit happen, or so many',
        tags,
        body: Step,
        response: { 200: TimeRef, ...problems('validation', 'real-time-mode') },
      },
    },
    async ({ body }) => {
      control().step(body?.by ?? 'event', body?.count ?? 1)
      return shown(control().view())
    },
  )
  app.put(
    '/ops/v1/time/speed',
    {
      schema: {
        summary: 'How fast the world goes',
        tags,
        body: Type.Object({ speed: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 }) }, exact),
        response: { 200: TimeRef, ...problems('validation', 'real-time-mode') },
      },
    },
    async ({ body }) => {
      control().setSpeed(body.speed)
      return shown(control().view())
    },
  )
  app.post(
    '/ops/v1/time/seek',
    {
      schema: {
        summary: 'Goes to a moment, forwards or back, and stops there',
        description: 'Back is a run from the start, with all that was done since. `GET /time` shows the way.',
        tags,
        body: Type.Object({ to: Timestamp }, exact),
        response: { 202: TimeRef, ...problems('validation', 'real-time-mode') },
      },
    },
    async ({ body }, reply) => {
      const to = (Date.parse(body.to) * 1_000) as Instant
      const { from, to: last } = control().view()
      if (to < from || to > last) {
        throw new Problem('validation', {
          detail: `The day is from ${timestampOf(from)} to ${timestampOf(last)}.`,
          errors: [{ pointer: '#/to', detail: 'is not a moment of this day' }],
        })
      }
      control().seek(to)
      reply.code(202).header('location', '/ops/v1/time')
      return shown(control().view())
    },
  )
  app.post(
    '/ops/v1/forks',
    {
      schema: {
        summary: 'A second cluster with the same past, paused now, at addresses of its own',
        description: 'Send it another message, hurt it in another way, and compare.',
        tags,
        response: { 201: Forked, ...problems('real-time-mode', 'fork-limit') },
      },
    },
    async (_request, reply) => {
      const fork = await control().fork()
      if (fork === 'too-many')
        throw new Problem('fork-limit', 'Each fork takes as much memory as this cluster.')
      reply.code(201).header('location', `${fork.opsUrl}/ops/v1/time`)
      return fork
    },
  )
}

function shown(view: TimeView): Static<typeof Time> {
  const { now, from, to } = view
  return { ...view, now: timestampOf(now), from: timestampOf(from), to: timestampOf(to) }
}
