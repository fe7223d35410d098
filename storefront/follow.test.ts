import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { OrderTurn } from './answers.ts'
import { follow } from './follow.ts'

const asks: number[] = []
beforeEach(() => {
  asks.length = 0
  vi.useFakeTimers()
  vi.stubGlobal('addEventListener', () => {})
  vi.stubGlobal('document', { addEventListener: () => {} })
  vi.stubGlobal('navigator', { onLine: true })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** What is seen of an order when the house, or something before it, answers so, one after the other. */
async function followed(...answers: readonly Response[]) {
  const left = [...answers, new Response(null, { status: 204 })]
  vi.stubGlobal('fetch', async () => {
    asks.push(Date.now())
    return left.shift()
  })
  const links: string[] = []
  const turns: OrderTurn[] = []
  const ended = follow({
    id: 'ord_1',
    token: 'secret',
    heard: () => 0,
    told: (turn) => void turns.push(turn),
    linked: (link) => void links.push(link),
    signal: new AbortController().signal,
  })
  await vi.runAllTimersAsync()
  return { ended: await ended, links, turns }
}
const as = (type: string, text: string): Response => new Response(text, { headers: { 'content-type': type } })
const turn = { sequence: 1, at: '', message: 'm', state: 'paying', events: [] }

test('a stream is live with the first of its bytes, and a page of turns when it was read', async () => {
  const stream = as('text/event-stream', `retry: 1000\n\nid: 1\ndata: ${JSON.stringify(turn)}\n\n`)
  expect(await followed(stream)).toEqual({ ended: 'over', links: ['live', 'waiting'], turns: [turn] })
  const page = as('application/json; charset=utf-8', JSON.stringify({ items: [turn] }))
  expect(await followed(page)).toEqual({ ended: 'over', links: ['live'], turns: [turn] })
})

test('what something before the house answers is nothing heard: it is asked again later each time', async () => {
  const portal = () => as('text/html', '<h1>Welcome to our network</h1>')
  const { links } = await followed(portal(), portal(), portal(), portal(), as('text/event-stream', ''))
  expect(new Set(links)).toEqual(new Set(['waiting']))
  const [first = 0, second = 0, third = 0, fourth = 0] = asks
  expect(third - second).toBeGreaterThanOrEqual(400)
  expect(fourth - third).toBeGreaterThanOrEqual(800)
  expect(second).toBeGreaterThan(first)
})

test('only the house can say that it does not know an order', async () => {
  const tunnel = new Response('<h1>No such tunnel</h1>', { status: 404 })
  const house = Response.json({ code: 'not-found', title: 'Not found' }, { status: 404 })
  expect(await followed(tunnel)).toMatchObject({ ended: 'over', links: ['waiting'] })
  expect(await followed(house)).toMatchObject({ ended: 'gone', links: [] })
})
