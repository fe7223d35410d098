/**
 * Messages that end the process that handles them, and processes that end for no message's fault.
 *
 * Goal: a turn without an end costs three nodes at most, then it is a dead letter and its shard goes on; nodes that are
 * killed every few hundred milliseconds under load make nothing suspect.
 * Method: a small cluster of actors that can be told to never return; one gets it from outside, one from an actor. The
 * launcher kills who does not answer its heartbeat. Lives of nodes are counted.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ActorId } from '#actor'
import { type ClusterDefinition, shardHashVersion } from '#host'
import { Environment, rowsOf, shardCounts } from '#live'
import type { NodeId, Outcome, ShardStateRow } from '#ports'
import { SmallCluster } from '../testing/small-cluster.ts'
import { isFull, within } from './pace.ts'

const module = new URL('./fixtures/fuses.mjs', import.meta.url).href
const { cluster } = (await import(module)) as { readonly cluster: ClusterDefinition }
const killingMs = isFull ? 15_000 : 5_000
const killEveryMs = 300
const diesOfPoisonMax = 3

class Fuses extends SmallCluster {
  constructor(dataFolder: string) {
    super(module, dataFolder)
  }

  ask(key: string, message: object, options: object = {}): Promise<Outcome> {
    return this.call('ask', `fuse/${key}`, message, options)
  }

  async total(key: string): Promise<number | undefined> {
    const outcome = await this.call<Outcome>('query', `fuse/${key}`, 'total')
    return outcome.kind === 'answer' ? (outcome.value as number) : undefined
  }

  async add(key: string, name: string): Promise<void> {
    const message = { type: 'add', amount: 1 }
    while ((await this.ask(key, message, { key: name, timeoutMs: 2_000 })).kind !== 'done') await sleep(20)
  }
}

let folder: string
let small: Fuses

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-poison-'))
  small = new Fuses(folder)
  await small.started()
}, 60_000)

afterEach(async () => {
  await small.end()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}, 30_000)

const shardOf = (key: string): string => cluster.registry.shardOf(`fuse/${key}` as ActorId)
const keys = Array.from({ length: 40 }, (_, n) => `f${n}`)
/** Another actor of the same shard. */
const neighbourOf = (key: string): string =>
  keys.find((other) => other !== key && shardOf(other) === shardOf(key)) as string
const bomb = 'f0'
const otherBomb = keys.find((key) => shardOf(key) !== shardOf(bomb)) as string

interface Stored {
  readonly dead: readonly { readonly to: string; readonly type: string; readonly reason: string }[]
  readonly quarantined: readonly string[]
}

async function stored(): Promise<Stored> {
  const environment = await Environment.open({
    folder,
    departments: shardCounts(cluster),
    hashVersion: shardHashVersion,
  })
  try {
    return {
      dead: [...rowsOf(environment, 'mailbox')].flatMap(([, { envelope, dead }]) =>
        dead === undefined ? [] : [{ to: envelope.to, type: envelope.message.type, reason: dead.reason }],
      ),
      quarantined: [...rowsOf(environment, 'meta')].flatMap(([[kind, shard], row]) =>
        kind === 'shard' && (row as ShardStateRow).quarantined ? [String(shard)] : [],
      ),
    }
  } finally {
    await environment.close()
  }
}

test('a turn without an end costs three nodes at most, and its shard goes on', {
  timeout: 120_000,
}, async () => {
  const figures: string[] = []
  for (const key of [bomb, otherBomb, neighbourOf(bomb), neighbourOf(otherBomb)])
    await small.add(key, 'first')
  const blows = [
    () => small.ask(bomb, { type: 'blow' }, { key: 'blow', timeoutMs: 30_000 }),
    () =>
      small.ask(neighbourOf(otherBomb), { type: 'pass', to: otherBomb }, { key: 'pass', timeoutMs: 30_000 }),
  ]
  for (const [n, key] of [bomb, otherBomb].entries()) {
    const before = await small.lives()
    const began = performance.now()
    const outcome = blows[n]?.()
    // What dies with the first node may be nowhere but in the memory of who asked, and come back after what is asked later:
    // so nothing is, until it has struck twice.
    await within(30_000, async () => (await small.lives()) - before >= 2)
    await small.add(key, 'second')
    const tookMs = performance.now() - began
    await small.add(neighbourOf(key), 'second')
    await within(10_000, async () => (await small.nodes()).every(({ phase }) => phase === 'up'))
    const deaths = (await small.lives()) - before
    figures.push(`${n === 0 ? 'from outside' : 'from an actor'}: ${deaths} nodes, ${Math.round(tookMs)} ms`)
    expect(deaths).toBeGreaterThanOrEqual(2)
    expect(deaths).toBeLessThanOrEqual(diesOfPoisonMax)
    expect(await small.total(key)).toBe(2)
    expect(await small.total(neighbourOf(key))).toBe(2)
    figures.push(`told ${(await outcome)?.kind}`)
  }
  await small.close()
  console.log(`poison: ${figures.join(', ')}`)
  const { dead, quarantined } = await stored()
  expect(dead).toEqual(
    expect.arrayContaining([
      { to: `fuse/${bomb}`, type: 'blow', reason: 'poison' },
      { to: `fuse/${otherBomb}`, type: 'blow', reason: 'poison' },
    ]),
  )
  expect(dead).toHaveLength(2)
  expect(quarantined).toEqual([])
})

test('nodes that are killed again and again under load make nothing suspect', {
  timeout: 180_000,
}, async () => {
  const until = performance.now() + killingMs
  const added = new Map<string, number>()
  const guests = keys.map(async (key) => {
    while (performance.now() < until) {
      const count = (added.get(key) ?? 0) + 1
      await small.add(key, `add ${count}`)
      added.set(key, count)
      await sleep(20)
    }
  })
  let kills = 0
  for (let n = 0; performance.now() < until; n += 1) {
    if (await small.crash(`node-${(n % 3) + 1}` as NodeId)) kills += 1
    await sleep(killEveryMs)
  }
  await Promise.all(guests)
  for (const key of keys) {
    let total: number | undefined
    await within(10_000, async () => {
      total = await small.total(key)
      return total !== undefined
    })
    expect([key, total]).toEqual([key, added.get(key)])
  }
  await small.close()
  const adds = [...added.values()].reduce((a, b) => a + b, 0)
  console.log(
    `killed for no message's fault: ${kills} kills in ${killingMs} ms, ${adds} messages, each counted once`,
  )
  expect(kills).toBeGreaterThan(killingMs / killEveryMs / 4)
  expect(await stored()).toEqual({ dead: [], quarantined: [] })
})
