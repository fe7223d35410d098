/**
 * The kernel's bounds: each with its meaning, default and consequence.
 */
import { ClusterError, minutes, seconds } from '#actor'

export interface Bounds {
  /** Turns after which a batch closes even though more could run. Larger: fewer, longer writes. */
  readonly batchTurnsMax: number
  /** Batches submitted and not yet durable. When reached, turns fill one more batch and then wait. */
  readonly batchesInFlightMax: number
  /** Messages and outbox rows of one shard beyond which requests from outside are refused (503). */
  readonly shardBacklogMax: number
  /**
   * Messages waiting for one actor that are in memory. Beyond it they are rows on the disk, read when their turn
   * comes near; requests from outside are refused (503). Larger: more memory, fewer reads.
   */
  readonly mailboxWindow: number
  /** Messages waiting for one actor beyond which further ones become dead letters. Each takes a number in memory. */
  readonly mailboxDepthMax: number
  /**
   * Dead letters that one shard keeps, in the store and in memory. Beyond it the oldest go: each is counted and told
   * to the observer, and cannot be replayed; a request whose turn ended nodes may be tried again under its key.
   */
  readonly deadLettersMax: number
  /** Messages of one channel sent and not acknowledged. */
  readonly channelWindow: number
  /**
   * Before an unacknowledged message is sent again; doubles up to the second figure. Milliseconds. A new owner or a
   * new link is not waited for: what it may have missed is sent at once. Shorter only costs duplicates on a slow disk.
   */
  readonly resendMinMs: number
  readonly resendMaxMs: number
  /** Turns that may fail on one message before it is a dead letter. */
  readonly attemptsMax: number
  /** A shard whose last owner died stays careful at least this long: what killed it may be sent again. */
  readonly carefulMs: number
  /** Two messages found to kill nodes within this time quarantine their shard. */
  readonly poisonWindowMs: number
  /** More escalations of one shard than this within `escalationWindowMs` end the node. */
  readonly escalationsMax: number
  readonly escalationWindowMs: number
  /** How long the answer to an idempotency key is remembered. */
  readonly requestTtlMs: number
  /**
   * Answers that one shard remembers. When it has as many, new requests with a key are refused (503) until some are
   * old enough to go: none goes early. What waits already is still remembered.
   */
  readonly requestsMax: number
  /** Before a failed outbound call is tried again; doubles per attempt. */
  readonly callBackoffMs: number
  /** How often idle actors are looked for. */
  readonly passivationSweepMs: number
  /**
   * Actors in memory beyond which those that were used longest ago leave early, if nothing waits for them. A quarter
   * more may be there for a moment. Larger: more memory, fewer loads. An order of the restaurant takes about 3 KB.
   */
  readonly activationsMax: number
  /**
   * How long turns are kept in the journal, on the world clock: what grows with the restaurant's work is measured by the
   * restaurant's time, and nothing goes while it stands still. An older turn is in no history any more, of an actor that
   * lives on neither; where there is an archive, it is there. Longer: a larger file, and the past goes further back.
   */
  readonly journalKeptMs: number
  /**
   * How long a finished actor is known, on the runtime clock, as are the retries that it guards against. Later it is
   * unknown (404), and the key that had created it would create it anew. Has to outlast `requestTtlMs`,
   * `deadLettersKeptMs` and `resendMaxMs`. Longer: two rows more for each actor that there ever was.
   */
  readonly tombstonesKeptMs: number
  /** How long a dead letter waits for a person, on the runtime clock. Later it is gone, told to the observer. */
  readonly deadLettersKeptMs: number
  /** How often is looked for what is kept no longer. What is found goes a page at a time, beside the work. */
  readonly retentionLookMs: number
}

const days = 24 * minutes(60)

export const defaultBounds: Bounds = {
  batchTurnsMax: 200,
  batchesInFlightMax: 2,
  shardBacklogMax: 2_000,
  mailboxWindow: 1_000,
  mailboxDepthMax: 100_000,
  deadLettersMax: 1_000,
  channelWindow: 256,
  resendMinMs: 500,
  resendMaxMs: 5_000,
  attemptsMax: 10,
  carefulMs: seconds(3),
  poisonWindowMs: minutes(10),
  escalationsMax: 3,
  escalationWindowMs: minutes(5),
  requestTtlMs: 24 * minutes(60),
  requestsMax: 100_000,
  callBackoffMs: 100,
  passivationSweepMs: seconds(30),
  activationsMax: 8_000,
  journalKeptMs: 7 * days,
  tombstonesKeptMs: 30 * days,
  deadLettersKeptMs: 14 * days,
  retentionLookMs: minutes(1),
}

/**
 * Bounds with defaults filled in, and the relations between them checked.
 *
 * @throws ClusterError `CLUSTER_CONFIG_INVALID` naming the field.
 */
export function boundsOf(options: Partial<Bounds> = {}): Bounds {
  const bounds = { ...defaultBounds, ...options }
  for (const [field, value] of Object.entries(bounds)) {
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new ClusterError('CLUSTER_CONFIG_INVALID', {
        field,
        problem: `${value} is not a whole number above 0`,
        remedy: `Give one; without it, it is ${defaultBounds[field as keyof Bounds]}.`,
      })
    }
  }
  if (bounds.mailboxWindow > bounds.mailboxDepthMax) {
    throw new ClusterError('CLUSTER_CONFIG_INVALID', {
      field: 'mailboxWindow',
      problem: `it is above mailboxDepthMax (${bounds.mailboxWindow} > ${bounds.mailboxDepthMax})`,
      remedy: 'Make it the smaller of the two.',
    })
  }
  if (bounds.resendMinMs > bounds.resendMaxMs) {
    throw new ClusterError('CLUSTER_CONFIG_INVALID', {
      field: 'resendMinMs',
      problem: `it is above resendMaxMs (${bounds.resendMinMs} > ${bounds.resendMaxMs})`,
      remedy: 'Make it the smaller of the two.',
    })
  }
  for (const field of ['requestTtlMs', 'deadLettersKeptMs', 'resendMaxMs'] as const) {
    if (bounds.tombstonesKeptMs > bounds[field]) continue
    throw new ClusterError('CLUSTER_CONFIG_INVALID', {
      field: 'tombstonesKeptMs',
      problem: `it does not outlast ${field} (${bounds.tombstonesKeptMs} <= ${bounds[field]}), so that a repeat could revive an actor that has finished`,
      remedy: 'Make it longer.',
    })
  }
  return bounds
}
