/**
 * Situations that a run has reached, counted: a search or a day that never came to one has proven nothing about it.
 *
 * Owns:     what they are called, and how the journal shows them.
 * Does not: demand any (a day's `sometimes` does), or judge what happened in one (the checks do).
 */
import { typeOf } from '#actor'
import type { JournalRecord, Write } from '#ports'
import type { Commit } from '#sim'
import { Problems } from './checks/problems.ts'

const isIn = (type: string, state: string) => (record: JournalRecord) =>
  typeOf(record.actor) === type && nameOf(record.state) === state
const emits = (event: string) => (record: JournalRecord) =>
  record.events?.some(({ type }) => type === event) === true
const isTold = (type: string, message: string) => (record: JournalRecord) =>
  typeOf(record.actor) === type && record.message.type === message

/** Seen in a turn. */
const inTurns = {
  'order-rejected': isIn('order', 'rejected'),
  'order-cancelled': isIn('order', 'cancelled'),
  'order-expired': isIn('order', 'expired'),
  'order-revised': emits('order.revised'),
  'stock-ran-out': isIn('bin', 'empty'),
  'stock-delivered': emits('inventory.delivered'),
  'stock-adjusted': emits('inventory.adjusted'),
  'stock-spoiled': emits('inventory.spoiled'),
  'payment-declined': emits('payment.declined'),
  'payment-refunded': emits('payment.refunded'),
  'payment-voided': emits('payment.voided'),
  /** Some of it, of an order that goes on or is complete. */
  'payment-given-back': (record: JournalRecord) =>
    record.events?.some((event) => event.type === 'payment.refunded' && 'refund' in event) === true,
  /** The provider told it before its answer came, or instead. */
  'payment-told': isTold('payment', 'payment.news'),
  /** The provider was asked, and nobody knows what it did. */
  'payment-unknown': isIn('payment', 'unknown'),
  'appliance-fault': emits('device.fault'),
  /** What was cooked came to nothing, and is cooked again or given up. */
  'dish-spoilt': (record: JournalRecord) =>
    record.message.type === 'job.done' && 'outcome' in record.message && record.message.outcome !== 'done',
  'cook-away': isTold('station', 'cook.away'),
  'sibling-restarted': (record: JournalRecord) => record.message.type === 'restarted',
  'state-migrated': (record: JournalRecord) => record.note === 'migrated',
} as const satisfies Readonly<Record<string, (record: JournalRecord) => boolean>>

const isMailbox = ({ table, value }: Write) => table === 'mailbox' && value !== undefined
/** Seen in the rows of a batch. */
const inWrites = {
  'turn-failed': (write: Write) =>
    write.table === 'mailbox' && write.value !== undefined && write.value.attempts > 0,
  'dead-letter': (write: Write) => write.table === 'mailbox' && write.value?.dead !== undefined,
  /** A message waits on the disk, not in memory alone. */
  'message-waits': isMailbox,
  'message-on-trial': (write: Write) => write.table === 'mailbox' && write.value?.onTrial === true,
  'shard-escalated': (write: Write) => write.table === 'meta' && (write.value?.escalations.length ?? 0) > 0,
  'shard-released': (write: Write) => write.table === 'shards' && write.value?.released === true,
} as const satisfies Readonly<Record<string, (write: Write) => boolean>>

/** `shard-taken-over`: from an owner that had not released it. */
export const situations = [...keysOf(inTurns), ...keysOf(inWrites), 'shard-taken-over'] as const
export type Situation = (typeof situations)[number]

const turnNames = keysOf(inTurns)
const writeNames = keysOf(inWrites)

export class Reached {
  readonly counts = Object.fromEntries(situations.map((name) => [name, 0])) as Record<Situation, number>

  commit(commit: Commit): void {
    if (commit.kind === 'acquired' && commit.sealed !== undefined) this.counts['shard-taken-over'] += 1
    if (commit.kind !== 'appended') return
    for (const record of commit.batch.records) {
      for (const name of turnNames) if (inTurns[name](record)) this.counts[name] += 1
    }
    for (const write of commit.batch.writes) {
      for (const name of writeNames) if (inWrites[name](write)) this.counts[name] += 1
    }
  }

  /** What was to be reached, and never was. */
  missed(sometimes: readonly Situation[]): Problems {
    const problems = new Problems()
    for (const name of sometimes) if (this.counts[name] === 0) problems.add(`'${name}' was never reached`)
    return problems
  }
}

/** The outermost state: `unknown` of `{ unknown: 'waiting' }`. */
function nameOf(state: unknown): string | undefined {
  if (typeof state === 'string') return state
  return typeof state === 'object' && state !== null ? Object.keys(state)[0] : undefined
}

function keysOf<T extends object>(of: T): (keyof T)[] {
  return Object.keys(of) as (keyof T)[]
}
