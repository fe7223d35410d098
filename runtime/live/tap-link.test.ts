import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { TapBatch } from '#activity'
import type { ActorId, Instant } from '#actor'
import type { LookItem, Node } from '#host'
import type { Envelope, MessageId, NodeId } from '#ports'
import { Metrics } from './prometheus.ts'
import { TapLink } from './tap-link.ts'

// Two ends of a tap, with a link between them that a test can cut.

const edge = 'edge-1' as NodeId
const owner = 'node-1' as NodeId
const order = { terms: [{ field: 'to', operator: '=', values: ['order'] }], perSecond: 100 } as const

function pair() {
  const ends = new Map<NodeId, TapLink>()
  const state = { isCut: false, members: [edge, owner] }
  const metrics = new Metrics(owner)
  const end = (id: NodeId): TapLink => {
    const node = {
      get members() {
        return state.members.map((node) => ({ node }))
      },
      tell: (to: NodeId, item: LookItem) => {
        if (!state.isCut && (item.kind === 'tap' || item.kind === 'tapped')) ends.get(to)?.received(id, item)
      },
    } as unknown as Node
    const link = new TapLink({
      node,
      about: { node: id, life: 1 },
      metrics: id === owner ? metrics : new Metrics(id),
    })
    ends.set(id, link)
    return link
  }
  const [from, tapped] = [end(edge), end(owner)]
  const heard: (readonly [batch: TapBatch, lost: number])[] = []
  return { from, tapped, metrics, state, heard, hear: (...said: [TapBatch, number]) => void heard.push(said) }
}

function turn({ messages }: Metrics): void {
  const envelope: Envelope = {
    id: 'm' as MessageId,
    to: 'order/1' as ActorId,
    message: { type: 'order.place' },
  }
  const begun = messages?.begin(envelope)
  if (begun === undefined) return
  messages?.ended({ envelope, outcome: 'handled', at: 0 as Instant, attempt: 1, waitedUs: 0, begun })
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a node is tapped while it is asked, and tells what fits', () => {
  const { from, metrics, heard, hear, tapped } = pair()
  expect(metrics.messages).toBeUndefined()
  const stop = from.tap(order, hear)
  expect(heard).toMatchObject([[{ node: owner, matched: 0, messages: [] }, 0]])
  turn(metrics)
  vi.advanceTimersByTime(100)
  expect(heard.at(-1)).toMatchObject([{ matched: 1, told: 1, messages: [{ to: 'order/1' }] }, 0])
  vi.advanceTimersByTime(60_000)
  turn(metrics)
  vi.advanceTimersByTime(100)
  expect(heard.at(-1)?.[0].told).toBe(2)
  stop()
  expect(metrics.messages).toBeUndefined()
  turn(metrics)
  expect(tapped.looked).toBe(2)
})

test('who asks no more is forgotten, and no message is looked at for it (TL1)', () => {
  const { from, metrics, state, hear } = pair()
  from.tap(order, hear)
  state.isCut = true
  vi.advanceTimersByTime(2_900)
  expect(metrics.messages).toBeDefined()
  vi.advanceTimersByTime(300)
  expect(metrics.messages).toBeUndefined()
})

test('what did not arrive is counted as lost (TL2)', () => {
  const { from, metrics, state, heard, hear } = pair()
  from.tap(order, hear)
  turn(metrics)
  state.isCut = true
  vi.advanceTimersByTime(100)
  state.isCut = false
  turn(metrics)
  vi.advanceTimersByTime(100)
  expect(heard.at(-1)).toMatchObject([{ told: 2, messages: [{}] }, 1])
})

test('one that becomes a member is tapped as soon as it is known', () => {
  const { from, metrics, state, hear } = pair()
  state.members = [edge]
  from.tap(order, hear)
  expect(metrics.messages).toBeUndefined()
  state.members = [edge, owner]
  from.ask()
  expect(metrics.messages).toBeDefined()
})

test('an order that cannot be read taps nothing', () => {
  const { tapped, metrics } = pair()
  for (const text of ['', 'null', '{}', '{"terms":1,"perSecond":1}', 'x'])
    tapped.received(edge, { kind: 'tap', id: 'x', forMs: 1_000, order: text })
  expect(metrics.messages).toBeUndefined()
})
