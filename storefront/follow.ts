/**
 * Following one order: every turn of it, as it happens, until it is over.
 *
 * A lost network, a node that was killed and a gateway that restarts look the same from here: the stream ends, and is asked for
 * again after the last turn that was heard (`Last-Event-ID`).
 *
 * Does not: keep anything; whoever follows says what was heard last, and is told each turn.
 */
import type { OrderTurn } from './answers.ts'
import { headersOf, refusalIn } from './api.ts'
import { EventLines } from './event-lines.ts'
import { pause, retryAfterMs, waitMs } from './retry.ts'

/** `offline`: this phone has no network. `waiting`: it has one, and the house does not answer. */
export type Link = 'live' | 'waiting' | 'offline'

export interface Following {
  readonly id: string
  readonly token: string
  /** Sequence of the last turn that was heard. */
  readonly heard: () => number
  readonly told: (turn: OrderTurn) => void
  readonly linked: (link: Link) => void
  readonly signal: AbortSignal
}

/** The house shows every 15 s that it lives; a silence of three of them is none of its. */
const silenceMs = 45_000
/** Where streams are switched off, pages are asked for instead. */
const pageEveryMs = 3_000

export async function follow(following: Following): Promise<'over' | 'gone'> {
  const { signal, linked } = following
  for (let tries = 0; !signal.aborted; tries += 1) {
    const read = await once(following)
    if (read.kind !== 'ended') return read.kind
    if (read.isHeard) tries = 0
    if (signal.aborted) break
    if (!read.isLive) linked(navigator.onLine ? 'waiting' : 'offline')
    await pause(waitMs(tries, Math.random(), read.waitMs), signal)
  }
  return 'over'
}

interface Ended {
  readonly kind: 'ended'
  /** Something of the house came. */
  readonly isHeard: boolean
  /** It is as it should be, and asked for again. */
  readonly isLive: boolean
  readonly waitMs: number
}

async function once({
  id,
  token,
  heard,
  told,
  linked,
  signal,
}: Following): Promise<Ended | { readonly kind: 'over' | 'gone' }> {
  const cut = new AbortController()
  const stop = (): void => cut.abort()
  const options = { signal: cut.signal }
  signal.addEventListener('abort', stop, options)
  // A stream notices only much later that its network is gone.
  addEventListener('offline', stop, options)
  let silence = setTimeout(stop, silenceMs)
  let isHeard = false
  const ended = (more: Partial<Ended> = {}): Ended => ({
    kind: 'ended',
    isHeard,
    isLive: false,
    waitMs: 0,
    ...more,
  })
  try {
    const response = await fetch(`/api/v1/orders/${id}/events`, {
      cache: 'no-store',
      signal: cut.signal,
      headers: {
        ...headersOf({ token }),
        accept: 'text/event-stream, application/json;q=0.5',
        'last-event-id': String(heard()),
      },
    })
    if (response.status === 204) return { kind: 'over' }
    if (!response.ok || response.body === null) {
      const { problem, retryAfterMs: waitMs } = await refusalIn(response)
      return problem.status === 404 || problem.status === 401 ? { kind: 'gone' } : ended({ waitMs })
    }
    const live = (): void => {
      isHeard = true
      linked('live')
    }
    const type = response.headers.get('content-type') ?? ''
    if (type.startsWith('application/json')) {
      const { items } = (await response.json()) as { readonly items: readonly OrderTurn[] }
      live()
      for (const turn of items.toReversed()) told(turn)
      return ended({ isLive: true, waitMs: pageEveryMs })
    }
    // Whoever gives a phone its network may answer, too.
    if (!type.startsWith('text/event-stream')) return ended()
    const lines = new EventLines()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return ended({ waitMs: retryAfterMs(response.headers.get('retry-after')) })
      if (!isHeard) live()
      clearTimeout(silence)
      silence = setTimeout(stop, silenceMs)
      for (const { data } of lines.take(value)) told(JSON.parse(data) as OrderTurn)
    }
  } catch {
    return ended()
  } finally {
    clearTimeout(silence)
    cut.abort()
  }
}
