/**
 * The disk stops flushing for two seconds: what is written is visible, and not durable.
 *
 * Goal: during it nothing leaves that depends on such a write: no 201, no message to another node, and no row of a read
 * model. After it everything does.
 * Method: nodes may answer what they have flushed only with the next tick of the drill. The ticks stop; what the
 * journal shows at that moment is all that may have consequences.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Environment, scopesOf } from '#live'
import type { MessageId, ScopeId } from '#ports'
import { Up } from '../testing/up.ts'
import { DrillDisk } from './drill-disk.ts'
import { folderProblems, look, turnProblems } from './evidence.ts'
import { followed, Load, tally } from './load.ts'
import { isFull } from './pace.ts'

const rounds = isFull ? 10 : 2
const withheldMs = 2_000
const tickEveryMs = 20

const folder = mkdtempSync(join(tmpdir(), 'brigade-withheld-'))
const dataFolder = join(folder, 'data')
const disk = new DrillDisk(folder)
let up: Up
let environment: Environment

beforeAll(async () => {
  disk.start(tickEveryMs)
  const kitchenModule = new URL('./fixtures/kitchen-node.mjs', import.meta.url).href
  up = new Up({ dataFolder, kitchenModule, kitchenScale: 8, stockScale: 50 }, disk.env)
  expect(await up.started()).toBeUndefined()
  environment = await look(dataFolder)
}, 60_000)

afterAll(async () => {
  await disk.stop()
  await up.killAll()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

interface Turn {
  readonly actor: string
  readonly scope: ScopeId
  readonly cause: MessageId | undefined
}

/** What the journal shows now, flushed or not. */
function turns(): ReadonlyMap<MessageId, Turn> {
  const found = new Map<MessageId, Turn>()
  for (const { scope, batches } of scopesOf(environment)) {
    for (const [, { records }] of batches) {
      for (const { id, actor, cause } of records) found.set(id, { actor, scope, cause })
    }
  }
  return found
}

test('nothing leaves that depends on what is not flushed', { timeout: 600_000 }, async () => {
  const load = new Load(up, 40)
  await load.more(20)
  const figures: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    await sleep(Math.random() * 200)
    await disk.stop()
    // What is not in here was flushed, if at all, after the last tick.
    const shown = turns()
    const before = load.acknowledged.length
    const waitingFrom = performance.now()
    await sleep(withheldMs)
    const late = load.acknowledged.slice(before)
    const published = await up.ops<{ turns: number }>('projections')
    const now = turns()
    disk.start(tickEveryMs)

    const ordered = new Set([...shown.values()].map(({ actor }) => actor))
    expect(late.filter(({ id }) => !ordered.has(`order/${id}`))).toEqual([])
    const fresh = [...now].filter(([id]) => !shown.has(id))
    const carried = fresh.filter(([, { cause, scope }]) => {
      const sender = cause === undefined || shown.has(cause) ? undefined : now.get(cause)
      return sender !== undefined && sender.scope !== scope
    })
    expect(carried).toEqual([])
    // Read models see what is not flushed as everybody does, and publish none of it.
    expect(published.turns).toBeGreaterThan(0)
    expect(published.turns).toBeLessThanOrEqual(shown.size)
    // It is no proof that nothing came if nothing was there to come.
    expect(fresh.length).toBeGreaterThan(0)
    const waiting = load.open.size
    expect(waiting).toBeGreaterThan(10)
    await load.more(waiting)
    const after = load.acknowledged.slice(before + late.length, before + late.length + waiting)
    const longestMs = Math.max(...after.map(({ askedAt, heardAt }) => heardAt - askedAt))
    figures.push(
      `${fresh.length} turns and ${waiting} guests withheld, ${late.length} answers of before, last answer ` +
        `${Math.round(Math.max(...after.map(({ heardAt }) => heardAt)) - waitingFrom - withheldMs)} ms after it ` +
        `(longest wait ${Math.round(longestMs)} ms)`,
    )
  }
  const orders = await load.served()
  const ends = await followed(up, orders, 120_000)
  console.log(`flushes withheld for ${withheldMs} ms: ${figures.join('; ')}; ${tally(ends)}`)
  expect(load.complaints).toEqual([])
  expect(ends.filter((end) => end.startsWith('unfinished'))).toEqual([])
  expect(await up.close()).toBe(0)
  expect(turnProblems(environment)).toEqual([])
  await environment.close()
  expect(await folderProblems(dataFolder)).toEqual([])
})
