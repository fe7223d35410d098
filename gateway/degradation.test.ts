import { afterEach, expect, test } from 'vitest'
import { definitions, menuRef } from '#actors'
import { Machine } from '#kernel'
import { type Gateway, type GatewayOptions, startGateway } from './index.ts'
import { FakeCluster } from './testing/fake-cluster.ts'

// What a gateway does while a department does not answer, over real HTTP.

const site = 'main'
const basket = { items: [{ dish: 'caprese', quantity: 2 }] }
let cluster: FakeCluster
let gateway: Gateway
let keys = 0

async function start(options: Partial<GatewayOptions> = {}): Promise<void> {
  cluster = new FakeCluster(
    definitions.map((definition) => ({ definition, machine: new Machine(definition) })),
  )
  cluster.deliver(menuRef(site), { type: 'menu.open' })
  gateway = await startGateway({ client: cluster, site, port: 0, opsPort: 0, ...options })
}
afterEach(() => gateway.close())

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: what a JSON client sees
  const answer: any = await response.json()
  return { status: response.status, headers: response.headers, body: answer }
}
const place = () =>
  call('POST', '/api/v1/orders', basket, { 'idempotency-key': `${++keys}-a-key-for-this-test-only` })
async function readExpanded(part: string) {
  const { body } = await place()
  return () =>
    call('GET', `${body.links.self}?expand=${part}`, undefined, { 'x-order-token': body.orderToken })
}

test('orders are taken again once the kitchen answers, also when nobody asks it', async () => {
  await start({ config: { 'gateway.breaker-failures': 2, 'gateway.breaker-open-ms': 100 } })
  const read = await readExpanded('ticket')
  cluster.silent.add('ticket')
  for (let n = 0; n < 2; n += 1) {
    const { status, body } = await read()
    expect([status, body.ticket]).toEqual([200, { degraded: true }])
  }
  const { status, body, headers } = await place()
  expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'dependency-open', '5'])
  cluster.silent.clear()
  await expect.poll(async () => (await place()).status, { timeout: 3_000 }).toBe(201)
})

test.each([
  [3, 2],
  [2, 3],
])('with gateway.breaker-failures %i, after %i failures', async (failures, times) => {
  await start({ config: { 'gateway.breaker-failures': failures } })
  const read = await readExpanded('ticket')
  cluster.silent.add('ticket')
  for (let n = 0; n < times; n += 1) await read()
  expect((await place()).status).toBe(times < failures ? 201 : 503)
  const asked = cluster.requests.filter(({ actor }) => actor.startsWith('ticket/'))
  expect(asked).toHaveLength(Math.min(times, failures))
})

test('gateway.breaker-open-ms is how long it is not asked', async () => {
  await start({ config: { 'gateway.breaker-failures': 1, 'gateway.breaker-open-ms': 60_000 } })
  const read = await readExpanded('ticket')
  cluster.silent.add('ticket')
  await read()
  cluster.silent.clear()
  expect((await read()).body.ticket).toEqual({ degraded: true })
  expect((await place()).status).toBe(503)
})
