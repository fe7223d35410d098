/**
 * What the office asks of the world outside, and what it is told.
 *
 * Owns:     the names of the outbound calls, their arguments, and the shape of their answers.
 * Does not: know how anybody is reached (`#outside`), or any secret: a webhook's is derived from the service key,
 *           its id and its number by whoever signs.
 *
 * Invariants:
 *   C1. A deed is known by its call's key: the Message-ID of a mail, the idempotency key of a text message and of a
 *       delivery. Whoever hears it twice does it once.
 */
import type { Notice, NoticeEvent } from './messages.ts'

/** A letter or a text message. `notification` is who sends it. */
export interface LetterArgs {
  readonly notification: string
  readonly to: string
  readonly notice: Notice
}

export interface DeliveryArgs {
  readonly webhook: string
  /** Which of its secrets signs. */
  readonly secretNumber: number
  readonly url: string
  readonly body: DeliveryBody
}

/** What a receiver is sent, as JSON: the same bytes in each try. */
export interface DeliveryBody {
  readonly id: string
  readonly type: NoticeEvent
  /** World time, in microseconds. */
  readonly at: number
  readonly order: string
  readonly amount?: number
  readonly currency?: string
  readonly reason?: string
}

export interface OfficeArgs {
  readonly 'mail.send': LetterArgs
  readonly 'sms.send': LetterArgs
  readonly 'webhook.deliver': DeliveryArgs
}
export type OfficeCall = keyof OfficeArgs

export const officeCalls = [
  'mail.send',
  'sms.send',
  'webhook.deliver',
] as const satisfies readonly OfficeCall[]

/** The HTTP status that a receiver answered with, if the result tells it. */
export function statusIn(result: unknown): number | undefined {
  const status = (result as { readonly status?: unknown } | null | undefined)?.status
  return Number.isInteger(status) ? (status as number) : undefined
}
