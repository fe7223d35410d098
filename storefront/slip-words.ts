/**
 * How an order stands, in a sentence that a guest would say.
 *
 * Owns:     the words of each state, and its place among the six steps.
 * Does not: decide what can be done; `order-known.ts` says what is possible, and the house decides.
 */
import { isUnpaid, type KnownOrder } from './order-known.ts'
import { shortOf } from './problem-words.ts'
import { clockOf, moneyIn, sentence, shortOrder } from './words.ts'

export interface SlipWords {
  readonly title: string
  readonly sub: string
  /** How many of the steps are done. */
  readonly step: number
  /** The money, the stock or the ticket goes back, or has gone. */
  readonly isUndone: boolean
}

export const steps = ['placed', 'payment', 'queue', 'cooking', 'plating', 'ready'] as const

const stepOf: Readonly<Record<string, number>> = {
  placed: 0,
  reserving: 0,
  revising: 0,
  paying: 1,
  confirmed: 2,
  queued: 2,
  cooking: 3,
  plating: 4,
  ready: 5,
  completed: 6,
}

/** `isSlow`: it has stood so for longer than a guest would expect. */
export function slipWords(known: KnownOrder, isSlow: boolean): SlipWords {
  const { order, isGone = false } = known
  const [title, sub] = isGone ? gone : wordsFor(known, isSlow)
  const step = stepOf[order.state]
  return { title, sub, step: step ?? 0, isUndone: isGone || step === undefined }
}

type Words = readonly [title: string, sub: string]

const gone: Words = ['We do not know this order any more', 'Ask at the counter, if you expect food.']
const longer = 'It takes a little longer than usual.'

function wordsFor(known: KnownOrder, isSlow: boolean): Words {
  const { order, id } = known
  const at = order.serve === 'table' ? 'at your table' : 'at the counter'
  switch (order.state) {
    case 'placed':
    case 'reserving':
      return [
        'We have your order',
        isSlow ? `${longer} Your order is safe.` : 'Your dishes are being set aside.',
      ]
    case 'revising':
      return ['We have your change', 'We look whether there is enough of everything.']
    case 'paying':
      if (isUnpaid(known)) {
        return ['Please pay', `Your order is set aside.${keptUntil(known)}`]
      }
      return [
        'Checking your payment',
        isSlow ? `${longer} You will not be charged twice.` : 'We are asking your bank.',
      ]
    case 'confirmed':
    case 'queued':
      return ['Paid, thank you', isSlow ? `${longer} The kitchen is full.` : 'A cook begins with it soon.']
    case 'cooking':
      return ['It is cooking', `Ready ${at} about ${clockOf(order.promisedAt)}.`]
    case 'plating':
      return ['It is being plated', `A moment more, then it is ready ${at}.`]
    case 'ready':
      return order.serve === 'table'
        ? ['It is on its way', 'Somebody brings it to your table.']
        : ['It is ready', `Come to the counter, and say ${shortOrder(id)}.${keptUntil(known)}`]
    case 'completed':
      return order.reason === 'not-fetched'
        ? ['It was not fetched', 'It was cooked and paid, and waited for hours.']
        : ['Enjoy your meal', 'Thank you, and come again.']
    case 'cancelling':
      return ['Cancelling your order', 'The kitchen is told to stop.']
    case 'refunding':
      return ['Giving your money back', isSlow ? `${longer} It comes.` : 'We are telling your bank.']
    case 'releasing':
      return ['Almost undone', 'What was set aside for you goes back.']
    case 'rejected':
      if (known.isDeclined) return ['Your card was declined', 'Nothing was charged. Another card may do.']
      return ['We cannot make it', `${shortIn(known)}${money(known)}`]
    case 'cancelled':
      return order.reason === 'guest'
        ? ['Your order is cancelled', sentence(money(known))]
        : ['We had to cancel it', `We are sorry: the kitchen could not make it. ${money(known)}`]
    case 'expired':
      return known.isPaymentAsked
        ? ['It took us too long', `We are sorry, and have given it up. ${money(known)}`]
        : ['It was not paid in time', 'What was kept for you is free again. Nothing was charged.']
    default:
      return [sentence(order.state), '']
  }
}

const keptUntil = ({ story }: KnownOrder): string =>
  story?.until === undefined ? '' : ` It is kept for you until ${clockOf(story.until)}.`

const shortIn = ({ order: { shortages = [] } }: KnownOrder): string =>
  shortages.length > 0 ? `${shortOf(shortages)} ` : 'We are sorry. '

/** What became of the money. Only what the till has said is told as done. */
function money({ order: { payment, total }, isPaymentAsked }: KnownOrder): string {
  const refunded = payment?.refunded?.amount ?? 0
  if (refunded > 0) return `€ ${moneyIn(refunded)} went back to your card.`
  if (payment === undefined || payment === null)
    return isPaymentAsked ? 'You do not pay for it.' : 'Nothing was charged.'
  return (payment.captured?.amount ?? 0) > 0
    ? `€ ${moneyIn(total.amount)} are on their way back to your card.`
    : 'Nothing was charged.'
}

/** The slower ones have a promise of their own. Milliseconds of the guest's. */
export const slowAfterMs: Readonly<Record<string, number>> = {
  placed: 5_000,
  reserving: 5_000,
  paying: 4_000,
  confirmed: 60_000,
  queued: 60_000,
  refunding: 5_000,
}
