import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { kept } from './kept.ts'

// Tabs of one phone: they share what is written down, and are told of it when the test says so.

const place = 'brigade.storefront.list'
let written: Map<string, string>
let told: ((event: { readonly key: string; readonly newValue: string }) => void)[]
let shown: ((event: { readonly persisted: boolean }) => void)[]
beforeEach(() => {
  written = new Map()
  told = []
  shown = []
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => written.get(key) ?? null,
    setItem: (key: string, text: string) => void written.set(key, text),
  })
  vi.stubGlobal('addEventListener', (type: string, tell: (event: unknown) => void) => {
    const listeners: Record<string, ((event: unknown) => void)[]> = {
      storage: told as [],
      pageshow: shown as [],
    }
    listeners[type]?.push(tell)
  })
})
afterEach(() => vi.unstubAllGlobals())

const union = (mine: readonly number[], theirs: readonly number[]): readonly number[] =>
  [...new Set([...mine, ...theirs])].sort()
const tab = () => kept<readonly number[]>('list', [], union)

test('what a tab writes takes nothing from another that it was not told of', () => {
  const [mine, theirs] = [tab(), tab()]
  theirs.value = [1]
  mine.value = [2]
  expect([written.get(place), mine.value]).toEqual(['[1,2]', [1, 2]])
  told[1]?.({ key: place, newValue: '[1,2]' })
  expect(theirs.value).toEqual([1, 2])
  expect(tab().value).toEqual([1, 2])
})

test('a page that comes back from the cache of pages has what others wrote meanwhile, and loses nothing', () => {
  const mine = tab()
  mine.value = [2]
  written.set(place, '[1]')
  shown[0]?.({ persisted: false })
  expect(mine.value).toEqual([2])
  shown[0]?.({ persisted: true })
  expect([mine.value, written.get(place)]).toEqual([[1, 2], '[1,2]'])
})

test('what only this tab has written it may take back', () => {
  const mine = tab()
  mine.value = [1, 2]
  mine.value = [2]
  expect(written.get(place)).toBe('[2]')
})

test('what has no rule of its own is as the last tab wrote it', () => {
  const [mine, theirs] = [kept('list', ''), kept('list', '')]
  theirs.value = 'a'
  mine.value = 'b'
  told[1]?.({ key: place, newValue: '"b"' })
  expect([written.get(place), theirs.value]).toEqual(['"b"', 'b'])
})

test('what cannot be read or written is in memory alone', () => {
  written.set(place, '{')
  expect(tab().value).toEqual([])
  vi.stubGlobal('localStorage', undefined)
  const mine = tab()
  mine.value = [3]
  expect(mine.value).toEqual([3])
})
