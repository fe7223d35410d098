import { describe, expect, test } from 'vitest'
import { officeSettingsOf } from './office-settings.ts'

describe('how letters leave the house', () => {
  test('is nobody’s, until it is said; receivers may be near where the gateway is', () => {
    expect(officeSettingsOf(true, {})).toEqual({ allowPrivate: true })
    expect(officeSettingsOf(false, {})).toEqual({ allowPrivate: false })
    expect(officeSettingsOf(true, { BRIGADE_WEBHOOKS_ALLOW_PRIVATE: 'no' })).toEqual({ allowPrivate: false })
  })

  test('is what the environment says', () => {
    const said = {
      BRIGADE_SMTP_URL: 'smtps://house:pw@mail.example.org',
      BRIGADE_MAIL_FROM: 'House <house@example.org>',
      BRIGADE_SMS_URL: 'https://AC1:pw@api.twilio.com',
      BRIGADE_SMS_FROM: '+15550001',
    }
    expect(officeSettingsOf(true, said)).toEqual({
      mail: { url: said.BRIGADE_SMTP_URL, from: said.BRIGADE_MAIL_FROM },
      sms: { url: said.BRIGADE_SMS_URL, from: said.BRIGADE_SMS_FROM },
      allowPrivate: true,
    })
  })

  test.each([
    [{ BRIGADE_SMTP_URL: 'http://house:hidden@mail' }, 'BRIGADE_SMTP_URL'],
    [{ BRIGADE_SMS_URL: 'hidden' }, 'BRIGADE_SMS_URL'],
    [{ BRIGADE_SMS_URL: 'https://AC1:hidden@api.twilio.com' }, 'BRIGADE_SMS_FROM'],
    [{ BRIGADE_WEBHOOKS_ALLOW_PRIVATE: 'perhaps' }, 'BRIGADE_WEBHOOKS_ALLOW_PRIVATE'],
  ])('%j is refused, and no password is shown', (said, field) => {
    const refused = (): unknown => officeSettingsOf(true, said)
    expect(refused).toThrow(field)
    expect(refused).not.toThrow('hidden')
  })
})
