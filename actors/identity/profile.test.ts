import { afterAll, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import { type ProfileView, profile } from './profile.ts'

const reached = new Set<string>()
const open = { type: 'profile.open', email: 'ada@example.org', name: 'Ada' }

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(profile, 'usr_1')
  let effects: readonly Effect[] = []
  for (const message of messages) {
    const found = stage.send(message)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    reached.add(`profile:${stage.state}`).add(`profile>${message.type}`)
  }
  return { state: stage.state, effects, view: stage.query<ProfileView>('view') }
}

test('begins with what was said at registration', () => {
  expect(walk(open).view).toEqual({
    account: 'usr_1',
    email: 'ada@example.org',
    name: 'Ada',
    phone: null,
    locale: null,
    preferences: {},
  })
})

test('what is not named stays, and null takes it away', () => {
  const phone = { type: 'profile.change', phone: '+4915112345678' }
  expect(walk(open, phone).view).toMatchObject({ name: 'Ada', phone: '+4915112345678' })
  expect(walk(open, phone, { type: 'profile.change', name: null }).view).toMatchObject({
    name: null,
    phone: '+4915112345678',
  })
  expect(walk(open, { type: 'profile.change', locale: 'de-AT' }).view).toMatchObject({ locale: 'de-AT' })
})

test('preferences are replaced as a whole, and the answer shows them', () => {
  const { view, effects } = walk(
    open,
    { type: 'profile.prefer', preferences: { serve: 'table' } },
    { type: 'profile.prefer', preferences: { avoids: ['basil'] } },
  )
  expect(view.preferences).toEqual({ avoids: ['basil'] })
  expect(effects).toMatchObject([{ kind: 'reply', message: { type: 'profile.view', ...view } }])
})

test('opening it again changes nothing', () => {
  expect(walk(open, { ...open, name: 'Eve' }).view.name).toBe('Ada')
})

test('of a closed one nothing is left', () => {
  const { state, view } = walk(open, { type: 'profile.close' })
  expect([state, view]).toEqual([
    'closed',
    { account: 'usr_1', email: '', name: null, phone: null, locale: null, preferences: {} },
  ])
})

afterAll(() => expect(unreached(profile, reached)).toEqual([]))
