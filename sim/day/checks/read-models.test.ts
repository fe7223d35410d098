// Goal: lists that say other than their actors are found, whatever they say wrong, and right ones are not.
// Method: the turns of a simulated evening, the same with one thing changed, and a projection that is not pure.
import { afterEach, describe, expect, test } from 'vitest'
import type { Instant } from '#actor'
import { departments, restaurant } from '#actors'
import { Registry } from '#host'
import type { JournalRecord, SnapshotRow, Write } from '#ports'
import { projections } from '#projections'
import type { Commit } from '#sim'
import { defineDay } from '../define-day.ts'
import { runSimDay } from '../run-day.ts'
import { ReadModelsCheck } from './read-models.ts'

const registry = new Registry({
  departments: Object.entries(departments).map(([name, actors]) => ({ name, shards: 4, actors })),
  supervision: restaurant,
})
const evening = defineDay({
  name: 'evening',
  open: '18:00',
  lastOrder: '18:10',
  close: '18:20',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 60 },
      { at: '18:10', perHour: 60 },
    ],
    members: 0.5,
    cancelShare: 0.3,
  },
  slo: {},
})
const commits: Commit[] = []
runSimDay(evening, { seed: 7, onCommit: (commit) => commits.push(commit) })
const batches = commits.flatMap((commit) => (commit.kind === 'appended' ? [commit.batch] : []))

type Change = (record: JournalRecord) => JournalRecord | undefined

function judged(
  change: Change = (record) => record,
  stored: (row: SnapshotRow) => SnapshotRow = (row) => row,
  midnight = 0,
): string {
  const check = new ReadModelsCheck(registry, midnight)
  for (const { records, writes } of batches) {
    for (const record of records) {
      const changed = change(record)
      if (changed !== undefined) check.record(changed)
    }
    check.writes(
      writes.map((write) =>
        write.table === 'snapshots' && write.value !== undefined
          ? ({ ...write, value: stored(write.value) } as Write)
          : write,
      ),
    )
  }
  return check.found.detail
}

test('the evening as it was is right', () => {
  expect(judged()).toBe('')
})

const without = (is: (record: JournalRecord) => boolean) =>
  judged((record) => (is(record) ? undefined : record))
const told = (type: string) => (record: JournalRecord) =>
  record.events?.some((event) => event.type === type) === true

test('one whose records count from its midnight, as a live one, is right too', () => {
  const midnight = 3_600_000_000
  const earlier = (record: JournalRecord) => ({ ...record, at: (record.at - midnight) as Instant })
  expect(judged(earlier, undefined, midnight)).toBe('')
  expect(judged(earlier)).toContain('createdAt')
})

describe('RM1: it is found that', () => {
  test('an order is in no list', () => {
    expect(without(({ message }) => message.type === 'order.place')).toMatch(
      /order\/\S+ is not in the list of orders/,
    )
  })
  test('a list missed the end of an order', () => {
    expect(without(told('order.completed'))).toMatch(
      /list of orders says of order\/\S+ state "ready", and it says/,
    )
  })
  test('a list missed money', () => {
    expect(without(told('payment.captured'))).toMatch(
      /list of payments says of payment\/\S+ captured 0, and it says/,
    )
  })
  test('a list missed the last dish of a ticket', () => {
    expect(without(({ actor, state }) => actor.startsWith('ticket/') && state === 'plated')).toMatch(
      /list of tickets says of ticket\/\S+ state "plating"/,
    )
  })
  test('an account is listed that is not known any more', () => {
    expect(without(({ message }) => message.type === 'account.register')).toMatch(
      /is not in the list of users/,
    )
  })
  test('an actor has had a turn that no list knows', () => {
    const later = (row: SnapshotRow) => ({ ...row, version: row.version + 1 })
    expect(judged(undefined, later)).toMatch(/version \d+, and it says \d+/)
  })
})

describe('what projections do wrong is found', () => {
  const [kpi, ledger] = ['kpi', 'ledger'].map((name) => projections.find((it) => it.name === name))
  const right = { kpi: kpi?.apply, ledger: ledger?.apply }
  afterEach(() => {
    Object.assign(kpi as object, { apply: right.kpi })
    Object.assign(ledger as object, { apply: right.ledger })
  })

  test('RM2: rows that depend on the order of turns of different actors', () => {
    let last = ''
    const apply: typeof right.kpi = (rows, record) => {
      if (last < record.actor) right.kpi?.(rows, record)
      last = record.actor
    }
    Object.assign(kpi as object, { apply })
    expect(judged()).toMatch(/rebuilt, kpi has/)
  })

  test('RM3: money that went from nowhere to nowhere', () => {
    const apply: typeof right.ledger = (rows, record) => {
      if (!told('payment.refunded')(record)) right.ledger?.(rows, record)
    }
    Object.assign(ledger as object, { apply })
    expect(judged()).toMatch(/the ledger's provider holds \d+, and payments took \d+/)
  })
})
