import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { flags, flagsRef, inbox, inboxRef, menu, menuRef, notification, notificationRef } from '#actors'
import { Machine } from '#kernel'
import type { Auth } from '../auth/caller.ts'
import { type Gateway, startGateway } from '../index.ts'
import { Problem } from '../problems.ts'
import type { StartValues } from '../settings.ts'
import { bearer, fakeAuth } from '../testing/fake-auth.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'

// Over real sockets, in front of the real machines of the inbox and of its notifications.

const path = '/api/v1/notifications/stream'
let cluster: FakeCluster
let gateway: Gateway
const devices: WebSocket[] = []
/** While it is set, no token is good. */
let hasExpired = false
const auth: Auth = {
  callerOf: async (asked) => {
    if (hasExpired) throw new Problem('token-invalid', 'It has expired.')
    return fakeAuth.callerOf(asked)
  },
}

async function start(config: StartValues = {}): Promise<void> {
  gateway = await startGateway({
    ...{ client: cluster, site: 'main', port: 0, opsPort: 0, auth },
    config: { 'gateway.heartbeat-ms': 500, ...config },
  })
}
async function restart(config: StartValues): Promise<void> {
  await gateway.close()
  await start(config)
}

beforeEach(async () => {
  hasExpired = false
  const types = [flags, inbox, notification, menu].map((definition) => ({
    definition,
    machine: new Machine(definition),
  }))
  cluster = new FakeCluster(types, { connected: true })
  cluster.deliver(menuRef('main'), { type: 'menu.open' })
  await start()
})
afterEach(async () => {
  for (const device of devices.splice(0)) device.terminate()
  await gateway.close()
})

const notify = (account: string, order: string) =>
  cluster.deliver(inboxRef(account), {
    type: 'inbox.notify',
    ...{ id: `${order}.order.ready`, topic: 'ready', event: 'order.ready', order, amount: 2_890 },
  })
const stateOf = async (order: string): Promise<string> => {
  const actor = notificationRef(`${order}.order.ready.push`)
  const outcome = await cluster.request({ actor, body: { kind: 'query', name: 'view' }, timeoutMs: 1_000 })
  return outcome.kind === 'answer' ? (outcome.value as { state: string }).state : outcome.kind
}

interface Words {
  readonly type: string
  readonly id?: string
  readonly notification?: { readonly id: string; readonly title: string; readonly order: string }
}

/** A phone with the app open. */
class Device {
  readonly socket: WebSocket
  readonly #heard: Words[] = []
  #next: (() => void) | undefined
  closed: { code: number; reason: string } | undefined

  constructor(account: string, { query = '', pongs = true } = {}) {
    const headers = query === '' ? bearer(account, 'customer') : {}
    const options = { headers, autoPong: pongs }
    this.socket = new WebSocket(`${gateway.url.replace('http', 'ws')}${path}${query}`, options)
    devices.push(this.socket)
    this.socket.on('message', (data) => {
      this.#heard.push(JSON.parse(String(data)))
      this.#next?.()
    })
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) }
      this.#next?.()
    })
    this.socket.on('error', () => {})
  }

  async next(): Promise<Words | undefined> {
    while (this.#heard.length === 0 && this.closed === undefined)
      await new Promise<void>((resolve) => {
        this.#next = resolve
      })
    return this.#heard.shift()
  }

  async nextOrder(): Promise<string | undefined> {
    return (await this.next())?.notification?.order
  }

  acknowledge(order: string): void {
    this.socket.send(JSON.stringify({ type: 'ack', id: `${order}.order.ready` }))
  }

  async end(): Promise<{ code: number; reason: string }> {
    while (this.closed === undefined) await this.next()
    return this.closed
  }

  /** What stands in the answer to a handshake that was refused. */
  async refusal(): Promise<{ status: number; code: string }> {
    const [, response] = await once(this.socket, 'unexpected-response')
    let text = ''
    for await (const chunk of response) text += String(chunk)
    return { status: response.statusCode, code: JSON.parse(text).code }
  }
}

describe('a device', () => {
  test('is pushed what its account is told, in words, and what it acknowledges was sent', async () => {
    const device = new Device('ada')
    await once(device.socket, 'open')
    notify('bob', 'ord_9')
    notify('ada', 'ord_1')
    expect(await device.next()).toEqual({
      type: 'notification',
      notification: {
        ...{ id: 'ord_1.order.ready', topic: 'ready', event: 'order.ready', order: 'ord_1' },
        ...{ title: 'Your order is ready', text: expect.stringContaining('ord_1') },
        ...{ amount: { amount: 2_890, currency: 'EUR' }, at: expect.any(String) },
      },
    })
    expect(await stateOf('ord_1')).toBe('offered')
    device.acknowledge('ord_1')
    expect(await device.next()).toEqual({ type: 'acknowledged', id: 'ord_1.order.ready' })
    expect(await stateOf('ord_1')).toBe('sent')
  })

  test('that stays is sent each once, and one that comes again what nobody has acknowledged', async () => {
    notify('ada', 'ord_1')
    const first = new Device('ada')
    expect(await first.nextOrder()).toBe('ord_1')
    notify('ada', 'ord_2')
    notify('ada', 'ord_3')
    expect([await first.nextOrder(), await first.nextOrder()]).toEqual(['ord_2', 'ord_3'])
    first.acknowledge('ord_2')
    expect(await first.next()).toMatchObject({ type: 'acknowledged' })
    first.socket.close()
    await first.end()
    const second = new Device('ada')
    expect([await second.nextOrder(), await second.nextOrder()]).toEqual(['ord_1', 'ord_3'])
    notify('ada', 'ord_4')
    expect(await second.nextOrder()).toBe('ord_4')
  })

  test('of an account that reads it in the list is not needed any more', async () => {
    notify('ada', 'ord_1')
    await fetch(`${gateway.url}/api/v1/notifications/ord_1.order.ready`, {
      method: 'PATCH',
      headers: { ...bearer('ada', 'customer'), 'content-type': 'application/merge-patch+json' },
      body: '{"read":true}',
    })
    notify('ada', 'ord_2')
    expect(await new Device('ada').nextOrder()).toBe('ord_2')
    expect(await stateOf('ord_1')).toBe('sent')
  })

  test('that nobody has: the push fails when its time is up', async () => {
    notify('ada', 'ord_1')
    expect(await stateOf('ord_1')).toBe('offered')
    cluster.fire(notificationRef('ord_1.order.ready.push'), {
      type: 'xstate.after.offeredFor.notification.offered',
    })
    expect(await stateOf('ord_1')).toBe('failed')
  })

  test('is let go when it leaves', async () => {
    const device = new Device('ada')
    await once(device.socket, 'open')
    expect(cluster.watchers(inboxRef('ada'))).toBe(1)
    device.socket.terminate()
    while (cluster.watchers(inboxRef('ada')) > 0) await setImmediate()
  })

  test('is told to come back when the gateway closes, and when its acknowledgement is in doubt', async () => {
    notify('ada', 'ord_1')
    const [first, second] = [new Device('ada'), new Device('ada')]
    await Promise.all([first.nextOrder(), second.nextOrder()])
    cluster.answerNext({ kind: 'timeout' })
    first.acknowledge('ord_1')
    expect((await first.end()).code).toBe(1013)
    await gateway.close()
    expect((await second.end()).code).toBe(1001)
  })
})

describe('who may listen', () => {
  test('an account: by header, or with the token in the query', async () => {
    notify('ada', 'ord_1')
    const token = bearer('ada', 'customer').authorization.slice('Bearer '.length)
    expect(await new Device('', { query: `?token=${encodeURIComponent(token)}` }).nextOrder()).toBe('ord_1')
    const nobody = { status: 401, code: 'unauthorized' }
    expect(await new Device('', { query: '?token=x' }).refusal()).toEqual(nobody)
    expect((await fetch(`${gateway.url}${path}`)).status).toBe(401)
  })

  test('for as long as its token is good', async () => {
    const device = new Device('ada')
    await once(device.socket, 'open')
    const stream = await listen('ada')
    hasExpired = true
    expect(await device.end()).toEqual({ code: 1008, reason: 'token-invalid' })
    expect(await stream.rest()).toEqual([])
  })

  test('an account has so many at once, and so has an address', async () => {
    await restart({ 'gateway.streams-of-one-max': 1, 'gateway.streams-from-one-max': 2 })
    const full = { status: 503, code: 'too-many-streams' }
    await once(new Device('ada').socket, 'open')
    expect(await new Device('ada').refusal()).toEqual(full)
    const bob = new Device('bob')
    await once(bob.socket, 'open')
    expect(await new Device('eve').refusal()).toEqual(full)
    bob.socket.terminate()
    while (cluster.watchers(inboxRef('bob')) > 0) await setImmediate()
    await once(new Device('eve').socket, 'open')
  })
})

describe('a frame', () => {
  const bad = [
    ['that is no acknowledgement', '{"type":"hello"}', 1008],
    ['that is no JSON', '{', 1008],
    ['of bytes', Buffer.from('{"type":"ack","id":"x"}'), 1008],
    ['that is too long', JSON.stringify({ type: 'ack', id: 'x'.repeat(2_000) }), 1009],
  ] as const
  for (const [what, frame, code] of bad) {
    test(`${what} ends the line with ${code}`, async () => {
      const device = new Device('ada')
      await once(device.socket, 'open')
      device.socket.send(frame)
      expect((await device.end()).code).toBe(code)
    })
  }

  test('about what was not sent here reaches no inbox, and too many of them end the line', async () => {
    notify('ada', 'ord_1')
    const device = new Device('ada')
    await device.nextOrder()
    const before = cluster.requests.length
    for (let n = 0; n <= 100; n += 1) device.acknowledge('ord_other')
    expect((await device.end()).code).toBe(1008)
    expect(cluster.requests.slice(before).filter(({ body }) => body.kind === 'command')).toEqual([])
  })
})

describe('a reader that does not read', () => {
  test('is cut off when it answers no heartbeat', async () => {
    const device = new Device('ada', { pongs: false })
    expect((await device.end()).code).toBe(1006)
  })

  test('is not answered either: what it is told about its pings does not pile up', async () => {
    await restart({ 'gateway.heartbeat-ms': 60_000 })
    notify('ada', 'ord_1')
    const device = new Device('ada')
    await device.next()
    let pongs = 0
    device.socket.on('pong', () => {
      pongs += 1
    })
    device.socket.pause()
    const pings = 200_000
    for (let n = 0; n < pings; n += 1) device.socket.ping('x'.repeat(125))
    device.acknowledge('ord_1')
    while ((await stateOf('ord_1')) !== 'sent') await setImmediate()
    device.socket.resume()
    expect(await device.next()).toMatchObject({ type: 'acknowledged' })
    // What the system keeps for both ends is several thousands.
    expect(pongs).toBeLessThan(pings / 2)
  })

  test('is not waited for: the others go on, and it is cut off', async () => {
    const lines: string[] = [`GET ${path} HTTP/1.1`, 'host: x', 'accept: text/event-stream']
    lines.push(`authorization: ${bearer('ada', 'customer').authorization}`, '', '')
    const { port, hostname } = new URL(gateway.url)
    const socket = connect(Number(port), hostname)
    socket.pause()
    // Other answers on its connection are before it, and are never read: all that it is told stays here.
    socket.write('GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(400) + lines.join('\r\n'))
    while (cluster.watchers(inboxRef('ada')) === 0) await setImmediate()
    const other = new Device('ada')
    await once(other.socket, 'open')
    for (let n = 0; n < 50; n += 1) notify('ada', `ord_${'x'.repeat(60)}_${n}`)
    for (let n = 0; n < 50; n += 1) expect(await other.nextOrder()).toMatch(/_\d+$/)
    while (cluster.watchers(inboxRef('ada')) > 1) await setImmediate()
    socket.destroy()
  })
})

interface SseEvent {
  readonly id: string
  readonly data: { readonly order: string }
}
async function listen(account: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateway.url}${path}`, {
    headers: { ...bearer(account, 'customer'), accept: 'text/event-stream', ...headers },
  })
  const chunks = (response.body as ReadableStream<Uint8Array>)[Symbol.asyncIterator]()
  let text = ''
  const next = async (): Promise<SseEvent | undefined> => {
    for (;;) {
      const block = /^(?:id: (\d+)\ndata: (.*)|[^\n]*)\n\n/.exec(text)
      if (block === null) {
        const { done, value } = await chunks.next()
        if (done) return undefined
        text += Buffer.from(value).toString()
        continue
      }
      text = text.slice(block[0].length)
      if (block[1] !== undefined) return { id: block[1], data: JSON.parse(block[2] as string) }
    }
  }
  const rest = async (): Promise<readonly SseEvent[]> => {
    const all: SseEvent[] = []
    for (let event = await next(); event !== undefined; event = await next()) all.push(event)
    return all
  }
  return { response, next, rest }
}

describe('a line that was taken over', () => {
  test('is counted once, when it begins', async () => {
    notify('ada', 'ord_1')
    const device = new Device('ada')
    const stream = await listen('ada')
    await Promise.all([device.next(), stream.next()])
    const counted = async (): Promise<readonly string[]> => {
      const text = await (await fetch(`${gateway.url}/metrics`)).text()
      return text.match(/^brigade_http_requests_total.*notifications\/stream.*$/gm) ?? []
    }
    const once = ['101', '200'].map((status) =>
      expect.stringMatching(new RegExp(`method="GET",.*status="${status}"} 1$`)),
    )
    expect((await counted()).toSorted()).toEqual(once)
    hasExpired = true
    await Promise.all([device.end(), stream.rest()])
    expect((await counted()).toSorted()).toEqual(once)
  })
})

describe('while streams are switched off', () => {
  test('there is no stream, in either form', async () => {
    cluster.deliver(flagsRef('main'), {
      type: 'flags.set',
      ...{ flag: 'event-streams', rule: { kind: 'off' }, by: 'ops' },
    })
    for (const accept of ['text/event-stream', '*/*'])
      expect(
        (await fetch(`${gateway.url}${path}`, { headers: { ...bearer('ada', 'customer'), accept } })).status,
      ).toBe(406)
    expect(await new Device('ada').refusal()).toEqual({ status: 406, code: 'not-acceptable' })
  })
})

describe('as Server-Sent Events', () => {
  test('the same comes, and resumes after `Last-Event-ID`', async () => {
    const first = await listen('ada')
    expect(first.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    notify('ada', 'ord_1')
    notify('ada', 'ord_2')
    expect(await first.next()).toMatchObject({ id: '1', data: { order: 'ord_1' } })
    const again = await listen('ada', { 'last-event-id': '1' })
    expect(await again.next()).toMatchObject({ id: '2', data: { order: 'ord_2' } })
  })

  test('another form is 406', async () => {
    const ask = (accept: string) =>
      fetch(`${gateway.url}${path}`, { headers: { ...bearer('ada', 'customer'), accept } })
    expect((await ask('application/json')).status).toBe(406)
  })

  test('an inbox that cannot be reached is a problem, and no stream', async () => {
    cluster.answerNext({ kind: 'timeout' })
    const response = await fetch(`${gateway.url}${path}`, { headers: bearer('ada', 'customer') })
    expect(response.status).toBe(504)
  })
})
