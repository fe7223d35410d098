/**
 * What every RowStore promises. Call it in a test file of the adapter.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Key, type RowStore, startingWith } from '#ports'

export function rowStoreContract(adapter: string, open: () => Promise<RowStore>): void {
  describe(`${adapter} is a RowStore`, () => {
    let store: RowStore
    beforeEach(async () => {
      store = await open()
    })
    afterEach(() => store.close())

    const keys: readonly Key[] = [
      ['a', 1],
      ['a', 2],
      ['a', 300],
      ['a', 2 ** 40],
      ['ab', 1],
      ['b', 'x', 0],
      ['b', 'x', 9],
      ['b', 'xy', 0],
    ]
    const all = { start: [''], end: ['z'] }
    const fill = (): Promise<void> =>
      store.commit(keys.toReversed().map((key) => ({ key, row: { of: key } })))

    test('gives back what was written, and nothing for what was not', async () => {
      await fill()
      expect(store.get(['b', 'x', 9])).toEqual({ of: ['b', 'x', 9] })
      expect(store.get(['b', 'x', 8])).toBeUndefined()
      expect(store.get(['b', 'x'])).toBeUndefined()
    })

    test('its order is that of the parts of the keys, numbers as numbers', async () => {
      await fill()
      expect(store.range(all, { limit: 100 }).map(([key]) => key)).toEqual(keys)
      expect(store.range(all, { limit: 100, backwards: true }).map(([key]) => key)).toEqual(keys.toReversed())
    })

    test('a range has its start, and neither its end nor more than was asked for', async () => {
      await fill()
      const middle = { start: ['a', 2], end: ['b', 'x', 9] }
      expect(store.range(middle, { limit: 100 }).map(([key]) => key)).toEqual(keys.slice(1, 6))
      expect(store.range(middle, { limit: 2 }).map(([key]) => key)).toEqual(keys.slice(1, 3))
      const last = store.range(middle, { limit: 2, backwards: true }).map(([key]) => key)
      expect(last).toEqual(keys.slice(4, 6).toReversed())
      expect(store.range({ start: ['c'], end: ['a'] }, { limit: 9, backwards: true })).toEqual([])
    })

    test('what begins with some parts is a range', async () => {
      await fill()
      expect(store.range(startingWith(['b', 'x']), { limit: 9 }).map(([key]) => key)).toEqual(
        keys.slice(5, 7),
      )
      expect(store.range(startingWith(['a']), { limit: 9 }).map(([key]) => key)).toEqual(keys.slice(0, 4))
    })

    test('a write replaces, a write without a row removes, and removing nothing is nothing', async () => {
      await fill()
      await store.commit([
        { key: ['a', 1], row: 'new' },
        { key: ['a', 2] },
        { key: ['never', 'was'], row: undefined },
      ])
      expect(store.range(startingWith(['a']), { limit: 2 })).toEqual([
        [['a', 1], 'new'],
        [['a', 300], { of: ['a', 300] }],
      ])
    })

    test('nothing is left after it was cleared', async () => {
      await fill()
      await store.clear()
      expect(store.range(all, { limit: 9 })).toEqual([])
      expect(store.get(['a', 1])).toBeUndefined()
    })
  })
}
