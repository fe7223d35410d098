import { expect, test } from 'vitest'
import {
  bytesIn,
  clockOf,
  countIn,
  durationIn,
  manyOf,
  nodeStateIn,
  rateIn,
  shortName,
  stateIn,
} from './words.ts'

test.each([
  [0, '0'],
  [999, '999'],
  [1_284, '1,284'],
  [99_999, '99,999'],
  [128_400, '128 k'],
  [999_499, '999 k'],
  [999_500, '1 M'],
  [1_234_000, '1.23 M'],
])('%d is written %s', (value, text) => expect(countIn(value)).toBe(text))

test.each([
  [0, '0 ms'],
  [41.4, '41 ms'],
  [999.6, '1 s'],
  [3_240, '3.2 s'],
  [59_949, '59.9 s'],
  [59_950, '1:00'],
  [108_000, '1:48'],
  [7_500_000, '2 h 5 min'],
])('%d ms last %s', (ms, text) => expect(durationIn(ms)).toBe(text))

test('rates, sizes and clocks', () => {
  expect([0, 0.44, 12.51, 481.4, 12_345].map(rateIn)).toEqual(['0', '0.4', '12.5', '481', '12,345'])
  expect([98_400_000, 1_240_000_000].map(bytesIn)).toEqual(['98.4 MB', '1.24 GB'])
  expect(clockOf(Date.parse('2026-05-01T19:42:16.900Z'))).toBe('19:42:16')
})

test('names are short, and states are the words of the machine', () => {
  expect(['node-1', 'node-12', 'edge-1', 'till'].map(shortName)).toEqual(['n1', 'n12', 'e1', 'till'])
  expect(stateIn('ready')).toBe('ready')
  expect(stateIn({ paying: 'charging' })).toBe('paying.charging')
  expect(stateIn({ heat: 'on', door: { open: {} } })).toBe('heat.on door.open')
  expect([manyOf(1, 'actor'), manyOf(1_200, 'actor')]).toEqual(['1 actor', '1,200 actors'])
})

test.each([
  [{ state: 'up', group: 'kitchen', shardsOwned: 3 }, 'up'],
  [{ state: 'up', group: 'kitchen', shardsOwned: 0 }, 'up, owns no shard'],
  [{ state: 'up', group: 'edge', shardsOwned: 0 }, 'up'],
  [{ state: 'cordoned', group: 'kitchen', shardsOwned: 0 }, 'cordoned'],
] as const)('the state of %j is %s', (node, words) => expect(nodeStateIn(node)).toBe(words))
