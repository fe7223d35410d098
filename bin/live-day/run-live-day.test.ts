/**
 * A short lunch on real processes.
 *
 * Goal: everything that a live day promises: guests are served through faults that are seen to strike, the checks of
 * the simulator hold over the journal, and nothing is left of the cluster.
 * Method: twenty world minutes at sixty times their speed, from dist.
 */
import { execFile } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import type { Instant } from '#actor'
import { type DayOptions, type DayResult, defineDay } from '#day'
import { scopesOf } from '#live'
import { type SupplyRecord, supplierLedgerIn } from '#outside'
import { checkFolder } from '../data-check.ts'
import { look } from '../drills/evidence.ts'
import { judge } from './judge.ts'
import { runLiveDay } from './run-live-day.ts'

const fixture = fileURLToPath(new URL('../fixtures/live-day.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'brigade-lunch-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const lunch: DayOptions = {
  name: 'short-lunch',
  open: '12:00',
  lastOrder: '12:06',
  close: '12:10',
  guests: {
    arrivals: [
      { at: '12:00', perHour: 300 },
      { at: '12:06', perHour: 300 },
    ],
    dishes: { caprese: 1 },
    cards: { ok: 6, declined: 1, timeoutCaptured: 1 },
    tableShare: 0.8,
    cancelShare: 0.1,
    cancelWithin: '2m',
    repeatShare: 0.2,
    reviseShare: 0.3,
    refundShare: 0.2,
    noShowShare: 0,
    members: 0.5,
    promise: '8m',
  },
  roster: [
    {
      station: 'garde-manger',
      cook: 1,
      shift: { from: '12:00', to: '12:30' },
      breaks: [{ at: '12:04', for: '2m' }],
    },
  ],
  stock: {
    // It is low from the beginning, and ordered at once.
    opening: { basil: 300 },
    lead: '4m',
    deliveries: [
      { at: '12:03', ingredient: 'tomatoes', amount: 2_000 },
      { at: '12:04', ingredient: 'mozzarella', amount: 2_000 },
    ],
  },
  faults: [
    { kind: 'crash-node', node: 'node-2', at: '12:02' },
    { kind: 'delivery-late', ingredient: 'tomatoes', by: '3m', at: '12:03' },
    { kind: 'delivery-short', ingredient: 'mozzarella', share: 0.5, at: '12:04' },
    { kind: 'spoilage', ingredient: 'mozzarella', share: 0.1, at: '12:05' },
    { kind: 'provider-outage', at: '12:03', for: '6m' },
    { kind: 'pause-node', node: 'node-1', at: '12:05', for: '300ms' },
  ],
  slo: {},
}

test('guests are served through real faults, and every check holds over what is left', async () => {
  const run = { seed: 3, speed: 60, dataFolder: folder }
  const { stdout } = await promisify(execFile)(process.execPath, [
    fixture,
    JSON.stringify(lunch),
    JSON.stringify(run),
  ])
  const result = JSON.parse(stdout) as DayResult
  expect(result.checks.filter(({ held }) => !held)).toEqual([])
  expect(result.checks.map(({ id }) => id)).toContain('faults-fired')
  expect(result.faults.map(({ kind, fired }) => [kind, fired])).toEqual([
    ['crash-node', true],
    ['delivery-late', true],
    ['delivery-short', true],
    ['spoilage', true],
    ['provider-outage', true],
    ['pause-node', true],
  ])
  const { orders, money, restarts, mode, latencyMs } = result
  expect(orders.acknowledged).toBeGreaterThan(15)
  expect(orders.completed + orders.rejected + orders.cancelled + orders.expired).toBe(orders.acknowledged)
  expect(orders).toMatchObject({ lost: 0, unexpected: 0 })
  expect(money.doubleCharges).toBe(0)
  expect(money.billed - money.givenBack).toBe(money.captured - money.refunded)
  expect(money.givenBack).toBeGreaterThan(0)
  expect(result.reached['order-revised']).toBeGreaterThan(0)
  expect(money.billed).toBeGreaterThan(0)
  expect(result.reached['cook-away']).toBeGreaterThan(0)
  expect(restarts).toBeGreaterThan(0)
  expect(latencyMs['order.accept'].n).toBe(orders.acknowledged)
  expect(mode).toBe('live')
  // It was given the folder, so it stays; and another cluster may have it.
  expect(readdirSync(folder)).toContain('data.mdb')

  const [emitted, orderedAsMembers] = await whatMembersDid()
  expect(emitted).toEqual(
    expect.arrayContaining(['account.registered', 'session.rotated', 'inbox.noted', 'notification.sent']),
  )
  expect(orderedAsMembers).toBeGreaterThan(5)
  expect(orderedAsMembers).toBeLessThan(orders.acknowledged)

  const books = join(folder, 'supplier-ledger.jsonl')
  const { orders: ordered } = supplierLedgerIn(readFileSync(books, 'utf8'))
  expect(ordered.map(({ ingredient }) => ingredient)).toContain('basil')
  const wrong = async () => (await checkFolder(folder)).checks.filter(({ held }) => !held)
  expect(await wrong()).toEqual([])
  const lost = { ...ordered[0], order: 'house:salt:1', brings: 70, arrivesAt: 1 }
  appendFileSync(books, `\n${JSON.stringify(lost)}`)
  const detail = expect.stringContaining('of house:salt:1 70 has come, and its bin was brought nothing')
  const told = { id: 'stock', held: false, detail }
  expect(await wrong()).toEqual([told])
  const { checks } = await judge({
    day: defineDay(lunch),
    dataFolder: folder,
    midnight: 0 as Instant,
    endedAt: Number.MAX_SAFE_INTEGER,
    healedAt: 0,
    speed: run.speed,
    supplier: [...ordered, lost as SupplyRecord],
    ...{ guests: [], faults: [], provider: [] },
  })
  expect(checks).toContainEqual(told)
}, 240_000)

/** What was published in all, and how many orders are an account's. */
async function whatMembersDid(): Promise<readonly [readonly string[], number]> {
  const environment = await look(folder)
  try {
    const records = scopesOf(environment).flatMap(({ batches }) =>
      batches.flatMap(([, batch]) => batch.records),
    )
    const emitted = new Set(records.flatMap(({ events = [] }) => events.map(({ type }) => type)))
    const placed = records.filter(({ message }) => message.type === 'order.place' && 'guest' in message)
    return [[...emitted], placed.length]
  } finally {
    await environment.close()
  }
}

describe('a day that a live cluster cannot play is refused before anything runs', () => {
  test.each([
    ['a node that there is not', { faults: [{ kind: 'crash-node', node: 'edge-2', at: '12:05' }] }, {}],
    ['faults of links', { faults: [{ kind: 'power-loss', at: '12:05' }] }, {}],
    ['too fast a world', {}, { speed: 500 }],
    ['fewer nodes than its faults name', lunch, { nodes: 1 }],
  ] as const)('%s', async (_name, more, run) => {
    const day = defineDay({ ...lunch, faults: [], ...(more as object) })
    await expect(runLiveDay(day, { seed: 1, speed: 60, ...run })).rejects.toMatchObject({
      name: 'ClusterError',
    })
  })
})
