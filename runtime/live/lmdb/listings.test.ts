import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ActorId, Instant } from '#actor'
import type { MailboxRow, MessageId, NodeId, Ordinal, Position, ScopeId, ShardId, Write } from '#ports'
import { Environment } from './environment.ts'
import { LmdbJournal } from './journal.ts'
import { listActors, listDeadLetters, placeOfActor, type StoredActor, versionAt } from './listings.ts'

const scope = 'node-1.a' as ScopeId
const shards = ['orders.0' as ShardId, 'orders.1' as ShardId]
const now = 1 as Instant
const everywhere = (): boolean => true

let folder: string
let environment: Environment
let journal: LmdbJournal
let position = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-listings-'))
  environment = await Environment.open({ folder, departments: { orders: 2 }, hashVersion: 1 })
  journal = new LmdbJournal(environment)
  position = 0
  await new Promise((done) => journal.open(scope, 'node-1' as NodeId, done))
})
afterEach(async () => {
  await environment.close()
  rmSync(folder, { recursive: true })
})

async function write(...writes: readonly Write[]): Promise<void> {
  const outcome = await new Promise((done) =>
    journal.append(scope, position as Position, { now, records: [], writes }, done),
  )
  position += 1
  expect(outcome).toEqual({ kind: 'durable', position })
}

function actor(id: string, n: number, version = 1): readonly Write[] {
  const shard = shards[n % 2] as ShardId
  const ordinal = n as Ordinal
  const row = {
    id: id as ActorId,
    status: 'live',
    state: ['1', 'on'],
    version,
    generation: 0,
    at: now,
    last: [scope, 1 as Position, 0],
  } as const
  return [
    { table: 'actors', key: [id], value: { shard, ordinal } },
    { table: 'snapshots', key: [shard, ordinal], value: row },
  ]
}

function waiting(shard: string, n: number, dead?: MailboxRow['dead']): Write {
  const envelope = { id: `m${n}` as MessageId, to: 'oven/1' as ActorId, message: { type: 'oven.on' } }
  return {
    table: 'mailbox',
    key: [shard, n],
    value: { envelope, attempts: 0, notBefore: 0 as Instant, ...(dead && { dead }) } as MailboxRow,
  }
}

const dead = { reason: 'failed', detail: 'it broke', at: now, replays: 0 } as const

describe('actors', () => {
  beforeEach(() =>
    write(
      ...actor('oven/1', 1),
      ...actor('order/b', 2),
      ...actor('order/a', 3),
      ...actor('ordering/x', 4),
      ...actor('order/c', 5),
    ),
  )
  const idsOf = (
    page: { type?: string; after?: string; limit: number },
    {
      isIn = everywhere,
      isShown = everywhere,
    }: { isIn?: (shard: ShardId) => boolean; isShown?: (id: ActorId) => boolean } = {},
  ) => {
    const shown = ({ snapshot: { id } }: StoredActor) => (isShown(id) ? id : undefined)
    const { items, next } = listActors(environment, { ...page, isIn, shown })
    return [items, next]
  }

  test('come in the order of their ids, page by page, each one once', () => {
    expect(idsOf({ limit: 2 })).toEqual([['order/a', 'order/b'], 'order/b'])
    expect(idsOf({ limit: 2, after: 'order/b' })).toEqual([['order/c', 'ordering/x'], 'ordering/x'])
    expect(idsOf({ limit: 2, after: 'ordering/x' })).toEqual([['oven/1'], undefined])
  })

  test('of one type are no others, also on later pages', () => {
    expect(idsOf({ type: 'order', limit: 10 })).toEqual([['order/a', 'order/b', 'order/c'], undefined])
    expect(idsOf({ type: 'order', limit: 1, after: 'order/b' })).toEqual([['order/c'], undefined])
  })

  test('of some shards are no others', () => {
    expect(idsOf({ limit: 10 }, { isIn: (shard) => shard === 'orders.0' })).toEqual([
      ['order/b', 'ordering/x'],
      undefined,
    ])
  })

  test('that are not shown take no place on a page, and the next goes on behind them', () => {
    const isShown = (id: ActorId): boolean => /[bcx]$/.test(id)
    expect(idsOf({ limit: 2 }, { isShown })).toEqual([['order/b', 'order/c'], 'order/c'])
    expect(idsOf({ limit: 2, after: 'order/c' }, { isShown })).toEqual([['ordering/x'], undefined])
  })

  test('have the version of their last snapshot, at a place that stays', async () => {
    const place = placeOfActor(environment, 'order/a' as ActorId)
    expect(place).toEqual({ shard: 'orders.1', ordinal: 3 })
    await write(...actor('order/a', 3, 7))
    environment.refresh()
    expect(place && versionAt(environment, place)).toBe(7)
    expect(placeOfActor(environment, 'order/none' as ActorId)).toBeUndefined()
  })
})

test('dead letters are found among what waits, page by page', async () => {
  await write(
    waiting('orders.0', 1),
    waiting('orders.0', 2, dead),
    waiting('orders.1', 1, dead),
    waiting('orders.1', 2),
  )
  const first = listDeadLetters(environment, { limit: 1 })
  expect(first.items).toMatchObject([{ shard: 'orders.0', n: 2, row: { dead } }])
  const second = listDeadLetters(environment, { limit: 1, after: first.next ?? '' })
  expect(second.items).toMatchObject([{ shard: 'orders.1', n: 1 }])
  const third = listDeadLetters(environment, { limit: 1, after: second.next ?? '' })
  expect(third).toEqual({ items: [] })
})
