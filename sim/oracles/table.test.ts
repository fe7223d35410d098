import { describe, expect, test } from 'vitest'
import { hash32 } from '#actor'
import { covers, meanOf } from '#statistics'
import {
  boundedQueue,
  generalWait,
  impatientQueue,
  markovLate,
  markovWait,
  networkTime,
  repairedShare,
  tidalQueue,
} from './formulas.ts'
import {
  boundedLine,
  impatientLine,
  type Length,
  lateAfter,
  type Measured,
  network,
  repairShop,
  tidalHouse,
  waitingLine,
} from './models.ts'

// The simulator agrees with queueing theory, as far as chance lets anybody say.
// Method: one long run of each model; the value of the formula lies in the 99 % interval of what was measured, and the
// values of the nearest wrong formulas do not. One value in a hundred lies outside by chance: such a model is measured
// once more, four times as long under another seed, and then all of it has to lie inside. What is really off by a
// half-width is off again.
//   20 times longer:  BRIGADE_ORACLES=full npx vitest run sim/oracles

const isFull = process.env.BRIGADE_ORACLES === 'full'
const batch = isFull ? 500_000 : 25_000
const confidence = 0.99

interface Row {
  readonly model: string
  readonly run: (length: Length) => Measured
  /** By what is measured: what the formula says, and as it is tabulated. */
  readonly right: Readonly<Record<string, readonly [value: number, tabulated: number]>>
  /** What somebody would get who has something wrong. */
  readonly wrong: Readonly<Record<string, Readonly<Record<string, number>>>>
}

const queues = [
  [1, 0.5, 1],
  [1, 0.8, 4],
  [1, 0.9, 9],
  [2, 0.8, 1.777_778],
  [3, 2 / 3, 0.444_444],
  [5, 0.8, 0.554_113],
  [10, 0.9, 0.668_732],
  [20, 0.9, 0.275_385],
] as const

const desks = [
  { servers: 1, service: 1.25 },
  { servers: 3, service: 0.5 },
  { servers: 2, service: 0.8 },
] as const
const bounded = boundedQueue(3, 10, 2.4)
const impatient = impatientQueue(10, 10, 0.5)
const tide = tidalQueue(60, 0.8, 4, 0.75)

const rows: readonly Row[] = [
  ...queues.map(
    ([servers, busy, tabulated]): Row => ({
      model: `M/M/${servers} ρ ${busy.toFixed(2)}`,
      run: (of) => waitingLine({ servers, busy }, of),
      right: { wait: [markovWait(servers, servers * busy, 1), tabulated] },
      wrong: {
        'one server more': { wait: markovWait(servers + 1, servers * busy, 1) },
        'a tenth less busy': { wait: markovWait(servers, 0.9 * servers * busy, 1) },
        ...(servers > 1 && { 'one fast server': { wait: busy / (servers * (1 - busy)) } }),
      },
    }),
  ),
  ...(
    [
      ['constant', 0, 2],
      ['exponential', 1, 4],
      ['variable', 4, 10],
    ] as const
  ).map(
    ([service, variation2, tabulated]): Row => ({
      model: `M/G/1 ρ 0.80, ${service} service`,
      run: (of) => waitingLine({ servers: 1, busy: 0.8, service }, of),
      right: { wait: [generalWait(0.8, 1, variation2), tabulated] },
      wrong: {
        'twice the variation': { wait: generalWait(0.8, 1, variation2 * 2 + 0.2) },
        'a tenth less busy': { wait: generalWait(0.72, 1, variation2) },
      },
    }),
  ),
  {
    model: 'M/M/3/10 λ 2.4',
    run: (of) => boundedLine({ servers: 3, room: 10, rate: 2.4 }, of),
    right: { blocked: [bounded.blocked, 0.030_451_6], inside: [bounded.inside, 3.769_331] },
    wrong: {
      'room for one more': toNumbers(boundedQueue(3, 11, 2.4)),
      'room for one fewer': toNumbers(boundedQueue(3, 9, 2.4)),
    },
  },
  {
    model: 'Erlang-A λ 10, c 10, θ 0.5',
    run: (of) => impatientLine({ servers: 10, rate: 10, impatience: 0.5 }, of),
    right: { waits: [impatient.waits, 0.619_655], givesUp: [impatient.givesUp, 0.103_913] },
    wrong: {
      'patience of twice the length': { ...impatientQueue(10, 10, 0.25) },
      'one server more': { ...impatientQueue(11, 10, 0.5) },
    },
  },
  {
    model: 'Jackson network, 10 % remade',
    run: (of) => network({ rate: 0.8, desks, remade: 0.1 }, of),
    right: { time: [networkTime(0.8, desks, 0.1), 7.081_199] },
    wrong: {
      'nothing is remade': { time: networkTime(0.8, desks, 0) },
      'remade once at most': { time: networkTime(0.8, desks, 1 - 1 / 1.1) },
    },
  },
  {
    model: 'Mt/M/∞',
    run: (of) =>
      tidalHouse({ rate: 60, swing: 0.8, period: 4, stay: 0.75 }, { ...of, batch: of.batch / 250 }),
    right: {
      mean: [tide.mean, 45],
      peak: [tide.peak, 68.297],
      lag: [tide.lag, 0.5519],
    },
    wrong: {
      'the rate of the moment': { peak: 45 * 1.8, lag: 0 },
      'a lag of the mean stay': { lag: 0.75 },
    },
  },
  {
    model: 'M/M/1//5, MTBF 100, MTTR 10',
    run: (of) => repairShop({ machines: 5, upTime: 100, repairTime: 10 }, of),
    right: { runs: [repairedShare(5, 100, 10), 0.872_096] },
    wrong: {
      'a repairer for each': { runs: 100 / 110 },
      'one machine more': { runs: repairedShare(6, 100, 10) },
    },
  },
]

function toNumbers({ blocked, inside }: { readonly blocked: number; readonly inside: number }) {
  return { blocked, inside }
}

describe('the formulas give what is tabulated', () => {
  test.each(rows)('$model', ({ right }) => {
    for (const [value, tabulated] of Object.values(right)) {
      expect(Math.abs(value / tabulated - 1)).toBeLessThan(1e-4)
    }
  })
})

describe('what is measured agrees with the formula, and with no wrong one', {
  timeout: 900_000,
}, () => {
  test.each(rows)('$model', ({ model, run, right, wrong }) => {
    const first = run({ seed: hash32(model), batch })
    const isInside = (measured: Measured): boolean =>
      Object.entries(right).every(([what, [value]]) => {
        const interval = meanOf(measured[what] as readonly number[], confidence)
        const { mean, halfWidth = Number.NaN } = interval
        const shown = `${mean.toPrecision(6)} ± ${halfWidth.toPrecision(2)}`
        console.log(`${model}: ${what} ${shown}, and by the formula ${value.toPrecision(7)}`)
        return covers(interval, value)
      })
    const measured = isInside(first) ? first : run({ seed: hash32(model) + 1, batch: 4 * batch })
    if (measured !== first) expect(isInside(measured)).toBe(true)
    for (const [mistake, values] of Object.entries(wrong)) {
      const isSeen = Object.entries(values).some(
        ([what, value]) => !covers(meanOf(measured[what] as readonly number[], confidence), value),
      )
      expect(isSeen, `${mistake} is told apart`).toBe(true)
    }
  })
})

test('last come, first served: the mean wait is the same, and it is told apart all the same', {
  timeout: 900_000,
}, () => {
  const isRight = (planted?: 'last-come') => {
    const measured = waitingLine({ servers: 2, busy: 0.8 }, { seed: 1, batch, ...(planted && { planted }) })
    return {
      wait: covers(meanOf(measured.wait ?? [], confidence), markovWait(2, 1.6, 1)),
      late: covers(meanOf(measured.late ?? [], confidence), markovLate(2, 1.6, lateAfter)),
    }
  }
  expect(isRight()).toEqual({ wait: true, late: true })
  expect(isRight('last-come')).toEqual({ wait: true, late: false })
})

// The intervals are what they say. Method: many short runs of a queue whose answer is known.
test('of 200 intervals of 90 % and of 99 %, as many hold as should', { timeout: 300_000 }, () => {
  const held = { 0.9: 0, 0.99: 0 }
  for (let seed = 1; seed <= 200; seed += 1) {
    const { wait = [] } = waitingLine({ servers: 3, busy: 0.5 }, { seed, batch: 1_000 })
    for (const level of [0.9, 0.99] as const) {
      if (covers(meanOf(wait, level), markovWait(3, 1.5, 1))) held[level] += 1
    }
  }
  console.log(`of 200 intervals ${held[0.9]} held at 90 %, and ${held[0.99]} at 99 %`)
  // Chance would go beyond these once in a thousand times.
  expect(held[0.99]).toBeGreaterThanOrEqual(193)
  expect(held[0.9]).toBeGreaterThanOrEqual(165)
  expect(held[0.9]).toBeLessThanOrEqual(194)
})
