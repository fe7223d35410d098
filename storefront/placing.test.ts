import { expect, test } from 'vitest'
import { isSendable } from './placing.ts'

test('an attempt can be sent again for a day: by then nobody knows its key', () => {
  const made = {
    key: 'k',
    body: { items: [], total: { amount: 1, currency: 'EUR' }, serve: 'collect' },
    at: 5,
  } as const
  const dayMs = 24 * 60 * 60 * 1_000
  expect([isSendable(made, 5), isSendable(made, 5 + dayMs), isSendable(made, 6 + dayMs)]).toEqual([
    true,
    true,
    false,
  ])
})
