import { afterAll, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import { idleMaxMs, leewayMs, lifetimeMs, type SessionView, session } from './session.ts'

const reached = new Set<string>()
const open = { type: 'session.open', account: 'usr_1' }
const rotate = (counter: number): AnyMessage => ({ type: 'session.rotate', counter })
const revoke = { type: 'session.revoke' }
const settle = { type: 'session.settle' }

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(session, 'usr_1.s1')
  let effects: readonly Effect[] = []
  for (const message of messages) {
    const found = stage.send(message)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    reached.add(`session:${stage.state}`).add(`session>${message.type}`)
  }
  const reply = effects.find((e) => e.kind === 'reply')?.message
  const told = effects.flatMap((e) => (e.kind === 'tell' ? [e] : []))
  const timers = effects.flatMap((e) => (e.kind === 'schedule' ? [[e.id, e.delayMs, e.clock]] : []))
  return { stage, effects, reply, told, timers, state: stage.state }
}
const given = (counter: number) => ({ type: 'session.rotated', counter })

test('the current number is exchanged for the next one', () => {
  expect(walk(open, rotate(1))).toMatchObject({ state: 'rotated', reply: given(2) })
  expect(walk(open, rotate(1), rotate(2)).reply).toEqual(given(3))
  expect(walk(open, rotate(1), settle, rotate(2)).reply).toEqual(given(3))
})

test('S1: the one before gives the same next one again, for a moment', () => {
  expect(walk(open, rotate(1), rotate(1), rotate(1))).toMatchObject({ state: 'rotated', reply: given(2) })
  expect(walk(open, rotate(1)).timers).toContainEqual(['settle', leewayMs, 'runtime'])
  expect(walk(open, rotate(1), rotate(2), rotate(2)).reply).toEqual(given(3))
})

const copied = [
  ['after the moment', [rotate(1), settle, rotate(1)]],
  ['that is two behind', [rotate(1), rotate(2), rotate(1)]],
  ['that was never given', [rotate(7)]],
  ['that was never given, within the moment', [rotate(1), rotate(9)]],
] as const
for (const [claim, messages] of copied) {
  test(`a number ${claim} ends the family, and the account is told`, () => {
    const { state, reply, told, effects } = walk(open, ...messages)
    expect([state, reply]).toEqual(['revoked', { type: 'session.reused' }])
    expect(told).toMatchObject([
      { to: 'account/usr_1', message: { type: 'account.session-ended', session: 'usr_1.s1' } },
    ])
    expect(effects).toContainEqual({
      kind: 'emit',
      event: { type: 'session.ended', session: 'usr_1.s1', account: 'usr_1', reason: 'reused' },
    })
  })
}

test('it ends when it is idle, when its time is over, and when somebody says so', () => {
  expect(walk(open).timers).toEqual([
    ['idle', idleMaxMs, 'runtime'],
    ['expire', lifetimeMs, 'runtime'],
  ])
  expect(walk(open, { type: 'session.idle' }).state).toBe('expired')
  expect(walk(open, rotate(1), { type: 'session.expire' }).state).toBe('expired')
  expect(walk(open, rotate(1), revoke)).toMatchObject({ state: 'revoked', told: [{ to: 'account/usr_1' }] })
})

test('use puts off idleness, and never the end of its time', () => {
  expect(walk(open, rotate(1)).timers.map(([id]) => id)).toEqual(['settle', 'idle'])
})

test('opening it again changes nothing', () => {
  expect(walk(open, rotate(1), open)).toMatchObject({ state: 'rotated', effects: [] })
})

test('shows whose it is and when it was used', () => {
  const { stage } = walk(open)
  stage.send(rotate(1), 5_000)
  expect(stage.query<SessionView>('view')).toEqual({
    id: 'usr_1.s1',
    account: 'usr_1',
    state: 'rotated',
    openedAt: 0,
    usedAt: 5_000,
  })
})

test('publishes each exchange, so that a check can compare them', () => {
  expect(walk(open, rotate(1), rotate(1)).effects).toContainEqual({
    kind: 'emit',
    event: { type: 'session.rotated', session: 'usr_1.s1', counter: 2 },
  })
})

test('lives in the shard of its account', () => {
  expect(session.shardKey?.('usr_1.s1')).toBe('usr_1')
})

afterAll(() => expect(unreached(session, reached)).toEqual([]))
