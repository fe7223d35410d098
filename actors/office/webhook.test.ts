import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, CallEffect, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import type { Delivery, WebhookContext, WebhookView } from './webhook.ts'
import { deliveriesMax, inFlightMax, triesMax, webhook } from './webhook.ts'

const reached = new Set<string>()
const create = {
  type: 'webhook.create',
  account: 'acc_1',
  url: 'https://example.org/hook',
  events: ['order.ready'],
}
const subscribed = { type: 'webhook.subscribed' }
const deliver = (n = 1) => ({
  type: 'webhook.deliver',
  notice: { id: `ord_${n}.order.ready`, topic: 'ready', event: 'order.ready', order: `ord_${n}` },
})
const idOf = (n = 1) => `ord_${n}.order.ready`
const done = (n = 1) => ({ type: 'call.done', call: idOf(n), result: { status: 204 } })
const silent = (n = 1) => ({ type: 'call.failed', call: idOf(n), reason: 'expired', detail: 'HTTP 503' })
const refused = (n = 1) => ({ type: 'call.failed', call: idOf(n), reason: 'refused', detail: 'HTTP 410' })
const retry = (n = 1) => ({ type: 'webhook.retry', delivery: idOf(n) })
const redeliver = (n = 1) => ({ type: 'webhook.redeliver', delivery: idOf(n) })
const open = [create, subscribed]

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(webhook, 'whk_1')
  const calls: CallEffect[] = []
  let effects: readonly Effect[] = []
  for (const [n, message] of messages.entries()) {
    const found = stage.send(message, n + 1)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    calls.push(...found.filter((effect): effect is CallEffect => effect.kind === 'call'))
    reached.add(`webhook:${stage.state}`).add(`webhook>${message.type}`)
  }
  const { deliveries } = stage.context as unknown as WebhookContext
  const states = deliveries.map(({ state }) => state)
  return { stage, state: stage.state, effects, calls, deliveries, states }
}
const many = (of: (n: number) => AnyMessage, count: number) => Array.from({ length: count }, (_, n) => of(n))

describe('a webhook', () => {
  test('is there at once, and tells the inbox of its account what it wants', () => {
    const { state, effects } = walk(create)
    expect(state).toBe('subscribing')
    expect(effects).toMatchObject([
      {
        kind: 'tell',
        to: 'inbox/acc_1',
        message: { type: 'inbox.subscribe', webhook: 'whk_1', events: ['order.ready'] },
      },
      { kind: 'reply', message: { type: 'webhook.view', id: 'whk_1', secretNumber: 1, enabled: true } },
    ])
    expect(walk(...open, subscribed).state).toBe('active')
  })

  test('of which there are too many closes', () => {
    const { state, effects } = walk(create, { type: 'webhook.refused' })
    expect([state, effects]).toMatchObject(['closed', [{ event: { reason: 'too-many-webhooks' } }]])
    expect(walk(...open, { type: 'webhook.refused' }).state).toBe('active')
  })

  test('changes what is said; whoever is switched off asks for nothing', () => {
    const { stage, effects } = walk(...open, { type: 'webhook.update', enabled: false, newSecret: true })
    expect(effects[0]).toMatchObject({ message: { type: 'inbox.subscribe', events: [] } })
    expect(stage.query<WebhookView>('view')).toEqual({
      id: 'whk_1',
      account: 'acc_1',
      state: 'active',
      url: 'https://example.org/hook',
      events: ['order.ready'],
      enabled: false,
      secretNumber: 2,
      createdAt: 1,
      reason: null,
    })
    const moved = walk(...open, { type: 'webhook.update', url: 'https://example.org/new' }, deliver())
    expect(moved.calls[0]?.args).toMatchObject({ url: 'https://example.org/new' })
  })

  test('leaves when it is closed', () => {
    const { state, effects } = walk(...open, { type: 'webhook.close' })
    expect([state, effects]).toMatchObject([
      'closed',
      [
        { to: 'inbox/acc_1', message: { type: 'inbox.unsubscribe', webhook: 'whk_1' } },
        { kind: 'reply' },
        { event: { type: 'webhook.closed', account: 'acc_1' } },
      ],
    ])
  })
})

describe('a delivery', () => {
  test('is sent at once, under its own id, and once', () => {
    const { calls, deliveries } = walk(...open, deliver(), deliver())
    expect(calls).toEqual([
      {
        kind: 'call',
        id: 'ord_1.order.ready',
        handler: 'webhook.deliver',
        args: {
          webhook: 'whk_1',
          secretNumber: 1,
          url: 'https://example.org/hook',
          body: { id: 'ord_1.order.ready', type: 'order.ready', at: 3, order: 'ord_1' },
        },
        deadlineMs: 15_000,
        attemptsMax: 1,
      },
    ])
    expect(deliveries).toMatchObject([{ state: 'sending', tries: 1 }])
  })

  test('is delivered when the receiver says so', () => {
    const { deliveries } = walk(...open, deliver(), done(), done())
    expect(deliveries).toMatchObject([{ state: 'delivered', status: 204, tries: 1 }])
  })

  test('is tried again, more and more slowly, with the same bytes; W3: then it is dead', () => {
    const messages: AnyMessage[] = [...open, deliver()]
    const delays: number[] = []
    for (let n = 1; n < triesMax; n += 1) {
      messages.push(silent())
      const { effects, states } = walk(...messages)
      expect(states).toEqual(['backoff'])
      delays.push(...effects.flatMap((effect) => (effect.kind === 'schedule' ? [effect.delayMs] : [])))
      messages.push(retry())
    }
    expect(delays).toHaveLength(triesMax - 1)
    for (const [n, delay] of delays.entries()) {
      const middle = Math.min(5_000 * 3 ** n, 600_000)
      expect(Math.abs(delay - middle)).toBeLessThanOrEqual(middle * 0.2 + 1)
    }
    const { calls, deliveries } = walk(...messages, silent())
    expect(deliveries).toMatchObject([{ state: 'dead', tries: triesMax, detail: 'HTTP 503' }])
    expect(new Set(calls.map((one) => JSON.stringify(one))).size).toBe(1)
  })

  test('is dead at once where trying again is of no use', () => {
    expect(walk(...open, deliver(), refused()).states).toEqual(['dead'])
  })

  test('is sent once more by hand, with as many tries as before', () => {
    for (const end of [done(), refused(), silent()]) {
      const { deliveries, effects } = walk(...open, deliver(), end, redeliver())
      expect(deliveries).toMatchObject([{ state: 'sending', tries: 1 }])
      expect(effects.at(-1)).toMatchObject({
        message: { type: 'webhook.delivery', delivery: { id: idOf() } },
      })
    }
    // What is on its way is on its way.
    expect(walk(...open, deliver(), redeliver()).calls).toHaveLength(1)
    expect(walk(...open, redeliver()).effects).toEqual([
      { kind: 'reply', message: { type: 'webhook.no-delivery' } },
    ])
    // The timer of the round before finds it under way.
    expect(walk(...open, deliver(), silent(), redeliver(), retry()).calls).toHaveLength(2)
  })

  test('W2: waits while there are many, and goes when there is room, in the order in which they came', () => {
    const before = walk(...open, ...many(deliver, inFlightMax + 2))
    expect(before.calls).toHaveLength(inFlightMax)
    expect(before.states.slice(0, 3)).toEqual(['pending', 'pending', 'sending'])
    const { calls } = walk(...open, ...many(deliver, inFlightMax + 2), silent(3))
    expect(calls.at(-1)?.id).toBe(idOf(inFlightMax))
  })

  test('W1: is forgotten when there are too many, first those that have ended', () => {
    const { deliveries } = walk(...open, ...many(deliver, deliveriesMax), done(3), deliver(deliveriesMax))
    expect(deliveries).toHaveLength(deliveriesMax)
    expect(deliveries.some(({ id }) => id === idOf(3))).toBe(false)
    const all = walk(...open, ...many(deliver, deliveriesMax + 1))
    expect(all.deliveries.map(({ id }) => id)).not.toContain(idOf(0))
    // What is still told of it means nobody.
    expect(walk(...open, ...many(deliver, deliveriesMax + 1), done(0)).deliveries).toHaveLength(deliveriesMax)
    expect(all.stage.query<readonly Delivery[]>('deliveries')).toEqual(all.deliveries)
  })
})

afterAll(() => expect(unreached(webhook, reached)).toEqual([]))
