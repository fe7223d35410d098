/**
 * The trace that a message belongs to, as one text that the runtime carries along and does not read.
 *
 * It is W3C `traceparent`; where more came with it, `tracestate` and `baggage` follow, behind a line break each. The runtime
 * replaces the span in it, which always stands at the same place.
 */
import { hash32 } from '#actor'
import type { MessageId } from './ids.ts'

/** As HTTP has them. */
export interface TraceHeaders {
  readonly traceparent: string
  readonly tracestate?: string
  readonly baggage?: string
}

export function traceText({ traceparent, tracestate = '', baggage = '' }: TraceHeaders): string {
  return tracestate === '' && baggage === '' ? traceparent : `${traceparent}\n${tracestate}\n${baggage}`
}

/** Of a message that has no trace there are none. */
export function traceHeaders(text: string | undefined): Partial<TraceHeaders> {
  if (text === undefined) return {}
  const [traceparent = '', tracestate = '', baggage = ''] = text.split('\n')
  return {
    traceparent,
    ...(tracestate !== '' && { tracestate }),
    ...(baggage !== '' && { baggage }),
  }
}

/** The same trace and what came with it, with a span of this message's own. */
export function childTrace(text: string, id: MessageId): string {
  const span = hash32(id).toString(16).padStart(8, '0') + hash32(id, 1).toString(16).padStart(8, '0')
  return `${text.slice(0, 36)}${span}${text.slice(52)}`
}
