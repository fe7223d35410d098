import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { definitions, menuRef } from '#actors'
import { Machine } from '#kernel'
import { makeCertificates, tlsOf } from '../bin/certificates.ts'
import { type Auth, type Gateway, type GatewayOptions, startGateway } from './index.ts'
import { bearer, fakeAuth } from './testing/fake-auth.ts'
import { FakeCluster } from './testing/fake-cluster.ts'

// What clients do that no library does for them, byte by byte.

const h2c = 'connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n'
const shake = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n'
const key = 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const asAda = `authorization: ${bearer('ada', 'customer').authorization}\r\n`
const stream = '/api/v1/notifications/stream'
const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\n${headers}\r\n`

const folder = mkdtempSync(join(tmpdir(), 'brigade-upgrades-'))
let tls: NonNullable<GatewayOptions['tls']>
let ca: string
beforeAll(async () => {
  const files = await makeCertificates(join(folder, 'certs'))
  tls = tlsOf(files.cert, files.key)
  ca = readFileSync(files.ca, 'utf8')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A client that hangs up only when it is told to. */
class Client {
  text = ''
  isClosed = false
  readonly #socket: Socket

  constructor(url: string) {
    const { port, hostname: host, protocol } = new URL(url)
    const to = { port: Number(port), host, allowHalfOpen: true }
    this.#socket = protocol === 'https:' ? connectTls({ ...to, ca }) : connect(to)
    this.#socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1')
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.isClosed = true
    })
  }

  say(text: string): void {
    this.#socket.write(text)
  }

  get statuses(): readonly string[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status as string)
  }

  async answers(count: number): Promise<readonly string[]> {
    while (this.statuses.length < count && !this.isClosed) await setImmediate()
    return this.statuses
  }

  /** Who talks to a connection that is gone is told so. */
  async closed(): Promise<void> {
    while (!this.isClosed) {
      this.say('still here')
      await setImmediate()
    }
  }

  hangUp(): void {
    this.#socket.destroy()
  }
}

for (const scheme of ['http', 'https'] as const) {
  describe(`over ${scheme}, an upgrade`, () => {
    let gateway: Gateway
    let auth: Auth
    const clients: Client[] = []
    beforeEach(async () => {
      auth = fakeAuth
      const types = definitions.map((definition) => ({ definition, machine: new Machine(definition) }))
      const cluster = new FakeCluster(types, { connected: true })
      cluster.deliver(menuRef('main'), { type: 'menu.open' })
      gateway = await startGateway({
        ...{ client: cluster, site: 'main', port: 0, opsPort: 0 },
        auth: { callerOf: (asked) => auth.callerOf(asked) },
        ...(scheme === 'https' && { tls }),
      })
    })
    afterEach(async () => {
      for (const client of clients.splice(0)) client.hangUp()
      await gateway.close()
    })
    const asked = (text: string): Client => {
      const client = new Client(gateway.url)
      clients.push(client)
      client.say(text)
      return client
    }

    test('to HTTP/2, which some clients offer each time, is passed over: the request is answered, body and all', async () => {
      const body = '{"items":[{"dish":"no-such-dish","quantity":1}]}'
      const of = `content-type: application/json\r\ncontent-length: ${body.length}\r\n`
      const client = asked(`POST /api/v1/quotes HTTP/1.1\r\nhost: x\r\n${h2c}${of}\r\n${body}`)
      await client.answers(1)
      while (!client.text.includes('no-such-dish')) await setImmediate()
      expect(client.statuses).toEqual([expect.stringMatching(/^4\d\d$/)])
    })

    test('to HTTP/2 is passed over as often as it is offered, also by who does not wait for answers', async () => {
      const warnings: string[] = []
      const note = ({ message }: Error): void => void warnings.push(message)
      process.on('warning', note)
      const client = asked(get('/api/v1/menu', h2c).repeat(3))
      for (let n = 3; n < 30; n += 1) {
        expect(await client.answers(n)).toHaveLength(n)
        client.say(get('/api/v1/menu', h2c))
      }
      expect(await client.answers(30)).toEqual(Array(30).fill('200'))
      await setImmediate()
      process.off('warning', note)
      expect(warnings).toEqual([])
    })

    test('of a route that is none is answered as ever, whatever its length', async () => {
      const client = asked(get('/docs/static/swagger-ui-bundle.js', shake + key))
      await client.answers(1)
      while (!/\r\n\r\n/.test(client.text)) await setImmediate()
      const length = Number(/content-length: (\d+)/i.exec(client.text)?.[1])
      expect(length).toBeGreaterThan(100_000)
      while (client.text.length < length) await setImmediate()
      expect(client.statuses).toEqual(['200'])
      // Not a handshake: no key.
      expect(await asked(get(stream, shake)).answers(1)).toEqual(['401'])
    })

    test('that is asked for before the answer to what came before it waits for that answer', async () => {
      const client = asked(get('/api/v1/menu') + get(stream, shake + key + asAda))
      expect(await client.answers(2)).toEqual(['200', '101'])
    })

    test('that is refused is the end of its connection, whether or not the other side hangs up', async () => {
      const client = asked(get(stream, shake + key))
      expect(await client.answers(1)).toEqual(['401'])
      await client.closed()
    })

    test('that is taken while the gateway closes is ended with it', async () => {
      const asking = new Promise<() => void>((resolve) => {
        auth = {
          callerOf: async (who) => {
            await new Promise<void>((known) => resolve(known))
            return fakeAuth.callerOf(who)
          },
        }
      })
      const client = asked(get(stream, shake + key + asAda))
      const known = await asking
      const closed = gateway.close()
      known()
      await closed
      await client.closed()
    })
  })
}
