import { setImmediate as soon } from 'node:timers'
import { describe, expect, test } from 'vitest'
import type { Instant } from '#actor'
import type {
  AcquireOutcome,
  AppendOutcome,
  Batch,
  Epoch,
  NodeId,
  Position,
  Read,
  ScopeId,
  ShardId,
} from '#ports'
import { journalContract } from '../runtime/ports/contracts/journal.contract.ts'
import {
  type Commit,
  type CrashPoint,
  type JournalMutant,
  SimJournal,
  type SimJournalOptions,
} from './journal.ts'
import { Timeline } from './timeline.ts'

const node1 = 'node-1' as NodeId
const node2 = 'node-2' as NodeId
const scopeA = 'node-1.a' as ScopeId
const scopeB = 'node-2.b' as ScopeId
const shard = 'orders.1' as ShardId
const epoch = (n: number) => n as Epoch
const position = (n: number) => n as Position

const batch = (value: number, ...more: string[]): Batch => ({
  now: 1 as Instant,
  records: [],
  writes: ['a', ...more].map((from) => ({ table: 'inbox', key: [shard, from], value })),
})

// The contract speaks in promises, so virtual time runs whenever something is due; also what an event has scheduled,
// for which the guard would not let it have the global `setImmediate`.
journalContract('the simulated journal', async () => {
  const timeline = new Timeline(1)
  const journal = new SimJournal({
    schedule: (delayUs, run) => {
      timeline.after(delayUs, run)
      soon(() => timeline.run())
    },
    draw: (name) => timeline.draw(name),
  })
  return {
    port: (node) => journal.port(node),
    losePower: async () => void journal.losePower(),
    close: async () => {},
  }
})

/** A machine with two nodes, one scope each, `orders.1` owned by the first, and what each of them was told. */
function machine(seed = 1, options: SimJournalOptions = {}) {
  const timeline = new Timeline(seed)
  const journal = new SimJournal(
    { schedule: (delayUs, run) => void timeline.after(delayUs, run), draw: (name) => timeline.draw(name) },
    options,
  )
  const one = journal.port(node1)
  const two = journal.port(node2)
  one.open(scopeA, node1, () => {})
  two.open(scopeB, node2, () => {})
  one.acquire(shard, epoch(0), scopeA, () => {})
  timeline.run()

  const told: (AppendOutcome | AcquireOutcome)[] = []
  const tell = (outcome: AppendOutcome | AcquireOutcome) => void told.push(outcome)
  const kinds = () => told.map(({ kind }) => kind)
  const inbox = () => [...journal.rows('inbox')].map(([[, from], mark]) => [from, mark])
  return { timeline, journal, one, two, told, tell, kinds, inbox }
}

describe('faults of the simulated journal', () => {
  test('a node that dies loses what is not visible, keeps what is, and hears of neither', () => {
    const { timeline, journal, one, tell, told, inbox } = machine()
    journal.onCommit((commit) => {
      if (commit.kind === 'appended' && commit.position === 1) journal.crashNode(node1)
    })
    one.append(scopeA, position(0), batch(1), tell)
    one.append(scopeA, position(1), batch(2), tell)
    timeline.run()
    expect(inbox()).toEqual([['a', 1]])
    expect(told).toEqual([])
  })

  test.each([
    // What is visible when it dies, what a loss of power in that instant leaves, and what the node heard.
    ['before-append', [], []],
    ['before-durable', [['a', 1]], []],
    ['before-reply', [['a', 1]], [['a', 1]]],
    ['in-timer', [['a', 1]], []],
    ['in-call', [], []],
    ['before-accept', [], []],
    ['before-mark-sent', [['a', 1]], [['a', 1]]],
    ['before-handling', [['a', 1]], [['a', 1]]],
  ] as const)('a node can die %s', (point, visible, durable) => {
    const { timeline, journal, one, tell, told, inbox } = machine()
    const seen: unknown[] = []
    journal.trap(node1, point, () => {
      seen.push(inbox())
      journal.losePower()
      seen.push(inbox())
    })
    const fired = { table: 'timers', key: [shard, 'order/1', 'late'] } as const
    const called = { table: 'calls', key: [shard, 'order/1', 'pay'] } as const
    one.append(scopeA, position(0), { ...batch(1), writes: [...batch(1).writes, fired, called] }, tell)
    timeline.run()
    expect(seen).toEqual([visible, durable])
    expect(told).toEqual([])
  })

  test('a node can die with a shard in its hands', () => {
    const { timeline, journal, two, tell, told } = machine()
    journal.trap(node2, 'in-handoff', () => journal.crashNode(node2))
    two.acquire(shard, epoch(1), scopeB, tell)
    timeline.run()
    expect([...journal.rows('shards')].map(([, { scope }]) => scope)).toEqual([scopeB])
    expect(told).toEqual([])
  })

  test('a node can die with a shard released, about to take it, or with its rows read', () => {
    const { timeline, journal, one, two, tell, told } = machine()
    const deaths: string[] = []
    const kill = (node: NodeId, point: CrashPoint) =>
      journal.trap(node, point, () => {
        deaths.push(point)
        journal.crashNode(node)
      })
    const [[, row] = []] = [...journal.rows('shards')]
    kill(node1, 'after-release')
    const release = { table: 'shards', key: [shard], value: { ...row!, released: true } } as const
    one.append(scopeA, position(0), { ...batch(1), writes: [release] }, tell)
    timeline.run()
    kill(node2, 'before-acquire')
    two.acquire(shard, epoch(1), scopeB, tell)
    timeline.run()
    expect([...journal.rows('shards')].map(([, { released }]) => released)).toEqual([true])
    kill(node2, 'in-recovery')
    journal.port(node2).readShard(shard, 64, () => deaths.push('answered'))
    timeline.run()
    expect(deaths).toEqual(['after-release', 'before-acquire', 'in-recovery'])
    expect(told).toEqual([])
  })

  test('a sender can die when its message was accepted elsewhere, before it hears so', () => {
    const { timeline, journal, two, tell, kinds } = machine()
    two.acquire('pantry.1' as ShardId, epoch(0), scopeB, () => {})
    timeline.run()
    let deaths = 0
    journal.trap(node1, 'before-mark-seen', () => {
      deaths += 1
    })
    const accepted = { table: 'inbox', key: ['pantry.1', shard], value: 1 } as const
    two.append(scopeB, position(0), { ...batch(1), writes: [accepted] }, tell)
    timeline.run()
    expect({ deaths, kinds: kinds() }).toEqual({ deaths: 1, kinds: ['durable'] })
  })

  test('a slow disk is slow until it is mended: flushes, or reads', () => {
    const { timeline, journal, one, tell } = machine()
    const took = (act: (done: () => void) => void): number => {
      const from = timeline.now
      let until = 0
      act(() => {
        until = timeline.now
      })
      timeline.run()
      return until - from
    }
    let at = 0
    const write = () =>
      took((done) => {
        one.append(scopeA, position(at), batch(1), (outcome) => {
          tell(outcome)
          done()
        })
        at += 1
      })
    const read = () => took((done) => one.readShard(shard, 64, () => done()))
    const flushes = journal.slow('flush', 50_000)
    const reads = journal.slow('read', 70_000)
    const slow = [1, 2, 3, 4, 5, 6].map(() => [write(), read()] as const)
    expect(Math.max(...slow.map(([took]) => took))).toBeGreaterThan(20_000)
    expect(Math.max(...slow.map(([, took]) => took))).toBeGreaterThan(30_000)
    expect([flushes.met, reads.met]).toEqual([6, 6])
    flushes.heal()
    reads.heal()
    expect(write()).toBeLessThan(10_000)
    expect(read()).toBeLessThan(1_000)
  })

  /** What is left of three batches, which write the same number twice, when power fails while they are flushed. */
  function tornMarks(broken: readonly JournalMutant[] = []) {
    return Array.from({ length: 30 }, (_, seed) => {
      const { timeline, journal, one, inbox } = machine(seed + 1, { break: new Set(broken) })
      journal.holdFlush()
      for (const n of [0, 1, 2]) one.append(scopeA, position(n), batch(n + 1, 'b'), () => {})
      timeline.run()
      journal.losePower({ torn: true })
      return inbox().map(([, mark]) => mark)
    })
  }

  test('when power fails in the middle of a flush, some writes are there, each whole', () => {
    expect(new Set(tornMarks().map(String))).toEqual(new Set(['', '1,1', '2,2']))
  })

  test('a disk that keeps half of a torn write is one that a check has to find', () => {
    expect(tornMarks(['keep-torn']).some(([first, second]) => first !== second)).toBe(true)
  })

  test('a trap is for one node and one time, and can be taken away', () => {
    const { timeline, journal, one, two, tell, kinds } = machine()
    let deaths = 0
    const count = () => {
      deaths += 1
    }
    journal.trap(node1, 'before-append', count)
    journal.trap(node1, 'before-durable', count)()
    two.append(scopeB, position(0), batch(1), tell)
    timeline.run()
    expect(deaths).toBe(0)
    for (const n of [0, 1]) one.append(scopeA, position(n), batch(n), tell)
    timeline.run()
    expect({ deaths, kinds: kinds() }).toEqual({ deaths: 1, kinds: ['durable', 'durable', 'durable'] })
  })

  test('a node that dies takes nothing from another', () => {
    const { timeline, journal, one, two, tell, kinds } = machine()
    one.append(scopeA, position(0), batch(1), tell)
    two.append(scopeB, position(0), batch(2), tell)
    journal.crashNode(node1)
    timeline.run()
    expect(kinds()).toEqual(['durable'])
    expect(journal.scopeRow(scopeA)?.position).toBe(0)
    expect(journal.scopeRow(scopeB)?.position).toBe(1)
  })

  test('the loss of power takes the end of the log from every node at once, and gives back what was there', () => {
    const { timeline, journal, one, two, tell, inbox } = machine()
    one.append(scopeA, position(0), batch(1, 'b'), tell)
    timeline.run()
    const before = { inbox: inbox(), scope: journal.scopeRow(scopeA), shards: [...journal.rows('shards')] }

    journal.holdFlush()
    one.append(scopeA, position(1), batch(2), tell)
    one.append(scopeA, position(2), { ...batch(3), writes: [{ table: 'inbox', key: [shard, 'b'] }] }, tell)
    timeline.run()
    two.acquire(shard, epoch(1), scopeB, tell)
    timeline.run()
    expect(inbox()).toEqual([['a', 2]])
    expect(journal.scopeRow(scopeA)?.sealedBy).toBe(scopeB)

    const lost = journal.losePower()
    expect(lost.map(({ kind, scope }) => [kind, scope])).toEqual([
      ['appended', scopeA],
      ['appended', scopeA],
      ['acquired', scopeB],
    ])
    expect({ inbox: inbox(), scope: journal.scopeRow(scopeA), shards: [...journal.rows('shards')] }).toEqual(
      before,
    )
  })

  test('while the flush is held everything is visible and nothing is durable', () => {
    const { timeline, journal, one, two, tell, kinds } = machine()
    const read: Read<Position | 'sealed'>[] = []
    journal.holdFlush()
    one.append(scopeA, position(0), batch(1), tell)
    timeline.run()
    two.readPosition(scopeA, (position) => read.push(position))
    timeline.run()
    expect(read).toEqual([{ kind: 'found', value: 1 }])
    expect(kinds()).toEqual([])

    journal.releaseFlush()
    timeline.run()
    expect(kinds()).toEqual(['durable'])
  })

  for (const written of [true, false]) {
    test(`a write that fails ${written ? 'after' : 'before'} it was stored is told failed, as is all after it`, () => {
      const { timeline, journal, one, tell, kinds, inbox } = machine()
      journal.failNext(node1, written)
      one.append(scopeA, position(0), batch(1), tell)
      one.append(scopeA, position(1), batch(2), tell)
      timeline.run()
      expect(kinds()).toEqual(['failed', 'failed'])
      expect(inbox()).toEqual(written ? [['a', 1]] : [])
    })
  }

  test('a full disk stores nothing, and takes a new scope once there is room again', () => {
    const { timeline, journal, one, tell, kinds, inbox } = machine()
    const opened: string[] = []
    const scope = 'node-1.d' as ScopeId
    const full = journal.fill()
    one.append(scopeA, position(0), batch(1), tell)
    one.open(scope, node1, ({ kind }) => opened.push(kind))
    timeline.run()
    full.heal()
    one.append(scopeA, position(0), batch(2), tell)
    one.open(scope, node1, ({ kind }) => opened.push(kind))
    one.append(scope, position(0), batch(3), tell)
    timeline.run()
    expect(opened).toEqual(['failed', 'opened'])
    expect(kinds()).toEqual(['full', 'full', 'durable'])
    expect(inbox()).toEqual([['a', 3]])
    expect(full.met).toBe(2)
  })

  test('callbacks go through the process, which may be frozen', () => {
    const { timeline, journal } = machine()
    const waiting: (() => void)[] = []
    const told: string[] = []
    const frozen = journal.port(node2, (run) => waiting.push(run))
    frozen.readPosition(scopeA, ({ kind }) => told.push(kind))
    timeline.run()
    expect(told).toEqual([])
    for (const run of waiting) run()
    expect(told).toEqual(['found'])
  })
})

/**
 * What a checker may rely on, and whether it holds: positions count up from 1 in each scope, a sealed scope
 * commits nothing more, and nothing is told before it is durable.
 */
function findings(seed: number, mutant?: JournalMutant): string[] {
  const { timeline, journal, one, two, inbox } = machine(seed, { break: new Set(mutant ? [mutant] : []) })
  const found = new Set<string>()
  const durable = new Set<Commit>()
  const committed: Commit[] = []
  const positions = new Map<ScopeId, number>()
  const sealed = new Set<ScopeId>()
  journal.onDurable((commit) => durable.add(commit))
  journal.onCommit((commit) => {
    committed.push(commit)
    if (sealed.has(commit.scope)) found.add('a sealed scope wrote')
    if (commit.kind === 'acquired' && commit.shard === shard) {
      sealed.add(scopeA)
      if (journal.scopeRow(scopeA)?.sealedBy === undefined) found.add('the old owner is not sealed')
    }
    if (commit.kind !== 'appended') return
    const last = positions.get(commit.scope) ?? 0
    if (commit.batch.writes[0]?.value !== last + 1) found.add('a batch does not follow the last one')
    positions.set(commit.scope, last + 1)
  })
  const appended = (outcome: AppendOutcome) => {
    if (outcome.kind !== 'durable') return
    const commit = committed.find((one) => one.kind === 'appended' && one.position === outcome.position)
    if (commit === undefined || !durable.has(commit)) found.add('durable was told too early')
  }

  for (let n = 1; n <= 3; n += 1) one.append(scopeA, position(n - 1), batch(n, 'b'), appended)
  one.append(scopeA, position(1), batch(9, 'c'), appended)
  two.acquire(shard, epoch(1), scopeB, () => {})
  timeline.run()
  one.append(scopeA, position(3), batch(4, 'b'), appended)
  timeline.run()
  const stored = inbox().map(([, value]) => value)
  if (new Set(stored).size > 1) found.add('a batch is stored in part')
  return [...found].toSorted()
}

describe('mutants of the simulated journal', () => {
  const seeds = Array.from({ length: 50 }, (_, seed) => seed)
  const findingsOf = (mutant?: JournalMutant) => [...new Set(seeds.flatMap((seed) => findings(seed, mutant)))]

  test('the journal itself has no findings', () => {
    expect(findingsOf()).toEqual([])
  })

  for (const [mutant, finding] of [
    ['skip-seal', 'the old owner is not sealed'],
    ['accept-stale-position', 'a batch does not follow the last one'],
    ['durable-at-visible', 'durable was told too early'],
    ['keep-part-of-refused', 'a batch is stored in part'],
  ] as const) {
    test(`'${mutant}' is found: ${finding}`, () => {
      expect(findingsOf(mutant)).toContain(finding)
    })
  }
})

test('a run is repeated by its seed', () => {
  const run = (seed: number) => {
    const { timeline, journal, one, two, tell, told } = machine(seed)
    const log: unknown[] = []
    journal.onCommit((commit) => log.push(timeline.now, commit))
    for (let n = 0; n < 5; n += 1) one.append(scopeA, position(n), batch(n), tell)
    two.acquire(shard, epoch(1), scopeB, tell)
    timeline.run()
    return JSON.stringify([log, told])
  }
  expect(run(7)).toBe(run(7))
  expect(run(7)).not.toBe(run(8))
})
