import { expect, test } from 'vitest'
import type { Cluster } from './answers.ts'
import { turnsBetween } from './turns-between.ts'

const cluster = (...nodes: readonly (readonly [id: string, life: number, turns: number | undefined])[]) =>
  ({
    nodes: nodes.map(([id, life, turns]) => ({ id, life, counters: turns === undefined ? {} : { turns } })),
  }) as unknown as Cluster

test('turns are those of every node', () => {
  expect(turnsBetween(cluster(['a', 1, 10], ['b', 1, 5]), cluster(['a', 1, 17], ['b', 1, 9]))).toBe(11)
})

test('one that was killed takes nothing from what the others have done', () => {
  const before = cluster(['a', 1, 10], ['b', 1, 5_000])
  expect(turnsBetween(before, cluster(['a', 1, 17], ['b', 2, undefined]))).toBe(7)
  expect(turnsBetween(before, cluster(['a', 1, 17], ['b', 2, 3]))).toBe(10)
  expect(turnsBetween(before, cluster(['a', 1, 17], ['b', 1, undefined]))).toBe(7)
  expect(turnsBetween(before, cluster(['a', 1, 17]))).toBe(7)
})
