import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ActorId } from '#actor'
import type { Outcome } from '#ports'
import type { ClusterClient } from './cluster-client.ts'
import { Departments } from './departments.ts'

const order = 'order/ord_1' as ActorId
const bin = 'bin/main:basil' as ActorId
const bounds = { failures: 3, openMs: 2_000 }
let outcome: Outcome
/** When set, it is what is waited for. */
let answer: Promise<Outcome> | undefined
let asked: ActorId[]
let owned: number
let departments: Departments

const ask = (actor: ActorId): Promise<Outcome> =>
  departments.client().request({ actor, body: { kind: 'query', name: 'view' }, timeoutMs: 5_000 })
async function fail(times: number): Promise<void> {
  outcome = { kind: 'timeout' }
  for (let n = 0; n < times; n += 1) await ask(order)
}
const good: Outcome = { kind: 'answer', value: 1, state: '', version: 1 }

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] })
  outcome = good
  answer = undefined
  asked = []
  owned = 1
  const client = {
    request: async ({ actor }: { actor: ActorId }) => {
      asked.push(actor)
      return answer ?? outcome
    },
    ownership: () => [{ department: 'orders', shards: 1, owned }],
  }
  departments = new Departments(client as unknown as ClusterClient)
  departments.bounds = () => bounds
})
afterEach(() => {
  departments.close()
  vi.useRealTimers()
})

describe('a breaker', () => {
  test('opens after failures in a row, and then refuses at once', async () => {
    await fail(2)
    expect(departments.isDown('orders')).toBe(false)
    await fail(1)
    expect(departments.states).toMatchObject({ orders: 'silent', pantry: 'answers' })
    expect(await ask(order)).toEqual({ kind: 'busy', reason: 'dependency-open', retryAfterMs: 2_000 })
    expect(asked).toHaveLength(3)
  })

  test('is of one department: others are asked', async () => {
    await fail(3)
    outcome = good
    expect(await ask(bin)).toEqual(good)
  })

  test.each<[string, Outcome]>([
    ['an answer', good],
    ['a refusal', { kind: 'unknown' }],
    ['a full backlog', { kind: 'busy', reason: 'backlog', retryAfterMs: 1_000 }],
  ])('DE2: %s in between, and it stays closed', async (_what, between) => {
    await fail(2)
    outcome = between
    await ask(order)
    await fail(2)
    expect(departments.isDown('orders')).toBe(false)
  })

  test('is closed by the answer to a question of the gateway itself, after a while', async () => {
    await fail(3)
    await vi.advanceTimersByTimeAsync(1_500)
    expect([departments.isDown('orders'), asked.length]).toEqual([true, 3])
    outcome = good
    await vi.advanceTimersByTimeAsync(500)
    expect([departments.isDown('orders'), asked]).toEqual([false, Array(4).fill(order)])
    expect((await ask(order)).kind).toBe('answer')
  })

  test('is opened anew by a question that is not answered', async () => {
    await fail(3)
    await vi.advanceTimersByTimeAsync(2_000)
    expect([departments.isDown('orders'), asked.length]).toEqual([true, 4])
    await vi.advanceTimersByTimeAsync(1_500)
    expect(asked).toHaveLength(4)
    await vi.advanceTimersByTimeAsync(500)
    expect(asked).toHaveLength(5)
  })

  test('DE1: nobody waits for it but the gateway, with one question at a time', async () => {
    await fail(3)
    answer = new Promise(() => {})
    await vi.advanceTimersByTimeAsync(10_000)
    expect([asked.length, (await ask(order)).kind]).toEqual([4, 'busy'])
  })

  test('that opens because its bound was lowered is tried again as any other', async () => {
    await fail(2)
    departments.bounds = () => ({ ...bounds, failures: 2 })
    expect(departments.isDown('orders')).toBe(true)
    outcome = good
    await vi.advanceTimersByTimeAsync(3_000)
    expect([departments.isDown('orders'), (await ask(order)).kind]).toEqual([false, 'answer'])
  })
})

describe('a department of which nobody owns anything', () => {
  test('is down after an ordinary failover would be over, and up when somebody owns it', async () => {
    owned = 0
    vi.advanceTimersByTime(500)
    vi.advanceTimersByTime(1_500)
    expect(departments.isDown('orders')).toBe(false)
    vi.advanceTimersByTime(500)
    expect([departments.isDown('orders'), (await ask(order)).kind]).toEqual([true, 'busy'])
    owned = 1
    vi.advanceTimersByTime(500)
    expect([departments.isDown('orders'), (await ask(order)).kind]).toEqual([false, 'answer'])
  })
})
