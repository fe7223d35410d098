import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import {
  bin,
  binRef,
  housePantry,
  ingredients,
  menu,
  menuRef,
  order,
  recipes,
  replenisher,
  replenisherRef,
} from '#actors'
import { Machine } from '#kernel'
import { type Gateway, startGateway } from '../index.ts'
import { bearer, fakeAuth } from '../testing/fake-auth.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'

// Over real HTTP, in front of the real machines of bins, menu and orders. Every answer is checked against the OpenAPI
// document that the gateway itself serves.

const site = 'main'
const path = '/api/v1/inventory/ingredients'
const staff = bearer('sam', 'staff')
const manager = bearer('mia', 'manager')
let cluster: FakeCluster
let gateway: Gateway | undefined
let assertDescribed: (response: Response, method: string, path: string, body: unknown) => void
let keys = 0
const key = (): { 'idempotency-key': string } => ({
  'idempotency-key': `${String(++keys).padStart(8, '0')}-a-key-for-this-test`,
})

beforeEach(async () => {
  await gateway?.close()
  const types = [bin, order, menu, replenisher].map((definition) => ({
    definition,
    machine: new Machine(definition),
  }))
  cluster = new FakeCluster(types)
  for (const [actor, opening] of housePantry(site, { scale: 1 })) cluster.deliver(actor, opening)
  cluster.deliver(menuRef(site), { type: 'menu.open' })
  gateway = await startGateway({ client: cluster, site, auth: fakeAuth, port: 0, opsPort: 0 })
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
  to: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<Answer> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const response = await fetch(`${gateway?.url}${to}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': type }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  assertDescribed(response, method, to, answer)
  return { status: response.status, headers: response.headers, body: answer }
}

const tell = (ingredient: string, message: { type: string } & Record<string, unknown>) =>
  cluster.deliver(binRef(site, ingredient), message)
const take = (ingredient: string, amount: number) =>
  tell(ingredient, { type: 'bin.hold', reservation: 'r', amount })
const etagOf = async (to: string, headers: Record<string, string> = staff): Promise<string> =>
  (await call('GET', to, headers)).headers.get('etag') ?? ''

describe('ingredients', () => {
  test('are listed page by page, for those who work here', async () => {
    const first = await call('GET', `${path}?limit=20`, staff)
    expect(first.status).toBe(200)
    const second = await call('GET', `${path}?limit=20&cursor=${first.body.nextCursor}`, staff)
    const listed = [...first.body.items, ...second.body.items].map(({ id }: { id: string }) => id)
    expect([listed, second.body.nextCursor]).toEqual([Object.keys(ingredients).sort(), undefined])
    expect(first.headers.get('link')).toContain('rel="next"')
    expect((await call('GET', path)).status).toBe(401)
    expect((await call('GET', path, bearer('gus', 'customer'))).status).toBe(403)
  })

  test('that have run low are listed alone, and once they have recovered no more', async () => {
    expect((await call('GET', `${path}?low=true`, staff)).body.items).toEqual([])
    take('basil', 1_700)
    const low = await call('GET', `${path}?low=true`, staff)
    expect(low.body.items).toMatchObject([{ id: 'basil', state: 'low', free: 300, held: 1_700, unit: 'g' }])
    tell('basil', { type: 'bin.deliver', amount: 1_000 })
    expect((await call('GET', `${path}?low=true`, staff)).body.items).toEqual([])
  })

  test('are asked for once, and again when they have changed', async () => {
    await call('GET', path, staff)
    const asked = cluster.requests.length
    await call('GET', path, staff)
    expect(cluster.requests).toHaveLength(asked)
    take('basil', 1)
    await call('GET', path, staff)
    expect(cluster.requests).toHaveLength(asked + 1)
  })

  test('are read one by one, with their lots, and not sent twice', async () => {
    const { body, headers } = await call('GET', `${path}/basil`, staff)
    expect(body).toMatchObject({ id: 'basil', free: 2_000, par: 2_000, low: 400, lots: [{ amount: 2_000 }] })
    expect(body.lots[0].expiresAt).toBe('2026-05-03T18:00:00.000Z')
    const again = { ...staff, 'if-none-match': headers.get('etag') ?? '' }
    expect((await call('GET', `${path}/basil`, again)).status).toBe(304)
    expect((await call('GET', `${path}/unicorn`, staff)).status).toBe(404)
    expect((await call('GET', `${path}/constructor`, staff)).status).toBe(404)
  })
})

describe('marks', () => {
  test('are changed by managers, on the version that they have seen', async () => {
    const etag = await etagOf(`${path}/basil`)
    const marks = { low: 2_000, par: 5_000, shelfLifeSeconds: 3_600 }
    const { status, body, headers } = await call(
      'PATCH',
      `${path}/basil`,
      { ...manager, 'if-match': etag },
      marks,
    )
    expect([status, body]).toMatchObject([200, { ...marks, state: 'low', unit: 'g' }])
    expect(headers.get('etag')).toBe(`"${body.version}"`)
    expect((await call('PATCH', `${path}/basil`, manager, marks)).status).toBe(428)
    expect((await call('PATCH', `${path}/basil`, { ...staff, 'if-match': etag }, marks)).status).toBe(403)
  })

  test('of two editors of one bin, one gets 412 with the present version, and nothing of theirs is done', async () => {
    const etag = await etagOf(`${path}/basil`)
    const both = await Promise.all(
      [100, 200].map((low) => call('PATCH', `${path}/basil`, { ...manager, 'if-match': etag }, { low })),
    )
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412])
    const [won, lost] = both.toSorted((a, b) => a.status - b.status)
    expect(lost?.headers.get('etag')).toBe(won?.headers.get('etag'))
    const again = { ...manager, 'if-match': lost?.headers.get('etag') ?? '' }
    expect((await call('PATCH', `${path}/basil`, again, { par: 900 })).body).toMatchObject({
      low: won?.body.low,
      par: 900,
    })
  })

  test('for an alert are never above what is ordered up to', async () => {
    const headers = { ...manager, 'if-match': await etagOf(`${path}/basil`) }
    const { status, body } = await call('PATCH', `${path}/basil`, headers, { low: 2_001 })
    expect([status, body.errors]).toEqual([400, [{ pointer: '#/low', detail: 'must not be above par' }]])
    expect((await call('PATCH', `${path}/basil`, headers, {})).status).toBe(400)
  })
})

describe('a count', () => {
  const count = async (delta: number, headers: Record<string, string> = {}) =>
    call(
      'POST',
      `${path}/basil/adjustments`,
      { ...staff, ...key(), 'if-match': await etagOf(`${path}/basil`), ...headers },
      { delta, reason: 'counted' },
    )

  test('corrects the books, once however often it is sent', async () => {
    const same = { ...key(), 'if-match': await etagOf(`${path}/basil`) }
    const first = await count(-10, same)
    expect([first.status, first.body]).toMatchObject([201, { free: 1_990, adjusted: -10 }])
    const again = await count(-10, same)
    expect([again.status, again.body, again.headers.get('idempotent-replayed')]).toEqual([
      201,
      first.body,
      'true',
    ])
    expect((await count(-11, same)).status).toBe(422)
    expect((await count(-1, { 'idempotency-key': '' })).status).toBe(400)
    expect((await count(-1, { 'if-match': '"1"' })).status).toBe(412)
  })

  test('cannot find less than nothing', async () => {
    take('basil', 500)
    const { status, body } = await count(-1_501)
    expect([status, body.code]).toEqual([409, 'negative-stock'])
    expect((await call('GET', `${path}/basil`, staff)).body).toMatchObject({ free: 1_500, adjusted: 0 })
  })
})

describe('a delivery', () => {
  const take = (body: object, headers: Record<string, string> = { ...staff, ...key() }) =>
    call('POST', '/api/v1/inventory/deliveries', headers, body)
  const booked = () => cluster.history(replenisherRef(site), { limit: 50 })
  const basil = { ingredient: 'basil', amount: 300 }

  test('that nobody has ordered is taken in once, however often it is told under its key', async () => {
    const same = { ...staff, ...key() }
    const first = await take(basil, same)
    expect([first.status, first.body]).toEqual([201, basil])
    const again = await take(basil, same)
    expect([again.status, again.body, again.headers.get('idempotent-replayed')]).toEqual([201, basil, 'true'])
    expect(await booked()).toHaveLength(1)
    expect((await take({ ...basil, amount: 301 }, same)).status).toBe(422)
  })

  test('of an order closes it, and told under another key it is what it was', async () => {
    cluster.deliver(replenisherRef(site), {
      type: 'replenisher.short',
      ...{ ingredient: 'basil', amount: 900 },
    })
    const order = `${site}:basil:1`
    expect((await take({ ...basil, order })).body).toEqual({ ...basil, order })
    expect((await take({ ...basil, order, amount: 900 })).body).toEqual({ ...basil, order })
    expect((await take({ ...basil, order: `${site}:basil:2` })).status).toBe(404)
    expect(cluster.snapshots).toContainEqual({
      value: 'quiet',
      context: expect.objectContaining({
        orders: [expect.objectContaining({ state: 'delivered', brought: 300 })],
      }),
    })
  })

  test('is told by those who work here, of what there is a bin for', async () => {
    expect((await take({ ...basil, ingredient: 'unicorn' })).status).toBe(404)
    expect((await take({ ...basil, amount: 0 })).status).toBe(400)
    expect((await take(basil, staff)).status).toBe(400)
    expect((await take(basil, { ...key(), ...bearer('gus', 'customer') })).status).toBe(403)
    expect((await take(basil, key())).status).toBe(401)
  })
})

describe('a quote', () => {
  const items = [{ dish: 'caprese', quantity: 2 }]

  test('is the price, and what there is too little of', async () => {
    const { status, body } = await call('POST', '/api/v1/quotes', {}, { items })
    expect([status, body]).toMatchObject([
      200,
      { total: { amount: 2_100, currency: 'EUR' }, shortages: [], validUntil: '2026-05-01T18:00:30.000Z' },
    ])
    take('basil', 1_990)
    const short = await call('POST', '/api/v1/quotes', {}, { items })
    expect(short.body.shortages).toEqual([{ ingredient: 'basil', needed: 12, free: 10 }])
  })

  test('is refused for what is not on the menu', async () => {
    const unknown = await call('POST', '/api/v1/quotes', {}, { items: [{ dish: 'fugu', quantity: 1 }] })
    expect([unknown.status, unknown.body.errors[0].pointer]).toEqual([400, '#/items/0/dish'])
  })
})

describe('an order', () => {
  const items = [{ dish: 'caprese', quantity: 2 }]
  const place = (body: object, headers: Record<string, string> = key()) =>
    call('POST', '/api/v1/orders', headers, body)

  test('at another price than expected is refused, and says what it would be', async () => {
    const total = (amount: number, currency = 'EUR') => place({ items, total: { amount, currency } })
    const { status, body } = await total(2_000)
    expect([status, body.code, body.errors[0].pointer]).toEqual([409, 'menu-changed', '#/total/amount'])
    expect((await total(2_100, 'USD')).status).toBe(409)
    expect((await total(2_100)).status).toBe(201)
  })

  test('of what is known to be sold out is refused with the shortages, and placed once there is more', async () => {
    take('basil', 1_990)
    await call('POST', '/api/v1/quotes', {}, { items })
    const { status, body } = await place({ items })
    expect([status, body.code]).toEqual([409, 'insufficient-stock'])
    expect(body.shortages).toEqual([{ ingredient: 'basil', needed: 12, free: 10 }])
    tell('basil', { type: 'bin.deliver', amount: 2 })
    expect((await place({ items })).status).toBe(201)
  })

  test('that is sent again finds itself, although it took the last of it', async () => {
    const same = key()
    const first = await place({ items }, same)
    take('basil', 1_990)
    await call('POST', '/api/v1/quotes', {}, { items })
    const again = await place({ items }, same)
    expect([again.status, again.body.id]).toEqual([201, first.body.id])
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  test('does not wait for the preview', async () => {
    const { status } = await place({ items })
    expect(status).toBe(201)
    expect(cluster.requests.filter(({ actor }) => actor.startsWith('bin/'))).toHaveLength(
      recipes.caprese.needs.length,
    )
    await place({ items })
    expect(cluster.requests.filter(({ actor }) => actor.startsWith('bin/'))).toHaveLength(
      recipes.caprese.needs.length,
    )
  })
})

describe('a dish', () => {
  const dish = '/api/v1/menu/items/caprese'
  const body = {
    name: 'Caprese',
    price: { amount: 1_200, currency: 'EUR' },
    ingredients: [{ ingredient: 'mozzarella', amount: 125 }],
  }

  test('is read with its amounts, and not sent twice', async () => {
    const { body, headers } = await call('GET', dish)
    expect(body).toMatchObject({ dish: 'caprese', price: { amount: 1_050 } })
    expect(body.ingredients).toContainEqual({ ingredient: 'basil', amount: 6 })
    expect((await call('GET', dish, { 'if-none-match': headers.get('etag') ?? '' })).status).toBe(304)
    expect((await call('GET', '/api/v1/menu/items/fugu')).status).toBe(404)
  })

  test('is replaced by managers, on the version that they have seen', async () => {
    const etag = await etagOf(dish)
    expect((await call('PUT', dish, manager, body)).status).toBe(428)
    expect((await call('PUT', dish, { ...staff, 'if-match': etag }, body)).status).toBe(403)
    const put = await call('PUT', dish, { ...manager, 'if-match': etag }, body)
    expect([put.status, put.body.price.amount]).toEqual([200, 1_200])
    expect((await call('GET', dish)).body.price.amount).toBe(1_200)
    expect((await call('PUT', dish, { ...manager, 'if-match': etag }, body)).status).toBe(412)
    const dollars = { ...body, price: { amount: 1_200, currency: 'USD' } }
    const next = { ...manager, 'if-match': put.headers.get('etag') ?? '' }
    expect((await call('PUT', dish, next, dollars)).status).toBe(400)
  })

  test('that is to be new replaces none, and one that nobody can cook is refused with the reason', async () => {
    const isNew = { ...manager, 'if-none-match': '*' }
    expect((await call('PUT', dish, isNew, body)).status).toBe(412)
    const fugu = await call('PUT', '/api/v1/menu/items/fugu', isNew, body)
    expect([fugu.status, fugu.body.code, fugu.body.detail]).toEqual([
      409,
      'no-recipe',
      "The house lacks a recipe for 'fugu'.",
    ])
    const unicorn = { ...body, ingredients: [{ ingredient: 'unicorn', amount: 1 }] }
    const etag = await etagOf(dish)
    expect((await call('PUT', dish, { ...manager, 'if-match': etag }, unicorn)).body.detail).toBe(
      "The house lacks a bin of 'unicorn'.",
    )
  })

  test('is taken off and put back by managers', async () => {
    const off = { ...manager, 'if-match': await etagOf(dish) }
    const answer = await call('PATCH', `${dish}/availability`, off, { available: false })
    expect([answer.status, answer.body.available]).toEqual([200, false])
    expect((await call('GET', dish)).body.available).toBe(false)
    expect((await call('PATCH', `${dish}/availability`, off, { available: true })).status).toBe(412)
    expect((await call('PATCH', `${dish}/availability`, staff, { available: true })).status).toBe(403)
    expect(
      (await call('PATCH', '/api/v1/menu/items/fugu/availability', off, { available: true })).status,
    ).toBe(404)
  })
})
