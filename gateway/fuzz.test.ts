/**
 * Goal:   whatever is sent to a route of either listener, the answer is one that the API knows: never 500, every error a problem with
 *         its code and trace, and the process lives on, no larger than before.
 * Method: the OpenAPI document says what there is to send; fast-check draws requests from its schemas, some of them right,
 *         most of them a little or entirely wrong, for callers of every role. Routes that are added are found by
 *         themselves. `BRIGADE_FUZZ=full` sends 100,000 of them, from a seed of its own.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Message } from '#actor'
import { accountRef, binRef, definitions, ingredients, menuRef, orderRef } from '#actors'
import { Machine } from '#kernel'
import { roles } from './auth/caller.ts'
import { type Gateway, startGateway } from './index.ts'
import { problemSpecs } from './problems.ts'
import { FakeCluster } from './testing/fake-cluster.ts'

const isFull = process.env.BRIGADE_FUZZ === 'full'
const requests = isFull ? 100_000 : 3_000
const limitMs = isFull ? 3_600_000 : 8_000
/** Requests under way together. */
const atOnce = 8
const roundsOfAccounts = 100
const options = {
  numRuns: requests / atOnce,
  interruptAfterTimeLimit: limitMs,
  ...(!isFull && { seed: 20_260_501 }),
}
/** What a stream has sent by then is enough. */
const answerWithinMs = 10_000

type Schema = {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
}
interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly schema: Schema
}
interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}
interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}
interface Said {
  readonly status: number
  readonly type: string
  readonly text: string
}

const weird: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    -1,
    0,
    1e21,
    2 ** 53,
    '',
    '__proto__',
    'constructor',
    '\u0000',
    'a'.repeat(2_000),
    [],
    {},
    null,
  ),
  fc.constant({ ['__proto__']: { polluted: true } }),
)
/** Names of things that there are: without them every order is refused at the door. */
const words = ['caprese', 'greek-salad', 'margherita-pizza', 'tomato', 'main']
/** Of a header: what Node lets through. */
const headerText = fc.string({ unit: fc.constantFrom(...'aZ09-_~."=;,*/\\ W%'), maxLength: 40 })

/** Values that a schema takes; roughly: what it does not say is anything. */
function valuesOf(schema: Schema, document: Document, depth = 0): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    const found = document.components.schemas[name]
    return found === undefined || depth > 6 ? fc.jsonValue() : valuesOf(found, document, depth + 1)
  }
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined) {
    return fc.oneof(...schema.anyOf.map((each) => valuesOf(each, document, depth + 1)))
  }
  const { minimum: min = -1_000, maximum: max = Math.max(min, 100_000) } = schema
  switch (schema.type) {
    case 'string': {
      if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern))
      const minLength = schema.minLength ?? 0
      const any = fc.string({
        minLength,
        maxLength: Math.max(minLength, Math.min(schema.maxLength ?? 30, 60)),
      })
      return fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...words) }, any)
    }
    case 'integer':
      return fc.integer({ min: Math.max(min, -(2 ** 31)), max: Math.min(max, 2 ** 31 - 1) })
    case 'number':
      return fc.double({ min, max, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}, document, depth + 1), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? 4, 4)),
      })
    case 'object': {
      const members = Object.entries(schema.properties ?? {}).map(
        ([name, each]) => [name, valuesOf(each, document, depth + 1)] as const,
      )
      return fc.record(Object.fromEntries(members), { requiredKeys: [...(schema.required ?? [])] })
    }
    default:
      return fc.jsonValue()
  }
}

/** The value with its nth part replaced. */
function spoilt(value: unknown, nth: number, by: unknown): unknown {
  let left = nth
  const walk = (part: unknown): unknown => {
    left -= 1
    if (left === -1) return by
    if (Array.isArray(part)) return part.map(walk)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([name, member]) => [name, walk(member)]))
  }
  return walk(value)
}

function bodiesOf(operation: Operation, document: Document): fc.Arbitrary<string | undefined> {
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema
  const anything = fc.oneof(fc.constant(undefined), weird.map(inJson), fc.string(), fc.json())
  if (schema === undefined) return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, anything)
  const right = valuesOf(schema, document)
  const wrong = fc.tuple(right, fc.nat(12), weird).map(([value, nth, by]) => spoilt(value, nth, by))
  const cut = fc.tuple(right, fc.nat(200)).map(([value, at]) => inJson(value)?.slice(0, at))
  return fc.oneof(
    { weight: 5, arbitrary: right.map(inJson) },
    { weight: 4, arbitrary: wrong.map(inJson) },
    cut,
    anything,
  )
}
const inJson = (value: unknown): string | undefined => JSON.stringify(value)

const inUrl = (value: unknown): string => {
  try {
    return encodeURIComponent(String(value))
  } catch {
    // Half of a surrogate pair has no place in a URL.
    return '%ED%A0%80'
  }
}

/** What requests are drawn with: ids and tokens of orders that there are, and access tokens of every role. */
interface World {
  readonly known: string[]
  tokens: readonly string[]
}

const oneOf = (list: readonly string[], n: number, otherwise: string): string =>
  list[n % Math.max(1, list.length)] ?? otherwise

function requestsOf(document: Document, world: World): fc.Arbitrary<Asked> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const auth = fc.oneof(
    fc.constant({}),
    {
      weight: 6,
      arbitrary: fc.nat().map((n) => ({ authorization: `Bearer ${oneOf(world.tokens, n, 'x')}` })),
    },
    headerText.map((text) => ({ authorization: text })),
    fc.nat().map((n) => ({ 'x-order-token': oneOf(world.known, n, 'x') })),
  )
  const perOperation = operations.map(({ path, method, operation }) => {
    const parameters = operation.parameters ?? []
    const values = parameters.map((parameter) =>
      fc.oneof(
        { weight: 3, arbitrary: valuesOf(parameter.schema, document) },
        { weight: 3, arbitrary: fc.nat().map((n) => oneOf(world.known, n, 'main')) },
        fc.string(),
        weird,
      ),
    )
    const present = parameters.map((parameter) =>
      parameter.in === 'path' ? fc.constant(true) : fc.boolean(),
    )
    const contentType = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.constantFrom(
          ...Object.keys(operation.requestBody?.content ?? { 'application/json': 0 }),
        ),
      },
      fc.constantFrom(
        'application/json',
        'text/plain',
        'application/merge-patch+json',
        'multipart/form-data',
      ),
      headerText,
    )
    return fc
      .record({
        values: fc.tuple(...values),
        present: fc.tuple(...present),
        body: bodiesOf(operation, document),
        contentType,
        auth,
        key: fc.option(fc.oneof(fc.uuid(), headerText), { freq: 8 }),
        condition: fc.oneof(
          fc.constant({}),
          fc.nat(9).map((n) => ({ 'if-match': `"${n}"` })),
          headerText.map((text) => ({
            'if-match': text,
            'if-none-match': text,
            prefer: text,
            traceparent: text,
          })),
        ),
      })
      .map((drawn): Asked => {
        let address = path
        const query: string[] = []
        const headers: Record<string, string> = { ...drawn.auth, ...drawn.condition }
        parameters.forEach((parameter, n) => {
          const value = drawn.values[n]
          if (parameter.in === 'path') address = address.replace(`{${parameter.name}}`, inUrl(value))
          else if (drawn.present[n] !== true) return
          else if (parameter.in === 'query') query.push(`${parameter.name}=${inUrl(value)}`)
          else
            headers[parameter.name] = String(value)
              .replaceAll(/[^\x20-\x7e]/g, '')
              .slice(0, 200)
        })
        if (drawn.key !== null) headers['idempotency-key'] = drawn.key
        if (drawn.body !== undefined) headers['content-type'] = drawn.contentType
        return {
          method,
          path: query.length === 0 ? address : `${address}?${query.join('&')}`,
          headers,
          body: drawn.body,
        }
      })
  })
  return fc.oneof(...perOperation)
}

const agent = new Agent({ keepAlive: true, maxSockets: atOnce })

function send(url: string, { method, path, headers, body }: Asked): Promise<Said> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const asked = request(
      `${url}${path}`,
      { method, headers: { ...headers, ...length }, agent },
      (response) => {
        let text = ''
        const type = String(response.headers['content-type'] ?? '')
        const said = (): void => resolve({ status: response.statusCode ?? 0, type, text })
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          if (type.startsWith('text/event-stream')) asked.destroy()
        })
        response.on('close', said)
        response.on('error', said)
      },
    )
    asked.setTimeout(answerWithinMs, () => asked.destroy(new Error(`no answer within ${answerWithinMs} ms`)))
    asked.on('error', reject)
    asked.end(body)
  })
}

/** The part of the promise that one answer shows. */
function judge({ method, path }: Asked, { status, type, text }: Said): void {
  const what = `${method} ${path} → ${status} ${text.slice(0, 300)}`
  expect(status === 503 || status === 504 || status < 500, what).toBe(true)
  if (status < 400) return
  expect(type, what).toMatch(/^application\/problem\+json/)
  const { code, traceId } = JSON.parse(text) as { readonly code: string; readonly traceId: string }
  expect(Object.hasOwn(problemSpecs, code), what).toBe(true)
  expect(traceId, what).toMatch(/^[0-9a-f]{32}$/)
}

function newCluster(): FakeCluster {
  const cluster = new FakeCluster(
    definitions.map((definition) => ({ definition, machine: new Machine(definition) })),
    { connected: true },
  )
  cluster.deliver(menuRef('main'), { type: 'menu.open' })
  for (const name of Object.keys(ingredients)) {
    cluster.deliver(binRef('main', name), {
      type: 'bin.open',
      opening: 10_000,
      par: 10_000,
      low: 10,
    } as Message)
  }
  return cluster
}

const start = (cluster: FakeCluster): Promise<Gateway> =>
  startGateway({
    client: cluster,
    site: 'main',
    port: 0,
    opsPort: 0,
    accounts: { serviceKey: new Uint8Array(32).fill(7) },
    callbackSecret: 'a-secret-of-both-sides',
    webhookSecret: (webhook, number) => `secret ${number} of ${webhook}`,
    exchangeCard: async ({ number }) => ({
      kind: 'done',
      token: `tok_card_${'0'.repeat(32)}`,
      last4: number.slice(-4),
      brand: 'card',
    }),
    // Nobody plays the actors that a route may wait for.
    config: { 'gateway.request-timeout-ms': 100 },
    // What breaks is found by its status.
    log: { level: 'silent' },
  })

let cluster: FakeCluster
let gateway: Gateway
let document: Document

async function post(url: string, path: string, body: unknown) {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() }
  const said = await send(url, { method: 'POST', path, headers, body: JSON.stringify(body) })
  expect([200, 201], said.text).toContain(said.status)
  return JSON.parse(said.text) as {
    readonly id: string
    readonly orderToken?: string
    readonly accessToken: string
  }
}

/** An account of each role, for their tokens: those of before may be closed or locked by now. */
async function newAccounts(world: World, url = gateway.url, there = cluster): Promise<void> {
  world.tokens = await Promise.all(
    roles.map(async (role) => {
      const credentials = { email: `${randomUUID()}@example.org`, password: 'correct horse battery' }
      const { id } = await post(url, '/api/v1/auth/register', credentials)
      there.deliver(accountRef(id), { type: 'account.set-roles', roles: ['customer', role] } as Message)
      world.known.push(id)
      return (await post(url, '/api/v1/auth/login', credentials)).accessToken
    }),
  )
}

beforeAll(async () => {
  cluster = newCluster()
  gateway = await start(cluster)
  document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as Document
})
afterAll(async () => {
  agent.destroy()
  await gateway.close()
})

test.each(['public', 'operator'] as const)(
  'every %s route answers whatever it is sent, from its schemas and beside them',
  async (listener) => {
    const url = listener === 'public' ? gateway.url : gateway.opsUrl
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document
    const world: World = { known: ['main', ...Object.keys(ingredients).slice(0, 3)], tokens: [] }
    const { known } = world
    const seen = new Map<number, number>()
    const arbitrary = requestsOf(document, world)
    let rounds = 0
    const attempt = async (asked: Asked): Promise<void> => {
      const said = await send(url, asked)
      judge(asked, said)
      seen.set(said.status, (seen.get(said.status) ?? 0) + 1)
      if (said.status !== 201 || known.length > 200) return
      for (const [, id] of said.text.matchAll(/"(?:id|orderToken)":"([^"]{1,100})"/g)) known.push(String(id))
    }
    // Something that there is, to do something wrong to.
    for (const payment of [{}, { payment: { token: 'tok_ok' } }]) {
      const { id, orderToken = '' } = await post(gateway.url, '/api/v1/orders', {
        items: [{ dish: 'caprese', quantity: 1 }],
        ...payment,
      })
      known.push(id, orderToken, orderRef(id))
    }
    await fc.assert(
      fc.asyncProperty(fc.array(arbitrary, { minLength: atOnce, maxLength: atOnce }), async (some) => {
        if (rounds % roundsOfAccounts === 0) await newAccounts(world)
        rounds += 1
        await Promise.all(some.map(attempt))
      }),
      options,
    )
    const health = { method: 'GET', path: '/healthz', headers: {}, body: undefined }
    expect((await send(gateway.url, health)).status).toBe(200)
    // For whoever reads the log of a long run: what came of it.
    if (isFull) console.info([...seen].map(([status, count]) => `${status}: ${count}`).join(', '))
    expect(seen.get(200) ?? 0).toBeGreaterThan(0)
    expect(seen.get(400) ?? 0).toBeGreaterThan(0)
    expect(seen.size).toBeGreaterThan(4)
    expect(({} as { polluted?: true }).polluted).toBeUndefined()
  },
  limitMs + 60_000,
)

describe('bytes that are hardly HTTP', () => {
  const lines = fc.array(
    fc.oneof(
      fc.constantFrom(
        'GET /api/v1/menu HTTP/1.1',
        'POST /api/v1/orders HTTP/1.1',
        'Host: x',
        'Content-Length: 5',
        'Content-Length: -1',
        'Transfer-Encoding: chunked',
        'Content-Type: application/json',
        'Connection: close',
        'Expect: 100-continue',
        'Upgrade: websocket',
        '',
        '5',
        '{"a":',
      ),
      fc.string({ maxLength: 60 }),
    ),
    { maxLength: 12 },
  )
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
    lines.map((list) => Buffer.from(`${list.join('\r\n')}\r\n\r\n`)),
  )

  async function hurl(payload: Buffer): Promise<string> {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.end(payload)
    if (!socket.destroyed) await once(socket, 'close')
    return text
  }

  test(
    'are answered in HTTP or not at all, and the next request is served',
    async () => {
      await fc.assert(
        fc.asyncProperty(bytes, async (payload) => {
          const text = await hurl(payload)
          expect(text === '' || /^HTTP\/1\.1 [1-5]\d\d /.test(text), text.slice(0, 200)).toBe(true)
          expect(text).not.toMatch(/^HTTP\/1\.1 500/)
        }),
        { ...options, numRuns: isFull ? 5_000 : 100, interruptAfterTimeLimit: isFull ? limitMs : 4_000 },
      )
      expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
    },
    limitMs + 60_000,
  )
})

test(
  'nothing of what was asked is kept: the heap is as large after it as before',
  async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const idle = newCluster()
    const alone = await start(idle)
    const world: World = { known: [], tokens: [] }
    await newAccounts(world, alone.url, idle)
    // From now on it keeps nothing either. Tokens are good by their signature alone.
    idle.request = async () => ({ kind: 'unknown' })
    const arbitrary = requestsOf(document, world)
    const run = async (count: number, seed: number): Promise<number> => {
      for (const asked of fc.sample(arbitrary, { numRuns: count, seed }))
        judge(asked, await send(alone.url, asked))
      collect()
      return process.memoryUsage().heapUsed
    }
    const before = await run(150, 1)
    const after = await run(isFull ? 20_000 : 250, 2)
    expect((after - before) / 1_048_576).toBeLessThan(8)
    await alone.close()
  },
  limitMs + 60_000,
)
