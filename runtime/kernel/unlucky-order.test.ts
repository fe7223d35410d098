import { describe, expect, test } from 'vitest'
import { createMachine, setup } from 'xstate'
import type { ActorId, Birth, Directive, Instant } from '#actor'
import { defineActor, ref, supervise } from '#actor'
import type {
  Envelope,
  Epoch,
  InspectionEvent,
  MailboxRow,
  MessageId,
  NodeId,
  Ordinal,
  Request,
  RequestId,
  ShardId,
} from '#ports'
import { blindObserver } from '#ports'
import type { Bounds } from './bounds.ts'
import { a, Contract, diary, kernelWith, opened, say } from './diary.test-kit.ts'
import { absent, DrivenKernel, noRows } from './driven-kernel.test-kit.ts'
import type { Input } from './input.ts'
import { Registry } from './registry.ts'

// Two things at once, in the order in which nobody expects them.

const d = 'd.0' as ShardId

const request = (id: number, type: string, named: Pick<Request, 'key' | 'fingerprint'> = {}): Input => ({
  kind: 'request',
  request: {
    id: id as RequestId,
    node: 'edge-1' as NodeId,
    actor: a,
    body: { kind: 'command', message: say(type) },
    timeoutMs: 1_000,
    ...named,
  },
})

const operate = (node: DrivenKernel, kind: 'stop' | 'start', actor: ActorId = a): void => {
  expect(node.request(actor, { kind: 'operate', command: { kind } })).toMatchObject({ kind: 'done' })
  node.settle()
}

const row = (envelope: Partial<Envelope>, more: Partial<MailboxRow> = {}): MailboxRow => ({
  envelope: { id: 'm:1' as MessageId, to: a, message: say('note'), ...envelope },
  attempts: 0,
  notBefore: 0 as Instant,
  ...more,
})

const snapshotOf = (node: DrivenKernel): never => node.written('snapshots').at(-1)?.value as never

/** What the actor `a` is loaded from: what it last wrote, or with another status. */
const stored = (status?: string) => {
  const snapshot = { ...(snapshotOf(opened()) as object), ...(status === undefined ? {} : { status }) }
  return { ordinal: 1 as Ordinal, snapshot: snapshot as never, requests: [] }
}

const state = { nextOrdinal: 2, versions: {}, siblings: {}, escalations: [], poisons: [], quarantined: false }

const dead = (node: DrivenKernel) =>
  [...(node.kernel.shards.get(d)?.deadLetters.values() ?? [])].map((letter) => letter.dead?.reason)

describe('a shard that is released', () => {
  test('answers a request for an actor that is being loaded once, also when the load is faster', () => {
    const node = kernelWith()
    const now = { world: node.now, runtime: node.now }
    const inspect: Input = {
      kind: 'request',
      request: {
        id: 2 as RequestId,
        node: 'edge-1' as NodeId,
        actor: a,
        body: { kind: 'operate', command: { kind: 'inspect' } },
        timeoutMs: 1_000,
      },
    }
    const load: Input = { kind: 'loaded', shard: d, epoch: 1 as Epoch, actor: a, rows: absent }
    for (const input of [inspect, { kind: 'release', shard: d } as const, load])
      node.out.push(...node.kernel.step(input, now))
    node.step()
    node.settle()
    expect(node.answers()).toMatchObject([{ kind: 'moved' }])
  })

  test('answers a waiting request `moved` and does not handle it too', () => {
    const node = opened()
    node.take('append')
    node.step(request(1, 'note'), { kind: 'release', shard: d })
    node.settle()
    expect(node.take('append').flatMap(({ batch }) => batch.records)).toEqual([])
    expect(node.answers().filter(({ kind }) => kind !== 'answer')).toMatchObject([
      { kind: 'done' },
      { kind: 'moved' },
    ])
  })
})

describe('an actor that is reset', () => {
  test('keeps the timer that its birth sets under the id of the fire that failed', () => {
    const late = setup({ types: { input: {} as Birth } }).createMachine({
      id: 'm',
      initial: 'here',
      on: { open: {} },
      states: {
        here: {
          after: {
            1000: {
              actions: () => {
                throw new Error('told to')
              },
            },
          },
        },
      },
    })
    const type = defineActor({
      type: 'a',
      accepts: Contract,
      creates: ['open'],
      shardKey: () => 'one',
      machine: late,
    })
    const node = opened({ directive: 'reset', types: [type] })
    node.pass(1_001)
    expect(dead(node)).toEqual(['failed'])
    expect(node.kernel.shards.get(d)?.timers.size).toBe(1)
    node.pass(1_001)
    expect(dead(node)).toEqual(['failed', 'failed'])
  })

  test('leaves no ask and no call of its old life behind, and what comes for them does not count', () => {
    const node = opened({ directive: 'reset' })
    for (const type of ['put-question', 'dial', 'fail']) node.ask(a, say(type))
    expect(node.kernel.shards.get(d)?.asks.size).toBe(0)
    expect(node.kernel.shards.get(d)?.calls.size).toBe(0)
    expect(node.take('cancel-call')).toHaveLength(1)
    node.pass(6_000)
    expect(node.query(a, 'notes')).toEqual([])
  })

  const unbearable = (outer: Directive) => {
    const throws = { now: false }
    const machine = setup({ types: { input: {} as Birth } }).createMachine({
      context: () => {
        if (throws.now) throw new Error('still born')
        return {}
      },
      on: { open: {}, fail: { actions: () => raise('told to') }, note: {} },
    })
    const type = defineActor({
      type: 'a',
      accepts: Contract,
      creates: ['open'],
      shardKey: () => 'one',
      machine,
    })
    const backoff = { minMs: 100, maxMs: 100, factor: 1, jitter: 0 }
    const group = supervise({ name: 'group', decide: () => 'reset', children: [type] })
    const root = supervise({ name: 'root', decide: () => outer, backoff, children: [group] })
    const registry = new Registry({
      departments: [{ name: 'd', shards: 1, actors: [type] }],
      supervision: root,
    })
    const node = new DrivenKernel(registry, { limits: { attemptsMax: 3 } })
    node.grant('d.0')
    node.ask(a, say('open'))
    throws.now = true
    return node
  }

  test('and cannot be born is left as it was, and the next group decides', () => {
    const node = unbearable('resume')
    expect(node.ask(a, say('fail'))).toEqual({
      kind: 'failed',
      error: 'told to; it cannot begin anew: still born',
    })
    expect(node.ask(a, say('note'))).toMatchObject({ kind: 'done' })
  })

  test('and cannot be born, whoever decides, has its shard loaded again', () => {
    const node = unbearable('reset')
    node.ask(a, say('fail'))
    expect(node.take('forget')).toHaveLength(1)
  })
})

function raise(message: string): never {
  throw new Error(message)
}

describe('past its bounds a shard', () => {
  const sent = (sequence: number, to: ActorId): Input => ({
    kind: 'received',
    item: {
      kind: 'message',
      from: 'd.9' as ShardId,
      to: d,
      sequence,
      envelope: { id: `t:${sequence}` as MessageId, to, message: say('note') },
    },
  })
  const other = ref('a', 'y')
  const crowded = (limits: Partial<Bounds>): DrivenKernel => {
    const node = new DrivenKernel(kernelWith().registry, { limits })
    node.grant('d.0')
    for (const actor of [a, other]) node.ask(actor, say('open'))
    operate(node, 'stop')
    return node
  }

  test('refuses requests, takes whatever is durable elsewhere, and goes on with its turns', () => {
    const node = crowded({ shardBacklogMax: 3 })
    for (let n = 1; n <= 10; n += 1) node.step(sent(n, a))
    node.settle()
    expect(node.ask(other, say('note'))).toMatchObject({ kind: 'busy', reason: 'backlog' })
    node.step(sent(11, other))
    node.settle()
    expect(node.query(other, 'notes')).toEqual(['open', 'note'])
    expect(node.take('send').at(-1)?.item).toMatchObject({ kind: 'mark', mark: 11 })
    expect(dead(node)).toEqual([])
    operate(node, 'start')
    expect(node.query(a, 'notes')).toHaveLength(11)
    expect(node.ask(other, say('note'))).toMatchObject({ kind: 'done' })
  })

  test('makes dead letters of what one mailbox cannot hold, acknowledges them, and stops no turn', () => {
    const node = crowded({ mailboxWindow: 3, mailboxDepthMax: 3 })
    for (let n = 1; n <= 10; n += 1) node.step(sent(n, a))
    node.settle()
    expect(dead(node)).toEqual(Array(7).fill('mailbox-limit'))
    expect(node.take('send').at(-1)?.item).toMatchObject({ kind: 'mark', mark: 10 })
    node.step(sent(11, other))
    node.settle()
    expect(node.query(other, 'notes')).toEqual(['open', 'note'])
    operate(node, 'start')
    expect(node.query(a, 'notes')).toEqual(['open', 'note', 'note', 'note'])
    node.step(sent(12, a))
    node.settle()
    expect(node.query(a, 'notes')).toHaveLength(5)
  })
})

test('dead letters beyond their bound go, the oldest first, and whoever watches is told which', () => {
  const told: InspectionEvent[] = []
  const counted = new Map<string, number>()
  const node = new DrivenKernel(kernelWith().registry, {
    limits: { deadLettersMax: 2 },
    observer: {
      ...blindObserver,
      count: (name, by = 1) => counted.set(name, (counted.get(name) ?? 0) + by),
      watched: true,
      event: (event) => told.push(event),
    },
  })
  const letter = { reason: 'failed', detail: 'x', at: 0 as Instant, replays: 0 } as const
  const mailbox = [1, 2].map((n) => [n, row({ id: `m:${n}` as MessageId }, { dead: letter })] as const)
  node.grant('d.0', { rows: { ...noRows, state, mailbox } })
  const envelope = { id: 'm:3' as MessageId, to: ref('a', 'nobody'), message: say('note') }
  const from = 'd.9' as ShardId
  node.step({ kind: 'received', item: { kind: 'message', from, to: d, sequence: 1, envelope } })
  node.settle()
  expect(dead(node)).toEqual(['failed', 'unknown-actor'])
  expect(node.written('mailbox')).toContainEqual({ table: 'mailbox', key: [d, 1] })
  expect(counted.get('deadLettersDropped')).toBe(1)
  expect(told).toContainEqual(expect.objectContaining({ kind: 'dead-letter-dropped', id: 'm:1', actor: a }))
})

describe('an ask', () => {
  const other = ref('a', 'a-other')

  test('put again under its id is not answered by the answer to the first one', () => {
    const node = opened()
    node.ask(other, say('open'))
    operate(node, 'stop', other)
    node.ask(a, say('put-question'))
    const answer = { id: 'o:1' as MessageId, to: a, message: say('answer'), from: other, answers: 'q' }
    const late = { ...answer, cause: 'an earlier question' as MessageId }
    node.step({
      kind: 'received',
      item: { kind: 'message', from: 'd.9' as ShardId, to: d, sequence: 1, envelope: late },
    })
    node.settle()
    expect(node.query(a, 'notes')).toEqual(['open'])
    operate(node, 'start', other)
    expect(node.query(other, 'notes')).toEqual(['open', 'question'])
    expect(node.query(a, 'notes')).toEqual(['open', 'answer'])
  })

  test('put again under its id is not ended by the timeout of the first one', () => {
    const node = opened({ types: [diary('a', { left: 1 })] })
    node.ask(other, say('open'))
    operate(node, 'stop', other)
    node.ask(a, say('put-question'))
    node.pass(450)
    node.ask(a, say('fail-once'))
    node.ask(a, say('put-question'))
    // The timeout comes while the mailbox is held; the second question is put before it is handled.
    node.pass(60)
    node.pass(60)
    expect(node.query(a, 'notes')).toEqual(['open', 'fail-once'])
    node.pass(500)
    expect(node.query(a, 'notes')).toEqual(['open', 'fail-once', 'ask.timeout'])
  })
})

test('turns that leave nothing fill no batch: what waits behind them runs', () => {
  const { registry } = kernelWith({ types: [diary('a', { left: 1 })] })
  const node = new DrivenKernel(registry, { limits: { batchTurnsMax: 1 } })
  node.grant('d.0')
  for (const type of ['open', 'wait']) node.ask(a, say(type))
  node.pass(950)
  // The fire comes while the mailbox is held, behind the message that cancels its timer.
  for (const type of ['fail-once', 'unwait']) node.ask(a, say(type))
  node.pass(60)
  node.pass(60)
  expect(node.ask(a, say('note'))).toMatchObject({ kind: 'done' })
  expect(node.query(a, 'notes')).toEqual(['open', 'fail-once', 'note'])
})

describe('an outbound call', () => {
  test('made again under its id while the first is pending gives the first one up', () => {
    const node = opened()
    node.ask(a, say('dial'))
    node.ask(a, say('dial'))
    expect(node.take('call')).toHaveLength(2)
    expect(node.take('cancel-call')).toHaveLength(1)
  })

  test('made again under its id is not answered by the result of the first one, which waits', () => {
    const node = opened({ types: [diary('a', { left: 1 })] })
    const result = (n: number): Input => {
      const [call] = node.take('call')
      if (call === undefined) throw new Error('no call was started')
      return { ...call, kind: 'called', outcome: { kind: 'done', result: n } }
    }
    node.ask(a, say('dial'))
    const first = result(1)
    node.ask(a, say('fail-once'))
    node.ask(a, say('dial'))
    // The result comes while the mailbox is held; the second call is made before it is handled.
    node.step(first)
    node.pass(101)
    expect(node.query(a, 'notes')).toEqual(['open', 'fail-once'])
    node.step(result(2))
    node.settle()
    expect(node.query(a, 'notes')).toEqual(['open', 'fail-once', 'call.done'])
  })

  test('made again under its id is not tried again because the first one was to be', () => {
    const node = opened()
    node.ask(a, say('dial'))
    const [first] = node.take('call')
    if (first === undefined) throw new Error('no call was started')
    node.step({ ...first, kind: 'called', outcome: { kind: 'unknown', detail: 'busy' } })
    node.ask(a, say('dial'))
    expect(node.take('call')).toHaveLength(1)
    node.pass(100)
    expect(node.take('call')).toEqual([])
  })

  test('whose answer waits in a stored row is not made again by the next owner', () => {
    const node = kernelWith()
    const call = {
      actor: a,
      handler: 'phone',
      args: 1,
      key: 'a/x:c',
      generation: 1,
      deadline: (node.now + 9_000_000) as Instant,
      attemptsMax: 2,
    }
    const answer = row(
      { message: say('call.done'), row: { kind: 'call', id: 'c', generation: 1 } },
      { attempts: 1 },
    )
    const rows = {
      ...noRows,
      state,
      calls: [[1 as Ordinal, 'c', call] as const],
      mailbox: [[1, answer] as const],
    }
    node.grant('d.0', { epoch: 2, rows })
    node.load(a, stored(), 2)
    node.settle()
    expect(node.take('call')).toEqual([])
    expect(node.query(a, 'notes')).toEqual(['open', 'call.done'])
    expect(node.written('calls').at(-1)).not.toHaveProperty('value')
  })
})

describe('a careful shard', () => {
  const careful = (mailbox: readonly MailboxRow[], status?: string, more = {}): DrivenKernel => {
    const node = kernelWith()
    const rows = { ...noRows, ...more, state, mailbox: mailbox.map((each, n) => [n + 1, each] as const) }
    node.grant('d.0', { epoch: 2, clean: false, rows })
    if (mailbox.length > 0) node.load(a, stored(status), 2)
    node.take('load')
    node.settle()
    return node
  }

  test('ends its care although a stopped actor holds rows that it inherited', () => {
    const node = careful([row({}), row({})], 'stopped')
    node.pass(3_001)
    expect(node.kernel.shards.get(d)?.care).toBeUndefined()
  })

  test('goes on when the actor whose message is on trial is stopped before its turn', () => {
    const node = careful([])
    node.step(request(1, 'note'))
    node.load(a, stored(), 2)
    node.take('load')
    node.step({
      kind: 'request',
      request: {
        id: 2 as RequestId,
        node: 'edge-1' as NodeId,
        actor: a,
        body: { kind: 'operate', command: { kind: 'stop' } },
        timeoutMs: 1_000,
      },
    })
    node.settle()
    node.ask(ref('a', 'y'), say('open'))
    node.settle()
    expect(node.query(ref('a', 'y'), 'notes')).toEqual(['open'])
  })

  test('removes the timer whose fire was on trial in two deaths: it does not fire again', () => {
    const timer = {
      actor: a,
      generation: 1,
      clock: 'runtime',
      at: 1 as Instant,
      message: say('rang'),
    } as const
    const fire = row({ row: { kind: 'timer', id: 'alarm', generation: 1 } }, { onTrial: true, deaths: 1 })
    const node = careful([fire], 'live', { timers: [[1 as Ordinal, 'alarm', timer]] })
    node.pass(10_000)
    expect(dead(node)).toEqual(['poison'])
    expect(node.written('timers').at(-1)).not.toHaveProperty('value')
    expect(node.query(a, 'notes')).toEqual(['open'])
  })

  test('answers the request that was on trial in two deaths, and runs it under its key no more', () => {
    const origin = { id: 1 as RequestId, node: 'edge-1' as NodeId, key: 'k', fingerprint: 'f' }
    const node = careful([row({ request: origin }, { onTrial: true, deaths: 1 })])
    expect(node.answers()).toMatchObject([{ kind: 'failed' }])
    expect(node.ask(a, say('note'), { key: 'k', fingerprint: 'f' })).toMatchObject({ kind: 'failed' })
    expect(node.query(a, 'notes')).toEqual(['open'])
  })

  test('that was handed over leaves nothing on trial: a later death is not held against the message', () => {
    const node = kernelWith()
    const trial = row({}, { onTrial: true })
    node.grant('d.0', { epoch: 2, clean: true, rows: { ...noRows, state, mailbox: [[1, trial]] } })
    node.step()
    expect(node.written('mailbox')[0]?.value).not.toHaveProperty('onTrial')
    expect(node.written('mailbox')[0]?.value).not.toHaveProperty('deaths')
  })

  test('with two messages that ended nodes waits, with nothing on trial, until a person lets it go on', () => {
    const node = kernelWith()
    const [second, other] = [ref('a', 'y'), ref('a', 'z')]
    const mailbox = [
      row({}, { deaths: 2 }),
      row({ to: second }, { deaths: 2 }),
      row({ to: other, message: say('open') }),
    ].map((each, n) => [n + 1, each] as const)
    node.grant('d.0', { epoch: 2, clean: false, rows: { ...noRows, state, mailbox } })
    const load = { kind: 'loaded', shard: d, epoch: 2 as Epoch } as const
    const loaded = [second, other].map((actor) => ({ ...load, actor, rows: absent }))
    node.step({ ...load, actor: a, rows: stored() }, ...loaded)
    node.take('load')
    node.settle()
    expect(dead(node)).toEqual(['poison', 'poison'])
    expect(node.ask(a, say('note'))).toEqual({ kind: 'stopped' })
    node.pass(10_000)
    expect(node.query(other, 'notes')).toBe('unknown')
    const onTrial = node.written('mailbox').filter(({ value }) => (value as MailboxRow | undefined)?.onTrial)
    expect(onTrial).toEqual([])

    operate(node, 'start')
    expect(node.query(other, 'notes')).toEqual(['open'])
    node.pass(10_000)
    expect(node.ask(a, say('note'))).toMatchObject({ kind: 'done' })
  })

  test('stays careful with a suspect across a release', () => {
    const node = kernelWith()
    const suspect = row({}, { deaths: 1 })
    node.grant('d.0', { epoch: 2, clean: true, rows: { ...noRows, state, mailbox: [[1, suspect]] } })
    node.load(a, stored(), 2)
    expect(node.written('mailbox').at(-1)).toMatchObject({ value: { onTrial: true, deaths: 1 } })
  })
})

describe('a message that always escalates', () => {
  test('is a dead letter after as many attempts as any other, and ends no node after node', () => {
    const node = opened({ directive: 'escalate' })
    const failing = row({ message: say('fail') }, { attempts: 2 })
    node.grant('d.0', { epoch: 2, rows: { ...noRows, state, mailbox: [[1, failing]] } })
    node.load(a, stored(), 2)
    node.settle()
    expect(dead(node)).toEqual(['failed'])
    expect(node.take('forget')).toEqual([])
  })
})

describe('a request with a key', () => {
  test('sent again by its own node while it runs is answered once, by its turn', () => {
    const node = opened({ types: [diary('a', { left: 1 })] })
    const named = { key: 'k', fingerprint: 'f' }
    node.answers()
    node.step(request(1, 'fail-once', named))
    node.settle()
    node.step(request(1, 'fail-once', named))
    node.step(request(2, 'fail-once', named))
    node.settle()
    expect(node.answers()).toMatchObject([{ kind: 'running' }])
    node.pass(101)
    expect(node.answers()).toMatchObject([{ kind: 'done' }])
  })

  test('beyond the window of a mailbox is told so, and its key is free again', () => {
    const node = new DrivenKernel(kernelWith().registry, { limits: { mailboxWindow: 2 } })
    node.grant('d.0')
    node.ask(a, say('open'))
    node.ask(a, say('fail'))
    node.ask(a, say('note'))
    const named = { key: 'k', fingerprint: 'f' }
    expect(node.ask(a, say('note'), named)).toMatchObject({ kind: 'busy' })
    expect(node.ask(a, say('note'), named)).toMatchObject({ kind: 'busy' })
    expect(dead(node)).toEqual([])
  })
})

describe('an actor that finishes', () => {
  test('drops a fire that waits behind the last message: its timer is gone, it is no dead letter', () => {
    const node = opened({ types: [diary('a', { left: 1 })] })
    node.ask(a, say('wait'))
    node.pass(950)
    node.ask(a, say('fail-once'))
    node.ask(a, say('finish'))
    node.pass(60)
    node.pass(60)
    expect(node.written('snapshots').at(-1)).toMatchObject({ value: { status: 'archived' } })
    expect(dead(node)).toEqual([])
  })

  test('while a call is pending answers `archived`, and what is told to it is a dead letter', () => {
    const node = opened()
    node.ask(a, say('dial'))
    node.ask(a, say('finish'))
    expect(node.ask(a, say('note'))).toMatchObject({ kind: 'archived' })
    const told = { id: 't:1' as MessageId, to: a, message: say('note') }
    const item = { kind: 'message', from: 'd.9' as ShardId, to: d, sequence: 1, envelope: told } as const
    node.step({ kind: 'received', item })
    node.settle()
    expect(dead(node)).toEqual(['archived'])
  })

  test('is inspected with the groups that decide about it, and who restarts with it', () => {
    const node = kernelWith({
      strategy: 'one-for-all',
      types: [diary('a'), diary('b')],
      directive: 'restart',
    })
    for (const actor of [a, ref('b', 'x')]) node.ask(actor, say('open'))
    const supervision = () => {
      const outcome = node.request(a, { kind: 'operate', command: { kind: 'inspect' } })
      return (outcome as unknown as { value: { supervision: { groups: { restarts: number }[] } } }).value
        .supervision
    }
    expect(supervision()).toMatchObject({
      groups: [{ name: 'group', strategy: 'one-for-all', restarts: 0 }, expect.anything()],
      restartsWith: ['b/x'],
    })
    node.ask(a, say('fail'))
    expect(supervision().groups.map(({ restarts }) => restarts)).toEqual([1, 0])
  })

  test('is no sibling any more', () => {
    const node = kernelWith({ strategy: 'one-for-all', types: [diary('a'), diary('b')] })
    node.ask(a, say('open'))
    node.ask(ref('b', 'x'), say('open'))
    node.ask(a, say('finish'))
    expect(node.written('meta').at(-1)).toMatchObject({ value: { siblings: { 'group:one': ['b/x'] } } })
  })
})

describe('a contract', () => {
  test('holds for an answer here as it does on the wire: a wrong one fails its turn', () => {
    const node = opened({ directive: 'resume' })
    node.ask(ref('a', 'a-other'), say('open'))
    node.ask(a, say('put-wrong'))
    expect(dead(node)).toEqual(['failed'])
  })

  test('holds for a dead letter that a person replays', () => {
    const node = opened()
    const wrong = { id: 'w:1' as MessageId, to: 'nobody/x' as ActorId, message: say('note') }
    const item = { kind: 'message', from: 'd.9' as ShardId, to: d, sequence: 1, envelope: wrong } as const
    node.step({ kind: 'received', item })
    node.settle()
    const n = [...(node.kernel.shards.get(d)?.deadLetters.keys() ?? [])][0] as number
    expect(node.request(a, { kind: 'operate', command: { kind: 'replay', row: n } })).toMatchObject({
      kind: 'invalid',
    })
    expect(dead(node)).toEqual(['invalid'])
  })
})

describe('a channel', () => {
  const far = 'e.0' as ShardId
  const outbox = (...sequences: number[]) =>
    sequences.map((n) => [far, n, { id: `o:${n}` as MessageId, to: a, message: say('note') }] as const)
  const sent = (node: DrivenKernel): number[] =>
    node.take('send').flatMap(({ item }) => (item.kind === 'message' ? [item.sequence] : []))

  test('on which acknowledgements come sends nothing again; when none comes, it does', () => {
    const node = kernelWith()
    node.grant('d.0', { epoch: 2, rows: { ...noRows, outbox: outbox(1, 2), channels: [[far, 2]] } })
    expect(sent(node)).toEqual([1, 2])
    node.step({ kind: 'received', item: { kind: 'mark', from: d, to: far, mark: 1 } })
    node.pass(625)
    expect(sent(node)).toEqual([])
    node.pass(625)
    expect(sent(node)).toEqual([2])
  })

  test('H4: removes the rows of what was acknowledged in the next batch, or a while later in one of its own', () => {
    const removed = (node: DrivenKernel) => node.written('outbox').map(({ key }) => key)
    const acknowledged = (): DrivenKernel => {
      const node = kernelWith()
      node.grant('d.0', { epoch: 2, rows: { ...noRows, outbox: outbox(1, 2), channels: [[far, 2]] } })
      node.settle()
      node.step({ kind: 'received', item: { kind: 'mark', from: d, to: far, mark: 2 } })
      expect([removed(node), node.kernel.idle]).toEqual([[], false])
      return node
    }
    const rows = [
      [d, far, 1],
      [d, far, 2],
    ]
    const busy = acknowledged()
    busy.ask(a, say('open'))
    expect(removed(busy)).toEqual(rows)
    const quiet = acknowledged()
    quiet.pass(1_900)
    expect(removed(quiet)).toEqual([])
    quiet.pass(101)
    expect([removed(quiet), quiet.kernel.idle]).toEqual([rows, true])
  })
})

test('an actor whose snapshot this build cannot read is stopped, not unknown', () => {
  const node = kernelWith()
  const snapshot = { ...(snapshotOf(opened()) as object), state: ['99+x', 'here', null] }
  const inspect = { kind: 'operate', command: { kind: 'inspect' } } as const
  const body = { kind: 'query', name: 'notes' } as const
  for (const [id, asked] of [
    [1, body],
    [2, inspect],
  ] as const)
    node.step({
      kind: 'request',
      request: { id: id as RequestId, node: 'edge-1' as NodeId, actor: a, body: asked, timeoutMs: 1_000 },
    })
  node.load(a, { ordinal: 1 as Ordinal, snapshot: snapshot as never, requests: [] })
  node.take('load')
  node.settle()
  expect(node.answers()).toEqual([{ kind: 'stopped' }, { kind: 'stopped' }])
})

describe('the machine versions that a shard remembers', () => {
  type State = { readonly value: unknown; readonly context: unknown }
  const versioned = (version: string, migrate = (from: State): State => from) => {
    const one = diary('a')
    const onwards = { to: version, keys: ['notes'], migrate }
    return {
      ...one,
      machine: createMachine({ ...one.machine.config, version }),
      migrations: { '1': onwards },
    }
  }
  const versionsOf = (node: DrivenKernel) => node.kernel.shards.get(d)?.state.versions

  test.each([
    ['9', '10', '10'],
    ['10', '9', '10'],
    ['2', '2.1', '2.1'],
    ['3', '2.1', '3'],
  ])('a build of %s that creates an actor where %s has written leaves %s', (build, before, highest) => {
    const node = kernelWith({ types: [versioned(build)] })
    node.grant('d.0', { epoch: 2, rows: { ...noRows, state: { ...state, versions: { a: before } } } })
    node.load(ref('a', 'y'), absent, 2)
    node.ask(ref('a', 'y'), say('open'))
    expect(versionsOf(node)).toEqual({ a: highest })
  })

  test('stay when a migration makes what no store can hold: the actor is stopped, and left as it was', () => {
    const odd = versioned('2', ({ value }) => ({ value, context: { notes: [Symbol('odd')] } }))
    const node = kernelWith({ types: [odd] })
    node.grant('d.0', { epoch: 2, rows: { ...noRows, state: { ...state, versions: { a: '1' } } } })
    node.step(request(1, 'note'))
    node.load(a, stored(), 2)
    node.take('load')
    node.settle()
    expect(node.answers()).toEqual([{ kind: 'stopped' }])
    expect(node.written('snapshots')).toEqual([])
    expect(versionsOf(node)).toEqual({ a: '1' })
  })

  test('are raised when an actor is migrated', () => {
    const node = kernelWith({ types: [versioned('2')] })
    node.grant('d.0', { epoch: 2, rows: { ...noRows, state: { ...state, versions: { a: '1' } } } })
    node.step(request(1, 'note'))
    node.load(a, stored(), 2)
    expect(versionsOf(node)).toEqual({ a: '2' })
    expect(node.written('meta').at(-1)).toMatchObject({ value: { versions: { a: '2' } } })
  })
})

describe('rows of an actor type that this build does not have', () => {
  test('stay where they are, and the shard goes on', () => {
    const node = kernelWith()
    const gone = 'gone/x' as ActorId
    const timer = {
      actor: gone,
      generation: 1,
      clock: 'runtime',
      at: 1 as Instant,
      message: say('rang'),
    } as const
    const mailbox = [[7, row({ to: gone })]] as const
    const timers = [[1 as Ordinal, 'alarm', timer]] as const
    node.grant('d.0', { epoch: 2, rows: { ...noRows, state, mailbox, timers } })
    node.pass(1_000)
    expect(node.ask(ref('a', 'y'), say('open'))).toMatchObject({ kind: 'done' })
    expect([...node.written('timers'), ...node.written('mailbox')]).toEqual([])
  })
})
