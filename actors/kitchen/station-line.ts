/**
 * The line of a station as data: who is free, what waits, and what may begin.
 *
 * Owns:     the rules: oldest promise first; one cook to a job, who knows how; an appliance holds one temperature at
 *           a time.
 * Does not: send anything (`station.ts`).
 *
 * Invariants:
 *   L1. A job that waits is begun before every later promise that needs the same means at the same temperature.
 *   L2. No temperature waits for ever behind others: when no appliance has it, the emptiest takes no more of what
 *       it holds, and turns to it.
 *   L3. Of the cooks who could, the one begins who knows least else.
 */
import type { Instant } from '#actor'
import type { Appliance } from '../orders/menu-data.ts'
import type { Means } from './kitchen-messages.ts'

export interface Waiting {
  readonly job: string
  readonly promisedAt: number
  readonly means: Means
  readonly celsius: number
  readonly minutes: number
  readonly probed: boolean
}

/**
 * `prep` a cook has it · `holding` waits for the heat · `loading`, `unloading` the appliance was told ·
 * `cooking` it is in · `clearing` it is being thrown away · `done` waits to be collected.
 */
export type Phase = 'prep' | 'holding' | 'loading' | 'cooking' | 'unloading' | 'clearing' | 'done'

export type Outcome = 'done' | 'raw' | 'burnt' | 'failed'

export interface Job extends Waiting {
  readonly phase: Phase
  /** The cook's number; 0 for none. */
  readonly cook: number
  /** Index of its unit; −1 for none. */
  readonly unit: number
  /** When something should have been heard. */
  readonly dueAt: Instant
  readonly outcome: Outcome
  /** How often something was said again in this phase. */
  readonly tries: number
}

export interface Cook {
  readonly n: number
  readonly skills: readonly Means[]
  readonly here: boolean
  readonly job: string
}

/** An appliance as the station knows it. */
export interface Unit {
  readonly kind: Appliance
  readonly n: number
  readonly is: 'up' | 'silent' | 'fault' | 'suspect'
  /** What it was told to hold; 0 for off. */
  readonly celsius: number
  readonly ready: boolean
  /** Patrols since it was last heard. */
  readonly asked: number
  /** Dishes that it spoilt in a row. */
  readonly spoilt: number
  /** A suspect rests until then. */
  readonly until: Instant
}

export interface Line {
  readonly queue: readonly Waiting[]
  readonly jobs: readonly Job[]
  readonly cooks: readonly Cook[]
  readonly units: readonly Unit[]
  readonly slots: number
}

/** The queue with one more, behind every promise that is as old. */
export function queued(queue: readonly Waiting[], waiting: Waiting): readonly Waiting[] {
  let [low, high] = [0, queue.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const other = queue[middle]
    if (other !== undefined && other.promisedAt <= waiting.promisedAt) low = middle + 1
    else high = middle
  }
  return queue.toSpliced(low, 0, waiting)
}

export interface Assignment {
  readonly waiting: Waiting
  readonly cook: number
  readonly unit: number
}

/** What may begin now. */
export function assignable(line: Line, at: Instant): readonly Assignment[] {
  const cooks = line.cooks.filter((cook) => cook.here && cook.job === '')
  if (cooks.length === 0 || line.queue.length === 0) return []
  const bank = new Bank(line, at)
  const found: Assignment[] = []
  for (const waiting of line.queue) {
    if (cooks.length === 0) break
    const able = cooks.filter((cook) => cook.skills.includes(waiting.means))
    const cook = most(able, ({ skills }) => -skills.length)
    if (cook === undefined) continue
    const unit = waiting.means === 'hands' ? -1 : bank.place(waiting.means, waiting.celsius)
    if (unit === undefined) continue
    found.push({ waiting, cook: cook.n, unit })
    cooks.splice(cooks.indexOf(cook), 1)
  }
  return found
}

/** The appliances while jobs are being placed. */
class Bank {
  readonly #units: { unit: Unit; index: number; taken: number; celsius: number; claimed: boolean }[]
  readonly #slots: number
  /** Kinds and temperatures for which there is no place. */
  readonly #full = new Set<string>()

  constructor(line: Line, at: Instant) {
    this.#slots = line.slots
    this.#units = line.units.flatMap((unit, index) =>
      usable(unit, at)
        ? [
            {
              unit,
              index,
              taken: line.jobs.filter((job) => job.unit === index).length,
              celsius: unit.celsius,
              claimed: false,
            },
          ]
        : [],
    )
  }

  /** The index of a unit with a slot at this temperature, taken; undefined when there is none. */
  place(kind: Appliance, celsius: number): number | undefined {
    const wish = `${kind}:${celsius}`
    if (this.#full.has(wish)) return undefined
    const ofKind = this.#units.filter(({ unit, claimed }) => unit.kind === kind && !claimed)
    const same = ofKind.filter((one) => one.celsius === celsius)
    // Fill up what is hot already, so that others stay empty for other temperatures.
    const fullest = most(
      same.filter(({ taken }) => taken < this.#slots),
      ({ taken }) => taken,
    )
    const empty = most(
      ofKind.filter(({ taken }) => taken === 0),
      (one) => -Math.abs(one.celsius - celsius),
    )
    const chosen = fullest ?? empty
    if (chosen !== undefined) {
      chosen.taken += 1
      chosen.celsius = celsius
      return chosen.index
    }
    this.#full.add(wish)
    if (same.length === 0) {
      const emptiest = most(ofKind, ({ taken }) => -taken)
      if (emptiest !== undefined) emptiest.claimed = true
    }
    return undefined
  }
}

function usable(unit: Unit, at: Instant): boolean {
  return unit.is === 'up' || (unit.is === 'suspect' && at >= unit.until)
}

/** The first of those with the greatest rank. */
function most<T>(of: readonly T[], rank: (one: T) => number): T | undefined {
  let best: T | undefined
  let highest = Number.NEGATIVE_INFINITY
  for (const one of of) {
    const its = rank(one)
    if (its > highest) [best, highest] = [one, its]
  }
  return best
}
