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

test('P1: its inbox hears of each change of where it can be reached, once', () => {
  const told = (...messages: readonly AnyMessage[]) =>
    walk(...messages).effects.flatMap((effect) =>
      effect.kind === 'tell' ? [[effect.to, effect.message]] : [],
    )
  const heard = (was: object, is: object) => [['inbox/usr_1', { type: 'inbox.contact', was, is }]]
  const nowhere = { email: null, phone: null }
  const byMail = { email: 'ada@example.org', phone: null }
  const both = { ...byMail, phone: '+4915112345678' }
  const phone = { type: 'profile.change', phone: both.phone }
  expect(told(open)).toEqual(heard(nowhere, byMail))
  expect(told(open, open)).toEqual([])
  expect(told(open, phone)).toEqual(heard(byMail, both))
  expect(told(open, phone, phone)).toEqual([])
  expect(told(open, phone, { type: 'profile.change', name: 'Ada L.' })).toEqual([])
  expect(told(open, phone, { type: 'profile.prefer', preferences: {} })).toEqual([])
  expect(told(open, phone, { type: 'profile.change', phone: null })).toEqual(heard(both, byMail))
  expect(told(open, phone, { type: 'profile.close' })).toEqual(heard(both, nowhere))
})

test('of a closed one nothing is left', () => {
  const { state, view } = walk(open, { type: 'profile.close' })
  expect([state, view]).toEqual([
    'closed',
    { account: 'usr_1', email: '', name: null, phone: null, locale: null, preferences: {} },
  ])
})

afterAll(() => expect(unreached(profile, reached)).toEqual([]))
