/**
 * Several ways to do the same, measured in turns in one run, and what may be said of them.
 *
 * Owns:     the rounds, medians, and the verdict on a goal.
 * Does not: know what is measured, or print (`table.ts`).
 *
 * Invariants:
 *   R1. A ratio is the median of the rounds' own ratios: what else the machine does at the time slows both sides.
 */

/** Works for about `forMs`, and returns how often it did it a second. */
export type Way = (forMs: number) => number | Promise<number>

export interface Rounds {
  readonly rounds?: number
  readonly roundMs?: number
}

export class SideBySide<Name extends string> {
  readonly #samples: ReadonlyMap<Name, readonly number[]>

  private constructor(samples: ReadonlyMap<Name, readonly number[]>) {
    this.#samples = samples
  }

  /** Round 0 warms up and does not count. */
  static async run<Name extends string>(
    ways: Readonly<Record<Name, Way>>,
    { rounds = 7, roundMs = 250 }: Rounds = {},
  ): Promise<SideBySide<Name>> {
    const entries = Object.entries<Way>(ways) as [Name, Way][]
    const samples = new Map<Name, number[]>(entries.map(([name]) => [name, []]))
    for (let round = 0; round <= rounds; round += 1) {
      for (const [name, way] of entries) {
        const rate = await way(roundMs)
        if (round > 0) samples.get(name)?.push(rate)
      }
    }
    return new SideBySide(samples)
  }

  /** All rounds, first to last. */
  of(name: Name): readonly number[] {
    return this.#samples.get(name) ?? []
  }

  median(name: Name): number {
    return median(this.of(name))
  }

  ratio(name: Name, to: Name): number {
    return this.ratioTo(name, (round) => this.of(to)[round] as number)
  }

  /** To something made of other samples of the same round. */
  ratioTo(name: Name, to: (round: number) => number): number {
    return median(this.of(name).map((rate, round) => rate / to(round)))
  }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The smallest value that at least this share of all is not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** Milliseconds that all threads of this process have run: what else the machine does meanwhile does not count. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** With the garbage collected. */
export function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('This needs node --expose-gc.')
  // What a weak reference or a finaliser held goes with the second.
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

/** How often a second of CPU `run` does `each`, called again and again. */
export async function rateOf(forMs: number, each: number, run: () => void | Promise<void>): Promise<number> {
  const from = cpuMs()
  for (let done = each; ; done += each) {
    const running = run()
    // Only who waits gives the others a turn.
    if (running !== undefined) await running
    const spentMs = cpuMs() - from
    if (spentMs >= forMs) return (done * 1_000) / spentMs
  }
}

export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
}

export interface Goal extends Figure {
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Report {
  readonly promise: string
  readonly title: string
  /** What was measured, for the eye: it depends on the machine and on what else it does. */
  readonly figures: readonly Figure[]
  /** What was promised: ratios of figures of this run. */
  readonly goals: readonly Goal[]
  readonly notMeasured: readonly string[]
}

export function isHeld({
  value,
  atLeast = Number.NEGATIVE_INFINITY,
  atMost = Number.POSITIVE_INFINITY,
}: Goal): boolean {
  return value >= atLeast && value <= atMost
}
