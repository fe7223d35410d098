/**
 * Every problem that the API can give a guest, as a sentence, and what to do about it.
 *
 * Owns:     the words. No word of them is about clusters: a guest has an order, and not a node.
 * Does not: decide whether to ask again (`retry.ts` does).
 */
import type { ProblemBody, ProblemCode, Shortage } from './answers.ts'
import { listOf, wordsOf } from './words.ts'

export interface Said {
  readonly what: string
  readonly next: string
}

const say = (what: string, next: string): Said => ({ what, next })

const again = 'Your order is safe: we go on asking, and it is made once.'
const ourFault = say(
  'Something went wrong on our side.',
  'Try once more; if it stays so, please tell somebody of the house.',
)
const reload = say('This page and the house do not understand each other.', 'Reload the page and try again.')

const words: Readonly<Partial<Record<ProblemCode, Said>>> = {
  // What a guest can mend
  'menu-changed': say('The menu has just changed.', 'Look at the new prices, and order again.'),
  'insufficient-stock': say('There is too little left for all of it.', 'Take less of it, or something else.'),
  'payment-declined': say('The card was declined.', 'Nothing was charged. Try another card.'),
  'already-paid': say('It is paid already.', 'There is nothing more to do.'),
  'too-late': say('It is too late to cancel: the plates are being dressed.', 'Enjoy your meal.'),
  'invalid-transition': say('That is not possible any more.', 'The order has gone on; see how it stands.'),
  'orders-closed': say(
    'The last order has been called.',
    'What was ordered before is still cooked. Try again later: what you have chosen stays here.',
  ),
  'switched-off': say('Nothing can be swapped at the moment.', 'Order the dishes as they are on the menu.'),
  unauthorized: say('Guests cannot order by phone at the moment.', 'Please order at the counter.'),
  'token-invalid': say('This order is not known here any more.', 'Ask at the counter, if you expect food.'),
  'not-found': say('This order is not known here any more.', 'Ask at the counter, if you expect food.'),
  validation: say('Something of the order is not possible.', 'Change it, and try again.'),
  'precondition-failed': say('It was changed meanwhile.', 'See how it stands now, and try again.'),
  'payload-too-large': say('That is too much for one order.', 'Make two of it.'),

  // What passes
  busy: say('The house is very busy.', again),
  'quota-exceeded': say('Too many are asking at once.', again),
  'entity-relocating': say('The house is catching its breath.', again),
  'actor-timeout': say('The house has not answered in time.', again),
  'not-ready': say('The house does not answer yet.', again),
  'dependency-open': say('A part of the house does not answer.', again),
  'request-in-progress': say('Your order is just being taken.', again),
  'request-timeout': say('The connection is slow.', again),
  'storage-full': say('The house cannot write orders down at the moment.', again),
  'time-stands-still': say('The clock of the house is stopped.', 'It goes on when somebody starts it again.'),
  'provider-unavailable': say('The bank does not answer.', 'Nothing was charged. Try again in a minute.'),
  'too-many-streams': say(
    'Many are watching their orders.',
    'Yours goes on; this page looks again by itself.',
  ),
  'actor-stopped': say('This order is being looked after by hand.', 'Please ask at the counter.'),

  // What should not happen
  'actor-failed': ourFault,
  internal: ourFault,
  'idempotency-key-missing': reload,
  'idempotency-key-invalid': reload,
  'idempotency-key-reused': reload,
  'idempotency-key-expired': say('It has arrived.', 'Ask at the counter, do not order again.'),
  'malformed-json': reload,
  'unsupported-media-type': reload,
  'not-acceptable': reload,
  'bad-request': reload,
}

/** Whether there are words of its own for it. */
export const isSayable = (code: string): boolean => Object.hasOwn(words, code)

/** Where a problem names what it is about, so does the sentence. */
export function saidOf(problem: ProblemBody | 'no-network'): Said {
  if (problem === 'no-network')
    return say('There is no connection to the house.', 'We go on trying. Your order is made once.')
  const { code, detail, errors = [], shortages = [] } = problem
  const { what, next } = words[code] ?? ourFault
  if (shortages.length > 0) return { what: shortOf(shortages), next }
  const details = errors.map((error) => error.detail)
  if (code === 'validation' && details.length > 0) return { what: `${what} It ${listOf(details)}.`, next }
  if (code === 'menu-changed' && details.some((one) => one.includes('not available')))
    return { what: 'A dish has just sold out.', next: 'Take another one: the menu shows what there is.' }
  if (code === 'switched-off' && detail !== undefined) return { what: detail, next }
  return { what, next }
}

export const shortOf = (shortages: readonly Shortage[]): string =>
  `There is too little ${listOf(shortages.map(({ ingredient }) => wordsOf(ingredient)))} left.`
