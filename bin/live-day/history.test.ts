import { describe, expect, test } from 'vitest'
import type { ActorId, Instant } from '#actor'
import { DayChecker } from '#day'
import type { ScopeContents } from '#live'
import type { JournalRecord, MessageId, NodeId, Position, ScopeId, ShardId, SnapshotRow } from '#ports'
import { restaurantCluster } from '../../cluster.config.ts'
import { commitsOf, contested, inOrder, type Journaled, withArchived } from './history.ts'

let ids = 0
/** One turn; `cause` is the id of the turn that sent its message. */
function turn(actor: string, sequence: number, more: Partial<JournalRecord> = {}): JournalRecord {
  ids += 1
  return {
    shard: `${actor[0]}.0` as ShardId,
    actor: `order/${actor}` as ActorId,
    sequence,
    at: (1_000 + ids) as Instant,
    id: `m${ids}` as MessageId,
    message: { type: 'order.place' },
    state: 'placed',
    ...more,
  }
}
function scope(name: string, ...batches: (readonly [number, ...JournalRecord[]])[]): ScopeContents {
  return {
    scope: name as ScopeId,
    node: name.split('.')[0] as NodeId,
    batches: batches.map(([position, ...records]) => [
      position as Position,
      { now: (records.at(-1)?.at ?? 0) as Instant, records },
    ]),
  }
}
const row = (epoch: number) => [[], { shard: 'a.0', epoch }] as never
const shown = (ordered: readonly Journaled[]): string[] =>
  ordered.map(({ scope, position }) => `${scope}:${position}`)

describe('any order that might have been', () => {
  test('a scope keeps its own', () => {
    const one = scope('n1.1', [1, turn('a', 1)], [2, turn('a', 2)], [4, turn('a', 3)])
    expect(shown(inOrder([one]))).toEqual(['n1.1:1', 'n1.1:2', 'n1.1:4'])
  })

  test('an actor that moved goes on where it stood', () => {
    const before = scope('n2.1', [1, turn('a', 1)], [2, turn('a', 2)])
    const after = scope('n1.1', [1, turn('b', 1)], [2, turn('a', 3)])
    expect(shown(inOrder([after, before]))).toEqual(['n1.1:1', 'n2.1:1', 'n2.1:2', 'n1.1:2'])
  })

  test('a message is sent before it is received, across scopes and to and fro', () => {
    const asks = turn('a', 1)
    const answers = turn('b', 1, { cause: asks.id })
    const hears = turn('a', 2, { cause: answers.id })
    const order = inOrder([scope('n2.1', [1, answers]), scope('n1.1', [1, asks], [2, hears])])
    expect(shown(order)).toEqual(['n1.1:1', 'n2.1:1', 'n1.1:2'])
  })

  test('a cause that no turn has (a request, a timer) holds nothing up', () => {
    expect(inOrder([scope('n1.1', [1, turn('a', 1, { cause: 'r1' as MessageId })])])).toHaveLength(1)
  })

  test('what no order explains is told all the same', () => {
    const gap = [scope('n1.1', [1, turn('a', 1)], [2, turn('a', 3)], [3, turn('b', 1)])]
    expect(shown(inOrder(gap))).toEqual(['n1.1:1', 'n1.1:2', 'n1.1:3'])
  })
})

describe('the check of owners, over inferred commits', () => {
  function judged(scopes: readonly ScopeContents[]): string | undefined {
    const checker = new DayChecker({ registry: restaurantCluster().registry, share: 0 })
    for (const commit of commitsOf(inOrder(scopes), [], 0 as Instant)) checker.commit(commit)
    return checker.owner.found.none ? undefined : checker.owner.found.detail
  }

  test('holds when a shard moves there and back, and positions have gaps', () => {
    const one = scope('n1.1', [1, turn('a', 1)], [5, turn('a', 3), turn('b', 1)])
    expect(judged([one, scope('n2.1', [2, turn('a', 2)])])).toBeUndefined()
  })

  test('finds a turn that is missing', () => {
    expect(judged([scope('n1.1', [1, turn('a', 1)], [2, turn('a', 3)])])).toBe(
      'order/a wrote record 3 after 1',
    )
  })

  test('finds two that wrote the same turn', () => {
    expect(judged([scope('n1.1', [1, turn('a', 1)]), scope('n2.1', [1, turn('a', 1)])])).toBe(
      'order/a wrote record 1 after 1',
    )
  })

  test('two who write in turns are found, because the shard changed hands less often', () => {
    const [first, second, third] = [turn('a', 1), turn('a', 2), turn('a', 3)]
    const ordered = inOrder([scope('n1.1', [1, first], [2, third]), scope('n2.1', [1, second])])
    expect(contested(ordered, [row(3)])).toEqual([])
    expect(contested(ordered, [row(2)])).toEqual([
      'turns of a.0 changed hands 3 times, and the shard 2 times',
    ])
  })

  test('one who wrote after the other is as it should be, in whatever order they are told', () => {
    const at = (time: number) => ({ at: time as Instant })
    const [before, last] = [turn('a', 1, at(1)), turn('aa', 1, at(2))]
    const [next, after] = [turn('aaa', 1, at(2)), turn('aaaa', 1, at(3))]
    const one = inOrder([scope('n1.1', [1, before], [2, last])])
    const two = inOrder([scope('n2.1', [1, next], [2, after])])
    expect(contested([...one.slice(0, 1), ...two, ...one.slice(1)], [row(2)])).toEqual([])
  })
})

test('a snapshot is told with the batch that wrote it, and times count from midnight', () => {
  const ordered = inOrder([scope('n1.1', [1, turn('a', 1)], [2, turn('a', 2, { at: 5_000 as Instant })])])
  const snapshot = { id: 'order/a', version: 2 } as SnapshotRow
  const appended = [...commitsOf(ordered, [[['a.0', 1], snapshot]], 4_000 as Instant)].filter(
    ({ kind }) => kind === 'appended',
  )
  expect(appended).toMatchObject([
    { position: 1, batch: { writes: [] } },
    { position: 2, batch: { records: [{ at: 1_000 }], writes: [{ table: 'snapshots', value: snapshot }] } },
  ])
})

describe('what was trimmed', () => {
  const place = (name: string, position: number) => [name as ScopeId, position as Position, 0] as const
  const first = turn('a', 1)
  const second = turn('a', 2, { previous: place('n1.1', 1) })
  const other = turn('b', 1)
  const kept = { ...scope('n1.1', [2, second], [3, other]), trimmedTo: 1 as Position }
  const archived = { scope: 'n1.1' as ScopeId, position: 1 as Position, now: first.at, records: [first] }

  test('is told from the archive, as if it had never left, also of a scope that is gone', () => {
    const { scopes, cut } = withArchived([kept], [archived, archived])
    expect([...cut]).toEqual([])
    expect(shown(inOrder(scopes))).toEqual(['n1.1:1', 'n1.1:2', 'n1.1:3'])
    const elsewhere = { ...archived, scope: 'n2.9' as ScopeId }
    const next = turn('a', 2, { previous: place('n2.9', 1) })
    const moved = withArchived([scope('n1.1', [1, next])], [elsewhere])
    expect(moved.scopes.map(({ node }) => node)).toEqual(['n1', 'n2'])
    expect(shown(inOrder(moved.scopes))).toEqual(['n2.9:1', 'n1.1:1'])
  })

  test('and is nowhere cuts the history of its actor, which is not judged; the others are', () => {
    const { scopes, cut } = withArchived([kept], [])
    expect([...cut]).toEqual(['order/a'])
    const checker = new DayChecker({ registry: restaurantCluster().registry, cut })
    for (const commit of commitsOf(inOrder(scopes), [], 0 as Instant)) checker.commit(commit)
    expect(checker.standing([]).map(({ id }) => id)).toEqual(['owner', 'conformance'])
    expect(checker.standing([]).find(({ id }) => id === 'owner')).toEqual({ id: 'owner', held: true })
  })

  test('and what is missing without having been trimmed is found', () => {
    const lost = scope('n1.1', [2, second], [3, other])
    const { scopes, cut } = withArchived([lost], [])
    expect([...cut]).toEqual([])
    const checker = new DayChecker({ registry: restaurantCluster().registry, cut })
    for (const commit of commitsOf(inOrder(scopes), [], 0 as Instant)) checker.commit(commit)
    expect(checker.owner.found.detail).toContain('order/a wrote record 2 after 0')
  })
})
