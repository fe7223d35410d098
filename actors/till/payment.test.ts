import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, CallEffect, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import type { PaymentView } from './payment.ts'
import { payment } from './payment.ts'
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
  for (const message of messages) {
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
    const published = (...messages: AnyMessage[]) =>
      messages.flatMap((_, n) =>
        walk(...messages.slice(0, n + 1)).effects.flatMap((e) => (e.kind === 'emit' ? e.event : [])),
      )
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
