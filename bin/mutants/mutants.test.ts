// Goal: every mutant can be planted, and what is said to find it does.
// Method: all of them are planted in the text that is there now; a few of each layer are hunted for in full. The rest
// are hunted for each night: `npx brigade mutants`.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { brigade } from '../brigade.ts'
import { recordingTerminal } from '../testing/recording-terminal.ts'
import type { Hunted } from './hunt.ts'
import { isSimulated, layers, type Mutant, planted } from './mutant.ts'
import { mutants } from './registry/index.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

async function run(line: string) {
  const terminal = recordingTerminal()
  const code = await brigade(line.split(' '), terminal)
  return { code, printed: terminal.printed(), noted: terminal.noted() }
}

describe('the registry', () => {
  test('has at least twenty-five, some of each layer, and no name twice', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(25)
    expect(new Set(mutants.map(({ where }) => where))).toEqual(new Set(layers))
    expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length)
  })

  test.each(mutants.map((mutant) => [mutant.id, mutant] as const))('%s fits in one place', (_, mutant) => {
    const text = readFileSync(join(root, mutant.file), 'utf8')
    expect(planted(text, mutant)).not.toBe(text)
  })

  test.each(mutants.map((mutant) => [mutant.id, mutant] as const))(
    '%s is left to the search if it is of kernel, host, cluster or actors, and otherwise to suites that are there',
    (_, { where, by }) => {
      const isSearched = ['kernel', 'host', 'cluster', 'actors'].includes(where)
      for (const hunter of by) {
        if (isSimulated(hunter)) continue
        expect(isSearched).toBe(false)
        expect(existsSync(join(root, hunter))).toBe(true)
      }
    },
  )

  test('a mutant whose place has gone, or is not the only one, is an error that says which and where', () => {
    const mutant = { ...(mutants[0] as Mutant), id: 'm', file: 'f.ts', find: 'ab' }
    expect(() => planted('a b', mutant)).toThrow("Mutant 'm' fits nowhere in f.ts.")
    expect(() => planted('ab ab', mutant)).toThrow("Mutant 'm' fits in 2 places in f.ts.")
  })
})

describe('the command', () => {
  test('says which there are, and what is wrong with each', async () => {
    const { code, printed } = await run('mutants kernel --list')
    expect(code).toBe(0)
    for (const { id, where, what } of mutants) {
      expect(printed.includes(`${id} `) && printed.includes(what)).toBe(where === 'kernel')
    }
  })

  test('knows no mutant that is not there', async () => {
    const { code, noted } = await run('mutants skip-seel')
    expect(code).toBe(1)
    expect(noted).toMatch("There is no mutant 'skip-seel'. Did you mean 'skip-seal'?")
  })

  test('finds one of each layer, and says by what', async () => {
    const chosen = [
      'forget-unhandled',
      'own-loss-forgotten',
      'lmdb-seal-skipped',
      'ws-frames-turned-round',
      'held-stock-given-again',
      'fingerprint-ignored',
    ]
    const { code, printed } = await run(`mutants ${chosen.join(' ')} --json`)
    const found: { readonly mutants: readonly Hunted[]; readonly planted: number } = JSON.parse(printed)
    expect(found.mutants.map(({ id, killed, problem }) => ({ id, killed, problem }))).toEqual(
      chosen.map((id) => ({ id, killed: true })),
    )
    for (const { killedBy, check, seeds } of found.mutants) {
      expect(check).toBeTruthy()
      expect(seeds > 0).toBe(killedBy !== undefined && isSimulated(killedBy))
    }
    expect(found).toMatchObject({ planted: 6, killed: 6, blind: { planted: 0, killed: 0 } })
    expect(code).toBe(0)
    expect(existsSync(join(root, '.mutants', `forget-unhandled.${process.pid}`))).toBe(false)
  }, 600_000)
})
