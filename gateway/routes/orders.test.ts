import { connect } from 'node:net'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type MenuMessage, menu, menuRef, order, orderRef } from '#actors'
import { Machine } from '#kernel'
import { traceHeaders } from '#ports'
import { type ActorRequest, type Gateway, type GatewayOptions, startGateway } from '../index.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'

// Over real HTTP, in front of the real machines of the order and the menu. Every answer is checked against the
// OpenAPI document that the gateway itself serves.

const site = 'main'
const basket = { items: [{ dish: 'caprese', quantity: 2 }] }
const paidBasket = { ...basket, payment: { token: 'tok_ok' } }
let cluster: FakeCluster
let gateway: Gateway | undefined
let assertDescribed: (response: Response, method: string, path: string, body: unknown) => void
let keys = 0
const freshKey = (): string => `${String(++keys).padStart(8, '0')}-a-key-for-this-test`

// Most tests share one gateway: each places orders of its own. One that changes what others rely on says so.
let isSpoilt = true

async function fresh(options: Partial<GatewayOptions> = {}): Promise<void> {
  await gateway?.close()
  const types = [order, menu].map((definition) => ({ definition, machine: new Machine(definition) }))
  cluster = new FakeCluster(types)
  cluster.deliver(menuRef(site), { type: 'menu.open' })
  gateway = await startGateway({ client: cluster, site, port: 0, opsPort: 0, ...options })
  assertDescribed = contractOf(await (await fetch(`${gateway?.url}/openapi.json`)).json())
}
async function spoil(options?: Partial<GatewayOptions>): Promise<void> {
  isSpoilt = true
  await fresh(options)
}
function sellOut(dish: string): void {
  isSpoilt = true
  const message: MenuMessage = { type: 'menu.avail', dish, available: false }
  cluster.deliver(menuRef(site), message)
}
const commands = (): readonly ActorRequest[] => cluster.requests.filter(({ body }) => body.kind === 'command')

beforeEach(async () => {
  if (isSpoilt) await fresh()
  isSpoilt = false
  cluster.requests.length = 0
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
  { body, raw, headers = {} }: { body?: unknown; raw?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const response = await fetch(`${gateway?.url}${path}`, {
    method,
    headers: { ...(payload !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(payload !== undefined && { body: payload }),
  })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  assertDescribed(response, method, path, answer)
  return { status: response.status, headers: response.headers, body: answer }
}

const place = (body: unknown = basket, headers: Record<string, string> = {}): Promise<Answer> =>
  call('POST', '/api/v1/orders', { body, headers: { 'idempotency-key': freshKey(), ...headers } })

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const withKey = (token: string): Record<string, string> => ({
  ...bearer(token),
  'idempotency-key': freshKey(),
})

async function placed(body: unknown = basket): Promise<{ id: string; path: string; token: string }> {
  const { status, body: created } = await place(body)
  expect(status).toBe(201)
  return { id: created.id, path: created.links.self, token: created.orderToken }
}

/** Plays the other actors until the order stands in `state`. */
function bring(id: string, state: 'paying' | 'confirmed' | 'cooking' | 'plating' | 'ready'): void {
  const way = [
    ['paying', 'reservation.held'],
    ['confirmed', 'payment.captured'],
    ['queued', 'reservation.committed'],
    ['cooking', 'ticket.started'],
    ['plating', 'ticket.plating'],
    ['ready', 'ticket.plated'],
  ] as const
  for (const [reached, type] of way) {
    const outcome = cluster.deliver(orderRef(id), { type })
    expect(outcome.kind).toBe('done')
    if (reached === state) return
  }
}

describe('the menu', () => {
  test('lists dishes with prices, and may be cached', async () => {
    const { status, headers, body } = await call('GET', '/api/v1/menu')
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('public, max-age=30, stale-while-revalidate=60')
    expect(headers.get('etag')).toBe('"1"')
    const caprese = body.items.find(({ dish }: { dish: string }) => dish === 'caprese')
    expect(caprese).toMatchObject({ price: { amount: 1_050, currency: 'EUR' }, available: true })
  })

  test('is not sent twice', async () => {
    const { status, body } = await call('GET', '/api/v1/menu', { headers: { 'if-none-match': 'W/"1"' } })
    expect([status, body]).toEqual([304, undefined])
  })

  test('is asked for once, and again when it has changed', async () => {
    await spoil()
    const asked = () => cluster.requests.filter(({ actor }) => actor === menuRef(site)).length
    await call('GET', '/api/v1/menu')
    await call('GET', '/api/v1/menu')
    expect(asked()).toBe(1)
    sellOut('caprese')
    const { headers } = await call('GET', '/api/v1/menu')
    expect([headers.get('etag'), asked()]).toEqual(['"2"', 2])
  })
})

describe('revising an order', () => {
  const revised = { items: [{ dish: 'apple-tart', quantity: 3 }] }
  const revise = (path: string, headers: Record<string, string>, body: object = revised) =>
    call('PATCH', `${path}/items`, { body, headers })

  test('changes what was ordered, on the version that was seen, until it is paid for', async () => {
    const { id, path, token } = await placed()
    bring(id, 'paying')
    const { headers } = await call('GET', path, { headers: bearer(token) })
    const etag = headers.get('etag') ?? ''
    expect((await revise(path, bearer(token))).status).toBe(428)
    expect((await revise(path, { 'if-match': etag })).status).toBe(401)
    const { status, body } = await revise(path, { ...bearer(token), 'if-match': etag })
    expect([status, body.state]).toEqual([200, 'revising'])
    expect((await revise(path, { ...bearer(token), 'if-match': etag })).status).toBe(412)
    cluster.deliver(orderRef(id), { type: 'reservation.revised' })
    const after = await call('GET', path, { headers: bearer(token) })
    expect(after.body).toMatchObject({
      state: 'paying',
      total: { amount: 2_370 },
      items: [{ dish: 'apple-tart' }],
    })
  })

  test('is answered as before to a retry, though the dish has sold out since', async () => {
    const { id, path, token } = await placed()
    bring(id, 'paying')
    const { headers } = await call('GET', path, { headers: bearer(token) })
    const sent = { ...bearer(token), 'if-match': headers.get('etag') ?? '', 'idempotency-key': freshKey() }
    const first = await revise(path, sent)
    sellOut('apple-tart')
    await call('GET', '/api/v1/menu')
    const again = await revise(path, sent)
    expect([again.status, again.body]).toEqual([200, first.body])
    const other = await revise(path, { ...sent, 'idempotency-key': freshKey() })
    expect([other.status, other.body.code]).toEqual([409, 'menu-changed'])
  })

  test('waits for the pantry when asked to, and says what is short', async () => {
    const { id, path, token } = await placed()
    bring(id, 'paying')
    const { headers } = await call('GET', path, { headers: bearer(token) })
    const match = { ...bearer(token), 'if-match': headers.get('etag') ?? '', prefer: 'wait=5' }
    const answer = revise(path, match)
    await expect.poll(() => commands().length).toBe(2)
    const shortages = [{ ingredient: 'apples', needed: 6, free: 1 }]
    cluster.deliver(orderRef(id), { type: 'reservation.kept', shortages } as never)
    expect(await answer).toMatchObject({
      status: 200,
      body: { state: 'paying', total: { amount: 2_100 }, shortages },
    })
  })

  test('is refused for what is not on the menu, and when it is too late', async () => {
    const { id, path, token } = await placed(paidBasket)
    const etagNow = async () =>
      (await call('GET', path, { headers: bearer(token) })).headers.get('etag') ?? ''
    const fugu = { items: [{ dish: 'fugu', quantity: 1 }] }
    const match = { ...bearer(token), 'if-match': await etagNow() }
    expect((await revise(path, match, fugu)).body.errors).toMatchObject([{ pointer: '#/items/0/dish' }])
    bring(id, 'confirmed')
    const late = await revise(path, { ...bearer(token), 'if-match': await etagNow() })
    expect([late.status, late.body.code, late.body.currentState]).toEqual([
      409,
      'invalid-transition',
      'confirmed',
    ])
  })
})

describe('placing an order', () => {
  test('answers 201 with the order, its address, its version and its token', async () => {
    const { status, headers, body } = await place({ ...basket, serve: 'table', note: 'no basil' })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      state: 'placed',
      version: 1,
      items: [{ dish: 'caprese', quantity: 2, price: { amount: 1_050, currency: 'EUR' } }],
      total: { amount: 2_100, currency: 'EUR' },
      serve: 'table',
      note: 'no basil',
      createdAt: '2026-05-01T18:00:00.000Z',
      promisedAt: '2026-05-01T18:24:00.000Z',
    })
    expect(body.id).toMatch(/^ord_[0-9a-f]{32}$/)
    expect(body.orderToken).toMatch(/^[\w-]{22}$/)
    expect(headers.get('location')).toBe(`/api/v1/orders/${body.id}`)
    expect(headers.get('etag')).toBe('"1"')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-request-id')).toMatch(/^req-/)
  })

  test('sends the actor what the menu says, and its trace', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const item = { dish: 'greek-salad', quantity: 1, options: { substitute: ['feta'] } }
    const { headers } = await place(
      { items: [item], payment: { token: 'tok_ok' } },
      {
        traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
        tracestate: 'rojo=1',
        baggage: 'synthetic=true,user=ada',
        'x-request-id': 'mine-1',
      },
    )
    const request = commands().at(-1)
    expect(request?.body).toMatchObject({
      message: { type: 'order.place', site, total: 980, token: 'tok_ok', serve: 'collect' },
    })
    expect(JSON.stringify(request?.body)).toContain('{"ingredient":"mozzarella","amount":90}')
    const { traceparent, ...more } = traceHeaders(request?.trace)
    expect(traceparent).toContain(traceId)
    expect(more).toEqual({ tracestate: 'rojo=1', baggage: 'synthetic=true' })
    expect(headers.get('server-timing')).toBe(`traceparent;desc="${traceparent}"`)
    expect(headers.get('x-request-id')).toBe('mine-1')
  })

  test('a retry with the same key finds the same order and the same answer', async () => {
    const headers = { 'idempotency-key': `"${freshKey()}"` }
    const first = await place(paidBasket, headers)
    bring(first.body.id, 'confirmed')
    const retry = await place(
      { payment: { token: 'tok_ok' }, items: [{ quantity: 2, dish: 'caprese' }] },
      headers,
    )
    expect(retry.body).toEqual(first.body)
    expect([first, retry].map(({ headers: h }) => h.get('idempotent-replayed'))).toEqual([null, 'true'])
    expect(retry.status).toBe(201)
  })

  test('a retry is a retry also when the dish has left the menu since', async () => {
    const headers = { 'idempotency-key': freshKey() }
    const first = await place(basket, headers)
    sellOut('caprese')
    const retry = await place(basket, headers)
    expect([retry.status, retry.body.id, retry.headers.get('idempotent-replayed')]).toEqual([
      201,
      first.body.id,
      'true',
    ])
  })

  test('a retry of what has left the menu is not refused for it while the order cannot be asked', async () => {
    const headers = { 'idempotency-key': freshKey() }
    await place(basket, headers)
    sellOut('caprese')
    await call('GET', '/api/v1/menu')
    cluster.answerNext({ kind: 'timeout' })
    const { status, body } = await place(basket, headers)
    expect([status, body.code]).toEqual([504, 'actor-timeout'])
  })

  const otherBodies: readonly (readonly [claim: string, body: unknown])[] = [
    ['another number', { items: [{ dish: 'caprese', quantity: 3 }] }],
    ['a dish that nobody knows', { items: [{ dish: 'dodo', quantity: 2 }] }],
    ['one dish more that nobody knows', { items: [...basket.items, { dish: 'dodo', quantity: 1 }] }],
  ]
  for (const [claim, other] of otherBodies) {
    test(`another body under the same key is refused: ${claim}`, async () => {
      const headers = { 'idempotency-key': freshKey() }
      await place(basket, headers)
      const { status, body } = await place(other, headers)
      expect([status, body.code]).toEqual([422, 'idempotency-key-reused'])
    })
  }

  for (const change of [{ serve: 'table' }, { note: 'no basil' }]) {
    test(`so is one with ${JSON.stringify(change)} when its dish has left the menu since`, async () => {
      const headers = { 'idempotency-key': freshKey() }
      await place(basket, headers)
      sellOut('caprese')
      const { status, body } = await place({ ...basket, ...change }, headers)
      expect([status, body.code]).toEqual([422, 'idempotency-key-reused'])
    })
  }

  test('a second request while the first is running is told to wait', async () => {
    const headers = { 'idempotency-key': freshKey() }
    const release = cluster.hold()
    const first = place(basket, headers)
    while (commands().length < 1) await new Promise((resolve) => setImmediate(resolve))
    const second = await place(basket, headers)
    expect([second.status, second.body.code, second.headers.get('retry-after')]).toEqual([
      409,
      'request-in-progress',
      '1',
    ])
    release()
    expect((await first).status).toBe(201)
  })

  test('`Prefer: wait` answers with the settled state', async () => {
    const answer = place(paidBasket, { prefer: 'respond-async, wait=20' })
    const id = await new Promise<string>((resolve) => {
      const look = (): void => {
        const actor = cluster.requests.find(
          ({ body }) => body.kind === 'query' && body.name === 'view',
        )?.actor
        if (actor === undefined) setImmediate(look)
        else resolve(actor.slice('order/'.length))
      }
      look()
    })
    bring(id, 'confirmed')
    const { status, headers, body } = await answer
    expect([status, body.state, headers.get('preference-applied')]).toEqual([201, 'confirmed', 'wait=20'])
    expect(headers.get('etag')).toBe(`"${body.version}"`)
  })

  test('`Prefer: wait` gives up when the time is over', async () => {
    const { body } = await place(basket, { prefer: 'wait=0' })
    expect(body.state).toBe('reserving')
  })

  test('without guest checkout nobody without an account orders', async () => {
    await spoil({ guestCheckout: false })
    const { status, headers, body } = await place()
    expect([status, headers.get('www-authenticate'), body.code]).toEqual([401, 'Bearer', 'unauthorized'])
  })

  test('before the menu is open it is not ready', async () => {
    await spoil({ site: 'elsewhere' })
    const { status, body } = await place()
    expect([status, body.code]).toEqual([503, 'not-ready'])
  })
})

describe('what is refused before it reaches an actor', () => {
  const item = (change: object): unknown => ({ items: [{ dish: 'caprese', quantity: 1, ...change }] })
  const bad: readonly (readonly [claim: string, body: unknown, pointer: string])[] = [
    ['no items', {}, '#/items'],
    ['an empty list', { items: [] }, '#/items'],
    ['too many items', { items: Array(51).fill({ dish: 'caprese', quantity: 1 }) }, '#/items'],
    ['a list that is none', { items: 'caprese' }, '#/items'],
    ['a number for a dish', item({ dish: 1.5 }), '#/items/0/dish'],
    ['a text for a quantity', item({ quantity: '2' }), '#/items/0/quantity'],
    ['a part of a portion', item({ quantity: 1.5 }), '#/items/0/quantity'],
    ['nothing of it', item({ quantity: 0 }), '#/items/0/quantity'],
    ['less than nothing', item({ quantity: -1 }), '#/items/0/quantity'],
    ['too much of it', item({ quantity: 51 }), '#/items/0/quantity'],
    ['an unknown member', { ...basket, discount: 100 }, '#/discount'],
    ['an unknown member inside', item({ price: 1 }), '#/items/0/price'],
    ['a member with a slash', { ...basket, 'a/b~c': 1 }, '#/a~1b~0c'],
    ['an unknown way to serve', { ...basket, serve: 'by drone' }, '#/serve'],
    ['a card number for a token', { ...basket, payment: { token: '4111111111111111' } }, '#/payment/token'],
    ['a payment without a token', { ...basket, payment: {} }, '#/payment/token'],
    ['a null note', { ...basket, note: null }, '#/note'],
    ['a note without end', { ...basket, note: 'x'.repeat(501) }, '#/note'],
    ['an unknown dish', { items: [basket.items[0], { dish: 'dodo', quantity: 1 }] }, '#/items/1/dish'],
    [
      'a substitute that the dish does not offer',
      { items: [{ dish: 'greek-salad', quantity: 1, options: { substitute: ['feta', 'onions'] } }] },
      '#/items/0/options/substitute/1',
    ],
    [
      'a substitute for what is not in the dish',
      { items: [basket.items[0], { ...basket.items[0], options: { substitute: ['unicorn'] } }] },
      '#/items/1/options/substitute/0',
    ],
    ['a list for a body', [basket], '#'],
    ['a text for a body', 'caprese', '#'],
    ['null for a body', null, '#'],
  ]
  for (const [claim, body, pointer] of bad) {
    test(`${claim} is 400 and points at ${pointer}`, async () => {
      const { status, headers, body: problem } = await place(body)
      expect(status).toBe(400)
      expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
      expect(problem).toMatchObject({
        type: `${gateway?.url}/problems/validation`,
        status: 400,
        code: 'validation',
        instance: '/api/v1/orders',
        retryable: false,
      })
      expect(problem.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
      expect(commands()).toEqual([])
    })
  }

  test('a dish that is sold out is 409', async () => {
    sellOut('caprese')
    const { status, body } = await place()
    expect([status, body.code, body.errors[0].pointer]).toEqual([409, 'menu-changed', '#/items/0/dish'])
  })

  const raw = [
    ['half an object', '{"items":', 400, 'malformed-json'],
    ['nothing', '', 400, 'malformed-json'],
    ['no JSON', 'items=caprese', 400, 'malformed-json'],
    ['a prototype', '{"__proto__":{"x":1}}', 400, 'malformed-json'],
    ['more than 64 KiB', JSON.stringify({ ...basket, note: 'x'.repeat(65_536) }), 413, 'payload-too-large'],
  ] as const
  for (const [claim, text, status, code] of raw) {
    test(`${claim} as a body is ${status} ${code}`, async () => {
      const answer = await call('POST', '/api/v1/orders', {
        raw: text,
        headers: { 'idempotency-key': freshKey() },
      })
      expect([answer.status, answer.body.code]).toEqual([status, code])
    })
  }

  for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x']) {
    test(`a body of ${type} is 415`, async () => {
      const { status, body } = await place(basket, { 'content-type': type })
      expect([status, body.code]).toEqual([415, 'unsupported-media-type'])
    })
  }

  const badKeys = [
    [undefined, 'idempotency-key-missing'],
    ['too-short-for-a-guest', 'idempotency-key-invalid'],
    ['k'.repeat(65), 'idempotency-key-invalid'],
    ['"not closed, but long enough', 'idempotency-key-invalid'],
  ] as const
  for (const [key, code] of badKeys) {
    test(`the key ${key} is 400 ${code}`, async () => {
      const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key }
      const { status, body } = await call('POST', '/api/v1/orders', { body: basket, headers })
      expect([status, body.code, body.errors[0].parameter]).toEqual([400, code, 'idempotency-key'])
    })
  }

  test('an address that leads nowhere is a problem too', async () => {
    const response = await fetch(`${gateway?.url}/api/v1/nothing?token=secret`)
    const body = (await response.json()) as { code: string; instance: string }
    expect([response.status, body.code, body.instance]).toEqual([404, 'route-not-found', '/api/v1/nothing'])
  })

  test('what is not HTTP is answered with a problem and the connection is closed', async () => {
    const socket = connect(Number(new URL(`${gateway?.url}`).port), '127.0.0.1')
    socket.end('NONSENSE\r\n\r\n')
    let text = ''
    for await (const chunk of socket) text += chunk
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).code).toBe('bad-request')
  })

  test('whoever goes on sending after that is cut off', { timeout: 10_000 }, async () => {
    const port = Number(new URL(`${gateway?.url}`).port)
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write('NONSENSE\r\n\r\n')
    socket.resume()
    const nagging = setInterval(() => socket.write('x'), 20)
    await closed
    clearInterval(nagging)
  })

  test('an address that cannot be decoded is 400', async () => {
    const response = await fetch(`${gateway?.url}/api/v1/orders/%zz`)
    const body = (await response.json()) as { code: string }
    expect([response.status, body.code]).toEqual([400, 'bad-request'])
  })
})

describe('what the cluster refuses', () => {
  const outcomes = [
    [{ kind: 'busy', retryAfterMs: 2_000, reason: 'backlog' }, 503, 'busy', '2'],
    [{ kind: 'busy', retryAfterMs: 9_000, reason: 'storage-full' }, 503, 'storage-full', '9'],
    [{ kind: 'moved', shard: 'orders.1' as never }, 503, 'entity-relocating', '1'],
    [{ kind: 'timeout' }, 504, 'actor-timeout', null],
    [{ kind: 'failed', error: 'the password is 1234' }, 500, 'actor-failed', null],
    [{ kind: 'key-expired' }, 422, 'idempotency-key-expired', null],
  ] as const
  for (const [outcome, status, code, retryAfter] of outcomes) {
    test(`${code} is ${status}`, async () => {
      await call('GET', '/api/v1/menu')
      cluster.answerNext(outcome)
      const { headers, body, ...answer } = await place()
      expect([answer.status, body.code, headers.get('retry-after')]).toEqual([status, code, retryAfter])
      expect(body.retryable).toBe(status === 503 || status === 504)
      expect(JSON.stringify(body)).not.toContain('1234')
    })
  }
})

describe('reading an order', () => {
  test('its token reads it, as a bearer or in X-Order-Token', async () => {
    const { id, path, token } = await placed()
    for (const headers of [bearer(token), { 'x-order-token': token }]) {
      const { status, headers: answered, body } = await call('GET', path, { headers })
      expect([status, body.id, body.state]).toEqual([200, id, 'reserving'])
      expect(answered.get('cache-control')).toBe('no-store')
      expect(answered.get('vary')).toBe('Authorization')
      expect(body).not.toHaveProperty('orderToken')
    }
  })

  test('an unchanged one is not sent again', async () => {
    const { id, path, token } = await placed()
    const headers = { ...bearer(token), 'if-none-match': '"1"' }
    expect((await call('GET', path, { headers })).status).toBe(304)
    bring(id, 'paying')
    expect((await call('GET', path, { headers })).status).toBe(200)
  })

  test('one that waits to be paid is settled', async () => {
    const { id, path, token } = await placed()
    const answer = call('GET', path, { headers: { ...bearer(token), prefer: 'wait=20' } })
    while (cluster.watchers(orderRef(id)) === 0) await new Promise((resolve) => setImmediate(resolve))
    bring(id, 'paying')
    expect((await answer).body.state).toBe('paying')
    expect(cluster.watchers(orderRef(id))).toBe(0)
  })

  test('without a token it is 401, and so with the token of another', async () => {
    const [mine, yours] = [await placed(), await placed()]
    const none = await call('GET', mine.path)
    expect([none.status, none.body.code, none.headers.get('www-authenticate')]).toEqual([
      401,
      'unauthorized',
      'Bearer',
    ])
    for (const token of [yours.token, 'x', mine.token.slice(1), `${mine.token}x`]) {
      const { status, body, headers } = await call('GET', mine.path, { headers: bearer(token) })
      expect([status, body.code]).toEqual([401, 'token-invalid'])
      expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
    }
    const inQuery = await call('GET', `${mine.path}?token=${mine.token}`)
    expect(inQuery.status).toBe(401)
  })

  test('one that never was is told apart only by who could have its token', async () => {
    const id = `ord_${'0'.repeat(32)}`
    const { status } = await call('GET', `/api/v1/orders/${id}`, { headers: bearer('x'.repeat(22)) })
    expect(status).toBe(401)
    const { path, token } = await placed()
    cluster.answerNext({ kind: 'unknown' })
    const gone = await call('GET', path, { headers: bearer(token) })
    expect([gone.status, gone.body.code]).toEqual([404, 'not-found'])
  })

  test('its story says what it waits for, and until when', async () => {
    const { path, token } = await placed()
    const { status, body } = await call('GET', `${path}/story`, { headers: bearer(token) })
    expect([status, body.state, body.since]).toEqual([200, 'reserving', '2026-05-01T18:00:00.000Z'])
    expect(body.waitsFor).toContain('pantry')
    expect(Date.parse(body.until)).toBeGreaterThan(Date.parse(body.since))
  })
})

describe('cancelling, paying, collecting', () => {
  test('a cancellation is accepted until the plates are dressed, and repeated without harm', async () => {
    const { id, path, token } = await placed(paidBasket)
    bring(id, 'cooking')
    const headers = withKey(token)
    const body = { reason: 'changed my mind' }
    const first = await call('POST', `${path}/cancellation`, { headers, body })
    expect([first.status, first.body.state]).toEqual([202, 'cancelling'])
    const retry = await call('POST', `${path}/cancellation`, { headers, body })
    expect([retry.status, retry.headers.get('idempotent-replayed')]).toEqual([202, 'true'])
    expect(retry.body).toEqual(first.body)
    const other = await call('POST', `${path}/cancellation`, { headers })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused'])
  })

  test('later it is too late, and the state is told', async () => {
    const { id, path, token } = await placed(paidBasket)
    bring(id, 'plating')
    const { status, body } = await call('POST', `${path}/cancellation`, { headers: withKey(token) })
    expect([status, body.code, body.currentState]).toEqual([409, 'too-late', 'plating'])
  })

  test('it needs a key, and takes no nonsense', async () => {
    const { path, token } = await placed()
    const keyless = await call('POST', `${path}/cancellation`, { headers: bearer(token) })
    expect([keyless.status, keyless.body.code]).toEqual([400, 'idempotency-key-missing'])
    const wrong = await call('POST', `${path}/cancellation`, { headers: withKey(token), body: { reason: 7 } })
    expect([wrong.status, wrong.body.errors]).toEqual([
      400,
      [{ pointer: '#/reason', detail: 'must be string' }],
    ])
    const stranger = await call('POST', `${path}/cancellation`, { headers: withKey('x') })
    expect(stranger.status).toBe(401)
  })

  test('a payment is taken once, when the order waits for it', async () => {
    const { id, path, token } = await placed()
    const pay = (headers: Record<string, string> = {}) =>
      call('POST', `${path}/payments`, {
        headers: { ...withKey(token), ...headers },
        body: { token: 'tok_ok' },
      })
    const early = await pay()
    expect([early.status, early.body.code]).toEqual([409, 'invalid-transition'])
    bring(id, 'paying')
    const accepted = await pay()
    expect([accepted.status, accepted.body.state]).toEqual([201, 'authorizing'])
    expect(accepted.headers.get('location')).toBe(`/api/v1/payments/${id}`)
    const again = await pay()
    expect([again.status, again.body.code]).toEqual([409, 'already-paid'])
  })

  // A state and an event have the names of the API; those between actors stay inside.
  const refusals = [
    ['placed', 'collection', undefined, 'reserving', ['order.revise', 'order.cancel']],
    ['paying', 'collection', undefined, 'paying', ['order.revise', 'payment.authorize', 'order.cancel']],
    ['cooking', 'collection', undefined, 'cooking', ['order.cancel']],
    ['cooking', 'payments', { token: 'tok_ok' }, 'cooking', ['order.cancel']],
    ['plating', 'cancellation', undefined, 'plating', []],
    ['ready', 'cancellation', undefined, 'ready', ['order.complete']],
  ] as const
  for (const [state, path, body, currentState, allowedEvents] of refusals) {
    test(`${path} when it is ${state} is refused in public words alone`, async () => {
      const order = await placed(state === 'paying' || state === 'placed' ? basket : paidBasket)
      if (state !== 'placed') bring(order.id, state)
      const answer = await call('POST', `${order.path}/${path}`, { headers: withKey(order.token), body })
      expect(answer.status).toBe(409)
      expect(answer.body).toMatchObject({ currentState, allowedEvents })
      expect(answer.body.detail).toContain(`'${currentState}'`)
    })
  }

  test('a declined payment is 402 for who waits for it', async () => {
    const { id, path, token } = await placed()
    bring(id, 'paying')
    const answer = call('POST', `${path}/payments`, {
      headers: { ...withKey(token), prefer: 'wait=20' },
      body: { token: 'tok_declined' },
    })
    while (cluster.watchers(orderRef(id)) === 0) await new Promise((resolve) => setImmediate(resolve))
    cluster.deliver(orderRef(id), { type: 'payment.declined', reason: 'card-declined' } as { type: string })
    cluster.deliver(orderRef(id), { type: 'reservation.released' })
    const { status, body } = await answer
    expect([status, body.code]).toEqual([402, 'payment-declined'])
    expect(body.detail).toContain('card-declined')
  })

  test('what is ready is collected once', async () => {
    const { id, path, token } = await placed(paidBasket)
    const collect = () => call('POST', `${path}/collection`, { headers: bearer(token) })
    const early = await collect()
    expect([early.status, early.body.code]).toEqual([409, 'invalid-transition'])
    bring(id, 'ready')
    const collected = await collect()
    expect([collected.status, collected.body.state]).toEqual([200, 'completed'])
    const late = await collect()
    expect([late.status, late.body.code, late.body.currentState]).toEqual([
      409,
      'invalid-transition',
      'completed',
    ])
    expect((await call('GET', path, { headers: bearer(token) })).body.state).toBe('completed')
  })
})
