import { expect, test } from 'vitest'
import type { Commit } from '#sim'
import { OwnerCheck } from './checks/owner.ts'
import { drawDay } from './draw-day.ts'
import { SimDay } from './run-day.ts'
import { durationUs, timeUs } from './time-of-day.ts'

const drawn = drawDay(906)
const day = {
  ...drawn,
  faults: [],
  cluster: { ...drawn.cluster, bounds: { journalKeptMs: 60_000, retentionLookMs: 5_000 } },
}

/** The evening, as a whole; what was trimmed, and how many batches are left. */
function evening({ archiveIsFull = false, isUnreadable = false } = {}) {
  const counts = { trimmed: 0, ended: 0, written: 0, mostKept: 0, lives: 0 }
  const running = new SimDay(day, 7, {
    onCommit: (commit) => {
      if (commit.kind === 'opened') counts.lives += 1
      if (commit.kind !== 'appended') return
      if (commit.batch.records.length > 0) counts.written += 1
      for (const { positions, ends } of commit.batch.trims ?? []) {
        counts.trimmed += positions.length
        if (ends) counts.ended += 1
      }
      counts.mostKept = Math.max(counts.mostKept, counts.written - counts.trimmed)
    },
  })
  running.cluster.archive.fill(archiveIsFull)
  const { journal } = running.cluster
  const lookFor = journal.lookFor.bind(journal)
  if (isUnreadable) {
    journal.lookFor = (life, done, read) =>
      lookFor(life, () => done({ kind: 'failed', cause: 'a batch is damaged' }), read)
  }
  const close = timeUs(day.close)
  const limit = close + durationUs(day.drainLimit)
  for (let at = timeUs(day.open); at < close || (at < limit && !running.isOver); at += 60_000_000) {
    running.advance(at)
    // Somebody dies now and then, so that scopes are left behind.
    if (at % (10 * 60_000_000) === 0) running.cluster.crash('node-1')
  }
  return { ...counts, archived: running.cluster.archive.size, checks: running.result().checks }
}

test('an evening whose turns are kept for a minute goes like any other, and all of them are archived', () => {
  const { trimmed, ended, written, mostKept, archived, checks } = evening()
  expect(checks.filter(({ held }) => !held)).toEqual([])
  expect(trimmed).toBeGreaterThan(written / 2)
  expect(mostKept, 'the journal is bounded by what comes in the time').toBeLessThan(written / 2)
  expect(archived).toBeGreaterThanOrEqual(trimmed)
  expect(ended, 'scopes of the dead go').toBeGreaterThan(0)
})

test('while the archive has no room nothing is trimmed, and the work goes on', () => {
  const { trimmed, archived, checks } = evening({ archiveIsFull: true })
  expect(checks.filter(({ held }) => !held)).toEqual([])
  expect([trimmed, archived]).toEqual([0, 0])
})

test('what is too damaged to be archived stays, and ends no life of a node', () => {
  const { trimmed, lives, checks } = evening({ isUnreadable: true })
  expect(checks.filter(({ held }) => !held)).toEqual([])
  expect([trimmed, lives]).toEqual([0, evening().lives])
})

const opened = (scope: string) => ({ kind: 'opened', scope, node: scope.slice(0, 6) }) as Commit
const acquired = (epoch: number, scope: string, sealed?: string) =>
  ({ kind: 'acquired', shard: 'd.0', epoch, scope, ...(sealed && { sealed }) }) as Commit
const appended = (scope: string, position: number, batch: object) =>
  ({
    kind: 'appended',
    scope,
    position,
    batch: { now: 0, records: [], writes: [], ...batch },
  }) as unknown as Commit
const turn = { records: [{ shard: 'd.0', actor: 'a/x', sequence: 1 }] }

test('the owner check finds what is trimmed and not archived, and a last turn that is still needed', () => {
  const check = new OwnerCheck((_, position) => position > 1)
  for (const commit of [
    opened('node-1.a'),
    opened('node-2.b'),
    acquired(1, 'node-1.a'),
    appended('node-1.a', 1, turn),
    acquired(2, 'node-2.b', 'node-1.a'),
  ])
    check.commit(commit)
  expect(check.found.none).toBe(true)
  check.commit(appended('node-2.b', 1, { trims: [{ scope: 'node-1.a', positions: [1], ends: true }] }))
  expect(check.found.detail).toContain('batch 1 of node-1.a was trimmed and not archived')
  expect(check.found.detail).toContain(
    'the last turn of node-1.a was trimmed, by which the time of d.0 is known',
  )
})
