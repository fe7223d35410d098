import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ClusterError, type ErrorCode, errorSpecs } from '#actor'
import { problemCodeOf, problemSpecs } from '../gateway/problems.ts'
import { readTree } from './tidy.ts'

// Goal: whoever meets a code finds it in docs/errors.md, and what stands there is what the code says.
// Method: each message is made with fields that print their own names, and compared with its row.

const root = fileURLToPath(new URL('..', import.meta.url))
const text = readFileSync(join(root, 'docs/errors.md'), 'utf8')
const rows = new Map(
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [code = '', ...cells] = line.slice(2, -2).split(' | ')
      return [code.replaceAll('`', ''), cells] as const
    }),
)
const names = new Proxy({}, { get: (_, name) => `{${String(name)}}` }) as never
const codes = Object.keys(errorSpecs) as ErrorCode[]
const sources = readTree(root).filter(
  ({ path }) => !path.endsWith('.test.ts') && path !== 'runtime/actor/errors.ts',
)

test('docs/errors.md has one row for each code, and none for another', () => {
  expect([...rows.keys()]).toEqual(codes.toSorted())
  expect(text.match(/^\| `/gm)).toHaveLength(codes.length)
})

describe.each(codes)('%s', (code) => {
  const error = new ClusterError(code, names)
  const [remedy, status, says, todo] = rows.get(code) ?? []

  test('is written down with its remedy and its words', () => {
    expect([remedy, says]).toEqual([error.remedy, error.message])
  })

  test('is written down with the status that the gateway gives it', () => {
    const problem = problemCodeOf(error)
    expect(status).toBe(`${problemSpecs[problem].status} \`${problem}\``)
  })

  test('comes with advice', () => {
    expect(todo).toMatch(/^\S.*\.$/)
  })

  test('is thrown somewhere', () => {
    expect(sources.some(({ text }) => text.includes(`ClusterError('${code}'`))).toBe(true)
  })
})
