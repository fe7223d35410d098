import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import { flags } from './flags.ts'
import type { FlagRule } from './operating-messages.ts'

const reached = new Set<string>()
const by = 'ann'

function walk(...messages: readonly AnyMessage[]): { rules: unknown; effects: readonly Effect[] } {
  const stage = new Stage(flags, 'main')
  let effects: readonly Effect[] = []
  for (const [n, message] of messages.entries()) {
    effects = stage.send(message, n + 1) ?? []
    reached.add(`flags:${stage.state}`).add(`flags>${message.type}`)
  }
  return { rules: stage.query<{ rules: unknown }>('view').rules, effects }
}

const set = (flag: string, rule: FlagRule): AnyMessage => ({
  type: 'flags.set',
  flag,
  rule,
  by,
  why: 'try it',
})

describe('the flags', () => {
  test('keep a rule with who set it, and say so', () => {
    const { rules, effects } = walk(set('substitutions', { kind: 'share', percent: 10 }))
    const stored = { rule: { kind: 'share', percent: 10 }, by, at: 1, why: 'try it' }
    expect(rules).toEqual({ substitutions: stored })
    expect(effects).toEqual([
      { kind: 'emit', event: { type: 'flags.changed', site: 'main', flag: 'substitutions', by } },
      { kind: 'reply', message: { type: 'flags.view', site: 'main', rules: { substitutions: stored } } },
    ])
  })

  test('the last rule counts, and one that is taken back is gone', () => {
    const off = set('substitutions', { kind: 'off' })
    expect(walk(set('substitutions', { kind: 'on' }), off).rules).toMatchObject({
      substitutions: { rule: { kind: 'off' } },
    })
    expect(walk(off, { type: 'flags.unset', flag: 'substitutions', by }).rules).toEqual({})
  })

  test('know no others', () => {
    const { rules, effects } = walk(set('toString', { kind: 'on' }))
    expect([rules, effects]).toEqual([
      {},
      [{ kind: 'reply', message: { type: 'flags.unknown', flag: 'toString' } }],
    ])
  })
})

afterAll(() => expect(unreached(flags, reached)).toEqual([]))
