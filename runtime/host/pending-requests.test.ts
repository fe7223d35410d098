import { describe, expect, test } from 'vitest'
import type { ActorId, Instant } from '#actor'
import type { NodeId, Outcome, Request, RequestId, ShardId } from '#ports'
import { PendingRequests } from './pending-requests.ts'

const shard = 'orders.1' as ShardId
const one = 'node-1' as NodeId
const two = 'node-2' as NodeId
const id = 1 as RequestId
const at = (ms: number): Instant => (ms * 1_000) as Instant
const done: Outcome = { kind: 'done', state: 'placed', version: 1 }

class Sender {
  readonly sent: NodeId[] = []
  readonly outcomes: Outcome[] = []
  owner: NodeId | undefined = one
  readonly pending = new PendingRequests(() => {
    if (this.owner !== undefined) this.sent.push(this.owner)
    return this.owner
  })

  add(kind: 'keyed' | 'keyless' = 'keyed'): void {
    const request: Request = {
      id,
      node: 'edge-1' as NodeId,
      actor: 'order/1' as ActorId,
      body: { kind: 'command', message: { type: 'order.place' } },
      timeoutMs: 1_000,
    }
    const sent = kind === 'keyed' ? { ...request, key: 'key' } : request
    this.pending.add(sent, shard, at(0), (outcome) => this.outcomes.push(outcome))
  }

  answer(outcome: Outcome, ms: number, from = one): void {
    this.pending.settle({ id, outcome }, from, at(ms))
  }
}

describe('a request', () => {
  test('is sent again when nothing is heard, and answered once', () => {
    const sender = new Sender()
    sender.add()
    for (let ms = 0; ms <= 600; ms += 25) sender.pending.tick(at(ms))
    expect(sender.sent.length).toBeGreaterThan(1)
    sender.answer(done, 610)
    sender.answer(done, 620)
    expect(sender.outcomes).toEqual([done])
  })

  test('without a key is not, unless it was refused as moved', () => {
    const sender = new Sender()
    sender.add('keyless')
    for (let ms = 0; ms <= 600; ms += 25) sender.pending.tick(at(ms))
    expect(sender.sent).toEqual([one])
    sender.answer({ kind: 'moved', shard }, 610)
    sender.owner = two
    sender.pending.routed(shard, two, at(620))
    expect(sender.sent).toEqual([one, two])
  })

  test('without a key runs once although the refusal of its first try comes twice', () => {
    const sender = new Sender()
    sender.add('keyless')
    sender.answer({ kind: 'moved', shard }, 10)
    sender.owner = two
    sender.pending.routed(shard, two, at(20))
    sender.answer({ kind: 'moved', shard }, 30)
    sender.pending.tick(at(300))
    expect(sender.sent).toEqual([one, two])
  })

  test('whose key another one works on is told so at once', () => {
    const sender = new Sender()
    sender.add()
    sender.answer({ kind: 'running' }, 10)
    expect(sender.outcomes).toEqual([{ kind: 'running' }])
  })

  test('ends at its deadline, whatever it waits for', () => {
    const sender = new Sender()
    sender.owner = undefined
    sender.add()
    sender.pending.tick(at(999))
    expect(sender.outcomes).toEqual([])
    sender.pending.tick(at(1_000))
    expect(sender.outcomes).toEqual([{ kind: 'timeout' }])
    expect(sender.pending.size).toBe(0)
  })
})
