/**
 * How letters, text messages and deliveries leave the house, as the environment says it.
 *
 * `BRIGADE_SMTP_URL` (`smtps://user:password@host`), `BRIGADE_MAIL_FROM`; `BRIGADE_SMS_URL`
 * (`https://ACCOUNT:TOKEN@api.twilio.com`), `BRIGADE_SMS_FROM`; `BRIGADE_WEBHOOKS_ALLOW_PRIVATE` (`yes` or `no`).
 *
 * Does not: connect to anybody.
 */
import { ClusterError } from '#actor'
import type { MailOptions, SmsOptions } from '#outside'
import { settingOf } from './settings.ts'

export interface OfficeSettings {
  readonly mail?: MailOptions
  readonly sms?: SmsOptions
  readonly allowPrivate: boolean
  /** In development: where what leaves is noted. */
  readonly outboxFile?: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * `isLocal`: the gateway is on loopback, as in development; then receivers may be there, too, unless it is said.
 *
 * @throws ClusterError `CLUSTER_CONFIG_INVALID`.
 */
export function officeSettingsOf(isLocal: boolean, environment: Environment = process.env): OfficeSettings {
  const mail = settingOf('BRIGADE_SMTP_URL', environment)
  const sms = settingOf('BRIGADE_SMS_URL', environment)
  return {
    ...(mail !== undefined && {
      mail: {
        url: checked('BRIGADE_SMTP_URL', mail, ['smtp:', 'smtps:']),
        from: settingOf('BRIGADE_MAIL_FROM', environment) ?? 'Brigade <no-reply@brigade.invalid>',
      },
    }),
    ...(sms !== undefined && {
      sms: {
        url: checked('BRIGADE_SMS_URL', sms, ['http:', 'https:']),
        from: settingOf('BRIGADE_SMS_FROM', environment) ?? missing('BRIGADE_SMS_FROM'),
      },
    }),
    allowPrivate: isAllowed(settingOf('BRIGADE_WEBHOOKS_ALLOW_PRIVATE', environment), isLocal),
  }
}

function isAllowed(said: string | undefined, otherwise: boolean): boolean {
  if (said === undefined) return otherwise
  if (said === 'yes' || said === 'no') return said === 'yes'
  throw invalid('BRIGADE_WEBHOOKS_ALLOW_PRIVATE', 'it is neither yes nor no', 'Say one of the two.')
}

// What is wrong is said without the value: a password stands in it.
function checked(field: string, url: string, protocols: readonly string[]): string {
  if (URL.canParse(url) && protocols.includes(new URL(url).protocol)) return url
  throw invalid(
    field,
    'it is no such address',
    `It begins with ${protocols.map((one) => `${one}//`).join(' or ')}.`,
  )
}

function missing(field: string): never {
  throw invalid(field, 'it is missing', 'Set the number that text messages come from.')
}

const invalid = (field: string, problem: string, remedy: string): ClusterError =>
  new ClusterError('CLUSTER_CONFIG_INVALID', { field, problem, remedy })
