import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Message } from '#actor'
import { bin, housePantry, reservation, reservationRef } from '#actors'
import { Machine } from '#kernel'
import { type Gateway, startGateway } from '../index.ts'
import { bearer, fakeAuth } from '../testing/fake-auth.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'

// Over real HTTP, in front of the real machines of bins and reservations, which hear each other at once. Every answer is
// checked against the OpenAPI document that the gateway itself serves.

const site = 'main'
const path = '/api/v1/inventory/reservations'
const staff = bearer('sam', 'staff')
const lines = [
  { ingredient: 'tomatoes', amount: 500 },
  { ingredient: 'basil', amount: 20 },
]
/** As the reservation knows them: each once, in order. */
const kept = lines.toReversed()
let cluster: FakeCluster
let gateway: Gateway | undefined
let assertDescribed: (response: Response, method: string, path: string, body: unknown) => void
let keys = 0

async function start(connected: boolean): Promise<void> {
  await gateway?.close()
  const types = [bin, reservation].map((definition) => ({ definition, machine: new Machine(definition) }))
  cluster = new FakeCluster(types, { connected })
  for (const [actor, opening] of housePantry(site, { scale: 1 })) cluster.deliver(actor, opening)
  gateway = await startGateway({ client: cluster, site, auth: fakeAuth, port: 0, opsPort: 0 })
  assertDescribed = contractOf(await (await fetch(`${gateway.url}/openapi.json`)).json())
}
beforeEach(() => start(true))
afterAll(() => gateway?.close())

async function call(method: string, to: string, headers: Record<string, string> = staff, body?: unknown) {
  const response = await fetch(`${gateway?.url}${to}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  // biome-ignore lint/suspicious/noExplicitAny: what a JSON client sees; the contract checks its shape
  const answer: any = text === '' ? undefined : JSON.parse(text)
  assertDescribed(response, method, to, answer)
  return { status: response.status, headers: response.headers, body: answer }
}

const key = (): string => `${String(++keys).padStart(8, '0')}-a-key-for-this-test`
const reserve = (body: unknown = { lines }, as: string = key(), who = staff) =>
  call('POST', path, { ...who, 'idempotency-key': as }, body)
const stockOf = async (ingredient: string) => {
  const { body } = await call('GET', `/api/v1/inventory/ingredients/${ingredient}`)
  return [body.free, body.held]
}

test('keeps all of it back until it expires, for staff alone', async () => {
  const { status, headers, body } = await reserve({ lines, expiresInSeconds: 60 })
  expect([status, body]).toMatchObject([
    201,
    { state: 'held', lines: kept, expiresAt: '2026-05-01T18:01:00.000Z' },
  ])
  expect(headers.get('location')).toBe(`${path}/${body.id}`)
  expect([await stockOf('basil'), await stockOf('tomatoes')]).toEqual([
    [1_980, 20],
    [39_500, 500],
  ])
  const found = await call('GET', `${path}/${body.id}`)
  expect([found.status, found.body]).toEqual([200, body])
  expect(found.headers.get('etag')).toBe(headers.get('etag'))
  const again = { ...staff, 'if-none-match': found.headers.get('etag') ?? '' }
  expect((await call('GET', `${path}/${body.id}`, again)).status).toBe(304)

  const guest = bearer('gus', 'customer')
  expect((await reserve({ lines }, key(), guest)).status).toBe(403)
  for (const method of ['GET', 'DELETE']) {
    expect((await call(method, `${path}/${body.id}`, guest)).status).toBe(403)
    expect((await call(method, `${path}/${body.id}`, {})).status).toBe(401)
  }
})

test('is made once, however often it is asked for', async () => {
  const same = key()
  const first = await reserve({ lines }, same)
  const again = await reserve({ lines }, same)
  expect([again.status, again.body]).toEqual([201, first.body])
  expect(again.headers.get('idempotent-replayed')).toBe('true')
  expect(await stockOf('basil')).toEqual([1_980, 20])
  expect((await reserve({ lines: kept.slice(0, 1) }, same)).status).toBe(422)
  expect((await reserve({ lines }, '')).status).toBe(400)
  const other = bearer('mia', 'manager')
  expect((await reserve({ lines }, same, other)).body.id).not.toBe(first.body.id)
})

test('of which there is too little of one thing holds nothing of any, and says so again', async () => {
  const wish = { lines: [...lines, { ingredient: 'cod', amount: 61 }] }
  const same = key()
  for (const replayed of [null, 'true']) {
    const { status, headers, body } = await reserve(wish, same)
    expect([status, body.code]).toEqual([409, 'insufficient-stock'])
    expect(body.shortages).toEqual([{ ingredient: 'cod', needed: 61, free: 60 }])
    expect(headers.get('idempotent-replayed')).toBe(replayed)
  }
  expect([await stockOf('basil'), await stockOf('cod')]).toEqual([
    [2_000, 0],
    [60, 0],
  ])
})

test('is given back once, and then all of it is free', async () => {
  const same = key()
  const { body } = await reserve({ lines }, same)
  expect((await call('DELETE', `${path}/${body.id}`)).status).toBe(204)
  expect([await stockOf('basil'), await stockOf('tomatoes')]).toEqual([
    [2_000, 0],
    [40_000, 0],
  ])
  expect((await call('DELETE', `${path}/${body.id}`)).status).toBe(204)
  expect((await call('GET', `${path}/${body.id}`)).body).toMatchObject({ state: 'released', lines: kept })
  expect((await reserve({ lines }, same)).body).toMatchObject({ id: body.id, state: 'released' })
  expect(await stockOf('basil')).toEqual([2_000, 0])
})

test('that has expired is gone, and its stock is free', async () => {
  const same = key()
  const { body } = await reserve({ lines }, same)
  cluster.fire(reservationRef(body.id), { type: 'xstate.after.expiry.reservation.open' })
  expect(await stockOf('basil')).toEqual([2_000, 0])
  for (const gone of [
    await call('GET', `${path}/${body.id}`),
    await call('DELETE', `${path}/${body.id}`),
    await reserve({ lines }, same),
  ]) {
    expect([gone.status, gone.body.code]).toEqual([410, 'reservation-expired'])
  }
})

test('is answered when its bins have decided, and given back when they have said so', async () => {
  await start(false)
  const asked = reserve()
  const actor = await new Promise<string>((resolve) => {
    const look = (): void => {
      const found = cluster.requests.find(({ actor }) => actor.startsWith('reservation/'))
      if (found === undefined) setTimeout(look, 1)
      else resolve(found.actor)
    }
    look()
  })
  const ref = reservationRef(actor.slice('reservation/'.length))
  const says = (type: string, ingredient: string) => cluster.deliver(ref, { type, ingredient } as Message)
  says('bin.held', 'basil')
  says('bin.held', 'tomatoes')
  const { status, body } = await asked
  expect([status, body.state]).toEqual([201, 'held'])

  const given = call('DELETE', `${path}/${body.id}`)
  while (says('bin.released', 'basil').kind !== 'done') await new Promise((resolve) => setTimeout(resolve, 1))
  says('bin.released', 'tomatoes')
  expect((await given).status).toBe(204)
})

test('is not one of an order, and not of what nobody stocks', async () => {
  const wish = { type: 'reservation.hold', site, lines, expiresInMs: 60_000 }
  cluster.deliver(reservationRef('ord_1'), wish)
  for (const method of ['GET', 'DELETE']) {
    expect((await call(method, `${path}/ord_1`)).status).toBe(404)
    expect((await call(method, `${path}/res_1`)).status).toBe(404)
  }
  const { status, body } = await reserve({ lines: [...lines, { ingredient: 'unicorn', amount: 1 }] })
  expect([status, body.errors[0].pointer]).toEqual([400, '#/lines/2/ingredient'])
})
