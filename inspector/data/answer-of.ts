/** What a room alone wants to know, asked again for as long as it is open. */
import { onScopeDispose, type ShallowRef, shallowRef, watch } from 'vue'
import { ask, Refused } from './operator.ts'

export interface AnswerOf<Answer> {
  readonly answer: ShallowRef<Answer | undefined>
  /** Why it was refused; without an answer at all, the top bar says so. */
  readonly refusal: ShallowRef<string | undefined>
  /** Asks at once: something was done. */
  readonly again: () => void
}

/** `path`: below `/ops/v1/`; undefined asks nothing. Another path forgets the answer to the one before. */
export function useAnswerOf<Answer>(path: () => string | undefined, everyMs: number): AnswerOf<Answer> {
  const answer = shallowRef<Answer>()
  const refusal = shallowRef<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let asking: AbortController | undefined

  async function askOnce(): Promise<void> {
    clearTimeout(timer)
    asking?.abort()
    const wanted = path()
    if (wanted === undefined) return
    const mine = new AbortController()
    asking = mine
    try {
      const given = await ask<Answer>(wanted, { signal: mine.signal })
      if (mine.signal.aborted) return
      answer.value = given
      refusal.value = undefined
    } catch (error) {
      if (mine.signal.aborted) return
      if (error instanceof Refused) refusal.value = error.message
    }
    timer = setTimeout(askUnlessHidden, everyMs)
  }
  function askUnlessHidden(): void {
    if (!document.hidden) void askOnce()
  }
  watch(
    path,
    () => {
      answer.value = undefined
      refusal.value = undefined
      void askOnce()
    },
    { immediate: true },
  )
  document.addEventListener('visibilitychange', askUnlessHidden)
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', askUnlessHidden)
    clearTimeout(timer)
    asking?.abort()
  })
  return { answer, refusal, again: () => void askOnce() }
}
