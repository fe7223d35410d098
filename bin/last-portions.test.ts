/**
 * Two hundred guests want the last ten portions, all at once.
 *
 * Goal: ten get one, and pay for it; the others hear that there is none, and pay nothing. Also when the node that owns
 * the bin is killed in the middle of it. Method: one cluster of real processes with exactly ten portions of two dishes;
 * each guest orders by HTTP and sends the same request with the same key until the answer is one that stays. Then the
 * provider's books and the journal are read from the data folder.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DishName, housePantry, type Ingredient, recipes } from '#actors'
import { rowsOf } from '#live'
import type { NodeId } from '#ports'
import { restaurantCluster, site } from '../cluster.config.ts'
import { folderProblems, look, moneyOf } from './drills/evidence.ts'
import { openingsOf } from './open-house.ts'
import { Insistent } from './testing/insistent.ts'
import { Up } from './testing/up.ts'

const guests = 200
const portions = 10
const scale = 4
const scarce = { caprese: 'mozzarella', 'roast-chicken': 'chicken-thigh' } as const satisfies Partial<
  Record<DishName, Ingredient>
>
type Scarce = keyof typeof scarce

const folder = mkdtempSync(join(tmpdir(), 'brigade-last-'))
const dataFolder = join(folder, 'data')
let up: Up

interface Order {
  readonly id: string
  readonly state: string
  readonly orderToken: string
  readonly shortages?: readonly { readonly ingredient: string }[]
}

function amountOf(dish: Scarce): number {
  const need = recipes[dish].needs.find(({ ingredient }) => ingredient === scarce[dish])
  return need?.amount ?? 0
}

beforeAll(async () => {
  const opening = Object.fromEntries(
    (Object.keys(scarce) as Scarce[]).map((dish) => [scarce[dish], portions * amountOf(dish)]),
  )
  const bins = new Map(housePantry(site, { scale, opening }))
  const usual = openingsOf({ site, kitchenScale: scale, stockScale: scale })
  const openings = usual.map(([actor, message]) => [actor, bins.get(actor as never) ?? message] as const)
  // Slow enough that no supplier comes before it is over.
  up = new Up({ dataFolder, openings, speed: 10 })
  expect(await up.started()).toBeUndefined()
}, 90_000)

afterAll(async () => {
  await up.killAll()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

/** One guest, until it is decided: the order's state after its payment, or `refused` by the preview. */
async function wants(dish: Scarce): Promise<string> {
  const guest = new Insistent(up.url)
  const placed = await guest.send<Order & { code?: string }>('POST', '/api/v1/orders', {
    body: { items: [{ dish, quantity: 1 }], payment: { token: 'tok_ok' } },
  })
  if (placed.status === 409) {
    expect(placed.body).toMatchObject({
      code: 'insufficient-stock',
      shortages: [{ ingredient: scarce[dish] }],
    })
    return 'refused'
  }
  expect(placed.status).toBe(201)
  const { id, orderToken } = placed.body
  const headers = { 'x-order-token': orderToken, prefer: 'wait=5' }
  for (;;) {
    const { body } = await guest.send<Order>('GET', `/api/v1/orders/${id}`, { headers })
    if (['placed', 'reserving', 'paying'].includes(body.state)) continue
    if (body.state === 'rejected') expect(body.shortages).toMatchObject([{ ingredient: scarce[dish] }])
    return body.state
  }
}

async function ownerOf(actor: string): Promise<NodeId> {
  const type = actor.slice(0, actor.indexOf('/'))
  const { items } = await up.ops<{ items: { id: string; node: NodeId }[] }>(`actors?type=${type}&limit=200`)
  const found = items.find(({ id }) => id === actor)
  if (found === undefined) throw new Error(`There is no ${actor}.`)
  return found.node
}

async function race(dish: Scarce): Promise<void> {
  const ends = await Promise.all(Array.from({ length: guests }, () => wants(dish)))
  const without = ends.filter((end) => end === 'rejected' || end === 'refused')
  const got = ends.filter((end) => ['confirmed', 'queued', 'cooking', 'plating', 'ready'].includes(end))
  console.log(`${dish}: ${got.length} got one, ${without.filter((end) => end === 'refused').length} refused`)
  expect([got.length, without.length]).toEqual([portions, guests - portions])
}

test('ten of two hundred get a portion', { timeout: 120_000 }, () => race('caprese'))

test('ten of two hundred, and the owner of the bin is killed', { timeout: 120_000 }, async () => {
  const node = await ownerOf(`bin/${site}:${scarce['roast-chicken']}`)
  let isOver = false
  const racing = race('roast-chicken').finally(() => {
    isOver = true
  })
  await sleep(300)
  await up.execute({ kind: 'crash', node, force: true })
  expect(isOver).toBe(false)
  await racing
})

test('the books say the same: nothing is left, nothing was less than nothing, twenty have paid', {
  timeout: 120_000,
}, async () => {
  expect(await up.close()).toBe(0)
  const environment = await look(dataFolder)
  const money = moneyOf(environment, dataFolder)
  const { registry } = restaurantCluster()
  const bins = [...rowsOf(environment, 'snapshots')]
    .map(([, { id, state }]) => [id, state] as const)
    .filter(([id]) => Object.values(scarce).some((ingredient) => id === `bin/${site}:${ingredient}`))
    .map(([id, state]) => registry.typeOf(id).machine.load(state).state.context)
  await environment.close()
  expect(money).toMatchObject({
    provider: portions * (recipes.caprese.price + recipes['roast-chicken'].price),
    ours: portions * (recipes.caprese.price + recipes['roast-chicken'].price),
    problems: [],
  })
  expect(bins).toHaveLength(2)
  for (const books of bins) expect(books).toMatchObject({ free: 0, held: 0, waiting: [] })
  // The stock check looks at each bin after each of its turns.
  expect(await folderProblems(dataFolder)).toEqual([])
})
