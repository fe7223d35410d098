/**
 * The power goes: what is left is what the disk had flushed.
 *
 * Goal: every order that was acknowledged is in it, and goes on from there.
 * Method: the drill's disk flushes a few times a second, and only then may the nodes answer. At a moment that nobody
 * chose everything is killed, and the next machine starts from the last copy; what the real file holds beyond it is
 * lost, and must be, or nothing was tried.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { type Environment, scopesOf } from '#live'
import { Up } from '../testing/up.ts'
import { DrillDisk } from './drill-disk.ts'
import { folderProblems, look, moneyOf, turnProblems } from './evidence.ts'
import { type Acknowledged, followed, Load, tally } from './load.ts'
import { isFull, within } from './pace.ts'

const rounds = isFull ? 8 : 1
const flushEveryMs = 150
const kitchenModule = new URL('./fixtures/kitchen-node.mjs', import.meta.url).href

const root = mkdtempSync(join(tmpdir(), 'brigade-power-'))
const disk = new DrillDisk(root)
let up: Up

afterAll(async () => {
  await disk.stop()
  await up.killAll()
  rmSync(root, { recursive: true, force: true })
}, 30_000)

test('every acknowledged order survives the loss of power', { timeout: 900_000 }, async () => {
  const orders: Acknowledged[] = []
  const lost: number[] = []
  let dataFolder = join(root, 'machine-0')
  for (let round = 0; round < rounds; round += 1) {
    up = new Up({ dataFolder, kitchenModule, kitchenScale: 8, stockScale: 100 }, disk.env)
    disk.start(flushEveryMs, { up, dataFolder })
    expect(await up.started()).toBeUndefined()
    await read(orders)

    const load = new Load(up, 30)
    await load.more(20)
    await sleep(Math.random() * 1_000)
    // A copy may be under way: it is not the last one until it is whole. Then some time without any, and with writes.
    await disk.stop()
    await written(dataFolder)
    await sleep(Math.random() * flushEveryMs)
    load.leave()
    await up.killAll()
    await load.served()
    expect(load.complaints).toEqual([])
    orders.push(...load.acknowledged)

    const next = join(root, `machine-${round + 1}`)
    disk.restoreTo(next)
    // The provider is another party, with a disk of its own.
    copyFileSync(join(dataFolder, 'provider-ledger.jsonl'), join(next, 'provider-ledger.jsonl'))
    lost.push((await turnsIn(dataFolder)) - (await turnsIn(next)))
    dataFolder = next
  }

  up = new Up({ dataFolder })
  expect(await up.started()).toBeUndefined()
  await read(orders)
  const ends = await followed(up, orders, 180_000)
  expect(await up.close()).toBe(0)
  const environment = await look(dataFolder)
  const money = moneyOf(environment, dataFolder)
  console.log(
    `power lost ${rounds} times: ${orders.length} orders acknowledged, all there; turns that were visible and lost: ` +
      `${lost.join(' ')}; ${disk.frozenMs.length} flushes; ${tally(ends)}; provider holds ${money.provider}, ` +
      `we say ${money.ours}`,
  )
  expect(Math.min(...lost)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...lost)).toBeGreaterThan(0)
  expect(ends.filter((end) => end.startsWith('unfinished'))).toEqual([])
  expect(money.problems).toEqual([])
  expect(money.provider).toBe(money.ours)
  expect(turnProblems(environment)).toEqual([])
  await environment.close()
  expect(await folderProblems(dataFolder)).toEqual([])
})

/** @throws Error when one of them is not there. */
async function read(orders: readonly Acknowledged[]): Promise<void> {
  await Promise.all(orders.map((order) => up.read(order)))
}

/** Waits for the next turn that is written. */
async function written(dataFolder: string): Promise<void> {
  const environment = await look(dataFolder)
  const before = turnsOf(environment)
  await within(30_000, () => turnsOf(environment) > before)
  await environment.close()
}

async function turnsIn(dataFolder: string): Promise<number> {
  const environment = await look(dataFolder)
  const turns = turnsOf(environment)
  await environment.close()
  return turns
}

const turnsOf = (environment: Environment): number =>
  scopesOf(environment).flatMap(({ batches }) => batches.flatMap(([, { records }]) => records)).length
