/**
 * A notice in words: one sentence for a list, a lock screen or a text message, and the title of a letter.
 *
 * Does not: lay out a letter (`#outside` does), or escape anything: these are plain words.
 */
import { recipeOf } from '../orders/menu-data.ts'
import { currency } from '../orders/messages.ts'
import type { Notice, NoticeEvent } from './messages.ts'

export interface NoticeWords {
  readonly title: string
  readonly text: string
}

/** `28.90 EUR`, whatever machine it is. */
export const moneyText = (cents: number): string =>
  `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')} ${currency}`

/** Ids are long; the end of one is enough to tell a guest's orders apart. */
const shortOrder = (order: string): string => order.slice(-6)

type Told = Pick<Notice, 'order' | 'amount' | 'reason'>
const sum = ({ amount }: Told, before: string): string =>
  amount === undefined ? '' : `${before}${moneyText(amount)}`
const because = ({ reason = '' }: Told): string => {
  if (reason === '') return ''
  return reason === 'guest' ? ', as you wished' : ` (${reason.replaceAll('-', ' ')})`
}

const words: Readonly<Record<NoticeEvent, readonly [title: string, text: (told: Told) => string]>> = {
  'order.created': ['Order received', (told) => `We have your order${sum(told, ' over ')}.`],
  'order.paid': ['Payment received', (told) => `Your payment${sum(told, ' of ')} has arrived.`],
  'cooking.started': ['In the kitchen', () => 'The kitchen has begun.'],
  'order.ready': ['Your order is ready', () => 'It is plated: enjoy your meal.'],
  'order.completed': ['Your receipt', (told) => `You paid${sum(told, ' ')}. Thank you, and come again.`],
  'order.rejected': ['We cannot make your order', (told) => `We are sorry${because(told)}.`],
  'order.cancelled': ['Your order is cancelled', (told) => `It will not be made${because(told)}.`],
  'order.expired': ['Your order took too long', (told) => `We have given it up${because(told)}.`],
  'order.refunded': ['Your money is on its way back', (told) => `We return${sum(told, ' ')} to your card.`],
}

export function wordsOf({ event, ...told }: Told & Pick<Notice, 'event'>): NoticeWords {
  const [title, text] = words[event]
  return { title, text: `${text(told)} Order ${shortOrder(told.order)}.` }
}

/** What stands on the menu for it; a dish that is there no more has its id. */
export const dishText = (dish: string): string => recipeOf(dish)?.name ?? dish
