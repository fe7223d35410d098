/**
 * Who asks how an actor stands is told how it stood at some moment between the question and the answer.
 *
 * A node that has lost a shard and does not know it would answer with what it last knew.
 *
 * Owns:     how many turns of each actor are durable.
 * Does not: ask: guests of a day do, and the protocol check.
 *
 * Invariants:
 *   A1. An answer is no older than what was durable when it was asked for, and no newer than what is durable when it is
 *       given.
 */
import type { ActorId } from '#actor'
import type { JournalRecord, Outcome } from '#ports'

export class ReadsCheck {
  readonly #durable = new Map<ActorId, number>()

  /** Of a commit that has become durable. */
  record({ actor, sequence }: JournalRecord): void {
    this.#durable.set(actor, sequence)
  }

  /** The question is asked now. Returns what says what is wrong with the answer to it, at the moment it is there. */
  asked(actor: ActorId): (answer: Outcome) => string | undefined {
    const then = this.#durable.get(actor) ?? 0
    return (answer) => {
      const now = this.#durable.get(actor) ?? 0
      if (answer.kind === 'unknown' && then > 0) {
        return `${actor} had made ${then} turns, and who asked was told that it is not there`
      }
      if (answer.kind !== 'answer') return undefined
      const { version } = answer
      if (version < then) {
        return `${actor} had made ${then} turns, and was shown to who asked as it was after ${version}`
      }
      return version > now ? `${actor} was shown after ${version} turns, and ${now} were durable` : undefined
    }
  }
}
