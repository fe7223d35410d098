/** What the last command came to, above the time bar for ten seconds. */
import { shallowRef } from 'vue'
import type { Severity } from '../data/incidents.ts'
import { Refused } from '../data/operator.ts'

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

/** Carries a command out, and tells what came of it. */
export async function carryOut(command: () => Promise<unknown>, done: Said | (() => Said)): Promise<boolean> {
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
