import { describe, expect, test } from 'vitest'
import { traceHeaders } from '#ports'
import { traceOf } from './trace-context.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const parent = `00-${traceId}-00f067aa0ba902b7-01`

test('a valid header goes on in its trace, with a span of our own and its flags', () => {
  const trace = traceOf({ traceparent: parent })
  expect(trace.traceId).toBe(traceId)
  expect(trace.parent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
  expect(trace.parent).not.toBe(parent)
})

test('a version that is not known yet is read as far as it is known', () => {
  expect(traceOf({ traceparent: `01-${traceId}-00f067aa0ba902b7-01-more` }).traceId).toBe(traceId)
})

const broken = [
  undefined,
  '',
  'x',
  parent.toUpperCase(),
  `ff${parent.slice(2)}`,
  `${parent}-more`,
  `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
]
for (const header of broken) {
  test(`'${header}' starts a new trace`, () => {
    const { traceId: fresh, parent: ours } = traceOf({ traceparent: header })
    expect(fresh).not.toBe(traceId)
    expect(ours).toMatch(new RegExp(`^00-${fresh}-[0-9a-f]{16}-03$`))
  })
}

test('no two requests get the same trace', () => {
  const ids = Array.from({ length: 2_000 }, () => traceOf({}).traceId)
  expect(new Set(ids).size).toBe(ids.length)
})

/** What goes on to the cluster, as headers again. */
const carried = (headers: Parameters<typeof traceOf>[0]) => traceHeaders(traceOf(headers).context)

describe('what comes with it', () => {
  const state = 'rojo=00f067aa0ba902b7,tenant@vendor=t61r~Wd q'

  test('goes on', () => {
    const { traceparent, ...more } = carried({
      traceparent: parent,
      tracestate: ' rojo=00f067aa0ba902b7 , tenant@vendor=t61r~Wd q',
      baggage: 'user=ada, synthetic=true;ttl=3 ,load.run=run-7',
    })
    expect(traceparent).toContain(traceId)
    expect(more).toEqual({ tracestate: state, baggage: 'synthetic=true,load.run=run-7' })
  })

  test('is nothing more than the trace when nothing comes', () => {
    const { parent: ours, context } = traceOf({ traceparent: parent, baggage: 'user=ada' })
    expect(context).toBe(ours)
  })

  test('a state without its trace says nothing', () => {
    expect(carried({ tracestate: state }).tracestate).toBeUndefined()
  })

  test.each([
    ['an unknown sign', 'rojo=\u00e9'],
    ['two equals signs', 'rojo=a=b'],
    ['no value', 'rojo='],
    ['a line break', 'rojo=a\nbaggage'],
    ['33 members', Array.from({ length: 33 }, (_, n) => `k${n}=v`).join(',')],
    ['513 characters', `rojo=${'a'.repeat(508)}`],
  ])('a state with %s is left out', (_what, tracestate) => {
    expect(carried({ traceparent: parent, tracestate })).not.toHaveProperty('tracestate')
  })

  test.each([
    'synthetic=',
    'synthetic=a b',
    'synthetic=\n',
    `load.run=${'r'.repeat(65)}`,
    'Synthetic=true',
    '=',
  ])('of baggage, %j is left out', (baggage) => {
    expect(carried({ baggage })).not.toHaveProperty('baggage')
  })

  test('of baggage that says it twice, the last word counts', () => {
    expect(carried({ baggage: 'load.run=1,load.run=2' }).baggage).toBe('load.run=2')
  })
})
