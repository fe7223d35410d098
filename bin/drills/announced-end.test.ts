/**
 * An end is announced that has not happened: the launcher lies, and two processes believe that they own the same shards.
 *
 * Goal: the position's condition alone keeps the old one out, as no lease and no clock would.
 * Method: a node is frozen under load, its end announced, its shards taken by others; then it goes on where it was.
 * The heartbeat bound is out of the way, so that nobody is killed for being frozen.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Environment } from '#live'
import type { NodeId } from '#ports'
import { signalTo, Up } from '../testing/up.ts'
import { folderProblems, look, scopeEnd, scopeOf, shardRows, turnProblems } from './evidence.ts'
import { followed, Load, tally } from './load.ts'
import { isFull, within } from './pace.ts'

const rounds = isFull ? 10 : 2
const nodes = ['node-1', 'node-2', 'node-3'] as NodeId[]

const folder = mkdtempSync(join(tmpdir(), 'brigade-announced-'))
const dataFolder = join(folder, 'data')
let up: Up
let environment: Environment

beforeAll(async () => {
  up = new Up({
    dataFolder,
    testSwitches: true,
    launcherSettings: { heartbeatBoundMs: 30_000 },
    kitchenScale: 8,
    stockScale: 50,
  })
  expect(await up.started()).toBeUndefined()
  environment = await look(dataFolder)
}, 60_000)

afterAll(async () => {
  await up.killAll()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

/** One round: how many appends of the old incarnation were refused; undefined when it froze inside a write. */
async function bury(node: NodeId): Promise<number | undefined> {
  await within(10_000, () => scopeOf(environment, node) !== undefined)
  const scope = scopeOf(environment, node)
  const { pid, life } = await up.status(node)
  if (scope === undefined || pid === undefined) throw new Error(`${node} owns nothing`)
  const refusedBefore = await refusedBy(node)

  signalTo(pid, 'SIGSTOP')
  expect(await up.execute({ kind: 'announce-end', node })).toEqual({ kind: 'done' })
  const isTaken = await within(8_000, () =>
    [...shardRows(environment).values()].every((row) => row.scope !== scope),
  )
  const sealed = scopeEnd(environment, scope)
  signalTo(pid, 'SIGCONT')

  let refused: number | undefined
  if (isTaken) {
    expect(sealed.sealedBy).toBeDefined()
    await within(5_000, async () => (await refusedBy(node)) > refusedBefore)
    refused = (await refusedBy(node)) - refusedBefore
    await sleep(500)
    // Not one more batch of it is in the journal.
    expect(scopeEnd(environment, scope)).toEqual(sealed)
  }
  // It is alone now: the others have buried it. Its next life is a member again.
  await up.execute({ kind: 'crash', node, force: true })
  await within(20_000, () =>
    up.events.some((event) => event.kind === 'ready' && event.node === node && event.life > life),
  )
  return refused
}

async function refusedBy(node: NodeId): Promise<number> {
  return (await up.status(node)).health?.counters.appendsRefused ?? 0
}

test('a node that was buried alive writes nothing more, and nothing is lost', {
  timeout: 600_000,
}, async () => {
  const load = new Load(up, 40)
  await load.more(20)
  const refusals: number[] = []
  let insideWrites = 0
  for (let tries = 0; refusals.length < rounds && tries < 3 * rounds; tries += 1) {
    const refused = await bury(nodes[tries % nodes.length] as NodeId)
    if (refused === undefined) insideWrites += 1
    else refusals.push(refused)
    await load.more(10)
  }
  const orders = await load.served()
  const ends = await followed(up, orders, 120_000)
  console.log(
    `announced ends: ${refusals.length} rounds, appends refused in each: ${refusals.join(' ')}; ` +
      `frozen inside a write: ${insideWrites}; ${tally(ends)}`,
  )
  expect(load.complaints).toEqual([])
  expect(refusals).toHaveLength(rounds)
  expect(Math.max(...refusals)).toBeGreaterThanOrEqual(1)
  expect(ends.filter((end) => end.startsWith('unfinished'))).toEqual([])

  expect(await up.close()).toBe(0)
  expect(turnProblems(environment)).toEqual([])
  await environment.close()
  expect(await folderProblems(dataFolder)).toEqual([])
})
