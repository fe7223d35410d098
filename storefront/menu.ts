/**
 * The menu as it is now: asked for again every few seconds while somebody looks, so that what sells out is seen to.
 *
 * Does not: know why something is sold out; the house takes it off.
 */
import { shallowRef } from 'vue'
import type { Menu, ProblemBody } from './answers.ts'
import { ask, Refused } from './api.ts'
import { pause, waitMs } from './retry.ts'

const everyMs = 5_000

export const menu = shallowRef<Menu>()
/** Why the menu is not new. */
export const menuTrouble = shallowRef<ProblemBody | 'no-network'>()

let wake = new AbortController()

/** For as long as the page lives. */
export async function followMenu(): Promise<never> {
  for (let tries = 0; ; tries += 1) {
    wake = new AbortController()
    let after = everyMs
    try {
      const read = await ask<Menu>('menu')
      if (menu.value?.edition !== read.edition || menu.value.degraded !== read.degraded) menu.value = read
      menuTrouble.value = undefined
      tries = 0
    } catch (error) {
      menuTrouble.value = error instanceof Refused ? error.problem : 'no-network'
      after = waitMs(tries, Math.random(), error instanceof Refused ? error.retryAfterMs : 0)
    }
    await pause(after, wake.signal)
    while (document.hidden) await pause(everyMs)
  }
}

/** At once: something that was said contradicts what is shown. */
export const readMenuNow = (): void => wake.abort()
