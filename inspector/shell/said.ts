/** What the last command came to, above the time bar for ten seconds. */
import { computed, shallowRef } from 'vue'
import type { Severity } from '../data/incidents.ts'
import { Refused } from '../data/operator.ts'
import { cluster } from '../data/poll.ts'

export interface Said {
  readonly severity: Severity
  readonly words: string
  /** Takes it back. */
  readonly undo?: { readonly words: string; readonly carryOut: () => void }
}

const shownMs = 10_000
/** After this long somebody wonders whether the button was pressed. */
const wonderMs = 300
export const said = shallowRef<Said>()
let timer: ReturnType<typeof setTimeout> | undefined

export function tell(next: Said): void {
  clearTimeout(timer)
  said.value = next
  timer = setTimeout(() => {
    said.value = undefined
  }, shownMs)
}

/** Why nothing may be changed from here. */
export const offBecause = computed(() => (cluster.value?.isReadOnly ? 'Off: read-only mode' : undefined))

/** Whether it had to be told that commands are off. */
export function tellOff(): boolean {
  if (offBecause.value === undefined) return false
  tell({ severity: 'note', words: `${offBecause.value}.` })
  return true
}

/** Carries a command out, and tells what came of it. While commands are off nobody is asked. */
export async function carryOut(command: () => Promise<unknown>, done: Said | (() => Said)): Promise<boolean> {
  if (tellOff()) return false
  const onItsWay = setTimeout(() => tell({ severity: 'note', words: 'It is on its way.' }), wonderMs)
  try {
    await command()
    tell(typeof done === 'function' ? done() : done)
    return true
  } catch (error) {
    const why =
      error instanceof Refused ? error.message : 'Nobody answers; it may have been done all the same.'
    tell({ severity: 'bad', words: why })
    return false
  } finally {
    clearTimeout(onItsWay)
  }
}
