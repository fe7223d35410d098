import { expect, test } from 'vitest'
import type { Instant } from '#actor'
import type { JournalRecord, Key, Position, ShardRow } from '#ports'
import { contested, type Journaled } from './history.ts'

/** One turn of `orders.1`, in a batch of its own. */
const turn = (scope: string, at: number): Journaled => ({
  scope: scope as Journaled['scope'],
  node: 'node-1' as Journaled['node'],
  position: 1 as Position,
  now: at as Instant,
  records: [{ shard: 'orders.1', at } as JournalRecord],
})
const owned = (epoch: number): readonly (readonly [Key, ShardRow])[] => [
  [['orders.1'], { shard: 'orders.1', epoch } as ShardRow],
]

test('two owners that wrote a shard in turns are told, if it did not change hands as often', () => {
  const turns = [turn('a', 1), turn('b', 2), turn('a', 3), turn('b', 4)]
  expect(contested(turns, owned(2))).toEqual([
    'turns of orders.1 changed hands 4 times, and the shard 2 times',
  ])
  expect(contested(turns, owned(4))).toEqual([])
})

test('one after the other is as it should be, in whatever order the incarnations are told', () => {
  expect(contested([turn('a', 1), turn('b', 5), turn('a', 2), turn('b', 6)], owned(2))).toEqual([])
})

test('the last turn of one and the first of the next may have one time', () => {
  expect(contested([turn('b', 2), turn('a', 1), turn('a', 2), turn('b', 3)], owned(2))).toEqual([])
})
