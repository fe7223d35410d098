import { describe, expect, test } from 'vitest'
import type { ActorId } from '#actor'
import { type MessageId, type ShardId, withinWindow } from '#ports'
import { boundsOf } from './bounds.ts'
import { a, diary, kernelWith, say } from './diary.test-kit.ts'
import { DrivenKernel, noRows } from './driven-kernel.test-kit.ts'
import type { Input } from './input.ts'

// An actor's mailbox may be longer than its window in memory: behind it a message is a row and a number.
// Method: an actor that is stopped, a window of two, and messages from another shard, each told apart by its name.

const d = 'd.0' as ShardId
const names = ['note', 'question', 'open', 'rang', 'answer', 'note', 'question', 'open']

const sent = (sequence: number, type: string, to: ActorId = a): Input => ({
  kind: 'received',
  item: {
    kind: 'message',
    from: 'd.9' as ShardId,
    to: d,
    sequence,
    envelope: { id: `t:${sequence}` as MessageId, to, message: say(type) },
  },
})

const operate = (node: DrivenKernel, kind: 'stop' | 'start'): void => {
  expect(node.request(a, { kind: 'operate', command: { kind } })).toMatchObject({ kind: 'done' })
}

function crowded({ types = [diary('a')], window = 2, messages = names } = {}): DrivenKernel {
  const node = new DrivenKernel(kernelWith({ types }).registry, { limits: { mailboxWindow: window } })
  node.grant('d.0')
  node.ask(a, say('open'))
  operate(node, 'stop')
  for (const [n, type] of messages.entries()) node.step(sent(n + 1, type))
  node.settle()
  return node
}

const held = (node: DrivenKernel): number | undefined =>
  node.kernel.shards.get(d)?.activations.get(a)?.mailbox.held().length
const depth = (node: DrivenKernel): number | undefined => node.kernel.shards.get(d)?.activations.get(a)?.depth

describe('a mailbox that is longer than its window', () => {
  test('holds the window, keeps the rest as rows, and counts them all', () => {
    const node = crowded()
    expect(held(node)).toBe(2)
    expect(depth(node)).toBe(8)
    expect(node.kernel.shards.get(d)?.waiting).toBe(8)
    expect(node.mailboxRows().map(([, { envelope }]) => envelope.message.type)).toEqual(names)
  })

  test('is handled whole and in order, and leaves no row', () => {
    const node = crowded()
    operate(node, 'start')
    expect(node.query(a, 'notes')).toEqual(['open', ...names])
    expect(node.mailboxRows()).toEqual([])
    expect(depth(node)).toBe(0)
  })

  test('never holds more than the window while it is handled', () => {
    const node = crowded({ window: 3, messages: Array(20).fill('note') })
    const depths: number[] = []
    const step = node.kernel.step.bind(node.kernel)
    node.kernel.step = (input, now) => {
      const outputs = step(input, now)
      depths.push(held(node) ?? 0)
      return outputs
    }
    operate(node, 'start')
    expect(node.query(a, 'notes')).toHaveLength(21)
    expect(Math.max(...depths)).toBe(3)
  })

  test('has a window of whole messages: half of one would never be read', () => {
    expect(() => boundsOf({ mailboxWindow: 0.5 })).toThrow('mailboxWindow')
  })

  test('takes new messages behind those that it has not read', () => {
    const node = crowded({ messages: ['note', 'note', 'note', 'note'] })
    operate(node, 'start')
    node.step(sent(5, 'rang'))
    node.settle()
    expect(node.query(a, 'notes')).toEqual(['open', 'note', 'note', 'note', 'note', 'rang'])
  })

  test('asks for rows only when they are durable', () => {
    const node = new DrivenKernel(kernelWith().registry, { limits: { mailboxWindow: 1 } })
    node.grant('d.0')
    node.ask(a, say('open'))
    node.take('append')
    const now = { world: node.now, runtime: node.now }
    for (const n of [1, 2, 3]) node.out.push(...node.kernel.step(sent(n, 'note'), now))
    node.step()
    expect(node.peek('append')).toHaveLength(1)
    expect(node.peek('read-mailbox')).toEqual([])
    node.settle()
    expect(node.query(a, 'notes')).toEqual(['open', 'note', 'note', 'note'])
  })

  test('keeps a timer in its place, in memory: it stands for a row of its own', () => {
    const node = crowded({ messages: [] })
    operate(node, 'start')
    node.ask(a, say('wait'))
    operate(node, 'stop')
    for (const n of [1, 2, 3, 4]) node.step(sent(n, 'note'))
    node.settle()
    node.pass(1_001)
    node.step(sent(5, 'answer'))
    node.settle()
    expect(held(node)).toBe(3)
    expect(node.mailboxRows()).toHaveLength(5)
    operate(node, 'start')
    expect(node.query(a, 'notes')).toEqual(['open', 'note', 'note', 'note', 'note', 'rang', 'answer'])
  })

  test('of an actor that finishes becomes dead letters, message by message', () => {
    const node = crowded({ messages: ['note', 'finish', 'note', 'note', 'note'] })
    operate(node, 'start')
    node.settle()
    const dead = [...(node.kernel.shards.get(d)?.deadLetters.values() ?? [])]
    expect(dead.map((letter) => letter.dead?.reason)).toEqual(['archived', 'archived', 'archived'])
    expect(depth(node)).toBe(0)
  })

  test.each([{ clean: true }, { clean: false }])(
    'is loaded by its window and goes on in order ($clean: a clean hand-over)',
    ({ clean }) => {
      const before = crowded()
      const snapshot = before.written('snapshots').at(-1)?.value
      const after = new DrivenKernel(before.registry, { limits: { mailboxWindow: 2, carefulMs: 1 } })
      const state = before.written('meta').at(-1)?.value
      const rows = { ...noRows, state, ...withinWindow(before.mailboxRows(), 2) }
      // What the last owner wrote, so that reads find it.
      const batch = { now: before.now, records: [], writes: [] as never[] }
      const writes = before
        .mailboxRows()
        .map(([n, value]) => ({ table: 'mailbox', key: [d, n], value }) as never)
      after.out.push({ kind: 'append', expected: -1 as never, batch: { ...batch, writes } })
      after.grant('d.0', { epoch: 2, clean, rows: rows as never })
      after.take('load')
      expect(held(after)).toBe(2)
      expect(depth(after)).toBe(8)
      after.load(a, { ordinal: 1 as never, snapshot: snapshot as never, requests: [] }, 2)
      operate(after, 'start')
      for (let n = 0; n < 10; n += 1) after.pass(50)
      expect(after.query(a, 'notes')).toEqual(['open', ...names])
      expect(after.kernel.shards.get(d)?.care).toBeUndefined()
    },
  )
})
