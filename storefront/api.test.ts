import { afterEach, describe, expect, test, vi } from 'vitest'
import { ask, Refused, refusalIn } from './api.ts'
import { isPassing } from './retry.ts'

describe('a refusal', () => {
  const problem = { status: 409, code: 'menu-changed', title: 'The menu has changed' }

  test('of the house is what it says', async () => {
    const response = Response.json(problem, { status: 409, headers: { 'retry-after': '2' } })
    const refused = await refusalIn(response)
    expect([refused.problem, refused.retryAfterMs]).toEqual([problem, 2_000])
  })

  test.each([
    [404, '<h1>There is no such tunnel</h1>'],
    [403, 'null'],
    [429, '"slower"'],
    [401, '{}'],
    [500, ''],
    [502, '{"code":502}'],
  ])('of something in front of it (%d %s) is no answer yet', async (status, text) => {
    const { problem } = await refusalIn(new Response(text, { status }))
    expect([problem.status, problem.code, isPassing(problem)]).toEqual([503, 'not-ready', true])
  })
})

describe('asking', () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  test('ends when nobody wants to know any more, and when there is no answer for too long', async () => {
    vi.stubGlobal('fetch', (_: string, { signal }: { readonly signal: AbortSignal }) => {
      if (signal.aborted) return Promise.reject(signal.reason)
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    const stop = new AbortController()
    const stopped = ask('menu', { signal: stop.signal })
    stop.abort()
    await expect(stopped).rejects.toThrow()
    await expect(ask('menu', { signal: stop.signal })).rejects.toThrow()
    vi.useFakeTimers()
    const late = expect(ask('menu')).rejects.toThrow()
    await vi.advanceTimersByTimeAsync(10_000)
    await late
  })

  test('gives the answer, or throws what was refused', async () => {
    vi.stubGlobal('fetch', async () => Response.json({ edition: 3 }))
    expect(await ask('menu')).toEqual({ edition: 3 })
    vi.stubGlobal('fetch', async () => new Response('', { status: 404 }))
    await expect(ask('menu')).rejects.toBeInstanceOf(Refused)
  })
})
