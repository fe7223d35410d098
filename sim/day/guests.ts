/**
 * Who comes, when, what they want and how they behave: decided before the day begins.
 *
 * Arrivals are a Poisson process whose rate follows a curve of straight lines. Unit-rate arrivals are mapped through the
 * inverse of the curve's integral, so no peak is skipped. Besides come bursts: so many, at random moments of a span. Every
 * property of a guest is a draw of its own: a fault, a node or another guest changes nothing for this one.
 *
 * Owns:     the plan.
 * Does not: carry it out (`guest.ts` in the simulator, an HTTP client in a live run).
 *
 * Invariants:
 *   G1. The plan depends on the day's guests and the seed alone.
 *   G2. Whether a guest comes changes nothing of any other.
 */
import { draw } from '#actor'
import type { DishName, Wish } from '#actors'
import { log } from '#actors'
import type { Card, Day } from './day.ts'
import { durationUs, timeUs } from './time-of-day.ts'

export interface GuestPlan {
  /** From 0: those of the curve in order of arrival, then those of bursts. */
  readonly n: number
  /** The idempotency key of the order. */
  readonly key: string
  /** Microseconds of world time since midnight. */
  readonly at: number
  readonly wishes: readonly Wish[]
  readonly card: Card
  readonly serve: 'table' | 'collect'
  /** Microseconds after `at`. */
  readonly promiseUs: number
  readonly patienceUs: number
  /** Set: cancels so long after the acknowledgement. */
  readonly cancelAfterUs?: number
  /** Set: pays later, and would have this instead, so long after the acknowledgement. */
  readonly revision?: { readonly afterUs: number; readonly wishes: readonly Wish[] }
  /** Sends the request once more after it was answered. */
  readonly repeats: boolean
  /** Collects what is ready; false: never comes. */
  readonly collects: boolean
  /** Complains: the house gives back these shares of the bill, all of them at once, so long after the acknowledgement. */
  readonly refund?: { readonly afterUs: number; readonly shares: readonly number[] }
  /** Has an account. */
  readonly isMember: boolean
}

interface Segment {
  /** Microseconds. */
  readonly from: number
  readonly to: number
  /** Per microsecond. */
  readonly rate: number
  readonly slope: number
  /** Expected arrivals before it, and in it. */
  readonly before: number
  readonly within: number
}

const hourUs = 3_600_000_000
/** Well before an order that is not paid for expires. */
const reviseWithinUs = 60_000_000

/** The curve's pieces. Nobody comes after the last order. */
export function segmentsOf(day: Day): readonly Segment[] {
  const lastOrder = timeUs(day.lastOrder)
  const segments: Segment[] = []
  let before = 0
  for (const [n, point] of day.guests.arrivals.entries()) {
    const next = day.guests.arrivals[n + 1]
    if (next === undefined) break
    const from = timeUs(point.at)
    const end = timeUs(next.at)
    const to = Math.min(end, lastOrder)
    if (to <= from) break
    const rate = point.perHour / hourUs
    const slope = (next.perHour / hourUs - rate) / (end - from)
    const within = (to - from) * (rate + (slope * (to - from)) / 2)
    segments.push({ from, to, rate, slope, before, within })
    before += within
  }
  return segments
}

/** Arrivals expected before this time. */
export function expectedBefore(segments: readonly Segment[], at: number): number {
  let sum = 0
  for (const { from, to, rate, slope } of segments) {
    const length = Math.min(at, to) - from
    if (length > 0) sum += length * (rate + (slope * length) / 2)
  }
  return sum
}

export function planGuests(day: Day, seed: number): readonly GuestPlan[] {
  const { only } = day.guests
  const arrivals = [...arrivalsOf(segmentsOf(day), seed), ...burstsOf(day, seed)]
  const plans = arrivals.map((at, n) => planGuest(day, seed, n, at))
  return only === undefined ? plans : plans.filter(({ n }) => only.includes(n))
}

function arrivalsOf(segments: readonly Segment[], seed: number): readonly number[] {
  const arrivals: number[] = []
  let sum = 0
  let at = 0
  for (let n = 0; ; n += 1) {
    sum += -log(1 - draw(seed, 'guest.arrival', n))
    const segment = segments.find(({ before, within }) => sum < before + within)
    if (segment === undefined) return arrivals
    // Two guests may share a microsecond; none comes before the one before.
    at = Math.max(at, Math.floor(segment.from + offsetIn(segment, sum - segment.before)))
    arrivals.push(at)
  }
}

const burstsOf = (day: Day, seed: number): readonly number[] =>
  day.guests.bursts.flatMap(({ at, guests, within }, burst) =>
    Array.from({ length: guests }, (_, k) =>
      Math.floor(timeUs(at) + draw(seed, `guest.burst.${burst}`, k) * durationUs(within)),
    ),
  )

/** Where in the segment so many arrivals are expected: rate·x + slope·x²/2 = mass, in the form that never cancels. */
function offsetIn({ from, to, rate, slope }: Segment, mass: number): number {
  const root = Math.sqrt(Math.max(0, rate * rate + 2 * slope * mass))
  return Math.min(to - from, (2 * mass) / (rate + root))
}

function planGuest(day: Day, seed: number, n: number, at: number): GuestPlan {
  const { guests } = day
  const uniform = (what: string, k = 0): number => draw(seed, `guest.${what}.${n}`, k)
  const serve = uniform('serve') < guests.tableShare ? 'table' : 'collect'
  const isCancelling = uniform('cancel') < guests.cancelShare
  return {
    n,
    // Stands for 128 random bits of a guest's own.
    key: `guest-${n}-${Math.floor(uniform('key') * 2 ** 32).toString(36)}`,
    at,
    wishes: wishesOf(day, uniform),
    card: weighted(Object.entries(guests.cards) as [Card, number][], uniform('card')),
    serve,
    promiseUs: durationUs(guests.promise),
    patienceUs: durationUs(guests.patience),
    ...(isCancelling && {
      cancelAfterUs: Math.floor(uniform('cancel', 1) * durationUs(guests.cancelWithin)),
    }),
    ...(uniform('revise') < guests.reviseShare && {
      revision: {
        afterUs: Math.floor(uniform('revise', 1) * reviseWithinUs),
        wishes: wishesOf(day, (what, k) => uniform(`revised ${what}`, k)),
      },
    }),
    repeats: uniform('repeat') < guests.repeatShare,
    collects: uniform('no-show') >= guests.noShowShare,
    ...(uniform('refund') < (guests.refundShare ?? 0) && { refund: refundOf(uniform) }),
    isMember: uniform('member') < (guests.members ?? 0),
  }
}

/** Often more than there is: who asks second is then refused. */
const refundOf = (uniform: (what: string, k?: number) => number): NonNullable<GuestPlan['refund']> => ({
  afterUs: Math.floor(uniform('refund', 1) * hourUs),
  shares: Array.from({ length: uniform('refund', 2) < 0.5 ? 1 : 2 }, (_, k) => uniform('refund', 3 + k)),
})

function wishesOf(day: Day, uniform: (what: string, k?: number) => number): readonly Wish[] {
  const { portions, dishes } = day.guests
  const count = weighted(
    portions.map((portion) => [portion.count, portion.weight]),
    uniform('portions'),
  )
  const wanted = new Map<DishName, number>()
  for (let k = 0; k < count; k += 1) {
    const dish = weighted(Object.entries(dishes) as [DishName, number][], uniform('dish', k))
    wanted.set(dish, (wanted.get(dish) ?? 0) + 1)
  }
  return [...wanted].map(([dish, quantity]) => ({ dish, quantity }))
}

function weighted<T>(choices: readonly (readonly [T, number])[], uniform: number): T {
  let left = uniform * choices.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [choice, weight] of choices) {
    left -= weight
    if (left < 0) return choice
  }
  // Rounding: the last one that can be chosen.
  return (choices.findLast(([, weight]) => weight > 0) as readonly [T, number])[0]
}
