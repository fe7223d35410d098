/**
 * An answer that is asked for again and again while whoever shows it is there.
 *
 * Owns:     the rhythm, and what is wrong when there is no answer. The answer before stays.
 * Does not: ask while the tab is hidden, or a second time before the first has been answered.
 */
import { onScopeDispose, type ShallowRef, shallowRef, watch } from 'vue'
import { Refused } from './operator.ts'

export interface Answered<Answer> {
  readonly answer: ShallowRef<Answer | undefined>
  /** In words; undefined while it is answered. */
  readonly problem: ShallowRef<string | undefined>
  readonly askNow: () => void
}

/** `key`: when it changes, the answer before is of something else, and is forgotten. */
export function whileHere<Answer>(
  ask: (signal: AbortSignal) => Promise<Answer>,
  everyMs: number,
  key: () => unknown = () => undefined,
): Answered<Answer> {
  const answer = shallowRef<Answer>()
  const problem = shallowRef<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: AbortController | undefined

  const askNow = async (): Promise<void> => {
    clearTimeout(timer)
    running?.abort()
    const mine = new AbortController()
    running = mine
    if (!document.hidden) {
      try {
        const found = await ask(mine.signal)
        if (mine.signal.aborted) return
        answer.value = found
        problem.value = undefined
      } catch (error) {
        if (mine.signal.aborted) return
        problem.value = error instanceof Refused ? error.message : 'Nobody answers.'
      }
    }
    timer = setTimeout(() => void askNow(), everyMs)
  }
  watch(key, () => {
    answer.value = undefined
    problem.value = undefined
    void askNow()
  })
  void askNow()
  onScopeDispose(() => {
    clearTimeout(timer)
    running?.abort()
  })
  return { answer, problem, askNow: () => void askNow() }
}
