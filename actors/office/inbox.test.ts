import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import {
  entriesMax,
  type InboxContext,
  inbox,
  offeredForMs,
  offersMax,
  rememberedMax,
  webhooksMax,
} from './inbox.ts'
import { defaultPreferences } from './messages.ts'

const reached = new Set<string>()
const ready = (order = 'ord_1') => ({
  type: 'inbox.notify',
  id: `${order}.order.ready`,
  topic: 'ready',
  event: 'order.ready',
  order,
})
const paid = (order = 'ord_1') => ({
  type: 'inbox.notify',
  id: `${order}.order.paid`,
  topic: 'progress',
  event: 'order.paid',
  order,
  amount: 2_890,
})
const contact = { email: 'ada@example.org', phone: '+4930123456' }
const prefer = { type: 'inbox.prefer', contact }
const subscribe = (webhook = 'whk_1', events = ['order.paid']) => ({
  type: 'inbox.subscribe',
  webhook,
  events,
})

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(inbox, 'acc_1')
  const all: Effect[] = []
  let effects: readonly Effect[] = []
  for (const [n, message] of messages.entries()) {
    const found = stage.send(message, n + 1)
    if (found === undefined) throw new Error(`${message.type} is not accepted`)
    effects = found
    all.push(...found)
    reached.add(`inbox:${stage.state}`).add(`inbox>${message.type}`)
  }
  const told = tells(effects)
  const context = stage.context as unknown as InboxContext
  return { stage, effects, all, told, context }
}
const tells = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'tell' ? [{ receiver: effect.to, ...effect.message }] : []))
const replyIn = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'reply' ? [effect.message] : []))[0]

describe('a notice', () => {
  test('is kept, announced, offered to devices, and sent by each other channel that is wanted', () => {
    const { context, told, effects } = walk(prefer, ready())
    expect(context.entries).toMatchObject([{ id: 'ord_1.order.ready', n: 1, at: 2, read: false }])
    expect(context.offers).toMatchObject([{ id: 'ord_1.order.ready', until: 2 + offeredForMs * 1_000 }])
    expect(told).toMatchObject([
      { receiver: 'notification/ord_1.order.ready.email', channel: 'email', to: contact.email },
      { receiver: 'notification/ord_1.order.ready.push', channel: 'push', to: null },
    ])
    expect(effects.filter(({ kind }) => kind === 'emit')).toEqual([
      {
        kind: 'emit',
        event: {
          type: 'inbox.noted',
          account: 'acc_1',
          notice: 'ord_1.order.ready',
          event: 'order.ready',
          order: 'ord_1',
        },
      },
    ])
  })

  test('goes to the address of its channel, or to none', () => {
    const sends = (...messages: AnyMessage[]) =>
      walk(...messages).effects.flatMap((effect) => (effect.kind === 'tell' ? [effect.message] : []))
    const all = { ...defaultPreferences, progress: ['email', 'sms', 'push'] }
    const choosing = { type: 'inbox.prefer', preferences: all }
    expect(sends(prefer, choosing, paid())).toMatchObject([
      { account: 'acc_1', channel: 'email', to: 'ada@example.org' },
      { account: 'acc_1', channel: 'sms', to: '+4930123456' },
      { account: 'acc_1', channel: 'push', to: null },
    ])
    expect(sends(choosing, paid())).toMatchObject([{ to: null }, { to: null }, { to: null }])
  })

  test('I1: is taken once, whether it is in the list or not', () => {
    for (const notice of [ready(), paid()]) {
      const { told, effects, context } = walk(subscribe('whk_1', [notice.event]), notice, notice)
      expect([told, effects, context.taken]).toEqual([[], [], 1])
    }
  })

  test('that nobody wants to see is told to webhooks alone, to those that asked for it', () => {
    const { context, told } = walk(subscribe('whk_1'), subscribe('whk_2', ['order.ready']), {
      ...paid(),
      lines: [{ dish: 'caprese', quantity: 1, price: 1 }],
    })
    expect([context.entries, context.offers]).toEqual([[], []])
    const notice = {
      id: 'ord_1.order.paid',
      topic: 'progress',
      event: 'order.paid',
      order: 'ord_1',
      amount: 2_890,
    }
    expect(told).toEqual([{ receiver: 'webhook/whk_1', type: 'webhook.deliver', notice }])
  })

  test('carries the lines of a receipt to the letter, and does not keep them', () => {
    const lines = [{ dish: 'caprese', quantity: 2, price: 1_050 }]
    const receipt = { ...paid(), topic: 'receipt', event: 'order.completed', reason: 'not-fetched', lines }
    const { context, told } = walk(prefer, receipt)
    expect(told[0]).toMatchObject({ notice: { lines, reason: 'not-fetched' } })
    expect(context.entries[0]).not.toHaveProperty('lines')
  })
})

describe('I2: what is kept', () => {
  const many = (of: (order: string) => AnyMessage, count: number) =>
    Array.from({ length: count }, (_, n) => of(`ord_${n}`))

  test('are the newest entries and offers', () => {
    const { context } = walk(...many(ready, entriesMax + 5))
    expect(context.entries).toHaveLength(entriesMax)
    expect(context.entries[0]?.order).toBe(`ord_${entriesMax + 4}`)
    expect(context.offers).toHaveLength(offersMax)
    expect(walk(...many(paid, rememberedMax + 5)).context.remembered).toHaveLength(rememberedMax)
  })

  test('is listed newest first, page by page', () => {
    const { stage } = walk(...many(ready, 5))
    const page = (asked: unknown) =>
      (stage.definition.queries?.entries?.(stateOf(stage), asked, 0 as never) ?? []) as { n: number }[]
    expect(page({ limit: 2 }).map(({ n }) => n)).toEqual([5, 4])
    expect(page({ limit: 9, before: 4 }).map(({ n }) => n)).toEqual([3, 2, 1])
  })

  test('is offered to devices oldest first, and not for ever', () => {
    const { stage } = walk(...many(ready, 3))
    const offers = (at: number) =>
      (stage.definition.queries?.offers?.(stateOf(stage), undefined, at as never) ?? []) as {
        order: string
      }[]
    expect(offers(0).map(({ order }) => order)).toEqual(['ord_0', 'ord_1', 'ord_2'])
    expect(offers(2 + offeredForMs * 1_000).map(({ order }) => order)).toEqual(['ord_2'])
  })
})

const stateOf = (stage: Stage) =>
  ({ id: stage.id, value: 'open', context: stage.context, version: stage.version }) as never

describe('its owner', () => {
  test('marks what was read, and what was not', () => {
    const { context, effects } = walk(ready(), { type: 'inbox.read', id: 'ord_1.order.ready', read: true })
    expect(context.entries[0]?.read).toBe(true)
    expect(replyIn(effects)).toMatchObject({ type: 'inbox.entry', entry: { read: true } })
    const missing = walk(ready(), { type: 'inbox.read', id: 'ord_2.order.ready', read: true })
    expect(replyIn(missing.effects)).toEqual({ type: 'inbox.no-entry' })
  })

  test('needs no push of what was read; what was marked as unread is not seen', () => {
    const read = (isRead: boolean) =>
      walk(ready(), { type: 'inbox.read', id: 'ord_1.order.ready', read: isRead })
    expect(read(true).told).toEqual([
      { receiver: 'notification/ord_1.order.ready.push', type: 'notification.ack' },
    ])
    expect(read(true).context.offers).toEqual([])
    expect([read(false).told, read(false).context.offers.length]).toEqual([[], 1])
  })

  test('chooses channels and says where they lead; what is not said stays', () => {
    const preferences = { ...defaultPreferences, ready: ['sms'] }
    const { context, effects, stage } = walk(prefer, { type: 'inbox.prefer', preferences })
    expect(context).toMatchObject({ contact, preferences })
    expect(replyIn(effects)).toEqual({ type: 'inbox.settings', contact, preferences })
    expect(stage.query('settings')).toEqual({ contact, preferences })
  })

  test('I3: is reached where its profile says, unless it has chosen another contact here', () => {
    const nowhere = { email: null, phone: null }
    const from = (was: object, is: object) => ({ type: 'inbox.contact', was, is })
    const opened = from(nowhere, { email: 'ada@example.org', phone: null })
    const withPhone = from({ email: 'ada@example.org', phone: null }, contact)
    const gone = from(contact, nowhere)
    const contactAfter = (...messages: AnyMessage[]) => walk(...messages).context.contact
    expect(contactAfter(opened)).toEqual({ email: 'ada@example.org', phone: null })
    expect(contactAfter(opened, withPhone, withPhone)).toEqual(contact)
    expect(contactAfter(opened, withPhone, gone, gone)).toEqual(nowhere)
    const chosen = { email: 'office@example.org', phone: null }
    const choosing = { type: 'inbox.prefer', contact: chosen }
    expect(contactAfter(choosing, opened)).toEqual(chosen)
    expect(contactAfter(opened, choosing, withPhone)).toEqual({ ...chosen, phone: contact.phone })
    expect(contactAfter(opened, withPhone, choosing, gone)).toEqual(chosen)
    expect(contactAfter(opened, { type: 'inbox.prefer', contact: nowhere }, withPhone).email).toBeNull()
  })

  test('shows a push on one device: its notification hears of it once', () => {
    const ack = { type: 'inbox.ack', id: 'ord_1.order.ready' }
    const first = walk(ready(), ack)
    expect(first.told).toEqual([
      { receiver: 'notification/ord_1.order.ready.push', type: 'notification.ack' },
    ])
    expect(first.context.offers).toEqual([])
    const second = walk(ready(), ack, ack)
    expect([second.told, replyIn(second.effects)]).toEqual([[], { type: 'inbox.acknowledged' }])
  })
})

describe('webhooks', () => {
  test('subscribe, change what they want, and leave', () => {
    const { context, told, stage } = walk(subscribe(), subscribe('whk_1', ['order.ready']))
    expect(context.webhooks).toEqual([{ webhook: 'whk_1', events: ['order.ready'] }])
    expect(told).toEqual([{ receiver: 'webhook/whk_1', type: 'webhook.subscribed' }])
    expect(stage.query('webhooks')).toEqual(['whk_1'])
    expect(walk(subscribe(), { type: 'inbox.unsubscribe', webhook: 'whk_1' }).context.webhooks).toEqual([])
  })

  test('have a number; those that are there may change', () => {
    const full = Array.from({ length: webhooksMax }, (_, n) => subscribe(`whk_${n}`))
    expect(walk(...full, subscribe('whk_x')).told).toEqual([
      { receiver: 'webhook/whk_x', type: 'webhook.refused' },
    ])
    expect(walk(...full, subscribe('whk_3')).told).toEqual([
      { receiver: 'webhook/whk_3', type: 'webhook.subscribed' },
    ])
  })
})

describe('I4: of an account that has closed', () => {
  const closed = [prefer, ready(), subscribe(), { type: 'inbox.close' }] as const

  test('nothing is kept, and its webhooks end', () => {
    const { context, told } = walk(...closed)
    expect(told).toEqual([{ receiver: 'webhook/whk_1', type: 'webhook.close' }])
    expect(context).toMatchObject({
      contact: { email: null, phone: null },
      entries: [],
      webhooks: [],
      offers: [],
    })
    expect(walk(...closed, { type: 'inbox.close' }).told).toEqual([])
    expect(walk({ type: 'inbox.close' }).context.entries).toEqual([])
  })

  test('nobody is told anything, and nothing is taken any more', () => {
    const nobody = { email: null, phone: null }
    const late = [ready('ord_2'), prefer, { type: 'inbox.contact', was: nobody, is: contact }]
    const { context, all } = walk(...closed, ...late)
    expect(
      tells(all)
        .filter(({ type }) => type !== 'webhook.subscribed')
        .at(-1)?.type,
    ).toBe('webhook.close')
    expect(context).toMatchObject({ contact: nobody, entries: [], offers: [] })
    expect(walk(...closed, subscribe('whk_2')).told).toEqual([
      { receiver: 'webhook/whk_2', type: 'webhook.refused' },
    ])
    const confirm = { type: 'inbox.confirm', notification: 'n', topic: 'ready', channel: 'push' }
    expect(walk(...closed, confirm).told).toEqual([
      { receiver: 'notification/n', type: 'notification.unwanted', reason: 'no-contact' },
    ])
    expect(replyIn(walk(...closed, { type: 'inbox.read', id: 'x', read: true }).effects)).toEqual({
      type: 'inbox.no-entry',
    })
  })
})

describe('a notification that is late', () => {
  const confirm = (channel: string) => ({ type: 'inbox.confirm', notification: 'n', topic: 'ready', channel })
  const rows: readonly (readonly [string, readonly AnyMessage[], AnyMessage])[] = [
    ['is wanted still', [prefer, confirm('email')], { type: 'notification.wanted' }],
    [
      'is not wanted any more',
      [prefer, confirm('sms')],
      { type: 'notification.unwanted', reason: 'preference' },
    ],
    [
      'has no address any more',
      [ready(), confirm('email')],
      { type: 'notification.unwanted', reason: 'no-contact' },
    ],
  ]
  for (const [what, messages, answer] of rows) {
    test(what, () => expect(walk(...messages).told).toEqual([{ receiver: 'notification/n', ...answer }]))
  }
})

afterAll(() => expect(unreached(inbox, reached)).toEqual([]))
