/**
 * How long a drill goes on: a short form with every run of the tests, the full one by `BRIGADE_DRILLS=full`.
 */
import { setTimeout as sleep } from 'node:timers/promises'

export const isFull = process.env.BRIGADE_DRILLS === 'full'

const lookAgainMs = 10

/** Whether it came to hold in time. */
export async function within(ms: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  const until = performance.now() + ms
  while (!(await holds())) {
    if (performance.now() > until) return false
    await sleep(lookAgainMs)
  }
  return true
}
