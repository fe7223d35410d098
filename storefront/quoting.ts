/**
 * What the chosen dishes would cost, and what there is too little of, as the house says it now.
 *
 * Does not: promise anything: nothing is held until it is ordered.
 */
import { type ShallowRef, shallowRef, watch } from 'vue'
import type { Quote } from './answers.ts'
import { insist, Refused } from './api.ts'
import type { Wish } from './cart.ts'
import { menu, readMenuNow } from './menu.ts'
import { type Said, saidOf } from './problem-words.ts'

export interface Quoted {
  readonly quote: ShallowRef<Quote | undefined>
  /** Why there is none. */
  readonly trouble: ShallowRef<Said | undefined>
}

/** One more tap follows within this time, more often than not. */
const settledMs = 250

/** Asks again whenever they change; `wishes` is undefined while nobody wants to know. */
export function quoteFor(wishes: () => readonly Wish[] | undefined): Quoted {
  const quote = shallowRef<Quote>()
  const trouble = shallowRef<Said>()
  watch(
    // Of another menu it is another quote.
    () => JSON.stringify([menu.value?.edition, wishes()]),
    (_now, _before, onCleanup) => {
      const items = wishes()
      quote.value = undefined
      trouble.value = undefined
      if (items === undefined || items.length === 0) return
      const stop = new AbortController()
      const ask = async (): Promise<void> => {
        try {
          const answer = await insist<Quote>(
            'quotes',
            { method: 'POST', body: { items }, signal: stop.signal },
            (why) => {
              trouble.value = saidOf(why)
            },
          )
          quote.value = answer
          trouble.value = undefined
        } catch (error) {
          if (!(error instanceof Refused)) return
          trouble.value = saidOf(error.problem)
          readMenuNow()
        }
      }
      const timer = setTimeout(ask, settledMs)
      onCleanup(() => {
        clearTimeout(timer)
        stop.abort()
      })
    },
    { immediate: true },
  )
  return { quote, trouble }
}
