import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { assign, setup } from 'xstate'
import { type Birth, defineActor, effects, ref, type Strategy } from '#actor'
import { blindObserver, type InspectionEvent } from '#ports'
import { a, Contract, diary, kernelWith, opened, say } from './diary.test-kit.ts'
import { DrivenKernel } from './driven-kernel.test-kit.ts'

// What supervision, timers, asks, calls and archiving do, seen from one kernel with one shard.

describe('a turn that fails', () => {
  test('under restart starts again from the same snapshot, after the backoff and not before', () => {
    const node = opened({ types: [diary('a', { left: 1 })] })
    expect(node.ask(a, say('fail-once'))).toBeUndefined()
    node.step({ kind: 'wake' })
    expect(node.query(a, 'notes')).toEqual(['open'])
    node.pass(101)
    expect(node.query(a, 'notes')).toEqual(['open', 'fail-once'])
    expect(node.answers()).toContainEqual(expect.objectContaining({ kind: 'done' }))
  })

  test('holds its own mailbox while it waits, and nobody else', () => {
    const node = opened({ types: [diary('a', { left: 1 })] })
    node.ask(a, say('fail-once'))
    expect(node.ask(a, say('note'))).toBeUndefined()
    expect(node.ask(ref('a', 'y'), say('open'))).toMatchObject({ kind: 'done' })
    node.pass(101)
    expect(node.query(a, 'notes')).toEqual(['open', 'fail-once', 'note'])
  })

  test('as often as the bound allows makes its message a dead letter, and the next one runs', () => {
    const node = opened()
    node.ask(a, say('fail'))
    node.ask(a, say('note'))
    for (let n = 0; n < 3; n += 1) node.pass(101)
    expect(node.query(a, 'notes')).toEqual(['open', 'note'])
    expect(node.written('mailbox').at(-1)).toMatchObject({
      value: { attempts: 3, dead: { reason: 'failed', detail: 'told to' } },
    })
    expect(node.answers()).toContainEqual({ kind: 'failed', error: 'told to' })
  })

  test('under resume loses only its message, to the dead letters', () => {
    const node = opened({ directive: 'resume' })
    expect(node.ask(a, say('fail'))).toMatchObject({ kind: 'failed' })
    expect(node.query(a, 'notes')).toEqual(['open'])
    expect(node.kernel.shards.get('d.0' as never)?.deadLetters.size).toBe(1)
  })

  test('under stop stops its actor until it is started, and its message waits', () => {
    const node = opened({ directive: 'stop', types: [diary('a', { left: 1 })] })
    node.ask(a, say('fail-once'))
    expect(node.ask(a, say('note'))).toEqual({ kind: 'stopped' })
    expect(node.written('snapshots').at(-1)).toMatchObject({ value: { status: 'stopped' } })
    expect(node.request(a, { kind: 'operate', command: { kind: 'start' } })).toMatchObject({ kind: 'done' })
    node.settle()
    expect(node.query(a, 'notes')).toEqual(['open', 'fail-once'])
  })

  test('under reset begins anew, and its message is a dead letter', () => {
    const node = opened({ directive: 'reset' })
    node.ask(a, say('fail'))
    expect(node.query(a, 'notes')).toEqual([])
  })

  test('more often than the intensity allows escalates, and beyond the root all memory is forgotten', () => {
    const node = opened({ restarts: 1 })
    node.ask(a, say('fail'))
    expect(node.take('forget')).toEqual([])
    node.pass(101)
    expect(node.take('forget')).toMatchObject([{ cause: expect.stringContaining('a/x: told to') }])
    expect(node.written('meta').at(-1)).toMatchObject({ value: { escalations: [expect.any(Number)] } })
  })

  test('is told with the group that decided, and each that passed it on before', () => {
    const told: InspectionEvent[] = []
    const { registry } = kernelWith({ restarts: 1, strategy: 'one-for-all', types: [diary('a'), diary('b')] })
    const node = new DrivenKernel(registry, {
      observer: { ...blindObserver, watched: true, event: (event) => told.push(event) },
    })
    node.grant('d.0')
    for (const actor of [a, ref('b', 'x')]) node.ask(actor, say('open'))
    node.ask(a, say('fail'))
    expect(node.kernel.budgets(node.now)).toEqual([{ group: 'group', shard: 'd.0', restarts: 1 }])
    node.pass(101)
    expect(told.filter(({ kind }) => kind === 'failure')).toMatchObject([
      { directive: 'restart', group: 'group', attempt: 1 },
      {
        directive: 'escalate',
        group: 'root',
        passed: [
          { group: 'group', because: 'budget' },
          { group: 'root', because: 'decider' },
        ],
      },
    ])
    expect(told.filter(({ kind }) => kind === 'restarted')).toMatchObject([
      { actor: 'b/x', cause: a, group: 'group' },
    ])
    // It counts anew, and what was long ago counts no more.
    expect(node.kernel.budgets(node.now)).toEqual([])
  })

  test('of an actor that was being created creates nothing', () => {
    const node = kernelWith({ directive: 'resume' })
    node.ask(a, say('fail'))
    expect(node.written('actors')).toEqual([])
    expect(node.query(a, 'notes')).toBe('unknown')
  })
})

describe('siblings', () => {
  const siblings = () => [diary('a'), diary('b'), diary('c')]
  const restartedWith = (strategy: Strategy, failing: string): string[] => {
    const node = kernelWith({ strategy, types: siblings() })
    for (const type of ['a', 'b', 'c']) node.ask(ref(type, 'x'), say('open'))
    node.ask(ref(failing, 'x'), say('fail'))
    return ['a', 'b', 'c'].filter((type) =>
      (node.query(ref(type, 'x'), 'notes') as string[]).includes('restarted'),
    )
  }

  test('one that fails at being told of a restart is tried again alone', () => {
    let failures = 0
    const machine = setup({
      types: { context: {} as { told: number }, input: {} as Birth },
    }).createMachine({
      context: { told: 0 },
      on: {
        open: {},
        restarted: {
          actions: assign({
            told: ({ context }) => {
              failures += 1
              if (failures === 1) throw new Error('not now')
              return context.told + 1
            },
          }),
        },
      },
    })
    const accepts = Type.Union([Type.Object({ type: Type.Literal('open') })])
    const touchy = defineActor({
      type: 'touchy',
      accepts,
      creates: ['open'],
      machine,
      shardKey: () => 'one',
      queries: { told: ({ context }) => (context as { told: number }).told },
    })
    const node = kernelWith({ strategy: 'one-for-all', types: [diary('a'), touchy, diary('c')] })
    for (const type of ['a', 'touchy', 'c']) node.ask(ref(type, 'x'), say('open'))
    node.ask(ref('a', 'x'), say('fail'))
    // Once by `a`, and not once more by the one that failed at hearing of it.
    const notes = node.query(ref('c', 'x'), 'notes') as string[]
    expect([failures, notes.filter((note) => note === 'restarted').length]).toEqual([1, 1])
    node.pass(101)
    expect(node.query(ref('touchy', 'x'), 'told')).toBeGreaterThan(0)
  })

  test.each([
    ['one-for-one', 'b', []],
    ['one-for-all', 'b', ['a', 'c']],
    ['rest-for-one', 'b', ['c']],
    ['rest-for-one', 'c', []],
  ] as const)('%s, when %s fails: %j are told', (strategy, failing, told) => {
    expect(restartedWith(strategy, failing)).toEqual(told)
  })

  test('that restart together must share a shardKey', () => {
    const loose = { ...diary('a') }
    delete (loose as { shardKey?: unknown }).shardKey
    expect(() => kernelWith({ strategy: 'one-for-all', types: [loose, diary('b')] })).toThrow(/shardKey/)
  })
})

describe('a timer', () => {
  test('fires once, at its time, and is gone with the turn that handled it', () => {
    const node = opened()
    node.ask(a, say('wait'))
    node.pass(999)
    expect(node.query(a, 'notes')).toEqual(['open'])
    node.pass(2)
    node.pass(5_000)
    expect(node.query(a, 'notes')).toEqual(['open', 'rang'])
    expect(node.written('timers').at(-1)).not.toHaveProperty('value')
  })

  test('set again under its id replaces the earlier one', () => {
    const node = opened()
    node.ask(a, say('wait'))
    node.pass(600)
    node.ask(a, say('wait'))
    node.pass(600)
    expect(node.query(a, 'notes')).toEqual(['open'])
    node.pass(500)
    expect(node.query(a, 'notes')).toEqual(['open', 'rang'])
  })

  test('that was taken back never fires', () => {
    const node = opened()
    node.ask(a, say('wait'))
    node.ask(a, say('unwait'))
    node.pass(5_000)
    expect(node.query(a, 'notes')).toEqual(['open'])
  })

  test('that fired before it was replaced does not count, although its fire waits in the mailbox', () => {
    const node = opened({ types: [diary('a', { left: 1 })] })
    node.ask(a, say('wait'))
    node.ask(a, say('fail-once'))
    node.ask(a, say('wait'))
    // The fire of the first timer comes while the mailbox is held; the second `wait` is handled before it.
    node.pass(50)
    node.pass(1_000)
    expect((node.query(a, 'notes') as string[]).filter((note) => note === 'rang').length).toBeLessThan(2)
  })
})

describe('an ask', () => {
  test('is answered by a message, and no timeout follows', () => {
    const node = opened()
    node.ask(a, say('put-question'))
    node.pass(1_000)
    expect(node.query(a, 'notes')).toEqual(['open', 'answer'])
    expect(node.query(ref('a', 'a-other'), 'notes')).toEqual(['question'])
  })

  test('that nobody answers in time is told so, and a late answer is dropped', () => {
    const node = opened()
    const other = ref('a', 'a-other')
    node.ask(other, say('open'))
    node.request(other, { kind: 'operate', command: { kind: 'stop' } })
    node.ask(a, say('put-question'))
    node.pass(501)
    expect(node.query(a, 'notes')).toEqual(['open', 'ask.timeout'])
    node.request(other, { kind: 'operate', command: { kind: 'start' } })
    node.settle()
    expect(node.query(other, 'notes')).toEqual(['open', 'question'])
    expect(node.query(a, 'notes')).toEqual(['open', 'ask.timeout'])
  })
})

describe('an outbound call', () => {
  const dialled = (): { node: DrivenKernel; started: () => number } => {
    const node = opened()
    node.ask(a, say('dial'))
    return { node, started: () => node.peek('call').length }
  }
  const answer = (node: DrivenKernel, attempt: number, kind: 'done' | 'refused' | 'unknown'): void => {
    const started = node.peek('call').at(-1)
    if (started === undefined) throw new Error('no call was started')
    const { shard, ordinal, id } = started
    const outcome = kind === 'done' ? { kind, result: 1 } : { kind, detail: 'x' }
    node.step({ kind: 'called', shard, ordinal, id, attempt, outcome })
    node.settle()
  }

  test('starts only after the turn that asked for it is durable', () => {
    const node = opened()
    node.step({
      kind: 'request',
      request: {
        id: 1 as never,
        node: 'edge-1' as never,
        actor: a,
        body: { kind: 'command', message: say('dial') },
        timeoutMs: 1,
      },
    })
    expect(node.peek('call')).toEqual([])
    node.settle()
    expect(node.peek('call')).toMatchObject([{ attempt: 1, row: { handler: 'phone', key: 'a/x:c' } }])
  })

  test('is answered once, and its row goes with the answer', () => {
    const { node } = dialled()
    answer(node, 1, 'done')
    answer(node, 1, 'done')
    expect(node.query(a, 'notes')).toEqual(['open', 'call.done'])
    expect(node.written('calls').at(-1)).not.toHaveProperty('value')
  })

  test('with an unknown outcome is tried again after a while, as often as it may', () => {
    const { node, started } = dialled()
    answer(node, 1, 'unknown')
    expect(started()).toBe(1)
    node.pass(100)
    expect(started()).toBe(2)
    answer(node, 2, 'unknown')
    expect(node.query(a, 'notes')).toEqual(['open', 'call.failed'])
  })

  test('that is refused is not tried again', () => {
    const { node, started } = dialled()
    answer(node, 1, 'refused')
    node.pass(1_000)
    expect(started()).toBe(1)
    expect(node.query(a, 'notes')).toEqual(['open', 'call.failed'])
  })

  test('without an answer fails at its deadline, is cancelled, and a later answer does not count', () => {
    const { node } = dialled()
    node.pass(5_001)
    expect(node.take('cancel-call')).toHaveLength(1)
    answer(node, 1, 'done')
    expect(node.query(a, 'notes')).toEqual(['open', 'call.failed'])
  })

  test('insists under its id: made again it has the same key, and the earlier one is given up', () => {
    const { node, started } = dialled()
    const [first] = node.peek('call')
    node.ask(a, say('dial'))
    expect(started()).toBe(2)
    const [, again] = node.peek('call')
    expect(again?.row.key).toBe(first?.row.key)
    expect(again?.row.generation).toBeGreaterThan(first?.row.generation ?? 0)
    expect(node.take('cancel-call')).toHaveLength(1)
    answer(node, 1, 'done')
    expect(node.query(a, 'notes')).toEqual(['open', 'call.done'])
  })

  test('puts off the tombstone of an actor that finishes meanwhile', () => {
    const { node } = dialled()
    node.ask(a, say('finish'))
    expect(node.written('snapshots').at(-1)).toMatchObject({ value: { status: 'live' } })
    answer(node, 1, 'done')
    expect(node.written('snapshots').at(-1)).toMatchObject({ value: { status: 'archived' } })
  })
})

describe('a request for one version of an actor', () => {
  test('is handled when nobody has changed it since', () => {
    const node = opened()
    const seen = node.ask(a, say('wait')) as { version: number }
    expect(node.ask(a, say('wait'), { ifVersion: seen.version })).toMatchObject({
      kind: 'done',
      version: seen.version + 1,
    })
  })

  test('changes nothing, and is not journaled, when somebody has', () => {
    const node = opened()
    const seen = node.ask(a, say('wait')) as { version: number }
    node.ask(a, say('wait'))
    const version = seen.version + 1
    expect(node.ask(a, say('finish'), { ifVersion: seen.version })).toMatchObject({ kind: 'stale', version })
    expect(node.ask(a, say('wait'))).toMatchObject({ kind: 'done', version: version + 1 })
  })

  test('is answered as before when it comes again under its key', () => {
    const node = opened()
    const seen = node.ask(a, say('wait')) as { version: number }
    const request = { key: 'k', fingerprint: 'f', ifVersion: seen.version }
    const first = node.ask(a, say('wait'), request)
    expect(node.ask(a, say('wait'), request)).toEqual({ ...(first as object), replayed: true })
  })

  test('of version 0 creates, and refuses where there is one', () => {
    const node = opened()
    expect(node.ask(ref('a', 'new'), say('open'), { ifVersion: 0 })).toMatchObject({
      kind: 'done',
      version: 1,
    })
    expect(node.ask(ref('a', 'new'), say('open'), { ifVersion: 0 })).toMatchObject({
      kind: 'stale',
      version: 1,
    })
  })
})

describe('a finished actor', () => {
  const finished = (): DrivenKernel => {
    const node = opened()
    node.ask(a, say('wait'))
    node.ask(a, say('finish'))
    return node
  }

  test('leaves a tombstone and no timer', () => {
    const node = finished()
    expect(node.written('snapshots').at(-1)).toMatchObject({ value: { status: 'archived' } })
    expect(node.written('timers').at(-1)).not.toHaveProperty('value')
    node.pass(5_000)
    expect(node.kernel.shards.get('d.0' as never)?.deadLetters.size).toBe(0)
  })

  test('answers requests, and no message brings it back to life', () => {
    const node = finished()
    expect(node.ask(a, say('note'))).toEqual({ kind: 'archived', state: 'gone' })
    expect(node.ask(a, say('open'))).toEqual({ kind: 'archived', state: 'gone' })
    const named = { key: 'k', fingerprint: 'f' }
    expect(node.ask(a, say('open'), named)).toEqual({ kind: 'archived', state: 'gone' })
  })
})

describe('a message', () => {
  test('to an actor that is not there is a dead letter, or unknown to the one who asks', () => {
    const teller = defineActor({
      type: 'teller',
      accepts: Contract,
      creates: ['open'],
      shardKey: () => 'one',
      machine: setup({ types: { input: {} as Birth } }).createMachine({
        on: { open: { actions: effects(() => [{ kind: 'tell', to: a, message: say('note') }]) } },
      }),
    })
    const node = kernelWith({ types: [diary('a'), teller] })
    expect(node.ask(a, say('note'))).toEqual({ kind: 'unknown' })
    node.ask(ref('teller', 't'), say('open'))
    expect(node.written('mailbox').at(-1)).toMatchObject({ value: { dead: { reason: 'unknown-actor' } } })
  })

  test('that a person replays is handled again, at most three times', () => {
    const node = opened({ directive: 'resume' })
    const row = () => [...(node.kernel.shards.get('d.0' as never)?.deadLetters.keys() ?? [])][0] as number
    node.ask(a, say('fail'))
    for (let n = 0; n < 3; n += 1) {
      expect(node.request(a, { kind: 'operate', command: { kind: 'replay', row: row() } })).toMatchObject({
        kind: 'done',
      })
      node.settle()
    }
    expect(node.request(a, { kind: 'operate', command: { kind: 'replay', row: row() } })).toMatchObject({
      kind: 'invalid',
    })
  })

  test('from outside is refused at the door once the backlog is past its mark', () => {
    const node = new DrivenKernel(kernelWith().registry, { limits: { shardBacklogMax: 2 } })
    node.grant('d.0')
    node.ask(a, say('open'))
    node.ask(a, say('fail'))
    for (const type of ['note', 'note']) expect(node.ask(a, say(type))).toBeUndefined()
    expect(node.ask(a, say('note'))).toMatchObject({ kind: 'busy', reason: 'backlog' })
    expect(node.query(a, 'notes')).toEqual(['open'])
  })
})

describe('a key that is recalled', () => {
  const recalled = { key: 'k', fingerprint: 'f' }
  const recall = (node: DrivenKernel, id = a, with_ = recalled) => node.request(id, { kind: 'recall' }, with_)

  test('answers what the command under it was answered, and handles nothing', () => {
    const node = opened()
    expect(recall(node)).toEqual({ kind: 'unknown' })
    const first = node.ask(a, say('wait'), recalled) as { version: number }
    expect(recall(node)).toEqual({ ...first, replayed: true })
    expect(recall(node, a, { key: 'k', fingerprint: 'other' })).toEqual({ kind: 'key-reused' })
    expect(node.ask(a, say('wait'))).toMatchObject({ kind: 'done', version: first.version + 1 })
  })

  test('creates nobody', () => {
    const node = opened()
    expect(recall(node, ref('a', 'new'))).toEqual({ kind: 'unknown' })
    expect(node.ask(ref('a', 'new'), say('open'), { ifVersion: 0 })).toMatchObject({
      kind: 'done',
      version: 1,
    })
  })
})
