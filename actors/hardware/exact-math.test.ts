import { describe, expect, test } from 'vitest'
import { draw } from '#actor'
import { exp, log } from './exact-math.ts'

const relative = (found: number, wanted: number): number =>
  wanted === 0 ? Math.abs(found) : Math.abs(found / wanted - 1)

describe('X1: the platform and we agree to 1e-12', () => {
  test('exp, over every magnitude of exponent', () => {
    for (let n = 0; n < 20_000; n += 1) {
      const x = (draw(1, 'exp', n) * 2 - 1) * (n % 3 === 0 ? 700 : n % 3 === 1 ? 10 : 1e-6)
      expect(relative(exp(x), Math.exp(x))).toBeLessThan(1e-12)
    }
  })

  test('log, over every magnitude, and near 1 where it vanishes', () => {
    for (let n = 0; n < 20_000; n += 1) {
      const u = draw(2, 'log', n)
      const x = n % 2 === 0 ? Math.exp((u * 2 - 1) * 700) : 1 + (u - 0.5) * 1e-3
      expect(relative(log(x), Math.log(x))).toBeLessThan(1e-12)
    }
  })

  test('each undoes the other', () => {
    for (let x = -20; x <= 20; x += 0.37) expect(log(exp(x))).toBeCloseTo(x, 12)
  })
})

test('the ends are what a caller expects', () => {
  expect([exp(0), exp(-1_000), exp(1_000), log(1)]).toEqual([1, 0, Number.POSITIVE_INFINITY, 0])
  expect([log(0), log(Number.POSITIVE_INFINITY)]).toEqual([
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ])
  expect(log(-1)).toBeNaN()
})

test('the bits are these, on every platform', () => {
  const hex = (x: number): string => {
    const view = new DataView(new ArrayBuffer(8))
    view.setFloat64(0, x)
    return view.getBigUint64(0).toString(16)
  }
  const every = Array.from({ length: 50 }, (_, n) => hex(exp(n / 7 - 3)) + hex(log(n / 7 + 0.1)))
  expect(every.filter((_, n) => n % 10 === 0)).toMatchInlineSnapshot(`
    [
      "3fa97db0ccceb0afc0026bb1bbb55515",
      "3fca977e1acae3073fdb2848158063af",
      "3febbd76b8a1ab993ff158facb606973",
      "400cf0212dfff1733ff7a754f4f3ea2e",
      "402e3009d1cc22f23ffc2a4325d6f98f",
    ]
  `)
})
