/**
 * The kitchen over HTTP, for those who work there: stations, devices and what can be done to them, tickets.
 *
 * A device's id is its actor's, with a colon for the slash: `oven:main:oven:1` is the first oven of the station oven.
 * What a person sets, a station that needs the device otherwise sets back on its next round.
 *
 * Owns:     which message each command sends, its ranges and its interlocks as far as they can be told before.
 * Does not: decide what a device does: its machine does, and no heat flows through an open door whoever asks.
 */
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { ActorId, Message } from '#actor'
import { stationKey, stationNames, stationRef, ticketRef } from '#actors'
import type { Outcome } from '#ports'
import { type Auth, atLeast, byAccount, requireCaller } from '../auth/caller.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { etagOf } from '../conditional.ts'
import { cursorOf, nextLink, PageQuery, pageSize, placeOf } from '../cursor.ts'
import { fingerprintOf, idempotencyKeyOf, requestKeyOf, requiredKeyOf } from '../idempotency.ts'
import type { Keyring } from '../keyring.ts'
import { answerOf, doneOf, Problem } from '../problems.ts'
import { pathOf, problems, type Server } from '../server.ts'
import { exact, keyed, reach, signInAs, written } from './route-parts.ts'

export interface KitchenRouteOptions {
  readonly client: ClusterClient
  readonly auth: Auth
  readonly keyring: Keyring
  readonly site: string
  readonly timeoutMs: () => number
}

const tags = ['kitchen']
const base = '/api/v1/kitchen'
const natural = Type.Integer({ minimum: 0 })
const celsius = Type.Union([Type.Number(), Type.Null()])

const Device = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum(['oven', 'pan', 'fryer', 'probe', 'kitchen-timer']),
    station: Type.String(),
    state: Type.String(),
    version: natural,
    fault: Type.String({ description: 'Empty while there is none.' }),
    reading: Type.Optional(celsius),
    target: Type.Optional(Type.Number({ description: '°C to hold; 0 is off.' })),
    level: Type.Optional(natural),
    doorOpen: Type.Optional(Type.Boolean()),
    foods: Type.Optional(
      Type.Array(
        Type.Object(
          {
            job: Type.String(),
            done: Type.Boolean(),
            core: Type.Unsafe<number | null>({ ...celsius, description: 'What the probe last showed.' }),
          },
          exact,
        ),
      ),
    ),
    alarms: Type.Optional(
      Type.Array(Type.Object({ alarm: Type.String(), leftMs: Type.Number(), paused: Type.Boolean() }, exact)),
    ),
  },
  { ...exact, $id: 'Device' },
)
type DeviceBody = Static<typeof Device>
const DeviceRef = Type.Unsafe<DeviceBody>(Type.Ref('Device#'))

const Station = Type.Object(
  {
    name: Type.String(),
    state: Type.String(),
    cooks: natural,
    here: natural,
    waiting: natural,
    working: natural,
    devices: natural,
    outOfOrder: natural,
    served: natural,
    spoilt: natural,
  },
  { ...exact, $id: 'Station' },
)
type StationBody = Static<typeof Station>
const StationBodyRef = Type.Unsafe<StationBody>(Type.Ref('Station#'))

const alarm = Type.String({ minLength: 1, maxLength: 100 })
const Command = Type.Union([
  Type.Object(
    { command: Type.Enum(['start', 'set-target']), celsius: Type.Number({ minimum: 30, maximum: 300 }) },
    exact,
  ),
  Type.Object({ command: Type.Literal('stop') }, exact),
  Type.Object({ command: Type.Literal('door'), open: Type.Boolean() }, exact),
  Type.Object({ command: Type.Literal('level'), level: Type.Integer({ minimum: 0, maximum: 9 }) }, exact),
  Type.Object({ command: Type.Literal('repair') }, exact),
  Type.Object(
    { command: Type.Literal('set-alarm'), alarm, seconds: Type.Integer({ minimum: 1, maximum: 36_000 }) },
    exact,
  ),
  Type.Object({ command: Type.Enum(['pause-alarm', 'resume-alarm', 'stop-alarm']), alarm }, exact),
])
type Command = Static<typeof Command>

const Operation = Type.Object(
  {
    id: Type.String(),
    device: Type.String(),
    state: Type.Enum(['running', 'done', 'failed', 'superseded']),
    links: Type.Object({ self: Type.String(), device: Type.String() }, exact),
  },
  { ...exact, $id: 'KitchenOperation' },
)
type OperationBody = Static<typeof Operation>
const OperationRef = Type.Unsafe<OperationBody>(Type.Ref('KitchenOperation#'))

const Ticket = Type.Object(
  {
    id: Type.String(),
    state: Type.String(),
    version: natural,
    screen: Type.Enum(['new', 'accepted', 'bumped']),
    plates: Type.Array(Type.Object({ dish: Type.String(), is: Type.String() }, exact)),
  },
  { ...exact, $id: 'Ticket' },
)
type TicketBody = Static<typeof Ticket>
const TicketRef = Type.Unsafe<TicketBody>(Type.Ref('Ticket#'))

const KeyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ description: '1 to 64 visible characters, kept for 24 hours. Devices require it.' }),
  ),
})
const OfId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 600 }) })

const kinds = ['oven', 'pan', 'fryer', 'probe', 'kitchen-timer'] as const
type Kind = (typeof kinds)[number]
/** Which commands a kind takes. */
const takes: Readonly<Record<Kind, readonly Command['command'][]>> = {
  oven: ['start', 'set-target', 'stop', 'door', 'repair'],
  pan: ['start', 'set-target', 'stop', 'level', 'repair'],
  fryer: ['start', 'set-target', 'stop', 'repair'],
  probe: ['repair'],
  'kitchen-timer': ['set-alarm', 'pause-alarm', 'resume-alarm', 'stop-alarm', 'repair'],
}
/** Oil that is hotter than this burns. */
const oilMax = 200

interface StationView {
  readonly state: unknown
  readonly queue: readonly unknown[]
  readonly jobs: readonly unknown[]
  readonly cooks: readonly { readonly here: boolean }[]
  readonly units: readonly { readonly kind: Kind; readonly n: number; readonly is: string }[]
  readonly served: number
  readonly spoilt: number
}

export function kitchenRoutes(app: Server, options: KitchenRouteOptions): void {
  const { client, auth, keyring, site, timeoutMs } = options
  for (const schema of [Device, Station, Operation, Ticket]) app.addSchema(schema)

  const view = async (actor: ActorId, what: string, request: FastifyRequest) => {
    const body = { kind: 'query', name: 'view' } as const
    const trace = request.trace.context
    const outcome = await client.request({ actor, body, timeoutMs: timeoutMs(), trace })
    return answerOf(outcome, what)
  }
  const send = async (
    actor: ActorId,
    what: string,
    message: Message,
    request: FastifyRequest,
    as: { readonly subject: string; readonly key: string | undefined },
  ): Promise<Extract<Outcome, { kind: 'done' }>> => {
    const { subject, key } = as
    const scope = key && { subject, method: request.method, path: pathOf(request.url), key }
    const outcome = await client.request({
      actor,
      body: { kind: 'command', message },
      ...(scope && {
        key: requestKeyOf(keyring, scope),
        fingerprint: fingerprintOf(request.body ?? undefined),
      }),
      timeoutMs: timeoutMs(),
      trace: request.trace.context,
    })
    return doneOf(outcome, what)
  }
  const staff = (request: FastifyRequest) => requireCaller(auth, request, ...atLeast('staff'))

  const stationView = async (name: string, request: FastifyRequest): Promise<StationView> => {
    const { value } = await view(stationRef(site, name), `The station '${name}'`, request)
    return value as StationView
  }
  const station = async (name: string, request: FastifyRequest): Promise<StationBody> =>
    shownStation(name, await stationView(name, request))
  const device = async (id: string, request: FastifyRequest): Promise<DeviceBody> => {
    const { value, version } = await view(deviceActor(site, id), `The device '${id}'`, request)
    return shownDevice(id, version, value as ShownDevice)
  }

  app.get(
    base,
    {
      schema: {
        summary: 'The kitchen at a glance',
        description: 'For staff.',
        tags,
        security: byAccount,
        response: {
          200: Type.Object({ site: Type.String(), stations: Type.Array(StationBodyRef) }, exact),
          ...problems(...signInAs, 'not-found', ...reach),
        },
      },
    },
    async (request) => {
      await staff(request)
      return { site, stations: await Promise.all(stationNames.map((name) => station(name, request))) }
    },
  )

  app.get(
    `${base}/stations`,
    {
      schema: {
        summary: 'The stations, with their cooks and their queues',
        description: 'For staff.',
        tags,
        security: byAccount,
        response: {
          200: Type.Object({ items: Type.Array(StationBodyRef) }, exact),
          ...problems(...signInAs, 'not-found', ...reach),
        },
      },
    },
    async (request) => {
      await staff(request)
      return { items: await Promise.all(stationNames.map((name) => station(name, request))) }
    },
  )

  app.get(
    `${base}/devices`,
    {
      schema: {
        summary: 'Every device of every station',
        description: 'For staff.',
        tags,
        security: byAccount,
        querystring: Type.Object(PageQuery, exact),
        response: {
          200: Type.Object({ items: Type.Array(DeviceRef), nextCursor: Type.Optional(Type.String()) }, exact),
          ...problems(...signInAs, 'validation', 'invalid-cursor', 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      await staff(request)
      const { limit = pageSize, cursor } = request.query
      const views = await Promise.all(
        stationNames.map(async (name) => [name, await stationView(name, request)] as const),
      )
      const ids = views.flatMap(([name, { units }]) => devicesOf(stationKey(site, name), units))
      const from = cursor === undefined ? 0 : (placeOf(keyring, 'devices', cursor) as number)
      const items = await Promise.all(ids.slice(from, from + limit).map((id) => device(id, request)))
      if (from + limit >= ids.length) return { items }
      const nextCursor = cursorOf(keyring, 'devices', from + limit)
      reply.header('link', nextLink(request.url, nextCursor))
      return { items, nextCursor }
    },
  )

  app.get(
    `${base}/devices/:id`,
    {
      schema: {
        summary: 'One device, and what its sensor shows now',
        description:
          'For staff. The ETag is the version of what it was told; readings go on between versions.',
        tags,
        security: byAccount,
        params: OfId,
        response: { 200: DeviceRef, ...problems(...signInAs, 'validation', 'not-found', ...reach) },
      },
    },
    async (request, reply) => {
      await staff(request)
      const shown = await device(request.params.id, request)
      reply.header('etag', etagOf(shown.version))
      return shown
    },
  )

  app.post(
    `${base}/devices/:id/commands`,
    {
      schema: {
        summary: 'Does something to a device',
        description:
          'For staff. `start` and `set-target` (oven and pan to 300 °C, fryer to 200), `stop`, `door` of an oven, `level` of a pan, alarms of a timer, `repair`. What it takes time to reach, the operation tells.',
        tags,
        security: byAccount,
        params: OfId,
        headers: KeyHeader,
        body: Command,
        response: {
          202: OperationRef,
          ...problems(...signInAs, ...written, ...keyed, 'not-found', 'device-fault', 'interlock', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account } = await staff(request)
      const { id } = request.params
      const body = request.body as Command
      const key = requiredKeyOf(request.headers['idempotency-key'])
      assertTaken(id, body)
      assertPossible(await device(id, request), body)
      const outcome = await send(deviceActor(site, id), `The device '${id}'`, messageOf(id, body), request, {
        subject: account,
        key,
      })
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      const target = 'celsius' in body ? body.celsius : null
      const operation = cursorOf(keyring, 'kitchen-operation', { id, target })
      reply.code(202)
      reply.header('location', `${base}/operations/${operation}`)
      return shownOperation(operation, target, await device(id, request))
    },
  )

  app.get(
    `${base}/operations/:id`,
    {
      schema: {
        summary: 'How far a command to a device has come',
        description:
          'For staff. It is read off the device: nothing is kept of a command but what it has set.',
        tags,
        security: byAccount,
        params: OfId,
        response: {
          200: OperationRef,
          ...problems(...signInAs, 'validation', 'invalid-cursor', 'not-found', ...reach),
        },
      },
    },
    async (request) => {
      await staff(request)
      const operation = request.params.id
      const { id, target } = placeOf(keyring, 'kitchen-operation', operation) as {
        readonly id: string
        readonly target: number | null
      }
      return shownOperation(operation, target, await device(id, request))
    },
  )

  for (const [verb, summary] of [
    ['accept', 'Somebody in the kitchen has seen it'],
    ['bump', 'Done, and off the screen; possible when a cook has begun'],
    ['recall', 'Back on the screen'],
  ] as const) {
    app.post(
      `${base}/tickets/:id/${verb}`,
      {
        schema: {
          summary,
          description: 'For staff. It marks the ticket for people: the kitchen cooks on as it does.',
          tags,
          security: byAccount,
          params: OfId,
          headers: KeyHeader,
          response: {
            200: TicketRef,
            ...problems(...signInAs, ...written, ...keyed, 'not-found', 'invalid-transition', ...reach),
          },
        },
      },
      async (request, reply) => {
        const { account } = await staff(request)
        const { id } = request.params
        const key = idempotencyKeyOf(request.headers['idempotency-key'])
        const what = `The ticket of order '${id}'`
        const as = { subject: account, key }
        const outcome = await send(ticketRef(id), what, { type: `ticket.${verb}` }, request, as)
        if (outcome.replayed) reply.header('idempotent-replayed', 'true')
        const { value, version } = await view(ticketRef(id), what, request)
        reply.header('etag', etagOf(version))
        return shownTicket(id, version, value as TicketBody)
      },
    )
  }
}

type ShownDevice = Omit<DeviceBody, 'id' | 'station' | 'version'>

function shownDevice(id: string, version: number, view: ShownDevice): DeviceBody {
  const { kind, state, fault, reading, target, level, doorOpen, foods, alarms } = view
  return {
    id,
    kind,
    station: id.split(':')[2] ?? '',
    state,
    version,
    fault,
    ...(reading !== undefined && { reading }),
    ...(target !== undefined && { target }),
    ...(level !== undefined && { level }),
    ...(doorOpen !== undefined && { doorOpen }),
    ...(foods && { foods: foods.map(({ job, done, core }) => ({ job, done, core })) }),
    ...(alarms && { alarms }),
  }
}

function shownStation(name: string, view: StationView): StationBody {
  const { state, queue, jobs, cooks, units, served, spoilt } = view
  return {
    name,
    state: String(state),
    cooks: cooks.length,
    here: cooks.filter(({ here }) => here).length,
    waiting: queue.length,
    working: jobs.length,
    devices: units.length,
    outOfOrder: units.filter(({ is }) => is !== 'up').length,
    served,
    spoilt,
  }
}

function shownTicket(id: string, version: number, { state, screen, plates }: TicketBody): TicketBody {
  return { id, state, version, screen, plates: plates.map(({ dish, is }) => ({ dish, is })) }
}

function shownOperation(id: string, target: number | null, device: DeviceBody): OperationBody {
  const links = { self: `${base}/operations/${id}`, device: `${base}/devices/${device.id}` }
  return { id, device: device.id, state: operationState(target, device), links }
}

function operationState(target: number | null, device: DeviceBody): OperationBody['state'] {
  if (target === null) return 'done'
  if (device.fault !== '') return 'failed'
  if (device.target !== target) return 'superseded'
  return device.state === 'ready' || device.state === 'loaded' ? 'done' : 'running'
}

/** The ids of a station's devices: each unit with its probe, then the timer. */
function devicesOf(bank: string, units: StationView['units']): readonly string[] {
  const pairs = units.flatMap(({ kind, n }, index) => [`${kind}:${bank}:${n}`, `probe:${bank}:${index + 1}`])
  return [...pairs, `kitchen-timer:${bank}:1`]
}

const kindOf = (id: string): Kind | undefined => kinds.find((kind) => id.startsWith(`${kind}:`))

/** @throws Problem when it cannot be a device of this site. */
export function deviceActor(site: string, id: string): ActorId {
  const kind = kindOf(id)
  const key = kind && id.slice(kind.length + 1)
  if (key === undefined || !key.startsWith(`${site}:`)) {
    throw new Problem('not-found', `There is no device '${id}'.`)
  }
  return `${kind}/${key}` as ActorId
}

function assertTaken(id: string, body: Command): void {
  const kind = kindOf(id)
  if (kind === undefined) throw new Problem('not-found', `There is no device '${id}'.`)
  const wrong = (pointer: string, detail: string): never => {
    throw new Problem('validation', { detail: `A ${kind} ${detail}.`, errors: [{ pointer, detail }] })
  }
  if (!takes[kind].includes(body.command)) wrong('#/command', `takes ${takes[kind].join(', ')}`)
  if (kind === 'fryer' && 'celsius' in body && body.celsius > oilMax)
    wrong('#/celsius', `goes to ${oilMax} °C`)
}

/** What it would do nothing about. Between this and its turn it may change: the device itself is safe. */
function assertPossible({ fault, state, doorOpen }: DeviceBody, { command }: Command): void {
  if (command === 'repair') return
  if (fault !== '') {
    throw new Problem('device-fault', { detail: `It is out of order: ${fault}.`, currentState: state })
  }
  if (doorOpen === true && (command === 'start' || command === 'set-target')) {
    throw new Problem('interlock', { detail: 'Its door is open.', currentState: state })
  }
}

function messageOf(id: string, body: Command): Message {
  const message = (type: string, rest: object = {}): Message => ({ type, ...rest })
  switch (body.command) {
    case 'start':
    case 'set-target':
      return message('appliance.heat', { celsius: body.celsius })
    case 'stop':
      return message('appliance.heat', { celsius: 0 })
    case 'door':
      return message('appliance.door', { open: body.open })
    case 'level':
      return message('appliance.level', { level: body.level })
    case 'repair': {
      const kind = kindOf(id)
      return message(
        kind === 'probe' ? 'probe.repair' : kind === 'kitchen-timer' ? 'timer.repair' : 'appliance.repair',
      )
    }
    case 'set-alarm':
      return message('timer.set', { alarm: body.alarm, ms: body.seconds * 1_000 })
    case 'pause-alarm':
      return message('timer.pause', { alarm: body.alarm })
    case 'resume-alarm':
      return message('timer.resume', { alarm: body.alarm })
    case 'stop-alarm':
      return message('timer.stop', { alarm: body.alarm })
  }
}
