/**
 * A department is lost whole, one after the other: what does not need it goes on, and it comes back by itself.
 *
 * Goal: every row of docs/degradation.md is true, and nothing that was acknowledged is lost. Method: one cluster of
 * real processes with a group for each department. The only node of a group is killed and kept down until the
 * gateway says that the department is silent; the row is tried by HTTP; the node is started again, and nobody helps.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NodeId } from '#ports'
import { Insistent } from './testing/insistent.ts'
import { Up } from './testing/up.ts'

const api = '/api/v1'
const [email, password] = ['guest@example.com', 'a long enough password']
const folder = mkdtempSync(join(tmpdir(), 'brigade-lost-'))
let up: Up
/** Logged in before anything was lost. */
let accessToken = ''

interface Order {
  readonly id: string
  readonly orderToken: string
  readonly state: string
}
interface Answer {
  readonly status: number
  readonly retryAfter: string | null
  // biome-ignore lint/suspicious/noExplicitAny: what a JSON client sees
  readonly body: any
}

beforeAll(async () => {
  const launcherSettings = { backoffFirstMs: 5_000 }
  const dataFolder = join(folder, 'data')
  const options = { layout: 'apart', nodes: 1, speed: 40, kitchenScale: 4 } as const
  // So that the copy of the menu is old within the test.
  const env = { BRIGADE_CONFIG: JSON.stringify({ 'menu.cache-ttl-ms': 1_000 }) }
  up = new Up({ dataFolder, ...options, launcherSettings }, env)
  expect(await up.started()).toBeUndefined()
  const guest = new Insistent(up.url)
  await guest.send('POST', `${api}/auth/register`, { body: { email, password } })
  const login = { body: { email, password } }
  const { body } = await guest.send<{ accessToken: string }>('POST', `${api}/auth/login`, login)
  accessToken = body.accessToken
}, 90_000)

afterAll(async () => {
  await up.killAll()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

/** Once: what the gateway says at the first try is what is looked at. */
async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(path.startsWith('/ops/') ? `${up.opsUrl}${path}` : `${up.url}${path}`, {
    method,
    headers: {
      ...(method === 'POST' && { 'idempotency-key': crypto.randomUUID() }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: text === '' ? undefined : JSON.parse(text),
  }
}
const items = [{ dish: 'caprese', quantity: 1 }]
const payment = { token: 'tok_ok' }
const place = (body: object = { items, payment }): Promise<Answer> => call('POST', `${api}/orders`, body)
const of = ({ orderToken }: Order) => ({ 'x-order-token': orderToken })
const read = (order: Order, query = ''): Promise<Answer> =>
  call('GET', `${api}/orders/${order.id}${query}`, undefined, of(order))
const cancel = (order: Order): Promise<Answer> =>
  call('POST', `${api}/orders/${order.id}/cancellation`, {}, of(order))
const byAccount = (): Record<string, string> => ({ authorization: `Bearer ${accessToken}` })

/** By a guest who insists: of shards that have just been lost or come back an answer can be late. */
async function placed(body: object = { items, payment }): Promise<Order> {
  const answer = await new Insistent(up.url).send<Order>('POST', `${api}/orders`, { body })
  expect(answer.status).toBe(201)
  return answer.body
}
/** No connection, while the edge is away. */
const gone: Answer = { status: 0, retryAfter: null, body: undefined }

/** A wish that does not come true ends the test by its timeout. */
async function reaches(order: Order, ...states: readonly string[]): Promise<Order> {
  for (;;) {
    const { status, body } = await read(order).catch(() => gone)
    if (status === 200 && states.includes(body.state)) return body
    await sleep(100)
  }
}
const refusedForNow = ({ status, retryAfter, body }: Answer) => {
  expect([status, body.code]).toEqual([503, 'dependency-open'])
  expect(Number(retryAfter)).toBeGreaterThan(0)
}
const isDown = async (department: string): Promise<boolean> =>
  (await call('GET', '/readyz')).body.departments[department] === 'silent'

async function nodeOf(group: string): Promise<NodeId> {
  const { nodes } = await up.ops<{ nodes: { id: NodeId; group: string }[] }>('cluster')
  const found = nodes.find((node) => node.group === group)
  if (found === undefined) throw new Error(`Group ${group} has no node.`)
  return found.id
}

/** The department is lost, and known to be; when `during` is over it comes back. */
async function without(department: string, during: () => Promise<void>): Promise<void> {
  const node = await nodeOf(department)
  await up.execute({ kind: 'crash', node, force: true })
  await up.execute({ kind: 'drain', node, force: true })
  await expect.poll(() => isDown(department), { timeout: 20_000 }).toBe(true)
  try {
    await during()
  } finally {
    await up.execute({ kind: 'restart', node })
    await expect.poll(() => isDown(department), { timeout: 30_000 }).toBe(false)
  }
  await reaches(await placed(), 'ready')
}

const menuIs = async (degraded: true | undefined): Promise<void> => {
  const { status, body } = await call('GET', `${api}/menu`)
  expect([status, body.degraded, body.items.length > 0]).toEqual([200, degraded, true])
}
const readsAsEver = async (order: Order): Promise<void> => {
  const { status, body } = await read(order)
  expect([status, body.id]).toEqual([200, order.id])
}
const partIsDegraded = async (order: Order, part: string): Promise<void> => {
  const { status, body } = await read(order, '?expand=payment,ticket,reservations')
  const parts = ['payment', 'ticket', 'reservations'] as const
  expect(status).toBe(200)
  expect(parts.filter((one) => body[one]?.degraded === true)).toEqual([part])
}

describe('without', { timeout: 120_000 }, () => {
  test('identity: guests order as ever, access tokens are good, and nobody logs in', async () => {
    const order = await placed()
    const { body: own } = await call('POST', `${api}/orders`, { items, payment }, byAccount())
    await without('identity', async () => {
      await menuIs(undefined)
      await readsAsEver(order)
      expect((await cancel(await placed({ items }))).status).toBe(202)
      expect((await call('GET', `${api}/orders/${own.id}`, undefined, byAccount())).body.id).toBe(own.id)
      expect((await call('POST', `${api}/orders`, { items }, byAccount())).status).toBe(201)
      refusedForNow(await call('POST', `${api}/auth/login`, { email, password }))
      refusedForNow(await call('GET', `${api}/users/me`, undefined, byAccount()))
      expect((await call('GET', '/ops/v1/nodes')).status).toBe(200)
    })
    expect((await call('POST', `${api}/auth/login`, { email, password })).status).toBe(200)
  })

  test('orders: there is the menu as it was known last, and nothing else', async () => {
    const order = await placed()
    await menuIs(undefined)
    await without('orders', async () => {
      await expect.poll(async () => (await call('GET', `${api}/menu`)).body.degraded).toBe(true)
      await menuIs(true)
      refusedForNow(await read(order))
      refusedForNow(await place())
      refusedForNow(await cancel(order))
      expect((await call('GET', '/ops/v1/nodes')).status).toBe(200)
    })
    await expect.poll(async () => (await call('GET', `${api}/menu`)).body.degraded).toBeUndefined()
    await reaches(order, 'ready')
  })

  test('pantry: no order is taken, one that is cancelled gives its stock back later', async () => {
    const order = await placed({ items })
    await reaches(order, 'paying')
    await without('pantry', async () => {
      await menuIs(undefined)
      await readsAsEver(order)
      await partIsDegraded(order, 'reservations')
      refusedForNow(await place())
      expect((await cancel(order)).status).toBe(202)
    })
    await reaches(order, 'cancelled')
    const { body } = await read(order, '?expand=reservations')
    expect(body.reservations).toMatchObject([{ state: 'released' }])
  })

  test('till: an order waits to be paid, and gets its money back later', async () => {
    const order = await placed()
    await reaches(order, 'confirmed', 'queued', 'cooking')
    await without('till', async () => {
      await menuIs(undefined)
      await readsAsEver(order)
      await partIsDegraded(order, 'payment')
      refusedForNow(await place())
      expect((await cancel(order)).status).toBe(202)
      const unpaid = await placed({ items })
      await reaches(unpaid, 'paying')
    })
    await reaches(order, 'cancelled')
    await expect.poll(async () => (await read(order, '?expand=payment')).body.payment.state).toBe('refunded')
  })

  test('kitchen: what was ordered is kept for it, and nothing more is taken', async () => {
    const order = await placed({ items })
    await reaches(order, 'paying')
    await without('kitchen', async () => {
      await menuIs(undefined)
      await readsAsEver(order)
      await partIsDegraded(order, 'ticket')
      refusedForNow(await place())
      const paid = await call('POST', `${api}/orders/${order.id}/payments`, payment, of(order))
      expect(paid.status).toBe(201)
    })
    await reaches(order, 'ready')
  })

  test('hardware: orders are taken, and wait for their appliances', async () => {
    let order: Order | undefined
    await without('hardware', async () => {
      await menuIs(undefined)
      order = await placed({ items: [{ dish: 'cheeseburger', quantity: 1 }], payment })
      await reaches(order, 'queued', 'cooking')
      await readsAsEver(order)
      expect((await cancel(await placed({ items }))).status).toBe(202)
    })
    await reaches(order as Order, 'ready')
  })

  test('office: guests notice nothing, and operators only mend', async () => {
    const order = await placed()
    await without('office', async () => {
      await menuIs(undefined)
      await readsAsEver(order)
      await reaches(await placed(), 'ready')
      const node = await nodeOf('till')
      const refused = await call('POST', `/ops/v1/nodes/${node}/cordon`)
      expect([refused.status, refused.body.code, refused.retryAfter]).toEqual([503, 'audit-unavailable', '1'])
      expect((await call('DELETE', '/ops/v1/faults')).status).toBe(204)
    })
    await expect
      .poll(async () => {
        const { body } = await call('GET', '/ops/v1/audit')
        return body.items.filter(({ command }: { command?: string }) => command === 'DELETE /ops/v1/faults')
          .length
      })
      .toBe(1)
  })

  test('the edge: nothing is lost behind it, and lists go on where they were', async () => {
    const order = await placed()
    const listed = async (): Promise<readonly string[]> => {
      const { body } = await call('GET', `${api}/orders`, undefined, byAccount())
      return body.items?.map(({ id }: Order) => id) ?? []
    }
    const { body: own } = await call('POST', `${api}/orders`, { items, payment }, byAccount())
    await expect.poll(listed, { timeout: 10_000 }).toContain(own.id)
    const before = await listed()
    const edge = await nodeOf('edge')
    await up.execute({ kind: 'crash', node: edge, force: true })
    await expect(fetch(`${up.url}/healthz`)).rejects.toThrow()
    await up.execute({ kind: 'restart', node: edge })
    await reaches(order, 'ready')
    await expect.poll(listed, { timeout: 20_000 }).toEqual(before)
  })
})
