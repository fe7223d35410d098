import { describe, expect, test } from 'vitest'
import type { ActorId, Message } from '#actor'
import type { JournalRecord } from '#ports'
import { IdentityCheck } from './identity.ts'

const record = (actor: string, event: Message, message: Message = { type: 'any' }): JournalRecord =>
  ({ actor: actor as ActorId, message, events: [event] }) as unknown as JournalRecord
const confirmed = (account: string) => record('address/x', { type: 'address.confirmed', account } as Message)
const freed = record('address/x', { type: 'address.freed' })
const registered = (account: string) =>
  record(`account/${account}`, { type: 'account.registered', address: 'x' } as Message)
const closed = (account: string) => record(`account/${account}`, { type: 'account.closed' })
const rotated = (presented: number, counter: number) =>
  record(
    'session/s',
    { type: 'session.rotated', counter } as Message,
    {
      type: 'session.rotate',
      counter: presented,
    } as Message,
  )

function judged(...records: readonly JournalRecord[]): string {
  const check = new IdentityCheck()
  for (const one of records) check.record(one)
  check.close()
  return check.found.none ? '' : check.found.detail
}

describe('the check of identity', () => {
  test('finds nothing where an address goes from one account to the next', () => {
    expect(
      judged(
        confirmed('a'),
        registered('a'),
        freed,
        closed('a'),
        confirmed('b'),
        confirmed('b'),
        registered('b'),
      ),
    ).toBe('')
  })

  test('finds an address of two accounts', () => {
    expect(judged(confirmed('a'), confirmed('b'))).toContain('belongs to a and to b')
  })

  test('finds an account without an address, and one with the address of another', () => {
    expect(judged(registered('a'))).toContain('belongs to nobody')
    expect(judged(confirmed('b'), registered('a'))).toContain('belongs to b')
  })

  test('finds a number that was exchanged for two', () => {
    expect(judged(rotated(1, 2), rotated(1, 2), rotated(2, 3))).toBe('')
    expect(judged(rotated(1, 2), rotated(1, 3))).toContain('session/s 1 was exchanged for 2 and for 3')
  })
})
