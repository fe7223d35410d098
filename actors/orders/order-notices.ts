/**
 * What an order tells its guest's inbox: what it tells the public, and that money went back.
 *
 * Does not: decide who hears of it, or how (`office/inbox.ts` does). A guest without an account has no inbox.
 */
import type { Effect } from '#actor'
import type { Notice, NoticeEvent, Topic } from '../office/messages.ts'
import { inboxRef } from '../office/messages.ts'
import type { OrderItem } from './messages.ts'

const topicOf: Readonly<Record<NoticeEvent, Topic>> = {
  'order.created': 'progress',
  'order.paid': 'progress',
  'cooking.started': 'progress',
  'order.ready': 'ready',
  'order.completed': 'receipt',
  'order.rejected': 'trouble',
  'order.cancelled': 'trouble',
  'order.expired': 'trouble',
  'order.refunded': 'trouble',
}

/** As much of an event as a notice tells. */
export interface Told {
  readonly type: string
  readonly order: string
  readonly guest?: string
  readonly amount?: number
  readonly total?: number
  readonly reason?: string
}

/** One tell for a guest with an account, none for another. `lines` are the receipt's. */
export function noticesOf(told: Told, lines?: readonly OrderItem[]): readonly Effect[] {
  const notice = noticeOf(told, lines)
  if (told.guest === undefined || notice === undefined) return []
  return [{ kind: 'tell', to: inboxRef(told.guest), message: { type: 'inbox.notify', ...notice } }]
}

/** What there is to tell of it; undefined of what is nobody's news. */
export function noticeOf(told: Told, lines?: readonly OrderItem[]): Notice | undefined {
  const { type, order, amount = told.total, reason } = told
  if (!isNoticed(type)) return undefined
  return {
    id: `${order}.${type}`,
    topic: topicOf[type],
    event: type,
    order,
    ...(amount !== undefined && { amount }),
    ...(reason !== undefined && { reason: reason.slice(0, 200) }),
    ...(lines !== undefined && {
      lines: lines.map(({ dish, quantity, price }) => ({ dish, quantity, price })),
    }),
  }
}

const isNoticed = (type: string): type is NoticeEvent => Object.hasOwn(topicOf, type)
