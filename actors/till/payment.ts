/**
 * The money of one order: authorised, captured, and returned: all of it when the order does not come to be, some of it
 * when somebody of the house gives it back.
 *
 * Only the provider knows where a payment stands. Whatever it says, in an answer or by itself, is written down if it is
 * news, and `deciding` compares it with what is wanted now. A call without an answer leads to `unknown`, which asks
 * until it is told. When the order is complete the payment is `settled`: for some days money can still be given back.
 *
 * Owns:     what is wanted, what the provider last said, the refunds that were asked for, and the calls to the provider.
 * Does not: know what the money is for, who may give it back (the gateway), or how the provider is reached (the host's
 *           handlers).
 *
 * Invariants:
 *   P1. At most one capture: authorise and capture have one call id each, which is the provider's key. What is asked
 *       for again after an unknown outcome has the same key, and an earlier try that was only late changes nothing.
 *   P2. An unknown outcome is never guessed: only words of the provider leave `unknown`.
 *   P3. A payment that is not wanted ends with nothing of the guest's money kept.
 *   P4. A payment only advances: what the provider said earlier and is heard later, or again, changes nothing.
 *   P5. One refund at a time, each under a call id of its own; what is given back and what is promised are together never
 *       more than what was captured.
 */

import { assign, setup } from 'xstate'
import type { Birth, Delivered } from '#actor'
import {
  backoffMs,
  call,
  cancel,
  defineActor,
  draw,
  effects,
  emit,
  hours,
  reply,
  schedule,
  seconds,
  tell,
} from '#actor'
import { orderRef } from '../orders/messages.ts'
import { stateName } from '../state-name.ts'
import { PaymentMessage } from './messages.ts'
import type { ProviderAnswer, ProviderArgs, ProviderOperation, ProviderStatus } from './provider-contract.ts'
import { providerAnswer } from './provider-contract.ts'

/** Between two questions about an unknown outcome. */
const patience = { minMs: 500, maxMs: 30_000, factor: 2, jitter: 0.2 } as const

/** World time: for so long after its order was completed, or after the last refund, money can be given back. */
export const refundableForMs = hours(72)

/** Of one payment, those that were refused included. */
export const refundsMax = 10

/** Money that somebody of the house gives back. `asked`: the provider is still to confirm it. */
export interface Refund {
  readonly id: string
  readonly amount: number
  readonly reason: string | null
  readonly state: 'asked' | 'given' | 'refused'
}

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
  /** The call whose answer counts as one; any other answer is late. */
  readonly awaited: string
  /** The order has heard of the capture. */
  readonly told: boolean
  /** The order is complete. */
  readonly closed: boolean
  readonly refunds: readonly Refund[]
  /** The refund that the provider has refused; whether it is done all the same is still asked. */
  readonly doubted: string | null
}

/** The payment's own timer: ask the provider again. */
type PaymentTimer = { readonly type: 'payment.again' }

type PaymentEvent = Delivered<PaymentMessage | PaymentTimer>

/** What the provider says with this event. */
function saidBy(event: PaymentEvent): ProviderAnswer | undefined {
  if (event.type === 'call.done') return providerAnswer(event.result)
  return event.type === 'payment.news' ? event : undefined
}

const rank = {
  none: 0,
  authorized: 1,
  captured: 2,
  declined: 3,
  voided: 3,
  refunded: 3,
} as const satisfies Record<ProviderStatus, number>

const isNews = (context: PaymentContext, said: ProviderAnswer): boolean =>
  rank[said.status] > rank[context.status] ||
  (said.status === context.status && said.refunded > context.refunded)

const sumOf = (refunds: readonly Refund[], state: Refund['state']): number =>
  refunds.reduce((sum, refund) => (refund.state === state ? sum + refund.amount : sum), 0)

const isWanted = ({ cancelled, reason }: PaymentContext): boolean => !cancelled && reason === null

/** What could still be given back. */
const leftOf = ({ captured, refunded, refunds }: PaymentContext): number =>
  captured - refunded - sumOf(refunds, 'asked')

/** The provider knows a refund by this name: each has its own. */
const refundCall = (refund: string): string => `provider.refund/${refund}`

const nextRefund = ({ refunds }: PaymentContext): Refund | undefined =>
  refunds.find(({ state }) => state === 'asked')

/** The refunds that are now known to be given, with so much given back in all. */
function givenBy(refunds: readonly Refund[], refunded: number): readonly Refund[] {
  let free = refunded - sumOf(refunds, 'given')
  return refunds.filter(({ state, amount }) => {
    if (state !== 'asked' || amount > free) return false
    free -= amount
    return true
  })
}

const provider = <Operation extends ProviderOperation>(
  handler: Operation,
  args: ProviderArgs[Operation],
  id: string = handler,
) => ({
  id,
  handler,
  args,
  deadlineMs: seconds(10),
  attemptsMax: 4,
})

export const paymentMachine = setup({
  types: {
    context: {} as PaymentContext,
    events: {} as PaymentEvent,
    input: {} as Birth,
  },
  delays: { refundable: refundableForMs },
  guards: {
    // An answer that says what was known before gets the payment nowhere: it is asked for again, later.
    saysNews: ({ context, event }) => {
      const said = saidBy(event)
      return said !== undefined && isNews(context, said)
    },
    isAwaited: ({ context, event }) =>
      (event.type === 'call.done' || event.type === 'call.failed') && event.call === context.awaited,
    isAnswer: ({ context, event }) =>
      event.type === 'call.done' && event.call === context.awaited && saidBy(event) !== undefined,
    isRefusal: ({ context, event }) =>
      event.type === 'call.failed' && event.call === context.awaited && event.reason === 'refused',
    stands: ({ context }, { at }: { at: ProviderStatus }) => context.status === at,
    standsWanted: ({ context }, { at }: { at: ProviderStatus }) => context.status === at && isWanted(context),
    owesRefund: ({ context }) =>
      context.status === 'captured' && isWanted(context) && nextRefund(context) !== undefined,
    isPaid: ({ context }) =>
      rank[context.status] >= rank.captured && context.captured > 0 && isWanted(context),
    isEarned: ({ context }) => context.closed && context.captured > 0 && isWanted(context),
    isKnownRefund: ({ context, event }) =>
      event.type === 'payment.refund' && context.refunds.some(({ id }) => id === event.refund),
    canRefund: ({ context, event }) =>
      event.type === 'payment.refund' &&
      context.status === 'captured' &&
      isWanted(context) &&
      event.amount <= leftOf(context) &&
      context.refunds.length < refundsMax,
  },
  actions: {
    authorize: call(({ context: { order, amount, token } }) =>
      provider('provider.authorize', { payment: order, amount, token }),
    ),
    capture: call(({ context: { order, amount } }) =>
      provider('provider.capture', { payment: order, amount }),
    ),
    void: call(({ context: { order } }) => provider('provider.void', { payment: order })),
    // All that is left.
    refund: call(({ context: { order } }) => provider('provider.refund', { payment: order })),
    giveBack: effects(({ context }) => {
      const { order } = context
      const next = nextRefund(context)
      if (next === undefined) return []
      const { id: refund, amount } = next
      return [call(provider('provider.refund', { payment: order, refund, amount }, refundCall(refund)))]
    }),
    lookUp: call(({ context: { order } }) => provider('provider.lookup', { payment: order })),
    await: assign((_, { call: awaited }: { call: string }) => ({ awaited })),
    awaitRefund: assign({ awaited: ({ context }) => refundCall(nextRefund(context)?.id ?? '') }),

    note: assign(({ context, event }) => {
      const said = saidBy(event)
      if (said === undefined) return {}
      const isLookup = event.type === 'call.done' && event.call === 'provider.lookup'
      // What was refused and is not done when it is looked up will not be done.
      const doubted = isLookup ? null : context.doubted
      if (!isNews(context, said)) {
        const { refunds } = context
        return doubted === context.doubted
          ? {}
          : { doubted, refunds: refunds.map((refund) => refusedIf(refund.id === context.doubted, refund)) }
      }
      const { status, captured, refunded, reason } = said
      const given = givenBy(context.refunds, refunded)
      const isAllBack = status !== 'captured'
      const refunds = context.refunds.map((refund) =>
        given.includes(refund)
          ? { ...refund, state: 'given' as const }
          : refusedIf(isAllBack || (isLookup && refund.id === context.doubted), refund),
      )
      // Only news begins anew: what fails again and again from the same standing is tried more and more slowly.
      const heard = { status, captured, refunded, asked: 0, reason: context.reason ?? reason ?? null }
      return { ...heard, refunds, doubted }
    }),
    noteRefusal: assign({ reason: ({ event }) => (event.type === 'call.failed' ? event.detail : null) }),
    noteDoubt: assign({ doubted: ({ context }) => nextRefund(context)?.id ?? null }),
    noteCancel: assign({ cancelled: true }),
    noteClose: assign({ closed: true }),
    noteRefund: assign(({ context, event }) => {
      if (event.type !== 'payment.refund') return {}
      const { refund: id, amount, reason = null } = event
      return { refunds: [...context.refunds, { id, amount, reason, state: 'asked' as const }] }
    }),
    // After `noteRefund`: with the refund in it.
    sayRefund: reply(({ context, event }) => ({
      type: 'payment.refunding',
      ...context.refunds.find(({ id }) => event.type === 'payment.refund' && id === event.refund),
    })),

    waitABit: schedule(
      'again',
      ({ context: { order, asked } }) =>
        Math.round(backoffMs(patience, asked, draw(0, `payment/${order}`, asked))),
      { type: 'payment.again' },
      { clock: 'runtime' },
    ),
    countAsked: assign({ asked: ({ context }) => context.asked + 1 }),

    sayCaptured: effects(({ context: { order, captured, told } }) =>
      told ? [] : [tell(orderRef(order), { type: 'payment.captured', amount: captured })],
    ),
    noteTold: assign({ told: true }),
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
      const answer = saidBy(event)
      if (answer?.status !== 'captured' || status === 'captured') return []
      return [emit({ type: 'payment.captured', order, amount: answer.captured })]
    }),
    // As soon as it is learnt, each refund by its name, and what was returned without one. Before `note`.
    publishRefunded: effects(({ context, event }) => {
      const { order, refunded: before, refunds } = context
      const answer = saidBy(event)
      if (answer === undefined || answer.refunded <= before) return []
      const named = givenBy(refunds, answer.refunded).map(({ id, amount }) => ({ refund: id, amount }))
      const rest = answer.refunded - before - named.reduce((sum, { amount }) => sum + amount, 0)
      return [...named, ...(rest > 0 ? [{ amount: rest }] : [])].map((part) =>
        emit({ type: 'payment.refunded', order, ...part }),
      )
    }),
    publishDeclined: emit(({ context: { order, reason } }) => ({ type: 'payment.declined', order, reason })),
    publishVoided: emit(({ context: { order } }) => ({ type: 'payment.voided', order })),
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
    awaited: '',
    told: false,
    closed: false,
    refunds: [],
    doubted: null,
  }),
  initial: 'created',
  on: {
    // What the provider says by itself counts like an answer. What is no news is not taken, and leaves no trace.
    'payment.news': {
      guard: 'saysNews',
      target: '.deciding',
      actions: ['publishCaptured', 'publishRefunded', 'note'],
    },
    // An answer that nobody waits for any more: the provider's own news was faster.
    'call.done': [
      { guard: 'saysNews', target: '.deciding', actions: ['publishCaptured', 'publishRefunded', 'note'] },
      {},
    ],
    'call.failed': {},
  },
  states: {
    created: {
      tags: 'rest',
      on: {
        'payment.request': {
          target: 'authorizing',
          actions: assign(({ event: { amount, token } }) => ({ amount, token })),
        },
      },
    },
    authorizing: {
      tags: 'working',
      entry: [{ type: 'await', params: { call: 'provider.authorize' } }, 'authorize'],
      on: {
        'call.done': [
          { guard: 'saysNews', target: 'deciding', actions: ['publishCaptured', 'publishRefunded', 'note'] },
          { guard: 'isAwaited', target: 'unknown' },
        ],
        'call.failed': [
          { guard: 'isRefusal', target: 'deciding', actions: 'noteRefusal' },
          { guard: 'isAwaited', target: 'unknown' },
        ],
        // What is on its way cannot be called back: the answer decides how it is undone.
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    authorized: { tags: 'working', always: 'capturing' },
    capturing: {
      tags: 'working',
      entry: [{ type: 'await', params: { call: 'provider.capture' } }, 'capture'],
      on: {
        'call.done': [
          { guard: 'saysNews', target: 'deciding', actions: ['publishCaptured', 'publishRefunded', 'note'] },
          { guard: 'isAwaited', target: 'unknown' },
        ],
        'call.failed': [
          { guard: 'isRefusal', target: 'deciding', actions: 'noteRefusal' },
          { guard: 'isAwaited', target: 'unknown' },
        ],
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    captured: {
      tags: 'rest',
      entry: ['sayCaptured', 'noteTold'],
      on: {
        'payment.cancel': { target: 'deciding', actions: 'noteCancel' },
        'payment.close': { target: 'settled', actions: 'noteClose' },
        'payment.refund': [
          { guard: 'isKnownRefund', actions: 'sayRefund' },
          { guard: 'canRefund', target: 'deciding', actions: ['noteRefund', 'sayRefund'] },
        ],
      },
    },
    voiding: {
      tags: ['working', 'undone'],
      entry: [{ type: 'await', params: { call: 'provider.void' } }, 'void'],
      on: {
        'call.done': [
          { guard: 'saysNews', target: 'deciding', actions: ['publishCaptured', 'publishRefunded', 'note'] },
          { guard: 'isAwaited', target: 'unknown' },
        ],
        'call.failed': { guard: 'isAwaited', target: 'unknown' },
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    // Some of it: one refund that was asked for, while the rest is kept.
    returning: {
      tags: ['working', 'undone'],
      entry: ['awaitRefund', 'giveBack'],
      on: {
        'call.done': [
          { guard: 'saysNews', target: 'deciding', actions: ['publishRefunded', 'note'] },
          { guard: 'isAwaited', target: 'unknown' },
        ],
        'call.failed': [
          { guard: 'isRefusal', target: 'unknown', actions: 'noteDoubt' },
          { guard: 'isAwaited', target: 'unknown' },
        ],
        'payment.cancel': { actions: 'noteCancel' },
        'payment.close': { actions: 'noteClose' },
        'payment.refund': [
          { guard: 'isKnownRefund', actions: 'sayRefund' },
          { guard: 'canRefund', actions: ['noteRefund', 'sayRefund'] },
        ],
      },
    },
    // All that is left of it.
    refunding: {
      tags: ['working', 'undone'],
      entry: [{ type: 'await', params: { call: 'provider.refund' } }, 'refund'],
      on: {
        'call.done': [
          { guard: 'saysNews', target: 'deciding', actions: ['publishCaptured', 'publishRefunded', 'note'] },
          { guard: 'isAwaited', target: 'unknown' },
        ],
        'call.failed': { guard: 'isAwaited', target: 'unknown' },
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    unknown: {
      initial: 'waiting',
      states: {
        waiting: {
          tags: 'waiting',
          entry: ['countAsked', 'waitABit'],
          exit: cancel('again'),
          on: { 'payment.again': 'asking' },
        },
        asking: {
          tags: 'working',
          entry: [{ type: 'await', params: { call: 'provider.lookup' } }, 'lookUp'],
          on: {
            'call.done': [
              {
                guard: 'isAnswer',
                target: '#payment.deciding',
                actions: ['publishCaptured', 'publishRefunded', 'note'],
              },
              { guard: 'isAwaited', target: 'waiting' },
            ],
            'call.failed': { guard: 'isAwaited', target: 'waiting' },
          },
        },
      },
      on: {
        'payment.cancel': { actions: 'noteCancel' },
        'payment.close': { actions: 'noteClose' },
        'payment.refund': [
          { guard: 'isKnownRefund', actions: 'sayRefund' },
          { guard: 'canRefund', actions: ['noteRefund', 'sayRefund'] },
        ],
      },
    },
    // Passing: where it stands, and whether it is wanted, decide what is done next.
    deciding: {
      tags: 'working',
      always: [
        { guard: { type: 'standsWanted', params: { at: 'none' } }, target: 'authorizing' },
        { guard: { type: 'standsWanted', params: { at: 'authorized' } }, target: 'authorized' },
        { guard: 'owesRefund', target: 'returning' },
        { guard: 'isEarned', target: 'settled' },
        { guard: 'isPaid', target: 'captured' },
        { guard: { type: 'stands', params: { at: 'captured' } }, target: 'refunding' },
        { guard: { type: 'stands', params: { at: 'declined' } }, target: 'declined' },
        { guard: { type: 'stands', params: { at: 'voided' } }, target: 'voided' },
        { guard: { type: 'stands', params: { at: 'refunded' } }, target: 'refunded' },
        { target: 'voiding' },
      ],
    },
    declined: { tags: ['rest', 'undone'], type: 'final', entry: ['sayDeclined', 'publishDeclined'] },
    voided: { tags: ['rest', 'undone'], type: 'final', entry: ['sayUndone', 'publishVoided'] },
    refunded: { tags: ['rest', 'undone'], type: 'final', entry: 'sayUndone' },
    // The order is complete. It leaves memory meanwhile, and ends when nobody may ask for the money any more.
    settled: {
      tags: 'rest',
      on: {
        'payment.close': {},
        'payment.refund': [
          { guard: 'isKnownRefund', actions: 'sayRefund' },
          { guard: 'canRefund', target: 'deciding', actions: ['noteRefund', 'sayRefund'] },
        ],
      },
      after: { refundable: 'closed' },
    },
    closed: { tags: 'rest', type: 'final' },
  },
})

function refusedIf(isRefused: boolean, refund: Refund): Refund {
  return isRefused && refund.state === 'asked' ? { ...refund, state: 'refused' } : refund
}

/** A payment, for checks and for people. */
export interface PaymentView {
  readonly order: string
  readonly state: string
  readonly amount: number
  readonly captured: number
  readonly refunded: number
  readonly reason: string | null
  readonly refunds: readonly Refund[]
}

export const payment = defineActor({
  type: 'payment',
  glyph: 'diamond',
  accepts: PaymentMessage,
  creates: ['payment.request'],
  // An order asks again when it had to wait; the last word may be on its way.
  ignores: ['payment.cancel', 'payment.news'],
  machine: paymentMachine,
  queries: {
    view: ({ value, context, version }) => {
      const { order, amount, captured, refunded, reason, refunds } = context as PaymentContext
      return { order, state: stateName(value), amount, captured, refunded, reason, refunds, version }
    },
  },
})
