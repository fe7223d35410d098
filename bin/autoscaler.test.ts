/**
 * The autoscaler of a live cluster: under load a node comes, idle it goes.
 *
 * Goal: nobody but the load says so, and no order is lost by it. Method: one node that owns all, and guests who order
 * until there are two; then nobody orders any more until there is one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Placed, Up } from './testing/up.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-scale-'))
const guests = 20
let up: Up

beforeAll(async () => {
  up = new Up({ dataFolder: join(folder, 'data'), nodes: 1, kitchenScale: 40, speed: 60 })
  expect(await up.started()).toBeUndefined()
}, 90_000)

afterAll(async () => {
  await up.killAll()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

interface Scale {
  readonly changes: number
  readonly loadPercent?: number
  readonly state: string
}
const scale = (): Promise<Scale> => up.ops<Scale>('scale')
/** Those of the kitchen that take part. */
async function nodesUp(): Promise<readonly string[]> {
  const { nodes } = await up.ops<{ nodes: { id: string; group: string; state: string }[] }>('cluster')
  return nodes.filter(({ group, state }) => group === 'kitchen' && state === 'up').map(({ id }) => id)
}

test('under load a node comes, and idle it goes', { timeout: 240_000 }, async () => {
  const policy = { min: 1, max: 2, target: 20, policy: 'cpu' }
  const set = async (): Promise<number> => {
    const response = await fetch(`${up.opsUrl}/ops/v1/scale`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', 'if-match': '"0"' },
      body: JSON.stringify(policy),
    })
    await response.arrayBuffer()
    return response.status
  }
  // An office that has only just started may say: later.
  while ((await set()) === 503) await sleep(100)
  await expect.poll(scale).toMatchObject(policy)

  const placed: Placed[] = []
  let isBusy = true
  const order = async (): Promise<void> => {
    while (isBusy) placed.push(await up.place())
  }
  const ordering = Array.from({ length: guests }, order)
  await expect.poll(nodesUp, { timeout: 90_000, interval: 500 }).toEqual(['node-1', 'node-2'])
  isBusy = false
  await Promise.all(ordering)
  expect((await scale()).changes).toBe(1)

  await expect.poll(nodesUp, { timeout: 120_000, interval: 500 }).toEqual(['node-1'])
  expect((await scale()).changes).toBe(2)
  const operation = (n: number) => up.ops<{ state: string; by: string }>(`operations/op_scale-kitchen-${n}`)
  for (const n of [1, 2]) {
    await expect
      .poll(() => operation(n), { timeout: 20_000 })
      .toMatchObject({ state: 'done', by: 'autoscaler' })
  }
  expect(placed.length).toBeGreaterThan(guests)
  const reads = await Promise.all(placed.slice(-50).map((one) => up.read(one)))
  expect(reads.filter(({ state }) => ['rejected', 'expired', 'cancelled'].includes(state))).toEqual([])
})
