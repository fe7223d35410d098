import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const inspector = dirname(import.meta.dirname)

test('a part of the page that carries commands out has them on buttons that read-only mode turns off', () => {
  const asks = /import \{[^}]*\b(carryOut|sendTo|revert|revertAll)\b[^}]*\} from|method: 'POST'/
  const textOf = (file: string): string => readFileSync(join(inspector, file), 'utf8')
  const files = readdirSync(inspector, { recursive: true, encoding: 'utf8' })
  const parts = files.filter((file) => file.endsWith('.vue') && asks.test(textOf(file)))
  expect(parts.length).toBeGreaterThan(10)
  expect(parts.filter((file) => !/<(Command|Confirmed)Button\b/.test(textOf(file)))).toEqual([])
})
