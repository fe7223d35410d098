import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readTree } from './tidy.ts'

// Goal: whoever runs a cluster finds each setting in docs/guides/settings.md, and none that is not there.

const root = fileURLToPath(new URL('..', import.meta.url))
const guide = readFileSync(join(root, 'docs/guides/settings.md'), 'utf8')
const namesIn = (text: string): readonly string[] =>
  [...text.matchAll(/\bBRIGADE_[A-Z]+(?:_[A-Z]+)*\b/g)].map(([name]) => name.replace(/_FILE$/, ''))
/** Of drills and recorded runs: tests, not a cluster. */
const isOfTests = (path: string): boolean => /\.test\.ts$|^bin\/(drills|testing)\//.test(path)

test('every setting of the commands is in the guide, and no other', () => {
  const read = readTree(root)
    .filter(({ path }) => path.startsWith('bin/') && path.endsWith('.ts') && !isOfTests(path))
    .flatMap(({ text }) => namesIn(text))
  expect(new Set(namesIn(guide))).toEqual(new Set(read))
})
