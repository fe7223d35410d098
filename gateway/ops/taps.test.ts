import { afterEach, describe, expect, test } from 'vitest'
import type { TapBatch, TappedMessage } from '#activity'
import type { ActorId, Instant } from '#actor'
import type { MessageId, NodeId } from '#ports'
import { type Gateway, type GatewayOptions, startGateway } from '../index.ts'
import type { TapLine, ToldMessage } from '../tap-words.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'
import { Page } from '../testing/page.ts'
import { Taps, tapsBounds } from './taps.ts'

let cluster: FakeCluster
let gateway: Gateway
let check: ReturnType<typeof contractOf> | undefined
const pages: Page[] = []
const readers: AbortController[] = []

async function start(options: Partial<GatewayOptions> = {}): Promise<void> {
  cluster = new FakeCluster([])
  gateway = await startGateway({ client: cluster, site: 'main', port: 0, opsPort: 0, ...options })
  const document = await fetch(`${gateway.opsUrl}/openapi.json`)
  check = document.ok ? contractOf(await document.json()) : undefined
}
afterEach(async () => {
  for (const { socket } of pages.splice(0)) socket.terminate()
  for (const reader of readers.splice(0)) reader.abort()
  await gateway.close()
})

interface View {
  readonly id: string
  readonly counts: { readonly told: number; readonly over: number }
  readonly [name: string]: unknown
}
interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: View & { readonly code?: string; readonly detail?: string; readonly items?: readonly View[] }
}

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${gateway.opsUrl}/ops/v1/${path}`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  check?.(response, method, `/ops/v1/${path}`, answer)
  return { status: response.status, headers: response.headers, body: answer }
}
const begin = async (asked: object = {}): Promise<string> => (await call('POST', 'taps', asked)).body.id

let told = 0
const message = (more: Partial<TappedMessage> = {}): TappedMessage => ({
  at: 1_000_000 as Instant,
  id: `n:${told}` as MessageId,
  to: 'order/1' as ActorId,
  via: 'tell',
  message: 'order.place',
  bytes: 40,
  payload: '{"type":"order.place","card":"4242424242424242","items":[{"token":"tok_1","dish":"caprese"}]}',
  outcome: 'handled',
  attempt: 1,
  sequence: 1,
  waitedUs: 12,
  ...more,
})
/** What a node tells, to every tap. */
function tell(messages: readonly TappedMessage[], more: Partial<TapBatch> = {}, lost = 0): void {
  told += messages.length
  const about = { node: 'node-1' as NodeId, life: 1, run: 1, matched: told, over: 0, told }
  for (const { hear } of cluster.taps) hear({ ...about, ...more, messages }, lost)
}
const many = (count: number): readonly TappedMessage[] => Array.from({ length: count }, () => message())

/** Lines as they come. */
async function read(id: string, after = 0): Promise<() => Promise<TapLine>> {
  const abort = new AbortController()
  readers.push(abort)
  const { body, status, headers } = await fetch(
    `${gateway.opsUrl}/ops/v1/taps/${id}/messages?after=${after}`,
    {
      signal: abort.signal,
    },
  )
  expect([status, headers.get('content-type')]).toEqual([200, 'application/x-ndjson; charset=utf-8'])
  const lines: TapLine[] = []
  const decoder = new TextDecoder()
  const reader = body?.getReader()
  let rest = ''
  return async () => {
    while (lines.length === 0) {
      const { value, done } = (await reader?.read()) ?? { done: true }
      if (done) throw new Error('It ended.')
      const parts = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts.map((line) => JSON.parse(line) as TapLine))
    }
    return lines.shift() as TapLine
  }
}
async function until<Kind extends TapLine['kind']>(
  next: () => Promise<TapLine>,
  kind: Kind,
): Promise<Extract<TapLine, { kind: Kind }>> {
  for (;;) {
    const line = await next()
    if (line.kind === kind) return line as Extract<TapLine, { kind: Kind }>
  }
}

describe('a tap', () => {
  test('is begun by its filter, listed, and ended: then nobody is asked any more', async () => {
    await start()
    const { status, headers, body } = await call('POST', 'taps', {
      filter: ' order=ord_1 outcome!=handled ',
      perSecond: 5,
    })
    expect([status, headers.get('location')]).toEqual([201, `/ops/v1/taps/${body.id}`])
    expect(body).toMatchObject({ filter: 'order=ord_1 outcome!=handled', perSecond: 5, by: 'loopback' })
    expect([...cluster.taps].map(({ order }) => order)).toEqual([
      {
        perSecond: 5,
        terms: [
          { field: 'key', operator: '=', values: ['ord_1'] },
          { field: 'outcome', operator: '!=', values: ['handled'] },
        ],
      },
    ])
    expect((await call('GET', 'taps')).body.items).toMatchObject([{ id: body.id }])
    expect((await call('GET', `taps/${body.id}`)).body.id).toBe(body.id)
    expect((await call('DELETE', `taps/${body.id}`)).status).toBe(204)
    expect(cluster.taps.size).toBe(0)
    expect((await call('DELETE', `taps/${body.id}`)).status).toBe(404)
    expect((await call('GET', `taps/${body.id}/messages`)).status).toBe(404)
  })

  test('with a filter that cannot be read is refused in words, and nobody is asked', async () => {
    await start()
    const { status, body } = await call('POST', 'taps', { filter: 'type=order' })
    expect([status, body.code]).toEqual([400, 'validation'])
    expect(body.detail).toContain("nobody knows 'type'")
    for (const wrong of [{ perSecond: 0 }, { perSecond: 1_001 }, { total: 1e9 }, { filter: 1 }, { more: 1 }])
      expect((await call('POST', 'taps', wrong)).status).toBe(400)
    expect(cluster.taps.size).toBe(0)
  })

  test('is one of so many', async () => {
    await start()
    for (let n = 0; n < tapsBounds.tapsMax; n += 1) await begin()
    expect((await call('POST', 'taps', {})).body.code).toBe('tap-limit')
  })

  test('that is begun or ended is in the audit, and one that cannot be written down is not begun', async () => {
    await start()
    const id = await begin({ filter: 'to=vault' })
    expect(cluster.entries).toMatchObject([
      { type: 'audit.begin', what: 'POST /ops/v1/taps', body: '{"filter":"to=vault"}' },
      { type: 'audit.end', status: 201 },
    ])
    cluster.isAuditable = false
    expect((await call('POST', 'taps', {})).body.code).toBe('audit-unavailable')
    expect((await call('DELETE', `taps/${id}`)).body.code).toBe('audit-unavailable')
    expect(cluster.taps.size).toBe(1)
  })

  test('is for operators alone', async () => {
    await start({ token: 'a-token-of-enough-length' })
    for (const [method, path] of [
      ['POST', 'taps'],
      ['GET', 'taps'],
      ['GET', 'taps/1/messages'],
      ['DELETE', 'taps/1'],
    ] as const)
      expect((await call(method, path)).status).toBe(401)
  })
})

describe('its messages', () => {
  test('come as lines without what is secret, with what was told before the reader came', async () => {
    await start()
    const id = await begin()
    tell([message({ from: 'menu/main' as ActorId })])
    const next = await read(id)
    expect(await until(next, 'message')).toEqual({
      kind: 'message',
      ...{ n: 1, at: '1970-01-01T00:00:01.000Z', node: 'node-1', id: expect.any(String) },
      ...{ from: 'menu/main', to: 'order/1', via: 'tell', message: 'order.place', bytes: 40 },
      payload: {
        type: 'order.place',
        card: '<redacted>',
        items: [{ token: '<redacted>', dish: 'caprese' }],
      },
      ...{ outcome: 'handled', attempt: 1, sequence: 1, waitedUs: 12 },
    })
    tell([message({ outcome: 'dead-letter', detail: 'failed: no rice' })])
    expect(await until(next, 'message')).toMatchObject({ n: 2, detail: 'failed: no rice' })
    expect((await until(await read(id, 1), 'message')).n).toBe(2)
  })

  test('end with the tap', async () => {
    await start()
    const id = await begin()
    const next = await read(id)
    await until(next, 'counts')
    await call('DELETE', `taps/${id}`)
    expect(await until(next, 'end')).toEqual({ kind: 'end', why: 'deleted' })
    await expect(next()).rejects.toThrow('It ended.')
  })

  test('are counted where they are not told: over the cap of a node, of all nodes, and lost (TP1)', async () => {
    await start()
    const id = await begin({ perSecond: 5 })
    const node = (name: string, more: Partial<TapBatch>) => ({ node: name as NodeId, ...more })
    tell(many(4), node('node-1', { matched: 10, over: 6, told: 4 }))
    tell(many(4), node('node-2', { matched: 7, over: 0, told: 7 }), 3)
    const { counts } = (await call('GET', `taps/${id}`)).body
    expect(counts).toEqual({ matched: 17, told: 5, over: 9, lost: 3, nodes: ['node-1', 'node-2'] })
  })

  test('are in the order of the world’s clock, whichever node is heard first', async () => {
    await start()
    const id = await begin()
    const at = (ms: number) => message({ at: (ms * 1_000) as Instant, id: `at ${ms}` as MessageId })
    const next = await read(id)
    tell([at(20), at(40)], { node: 'node-2' as NodeId, matched: 2 })
    tell([at(10), at(30)], { node: 'node-1' as NodeId, matched: 2 })
    const heard = []
    while (heard.length < 4) heard.push(await until(next, 'message'))
    expect(heard.map(({ n, id, node }) => [n, id, node])).toEqual([
      [1, 'at 10', 'node-1'],
      [2, 'at 20', 'node-2'],
      [3, 'at 30', 'node-1'],
      [4, 'at 40', 'node-2'],
    ])
  })

  test('are as many as were asked for, and then nobody is asked any more', async () => {
    await start()
    const id = await begin({ total: 3 })
    const next = await read(id)
    tell(many(5))
    for (const n of [1, 2, 3]) expect((await until(next, 'message')).n).toBe(n)
    expect(await until(next, 'end')).toEqual({ kind: 'end', why: 'full' })
    expect(cluster.taps.size).toBe(0)
    expect((await call('GET', `taps/${id}`)).body).toMatchObject({
      isFull: true,
      counts: { told: 3, over: 2 },
    })
  })

  test('that a reader came too late for are told as missed (TP3)', async () => {
    await start()
    const id = await begin({ perSecond: 1_000, total: 100_000 })
    const tap = [...cluster.taps][0]
    const large = message({ bytes: tapsBounds.keptBytesMax / 4 })
    tap?.hear(
      {
        ...{ node: 'node-1' as NodeId, life: 1, run: 1, matched: 6, over: 0, told: 6 },
        messages: Array(6).fill(large),
      },
      0,
    )
    const next = await read(id)
    expect(await until(next, 'missed')).toEqual({ kind: 'missed', missed: 2 })
    expect((await until(next, 'message')).n).toBe(3)
  })

  test('are for so many readers', async () => {
    await start()
    const id = await begin()
    for (let n = 0; n < tapsBounds.readersMax; n += 1) await until(await read(id), 'counts')
    expect((await call('GET', `taps/${id}/messages`)).body.code).toBe('too-many-streams')
  })
})

describe('over the stream', () => {
  test('they come to a page, until the tap ends', async () => {
    await start()
    const id = await begin()
    const page = new Page(gateway.opsUrl)
    pages.push(page)
    await page.hear('welcome')
    page.say('subscribe', `tap:${id}`)
    await page.hear('subscribed')
    const heard = page.said.length
    tell(many(2))
    const messages: ToldMessage[] = []
    let from = heard
    while (messages.length < 2) {
      const words = await page.hear('tapped', from)
      from = page.said.indexOf(words) + 1
      messages.push(...words.messages)
    }
    expect(messages.map(({ n }) => n)).toEqual([1, 2])
    expect(JSON.stringify(messages)).not.toContain('4242')
    await call('DELETE', `taps/${id}`)
    expect(await page.hear('tap-ended')).toEqual({ type: 'tap-ended', tap: id, why: 'deleted' })
  })

  test('a tap that is not there is answered in words', async () => {
    await start()
    const page = new Page(gateway.opsUrl)
    pages.push(page)
    await page.hear('welcome')
    page.say('subscribe', 'tap:nothing')
    expect(await page.hear('error')).toMatchObject({ code: 'unknown-stream' })
  })

  test('a page that has left is no reader any more', async () => {
    await start()
    const id = await begin()
    const come = async (): Promise<Page> => {
      const page = new Page(gateway.opsUrl)
      pages.push(page)
      await page.hear('welcome')
      page.say('subscribe', `tap:${id}`)
      await page.until(() => page.said.some(({ type }) => type === 'subscribed' || type === 'error'))
      return page
    }
    const isIn = ({ said }: Page): boolean => said.some(({ type }) => type === 'subscribed')
    for (let n = 0; n < tapsBounds.readersMax; n += 1) expect(isIn(await come())).toBe(true)
    expect(isIn(await come())).toBe(false)
    const [first, second] = pages
    first?.say('unsubscribe', `tap:${id}`)
    await first?.hear('unsubscribed')
    expect(isIn(await come())).toBe(true)
    second?.socket.terminate()
    // The gateway hears of it when the operating system has told it.
    for (let next = await come(); !isIn(next); next = await come()) {
      next.socket.terminate()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })
})

describe('by itself (TP2)', () => {
  async function ended(bounds: ConstructorParameters<typeof Taps>[1], isRead: boolean): Promise<string> {
    await start()
    const taps = new Taps(cluster, { tellMs: 5, ...bounds })
    const tap = taps.begin({ filter: '', perSecond: 1, total: 1 }, 'olga')
    const why = new Promise<string>((resolve) => {
      if (isRead) tap.follow({ hasRoom: true, tell: () => {}, end: resolve }, 0)
      else tap.stop = new Proxy(tap.stop, { apply: (stop) => [stop(), resolve('nobody')] })
    })
    const said = await why
    expect([taps.all, cluster.taps.size]).toEqual([[], 0])
    return said
  }

  test('a tap ends after its time, whoever reads', async () => {
    expect(await ended({ lifeMs: 50, idleMs: 10 }, true)).toBe('expired')
  })

  test('a tap ends when nobody has read it for a while', async () => {
    expect(await ended({ idleMs: 50 }, false)).toBe('nobody')
  })

  test('a tap ends soon after its last reader has left', async () => {
    await start()
    const taps = new Taps(cluster, { tellMs: 5, leftMs: 20 })
    const tap = taps.begin({ filter: '', perSecond: 1, total: 1 }, 'olga')
    tap.follow({ hasRoom: true, tell: () => {}, end: () => {} }, 0)()
    while (taps.all.length > 0) await new Promise(setImmediate)
    expect(cluster.taps.size).toBe(0)
  })

  test('a tap ends with its gateway, which says so', async () => {
    await start()
    const next = await read(await begin())
    await until(next, 'counts')
    const closed = gateway.close()
    expect(await until(next, 'end')).toEqual({ kind: 'end', why: 'gateway-closes' })
    await closed
    expect(cluster.taps.size).toBe(0)
  })
})
