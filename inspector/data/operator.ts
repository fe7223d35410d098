/**
 * The operator API, as this page asks it.
 *
 * Owns:     the token that somebody has typed, for as long as this tab lives; and what a refusal says.
 * Does not: decide what to ask or how often (`poll.ts`, and rooms).
 */
import { shallowRef } from 'vue'

/** What the API answers instead, as RFC 9457 has it. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail?: string
}

export class Refused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.detail ?? refusal.title)
    this.refusal = refusal
  }
}

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly signal?: AbortSignal
}

const tokenPlace = 'brigade.operator-token'
const answerWithinMs = 10_000

export const token = shallowRef(sessionStorage.getItem(tokenPlace) ?? '')

export function useToken(given: string): void {
  token.value = given
  if (given === '') sessionStorage.removeItem(tokenPlace)
  else sessionStorage.setItem(tokenPlace, given)
}

/**
 * `path`: below `/ops/v1/`.
 *
 * @throws Refused when the answer is no; anything else when there is none.
 */
export async function ask<Answer>(
  path: string,
  { method = 'GET', body, signal }: Asked = {},
): Promise<Answer> {
  const bound = AbortSignal.timeout(answerWithinMs)
  const response = await fetch(new URL(`/ops/v1/${path}`, location.href), {
    method,
    signal: signal === undefined ? bound : AbortSignal.any([signal, bound]),
    headers: {
      ...(token.value !== '' && { authorization: `Bearer ${token.value}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(method !== 'GET' && { 'idempotency-key': crypto.randomUUID() }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer: unknown = text === '' ? undefined : JSON.parse(text)
  if (!response.ok) throw new Refused({ ...(answer as Refusal), status: response.status })
  return answer as Answer
}
