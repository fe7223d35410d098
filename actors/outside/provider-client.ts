/**
 * How the restaurant reaches its payment provider.
 *
 * Owns:     what an HTTP answer means: done, a definitive no, or nothing definitive.
 * Does not: retry or wait longer: the runtime does, within the call's deadline and attempts.
 */
import { type RequestOptions, request } from 'node:http'
import type { ProviderArgs, ProviderOperation } from '#actors'
import { providerAnswer } from '#actors'
import { type CallOutcome, type OutboundCall, traceHeaders } from '#ports'

/** One try of an outbound call. An abort of `signal` is an unknown outcome: the other side may have acted. */
export type CallHandler = (call: OutboundCall, signal: AbortSignal) => Promise<CallOutcome>

/** The handlers of the `provider.*` calls, by name, for the provider at `url`. */
export function providerHandlers(url: string): Record<ProviderOperation, CallHandler> {
  const at = (call: OutboundCall): string => {
    const { payment } = call.args as ProviderArgs[ProviderOperation]
    return `${url}/payments/${encodeURIComponent(payment)}`
  }
  const post =
    (verb: string): CallHandler =>
    (call, signal) => {
      const { sent, headers } = written(call)
      return answer(`${at(call)}/${verb}`, { method: 'POST', headers, signal }, providerAnswer, sent)
    }
  return {
    'provider.authorize': post('authorize'),
    'provider.capture': post('capture'),
    'provider.void': post('void'),
    'provider.refund': post('refund'),
    'provider.lookup': (call, signal) => answer(at(call), { signal }, providerAnswer),
  }
}

/** A call as the body and the headers of a request. */
export function written({ args, key, trace }: OutboundCall) {
  const sent = JSON.stringify(args)
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(sent),
    'idempotency-key': key,
    ...traceHeaders(trace),
  }
  return { sent, headers }
}

/** What the other side says. `resultIn` finds its answer in a body, if that has the shape of one. */
export async function answer(
  url: string,
  options: RequestOptions,
  resultIn: (body: unknown) => unknown,
  sent = '',
): Promise<CallOutcome> {
  try {
    const { status, text } = await exchange(url, options, sent)
    const body = parsed(text)
    if (status >= 200 && status < 300) {
      const result = resultIn(body)
      return result === undefined
        ? { kind: 'unknown', detail: 'the answer has another shape' }
        : { kind: 'done', result }
    }
    const detail = detailOf(body) ?? `HTTP ${status}`
    return { kind: isDefinitive(status) ? 'refused' : 'unknown', detail }
  } catch (error) {
    return { kind: 'unknown', detail: error instanceof Error ? error.message : String(error) }
  }
}

// Not by fetch: it takes three times the CPU, and every order makes two or three calls.
function exchange(
  url: string,
  options: RequestOptions,
  sent: string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.on('error', reject)
    asked.end(sent)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

// Of the 4xx, these say "not now".
const isDefinitive = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429

function detailOf(body: unknown): string | undefined {
  const detail = (body as { detail?: unknown } | null)?.detail
  return typeof detail === 'string' ? detail : undefined
}
