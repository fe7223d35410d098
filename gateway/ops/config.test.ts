import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { config, configRef, flags, flagsRef, menu, menuRef, order } from '#actors'
import { Machine } from '#kernel'
import { isOnFor, percentOf } from '../flags.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../index.ts'
import { Keyring } from '../keyring.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'

// What an operator sets over one listener changes what a guest gets over the other, while both go on running.

const site = 'main'
const basket = { items: [{ dish: 'caprese', quantity: 2 }] }
let cluster: FakeCluster
let gateway: Gateway | undefined
let checks: ReturnType<typeof contractOf>[] = []
let keys = 0

async function fresh(options: Partial<GatewayOptions> = {}): Promise<void> {
  await gateway?.close()
  const types = [order, menu, config, flags].map((definition) => ({
    definition,
    machine: new Machine(definition),
  }))
  cluster = new FakeCluster(types)
  cluster.deliver(menuRef(site), { type: 'menu.open' })
  gateway = await startGateway({ client: cluster, site, port: 0, opsPort: 0, ...options })
  const { url, opsUrl } = gateway
  checks = await Promise.all(
    [url, opsUrl].map(async (base) => contractOf(await (await fetch(`${base}/openapi.json`)).json())),
  )
}

beforeEach(() => fresh())
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
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const base = path.startsWith('/ops/') ? gateway?.opsUrl : gateway?.url
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  for (const check of checks) check(response, method, path, answer)
  return { status: response.status, headers: response.headers, body: answer }
}

async function change(path: string, body: unknown, method = 'PUT'): Promise<Answer> {
  const list = path.startsWith('config/') ? 'config' : 'flags'
  const { headers } = await call('GET', `/ops/v1/${list}`)
  const ifMatch = { 'if-match': `${headers.get('etag')}`, 'x-reason': 'a test' }
  return call(method, `/ops/v1/${path}`, body, ifMatch)
}
const set = (key: string, value: unknown): Promise<Answer> => change(`config/${key}`, { value })
const rule = (flag: string, of: unknown): Promise<Answer> => change(`flags/${flag}`, { rule: of })

const place = (body: unknown = basket, key = `${++keys}-a-key-for-this-test-here`): Promise<Answer> =>
  call('POST', '/api/v1/orders', body, { 'idempotency-key': key })

const itemOf = async (key: string) =>
  (await call('GET', '/ops/v1/config')).body.items.find((item: { key: string }) => item.key === key)

describe('the configuration', () => {
  test('shows every key with its default, its range and its meaning', async () => {
    const { status, headers, body } = await call('GET', '/ops/v1/config')
    expect([status, headers.get('etag'), body.version]).toEqual([200, '"0"', 0])
    expect(await itemOf('rate.burst')).toEqual({
      key: 'rate.burst',
      value: 20,
      default: 20,
      source: 'default',
      locked: false,
      min: 1,
      max: 100_000,
      about: expect.stringContaining('within a second'),
    })
    const again = await call('GET', '/ops/v1/config', undefined, { 'if-none-match': '"0"' })
    expect([again.status, again.body]).toEqual([304, undefined])
  })

  test('a value that was set says who set it, when and why, and can be taken back', async () => {
    const { status, headers, body } = await set('rate.burst', 7)
    expect([status, headers.get('etag')]).toEqual([200, '"1"'])
    expect(body).toMatchObject({ value: 7, source: 'stored', by: 'loopback', why: 'a test' })
    expect(body.at).toMatch(/^2026-05-01T18:00/)
    expect(await itemOf('rate.burst')).toEqual(body)
    const back = await change('config/rate.burst', undefined, 'DELETE')
    expect([back.status, back.body.value, back.body.source]).toEqual([200, 20, 'default'])
  })

  test('is changed on a version: without one 428, on an old one 412 with the present one', async () => {
    const path = '/ops/v1/config/rate.burst'
    expect((await call('PUT', path, { value: 7 })).status).toBe(428)
    await set('rate.burst', 7)
    const stale = await call('PUT', path, { value: 8 }, { 'if-match': '"0"' })
    expect([stale.status, stale.headers.get('etag')]).toEqual([412, '"1"'])
    expect((await itemOf('rate.burst')).value).toBe(7)
  })

  test.each([
    ['nonsense', 1, 404, 'not-found'],
    ['constructor', 1, 404, 'not-found'],
    ['rate.burst', 0, 400, 'validation'],
    ['rate.burst', 'many', 400, 'validation'],
    ['gateway.streams-max', 5, 403, 'config-locked'],
    ['gateway.ops-token', 'another-token-of-length', 403, 'config-locked'],
  ])('%s = %s is %i %s, and nothing is stored', async (key, value, status, code) => {
    const answer = await set(key, value)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect((await call('GET', '/ops/v1/config')).body.version).toBe(0)
  })

  test('what the start has set is locked, and wins over what is stored', async () => {
    await fresh({ config: { 'orders.note-length-max': 3 } })
    cluster.deliver(configRef(site), {
      type: 'config.set',
      key: 'orders.note-length-max',
      value: 9,
      by: 'ann',
    } as never)
    expect(await itemOf('orders.note-length-max')).toMatchObject({ value: 3, source: 'start', locked: true })
    expect((await set('orders.note-length-max', 9)).status).toBe(403)
    expect((await place({ ...basket, note: 'basil' })).status).toBe(400)
  })

  test('a secret is never shown', async () => {
    const token = 'a-token-of-enough-length'
    await fresh()
    const fromStart = await startGateway({ client: cluster, site, port: 0, opsPort: 0, token })
    try {
      const response = await fetch(`${fromStart.opsUrl}/ops/v1/config`, {
        headers: { authorization: `Bearer ${token}` },
      })
      const text = await response.text()
      expect([response.status, text.includes(token)]).toEqual([200, false])
      expect(text).toContain('"key":"gateway.ops-token","value":"<redacted>"')
    } finally {
      await fromStart.close()
    }
  })

  test('when the office cannot be asked, guests are served by what was known last', async () => {
    await set('orders.note-length-max', 3)
    cluster.deliver(configRef(site), { type: 'config.unset', key: 'nothing', by: 'ann' } as never)
    cluster.answerNext({ kind: 'timeout' })
    expect((await place({ ...basket, note: 'basil' })).status).toBe(400)
  })
})

describe('a value that is set changes the running gateway:', () => {
  test('orders.open refuses new orders, and not the retry of one that was taken', async () => {
    const key = 'a-key-of-an-order-before-closing'
    const first = await place(basket, key)
    await set('orders.open', false)
    const refused = await place()
    expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([
      503,
      'orders-closed',
      '60',
    ])
    const again = await place(basket, key)
    expect([again.status, again.body.id]).toEqual([201, first.body.id])
    await set('orders.open', true)
    expect((await place()).status).toBe(201)
  })

  test('orders.guest-checkout asks guests to log in', async () => {
    const key = 'a-key-for-an-order-before'
    const first = await place(basket, key)
    await set('orders.guest-checkout', false)
    expect((await place()).status).toBe(401)
    const retry = await place(basket, key)
    expect([retry.status, retry.body.id]).toEqual([201, first.body.id])
  })

  test('orders.note-length-max', async () => {
    expect((await place({ ...basket, note: 'no basil' })).status).toBe(201)
    await set('orders.note-length-max', 5)
    const { status, body } = await place({ ...basket, note: 'no basil' })
    expect([status, body.errors]).toEqual([
      400,
      [{ pointer: '#/note', detail: 'must not have more than 5 characters' }],
    ])
  })

  test('orders.dishes-max', async () => {
    await set('orders.dishes-max', 1)
    expect((await place()).body.errors).toEqual([
      { pointer: '#/items', detail: 'must not ask for more than 1 plates together' },
    ])
  })

  test('orders.promise-slack-minutes', async () => {
    const promised = async () => Date.parse((await place()).body.promisedAt)
    const before = await promised()
    await set('orders.promise-slack-minutes', 50)
    expect((await promised()) - before).toBe(30 * 60_000)
  })

  test('gateway.request-timeout-ms', async () => {
    const { body } = await place()
    await set('gateway.request-timeout-ms', 700)
    await call('GET', body.links.self, undefined, { authorization: `Bearer ${body.orderToken}` })
    expect(cluster.requests.at(-1)).toMatchObject({ actor: `order/${body.id}`, timeoutMs: 700 })
  })

  test('menu.cache-ttl-ms', async () => {
    const asked = () => cluster.requests.filter(({ actor }) => actor === menuRef(site)).length
    await set('menu.cache-ttl-ms', 0)
    await call('GET', '/api/v1/menu')
    await call('GET', '/api/v1/menu')
    expect(asked()).toBe(2)
  })

  test('set through another gateway, too', async () => {
    const other = await startGateway({ client: cluster, site, port: 0, opsPort: 0 })
    try {
      await fetch(`${other.url}/api/v1/menu`)
      await set('orders.open', false)
      const response = await fetch(`${other.url}/api/v1/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'a-key-for-another-gateway' },
        body: JSON.stringify(basket),
      })
      expect(response.status).toBe(503)
    } finally {
      await other.close()
    }
  })
})

describe('a feature flag', () => {
  const fish = {
    items: [{ dish: 'sea-bass', quantity: 1, options: { substitute: ['sea-bass'] } }],
  }

  test('is shown with its rule and its meaning', async () => {
    const { body } = await call('GET', '/ops/v1/flags')
    expect(body.items).toContainEqual({
      flag: 'substitutions',
      rule: { kind: 'on' },
      source: 'default',
      about: expect.stringContaining('replaced'),
    })
    const changed = await rule('substitutions', { kind: 'accounts', accounts: ['usr_1'] })
    expect(changed.body).toMatchObject({
      rule: { kind: 'accounts', accounts: ['usr_1'] },
      source: 'stored',
      by: 'loopback',
      why: 'a test',
    })
    expect((await change('flags/substitutions', undefined, 'DELETE')).body.source).toBe('default')
  })

  test('substitutions: off, an order that wants one is refused, and others are taken', async () => {
    expect((await place(fish)).status).toBe(201)
    await rule('substitutions', { kind: 'off' })
    const { status, body } = await place(fish)
    expect([status, body.code]).toEqual([409, 'switched-off'])
    expect((await place()).status).toBe(201)
  })

  test('event-streams: off, events are read as pages, and a stream is not to be had', async () => {
    const { body } = await place()
    await rule('event-streams', { kind: 'off' })
    const read = (accept: string): Promise<Answer> =>
      call('GET', `${body.links.self}/events`, undefined, {
        accept,
        authorization: `Bearer ${body.orderToken}`,
      })
    expect((await read('*/*')).body.items).toHaveLength(1)
    expect((await read('text/event-stream')).status).toBe(406)
  })

  test.each([
    ['nonsense', { kind: 'on' }, 404],
    ['substitutions', { kind: 'share', percent: 101 }, 400],
    ['substitutions', { kind: 'some' }, 400],
    ['substitutions', { kind: 'on', percent: 5 }, 400],
  ])('%s %j is %i', async (flag, of, status) => {
    expect((await rule(flag, of)).status).toBe(status)
    expect((await call('GET', '/ops/v1/flags')).body.version).toBe(0)
  })

  test('is changed on a version', async () => {
    await rule('substitutions', { kind: 'off' })
    const stale = { 'if-match': '"0"' }
    expect((await call('PUT', '/ops/v1/flags/substitutions', { rule: { kind: 'on' } }, stale)).status).toBe(
      412,
    )
    expect((await call('PUT', '/ops/v1/flags/substitutions', { rule: { kind: 'on' } })).status).toBe(428)
  })

  test('a share is of accounts: about as many as it says, the same at every look, and more when it grows', () => {
    const keyring = new Keyring(new Uint8Array(32).fill(7))
    const at = (account: string) => () => percentOf(keyring, 'substitutions', account)
    const accounts = Array.from({ length: 2_000 }, (_, n) => `usr_${n}`)
    const on = (percent: number) =>
      accounts.filter((account) => isOnFor({ kind: 'share', percent }, at(account), account))
    expect(on(30).length).toBeGreaterThan(500)
    expect(on(30).length).toBeLessThan(700)
    expect(on(50)).toEqual(expect.arrayContaining(on(30)))
    expect([on(0).length, on(100).length]).toEqual([0, 2_000])
    expect(isOnFor({ kind: 'accounts', accounts: ['usr_1'] }, at('usr_1'), 'usr_1')).toBe(true)
    expect(isOnFor({ kind: 'accounts', accounts: ['usr_1'] }, at('usr_2'), 'usr_2')).toBe(false)
  })

  test('is known last when the office cannot be asked', async () => {
    await rule('substitutions', { kind: 'off' })
    await place()
    cluster.deliver(flagsRef(site), { type: 'flags.unset', flag: 'substitutions', by: 'ann' } as never)
    cluster.answerNext({ kind: 'timeout' })
    expect((await place(fish)).status).toBe(409)
    // The question that failed was the one for the flags, so nothing is scripted any more.
    expect(cluster.requests.filter(({ actor }) => actor === flagsRef(site)).length).toBeGreaterThan(1)
  })
})
