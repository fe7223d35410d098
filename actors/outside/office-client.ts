/**
 * The handlers of the office's calls: mail, text messages, deliveries to webhooks.
 *
 * Owns:     what becomes of a channel that nobody has set up: a definitive no, so that nothing is tried for an hour.
 */
import type { OfficeCall } from '#actors'
import { type MailOptions, mailHandler } from './mail-client.ts'
import type { CallHandler } from './provider-client.ts'
import { type SmsOptions, smsHandler } from './sms-client.ts'
import { type WebhookOptions, webhookHandler } from './webhook-client.ts'

export interface OfficeOptions {
  readonly mail?: MailOptions
  readonly sms?: SmsOptions
  readonly webhooks: WebhookOptions
}

export function officeHandlers({ mail, sms, webhooks }: OfficeOptions): Record<OfficeCall, CallHandler> {
  return {
    'mail.send': mail === undefined ? notSetUp : mailHandler(mail),
    'sms.send': sms === undefined ? notSetUp : smsHandler(sms),
    'webhook.deliver': webhookHandler(webhooks),
  }
}

const notSetUp: CallHandler = async () => ({ kind: 'refused', detail: 'not set up' })
