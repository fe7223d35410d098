/**
 * An actor that writes down what happens to it, and a kernel with one shard of such actors.
 */
import { Type } from 'typebox'
import { setup } from 'xstate'
import {
  type ActorDefinition,
  ask,
  type Birth,
  call,
  cancel,
  type Delivered,
  type Directive,
  defineActor,
  type Message,
  type MessageOf,
  ref,
  reply,
  type Strategy,
  schedule,
  supervise,
} from '#actor'
import { DrivenKernel } from './driven-kernel.test-kit.ts'
import { Registry } from './registry.ts'

const named = <T extends string>(type: T) => Type.Object({ type: Type.Literal(type) })
export const Contract = Type.Union([
  named('open'),
  named('note'),
  named('fail'),
  named('fail-once'),
  named('wait'),
  named('unwait'),
  named('rang'),
  named('question'),
  named('answer'),
  named('put-question'),
  named('put-wrong'),
  named('ask-wrong'),
  named('dial'),
  named('finish'),
  named('late'),
])

interface Diary {
  readonly notes: readonly string[]
}

/** An actor that writes down what happens to it, and fails when it is told to. */
export function diary(type: string, failing: { left: number } = { left: 1 }): ActorDefinition {
  const types = {
    context: {} as Diary,
    events: {} as Delivered<MessageOf<typeof Contract>>,
    input: {} as Birth,
  }
  const house = setup({ types })
  const write = house.assign({ notes: ({ context, event }) => [...context.notes, event.type] })
  const fail = () => {
    throw new Error('told to')
  }
  const other = ref(type, `${type}-other`)
  return defineActor({
    type,
    accepts: Contract,
    creates: ['open', 'question', 'fail'],
    ignores: ['late'],
    shardKey: () => 'one',
    queries: { notes: (state) => (state.context as Diary).notes },
    machine: house.createMachine({
      context: { notes: [] },
      initial: 'here',
      states: {
        here: {
          on: {
            fail: { actions: [write, fail] },
            'fail-once': {
              actions: [
                write,
                () => {
                  failing.left -= 1
                  if (failing.left >= 0) fail()
                  return []
                },
              ],
            },
            wait: { actions: schedule('alarm', 1_000, { type: 'rang' }, { clock: 'runtime' }) },
            unwait: { actions: cancel('alarm') },
            question: { actions: [write, reply({ type: 'answer' })] },
            'put-question': { actions: ask('q', other, { type: 'question' }, 500) },
            'put-wrong': { actions: ask('w', other, { type: 'ask-wrong' }, 500) },
            'ask-wrong': { actions: reply({ type: 'nonsense' }) },
            dial: {
              actions: call({ id: 'c', handler: 'phone', args: 1, deadlineMs: 5_000, attemptsMax: 2 }),
            },
            finish: 'gone',
            '*': { actions: write },
          },
        },
        gone: { type: 'final' },
      },
    }),
  })
}

interface Tree {
  readonly strategy?: Strategy
  readonly directive?: Directive
  readonly restarts?: number
  readonly types?: readonly ActorDefinition[]
}

export function kernelWith({
  strategy = 'one-for-one',
  directive = 'restart',
  restarts = 100,
  types = [diary('a')],
}: Tree = {}) {
  const group = supervise({
    name: 'group',
    strategy,
    decide: () => directive,
    backoff: { minMs: 100, maxMs: 100, factor: 1, jitter: 0 },
    intensity: { restarts, withinMs: 60_000 },
    children: types,
  })
  const registry = new Registry({
    departments: [{ name: 'd', shards: 1, actors: types }],
    supervision: supervise({ name: 'root', decide: () => 'escalate', children: [group] }),
    freeze: true,
  })
  const driven = new DrivenKernel(registry, { limits: { attemptsMax: 3, callBackoffMs: 50 } })
  driven.grant('d.0')
  return driven
}

export const a = ref('a', 'x')
export const say = (type: string): Message => ({ type })

export function opened(tree: Tree = {}): DrivenKernel {
  const driven = kernelWith(tree)
  driven.ask(a, say('open'))
  return driven
}
