import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Message } from '#actor'
import { menu, menuRef, order, orderRef } from '#actors'
import { Machine } from '#kernel'
import { type Gateway, type GatewayOptions, startGateway } from '../index.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'

const site = 'main'
let cluster: FakeCluster
let gateway: Gateway
let placed: { id: string; orderToken: string; links: { events: string } }

async function start(options: Partial<GatewayOptions> = {}): Promise<void> {
  gateway = await startGateway({ client: cluster, site, port: 0, opsPort: 0, heartbeatMs: 20, ...options })
}

beforeEach(async () => {
  const types = [order, menu].map((definition) => ({ definition, machine: new Machine(definition) }))
  cluster = new FakeCluster(types)
  cluster.deliver(menuRef(site), { type: 'menu.open' })
  await start()
  placed = await place()
})
afterEach(() => gateway.close())

async function place(): Promise<typeof placed> {
  const response = await fetch(`${gateway.url}/api/v1/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
    body: JSON.stringify({ items: [{ dish: 'caprese', quantity: 1 }], payment: { token: 'tok_ok' } }),
  })
  return (await response.json()) as typeof placed
}

/** Requests to the cluster wait until `answer` is called. */
function holdRequests(): { isAsked: Promise<void>; answer: () => void } {
  const request = cluster.request.bind(cluster)
  let answer = (): void => {}
  const gate = new Promise<void>((resolve) => {
    answer = resolve
  })
  const isAsked = new Promise<void>((resolve) => {
    cluster.request = async (asked) => {
      resolve()
      await gate
      return request(asked)
    }
  })
  return { isAsked, answer }
}

/** One connection that asks for all of these at once, and reads nothing. */
function rawGet(path: string, times: number, last?: string): Socket {
  const { port, hostname } = new URL(gateway.url)
  const one = (of: string): string =>
    `GET ${of} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${placed.orderToken}\r\naccept: text/event-stream\r\n\r\n`
  const socket = connect(Number(port), hostname)
  socket.pause()
  socket.write(one(path).repeat(times) + (last === undefined ? '' : one(last)))
  return socket
}

const say = (type: string): unknown => cluster.deliver(orderRef(placed.id), { type })

interface Event {
  readonly id: string
  readonly data: {
    readonly sequence: number
    readonly state: string
    readonly events: readonly string[]
    readonly told?: readonly { readonly title: string; readonly text: string }[]
  }
}

/** A reader of Server-Sent Events, as a browser reads them. */
class Reader {
  readonly response: Response
  readonly #chunks: AsyncIterator<Uint8Array>
  #text = ''
  heartbeats = 0

  constructor(response: Response) {
    this.response = response
    this.#chunks = (response.body as ReadableStream<Uint8Array>)[Symbol.asyncIterator]()
  }

  /** The next event; undefined at the end of the stream. */
  async next(): Promise<Event | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end === -1) {
        const { done, value } = await this.#chunks.next()
        if (done) return undefined
        this.#text += Buffer.from(value).toString()
        continue
      }
      const block = this.#text.slice(0, end)
      this.#text = this.#text.slice(end + 2)
      if (block.startsWith(':')) this.heartbeats += 1
      const id = /^id: (.*)$/m.exec(block)?.[1]
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (id !== undefined && data !== undefined) return { id, data: JSON.parse(data) }
    }
  }

  async rest(): Promise<readonly Event[]> {
    const events: Event[] = []
    for (let event = await this.next(); event !== undefined; event = await this.next()) events.push(event)
    return events
  }
}

const get = (headers: Record<string, string> = {}, query = ''): Promise<Response> =>
  fetch(`${gateway.url}${placed.links.events}${query}`, {
    headers: { authorization: `Bearer ${placed.orderToken}`, accept: 'text/event-stream', ...headers },
  })
const follow = async (headers: Record<string, string> = {}): Promise<Reader> => new Reader(await get(headers))

const way = [
  'reservation.held',
  'payment.captured',
  'reservation.committed',
  'ticket.started',
  'ticket.plating',
  'ticket.plated',
  'order.collect',
]

describe('a stream', () => {
  test('tells what was, then what happens, and ends with the order', async () => {
    const reader = await follow()
    expect(reader.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(reader.response.headers.get('x-request-id')).toMatch(/^req-/)
    const first = await reader.next()
    expect(first).toEqual({
      id: '1',
      data: {
        sequence: 1,
        at: '2026-05-01T18:00:00.000Z',
        message: 'order.place',
        state: 'reserving',
        events: ['order.created'],
        told: [
          {
            title: 'Order received',
            text: `We have your order over 10.50 EUR. Order ${placed.id.slice(-6)}.`,
          },
        ],
      },
    })
    say('reservation.held')
    expect((await reader.next())?.data.state).toBe('paying')
    for (const type of way.slice(1)) say(type)
    const rest = await reader.rest()
    expect(rest.map(({ id }) => id)).toEqual(['3', '4', '5', '6', '7', '8'])
    expect(rest.at(-1)?.data).toMatchObject({ state: 'completed', events: ['order.completed'] })
  })

  test('tells its guest what a notification would, also that money went back', async () => {
    for (const type of way.slice(0, 2)) say(type)
    cluster.deliver(orderRef(placed.id), { type: 'order.cancel' })
    cluster.deliver(orderRef(placed.id), { type: 'payment.settled', refunded: 1_050 } as Message)
    say('reservation.released')
    const events = await (await follow()).rest()
    const titles = events.flatMap(({ data: { told = [] } }) => told.map(({ title }) => title))
    expect(titles).toEqual([
      'Order received',
      'Payment received',
      'Your money is on its way back',
      'Your order is cancelled',
    ])
    expect(events.at(-1)?.data.told).toEqual([
      {
        title: 'Your order is cancelled',
        text: `It will not be made, as you wished. Order ${placed.id.slice(-6)}.`,
      },
    ])
  })

  test('resumes after `Last-Event-ID`', async () => {
    for (const type of way) say(type)
    const reader = await follow({ 'last-event-id': '6' })
    expect((await reader.rest()).map(({ id }) => id)).toEqual(['7', '8'])
  })

  test('with all of a finished order seen, 204 tells a browser to stay away', async () => {
    for (const type of way) say(type)
    const response = await get({ 'last-event-id': '8' })
    expect([response.status, await response.text()]).toEqual([204, ''])
  })

  test('shows that it lives', async () => {
    const reader = await follow()
    await reader.next()
    const next = reader.next()
    while (reader.heartbeats < 2) await setImmediate()
    say('reservation.held')
    expect((await next)?.id).toBe('2')
  })

  test('is let go when its reader leaves', async () => {
    const abort = new AbortController()
    const response = await fetch(`${gateway.url}${placed.links.events}?token=${placed.orderToken}`, {
      headers: { accept: 'text/event-stream' },
      signal: abort.signal,
    })
    await new Reader(response).next()
    expect(cluster.watchers(orderRef(placed.id))).toBe(1)
    abort.abort()
    while (cluster.watchers(orderRef(placed.id)) > 0) await setImmediate()
  })

  test('is not begun for a reader who has left before', async () => {
    const { isAsked, answer } = holdRequests()
    const socket = rawGet(placed.links.events, 1)
    await isAsked
    socket.destroy()
    await once(socket, 'close')
    // Two round trips later the gateway has seen it too.
    for (const _ of [1, 2]) await (await fetch(`${gateway.url}/healthz`)).text()
    answer()
    await (await get({ accept: 'application/json' })).text()
    expect(cluster.watchers(orderRef(placed.id))).toBe(0)
  })

  test('that has ended is written to no more, though its reader has read nothing yet', async () => {
    const [mine, others] = [placed, await place()]
    for (const type of way) say(type)
    const errors: unknown[] = []
    const onError = (error: unknown): unknown => errors.push(error)
    process.on('uncaughtException', onError)
    // Far more than the connection buffers: what is answered last stays here.
    const socket = rawGet('/openapi.json', 400, mine.links.events)
    placed = others
    const reader = await follow()
    await reader.next()
    const next = reader.next()
    while (reader.heartbeats < 4) await setImmediate()
    say('order.cancel')
    await next
    socket.destroy()
    process.off('uncaughtException', onError)
    expect(errors).toEqual([])
  })

  test('that resumes after an event that never was goes on with the next one', async () => {
    const reader = await follow({ 'last-event-id': '999' })
    for (const type of way) say(type)
    expect((await reader.rest()).map(({ id }) => id)).toEqual(['2', '3', '4', '5', '6', '7', '8'])
  })

  test('ends when the gateway closes', async () => {
    const reader = await follow()
    await reader.next()
    await gateway.close()
    expect(await reader.rest()).toEqual([])
  })

  test('more of them than there may be are refused', async () => {
    await gateway.close()
    await start({ streamsMax: 1 })
    const reader = await follow()
    await reader.next()
    const refused = await get()
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      503,
      'too-many-streams',
    ])
  })
})

describe('E4: one guest does not take all streams', () => {
  const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code

  test('one order has so many, and another its own', async () => {
    await gateway.close()
    await start({ config: { 'gateway.streams-of-one-max': 1 } })
    await (await follow()).next()
    expect(await codeOf(await get())).toBe('too-many-streams')
    placed = await place()
    expect((await (await follow()).next())?.id).toBe('1')
  })

  test('one address has so many, whatever it follows', async () => {
    await gateway.close()
    await start({ config: { 'gateway.streams-from-one-max': 1 } })
    await (await follow()).next()
    placed = await place()
    expect(await codeOf(await get())).toBe('too-many-streams')
  })
})

test('there is no HEAD of a stream, which would never end', async () => {
  const response = await fetch(`${gateway.url}${placed.links.events}?token=${placed.orderToken}`, {
    method: 'HEAD',
  })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET'])
})

describe('who may follow', () => {
  test('the token may stand in the query, and nowhere else may it be left out', async () => {
    const url = `${gateway.url}${placed.links.events}`
    const headers = { accept: 'application/json' }
    expect((await fetch(`${url}?token=${placed.orderToken}`, { headers })).status).toBe(200)
    expect((await fetch(`${url}?token=x`, { headers })).status).toBe(401)
    expect((await fetch(url, { headers })).status).toBe(401)
  })
})

describe('a page', () => {
  test('has the newest first, and leads on with a signed cursor', async () => {
    for (const type of way) say(type)
    const pages: number[][] = []
    let query = '?limit=3'
    while (query !== '') {
      const response = await get({ accept: 'application/json' }, query)
      const page = (await response.json()) as { items: { sequence: number }[]; nextCursor?: string }
      pages.push(page.items.map(({ sequence }) => sequence))
      const link = response.headers.get('link')
      expect(link === null).toBe(page.nextCursor === undefined)
      query = link === null ? '' : (/\?[^>]*/.exec(link)?.[0] ?? '')
    }
    expect(pages).toEqual([
      [8, 7, 6],
      [5, 4, 3],
      [2, 1],
    ])
  })

  test('has the names of the API, and a deadline of the order itself is its timer', async () => {
    const records = await cluster.history(orderRef(placed.id), { limit: 1 })
    const types = ['xstate.after.payDeadline.order.paying', 'order.pay', 'reservation.held']
    cluster.history = async () =>
      records.flatMap((record) => types.map((type) => ({ ...record, message: { type } })))
    const { items } = (await (await get({ accept: 'application/json' })).json()) as {
      items: { message: string }[]
    }
    expect(items.map(({ message }) => message)).toEqual(['timer', 'payment.authorize', 'reservation.held'])
  })

  const badQueries = [
    ['?limit=0', 'validation'],
    ['?limit=201', 'validation'],
    ['?limit=many', 'validation'],
    ['?colour=red', 'validation'],
    [`?cursor=${'x'.repeat(30)}`, 'invalid-cursor'],
  ] as const
  for (const [query, code] of badQueries) {
    test(`${query} is 400 ${code}`, async () => {
      const response = await get({ accept: 'application/json' }, query)
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, code])
    })
  }

  test('a form that does not exist is 406', async () => {
    expect((await get({ accept: 'text/html' })).status).toBe(406)
  })
})
