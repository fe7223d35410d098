/**
 * The disk has no room.
 *
 * Goal: no node ends, nothing is acknowledged that is not stored, guests are told to come again later, and when there
 * is room again it all goes on by itself.
 * Method: what each node hears of the room on its disk is the drill's (`fixtures/kitchen-node.mjs`).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Up } from '../testing/up.ts'
import { folderProblems, look, moneyOf, turnProblems } from './evidence.ts'
import { followed, Load, type Refusal, tally } from './load.ts'
import { isFull, within } from './pace.ts'

const rounds = isFull ? 5 : 1
const fullMs = 3_000
/** The nodes look again with a backoff of at most two seconds, and the shards have to be taken. */
const recoveryBoundMs = 12_000

const folder = mkdtempSync(join(tmpdir(), 'brigade-full-'))
const dataFolder = join(folder, 'data')
const full = join(folder, 'full')
const kitchenModule = new URL('./fixtures/kitchen-node.mjs', import.meta.url).href
let up: Up

beforeAll(async () => {
  up = new Up({ dataFolder, kitchenModule, kitchenScale: 8, stockScale: 50 }, { BRIGADE_DRILL_FULL: full })
  expect(await up.started()).toBeUndefined()
}, 60_000)

afterAll(async () => {
  await up.killAll()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

test('a full disk refuses guests, ends nobody, and is over when there is room', {
  timeout: 600_000,
}, async () => {
  const load = new Load(up, 40)
  await load.more(20)
  const figures: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    const isFullNow = ({ status, code }: Refusal): boolean => status === 503 && code === 'storage-full'
    const from = load.refusals.length
    const ended = up.events.length
    writeFileSync(full, '')
    const began = performance.now()
    expect(await within(30_000, () => load.refusals.slice(from).some(isFullNow))).toBe(true)
    const noticedMs = performance.now() - began
    await sleep(fullMs)
    const refusals = load.refusals.slice(from)
    const acknowledged = load.acknowledged.length
    rmSync(full)
    const roomAt = performance.now()
    expect(await within(recoveryBoundMs, () => load.acknowledged.length > acknowledged + 5)).toBe(true)
    const first = load.acknowledged[acknowledged]?.heardAt ?? 0

    expect(refusals.filter(({ status, retryAfter }) => status === 503 && retryAfter === null)).toEqual([])
    expect(up.events.slice(ended).filter(({ kind }) => kind === 'ended')).toEqual([])
    figures.push(
      `refused after ${Math.round(noticedMs)} ms (${tally(refusals.map(({ status, code }) => `${status} ${code}`))}), ` +
        `taken again ${Math.round(first - roomAt)} ms after there was room`,
    )
    await load.more(20)
  }
  const orders = await load.served()
  const ends = await followed(up, orders, 120_000)
  console.log(`full disk: ${figures.join('; ')}; ${tally(ends)}`)
  expect(load.complaints).toEqual([])
  expect(ends.filter((end) => end.startsWith('unfinished'))).toEqual([])
  expect(await up.close()).toBe(0)
  const environment = await look(dataFolder)
  expect(moneyOf(environment, dataFolder).problems).toEqual([])
  expect(turnProblems(environment)).toEqual([])
  await environment.close()
  expect(await folderProblems(dataFolder)).toEqual([])
})
