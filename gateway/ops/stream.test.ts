import { afterEach, describe, expect, test } from 'vitest'
import { Activity, encodeActivity } from '#activity'
import type { ActorId, Instant } from '#actor'
import { inbox, inboxRef, menu, menuRef } from '#actors'
import { Machine } from '#kernel'
import type { NodeId } from '#ports'
import { type Auth, noAccounts } from '../auth/caller.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../index.ts'
import { Problem } from '../problems.ts'
import { FakeCluster } from '../testing/fake-cluster.ts'
import { FakeFaults } from '../testing/fake-faults.ts'
import { Page } from '../testing/page.ts'
import type { TimeControl, TimeView } from '../time-control.ts'
import { streamBounds } from './stream.ts'

const token = 'a-token-of-enough-length'
let cluster: FakeCluster
let gateway: Gateway
const pages: Page[] = []

async function start(options: Partial<GatewayOptions> = {}): Promise<void> {
  const types = [menu, inbox].map((definition) => ({ definition, machine: new Machine(definition) }))
  cluster = new FakeCluster(types)
  cluster.deliver(menuRef('main'), { type: 'menu.open' })
  gateway = await startGateway({ client: cluster, site: 'main', port: 0, opsPort: 0, ...options })
}
function open(options: ConstructorParameters<typeof Page>[1] = {}): Page {
  const page = new Page(gateway.opsUrl, options)
  pages.push(page)
  return page
}
async function opened(...streams: readonly string[]): Promise<Page> {
  const page = open()
  await page.hear('welcome')
  for (const stream of streams) page.say('subscribe', stream)
  for (const stream of streams) await page.until(() => subscriptions(page).includes(stream))
  return page
}
const subscriptions = (page: Page): readonly string[] =>
  page.said.flatMap((words) => (words.type === 'subscribed' ? [words.stream] : []))

afterEach(async () => {
  for (const { socket } of pages.splice(0)) socket.terminate()
  await gateway.close()
})

function frame(actors = 1): Uint8Array {
  const activity = new Activity('node-1' as NodeId, { life: 1, watch: 1 })
  const residents = Array.from({ length: actors }, (_, n) => ({
    id: `order/${n}` as ActorId,
    status: 'live' as const,
    state: 'placed',
    mailbox: 0,
  }))
  return encodeActivity(activity.frame(residents, 0 as Instant))
}
const show = (bytes: Uint8Array): void => {
  for (const see of cluster.viewers) see(bytes)
}

describe('who may look', () => {
  test('is welcomed, and told what is not offered, and why', async () => {
    await start()
    const { cluster: id, capabilities } = await open().hear('welcome')
    expect(id).toBe('fake')
    expect(capabilities).toContainEqual({
      name: 'time',
      offBecause: 'This cluster is live: its time cannot be turned.',
    })
  })

  test('comes from no page of another origin', async () => {
    await start()
    expect(await open({ origin: 'http://evil.example' }).refused()).toBe(403)
    expect((await open({ origin: gateway.opsUrl }).hear('welcome')).type).toBe('welcome')
  })

  test('has the token of operators, where there is one', async () => {
    await start({ token })
    expect(await open().refused()).toBe(401)
    expect(await open({ token: 'another-token-as-long-as-it' }).refused()).toBe(401)
    expect((await open({ token }).hear('welcome')).type).toBe('welcome')
  })

  test('is sent away at a heartbeat when the token is good no longer (ST3)', async () => {
    let isGood = true
    const auth: Auth = {
      callerOf: async ({ headers }) => {
        if (headers.authorization === undefined) return noAccounts.callerOf({ headers })
        if (!isGood) throw new Problem('token-invalid', 'It has expired.')
        return { account: 'olga', session: 's', roles: ['operator'] }
      },
    }
    await start({ token, auth, config: { 'gateway.heartbeat-ms': 500 } })
    const page = open({ token: 'an access token' })
    await page.hear('welcome')
    isGood = false
    expect(await page.closed()).toBe(1008)
  })

  test('asks for a WebSocket', async () => {
    await start()
    const response = await fetch(`${gateway.opsUrl}/ops/v1/stream`)
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      426,
      'upgrade-required',
    ])
  })

  test('finds no place when too many look', { timeout: 30_000 }, async () => {
    await start()
    await Promise.all(Array.from({ length: streamBounds.viewersMax }, () => open().hear('welcome')))
    expect(await open().refused()).toBe(503)
    const answer = (await (await fetch(`${gateway.opsUrl}/ops/v1/stream`)).json()) as Record<string, unknown>
    expect([answer.code, answer.detail]).toEqual(['too-many-streams', 'There are 50 viewers already.'])
  })
})

describe('what actors do', () => {
  test('is asked of the cluster from the first viewer to the last (ST1)', async () => {
    await start()
    const [one, other] = [await opened('activity'), await opened('activity')]
    expect(cluster.viewers.size).toBe(1)
    one.say('unsubscribe', 'activity')
    await one.hear('unsubscribed')
    expect(cluster.viewers.size).toBe(1)
    other.socket.close()
    await other.closed()
    // What is said after it was heard tells that the gateway knows.
    const third = await opened('cluster')
    await third.hear('cluster')
    expect(cluster.viewers.size).toBe(0)
  })

  test('comes as it was told, to all who asked for it', async () => {
    await start()
    const [one, other, third] = [await opened('activity'), await opened('activity'), await opened('cluster')]
    show(frame())
    await one.until(() => one.frames.length > 0)
    await other.until(() => other.frames.length > 0)
    expect(one.frames[0]?.head.named).toEqual([[0, 'order/0']])
    expect(other.frames).toEqual(one.frames)
    await third.hear('cluster')
    expect(third.frames).toEqual([])
  })

  test('begins for a later viewer with all there is', async () => {
    await start()
    await opened('activity')
    const before = cluster.wholes
    await opened('activity')
    expect(cluster.wholes).toBeGreaterThan(before)
  })

  test('is left out beyond the budget, which is told, and whole ones follow (ST2)', async () => {
    await start()
    const page = await opened('activity')
    const large = frame(5_000)
    const before = cluster.wholes
    for (let sent = 1; sent <= streamBounds.burstBytes / large.length; sent += 1) {
      show(large)
      await page.until(() => page.frames.length === sent)
    }
    // What is left of the allowance is enough for one of these.
    for (let n = 0; n < 6; n += 1) show(large)
    // The allowance comes back with time.
    const again = setInterval(() => show(frame()), 20)
    const { dropped } = await page.hear('gap')
    clearInterval(again)
    expect(dropped).toBeGreaterThanOrEqual(4)
    await expect.poll(() => cluster.wholes).toBe(before + 1)
  })
})

test('the cluster is told at once, and again', async () => {
  await start()
  const page = await opened('cluster')
  const { view } = await page.hear('cluster')
  expect(view.id).toBe('fake')
  const heard = page.said.length
  await page.hear('cluster', heard)
})

test('a cluster that does not answer is told as silent, and the page stays', async () => {
  await start()
  cluster.cluster = () => Promise.reject(new Error('no launcher'))
  const page = await opened('cluster')
  expect(await page.hear('silent')).toMatchObject({ stream: 'cluster' })
})

describe('an actor', () => {
  test('is followed, until nobody does', async () => {
    await start()
    const actor = inboxRef('ann')
    const page = await opened(`actor:${actor}`)
    cluster.deliver(actor, {
      type: 'inbox.notify',
      ...{ id: 'o1.order.ready', topic: 'ready', event: 'order.ready', order: 'o1', amount: 2_890 },
    })
    expect(await page.hear('changed')).toEqual({ type: 'changed', actor })
    page.say('unsubscribe', `actor:${actor}`)
    await page.hear('unsubscribed')
    expect(cluster.watchers(actor)).toBe(0)
  })

  test('is let go with the page', async () => {
    await start()
    const page = await opened('actor:order/a')
    expect(cluster.watchers('order/a' as ActorId)).toBe(1)
    page.socket.terminate()
    while (cluster.watchers('order/a' as ActorId) > 0) await new Promise(setImmediate)
  })

  test('is one of so many, for one page', async () => {
    await start()
    const names = Array.from({ length: streamBounds.actorsMax }, (_, n) => `actor:order/${n}`)
    const page = await opened(...names)
    page.say('subscribe', 'actor:order/more')
    expect(await page.hear('error')).toMatchObject({ code: 'off' })
  })
})

test('time is told where it can be turned, and only when it was', async () => {
  const view: TimeView = {
    ...{ state: 'paused', now: 1 as Instant, speed: 1, day: 'friday', seed: 7 },
    ...{ from: 0 as Instant, to: 2 as Instant, events: 3, traceHash: '0123456789abcdef' },
  }
  let speed = 1
  await start({ time: { view: () => ({ ...view, speed }) } as TimeControl })
  const page = await opened('time', 'cluster')
  expect(await page.hear('time')).toEqual({ type: 'time', view })
  const heard = page.said.length
  speed = 5
  expect((await page.hear('time', heard)).view.speed).toBe(5)
  expect(page.said.filter(({ type }) => type === 'time')).toHaveLength(2)
})

describe('what is no word of the protocol', () => {
  for (const [what, data] of [
    ['bytes', Buffer.from([1, 2, 3])],
    ['no JSON', 'subscribe'],
    ['another word', '{"type":"shout","stream":"activity"}'],
    ['more than is known', '{"type":"subscribe","stream":"activity","all":true}'],
    ['a list', '[]'],
    ['null', 'null'],
  ] as const) {
    test(`${what} ends the line`, async () => {
      await start()
      const page = await opened()
      page.socket.send(data)
      expect(await page.closed()).toBe(1008)
      expect(await page.hear('error')).toMatchObject({ code: 'malformed' })
    })
  }

  test('too long a frame ends the line', async () => {
    await start()
    const page = await opened()
    page.socket.send('x'.repeat(5_000))
    expect(await page.closed()).toBe(1009)
  })

  for (const stream of ['logs', '', 'actor:', 'actor:nobody', 'actor:../etc', 'time']) {
    test(`the stream '${stream}' is answered in words, and the line stays`, async () => {
      await start()
      const page = await opened()
      page.say('subscribe', stream)
      await page.hear('error')
      page.say('subscribe', 'cluster')
      await page.hear('cluster')
    })
  }
})

test('a gateway that closes says so', async () => {
  await start()
  const page = await opened('activity', 'cluster', 'actor:order/a')
  const closed = page.closed()
  await gateway.close()
  expect(await closed).toBe(1001)
  expect([cluster.viewers.size, cluster.watchers('order/a' as ActorId)]).toEqual([0, 0])
})

describe('faults', () => {
  const fault = { id: 'f1', kind: 'slow-disk', target: {}, params: { byMs: 5 }, by: 'ada' } as const
  const told = (page: Page) => page.said.flatMap((words) => (words.type === 'faults' ? [words.faults] : []))

  test('are told to who comes, and again when one of them has changed', async () => {
    const faults = new FakeFaults()
    faults.all = [{ ...fault, ageMs: 1, met: 0 }]
    await start({ faults })
    const page = await opened('faults')
    await page.until(() => told(page).length === 1)
    faults.all = [{ ...fault, ageMs: 900, met: 3 }]
    await page.until(() => told(page).length === 2)
    faults.all = [{ ...fault, ageMs: 950, met: 3, ended: { how: 'reverted', agoMs: 5 } }]
    await page.until(() => told(page).length === 3)
    // Nothing but its age has changed: who comes now is told all the same, and nobody else.
    faults.all = [{ ...fault, ageMs: 999, met: 3, ended: { how: 'reverted', agoMs: 54 } }]
    const late = await opened('faults')
    await late.until(() => told(late).length === 1)
    expect(told(page).map(([one]) => [one?.met, one?.ended?.how])).toEqual([
      [0, undefined],
      [3, undefined],
      [3, 'reverted'],
    ])
  })

  test('are off where nothing can be broken', async () => {
    await start()
    const page = open()
    await page.hear('welcome')
    page.say('subscribe', 'faults')
    expect((await page.hear('error')).code).toBe('off')
  })
})
