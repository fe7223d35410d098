import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { ActorId, Message } from '#actor'
import { order, orderRef, payment, paymentRef, ticket, ticketRef } from '#actors'
import { Machine } from '#kernel'
import { type Gateway, startGateway } from '../index.ts'
import { bearer, fakeAuth } from '../testing/fake-auth.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'
import { orderStates } from './lists.ts'

// Over real HTTP, in front of the real machines of orders, payments and tickets, whose turns the gateway folds itself.
// Every answer is checked against the OpenAPI document.

let cluster: FakeCluster
let gateway: Gateway
let assertDescribed: (response: Response, method: string, path: string, body: unknown) => void
let operatorDescribed: typeof assertDescribed

const minuteUs = 60_000_000
const pass = (minutes: number): void => {
  cluster.now = (cluster.now + minutes * minuteUs) as typeof cluster.now
}
const deliver = (actor: ActorId, message: Message & Readonly<Record<string, unknown>>): void => {
  expect(cluster.deliver(actor, message).kind).toBe('done')
}
function place(id: string, guest: string | undefined, quantity = 1): void {
  deliver(orderRef(id), {
    type: 'order.place',
    site: 'main',
    items: [{ dish: 'caprese', quantity, price: 1_050 }],
    needs: [{ ingredient: 'tomato', amount: 1 }],
    total: 1_050 * quantity,
    serve: 'collect',
    promisedAt: cluster.now + 20 * minuteUs,
    token: 'tok_ok',
    ...(guest !== undefined && { guest }),
  })
  pass(1)
}
const provider = (id: string, result: object): void => {
  deliver(paymentRef(id), {
    type: 'call.done',
    call: 'x',
    result: { captured: 0, refunded: 0, ...result },
  })
}
function pay(id: string, amount: number): void {
  deliver(orderRef(id), { type: 'reservation.held' })
  deliver(paymentRef(id), { type: 'payment.request', amount, token: 'tok_ok' })
  provider(id, { status: 'authorized' })
  provider(id, { status: 'captured', captured: amount })
  deliver(orderRef(id), { type: 'payment.captured', amount })
  deliver(orderRef(id), { type: 'reservation.committed' })
}
function cook(id: string): void {
  deliver(ticketRef(id), {
    type: 'ticket.open',
    order: id,
    site: 'main',
    items: [{ line: 0, dish: 'caprese', quantity: 1 }],
    promisedAt: cluster.now + 20 * minuteUs,
  })
  pass(3)
  deliver(ticketRef(id), { type: 'dish.begun', plate: `${id}:0:1` })
  deliver(orderRef(id), { type: 'ticket.started' })
}
function serve(id: string): void {
  pass(7)
  deliver(ticketRef(id), { type: 'dish.plated', plate: `${id}:0:1` })
  deliver(orderRef(id), { type: 'ticket.plating' })
  pass(1)
  deliver(ticketRef(id), { type: 'xstate.after.plating.ticket.plating' })
  deliver(orderRef(id), { type: 'ticket.plated' })
  deliver(orderRef(id), { type: 'order.collect' })
  deliver(paymentRef(id), { type: 'payment.close' })
}

beforeAll(async () => {
  const types = [order, payment, ticket].map((definition) => ({
    definition,
    machine: new Machine(definition),
  }))
  cluster = new FakeCluster(types)
  gateway = await startGateway({ client: cluster, site: 'main', auth: fakeAuth, port: 0, opsPort: 0 })
  assertDescribed = contractOf(await (await fetch(`${gateway.url}/openapi.json`)).json())
  operatorDescribed = contractOf(await (await fetch(`${gateway.opsUrl}/openapi.json`)).json())

  place('ord_1', 'ada', 2)
  pay('ord_1', 2_100)
  cook('ord_1')
  serve('ord_1')
  place('ord_2', 'bob')
  deliver(orderRef('ord_2'), {
    type: 'reservation.refused',
    shortages: [{ ingredient: 'tomato', needed: 2, free: 1 }],
  })
  place('ord_3', 'ada')
  pay('ord_3', 1_050)
  cook('ord_3')
  place('ord_4', undefined)
  pass(60)
  place('ord_5', 'ada')
  await vi.waitFor(async () => {
    const { body } = await call('/api/v1/orders', bearer('eve', 'staff'))
    expect(body.items).toHaveLength(5)
  })
})
afterAll(() => gateway.close())

interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what a JSON client sees; the contract checks its shape
  readonly body: any
}
async function call(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${gateway.url}${path}`, { headers })
  const body = await response.json()
  assertDescribed(response, 'GET', path, body)
  return { status: response.status, headers: response.headers, body }
}
async function operate(method: 'GET' | 'POST', path: string, payload?: object): Promise<Answer> {
  const response = await fetch(`${gateway.opsUrl}/ops/v1/${path}`, {
    method,
    ...(payload && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(payload) }),
  })
  const body = await response.json()
  operatorDescribed(response, method, `/ops/v1/${path}`, body)
  return { status: response.status, headers: response.headers, body }
}
const staff = bearer('eve', 'staff')
const manager = bearer('mia', 'manager')
const ada = bearer('ada', 'customer')
const idsOf = ({ body }: Answer): string[] => body.items.map(({ id }: { id: string }) => id)

test('staff sees every order, newest first, each as GET /orders/{id} shows it', async () => {
  const answer = await call('/api/v1/orders', staff)
  expect(idsOf(answer)).toEqual(['ord_5', 'ord_4', 'ord_3', 'ord_2', 'ord_1'])
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.body.items[4]).toMatchObject({
    state: 'completed',
    total: { amount: 2_100, currency: 'EUR' },
    items: [{ dish: 'caprese', quantity: 2, price: { amount: 1_050 } }],
    links: { self: '/api/v1/orders/ord_1' },
  })
  expect(answer.body.items[3]).toMatchObject({
    state: 'rejected',
    reason: 'insufficient-stock',
    shortages: [{ ingredient: 'tomato', needed: 2, free: 1 }],
  })
  expect(answer.body.asOf).toBe(new Date((cluster.now - minuteUs) / 1_000).toISOString())
  expect(answer.body.lagMs).toBeLessThan(30_000)
})

test('L1: a customer sees their own orders, and may not ask for those of others', async () => {
  expect(idsOf(await call('/api/v1/orders', ada))).toEqual(['ord_5', 'ord_3', 'ord_1'])
  expect(idsOf(await call('/api/v1/orders?guest=ada&state=completed', ada))).toEqual(['ord_1'])
  expect(idsOf(await call('/api/v1/orders', bearer('nobody', 'customer')))).toEqual([])
  const refused = await call('/api/v1/orders?guest=bob', ada)
  expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])
  const unknown = await call('/api/v1/orders')
  expect([unknown.status, unknown.body.code]).toEqual([401, 'unauthorized'])
})

test('filters of state, guest and time go together', async () => {
  expect(idsOf(await call('/api/v1/orders?state=cooking', staff))).toEqual(['ord_3'])
  expect(idsOf(await call('/api/v1/orders?guest=ada&sort=createdAt', staff))).toEqual([
    'ord_1',
    'ord_3',
    'ord_5',
  ])
  const all = (await call('/api/v1/orders?sort=createdAt', staff)).body.items
  const [second, fourth] = [all[1].createdAt, all[3].createdAt]
  const between = `from=${encodeURIComponent(second)}&to=${encodeURIComponent(fourth)}`
  expect(idsOf(await call(`/api/v1/orders?${between}&sort=createdAt`, staff))).toEqual(['ord_2', 'ord_3'])
  expect(idsOf(await call(`/api/v1/orders?${between}&guest=ada`, staff))).toEqual(['ord_3'])
})

test('operators read the same orders, payments and ledger, and what an order waits for', async () => {
  const orders = await operate('GET', 'orders')
  expect(orders.body.items).toEqual((await call('/api/v1/orders', staff)).body.items)
  expect(idsOf(await operate('GET', 'orders?open=true'))).toEqual(['ord_5', 'ord_4', 'ord_3'])
  const payments = await operate('GET', 'payments')
  expect(payments.body.items).toEqual((await call('/api/v1/payments', staff)).body.items)
  const ledger = await operate('GET', 'ledger?order=ord_1')
  const { items, balances } = (await call('/api/v1/ledger?order=ord_1', manager)).body
  expect(ledger.body).toMatchObject({ items, balances })
  const story = await operate('GET', 'orders/ord_3/story')
  expect(story.body).toMatchObject({ state: 'cooking', waitsFor: 'every dish to be cooked' })
  expect((await operate('GET', 'orders/nobody/story')).status).toBe(404)
})

test('pages follow each other, and a cursor is good for its own list alone', async () => {
  const first = await call('/api/v1/orders?limit=2', staff)
  expect(first.headers.get('link')).toContain('rel="next"')
  const ids = idsOf(first)
  for (let next = first.body.nextCursor; next !== undefined; ) {
    const page = await call(`/api/v1/orders?limit=2&cursor=${next}`, staff)
    ids.push(...idsOf(page))
    next = page.body.nextCursor
  }
  expect(ids).toEqual(['ord_5', 'ord_4', 'ord_3', 'ord_2', 'ord_1'])
  for (const other of ['sort=createdAt', 'guest=ada', 'state=cooking', 'to=2030-01-01T00:00:00Z']) {
    const { status, body } = await call(`/api/v1/orders?${other}&cursor=${first.body.nextCursor}`, staff)
    expect([status, body.code]).toEqual([400, 'invalid-cursor'])
  }
  const forged = await call(`/api/v1/orders?cursor=${'x'.repeat(40)}`, staff)
  expect([forged.status, forged.body.code]).toEqual([400, 'invalid-cursor'])
})

test('a filter that is none is refused, and named', async () => {
  for (const [query, parameter] of [
    ['from=yesterday', 'from'],
    ['to=2026-13-45T00:00:00Z', 'to'],
    ['state=hungry', 'state'],
    ['limit=0', 'limit'],
    ['sort=price', 'sort'],
    ['colour=red', 'colour'],
  ]) {
    const { status, body } = await call(`/api/v1/orders?${query}`, staff)
    expect([status, body.code, body.errors[0].parameter]).toEqual([400, 'validation', parameter])
  }
})

test('payments and tickets are for staff', async () => {
  const payments = await call('/api/v1/payments?sort=createdAt', staff)
  expect(payments.body.items).toMatchObject([
    { id: 'ord_1', order: 'ord_1', state: 'settled', captured: { amount: 2_100 }, refunded: { amount: 0 } },
    { id: 'ord_3', state: 'captured', captured: { amount: 1_050 } },
  ])
  expect(idsOf(await call('/api/v1/payments?state=captured', staff))).toEqual(['ord_3'])
  const tickets = await call('/api/v1/kitchen/tickets?sort=createdAt', staff)
  expect(tickets.body.items).toMatchObject([
    { id: 'ord_1', state: 'plated', items: [{ dish: 'caprese', quantity: 1 }] },
    { id: 'ord_3', state: 'cooking' },
  ])
  expect(idsOf(await call('/api/v1/kitchen/tickets?open=true', staff))).toEqual(['ord_3'])
  expect(idsOf(await call('/api/v1/kitchen/tickets?state=plated', staff))).toEqual(['ord_1'])
  for (const path of ['payments', 'kitchen/tickets']) {
    const { status, body } = await call(`/api/v1/${path}`, ada)
    expect([status, body.code]).toEqual([403, 'forbidden'])
  }
})

test('figures are for managers: hours with their averages, and the total of the page', async () => {
  const { body } = await call('/api/v1/kpi?sort=createdAt', manager)
  expect(body.items).toHaveLength(2)
  expect(body.items[0]).toMatchObject({
    site: 'main',
    hour: '2026-05-01T18:00:00.000Z',
    orders: { placed: 4, completed: 1, rejected: 1, cancelled: 0, expired: 0 },
    reasons: [{ end: 'rejected', reason: 'insufficient-stock', orders: 1 }],
    conversion: 0.25,
    revenue: { amount: 2_100, currency: 'EUR' },
    tickets: 1,
    averageTicketSeconds: 11 * 60,
    averageCookingSeconds: 7 * 60,
    ordersPerMinute: 0.0667,
  })
  expect(body.total).toMatchObject({ orders: { placed: 5, completed: 1 }, conversion: 0.2 })
  expect((await call('/api/v1/kpi?site=elsewhere', manager)).body.items).toEqual([])
  const refused = await call('/api/v1/kpi', staff)
  expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])
})

test('the ledger has every movement of an order, and balances that add up to nothing', async () => {
  const { body } = await call('/api/v1/ledger?order=ord_1&sort=createdAt', manager)
  expect(body.items).toMatchObject([
    { order: 'ord_1', kind: 'captured', debit: 'provider', credit: 'guests', amount: { amount: 2_100 } },
    { order: 'ord_1', kind: 'earned', debit: 'guests', credit: 'revenue', amount: { amount: 2_100 } },
  ])
  const balances: { account: string; balance: number }[] = body.balances
  expect(balances.map(({ account, balance }) => [account, balance])).toEqual([
    ['provider', 3_150],
    ['guests', -1_050],
    ['revenue', -2_100],
  ])
  expect((await call('/api/v1/ledger', staff)).status).toBe(403)
})

test('a rebuild is accepted, compared, and leaves the lists as they were', async () => {
  const before = await call('/api/v1/orders', staff)
  const accepted = await operate('POST', 'projections/orders/rebuild')
  expect([accepted.status, accepted.headers.get('location')]).toEqual([202, '/ops/v1/projections'])
  expect(accepted.body.items).toMatchObject([{ name: 'orders', state: 'live', rebuild: { verify: false } }])
  const all = await operate('POST', 'projections/all/rebuild', { verify: true })
  expect(all.body.items).toHaveLength(6)
  await vi.waitFor(async () => {
    const { body } = await operate('GET', 'projections')
    for (const { rebuild } of body.items)
      expect(rebuild).toMatchObject({ state: 'done', differences: { count: 0 } })
  })
  expect(idsOf(await call('/api/v1/orders', staff))).toEqual(idsOf(before))
  const unknown = await operate('POST', 'projections/none/rebuild')
  expect([unknown.status, unknown.body.code]).toEqual([404, 'not-found'])
})

test('metrics say how far the read models are', async () => {
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  expect(text).toMatch(/^brigade_projection_lag_seconds \d+(\.\d+)?$/m)
  expect(text).toMatch(/^brigade_projection_turns_total [1-9]\d*$/m)
  expect(text).toContain('brigade_projection_live{projection="orders"} 1')
})

test('what ended longer ago than it is kept is in no list any more, and each list says so', async () => {
  pass(31 * 24 * 60)
  place('ord_6', 'ada')
  await vi.waitFor(async () => {
    expect(idsOf(await call('/api/v1/orders', staff))).toEqual(['ord_6', 'ord_5', 'ord_4', 'ord_3'])
  })
  const keptFrom = new Date((cluster.now - minuteUs) / 1_000 - 30 * 24 * 3_600_000).toISOString()
  const ended = await call('/api/v1/orders?guest=ada&state=completed&to=2026-05-02T00:00:00Z', ada)
  expect([idsOf(ended), ended.body.keptFrom]).toEqual([[], keptFrom])
  const tickets = await call('/api/v1/kitchen/tickets', staff)
  expect([idsOf(tickets), tickets.body.keptFrom]).toEqual([['ord_3'], keptFrom])
  // Money may still be given back, so the payment has not ended.
  const payments = await call('/api/v1/payments', staff)
  expect([idsOf(payments), payments.body.keptFrom]).toEqual([['ord_3', 'ord_1'], keptFrom])
  const ledger = await call('/api/v1/ledger', manager)
  expect([ledger.body.items, ledger.body.keptFrom]).toEqual([[], keptFrom])
  expect(ledger.body.balances.map(({ balance }: { balance: number }) => balance)).toEqual([
    3_150, -1_050, -2_100,
  ])
  // Hours stay.
  const hours = await call('/api/v1/kpi', manager)
  expect([hours.body.items.length, hours.body.keptFrom]).toEqual([3, undefined])
})

test('orders can be asked for in each state in which one can be seen', () => {
  // It is through `unwinding` within a turn.
  const seen = Object.keys(order.machine.states).filter((state) => state !== 'unwinding')
  expect([...orderStates].sort()).toEqual(seen.sort())
})
