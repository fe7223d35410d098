/**
 * The money of one order: authorised, captured, and returned when the order does not come to be.
 *
 * Only the provider knows where a payment stands. Each answer of it is written down, and `deciding` compares
 * it with what is wanted now. A call without an answer leads to `unknown`, which asks until it is told.
 *
 * Owns:     what is wanted, what the provider last said, and the calls to it.
 * Does not: know what the money is for, or how the provider is reached (the host's handlers).
 *
 * Invariants:
 *   P1. At most one capture: authorise and capture have one call id each, which is the provider's key. What is asked
 *       for again after an unknown outcome has the same key, and an earlier try that was only late changes nothing.
 *   P2. An unknown outcome is never guessed: only an answer of the provider leaves `unknown`.
 *   P3. A payment that is not wanted ends with nothing of the guest's money kept.
 */

import { assign, setup } from 'xstate'
import type { Birth, Delivered } from '#actor'
import { backoffMs, call, defineActor, draw, effects, emit, schedule, seconds, tell } from '#actor'
import { orderRef } from '../orders/messages.ts'
import { stateName } from '../state-name.ts'
import { PaymentMessage } from './messages.ts'
import type { ProviderArgs, ProviderOperation, ProviderStatus } from './provider-contract.ts'
import { providerAnswer } from './provider-contract.ts'

/** Between two questions about an unknown outcome. */
const patience = { minMs: 500, maxMs: 30_000, factor: 2, jitter: 0.2 } as const

export interface PaymentContext {
  readonly order: string
  readonly amount: number
  readonly token: string
  /** What the provider said last. */
  readonly status: ProviderStatus
  readonly captured: number
  readonly refunded: number
  /** The order does not want it any more. */
  readonly cancelled: boolean
  /** Why it did not come to be. */
  readonly reason: string | null
  /** How often an unknown outcome was asked for since it last stood elsewhere. */
  readonly asked: number
}

/** The payment's own timer: ask the provider again. */
type PaymentTimer = { readonly type: 'payment.again' }

const statusOf = (event: Delivered<PaymentMessage | PaymentTimer>): ProviderStatus | undefined =>
  event.type === 'call.done' ? providerAnswer(event.result)?.status : undefined

const provider = <Operation extends ProviderOperation>(
  handler: Operation,
  args: ProviderArgs[Operation],
) => ({
  id: handler,
  handler,
  args,
  deadlineMs: seconds(10),
  attemptsMax: 4,
})

export const paymentMachine = setup({
  types: {
    context: {} as PaymentContext,
    events: {} as Delivered<PaymentMessage | PaymentTimer>,
    input: {} as Birth,
  },
  guards: {
    // An answer that says what was known before gets the payment nowhere: it is asked for again, later.
    saysNews: ({ context, event }) => {
      const status = statusOf(event)
      return status !== undefined && status !== context.status
    },
    isAnswer: ({ event }) => statusOf(event) !== undefined,
    isRefusal: ({ event }) => event.type === 'call.failed' && event.reason === 'refused',
    stands: ({ context }, { at }: { at: ProviderStatus }) => context.status === at,
    standsWanted: ({ context }, { at }: { at: ProviderStatus }) =>
      context.status === at && !context.cancelled && context.reason === null,
  },
  actions: {
    authorize: call(({ context: { order, amount, token } }) =>
      provider('provider.authorize', { payment: order, amount, token }),
    ),
    capture: call(({ context: { order, amount } }) =>
      provider('provider.capture', { payment: order, amount }),
    ),
    void: call(({ context: { order } }) => provider('provider.void', { payment: order })),
    refund: call(({ context: { order } }) => provider('provider.refund', { payment: order })),
    lookUp: call(({ context: { order } }) => provider('provider.lookup', { payment: order })),

    note: assign(({ context, event }) => {
      const answer = event.type === 'call.done' ? providerAnswer(event.result) : undefined
      if (answer === undefined) return {}
      const { status, captured, refunded, reason } = answer
      // Only news begins anew: what fails again and again from the same standing is tried more and more slowly.
      const asked = status === context.status ? context.asked : 0
      return { status, captured, refunded, asked, reason: context.reason ?? reason ?? null }
    }),
    noteRefusal: assign({ reason: ({ event }) => (event.type === 'call.failed' ? event.detail : null) }),
    noteCancel: assign({ cancelled: true }),

    waitABit: schedule(
      'again',
      ({ context: { order, asked } }) =>
        Math.round(backoffMs(patience, asked, draw(0, `payment/${order}`, asked))),
      { type: 'payment.again' },
      { clock: 'runtime' },
    ),
    countAsked: assign({ asked: ({ context }) => context.asked + 1 }),

    sayCaptured: tell(
      ({ context }) => orderRef(context.order),
      ({ context }) => ({ type: 'payment.captured', amount: context.captured }),
    ),
    sayDeclined: tell(
      ({ context }) => orderRef(context.order),
      ({ context }) => ({ type: 'payment.declined', reason: context.reason ?? 'declined' }),
    ),
    // Who cancelled is told that it is done; who did not learns that it failed.
    sayUndone: effects(({ context: { order, cancelled, reason, refunded } }) => [
      cancelled
        ? tell(orderRef(order), { type: 'payment.settled', refunded })
        : tell(orderRef(order), { type: 'payment.declined', reason: reason ?? 'undone by the provider' }),
    ]),
    // When it is first learnt, wanted or not: what is captured and then refunded is in the books twice. Before `note`.
    publishCaptured: effects(({ context: { order, status }, event }) => {
      const answer = event.type === 'call.done' ? providerAnswer(event.result) : undefined
      if (answer?.status !== 'captured' || status === 'captured') return []
      return [emit({ type: 'payment.captured', order, amount: answer.captured })]
    }),
    publishDeclined: emit(({ context: { order, reason } }) => ({ type: 'payment.declined', order, reason })),
    publishVoided: emit(({ context: { order } }) => ({ type: 'payment.voided', order })),
    publishRefunded: emit(({ context: { order, refunded } }) => ({
      type: 'payment.refunded',
      order,
      amount: refunded,
    })),
  },
}).createMachine({
  id: 'payment',
  version: '1',
  context: ({ input }) => ({
    order: input.key,
    amount: 0,
    token: '',
    status: 'none',
    captured: 0,
    refunded: 0,
    cancelled: false,
    reason: null,
    asked: 0,
  }),
  initial: 'created',
  states: {
    created: {
      on: {
        'payment.request': {
          target: 'authorizing',
          actions: assign(({ event: { amount, token } }) => ({ amount, token })),
        },
      },
    },
    authorizing: {
      entry: 'authorize',
      on: {
        'call.done': [
          { guard: 'saysNews', target: 'deciding', actions: ['publishCaptured', 'note'] },
          { target: 'unknown' },
        ],
        'call.failed': [
          { guard: 'isRefusal', target: 'deciding', actions: 'noteRefusal' },
          { target: 'unknown' },
        ],
        // What is on its way cannot be called back: the answer decides how it is undone.
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    authorized: { always: 'capturing' },
    capturing: {
      entry: 'capture',
      on: {
        'call.done': [
          { guard: 'saysNews', target: 'deciding', actions: ['publishCaptured', 'note'] },
          { target: 'unknown' },
        ],
        'call.failed': [
          { guard: 'isRefusal', target: 'deciding', actions: 'noteRefusal' },
          { target: 'unknown' },
        ],
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    captured: {
      entry: 'sayCaptured',
      on: {
        'payment.cancel': { target: 'refunding', actions: 'noteCancel' },
        'payment.close': 'settled',
      },
    },
    voiding: {
      entry: 'void',
      on: {
        'call.done': [
          { guard: 'saysNews', target: 'deciding', actions: ['publishCaptured', 'note'] },
          { target: 'unknown' },
        ],
        'call.failed': 'unknown',
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    refunding: {
      entry: 'refund',
      on: {
        'call.done': [
          { guard: 'saysNews', target: 'deciding', actions: ['publishCaptured', 'note'] },
          { target: 'unknown' },
        ],
        'call.failed': 'unknown',
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    unknown: {
      initial: 'waiting',
      states: {
        waiting: { entry: ['countAsked', 'waitABit'], on: { 'payment.again': 'asking' } },
        asking: {
          entry: 'lookUp',
          on: {
            'call.done': [
              { guard: 'isAnswer', target: '#payment.deciding', actions: ['publishCaptured', 'note'] },
              { target: 'waiting' },
            ],
            'call.failed': 'waiting',
          },
        },
      },
      on: { 'payment.cancel': { actions: 'noteCancel' } },
    },
    // Passing: where it stands, and whether it is wanted, decide what is done next.
    deciding: {
      always: [
        { guard: { type: 'standsWanted', params: { at: 'none' } }, target: 'authorizing' },
        { guard: { type: 'standsWanted', params: { at: 'authorized' } }, target: 'authorized' },
        { guard: { type: 'standsWanted', params: { at: 'captured' } }, target: 'captured' },
        { guard: { type: 'stands', params: { at: 'captured' } }, target: 'refunding' },
        { guard: { type: 'stands', params: { at: 'declined' } }, target: 'declined' },
        { guard: { type: 'stands', params: { at: 'voided' } }, target: 'voided' },
        { guard: { type: 'stands', params: { at: 'refunded' } }, target: 'refunded' },
        { target: 'voiding' },
      ],
    },
    declined: { type: 'final', entry: ['sayDeclined', 'publishDeclined'] },
    voided: { type: 'final', entry: ['sayUndone', 'publishVoided'] },
    refunded: { type: 'final', entry: ['sayUndone', 'publishRefunded'] },
    settled: { type: 'final' },
  },
})

/** A payment, for checks and for people. */
export interface PaymentView {
  readonly order: string
  readonly state: string
  readonly amount: number
  readonly captured: number
  readonly refunded: number
  readonly reason: string | null
}

export const payment = defineActor({
  type: 'payment',
  accepts: PaymentMessage,
  creates: ['payment.request'],
  // An order asks again when it had to wait; the last word may be on its way.
  ignores: ['payment.cancel'],
  machine: paymentMachine,
  queries: {
    view: ({ value, context, version }) => {
      const { order, amount, captured, refunded, reason } = context as PaymentContext
      return { order, state: stateName(value), amount, captured, refunded, reason, version }
    },
  },
})
