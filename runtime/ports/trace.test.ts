import { expect, test } from 'vitest'
import type { MessageId } from './ids.ts'
import { childTrace, traceHeaders, traceText } from './trace.ts'

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-03`

test.each([
  { traceparent },
  { traceparent, tracestate: 'rojo=1,congo=2' },
  { traceparent, baggage: 'synthetic=true' },
  { traceparent, tracestate: 'rojo=1', baggage: 'synthetic=true,load.run=7' },
])('%o is one text, and headers again; what it causes has a span of its own and the rest', (headers) => {
  const text = traceText(headers)
  expect(traceHeaders(text)).toEqual(headers)
  const { traceparent: child, ...more } = traceHeaders(childTrace(text, 'order/1:2' as MessageId))
  const { traceparent: _, ...came } = headers
  expect(child).toMatch(new RegExp(`^00-${'a'.repeat(32)}-[0-9a-f]{16}-03$`))
  expect(child).not.toBe(traceparent)
  expect(more).toEqual(came)
})

test('a message without a trace has no headers', () => {
  expect(traceHeaders(undefined)).toEqual({})
})
