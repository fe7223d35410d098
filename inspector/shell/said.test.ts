import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { carryOut, said, tell } from './said.ts'

// Whoever asks the gateway looks for its token where a browser keeps it.
vi.hoisted(() => vi.stubGlobal('sessionStorage', { getItem: () => null }))

const words = (): readonly string[] => said.value.map((one) => one.words)

beforeEach(() => {
  vi.useFakeTimers()
  said.value = []
})
afterEach(() => vi.useRealTimers())

test('of two slow commands at once each has its own result, with its own way back', async () => {
  const ends: (() => void)[] = []
  const slow = () => new Promise<void>((resolve) => ends.push(resolve))
  const done = (name: string) => ({
    severity: 'ok' as const,
    words: `${name} is done.`,
    undo: { words: `Undo ${name}`, carryOut: () => {} },
  })
  const both = [carryOut(slow, done('one')), carryOut(slow, done('two'))]
  await vi.advanceTimersByTimeAsync(400)
  expect(words()).toEqual(['It is on its way.', 'It is on its way.'])
  for (const end of ends) end()
  await Promise.all(both)
  expect(said.value.map(({ words, undo }) => [words, undo?.words])).toEqual([
    ['two is done.', 'Undo two'],
    ['one is done.', 'Undo one'],
  ])
})

test('what was said just now is not said twice, and three are kept', () => {
  for (const words of ['a', 'a', 'b', 'c', 'd']) tell({ severity: 'note', words })
  expect(words()).toEqual(['d', 'c', 'b'])
})
