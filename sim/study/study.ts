/**
 * Many runs of a day under different seeds, until enough is known of it; and of its variants under the same seeds.
 *
 * A day is a terminating simulation: it begins with an empty house and ends with one, so its runs are independent, and
 * nothing is left out as a warm-up. Variants are played under the same seeds: what each guest wants and when is the same
 * in all of them (common random numbers), so that a difference is seen long before either mean is known as well.
 *
 * Owns:     which run is next, when it is enough, and what all of them say.
 * Does not: run anything (`replicate.ts`), or tell it (`terminal-report.ts`, `html-report.ts`).
 *
 * Invariants:
 *   S1. The result depends on the days, the seeds and the rule of stopping, and not on how many runs were side by side
 *       or which ended first.
 *   S2. What is known of a difference comes of pairs with one seed.
 */
import {
  type Histogram,
  histogramPercentile,
  type Interval,
  meanOf,
  merged,
  pairedDifference,
  relativeHalfWidth,
  type Summary,
  sizeOf,
  summaryOf,
} from '#statistics'
import { type Kpi, kpis } from './kpis.ts'
import type { Measured, Replication } from './replicate.ts'
import type { Variant } from './variants.ts'

export interface StudyRules {
  readonly firstSeed: number
  /** Days of each variant. */
  readonly least: number
  readonly most: number
  /** Enough: the half-width of this indicator is at most this share of its mean, in every variant. */
  readonly on: string
  readonly relative: number
}

export interface StudyResult {
  readonly rules: StudyRules
  /** Days of each variant that count. */
  readonly n: number
  readonly seeds: readonly [first: number, last: number]
  /** Whether the half-width that was asked for was reached; otherwise the days were used up. */
  readonly isPrecise: boolean
  /** The widest of all variants, of the indicator of the rules. */
  readonly relative: number
  readonly variants: readonly VariantResult[]
}

export interface VariantResult {
  readonly name: string
  readonly value?: number
  readonly kpis: Readonly<Record<string, Summary>>
  /** By how much it is above the first variant. Absent of the first. */
  readonly differences?: Readonly<Record<string, Interval>>
  /** Of all orders of all days together, in minutes. */
  readonly ticketTimes: PooledTimes
  readonly halfHours: readonly HalfHourResult[]
  /** Days in which a check did not hold. */
  readonly broken: readonly { readonly seed: number; readonly checks: readonly string[] }[]
}

export interface PooledTimes {
  readonly n: number
  readonly p50: number
  readonly p95: number
  readonly histogram: Histogram
}

export interface HalfHourResult {
  /** Minutes since midnight. */
  readonly at: number
  /** The mean over days of the day's mean; absent where no day had an order that was ready. */
  readonly minutes?: Interval
  readonly open: Interval
}

export class Study {
  readonly variants: readonly Variant[]
  readonly rules: StudyRules
  /** By variant, then by seed from the first. */
  readonly #runs: (Measured | undefined)[][]
  /** Seeds of which every variant has been run, without a gap. */
  #whole = 0
  #enough: number | undefined

  constructor(variants: readonly Variant[], rules: StudyRules) {
    this.variants = variants
    this.rules = rules
    this.#runs = variants.map(() => [])
  }

  /** What is to be run, for as long as it is not enough. Several may be taken before the first is added. */
  *replications(): Generator<Replication> {
    for (let n = 0; n < this.rules.most; n += 1) {
      for (const [variant, { day }] of this.variants.entries()) {
        if (this.isEnough) return
        yield { variant, day, seed: this.rules.firstSeed + n }
      }
    }
  }

  get isEnough(): boolean {
    return this.#enough !== undefined
  }

  /** Days so far, of which every variant has been run. */
  get whole(): number {
    return this.#whole
  }

  add(measured: Measured): void {
    const runs = this.#runs[measured.variant]
    if (runs === undefined) throw new Error(`There is no variant ${measured.variant}.`)
    runs[measured.seed - this.rules.firstSeed] = measured
    while (!this.isEnough && this.#runs.every((of) => of[this.#whole] !== undefined)) {
      this.#whole += 1
      const { least, most, relative } = this.rules
      const isPrecise = this.#whole >= least && this.relativeOf(this.#whole) <= relative
      if (isPrecise || this.#whole === most) this.#enough = this.#whole
    }
  }

  /** The relative half-width of the indicator of the rules after so many days, of the variant where it is widest. */
  relativeOf(n: number): number {
    const widths = this.variants.map((_, variant) =>
      relativeHalfWidth(meanOf(this.#values(variant, this.rules.on, n))),
    )
    return Math.max(...widths)
  }

  /** Every run that counts, seed by seed. */
  *rows(): Generator<Measured> {
    for (let n = 0; n < this.#counted; n += 1) {
      for (const runs of this.#runs) yield runs[n] as Measured
    }
  }

  result(): StudyResult {
    const n = this.#counted
    const { firstSeed, relative } = this.rules
    return {
      rules: this.rules,
      n,
      seeds: [firstSeed, firstSeed + n - 1],
      isPrecise: this.relativeOf(n) <= relative,
      relative: this.relativeOf(n),
      variants: this.variants.map((variant, k) => this.#resultOf(variant, k, n)),
    }
  }

  get #counted(): number {
    return this.#enough ?? this.#whole
  }

  #resultOf({ name, value }: Variant, variant: number, n: number): VariantResult {
    const runs = this.#first(variant, n)
    const of = <T>(what: (kpi: Kpi) => T): Record<string, T> =>
      Object.fromEntries(kpis.map((kpi) => [kpi.id, what(kpi)]))
    return {
      name,
      ...(value !== undefined && { value }),
      kpis: of(({ id }) => summaryOf(this.#values(variant, id, n))),
      ...(variant > 0 && {
        differences: of(({ id }) => pairedDifference(this.#values(0, id, n), this.#values(variant, id, n))),
      }),
      ticketTimes: pooled(runs),
      halfHours: halfHoursOf(runs),
      broken: runs.flatMap(({ seed, checks }) => {
        const broken = checks.filter(({ held }) => !held).map(({ id }) => id)
        return broken.length === 0 ? [] : [{ seed, checks: broken }]
      }),
    }
  }

  #first(variant: number, n: number): readonly Measured[] {
    return (this.#runs[variant] ?? []).slice(0, n) as readonly Measured[]
  }

  #values(variant: number, id: string, n: number): readonly number[] {
    return this.#first(variant, n).map(({ kpis }) => kpis.values[id] ?? Number.NaN)
  }
}

function pooled(runs: readonly Measured[]): PooledTimes {
  const histogram = merged(runs.map(({ kpis }) => kpis.ticketTimes))
  const at = (share: number): number => histogramPercentile(histogram, share)
  return { n: sizeOf(histogram), p50: at(0.5), p95: at(0.95), histogram }
}

function halfHoursOf(runs: readonly Measured[]): readonly HalfHourResult[] {
  const slots = runs[0]?.kpis.halfHours ?? []
  return slots.map(({ at }, k) => {
    const days = runs.flatMap(({ kpis }) => kpis.halfHours[k] ?? [])
    const minutes = days.filter(({ ready }) => ready > 0).map(({ minutes, ready }) => minutes / ready)
    return {
      at,
      ...(minutes.length > 0 && { minutes: meanOf(minutes) }),
      open: meanOf(days.map(({ open }) => open)),
    }
  })
}
