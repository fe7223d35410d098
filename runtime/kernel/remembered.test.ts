import { expect, test } from 'vitest'
import type { ActorId, Instant } from '#actor'
import { hours, ref } from '#actor'
import type { ActorRow, Epoch, RequestPlace, RequestRow, ShardId } from '#ports'
import { a, kernelWith, opened, say } from './diary.test-kit.ts'
import { DrivenKernel } from './driven-kernel.test-kit.ts'

const d = 'd.0' as ShardId
const named = (key: string) => ({ key, fingerprint: 'f' })

/** The rows of `requests` that are stored. */
function stored(node: DrivenKernel): readonly RequestPlace[] {
  const rows = new Map<string, RequestPlace>()
  for (const { key, value } of node.written('requests')) {
    const [, actor, name] = key as readonly [string, ActorId, string]
    if (value === undefined) rows.delete(`${actor} ${name}`)
    else rows.set(`${actor} ${name}`, [actor, name, (value as RequestRow).at])
  }
  return [...rows.values()].sort((x, y) => (`${x[0]} ${x[1]}` < `${y[0]} ${y[1]}` ? -1 : 1))
}

/** Time passes; pages of `requests` are read whenever they are asked for. */
function pass(node: DrivenKernel, ms: number): void {
  node.pass(ms)
  for (const { shard, epoch, page } of node.take('read-requests')) {
    const place = page.after
    const rows = stored(node).filter(
      ([actor, key]) => place === undefined || `${actor} ${key}` > `${place[0]} ${place[1]}`,
    )
    node.step({ kind: 'requests-read', shard, epoch, rows: rows.slice(0, page.limit) })
    node.settle()
  }
}

const countOf = (node: DrivenKernel) => node.kernel.shards.get(d)?.state.requests?.count

test('an answer goes when it is a day old, although its actor has long left memory', () => {
  const node = opened()
  node.ask(a, say('note'), named('old'))
  pass(node, hours(12))
  node.ask(ref('a', 'y'), say('open'), named('new'))
  for (let n = 0; n < 4; n += 1) pass(node, hours(3) - 60_000)
  expect(node.kernel.shards.get(d)?.activations.size).toBe(0)
  expect(
    stored(node).map(([, key]) => key),
    'not before',
  ).toEqual(['old', 'new'])
  pass(node, 300_000)
  pass(node, 60_000)
  expect(stored(node).map(([, key]) => key)).toEqual(['new'])
  expect(countOf(node)).toBe(1)
})

test('a full table refuses new keys, answers known ones, and takes new ones when some are gone', () => {
  const node = new DrivenKernel(kernelWith().registry, { limits: { requestsMax: 2 } })
  node.grant('d.0')
  node.ask(a, say('open'))
  for (const key of ['1', '2']) expect(node.ask(a, say('note'), named(key))).toMatchObject({ kind: 'done' })
  expect(node.ask(a, say('note'), named('3'))).toMatchObject({ kind: 'busy', reason: 'requests-full' })
  expect(node.ask(a, say('note'), named('1'))).toMatchObject({ kind: 'done', replayed: true })
  expect(node.ask(a, say('note'))).toMatchObject({ kind: 'done' })
  expect(stored(node)).toHaveLength(2)
  pass(node, hours(24) + 60_000)
  pass(node, 60_000)
  expect(node.ask(a, say('open'))).toMatchObject({ kind: 'done' })
  expect(node.ask(a, say('note'), named('3'))).toMatchObject({ kind: 'done' })
  expect(countOf(node)).toBe(1)
})

test('a key whose answer has expired and is still stored is told so, and not run again', () => {
  const node = opened()
  node.ask(a, say('note'), named('k'))
  node.step()
  const [row] = node.written('requests')
  const again = kernelWith()
  const at = (again.now - hours(24) * 1_000 - 1) as Instant
  const requests = [['k', { ...(row?.value as RequestRow), at }] as const]
  again.step({
    kind: 'request',
    request: {
      id: 1 as never,
      node: 'edge-1' as never,
      actor: a,
      body: { kind: 'command', message: say('open') },
      timeoutMs: 1_000,
      ...named('k'),
    },
  })
  again.load(a, { requests })
  again.settle()
  expect(again.answers()).toMatchObject([{ kind: 'key-expired' }])
})

test('the key that created an actor does so once: its answer gone, it is expired, whatever the machine takes', () => {
  const node = new DrivenKernel(kernelWith().registry, {
    limits: { requestTtlMs: 1_000, passivationSweepMs: 1 },
  })
  node.grant('d.0')
  node.ask(a, say('open'), named('k'))
  pass(node, 1_100)
  pass(node, 100)
  expect(stored(node)).toEqual([])
  expect(node.ask(a, say('open'), named('k'))).toEqual({ kind: 'key-expired' })
  expect(node.ask(a, say('open'), named('other'))).toMatchObject({ kind: 'done' })
  expect(node.query(a, 'notes')).toEqual(['open', 'open'])

  const [actor, snapshot] = [node.written('actors').at(-1)?.value, node.written('snapshots').at(-1)?.value]
  const later = kernelWith()
  const body = { kind: 'command', message: say('open') } as const
  const request = { id: 1 as never, node: 'edge-1' as never, actor: a, body, timeoutMs: 1_000, ...named('k') }
  later.step({ kind: 'request', request })
  later.load(a, { ...(actor as ActorRow), snapshot: snapshot as never, requests: [] })
  later.settle()
  expect(later.answers()).toEqual([{ kind: 'key-expired' }])
})

test('a table of many pages is looked through to its end', () => {
  const node = opened()
  for (let n = 0; n < 600; n += 1) node.ask(ref('a', `k-${n % 7}`), say('open'), named(`key-${n}`))
  expect(countOf(node)).toBe(600)
  pass(node, hours(25))
  for (let n = 0; n < 3; n += 1) pass(node, 31_000)
  expect(stored(node)).toEqual([])
  expect(countOf(node)).toBe(0)
})

test('a page that was read for an earlier tenure is dropped', () => {
  const node = opened()
  node.ask(a, say('note'), named('k'))
  node.pass(hours(25))
  const [asked] = node.take('read-requests')
  expect(asked).toBeDefined()
  node.grant('d.0', { epoch: 2 })
  node.step({ kind: 'requests-read', shard: d, epoch: 1 as Epoch, rows: stored(node) })
  expect(stored(node)).toHaveLength(1)
})
