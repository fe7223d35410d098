import { describe, expect, test } from 'vitest'
import { checkErrands, type ErrandMutant, type ErrandResult } from './errand-check.ts'

// What actors wait for comes once, over random schedules; and the check would notice if it did not.
//   more seeds:  BRIGADE_SEEDS=10000 npx vitest run sim/protocol/errand-check.test.ts

const seeds = Number(process.env.BRIGADE_SEEDS ?? 150)
const first = Number(process.env.BRIGADE_FIRST_SEED ?? 1)

const rules: readonly (readonly [mutant: ErrandMutant, rule: string])[] = [
  ['release-before-durable', 'a call starts only after the turn that asked for it is durable'],
  ['turn-while-draining', 'no turn runs in a shard that is handed over'],
  ['any-answer', 'an answer belongs to the message that asked'],
  ['any-generation', 'a fire counts only for the timer that was set last'],
  ['timer-outlives-turn', 'the turn that handles a fire deletes the timer'],
  ['trust-own-clock', 'no turn of a shard is earlier than the one before, whichever node it is on'],
  ['unload-early', 'an actor leaves memory only when its last batch is durable'],
]

const words = ({ seed, violations }: ErrandResult): string =>
  violations.length === 0
    ? ''
    : `seed ${seed}: ${violations.slice(0, 5).join(' · ')}\n  repeat with  BRIGADE_FIRST_SEED=${seed} BRIGADE_SEEDS=1 npx vitest run sim/protocol/errand-check.test.ts`

describe('what actors wait for', () => {
  test(`comes once over ${seeds} random schedules of crashes, frozen nodes, clocks that jump and lost power`, () => {
    const total = { turns: 0, crashes: 0, powerCuts: 0 }
    for (let seed = first; seed < first + seeds; seed += 1) {
      const result = checkErrands({ seed })
      expect(words(result)).toBe('')
      total.turns += result.turns
      total.crashes += result.crashes
      total.powerCuts += result.powerCuts
    }
    // A schedule in which nothing happened would prove nothing.
    expect(total.turns).toBeGreaterThan(seeds * 60)
    expect(total.crashes).toBeGreaterThan(seeds)
    expect(total.powerCuts).toBeGreaterThan(seeds / 4)
  }, 1_200_000)
})

describe('the check notices a kernel in which', () => {
  test.each(rules)(
    '%s is broken: %s',
    (broken) => {
      expect(firstViolation(broken)).not.toBe('')
    },
    60_000,
  )
})

function firstViolation(broken: ErrandMutant): string {
  for (let seed = 1; seed <= 150; seed += 1) {
    // A broken kernel may also break an assertion: that is noticing it, too.
    try {
      const found = words(checkErrands({ seed, broken }))
      if (found !== '') return found
    } catch (error) {
      return String(error)
    }
  }
  return ''
}
