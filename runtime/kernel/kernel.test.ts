import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { assign, setup } from 'xstate'
import {
  type AnyMessage,
  type Birth,
  type Delivered,
  defineActor,
  type Instant,
  type MessageOf,
  ref,
  reply,
  supervise,
} from '#actor'
import type { NodeId, Ordinal, Request, RequestId, ShardId } from '#ports'
import { absent, DrivenKernel, noRows } from './driven-kernel.test-kit.ts'
import type { KernelOptions } from './memory.ts'
import { Registry } from './registry.ts'

// What one kernel does with inputs given by hand. The rules that need several nodes are in the simulator's
// protocol check.

const Contract = Type.Union([
  Type.Object({ type: Type.Literal('add'), amount: Type.Integer() }),
  Type.Object({ type: Type.Literal('fail') }),
])

const tally = defineActor({
  type: 'tally',
  accepts: Contract,
  creates: ['add'],
  queries: { total: (state) => (state.context as { total: number }).total },
  machine: setup({
    types: {
      context: {} as { total: number },
      events: {} as Delivered<MessageOf<typeof Contract>>,
      input: {} as Birth,
    },
  }).createMachine({
    context: { total: 0 },
    on: {
      add: {
        actions: [
          assign({ total: ({ context, event }) => context.total + event.amount }),
          reply(({ context }) => ({ type: 'total', total: context.total })),
        ],
      },
      fail: {
        actions: () => {
          throw new Error('no')
        },
      },
    },
  }),
})

const registry = new Registry({
  departments: [{ name: 'sums', shards: 1, actors: [tally] }],
  supervision: supervise({ name: 'root', children: [tally], intensity: { restarts: 100, withinMs: 1_000 } }),
  freeze: true,
})
const shard = 'sums.0' as ShardId

const t = ref('tally', 't')

class Tallies extends DrivenKernel {
  constructor(options: Partial<KernelOptions> = {}) {
    super(registry, options)
  }

  add(id: number, amount: number, key?: string): void {
    const named = key === undefined ? {} : { key, fingerprint: String(amount) }
    const message: AnyMessage = { type: 'add', amount }
    this.step({
      kind: 'request',
      request: {
        id: id as RequestId,
        node: 'edge-1' as NodeId,
        actor: t,
        body: { kind: 'command', message },
        timeoutMs: 1_000,
        ...named,
      },
    })
  }
}

describe('a request', () => {
  test('is answered only once its turn is durable', () => {
    const node = new Tallies()
    node.grant(shard)
    node.add(1, 5)
    node.load(t)
    expect(node.take('append')).toHaveLength(1)
    expect(node.answers()).toEqual([])
    node.durable(1)
    expect(node.answers()).toEqual([
      { kind: 'done', reply: { type: 'total', total: 5 }, state: {}, version: 1 },
    ])
  })

  test('repeated with its key runs once and gets the stored answer; with another body it is refused', () => {
    const node = new Tallies()
    node.grant(shard)
    node.add(1, 5, 'k')
    node.load(t)
    node.durable(1)
    node.answers()
    node.add(2, 5, 'k')
    node.add(3, 6, 'k')
    expect(node.answers()).toEqual([])
    while (node.take('verify').length > 0) node.step({ kind: 'verified' })
    expect(node.answers()).toMatchObject([
      { kind: 'done', reply: { total: 5 }, replayed: true },
      { kind: 'key-reused' },
    ])
  })

  test('to a shard that is not here is told so at once', () => {
    const node = new Tallies()
    node.add(1, 5)
    expect(node.answers()).toEqual([{ kind: 'moved', shard }])
  })

  test('that breaks the contract is refused at once and creates nothing', () => {
    const node = new Tallies()
    node.grant(shard)
    node.add(1, 0.5)
    expect(node.answers()).toMatchObject([{ kind: 'invalid' }])
    expect(node.take('load')).toEqual([])
  })
})

describe('a query', () => {
  test('is answered from memory after a proof of ownership, and writes nothing', () => {
    const node = new Tallies()
    node.grant(shard)
    node.add(1, 5)
    node.load(t)
    node.durable(1)
    node.take('append')
    node.answers()
    node.step({
      kind: 'request',
      request: {
        id: 2 as RequestId,
        node: 'edge-1' as NodeId,
        actor: t,
        body: { kind: 'query', name: 'total' },
        timeoutMs: 1_000,
      },
    })
    expect(node.answers()).toEqual([])
    expect(node.take('verify')).toHaveLength(1)
    node.step({ kind: 'verified' })
    expect(node.answers()).toMatchObject([{ kind: 'answer', value: 5 }])
    expect(node.take('append')).toEqual([])
  })
})

describe('a failed turn', () => {
  test('keeps the state it started from, and its message is a row with an attempt', () => {
    const node = new Tallies()
    node.grant(shard)
    node.add(1, 5)
    node.load(t)
    node.durable(1)
    node.take('append')
    node.step({
      kind: 'request',
      request: {
        id: 2 as RequestId,
        node: 'edge-1' as NodeId,
        actor: t,
        body: { kind: 'command', message: { type: 'fail' } },
        timeoutMs: 1_000,
      },
    })
    const [append] = node.take('append')
    expect(append?.batch.records).toEqual([])
    expect(append?.batch.writes).toMatchObject([{ table: 'mailbox', value: { attempts: 1 } }])
    expect(node.kernel.shards.get(shard)?.activations.get(t)?.version).toBe(1)
  })
})

describe('a load', () => {
  const stale = (broken?: 'stale-load'): string | undefined => {
    const node = new Tallies(broken === undefined ? {} : { broken })
    node.grant(shard)
    node.add(1, 5)
    // The shard goes away and comes back before the read of the first tenure is answered.
    node.step({ kind: 'release', shard })
    node.step()
    node.durable(1)
    node.grant(shard, { epoch: 3 })
    node.add(2, 7)
    node.load(t, { requests: [], ordinal: 9 as Ordinal })
    return node.kernel.shards.get(shard)?.activations.get(t)?.status
  }

  test('of an earlier tenure of the shard is dropped', () => {
    expect(stale()).toBe('loading')
  })

  test('of an earlier tenure would be believed without the epoch', () => {
    expect(stale('stale-load')).not.toBe('loading')
  })
})

describe('a shard whose last owner died', () => {
  test('runs an inherited message only after its trial row is durable, and twice suspected it is a dead letter', () => {
    const row = (deaths: number) => ({
      envelope: { id: 'm1' as never, to: t, message: { type: 'add', amount: 1 } },
      attempts: 0,
      notBefore: 0 as Instant,
      deaths,
      onTrial: true,
    })
    const first = new Tallies()
    first.grant(shard, { epoch: 2, clean: false, rows: { ...noRows, mailbox: [[1, row(0)]] } })
    first.load(t, absent, 2)
    const [trial] = first.take('append')
    expect(trial?.batch.records).toEqual([])
    expect(trial?.batch.writes).toMatchObject([{ table: 'mailbox', value: { onTrial: true, deaths: 1 } }])
    first.durable(1)
    expect(first.take('append')[0]?.batch.records).toHaveLength(1)

    const second = new Tallies()
    second.grant(shard, { epoch: 3, clean: false, rows: { ...noRows, mailbox: [[1, row(1)]] } })
    second.load(t, absent, 3)
    const writes = second.take('append').flatMap(({ batch }) => batch.writes)
    expect(writes.filter(({ table }) => table === 'mailbox').at(-1)).toMatchObject({
      value: { dead: { reason: 'poison' } },
    })
  })
})

describe('more actors than fit into memory', () => {
  const names = Array.from({ length: 20 }, (_, i) => ref('tally', String(i)))
  const add: AnyMessage = { type: 'add', amount: 1 }

  class Crowd extends DrivenKernel {
    sent = 0

    constructor() {
      super(registry, { limits: { activationsMax: 4 } })
      this.grant(shard)
    }

    /** Sends it, and answers nothing that the kernel asks for. */
    send(actor: typeof t, body: Request['body']): void {
      this.sent += 1
      const request = { id: this.sent as RequestId, node: 'edge-1' as NodeId, actor, body, timeoutMs: 1_000 }
      this.step({ kind: 'request', request })
    }

    /** Those of whom it had to ask the store. */
    notInMemory(): readonly string[] {
      for (const actor of [...names].reverse()) this.send(actor, { kind: 'query', name: 'total' })
      return this.take('load').map(({ actor }) => actor)
    }
  }

  test('those used longest ago leave it, and come back as they were stored', () => {
    const kernel = new Crowd()
    for (const actor of names) kernel.ask(actor, add)
    kernel.pass(0)
    for (const actor of names.slice(15)) kernel.query(actor, 'total')
    // In it are four, and one more: the first that came after the last look.
    expect(kernel.notInMemory()).toEqual(names.slice(0, 15).reverse())
  })

  test('those whose last write is not durable stay', () => {
    const kernel = new Crowd()
    for (const actor of names) {
      kernel.send(actor, { kind: 'command', message: add })
      for (const { actor: loaded } of kernel.take('load')) kernel.load(loaded)
    }
    kernel.step({ kind: 'wake' })
    expect(kernel.notInMemory()).toEqual([])
  })
})
