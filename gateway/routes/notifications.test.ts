import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inbox, inboxRef, menu, menuRef } from '#actors'
import { Machine } from '#kernel'
import { type Gateway, startGateway } from '../index.ts'
import { bearer, fakeAuth } from '../testing/fake-auth.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'

// Over real HTTP, in front of the real machine of the inbox; each answer is checked against the OpenAPI document.

const path = '/api/v1/notifications'
let cluster: FakeCluster
let gateway: Gateway
let assertDescribed: ReturnType<typeof contractOf>

beforeAll(async () => {
  cluster = new FakeCluster(
    [inbox, menu].map((definition) => ({ definition, machine: new Machine(definition) })),
  )
  cluster.deliver(menuRef('main'), { type: 'menu.open' })
  gateway = await startGateway({ client: cluster, site: 'main', port: 0, opsPort: 0, auth: fakeAuth })
  assertDescribed = contractOf(await (await fetch(`${gateway.url}/openapi.json`)).json())
})
afterAll(() => gateway.close())

async function call(
  method: string,
  at: string,
  account: string | undefined,
  body?: unknown,
  more: Record<string, string> = {},
) {
  const response = await fetch(`${gateway.url}${at}`, {
    method,
    headers: {
      ...(account !== undefined && bearer(account, 'customer')),
      ...(body !== undefined && {
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      }),
      ...more,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  assertDescribed(response, method, at, answer)
  return { status: response.status, headers: response.headers, body: answer }
}
const notify = (account: string, order: string) =>
  cluster.deliver(inboxRef(account), {
    type: 'inbox.notify',
    ...{ id: `${order}.order.ready`, topic: 'ready', event: 'order.ready', order, amount: 2_890 },
  })

describe('the list', () => {
  test('is empty for who was never told anything, and nobody’s without an account', async () => {
    expect((await call('GET', path, 'new')).body).toEqual({ items: [] })
    expect((await call('GET', path, undefined)).status).toBe(401)
  })

  test('has what the caller was told, in words, page by page, and nothing of another', async () => {
    for (const n of [1, 2, 3]) notify('ada', `ord_${n}`)
    notify('bob', 'ord_9')
    const first = await call('GET', `${path}?limit=2`, 'ada')
    expect(first.body.items).toMatchObject([
      {
        id: 'ord_3.order.ready',
        title: 'Your order is ready',
        amount: { amount: 2_890, currency: 'EUR' },
        read: false,
      },
      { id: 'ord_2.order.ready' },
    ])
    expect(first.headers.get('link')).toContain('rel="next"')
    const cursor = encodeURIComponent(first.body.nextCursor)
    const second = await call('GET', `${path}?limit=2&cursor=${cursor}`, 'ada')
    expect(second.body).toMatchObject({ items: [{ id: 'ord_1.order.ready' }] })
    expect((await call('GET', `${path}?cursor=${cursor}`, 'bob')).body.code).toBe('invalid-cursor')
  })

  test('knows what was read', async () => {
    notify('eve', 'ord_1')
    const read = await call('PATCH', `${path}/ord_1.order.ready`, 'eve', { read: true })
    expect([read.status, read.body.read]).toEqual([200, true])
    expect((await call('GET', path, 'eve')).body.items).toMatchObject([{ read: true }])
    expect((await call('PATCH', `${path}/ord_7.order.ready`, 'eve', { read: true })).status).toBe(404)
    expect((await call('PATCH', `${path}/ord_1.order.ready`, 'nobody', { read: true })).status).toBe(404)
  })
})

describe('preferences', () => {
  test('are the usual ones until they are chosen, and change with the version that was read', async () => {
    const before = await call('GET', `${path}/preferences`, 'zoe')
    expect([before.headers.get('etag'), before.body.channels.ready]).toEqual([
      '"0"',
      ['in-app', 'email', 'push'],
    ])
    const body = {
      channels: { ...before.body.channels, ready: ['sms'] },
      contact: { email: null, phone: '+4930123456' },
    }
    const put = (match?: string, sent: unknown = body) =>
      call('PUT', `${path}/preferences`, 'zoe', sent, match === undefined ? {} : { 'if-match': match })
    expect((await put()).status).toBe(428)
    const chosen = await put('"0"')
    expect([chosen.status, chosen.headers.get('etag'), chosen.body]).toEqual([200, '"1"', body])
    expect((await put('"0"')).status).toBe(412)
    expect((await call('GET', `${path}/preferences`, 'zoe')).body).toEqual(body)
    const contact = { email: 'zoe@example.org', phone: null }
    const changed = await call('PATCH', `${path}/preferences`, 'zoe', { contact }, { 'if-match': '"1"' })
    expect([changed.status, changed.body]).toEqual([200, { channels: body.channels, contact }])
    const wrong = { ...body, contact: { email: null, phone: '030' } }
    expect((await put('"2"', wrong)).body.errors[0].pointer).toContain('phone')
  })
})
