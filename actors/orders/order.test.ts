import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import type { OrderContext, OrderView } from './order.ts'
import { order, orderMachine } from './order.ts'
import type { OrderStory } from './order-story.ts'

const items = [
  { dish: 'caprese', quantity: 2, price: 1_050 },
  { dish: 'apple-tart', quantity: 1, price: 790 },
]
const place = {
  type: 'order.place',
  site: 'main',
  items,
  needs: [{ ingredient: 'mozzarella', amount: 250 }],
  total: 2_890,
  serve: 'collect',
  promisedAt: 1_800_000_000,
} as const
const withToken = { ...place, token: 'tok_ok' }

const held = { type: 'reservation.held' }
const refused = {
  type: 'reservation.refused',
  shortages: [{ ingredient: 'mozzarella', needed: 250, free: 3 }],
}
const committed = { type: 'reservation.committed' }
const released = { type: 'reservation.released' }
const expired = { type: 'reservation.expired' }
const captured = { type: 'payment.captured', amount: 2_890 }
const declined = { type: 'payment.declined', reason: 'card-declined' }
const settled = { type: 'payment.settled', refunded: 2_890 }
const started = { type: 'ticket.started' }
const plating = { type: 'ticket.plating' }
const plated = { type: 'ticket.plated' }
const failed = { type: 'ticket.failed', reason: 'oven-broken', wasted: true }
const closed = { type: 'ticket.failed', reason: 'station-closed', wasted: false }
const wasted = { type: 'ticket.cancelled', wasted: true }
const unused = { type: 'ticket.cancelled', wasted: false }
const cancel = { type: 'order.cancel' }
const instead = [{ dish: 'apple-tart', quantity: 3, price: 790 }]
const revise = {
  type: 'order.revise',
  items: instead,
  needs: [{ ingredient: 'apples', amount: 6 }],
  total: 2_370,
  promisedAt: 1_900_000_000,
}
const revised = { type: 'reservation.revised' }
const kept = { type: 'reservation.kept', shortages: [{ ingredient: 'apples', needed: 6, free: 1 }] }
const pay = { type: 'order.pay', token: 'tok_ok' }
const collect = { type: 'order.collect' }
const late = (delay: string, state: string): AnyMessage => ({ type: `xstate.after.${delay}.order.${state}` })

const reached = new Set<string>()

/** Sends them all; the states passed through, and what was told and published on the way. */
function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(order, 'ord_1')
  const states: string[] = []
  const told: string[] = []
  const events: AnyMessage[] = []
  let effects: readonly Effect[] = []
  for (const [n, message] of messages.entries()) {
    const found = stage.send(message, n + 1)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    for (const effect of effects) {
      if (effect.kind === 'tell') {
        const { type, ...rest } = effect.message as AnyMessage & { fate?: string }
        told.push(rest.fate === undefined ? type : `${type} ${rest.fate}`)
      }
      if (effect.kind === 'emit') events.push(effect.event)
    }
    states.push(stage.state)
    reached.add(`order:${stage.state}`).add(`order>${message.type}`)
  }
  const context = stage.context as unknown as OrderContext
  return { stage, states, state: stage.state, told, events, effects, context }
}

const toPaying = [withToken, held]
const member = { ...withToken, guest: 'acc_1' }
/** What the guest's inbox is told, step by step. */
function noticed(...messages: readonly AnyMessage[]) {
  return messages.flatMap((_, n) =>
    walk(...messages.slice(0, n + 1)).effects.flatMap((effect) =>
      effect.kind === 'tell' && effect.to === 'inbox/acc_1' ? [effect.message] : [],
    ),
  )
}
const toConfirmed = [...toPaying, captured]
const toQueued = [...toConfirmed, committed]
const toCooking = [...toQueued, started]
const toPlating = [...toCooking, plating]
const toReady = [...toPlating, plated]

describe('the way to the plate', () => {
  test('takes stock, money and a ticket, one after the other', () => {
    const { states, told } = walk(...toReady, collect)
    expect(states).toEqual([
      'reserving',
      'paying.charging',
      'confirmed',
      'queued',
      'cooking',
      'plating',
      'ready',
      'completed',
    ])
    expect(told).toEqual([
      'reservation.hold',
      'payment.request',
      'reservation.commit',
      'ticket.open',
      'reservation.close served',
      'payment.close',
    ])
  })

  test('is told to the inbox of a guest who has one, once a step, with the receipt at the end', () => {
    const way = [member, ...toReady.slice(1), collect]
    expect(noticed(...way)).toEqual(
      [
        { topic: 'progress', event: 'order.created', amount: 2_890 },
        { topic: 'progress', event: 'order.paid', amount: 2_890 },
        { topic: 'progress', event: 'cooking.started' },
        { topic: 'ready', event: 'order.ready' },
        { topic: 'receipt', event: 'order.completed', amount: 2_890, lines: items },
      ].map((notice) => ({ type: 'inbox.notify', id: `ord_1.${notice.event}`, order: 'ord_1', ...notice })),
    )
    expect(noticed(...toReady, collect)).toEqual([])
  })

  test('tells also how it ended badly, and that money went back', () => {
    const events = (...messages: AnyMessage[]) =>
      noticed(member, ...messages).map((notice) => {
        const { event, amount, reason } = notice as AnyMessage & Record<string, unknown>
        return [event, amount ?? reason]
      })
    expect(events(refused)).toContainEqual(['order.rejected', 'insufficient-stock'])
    expect(events(late('reserveDeadline', 'reserving'), released).at(-1)).toEqual([
      'order.expired',
      'not-reserved-in-time',
    ])
    expect(events(held, captured, cancel, settled, released).slice(2)).toEqual([
      ['order.refunded', 2_890],
      ['order.cancelled', 'guest'],
    ])
    expect(events(held, cancel, { type: 'payment.settled', refunded: 0 }, released).slice(1)).toEqual([
      ['order.cancelled', 'guest'],
    ])
  })

  test('is public, step by step', () => {
    const { events } = walk(...toReady, collect)
    expect(events.map(({ type }) => type)).toEqual([
      'order.created',
      'payment.requested',
      'order.paid',
      'cooking.started',
      'order.ready',
      'order.completed',
    ])
    for (const event of events) expect(event).toMatchObject({ order: 'ord_1', site: 'main' })
  })

  test('asks the pantry for what the menu said, and the till for the total', () => {
    const { stage } = walk(withToken)
    expect(stage.context).toMatchObject({ total: 2_890, since: 1 })
    const [, asked] = [walk(withToken), walk(...toPaying)].map(({ effects }) =>
      effects.flatMap((effect) => (effect.kind === 'tell' ? [effect] : [])),
    )
    expect(asked).toEqual([
      {
        kind: 'tell',
        to: 'payment/ord_1',
        message: { type: 'payment.request', amount: 2_890, token: 'tok_ok' },
      },
    ])
  })

  test('gives the kitchen a line for each dish', () => {
    const { effects } = walk(...toQueued)
    expect(effects).toContainEqual({
      kind: 'tell',
      to: 'ticket/ord_1',
      message: {
        type: 'ticket.open',
        order: 'ord_1',
        site: 'main',
        items: [
          { line: 0, dish: 'caprese', quantity: 2 },
          { line: 1, dish: 'apple-tart', quantity: 1 },
        ],
        promisedAt: 1_800_000_000,
      },
    })
  })

  test('waits for the guest to pay when there is no token, and forgets the token once it is used', () => {
    const { states, context, told } = walk(place, held, pay)
    expect(states).toEqual(['reserving', 'paying.awaiting', 'paying.charging'])
    expect(told).toEqual(['reservation.hold', 'payment.request'])
    expect(context.token).toBeNull()
  })

  test('a table is served by time, a guest fetches or does not', () => {
    const table = { ...withToken, serve: 'table' }
    const served = walk(table, ...toReady.slice(1), late('handover', 'ready'))
    expect([served.state, served.context.reason]).toEqual(['completed', null])
    const left = walk(...toReady, late('handover', 'ready'))
    expect([left.state, left.context.reason]).toEqual(['completed', 'not-fetched'])
    expect(left.events.at(-1)).toMatchObject({ type: 'order.completed', reason: 'not-fetched' })
    const delays = [walk(table, ...toReady.slice(1)), walk(...toReady)].map(({ effects }) =>
      effects.flatMap((effect) => (effect.kind === 'schedule' ? [effect.delayMs] : [])),
    )
    expect(delays).toEqual([[60_000], [14_400_000]])
  })
})

describe('O4: a revision', () => {
  test('counts when the pantry has it, and is charged and cooked then', () => {
    const { states, told, context, events } = walk(place, held, revise, revised, pay)
    expect(states).toEqual(['reserving', 'paying.awaiting', 'revising', 'paying.awaiting', 'paying.charging'])
    expect(told).toEqual(['reservation.hold', 'reservation.revise', 'payment.request'])
    expect(context).toMatchObject({ items: instead, total: 2_370, promisedAt: 1_900_000_000, revision: null })
    expect(events.map(({ type }) => type)).toEqual(['order.created', 'order.revised', 'payment.requested'])
  })

  test('of which the pantry has too little leaves the order as it was, and says what is short', () => {
    const { state, context, stage } = walk(place, held, revise, kept)
    expect([state, context.total, context.revision]).toEqual(['paying.awaiting', 2_890, null])
    expect(stage.query<OrderView>('view').shortages).toEqual(kept.shortages)
    expect(walk(place, held, revise, kept, revise, revised).context.shortages).toEqual([])
  })

  test('while the pantry is asked waits for its answer; the last one counts', () => {
    const early = walk(
      withToken,
      { ...revise, total: 790, items: [{ ...instead[0], quantity: 1 }] },
      revise,
      held,
    )
    expect([early.state, early.told]).toEqual(['revising', ['reservation.hold', 'reservation.revise']])
    const charged = walk(withToken, revise, held, revised)
    expect([charged.state, charged.context.total]).toEqual(['paying.charging', 2_370])
    expect(walk(withToken, revise, refused).state).toBe('rejected')
  })

  test('is refused while another is on its way, once it is paid for, and when its total does not add up', () => {
    for (const way of [[place, held, revise], toPaying, toConfirmed]) {
      expect(walk(...way).stage.send(revise)).toBeUndefined()
    }
    expect(walk(place, held).stage.send({ ...revise, total: 1 })).toBeUndefined()
  })

  test('that crosses a cancellation, an expiry or silence gives everything back', () => {
    for (const answer of [revised, kept]) {
      expect(walk(place, held, revise, cancel, answer, released).state).toBe('cancelled')
    }
    expect(walk(place, held, revise, expired).state).toBe('expired')
    expect(walk(place, held, revise, late('reviseDeadline', 'revising'), released).state).toBe('expired')
  })
})

describe('O1: whatever fails, what was taken is given back in reverse order, and only then the order ends', () => {
  const rows: readonly (readonly [string, readonly AnyMessage[], string, readonly string[]])[] = [
    ['the pantry has too little', [withToken, refused], 'rejected', []],
    ['the reservation expires while asking', [withToken, expired], 'expired', []],
    [
      'the pantry does not answer',
      [withToken, late('reserveDeadline', 'reserving'), held, released],
      'expired',
      ['reservation.release'],
    ],
    ['the guest cancels while asking', [withToken, cancel, released], 'cancelled', ['reservation.release']],
    [
      'the cancellation crosses a refusal',
      [withToken, cancel, { ...refused }],
      'cancelled',
      ['reservation.release'],
    ],
    [
      'the cancellation crosses an expiry',
      [withToken, cancel, expired],
      'cancelled',
      ['reservation.release'],
    ],
    ['the card is declined', [...toPaying, declined, released], 'rejected', ['reservation.release']],
    [
      'the guest never pays',
      [place, held, late('payDeadline', 'paying'), released],
      'expired',
      ['reservation.release'],
    ],
    [
      'the till does not answer',
      [...toPaying, late('payDeadline', 'paying'), settled, released],
      'expired',
      ['payment.cancel', 'reservation.release'],
    ],
    [
      'the guest cancels while paying',
      [...toPaying, cancel, settled, released],
      'cancelled',
      ['payment.cancel', 'reservation.release'],
    ],
    [
      'a capture crosses the cancellation',
      [...toPaying, cancel, captured, settled, released],
      'cancelled',
      ['payment.cancel', 'reservation.release'],
    ],
    [
      'a decline crosses the cancellation',
      [...toPaying, cancel, declined, released],
      'cancelled',
      ['payment.cancel', 'reservation.release'],
    ],
    ['the reservation expires while paying', [...toPaying, expired, settled], 'expired', ['payment.cancel']],
    [
      'the reservation expires while the money comes back',
      [...toPaying, cancel, expired, settled],
      'cancelled',
      ['payment.cancel'],
    ],
    [
      'the reservation expired before the commit',
      [...toConfirmed, expired, settled],
      'expired',
      ['payment.cancel'],
    ],
    [
      'the pantry does not issue',
      [...toConfirmed, late('confirmDeadline', 'confirmed'), committed, settled, released],
      'expired',
      ['payment.cancel', 'reservation.release'],
    ],
    [
      'the guest cancels before the kitchen knows',
      [...toConfirmed, cancel, settled, committed, released],
      'cancelled',
      ['payment.cancel', 'reservation.release'],
    ],
    [
      'the guest cancels before a cook begins',
      [...toQueued, cancel, unused, settled, released],
      'cancelled',
      ['ticket.cancel', 'payment.cancel', 'reservation.release'],
    ],
    [
      'a cook begins as the guest cancels',
      [...toQueued, cancel, started, wasted, settled],
      'cancelled',
      ['ticket.cancel', 'reservation.close wasted', 'payment.cancel'],
    ],
    [
      'the guest cancels over the stove',
      [...toCooking, cancel, plating, wasted, settled],
      'cancelled',
      ['ticket.cancel', 'reservation.close wasted', 'payment.cancel'],
    ],
    [
      'the plates were ready first',
      [...toCooking, cancel, plating, plated, settled],
      'cancelled',
      ['ticket.cancel', 'reservation.close wasted', 'payment.cancel'],
    ],
    [
      'the kitchen fails as the guest cancels',
      [...toCooking, cancel, failed, settled],
      'cancelled',
      ['ticket.cancel', 'reservation.close wasted', 'payment.cancel'],
    ],
    ...(['queued', 'cooking', 'plating'] as const).map(
      (state, n) =>
        [
          `the kitchen fails while ${state}`,
          [...[toQueued, toCooking, toPlating][n]!, failed, settled],
          'cancelled',
          ['reservation.close wasted', 'payment.cancel'],
        ] as const,
    ),
    ...(['queued', 'cooking', 'plating'] as const).map(
      (state, n) =>
        [
          `the kitchen fails while ${state}, and has used nothing`,
          [...[toQueued, toCooking, toPlating][n]!, closed, settled, released],
          'cancelled',
          ['payment.cancel', 'reservation.release'],
        ] as const,
    ),
    [
      'the kitchen fails as the guest cancels, and has used nothing',
      [...toQueued, cancel, closed, settled, released],
      'cancelled',
      ['ticket.cancel', 'payment.cancel', 'reservation.release'],
    ],
    [
      'nobody cooks',
      [...toQueued, late('queueDeadline', 'queued'), unused, settled, released],
      'expired',
      ['ticket.cancel', 'payment.cancel', 'reservation.release'],
    ],
    [
      'nobody finishes',
      [...toCooking, late('cookDeadline', 'cooking'), wasted, settled],
      'expired',
      ['ticket.cancel', 'reservation.close wasted', 'payment.cancel'],
    ],
    [
      'nobody plates',
      [...toPlating, late('platingDeadline', 'plating'), wasted, settled],
      'expired',
      ['ticket.cancel', 'reservation.close wasted', 'payment.cancel'],
    ],
  ]

  for (const [what, messages, end, undone] of rows) {
    test(`${what}: ${end}`, () => {
      const { state, told, context, events } = walk(...messages)
      expect(state).toBe(end)
      const taken = ['reservation.hold', 'payment.request', 'reservation.commit', 'ticket.open']
      expect(told.filter((type) => !taken.includes(type))).toEqual(undone)
      expect([context.stock, context.money, context.ticket]).toEqual(['free', 'free', 'free'])
      expect(events.at(-1)).toMatchObject({ type: `order.${end}`, order: 'ord_1', wasted: context.wasted })
      expect(context.reason).not.toBeNull()
    })
    test(`${what}: not before the last confirmation`, () => {
      expect(walk(...messages.slice(0, -1)).stage.isDone).toBe(false)
    })
  }

  test('a total that is not the sum of its lines takes nothing', () => {
    const { state, told, context } = walk({ ...withToken, total: 2_889 })
    expect([state, told, context.reason]).toEqual(['rejected', [], 'total-does-not-add-up'])
  })

  test('the guest learns what is short', () => {
    const { events } = walk(withToken, refused)
    expect(events.at(-1)).toMatchObject({ reason: 'insufficient-stock', shortages: refused.shortages })
  })
})

describe('cancelling', () => {
  const possible = {
    reserving: [withToken],
    paying: toPaying,
    confirmed: toConfirmed,
    queued: toQueued,
    cooking: toCooking,
  }
  for (const [state, way] of Object.entries(possible)) {
    test(`is possible in ${state}, and says so`, () => {
      const { effects, context } = walk(...way, { ...cancel, reason: 'too slow' })
      expect(context).toMatchObject({ outcome: 'cancelled', reason: 'too slow' })
      const replies = effects.filter(({ kind }) => kind === 'reply')
      expect(replies).toMatchObject([{ message: { type: 'order.view', id: 'ord_1', state: 'cancelling' } }])
    })
  }
  const tooLate = {
    plating: toPlating,
    ready: toReady,
    cancelling: [...toCooking, cancel],
    completed: [...toReady, collect],
  }
  for (const [state, way] of Object.entries(tooLate)) {
    test(`is not accepted in ${state}`, () => {
      expect(walk(...way).stage.send(cancel)).toBeUndefined()
    })
  }
})

describe('O2: nothing waits for ever', () => {
  test('every state that waits has a time of its own or of the state around it', () => {
    const timeless = Object.values(orderMachine.root.states)
      .filter(({ type, always }) => type !== 'final' && always === undefined)
      .filter(({ after }) => after.length === 0)
      .map(({ key }) => key)
    // The message that brings an order to life takes it out of its first state.
    expect(timeless).toEqual(['placed'])
  })

  for (const [state, way, again] of [
    ['releasing', [...toPaying, declined], 'reservation.release'],
    ['refunding', [...toPaying, cancel], 'payment.cancel'],
    ['cancelling', [...toCooking, cancel], 'ticket.cancel'],
  ] as const) {
    test(`${state} asks again`, () => {
      const { state: now, effects } = walk(...way, late('askAgain', state))
      expect(now).toBe(state)
      expect(effects).toMatchObject([
        { kind: 'cancel' },
        { kind: 'tell', message: { type: again } },
        { kind: 'schedule', delayMs: 600_000 },
      ])
    })
  }
})

test('O3: a second way to pay is not accepted while one is under way', () => {
  expect(walk(place, held, pay).stage.send(pay)).toBeUndefined()
  expect(walk(...toPaying).stage.send(pay)).toBeUndefined()
})

describe('what others see', () => {
  test('the placed order, in the reply and in the view', () => {
    const { effects, stage } = walk({ ...place, guest: 'usr_1', note: 'no basil' })
    const view = {
      id: 'ord_1',
      site: 'main',
      items,
      total: { amount: 2_890, currency: 'EUR' },
      serve: 'collect',
      promisedAt: 1_800_000_000,
      guest: 'usr_1',
      note: 'no basil',
    }
    expect(effects[0]).toMatchObject({
      kind: 'reply',
      message: { type: 'order.view', state: 'placed', ...view },
    })
    expect(stage.query<OrderView>('view')).toMatchObject({ ...view, state: 'reserving', version: 1 })
    expect(stage.query<OrderView>('view')).not.toHaveProperty('token')
  })

  test('the story says what an order waits for, since when and until when', () => {
    expect(walk(...toCooking).stage.query<OrderStory>('story')).toEqual({
      state: 'cooking',
      since: 5,
      waitsFor: 'every dish to be cooked',
      until: 7_200_000_005,
      otherwise: 'it expires, and gives back what it has taken',
    })
    const waitsFor = (...messages: AnyMessage[]) =>
      walk(...messages).stage.query<OrderStory>('story').waitsFor
    expect(waitsFor(...toPaying)).toBe('the payment to be captured')
    expect(waitsFor(place, held)).toBe('the guest to pay')
    expect(waitsFor(place, held, pay)).toBe('the payment to be captured')
    expect(waitsFor(...toReady)).toBe('the guest')
    const table = walk({ ...withToken, serve: 'table' }, ...toReady.slice(1))
    expect(table.stage.query<OrderStory>('story').waitsFor).toBe('the waiter')
    expect(walk(...toReady, collect).stage.query<OrderStory>('story')).toEqual({
      state: 'completed',
      since: 8,
    })
  })

  test('every state that waits has its words', () => {
    for (const [key, { type, always }] of Object.entries(orderMachine.root.states)) {
      if (type === 'final' || always !== undefined || key === 'placed') continue
      const stage = new Stage(order, 'ord_1')
      const story = order.queries?.story
      const state = { id: stage.id, value: key, context: stage.context, version: 1 }
      expect(story?.(state, undefined, 0 as never)).toHaveProperty('waitsFor')
    }
  })
})

afterAll(() => expect(unreached(order, reached)).toEqual([]))
