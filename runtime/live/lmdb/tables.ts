/**
 * Which database each table is, what its keys are made of, and how its rows are laid out.
 */

import type { Instant } from '#actor'
import type {
  ActorRow,
  AskRow,
  CallRow,
  Envelope,
  JournalRecord,
  MailboxRow,
  NodeId,
  Position,
  RequestRow,
  ScopeId,
  ShardRow,
  SnapshotRow,
  TableName,
  Tables,
  TimerRow,
} from '#ports'
import { asItIs, type Layout, listOf, positional } from './codec.ts'
import type { KeyShape } from './key.ts'

const envelope = positional<Envelope>({
  id: 'plain',
  to: 'plain',
  message: 'plain',
  from: 'plain',
  cause: 'plain',
  trace: 'plain',
  ask: 'plain',
  answers: 'plain',
  request: 'plain',
  row: 'plain',
})

/**
 * A `shards` row as stored. `sealed` is the scope that its owner took it from without a release: that scope's
 * last batch may be later than what the taker knew when it wrote the row.
 */
export interface StoredShardRow extends ShardRow {
  readonly sealed?: ScopeId
}

/** A `scopes` row as stored; its position is the version of the entry. */
export interface StoredScopeRow {
  readonly node: NodeId
  readonly sealedBy?: ScopeId
}

/** A batch in the journal. */
export interface StoredBatch {
  readonly now: Instant
  readonly records: readonly JournalRecord[]
}

export interface TableSpec<Row> {
  readonly key: KeyShape
  readonly row: Layout<Row>
}

export const tableSpecs: { readonly [T in TableName]: TableSpec<Tables[T]> } = {
  actors: {
    key: ['text'],
    row: positional<ActorRow>({ shard: 'plain', ordinal: 'plain', createdBy: 'plain' }),
  },
  snapshots: {
    key: ['text', 'number'],
    row: positional<SnapshotRow>({
      id: 'plain',
      status: 'plain',
      state: 'plain',
      version: 'plain',
      generation: 'plain',
      at: 'plain',
      last: 'plain',
      archivedAt: 'plain',
    }),
  },
  mailbox: {
    key: ['text', 'number'],
    row: positional<MailboxRow>({
      envelope,
      attempts: 'plain',
      notBefore: 'plain',
      replays: 'plain',
      deaths: 'plain',
      onTrial: 'plain',
      dead: 'plain',
      buriedAt: 'plain',
    }),
  },
  outbox: { key: ['text', 'text', 'number'], row: envelope },
  inbox: { key: ['text', 'text'], row: asItIs() },
  channels: { key: ['text', 'text'], row: asItIs() },
  timers: {
    key: ['text', 'number', 'text'],
    row: positional<TimerRow>({
      actor: 'plain',
      generation: 'plain',
      clock: 'plain',
      at: 'plain',
      message: 'plain',
    }),
  },
  calls: {
    key: ['text', 'number', 'text'],
    row: positional<CallRow>({
      actor: 'plain',
      generation: 'plain',
      handler: 'plain',
      args: 'plain',
      key: 'plain',
      deadline: 'plain',
      attemptsMax: 'plain',
      trace: 'plain',
    }),
  },
  asks: {
    key: ['text', 'number', 'text'],
    row: positional<AskRow>({ actor: 'plain', deadline: 'plain', request: 'plain', question: 'plain' }),
  },
  requests: {
    key: ['text', 'text', 'text'],
    row: positional<RequestRow>({ fingerprint: 'plain', at: 'plain', outcome: 'plain' }),
  },
  meta: { key: ['text', 'text'], row: asItIs() },
  shards: {
    key: ['text'],
    row: positional<StoredShardRow>({
      shard: 'plain',
      epoch: 'plain',
      scope: 'plain',
      node: 'plain',
      released: 'plain',
      heir: 'plain',
      now: 'plain',
      sealed: 'plain',
    }),
  },
}

export const scopeLayout = positional<StoredScopeRow>({ node: 'plain', sealedBy: 'plain' })

export const batchLayout = positional<StoredBatch>({
  now: 'plain',
  records: listOf(
    positional<JournalRecord>({
      shard: 'plain',
      actor: 'plain',
      sequence: 'plain',
      at: 'plain',
      id: 'plain',
      message: 'plain',
      from: 'plain',
      cause: 'plain',
      trace: 'plain',
      events: 'plain',
      state: 'plain',
      previous: 'plain',
      note: 'plain',
    }),
  ),
})

/** Conditions of a write are versions of entries in these. */
export const versioned: ReadonlySet<string> = new Set(['scopes', 'shards', 'meta'])

/**
 * `trims`: [scope] → up to which position its batches may be missing. A row of its own: the scope's is written by its
 * owner alone. Of a scope that has gone it stays, with the world time of that, so that whoever had not read it is told.
 */
export type StoredTrim = Position | readonly [through: Position, goneAt: Instant]
export const trimLayout = asItIs<StoredTrim>()

export const trimmedThrough = (trim: StoredTrim): Position => (typeof trim === 'number' ? trim : trim[0])

/** Of so many scopes that have gone, the last ones, the row stays: some dozen bytes each. */
export const goneTrimsMax = 256

export const databaseNames = [
  ...(Object.keys(tableSpecs) as TableName[]),
  'journal',
  'scopes',
  'trims',
] as const
