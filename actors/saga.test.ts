/**
 * Orders, pantry, till, the provider and the suppliers together, in any legal order of messages.
 *
 * Goal:   whatever the guests, the kitchen, the clock and the provider do, every order ends, and stock and
 *         money add up on both sides.
 * Method: many seeds; each draws guests, cards, scarce stock, cancellations, kitchen trouble, silence and
 *         outages, and which message is delivered next. Then everything heals, time passes, and we count.
 */
import { describe, expect, test } from 'vitest'
import type { CallEffect, Instant, Message } from '#actor'
import { draw, drawInteger, hours, minutes, seconds } from '#actor'
import type { Answer } from './floor.test-kit.ts'
import { Floor, unreached } from './floor.test-kit.ts'
import { quote } from './orders/menu.ts'
import { recipes } from './orders/menu-data.ts'
import { orderRef } from './orders/messages.ts'
import type { OrderContext } from './orders/order.ts'
import { order } from './orders/order.ts'
import { ProviderLedger, testTokens } from './outside/provider.ts'
import { SupplierLedger } from './outside/supplier.ts'
import type { BinContext } from './pantry/bin.ts'
import { bin } from './pantry/bin.ts'
import { binRef } from './pantry/messages.ts'
import { replenisher } from './pantry/replenisher.ts'
import type { ReservationContext } from './pantry/reservation.ts'
import { reservation } from './pantry/reservation.ts'
import type { SupplierOperation } from './pantry/supplier-contract.ts'
import { ticketStub } from './ticket-stub.test-kit.ts'
import { paymentRef } from './till/messages.ts'
import type { PaymentContext } from './till/payment.ts'
import { payment, refundableForMs } from './till/payment.ts'
import type { ProviderOperation } from './till/provider-contract.ts'

const actors = [order, bin, reservation, replenisher, payment, ticketStub]
const house = Object.entries(recipes).map(([dish, { name, price, needs }]) => ({
  dish,
  name,
  price,
  available: true,
  needs,
}))
const dishes = ['caprese', 'margherita-pizza', 'greek-salad', 'mushroom-pizza']
const tokens = Object.values(testTokens)

interface Day {
  readonly floor: Floor
  readonly ledger: ProviderLedger
}

function openDay(seed: number, opening: number): Day {
  const ledger = new ProviderLedger({ declineShare: 0.1 })
  const supplier = new SupplierLedger({ lateShare: 0.2, shortShare: 0.3, failShare: 0.1, silentShare: 0.1 })
  let steps = 0
  let draws = 0
  const outside = (call: CallEffect, key: string): Answer => {
    draws += 1
    if (call.handler.startsWith('supplier.')) {
      const now = (floor.now * 1_000) as Instant
      return supplier.handle(call.handler as SupplierOperation, call.args, now, () => {
        draws += 1
        return draw(seed, 'supplier', draws)
      })
    }
    return ledger.handle(call.handler as ProviderOperation, call.args, key, () =>
      draw(seed, 'provider', draws),
    )
  }
  const choose = (bound: number): number => {
    steps += 1
    return drawInteger(bound, seed, 'choose', steps)
  }
  const floor = new Floor({ actors, outside, choose })
  const needed = new Set(
    dishes.flatMap((dish) => recipes[dish as 'caprese'].needs.map((need) => need.ingredient)),
  )
  for (const ingredient of needed) {
    floor.tell(binRef('main', ingredient), { type: 'bin.open', opening, par: opening, low: 150 })
  }
  floor.settle()
  return { floor, ledger }
}

function place(
  floor: Floor,
  id: string,
  dish: string,
  token: string | undefined,
  serve: 'collect' | 'table',
): void {
  const { items, needs, total } = quote(house, [{ dish, quantity: 1 }])
  floor.tell(orderRef(id), {
    type: 'order.place',
    site: 'main',
    items: [...items],
    needs: [...needs],
    total,
    serve,
    promisedAt: 0,
    ...(token === undefined ? {} : { token }),
  })
}

function revise(floor: Floor, id: string, dish: string, quantity: number): void {
  const { items, needs, total } = quote(house, [{ dish, quantity }])
  const revised = { items: [...items], needs: [...needs], total, promisedAt: 0 }
  floor.tell(orderRef(id), { type: 'order.revise', ...revised })
}

/** One message, one trouble or one moment of a random day. */
function anything(day: Day, seed: number, n: number): void {
  const { floor, ledger } = day
  const some = (bound: number, what: string) => drawInteger(bound, seed, what, n)
  const id = `ord_${some(8, 'order')}`
  const ticket = ticketStub.ref(id)
  switch (some(16, 'what')) {
    case 0:
    case 1:
      place(
        floor,
        id,
        dishes[some(dishes.length, 'dish')]!,
        [...tokens, undefined][some(tokens.length + 1, 'token')],
        some(2, 'serve') === 0 ? 'collect' : 'table',
      )
      return
    case 2:
      if (draw(seed, 'revise', n) < 0.5)
        revise(floor, id, dishes[some(dishes.length, 'other dish')]!, 1 + some(3, 'more'))
      else floor.tell(orderRef(id), { type: 'order.pay', token: testTokens.ok })
      return
    case 3:
      if (draw(seed, 'cancel', n) < 0.5) floor.tell(orderRef(id), { type: 'order.cancel' })
      return
    case 4:
      floor.tell(orderRef(id), { type: 'order.collect' })
      return
    case 5:
    case 6:
      floor.tell(ticket, { type: 'stub.next' })
      return
    case 7:
      if (draw(seed, 'fail', n) < 0.3) floor.tell(ticket, { type: 'stub.fail' })
      return
    case 8:
      floor.elapse([5, 50, seconds(3), minutes(4), minutes(16), hours(1)][some(6, 'time')]!)
      return
    case 9:
      floor.skip(floor.now + minutes(16))
      return
    case 10:
      ledger.settings.outage = draw(seed, 'outage', n) < 0.3
      return
    case 11:
      floor.tell(paymentRef(id), {
        type: 'payment.refund',
        refund: `re_${some(3, 'refund')}`,
        amount: 1 + some(800, 'refunded'),
      })
      return
    // Late, again, or before anybody else has heard of it.
    case 12: {
      const record = ledger.payment(id)
      if (record === undefined) return
      const { status, captured, refunded } = record
      const news = { type: 'payment.news', status, captured, refunded } as const
      const past = { ...news, status: 'authorized', captured: 0, refunded: 0 } as const
      floor.tell(paymentRef(id), draw(seed, 'past', n) < 0.3 ? past : news)
      return
    }
    default:
      for (let step = some(30, 'steps'); step > 0; step -= 1) floor.step()
  }
}

const sum = <T>(list: readonly T[], of: (entry: T) => number): number =>
  list.reduce((n, entry) => n + of(entry), 0)
const contexts = <C>(floor: Floor, type: string): C[] =>
  floor.all(type).map((stage) => stage.context as unknown as C)

/** The checks that hold at any time. */
function checkBooks({ floor }: Day): void {
  for (const b of contexts<BinContext>(floor, 'bin')) {
    expect(b.opening + b.delivered + b.adjusted).toBe(b.free + b.held + b.issued + b.spoiled)
  }
}

/** The checks that hold when everybody has gone home. */
function checkClosed({ floor, ledger }: Day): void {
  expect(
    floor
      .all('order')
      .filter(({ isDone }) => !isDone)
      .map(({ id, state }) => `${id} ${state}`),
  ).toEqual([])
  for (const type of ['reservation', 'payment', 'ticket']) {
    expect(
      floor
        .all(type)
        .filter(({ isDone }) => !isDone)
        .map(({ id, state }) => `${id} ${state}`),
    ).toEqual([])
  }
  // What was ordered late in the day comes when nobody looks any more.
  expect(floor.timers.filter((timer) => !timer.startsWith('replenisher/'))).toEqual([])
  const givenBack = new Map(
    contexts<PaymentContext>(floor, 'payment').map(({ order: id, refunds }) => [
      id,
      sum(refunds, ({ amount, state }) => (state === 'given' ? amount : 0)),
    ]),
  )

  const completed = new Map(
    floor
      .all('order')
      .filter(({ state }) => state === 'completed')
      .map((stage) => [stage.context.id as string, stage.context as unknown as OrderContext]),
  )
  // Money: ours and theirs, in all and one by one.
  const billed = sum([...completed.values()], ({ id, total }) => total - (givenBack.get(id) ?? 0))
  expect(ledger.totals.captured - ledger.totals.refunded).toBe(billed)
  for (const record of ledger.payments) {
    expect([record.payment, record.captured - record.refunded]).toEqual([
      record.payment,
      (completed.get(record.payment)?.total ?? 0) -
        (completed.has(record.payment) ? (givenBack.get(record.payment) ?? 0) : 0),
    ])
    expect(record.status).not.toBe('authorized')
  }
  // Stock: nothing held; what was issued was served or wasted.
  const used = contexts<ReservationContext>(floor, 'reservation').filter(({ fate }) => fate !== null)
  for (const b of contexts<BinContext>(floor, 'bin')) {
    expect([b.ingredient, b.held, b.holds, b.waiting]).toEqual([b.ingredient, 0, [], []])
    const amount = sum(
      used.flatMap(({ lines }) => lines.filter(({ ingredient }) => ingredient === b.ingredient)),
      (line) => line.amount,
    )
    expect([b.ingredient, b.issued]).toEqual([b.ingredient, amount])
  }
  for (const { order: id, fate } of used)
    expect([id, fate]).toEqual([id, completed.has(id) ? 'served' : 'wasted'])
  for (const o of contexts<OrderContext>(floor, 'order')) {
    expect([o.id, o.stock, o.money === 'asked', o.ticket]).toEqual([
      o.id,
      'free',
      completed.has(o.id),
      'free',
    ])
  }
}

/** What an outsider may say in vain. Between actors nothing may be lost. */
const inVain = new Set([
  'order.place',
  'order.pay',
  'order.revise',
  'order.cancel',
  'order.collect',
  'stub.next',
  'stub.fail',
  'payment.refund',
  'payment.news',
])

describe('any day', () => {
  const reached = new Set<string>()
  for (let block = 0; block < 4; block += 1) {
    test(`seeds ${block * 15} to ${block * 15 + 14}: every order ends, stock and money add up`, () => {
      for (let seed = block * 15; seed < (block + 1) * 15; seed += 1) {
        const day = openDay(seed, seed % 3 === 0 ? 300 : 10_000)
        for (let n = 0; n < 150; n += 1) {
          anything(day, seed, n)
          checkBooks(day)
        }
        day.ledger.settings.outage = false
        day.floor.elapse(hours(12) + refundableForMs)
        checkClosed(day)
        const lost = day.floor.unhandled.filter(({ message }) => !inVain.has(message.type))
        expect([seed, lost]).toEqual([seed, []])
        for (const name of day.floor.reached) reached.add(name)
      }
    })
  }

  test('the days between them reach what the checks are about', () => {
    // Counts are the bin's own test.
    const missed = [order, reservation, payment, bin].flatMap((definition) => unreached(definition, reached))
    expect(missed).toEqual(['bin>bin.adjust', 'bin>bin.configure'])
  })
})

test('a guest may cancel at any moment, with enough in the pantry or not, and nothing is left over', () => {
  for (const opening of [100, 10_000]) {
    for (let steps = 0; steps < 60; steps += 1) {
      const day = openDay(steps, opening)
      place(day.floor, 'ord_1', 'caprese', tokens[steps % tokens.length], 'collect')
      for (let n = 0; n < steps; n += 1) if (!day.floor.step()) day.floor.skip(minutes(1))
      day.floor.tell(orderRef('ord_1'), { type: 'order.cancel' })
      day.floor.elapse(hours(6) + refundableForMs)
      checkClosed(day)
      expect(day.floor.unhandled.filter(({ message }) => !inVain.has(message.type))).toEqual([])
    }
  }
})

test('an order may be revised at any moment, and cancelled right after, and stock and money add up', () => {
  const ends = new Set<unknown>()
  for (const opening of [150, 300, 10_000]) {
    for (let steps = 0; steps < 50; steps += 1) {
      for (const dish of ['caprese', 'mushroom-pizza']) {
        const day = openDay(steps, opening)
        const token = steps % 2 === 0 ? testTokens.ok : undefined
        place(day.floor, 'ord_1', 'caprese', token, 'collect')
        for (let n = 0; n < steps / 2; n += 1) day.floor.step()
        revise(day.floor, 'ord_1', dish, 2)
        for (let n = 0; n < steps % 7; n += 1) day.floor.step()
        revise(day.floor, 'ord_1', dish, 1)
        if (steps % 5 === 0) day.floor.tell(orderRef('ord_1'), { type: 'order.cancel' })
        else day.floor.tell(orderRef('ord_1'), { type: 'order.pay', token: testTokens.ok })
        day.floor.elapse(hours(6))
        checkClosed(day)
        const lost = day.floor.unhandled.filter(({ message }) => !inVain.has(message.type))
        expect([opening, steps, lost]).toEqual([opening, steps, []])
        ends.add(day.floor.stage(orderRef('ord_1')).state)
      }
    }
  }
  expect(ends).toContain('cancelled')
})

describe('the test cards', () => {
  const rows = [
    [testTokens.ok, 'queued', 1],
    [testTokens.slow, 'queued', 1],
    [testTokens.flaky, 'queued', 1],
    [testTokens.timeoutCaptured, 'queued', 1],
    [testTokens.declined, 'rejected', 0],
    ['tok_of_nobody', 'rejected', 0],
  ] as const
  for (const [token, state, captures] of rows) {
    test(`${token}: the order is ${state}`, () => {
      const { floor, ledger } = openDay(1, 10_000)
      ledger.settings.declineShare = 0
      place(floor, 'ord_1', 'caprese', token, 'collect')
      floor.elapse(minutes(3))
      expect(floor.stage(orderRef('ord_1')).state).toBe(state)
      expect(ledger.totals).toEqual({ captured: captures * 1_050, refunded: 0 })
    })
  }
})

test('an order waits out an outage of the provider, and is charged once', () => {
  const { floor, ledger } = openDay(1, 10_000)
  ledger.settings.outage = true
  ledger.settings.declineShare = 0
  place(floor, 'ord_1', 'caprese', testTokens.ok, 'collect')
  floor.elapse(minutes(5))
  expect(floor.stage(orderRef('ord_1')).state).toBe('paying.charging')
  ledger.settings.outage = false
  floor.elapse(minutes(2))
  expect(floor.stage(orderRef('ord_1')).state).toBe('queued')
  expect(ledger.totals).toEqual({ captured: 1_050, refunded: 0 })
})

test('of two orders that need the last of it, one gets it and one learns what is short', () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const { floor } = openDay(seed, 200)
    const ids = ['ord_1', 'ord_2']
    for (const id of ids) place(floor, id, 'caprese', undefined, 'collect')
    floor.elapse(seconds(5))
    const states = ids.map((id) => floor.stage(orderRef(id)).state)
    expect(states.toSorted()).toEqual(['paying.awaiting', 'rejected'])
    const events = floor.events.filter(({ type }) => type === 'order.rejected') as (Message & {
      shortages: unknown
    })[]
    expect(events).toMatchObject([{ shortages: [{ needed: expect.any(Number), free: expect.any(Number) }] }])
  }
})
