import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gateway, startGateway } from '../gateway/index.ts'
import { FakeCluster } from '../gateway/testing/fake-cluster.ts'
import type { ProblemBody } from './answers.ts'
import { isSayable, saidOf } from './problem-words.ts'

// What the API says of itself, against what this page can say to a guest.

const asked = [
  'get /api/v1/menu',
  'post /api/v1/quotes',
  'post /api/v1/orders',
  'get /api/v1/orders/{id}',
  'get /api/v1/orders/{id}/story',
  'get /api/v1/orders/{id}/events',
  'post /api/v1/orders/{id}/cancellation',
  'post /api/v1/orders/{id}/collection',
  'post /api/v1/orders/{id}/payments',
] as const

interface Described {
  readonly paths: Record<string, Record<string, { responses: Record<string, { description: string }> }>>
}

let gateway: Gateway
let described: Described
beforeAll(async () => {
  gateway = await startGateway({ client: new FakeCluster([]), site: 'main', port: 0, opsPort: 0 })
  described = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as Described
})
afterAll(() => gateway.close())

test.each(asked)('%s gives no problem that a guest is not told in words', (route) => {
  const [method = '', path = ''] = route.split(' ')
  const responses = Object.values(described.paths[path]?.[method]?.responses ?? {})
  const codes = responses.flatMap(({ description }) =>
    [...description.matchAll(/^`([a-z-]+)`: /gm)].map(([, code = '']) => code),
  )
  expect(codes.length).toBeGreaterThan(5)
  // Of a page that was never asked for.
  expect(codes.filter((code) => !isSayable(code) && code !== 'invalid-cursor')).toEqual([])
})

test('a sentence names what the problem is about', () => {
  const problem = (more: Partial<ProblemBody>): ProblemBody => ({
    status: 409,
    code: 'insufficient-stock',
    title: '',
    ...more,
  })
  const shortages = ['olive-oil', 'basil'].map((ingredient) => ({ ingredient, needed: 2, free: 1 }))
  expect(saidOf(problem({ shortages })).what).toBe('There is too little olive oil and basil left.')
  const errors = [{ pointer: '#/items', detail: 'must not ask for more than 200 plates together' }]
  expect(saidOf(problem({ code: 'validation', errors })).what).toContain('more than 200 plates together')
  const gone = [{ pointer: '#/items/0/dish', detail: "'caprese' is not available now" }]
  expect(saidOf(problem({ code: 'menu-changed', errors: gone })).what).toBe('A dish has just sold out.')
  const { what, next } = saidOf(problem({ code: 'idempotency-key-expired' }))
  expect(`${what} ${next}`).toBe('It has arrived. Ask at the counter, do not order again.')
  expect(saidOf('no-network').next).toContain('made once')
})
