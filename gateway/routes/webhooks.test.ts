import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inbox, inboxRef, menu, menuRef, noticeEvents, webhook, webhookRef, webhooksMax } from '#actors'
import { Machine } from '#kernel'
import { webhookSecretOf } from '#outside'
import { type Gateway, startGateway } from '../index.ts'
import { bearer, fakeAuth } from '../testing/fake-auth.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'

// Over real HTTP, in front of the real machines of webhook and inbox, which hear each other; each answer is checked
// against the OpenAPI document.

const path = '/api/v1/webhooks'
const url = 'https://example.org/hook'
const serviceKey = 'a key that is not part of the data'
let cluster: FakeCluster
let gateway: Gateway
let assertDescribed: ReturnType<typeof contractOf>
let keys = 0

beforeAll(async () => {
  cluster = new FakeCluster(
    [inbox, webhook, menu].map((definition) => ({ definition, machine: new Machine(definition) })),
    { connected: true },
  )
  cluster.deliver(menuRef('main'), { type: 'menu.open' })
  gateway = await startGateway({
    client: cluster,
    site: 'main',
    port: 0,
    opsPort: 0,
    auth: fakeAuth,
    webhookSecret: (id, number) => webhookSecretOf(serviceKey, id, number),
  })
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
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const response = await fetch(`${gateway.url}${at}`, {
    method,
    headers: {
      ...(account !== undefined && bearer(account, 'customer')),
      ...(body !== undefined && { 'content-type': type }),
      ...more,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  assertDescribed(response, method, at, answer)
  return { status: response.status, headers: response.headers, body: answer }
}

function register(account: string, body: unknown = { url }, key = `key-${++keys}`) {
  return call('POST', path, account, body, { 'idempotency-key': key })
}
async function registered(account: string, body?: unknown): Promise<string> {
  return (await register(account, body)).body.id
}
const notify = (account: string, order: string) =>
  cluster.deliver(inboxRef(account), {
    type: 'inbox.notify',
    ...{ id: `${order}.order.ready`, topic: 'ready', event: 'order.ready', order, amount: 2_890 },
  })

describe('a webhook is registered', () => {
  test('with its inbox, for the events that are named or for all, and shows its secret', async () => {
    const { status, headers, body } = await register('ada', { url, events: ['order.ready'] })
    const { id, secret, ...shown } = body
    expect([status, headers.get('location'), headers.get('cache-control')]).toEqual([
      201,
      `${path}/${id}`,
      'no-store',
    ])
    expect(secret).toBe(webhookSecretOf(serviceKey, id, 1))
    expect(shown).toEqual({
      url,
      events: ['order.ready'],
      enabled: true,
      createdAt: '2026-05-01T18:00:00.000Z',
      links: { self: `${path}/${id}`, deliveries: `${path}/${id}/deliveries` },
    })
    const one = await call('GET', `${path}/${id}`, 'ada')
    expect([one.status, one.body]).toEqual([200, { id, ...shown }])
    expect(one.headers.get('etag')).toBe(headers.get('etag'))
    const again = { 'if-none-match': one.headers.get('etag') ?? '' }
    expect((await call('GET', `${path}/${id}`, 'ada', undefined, again)).status).toBe(304)
    expect((await register('ada')).body.events).toEqual(noticeEvents)
  })

  test('once for one intent, and a retry is shown the same', async () => {
    const first = await register('bea', { url }, 'one')
    const second = await register('bea', { url }, 'one')
    expect([second.status, second.body]).toEqual([201, first.body])
    expect(second.headers.get('idempotent-replayed')).toBe('true')
    expect((await call('GET', path, 'bea')).body.items).toHaveLength(1)
    expect((await register('bea', { url: `${url}/2` }, 'one')).body.code).toBe('idempotency-key-reused')
    expect((await call('POST', path, 'bea', { url })).body.code).toBe('idempotency-key-missing')
  })

  test('at an address that can be called, and that holds no password', async () => {
    for (const wrong of ['ftp://example.org', 'example.org', 'https://[', 'https://ada:pw@example.org/']) {
      const { status, body } = await register('cyd', { url: wrong })
      expect([status, body.code, body.errors[0].pointer]).toEqual([400, 'validation', '#/url'])
    }
    expect((await register('cyd', { url, events: ['order.eaten'] })).status).toBe(400)
    expect((await register('cyd', { url, events: [] })).status).toBe(400)
    expect((await call('POST', path, undefined, { url }, { 'idempotency-key': 'k' })).status).toBe(401)
  })

  test('unless the account has as many as it may', async () => {
    for (let n = 0; n < webhooksMax; n += 1) expect((await register('dan')).status).toBe(201)
    const { status, body } = await register('dan')
    expect([status, body.code]).toEqual([409, 'too-many-webhooks'])
    const items = (await call('GET', path, 'dan')).body.items as { id: string }[]
    expect(items).toHaveLength(webhooksMax)
    expect((await call('DELETE', `${path}/${items[0]?.id}`, 'dan')).status).toBe(204)
    expect((await register('dan')).status).toBe(201)
  })
})

describe('webhooks', () => {
  test('are listed page by page, to their owner alone', async () => {
    const mine = [await registered('eve'), await registered('eve'), await registered('eve')]
    const first = await call('GET', `${path}?limit=2`, 'eve')
    const cursor = encodeURIComponent(first.body.nextCursor)
    expect(first.headers.get('link')).toContain('rel="next"')
    const second = await call('GET', `${path}?limit=2&cursor=${cursor}`, 'eve')
    const ids = [...first.body.items, ...second.body.items].map(({ id }: { id: string }) => id)
    expect([ids.toSorted(), second.body.nextCursor]).toEqual([mine.toSorted(), undefined])
    expect((await call('GET', path, 'fay')).body).toEqual({ items: [] })
    expect((await call('GET', `${path}?cursor=${cursor}`, 'fay')).body.code).toBe('invalid-cursor')
  })

  test('are nobody else’s in any way', async () => {
    const id = await registered('gus')
    notify('gus', 'ord_1')
    const asked: readonly (readonly [string, string, unknown?])[] = [
      ['GET', ''],
      ['PATCH', '', { enabled: false }],
      ['DELETE', ''],
      ['GET', '/deliveries'],
      ['POST', '/deliveries/ord_1.order.ready/redelivery'],
    ]
    for (const [method, more, body] of asked) {
      const sent = await call(method, `${path}/${id}${more}`, 'eve', body, { 'if-match': '"2"' })
      expect([method, more, sent.status]).toEqual([method, more, 404])
      const unknown = await call(method, `${path}/whk_0${more}`, 'eve', body, { 'if-match': '"2"' })
      expect([method, more, unknown.status]).toEqual([method, more, 404])
      expect((await call(method, `${path}/${id}${more}`, undefined, body)).status).toBe(401)
    }
  })

  test('change on the version that was read, and a new secret is shown once', async () => {
    const { body, headers } = await register('hal')
    const at = `${path}/${body.id}`
    const patch = (change: unknown, match?: string | null) =>
      call('PATCH', at, 'hal', change, match ? { 'if-match': match } : {})
    expect((await patch({ enabled: false })).status).toBe(428)
    const off = await patch({ enabled: false, url: `${url}/2` }, headers.get('etag'))
    expect([off.status, off.body.enabled, off.body.url, off.body.secret]).toEqual([
      200,
      false,
      `${url}/2`,
      undefined,
    ])
    expect((await patch({ enabled: true }, headers.get('etag'))).status).toBe(412)
    notify('hal', 'ord_1')
    expect((await call('GET', `${at}/deliveries`, 'hal')).body).toEqual({ items: [] })
    const { headers: now } = await call('GET', at, 'hal')
    const renewed = await patch({ newSecret: true }, now.get('etag'))
    expect(renewed.body.secret).toBe(webhookSecretOf(serviceKey, body.id, 2))
    expect((await call('GET', at, 'hal')).body.secret).toBeUndefined()
    for (const wrong of [{}, { url: 'https://a:b@example.org' }, { newSecret: false }, { events: [] }]) {
      expect((await patch(wrong, '"1"')).status).toBe(400)
    }
  })

  test('end, and are told nothing more', async () => {
    const id = await registered('ian')
    expect((await call('DELETE', `${path}/${id}`, 'ian')).status).toBe(204)
    expect((await call('DELETE', `${path}/${id}`, 'ian')).status).toBe(404)
    expect((await call('GET', `${path}/${id}`, 'ian')).status).toBe(404)
    // That it leaves has not arrived.
    for (const webhook of [id, 'whk_0']) {
      cluster.deliver(inboxRef('ian'), { type: 'inbox.subscribe', ...{ webhook, events: [] } })
    }
    expect((await call('GET', path, 'ian')).body).toEqual({ items: [] })
  })

  test('WH1: leave no secret behind', async () => {
    const { body } = await register('jan')
    expect(body.secret).toMatch(/^whsec_/)
    const kept = JSON.stringify([cluster.snapshots, cluster.stored, cluster.requests])
    expect(kept).toContain(body.id)
    expect(kept).not.toContain('whsec_')
  })
})

describe('deliveries', () => {
  test('are listed page by page, with how far they have come', async () => {
    const id = await registered('kim')
    for (const n of [1, 2, 3]) notify('kim', `ord_${n}`)
    const failed = { reason: 'failed', detail: 'HTTP 500', at: cluster.now }
    cluster.deliver(webhookRef(id), {
      type: 'call.done',
      ...{ call: 'ord_3.order.ready', result: { status: 204 } },
    })
    cluster.deliver(webhookRef(id), { type: 'call.failed', ...{ call: 'ord_2.order.ready', ...failed } })
    const at = `${path}/${id}/deliveries`
    const first = await call('GET', `${at}?limit=2`, 'kim')
    const amount = { amount: 2_890, currency: 'EUR' }
    const all = { event: 'order.ready', amount, tries: 1 }
    expect(first.body.items).toMatchObject([
      { id: 'ord_3.order.ready', order: 'ord_3', state: 'delivered', status: 204, ...all },
      { id: 'ord_2.order.ready', order: 'ord_2', state: 'backoff', detail: 'HTTP 500', ...all },
    ])
    const next = await call('GET', `${at}?limit=2&cursor=${encodeURIComponent(first.body.nextCursor)}`, 'kim')
    expect(next.body).toMatchObject({ items: [{ id: 'ord_1.order.ready', state: 'sending' }] })
    expect(next.body.nextCursor).toBeUndefined()
  })

  test('are sent once more by hand, under the same id', async () => {
    const id = await registered('lea')
    notify('lea', 'ord_1')
    const delivery = 'ord_1.order.ready'
    const refused = { call: delivery, reason: 'refused', detail: 'HTTP 410', at: cluster.now }
    cluster.deliver(webhookRef(id), { type: 'call.failed', ...refused })
    const at = `${path}/${id}/deliveries`
    expect((await call('GET', at, 'lea')).body.items).toMatchObject([{ state: 'dead', detail: 'HTTP 410' }])
    const again = await call('POST', `${at}/${delivery}/redelivery`, 'lea')
    expect([again.status, again.body]).toMatchObject([202, { id: delivery, state: 'sending', tries: 1 }])
    expect((await call('POST', `${at}/${delivery}/redelivery`, 'lea')).body.tries).toBe(1)
    expect((await call('POST', `${at}/ord_9.order.ready/redelivery`, 'lea')).status).toBe(404)
  })
})
