// Goal: a history that no machine has walked is found, whatever is wrong with it, and a right one is not.
// Method: the history of a simulated evening, the same with one thing changed, and a runtime with a rule switched off.
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { assign, setup } from 'xstate'
import { type ActorId, defineActor, type Instant, supervise } from '#actor'
import { departments, restaurant } from '#actors'
import { defineCluster, Registry } from '#host'
import type { JournalRecord, Ordinal, SnapshotRow, Write } from '#ports'
import { type Commit, simulate } from '#sim'
import { defineDay } from '../define-day.ts'
import { runSimDay } from '../run-day.ts'
import { ConformanceCheck } from './conformance.ts'

const registry = new Registry({
  departments: Object.entries(departments).map(([name, actors]) => ({ name, shards: 4, actors })),
  supervision: restaurant,
})
const evening = defineDay({
  name: 'evening',
  open: '18:00',
  lastOrder: '18:10',
  close: '18:20',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 60 },
      { at: '18:10', perHour: 60 },
    ],
  },
  slo: {},
})

const commits: Commit[] = []
const result = runSimDay(evening, { seed: 7, onCommit: (commit) => commits.push(commit) })
const batches = commits.flatMap((commit) => (commit.kind === 'appended' ? [commit.batch] : []))

type Change = (record: JournalRecord) => JournalRecord | undefined
type SnapshotChange = (row: SnapshotRow) => SnapshotRow

/** What the check says of the evening when some records or snapshots are other than they were. */
function judged(change: Change = (record) => record, stored: SnapshotChange = (row) => row): string {
  const check = new ConformanceCheck({ registry })
  for (const { records, writes } of batches) {
    for (const record of records) {
      const changed = change(record)
      if (changed !== undefined) check.record(changed)
    }
    check.writes(
      writes.map((write) =>
        write.table === 'snapshots' && write.value !== undefined
          ? ({ ...write, value: stored(write.value) } as Write)
          : write,
      ),
    )
  }
  return check.found.none ? 'nothing' : check.found.detail
}

const records = batches.flatMap((batch) => batch.records)
const anOrder = records.find(({ message }) => message.type === 'order.place')?.actor as ActorId
const ofOrder = records.filter(({ actor }) => actor === anOrder)
const inOrder =
  (sequence: number, change: Change): Change =>
  (record) =>
    record.actor === anOrder && record.sequence === sequence ? change(record) : record

describe('the history of a whole evening', () => {
  test('is replayed for every actor, and holds', () => {
    const verdict = result.checks.find(({ id }) => id === 'conformance')
    const actors = new Set(records.map(({ actor }) => actor)).size
    expect(actors).toBeGreaterThan(50)
    expect(verdict).toEqual({
      id: 'conformance',
      held: true,
      detail: `${actors} of ${actors} actors replayed, ${records.length} turns`,
    })
    expect(judged()).toBe('nothing')
  })

  test('is replayed for the share that is asked for, and the run is the same', () => {
    const tenth = runSimDay(evening, { seed: 7, replayShare: 0.1 })
    const { detail = '' } = tenth.checks.find(({ id }) => id === 'conformance') ?? {}
    const [, few, all] = /^(\d+) of (\d+) actors/.exec(detail) ?? []
    expect(Number(few) / Number(all)).toBeGreaterThan(0.02)
    expect(Number(few) / Number(all)).toBeLessThan(0.25)
    expect(tenth.traceHash).toBe(result.traceHash)
  })
})

describe('a history is found that', () => {
  test('says another state than the machine', () => {
    expect(judged(inOrder(2, (record) => ({ ...record, state: 'completed' })))).toMatch(
      new RegExp(`^turn 2 of ${anOrder}, '.*', leads to .*, and the journal says "completed"$`),
    )
  })

  test('has a message that the state does not accept', () => {
    const message = { type: 'order.collected-by-nobody' }
    expect(judged(inOrder(2, (record) => ({ ...record, message })))).toMatch(/is not accepted in /)
  })

  test('has events that the turn did not emit, or none of those that it did', () => {
    const emits = records.find(({ events }) => events !== undefined) as JournalRecord
    const without: Change = (record) => (record === emits ? { ...record, events: [] } : record)
    expect(judged(without)).toMatch(`turn ${emits.sequence} of ${emits.actor}`)
    expect(judged(inOrder(1, (record) => ({ ...record, events: [{ type: 'invented' }] })))).toMatch(
      /and the journal says \[{"type":"invented"}\]/,
    )
  })

  test('has a gap', () => {
    expect(judged(inOrder(2, () => undefined))).not.toBe('nothing')
  })

  test('goes on after its end', () => {
    const check = new ConformanceCheck({ registry })
    for (const { records, writes } of batches) {
      for (const record of records) check.record(record)
      check.writes(writes)
    }
    const last = ofOrder.at(-1) as JournalRecord
    check.record({ ...last, sequence: last.sequence + 1 })
    expect(check.found.detail).toBe(`${anOrder} had ended before its turn ${last.sequence + 1}`)
  })

  test('leads to another state than the one that is stored', () => {
    const stored: SnapshotChange = (row) => {
      const state = [...row.state]
      const at = state.findIndex((field, n) => n > 2 && typeof field === 'number' && field > 0)
      if (!row.id.startsWith('bin/') || at < 0) return row
      state[at] = (state[at] as number) + 1
      return { ...row, state }
    }
    expect(judged(undefined, stored)).toMatch(
      /^the stored state of bin\/.* is not what its \d+ turns lead to/,
    )
  })

  test('is stored under another number', () => {
    expect(judged(undefined, (row) => ({ ...row, version: row.version + 1 }))).toMatch(
      /the stored state of .* at turn \d+ is not/,
    )
  })
})

test('an actor that was migrated is not judged by the machine of now', () => {
  const migrated = { ...(ofOrder[0] as JournalRecord), note: 'migrated', sequence: 99 } as JournalRecord
  const check = new ConformanceCheck({ registry })
  check.record({ ...(ofOrder[0] as JournalRecord), state: 'a state of before' })
  expect(check.found.none).toBe(false)
  check.record(migrated)
  expect(check.found.none).toBe(true)
  check.record({ ...migrated, note: 'started', sequence: 100, at: 0 as Instant })
  check.writes([
    { table: 'snapshots', key: ['orders.0', 1 as Ordinal], value: { id: anOrder, state: [] } as never },
  ])
  expect(check.found.none).toBe(true)
})

describe('a runtime', () => {
  const counter = defineActor({
    type: 'counter',
    accepts: Type.Union([
      Type.Object({ type: Type.Literal('add') }),
      Type.Object({ type: Type.Literal('fail') }),
    ]),
    creates: ['add'],
    queries: {},
    machine: setup({ types: { context: {} as { total: number } } }).createMachine({
      context: { total: 0 },
      on: {
        add: { actions: assign({ total: ({ context }) => context.total + 1 }) },
        fail: {
          actions: () => {
            throw new Error('no')
          },
        },
      },
    }),
  })
  const { registry, ...cluster } = defineCluster({
    departments: [{ name: 'counters', shards: 2, actors: [counter] }],
    supervision: supervise({ name: 'root', children: [counter] }),
    groups: { main: { departments: ['counters'], nodes: 2, nodesMax: 2 } },
    bounds: { attemptsMax: 1 },
  })

  function judgedRun(broken?: 'undo-earlier-turns'): string {
    const world = simulate({ registry, ...cluster }, { seed: 3, ...(broken && { broken }) })
    const check = new ConformanceCheck({ registry })
    world.journal.onDurable((commit) => {
      if (commit.kind !== 'appended') return
      for (const record of commit.batch.records) check.record(record)
      check.writes(commit.batch.writes)
    })
    world.runFor(1_000)
    for (const [n, type] of ['add', 'add', 'fail', 'add'].entries()) {
      const body = { kind: 'command', message: { type } } as const
      world.request('edge-1', { actor: counter.ref('c'), body, key: `k${n}`, timeoutMs: 5_000 }, () => {})
      world.runFor(1_000)
    }
    expect(check.scope).toBe('1 of 1 actors replayed, 3 turns')
    return check.found.none ? 'nothing' : check.found.detail
  }

  test('that keeps the state of before a failed turn conforms', () => {
    expect(judgedRun()).toBe('nothing')
  })

  test('that undoes the turns before a failed one is found', () => {
    expect(judgedRun('undo-earlier-turns')).toBe(
      'the stored state of counter/c at turn 3 is not what its 3 turns lead to',
    )
  })
})
