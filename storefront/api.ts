/**
 * The public API, as a guest's phone asks it.
 *
 * Owns:     what a refusal is, how long an answer may take, and asking again for as long as there is none.
 * Does not: choose keys: what must not happen twice brings its own (`placing.ts`, `kept-orders.ts`).
 */
import type { ProblemBody } from './answers.ts'
import { isPassing, pause, retryAfterMs, waitMs } from './retry.ts'

export class Refused extends Error {
  readonly problem: ProblemBody
  readonly retryAfterMs: number

  constructor(problem: ProblemBody, retryAfter: number) {
    super(problem.detail ?? problem.title)
    this.problem = problem
    this.retryAfterMs = retryAfter
  }
}

export interface Asked {
  readonly method?: 'GET' | 'POST'
  readonly body?: unknown
  /** Of an order. */
  readonly token?: string
  readonly key?: string
  readonly signal?: AbortSignal
}

const answerWithinMs = 10_000

export const headersOf = ({ token, key, body }: Asked): Record<string, string> => ({
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
  ...(key !== undefined && { 'idempotency-key': key }),
  ...(body !== undefined && { 'content-type': 'application/json' }),
})

/**
 * Once. `path`: below `/api/v1/`.
 *
 * @throws Refused when the answer is no; anything else when there is none.
 */
export async function ask<Answer>(path: string, asked: Asked = {}): Promise<Answer> {
  const { method = 'GET', body, signal } = asked
  // `AbortSignal.any` is not there on phones of a few years ago.
  const cut = new AbortController()
  const stop = (): void => cut.abort()
  const bound = setTimeout(stop, answerWithinMs)
  signal?.addEventListener('abort', stop, { signal: cut.signal })
  if (signal?.aborted) stop()
  try {
    const response = await fetch(`/api/v1/${path}`, {
      method,
      // What a browser has kept is asked for again: with its tag, so that most answers are empty.
      cache: 'no-cache',
      signal: cut.signal,
      headers: headersOf(asked),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (response.ok) return (await response.json()) as Answer
    throw await refusalIn(response)
  } finally {
    clearTimeout(bound)
    stop()
  }
}

/** What is no problem document was said by something in front of the house: the house has not answered. */
export async function refusalIn(response: Response): Promise<Refused> {
  const { status } = response
  const waitMs = retryAfterMs(response.headers.get('retry-after'))
  const body = (await response.json().catch(() => null)) as Partial<ProblemBody> | null
  const title = body?.title ?? `The answer was ${status}`
  if (typeof body?.code !== 'string')
    return new Refused({ status: 503, code: 'not-ready', title, retryable: true }, waitMs)
  return new Refused({ ...body, status, code: body.code, title }, waitMs)
}

/**
 * Until there is an answer that stands: a lost network, a node that is gone or a house that is busy is none.
 * `waiting` is told why it takes longer, each time.
 *
 * @throws Refused what stands; whatever `signal` says when nobody waits any more.
 */
export async function insist<Answer>(
  path: string,
  asked: Asked,
  waiting: (why: ProblemBody | 'no-network') => void = () => {},
): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask<Answer>(path, asked)
    } catch (error) {
      asked.signal?.throwIfAborted()
      if (error instanceof Refused && !isPassing(error.problem)) throw error
      waiting(error instanceof Refused ? error.problem : 'no-network')
      await pause(
        waitMs(tries, Math.random(), error instanceof Refused ? error.retryAfterMs : 0),
        asked.signal,
      )
      asked.signal?.throwIfAborted()
    }
  }
}
