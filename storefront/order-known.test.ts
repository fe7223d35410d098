import { describe, expect, test } from 'vitest'
import type { Order, OrderTurn } from './answers.ts'
import {
  isHeardOut,
  isOver,
  isRevocable,
  isUnpaid,
  type KnownOrder,
  knownFrom,
  merged,
  messagesIn,
  ordersMax,
  unreadIn,
  withNew,
  withReading,
  withTurn,
} from './order-known.ts'
import { slipWords } from './slip-words.ts'

const order = (more: Partial<Order> = {}): Order => ({
  id: 'ord_0000000000000000000000000000abcdef',
  state: 'reserving',
  version: 1,
  items: [{ dish: 'caprese', quantity: 1, price: { amount: 1_050, currency: 'EUR' } }],
  total: { amount: 1_050, currency: 'EUR' },
  serve: 'collect',
  createdAt: '2026-05-01T18:00:00.000Z',
  promisedAt: '2026-05-01T18:24:00.000Z',
  links: { self: '', events: '', cancellation: '' },
  orderToken: 'secret',
  ...more,
})
const turn = (sequence: number, state: string, more: Partial<OrderTurn> = {}): OrderTurn => ({
  sequence,
  at: `2026-05-01T18:0${sequence}:00.000Z`,
  message: 'm',
  state,
  events: [],
  ...more,
})
const told = [{ title: 'Order received', text: 'We have it.' }]
const wanted = {
  items: [{ dish: 'caprese', quantity: 1, options: { substitute: ['mozzarella'] } }],
  total: { amount: 1_050, currency: 'EUR' },
  serve: 'collect',
} as const
const fresh = knownFrom(order(), wanted)

describe('an order of this phone', () => {
  test('keeps its token apart from what is shown of it', () => {
    expect(fresh.token).toBe('secret')
    expect(JSON.stringify(fresh.order)).not.toContain('secret')
  })

  test('is kept as it was sent, but for the card', () => {
    const known = knownFrom(order(), { ...wanted, note: 'no basil', payment: { token: 'tok_card' } })
    expect(known.wanted).toEqual({ items: wanted.items, note: 'no basil' })
    expect([known.isPaymentAsked, JSON.stringify(known).includes('tok_card')]).toEqual([true, false])
    expect([fresh.wanted, fresh.isPaymentAsked]).toEqual([{ items: wanted.items }, false])
  })

  test('W1: counts a turn once, however often it is heard', () => {
    const once = withTurn(fresh, turn(1, 'reserving', { told }))
    expect(withTurn(once, turn(1, 'reserving', { told }))).toBe(once)
    expect([once.heard, once.messages.length, unreadIn([once])]).toEqual([1, 1, 1])
    const twice = withTurn(once, turn(3, 'cooking'))
    expect(withTurn(twice, turn(2, 'paying'))).toBe(twice)
  })

  test('waits for its guest until a payment was asked for', () => {
    const waiting = withTurn(fresh, turn(2, 'paying'))
    expect(isUnpaid(waiting)).toBe(true)
    expect(isUnpaid(withTurn(waiting, turn(3, 'paying', { events: ['payment.requested'] })))).toBe(false)
  })

  test('can be cancelled until its plates are dressed, and not after its end', () => {
    const states = ['reserving', 'paying', 'queued', 'cooking', 'plating', 'ready', 'cancelled', 'completed']
    const seen = states.map((state, n) => withTurn(fresh, turn(n + 1, state)))
    expect(seen.map(isRevocable)).toEqual([true, true, true, true, false, false, false, false])
    expect(seen.map(isOver)).toEqual([false, false, false, false, false, false, true, true])
    expect(isRevocable({ ...fresh, isGone: true })).toBe(false)
  })

  test('is followed until its last turn was heard, though a reading has told of its end before', () => {
    const over = withReading(
      withTurn(fresh, turn(7, 'ready')),
      order({ version: 8, state: 'completed' }),
      undefined,
    )
    expect([isOver(over), isHeardOut(over)]).toEqual([true, false])
    expect(isHeardOut(withTurn(over, turn(8, 'completed', { told })))).toBe(true)
  })

  test('is not set back by a turn from before the last reading', () => {
    const ahead = withReading(fresh, order({ version: 6, state: 'ready' }), undefined)
    const heard = withTurn(ahead, turn(5, 'plating', { told }))
    expect([heard.order.state, heard.heard, heard.messages.length]).toEqual(['ready', 5, 1])
    expect(withTurn(heard, turn(7, 'completed')).order.state).toBe('completed')
  })

  test('is not set back by a reading from before the last turn', () => {
    const ahead = withTurn(fresh, turn(4, 'cooking'))
    expect(withReading(ahead, order({ version: 3, state: 'paying' }), undefined)).toBe(ahead)
    const story = { state: 'cooking', waitsFor: 'a cook' }
    expect(withReading(ahead, order({ version: 4, state: 'cooking' }), story).story).toEqual(story)
    expect(withReading(ahead, order({ version: 5, state: 'plating' }), story).story).toBeUndefined()
  })
})

describe('the orders of this phone', () => {
  const named = (id: string, state: string, heard = 0): KnownOrder => ({
    ...fresh,
    id,
    heard,
    order: { ...fresh.order, state },
  })

  test('W2: of two tabs the one that has heard more stands', () => {
    const mine = [named('a', 'cooking', 5), named('b', 'paying', 2)]
    const theirs = [named('a', 'paying', 3), named('b', 'cooking', 4), named('c', 'placed')]
    expect(merged(mine, theirs).map(({ id, heard }) => [id, heard])).toEqual([
      ['a', 5],
      ['b', 4],
      ['c', 0],
    ])
    expect(merged(theirs, theirs)).toEqual(theirs)
  })

  test('W2: of two tabs no order is lost, the newest is first, and both come to the same', () => {
    const late = { ...named('z', 'paying'), order: { ...fresh.order, createdAt: '2026-05-01T19:00:00.000Z' } }
    const read = { ...named('a', 'cooking', 5), order: order({ state: 'cooking', version: 6 }) }
    const mine = [named('a', 'cooking', 5), named('b', 'paying', 2), named('c', 'paying', 2)]
    const theirs = [late, read, { ...named('c', 'paying', 2), read: 1 }]
    const both = merged(mine, theirs)
    expect(both.map(({ id }) => id)).toEqual(['z', 'a', 'b', 'c'])
    expect(both[1]?.order.version).toBe(6)
    expect(merged(theirs, mine)).toEqual(both)
    expect(merged(mine, [])).toEqual(mine)
  })

  test('are as few as one tab keeps when two come together', () => {
    const of = (letter: string) => Array.from({ length: 20 }, (_, n) => named(`${letter}${n}`, 'completed'))
    expect(merged([...of('a'), named('z', 'paying')], of('b'))).toHaveLength(ordersMax)
    expect(merged([...of('a'), named('z', 'paying')], of('b')).at(-1)?.id).toBe('z')
  })

  test('are kept newest first; when there are too many, the oldest that is over goes', () => {
    const many = Array.from({ length: ordersMax }, (_, n) => named(`${n}`, n === 7 ? 'cooking' : 'completed'))
    const more = withNew(many, named('new', 'placed'))
    expect([more.length, more[0]?.id, more.at(-1)?.id]).toEqual([ordersMax, 'new', `${ordersMax - 2}`])
    expect(withNew(many.toReversed(), named('new', 'placed')).some(({ id }) => id === '7')).toBe(true)
  })

  test('tell their messages together, the newest first', () => {
    const one = withTurn({ ...fresh, id: 'a' }, turn(1, 'reserving', { told }))
    const other = withTurn({ ...fresh, id: 'b' }, turn(2, 'paying', { told }))
    expect(messagesIn([one, other]).map((message) => message.order)).toEqual(['b', 'a'])
  })
})

describe('a slip', () => {
  const at = (state: string, more: Partial<KnownOrder> = {}): KnownOrder => ({
    ...fresh,
    ...more,
    order: { ...fresh.order, state, ...more.order },
  })

  test('has its own words for every state, and none of the machine', () => {
    const states = [
      ['placed', 'reserving', 'revising', 'paying', 'confirmed', 'queued', 'cooking', 'plating', 'ready'],
      ['completed', 'cancelling', 'refunding', 'releasing', 'rejected', 'cancelled', 'expired'],
    ].flat()
    for (const state of states) {
      for (const isSlow of [false, true]) {
        const { title, sub } = slipWords(at(state), isSlow)
        expect(title.toLowerCase(), state).not.toBe(state)
        expect(sub, state).not.toBe('')
        expect(`${title} ${sub}`, state).not.toMatch(/\b(actor|node|unknown|undefined|reservation)\b/)
      }
    }
  })

  test('says that a slow payment is not charged twice, and what a declined one has cost', () => {
    const paying = at('paying', { isPaymentAsked: true })
    expect(slipWords(paying, true).sub).toContain('You will not be charged twice')
    const declined = slipWords(at('rejected', { isDeclined: true, isPaymentAsked: true }), false)
    expect([declined.title, declined.isUndone]).toEqual(['Your card was declined', true])
  })

  test('says only of money that has gone back that it has', () => {
    const eur = (amount: number) => ({ amount, currency: 'EUR' })
    const payment = (captured: number, refunded: number) => ({
      id: '',
      order: '',
      state: 'refunded',
      version: 1,
      amount: eur(1_050),
      captured: eur(captured),
      refunded: eur(refunded),
      refunds: [],
      links: { self: '', order: '', refunds: '' },
    })
    const words = (captured: number, refunded: number): string => {
      const known = at('cancelled', { isPaymentAsked: true })
      return slipWords(
        { ...known, order: { ...known.order, reason: 'guest', payment: payment(captured, refunded) } },
        false,
      ).sub
    }
    expect(words(1_050, 1_050)).toBe('€ 10.50 went back to your card.')
    expect(words(1_050, 0)).toBe('€ 10.50 are on their way back to your card.')
    expect(words(0, 0)).toBe('Nothing was charged.')
  })
})
