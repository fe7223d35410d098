import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Instant } from '#actor'
import { type Day, type GuestPlan, planGuests } from '#day'
import type { NodeStatus } from '#live'
import type { PaymentRecord } from '#outside'
import type { NodeId } from '#ports'
import { days } from '#scenarios'
import { DayClock } from '../live-day/day-clock.ts'
import { LiveGuest } from '../live-day/guest.ts'
import { GuestBook, type Service } from './guest-book.ts'
import { noteIn } from './services.ts'
import { Tally } from './tally.ts'
import { Traffic } from './traffic.ts'

describe('the tally', () => {
  const payments = new Map<string, Partial<PaymentRecord>>()
  const ledger = { payment: (id: string) => payments.get(id) as PaymentRecord | undefined }
  const settled = ['completed', 'rejected', 'cancelled', 'expired']
  function guest(order: string) {
    const one = {
      state: 'ordering',
      receipt: undefined as object | undefined,
      latencyMs: undefined as number | undefined,
      complaints: [] as string[],
      get isSettled() {
        return settled.includes(one.state)
      },
    }
    const is = (tally: Tally, state: string): void => {
      one.state = state
      if (state !== 'turned away' && state !== 'ordering') {
        one.receipt = { order, total: 1_000 }
        one.latencyMs = 10
      }
      tally.changed(one as unknown as LiveGuest)
    }
    return { one, is }
  }
  const later = (): number => performance.now() + 120_000

  test('counts each guest once, where it stands', () => {
    const tally = new Tally(ledger)
    const [a, b, c] = [guest('a'), guest('b'), guest('c')]
    payments.set('a', { captured: 1_000, refunded: 0 })
    for (const state of ['ordering', 'placed', 'cooking', 'ready', 'completed']) a.is(tally, state)
    for (const state of ['ordering', 'placed', 'cooking']) b.is(tally, state)
    c.is(tally, 'turned away')
    const view = tally.view(later())
    expect(view.stages).toMatchObject({ placed: 0, cooking: 1, ready: 0 })
    expect(view).toMatchObject({ acknowledged: 2, leftWithout: 1, kept: 1_000, problems: [] })
    expect(view.ended).toEqual({ completed: 1, rejected: 0, cancelled: 0, expired: 0 })
    expect(view.acceptMs).toEqual({ p50: 10, p95: 10, n: 2 })
  })

  test('goes on with a service from those who have left before, and begins the next one anew', () => {
    const receipt = (order: string) => ({ order, token: 't', total: 1_000, acknowledgedAt: 0 })
    payments.set('before', { captured: 1_000, refunded: 0 })
    payments.set('wrong', { captured: 0, refunded: 0 })
    const tally = new Tally(ledger)
    const lingers = guest('lingers')
    tally.begin([
      { state: 'completed', receipt: receipt('before') },
      { state: 'completed', receipt: receipt('wrong') },
      { state: 'turned away', receipt: undefined },
    ])
    lingers.is(tally, 'cooking')
    expect(tally.view(later())).toMatchObject({
      acknowledged: 3,
      leftWithout: 1,
      kept: 1_000,
      ended: { completed: 2 },
      problems: ['order/wrong is completed: owed 1000 cents, kept 0'],
    })
    tally.begin([])
    expect(tally.view(0)).toMatchObject({ acknowledged: 0, leftWithout: 0, kept: 0, stages: { cooking: 1 } })
    payments.set('lingers', { captured: 1_000, refunded: 0 })
    lingers.is(tally, 'completed')
    expect(tally.view(0)).toMatchObject({ stages: { cooking: 0 }, ended: { completed: 0 }, kept: 0 })
  })

  test('owes what a revised order costs in the end, also when it goes on after a stop', async () => {
    const bodies = [
      { state: 'cooking', total: { amount: 1_000 } },
      { state: 'cooking', total: { amount: 1_700 } },
      { state: 'completed', total: { amount: 1_700 } },
    ]
    const house = createServer((_, response) => {
      response.end(JSON.stringify(bodies.length > 1 ? bodies.shift() : bodies[0]))
    }).listen(0, '127.0.0.1')
    await once(house, 'listening')
    const folder = mkdtempSync(join(tmpdir(), 'brigade-book-'))
    try {
      const { port } = house.address() as AddressInfo
      const anchor = { world: 0 as Instant, runtime: 0 as Instant, speed: 60, monotonicUs: 0 }
      const clock = new DayClock(anchor, 0 as Instant, new AbortController().signal)
      const service: Service = { day: 'd', seed: 1, run: 'r', midnight: 0 as Instant, number: 1 }
      const book = new GuestBook(folder)
      book.begin(service)
      payments.set('revised', { captured: 1_700, refunded: 0 })
      const tally = new Tally(ledger)
      const [plan] = planGuests(days['quiet-tuesday'] as Day, 1)
      const world = {
        url: `http://127.0.0.1:${port}`,
        clock,
        run: 'a run of this test',
        changed: (guest: LiveGuest) => {
          noteIn(book, guest, service)
          tally.changed(guest)
        },
      }
      const receipt = { order: 'revised', token: 't', total: 1_000, acknowledgedAt: 0 }
      await new LiveGuest({ ...(plan as GuestPlan), isMember: false }, world).goOn(receipt)
      expect(tally.view(later())).toMatchObject({ kept: 1_700, problems: [] })
      const again = new Tally(ledger)
      again.begin(new GuestBook(folder).gone.values())
      expect(again.view(later())).toMatchObject({ kept: 1_700, problems: [] })
    } finally {
      house.close()
      rmSync(folder, { recursive: true })
    }
  })

  const money: readonly [string, number, number, string | undefined][] = [
    ['completed', 1_000, 0, undefined],
    ['completed', 2_000, 0, 'order/x is completed: owed 1000 cents, kept 2000'],
    ['completed', 0, 0, 'order/x is completed: owed 1000 cents, kept 0'],
    ['cancelled', 1_000, 1_000, undefined],
    ['cancelled', 1_000, 0, 'order/x is cancelled: owed 0 cents, kept 1000'],
    ['rejected', 0, 0, undefined],
  ]
  test.each(money)('%s, %i captured and %i refunded: %s', (state, captured, refunded, problem) => {
    const tally = new Tally(ledger)
    payments.set('x', { captured, refunded })
    guest('x').is(tally, state)
    expect(tally.view(performance.now()).problems).toEqual([])
    expect(tally.view(later()).problems).toEqual(problem === undefined ? [] : [problem])
  })

  test('tells what a guest was told that cannot be, and counts nobody twice for it', () => {
    const tally = new Tally(ledger)
    const { one, is } = guest('gone')
    is(tally, 'rejected')
    one.complaints.push('order/gone was acknowledged, and is gone')
    tally.changed(one as unknown as LiveGuest)
    expect(tally.view(later())).toMatchObject({
      problems: ['order/gone was acknowledged, and is gone'],
      ended: { rejected: 1 },
    })
  })
})

test('traffic goes on over a restart, and is never negative', () => {
  const status = (life: number, turns: number): NodeStatus[] => [
    {
      node: 'node-1' as NodeId,
      group: 'kitchen',
      phase: 'up',
      paused: false,
      life,
      restarts: 0,
      health: {
        counters: { turns, messagesLocal: turns },
        latencies: {},
        rssBytes: 1,
        cpuMs: 1,
        faultsMet: {},
      },
    },
  ]
  const traffic = new Traffic()
  expect(traffic.take(status(1, 1_000), 0).turns).toBe(0)
  expect(traffic.take(status(1, 1_500), 1_000)).toEqual({ turns: 500, messages: 500, commits: 0 })
  expect(traffic.take(status(2, 100), 2_000).turns).toBe(300)
  expect(traffic.take(status(2, 5_100), 12_000).turns).toBe(500)
})

test('a guest book is read as it was written, but for half a last line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'brigade-book-'))
  try {
    const service: Service = { day: 'd', seed: 1, run: 'r', midnight: 5 as Instant, number: 1 }
    const receipt = { order: 'ord_1', token: 't', total: 100, acknowledgedAt: 7 }
    const book = new GuestBook(folder)
    expect(book.service).toBeUndefined()
    book.begin(service)
    book.acknowledged(1, receipt)
    book.acknowledged(2, { ...receipt, order: 'ord_2' })
    book.settled(1, 'completed')
    book.settled(3, 'turned away')
    writeFileSync(join(folder, 'guests.jsonl'), '{"guest":2,"sett', { flag: 'a' })
    const again = new GuestBook(folder)
    expect(again.service).toEqual(service)
    expect([...again.open]).toEqual([[2, { ...receipt, order: 'ord_2' }]])
    expect([...again.gone]).toEqual([
      [1, { state: 'completed', receipt }],
      [3, { state: 'turned away', receipt: undefined }],
    ])
    again.begin({ ...service, number: 2 })
    expect([new GuestBook(folder).open.size, new GuestBook(folder).gone.size]).toEqual([0, 0])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
