/**
 * How the restaurant reaches its payment provider.
 *
 * Owns:     what an HTTP answer means: done, a definitive no, or nothing definitive.
 * Does not: retry or wait longer: the runtime does, within the call's deadline and attempts.
 */
import type { ProviderArgs, ProviderOperation } from '#actors'
import { providerAnswer } from '#actors'
import type { CallOutcome, OutboundCall } from '#ports'

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
    (call, signal) =>
      answer(`${at(call)}/${verb}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': call.key,
          ...(call.trace === undefined ? {} : { traceparent: call.trace }),
        },
        body: JSON.stringify(call.args),
        signal,
      })
  return {
    'provider.authorize': post('authorize'),
    'provider.capture': post('capture'),
    'provider.void': post('void'),
    'provider.refund': post('refund'),
    'provider.lookup': (call, signal) => answer(at(call), { signal }),
  }
}

async function answer(url: string, init: RequestInit): Promise<CallOutcome> {
  try {
    const response = await fetch(url, init)
    const body: unknown = await response.json().catch(() => undefined)
    if (response.ok) {
      const result = providerAnswer(body)
      return result === undefined
        ? { kind: 'unknown', detail: 'the answer has another shape' }
        : { kind: 'done', result }
    }
    const detail = detailOf(body) ?? `HTTP ${response.status}`
    return { kind: isDefinitive(response.status) ? 'refused' : 'unknown', detail }
  } catch (error) {
    return { kind: 'unknown', detail: error instanceof Error ? error.message : String(error) }
  }
}

// Of the 4xx, these say "not now".
const isDefinitive = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429

function detailOf(body: unknown): string | undefined {
  const detail = (body as { detail?: unknown } | null)?.detail
  return typeof detail === 'string' ? detail : undefined
}
