/** The time of this page, four times a second: for what counts up while no answer comes. A hidden tab has none. */
import { type ShallowRef, shallowRef } from 'vue'

const everyMs = 250
export const pageNow: ShallowRef<number> = shallowRef(performance.now())

setInterval(() => {
  if (!document.hidden) pageNow.value = performance.now()
}, everyMs)
