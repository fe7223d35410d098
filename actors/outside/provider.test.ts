import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { draw } from '#actor'
import type { ProviderAnswer, ProviderOperation } from '#actors'
import { type OutboundCall, traceText } from '#ports'
import { cardExchange } from './card-exchange.ts'
import { type CardToken, CardVault } from './card-vault.ts'
import type { ProviderResult } from './provider.ts'
import { callbackDelaysMs, ProviderLedger, testTokens } from './provider.ts'
import { signatureOf } from './provider-callbacks.ts'
import { providerHandlers } from './provider-client.ts'
import type { ProviderServer, ProviderServerOptions } from './provider-server.ts'
import { startProvider } from './provider-server.ts'

const middle = (): number => 0.5
const authorize = (token: string = testTokens.ok) => ({ payment: 'p1', amount: 500, token })
const capture = { payment: 'p1', amount: 500 }
const only = { payment: 'p1' }

type Step = readonly [ProviderOperation, unknown]
const toAuthorized: Step = ['provider.authorize', authorize()]
const toCaptured: Step = ['provider.capture', capture]

/** Each operation under a key of its own, as the restaurant's calls have it. */
function ledgerAfter(...steps: readonly Step[]): { ledger: ProviderLedger; last: ProviderResult } {
  const ledger = new ProviderLedger()
  let last: ProviderResult = { outcome: 'never', delayMs: 0 }
  for (const [operation, args] of steps) last = ledger.handle(operation, args, operation, middle)
  return { ledger, last }
}

const done = (status: string, captured = 0, refunded = 0, reason?: string) => ({
  kind: 'done',
  result: { status, captured, refunded, ...(reason === undefined ? {} : { reason }) },
})

describe('where a payment stands after each operation', () => {
  const rows: readonly (readonly [string, readonly Step[], unknown])[] = [
    ['nobody has asked', [['provider.lookup', only]], done('none')],
    ['authorised', [toAuthorized], done('authorized')],
    ['captured', [toAuthorized, toCaptured], done('captured', 500)],
    ['refunded', [toAuthorized, toCaptured, ['provider.refund', only]], done('refunded', 500, 500)],
    ['voided', [toAuthorized, ['provider.void', only]], done('voided')],
    ['too late to void', [toAuthorized, toCaptured, ['provider.void', only]], done('captured', 500)],
    ['nothing to refund', [toAuthorized, ['provider.refund', only]], done('authorized')],
    ['closed before it was seen', [['provider.void', only], toAuthorized], done('voided')],
    ['a void cannot be captured', [toAuthorized, ['provider.void', only], toCaptured], done('voided')],
    [
      'declined',
      [['provider.authorize', authorize(testTokens.declined)]],
      done('declined', 0, 0, 'card-declined'),
    ],
    [
      'a card nobody knows',
      [['provider.authorize', authorize('tok_x')]],
      done('declined', 0, 0, 'card-declined'),
    ],
    [
      'refused',
      [toAuthorized, ['provider.capture', { ...capture, amount: 501 }]],
      { kind: 'refused', detail: 'amount-mismatch' },
    ],
    [
      'another amount',
      [toAuthorized, ['provider.authorize', { ...authorize(), amount: 1 }]],
      { kind: 'refused', detail: 'key-reused' },
    ],
    ['no payment named', [['provider.void', {}]], { kind: 'refused', detail: 'bad-request' }],
    ['no amount', [['provider.authorize', only]], { kind: 'refused', detail: 'amount-mismatch' }],
  ]
  for (const [what, steps, outcome] of rows) {
    test(what, () => expect(ledgerAfter(...steps).last.outcome).toEqual(outcome))
  }
})

describe('L1: repeating changes nothing', () => {
  const steps: readonly Step[] = [toAuthorized, toCaptured, ['provider.refund', only]]
  test('under the same key, or another', () => {
    const ledger = new ProviderLedger()
    for (const [operation, args] of steps) {
      const first = ledger.handle(operation, args, operation, middle)
      for (const key of [operation, `${operation}-again`]) {
        expect(ledger.handle(operation, args, key, middle).outcome).toEqual(first.outcome)
      }
    }
    expect(ledger.totals).toEqual({ captured: 500, refunded: 500 })
  })

  test('in any order of any operations: at most one capture, at most one refund of it', () => {
    const all: readonly Step[] = [...steps, ['provider.void', only], ['provider.lookup', only]]
    for (let seed = 0; seed < 200; seed += 1) {
      const ledger = new ProviderLedger()
      for (let n = 0; n < 12; n += 1) {
        const [operation, args] = all[Math.floor(draw(seed, 'what', n) * all.length)]!
        ledger.handle(operation, args, operation, middle)
        const { captured, refunded } = ledger.totals
        expect([0, 500]).toContain(captured)
        expect([0, captured]).toContain(refunded)
      }
    }
  })
})

describe('L1: refunds in parts', () => {
  const part = (amount: number, refund: string): Step => ['provider.refund', { ...only, amount, refund }]
  const captured = (...steps: readonly Step[]) => {
    const { ledger } = ledgerAfter(toAuthorized, toCaptured)
    const outcomes = steps.map(
      ([operation, args]) =>
        ledger.handle(operation, args, `re ${(args as { refund?: string }).refund}`, middle).outcome,
    )
    return { ledger, outcomes }
  }

  test('each is given once under its key, and all that is left without an amount', () => {
    const { outcomes } = captured(part(200, 'a'), part(200, 'a'), part(100, 'b'), ['provider.refund', only])
    expect(outcomes).toEqual([
      done('captured', 500, 200),
      done('captured', 500, 200),
      done('captured', 500, 300),
      done('refunded', 500, 500),
    ])
  })

  test('are never more than was captured', () => {
    const { ledger, outcomes } = captured(part(400, 'a'), part(200, 'b'))
    expect(outcomes[1]).toEqual({ kind: 'refused', detail: 'amount-mismatch' })
    expect(ledger.totals).toEqual({ captured: 500, refunded: 400 })
  })
})

describe('what it tells by itself', () => {
  test('is where the payment stands after each change, and nothing when nothing has changed', () => {
    const ledger = new ProviderLedger()
    const news = [toAuthorized, toAuthorized, toCaptured, ['provider.lookup', only] as Step].map(
      ([operation, args]) => ledger.handle(operation, args, operation, middle).news,
    )
    expect(news).toEqual([
      { payment: 'p1', status: 'authorized', captured: 0, refunded: 0 },
      undefined,
      { payment: 'p1', status: 'captured', captured: 500, refunded: 0 },
      undefined,
    ])
  })

  test('comes late now and then, and sometimes twice', () => {
    const { settings } = new ProviderLedger({ callbackDelayMs: 100, callbackRepeatShare: 0.2 })
    let n = 0
    const next = (): number => {
      n += 1
      return draw(1, 'callback', n)
    }
    const delays = Array.from({ length: 500 }, () => callbackDelaysMs(settings, next))
    const twice = delays.filter(({ length }) => length === 2).length
    expect(twice).toBeGreaterThan(60)
    expect(twice).toBeLessThan(140)
    expect(delays.flat().some((delayMs) => delayMs > 100)).toBe(true)
    expect(delays.flat().filter((delayMs) => delayMs > 100).length).toBeLessThan(60)
    expect(Math.max(...delays.flat())).toBeLessThanOrEqual(2_000)
  })
})

describe('a card', () => {
  test('is a token, its last four digits and its brand; the same key gives the same', () => {
    const cards = new CardVault()
    expect(cards.tokenise('4242424242424242', 'a')).toEqual({
      token: testTokens.ok,
      last4: '4242',
      brand: 'visa',
    })
    const one = cards.tokenise('5555555555554444', 'b')
    expect(one).toMatchObject({ last4: '4444', brand: 'mastercard' })
    expect(cards.tokenise('5555555555554444', 'b')).toEqual(one)
    expect(cards.tokenise('4242424242424242', 'b')).toBe('key-reused')
    for (const [number, brand] of [
      ['378282246310005', 'amex'],
      ['6011111111111117', 'discover'],
      ['3530111333300000', 'card'],
    ] as const)
      expect(cards.tokenise(number, brand)).toMatchObject({ brand })
  })

  test('without a part to play is good', () => {
    const { token } = new CardVault().tokenise('5555555555554444', 'b') as CardToken
    const ledger = new ProviderLedger()
    expect(ledger.handle('provider.authorize', authorize(token), 'key', middle).outcome).toEqual(
      done('authorized'),
    )
  })
})

test('L3: a key for one operation is refused for another', () => {
  const { ledger } = ledgerAfter(toAuthorized)
  expect(ledger.handle('provider.capture', capture, 'provider.authorize', middle).outcome).toEqual({
    kind: 'refused',
    detail: 'key-reused',
  })
})

describe('trouble', () => {
  test('a flaky card fails twice, with nothing done, and is then good', () => {
    const ledger = new ProviderLedger()
    const tries = [1, 2, 3].map(() => ledger.handle(...toAuthorizedWith(testTokens.flaky)).outcome)
    expect(tries).toMatchObject([{ kind: 'unknown' }, { kind: 'unknown' }, done('authorized')])
  })

  test('a slow card takes its time', () => {
    const ledger = new ProviderLedger()
    expect(ledger.handle(...toAuthorizedWith(testTokens.slow)).delayMs).toBeGreaterThan(3_000)
    expect(new ProviderLedger().handle(...toAuthorizedWith(testTokens.ok)).delayMs).toBe(40)
  })

  test('one card is captured, and nobody hears of it but who asks', () => {
    const { ledger, last } = ledgerAfter(
      ['provider.authorize', authorize(testTokens.timeoutCaptured)],
      toCaptured,
    )
    expect(last.outcome).toBe('never')
    expect(ledger.handle('provider.lookup', only, '', middle).outcome).toEqual(done('captured', 500))
  })

  test('in an outage nothing is done', () => {
    const { ledger } = ledgerAfter(toAuthorized)
    ledger.settings.outage = true
    expect(ledger.handle('provider.capture', capture, 'c', middle).outcome).toMatchObject({ kind: 'unknown' })
    expect(ledger.totals.captured).toBe(0)
  })

  test('an outage lasts until the last one that is in force has ended, and counts what it swallowed', () => {
    const { ledger } = ledgerAfter(toAuthorized)
    const lookUp = () => ledger.handle('provider.lookup', only, '', middle).outcome
    const [first, second] = [ledger.disturb({ kind: 'outage' }), ledger.disturb({ kind: 'outage' })]
    first.heal()
    expect(lookUp()).toMatchObject({ kind: 'unknown' })
    second.heal()
    expect(lookUp()).toEqual(done('authorized', 0))
    expect([first.met, second.met]).toEqual([0, 1])
  })

  test('it can decline good cards for a while, and says how many', () => {
    const ledger = new ProviderLedger()
    const declines = ledger.disturb({ kind: 'declines', share: 1 })
    const ask = (payment: string) =>
      ledger.handle('provider.authorize', { ...authorize(), payment }, payment, middle).outcome
    expect(ask('a')).toMatchObject({ result: { status: 'declined' } })
    declines.heal()
    expect(ask('b')).toMatchObject({ result: { status: 'authorized' } })
    expect(ask('a'), 'what was declined stays so').toMatchObject({ result: { status: 'declined' } })
    expect(declines.met).toBe(1)
  })

  test('it can be slow for a while', () => {
    const { ledger } = ledgerAfter(toAuthorized)
    const delay = () => ledger.handle('provider.lookup', only, '', middle).delayMs
    const before = delay()
    const slow = ledger.disturb({ kind: 'slow', byMs: 5_000 })
    expect(delay()).toBe(before + 5_000)
    slow.heal()
    expect(delay()).toBe(before)
    expect(slow.met).toBe(1)
  })

  test('it can do what it is asked and stay silent for a while', () => {
    const { ledger } = ledgerAfter(toAuthorized)
    const silent = ledger.disturb({ kind: 'silent', share: 1 })
    expect(ledger.handle('provider.capture', capture, 'c', middle).outcome).toBe('never')
    expect(ledger.totals.captured).toBe(500)
    silent.heal()
    expect(ledger.handle('provider.capture', capture, 'c', middle).outcome).toEqual(done('captured', 500))
    expect(silent.met).toBe(1)
  })

  test('a share of good cards is declined', () => {
    const ledger = new ProviderLedger({ declineShare: 0.3 })
    let n = 0
    const next = (): number => {
      n += 1
      return draw(1, 'decline', n)
    }
    for (let p = 0; p < 1_000; p += 1) {
      ledger.handle('provider.authorize', { ...authorize(), payment: `p${p}` }, `k${p}`, next)
    }
    const declined = ledger.payments.filter(({ status }) => status === 'declined').length
    expect(declined).toBeGreaterThan(250)
    expect(declined).toBeLessThan(350)
  })
})

function toAuthorizedWith(token: string): [ProviderOperation, unknown, string, () => number] {
  return ['provider.authorize', authorize(token), 'key', middle]
}

describe('over HTTP', () => {
  const open: ProviderServer[] = []
  const folders: string[] = []
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()))
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })

  async function start(options: ProviderServerOptions = {}): Promise<ProviderServer> {
    const server = await startProvider({ settings: { latencyMs: 0 }, ...options })
    open.push(server)
    return server
  }
  const call = (handler: ProviderOperation, args: unknown, key: string = handler): OutboundCall => ({
    handler,
    args,
    key,
    expiresAt: 0 as never,
  })
  const within = (ms: number) => AbortSignal.timeout(ms)
  const tryAt = (url: string, [handler, args]: Step, signal = within(5_000)) =>
    providerHandlers(url)[handler](call(handler, args), signal)

  test('a card has the same token for the same key after a restart, and nobody else can make it', async () => {
    const tokenOf = async (tokenSecret: string, number = '5555555555554444', key = 'k') => {
      const { url } = await start({ tokenSecret })
      const headers = { 'content-type': 'application/json', 'idempotency-key': key }
      const body = JSON.stringify({ number })
      const response = await fetch(`${url}/tokens`, { method: 'POST', headers, body })
      return ((await response.json()) as CardToken).token
    }
    const token = await tokenOf('secret')
    expect(await tokenOf('secret')).toBe(token)
    const others = [
      tokenOf('other'),
      tokenOf('secret', '5105105105105100'),
      tokenOf('secret', undefined, 'l'),
    ]
    expect(await Promise.all(others)).not.toContain(token)
  })

  test('every operation has its answer', async () => {
    const { url, ledger } = await start()
    expect(await tryAt(url, toAuthorized)).toEqual(done('authorized'))
    expect(await tryAt(url, toCaptured)).toEqual(done('captured', 500))
    expect(await tryAt(url, ['provider.refund', only])).toEqual(done('refunded', 500, 500))
    expect(await tryAt(url, ['provider.lookup', only])).toEqual(done('refunded', 500, 500))
    expect(await tryAt(url, ['provider.void', { payment: 'a/b c' }])).toEqual(done('voided'))
    expect(ledger.payment('a/b c')?.status).toBe('voided')
    expect(await (await fetch(`${url}/totals`)).json()).toEqual({ captured: 500, refunded: 500 })
  })

  test('a call goes out in its trace, with what came with it', async () => {
    const seen: IncomingHttpHeaders[] = []
    const server = createServer(({ headers }, response) => {
      seen.push(headers)
      response.end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, baggage: 'synthetic=true' }
    const trace = traceText(headers)
    await providerHandlers(url)['provider.void']({ ...call('provider.void', only), trace }, within(5_000))
    await cardExchange(url)(
      { number: '4242424242424242', expMonth: 1, expYear: 2_099, cvc: '737' },
      'k',
      trace,
    )
    server.close()
    expect(seen).toEqual([expect.objectContaining(headers), expect.objectContaining(headers)])
    expect(seen[0]).not.toHaveProperty('tracestate')
  })

  test('4xx is a definitive no; 5xx, silence and a closed door are unknown', async () => {
    const { url, ledger } = await start()
    await tryAt(url, toAuthorized)
    expect(await tryAt(url, ['provider.capture', { ...capture, amount: 1 }])).toEqual({
      kind: 'refused',
      detail: 'amount-mismatch',
    })
    ledger.settings.outage = true
    expect(await tryAt(url, toCaptured)).toMatchObject({ kind: 'unknown' })
    expect(await tryAt('http://127.0.0.1:9', toCaptured)).toMatchObject({ kind: 'unknown' })
  })

  test('the silent card: the try ends with its signal, unknown; the ledger has the money', async () => {
    const { url, ledger } = await start()
    const toSilent: Step = ['provider.authorize', authorize(testTokens.timeoutCaptured)]
    await tryAt(url, toSilent)
    expect(await tryAt(url, toCaptured, within(100))).toMatchObject({ kind: 'unknown' })
    expect(ledger.totals.captured).toBe(500)
    expect(await tryAt(url, ['provider.lookup', only])).toEqual(done('captured', 500))
  })

  test('an answer in a shape that nobody knows is unknown', async () => {
    const { url } = await start()
    expect(await tryAt(`${url}/totals?`, ['provider.lookup', only])).toMatchObject({ kind: 'unknown' })
  })

  test('a definitive no needs no words: of a proxy it may be a page, or empty', async () => {
    for (const [status, page, kind] of [
      [422, '<html>', 'refused'],
      [403, '', 'refused'],
      [429, '', 'unknown'],
      [502, '<html>', 'unknown'],
      [200, '', 'unknown'],
    ] as const) {
      const proxy = createServer((_, response) => response.writeHead(status).end(page))
      await once(proxy.listen(0, '127.0.0.1'), 'listening')
      const { port } = proxy.address() as AddressInfo
      expect([status, (await tryAt(`http://127.0.0.1:${port}`, toAuthorized)).kind]).toEqual([status, kind])
      proxy.closeAllConnections()
      proxy.close()
    }
  })

  test('what is nobody’s route is 404, and what is no JSON 400', async () => {
    const { url } = await start()
    expect((await fetch(`${url}/payments/p1/steal`, { method: 'POST' })).status).toBe(404)
    expect((await fetch(`${url}/nothing`)).status).toBe(404)
    expect((await fetch(`${url}/payments/p1/void`, { method: 'POST', body: '{' })).status).toBe(400)
    expect(
      (await fetch(`${url}/payments/p1/void`, { method: 'POST', body: 'x'.repeat(20_000) })).status,
    ).toBe(400)
  })

  test('a card is exchanged for a token; an outage, a reused key and a bad card are told apart', async () => {
    const { url, ledger } = await start()
    const exchange = cardExchange(url)
    const card = { number: '4242424242424242', expMonth: 12, expYear: 2030 }
    expect(await exchange(card, 'k1', 'trace')).toEqual({
      kind: 'done',
      token: testTokens.ok,
      last4: '4242',
      brand: 'visa',
    })
    const other = { ...card, number: '5555555555554444' }
    expect(await exchange(other, 'k1', 'trace')).toEqual({ kind: 'key-reused' })
    expect(await exchange({ ...card, number: 'x' }, 'k2', 'trace')).toEqual({ kind: 'refused' })
    ledger.settings.outage = true
    expect(await exchange(card, 'k3', 'trace')).toEqual({ kind: 'unavailable' })
    expect(await cardExchange('http://127.0.0.1:9')(card, 'k3', 'trace')).toEqual({ kind: 'unavailable' })
  })

  test('it tells of each change, signed, and again until it is taken', async () => {
    const got: { readonly signature: unknown; readonly body: string }[] = []
    let heard = (): void => {}
    const all = new Promise<void>((resolve) => {
      heard = resolve
    })
    const listener = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        got.push({ signature: request.headers['provider-signature'], body })
        response.writeHead(got.length === 1 ? 503 : 204).end()
        if (got.length === 3) heard()
      })
    })
    await once(listener.listen(0, '127.0.0.1'), 'listening')
    const { port } = listener.address() as AddressInfo
    const { url } = await start({
      settings: { latencyMs: 0, callbackDelayMs: 0, callbackRepeatShare: 0 },
      callbacks: { url: `http://127.0.0.1:${port}/`, secret: 'shared' },
    })
    await tryAt(url, toAuthorized)
    await tryAt(url, toCaptured)
    await all
    const statuses = got.map(({ body }) => JSON.parse(body).status)
    expect(statuses.toSorted()).toEqual(['authorized', 'authorized', 'captured'].toSorted())
    expect(new Set(got.map(({ body }) => JSON.parse(body).id)).size).toBe(2)
    for (const { signature, body } of got) {
      const seconds = Number(/t=(\d+)/.exec(String(signature))?.[1])
      expect(signature).toBe(signatureOf(body, 'shared', seconds))
    }
    listener.closeAllConnections()
    listener.close()
  })

  test('whoever plays an outage sets it and ends it', async () => {
    const { url } = await start()
    const set = (outage: boolean) =>
      fetch(`${url}/settings`, { method: 'PUT', body: JSON.stringify({ outage }) })
    await set(true)
    expect(await tryAt(url, toAuthorized)).toMatchObject({ kind: 'unknown' })
    await set(false)
    expect(await tryAt(url, toAuthorized)).toEqual(done('authorized'))
  })

  test('the ledger outlives the server, half a last line included', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'provider-'))
    folders.push(folder)
    const file = join(folder, 'ledger.jsonl')
    const first = await start({ file })
    await tryAt(first.url, toAuthorized)
    await tryAt(first.url, toCaptured)
    await first.close()
    writeFileSync(file, '\n{"payment":"p1","status":"refu', { flag: 'a' })

    const second = await start({ file })
    expect(second.ledger.totals).toEqual({ captured: 500, refunded: 0 })
    const again = await tryAt(second.url, toCaptured)
    expect((again as { result: ProviderAnswer }).result.captured).toBe(500)
    await tryAt(second.url, ['provider.refund', only])
    await second.close()
    expect((await start({ file })).ledger.totals).toEqual({ captured: 500, refunded: 500 })
  })
})
