import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type BinMessage, bin, menu, menuRef } from '#actors'
import { Machine } from '#kernel'
import { type Gateway, startGateway } from '../index.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'
import { batchMax } from './batch.ts'

const path = '/ops/v1/actors:batch'
let cluster: FakeCluster
let gateway: Gateway | undefined
let assertDescribed: ReturnType<typeof contractOf>

beforeEach(async () => {
  await gateway?.close()
  cluster = new FakeCluster(
    [menu, bin].map((definition) => ({ definition, machine: new Machine(definition) })),
  )
  cluster.deliver(menuRef('main'), { type: 'menu.open' })
  gateway = await startGateway({ client: cluster, site: 'main', port: 0, opsPort: 0 })
  assertDescribed = contractOf(await (await fetch(`${gateway.opsUrl}/openapi.json`)).json())
})
afterAll(() => gateway?.close())

const stock: BinMessage = { type: 'bin.open', opening: 100, par: 100, low: 20 }
function bins(howMany: number): void {
  for (let n = 0; n < howMany; n += 1) {
    const { kind } = cluster.deliver(bin.ref(`main:${String(n).padStart(3, '0')}`), stock)
    expect(kind).toBe('done')
  }
}
async function batch(body: unknown) {
  const response = await fetch(`${gateway?.opsUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  // biome-ignore lint/suspicious/noExplicitAny: what a JSON client sees; the contract above checks its shape
  const answer: any = await response.json()
  assertDescribed(response, 'POST', path, answer)
  return { status: response.status, body: answer }
}
const operated = () => cluster.requests.filter(({ body }) => body.kind === 'operate')

describe('a command to many actors', () => {
  test('is counted first, and reaches nobody then', async () => {
    bins(12)
    const { status, body } = await batch({ selector: { type: 'bin' }, action: 'restart', dryRun: true })
    expect([status, body.count, body.sample.length, body.sample[0]]).toEqual([200, 12, 10, 'bin/main:000'])
    expect(operated()).toEqual([])
  })

  test('passes over one that this build cannot read, when a state is wanted', async () => {
    bins(2)
    const listed = cluster.actors.bind(cluster)
    cluster.actors = async ({ fits = () => true, ...filter }) => {
      const { items } = await listed(filter)
      return { items: items.map((item, n) => (n === 0 ? { ...item, state: null } : item)).filter(fits) }
    }
    const { status, body } = await batch({
      selector: { type: 'bin', state: 'ok' },
      action: 'stop',
      dryRun: true,
    })
    expect([status, body.sample]).toEqual([200, ['bin/main:001']])
  })

  test('reaches each that fits, once, and says who did not take it', async () => {
    bins(12)
    cluster.answerNext({ kind: 'timeout' })
    const { status, body } = await batch({ selector: { type: 'bin' }, action: 'restart' })
    expect([status, body]).toEqual([202, { count: 12, done: 11, failed: ['bin/main:000'] }])
    expect(new Set(operated().map(({ actor }) => actor)).size).toBe(12)
    expect(operated().every(({ body }) => body.kind === 'operate' && body.command.kind === 'restart')).toBe(
      true,
    )
  })

  test('narrows by status and state', async () => {
    bins(2)
    const count = async (more: object) =>
      (await batch({ selector: { type: 'bin', ...more }, action: 'stop', dryRun: true })).body.count
    expect(await count({ status: 'live' })).toBe(2)
    expect(await count({ status: 'stopped' })).toBe(0)
    expect(await count({ state: 'no-such-state' })).toBe(0)
  })

  test('is refused whole when it would reach too many', async () => {
    bins(batchMax + 1)
    const { status, body } = await batch({ selector: { type: 'bin' }, action: 'stop' })
    expect([status, body.errors[0].pointer]).toEqual([400, '#/selector'])
    expect(operated()).toEqual([])
  })

  test('ends with whoever gave it: no further actor is reached, and the end is written down', async () => {
    bins(100)
    const request = cluster.request.bind(cluster)
    const asking = new AbortController()
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    cluster.request = async (asked) => {
      if (asked.body.kind === 'operate') {
        asking.abort()
        await held
      }
      return request(asked)
    }
    const left = fetch(`${gateway?.opsUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ selector: { type: 'bin' }, action: 'restart' }),
      signal: asking.signal,
    })
    await expect(left).rejects.toThrow()
    // The gateway has heard that the connection is gone when it answers what came after.
    await fetch(`${gateway?.opsUrl}/openapi.json`)
    release()
    while (cluster.entries.every(({ type }) => type !== 'audit.end')) await setImmediate()
    expect(operated().length).toBeLessThan(20)
  })

  test('is not carried out when it cannot be written down', async () => {
    bins(1)
    cluster.isAuditable = false
    expect((await batch({ selector: { type: 'bin' }, action: 'stop' })).body.code).toBe('audit-unavailable')
    expect(operated()).toEqual([])
  })
})
