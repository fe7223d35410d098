/**
 * Read models of a live cluster whose nodes are killed.
 *
 * Goal: every turn is folded once, whoever wrote it and whichever process folded it; a rebuild from the journal finds
 * the same tables.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scopesOf } from '#live'
import type { NodeId } from '#ports'
import { look } from './drills/evidence.ts'
import { type Placed, signalTo, Up } from './testing/up.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-read-models-'))
const dataFolder = join(folder, 'data')
let up: Up

beforeAll(async () => {
  up = new Up({ dataFolder, kitchenScale: 8, stockScale: 50 })
  expect(await up.started()).toBeUndefined()
}, 60_000)
afterAll(async () => {
  await up.killAll()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

interface Shown {
  readonly turns: number
  readonly lagMs: number
  readonly items: readonly {
    readonly name: string
    readonly state: string
    readonly rebuild?: { readonly state: string; readonly turns: number; readonly differences?: object }
  }[]
}
const models = (): Promise<Shown> => up.ops<Shown>('projections')

/** When this is so; the edge may be away. */
async function once(isSo: (shown: Shown) => boolean): Promise<Shown> {
  for (;;) {
    const shown = await models().catch(() => undefined)
    if (shown?.items !== undefined && isSo(shown)) return shown
    await sleep(100)
  }
}

async function kill(node: string): Promise<void> {
  const { pid } = up.running.find((one) => one.node === (node as NodeId)) ?? {}
  if (pid === undefined) throw new Error(`${node} does not run`)
  const before = up.events.length
  signalTo(pid, 'SIGKILL')
  while (!up.events.slice(before).some((event) => event.kind === 'spawned' && event.node === node))
    await sleep(50)
}

test('what is folded through kills of nodes and of the edge is what a rebuild finds', async () => {
  const orders: Placed[] = []
  const place = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1)
      orders.push(await up.place(n % 3 === 0 ? 'margherita-pizza' : 'caprese'))
  }
  await place(10)
  await kill('node-1')
  await place(10)
  await kill('node-2')
  await kill('edge-1')
  await place(10)
  await kill('node-3')
  await up.settled(orders)
  for (const order of orders) await up.collect(order)

  const environment = await look(dataFolder)
  const journaled = (): number => {
    let turns = 0
    for (const { batches } of scopesOf(environment))
      for (const [, { records }] of batches) turns += records.length
    return turns
  }
  // Quiet first: the kitchen's own timers go on.
  const shown = await once(({ turns }) => turns === journaled())
  expect(shown.items.map(({ state }) => state)).toEqual(Array(6).fill('live'))
  expect(shown.lagMs).toBeLessThan(5_000)

  const response = await fetch(`${up.opsUrl}/ops/v1/projections/all/rebuild`, { method: 'POST' })
  expect(response.status).toBe(202)
  const rebuilt = await once(({ items }) => items.every(({ rebuild }) => rebuild?.state === 'done'))
  for (const { rebuild } of rebuilt.items) {
    expect(rebuild).toMatchObject({ differences: { count: 0, first: [] } })
    expect(rebuild?.turns).toBeGreaterThan(1_000)
  }
  await environment.close()
  expect(await up.close()).toBe(0)
}, 180_000)
