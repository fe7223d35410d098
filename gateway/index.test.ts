import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterEach, describe, expect, test } from 'vitest'
import { menu, menuRef, order } from '#actors'
import { Machine } from '#kernel'
import type { NodeId, ShardId } from '#ports'
import { type Gateway, type GatewayOptions, startGateway } from './index.ts'
import { problemSpecs } from './problems.ts'
import { FakeCluster } from './testing/fake-cluster.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close()
})

const site = 'main'
function newCluster(): FakeCluster {
  const types = [order, menu].map((definition) => ({ definition, machine: new Machine(definition) }))
  const cluster = new FakeCluster(types)
  cluster.deliver(menuRef(site), { type: 'menu.open' })
  return cluster
}
async function start(
  options: Partial<GatewayOptions> = {},
  cluster = newCluster(),
): Promise<Gateway & { cluster: FakeCluster }> {
  const gateway = await startGateway({ client: cluster, site, port: 0, opsPort: 0, ...options })
  open.push(gateway)
  return { ...gateway, cluster }
}
async function get(url: string): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(url)
  return { status: response.status, text: await response.text(), headers: response.headers }
}

describe('the OpenAPI document', () => {
  for (const which of ['url', 'opsUrl'] as const) {
    test(`of the listener at ${which} is valid OpenAPI 3.1`, async () => {
      const gateway = await start()
      const document = JSON.parse((await get(`${gateway[which]}/openapi.json`)).text)
      expect(document.openapi).toBe('3.1.0')
      const { valid, errors } = await new Validator().validate(document)
      expect(errors ?? []).toEqual([])
      expect(valid).toBe(true)
      const operations = Object.values<Record<string, { summary?: string }>>(document.paths).flatMap(
        Object.values,
      )
      expect(operations.length).toBeGreaterThan(8)
      for (const { summary } of operations) expect(summary).toMatch(/\S/)
    })
  }

  test('names what a client would generate types for', async () => {
    const { url } = await start()
    const { components } = JSON.parse((await get(`${url}/openapi.json`)).text)
    expect(Object.keys(components.schemas).sort()).toEqual([
      'Device',
      'Ingredient',
      'KitchenOperation',
      'Money',
      'Order',
      'OrderTurn',
      'Payment',
      'PaymentMethod',
      'Problem',
      'Refund',
      'Reservation',
      'Station',
      'Telemetry',
      'Ticket',
    ])
  })
})

describe('problems', () => {
  test('every one of them is explained at its address', async () => {
    const { url } = await start()
    for (const code of Object.keys(problemSpecs)) {
      const { status, text } = await get(`${url}/problems/${code}`)
      expect([status, JSON.parse(text).code]).toEqual([200, code])
    }
    expect((await get(`${url}/problems/constructor`)).status).toBe(404)
  })
})

describe('a method that an address does not take', () => {
  for (const which of ['url', 'opsUrl'] as const) {
    test(`is 405 with those that it takes, at every address of the listener at ${which}`, async () => {
      const base = (await start())[which]
      const { paths } = JSON.parse((await get(`${base}/openapi.json`)).text) as {
        paths: Record<string, Record<string, unknown>>
      }
      for (const path of Object.keys(paths)) {
        const address = path.replaceAll(/\{\w+\}/g, 'x')
        const url = `${base}${address}`
        // `/notifications/stream` is an address of `/notifications/{id}`, too.
        const operations = Object.assign(
          {},
          ...Object.entries(paths).flatMap(([other, taken]) =>
            new RegExp(`^${other.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(address) ? [taken] : [],
          ),
        ) as Record<string, unknown>
        // A body that nobody takes is not looked at.
        const method = ['PATCH', 'DELETE', 'PUT'].find((one) => !(one.toLowerCase() in operations)) ?? ''
        const response = await fetch(url, { method, body: 'no JSON' })
        const { code } = (await response.json()) as { code: string }
        expect([path, response.status, code]).toEqual([path, 405, 'method-not-allowed'])
        expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
        const allowed = response.headers.get('allow')?.split(', ') ?? []
        const described = Object.keys(operations).map((method) => method.toUpperCase())
        expect(allowed.filter((method) => method !== 'HEAD')).toEqual(described.toSorted())
      }
    })
  }

  test('is counted, and an address that there is not is 404 by any method', async () => {
    const { url } = await start()
    for (const method of ['GET', 'POST', 'DELETE']) {
      expect((await fetch(`${url}/api/v1/nothing`, { method })).status).toBe(404)
      expect((await fetch(`${url}/api/v1/menu/`, { method })).status).toBe(404)
    }
    await fetch(`${url}/api/v1/menu`, { method: 'DELETE' })
    const { text } = await get(`${url}/metrics`)
    expect(text).toContain('brigade_http_requests_total{method="any",route="none",status="405"} 1')
  })

  test('says so to nobody who may not operate', async () => {
    const { opsUrl } = await start({ token: 'a-token-of-enough-length' })
    expect((await fetch(`${opsUrl}/ops/v1/cluster`, { method: 'POST' })).status).toBe(401)
  })
})

describe('health', () => {
  test('it lives before it is ready, and has started once it was', async () => {
    const cluster = newCluster()
    cluster.isReady = false
    const { url } = await start({}, cluster)
    const all = () =>
      Promise.all(['healthz', 'readyz', 'startupz'].map(async (path) => (await get(`${url}/${path}`)).status))
    expect(await all()).toEqual([200, 503, 503])
    cluster.isReady = true
    expect(await all()).toEqual([200, 200, 200])
    cluster.isReady = false
    expect(await all()).toEqual([200, 503, 200])
  })
})

describe('metrics', () => {
  test('tell of routes, nodes and the process', async () => {
    const { url, cluster } = await start()
    cluster.view = {
      ...cluster.view,
      nodes: [
        {
          id: 'node-1' as NodeId,
          group: 'all',
          state: 'up',
          life: 1,
          address: 'ws://127.0.0.1:1',
          shardsOwned: 3,
          counters: { turns: 41, deadLetters: 0 },
          gauges: { heapBytes: 5 },
          latencies: {
            commit: {
              count: 2,
              sumMs: 3,
              maxMs: 2,
              p50Ms: 1,
              p95Ms: 2,
              p99Ms: 2,
              boundsMs: [1, 5],
              buckets: [1, 2],
            },
          },
        },
      ],
      shards: [{ shard: 'orders.0' as ShardId, epoch: 0 as never }],
    }
    await get(`${url}/api/v1/menu`)
    await get(`${url}/api/v1/nothing`)
    const { text, headers } = await get(`${url}/metrics`)
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    for (const line of [
      'brigade_http_requests_total{method="GET",route="/api/v1/menu",status="200"} 1',
      'brigade_http_requests_total{method="any",route="none",status="404"} 1',
      'brigade_http_request_seconds_count{method="GET",route="/api/v1/menu"} 1',
      'brigade_node_up{node="node-1",group="all"} 1',
      'brigade_node_shards{node="node-1",group="all"} 3',
      'brigade_shards_unowned 1',
      'brigade_turns_total{node="node-1",group="all"} 41',
      'brigade_dead_letters_total{node="node-1",group="all"} 0',
      'brigade_heap_bytes{node="node-1",group="all"} 5',
      'brigade_commit_seconds_bucket{node="node-1",group="all",le="0.001"} 1',
      'brigade_commit_seconds_bucket{node="node-1",group="all",le="+Inf"} 2',
      'brigade_commit_seconds_sum{node="node-1",group="all"} 0.003',
    ]) {
      expect(text.split('\n')).toContain(line)
    }
    expect(text).toMatch(/^process_cpu_seconds_total \d/m)
    expect(text).not.toMatch(/undefined|NaN/)
  })

  test('are there also when the cluster does not answer', async () => {
    const { url, cluster } = await start()
    cluster.cluster = () => Promise.reject(new Error('no link'))
    const { status, text } = await get(`${url}/metrics`)
    expect(status).toBe(200)
    expect(text).toContain('process_cpu_seconds_total')
  })
})

describe('the log', () => {
  const secrets = [
    'secret-bearer',
    'secret-order-token',
    'secret-query',
    'tok_secret',
    'secret-key-of-22-chars',
  ]

  test('holds no secret at its most talkative, and what broke with its trace', async () => {
    let log = ''
    const { url, cluster } = await start({
      log: {
        level: 'trace',
        stream: {
          write: (line) => {
            log += line
          },
        },
      },
    })
    const headers = {
      authorization: 'Bearer secret-bearer',
      'x-order-token': 'secret-order-token',
      'idempotency-key': 'secret-key-of-22-chars',
      'content-type': 'application/json',
    }
    const body = JSON.stringify({
      items: [{ dish: 'caprese', quantity: 1 }],
      payment: { token: 'tok_secret' },
    })
    await fetch(`${url}/api/v1/orders`, { method: 'POST', headers, body })
    await fetch(`${url}/api/v1/orders/ord_1/events?token=secret-query`, { headers })
    await fetch(`${url}/api/v1/orders`, { method: 'POST', headers, body: `${body}{` })
    cluster.request = () => Promise.reject(new Error('broken on purpose'))
    const broken = await fetch(`${url}/api/v1/orders?token=secret-query`, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': 'another-key-of-22-chars' },
      body,
    })
    expect(broken.status).toBe(500)
    const problem = (await broken.json()) as { traceId: string; detail: string }
    expect(problem.detail).not.toContain('broken on purpose')
    expect(log).toContain('broken on purpose')
    expect(log).toContain(problem.traceId)
    for (const secret of secrets) expect(log).not.toContain(secret)
  })

  test('is silent in good health', async () => {
    let log = ''
    const stream = {
      write: (line: string) => {
        log += line
      },
    }
    const { url } = await start({ log: { level: 'warn', stream } })
    await get(`${url}/api/v1/menu`)
    await get(`${url}/api/v1/nothing`)
    expect(log).toBe('')
  })
})

describe('closing', () => {
  test('does not wait for a connection that was opened ahead and never used', async () => {
    const { url, close } = await start()
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')
    // The server has accepted it once it answers somebody who came later.
    await get(`${url}/healthz`)
    const ended = once(socket, 'close')
    await close()
    await ended
  })
})

describe('ports', () => {
  test('one in use is named, with what to do, and nothing stays open', async () => {
    const blocker = createServer()
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, '127.0.0.1', () => resolve((blocker.address() as { port: number }).port))
    })
    open.push(blocker)
    await expect(start({ port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `Port ${port} on 127.0.0.1 is in use, so the public listener cannot start. End what listens there, or choose another port with --port.`,
    })
    await expect(start({ opsPort: port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      fields: { listener: 'operator', option: '--ops-port' },
    })
  })

  test('one that cannot be used is named, with why', async () => {
    const address = { opsHost: '192.0.2.1', token: 'a-token-of-enough-length' }
    await expect(start({ ...address, opsPort: 4_321 })).rejects.toMatchObject({
      code: 'PORT_UNUSABLE',
      message: expect.stringMatching(
        /^The operator listener cannot use port 4321 on 192\.0\.2\.1: .*EADDRNOTAVAIL.*--ops-port\.$/,
      ),
    })
  })

  test('the operator listener opens to other machines only with a token that is none to guess', async () => {
    await expect(start({ opsHost: '0.0.0.0' })).rejects.toMatchObject({
      code: 'CLUSTER_CONFIG_INVALID',
      fields: { field: 'gateway.opsHost' },
    })
    await expect(start({ opsHost: '0.0.0.0', token: 'short' })).rejects.toMatchObject({
      fields: { field: 'the token of operators' },
    })
    const { opsUrl } = await start({ opsHost: '0.0.0.0', token: 'a-token-of-enough-length' })
    expect(opsUrl).toMatch(/^http:/)
  })
})
