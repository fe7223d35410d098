/**
 * Reads every value of a data folder, and says which ones are not what was written.
 *
 * Owns:     what one store can tell of itself: checksums, keys, and how many rows there are.
 * Does not: compare rows with each other, or read a file that is too short (`data-file.ts`).
 */
import { decodeValue } from './codec.ts'
import type { Environment } from './environment.ts'
import { decodeKey, type KeyShape } from './key.ts'
import { databaseNames, tableSpecs } from './tables.ts'

export interface DataCheck {
  readonly rows: number
  /** One line each, the first hundred. */
  readonly problems: readonly string[]
}

const problemsMax = 100
const otherKeys: Readonly<Record<'journal' | 'scopes' | 'trims', KeyShape>> = {
  journal: ['text', 'number'],
  scopes: ['text'],
  trims: ['text'],
}

export function checkData(environment: Environment): DataCheck {
  environment.refresh()
  const problems: string[] = []
  let rows = 0
  for (const name of databaseNames) {
    const before = rows
    const shape =
      name === 'journal' || name === 'scopes' || name === 'trims' ? otherKeys[name] : tableSpecs[name].key
    try {
      for (const { key, value } of environment.rows[name].getRange({})) {
        rows += 1
        try {
          decodeValue(value)
        } catch (error) {
          problems.push(`${name} ${JSON.stringify(decodeKey(key, shape))}: ${(error as Error).message}`)
        }
      }
      const counted = environment.rows[name].getStats() as { readonly entryCount: number }
      if (counted.entryCount !== rows - before) {
        problems.push(`${name}: ${rows - before} rows were found where ${counted.entryCount} are counted.`)
      }
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}`)
    }
  }
  return { rows, problems: problems.slice(0, problemsMax) }
}
