/**
 * What a device of the kitchen showed over time, as a page or as it happens, for those who work there.
 *
 * A device keeps ten minutes of the world clock, every ten seconds, as part of its state: what is older is nowhere. A
 * stream asks the device once a second and sends what is new.
 *
 * Owns:     the bounds of a range, the form of the answer.
 * Does not: sample: the device does, when it is asked (`actors/hardware/telemetry.ts`).
 */
import { Type } from 'typebox'
import type { ActorId, Instant } from '#actor'
import { type Sample, sampleMs, type TelemetryRange } from '#actors'
import { type Auth, atLeast, byAccount, isStillAllowed, requireCaller } from '../auth/caller.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { type EventStreams, formOf, lastEventIdOf, type StreamSource } from '../event-stream.ts'
import type { Flags } from '../flags.ts'
import { answerOf, Problem } from '../problems.ts'
import { problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { deviceActor } from './kitchen.ts'
import { exact, reach, signInAs } from './route-parts.ts'

export interface TelemetryRouteOptions {
  readonly client: ClusterClient
  readonly auth: Auth
  readonly flags: Flags
  readonly streams: EventStreams
  readonly site: string
  readonly timeoutMs: () => number
}

const lookMs = 1_000
const stepS = sampleMs / 1_000
const stepSecondsMax = 600

const Shown = Type.Object({ at: Timestamp, reading: Type.Union([Type.Number(), Type.Null()]) }, exact)
const Telemetry = Type.Object(
  { device: Type.String(), step: Type.Integer({ description: 'Seconds.' }), items: Type.Array(Shown) },
  { ...exact, $id: 'Telemetry' },
)

export function telemetryRoutes(app: Server, options: TelemetryRouteOptions): void {
  const { client, auth, flags, streams, site, timeoutMs } = options
  app.addSchema(Telemetry)

  app.get(
    '/api/v1/kitchen/devices/:id/telemetry',
    {
      // The head of a stream would never end.
      exposeHeadRoute: false,
      schema: {
        summary: 'What a device shows, and what it showed in the last ten minutes',
        description:
          'For staff. Samples are on full steps of the world clock, in °C; null is a display that shows nothing. With `Accept: text/event-stream` what is kept comes first, then each new sample, until you leave or may not see it any more; `id` resumes by `Last-Event-ID`.',
        tags: ['kitchen'],
        security: byAccount,
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 600 }) }),
        querystring: Type.Object(
          {
            from: Type.Optional(Timestamp),
            to: Type.Optional(Timestamp),
            step: Type.Optional(
              Type.Integer({
                ...{ minimum: stepS, maximum: stepSecondsMax, multipleOf: stepS, default: stepS },
                description: 'Seconds.',
              }),
            ),
          },
          exact,
        ),
        response: {
          200: {
            description: 'A page, oldest first, or a stream.',
            content: {
              'application/json': { schema: Type.Unsafe<unknown>(Type.Ref('Telemetry#')) },
              'text/event-stream': { schema: Type.String() },
            },
          },
          ...problems('validation', ...signInAs, 'not-found', 'not-acceptable', 'too-many-streams', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account } = await requireCaller(auth, request, ...atLeast('staff'))
      const { id } = request.params
      const actor = sensorOf(site, id)
      const range = rangeOf(request.query)
      const hasStreams = await flags.isOn('event-streams', account)
      const form = formOf(request.headers.accept, { hasStreams, usual: 'page' })
      if (form === 'stream' && request.query.to !== undefined)
        throw wrong('to', 'is for pages: a stream goes on')
      reply.header('vary', 'Authorization, Accept')
      const read = async (args: TelemetryRange): Promise<readonly Sample[]> => {
        const body = { kind: 'query', name: 'telemetry', args } as const
        const trace = request.trace.context
        const outcome = await client.request({ actor, body, timeoutMs: timeoutMs(), trace })
        return answerOf(outcome, `The device '${id}'`).value as readonly Sample[]
      }
      const samples = await read(range)
      if (form === 'page') {
        return { device: id, step: range.stepMs / 1_000, items: samples.map(shownSample) }
      }
      const seen = Math.min(lastEventIdOf(request.headers['last-event-id']), client.worldNow() / 1_000)
      const isAllowed = () => isStillAllowed(auth, request, ...atLeast('staff'))
      streams.start(reply, { ...sampleStream(account, range, seen, read), isAllowed })
      return reply
    },
  )
}

/** Ids are the milliseconds of the samples. */
function sampleStream(
  account: string,
  range: TelemetryRange,
  after: number,
  read: (range: TelemetryRange) => Promise<readonly Sample[]>,
): StreamSource {
  return {
    holder: account,
    after,
    since: async (id) => {
      const from = Math.max(range.from, id * 1_000 + 1) as Instant
      const samples = await read({ ...range, from })
      return samples.map((sample) => ({
        id: sample.at / 1_000,
        data: shownSample(sample),
      }))
    },
    watch: (changed) => {
      const look = setInterval(changed, lookMs).unref()
      return () => clearInterval(look)
    },
  }
}

const shownSample = ({ at, reading }: Sample) => ({ at: timestampOf(at), reading })

function sensorOf(site: string, id: string): ActorId {
  const actor = deviceActor(site, id)
  if (actor.startsWith('kitchen-timer/')) throw new Problem('not-found', 'A kitchen timer has no sensor.')
  return actor
}

function rangeOf({ from, to, step = stepS }: { from?: string; to?: string; step?: number }): TelemetryRange {
  const range = {
    from: from === undefined ? (0 as Instant) : instantOf(from),
    to: to === undefined ? (Number.MAX_SAFE_INTEGER as Instant) : instantOf(to),
    stepMs: step * 1_000,
  }
  if (range.from > range.to) throw wrong('to', 'is before `from`')
  return range
}

const wrong = (parameter: string, detail: string): Problem =>
  new Problem('validation', { detail: `\`${parameter}\` ${detail}.`, errors: [{ parameter, detail }] })

const instantOf = (timestamp: string): Instant => (Date.parse(timestamp) * 1_000) as Instant
