/**
 * Every message was sent, is handled once, and not before another that the same actor sent to the same one earlier.
 *
 * Owns:     which turn sent which message, as the records tell it, independent of channels, marks and mailboxes.
 * Does not: miss messages: one that is never handled leaves something of its order behind (`nothing-left.ts`).
 *
 * Invariants:
 *   G1. A turn that was caused by another follows it in the log: nothing has left that was not durable.
 *   G2. No actor handles the same message twice.
 *   G3. What one actor sends to another is handled in the order of the turns that sent it.
 *   G4. A shard's time never goes back, whosever clock it is read from.
 */
import type { ActorId, Instant } from '#actor'
import type { JournalRecord, MessageId, ShardId } from '#ports'
import { Problems } from './problems.ts'

export class MessagesCheck {
  readonly found = new Problems()
  /** By message: which turn of its actor handled it. */
  readonly #handled = new Map<MessageId, number>()
  readonly #times = new Map<ShardId, Instant>()
  /** By receiver and sender: the turn that sent what was handled last. */
  readonly #heard = new Map<ActorId, Map<ActorId, number>>()

  record({ shard, actor, sequence, at, id, message, from, cause, note }: JournalRecord): void {
    const last = this.#times.get(shard) ?? at
    if (at < last)
      this.found.add(`${actor} handled '${message.type}' ${last - at} µs before an earlier turn of ${shard}`)
    this.#times.set(shard, at)
    // A supervisor's word about a message that will be handled yet.
    const isTurn = note === undefined || note === 'migrated'
    if (isTurn && this.#handled.has(id)) this.found.add(`${actor} handled '${message.type}' (${id}) twice`)
    this.#handled.set(id, sequence)
    if (!isTurn || from === undefined || cause === undefined) return
    const sent = this.#handled.get(cause)
    if (sent === undefined) {
      this.found.add(`${actor} handled '${message.type}' of a turn of ${from} that there never was`)
      return
    }
    const heard = this.#heardBy(actor)
    if (sent < (heard.get(from) ?? 0)) {
      this.found.add(`${actor} handled '${message.type}' of ${from} after what was sent later`)
    }
    heard.set(from, sent)
  }

  #heardBy(actor: ActorId): Map<ActorId, number> {
    let heard = this.#heard.get(actor)
    if (heard === undefined) {
      heard = new Map()
      this.#heard.set(actor, heard)
    }
    return heard
  }
}
