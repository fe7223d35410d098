/**
 * Student's t distribution, for whole degrees of freedom.
 *
 * The distribution is a finite sum for a whole number of degrees of freedom: Abramowitz and Stegun, Handbook of
 * Mathematical Functions (1964), 26.7.3 (odd) and 26.7.4 (even). The quantile is found by halving.
 *
 * Owns:     both functions. They are exact to about 1e-12, against tables to the last digit printed.
 */

/** The share of Student's t that lies between −t and t. */
export function studentCentral(t: number, degrees: number): number {
  const cosine2 = degrees / (degrees + t * t)
  const sine = t / Math.sqrt(degrees + t * t)
  const odd = degrees % 2 === 1
  // 26.7.3: cos θ (1 + 2/3 cos² θ + …); 26.7.4: 1 + 1/2 cos² θ + …
  let term = odd ? Math.sqrt(cosine2) : 1
  let sum = degrees === 1 ? 0 : term
  for (let k = odd ? 3 : 2; k < degrees; k += 2) {
    term *= (cosine2 * (k - 1)) / k
    sum += term
  }
  if (!odd) return sine * sum
  return (2 / Math.PI) * (Math.atan(t / Math.sqrt(degrees)) + sine * sum)
}

/**
 * The t for which `confidence` of the distribution lies between −t and t: 12.706 for 0.95 and one degree.
 *
 * @param degrees whole, from 1.
 */
export function studentQuantile(confidence: number, degrees: number): number {
  let high = 1
  while (studentCentral(high, degrees) < confidence) high *= 2
  let low = 0
  for (let halvings = 0; halvings < 64; halvings += 1) {
    const middle = (low + high) / 2
    if (studentCentral(middle, degrees) < confidence) low = middle
    else high = middle
  }
  return (low + high) / 2
}
