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
/** Bins run empty. */
const isScarce = ({ stock }: Day): boolean => stock.par < 1

export const actorMutants: readonly Mutant[] = [
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
          { target: 'unknown' },
        ],
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    captured: {`,
    replace: `          { guard: 'isRefusal', target: 'deciding', actions: 'noteRefusal' },
          { target: 'captured' },
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
    find: `        'call.failed': 'unknown',
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    unknown: {`,
    replace: `        'call.failed': 'refunded',
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
    find: `        'call.failed': 'unknown',
        'payment.cancel': { actions: 'noteCancel' },
      },
    },
    unknown: {`,
    replace: `        'call.failed': {
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
    id: 'void-forgotten',
    where: 'actors',
    what: "a payment that is not wanted any more leaves the guest's money blocked",
    file: 'actors/till/payment.ts',
    find: "{ target: 'voiding' },\n      ],",
    replace: "{ target: 'voided' },\n      ],",
    by,
    likely: refundsInDoubt,
  },
  {
    id: 'crossing-capture-taken-for-the-end',
    where: 'actors',
    what: 'a capture that crosses the cancellation is taken for its answer',
    file: 'actors/orders/order.ts',
    find: "        'payment.captured': {},\n        'reservation.committed': {},",
    replace:
      "        'payment.captured': { target: 'unwinding', actions: 'moneyGone' },\n        'reservation.committed': {},",
    by,
    likely: cancels,
  },
  {
    id: 'stock-off-by-one',
    where: 'actors',
    what: 'a bin gives one more than it has',
    file: 'actors/pantry/bin.ts',
    find: 'if (amount <= context.free) {',
    replace: 'if (amount <= context.free + 1) {',
    by,
    likely: isScarce,
  },
  {
    id: 'wait-without-end',
    where: 'actors',
    what: 'a reservation that waits for a bin too long is never told',
    file: 'actors/pantry/bin.ts',
    find: "actions: ['stopWaiting', 'answerRefused', 'answerQueue', 'serveQueue'],",
    replace: "actions: ['stopWaiting', 'answerQueue', 'serveQueue'],",
    by,
    likely: isScarce,
  },
  {
    id: 'stock-returned-twice',
    where: 'actors',
    what: 'a reservation that is released twice gives its stock back twice',
    file: 'actors/pantry/reservation.ts',
    find: "on: { 'bin.released': { actions: 'tick' }, 'reservation.release': {} },",
    replace:
      "on: {\n        'bin.released': { actions: 'tick' },\n        'reservation.release': { target: 'returning', reenter: true },\n      },",
    by,
    likely: cancels,
  },
  {
    id: 'refused-bins-not-released',
    where: 'actors',
    what: 'what other bins hold for a reservation that one bin refused is not given back',
    file: 'actors/pantry/reservation.ts',
    find: "entry: ['awaitAsked', 'releasePending'],",
    replace: "entry: [assign({ pending: [] }), 'releasePending'],",
    by,
    likely: isScarce,
  },
]
