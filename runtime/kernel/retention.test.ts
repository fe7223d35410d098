import { expect, test } from 'vitest'
import { ClusterError, hours, minutes, ref } from '#actor'
import type { Epoch, Ordinal, Position, ScopeId, ShardId, SnapshotRow } from '#ports'
import { boundsOf } from './bounds.ts'
import { a, kernelWith, say } from './diary.test-kit.ts'
import { DrivenKernel } from './driven-kernel.test-kit.ts'

const d = 'd.0' as ShardId
const days = hours(24)
const dead = 'node-2.dead' as ScopeId
const positions = (...of: readonly number[]) => of as Position[]

function limited(limits: ConstructorParameters<typeof DrivenKernel>[1] = {}): DrivenKernel {
  const node = new DrivenKernel(kernelWith().registry, limits)
  node.grant('d.0')
  return node
}

const expired = (trims: readonly object[], more = false) =>
  ({ kind: 'expired', shard: d, epoch: 1 as Epoch, trims, more }) as never
const trimmed = (node: DrivenKernel) => node.peek('append').flatMap(({ batch }) => batch.trims ?? [])

test('the owner of the first shard asks for turns that are older than they are kept, again and again', () => {
  const node = limited()
  node.pass(59_000)
  expect(node.take('read-expired')).toEqual([])
  node.pass(1_000)
  const [asked] = node.take('read-expired')
  expect(asked).toMatchObject({ shard: d, epoch: 1, page: { limit: 64 } })
  expect(Math.round((node.now - (asked?.page.before ?? 0)) / 1_000)).toBe(7 * days)
  node.step(expired([]))
  node.pass(59_000)
  expect(node.take('read-expired')).toEqual([])
  node.pass(2_000)
  expect(node.take('read-expired')).toHaveLength(1)
})

test('what the host has said to be archived goes with a batch, and the next page soon after that is durable', () => {
  const node = limited()
  node.pass(minutes(1))
  node.take('read-expired')
  expect(trimmed(node)).toEqual([])
  node.step(expired([{ scope: dead, positions: positions(1, 2) }], true))
  expect(trimmed(node)).toEqual([{ scope: dead, positions: [1, 2] }])
  node.step({ kind: 'wake' })
  expect(node.take('read-expired'), 'not while it is on its way').toEqual([])
  node.settle()
  node.pass(60)
  expect(node.take('read-expired')).toHaveLength(1)
})

test('a scope with nothing in it goes when it is unused a whole look later: a node may just have begun', () => {
  const node = limited()
  const unused = { scope: dead, positions: [], ends: true }
  node.step(expired([unused]))
  node.step(expired([]))
  // In a backlog pages follow each other at once.
  for (let page = 0; page < 20; page += 1) {
    node.step(expired([unused]))
    node.pass(50)
  }
  expect(trimmed(node)).toEqual([])
  node.pass(58_000)
  node.step(expired([unused]))
  expect(trimmed(node)).toEqual([])
  node.pass(1_000)
  node.step(expired([unused]))
  expect(trimmed(node)).toEqual([unused])
})

test('what was read for an earlier tenure trims nothing', () => {
  const node = limited()
  node.grant('d.0', { epoch: 2 })
  node.step(expired([{ scope: dead, positions: positions(1) }]))
  expect(trimmed(node)).toEqual([])
})

/** An actor that has finished; the tombstone that was read of it. */
function finished(node: DrivenKernel) {
  node.ask(a, say('open'))
  node.ask(a, say('finish'))
  const row = node.written('snapshots').at(-1)?.value as SnapshotRow
  expect(row).toMatchObject({ status: 'archived' })
  return [1 as Ordinal, a, row.archivedAt as never] as const
}

const read = (node: DrivenKernel, tombstone: ReturnType<typeof finished>) =>
  node.step({
    kind: 'tombstones-read',
    shard: d,
    epoch: 1 as Epoch,
    page: { tombstones: [tombstone] },
  })
test('tombstones that could not be read are read again, and the oldest stays the oldest', () => {
  const node = limited()
  const tombstone = finished(node)
  node.settle()
  for (let day = 0; day < 31; day += 1) node.pass(days)
  const [asked] = node.take('read-tombstones')
  expect(asked).toMatchObject({ shard: d, page: { limit: 256 } })
  const states = node.written('meta').length
  node.step({ kind: 'tombstones-read', shard: d, epoch: 1 as Epoch })
  expect(node.written('meta')).toHaveLength(states)
  node.pass(minutes(1))
  expect(node.take('read-tombstones')).toMatchObject([{ page: asked?.page }])
  read(node, tombstone)
  node.settle()
  expect(gone(node)).toEqual([1, 1])
})

const gone = (node: DrivenKernel) =>
  (['snapshots', 'actors'] as const).map(
    (table) => node.written(table).filter(({ value }) => value === undefined).length,
  )

test('a tombstone goes when it was kept long enough, and not before', () => {
  const node = limited()
  const tombstone = finished(node)
  for (let day = 0; day < 29; day += 1) node.pass(days)
  expect(node.take('read-tombstones')).toEqual([])
  read(node, tombstone)
  expect(gone(node)).toEqual([0, 0])
  node.pass(2 * days)
  node.pass(minutes(1))
  expect(node.take('read-tombstones')).toMatchObject([{ shard: d, page: { limit: 256 } }])
  read(node, tombstone)
  node.settle()
  expect(gone(node)).toEqual([1, 1])
  expect(node.ask(a, say('note'))).toEqual({ kind: 'unknown' })
  expect(node.ask(a, say('open'))).toMatchObject({ kind: 'done' })
  expect(node.query(a, 'notes')).toEqual(['open'])
})

test('what comes while a tombstone goes waits until that is durable, and then finds nobody', () => {
  const node = limited()
  const tombstone = finished(node)
  for (let n = 0; n < 4; n += 1) node.pass(10 * days)
  read(node, tombstone)
  node.take('load')
  const body = { kind: 'command', message: say('note') } as const
  node.step({
    kind: 'request',
    request: { id: 77 as never, node: 'edge-1' as never, actor: a, body, timeoutMs: 1_000 },
  })
  expect(node.peek('load'), 'the rows may still be there').toEqual([])
  expect(node.answers().at(-1)).not.toMatchObject({ kind: 'unknown' })
  node.settle()
  expect(node.answers()).toEqual([{ kind: 'unknown' }])
})

test('a tombstone to which a message is on its way stays', () => {
  const node = limited()
  const tombstone = finished(node)
  for (let n = 0; n < 4; n += 1) node.pass(10 * days)
  const body = { kind: 'command', message: say('note') } as const
  node.step({
    kind: 'request',
    request: { id: 77 as never, node: 'edge-1' as never, actor: a, body, timeoutMs: 1_000 },
  })
  expect(node.peek('load')).toHaveLength(1)
  read(node, tombstone)
  expect(gone(node)).toEqual([0, 0])
})

test('a dead letter for which nobody comes is gone in time, the younger one later', () => {
  const node = limited()
  const tell = (id: string) =>
    node.step({
      kind: 'received',
      item: {
        kind: 'message',
        from: 'd.9' as ShardId,
        to: d,
        sequence: id === 'm-1' ? 1 : 2,
        envelope: { id: id as never, to: ref('a', 'nobody'), message: say('note'), from: a },
      } as never,
    })
  tell('m-1')
  node.settle()
  node.pass(days)
  tell('m-2')
  node.settle()
  const letters = () => node.kernel.shards.get(d)?.deadLetters.size
  expect(letters()).toBe(2)
  node.pass(12 * days)
  expect(letters()).toBe(2)
  node.pass(days + minutes(1))
  expect(letters()).toBe(1)
  node.pass(days)
  expect(letters()).toBe(0)
  expect(node.written('mailbox').filter(({ value }) => value === undefined)).toHaveLength(2)
})

for (const field of ['requestTtlMs', 'deadLettersKeptMs', 'resendMaxMs'] as const) {
  test(`tombstones that do not outlast ${field} are refused`, () => {
    const wrong = () => boundsOf({ tombstonesKeptMs: 60 * days, [field]: 60 * days })
    expect(wrong).toThrow(ClusterError)
    expect(wrong).toThrow(`it does not outlast ${field}`)
  })
}
