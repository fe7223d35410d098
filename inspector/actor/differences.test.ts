import { expect, test } from 'vitest'
import { differencesBetween } from './differences.ts'

const cases = [
  ['the same is no difference', { a: 1, b: [1, { c: 2 }] }, { a: 1, b: [1, { c: 2 }] }, []],
  ['a member by its name', { a: 1, b: 2 }, { a: 1, b: 3 }, [{ path: 'b', before: 2, after: 3 }]],
  [
    'the smallest part',
    { a: { b: [{ c: 1 }] } },
    { a: { b: [{ c: 2 }] } },
    [{ path: 'a.b[0].c', before: 1, after: 2 }],
  ],
  [
    'what is new and what is gone',
    { a: 1 },
    { b: null },
    [
      { path: 'a', before: 1 },
      { path: 'b', after: null },
    ],
  ],
  ['a longer list', [1], [1, 2], [{ path: '[1]', after: 2 }]],
  ['a shorter list', [1, 2], [1], [{ path: '[1]', before: 2 }]],
  ['another kind', { a: [1] }, { a: { 0: 1 } }, [{ path: 'a', before: [1], after: { 0: 1 } }]],
  ['null is a value', { a: null }, { a: {} }, [{ path: 'a', before: null, after: {} }]],
  ['all of it', 'idle', { a: 1 }, [{ path: '', before: 'idle', after: { a: 1 } }]],
] as const
for (const [name, before, after, expected] of cases) {
  test(name, () => expect(differencesBetween(before, after)).toEqual(expected))
}
