import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ActorId, Instant } from '#actor'
import { Environment, LmdbJournal } from '#live'
import type { NodeId, Ordinal, Position, ScopeId, ShardId } from '#ports'
import { ActorWatch } from './actor-watch.ts'

const scope = 'node-1.a' as ScopeId
const shard = 'orders.0' as ShardId
const soup = 'order/soup' as ActorId
const intervalMs = 100

let folder: string
let environment: Environment
let journal: LmdbJournal
let watch: ActorWatch
let version = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-watch-'))
  environment = await Environment.open({ folder, departments: { orders: 1 }, hashVersion: 1 })
  journal = new LmdbJournal(environment)
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  watch = new ActorWatch(environment, intervalMs)
  version = 0
  await new Promise((done) => journal.open(scope, 'node-1' as NodeId, done))
})
afterEach(async () => {
  watch.close()
  vi.useRealTimers()
  await environment.close()
  rmSync(folder, { recursive: true })
})

async function turn(): Promise<void> {
  const position = version as Position
  version += 1
  const row = {
    id: soup,
    status: 'live',
    state: ['1', 'on'],
    version,
    generation: 0,
    at: 1 as Instant,
    last: [scope, 1 as Position, 0],
  } as const
  const writes = [
    { table: 'actors', key: [soup], value: { shard, ordinal: 1 as Ordinal } },
    { table: 'snapshots', key: [shard, 1], value: row },
  ] as const
  await new Promise((done) =>
    journal.append(scope, position, { now: 1 as Instant, records: [], writes }, done),
  )
}

const looked = (): unknown => vi.advanceTimersByTime(intervalMs)

test('whoever watches is told of a turn, of the first one too', async () => {
  const told = vi.fn()
  watch.watch(soup, told)
  await turn()
  looked()
  expect(told).toHaveBeenCalledTimes(1)
  await turn()
  looked()
  expect(told).toHaveBeenCalledTimes(2)
})

test('nobody is told of what was there, nor after they have left', async () => {
  await turn()
  const left = vi.fn()
  const stayed = vi.fn()
  const unwatch = watch.watch(soup, left)
  watch.watch(soup, stayed)
  unwatch()
  looked()
  expect(stayed).not.toHaveBeenCalled()
  await turn()
  looked()
  expect(stayed).toHaveBeenCalledOnce()
  expect(left).not.toHaveBeenCalled()
})

test('two who watch cost one look, and nobody none', () => {
  const leave = [watch.watch(soup, () => {}), watch.watch(soup, () => {})]
  const refresh = vi.spyOn(environment, 'refresh')
  looked()
  expect(refresh).toHaveBeenCalledOnce()
  for (const one of leave) one()
  looked()
  expect(refresh).toHaveBeenCalledOnce()
})
