import { expect, test } from 'vitest'
import { type Choice, choicesFor } from './find.ts'

const choice = (words: string): Choice => ({ kind: 'screen', words, go: () => {} })
const all = ['Overview', 'Dead letters', 'Load lab', 'Chaos lab', 'Order story'].map(choice)
const found = (typed: string) => choicesFor(typed, all).map(({ words }) => words)

test.each([
  ['', ['Overview', 'Dead letters', 'Load lab', 'Chaos lab', 'Order story']],
  ['l', ['Load lab', 'Dead letters', 'Chaos lab']],
  ['lab', ['Load lab', 'Chaos lab']],
  ['ord st', ['Order story']],
  ['OVER', ['Overview']],
  ['nothing of it', []],
])('%j offers %j', (typed, words) => expect(found(typed)).toEqual(words))

test('never very many are offered', () => {
  expect(
    choicesFor(
      '',
      Array.from({ length: 100 }, (_, n) => choice(`node-${n}`)),
    ),
  ).toHaveLength(12)
})
