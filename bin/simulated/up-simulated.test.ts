import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defineDay } from '#day'
import { contractOf } from '../../gateway/testing/openapi-contract.ts'
import { Page } from '../../gateway/testing/page.ts'
import { type RunningSimulation, startSimulated } from './up-simulated.ts'

// The gateway over a simulated cluster, and its clock over HTTP. Nothing here waits for a length of time but a poll.

const day = defineDay({
  name: 'short',
  open: '18:00',
  lastOrder: '18:20',
  close: '18:30',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 90 },
      { at: '18:20', perHour: 90 },
    ],
  },
})

interface Time {
  readonly state: string
  readonly now: string
  readonly events: number
  readonly traceHash: string
}

let house: RunningSimulation
let assertDescribed: ReturnType<typeof contractOf>

beforeAll(async () => {
  house = await startSimulated({ day, seed: 5, speed: 60, port: 0, opsPort: 0 })
  assertDescribed = contractOf(await (await fetch(`${house.opsUrl}/openapi.json`)).json())
})
afterAll(() => house.close())

async function ops<Answer = Time>(
  method: string,
  path: string,
  body?: unknown,
  url = house.opsUrl,
): Promise<{ status: number; body: Answer }> {
  const response = await fetch(`${url}/ops/v1/${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  const answer = { status: response.status, body: (await response.json()) as Answer }
  assertDescribed(response, method, `/ops/v1/${path}`, answer.body)
  return answer
}

async function seek(to: string, url?: string): Promise<Time> {
  const asked = await ops('POST', 'time/seek', { to: `1970-01-01T${to}Z` }, url)
  expect(asked.status).toBe(202)
  return arrived(url)
}

async function arrived(url?: string): Promise<Time> {
  for (;;) {
    const { body } = await ops('GET', 'time', undefined, url)
    if (body.state !== 'seeking') return body
    await sleep(5)
  }
}

function order(key: string): Promise<Response> {
  return fetch(`${house.url}/api/v1/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ items: [{ dish: 'caprese', quantity: 1 }], payment: { token: 'tok_ok' } }),
  })
}

describe('a simulated cluster behind the gateway', () => {
  test('opens its house, and plays', async () => {
    const { body } = await ops('GET', 'time')
    expect(body).toMatchObject({ state: 'running', day: 'short', seed: 5, speed: 60 })
    const menu = await (await fetch(`${house.url}/api/v1/menu`)).json()
    expect((menu as { items: unknown[] }).items.length).toBeGreaterThan(5)
  })

  test('stands still when it is paused: it can be looked at, takes nothing, and goes on', async () => {
    const { body: paused } = await ops('POST', 'time/pause')
    expect(paused.state).toBe('paused')
    expect((await ops('GET', 'time')).body).toEqual(paused)
    expect((await fetch(`${house.url}/api/v1/menu`)).status).toBe(200)
    const key = randomUUID()
    const refused = await order(key)
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      503,
      'time-stands-still',
    ])
    await ops('POST', 'time/resume')
    expect((await order(key)).status).toBe(201)
  })

  test('shows an order of over HTTP in the journal, and an actor as it stands', async () => {
    await ops('POST', 'time/resume')
    const placed = (await (await order(randomUUID())).json()) as { id: string }
    const actor = encodeURIComponent(`order/${placed.id}`)
    const { body: snapshot } = await ops<{ version: number; inside: { accepts: string[] } }>(
      'GET',
      `actors/${actor}/snapshot`,
    )
    expect(snapshot.version).toBeGreaterThan(0)
    const { body: journal } = await ops<{ items: { message: { type: string } }[] }>(
      'GET',
      `actors/${actor}/journal`,
    )
    expect(journal.items.at(-1)?.message.type).toBe('order.place')
    const station = encodeURIComponent('station/house:grill')
    expect((await ops('GET', `actors/${station}/supervision`)).body).toMatchObject({
      groups: [{ name: 'station', strategy: 'rest-for-one' }, { name: 'kitchen' }, { name: 'restaurant' }],
      restartsWith: expect.arrayContaining(['cook/house:grill:1']),
    })
    const { body: page } = await ops<{ items: { id: string }[] }>('GET', 'actors?type=order&limit=200')
    expect(page.items.map(({ id }) => id)).toContain(`order/${placed.id}`)
  })

  test('goes back to a moment, and it is the same one: also with what came from outside', async () => {
    await ops('POST', 'time/resume')
    await order(randomUUID())
    const later = await seek('18:12:00')
    await seek('18:04:00')
    expect(await seek('18:12:00')).toEqual(later)
  })

  test('shows what its actors do, also after time was wound back', async () => {
    const page = new Page(house.opsUrl)
    try {
      await page.hear('welcome')
      page.say('subscribe', 'activity')
      page.say('subscribe', 'time')
      expect((await page.hear('time')).view.day).toBe('short')
      await ops('POST', 'time/resume')
      await page.until(() => page.frames.some(({ edges }) => edges.length > 0))
      const watch = Math.max(...page.frames.map(({ head }) => head.watch))
      await seek('18:04:00')
      // What was counted has not happened: counting begins anew.
      await page.until(() => page.frames.some(({ head }) => head.watch > watch && head.named.length > 0))
    } finally {
      page.socket.terminate()
    }
  })

  test('tells messages that fit, also while it stands still, and none twice on its way to another moment', async () => {
    await seek('18:12:00')
    const { body: tap } = await ops<{ id: string }>('POST', 'taps', { filter: 'message=order.place' })
    const page = new Page(house.opsUrl)
    const told = () =>
      page.said.flatMap((words) => (words.type === 'tapped' ? words.messages.map(({ to }) => to) : []))
    try {
      await page.hear('welcome')
      page.say('subscribe', `tap:${tap.id}`)
      await page.until(() =>
        page.said.some((words) => words.type === 'tapped' && words.counts.nodes.includes('node-1')),
      )
      await ops('POST', 'time/resume')
      const isTold = ({ id }: { id: string }): boolean => told().includes(`order/${id}`)
      const place = async () => (await (await order(randomUUID())).json()) as { id: string }
      const first = await place()
      await page.until(() => isTold(first))
      await seek('18:04:00')
      await seek('18:13:00')
      await ops('POST', 'time/resume')
      const second = await place()
      await page.until(() => isTold(second))
      expect(told().filter((to) => to === `order/${first.id}`)).toHaveLength(1)
    } finally {
      page.socket.terminate()
      await fetch(`${house.opsUrl}/ops/v1/taps/${tap.id}`, { method: 'DELETE' })
    }
  })

  test('steps, and stands still again', async () => {
    const { body: before } = await ops('POST', 'time/pause')
    const { body: after } = await ops('POST', 'time/step', { by: 'event', count: 3 })
    expect(after.events).toBe(before.events + 3)
    expect(after.state).toBe('paused')
    const { body: committed } = await ops('POST', 'time/step', { by: 'commit' })
    expect(committed.traceHash).not.toBe(after.traceHash)
  })

  test('is hurt while it stands still, and shows it: a node is gone, and comes back', async () => {
    await seek('18:13:00')
    expect((await ops<object>('POST', 'nodes/node-2/crash')).status).toBe(202)
    const stateOf = async (): Promise<string | undefined> => {
      const { body } = await ops<{ items: { id: string; state: string }[] }>('GET', 'nodes')
      return body.items.find(({ id }) => id === 'node-2')?.state
    }
    expect(await stateOf()).toBe('down')
    await seek('18:14:00')
    expect(await stateOf()).toBe('up')
  })

  test('forks into a second one with the same past and another future', async () => {
    const here = await seek('18:15:00')
    const { status, body: fork } = await ops<{ opsUrl: string; events: number }>('POST', 'forks')
    expect(status).toBe(201)
    const there = await arrived(fork.opsUrl)
    expect(there).toEqual(here)
    await ops('POST', 'nodes/node-1/crash', undefined, fork.opsUrl)
    const [first, second] = [await seek('18:18:00'), await seek('18:18:00', fork.opsUrl)]
    expect(second.traceHash).not.toBe(first.traceHash)
  })

  test('refuses a moment that is not of its day, a speed that is none, and too many forks', async () => {
    expect((await ops('POST', 'time/seek', { to: '1970-01-01T17:00:00Z' })).status).toBe(400)
    expect((await ops('PUT', 'time/speed', { speed: 0 })).status).toBe(400)
    const statuses: number[] = []
    for (let n = 0; n < 4; n += 1) statuses.push((await ops<object>('POST', 'forks')).status)
    expect(statuses).toEqual([201, 201, 201, 409])
  })
})
