/**
 * Everything is killed at once: the launcher and every node, at a moment that nobody chose, under load.
 *
 * Goal: an order that was acknowledged is there when the cluster is up again, and goes on to its end; the provider's
 * books and ours agree, and nobody has paid twice.
 * Method: SIGKILL to all, `up` on the same data, and again. Guests whose request was under way ask again with the
 * same key: whatever became of it, they get one order.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { Up } from '../testing/up.ts'
import { folderProblems, look, moneyOf, turnProblems } from './evidence.ts'
import { type Acknowledged, followed, Load, tally } from './load.ts'
import { isFull } from './pace.ts'

const rounds = isFull ? 20 : 2

const folder = mkdtempSync(join(tmpdir(), 'brigade-killed-'))
const dataFolder = join(folder, 'data')
const settings = { dataFolder, kitchenScale: 8, stockScale: 100 }
let up: Up

afterAll(async () => {
  await up.killAll()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

test('what was acknowledged outlives every process of the cluster', { timeout: 1_200_000 }, async () => {
  const orders: Acknowledged[] = []
  const startsMs: number[] = []
  let askedAgain = 0
  up = await started()
  for (let round = 0; round < rounds; round += 1) {
    const load = new Load(up, 30)
    await load.more(10)
    await sleep(Math.random() * 1_000)
    load.leave()
    const acknowledged = [...load.acknowledged]
    await up.killAll()
    await load.served()
    // An answer may have been on its way to the guest when the end came: it counts as well.
    const mine = load.acknowledged
    expect(mine.length).toBeGreaterThanOrEqual(acknowledged.length)
    expect(load.complaints).toEqual([])

    const began = performance.now()
    up = await started()
    startsMs.push(Math.round(performance.now() - began))
    for (const key of load.open.keys()) {
      const order = await up.place('caprese', key)
      mine.push({ ...order, key, askedAt: began, heardAt: performance.now() })
      askedAgain += 1
    }
    orders.push(...mine)
    const seen = await Promise.all(mine.map(async (order) => (await up.read(order)).state))
    expect(seen).toHaveLength(mine.length)
    // The same key, days or a crash later: the same order.
    const last = mine[0] as Acknowledged
    expect((await up.place('caprese', last.key)).id).toBe(last.id)
  }
  expect(new Set(orders.map(({ id }) => id)).size).toBe(orders.length)

  const ends = await followed(up, orders, 180_000)
  expect(await up.close()).toBe(0)
  const environment = await look(dataFolder)
  const money = moneyOf(environment, dataFolder)
  console.log(
    `whole cluster killed ${rounds} times: ${orders.length} orders acknowledged, ${askedAgain} of them after asking ` +
      `again; ${tally(ends)}; up again after ` +
      `${Math.min(...startsMs)} to ${Math.max(...startsMs)} ms; ${money.payments} payments, provider holds ` +
      `${money.provider}, we say ${money.ours}`,
  )
  expect(ends.filter((end) => end.startsWith('unfinished'))).toEqual([])
  expect(money.problems).toEqual([])
  expect(money.provider).toBe(money.ours)
  expect(turnProblems(environment)).toEqual([])
  await environment.close()
  expect(await folderProblems(dataFolder)).toEqual([])
})

async function started(): Promise<Up> {
  const fresh = new Up(settings)
  expect(await fresh.started()).toBeUndefined()
  return fresh
}
