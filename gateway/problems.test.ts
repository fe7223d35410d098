import { describe, expect, test } from 'vitest'
import { ClusterError, type ErrorCode, errorSpecs } from '#actor'
import type { Outcome } from '#ports'
import { Problem, problemCodeOf, problemFrom, problemOf, problemSpecs, retryAfterOf } from './problems.ts'

type Expected = readonly [outcome: Outcome, status: number, code: string, retryAfter: string | undefined]

// Total: a kind without an example does not compile.
const examples: { readonly [Kind in Outcome['kind']]: Expected } = {
  done: [{ kind: 'done', state: 'ready', version: 9 }, 500, 'internal', undefined],
  answer: [{ kind: 'answer', value: 1, state: 'ready', version: 9 }, 500, 'internal', undefined],
  unknown: [{ kind: 'unknown' }, 404, 'not-found', undefined],
  archived: [{ kind: 'archived', state: 'completed' }, 409, 'invalid-transition', undefined],
  'not-accepted': [
    { kind: 'not-accepted', state: 'ready', accepts: ['order.collect'], version: 9 },
    409,
    'invalid-transition',
    undefined,
  ],
  invalid: [{ kind: 'invalid', problem: 'no such member' }, 400, 'validation', undefined],
  stale: [{ kind: 'stale', state: 'ready', version: 9 }, 412, 'precondition-failed', undefined],
  running: [{ kind: 'running' }, 409, 'request-in-progress', '1'],
  'key-reused': [{ kind: 'key-reused' }, 422, 'idempotency-key-reused', undefined],
  'key-expired': [{ kind: 'key-expired' }, 422, 'idempotency-key-expired', undefined],
  busy: [{ kind: 'busy', retryAfterMs: 2_500, reason: 'backlog' }, 503, 'busy', '3'],
  moved: [
    { kind: 'moved', shard: 'orders.1' as Extract<Outcome, { kind: 'moved' }>['shard'] },
    503,
    'entity-relocating',
    '1',
  ],
  stopped: [{ kind: 'stopped' }, 503, 'actor-stopped', '1'],
  failed: [{ kind: 'failed', error: 'secret words' }, 500, 'actor-failed', undefined],
  timeout: [{ kind: 'timeout' }, 504, 'actor-timeout', undefined],
}

describe('outcomes', () => {
  for (const [kind, [outcome, status, code, retryAfter]] of Object.entries(examples)) {
    test(`${kind} is ${status} ${code}`, () => {
      const problem = problemOf(outcome, "Order 'o'")
      expect([problem.status, problem.code, retryAfterOf(problem)]).toEqual([status, code, retryAfter])
    })
  }

  test('a full disk is told apart from a long queue', () => {
    const problem = problemOf({ kind: 'busy', retryAfterMs: 5_000, reason: 'storage-full' }, 'It')
    expect([problem.code, retryAfterOf(problem)]).toEqual(['storage-full', '5'])
  })

  test('what an actor threw stays inside', () => {
    expect(problemOf(examples.failed[0], 'It').message).not.toContain('secret')
  })

  test('a refused message tells the state and what would be accepted', () => {
    const { more } = problemOf(examples['not-accepted'][0], 'It')
    expect(more).toEqual({
      currentState: 'ready',
      allowedEvents: ['order.collect'],
      headers: { etag: '"9"' },
    })
  })
})

describe('errors', () => {
  for (const [code, { remedy }] of Object.entries(errorSpecs)) {
    test(`${code} has a status that agrees with its remedy`, () => {
      const error = new ClusterError(code as ErrorCode, {} as never)
      const { status, retryable } = problemSpecs[problemCodeOf(error)]
      if (remedy === 'retry') expect(retryable).toBe(true)
      if (remedy === 'operator') expect(status).toBeGreaterThanOrEqual(500)
      expect(status).toBeGreaterThanOrEqual(400)
    })
  }

  test('an unexpected error becomes a problem without its words', () => {
    const problem = problemFrom(new Error('the password is 1234'))
    expect([problem.code, problem.message]).toEqual(['internal', problemSpecs.internal.about])
  })

  test('a problem stays itself', () => {
    const problem = new Problem('not-found', 'gone')
    expect(problemFrom(problem)).toBe(problem)
  })
})

test('whoever may try again is told so with a status that says so', () => {
  for (const [code, { status, retryable }] of Object.entries(problemSpecs)) {
    if (retryable) expect([code, [408, 409, 429, 503, 504].includes(status)]).toEqual([code, true])
    expect([code, status === 503 && !retryable]).toEqual([code, false])
  }
})
