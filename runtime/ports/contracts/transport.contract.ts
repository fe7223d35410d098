/**
 * What every Transport promises. Call it in a test file of the adapter.
 *
 * The link under test is calm: no fault is asked for, so what is sent within the bound arrives.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ActorId } from '#actor'
import type { Frame, MessageId, NodeId, RequestId, ShardId, Transport, WireItem } from '#ports'

export interface TransportsUnderTest {
  /** One for each node; all of them linked, or about to be. */
  readonly ports: ReadonlyMap<NodeId, Transport>
  /** Ends a node's process. */
  end(node: NodeId): Promise<void>
  /** Frames from `from` to `to` that were dropped because too many waited. */
  overflowed(from: NodeId, to: NodeId): number
  /** Lets things happen until `reached`; rejects when that takes far too long. */
  settle(reached: () => boolean): Promise<void>
  close(): Promise<void>
}

/** `open` bounds what waits for a peer so that 20,000 frames of 2 kB sent at once are too many and 100 short ones are not. */
export function transportContract(
  adapter: string,
  open: (nodes: readonly NodeId[]) => TransportsUnderTest | Promise<TransportsUnderTest>,
): void {
  describe(`${adapter} is a Transport`, () => {
    const [a, b, c] = ['node-a', 'node-b', 'node-c'] as NodeId[] as [NodeId, NodeId, NodeId]
    let subject: TransportsUnderTest
    let received: { readonly at: NodeId; readonly from: NodeId; readonly frame: Frame }[]
    let links: string[]

    beforeEach(async () => {
      received = []
      links = []
      subject = await open([a, b, c])
      for (const [at, port] of subject.ports) {
        port.onFrame((from, frame) => received.push({ at, from, frame }))
        port.onLink((peer, up) => links.push(`${at} ${up ? 'has' : 'lost'} ${peer}`))
      }
      const all = [a, b, c].flatMap((at) => [a, b, c].filter((p) => p !== at).map((p) => `${at} has ${p}`))
      await subject.settle(() => all.every((link) => links.includes(link)))
    })
    afterEach(() => subject.close())

    const port = (node: NodeId): Transport => subject.ports.get(node)!

    test('T1: a frame arrives equal to what was sent, and shares nothing with it', async () => {
      const frame: Frame = { items: everyKind, sentAt: 1_767_225_600_000_001 as Frame['sentAt'] & number }
      port(a).send(b, frame)
      await subject.settle(() => received.length === 1)
      expect(received[0]).toStrictEqual({ at: b, from: a, frame })
      expect(received[0]?.frame.items[0]).not.toBe(frame.items[0])
    })

    test('T1: what is changed after `send` does not change what arrives', async () => {
      const args = { guests: 4 }
      port(a).send(b, { items: [query(args)] })
      args.guests = 5
      await subject.settle(() => received.length === 1)
      expect(received[0]?.frame).toStrictEqual({ items: [query({ guests: 4 })] })
    })

    test('T2: a frame to oneself arrives too, after `send` returned', async () => {
      port(a).send(a, numbered(1))
      expect(received).toEqual([])
      await subject.settle(() => received.length === 1)
      expect(received).toStrictEqual([{ at: a, from: a, frame: numbered(1) }])
    })

    test('T2: no frame arrives before `send` returned', async () => {
      const happened: string[] = []
      port(b).onFrame(() => happened.push('received'))
      port(a).send(b, numbered(1))
      happened.push('returned')
      await subject.settle(() => happened.length === 2)
      expect(happened).toEqual(['returned', 'received'])
    })

    test('a calm link keeps the order and loses nothing, whoever else sends', async () => {
      for (let n = 0; n < 100; n += 1) {
        port(a).send(c, numbered(n))
        port(b).send(c, numbered(n))
      }
      await subject.settle(() => received.length === 200)
      for (const from of [a, b]) {
        const frames = received.filter((one) => one.from === from).map(({ frame }) => frame)
        expect(frames).toStrictEqual(Array.from({ length: 100 }, (_, n) => numbered(n)))
      }
    })

    test('a frame for nobody is dropped, and harms nothing', async () => {
      port(a).send('node-x' as NodeId, numbered(0))
      port(a).send(b, numbered(1))
      await subject.settle(() => received.length === 1)
      expect(received[0]).toStrictEqual({ at: b, from: a, frame: numbered(1) })
    })

    test('T3: what waits for one peer is bounded; the rest is dropped and counted', async () => {
      const frames = 20_000
      const long: Frame = { items: [query('x'.repeat(2_000))] }
      for (let n = 0; n < frames; n += 1) port(a).send(b, long)
      const dropped = subject.overflowed(a, b)
      expect(dropped).toBeGreaterThan(0)
      await subject.settle(() => received.length === frames - dropped)
      port(a).send(b, numbered(frames))
      await subject.settle(() => received.length === frames - dropped + 1)
      expect(received.at(-1)?.frame).toStrictEqual(numbered(frames))
    })

    test('a link goes down when its other end does, and frames to there are dropped', async () => {
      await subject.end(b)
      await subject.settle(() => links.includes(`${a} lost ${b}`) && links.includes(`${c} lost ${b}`))
      port(a).send(b, numbered(1))
      port(a).send(c, numbered(2))
      await subject.settle(() => received.length === 1)
      expect(received).toStrictEqual([{ at: c, from: a, frame: numbered(2) }])
    })
  })
}

const shard = (name: string): ShardId => name as ShardId
// As long as they are.
const id = (2 ** 52 - 1) as RequestId

const numbered = (n: number): Frame => ({
  items: [{ kind: 'mark', from: shard('orders.1'), to: shard('pantry.2'), mark: n }],
})

const query = (args: unknown): WireItem => ({
  kind: 'request',
  request: {
    id,
    node: 'node-a' as NodeId,
    actor: 'bin/onion' as ActorId,
    body: { kind: 'query', name: 'level', args },
    timeoutMs: 1_000,
  },
})

const everyKind: readonly WireItem[] = [
  {
    kind: 'message',
    from: shard('orders.1'),
    to: shard('pantry.2'),
    sequence: 4_294_967_297,
    envelope: {
      id: 'm-1' as MessageId,
      to: 'bin/onion' as ActorId,
      from: 'order/é-漢-🍲' as ActorId,
      message: { type: 'hold', lines: [{ grams: 0.25, note: null, urgent: true }], none: [], empty: {} } as {
        type: string
      },
      trace: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      row: { kind: 'timer', id: 'after.1', generation: 3 },
    },
  },
  { kind: 'mark', from: shard('orders.1'), to: shard('pantry.2'), mark: -1 },
  query([1.5, -(2 ** 40), 'x'.repeat(70_000)]),
  {
    kind: 'response',
    response: { id, outcome: { kind: 'answer', value: null, state: 'open', version: 1 } },
  },
]
