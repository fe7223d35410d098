import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ActorId, Instant, Message } from '#actor'
import { fryer, kitchenTimer, oven, pan, probe } from '#actors'
import { Machine } from '#kernel'
import { type Auth, type Gateway, type GatewayOptions, startGateway } from '../index.ts'
import { Problem } from '../problems.ts'
import { bearer, fakeAuth } from '../testing/fake-auth.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { contractOf } from '../testing/openapi-contract.ts'

// Over real HTTP, in front of the real devices. 18:00 of 2026-05-01 is when they are opened.

const staff = bearer('sam', 'staff')
const kinds = ['oven', 'pan', 'fryer', 'probe'] as const
const deviceOf = (kind: string): string => `${kind}:main:grill:1`
let cluster: FakeCluster
let gateway: Gateway

const tell = (kind: string, type: string, rest: object = {}) =>
  cluster.deliver(`${kind}/main:grill:1` as ActorId, { type, ...rest } as Message)
const pass = (seconds: number): void => {
  cluster.now = (cluster.now + seconds * 1_000_000) as Instant
}

async function start(options: Partial<GatewayOptions> = {}): Promise<void> {
  gateway = await startGateway({
    ...{ client: cluster, site: 'main', auth: fakeAuth, port: 0, opsPort: 0 },
    ...options,
  })
}

beforeEach(async () => {
  const actors = [oven, pan, fryer, probe, kitchenTimer]
  cluster = new FakeCluster(actors.map((definition) => ({ definition, machine: new Machine(definition) })))
  for (const kind of ['oven', 'pan', 'fryer']) {
    tell(kind, 'appliance.open', { station: 'station/main:grill', n: 1, slots: 4 })
    tell(kind, 'appliance.heat', { celsius: 180 })
  }
  tell('probe', 'probe.open')
  tell('kitchen-timer', 'timer.open')
  await start()
})
afterEach(() => gateway.close())

const get = (device: string, query = '', headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${gateway.url}/api/v1/kitchen/devices/${device}/telemetry${query}`, {
    headers: { ...staff, ...headers },
  })
interface Page {
  readonly items: readonly { readonly at: string; readonly reading: number | null }[]
  readonly code: string
}
const page = async (device: string, query = ''): Promise<Page> => {
  const path = `/api/v1/kitchen/devices/${device}/telemetry${query}`
  const response = await get(device, query)
  const body = (await response.json()) as Page
  contractOf(await (await fetch(`${gateway.url}/openapi.json`)).json())(response, 'GET', path, body)
  return body
}

interface Shown {
  readonly id: number
  readonly at: string
}
/** Follows a stream until `count` events have come, or it ends. */
async function follow(response: Response, count: number): Promise<readonly Shown[]> {
  const events: Shown[] = []
  let text = ''
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    events.length = 0
    for (const [, id, data] of text.matchAll(/^id: (\d+)\ndata: (.*)\n\n/gm)) {
      events.push({ id: Number(id), ...JSON.parse(data as string) })
    }
    if (events.length >= count) break
  }
  return events
}

describe('a page', () => {
  for (const kind of kinds) {
    test(`of the ${kind} tells what it showed, also before it was last told something`, async () => {
      pass(60)
      if (kind === 'probe') tell(kind, 'probe.read', { appliance: 'oven/main:grill:1', job: 'a', core: 60 })
      else tell(kind, 'appliance.check')
      pass(65)
      const { items } = await page(deviceOf(kind))
      expect(items.map(({ at }) => at.slice(11, 19))).toEqual([
        ...['18:00:10', '18:00:20', '18:00:30', '18:00:40', '18:00:50', '18:01:00'],
        ...['18:01:10', '18:01:20', '18:01:30', '18:01:40', '18:01:50', '18:02:00'],
      ])
      const [first, last] = [items[0]?.reading, items.at(-1)?.reading]
      if (kind === 'probe') expect([first, last]).toEqual([null, expect.any(Number)])
      else expect(Number(last)).toBeGreaterThan(Number(first) + 20)
      tell(kind, kind === 'probe' ? 'probe.repair' : 'appliance.check')
      expect((await page(deviceOf(kind))).items).toEqual(items)
    })
  }

  test('has the range and the step that are asked for', async () => {
    pass(300)
    const { items } = await page(
      deviceOf('oven'),
      '?from=2026-05-01T18:01:00Z&to=2026-05-01T20:03:00%2B02:00&step=60',
    )
    expect(items.map(({ at }) => at.slice(11, 19))).toEqual(['18:01:00', '18:02:00', '18:03:00'])
    expect((await page(deviceOf('oven'), '?from=2030-01-01T00:00:00Z')).items).toEqual([])
  })

  test('is for staff, and of what has a sensor', async () => {
    expect((await get(deviceOf('oven'), '', bearer('gus', 'customer'))).status).toBe(403)
    expect((await get(deviceOf('oven'), '', { authorization: '' })).status).toBe(401)
    for (const id of ['kitchen-timer:main:grill:1', 'oven:main:grill:9', 'oven:other:grill:1', 'order:1']) {
      expect((await page(id)).code).toBe('not-found')
    }
    expect((await get(deviceOf('oven'), '', { accept: 'text/html' })).status).toBe(406)
  })

  for (const query of [
    ...[
      '?from=yesterday',
      '?to=12',
      '?step=0',
      '?step=15',
      '?step=610',
      '?step=-10',
      '?step=ten',
      '?since=1',
    ],
    '?from=2026-05-01T18:10:00Z&to=2026-05-01T18:00:00Z',
  ]) {
    test(`${query} is 400`, async () => {
      expect((await page(deviceOf('oven'), query)).code).toBe('validation')
    })
  }
})

describe('a stream', () => {
  const asStream = { accept: 'text/event-stream' }

  test('tells what is kept, then what is new, and resumes', async () => {
    pass(30)
    const response = await get(deviceOf('oven'), '', asStream)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const following = follow(response, 5)
    pass(20)
    const events = await following
    expect(events.map(({ at }) => at.slice(11, 19))).toEqual([
      ...['18:00:10', '18:00:20', '18:00:30', '18:00:40', '18:00:50'],
    ])
    const third = String(events[2]?.id)
    const rest = await follow(await get(deviceOf('oven'), '', { ...asStream, 'last-event-id': third }), 2)
    expect(rest).toEqual(events.slice(3))
  })

  test('has no end to ask for', async () => {
    const response = await get(deviceOf('fryer'), '?to=2026-05-01T18:01:30Z', asStream)
    expect([response.status, ((await response.json()) as Page).code]).toEqual([400, 'validation'])
  })

  test('is counted with all others, and lets its place go', async () => {
    await gateway.close()
    await start({ streamsMax: 1 })
    const abort = new AbortController()
    const url = `${gateway.url}/api/v1/kitchen/devices/${deviceOf('oven')}/telemetry`
    await fetch(url, { headers: { ...staff, ...asStream }, signal: abort.signal })
    const refused = await get(deviceOf('oven'), '', asStream)
    expect([refused.status, ((await refused.json()) as Page).code]).toEqual([503, 'too-many-streams'])
    abort.abort()
    for (;;) {
      const next = await get(deviceOf('oven'), '', asStream)
      await next.body?.cancel()
      if (next.status === 200) break
    }
  })

  test.each([
    [
      'has no good token any more',
      async () => Promise.reject(new Problem('token-invalid', 'It has expired.')),
    ],
    ['is no staff any more', async () => ({ account: 'sam', session: 's', roles: ['customer'] as const })],
  ])('ends for who %s', async (_, callerOf) => {
    await gateway.close()
    const auth: Auth = { callerOf: fakeAuth.callerOf }
    await start({ auth, heartbeatMs: 100 })
    const response = await get(deviceOf('oven'), '', { accept: 'text/event-stream' })
    auth.callerOf = callerOf
    await follow(response, Number.POSITIVE_INFINITY)
  })

  test('ends when the device cannot be asked any more', async () => {
    pass(20)
    const response = await get(deviceOf('pan'), '', asStream)
    const following = follow(response, 99)
    cluster.request = async () => ({ kind: 'timeout' })
    expect(await following).toHaveLength(2)
  })
})
