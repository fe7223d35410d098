import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ActorId, Instant } from '#actor'
import type { CommandOutcome, NodeCommand } from '#gateway'
import {
  Environment,
  type LauncherCommand,
  type CommandOutcome as LauncherOutcome,
  LmdbJournal,
  type NodeStatus,
} from '#live'
import type {
  JournalRecord,
  NodeId,
  Outcome,
  Position,
  RecordPlace,
  ScopeId,
  ShardId,
  ShardView,
} from '#ports'
import { restaurantCluster } from '../cluster.config.ts'
import { HostClient, type HostClientParts } from './host-client.ts'

const node = 'node-1' as NodeId
const soup = 'order/soup' as ActorId
const place = (n: number): RecordPlace => ['node-1.a' as ScopeId, n as Position, 0]

/** A client over an owner that answers so, a store with so many turns, and a launcher. */
function client(over: {
  readonly owner?: Outcome
  readonly turns?: number
  readonly launcher?: (command: LauncherCommand) => Promise<LauncherOutcome>
  readonly shards?: readonly ShardView[]
  readonly environment?: unknown
  readonly unowned?: ReadonlySet<ShardId>
  /** An owner that answers when it likes. */
  readonly later?: (done: (outcome: Outcome) => void) => void
}): HostClient {
  const { owner = { kind: 'unknown' }, turns = 0, launcher = () => new Promise(() => {}), shards } = over
  const { environment = { identity: { cluster: 'c' } }, unowned = new Set(), later } = over
  const records = Array.from(
    { length: turns },
    (_, i) =>
      ({ sequence: turns - i, ...(i < turns - 1 && { previous: place(turns - i - 1) }) }) as JournalRecord,
  )
  const live = {
    node: {
      request: (_: unknown, done: (outcome: Outcome) => void) => (later ? later(done) : done(owner)),
      members: [{ node }],
      cluster: { ownerOf: (shard: ShardId) => (unowned.has(shard) ? undefined : node) },
    },
    journal: {
      readHistory: (
        _shard: unknown,
        _actor: unknown,
        { before, limit }: { before?: RecordPlace; limit: number },
        done: (read: unknown) => void,
      ) => {
        const first = before === undefined ? 0 : turns - before[1]
        done({ kind: 'found', value: records.slice(first, first + limit) })
      },
      readShards: (done: (read: unknown) => void) => done({ kind: 'found', value: shards }),
    },
    clock: { now: () => ({ world: 0 }) },
    environment,
  }
  const control = { node: 'edge-1', life: 1, command: launcher }
  const { registry } = restaurantCluster()
  return new HostClient({ live, control, registry, speed: 1 } as unknown as HostClientParts)
}

const sequences = (records: readonly JournalRecord[]): number[] => records.map(({ sequence }) => sequence)

describe('a history', () => {
  const owner = { kind: 'answer', value: {}, state: 'on', version: 3 } as const

  test('ends with the last turn that the owner has answered for (HC1)', async () => {
    const records = await client({ owner, turns: 5 }).history(soup, { limit: 10 })
    expect(sequences(records)).toEqual([3, 2, 1])
  })

  test('is a full page, however many turns are not durable yet', async () => {
    const records = await client({ owner, turns: 9 }).history(soup, { limit: 2 })
    expect(sequences(records)).toEqual([3, 2])
  })

  test('goes on from a record that was told, without asking anybody', async () => {
    const asked = client({ owner: { kind: 'timeout' }, turns: 5 })
    const records = await asked.history(soup, { before: place(2), limit: 10 })
    expect(sequences(records)).toEqual([2, 1])
  })

  test('of nobody is empty; of an owner who does not answer it is a problem of status 504', async () => {
    expect(await client({ turns: 5 }).history(soup, { limit: 10 })).toEqual([])
    expect(await client({ turns: 5 }).history('ufo/1' as ActorId, { limit: 10 })).toEqual([])
    const silent = client({ owner: { kind: 'timeout' }, turns: 5 })
    await expect(silent.history(soup, { limit: 10 })).rejects.toMatchObject({ status: 504 })
  })
})

describe('the turns of all', () => {
  let environment: Environment
  const folder = mkdtempSync(join(tmpdir(), 'brigade-turns-'))
  beforeAll(async () => {
    environment = await Environment.open({ folder, departments: { orders: 1 }, hashVersion: 1 })
    const journal = new LmdbJournal(environment)
    const scope = 'node-1.a' as ScopeId
    await new Promise<unknown>((done) => journal.open(scope, node, done))
    // Two shards, one turn each.
    for (const [position, shard] of ['orders.0', 'orders.1'].entries()) {
      const record = {
        shard,
        actor: soup,
        sequence: position + 3,
        at: 1,
        id: 'm',
        message: { type: 'go' },
        state: 'on',
      }
      const batch = { now: 1 as Instant, records: [record as unknown as JournalRecord], writes: [] }
      await new Promise<unknown>((done) => journal.append(scope, position as Position, batch, done))
    }
  })
  afterAll(async () => {
    await environment.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const told = async (owner: Outcome, ...unowned: readonly string[]) => {
    const asked = client({ owner, environment, unowned: new Set(unowned as ShardId[]) })
    const { records, more, waiting = [] } = await asked.turns(undefined, { limit: 9 })
    expect(more).toBe(false)
    return [sequences(records), waiting.map(({ shard }) => shard)]
  }
  const whole = [[3, 4], []]

  test('are told when the owner of the last one has answered, whatever it knows of the actor', async () => {
    expect(await told({ kind: 'answer', value: {}, state: 'on', version: 4 })).toEqual(whole)
    expect(await told({ kind: 'unknown' })).toEqual(whole)
    // One actor that this build cannot read would hold up all others.
    expect(await told({ kind: 'stopped' })).toEqual(whole)
  })

  test('are not told while the owner has less, or says nothing: all its shards wait', async () => {
    const less = { kind: 'answer', value: {}, state: 'on', version: 3 } as const
    for (const owner of [less, { kind: 'timeout' } as const]) {
      const [records, waiting] = await told(owner)
      expect(records).toEqual([])
      expect(waiting).toEqual(restaurantCluster().registry.shards.toSorted())
    }
  })

  test('HC4: go on to the last one whose shard has an owner, and those after it wait', async () => {
    const owner = { kind: 'answer', value: {}, state: 'on', version: 3 } as const
    expect(await told(owner, 'orders.1')).toEqual([[3], ['orders.1']])
    expect(await told(owner, 'orders.0', 'orders.1')).toEqual([[], ['orders.0', 'orders.1']])
    const asked = client({ owner, environment, unowned: new Set(['orders.1' as ShardId]) })
    const { waiting } = await asked.turns(undefined, { limit: 9 })
    expect(waiting?.[0]?.types).toContain('order')
  })

  test('HC4: an owner who is slow is not waited for, and is told when it has answered', async () => {
    let answer: (outcome: Outcome) => void = () => {}
    const asked = client({ environment, later: (done) => (answer = done) })
    expect(await asked.turns(undefined, { limit: 9 })).toMatchObject({ records: [], marks: {} })
    answer({ kind: 'answer', value: {}, state: 'on', version: 4 })
    expect(sequences((await asked.turns(undefined, { limit: 9 })).records)).toEqual([3, 4])
  })
})

describe('the view of the cluster', () => {
  const seenAs = async (status: Partial<NodeStatus>) => {
    const nodes = [{ node, group: 'kitchen', life: 1, paused: false, restarts: 0, ...status }]
    const launcher = async () => ({ kind: 'status', nodes, faults: [] }) as unknown as LauncherOutcome
    const { nodes: seen } = await client({ shards: [], launcher }).cluster()
    return seen[0]?.state
  }
  for (const phase of ['starting', 'up', 'cordoned', 'leaving', 'waiting', 'down'] as const) {
    test(`shows a node that is ${phase} as ${phase}`, async () => {
      expect(await seenAs({ phase })).toBe(phase)
    })
  }

  test('shows a frozen node as paused', async () => {
    expect(await seenAs({ phase: 'up', paused: true })).toBe('paused')
  })

  test('tells a shard that waits for a newer build from one that somebody is about to take', async () => {
    const row = (n: number, over: object) => ({
      row: { shard: `orders.${n}` as ShardId, epoch: 3, node, released: false, ...over },
      sealed: false,
      versions: { order: '1' },
    })
    const newer = { versions: { order: '9', menu: '1' } }
    const views = [
      row(0, {}),
      row(1, { released: true }),
      { ...row(2, { released: true }), ...newer },
      { ...row(3, {}), ...newer },
    ] as unknown as ShardView[]
    const launcher = async () => ({ kind: 'status', nodes: [], faults: [] }) as unknown as LauncherOutcome
    const { shards } = await client({ shards: views, launcher }).cluster()
    const seen = (n: number) => shards.find(({ shard }) => shard === `orders.${n}`)
    expect(seen(0)).toEqual({ shard: 'orders.0', epoch: 3, owner: node })
    expect(seen(1)).toEqual({ shard: 'orders.1', epoch: 3 })
    expect(seen(2)).toEqual({
      shard: 'orders.2',
      epoch: 3,
      waitsFor: { type: 'order', needs: '9', has: '1' },
    })
    // A node that has the newer build owns it: nothing waits.
    expect(seen(3)).toEqual({ shard: 'orders.3', epoch: 3, owner: node })
  })
})

describe('a command', () => {
  const drain: NodeCommand = { kind: 'drain', node }
  const add: NodeCommand = { kind: 'add-node', group: 'kitchen' }
  const outcomes: readonly (readonly [NodeCommand, LauncherOutcome, CommandOutcome])[] = [
    [drain, { kind: 'done' }, { kind: 'accepted' }],
    [add, { kind: 'added', nodes: [node] }, { kind: 'accepted', nodes: [node] }],
    [drain, { kind: 'unknown-node', known: [] }, { kind: 'unknown-node', node }],
    [
      add,
      { kind: 'unknown-group', known: ['edge'] },
      { kind: 'unknown-group', group: 'kitchen', known: ['edge'] },
    ],
    [
      drain,
      { kind: 'gone', detail: 'it ended' },
      { kind: 'refused', reason: 'node-gone', detail: 'it ended' },
    ],
    [
      drain,
      { kind: 'last-node' },
      { kind: 'refused', reason: 'last-node', detail: 'No other node of its group is up beside node-1.' },
    ],
    [
      add,
      { kind: 'refused', detail: 'no room' },
      { kind: 'refused', reason: 'node-limit', detail: 'no room' },
    ],
    [
      { kind: 'resume', node },
      { kind: 'refused', detail: 'it is not paused' },
      { kind: 'refused', reason: 'invalid-transition', detail: 'it is not paused' },
    ],
  ]
  for (const [command, said, outcome] of outcomes) {
    test(`${command.kind}, of which the launcher says '${said.kind}', is '${outcome.kind}'`, async () => {
      expect(await client({ launcher: async () => said }).command(command)).toEqual(outcome)
    })
  }

  test('that takes long has begun', async () => {
    expect(await client({}).command(drain)).toEqual({ kind: 'accepted' })
  })

  test('without a launcher has failed', async () => {
    const launcher = () => Promise.reject(new Error('channel closed'))
    expect(await client({ launcher }).command(drain)).toEqual({ kind: 'failed', detail: 'channel closed' })
  })
})
