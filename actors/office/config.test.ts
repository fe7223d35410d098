import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, Effect, Message } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import { config } from './config.ts'
import { type ConfigKey, configKeys, configProblem } from './config-keys.ts'

const reached = new Set<string>()
const by = 'ann'

function walk(...messages: readonly AnyMessage[]): { stage: Stage; effects: readonly Effect[] } {
  const stage = new Stage(config, 'main')
  let effects: readonly Effect[] = []
  for (const [n, message] of messages.entries()) {
    effects = stage.send(message, n + 1) ?? []
    reached.add(`config:${stage.state}`).add(`config>${message.type}`)
  }
  return { stage, effects }
}

const set = (key: string, value: unknown, why?: string): AnyMessage => ({
  type: 'config.set',
  key,
  value,
  by,
  ...(why !== undefined && { why }),
})
const values = ({ stage }: { stage: Stage }) => stage.query<{ values: unknown }>('view').values
const said = ({ effects }: { effects: readonly Effect[] }): Message[] =>
  effects.flatMap((effect) => (effect.kind === 'reply' ? [effect.message] : []))
const events = ({ effects }: { effects: readonly Effect[] }): Message[] =>
  effects.flatMap((effect) => (effect.kind === 'emit' ? [effect.event] : []))

describe('the stored configuration', () => {
  test('keeps a value with who set it, when and why, and says that it changed', () => {
    const walked = walk(set('orders.open', false, 'the gas is off'))
    expect(values(walked)).toEqual({ 'orders.open': { value: false, by, at: 1, why: 'the gas is off' } })
    expect(events(walked)).toEqual([
      { type: 'config.changed', site: 'main', key: 'orders.open', value: false, by },
    ])
    expect(said(walked)).toMatchObject([{ type: 'config.view', values: { 'orders.open': { value: false } } }])
  })

  test('the last value counts, and one that is taken back is gone', () => {
    expect(values(walk(set('rate.burst', 5), set('rate.burst', 7)))).toMatchObject({
      'rate.burst': { value: 7, at: 2, why: null },
    })
    const back = walk(set('rate.burst', 5), { type: 'config.unset', key: 'rate.burst', by })
    expect([values(back), events(back)]).toEqual([
      {},
      [{ type: 'config.changed', site: 'main', key: 'rate.burst', by }],
    ])
  })

  test.each([
    ['orders.opne', true, "there is no key 'orders.opne'"],
    ['constructor', true, "there is no key 'constructor'"],
    ['orders.open', 1, 'has to be a boolean'],
    ['rate.burst', 0, 'has to be from 1 to 100000'],
    ['rate.burst', 1.5, 'has to be a whole number'],
    ['gateway.streams-max', 5, 'only the start sets it'],
    ['gateway.ops-token', 'a-secret-of-some-length', 'only the start sets it'],
  ])('CF1: %s = %s is refused, and nothing is stored', (key, value, problem) => {
    const walked = walk(set(key, value))
    expect([said(walked), values(walked), events(walked)]).toEqual([
      [{ type: 'config.refused', key, problem }],
      {},
      [],
    ])
  })

  test('every default suits its own key, and every secret is set by the start alone', () => {
    for (const [key, spec] of Object.entries(configKeys)) {
      expect([key, configProblem(key as ConfigKey, spec.default)]).toEqual([key, undefined])
      if ('isSecret' in spec) expect([key, spec.isHot]).toEqual([key, false])
    }
  })
})

afterAll(() => expect(unreached(config, reached)).toEqual([]))
