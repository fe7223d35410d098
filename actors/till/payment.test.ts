import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, CallEffect, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import type { PaymentView } from './payment.ts'
import { payment, refundsMax } from './payment.ts'
import type { ProviderStatus } from './provider-contract.ts'
import { providerAnswer } from './provider-contract.ts'

const reached = new Set<string>()

const request: AnyMessage = { type: 'payment.request', amount: 2_890, token: 'tok_ok' }
const cancel = { type: 'payment.cancel' }
const close = { type: 'payment.close' }
const again = { type: 'payment.again' }
const says = (status: ProviderStatus, reason?: string): AnyMessage => ({
  type: 'call.done',
  call: 'x',
  result: {
    status,
    captured: status === 'captured' || status === 'refunded' ? 2_890 : 0,
    refunded: status === 'refunded' ? 2_890 : 0,
    ...(reason === undefined ? {} : { reason }),
  },
})
const nonsense = { type: 'call.done', call: 'x', result: { status: 'perhaps' } }
const silent = { type: 'call.failed', call: 'x', reason: 'expired', detail: 'no answer' }
const refuses = { type: 'call.failed', call: 'x', reason: 'refused', detail: 'bad-request' }

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(payment, 'ord_1')
  const told: AnyMessage[] = []
  const calls: string[] = []
  let effects: readonly Effect[] = []
  for (const sent of messages) {
    // Unless it says another, an answer is to the call that is waited for.
    const isAnswer = 'call' in sent && sent.call === 'x'
    const message = isAnswer ? { ...sent, call: stage.context.awaited } : sent
    const found = stage.send(message)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    for (const effect of effects) {
      if (effect.kind === 'tell') told.push(effect.message)
      if (effect.kind === 'call') calls.push(effect.handler.slice('provider.'.length))
    }
    reached.add(`payment:${stage.state}`).add(`payment>${message.type}`)
  }
  return { stage, effects, told, calls, state: stage.state }
}

/** Everything that was published on the way. */
const published = (...messages: readonly AnyMessage[]): AnyMessage[] =>
  messages.flatMap((_, n) =>
    walk(...messages.slice(0, n + 1)).effects.flatMap((e) => (e.kind === 'emit' ? e.event : [])),
  )

const toCapturing = [request, says('authorized')]
const toCaptured = [...toCapturing, says('captured')]
const captured = { type: 'payment.captured', amount: 2_890 }

describe('a payment', () => {
  test('is authorised, captured, told, and closed when the order is complete', () => {
    const { state, told, calls } = walk(...toCaptured, close)
    expect([state, told, calls]).toEqual(['settled', [captured], ['authorize', 'capture']])
  })

  test('P1: names each operation once, whatever is repeated: the name is the provider’s key', () => {
    const calls = (...messages: AnyMessage[]) =>
      walk(...messages).effects.filter((effect): effect is CallEffect => effect.kind === 'call')
    const [first] = calls(request)
    const [second] = calls(request, silent, again, says('none'))
    expect(second).toEqual(first)
    expect(first).toMatchObject({
      id: 'provider.authorize',
      handler: 'provider.authorize',
      args: { payment: 'ord_1', amount: 2_890, token: 'tok_ok' },
    })
  })

  test('publishes a capture once, also when it is learnt after the cancellation', () => {
    const captures = (messages: AnyMessage[]) =>
      published(...messages).filter(({ type }) => type === 'payment.captured')
    const once = [{ type: 'payment.captured', order: 'ord_1', amount: 2_890 }]
    expect(captures([...toCaptured, cancel, says('refunded')])).toEqual(once)
    expect(captures([...toCapturing, cancel, silent, again, says('captured'), says('refunded')])).toEqual(
      once,
    )
    expect(captures([...toCaptured, cancel, silent, again, says('captured'), says('refunded')])).toEqual(once)
  })

  test('shows its money', () => {
    expect(walk(...toCaptured).stage.query<PaymentView>('view')).toEqual({
      order: 'ord_1',
      state: 'captured',
      amount: 2_890,
      captured: 2_890,
      refunded: 0,
      reason: null,
      refunds: [],
      version: 3,
    })
  })
})

describe('how a payment ends', () => {
  const voided = { type: 'payment.settled', refunded: 0 }
  const refunded = { type: 'payment.settled', refunded: 2_890 }
  const declinedFor = (reason: string) => ({ type: 'payment.declined', reason })
  const rows: readonly (readonly [
    string,
    readonly AnyMessage[],
    string,
    readonly AnyMessage[],
    readonly string[],
  ])[] = [
    [
      'the card is declined',
      [request, says('declined', 'card-declined')],
      'declined',
      [declinedFor('card-declined')],
      ['authorize'],
    ],
    [
      'declined, while the order gives up',
      [request, cancel, says('declined', 'card-declined')],
      'declined',
      [declinedFor('card-declined')],
      ['authorize'],
    ],
    [
      'the provider refuses to authorise: closed there, so that nothing can land later',
      [request, refuses, says('voided')],
      'voided',
      [declinedFor('bad-request')],
      ['authorize', 'void'],
    ],
    [
      'the provider refuses to capture',
      [...toCapturing, refuses, says('voided')],
      'voided',
      [declinedFor('bad-request')],
      ['authorize', 'capture', 'void'],
    ],
    [
      'cancelled while authorising',
      [request, cancel, says('authorized'), says('voided')],
      'voided',
      [voided],
      ['authorize', 'void'],
    ],
    [
      'cancelled while capturing',
      [...toCapturing, cancel, says('captured'), says('refunded')],
      'refunded',
      [refunded],
      ['authorize', 'capture', 'refund'],
    ],
    [
      'cancelled after the capture',
      [...toCaptured, cancel, says('refunded')],
      'refunded',
      [captured, refunded],
      ['authorize', 'capture', 'refund'],
    ],
    [
      'the void comes too late: it was captured',
      [request, cancel, says('authorized'), says('captured'), says('refunded')],
      'refunded',
      [refunded],
      ['authorize', 'void', 'refund'],
    ],
    [
      'cancelled while nobody knows whether it was authorised: it was not',
      [request, silent, cancel, again, says('none'), says('voided')],
      'voided',
      [voided],
      ['authorize', 'lookup', 'void'],
    ],
    [
      'the void is repeated until it is confirmed',
      [
        request,
        cancel,
        says('authorized'),
        silent,
        again,
        says('authorized'),
        refuses,
        again,
        says('voided'),
      ],
      'voided',
      [voided],
      ['authorize', 'void', 'lookup', 'void', 'lookup'],
    ],
    [
      'the refund is repeated until it is confirmed',
      [...toCaptured, cancel, silent, again, says('captured'), refuses, cancel, again, says('refunded')],
      'refunded',
      [captured, refunded],
      ['authorize', 'capture', 'refund', 'lookup', 'refund', 'lookup'],
    ],
    [
      'undone by the provider itself',
      [...toCapturing, says('voided')],
      'voided',
      [declinedFor('undone by the provider')],
      ['authorize', 'capture'],
    ],
  ]
  for (const [what, messages, end, told, calls] of rows) {
    test(what, () => {
      const found = walk(...messages)
      expect([found.state, found.told, found.calls]).toEqual([end, told, calls])
    })
  }

  test('cancelling more than once is the same as once', () => {
    const way = [
      request,
      cancel,
      cancel,
      says('authorized'),
      cancel,
      says('captured'),
      cancel,
      says('refunded'),
    ]
    expect(walk(...way).told).toEqual([refunded])
  })
})

describe('P2: an unknown outcome', () => {
  test('is asked for, and the answer decides: none, authorised, captured or declined', () => {
    const unknown = [request, silent, again]
    expect(walk(...unknown, says('none')).state).toBe('authorizing')
    expect(walk(...unknown, says('authorized')).state).toBe('capturing')
    expect(walk(...unknown, says('captured')).state).toBe('captured')
    expect(walk(...unknown, says('declined')).state).toBe('declined')
    expect(walk(...toCapturing, silent, again, says('captured')).told).toEqual([captured])
  })

  test('an answer that says nothing new leads there too', () => {
    for (const answer of [says('none'), nonsense]) expect(walk(request, answer).state).toBe('unknown.waiting')
    expect(walk(...toCapturing, says('authorized')).state).toBe('unknown.waiting')
    expect(walk(...toCaptured, cancel, says('captured')).state).toBe('unknown.waiting')
    expect(walk(request, cancel, says('authorized'), says('authorized')).state).toBe('unknown.waiting')
  })

  test('is asked for again, more and more slowly, until there is an answer', () => {
    const delays: number[] = []
    const messages: AnyMessage[] = [request, silent]
    for (let n = 0; n < 10; n += 1) {
      const { effects, state } = walk(...messages)
      expect(state).toBe('unknown.waiting')
      delays.push(...effects.flatMap((effect) => (effect.kind === 'schedule' ? [effect.delayMs] : [])))
      messages.push(again, n % 3 === 0 ? nonsense : n % 3 === 1 ? refuses : silent)
    }
    expect(delays).toHaveLength(10)
    for (const [n, delay] of delays.entries()) {
      const middle = Math.min(500 * 2 ** n, 30_000)
      expect(Number.isInteger(delay)).toBe(true)
      expect(Math.abs(delay - middle)).toBeLessThanOrEqual(middle * 0.2 + 1)
    }
    expect(walk(request, silent).effects).toMatchObject([{ kind: 'schedule', id: 'again', clock: 'runtime' }])
  })

  for (const [what, way, answer] of [
    ['a refund that is refused', [...toCaptured, cancel, refuses], 'captured'],
    ['a void that is not confirmed', [request, cancel, says('authorized'), silent], 'authorized'],
    ['an authorisation that does not arrive', [request, silent], 'none'],
  ] as const) {
    test(`more and more slowly also when it is known each time how things stand: ${what}`, () => {
      const delays: number[] = []
      const messages: AnyMessage[] = [...way]
      for (let n = 0; n < 8; n += 1) {
        const { effects, state } = walk(...messages)
        expect(state).toBe('unknown.waiting')
        delays.push(...effects.flatMap((effect) => (effect.kind === 'schedule' ? [effect.delayMs] : [])))
        messages.push(again, says(answer), silent)
      }
      expect(delays).toHaveLength(8)
      for (const [n, delay] of delays.entries()) {
        const middle = Math.min(500 * 2 ** n, 30_000)
        expect(Math.abs(delay - middle)).toBeLessThanOrEqual(middle * 0.2 + 1)
      }
    })
  }

  test('that is another one than before is asked for soon again', () => {
    const anew = walk(request, silent, again, silent, again, says('authorized'), silent)
    expect(anew.effects).toEqual(walk(request, silent).effects)
  })
})

describe('money that is given back', () => {
  const ask = (refund: string, amount: number): AnyMessage => ({ type: 'payment.refund', refund, amount })
  const stands = (refunded: number): AnyMessage => ({
    type: 'call.done',
    call: 'x',
    result: { status: refunded === 2_890 ? 'refunded' : 'captured', captured: 2_890, refunded },
  })
  const states = (found: ReturnType<typeof walk>) =>
    found.stage.query<PaymentView>('view').refunds.map(({ id, amount, state }) => [id, amount, state])

  test('P5: is asked of the provider under a name of its own, and told in the reply', () => {
    const { effects, state } = walk(...toCaptured, ask('re_1', 900))
    expect(state).toBe('returning')
    expect(effects).toMatchObject([
      { kind: 'reply', message: { type: 'payment.refunding', id: 're_1', amount: 900, state: 'asked' } },
      {
        kind: 'call',
        id: 'provider.refund/re_1',
        handler: 'provider.refund',
        args: { payment: 'ord_1', refund: 're_1', amount: 900 },
      },
    ])
  })

  test('goes back while the order cooks, and the order hears nothing of it', () => {
    const way = [...toCaptured, ask('re_1', 900), stands(900)]
    const found = walk(...way)
    expect([found.state, found.told, states(found)]).toEqual([
      'captured',
      [captured],
      [['re_1', 900, 'given']],
    ])
    expect(published(...way)).toContainEqual({
      type: 'payment.refunded',
      order: 'ord_1',
      refund: 're_1',
      amount: 900,
    })
    expect(walk(...way, close).state).toBe('settled')
  })

  test('goes back days after the order was completed, until nobody may ask for it any more', () => {
    const over = { type: 'xstate.after.refundable.payment.settled' }
    const late = walk(...toCaptured, close, close, ask('re_1', 900), stands(900), ask('re_1', 900))
    expect([late.state, late.calls]).toEqual(['settled', ['authorize', 'capture', 'refund']])
    expect(late.effects).toMatchObject([{ kind: 'reply', message: { id: 're_1', state: 'given' } }])
    expect(walk(...toCaptured, close, over).state).toBe('closed')
    expect(walk(...toCaptured, close, over).stage.send(ask('re_1', 900))).toBeUndefined()
  })

  test('all of it in parts, and then no more; the payment stays for its order', () => {
    const way = [...toCaptured, ask('re_1', 900), stands(900), ask('re_2', 1_990), stands(2_890)]
    const found = walk(...way)
    expect([found.state, found.told]).toEqual(['captured', [captured]])
    expect(found.stage.send(ask('re_3', 1))).toBeUndefined()
    expect(walk(...way, close).state).toBe('settled')
    expect(walk(...way, cancel).told).toEqual([captured, { type: 'payment.settled', refunded: 2_890 }])
  })

  test('P5: is never more than was captured, whatever is asked for at once', () => {
    const { stage } = walk(...toCaptured, ask('re_1', 2_000))
    expect(stage.send(ask('re_2', 891))).toBeUndefined()
    const two = walk(...toCaptured, ask('re_1', 2_000), ask('re_1', 2_000), ask('re_2', 890), stands(2_000))
    expect([two.state, states(two)]).toEqual([
      'returning',
      [
        ['re_1', 2_000, 'given'],
        ['re_2', 890, 'asked'],
      ],
    ])
    expect(two.effects).toMatchObject([
      { kind: 'emit', event: { refund: 're_1' } },
      { kind: 'call', id: 'provider.refund/re_2' },
    ])
  })

  test('P5: an unknown outcome blocks what may be given already', () => {
    const found = walk(...toCaptured, close, ask('re_1', 2_000), silent, ask('re_2', 500), ask('re_1', 2_000))
    expect(found.state).toBe('unknown.waiting')
    expect(found.stage.send(ask('re_3', 500))).toBeUndefined()
    const done = walk(
      ...[...toCaptured, close, ask('re_1', 2_000), silent, ask('re_2', 500), again, stands(2_000)],
    )
    expect([done.state, done.calls.at(-1)]).toEqual(['returning', 'refund'])
    const notDone = walk(...toCaptured, ask('re_1', 2_000), silent, again, stands(0))
    expect(notDone.effects).toEqual(walk(...toCaptured, ask('re_1', 2_000)).effects.slice(1))
  })

  test('is refused only when the provider refuses it and a look shows that it is not done', () => {
    const doubtful = [...toCaptured, close, ask('re_1', 900), refuses, again]
    const not = walk(...doubtful, stands(0))
    expect([not.state, states(not)]).toEqual(['settled', [['re_1', 900, 'refused']]])
    const all = walk(...doubtful, stands(900))
    expect([all.state, states(all)]).toEqual(['settled', [['re_1', 900, 'given']]])
    expect(walk(...doubtful, stands(0), ask('re_2', 2_890)).state).toBe('returning')
  })

  test('and the order is cancelled meanwhile: the rest goes back, and each is in the books once', () => {
    const way = [...toCaptured, ask('re_1', 900), ask('re_2', 100), cancel, stands(900), stands(2_890)]
    const found = walk(...way)
    expect([found.state, found.told.at(-1)]).toEqual([
      'refunded',
      { type: 'payment.settled', refunded: 2_890 },
    ])
    expect(published(...way).filter(({ type }) => type === 'payment.refunded')).toEqual([
      { type: 'payment.refunded', order: 'ord_1', refund: 're_1', amount: 900 },
      { type: 'payment.refunded', order: 'ord_1', refund: 're_2', amount: 100 },
      { type: 'payment.refunded', order: 'ord_1', amount: 1_890 },
    ])
    const during = walk(...toCaptured, ask('re_1', 900), close, stands(900))
    expect(during.state).toBe('settled')
  })

  test('a few times, and not more often', () => {
    const way = [...toCaptured]
    for (let n = 1; n <= refundsMax; n += 1) way.push(ask(`re_${n}`, 10), stands(10 * n))
    expect(walk(...way).stage.send(ask('re_more', 10))).toBeUndefined()
  })
})

describe('P4: what the provider tells by itself', () => {
  const news = (status: ProviderStatus, amount = 0, refunded = 0): AnyMessage => ({
    type: 'payment.news',
    status,
    captured: amount,
    refunded,
  })
  const late = { ...says('authorized'), call: 'provider.authorize' }

  test('counts like an answer, and the answer that comes later changes nothing', () => {
    const found = walk(request, news('authorized'), late, { ...silent, call: 'provider.authorize' })
    expect([found.state, found.calls]).toEqual(['capturing', ['authorize', 'capture']])
    expect(walk(request, news('captured', 2_890), late).told).toEqual([captured])
    expect(walk(request, news('declined')).state).toBe('declined')
  })

  test('ends an unknown outcome at once', () => {
    expect(walk(...toCapturing, silent, news('captured', 2_890)).state).toBe('captured')
    expect(walk(...toCapturing, silent, again, news('captured', 2_890)).state).toBe('captured')
    expect(walk(...toCaptured, cancel, silent, news('refunded', 2_890, 2_890)).state).toBe('refunded')
    const given = [...toCaptured, { type: 'payment.refund', refund: 're_1', amount: 900 }, silent]
    expect(walk(...given, news('captured', 2_890, 900)).state).toBe('captured')
  })

  test('is heard also by an answer to a call that nobody waits for any more', () => {
    const found = walk(request, news('authorized'), { ...says('captured'), call: 'provider.lookup' })
    expect([found.state, found.told]).toEqual(['captured', [captured]])
  })

  test('and is old or repeated is not taken', () => {
    const { stage } = walk(...toCaptured)
    for (const old of [news('none'), news('authorized'), news('captured', 2_890)])
      expect(stage.send(old)).toBeUndefined()
    expect(walk(...toCaptured, close).stage.send(news('captured', 2_890))).toBeUndefined()
    expect(
      published(...toCapturing, news('captured', 2_890), { ...says('captured'), call: 'provider.capture' }),
    ).toEqual(published(...toCaptured))
  })
})

describe('what the provider says', () => {
  test('counts only in its own shape', () => {
    expect(providerAnswer({ status: 'captured', captured: 5, refunded: 0 })).toBeDefined()
    const others = [
      null,
      undefined,
      'captured',
      {},
      { status: 'captured' },
      { status: 'none', captured: 0.5, refunded: 0 },
      { status: 'captured', captured: -5, refunded: 0 },
      { status: 'declined', captured: 0, refunded: 0, reason: { code: 5 } },
    ]
    for (const other of others) expect(providerAnswer(other)).toBeUndefined()
  })
})

afterAll(() => expect(unreached(payment, reached)).toEqual([]))
