/**
 * One tap of this page: begun for a filter, followed over the stream, and ended when nobody looks any more.
 *
 * Owns:     which tap there is, how it stands, and beginning another when it is gone: the gateway forgets one that nobody reads.
 * Does not: keep messages (`rooms/message-rows.ts`).
 */
import { onScopeDispose, type ShallowRef, shallowRef, watch } from 'vue'
import type { ToPage } from '../../gateway/stream-protocol.ts'
import type { TapCounts, TapEnd, Told } from '../../gateway/tap-words.ts'
import { ask, Refused } from './operator.ts'
import { connection } from './poll.ts'
import { follow } from './stream.ts'

export interface AskedTap {
  readonly filter: string
  readonly perSecond: number
}

export type TapState =
  | { readonly kind: 'beginning' }
  | { readonly kind: 'open'; readonly id: string; readonly endsAt: number }
  /** `why`: nobody is told anything more. */
  | { readonly kind: 'ended'; readonly why: TapEnd }
  | { readonly kind: 'refused'; readonly why: string }
  /** Nobody answers; it is tried again when somebody does. */
  | { readonly kind: 'silent' }

interface Begun {
  readonly id: string
  readonly endsInMs: number
}

export interface Tapped {
  readonly state: ShallowRef<TapState>
  readonly counts: ShallowRef<TapCounts | undefined>
  /** Messages that this page was too slow for. */
  readonly missed: ShallowRef<number>
  beginAgain(): void
}

const totalMax = 100_000

/** `begun`: of another tap than before; `heard`: messages of it. */
export function useTap(
  asked: () => AskedTap,
  hear: { readonly begun: () => void; readonly heard: (told: Told) => void },
): Tapped {
  const state = shallowRef<TapState>({ kind: 'beginning' })
  const counts = shallowRef<TapCounts>()
  const missed = shallowRef(0)
  let leave = (): void => {}
  /** Which beginning this is: an answer to one before is not wanted any more. */
  let turn = 0
  /** Of the message that was seen last. */
  let last = 0

  function said(id: string, words: ToPage): void {
    if (words.type === 'tapped' && words.tap === id) {
      counts.value = words.counts
      // Who comes back is told all that is kept: what lies before it was seen, or is missed.
      const [first] = words.messages
      missed.value += first === undefined ? words.missed : Math.max(0, first.n - last - 1)
      last = words.messages.at(-1)?.n ?? last
      hear.heard(words)
    } else if (words.type === 'tap-ended' && words.tap === id) {
      // It goes with its gateway, or with the look away from this page: whoever looks wants another.
      if (words.why === 'idle' || words.why === 'gateway-closes') void begin()
      else state.value = { kind: 'ended', why: words.why }
    } else if (words.type === 'error' && words.detail.includes(id)) void begin()
  }

  async function begin(): Promise<void> {
    if (state.value.kind === 'open') endOf(state.value.id)
    turn += 1
    const mine = turn
    // The line of the tap before stays until there is another: it would be opened anew.
    const before = leave
    state.value = { kind: 'beginning' }
    counts.value = undefined
    missed.value = 0
    last = 0
    try {
      const { id, endsInMs } = await ask<Begun>('taps', {
        method: 'POST',
        body: { ...asked(), total: totalMax },
      })
      if (mine !== turn) {
        endOf(id)
        return
      }
      hear.begun()
      state.value = { kind: 'open', id, endsAt: performance.now() + endsInMs }
      leave = follow(`tap:${id}`, (words) => {
        if (mine === turn) said(id, words)
      })
      before()
    } catch (error) {
      if (mine !== turn) return
      leave = () => {}
      before()
      state.value = error instanceof Refused ? { kind: 'refused', why: error.message } : { kind: 'silent' }
    }
  }

  watch(asked, () => void begin(), { immediate: true })
  watch(connection, ({ kind }) => {
    if (kind === 'live' && state.value.kind === 'silent') void begin()
  })
  onScopeDispose(() => {
    turn += 1
    leave()
    if (state.value.kind === 'open') endOf(state.value.id)
  })
  return { state, counts, missed, beginAgain: () => void begin() }
}

/** It would end by itself. */
const endOf = (id: string): void => void ask(`taps/${id}`, { method: 'DELETE' }).catch(() => {})
