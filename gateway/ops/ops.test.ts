import { request as httpRequest } from 'node:http'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { definitions, menu, menuRef, officeActors, operationRef, order } from '#actors'
import { Machine } from '#kernel'
import type { Epoch, MessageId, NodeId, Outcome, ShardId } from '#ports'
import type { CommandOutcome, NodeView } from '../cluster-client.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../index.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'

const site = 'main'
const token = 'a-token-of-enough-length'
const menuPath = `/ops/v1/actors/${encodeURIComponent(menuRef(site))}`
let cluster: FakeCluster
let gateway: Gateway | undefined
let assertDescribed: ReturnType<typeof contractOf>

const node = (id: string, group: string): NodeView => ({
  id: id as NodeId,
  group,
  state: 'up',
  life: 2,
  address: 'ws://127.0.0.1:7001',
  pid: 77,
  shardsOwned: 1,
  counters: { turns: 12 },
  gauges: { actors: 3 },
  latencies: {
    commit: { count: 1, sumMs: 2, maxMs: 2, p50Ms: 2, p95Ms: 2, p99Ms: 2, boundsMs: [5], buckets: [1] },
  },
})

const waitsFor = { type: 'payment', needs: '2', has: '1' }

// Most tests share one gateway. One that changes what others rely on says so.
let isSpoilt = true

async function fresh(options: Partial<GatewayOptions> = {}): Promise<void> {
  await gateway?.close()
  const types = [order, menu, ...officeActors].map((definition) => ({
    definition,
    machine: new Machine(definition),
  }))
  cluster = new FakeCluster(types)
  cluster.deliver(menuRef(site), { type: 'menu.open' })
  cluster.view = {
    ...cluster.view,
    nodes: [node('node-1', 'all'), node('edge-1', 'edge')],
    shards: [
      { shard: 'orders.0' as ShardId, epoch: 4 as Epoch, owner: 'node-1' as NodeId },
      { shard: 'orders.1' as ShardId, epoch: 0 as Epoch },
      ...['till.0', 'till.1'].map((shard) => ({ shard: shard as ShardId, epoch: 2 as Epoch, waitsFor })),
    ],
  }
  gateway = await startGateway({ client: cluster, site, port: 0, opsPort: 0, ...options })
  const headers: Record<string, string> = options.token ? { authorization: `Bearer ${options.token}` } : {}
  assertDescribed = contractOf(await (await fetch(`${gateway.opsUrl}/openapi.json`, { headers })).json())
}
async function spoil(options?: Partial<GatewayOptions>): Promise<void> {
  isSpoilt = true
  await fresh(options)
}

beforeEach(async () => {
  if (isSpoilt) await fresh()
  isSpoilt = false
  cluster.answerCommands({ kind: 'accepted' })
  cluster.commands.length = 0
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
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${gateway?.opsUrl}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  assertDescribed(response, method, path, answer)
  return { status: response.status, headers: response.headers, body: answer }
}

describe('the time of a live cluster', () => {
  test.each([
    ['GET', 'time', undefined],
    ['POST', 'time/pause', undefined],
    ['POST', 'time/resume', undefined],
    ['POST', 'time/step', { by: 'turn' }],
    ['PUT', 'time/speed', { speed: 60 }],
    ['POST', 'time/seek', { to: '1970-01-01T19:30:00Z' }],
    ['POST', 'forks', undefined],
  ])('is not to be turned: %s %s says how one is started whose time is', async (method, path, body) => {
    const answer = await call(method, `/ops/v1/${path}`, body)
    expect(answer).toMatchObject({ status: 409, body: { code: 'real-time-mode' } })
    expect(answer.body.detail).toContain('brigade up --sim')
  })
})

describe('seeing the cluster', () => {
  test('its members, its clock and what nobody owns', async () => {
    const { status, body } = await call('GET', '/ops/v1/cluster')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      world: { now: '2026-05-01T18:00:00.000Z', speed: 1, isSimulated: false },
      shards: { total: 4, unowned: 1, waiting: [{ ...waitsFor, shards: 2 }] },
      nodes: [
        { id: 'node-1', counters: { turns: 12 }, latencies: { commit: { p95Ms: 2, buckets: [1] } } },
        { id: 'edge-1' },
      ],
    })
  })

  test('one node, or that there is none of this name', async () => {
    expect((await call('GET', '/ops/v1/nodes')).body.items).toHaveLength(2)
    expect((await call('GET', '/ops/v1/nodes/node-1')).body).toMatchObject({ id: 'node-1', pid: 77, life: 2 })
    expect((await call('GET', '/ops/v1/nodes/node-9')).status).toBe(404)
    expect((await call('GET', '/ops/v1/nodes/no%20node')).status).toBe(400)
  })

  test('every shard with its owner', async () => {
    expect((await call('GET', '/ops/v1/shards')).body.items).toEqual([
      { shard: 'orders.0', epoch: 4, owner: 'node-1' },
      { shard: 'orders.1', epoch: 0 },
      { shard: 'till.0', epoch: 2, waitsFor },
      { shard: 'till.1', epoch: 2, waitsFor },
    ])
  })
})

describe('commanding nodes', () => {
  const commands = [
    ['/ops/v1/nodes/node-1/crash', undefined, { kind: 'crash', node: 'node-1' }],
    ['/ops/v1/nodes/node-1/resume', undefined, { kind: 'resume', node: 'node-1' }],
    ['/ops/v1/nodes/node-1/cordon', undefined, { kind: 'cordon', node: 'node-1' }],
    ['/ops/v1/nodes/node-1/uncordon', undefined, { kind: 'uncordon', node: 'node-1' }],
    ['/ops/v1/nodes/node-1/pause', undefined, { kind: 'pause', node: 'node-1' }],
    ['/ops/v1/nodes/node-1/pause', { forMs: 500 }, { kind: 'pause', node: 'node-1', forMs: 500 }],
    ['/ops/v1/nodes/node-1/drain', undefined, { kind: 'drain', node: 'node-1', force: false }],
    ['/ops/v1/nodes/node-1/drain', { force: true }, { kind: 'drain', node: 'node-1', force: true }],
    ['/ops/v1/nodes', { group: 'all' }, { kind: 'add-node', group: 'all' }],
  ] as const
  for (const [path, body, command] of commands) {
    test(`POST ${path} ${JSON.stringify(body) ?? ''} is ${command.kind}, begun`, async () => {
      const { status, body: answer } = await call('POST', path, body)
      expect([status, answer.accepted]).toEqual([202, true])
      expect(cluster.commands).toEqual([command])
    })
  }

  test('new nodes are named, and the operation is done when they are up', async () => {
    cluster.answerCommands({ kind: 'accepted', nodes: ['node-4', 'node-5'] as NodeId[] })
    const { headers, body } = await call('POST', '/ops/v1/nodes', { group: 'all', count: 2 })
    expect(cluster.commands).toEqual([{ kind: 'add-node', group: 'all', count: 2 }])
    expect(body).toMatchObject({ node: 'node-4', nodes: ['node-4', 'node-5'] })
    expect(headers.get('location')).toBe(`/ops/v1/operations/${body.operation}`)
    const operation = await call('GET', `/ops/v1/operations/${body.operation}`)
    expect(operation.body).toMatchObject({
      state: 'running',
      what: 'POST /ops/v1/nodes',
      target: 'all',
      by: 'loopback',
      progress: { done: 0, total: 2 },
    })
  })

  test('an operation ends when its effect was seen, and all of them are listed', async () => {
    const { body } = await call('POST', '/ops/v1/nodes/node-1/drain')
    const path = `/ops/v1/operations/${body.operation}`
    const look = { type: 'call.done', call: 'look-0', result: { atMs: 0, nodes: [] } }
    expect((await call('GET', path)).body.state).toBe('running')
    cluster.fire(operationRef(body.operation), look)
    const { body: done } = await call('GET', path)
    expect([done.state, done.progress, typeof done.endedAt]).toEqual([
      'done',
      { done: 1, total: 1 },
      'string',
    ])
    const { body: all } = await call('GET', '/ops/v1/operations')
    expect(all.items).toContainEqual({ id: body.operation, state: 'done', at: expect.any(String) })
    expect((await call('GET', '/ops/v1/operations/op_0')).status).toBe(404)
  })

  test('a rolling restart is of every node that runs', async () => {
    const { body } = await call('POST', '/ops/v1/cluster/rolling-restart')
    expect(cluster.commands).toEqual([{ kind: 'rolling-restart' }])
    const { body: operation } = await call('GET', `/ops/v1/operations/${body.operation}`)
    expect([operation.state, operation.progress.total]).toEqual(['running', 2])
  })

  test('a command that comes again with its key is not carried out again', async () => {
    const again = () => call('POST', '/ops/v1/nodes/node-1/crash', undefined, { 'idempotency-key': 'once' })
    const [first, second] = [await again(), await again()]
    expect([second.status, second.body.operation]).toEqual([202, first.body.operation])
    expect(second.headers.get('idempotent-replayed')).toBe('true')
    expect(cluster.commands).toHaveLength(1)
    const other = await call('POST', '/ops/v1/nodes/node-2/crash', undefined, { 'idempotency-key': 'once' })
    expect(other.body.operation).not.toBe(first.body.operation)
  })

  test('a command that is refused leaves an operation that failed, and says why', async () => {
    cluster.answerCommands({ kind: 'refused', reason: 'last-node', detail: 'It is the last.' })
    const answer = await call('POST', '/ops/v1/nodes/node-1/drain')
    const { body } = await call('GET', `${answer.headers.get('location')}`)
    expect([answer.status, body.state, body.detail]).toEqual([409, 'failed', 'It is the last.'])
  })

  test('what should hold at any time is told, and what does not', async () => {
    const { body } = await call('GET', '/ops/v1/invariants')
    const broken = body.items.filter(({ holds }: { holds: boolean }) => !holds)
    expect(body.items.length).toBeGreaterThan(4)
    expect(broken.map(({ id }: { id: string }) => id)).toEqual(['no-shard-waits-for-a-build'])
    // For as long as a recovery may take, shards are on their way.
    expect(body.items[0]).toMatchObject({ id: 'every-shard-owned', holds: true })
    expect(body.items[0].detail).toMatch(/1 of \d+ are on their way to another owner/)
  })

  const refusals: readonly (readonly [CommandOutcome, number, string])[] = [
    [{ kind: 'unknown-node', node: 'node-1' as NodeId }, 404, 'not-found'],
    [{ kind: 'refused', reason: 'last-node', detail: 'It is the last of its group.' }, 409, 'last-node'],
    [{ kind: 'refused', reason: 'node-gone', detail: 'It was ended after 1 s.' }, 409, 'node-gone'],
    [{ kind: 'refused', reason: 'unsupported', detail: 'No launcher.' }, 409, 'unsupported'],
    [{ kind: 'failed', detail: 'No answer of the launcher.' }, 500, 'command-failed'],
  ]
  for (const [outcome, status, code] of refusals) {
    test(`refused: ${code} is ${status}`, async () => {
      cluster.answerCommands(outcome)
      const { body, ...answer } = await call('POST', '/ops/v1/nodes/node-1/drain')
      expect([answer.status, body.code]).toEqual([status, code])
    })
  }

  test('a group that is not there, and one that is full', async () => {
    cluster.answerCommands({ kind: 'unknown-group', group: 'gpu', known: ['kitchen', 'edge'] })
    const { status, body } = await call('POST', '/ops/v1/nodes', { group: 'gpu' })
    expect([status, body.detail]).toEqual([404, "There is no group 'gpu'. Groups: kitchen, edge."])
    cluster.answerCommands({ kind: 'refused', reason: 'node-limit', detail: 'At most 3.' })
    expect((await call('POST', '/ops/v1/nodes', { group: 'all' })).body.code).toBe('node-limit')
  })

  const wrong = [
    ['/ops/v1/nodes/node-1/pause', { forMs: '5' }],
    ['/ops/v1/nodes/node-1/pause', { forMs: 0 }],
    ['/ops/v1/nodes/node-1/drain', { force: 1 }],
    ['/ops/v1/nodes/node-1/drain', { hard: true }],
    ['/ops/v1/nodes', {}],
    ['/ops/v1/nodes', { group: 'a b' }],
  ] as const
  for (const [path, body] of wrong) {
    test(`POST ${path} ${JSON.stringify(body)} is 400 and does nothing`, async () => {
      const { status, body: problem } = await call('POST', path, body)
      expect([status, problem.code, problem.errors.length > 0]).toEqual([400, 'validation', true])
      expect(cluster.commands).toEqual([])
    })
  }
})

describe('operating actors', () => {
  test('they are listed page by page, and the cursor fits its own list alone', async () => {
    await spoil()
    cluster.deliver(menuRef('b'), { type: 'menu.open' })
    cluster.deliver(menuRef('c'), { type: 'menu.open' })
    const first = await call('GET', '/ops/v1/actors?type=menu&limit=2')
    expect(first.body.items.map(({ id }: { id: string }) => id)).toEqual(['menu/b', 'menu/c'])
    expect(first.headers.get('link')).toContain('rel="next"')
    const cursor = encodeURIComponent(first.body.nextCursor)
    const second = await call('GET', `/ops/v1/actors?type=menu&limit=2&cursor=${cursor}`)
    expect(second.body).toMatchObject({
      items: [{ id: 'menu/main', status: 'live', state: 'published', version: 1 }],
    })
    expect(second.body.nextCursor).toBeUndefined()
    const other = await call('GET', `/ops/v1/actors?type=order&limit=2&cursor=${cursor}`)
    expect([other.status, other.body.code]).toEqual([400, 'invalid-cursor'])
  })

  test('they are listed by what is stored of them', async () => {
    const ids = async (query: string) =>
      (await call('GET', `/ops/v1/actors?${query}`)).body.items.map(({ id }: { id: string }) => id)
    expect(await ids('type=menu&path=ai')).toEqual(['menu/main'])
    expect(await ids('path=nu%2Fma&state=published&status=live')).toEqual(['menu/main'])
    expect(await ids('type=menu&state=new')).toEqual([])
    expect(await ids('type=menu&status=stopped')).toEqual([])
    expect((await call('GET', '/ops/v1/actors?status=asleep')).status).toBe(400)
  })

  test('one of them shows its inside, its mailbox and its journal', async () => {
    const snapshot = await call('GET', `${menuPath}/snapshot`)
    expect(snapshot.body).toMatchObject({
      id: 'menu/main',
      version: 1,
      state: 'published',
      inside: { status: 'live' },
    })
    expect((await call('GET', `${menuPath}/mailbox`)).body).toEqual({ id: 'menu/main', depth: 0, items: [] })
    const journal = await call('GET', `${menuPath}/journal`)
    expect(journal.body.items).toMatchObject([
      { sequence: 1, message: { type: 'menu.open' }, state: 'published', events: [{ type: 'menu.changed' }] },
    ])
  })

  test('its journal tells its context after each turn, to who asks', async () => {
    await spoil()
    await call('POST', `${menuPath}/messages`, {
      message: { type: 'menu.avail', dish: 'caprese', available: false },
    })
    const plain = await call('GET', `${menuPath}/journal`)
    expect(plain.body.items.map((turn: object) => 'context' in turn)).toEqual([false, false])
    const { body } = await call('GET', `${menuPath}/journal?contexts=true`)
    const editions = body.items.map(({ context }: { context: { edition: number } }) => context.edition)
    expect(editions).toEqual([2, 1])
    const { body: now } = await call('GET', `${menuPath}/snapshot`)
    expect(body.items[0].context).toEqual(now.inside.context)
    // A page of older turns begins at the first turn all the same.
    const latest = await call('GET', `${menuPath}/journal?contexts=true&limit=1`)
    expect(latest.body.items[0].context).toEqual(now.inside.context)
  })

  test('one that never was is 404, and a name that is none is 400', async () => {
    expect((await call('GET', '/ops/v1/actors/menu%2Fnowhere/snapshot')).status).toBe(404)
    expect((await call('GET', '/ops/v1/actors/nonsense/snapshot')).status).toBe(400)
  })

  test('a message does what it does, and says so', async () => {
    await spoil()
    const avail = { message: { type: 'menu.avail', dish: 'caprese', available: false } }
    const { status, body } = await call('POST', `${menuPath}/messages`, avail)
    expect([status, body]).toEqual([
      202,
      { state: 'published', version: 2, reply: { type: 'menu.edition', edition: 2 } },
    ])
  })

  test('one that the actor does not take now is 409, with those that it would', async () => {
    const { status, body } = await call('POST', `${menuPath}/messages`, { message: { type: 'menu.publish' } })
    expect([status, body.code, body.currentState]).toEqual([409, 'event-not-accepted', 'published'])
    expect(body.allowedEvents).toContain('menu.edit')
  })

  test('one outside its contract is 400, one of the runtime is 403', async () => {
    const odd = await call('POST', `${menuPath}/messages`, { message: { type: 'menu.burn' } })
    expect([odd.status, odd.body.code]).toEqual([400, 'validation'])
    const forged = await call('POST', `${menuPath}/messages`, { message: { type: 'call.done' } })
    expect([forged.status, forged.body.code]).toEqual([403, 'forged-message'])
    expect(cluster.requests).toHaveLength(1)
  })

  for (const kind of ['restart', 'stop', 'start']) {
    test(`${kind} goes to the actor`, async () => {
      const { status } = await call('POST', `${menuPath}/${kind}`)
      expect([status, cluster.requests.at(-1)?.body]).toEqual([202, { kind: 'operate', command: { kind } }])
    })
  }
})

test('the supervision tree is told, each group with the one outside it', async () => {
  const { status, body } = await call('GET', '/ops/v1/supervision')
  expect(status).toBe(200)
  expect(body.items[0]).toMatchObject({ name: 'restaurant', decides: 'restart', types: [] })
  expect(body.items).toContainEqual(
    expect.objectContaining({
      name: 'station',
      outer: 'kitchen',
      strategy: 'rest-for-one',
      types: ['station', 'cook'],
    }),
  )
  const all = body.items.flatMap(({ types }: { readonly types: readonly string[] }) => types)
  expect(all.toSorted()).toEqual(definitions.map(({ type }) => type).toSorted())
})

describe('the machines', () => {
  test('each type has a chart, as JSON and as text', async () => {
    const { body: types } = await call('GET', '/ops/v1/machines')
    expect(types.looks.map(({ type }: { readonly type: string }) => type)).toEqual(types.items)
    expect(types.looks).toContainEqual(
      expect.objectContaining({
        type: 'order',
        glyph: 'docket',
        undone: expect.arrayContaining(['refunding']),
      }),
    )
    expect(types.items).toEqual(definitions.map(({ type }) => type))
    for (const type of types.items) {
      const { status, body } = await call('GET', `/ops/v1/machines/${type}`)
      expect([type, status]).toEqual([type, 200])
      const ids = body.states.map(({ id }: { id: string }) => id)
      for (const { transitions } of body.states) {
        for (const { targets } of transitions) expect(ids).toEqual(expect.arrayContaining(targets))
      }
      expect(body.scxml.match(/<(state|final|parallel) /g)?.length ?? 0).toBe(ids.length - 1)
    }
    expect((await call('GET', '/ops/v1/machines/spoon')).status).toBe(404)
  })

  test('the chart of the menu', async () => {
    const { body } = await call('GET', '/ops/v1/machines/menu')
    expect(body).toMatchObject({ type: 'menu', version: '1', creates: ['menu.open'] })
    const published = body.states.find(({ id }: { id: string }) => id === 'published')
    expect(published.transitions).toContainEqual({
      event: 'menu.edit',
      targets: ['editing'],
      actions: ['assign'],
    })
    expect(body.scxml).toContain('<transition event="menu.edit" target="editing"/>')
  })

  test('the chart of an order tells enough to draw it, and to send it something', async () => {
    const { body } = await call('GET', '/ops/v1/machines/order')
    const of = (one: string) => body.states.find(({ id }: { id: string }) => id === one)
    expect([body.glyph, of('paying.charging').class, of('paying').class]).toEqual([
      'docket',
      'waiting',
      undefined,
    ])
    expect(of('refunding')).toMatchObject({ class: 'working', undone: true })
    expect(of('refunding').transitions).toContainEqual({
      event: 'xstate.after.askAgain.order.refunding',
      after: { delay: 'askAgain', ms: expect.any(Number) },
      targets: ['refunding'],
      reenter: true,
      actions: [],
    })
    expect(of('paying.deciding').transitions).toMatchObject([
      { event: '', guard: 'hasToken', targets: ['paying.charging'] },
      { event: '', targets: ['paying.awaiting'] },
    ])
    expect(body.messages.map(({ type }: { type: string }) => type)).toEqual(body.accepts)
    const pay = body.messages.find(({ type }: { type: string }) => type === 'order.pay')
    expect(pay.schema).toMatchObject({
      required: ['type', 'token'],
      properties: { token: { type: 'string' } },
    })
  })
})

describe('dead letters', () => {
  beforeEach(() => {
    cluster.letters = [
      {
        actor: menuRef(site),
        row: 17,
        id: 'm.1' as MessageId,
        message: 'menu.put',
        reason: 'failed',
        detail: 'five attempts',
        at: cluster.now,
        replays: 0,
      },
    ]
  })

  test('are listed with their reason, and replayed by their id', async () => {
    const { body } = await call('GET', '/ops/v1/dead-letters')
    expect(body.items).toMatchObject([{ id: '17:menu/main', reason: 'failed', detail: 'five attempts' }])
    cluster.answerNext({ kind: 'done', state: null, version: 0 })
    const replay = await call('POST', `/ops/v1/dead-letters/${encodeURIComponent(body.items[0].id)}/replay`)
    expect(replay.status).toBe(202)
    expect(cluster.requests.at(-1)).toMatchObject({
      actor: 'menu/main',
      body: { kind: 'operate', command: { kind: 'replay', row: 17 } },
    })
  })

  const refusals: readonly (readonly [Outcome, number, string])[] = [
    [{ kind: 'unknown' }, 404, 'not-found'],
    [{ kind: 'invalid', problem: 'it was replayed 3 times' }, 409, 'replay-limit'],
    [{ kind: 'moved', shard: 'orders.0' as ShardId }, 503, 'entity-relocating'],
  ]
  for (const [outcome, status, code] of refusals) {
    test(`a replay that is refused is ${status} ${code}`, async () => {
      cluster.answerNext(outcome)
      const { body, ...answer } = await call('POST', '/ops/v1/dead-letters/17%3Amenu%2Fmain/replay')
      expect([answer.status, body.code]).toEqual([status, code])
    })
  }
})

describe('who may operate', () => {
  // `fetch` does not let a program lie about its Host and Origin; a browser that is lied to does not either.
  const status = (headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const url = new URL('/ops/v1/nodes/node-1/crash', gateway?.opsUrl)
      const request = httpRequest(url, { method: 'POST', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('error', reject)
      request.end()
    })

  test('a page of another site may not, whatever it calls itself', async () => {
    const host = new URL(`${gateway?.opsUrl}`).host
    expect(await status({ origin: 'https://evil.example' })).toBe(403)
    expect(await status({ origin: 'null' })).toBe(403)
    expect(await status({ origin: `${gateway?.url}` })).toBe(403)
    expect(await status({ host: 'evil.example', origin: 'http://evil.example' })).toBe(403)
    expect(await status({ host: 'evil.example' })).toBe(403)
    expect(await status({ host: '127.0.0.1.evil.example' })).toBe(403)
    expect(cluster.commands).toEqual([])
    expect(await status({ host, origin: `http://${host}` })).toBe(202)
    expect(await status({ host: 'localhost:4001' })).toBe(202)
    expect(await status({ host: '[::1]:4001' })).toBe(202)
  })

  test('with a token, only who has it', async () => {
    await spoil({ token })
    expect(await status({})).toBe(401)
    expect(await status({ authorization: `Bearer ${token}x` })).toBe(401)
    expect(await status({ authorization: `Bearer ${token}`, origin: 'https://evil.example' })).toBe(403)
    expect(cluster.commands).toEqual([])
    expect(await status({ authorization: `Bearer ${token}`, host: 'ops.example' })).toBe(202)
  })

  test('the public listener does not know the operator routes', async () => {
    expect((await fetch(`${gateway?.url}/ops/v1/cluster`)).status).toBe(404)
  })
})

describe('a listener that is read-only', () => {
  beforeEach(() => spoil({ isReadOnly: true }))

  test('shows, and changes nothing (O4)', async () => {
    expect((await call('GET', '/ops/v1/cluster')).body.isReadOnly).toBe(true)
    const { status, body } = await call('POST', '/ops/v1/nodes/node-1/crash')
    expect([status, body.code]).toEqual([403, 'read-only'])
    expect((await call('DELETE', '/ops/v1/faults')).status).toBe(403)
    expect(cluster.commands).toEqual([])
    expect(cluster.entries).toEqual([])
    expect((await call('POST', '/ops/v1/nowhere')).status).toBe(404)
  })

  test('lets messages be looked at', async () => {
    const tap = await call('POST', '/ops/v1/taps', {})
    expect(tap.status).toBe(201)
    expect((await call('DELETE', `/ops/v1/taps/${tap.body.id}`)).status).toBe(204)
  })
})
