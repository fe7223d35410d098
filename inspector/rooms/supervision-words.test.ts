import { describe, expect, test } from 'vitest'
import type { LogEntry } from '../model/supervision-log.ts'
import {
  chainOf,
  doneAbout,
  entriesOf,
  type Failed,
  lanesOf,
  mostUsed,
  unknownIn,
} from './supervision-words.ts'

const failed = (n: number, actor: string, more: Partial<Failed> = {}): Failed => ({
  n,
  at: n * 1_000,
  kind: 'failed',
  node: 'node-1',
  actor: actor as Failed['actor'],
  id: `m${n}` as Failed['id'],
  message: 'order.pay',
  error: 'no till',
  directive: 'restart',
  group: 'orders',
  attempt: 1,
  isBuried: false,
  ...more,
})
const restarted = (n: number, actor: string, cause: string): LogEntry => ({
  ...{ n, at: n * 1_000, kind: 'restarted', node: 'node-1', actor, cause, group: 'station' },
})
const forgot: LogEntry = { n: 90, at: 90_000, kind: 'forgot', node: 'node-2', cause: 'escalated by a/1: x' }
const gap: Extract<LogEntry, { kind: 'unknown' }> = { n: 91, at: 91_000, kind: 'unknown', from: 60_000 }

describe('a failure', () => {
  test.each([
    [{ attempt: 2 }, 'restarts, attempt 2'],
    [{ attempt: 5, isBuried: true }, 'restarts; after 5 attempts its message is a dead letter'],
    [{ directive: 'resume' }, 'goes on; its message is a dead letter'],
    [{ directive: 'reset' }, 'begins anew; its message is a dead letter'],
    [{ directive: 'stop' }, 'stopped: its messages wait'],
    [{ directive: 'stop', group: undefined }, 'stopped: its snapshot cannot be loaded'],
    [{ directive: 'escalate' }, 'beyond the root: its node loads again what is durable'],
  ] as const)('with %j: %s', (more, words) => {
    const { group, ...rest } = { ...failed(1, 'order/1'), ...more }
    expect(doneAbout(group === undefined ? rest : { ...rest, group }).words).toBe(words)
  })

  test('is passed on from group to group, which can be read', () => {
    const passed = [
      { group: 'station', because: 'budget' },
      { group: 'kitchen', because: 'decider' },
    ] as const
    expect(chainOf(failed(1, 'cook/1', { passed, group: 'restaurant' }))).toEqual([
      'station: budget used up',
      'kitchen: leaves such errors to the next',
      'restaurant decides',
    ])
    const beyond = failed(1, 'cook/1', { passed, group: 'kitchen', directive: 'escalate' })
    expect(chainOf(beyond).at(-1)).toBe('the node decides')
    expect(chainOf(failed(1, 'order/1'))).toEqual(['orders decides'])
  })
})

test('what is not known says when, and of whom', () => {
  expect(unknownIn(gap)).toBe('From 00:01:00 to 00:01:31 nobody looked: what failed then is not known.')
  expect(unknownIn({ ...gap, node: 'node-3' })).toContain('nothing came from node-3')
  expect(unknownIn({ ...gap, node: 'node-3', events: 12 })).toContain('12 events of node-3')
})

test('of one actor there is also what it made others do, and what is not known', () => {
  const entries = [
    failed(1, 'station/1'),
    restarted(2, 'cook/1', 'station/1'),
    failed(3, 'bin/1'),
    forgot,
    gap,
  ]
  expect(entriesOf(entries, undefined)).toEqual(entries)
  expect(entriesOf(entries, 'station/1').map(({ n }) => n)).toEqual([1, 2, 91])
  expect(entriesOf(entries, 'cook/1').map(({ n }) => n)).toEqual([2, 91])
})

test('the busiest have a lane, and a node that dropped its memory; the others are counted', () => {
  const loop = [1, 2, 3, 4].map((n) => failed(n, 'order/1', { attempt: n }))
  const entries = [...loop, restarted(5, 'cook/1', 'station/1'), restarted(6, 'cook/1', 'x/1'), forgot, gap]
  const { lanes, others } = lanesOf(entries, 2)
  expect(lanes).toMatchObject([
    { name: 'order/1', attempt: 4, marks: [{ at: 1_000 }, {}, {}, { severity: 'warn' }] },
    { name: 'cook/1', attempt: 0, marks: [{ severity: 'note' }, {}] },
  ])
  expect(others).toBe(1)
  expect(lanesOf(entries, 3).lanes[2]).toMatchObject({ name: 'node-2', isNode: true })
})

test('of a group the shard counts that has used the most', () => {
  const budgets = [1, 4, 2].map((restarts) => ({
    node: 'node-1',
    group: 'till',
    shard: `till.${restarts}`,
    restarts,
  }))
  expect(mostUsed(budgets, 'till')?.shard).toBe('till.4')
  expect(mostUsed(budgets, 'orders')).toBeUndefined()
})
