import { expect, test } from 'vitest'
import { type Instant, after as later } from '#actor'
import type { CallOutcome, OutboundCall } from '#ports'
import { runtimeEpoch } from './clock.ts'
import { type OutsideModel, SimOutside } from './outside.ts'
import { SimProcess } from './process.ts'
import { Timeline } from './timeline.ts'

function open(model: OutsideModel) {
  const timeline = new Timeline(5)
  const process = new SimProcess(timeline)
  const reached: unknown[] = []
  const outside = new SimOutside(
    timeline,
    process,
    new Map([
      [
        'pay',
        (args, context) => {
          reached.push(args)
          return model(args, context)
        },
      ],
    ]),
  )
  const outcomes: CallOutcome[] = []
  const start = (call: Partial<OutboundCall> = {}) =>
    outside.start(
      { handler: 'pay', args: 12, key: 'k-1', expiresAt: later(runtimeEpoch, 1_000), ...call },
      (outcome) => outcomes.push(outcome),
    )
  return { timeline, process, reached, outcomes, start }
}

const done: OutsideModel = (args) => ({ afterUs: 5_000, outcome: { kind: 'done', result: args } })

test('O1: the answer comes after the call returned, once, when the model says', () => {
  const { timeline, reached, outcomes, start } = open(done)
  start()
  expect([reached, outcomes]).toEqual([[], []])
  timeline.run()
  expect(outcomes).toEqual([{ kind: 'done', result: 12 }])
  expect(timeline.now).toBeGreaterThanOrEqual(5_000)
})

test('O2: after `cancel` nothing is heard, though the party was reached', () => {
  const { timeline, reached, outcomes, start } = open(done)
  start().cancel()
  timeline.run()
  expect([reached, outcomes]).toEqual([[12], []])
})

test('a process that ends hears nothing, though the party was reached', () => {
  const { timeline, process, reached, outcomes, start } = open(done)
  start()
  process.end()
  timeline.run()
  expect([reached, outcomes]).toEqual([[12], []])
})

test('accepted and never answered: the model has its effect and nothing is heard', () => {
  const { timeline, reached, outcomes, start } = open(() => ({ afterUs: 0, outcome: 'never' }))
  start()
  expect(timeline.run()).toBe('quiet')
  expect([reached, outcomes]).toEqual([[12], []])
})

test('what lands after its expiry does not reach the party', () => {
  const { timeline, reached, outcomes, start } = open(done)
  start({ expiresAt: (runtimeEpoch - 1) as Instant })
  timeline.run()
  expect([reached, outcomes.map(({ kind }) => kind)]).toEqual([[], ['unknown']])
})

test('a handler that nobody registered is a definitive no', () => {
  const { timeline, outcomes, start } = open(done)
  start({ handler: 'fax' })
  timeline.run()
  expect(outcomes).toEqual([{ kind: 'refused', detail: "there is no outside handler 'fax'" }])
})

test('draws are keyed: each try draws anew, and another key changes nothing', () => {
  const drawn = (keys: readonly string[]): Map<string, number[]> => {
    const draws = new Map<string, number[]>()
    const { timeline, start } = open((_, { key, draw }) => {
      draws.set(key, [...(draws.get(key) ?? []), draw()])
      return { afterUs: 0, outcome: 'never' }
    })
    for (const key of keys) {
      start({ key })
      timeline.run()
    }
    return draws
  }
  const alone = drawn(['a', 'a']).get('a')
  expect(drawn(['a', 'b', 'a']).get('a')).toEqual(alone)
  expect(new Set(alone).size).toBe(2)
})
