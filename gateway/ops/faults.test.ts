import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { ActorId } from '#actor'
import { kitchenActors, menu, menuRef, officeActors } from '#actors'
import { Machine } from '#kernel'
import type { NodeId } from '#ports'
import type { ClusterView, NodeState, NodeView } from '../cluster-client.ts'
import { faultKinds } from '../fault-control.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../index.ts'
import { fakeAuth as auth, bearer } from '../testing/fake-auth.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { FakeFaults } from '../testing/fake-faults.ts'
import { contractOf } from '../testing/openapi-contract.ts'

const path = '/ops/v1/faults'
const schedules = '/ops/v1/fault-schedules'
let cluster: FakeCluster
let faults: FakeFaults
let gateway: Gateway | undefined
let whole: ClusterView
let assertDescribed: ReturnType<typeof contractOf>

const node = (id: string, state: NodeState = 'up'): NodeView => ({
  ...{ id: id as NodeId, group: id.startsWith('edge') ? 'edge' : 'kitchen', state, life: 1, address: '' },
  ...{ shardsOwned: 8, counters: {}, gauges: {}, latencies: {} },
})

async function fresh(options: Partial<GatewayOptions> = {}): Promise<void> {
  await gateway?.close()
  cluster = new FakeCluster(
    [menu, ...officeActors, ...kitchenActors].map((definition) => ({
      definition,
      machine: new Machine(definition),
    })),
  )
  cluster.deliver(menuRef('main'), { type: 'menu.open' })
  whole = { ...cluster.view, nodes: ['node-1', 'node-2', 'node-3', 'edge-1'].map((id) => node(id)) }
  cluster.view = whole
  faults = new FakeFaults()
  gateway = await startGateway({ client: cluster, faults, site: 'main', port: 0, opsPort: 0, ...options })
  const headers: Record<string, string> = options.token ? { authorization: `Bearer ${options.token}` } : {}
  assertDescribed = contractOf(await (await fetch(`${gateway.opsUrl}/openapi.json`, { headers })).json())
}
// Most tests share one gateway. One that needs another leaves none.
beforeEach(async () => {
  if (gateway === undefined) await fresh()
  else await fetch(`${gateway.opsUrl}${schedules}`, { method: 'DELETE' })
  cluster.view = whole
  cluster.isAuditable = true
  faults.forget()
})
afterAll(() => gateway?.close())

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  // biome-ignore lint/suspicious/noExplicitAny: what a JSON client sees; the contract above checks its shape
): Promise<{ status: number; body: any; headers: Headers }> {
  const response = await fetch(`${gateway?.opsUrl}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  assertDescribed(response, method, path, answer)
  return { status: response.status, body: answer, headers: response.headers }
}

describe('the catalogue', () => {
  test('has every kind, with its parameters and their ranges, and why one is off', async () => {
    const { body } = await call('GET', `${path}/catalog`)
    expect(body.items.map(({ kind }: { kind: string }) => kind)).toEqual(faultKinds)
    const of = (kind: string) => body.items.find((item: { kind: string }) => item.kind === kind)
    expect(of('delay-frames')).toMatchObject({
      ...{ group: 'Network', targets: ['links'], undo: 'revert', canBeScheduled: true },
      params: { properties: { byMs: { type: 'integer', minimum: 1, maximum: 10_000, default: 80 } } },
    })
    expect(of('power-loss').offBecause).toBe('Nobody pulls the plug here.')
    expect(of('restart-cluster')).toMatchObject({ stops: 'all', undo: 'by-itself', canBeScheduled: false })
  })

  test('of a gateway that can break nothing is off as a whole, and says so', async () => {
    await gateway?.close()
    gateway = await startGateway({ client: cluster, site: 'main', port: 0, opsPort: 0 })
    const { body } = await call('GET', `${path}/catalog`)
    expect(new Set(body.items.map(({ offBecause }: { offBecause: string }) => offBecause)).size).toBe(1)
    expect(await call('GET', path)).toMatchObject({ status: 409, body: { code: 'unsupported' } })
    expect(await call('DELETE', path)).toMatchObject({ status: 409 })
    expect(await call('POST', path, { kind: 'crash-node', target: { node: 'node-1' } })).toMatchObject({
      status: 409,
    })
    await gateway.close()
    gateway = undefined
  })
})

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

describe('a fault', () => {
  test('strikes, is told with who set it, and is reverted', async () => {
    const cut = { kind: 'partition', target: { a: ['node-1'], b: ['edge-1'] }, forMs: 1_000 }
    const made = await call('POST', path, cut)
    expect(made).toMatchObject({
      status: 201,
      body: { ...cut, params: {}, by: 'loopback', fired: false, met: 0 },
    })
    const at = `${path}/${made.body.id}`
    expect(made.headers.get('location')).toBe(at)
    expect((await call('GET', path)).body).toMatchObject({ items: [{ id: made.body.id }], ended: [] })
    expect((await call('DELETE', at)).status).toBe(204)
    expect((await call('GET', path)).body).toMatchObject({
      ...{ items: [], ended: [{ id: made.body.id, ended: { how: 'reverted' } }] },
    })
    expect(await call('DELETE', at)).toMatchObject({ status: 404, body: { code: 'not-found' } })
  })

  test('has what is usual where nothing is said', async () => {
    const { body } = await call('POST', path, {
      kind: 'drop-frames',
      target: { a: ['node-1'], b: ['node-2'] },
    })
    expect(body.params).toEqual({ share: 0.2 })
  })

  test('that comes back by itself is not reverted', async () => {
    const { body } = await call('POST', path, { kind: 'crash-node', target: { node: 'node-1' } })
    expect(await call('DELETE', `${path}/${body.id}`)).toMatchObject({
      ...{ status: 409, body: { code: 'invalid-transition' } },
    })
    expect(faults.reverted).toEqual([])
  })

  test('that would leave too few nodes is refused, and says who is away', async () => {
    cluster.view = { ...cluster.view, nodes: [node('node-1'), node('node-2', 'paused'), node('node-3')] }
    const crash = { kind: 'crash-node', target: { node: 'node-1' } }
    const { status, body } = await call('POST', path, crash)
    expect([status, body.code]).toEqual([409, 'would-kill-quorum'])
    expect(body.detail).toContain('node-2 is away')
    expect(faults.all).toEqual([])
    const radius = await call('GET', `${path}/radius?kind=crash-node&node=node-1`)
    expect(radius.body).toMatchObject({ nodes: ['node-1'], shards: 8, refusedBecause: body.detail })
  })

  test('that would leave too few nodes with another that comes at the same time is refused', async () => {
    const crash = (name: string) => call('POST', path, { kind: 'crash-node', target: { node: name } })
    const both = await Promise.all([crash('node-1'), crash('node-2')])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
    expect(faults.all.length).toBe(1)
  })

  test('on an actor that has one already is refused, and says which: also when both come at once', async () => {
    const target = { actor: 'cook/house:grill:1' }
    cluster.deliver(target.actor as ActorId, {
      type: 'cook.open',
      ...{ station: 'station/house:grill', n: 1 },
    })
    const ill = () => call('POST', path, { kind: 'cook-ill', target })
    const both = await Promise.all([ill(), ill()])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
    const refused = await ill()
    expect(refused).toMatchObject({ status: 409, body: { code: 'invalid-transition' } })
    expect(refused.body.detail).toContain("'Cook falls ill' is in force there")
    const radius = await call('GET', `${path}/radius?kind=cook-ill&actor=${target.actor}`)
    expect(radius.body.refusedBecause).toBe(refused.body.detail)
    await call('DELETE', path)
    expect((await ill()).status).toBe(201)
  })

  test('on an actor that is not as it should be is refused before it strikes, and the radius says so', async () => {
    const target = { actor: 'cook/house:grill:2' }
    cluster.deliver(target.actor as ActorId, {
      type: 'cook.open',
      ...{ station: 'station/house:grill', n: 2 },
    })
    faults.unfitBecause = 'cook/house:grill:2 is off shift.'
    const radius = await call('GET', `${path}/radius?kind=cook-ill&actor=${target.actor}`)
    expect(radius.body.refusedBecause).toBe(faults.unfitBecause)
    expect(await call('POST', path, { kind: 'cook-ill', target })).toMatchObject({
      ...{ status: 409, body: { code: 'invalid-transition', detail: faults.unfitBecause } },
    })
    expect(faults.all).toEqual([])
  })

  test('that is on its way is reverted with all others', async () => {
    let strike: () => void = () => {}
    const struck = new Promise<void>((resolve) => {
      strike = resolve
    })
    faults.slow = struck
    const target = { a: ['node-1'], b: ['node-2'] }
    const set = call('POST', path, { kind: 'delay-frames', target })
    while (faults.waiting === 0) await soon()
    const { length } = cluster.entries
    const reverted = call('DELETE', path)
    // It has come, and is written down.
    while (cluster.entries.length === length) await soon()
    strike()
    expect((await set).status).toBe(201)
    expect((await reverted).status).toBe(204)
    expect(faults.all.every(({ ended }) => ended?.how === 'reverted')).toBe(true)
  })

  test('that this cluster has not is refused with the reason', async () => {
    expect(await call('POST', path, { kind: 'power-loss', target: {} })).toMatchObject({
      ...{ status: 409, body: { code: 'unsupported', detail: 'Nobody pulls the plug here.' } },
    })
  })

  const wrong: readonly (readonly [unknown, string])[] = [
    [{}, '#/kind'],
    [{ kind: 'meteor', target: {} }, '#/kind'],
    [{ kind: 'crash-node' }, '#/target'],
    [{ kind: 'crash-node', target: {} }, '#/target'],
    [{ kind: 'crash-node', target: { node: 'a b' } }, '#/target/node'],
    [{ kind: 'crash-node', target: { node: 'node-1', actor: 'oven/x' } }, '#/target'],
    [{ kind: 'crash-node', target: { node: 'node-1' }, forMs: 5 }, '#/forMs'],
    [{ kind: 'crash-node', target: { node: 'node-1' }, force: true }, '#/force'],
    [{ kind: 'pause-node', target: { node: 'node-1' }, forMs: '5' }, '#/forMs'],
    [{ kind: 'pause-node', target: { node: 'node-1' }, forMs: 3_600_000 }, '#/forMs'],
    [{ kind: 'partition', target: { a: ['node-1'], b: [] } }, '#/target/b'],
    [{ kind: 'partition', target: { a: ['node-1'] } }, '#/target'],
    [{ kind: 'partition', target: { a: ['node-1'], b: ['node-1'] } }, '#/target'],
    [{ kind: 'partition', a: ['node-1'], b: ['node-2'] }, '#/target'],
    [
      { kind: 'drop-frames', target: { a: ['node-1'], b: ['node-2'] }, params: { share: 2 } },
      '#/params/share',
    ],
    [
      { kind: 'drop-frames', target: { a: ['node-1'], b: ['node-2'] }, params: { shares: 1 } },
      '#/params/shares',
    ],
    [{ kind: 'slow-disk', target: {}, params: { byMs: '1' } }, '#/params/byMs'],
    [{ kind: 'appliance-breakdown', target: { actor: 'menu/main' } }, '#/target'],
    [{ kind: 'appliance-breakdown', target: { node: 'node-1' } }, '#/target'],
  ]
  test.each(wrong)('%j is 400 at %s, and strikes nothing', async (body, pointer) => {
    const answer = await call('POST', path, body)
    expect([answer.status, answer.body.code]).toEqual([400, 'validation'])
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
    expect(faults.all).toEqual([])
  })

  const nobody: readonly (readonly [unknown, RegExp])[] = [
    [{ kind: 'crash-node', target: { node: 'node-9' } }, /no node 'node-9'/],
    [{ kind: 'partition', target: { a: ['node-1'], b: ['node-9'] } }, /no node 'node-9'/],
    [{ kind: 'appliance-breakdown', target: { actor: 'oven/none:1' } }, /no actor 'oven/],
  ]
  test.each(nobody)('%j is 404', async (body, detail) => {
    const answer = await call('POST', path, body)
    expect([answer.status, answer.body.code]).toEqual([404, 'not-found'])
    expect(answer.body.detail).toMatch(detail)
    expect(faults.all).toEqual([])
  })

  test.each(['{"kind":"crash-node"', '[]', 'null'])(
    'a body that is %s is a problem, not a fault',
    async (body) => {
      expect((await call('POST', path, body)).status).toBe(400)
      expect(faults.all).toEqual([])
    },
  )

  test.each(['kind=meteor', 'kind=crash-node', 'kind=crash-node&node=../x', 'kind=partition&a=node-1'])(
    'a radius of %s is 400',
    async (query) => {
      expect((await call('GET', `${path}/radius?${query}`)).status).toBe(400)
    },
  )
})

describe('a schedule of faults', () => {
  const body = {
    seed: 7,
    intervalMs: 5_000,
    concurrency: 2,
    kinds: ['delay-frames', 'crash-node'],
    forMs: 60_000,
  }

  test('is the same for the same seed, one at a time, and ends when somebody says so', async () => {
    const made = await call('POST', schedules, body)
    expect(made).toMatchObject({ status: 201, body: { ...body, isOver: false, by: 'loopback' } })
    expect(made.body.items.length).toBeGreaterThan(0)
    expect(await call('POST', schedules, body)).toMatchObject({
      status: 409,
      body: { code: 'schedule-running' },
    })
    expect((await call('DELETE', schedules)).status).toBe(204)
    expect((await call('GET', schedules)).body.items).toMatchObject([{ id: made.body.id, isOver: true }])
    const again = await call('POST', schedules, body)
    expect(again.body.items).toEqual(made.body.items)
  })

  test('begins once when two ask at the same time', async () => {
    const both = await Promise.all([call('POST', schedules, body), call('POST', schedules, body)])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
  })

  test('strikes by the cluster’s own time, and what is left of it is reverted with it', async () => {
    const { body: made } = await call('POST', schedules, { ...body, kinds: ['delay-frames'] })
    faults.ms = made.items[0].atMs
    await expect.poll(() => faults.all.length).toBe(1)
    expect(faults.all[0]).toMatchObject({ schedule: made.id, by: 'loopback' })
    await call('DELETE', schedules)
    expect(faults.reverted).toEqual([`${made.id}-0`])
  })

  test('ends when everything is reverted', async () => {
    await call('POST', schedules, body)
    expect((await call('DELETE', path)).status).toBe(204)
    expect((await call('GET', schedules)).body.items).toMatchObject([{ isOver: true }])
    expect(faults.reverted).toEqual([undefined])
  })

  const wrong: readonly (readonly [object, string])[] = [
    [{ ...body, seed: -1 }, '#/seed'],
    [{ ...body, seed: 1.5 }, '#/seed'],
    [{ ...body, intervalMs: 10 }, '#/intervalMs'],
    [{ ...body, concurrency: 0 }, '#/concurrency'],
    [{ ...body, kinds: [] }, '#/kinds'],
    [{ ...body, kinds: ['meteor'] }, '#/kinds/0'],
    [{ ...body, kinds: ['delay-frames', 'restart-cluster'] }, '#/kinds/1'],
    [{ ...body, kinds: ['power-loss'] }, '#/kinds/0'],
    [{ ...body, forMs: 1 }, '#/forMs'],
    [{ ...body, budget: 3 }, '#/budget'],
  ]
  test.each(wrong)('%j is 400 at %s', async (given, pointer) => {
    const answer = await call('POST', schedules, given)
    expect([answer.status, answer.body.code]).toEqual([400, 'validation'])
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
    expect((await call('GET', schedules)).body.items).not.toMatchObject([{ isOver: false }])
  })
})

test('breaking is written down first; mending goes on without', async () => {
  cluster.isAuditable = false
  const crash = { kind: 'crash-node', target: { node: 'node-1' } }
  expect(await call('POST', path, crash)).toMatchObject({ status: 503, body: { code: 'audit-unavailable' } })
  expect(faults.all).toEqual([])
  expect((await call('DELETE', path)).status).toBe(204)
  expect((await call('DELETE', schedules)).status).toBe(204)
})

test('it takes the role operator', async () => {
  await fresh({ auth, token: 'a-token-of-enough-length' })
  // What the guard answers is described once, and not at each route.
  assertDescribed = () => {}
  const crash = { kind: 'crash-node', target: { node: 'node-1' } }
  expect((await call('POST', path, crash)).status).toBe(401)
  expect((await call('POST', path, crash, bearer('ada', 'customer'))).status).toBe(403)
  expect((await call('DELETE', path)).status).toBe(401)
  expect(faults.all).toEqual([])
  expect((await call('POST', path, crash, bearer('ben', 'operator'))).status).toBe(201)
  expect(faults.all).toMatchObject([{ by: 'ben' }])
})
