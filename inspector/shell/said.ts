/** What the last commands came to, above the time bar for ten seconds each. */
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

/** As it stands there. */
export interface Kept extends Said {
  readonly n: number
  /** By the page's clock. */
  readonly until: number
}

const shownMs = 10_000
const keptMax = 3
/** After this long somebody wonders whether the button was pressed. */
const wonderMs = 300
/** Newest first. */
export const said = shallowRef<readonly Kept[]>([])
let told = 0

/** What was said just now is not said twice. */
export function tell(next: Said): void {
  const [newest] = said.value
  keep(next, newest?.words === next.words && newest.undo === undefined ? newest : undefined)
}

/** In the place of another, as long as that is there. */
function keep(next: Said, before?: Kept): Kept {
  const place = said.value.find(({ n }) => n === before?.n)
  told += 1
  const kept = { ...next, n: place?.n ?? told, until: performance.now() + shownMs }
  said.value =
    place === undefined
      ? [kept, ...said.value].slice(0, keptMax)
      : said.value.map((one) => (one === place ? kept : one))
  return kept
}

export function dismiss({ n }: Kept): void {
  said.value = said.value.filter((one) => one.n !== n)
}

/** What has stood there long enough goes. */
export function clearSaid(now: number): void {
  if (said.value.some(({ until }) => until <= now)) said.value = said.value.filter(({ until }) => until > now)
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
  let waiting: Kept | undefined
  const onItsWay = setTimeout(() => {
    waiting = keep({ severity: 'note', words: 'It is on its way.' })
  }, wonderMs)
  try {
    await command()
    keep(typeof done === 'function' ? done() : done, waiting)
    return true
  } catch (error) {
    const why =
      error instanceof Refused ? error.message : 'Nobody answers; it may have been done all the same.'
    keep({ severity: 'bad', words: why }, waiting)
    return false
  } finally {
    clearTimeout(onItsWay)
  }
}
