/**
 * The handlers of the office's calls: mail, text messages, deliveries to webhooks.
 *
 * Owns:     what becomes of a channel that nobody has set up: a definitive no, so that nothing is tried for an hour.
 */
import type { DeliveryArgs, OfficeCall } from '#actors'
import { type MailOptions, mailHandler } from './mail-client.ts'
import { noteDeparture } from './outbox-book.ts'
import type { CallHandler } from './provider-client.ts'
import { type SmsOptions, smsHandler } from './sms-client.ts'
import { type WebhookOptions, webhookHandler } from './webhook-client.ts'

export interface OfficeOptions {
  readonly mail?: MailOptions
  readonly sms?: SmsOptions
  readonly webhooks: WebhookOptions
  /** Where the calls of webhooks are noted, in development. Default: nowhere. */
  readonly outboxFile?: string
}

export function officeHandlers({
  mail,
  sms,
  webhooks,
  outboxFile,
}: OfficeOptions): Record<OfficeCall, CallHandler> {
  const deliver = webhookHandler(webhooks)
  return {
    'mail.send': mail === undefined ? notSetUp : mailHandler(mail),
    'sms.send': sms === undefined ? notSetUp : smsHandler(sms),
    'webhook.deliver': outboxFile === undefined ? deliver : noted(deliver, outboxFile),
  }
}

const notSetUp: CallHandler = async () => ({ kind: 'refused', detail: 'not set up' })

function noted(deliver: CallHandler, file: string): CallHandler {
  return async (call, signal) => {
    const outcome = await deliver(call, signal)
    const { url, body } = call.args as DeliveryArgs
    const summary = outcome.kind === 'done' ? `${body.type}: taken` : `${body.type}: ${outcome.detail}`
    noteDeparture(file, { channel: 'webhook', key: body.id, to: url, summary, content: JSON.stringify(body) })
    return outcome
  }
}
