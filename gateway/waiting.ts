/**
 * `Prefer: wait=n` (RFC 7240): answering only when there is something to say.
 */
import type { ActorId } from '#actor'
import type { ClusterClient } from './cluster-client.ts'

/** A longer wish is cut to this; `Preference-Applied` tells what was granted. */
export const waitSecondsMax = 30

/** How many seconds the caller would wait; undefined when it did not say. */
export function waitSecondsOf(prefer: string | string[] | undefined): number | undefined {
  if (prefer === undefined) return undefined
  const text = Array.isArray(prefer) ? prefer.join(',') : prefer
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])/i.exec(text)?.[1]
  return seconds === undefined ? undefined : Math.min(Number(seconds), waitSecondsMax)
}

/** Reads again at every change of the actor until `isSettled` or the time is over; then what was read last. */
export async function settled<T>(
  client: ClusterClient,
  actor: ActorId,
  read: () => Promise<T>,
  isSettled: (value: T) => boolean,
  timeoutMs: number,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let hasChanged = false
  let wake = (): void => {}
  const unwatch = client.watch(actor, () => {
    hasChanged = true
    wake()
  })
  try {
    for (;;) {
      hasChanged = false
      const value = await read()
      const leftMs = deadline - performance.now()
      if (isSettled(value) || leftMs <= 0) return value
      if (hasChanged) continue
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  } finally {
    unwatch()
  }
}
