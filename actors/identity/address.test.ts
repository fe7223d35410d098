import { afterAll, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import { type AddressView, address, claimLastsMs } from './address.ts'

const reached = new Set<string>()
const claim = (account: string): AnyMessage => ({ type: 'address.claim', account })
const confirm = (account: string): AnyMessage => ({ type: 'address.confirm', account })
const release = (account: string): AnyMessage => ({ type: 'address.release', account })
const lapse = { type: 'address.lapse' }

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(address, 'h4sh')
  let effects: readonly Effect[] = []
  for (const message of messages) {
    const found = stage.send(message)
    if (found === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    effects = found
    reached.add(`address:${stage.state}`).add(`address>${message.type}`)
  }
  const told = effects.flatMap((e) => (e.kind === 'tell' ? [[e.to, e.message.type]] : []))
  const reply = effects.find((e) => e.kind === 'reply')?.message
  return { effects, told, reply, ...stage.query<AddressView>('view') }
}

test('the first of two claims wins, and the second is told whose it is', () => {
  const { account, state, reply } = walk(claim('a'), claim('b'))
  expect({ account, state, reply }).toEqual({
    account: 'a',
    state: 'claimed',
    reply: { type: 'address.view', account: 'a' },
  })
})

test('a claim lapses on the runtime clock when no account confirms it, and the next one wins', () => {
  const timer = walk(claim('a')).effects.find((e) => e.kind === 'schedule')
  expect(timer).toMatchObject({ delayMs: claimLastsMs, clock: 'runtime', message: lapse })
  expect(walk(claim('a'), lapse)).toMatchObject({ state: 'free', account: null })
  expect(walk(claim('a'), lapse, claim('b'))).toMatchObject({ state: 'claimed', account: 'b' })
})

test('a claim that is repeated lasts anew, and lapses only while it is one', () => {
  expect(walk(claim('a'), claim('a')).effects.map((e) => e.kind)).toEqual(['reply', 'schedule'])
  expect(walk(claim('a'), confirm('a')).effects).toContainEqual({ kind: 'cancel', id: 'lapse' })
})

test('only the claimer confirms; others are refused, before and after', () => {
  expect(walk(claim('a'), confirm('b'))).toMatchObject({
    state: 'claimed',
    account: 'a',
    told: [['account/b', 'address.refused']],
  })
  expect(walk(claim('a'), confirm('a')).told).toEqual([['account/a', 'address.confirmed']])
  expect(walk(claim('a'), confirm('a'), confirm('b')).told).toEqual([['account/b', 'address.refused']])
  expect(walk(claim('a'), confirm('a'), confirm('a')).told).toEqual([['account/a', 'address.confirmed']])
})

test('a confirmation after the claim has lapsed is as good as a claim, if nobody came between', () => {
  expect(walk(claim('a'), lapse, confirm('a'))).toMatchObject({ state: 'confirmed', account: 'a' })
  expect(walk(claim('a'), lapse, claim('b'), confirm('a')).told).toEqual([['account/a', 'address.refused']])
})

test('a confirmed address stays with its account until the account gives it back', () => {
  const held = [claim('a'), confirm('a')]
  expect(walk(...held, claim('b'))).toMatchObject({ account: 'a', reply: { account: 'a' } })
  expect(walk(...held, release('b'))).toMatchObject({
    account: 'a',
    told: [['account/b', 'address.released']],
  })
  expect(walk(...held, release('a'))).toMatchObject({
    state: 'free',
    account: null,
    told: [['account/a', 'address.released']],
  })
  expect(walk(...held, release('a'), release('a')).told).toEqual([['account/a', 'address.released']])
})

test('a claim can be given back, by its claimer', () => {
  expect(walk(claim('a'), release('b'))).toMatchObject({ state: 'claimed', account: 'a' })
  expect(walk(claim('a'), release('a'))).toMatchObject({ state: 'free', account: null })
})

test('publishes who owns it, so that checks can tell', () => {
  const events = (...messages: AnyMessage[]) =>
    walk(...messages).effects.flatMap((e) => (e.kind === 'emit' ? [e.event] : []))
  expect(events(claim('a'), confirm('a'))).toEqual([{ type: 'address.confirmed', account: 'a' }])
  expect(events(claim('a'), confirm('a'), release('a'))).toMatchObject([{ type: 'address.freed' }])
})

afterAll(() => expect(unreached(address, reached)).toEqual([]))
