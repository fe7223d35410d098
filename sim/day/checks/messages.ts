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
 *   G4. A shard's time never goes back, whosever clock it is read from. A live history has the order of each scope, and
 *       no other between two of them: there it is shown for each owner by itself.
 */
import type { ActorId, Instant } from '#actor'
import type { JournalRecord, MessageId } from '#ports'
import { Problems } from './problems.ts'

export class MessagesCheck {
  readonly found = new Problems()
  /** By message: which turn of its actor handled it. */
  readonly #handled = new Map<MessageId, number>()
  readonly #times = new Map<string, Instant>()
  /** By receiver and sender: the turn that sent what was handled last. */
  readonly #heard = new Map<ActorId, Map<ActorId, number>>()

  /** `scope`: whose time is compared with its own; none when records come in the order of one log. */
  record({ shard, actor, sequence, at, id, message, from, cause, note }: JournalRecord, scope = ''): void {
    const owner = `${shard} ${scope}`
    const last = this.#times.get(owner) ?? at
    if (at < last)
      this.found.add(`${actor} handled '${message.type}' ${last - at} µs before an earlier turn of ${shard}`)
    this.#times.set(owner, at)
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
