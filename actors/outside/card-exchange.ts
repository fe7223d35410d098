/**
 * How the gateway gives a card to the payment provider, and gets what may be kept of it.
 *
 * Owns:     the one request that carries a card number. It is told to nobody else, and no error repeats it.
 * Does not: check the card, or keep what comes back.
 */
import { request } from 'node:http'
import type { CardExchange, Exchanged } from '#actors'
import { traceHeaders } from '#ports'

const answerWithinMs = 5_000
const answerCharactersMax = 4_096

/** For the provider at `url`. */
export const cardExchange =
  (url: string): CardExchange =>
  (card, key, trace) =>
    new Promise((resolve) => {
      const body = JSON.stringify(card)
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'idempotency-key': key,
        ...traceHeaders(trace),
      }
      const signal = AbortSignal.timeout(answerWithinMs)
      const asked = request(`${url}/tokens`, { method: 'POST', headers, signal }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          if (text.length < answerCharactersMax) text += chunk
        })
        response.on('error', () => resolve({ kind: 'unavailable' }))
        response.on('end', () => resolve(exchanged(response.statusCode ?? 0, text)))
      })
      asked.on('error', () => resolve({ kind: 'unavailable' }))
      asked.end(body)
    })

function exchanged(status: number, text: string): Exchanged {
  const { token, last4, brand, detail } = parsed(text)
  if (status === 201 && typeof token === 'string' && isLast4(last4) && typeof brand === 'string') {
    return { kind: 'done', token, last4, brand }
  }
  if (status === 422 && detail === 'key-reused') return { kind: 'key-reused' }
  return { kind: status >= 400 && status < 500 && status !== 429 ? 'refused' : 'unavailable' }
}

const isLast4 = (value: unknown): value is string => typeof value === 'string' && /^\d{4}$/.test(value)

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>
  } catch {
    return {}
  }
}
