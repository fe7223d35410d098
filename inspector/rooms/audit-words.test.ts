import { expect, test } from 'vitest'
import type { AuditEntry } from '#gateway'
import { commandsIn, doneIn, isOfFaults } from './audit-words.ts'
import type { Kind } from './fault-words.ts'

const kinds = new Map([['partition', { name: 'Cut' } as Kind]])
const begun = (command: string, target: string, body?: object): AuditEntry => ({
  ...{ entry: 'e1', what: 'begun', at: '2026-05-01T18:00:00Z', who: 'loopback' },
  command: command.replace(' ', ' /ops/v1/'),
  target: `/ops/v1/${target}`,
  ...(body !== undefined && { body: JSON.stringify(body) }),
})

test.each([
  [begun('POST nodes/:id/crash', 'nodes/node-1/crash'), 'killed node-1'],
  [begun('POST nodes', 'nodes', { group: 'kitchen' }), 'added a node to kitchen'],
  [begun('POST actors/:id/stop', 'actors/order%2F1/stop'), 'stopped order/1'],
  [
    begun('POST actors/:id/messages', 'actors/order%2F1/messages', { message: { type: 'order.cancel' } }),
    'sent order.cancel to order/1',
  ],
  [begun('POST actors:batch', 'actors:batch', { action: 'restart' }), 'restarted many actors'],
  [begun('POST actors:batch', 'actors:batch', { action: 'stop', dryRun: true }), 'counted what would stop'],
  [begun('POST dead-letters/:id/replay', 'dead-letters/7/replay'), 'replayed a dead letter'],
  [
    begun('POST faults', 'faults', { kind: 'partition', target: { a: ['node-1'], b: ['node-2'] } }),
    'Cut node-1 from node-2',
  ],
  [begun('POST faults', 'faults', { kind: 'full-disk' }), 'full-disk'],
  [begun('DELETE faults/:id', 'faults/f1'), 'reverted a fault'],
  [begun('DELETE fault-schedules', 'fault-schedules'), 'stopped the schedule'],
  [begun('PUT config/:key', 'config/rate.burst', { value: 5 }), 'PUT /ops/v1/config/rate.burst'],
])('%o is told in words', (entry, words) => expect(doneIn(entry, kinds)).toBe(words))

test('a body that was cut off is no reason to tell nothing', () =>
  expect(doneIn({ ...begun('POST nodes/:id/drain', 'nodes/node-2/drain'), body: '{"a' }, kinds)).toBe(
    'drained node-2',
  ))

test('each command is there once, with how it was answered; faults are told from the others', () => {
  const refused = begun('POST nodes/:id/crash', 'nodes/node-1/crash')
  const running = { ...begun('DELETE faults', 'faults'), entry: 'e2' }
  const ended: AuditEntry = { entry: 'e1', what: 'ended', at: refused.at, status: 409 }
  expect(commandsIn([running, ended, refused], kinds)).toMatchObject([
    { entry: 'e2', words: 'reverted everything', status: 0 },
    { entry: 'e1', words: 'killed node-1', status: 409, who: 'loopback' },
  ])
  expect([running, refused].map(isOfFaults)).toEqual([true, false])
})
