import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { autoscaler, menu, menuRef } from '#actors'
import { Machine } from '#kernel'
import type { NodeId } from '#ports'
import { type Gateway, startGateway } from '../index.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'

const site = 'main'
const path = '/ops/v1/scale'
const policy = { min: 1, max: 4, target: 60, policy: 'cpu' }
let cluster: FakeCluster
let gateway: Gateway | undefined
let assertDescribed: ReturnType<typeof contractOf>

beforeEach(async () => {
  await gateway?.close()
  cluster = new FakeCluster(
    [menu, autoscaler].map((definition) => ({ definition, machine: new Machine(definition) })),
  )
  cluster.deliver(menuRef(site), { type: 'menu.open' })
  const node = {
    state: 'up',
    life: 1,
    address: '',
    shardsOwned: 1,
    counters: {},
    gauges: {},
    latencies: {},
  } as const
  cluster.view = {
    ...cluster.view,
    nodes: [
      { ...node, id: 'node-1' as NodeId, group: 'kitchen' },
      { ...node, id: 'edge-1' as NodeId, group: 'edge' },
    ],
  }
  gateway = await startGateway({ client: cluster, site, port: 0, opsPort: 0 })
  assertDescribed = contractOf(await (await fetch(`${gateway.opsUrl}/openapi.json`)).json())
})
afterAll(() => gateway?.close())

async function call(method: string, query = '', body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateway?.opsUrl}${path}${query}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: what a JSON client sees; the contract above checks its shape
  const answer: any = await response.json()
  assertDescribed(response, method, path, answer)
  return { status: response.status, etag: response.headers.get('etag'), body: answer }
}
const match = (revision: number) => ({ 'if-match': `"${revision}"` })

describe('the autoscaler of a group', () => {
  test('is off until somebody sets a policy, and shows it with who did and why', async () => {
    const before = await call('GET')
    expect([before.status, before.etag]).toEqual([200, '"0"'])
    expect(before.body).toMatchObject({ group: 'kitchen', policy: 'off', state: 'off', changes: 0 })
    const set = await call('PUT', '', policy, { ...match(0), 'x-reason': 'a full house' })
    expect([set.status, set.etag]).toEqual([200, '"1"'])
    const shown = { group: 'kitchen', ...policy, state: 'watching', by: 'loopback', why: 'a full house' }
    expect(set.body).toMatchObject(shown)
    expect((await call('GET')).body).toEqual(set.body)
    expect((await call('GET', '?group=edge')).body.policy).toBe('off')
  })

  test('is changed on the policy that was read, and on no other', async () => {
    expect((await call('PUT', '', policy)).status).toBe(428)
    expect((await call('PUT', '', policy, match(0))).status).toBe(200)
    const stale = await call('PUT', '', { ...policy, max: 9 }, match(0))
    expect([stale.status, stale.etag, stale.body.code]).toEqual([412, '"1"', 'precondition-failed'])
    expect((await call('GET')).body.max).toBe(4)
    expect((await call('PUT', '', { ...policy, policy: 'off' }, match(1))).body.policy).toBe('off')
  })

  test('takes no policy that cannot be, and none for a group that is not there', async () => {
    const refused = await call('PUT', '', { ...policy, min: 5 }, match(0))
    expect([refused.status, refused.body.errors]).toEqual([
      400,
      [{ pointer: '#/min', detail: 'min is more than max' }],
    ])
    expect((await call('PUT', '', { ...policy, target: 0 }, match(0))).status).toBe(400)
    expect((await call('PUT', '?group=cellar', policy, match(0))).status).toBe(404)
    expect((await call('GET', '?group=cellar')).status).toBe(404)
    expect((await call('GET', '?group=NOT-A-GROUP')).status).toBe(400)
  })

  test('what it does is written to the audit before', async () => {
    cluster.isAuditable = false
    expect((await call('PUT', '', policy, match(0))).body.code).toBe('audit-unavailable')
    expect((await call('GET')).etag).toBe('"0"')
  })
})
