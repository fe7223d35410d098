import { afterAll, describe, expect, test } from 'vitest'
import type { ActorId, AnyMessage } from '#actor'
import { type Answer, Floor, Stage, unreached } from '../floor.test-kit.ts'
import type { ClusterLoad, NodeLoad } from './cluster-contract.ts'
import { keptMs, operation, operationView, overdueMs, progressOf, saidWithinMs } from './operation.ts'
import { type Goal, type OperationMessage, operationRef } from './operation-messages.ts'

const reached = new Set<string>()
const ref = operationRef('op_1')
const begin = { type: 'operation.begin', what: 'POST /nodes/:id/drain', target: 'node-2', by: 'ann' } as const
const gone: Goal = { kind: 'gone', node: 'node-2' }

const seen = (node: string, state: string, life = 1): NodeLoad => ({
  node,
  group: 'kitchen',
  state,
  life,
  cpuMs: 0,
  rssBytes: 0,
  mailbox: 0,
})
const load = (...nodes: NodeLoad[]): ClusterLoad => ({ atMs: 0, nodes })

function watching(picture: () => ClusterLoad | 'nobody'): Floor {
  return new Floor({
    actors: [operation],
    outside: (): Answer => {
      const result = picture()
      if (result === 'nobody') return { outcome: { kind: 'refused', detail: 'no launcher' }, delayMs: 1 }
      return { outcome: { kind: 'done', result }, delayMs: 1 }
    },
  })
}
const stateOf = (floor: Floor): string => floor.stage(ref as ActorId).state
function remember(floor: Floor): void {
  for (const name of floor.reached) reached.add(name)
}

describe('an operation', () => {
  test('is done when its effect is seen, and says so', () => {
    let state = 'leaving'
    const floor = watching(() => load(seen('node-2', state)))
    floor.tell(ref, begin)
    floor.settle()
    expect(stateOf(floor)).toBe('pending')
    floor.tell(ref, { type: 'operation.started', goal: gone })
    floor.elapse(20_000)
    expect(stateOf(floor)).toBe('running')
    state = 'down'
    floor.elapse(6_000)
    expect(stateOf(floor)).toBe('done')
    expect(floor.events).toEqual([
      { type: 'operation.ended', id: 'op_1', what: begin.what, target: 'node-2', by: 'ann' },
    ])
    floor.elapse(keptMs)
    expect(stateOf(floor)).toBe('forgotten')
    remember(floor)
  })

  test('that is done when it is said looks at nothing', () => {
    const floor = watching(() => 'nobody')
    floor.tell(ref, begin)
    floor.tell(ref, { type: 'operation.started', goal: { kind: 'said' } })
    floor.settle()
    expect(stateOf(floor)).toBe('done')
  })

  test('shows how far it is', () => {
    const goal: Goal = { kind: 'up', nodes: ['node-1', 'node-2'].map((node) => ({ node, afterLife: 1 })) }
    const floor = watching(() => load(seen('node-1', 'up', 2), seen('node-2', 'up', 1)))
    floor.tell(ref, begin)
    floor.tell(ref, { type: 'operation.started', goal } as OperationMessage)
    floor.elapse(2_000)
    expect(floor.stage(ref as ActorId).query('view')).toMatchObject({ state: 'running', done: 1, total: 2 })
  })

  test('goes on when nobody can look now', () => {
    let picture: ClusterLoad | 'nobody' = 'nobody'
    const floor = watching(() => picture)
    floor.tell(ref, begin)
    floor.tell(ref, { type: 'operation.started', goal: gone })
    floor.elapse(10_000)
    picture = load()
    floor.elapse(6_000)
    expect(stateOf(floor)).toBe('done')
  })

  test.each([
    ['pending', saidWithinMs],
    ['running', overdueMs],
  ])('OP1: %s for too long, it has failed', (state, withinMs) => {
    const floor = watching(() => load(seen('node-2', 'leaving')))
    floor.tell(ref, begin)
    if (state === 'running') floor.tell(ref, { type: 'operation.started', goal: gone })
    floor.elapse(withinMs - 1)
    expect(stateOf(floor)).toBe(state)
    floor.elapse(1)
    expect(stateOf(floor)).toBe('failed')
    expect(floor.timers).toEqual([`${ref} forget`])
    floor.elapse(keptMs)
    expect(stateOf(floor)).toBe('forgotten')
  })

  test.each([['pending'], ['running']])('OP1: refused while %s, it has failed and says why', (state) => {
    const floor = watching(() => load(seen('node-2', 'leaving')))
    floor.tell(ref, begin)
    if (state === 'running') floor.tell(ref, { type: 'operation.started', goal: gone })
    floor.tell(ref, { type: 'operation.fail', detail: 'It is the last of its group.' })
    floor.settle()
    expect(floor.stage(ref as ActorId).query('view')).toMatchObject({
      state: 'failed',
      detail: 'It is the last of its group.',
    })
    remember(floor)
  })

  test('a command that is said twice was said once', () => {
    const stage = new Stage(operation, 'op_1')
    stage.send(begin)
    stage.send({ type: 'operation.started', goal: { kind: 'said' } } as AnyMessage)
    expect(stage.send({ type: 'operation.started', goal: gone } as AnyMessage)).toBeUndefined()
    expect(operationView(stage.context as never, stage.state).state).toBe('done')
  })
})

describe('a goal', () => {
  test.each<[Goal, ClusterLoad, number]>([
    [gone, load(seen('node-2', 'leaving')), 0],
    [gone, load(seen('node-2', 'down')), 1],
    [gone, load(seen('node-1', 'up')), 1],
    [{ kind: 'up', nodes: [{ node: 'node-2', afterLife: 3 }] }, load(seen('node-2', 'up', 3)), 0],
    [{ kind: 'up', nodes: [{ node: 'node-2', afterLife: 3 }] }, load(seen('node-2', 'starting', 4)), 0],
    [{ kind: 'up', nodes: [{ node: 'node-2', afterLife: 3 }] }, load(seen('node-2', 'up', 4)), 1],
    [{ kind: 'said' }, load(), 1],
  ])('%j in %j: %i parts are reached', (goal, picture, done) => {
    expect(progressOf(goal, picture)).toMatchObject({ done })
  })
})

afterAll(() => expect(unreached(operation, reached)).toEqual([]))
