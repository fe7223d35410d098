/**
 * What becomes of each message, for whoever taps them.
 *
 * Owns:     what is said of a message at its end, or at the end of one try of it.
 * Does not: ask anybody while nobody taps, or know who does.
 */
import type { Instant } from '#actor'
import type { MessageOutcome } from '#ports'
import type { Waiting } from './mailbox.ts'
import type { Memory } from './memory.ts'

/** Before its turn, or in place of one. */
export function begin(memory: Memory, waiting: Waiting): void {
  waiting.begun = memory.observer.messages?.begin(waiting.envelope)
}

export function witnessed(
  memory: Memory,
  waiting: Waiting,
  outcome: MessageOutcome,
  more: {
    readonly at: Instant
    readonly attempt: number
    readonly detail?: string
    readonly sequence?: number
  },
): void {
  const { envelope, since, begun } = waiting
  if (begun === undefined) return
  waiting.begun = undefined
  const waitedUs = memory.now.runtime - since
  memory.observer.messages?.ended({ envelope, outcome, waitedUs, begun, ...more })
}
