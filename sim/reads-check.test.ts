// Goal: an answer from a node that has lost the shard, or from one that is ahead of the store, is found.
import { describe, expect, test } from 'vitest'
import type { ActorId } from '#actor'
import type { JournalRecord, Outcome } from '#ports'
import { ReadsCheck } from './reads-check.ts'

describe('reads', () => {
  const turns = (sequence: number) => ({ actor: 'order/a', sequence }) as JournalRecord
  const answer = (version: number): Outcome => ({ kind: 'answer', value: {}, state: 'placed', version })
  const judge = (before: number, during: number, outcome: Outcome) => {
    const check = new ReadsCheck()
    for (let n = 1; n <= before; n += 1) check.record(turns(n))
    const answered = check.asked('order/a' as ActorId)
    for (let n = before + 1; n <= during; n += 1) check.record(turns(n))
    return answered(outcome)
  }

  test('an answer is of some moment between question and answer', () => {
    for (const version of [3, 4, 5]) expect(judge(3, 5, answer(version))).toBeUndefined()
    expect(judge(3, 5, answer(2))).toContain('had made 3 turns, and was shown to who asked as it was after 2')
    expect(judge(3, 5, answer(6))).toBe('order/a was shown after 6 turns, and 5 were durable')
  })

  test('only what is not there may be unknown', () => {
    expect(judge(0, 1, { kind: 'unknown' })).toBeUndefined()
    expect(judge(1, 1, { kind: 'unknown' })).toContain('it is not there')
    expect(judge(1, 1, { kind: 'archived', state: 'completed' })).toBeUndefined()
  })
})
