/**
 * Asking again: when, and for how long.
 *
 * Owns:     which answers are no answer yet, and the time between two tries.
 * Does not: ask. Nothing here has a key: whoever asks again does so with the same one.
 */
import type { ProblemBody } from './answers.ts'

const firstMs = 400
const longestMs = 10_000

/** Longer each time, and never two guests in step. `share`: from 0 to 1, drawn by the caller. What the server says counts, if it is longer. */
export function waitMs(tries: number, share: number, retryAfterMs = 0): number {
  const longest = Math.min(longestMs, firstMs * 2 ** Math.min(tries, 10))
  return Math.max(retryAfterMs, Math.round(longest * (0.5 + share / 2)))
}

/** The house is closed, or nobody can say until when it takes nothing: for a person to decide. */
const forPeople: ReadonlySet<string> = new Set(['orders-closed', 'actor-stopped'])

/** Whether the same request may get another answer soon. */
export const isPassing = ({ code, status, retryable = false }: ProblemBody): boolean =>
  !forPeople.has(code) && (retryable || status === 502 || status === 503 || status === 504)

/** `Retry-After` in seconds; dates are not sent by this house. */
export function retryAfterMs(header: string | null): number {
  const seconds = Number(header ?? '')
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : 0
}

/** Ends early when the network is there again, or somebody looks at the page again: both are reasons to try at once. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const waking = new AbortController()
    const wake = (): void => {
      clearTimeout(timer)
      waking.abort()
      resolve()
    }
    const timer = setTimeout(wake, ms)
    const options = { signal: waking.signal }
    addEventListener('online', wake, options)
    document.addEventListener('visibilitychange', () => !document.hidden && wake(), options)
    signal?.addEventListener('abort', wake, options)
    if (signal?.aborted) wake()
  })
}
