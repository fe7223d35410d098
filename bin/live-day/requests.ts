/**
 * Requests of a guest or an operator who does not give up at the first failure.
 *
 * Owns:     what an answer says about the request: done, refused, or nobody knows; and when to send it again.
 *
 * Invariants:
 *   R1. `unheard` is said only when the request cannot have reached an actor.
 */
import type { DayClock } from './day-clock.ts'

export type Answer<Body = unknown> =
  | { readonly kind: 'done'; readonly body: Body; readonly headers: Headers }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string; readonly detail: string }
  /** Nothing has happened. */
  | { readonly kind: 'unheard'; readonly retryAfterMs: number }
  /** It may have been done. */
  | { readonly kind: 'unknown'; readonly retryAfterMs: number }

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PATCH'
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly withinMs?: number
}

const answerWithinMs = 6_000
/** Said by the gateway before it asks an actor, or by an actor's node that did not take it. */
const notTaken: ReadonlySet<number> = new Set([429, 503])
/** An error after which the same request, sent again, may succeed. */
const passing: ReadonlySet<string> = new Set(['request-in-progress', 'actor-timeout', 'request-timeout'])

export async function ask<Body>(url: string, asked: Asked = {}): Promise<Answer<Body>> {
  const { method = 'GET', body, headers = {}, withinMs = answerWithinMs } = asked
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': typeOf(method) }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(withinMs),
    })
    text = await response.text()
  } catch (error) {
    return { kind: isRefusedConnection(error) ? 'unheard' : 'unknown', retryAfterMs: 0 }
  }
  const said = parsed(text)
  if (response.ok) {
    return { kind: 'done', body: said as Body, headers: response.headers }
  }
  const { status } = response
  const { code = '', detail = '' } = (said ?? {}) as { readonly code?: string; readonly detail?: string }
  const retryAfterMs = Number(response.headers.get('retry-after') ?? 0) * 1_000
  if (notTaken.has(status)) return { kind: 'unheard', retryAfterMs }
  if (passing.has(code)) return { kind: 'unknown', retryAfterMs }
  return { kind: 'refused', status, code, detail }
}

const backoffFirstMs = 100
const backoffMaxMs = 2_000

/**
 * Sends it again, the same, until the answer is one that stays, or there is no time left (`performance.now()`).
 * `heard` is true if any of the tries may have been heard.
 */
export async function insist<Body>(
  clock: DayClock,
  untilMs: number,
  send: () => Promise<Answer<Body>>,
): Promise<{ readonly answer: Answer<Body>; readonly heard: boolean }> {
  let heard = false
  for (let tries = 0; ; tries += 1) {
    const answer = await send()
    if (answer.kind === 'unknown') heard = true
    if (answer.kind === 'done' || answer.kind === 'refused') return { answer, heard }
    const pauseMs = Math.max(answer.retryAfterMs, Math.min(backoffMaxMs, backoffFirstMs * 2 ** tries))
    if (performance.now() + pauseMs > untilMs) return { answer, heard }
    await clock.pause(pauseMs)
  }
}

const typeOf = (method: Asked['method']): string =>
  method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'

function isRefusedConnection(error: unknown): boolean {
  const { cause } = error as { readonly cause?: { readonly code?: string } }
  return cause?.code === 'ECONNREFUSED'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
