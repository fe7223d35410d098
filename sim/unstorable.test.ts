import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { setup } from 'xstate'
import {
  type ActorId,
  type AnyMessage,
  type Birth,
  call,
  type Delivered,
  defineActor,
  type MessageOf,
  ref,
  reply,
  schedule,
  supervise,
  tell,
} from '#actor'
import { Registry } from '#host'
import type { Outcome, Request } from '#ports'
import { SimCluster } from './cluster.ts'
import type { OutsideModel } from './outside.ts'

// What no store can hold fails the turn that made it, and its neighbours on the node go on.
// Method: one node, two actors. One is told to make such a thing; then the other is asked.

const Contract = Type.Union([
  Type.Object({ type: Type.Literal('note') }),
  Type.Object({ type: Type.Literal('keep-a-symbol') }),
  Type.Object({ type: Type.Literal('set-a-timer'), id: Type.String() }),
  Type.Object({ type: Type.Literal('tell'), to: Type.String() }),
  Type.Object({ type: Type.Literal('dial') }),
  Type.Object({ type: Type.Literal('read'), text: Type.String() }),
  Type.Object({ type: Type.Literal('tell-long'), to: Type.String(), length: Type.Integer() }),
  Type.Object({ type: Type.Literal('reply-long'), length: Type.Integer() }),
])
const house = setup({
  types: {
    context: {} as { readonly notes: number; readonly odd: unknown; readonly heard: readonly unknown[] },
    events: {} as Delivered<MessageOf<typeof Contract>>,
    input: {} as Birth,
  },
})
const shelf = defineActor({
  type: 'shelf',
  accepts: Contract,
  creates: ['note', 'keep-a-symbol', 'set-a-timer', 'tell', 'tell-long', 'read', 'dial'],
  queries: {
    heard: (state) => (state.context as { heard: unknown }).heard,
    long: (_state, length) => '\u00e9'.repeat(length as number),
    odd: () => [() => 'odd'],
  },
  machine: house.createMachine({
    context: { notes: 0, odd: null, heard: [] },
    on: {
      note: { actions: house.assign({ notes: ({ context }) => context.notes + 1 }) },
      'keep-a-symbol': { actions: house.assign({ odd: () => Symbol('odd') }) },
      'set-a-timer': {
        actions: schedule(({ event }) => event.id, 1_000, { type: 'note' }, { clock: 'runtime' }),
      },
      'reply-long': {
        actions: [
          house.assign({ notes: ({ context }) => context.notes + 1 }),
          reply(({ event }) => ({ type: 'long', text: '\u00e9'.repeat(event.length) })),
        ],
      },
      read: { actions: house.assign({ notes: ({ context }) => context.notes + 1 }) },
      'tell-long': {
        actions: tell(
          ({ event }) => event.to as ActorId,
          ({ event }) => ({ type: 'read', text: '\u00e9'.repeat(event.length) }),
        ),
      },
      tell: { actions: tell(({ event }) => event.to as ActorId, { type: 'note' }) },
      dial: { actions: call({ id: 'c', handler: 'odd', args: 0, deadlineMs: 5_000, attemptsMax: 1 }) },
      'call.failed': {
        actions: house.assign({
          heard: ({ context, event }) => [...context.heard, 'detail' in event && event.detail],
        }),
      },
    },
  }),
})

const symbolic = (): ReturnType<OutsideModel> => ({
  afterUs: 5_000,
  outcome: { kind: 'done', result: { at: Symbol('now') } },
})

class OneNode {
  losses = 0
  readonly #cluster: SimCluster

  constructor(seed: number) {
    const backoff = { minMs: 10, maxMs: 10, factor: 1, jitter: 0 }
    this.#cluster = new SimCluster({
      seed,
      registry: new Registry({
        departments: [{ name: 'd', shards: 4, actors: [shelf] }],
        supervision: supervise({ name: 'root', children: [shelf], backoff }),
      }),
      groups: { node: ['d'], edge: [] },
      nodes: [
        { node: 'node-1', group: 'node' },
        { node: 'edge-1', group: 'edge' },
      ],
      models: new Map([['odd', symbolic]]),
      observer: () => ({
        count: () => {},
        time: () => {},
        watched: true,
        event: ({ kind }) => {
          if (kind === 'forgot') this.losses += 1
        },
      }),
    })
    this.#cluster.runFor(3_000)
  }

  ask(key: string, message: AnyMessage, idempotencyKey = message.type): Outcome | undefined {
    return this.#answer({ actor: ref('shelf', key), body: { kind: 'command', message }, key: idempotencyKey })
  }

  heardBy(key: string): unknown {
    const outcome = this.#answer({ actor: ref('shelf', key), body: { kind: 'query', name: 'heard' } })
    return outcome?.kind === 'answer' ? outcome.value : outcome
  }

  inspect(actor: ActorId): Outcome | undefined {
    return this.#answer({ actor, body: { kind: 'operate', command: { kind: 'inspect' } } })
  }

  query(key: string, name: string, args?: unknown): Outcome | undefined {
    return this.#answer({ actor: ref('shelf', key), body: { kind: 'query', name, args } })
  }

  #answer(request: Pick<Request, 'actor' | 'body' | 'key'>): Outcome | undefined {
    let answer: Outcome | undefined
    this.#cluster.request('edge-1', { ...request, timeoutMs: 9_000 }, (outcome) => {
      answer = outcome
    })
    this.#cluster.runFor(10_000)
    return answer
  }
}

const long = 'x'.repeat(2_000)

describe('what no store can hold', () => {
  test('in a context: the turn fails and is a dead letter; the node forgets once, to find it', () => {
    const node = new OneNode(1)
    expect(node.ask('bad', { type: 'keep-a-symbol' })).toEqual({
      kind: 'failed',
      error: 'It keeps or sends a symbol, which cannot be stored.',
    })
    expect(node.losses).toBe(1)
    expect(node.ask('good', { type: 'note' })).toMatchObject({ kind: 'done' })
    expect(node.losses).toBe(1)
  })

  test.each([
    [{ type: 'set-a-timer', id: long }, 'id of a schedule'],
    [{ type: 'tell', to: `shelf/${long}` }, 'No actor type'],
  ])('as a key: the turn fails (%o)', (message, problem) => {
    const node = new OneNode(1)
    expect(node.ask('bad', message)).toMatchObject({
      kind: 'failed',
      error: expect.stringContaining(problem),
    })
    expect(node.losses).toBe(0)
  })

  test('as an idempotency key or an id of an actor: the request is refused', () => {
    const node = new OneNode(1)
    expect(node.ask('bad', { type: 'note' }, long)).toMatchObject({ kind: 'invalid' })
    expect(node.inspect(`shelf/${long}` as ActorId)).toMatchObject({ kind: 'invalid' })
    expect(node.losses).toBe(0)
  })

  test('what no frame between nodes can hold: its turn fails, and what comes after it goes on', () => {
    const node = new OneNode(1)
    const tellLong = (length: number) => node.ask('bad', { type: 'tell-long', to: 'shelf/good', length })
    expect(tellLong(2 ** 21)).toMatchObject({
      kind: 'failed',
      error: expect.stringContaining('it is larger than 2 MiB'),
    })
    expect(tellLong(2 ** 21 - 100)).toMatchObject({ kind: 'done' })
    expect(node.ask('good', { type: 'read', text: 'x'.repeat(2 ** 21) })).toEqual({
      kind: 'invalid',
      problem: 'it is larger than 2 MiB',
    })
    expect(node.losses).toBe(0)
  })

  test('a reply that no frame can hold: its turn fails, and whoever asked is told so', () => {
    const node = new OneNode(1)
    node.ask('bad', { type: 'note' })
    const replyLong = (length: number) => node.ask('bad', { type: 'reply-long', length }, `reply-${length}`)
    expect(replyLong(2 ** 21)).toEqual({
      kind: 'failed',
      error: "It replies with a 'long' that is larger than 2 MiB.",
    })
    expect(replyLong(2 ** 21 - 100)).toMatchObject({ kind: 'done', version: 2 })
    expect(node.losses).toBe(0)
  })

  test('an answer to a query that no frame can hold: whoever asked is told so', () => {
    const node = new OneNode(1)
    node.ask('bad', { type: 'note' })
    expect(node.query('bad', 'long', 2 ** 21 + 1)).toEqual({
      kind: 'failed',
      error: 'its answer is larger than 2 MiB',
    })
    expect(node.query('bad', 'long', 2 ** 21)).toMatchObject({ kind: 'answer' })
    expect(node.query('bad', 'odd')).toEqual({
      kind: 'failed',
      error: 'its answer holds a function: no plain data',
    })
  })

  test('as the result of a call: its outcome is unknown', () => {
    const node = new OneNode(1)
    expect(node.ask('caller', { type: 'dial' })).toMatchObject({ kind: 'done' })
    expect(node.heardBy('caller')).toEqual(['its result holds a symbol: no plain data'])
    expect(node.losses).toBe(0)
  })
})
