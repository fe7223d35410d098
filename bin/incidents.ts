/**
 * What the launcher reports, in the words of whoever runs the restaurant.
 *
 * Owns:     what is worth telling: an end that nobody asked for, and what follows it.
 */
import type { LauncherEvent } from '#live'

export interface Incident {
  readonly words: string
  readonly isTrouble: boolean
}

/** Undefined: nothing worth telling. */
export function incidentIn(event: LauncherEvent): Incident | undefined {
  switch (event.kind) {
    case 'ended':
      return { words: `${event.node} ended (${event.how})`, isTrouble: !event.how.startsWith('exit 0') }
    case 'ready':
      return { words: `${event.node} is up (life ${event.life})`, isTrouble: false }
    case 'start-failed':
      return { words: `${event.node} could not start: ${event.error}`, isTrouble: true }
    case 'given-up':
      return {
        words: `${event.node} stays down after ${event.restarts} restarts; its shards have moved`,
        isTrouble: true,
      }
    case 'orphan-ended':
      return {
        words: `${event.node} (pid ${event.pid}) was left by an earlier start and has been ended`,
        isTrouble: false,
      }
    case 'halted':
      return { words: `everything was ended: ${event.cause}`, isTrouble: true }
    case 'spawned':
    case 'members':
      return undefined
  }
}
