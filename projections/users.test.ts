import { expect, test } from 'vitest'
import type { Message } from '#actor'
import { account, accountRef } from '#actors'
import { Machine } from '#kernel'
import { MemoryRows, usersProjection, userTable } from '#projections'
import { Stage } from './journal.test-kit.ts'

type Said = Message & Readonly<Record<string, unknown>>

const email = 'ada@example.org'
const hash = `$argon2id$v=19$${'x'.repeat(80)}`
const register: Said = {
  type: 'account.register',
  address: 'address-of-ada',
  email,
  hash,
  name: 'Ada Lovelace',
  roles: ['customer'],
}

/** The one row, or none, after these messages to one account. */
function rowAfter(...messages: readonly Said[]) {
  const stage = new Stage(new Map([['account', new Machine(account)]]))
  for (const message of messages) stage.tell(accountRef('ada'), message)
  expect(stage.records, 'every message was a turn').toHaveLength(messages.length)
  const rows = new MemoryRows()
  for (const record of stage.records) usersProjection.apply(rows, record)
  const all = [...rows.all(userTable)]
  expect(all.length).toBeLessThanOrEqual(1)
  return all[0]
}
const registered: readonly Said[] = [register, { type: 'address.confirmed' }]

test('an account has the state and the roles that it has itself', () => {
  expect(rowAfter(register)).toMatchObject({ state: 'registering', roles: ['customer'], version: 1 })
  expect(rowAfter(...registered)).toMatchObject({ id: 'ada', state: 'active', lockedBy: null, version: 2 })
  const roles = ['staff', 'manager']
  expect(rowAfter(...registered, { type: 'account.set-roles', roles })).toMatchObject({ roles, version: 3 })
  const barred = [...registered, { type: 'account.lock' }]
  expect(rowAfter(...barred)).toMatchObject({ state: 'locked', lockedBy: 'operator' })
  expect(rowAfter(...barred, { type: 'account.unlock' })).toMatchObject({ state: 'active', lockedBy: null })
  const wrong = Array.from({ length: 5 }, () => ({ type: 'account.login-failed' }))
  expect(rowAfter(...registered, ...wrong)).toMatchObject({ state: 'locked', lockedBy: 'failures' })
  const closing = [...registered, { type: 'account.close' }]
  expect(rowAfter(...closing)).toMatchObject({ state: 'closing' })
  expect(rowAfter(...closing, { type: 'address.released' })).toMatchObject({ state: 'closed' })
})

test('of an address that somebody else has there is no account', () => {
  expect(rowAfter(register, { type: 'address.refused' })).toBeUndefined()
})

test('a row says nothing of the person', () => {
  const row = rowAfter(...registered)
  expect(Object.keys(row ?? {}).toSorted()).toEqual([
    'createdAt',
    'id',
    'lockedBy',
    'roles',
    'state',
    'version',
  ])
  expect(JSON.stringify(row)).not.toMatch(/example|argon2|Lovelace|address-of/)
})

test('P2: turns of an account whose beginning was not read change nothing', () => {
  const stage = new Stage(new Map([['account', new Machine(account)]]))
  for (const message of [...registered, { type: 'account.lock' }]) stage.tell(accountRef('ada'), message)
  const rows = new MemoryRows()
  for (const record of stage.records.slice(1)) usersProjection.apply(rows, record)
  expect([...rows.all(userTable)]).toEqual([])
})
