/**
 * The whole restaurant as real processes, from dist: an edge, three kitchen nodes, their launcher, and the provider.
 *
 * Goal: what was acknowledged with 201 is there whatever ends, and goes on; and Ctrl-C is no end either.
 * Method: one cluster at sixty times the speed of the world, through HTTP alone but for the hand that kills.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NodeId } from '#ports'
import { type Placed, Up } from './testing/up.ts'

const node2 = 'node-2' as NodeId
const node3 = 'node-3' as NodeId

const folder = mkdtempSync(join(tmpdir(), 'brigade-'))
const dataFolder = join(folder, 'data')
const settings = { dataFolder, kitchenScale: 4 }
const all: Placed[] = []
let up: Up

beforeAll(async () => {
  const began = performance.now()
  up = new Up(settings)
  expect(await up.started()).toBeUndefined()
  console.log(`up after ${Math.round(performance.now() - began)} ms`)
}, 60_000)

afterAll(async () => {
  up.process.kill('SIGTERM')
  await up.exited
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

test('a guest orders, follows it to the pass, and fetches it', { timeout: 60_000 }, async () => {
  const order = await up.place()
  const response = await fetch(`${up.url}/api/v1/orders/${order.id}/events?token=${order.orderToken}`, {
    headers: { accept: 'text/event-stream' },
  })
  const states: string[] = []
  const ids: number[] = []
  let text = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (data === undefined) continue
      const { state, sequence } = JSON.parse(data) as { state: string; sequence: number }
      states.push(state)
      ids.push(sequence)
    }
    if (states.at(-1) === 'ready') {
      const collected = await fetch(`${up.url}/api/v1/orders/${order.id}/collection`, {
        method: 'POST',
        headers: { authorization: `Bearer ${order.orderToken}` },
      })
      expect(collected.status).toBe(200)
      // Once is enough: the stream goes on, to its end.
      states.push('fetched')
    }
  }
  expect(ids).toEqual(ids.map((_, i) => i + 1))
  expect(states).toEqual(
    expect.arrayContaining(['reserving', 'paying', 'confirmed', 'queued', 'cooking', 'ready']),
  )
  expect(states.at(-1)).toBe('completed')
  expect((await up.read(order)).state).toBe('completed')
})

test('the same key is the same order; with another body it is refused', { timeout: 60_000 }, async () => {
  const key = crypto.randomUUID()
  const body = { items: [{ dish: 'caprese', quantity: 1 }], payment: { token: 'tok_ok' } }
  const first = await up.post('orders', key, body)
  const again = await up.post('orders', key, body)
  expect([first.status, again.status]).toEqual([201, 201])
  expect(again.headers.get('idempotent-replayed')).toBe('true')
  const [one, two] = [(await first.json()) as Placed, (await again.json()) as Placed]
  expect(two.id).toBe(one.id)
  all.push(one)
  const other = await up.post('orders', key, { ...body, note: 'no basil' })
  expect(other.status).toBe(422)
})

test('a node is killed while fifty orders are placed, and each one goes on', {
  timeout: 60_000,
}, async () => {
  const placed = await Promise.all(Array.from({ length: 10 }, () => up.place()))
  const { items } = await up.ops<{ items: { id: string; shard: string; node?: string }[] }>(
    `actors?type=order&node=${node2}`,
  )
  const watched = placed.find(({ id }) => items.some((item) => item.id === `order/${id}`))
  const placing = Array.from({ length: 40 }, async (_, i) => {
    await sleep(i * 20)
    return up.place(i % 2 === 0 ? 'caprese' : 'greek-salad')
  })
  await placing[10]
  const killed = performance.now()
  const crashed = up.execute({ kind: 'crash', node: node2 })
  if (watched !== undefined) {
    await up.read(watched)
    console.log(`an order of the killed node was read ${Math.round(performance.now() - killed)} ms later`)
  }
  expect(await crashed).toEqual({ kind: 'done' })
  placed.push(...(await Promise.all(placing)))
  expect(new Set(placed.map(({ id }) => id)).size).toBe(50)
  all.push(...placed)
  expect(new Set(await up.settled(placed))).toEqual(new Set(['ready']))
})

test('a node is drained while orders are placed, and nothing is lost', { timeout: 60_000 }, async () => {
  const placing = Array.from({ length: 20 }, async (_, i) => {
    await sleep(i * 20)
    return up.place()
  })
  expect(await up.execute({ kind: 'drain', node: node3 })).toEqual({ kind: 'done' })
  const placed = await Promise.all(placing)
  all.push(...placed)
  expect(new Set(await up.settled(placed))).toEqual(new Set(['ready']))
  expect(await up.ops('dead-letters')).toEqual({ items: [] })
})

test('a second cluster on the same data is refused, and so is one on a port in use', {
  timeout: 60_000,
}, async () => {
  const second = new Up(settings)
  expect((await second.started())?.code).toBe('DATA_IN_USE')
  expect(await second.exited).toBe(1)

  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  const third = new Up({ dataFolder: join(folder, 'other'), port })
  expect(await third.started()).toMatchObject({
    code: 'PORT_IN_USE',
    message: expect.stringContaining(String(port)),
  })
  expect(await third.exited).toBe(1)
  taken.close()

  const fourth = new Up({ dataFolder: join(folder, 'other'), port, opsPort: port })
  expect(await fourth.started()).toMatchObject({
    code: 'CLUSTER_CONFIG_INVALID',
    message: expect.stringContaining('--ops-port'),
  })
  expect(await fourth.exited).toBe(1)
})

test('a cluster whose nodes cannot start says why', { timeout: 60_000 }, async () => {
  const kitchenModule = 'data:text/javascript,throw new Error("the stove is missing")'
  const broken = new Up({ dataFolder: join(folder, 'broken'), kitchenModule })
  expect(await broken.started()).toMatchObject({
    code: 'CLUSTER_NOT_READY',
    message: expect.stringMatching(/node-\d cannot start: .*the stove is missing/),
  })
  expect(await broken.exited).toBe(1)
})

test('told to end it drains; started again it goes on from the journal', { timeout: 60_000 }, async () => {
  const cooking = await Promise.all(Array.from({ length: 5 }, () => up.place()))
  up.process.kill('SIGTERM')
  expect(await up.exited).toBe(0)

  up = new Up(settings)
  expect(await up.started()).toBeUndefined()
  expect(new Set(await up.settled(cooking))).toEqual(new Set(['ready']))
  const before = await Promise.all(all.map((order) => up.read(order)))
  expect(new Set(before.map(({ state }) => state))).toEqual(new Set(['ready']))
})
