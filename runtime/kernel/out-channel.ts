/**
 * Messages from one of our shards to another shard, until they are acknowledged.
 *
 * Owns:     which sequence numbers were given out, may be sent, were sent, and were acknowledged.
 * Does not: write rows or send; it says what may be sent.
 *
 * Invariants:
 *   O1. acknowledged ≤ sent ≤ durable ≤ last.
 *   O2. A number is given out once: `last` is stored, never derived from the rows that remain.
 *   O3. At most `window` numbers are sent and not acknowledged.
 */
import type { Instant } from '#actor'
import type { Envelope, ShardId } from '#ports'

export class OutChannel {
  readonly from: ShardId
  readonly to: ShardId
  last: number
  /** Rows in sequence order; the first is `acknowledged + 1`. */
  #rows: Envelope[] = []
  #acknowledged: number
  #durable: number
  #sent: number
  #resends = 0
  /** Something was acknowledged since `resendAt` was set: what is on its way now was sent later. */
  progressed = false
  resendAt: Instant | undefined

  /** `rows` are the stored outbox rows, in order, and end at `last`. */
  constructor(from: ShardId, to: ShardId, last: number, rows: readonly Envelope[]) {
    this.from = from
    this.to = to
    this.last = last
    this.#rows = [...rows]
    this.#acknowledged = last - rows.length
    this.#sent = this.#acknowledged
    this.#durable = last
  }

  get empty(): boolean {
    return this.#rows.length === 0
  }

  get depth(): number {
    return this.#rows.length
  }

  get resends(): number {
    return this.#resends
  }

  push(envelope: Envelope): number {
    this.#rows.push(envelope)
    this.last += 1
    return this.last
  }

  /** The batch that holds these numbers is durable. */
  durableTo(sequence: number): void {
    if (sequence > this.#durable) this.#durable = sequence
  }

  /** What may be sent now, and counts as sent from here on. */
  take(window: number): readonly (readonly [sequence: number, envelope: Envelope])[] {
    const end = Math.min(this.#durable, this.#acknowledged + window)
    const taken: (readonly [number, Envelope])[] = []
    for (let sequence = this.#sent + 1; sequence <= end; sequence += 1) {
      taken.push([sequence, this.#rows[sequence - this.#acknowledged - 1] as Envelope])
    }
    if (end > this.#sent) this.#sent = end
    return taken
  }

  /** The receiver has durably accepted up to `mark`. Returns the numbers whose rows can go. */
  acknowledge(mark: number): readonly number[] {
    if (mark <= this.#acknowledged || mark > this.last) return []
    const gone: number[] = []
    for (let sequence = this.#acknowledged + 1; sequence <= mark; sequence += 1) gone.push(sequence)
    this.#rows = this.#rows.length === gone.length ? [] : this.#rows.slice(gone.length)
    this.#acknowledged = mark
    this.progressed = true
    if (this.#sent < mark) this.#sent = mark
    this.#resends = 0
    return gone
  }

  /** Sends everything again that is not acknowledged. */
  rewind(): void {
    this.#sent = this.#acknowledged
    this.#resends += 1
  }

  /** The receiver changed: it may know nothing of what was sent. */
  reroute(): void {
    this.#sent = this.#acknowledged
    this.#resends = 0
  }

  get unacknowledged(): boolean {
    return this.#sent > this.#acknowledged
  }
}
