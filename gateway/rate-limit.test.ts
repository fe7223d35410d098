import { afterEach, describe, expect, test } from 'vitest'
import { definitions, menuRef } from '#actors'
import { Machine } from '#kernel'
import { type Gateway, type GatewayOptions, startGateway } from './index.ts'
import { networkOf } from './network-of.ts'
import { Buckets, type Policy, sharedMax } from './rate-limit.ts'
import { bearer, fakeAuth } from './testing/fake-auth.ts'
import { FakeCluster } from './testing/fake-cluster.ts'
import { contractOf } from './testing/openapi-contract.ts'

const burst: Policy = { name: 'burst', quota: 3, windowSeconds: 1 }
const sustained: Policy = { name: 'sustained', quota: 5, windowSeconds: 60 }

describe('buckets', () => {
  test('L1: let the quota through at once, and then as much as the window gives', () => {
    const buckets = new Buckets()
    const granted = (at: number) => buckets.take('a', [burst], at).isGranted
    expect([0, 0, 0, 0].map(granted)).toEqual([true, true, true, false])
    expect([333, 334, 334].map(granted)).toEqual([false, true, false])
    expect([60_000, 60_000, 60_000, 60_000].map(granted)).toEqual([true, true, true, false])
  })

  test('tell the tightest of them, and when there is more', () => {
    const buckets = new Buckets()
    const both = [burst, sustained]
    expect(buckets.take('a', both, 0)).toEqual({
      isGranted: true,
      tightest: burst,
      left: 2,
      resetSeconds: 1,
    })
    for (let at = 1_000; at <= 4_000; at += 1_000) buckets.take('a', both, at)
    expect(buckets.take('a', both, 5_000)).toEqual({
      isGranted: false,
      violated: [sustained],
      resetSeconds: 7,
    })
  })

  test('L3: who was refused for one policy has not used up another', () => {
    const buckets = new Buckets()
    for (let n = 0; n < 10; n += 1) buckets.take('a', [burst, sustained], 0)
    // Two of the five are left: three were let through.
    const after = [1_000, 1_000, 1_000].map((at) => buckets.take('a', [burst, sustained], at).isGranted)
    expect(after).toEqual([true, true, false])
  })

  test('L2: nobody is forgotten who has used something up, however many others come', () => {
    const buckets = new Buckets(2)
    const granted = (caller: string, at = 0) => buckets.take(caller, [burst], at).isGranted
    for (let n = 0; n < 3; n += 1) expect(granted('a')).toBe(true)
    for (let n = 0; n < 10_000; n += 1) granted(`other-${n}`)
    expect(granted('a')).toBe(false)
    expect(buckets.callers).toBe(2)
    // Full again: to forget it takes nothing from anybody.
    expect([granted('b', 1_000), granted('c', 1_000)]).toEqual([true, true])
    expect(buckets.callers).toBe(2)
  })

  test('L4: who comes when there is no more room shares a bucket, and gets no more by calling itself otherwise', () => {
    const buckets = new Buckets(1)
    buckets.take('a', [burst], 0)
    let granted = 0
    for (let n = 0; n < 20_000; n += 1) granted += buckets.take(`b-${n}`, [burst], 0).isGranted ? 1 : 0
    expect(granted).toBe(sharedMax * burst.quota)
    // Of other policies there are others.
    expect(buckets.take('b', [sustained], 0).isGranted).toBe(true)
  })
})

describe('one caller', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:0001:2::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['64:ff9b::203.0.113.7', '64:ff9b:0:0'],
    ['unknown', 'unknown'],
  ])('%s is of %s', (ip, network) => {
    expect(networkOf(ip)).toBe(network)
  })
})

describe('a gateway', () => {
  const open: Gateway[] = []
  afterEach(async () => {
    for (const gateway of open.splice(0)) await gateway.close()
  })
  async function start(options: Partial<GatewayOptions> = {}) {
    const cluster = new FakeCluster(
      definitions.map((definition) => ({ definition, machine: new Machine(definition) })),
    )
    cluster.deliver(menuRef('main'), { type: 'menu.open' })
    const gateway = await startGateway({
      client: cluster,
      site: 'main',
      port: 0,
      opsPort: 0,
      auth: fakeAuth,
      rateLimit: 'everybody',
      config: { 'rate.burst': 2, 'rate.sustained': 1_000 },
      ...options,
    })
    open.push(gateway)
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${gateway.url}${path}`, { headers })
    return { url: gateway.url, get }
  }

  test('says how much is left, and refuses what is too much as documented', async () => {
    const { url, get } = await start()
    const assertDescribed = contractOf(await (await get('/openapi.json')).json())
    const answers = [await get('/api/v1/menu'), await get('/api/v1/menu'), await get('/api/v1/menu')]
    const refused = answers.find(({ status }) => status === 429) as Response
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"burst";q=2;w=1, "sustained";q=1000;w=60')
    expect(answers[0]?.headers.get('ratelimit')).toMatch(/^"burst";r=[01];t=1$/)
    const body = (await refused.json()) as Record<string, unknown>
    assertDescribed(refused, 'GET', '/api/v1/menu', body)
    expect(body).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      status: 429,
      code: 'quota-exceeded',
      retryable: true,
      'violated-policies': ['burst'],
    })
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(refused.headers.get('ratelimit')).toBe('"burst";r=0;t=1')
    expect((await fetch(`${url}/problems/quota-exceeded`)).status).toBeLessThan(500)
  })

  test('counts accounts each for itself, and a forged token for the address', async () => {
    const { get } = await start({ config: { 'rate.burst': 2, 'rate.sustained': 2 } })
    const [a, b] = [bearer('acc_a'), bearer('acc_b')]
    const statuses = async (headers: Record<string, string>) => [
      (await get('/api/v1/menu', headers)).status,
      (await get('/api/v1/menu', headers)).status,
      (await get('/api/v1/menu', headers)).status,
    ]
    expect(await statuses(a)).toEqual([200, 200, 429])
    expect(await statuses(b)).toEqual([200, 200, 429])
    expect(await statuses({ authorization: 'Bearer forged-1' })).toEqual([200, 200, 429])
    expect((await get('/api/v1/menu', { authorization: 'Bearer forged-2' })).status).toBe(429)
  })

  test('answers about its health from a budget of its own', async () => {
    const { get } = await start({ config: { 'rate.burst': 1, 'rate.sustained': 1 } })
    await get('/api/v1/menu')
    expect((await get('/api/v1/menu')).status).toBe(429)
    const health = await get('/healthz')
    expect([health.status, health.headers.get('ratelimit-policy')]).toEqual([200, '"health";q=100;w=1'])
  })

  test('lets nobody guess: signing in has a small bucket, by address and by e-mail address', async () => {
    const { url } = await start({ config: { 'rate.burst': 1_000, 'rate.sustained': 1_000 } })
    const logIn = async (n: number) => {
      const response = await fetch(`${url}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: `guest-${n}@example.com`, password: 'wrong' }),
      })
      return response.status
    }
    const statuses = []
    for (let n = 0; n < 12; n += 1) statuses.push(await logIn(n))
    // A gateway without accounts has no such route: then there is nothing to guess.
    if (!statuses.includes(404)) expect(statuses.slice(-2)).toEqual([429, 429])
  })

  test('by default does not count who comes from this machine', async () => {
    const { get } = await start({ rateLimit: undefined as never })
    for (let n = 0; n < 5; n += 1) {
      const { status, headers } = await get('/api/v1/menu')
      expect([status, headers.get('ratelimit')]).toEqual([200, null])
    }
  })
})
