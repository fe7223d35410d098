import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Order } from './answers.ts'
import { acting, cancel, collect, keep, orders, pay, refusals } from './kept-orders.ts'

const order = (id: string): Order => ({
  id,
  state: 'paying',
  version: 2,
  items: [],
  total: { amount: 1_050, currency: 'EUR' },
  serve: 'collect',
  createdAt: '2026-05-01T18:00:00.000Z',
  promisedAt: '2026-05-01T18:24:00.000Z',
  links: { self: '', events: '', cancellation: '' },
  orderToken: `token of ${id}`,
})
const wanted = { items: [], total: { amount: 1_050, currency: 'EUR' }, serve: 'collect' } as const

let isBusy: boolean
const sent: string[] = []
beforeEach(() => {
  isBusy = true
  sent.length = 0
  vi.useFakeTimers()
  vi.stubGlobal('addEventListener', () => {})
  vi.stubGlobal('document', { addEventListener: () => {} })
  vi.stubGlobal('fetch', async (path: string, { method }: { readonly method: string }) => {
    const id = path.split('/')[4]?.split('?')[0] ?? ''
    if (method === 'GET') return Response.json(order(id))
    sent.push(path.replace('/api/v1/orders/', ''))
    if (isBusy) return Response.json({ code: 'busy', title: '', retryable: true }, { status: 503 })
    if (path.endsWith('cancellation')) return Response.json({ code: 'too-late', title: '' }, { status: 409 })
    return Response.json({})
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  orders.value = []
})

test('each order has one thing done to it at a time, and says why it takes longer and what it came to', async () => {
  for (const id of ['a', 'b']) keep(order(id), wanted)
  const under = [pay('a', 'tok_ok'), collect('a'), cancel('b')]
  await vi.advanceTimersByTimeAsync(0)
  expect(sent).toEqual(['a/payments', 'b/cancellation'])
  expect([...acting.value]).toEqual(['a', 'b'])
  for (const id of ['a', 'b']) expect(refusals.value.get(id)?.what).toBe('The house is very busy.')
  isBusy = false
  await vi.runAllTimersAsync()
  await Promise.all(under)
  expect(acting.value.size).toBe(0)
  expect(refusals.value.get('a')).toBeUndefined()
  expect(refusals.value.get('b')?.what).toContain('too late to cancel')
})
