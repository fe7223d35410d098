import { afterAll, expect, test } from 'vitest'
import type { AnyMessage, Effect } from '#actor'
import { Stage, unreached } from '../floor.test-kit.ts'
import { type AuditContext, audit, openEntriesMax } from './audit.ts'

const reached = new Set<string>()
const begin = (entry: string): AnyMessage => ({
  type: 'audit.begin',
  entry,
  who: 'ann',
  what: 'POST /ops/v1/nodes/:id/crash',
  target: '/ops/v1/nodes/node-1/crash',
  trace: '00-1-2-01',
  reason: 'a drill',
  body: '{}',
})
const end = (entry: string): AnyMessage => ({ type: 'audit.end', entry, status: 202 })

function walk(...messages: readonly AnyMessage[]): { events: unknown[]; context: AuditContext } {
  const stage = new Stage(audit, '2026-05-01')
  const effects: Effect[] = []
  for (const message of messages) {
    effects.push(...(stage.send(message) ?? []))
    reached.add(`audit:${stage.state}`).add(`audit>${message.type}`)
  }
  const events = effects.flatMap((effect) => (effect.kind === 'emit' ? [effect.event] : []))
  return { events, context: stage.query('view') }
}

test('a command is written down before it is carried out, and its outcome after', () => {
  const { events, context } = walk(begin('e1'), end('e1'))
  const { type: _type, ...written } = begin('e1') as Record<string, unknown>
  expect(events).toEqual([
    { type: 'audit.begun', ...written },
    { type: 'audit.ended', entry: 'e1', status: 202 },
  ])
  expect(context).toEqual({ day: '2026-05-01', begun: 1, ended: 1, open: [] })
})

test('an outcome is written once, and none of a command that was never begun', () => {
  expect(walk(begin('e1'), end('e1'), end('e1'), end('e2')).events).toHaveLength(2)
})

test('what is still open is bounded', () => {
  const all = Array.from({ length: openEntriesMax + 3 }, (_, n) => begin(`e${n}`))
  const { context } = walk(...all)
  expect([context.open.length, context.open[0], context.begun]).toEqual([openEntriesMax, 'e3', all.length])
})

afterAll(() => expect(unreached(audit, reached)).toEqual([]))
