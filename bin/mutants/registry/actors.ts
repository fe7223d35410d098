/** Bugs of the restaurant. Each needs a fault to show: on a day without trouble it does no harm. */
import type { Day, FaultKind } from '#day'
import type { Mutant } from '../mutant.ts'

const by = ['explore'] as const

const has =
  (...kinds: readonly FaultKind[]) =>
  ({ faults }: Day): boolean =>
    faults.some(({ kind }) => kinds.includes(kind))
const cancels = ({ guests }: Day): boolean => guests.cancelShare > 0.1
/** The provider may be silent, and what was paid is to be given back. */
const refundsInDoubt = (day: Day): boolean => has('provider-outage')(day) && cancels(day)
/** Some cancel while their payment, with a slow card, is still on its way. */
const cancelsAtOnce = ({ guests }: Day): boolean =>
  guests.cancelShare > 0.1 && guests.cancelWithin === '10s' && (guests.cards.slow ?? 0) > 0
/** Letters to members fail. */
const lettersFail = (day: Day): boolean =>
  has('mail-outage', 'sms-outage')(day) && (day.guests.members ?? 0) > 0
/** The provider captures, and its answer is lost: that it tells of it later is all there is. */
const captureIsTold = (day: Day): boolean =>
  (day.guests.cards.timeoutCaptured ?? 0) > 0 || has('provider-silent')(day)
/** Suppliers come within the evening. */
const isSuppliedSoon = ({ stock }: Day): boolean => stock.lead === '1m' || stock.lead === '5m'
/** Bins run empty. */
const isScarce = ({ stock }: Day): boolean => stock.par < 1

export const actorMutants: readonly Mutant[] = [
  {
    id: 'alarm-rings-again',
    where: 'actors',
    what: 'a kitchen timer keeps an alarm that has rung, and rings it again when the timer is repaired',
    file: 'actors/hardware/kitchen-timer.ts',
    find: `  draft.forget(alarm)
  draft.set({ rung:`,
    replace: '  draft.set({ rung:',
    by,
    likely: has('timer-stopped'),
  },
  {
    id: 'capture-booked-twice',
    where: 'actors',
    what: 'a capture is booked again whenever the provider is asked where it stands: charged twice, in our books',
    file: 'actors/till/payment.ts',
    find: "if (answer?.status !== 'captured' || status === 'captured') return []",
    replace: "if (answer?.status !== 'captured') return []",
    by,
    likely: refundsInDoubt,
  },
  {
    id: 'capture-guessed',
    where: 'actors',
    what: 'a capture without an answer counts as done',
    file: 'actors/till/payment.ts',
    find: `          { guard: 'isRefusal', target: 'deciding', actions: 'noteRefusal' },
          { guard: 'isAwaited', target: 'unknown' },
        ],
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    captured: {`,
    replace: `          { guard: 'isRefusal', target: 'deciding', actions: 'noteRefusal' },
          { guard: 'isAwaited', target: 'captured' },
        ],
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    captured: {`,
    by,
    likely: has('provider-outage'),
  },
  {
    id: 'refund-guessed',
    where: 'actors',
    what: 'a refund without an answer counts as done',
    file: 'actors/till/payment.ts',
    find: `        'call.failed': { guard: 'isAwaited', target: 'unknown' },
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    unknown: {`,
    replace: `        'call.failed': { guard: 'isAwaited', target: 'refunded' },
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    unknown: {`,
    by,
    likely: refundsInDoubt,
  },
  {
    id: 'refund-booked-twice',
    where: 'actors',
    what: 'a refund is booked when it is tried, and again when it is done',
    file: 'actors/till/payment.ts',
    find: `        'call.failed': { guard: 'isAwaited', target: 'unknown' },
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    unknown: {`,
    replace: `        'call.failed': {
          guard: 'isAwaited',
          target: 'unknown',
          actions: emit(({ context: { order, captured } }) => ({
            type: 'payment.refunded',
            order,
            amount: captured,
          })),
        },
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    unknown: {`,
    by,
    likely: refundsInDoubt,
  },
  {
    id: 'unknown-left-alone',
    where: 'actors',
    what: 'a payment whose outcome is unknown is never asked for again',
    file: 'actors/till/payment.ts',
    find: "entry: ['countAsked', 'waitABit']",
    replace: "entry: ['countAsked']",
    by,
    likely: has('provider-outage'),
  },
  {
    id: 'void-forgotten',
    where: 'actors',
    what: "a payment that is not wanted any more leaves the guest's money blocked",
    file: 'actors/till/payment.ts',
    find: "{ target: 'voiding' },\n      ],",
    replace: "{ target: 'voided' },\n      ],",
    by,
    likely: cancelsAtOnce,
  },
  {
    id: 'told-capture-not-booked',
    where: 'actors',
    what: 'a capture of which the provider tells by itself, and not in its answer, is in no book',
    file: 'actors/till/payment.ts',
    find: `      target: '.deciding',
      actions: ['publishCaptured', 'publishRefunded', 'note'],`,
    replace: `      target: '.deciding',
      actions: ['publishRefunded', 'note'],`,
    by,
    likely: captureIsTold,
  },
  {
    id: 'delivery-booked-twice',
    where: 'actors',
    what: 'a delivery of which the house is told twice is brought to its bin twice',
    file: 'actors/pantry/replenisher.ts',
    find: '      if (!isOpen(order)) return { context, effects: [received({ ...lot, amount: order.brought })] }\n',
    replace: '',
    by,
    likely: isSuppliedSoon,
  },
  {
    id: 'supply-ordered-anew',
    where: 'actors',
    what: 'an order to a supplier that got no answer is followed by another, and what comes of the first is forgotten',
    file: 'actors/pantry/replenisher.ts',
    find: "if (order?.state === 'asked') return { context, effects: [asking(context, order)] }",
    replace: "if (order?.state === 'asked') return ordered(context, order.ingredient, order.amount)",
    by,
    likely: isSuppliedSoon,
  },
  {
    id: 'held-stock-given-again',
    where: 'actors',
    what: 'a bin that runs out gives what it holds for others',
    file: 'actors/pantry/bin.ts',
    find: 'if (amount <= context.free) {',
    replace: 'if (amount <= context.free + context.held) {',
    by,
    likely: isScarce,
  },
  {
    id: 'refusal-not-believed',
    where: 'actors',
    what: 'an order that got no stock waits for its reservation to give it back',
    file: 'actors/orders/order.ts',
    find: "          actions: [\n            'stockGone',\n            assign({ shortages",
    replace: '          actions: [\n            assign({ shortages',
    by,
    likely: isScarce,
  },
  {
    id: 'refused-bins-not-released',
    where: 'actors',
    what: 'what other bins hold for a reservation that one bin refused is not given back',
    file: 'actors/pantry/reservation.ts',
    find: 'pending: ({ context: { lines, asked, shortages } }) =>\n        lines\n          .slice(0, asked)',
    replace:
      "pending: ({ context: { lines, asked, shortages, outcome } }) =>\n        lines\n          .slice(0, outcome === 'refused' ? 0 : asked)",
    by,
    likely: isScarce,
  },
  {
    id: 'letter-left-lying',
    where: 'actors',
    what: 'a letter that its server did not take is not tried again, and its end is never told',
    file: 'actors/office/notification.ts',
    find: `      entry: 'waitABit',
      on: { 'notification.again': 'asking', 'notification.deadline': 'failed' },`,
    replace: "      on: { 'notification.again': 'asking' },",
    by,
    likely: lettersFail,
  },
  {
    id: 'letter-guessed',
    where: 'actors',
    what: 'a letter that its server did not take counts as sent: the guest is told nothing, and nobody knows',
    file: 'actors/office/notification.ts',
    find: "          { target: 'queued', actions: 'noteFailure' },",
    replace: "          { target: 'sent', actions: 'noteFailure' },",
    by,
    likely: lettersFail,
  },
]
