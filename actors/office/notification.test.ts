import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import type { NotificationView } from './notification.ts'
import { keepsOnForMs, notification } from './notification.ts'

const reached = new Set<string>()
const notice = { id: 'ord_1.order.ready', topic: 'ready', event: 'order.ready', order: 'ord_1' }
const send = (channel: string, to: string | null = 'ada@example.org') => ({
  type: 'notification.send',
  account: 'acc_1',
  channel,
  to,
  notice,
})
const email = send('email')
const done = { type: 'call.done', call: 'send', result: {} }
const refused = { type: 'call.failed', call: 'send', reason: 'refused', detail: '550 no such mailbox' }
const silent = { type: 'call.failed', call: 'send', reason: 'expired', detail: '451 later' }
const again = { type: 'notification.again' }
const deadline = { type: 'notification.deadline' }
const ack = { type: 'notification.ack' }
const wanted = { type: 'notification.wanted' }
const unwanted = { type: 'notification.unwanted', reason: 'preference' }
const offeredTooLong = { type: 'xstate.after.offeredFor.notification.offered' }

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(notification, 'ord_1.order.ready.email')
  const all: Effect[] = []
  let effects: readonly Effect[] = []
  for (const message of messages) {
    const found = stage.send(message)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    all.push(...found)
    reached.add(`notification:${stage.state}`).add(`notification>${message.type}`)
  }
  const calls = all.filter((effect) => effect.kind === 'call')
  const events = all.flatMap((effect) => (effect.kind === 'emit' ? [effect.event] : []))
  return { stage, state: stage.state, effects, calls, events, reason: stage.context.reason }
}

describe('how a notification ends', () => {
  const rows: readonly (readonly [string, readonly AnyMessage[], string, string | null])[] = [
    ['a letter is sent', [email, done], 'sent', null],
    ['a text message is sent', [send('sms', '+4930123456'), done], 'sent', null],
    ['there is no such address', [email, refused], 'failed', '550 no such mailbox'],
    ['it has no address', [send('email', null)], 'suppressed', 'no-contact'],
    ['the second round gets through', [email, silent, again, wanted, done], 'sent', null],
    ['it is not wanted any more', [email, silent, again, unwanted], 'suppressed', 'preference'],
    ['time is over while it waits', [email, silent, deadline], 'failed', '451 later'],
    ['time is over while it asks', [email, silent, again, deadline], 'failed', '451 later'],
    ['time is over while it is sent, and it arrives', [email, deadline, done], 'sent', null],
    ['time is over while it is sent, and it does not', [email, deadline, silent], 'failed', '451 later'],
    ['a device shows it', [send('push', null), ack], 'sent', null],
    ['no device comes', [send('push', null), offeredTooLong], 'failed', 'no-device'],
  ]
  for (const [what, messages, end, reason] of rows) {
    test(what, () => {
      const { state, events, stage } = walk(...messages)
      expect([state, stage.context.reason]).toEqual([end, reason])
      expect(events).toMatchObject([{ type: `notification.${end}`, order: 'ord_1', account: 'acc_1' }])
    })
  }

  test('is not undone by being asked for again', () => {
    expect(walk(email, email).state).toBe('sending')
    expect(walk(email, email).calls).toHaveLength(1)
  })
})

describe('N2: all tries', () => {
  test('are one deed with one key, of the handler of its channel', () => {
    const { calls } = walk(email, silent, again, wanted, silent, again, wanted)
    expect(calls).toHaveLength(3)
    expect(new Set(calls.map((one) => JSON.stringify(one))).size).toBe(1)
    expect(calls[0]).toMatchObject({
      id: 'send',
      handler: 'mail.send',
      args: { notification: 'ord_1.order.ready.email', to: 'ada@example.org', notice },
    })
    expect(walk(send('sms', '+49')).calls).toMatchObject([{ handler: 'sms.send' }])
  })

  test('come more and more slowly, and N1: only for so long', () => {
    const delays: number[] = []
    const messages: AnyMessage[] = [email]
    for (let n = 0; n < 8; n += 1) {
      messages.push(silent)
      const { effects } = walk(...messages)
      delays.push(...effects.flatMap((effect) => (effect.kind === 'schedule' ? [effect.delayMs] : [])))
      messages.push(again, wanted)
    }
    for (const [n, delay] of delays.entries()) {
      const middle = Math.min(20_000 * 2 ** n, 300_000)
      expect(Math.abs(delay - middle)).toBeLessThanOrEqual(middle * 0.2 + 1)
    }
    expect(walk(email).effects).toContainEqual({
      kind: 'schedule',
      id: 'deadline',
      delayMs: keepsOnForMs,
      message: deadline,
      clock: 'runtime',
    })
  })
})

test('N3: asks its inbox before a further round', () => {
  expect(walk(email, silent, again).effects).toEqual([
    {
      kind: 'tell',
      to: 'inbox/acc_1',
      message: {
        type: 'inbox.confirm',
        notification: 'ord_1.order.ready.email',
        topic: 'ready',
        channel: 'email',
      },
    },
  ])
})

test('shows how it stands', () => {
  expect(walk(email, silent).stage.query<NotificationView>('view')).toEqual({
    state: 'queued',
    account: 'acc_1',
    channel: 'email',
    rounds: 1,
    reason: '451 later',
  })
})

afterAll(() => expect(unreached(notification, reached)).toEqual([]))
