import { describe, expect, test } from 'vitest'
import type { ActorId, Message } from '#actor'
import type { JournalRecord } from '#ports'
import { type CarriedEntry, NoticesCheck } from './notices.ts'

const any: Message = { type: 'any' }
const record = (
  actor: string,
  {
    message = any,
    state = 'open',
    events = [],
  }: Partial<Pick<JournalRecord, 'message' | 'state' | 'events'>>,
): JournalRecord => ({ actor: actor as ActorId, message, state, events }) as unknown as JournalRecord

const placed = (order: string, guest?: string) =>
  record(`order/${order}`, { message: { type: 'order.place', ...(guest && { guest }) } as Message })
const isReady = (order: string) => record(`order/${order}`, { events: [{ type: 'order.ready' }] })
const told = (account: string, order: string) =>
  record(`inbox/${account}`, { message: { type: 'inbox.notify', order } as Message })
const noted = (account: string, order: string) =>
  record(`inbox/${account}`, {
    events: [{ type: 'inbox.noted', notice: `${order}.order.ready` } as Message],
  })
const prefers = (account: string, ...ready: readonly string[]) =>
  record(`inbox/${account}`, { message: { type: 'inbox.prefer', preferences: { ready } } as Message })
const notification = (id: string, state: string) => record(`notification/${id}`, { state })
const sent = (id: string, channel: string) =>
  record(`notification/${id}`, {
    state: 'sent',
    events: [{ type: 'notification.sent', channel } as Message],
  })
const carried = (about: string, order: string, key = 'key', party = 'mail.send'): CarriedEntry => ({
  ...{ party, key, about, order },
})

function judged(records: readonly JournalRecord[], books?: readonly CarriedEntry[]): string {
  const check = new NoticesCheck()
  for (const one of records) check.record(one)
  check.close(books)
  return check.found.none ? '' : check.found.detail
}

const mine = [placed('o', 'ada'), told('ada', 'o')]

describe('the check of notices', () => {
  test('finds nothing where a member is told of an order by each way, once', () => {
    const ways = [sent('o.mail', 'email'), sent('o.sms', 'sms'), sent('o.push', 'push')]
    const books = [carried('o.mail', 'o'), carried('o.sms', 'o', 'other', 'sms.send')]
    expect(judged([...mine, isReady('o'), noted('ada', 'o'), ...ways], books)).toBe('')
  })

  test('N1: finds a notification that does not end, and waits for none that has', () => {
    expect(judged([notification('n', 'queued')])).toContain('notification/n is still "queued"')
    for (const end of ['sent', 'failed', 'suppressed'])
      expect(judged([notification('n', 'queued'), notification('n', end)])).toBe('')
    const check = new NoticesCheck()
    check.record(notification('n', 'offered'))
    expect(check.isQuiet).toBe(false)
    check.record(notification('n', 'failed'))
    expect(check.isQuiet).toBe(true)
  })

  test('N2: finds what was asked for again under another key, of the same party', () => {
    const twice = (key: string, party?: string) => [carried('n', 'o'), carried('n', 'o', key, party)]
    expect(judged(mine, twice('key'))).toBe('')
    expect(judged(mine, twice('another', 'sms.send'))).toBe('')
    expect(judged(mine, twice('another'))).toContain('n was asked of mail.send under two keys')
  })

  test('N3: finds an inbox that hears of another’s order, or of nobody’s, and what was carried for nobody', () => {
    expect(judged([placed('o', 'ada'), told('bob', 'o')])).toContain(
      "inbox/bob was told of order/o, which is ada's",
    )
    expect(judged([placed('o'), told('bob', 'o')])).toContain("which is nobody's")
    expect(judged([placed('o')], [carried('n', 'o')])).toContain("order/o, which is no member's")
  })

  test('N4: finds an order that was ready without an entry, unless its member wants none', () => {
    const missed = [...mine, isReady('o')]
    expect(judged(missed)).toContain('order/o was ready, and inbox/ada has no entry of it')
    expect(judged([...missed, prefers('ada', 'email')])).toBe('')
    expect(judged([...missed, prefers('ada', 'in-app')])).not.toBe('')
    expect(judged([placed('o'), isReady('o')])).toBe('')
  })

  test('N5: finds what counts as sent though nobody has carried it; a push is carried by nobody', () => {
    expect(judged([sent('n', 'email')], [])).toContain('notification/n is sent, and nobody has carried it')
    expect(judged([...mine, sent('n', 'sms')], [carried('n', 'o')])).toContain('nobody has carried it')
    expect(judged([sent('n', 'push')], [])).toBe('')
    expect(judged([sent('n', 'email')])).toBe('')
  })
})
