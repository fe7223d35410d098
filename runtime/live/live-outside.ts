/**
 * Outbound calls by named handlers, as promises live and as callbacks to the host.
 *
 * Owns:     the handlers, their abort signals, and what a thrown error means: the outcome is unknown.
 * Does not: retry (kernel), or know whom a handler talks to.
 */
import type { CallOutcome, Clock, OutboundCall, Outside } from '#ports'

/** One try. It must honour the signal: what lands after it does not count. */
export type OutsideHandler = (call: OutboundCall, signal: AbortSignal) => Promise<CallOutcome>

export class LiveOutside implements Outside {
  readonly #handlers: Readonly<Record<string, OutsideHandler>>
  readonly #clock: Clock

  constructor(handlers: Readonly<Record<string, OutsideHandler>>, clock: Clock) {
    this.#handlers = handlers
    this.#clock = clock
  }

  start(call: OutboundCall, done: (outcome: CallOutcome) => void): { cancel(): void } {
    const leftMs = (call.expiresAt - this.#clock.now().runtime) / 1_000
    const cancelled = new AbortController()
    const tell = (outcome: CallOutcome): void => {
      if (!cancelled.signal.aborted) done(outcome)
    }
    const handler = this.#handlers[call.handler]
    if (handler === undefined) {
      setImmediate(tell, { kind: 'refused', detail: `there is no outside handler '${call.handler}'` })
    } else if (leftMs <= 0) {
      setImmediate(tell, { kind: 'unknown', detail: 'it was started after its expiry' })
    } else {
      const signal = AbortSignal.any([cancelled.signal, AbortSignal.timeout(Math.ceil(leftMs))])
      // One that is no async function may throw at once: to the node that is as much an unknown outcome.
      const answer = (async () => handler(call, signal))()
      answer.then(tell, (error: unknown) => {
        tell({ kind: 'unknown', detail: error instanceof Error ? error.message : String(error) })
      })
    }
    return { cancel: () => cancelled.abort() }
  }
}
