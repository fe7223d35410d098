/**
 * `exp` and `log` that give the same bits everywhere.
 *
 * `Math.exp` and `Math.log` may change between versions of V8, and with them the trace of a recorded day.
 * These use additions, multiplications and divisions only, which IEEE 754 defines to the last bit.
 *
 * Owns:     range reduction and the two series.
 * Does not: round correctly. The relative error stays below 1e-14, far under what an appliance can show.
 *
 * Invariants:
 *   X1. Within the normal doubles the relative error is at most 1e-12.
 *   X2. No operation but + − × ÷, comparison and `Math.floor` touches a number.
 */

// ln 2 in two parts: the high one has trailing zeros, so that k × high is exact.
const ln2High = 0.6931471803691238
const ln2Low = 1.9082149292705877e-10
const log2e = Math.LOG2E

const bits = new DataView(new ArrayBuffer(8))

/** 2 to the power of an integer from −1022 to 1023. */
function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20)
  bits.setUint32(4, 0)
  return bits.getFloat64(0)
}

const factorials = [1, 1, 2, 6, 24, 120, 720, 5_040, 40_320, 362_880, 3_628_800, 39_916_800, 479_001_600]
const expTerms = [...factorials.map((f) => 1 / f), 1 / 6_227_020_800].reverse()

/** e to the power of x. Below −708 it is 0, above 709 infinite: nothing in a kitchen is there. */
export function exp(x: number): number {
  if (x < -708) return 0
  if (x > 709) return Number.POSITIVE_INFINITY
  const k = Math.floor(x * log2e + 0.5)
  const r = x - k * ln2High - k * ln2Low
  let sum = 0
  for (const term of expTerms) sum = sum * r + term
  return sum * powerOfTwo(k)
}

const logTerms = [23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3].map((odd) => 1 / odd)

/** The natural logarithm of a normal positive double; −∞ for 0, NaN below it. */
export function log(x: number): number {
  if (x <= 0) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  bits.setFloat64(0, x)
  const high = bits.getUint32(0)
  let k = (high >>> 20) - 1023
  bits.setUint32(0, (high & 0x000fffff) | 0x3ff00000)
  let mantissa = bits.getFloat64(0)
  if (mantissa > Math.SQRT2) {
    mantissa /= 2
    k += 1
  }
  const s = (mantissa - 1) / (mantissa + 1)
  const square = s * s
  let sum = 0
  for (const term of logTerms) sum = (sum + term) * square
  return k * ln2High + (2 * s + (2 * s * sum + k * ln2Low))
}
