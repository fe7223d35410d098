import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { ActorId, Message } from '#actor'
import {
  fryer,
  houseKitchen,
  kitchenTimer,
  oven,
  pan,
  probe,
  station,
  stationRef,
  ticket,
  ticketRef,
} from '#actors'
import { Machine } from '#kernel'
import { type Gateway, startGateway } from '../index.ts'
import { bearer, fakeAuth } from '../testing/fake-auth.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'

// Over real HTTP, in front of the real machines of stations, devices and tickets. Every answer is checked against the
// OpenAPI document that the gateway itself serves.

const base = '/api/v1/kitchen'
const staff = bearer('sam', 'staff')
let cluster: FakeCluster
let gateway: Gateway | undefined
let assertDescribed: (response: Response, method: string, path: string, body: unknown) => void
let keys = 0
const key = (): Record<string, string> => ({ ...staff, 'idempotency-key': `key-${++keys}` })
const tell = (actor: string, type: string, rest: object = {}) =>
  cluster.deliver(actor as ActorId, { type, ...rest } as Message)

beforeEach(async () => {
  await gateway?.close()
  const actors = [station, oven, pan, fryer, probe, kitchenTimer, ticket]
  cluster = new FakeCluster(actors.map((definition) => ({ definition, machine: new Machine(definition) })))
  for (const open of houseKitchen('main', 0.01)) {
    const bank = `main:${open.name}`
    cluster.deliver(stationRef('main', open.name), open)
    const units = [
      ...Array.from({ length: open.ovens }, (_, n) => `oven/${bank}:${n + 1}`),
      ...Array.from({ length: open.pans }, (_, n) => `pan/${bank}:${n + 1}`),
      ...Array.from({ length: open.fryers }, (_, n) => `fryer/${bank}:${n + 1}`),
    ]
    for (const [n, unit] of units.entries()) {
      tell(unit, 'appliance.open', { station: `station/${bank}`, n: 1, slots: 4 })
      tell(`probe/${bank}:${n + 1}`, 'probe.open')
    }
    tell(`kitchen-timer/${bank}:1`, 'timer.open')
  }
  gateway = await startGateway({ client: cluster, site: 'main', auth: fakeAuth, port: 0, opsPort: 0 })
  assertDescribed = contractOf(await (await fetch(`${gateway.url}/openapi.json`)).json())
})
afterAll(() => gateway?.close())

interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what a JSON client sees; the contract above checks its shape
  readonly body: any
}

async function call(
  method: string,
  path: string,
  headers: Record<string, string> = staff,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${gateway?.url}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  assertDescribed(response, method, path, answer)
  return { status: response.status, headers: response.headers, body: answer }
}
const get = (path: string, headers?: Record<string, string>): Promise<Answer> =>
  call('GET', `${base}${path}`, headers)
const command = (id: string, body: object, headers = key()): Promise<Answer> =>
  call('POST', `${base}/devices/${id}/commands`, headers, body)

describe('reading', () => {
  test('the kitchen and its stations, for those who work here', async () => {
    const { status, body } = await get('')
    expect([status, body.stations.length]).toEqual([200, 4])
    expect((await get('/stations')).body.items[0]).toMatchObject({ name: 'grill', devices: 2, outOfOrder: 0 })
    expect((await get('', {})).status).toBe(401)
    expect((await get('/devices', bearer('gus', 'customer'))).status).toBe(403)
  })

  test('every device, page by page', async () => {
    const { body, headers } = await get('/devices?limit=6')
    expect(headers.get('link')).toContain('rel="next"')
    const rest = await get(`/devices?limit=200&cursor=${encodeURIComponent(body.nextCursor)}`)
    expect(rest.body.nextCursor).toBeUndefined()
    expect([...body.items, ...rest.body.items].map(({ id }: { id: string }) => id)).toEqual([
      'pan:main:grill:1',
      'probe:main:grill:1',
      'fryer:main:grill:1',
      'probe:main:grill:2',
      'kitchen-timer:main:grill:1',
      'oven:main:oven:1',
      'probe:main:oven:1',
      'kitchen-timer:main:oven:1',
      'kitchen-timer:main:garde-manger:1',
      'oven:main:pastry:1',
      'probe:main:pastry:1',
      'kitchen-timer:main:pastry:1',
    ])
    expect((await get('/devices?cursor=a-cursor-of-somebody-else')).body.code).toBe('invalid-cursor')
  })

  test('one device with its version; what is none of ours is not found', async () => {
    const { headers, body } = await get('/devices/oven:main:oven:1')
    expect([headers.get('etag'), body.state, body.target, body.doorOpen]).toEqual(['"1"', 'off', 0, false])
    for (const id of ['oven:main:oven:9', 'oven:other:oven:1', 'order:main:1', 'oven']) {
      expect((await get(`/devices/${id}`)).status).toBe(404)
    }
  })
})

describe('a command', () => {
  const id = 'oven:main:oven:1'

  test('is accepted, and its operation tells how far it has come', async () => {
    const { status, headers, body } = await command(id, { command: 'set-target', celsius: 200 })
    expect([status, body.state, body.device]).toEqual([202, 'running', id])
    const operation = headers.get('location') as string
    expect((await call('GET', operation)).body.state).toBe('running')
    await command(id, { command: 'start', celsius: 180 })
    expect((await call('GET', operation)).body.state).toBe('superseded')
    tell('oven/main:oven:1', 'appliance.break', { reason: 'fuse' })
    expect((await call('GET', operation)).body.state).toBe('failed')
    expect((await call('GET', `${base}/operations/somebody-elses-operation-1`)).body.code).toBe(
      'invalid-cursor',
    )
  })

  test('is done once, however often it is sent, and wants a key', async () => {
    const headers = key()
    const body = { command: 'door', open: true }
    expect((await command(id, body, headers)).body.state).toBe('done')
    const again = await command(id, body, headers)
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 'true'])
    expect((await command(id, { command: 'door', open: false }, headers)).status).toBe(422)
    expect((await command(id, body, staff)).body.code).toBe('idempotency-key-missing')
    expect((await command(id, body, bearer('gus', 'customer'))).status).toBe(403)
  })

  test('is refused by an open door, by a fault, and out of range', async () => {
    await command(id, { command: 'door', open: true })
    expect((await command(id, { command: 'start', celsius: 180 })).body.code).toBe('interlock')
    tell('oven/main:oven:1', 'appliance.break', { reason: 'fuse' })
    const { status, body } = await command(id, { command: 'stop' })
    expect([status, body.code, body.currentState]).toEqual([409, 'device-fault', 'fault'])
    expect((await command(id, { command: 'repair' })).status).toBe(202)
    expect((await get(`/devices/${id}`)).body.fault).toBe('')
    for (const [device, wrong] of [
      [id, { command: 'set-target', celsius: 999 }],
      [id, { command: 'level', level: 3 }],
      ['fryer:main:grill:1', { command: 'set-target', celsius: 240 }],
      ['pan:main:grill:1', { command: 'door', open: true }],
      ['pan:main:grill:1', { command: 'level', level: 10 }],
    ] as const) {
      expect((await command(device, wrong)).status).toBe(400)
    }
  })

  test('reaches pans, fryers, probes and timers', async () => {
    await command('pan:main:grill:1', { command: 'level', level: 4 })
    expect((await get('/devices/pan:main:grill:1')).body).toMatchObject({ level: 4, state: 'preheating' })
    await command('fryer:main:grill:1', { command: 'set-target', celsius: 180 })
    expect((await get('/devices/fryer:main:grill:1')).body.target).toBe(180)
    tell('probe/main:oven:1', 'probe.sensor', { mode: 'silent' })
    expect((await get('/devices/probe:main:oven:1')).body.fault).toBe('silent')
    await command('probe:main:oven:1', { command: 'repair' })
    expect((await get('/devices/probe:main:oven:1')).body.fault).toBe('')
    const timer = 'kitchen-timer:main:oven:1'
    await command(timer, { command: 'set-alarm', alarm: 'bread', seconds: 600 })
    await command(timer, { command: 'pause-alarm', alarm: 'bread' })
    expect((await get(`/devices/${timer}`)).body.alarms).toEqual([
      { alarm: 'bread', leftMs: 600_000, paused: true },
    ])
    await command(timer, { command: 'resume-alarm', alarm: 'bread' })
    await command(timer, { command: 'stop-alarm', alarm: 'bread' })
    tell('kitchen-timer/main:oven:1', 'timer.break')
    expect((await command(timer, { command: 'set-alarm', alarm: 'x', seconds: 1 })).status).toBe(409)
    await command(timer, { command: 'repair' })
    expect((await get(`/devices/${timer}`)).body).toMatchObject({ fault: '', alarms: [] })
  })
})

test('a ticket is accepted, bumped and recalled, each when it can be', async () => {
  const mark = (verb: string, headers: Record<string, string> = staff) =>
    call('POST', `${base}/tickets/ord_1/${verb}`, headers)
  expect((await mark('accept')).status).toBe(404)
  cluster.deliver(ticketRef('ord_1'), {
    type: 'ticket.open',
    ...{ order: 'ord_1', site: 'main', items: [{ line: 0, dish: 'caprese', quantity: 1 }], promisedAt: 5 },
  } as Message)
  const accepted = await mark('accept', key())
  expect([accepted.status, accepted.headers.get('etag')]).toEqual([200, '"2"'])
  expect(accepted.body).toMatchObject({
    id: 'ord_1',
    state: 'waiting',
    screen: 'accepted',
    plates: [{ dish: 'caprese', is: 'open' }],
  })
  expect((await mark('bump')).body.code).toBe('invalid-transition')
  tell('ticket/ord_1', 'dish.begun', { plate: 'ord_1:0:1' })
  expect((await mark('bump')).body.screen).toBe('bumped')
  expect((await mark('recall')).body.screen).toBe('accepted')
  expect((await mark('recall', bearer('gus', 'customer'))).status).toBe(403)
})
