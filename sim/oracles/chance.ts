/**
 * Random lengths of time for the oracles, in whole microseconds.
 *
 * Owns:     the distributions. They use `log` of our own, so a path is the same on every version of V8.
 */
import { log } from '#actors'

/** The next number in [0, 1). */
export type Uniform = () => number

export const exponential = (mean: number, uniform: Uniform) => (): number =>
  Math.round(-mean * log(1 - uniform()))

export const constant = (mean: number) => (): number => mean

/**
 * Two exponentials, one short and one long, that carry the same share of the time.
 *
 * Source: Whitt, Approximating a point process by a renewal process (1982), 3.7 (balanced means).
 */
export function hyperexponential(mean: number, variation2: number, uniform: Uniform): () => number {
  const often = (1 + Math.sqrt((variation2 - 1) / (variation2 + 1))) / 2
  return () => {
    const share = uniform() < often ? often : 1 - often
    return Math.round((-mean * log(1 - uniform())) / (2 * share))
  }
}

/** The sine, in plain arithmetic: `Math.sin` may change its last bit with V8. Taylor's series; exact to 1e-12. */
export function sine(x: number): number {
  const turn = 2 * Math.PI
  const angle = x - turn * Math.floor(x / turn + 0.5)
  let [term, sum] = [angle, angle]
  for (let k = 2; k <= 30; k += 2) {
    term *= (-angle * angle) / (k * (k + 1))
    sum += term
  }
  return sum
}
