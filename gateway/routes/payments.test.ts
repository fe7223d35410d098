import { hash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Message, ref } from '#actor'
import { definitions, menuRef, orderRef, paymentRef, vaultRef, walletRef } from '#actors'
import { Machine } from '#kernel'
import { cardExchange, type ProviderServer, signatureOf, startProvider, testTokens } from '#outside'
import { type Gateway, type GatewayOptions, startGateway } from '../index.ts'
import { bearer, fakeAuth } from '../testing/fake-auth.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'

// Over real HTTP, with the real machines and the real stub of the provider. Every answer is checked against the OpenAPI
// document. The test plays what actors tell each other.

const secret = 'a-secret-of-both-sides'
let cluster: FakeCluster
let gateway: Gateway
let provider: ProviderServer
let log = ''
let assertDescribed: ReturnType<typeof contractOf>
let keys = 0
const freshKey = (): string => `${String(++keys).padStart(8, '0')}-a-key-for-this-test`
const said: string[] = []

beforeAll(async () => {
  provider = await startProvider({ settings: { latencyMs: 0 } })
  cluster = new FakeCluster(
    definitions.map((definition) => ({ definition, machine: new Machine(definition) })),
  )
  cluster.deliver(menuRef('main'), { type: 'menu.open' })
  gateway = await start({})
  assertDescribed = contractOf(await (await fetch(`${gateway.url}/openapi.json`)).json())
})
afterAll(async () => {
  await gateway.close()
  await provider.close()
})

const start = (options: Partial<GatewayOptions>): Promise<Gateway> =>
  startGateway({
    client: cluster,
    site: 'main',
    port: 0,
    opsPort: 0,
    auth: fakeAuth,
    exchangeCard: cardExchange(provider.url),
    callbackSecret: secret,
    log: {
      level: 'trace',
      stream: {
        write: (line) => {
          log += line
        },
      },
    },
    ...options,
  })

interface Asked {
  readonly body?: unknown
  readonly raw?: string
  readonly headers?: Record<string, string>
}
async function call(method: string, path: string, { body, raw, headers = {} }: Asked = {}) {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { ...(payload !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(payload !== undefined && { body: payload }),
  })
  const text = await response.text()
  said.push(text)
  const answer = text === '' ? undefined : JSON.parse(text)
  assertDescribed(response, method, path, answer)
  return { status: response.status, headers: response.headers, body: answer }
}
const withKey = (headers: Record<string, string>, key = freshKey()): Record<string, string> => ({
  ...headers,
  'idempotency-key': key,
})
const manager = bearer('acc_boss', 'manager')
const guest = bearer('acc_guest', 'customer')

/** An order whose payment is captured; its provider's answers are played. */
async function paidOrder(payment: unknown = { token: 'tok_ok' }) {
  const { body } = await call('POST', '/api/v1/orders', {
    headers: { 'idempotency-key': freshKey() },
    body: { items: [{ dish: 'caprese', quantity: 2 }], payment },
  })
  const id = body.id as string
  cluster.deliver(orderRef(id), { type: 'reservation.held' })
  cluster.deliver(paymentRef(id), { type: 'payment.request', amount: 2_100, token: 'tok_ok' } as Message)
  news(id, 'captured', 2_100)
  cluster.deliver(orderRef(id), { type: 'payment.captured', amount: 2_100 } as Message)
  return { id, token: body.orderToken as string, path: `/api/v1/payments/${id}` }
}
const news = (id: string, status: string, captured: number, refunded = 0): void => {
  const message = { type: 'payment.news', status, captured, refunded } as Message
  expect(cluster.deliver(paymentRef(id), message).kind).toBe('done')
}
const eur = (amount: number) => ({ amount, currency: 'EUR' })

describe('a payment', () => {
  test('is shown to the house, and to who has the order’s token', async () => {
    const { id, path, token } = await paidOrder()
    for (const headers of [manager, bearer('acc_cook', 'staff'), { authorization: `Bearer ${token}` }]) {
      const { status, headers: got, body } = await call('GET', path, { headers })
      expect([status, got.get('etag'), got.get('cache-control')]).toEqual([200, '"2"', 'no-store'])
      expect(body).toMatchObject({
        id,
        state: 'captured',
        amount: eur(2_100),
        captured: eur(2_100),
        refunds: [],
      })
    }
    const same = await call('GET', path, { headers: { ...manager, 'if-none-match': '"2"' } })
    expect(same.status).toBe(304)
  })

  test('is nobody else’s business', async () => {
    const { path } = await paidOrder()
    expect((await call('GET', path)).status).toBe(401)
    expect((await call('GET', path, { headers: { authorization: 'Bearer x' } })).status).toBe(401)
    expect((await call('GET', path, { headers: guest })).status).toBe(404)
    expect((await call('GET', '/api/v1/payments/ord_none', { headers: manager })).status).toBe(404)
  })
})

describe('giving money back', () => {
  const refund = (path: string, amount: number, headers = withKey(manager)) =>
    call('POST', `${path}/refunds`, { headers, body: { amount: eur(amount), reason: 'cold' } })

  test('is 201 with its address, and given when the provider says so', async () => {
    const { id, path } = await paidOrder()
    const { status, headers, body } = await refund(path, 500)
    expect([status, body.state, body.reason]).toEqual([201, 'asked', 'cold'])
    const address = headers.get('location') as string
    news(id, 'captured', 2_100, 500)
    expect((await call('GET', address, { headers: manager })).body).toMatchObject({ state: 'given' })
    const shown = await call('GET', path, { headers: manager })
    expect(shown.body).toMatchObject({ state: 'captured', refunded: eur(500), refunds: [{ id: body.id }] })
    expect((await call('GET', `${path}/refunds/re_none`, { headers: manager })).status).toBe(404)
  })

  test('who waits is told what the provider said', async () => {
    const { id, path } = await paidOrder()
    const answer = refund(path, 500, { ...withKey(manager), prefer: 'wait=20' })
    while (cluster.watchers(paymentRef(id)) === 0) await new Promise((resolve) => setImmediate(resolve))
    news(id, 'captured', 2_100, 500)
    const { body, headers } = await answer
    expect([body.state, headers.get('preference-applied')]).toEqual(['given', 'wait=20'])
  })

  test('is possible after the order is complete, and never beyond what was captured', async () => {
    const { id, path } = await paidOrder()
    cluster.deliver(paymentRef(id), { type: 'payment.close' })
    expect((await refund(path, 2_000)).status).toBe(201)
    const second = await refund(path, 101)
    expect([second.status, second.body.code]).toEqual([409, 'nothing-to-refund'])
    expect(second.body.detail).toContain('100 of the 101')
    expect((await refund(path, 100)).status).toBe(201)
  })

  test('the same key is the same refund', async () => {
    const { path } = await paidOrder()
    const headers = withKey(manager)
    const [first, again] = [await refund(path, 500, headers), await refund(path, 500, headers)]
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    const other = await refund(path, 501, headers)
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused'])
  })

  test('takes a role, a key and a whole amount', async () => {
    const { path, token } = await paidOrder()
    expect((await refund(path, 5, withKey(guest))).status).toBe(403)
    expect((await refund(path, 5, withKey({ authorization: `Bearer ${token}` }))).status).toBe(401)
    expect((await refund(path, 5, manager as never)).status).toBe(400)
    for (const amount of [0, 1.5, -3]) expect((await refund(path, amount)).status).toBe(400)
    const dollars = { amount: { amount: 5, currency: 'USD' } }
    expect((await call('POST', `${path}/refunds`, { headers: withKey(manager), body: dollars })).status).toBe(
      400,
    )
    expect((await refund('/api/v1/payments/ord_none', 5)).status).toBe(404)
  })
})

describe('paying with a stored card', () => {
  const card = { number: '4242 4242 4242 4242', expMonth: 12, expYear: 2_099, cvc: '123' }
  const store = async (body: unknown = card, headers = withKey(guest)) => {
    const answer = call('POST', '/api/v1/payment-methods', { headers, body })
    return answer
  }
  /** Plays the wallet while the gateway waits for it. */
  async function stored(body: unknown = card, headers = withKey(guest), owner = 'acc_guest') {
    const before = new Set((await cluster.actors({ type: 'vault', limit: 200 })).items.map(({ id }) => id))
    const answer = store(body, headers)
    let fresh: string | undefined
    while (fresh === undefined) {
      await new Promise((resolve) => setImmediate(resolve))
      const { items } = await cluster.actors({ type: 'vault', limit: 200 })
      fresh = items.find(({ id }) => !before.has(id))?.id
    }
    const [, method] = fresh.split('/') as [string, string]
    cluster.deliver(walletRef(owner), { type: 'wallet.add', method, last4: '4242', brand: 'visa' } as Message)
    cluster.deliver(vaultRef(method), { type: 'wallet.added' })
    return { ...(await answer), method }
  }

  test('it is stored as a token, four digits and a brand, listed, and forgotten', async () => {
    const { status, body, headers, method } = await stored()
    expect([status, body]).toEqual([
      201,
      { id: method, last4: '4242', brand: 'visa', links: { self: `/api/v1/payment-methods/${method}` } },
    ])
    expect(headers.get('location')).toBe(body.links.self)
    const list = await call('GET', '/api/v1/payment-methods', { headers: guest })
    expect(list.body.items.map(({ id }: { id: string }) => id)).toContain(method)
    expect((await call('GET', body.links.self, { headers: guest })).body).toEqual(body)
    expect((await call('GET', body.links.self, { headers: bearer('acc_other') })).status).toBe(404)
    expect((await call('DELETE', body.links.self, { headers: bearer('acc_other') })).status).toBe(404)
    expect((await call('DELETE', body.links.self, { headers: guest })).status).toBe(204)
    expect((await call('GET', body.links.self, { headers: guest })).status).toBe(404)
    expect((await call('DELETE', body.links.self, { headers: guest })).status).toBe(404)
    expect((await call('GET', '/api/v1/payment-methods', { headers: bearer('acc_new') })).body).toEqual({
      items: [],
    })
  })

  test('a retry is the same card, and the same key is no other one', async () => {
    const headers = withKey(guest)
    const { body } = await stored(card, headers)
    // The provider forgets keys, and is not asked again.
    const port = Number(new URL(provider.url).port)
    await provider.close()
    provider = await startProvider({ port, settings: { latencyMs: 0 } })
    const again = await store(card, headers)
    expect([again.body, again.headers.get('idempotent-replayed')]).toEqual([body, 'true'])
    const other = await store({ ...card, number: '5555555555554444' }, headers)
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused'])
  })

  test('an order is paid with it by its owner, and by nobody else', async () => {
    const { method } = await stored({ ...card, number: '4000000000000077' })
    const order = (headers: Record<string, string>) =>
      call('POST', '/api/v1/orders', {
        headers: withKey(headers),
        body: { items: [{ dish: 'caprese', quantity: 1 }], payment: { method } },
      })
    cluster.requests.length = 0
    expect((await order(guest)).status).toBe(201)
    const placed = cluster.requests.find(({ body }) => body.kind === 'command')
    expect(placed?.body).toMatchObject({ message: { token: testTokens.slow } })
    const stranger = await order(bearer('acc_other'))
    expect([stranger.status, stranger.body.errors?.[0].pointer]).toEqual([400, '#/payment/method'])
    expect((await order({})).status).toBe(401)
  })

  test('an order that waits to be paid is, and a retry of an order outlives its card', async () => {
    const { method } = await stored({ ...card, number: '5555555555554444' })
    const body = { items: [{ dish: 'caprese', quantity: 1 }], payment: { method } }
    const headers = withKey(guest)
    const first = await call('POST', '/api/v1/orders', { headers, body })
    const waits = await call('POST', '/api/v1/orders', {
      headers: withKey({}),
      body: { items: body.items },
    })
    cluster.deliver(orderRef(waits.body.id), { type: 'reservation.held' })
    const payer = withKey({ ...guest, 'x-order-token': waits.body.orderToken })
    const pay = () => call('POST', `${waits.body.links.self}/payments`, { headers: payer, body: { method } })
    const paid = await pay()
    // The bearer token says who pays; the order's own token is in the header made for it.
    expect([paid.status, paid.body.state]).toEqual([201, 'authorizing'])
    await call('DELETE', `/api/v1/payment-methods/${method}`, { headers: guest })
    const again = await call('POST', '/api/v1/orders', { headers, body })
    expect([again.status, again.body.id]).toEqual([201, first.body.id])
    expect((await pay()).headers.get('idempotent-replayed')).toBe('true')
  })

  for (const [what, wrong] of [
    ['a wrong digit', { number: '4242424242424241' }],
    ['letters', { number: '4242abcd42424242' }],
    ['too few digits', { number: '42424242' }],
    ['a month that has passed', { expYear: 2_020 }],
    ['a code of letters', { cvc: 'xyz' }],
  ] as const) {
    test(`a card with ${what} is refused, and nothing of it is repeated`, async () => {
      const { status, body } = await store({ ...card, ...wrong })
      expect([status, body.code]).toEqual([400, 'card-invalid'])
      expect(JSON.stringify(body)).not.toContain(String(Object.values(wrong)[0]))
    })
  }

  test('a full wallet takes no more', async () => {
    const vaultOf = async () => (await cluster.actors({ type: 'vault', limit: 200 })).items.length
    const before = await vaultOf()
    const answer = store(card, withKey(bearer('acc_full')))
    while ((await vaultOf()) === before) await new Promise((resolve) => setImmediate(resolve))
    const last = cluster.requests.findLast(({ body }) => body.kind === 'command')
    cluster.deliver(last?.actor ?? ref('vault', ''), { type: 'wallet.full' })
    const { status, body } = await answer
    expect([status, body.code]).toEqual([409, 'too-many-methods'])
  })

  test('without an account, or without a provider, nothing is stored', async () => {
    expect((await store(card, withKey({}))).status).toBe(401)
    provider.ledger.settings.outage = true
    const { status, body, headers } = await store()
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'provider-unavailable', '1'])
    provider.ledger.settings.outage = false
  })
})

describe('V1: card numbers', () => {
  const canaries = ['4111111111111111', '6011000990139424', '378282246310005', '30569309025904']
  const spellings = (number: string): string[] => [
    number,
    number.replace(/(\d{4})(?=\d)/g, '$1 '),
    number.replace(/(\d{4})(?=\d)/g, '$1-'),
  ]

  test('are in no log line, no message, no key, no record and no answer, whatever is wrong with the request', async () => {
    said.length = 0
    log = ''
    cluster.requests.length = 0
    const headers = () => withKey(guest)
    for (const number of canaries.flatMap(spellings)) {
      const card = { number, expMonth: 12, expYear: 2_099, cvc: '7391' }
      const json = JSON.stringify(card)
      const wrong: Asked[] = [
        { body: card },
        { body: { ...card, more: number } },
        { body: { ...card, [number]: 1 } },
        { body: { ...card, expMonth: number } },
        { body: { ...card, number: Number(number.replaceAll(/\D/g, '')) } },
        { body: { ...card, expYear: 2_001 } },
        { body: { ...card, cvc: `${number}1` } },
        { body: [number] },
        { body: number },
        { raw: `${json}{` },
        { raw: json, headers: { 'content-type': 'text/csv' } },
        { raw: json.repeat(1_000) },
      ]
      for (const asked of wrong) {
        // The one that is right waits for a wallet that nobody plays: it is cut off.
        const answer = call('POST', '/api/v1/payment-methods', {
          ...asked,
          headers: { ...headers(), ...asked.headers },
        })
        if (asked.body === card) {
          await Promise.race([answer, new Promise((resolve) => setImmediate(resolve))])
          answer.catch(() => {})
        } else await answer
      }
      await call('POST', '/api/v1/orders', {
        headers: headers(),
        body: { items: [{ dish: 'caprese', quantity: 1 }], payment: { token: number } },
      })
    }
    cluster.answerNext({ kind: 'failed' } as never)
    const request = cluster.request
    cluster.request = () => Promise.reject(new Error('broken on purpose'))
    for (const number of canaries) {
      const body = { number, expMonth: 12, expYear: 2_099, cvc: '7391' }
      const { status } = await call('POST', '/api/v1/payment-methods', { headers: headers(), body })
      expect(status).toBe(500)
    }
    cluster.request = request
    const journal = []
    for (const { id } of (await cluster.actors({ limit: 10_000 })).items) {
      journal.push(await cluster.history(id, { limit: 100 }))
      journal.push(await cluster.request({ actor: id, body: { kind: 'operate' } } as never))
    }
    const everything = [log, ...said, JSON.stringify(journal), JSON.stringify(cluster.requests)].join('\n')
    expect(log).toContain('broken on purpose')
    expect(JSON.stringify(journal)).toContain('"last4":"1111"')
    const found = (text: string): readonly string[] =>
      canaries.flatMap(spellings).filter((one) => text.includes(one))
    expect(found(everything)).toEqual([])
    // By itself: four digits are soon found in a time or a hash.
    expect(everything).not.toMatch(/(?<![\w.-])7391(?![\w-])/)
    // Nor a plain hash, which trying finds.
    for (const number of canaries) {
      for (const form of ['hex', 'base64url'] as const)
        expect(everything.includes(hash('sha256', number, form))).toBe(false)
    }
  })
})

describe('what the provider tells by itself', () => {
  const tell = (body: unknown, header?: string) => {
    const raw = JSON.stringify(body)
    const signature = header ?? signatureOf(raw, secret, Math.floor(Date.now() / 1_000))
    return call('POST', '/api/v1/callbacks/provider', { raw, headers: { 'provider-signature': signature } })
  }
  const about = (payment: string, status: string, captured = 0) => ({
    id: 'evt_1',
    payment,
    status,
    captured,
    refunded: 0,
  })
  async function asked(): Promise<string> {
    const id = `ord_${freshKey()}`
    cluster.deliver(paymentRef(id), { type: 'payment.request', amount: 900, token: 'tok_ok' } as Message)
    return id
  }

  test('reaches the payment, once, in any order', async () => {
    const id = await asked()
    for (const [status, captured] of [
      ['authorized', 0],
      ['captured', 900],
      ['captured', 900],
      ['authorized', 0],
    ] as const)
      expect((await tell(about(id, status, captured))).status).toBe(204)
    const { body } = await call('GET', `/api/v1/payments/${id}`, { headers: manager })
    expect([body.state, body.version]).toEqual(['captured', 3])
  })

  test('is believed only with the signature of now', async () => {
    const body = about(await asked(), 'captured', 900)
    const raw = JSON.stringify(body)
    const now = Math.floor(Date.now() / 1_000)
    for (const header of [
      '',
      'nonsense',
      signatureOf(raw, 'another-secret', now),
      signatureOf(`${raw} `, secret, now),
      signatureOf(raw, secret, now - 400),
      signatureOf(raw, secret, now + 400),
    ]) {
      const { status, body: said } = await tell(body, header)
      expect([header, status, said?.code]).toEqual([header, 403, 'signature-invalid'])
    }
    expect((await tell(body)).status).toBe(204)
  })

  test('of a payment that there is not is 404, and of one that is over nothing', async () => {
    expect((await tell(about('ord_none', 'captured'))).status).toBe(404)
    const id = await asked()
    await tell(about(id, 'declined'))
    expect((await tell(about(id, 'declined'))).status).toBe(204)
    expect((await tell({ ...about(id, 'perhaps') })).status).toBe(400)
  })
})

describe('an order with its parts', () => {
  test('shows what there is, and leaves out what there is not yet', async () => {
    const { id, token } = await paidOrder()
    const headers = { authorization: `Bearer ${token}` }
    const path = `/api/v1/orders/${id}?expand=payment,ticket,reservations`
    const { body, headers: got } = await call('GET', path, { headers })
    expect([body.payment.state, body.ticket, body.reservations]).toEqual(['captured', undefined, undefined])
    const same = await call('GET', path, { headers: { ...headers, 'if-none-match': got.get('etag') ?? '' } })
    expect(same.status).toBe(304)
    cluster.deliver(ref('ticket', id), {
      type: 'ticket.open',
      order: id,
      site: 'main',
      items: [{ line: 0, dish: 'caprese', quantity: 1 }],
      promisedAt: 0,
    } as Message)
    cluster.deliver(ref('reservation', id), {
      type: 'reservation.hold',
      site: 'main',
      lines: [{ ingredient: 'tomato', amount: 5 }],
      expiresInMs: 1_000,
    } as Message)
    const all = (await call('GET', path, { headers })).body
    expect(all.ticket.id).toBe(id)
    expect(all.reservations).toMatchObject([{ id, lines: [{ ingredient: 'tomato', amount: 5 }] }])
    expect((await call('GET', `/api/v1/orders/${id}?expand=kitchen`, { headers })).status).toBe(400)
  })

  test('says of a part whose department does not answer that it is degraded, and shows the others', async () => {
    const { id, token } = await paidOrder()
    const request = cluster.request.bind(cluster)
    cluster.request = async (asked) =>
      asked.actor === paymentRef(id) ? { kind: 'timeout' } : await request(asked)
    const { status, body } = await call('GET', `/api/v1/orders/${id}?expand=payment`, {
      headers: { authorization: `Bearer ${token}` },
    })
    cluster.request = request
    expect([status, body.id, body.payment]).toEqual([200, id, { degraded: true }])
  })
})
