import { describe, expect, test } from 'vitest'
import { checkProtocol, type ProtocolMutant, type ProtocolResult } from './protocol-check.ts'

// The protocol keeps its promises over random schedules, and the check would notice if it did not.
// Method: many seeds without a violation; then each rule broken on purpose, until a seed finds it.
//   more seeds:  BRIGADE_SEEDS=10000 npx vitest run sim/protocol

const seeds = Number(process.env.BRIGADE_SEEDS ?? 300)
const first = Number(process.env.BRIGADE_FIRST_SEED ?? 1)

/** Every rule of the commit protocol that can be left out, and how many seeds may be needed to find that. */
const rules: readonly (readonly [mutant: ProtocolMutant, rule: string])[] = [
  ['skip-seal', 'who takes a shard over seals the scope of the one before'],
  ['keep-part-of-refused', 'no part of a refused batch is kept'],
  ['durable-at-visible', 'durable means that it survives the loss of power'],
  ['release-before-durable', 'everything that leaves waits until its batch is durable'],
  ['local-overtakes-outbox', 'a local message waits behind an outbox that is not empty'],
  ['local-while-draining', 'nothing is delivered locally to a shard that is being handed over'],
  ['sequence-from-rows', 'sequences are stored, never derived from the rows that remain'],
  ['accept-any-sequence', 'only the next sequence is taken'],
  ['mark-apart', 'the inbox mark is committed together with what was accepted'],
  ['acknowledge-accepted', 'an acknowledgement carries the durable mark'],
  ['forget-unhandled', 'what a batch accepted and did not handle is a row'],
  ['undo-earlier-turns', 'a failed turn undoes no earlier turn'],
  ['trust-failed-write', 'after a write with an unknown outcome all memory is forgotten'],
  ['read-unwritten', 'a message behind the window is read only when its row is durable'],
  ['unload-early', 'an actor leaves memory only when its last batch is durable'],
]

const words = (result: ProtocolResult): string =>
  result.violations.length === 0
    ? ''
    : `seed ${result.seed}: ${result.violations.slice(0, 5).join(' · ')}\n  repeat with  BRIGADE_FIRST_SEED=${result.seed} BRIGADE_SEEDS=1 npx vitest run sim/protocol`

describe('the protocol', () => {
  test(`holds over ${seeds} random schedules of crashes, freezes, lies, cuts and failing writes`, () => {
    let turns = 0
    let crashes = 0
    for (let seed = first; seed < first + seeds; seed += 1) {
      const result = checkProtocol({ seed })
      expect(words(result)).toBe('')
      turns += result.turns
      crashes += result.crashes
    }
    // A schedule in which nothing happened would prove nothing.
    expect(turns).toBeGreaterThan(seeds * 40)
    expect(crashes).toBeGreaterThan(seeds)
  }, 1_200_000)

  // Ten seconds after all had healed its slow disk was still at work, and what was on its way was called lost.
  test('gives more time to whoever is still busy', () => {
    expect(words(checkProtocol({ seed: 5028, requests: 60 }))).toBe('')
  })

  test('the same seed is the same run', () => {
    const once = checkProtocol({ seed: 7 })
    checkProtocol({ seed: 8 })
    expect(checkProtocol({ seed: 7 })).toEqual(once)
  })
})

describe('the check notices a protocol in which', () => {
  test.each(rules)(
    '%s is broken: %s',
    (broken) => {
      expect(firstViolation(broken)).not.toBe('')
    },
    60_000,
  )
})

function firstViolation(broken: ProtocolMutant): string {
  for (let seed = 1; seed <= 500; seed += 1) {
    // A broken kernel may also break an assertion: that is noticing it, too.
    try {
      const found = words(checkProtocol({ seed, broken }))
      if (found !== '') return found
    } catch (error) {
      return String(error)
    }
  }
  return ''
}
