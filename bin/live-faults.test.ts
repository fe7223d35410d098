/**
 * Every fault that a live cluster can be made to suffer, by HTTP, on real processes.
 *
 * Goal: what was set shows its effect, ends by itself or when it is reverted, and no acknowledged order is lost for it.
 * Method: one cluster at sixty times the speed of the world; guests order and pay all the time; one fault after the other.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NodeId } from '#ports'
import { type Placed, Up } from './testing/up.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-'))
const within = { timeout: 60_000, interval: 100 }
const bound = { timeout: 120_000 }
const all: Placed[] = []
let up: Up
let isOpen = true
let guests: Promise<void>

interface Shown {
  readonly id: string
  readonly kind: string
  readonly fired: boolean
  readonly met: number
  readonly leftMs?: number
  readonly by: string
  readonly ended?: { readonly how: string }
}
interface Answer {
  readonly status: number
  readonly body: Shown & { readonly code?: string; readonly detail?: string }
}

beforeAll(async () => {
  up = new Up({ dataFolder: join(folder, 'data'), kitchenScale: 4 })
  expect(await up.started()).toBeUndefined()
  guests = comeAndGo()
}, 60_000)

afterAll(async () => {
  isOpen = false
  await guests
  up.process.kill('SIGTERM')
  await up.exited
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

/** One order a moment. Whoever is not answered comes again with the same key (`Up.place`). */
async function comeAndGo(): Promise<void> {
  while (isOpen) {
    all.push(await up.place())
    await sleep(100)
  }
}

async function ask(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${up.opsUrl}/ops/v1/${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}

/** Not while the audit is behind a fault that has just ended. */
async function set(fault: object): Promise<Shown> {
  let answer = await ask('POST', 'faults', fault)
  for (let n = 0; n < 50 && [409, 503].includes(answer.status); n += 1) {
    await sleep(300)
    answer = await ask('POST', 'faults', fault)
  }
  expect([answer.status, answer.body.detail]).toEqual([201, undefined])
  return answer.body
}

async function seen(id: string): Promise<Shown | undefined> {
  const { items, ended } = await up.ops<{ items: Shown[]; ended: Shown[] }>('faults')
  return [...items, ...ended].find((one) => one.id === id)
}

const hasFired = (id: string) => expect.poll(async () => (await seen(id))?.fired, within).toBe(true)
const hasEnded = (id: string, how: string) =>
  expect.poll(async () => (await seen(id))?.ended?.how, within).toBe(how)

async function allUp(): Promise<void> {
  await expect
    .poll(async () => {
      const { nodes } = await up.ops<{ nodes: { state: string }[] }>('cluster')
      return nodes.every(({ state }) => state === 'up')
    }, within)
    .toBe(true)
}

async function anActor(type: string): Promise<string> {
  const { items } = await up.ops<{ items: { id: string }[] }>(`actors?type=${type}&limit=5`)
  return items.at(-1)?.id ?? ''
}

const links = { a: ['node-1'], b: ['node-2', 'node-3'] }
const reverted: readonly (readonly [string, object, object])[] = [
  ['partition', links, {}],
  ['partition', links, { oneWay: true }],
  ['delay-frames', links, { byMs: 40 }],
  ['drop-frames', links, { share: 0.3 }],
  ['duplicate-frames', links, { share: 0.3 }],
  ['reorder-frames', links, { share: 0.3 }],
  ['corrupt-frames', links, { share: 0.05 }],
  ['long-gc', { node: 'node-2' }, { pauseMs: 100 }],
  ['slow-disk', {}, { byMs: 50 }],
  ['slow-disk', { node: 'node-3' }, { byMs: 50 }],
  ['full-disk', { node: 'node-1' }, {}],
  ['clock-step', { node: 'node-3' }, { byMs: 1_500 }],
  ['provider-slow', {}, { byMs: 300 }],
  ['provider-outage', {}, {}],
  ['provider-declines', {}, { share: 0.5 }],
  ['provider-silent', {}, { share: 0.5 }],
]

describe('what is set', () => {
  test.each(reverted)(
    '%s on %j %j shows, and is over when it is reverted',
    bound,
    async (kind, target, params) => {
      const { id } = await set({ kind, target, params })
      await hasFired(id)
      expect((await ask('DELETE', `faults/${id}`)).status).toBe(204)
      await hasEnded(id, 'reverted')
    },
  )

  test.each([
    ['supplier-outage', {}],
    ['mail-outage', {}],
    ['sms-outage', {}],
    ['webhook-outage', {}],
  ])('%s is in force until its time is over', bound, async (kind, target) => {
    const { id } = await set({ kind, target, forMs: 500 })
    await hasEnded(id, 'over')
  })

  test.each([
    ['appliance-breakdown', 'oven'],
    ['sensor-stuck', 'oven'],
    ['sensor-drift', 'pan'],
    ['runaway-heat', 'pan'],
    ['door-open', 'oven'],
    ['probe-silent', 'probe'],
    ['timer-stopped', 'kitchen-timer'],
    ['cook-ill', 'cook'],
  ])('%s of an actor %s shows, and is mended at its end', bound, async (kind, type) => {
    const { id } = await set({ kind, target: { actor: await anActor(type) }, forMs: 1_500 })
    await hasFired(id)
    await hasEnded(id, 'over')
  })

  test('what spoils stays spoiled, and is over at once', bound, async () => {
    const { id } = await set({
      kind: 'spoilage',
      target: { actor: await anActor('bin') },
      params: { share: 0.1 },
    })
    await hasEnded(id, 'over')
    expect((await seen(id))?.fired).toBe(true)
  })
})

describe('a node', () => {
  test('is killed, and it is over when it is back', bound, async () => {
    await allUp()
    const { life } = await up.status('node-2' as NodeId)
    const { id } = await set({ kind: 'crash-node', target: { node: 'node-2' } })
    await hasFired(id)
    await hasEnded(id, 'over')
    expect(await up.status('node-2' as NodeId)).toMatchObject({ life: life + 1, phase: 'up' })
  })

  test('is frozen, and goes on by itself', bound, async () => {
    await allUp()
    const { id } = await set({ kind: 'pause-node', target: { node: 'node-3' }, forMs: 400 })
    await hasFired(id)
    await hasEnded(id, 'over')
    expect((await up.status('node-3' as NodeId)).paused).toBe(false)
  })

  test('is drained, and starts again at the end', bound, async () => {
    await allUp()
    const { id } = await set({ kind: 'drain-node', target: { node: 'node-1' } })
    await hasFired(id)
    await expect.poll(async () => (await up.status('node-1' as NodeId)).phase, within).toBe('down')
    expect((await ask('DELETE', `faults/${id}`)).status).toBe(204)
    await expect.poll(async () => (await up.status('node-1' as NodeId)).phase, within).toBe('up')
  })

  test('may be killed, but not a second one meanwhile, nor the only edge', bound, async () => {
    await allUp()
    const { id } = await set({ kind: 'drain-node', target: { node: 'node-1' } })
    await expect.poll(async () => (await up.status('node-1' as NodeId)).phase, within).toBe('down')
    for (const node of ['node-2', 'edge-1']) {
      const { status, body } = await ask('POST', 'faults', { kind: 'crash-node', target: { node } })
      expect([status, body.code]).toEqual([409, 'would-kill-quorum'])
    }
    await ask('DELETE', `faults/${id}`)
    await allUp()
  })

  test('is one of all that are killed at once, and all come back', bound, async () => {
    await allUp()
    const { id } = await set({ kind: 'restart-cluster', target: {} })
    await hasFired(id)
    await hasEnded(id, 'over')
    expect((await seen(id))?.met).toBe(3)
    await allUp()
  })
})

test(
  'everything is reverted at once: links, clocks, who is frozen, what stands in the kitchen',
  bound,
  async () => {
    await allUp()
    const oven = await anActor('oven')
    const ids = [
      await set({ kind: 'delay-frames', target: links, params: { byMs: 5 } }),
      await set({ kind: 'appliance-breakdown', target: { actor: oven } }),
      await set({ kind: 'drain-node', target: { node: 'node-2' } }),
    ].map(({ id }) => id)
    expect((await ask('DELETE', 'faults')).status).toBe(204)
    for (const id of ids) await hasEnded(id, 'reverted')
    expect((await up.ops<{ items: unknown[] }>('faults')).items).toEqual([])
    await allUp()
  },
)

test(
  'a gateway that ends leaves what it has broken in the kitchen to the next one, which mends it',
  bound,
  async () => {
    await allUp()
    const { id } = await set({
      kind: 'appliance-breakdown',
      target: { actor: await anActor('oven') },
      forMs: 4_000,
    })
    await hasFired(id)
    await up.execute({ kind: 'crash', node: 'edge-1' as NodeId, force: true })
    await expect
      .poll(
        () =>
          seen(id).then(
            (one) => one?.ended?.how,
            () => undefined,
          ),
        within,
      )
      .toBe('over')
  },
)

test('a schedule strikes, and what is left of it ends with it', bound, async () => {
  await allUp()
  const { status } = await ask('POST', 'fault-schedules', {
    ...{ seed: 7, intervalMs: 1_000, concurrency: 2, kinds: ['delay-frames', 'slow-disk'], forMs: 60_000 },
  })
  expect(status).toBe(201)
  await expect
    .poll(async () => (await up.ops<{ items: Shown[] }>('faults')).items.length, within)
    .toBeGreaterThan(0)
  expect((await ask('DELETE', 'fault-schedules')).status).toBe(204)
  expect((await up.ops<{ items: unknown[] }>('faults')).items).toEqual([])
})

test('no acknowledged order is lost', bound, async () => {
  isOpen = false
  await guests
  expect(all.length).toBeGreaterThan(20)
  for (const { id, orderToken } of all) {
    const answer = async (): Promise<number> =>
      (await fetch(`${up.url}/api/v1/orders/${id}`, { headers: { authorization: `Bearer ${orderToken}` } }))
        .status
    await expect.poll(answer, within).toBe(200)
  }
})
