import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ActorId } from '#actor'
import type { Outcome } from '#ports'
import { Cached } from './cached.ts'
import { Problem } from './problems.ts'

const actor = 'menu/main' as ActorId
const ttlMs = 10_000
let asked = 0
let change: () => void
let answer: () => Promise<Outcome>
let cached: Cached<number>

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
  asked = 0
  answer = async () => ({ kind: 'answer', value: asked, state: '', version: asked })
  cached = new Cached({
    client: {
      request: () => {
        asked += 1
        return answer()
      },
      watch: (_actor, changed) => {
        change = changed
        return () => {}
      },
    },
    actor,
    query: 'items',
    ttlMs: () => ttlMs,
    valueIn: (outcome) => {
      if (outcome.kind === 'answer') return outcome.value as number
      throw new Problem('actor-timeout', 'No answer.')
    },
  })
})
afterEach(() => vi.useRealTimers())

test('CA2: many who ask at once cost one question, and later ones none', async () => {
  expect(await Promise.all([cached.read(), cached.read(), cached.read()])).toEqual([1, 1, 1])
  expect([await cached.read(), asked]).toEqual([1, 1])
})

test('CA1: an event makes the copy old at once', async () => {
  await cached.read()
  change()
  expect(await cached.read()).toBe(2)
})

test('CA1: a notice that was lost costs at most the time to live', async () => {
  await cached.read()
  vi.advanceTimersByTime(ttlMs - 1)
  expect(await cached.read()).toBe(1)
  vi.advanceTimersByTime(1)
  expect(await cached.read()).toBe(2)
})

test('CA1: an answer that a change has overtaken is not kept', async () => {
  let tell = (_outcome: Outcome): void => {}
  answer = () =>
    new Promise((resolve) => {
      tell = resolve
    })
  const early = cached.read()
  change()
  tell({ kind: 'answer', value: 7, state: '', version: 1 })
  expect(await early).toBe(7)
  answer = async () => ({ kind: 'answer', value: 8, state: '', version: 2 })
  expect(await cached.read()).toBe(8)
})

test('when nobody can tell, the last copy is there, and says that it is stale', async () => {
  await cached.read()
  answer = async () => ({ kind: 'timeout' })
  change()
  expect(await cached.readOr(() => -1)).toEqual({ value: 1, isStale: true })
  await expect(cached.read()).rejects.toMatchObject({ code: 'actor-timeout' })
})

test('after a question that failed nobody waits for another for a second', async () => {
  await cached.read()
  answer = async () => ({ kind: 'timeout' })
  change()
  await cached.readOr(() => -1)
  await cached.readOr(() => -1)
  expect(asked).toBe(2)
  answer = async () => ({ kind: 'answer', value: 9, state: '', version: 2 })
  vi.advanceTimersByTime(1_000)
  expect(await cached.readOr(() => -1)).toEqual({ value: 9, isStale: false })
})

test('without any copy it is for the caller to say what holds', async () => {
  answer = async () => ({ kind: 'timeout' })
  expect(await cached.readOr(() => -1)).toEqual({ value: -1, isStale: true })
})

test('the latest copy is given at once, and a newer one is asked for behind it', async () => {
  expect(cached.latest()).toBeUndefined()
  await cached.read()
  change()
  expect(cached.latest()).toBe(1)
  await cached.read()
  expect([cached.latest(), asked]).toEqual([2, 2])
})
