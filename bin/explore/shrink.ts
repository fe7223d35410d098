/**
 * A failure made smaller, as long as the same check goes on failing.
 *
 * Everything that chance decides is drawn under a name of its own, so to take a guest, a fault or a node away changes
 * nothing for the others: what is left still happens as it did. One thing after another is left out, in halves first
 * and then singly (delta debugging: Zeller and Hildebrandt, 2002), and the day is run again; what it does not need to
 * fail stays out.
 *
 * Owns:     what can be taken away, in which order, and when to stop.
 * Does not: write files or print (`commands/shrink.ts`).
 *
 * Invariants:
 *   S1. Whatever is returned was seen to fail by the same check. It can be shrunk again, from where it stands.
 */
import type { Day, Fault, Verdict } from '#day'
import { defineDay, durationText, durationUs, planGuests } from '#day'
import { crashCheck } from '../judgement.ts'
import { brokenBy, type Failure, tryDay } from './trial.ts'

export interface Shrunk {
  readonly failure: Failure
  /** Days that were run. */
  readonly runs: number
  /** Nothing more can be taken away alone; false: time was up before that was known. */
  readonly finished: boolean
}

/** A fault's time is not made shorter than this: what is shorter than anything that it could meet is no fault. */
const shortestUs = 100_000

export interface ShrinkOptions {
  /** Time is up. */
  readonly isOver: () => boolean
  readonly onSmaller?: (day: Day) => void
}

/**
 * Shrinks until nothing can be taken away any more, or until `isOver`. Undefined: it does not fail on this code, or in
 * another way.
 */
export function shrink(found: Failure, options: ShrinkOptions): Shrunk | undefined {
  const { isOver } = options
  const { seed, commit } = found
  const start = defineDay(found.day)
  const isSame = sameAs(found.check)
  if (!isSame(brokenBy(start, seed))) return undefined
  const search = new Shrinking(start, seed, isSame, options)
  for (let before: Day | undefined; before !== search.day && !isOver(); ) {
    before = search.day
    for (const pass of passes) pass(search)
  }
  const { failure } = tryDay({ day: search.day, seed, commit, command: '' })
  return failure && { failure, runs: search.runs, finished: !isOver() }
}

/** Another crash is another failure: names and numbers apart, its words have to be the same. */
function sameAs(check: Verdict): (other: Verdict | undefined) => boolean {
  const words = ({ detail = '' }: Verdict): string => detail.replace(/\S*\d\S*/g, '#')
  return (other) => other?.id === check.id && (check.id !== crashCheck || words(other) === words(check))
}

class Shrinking {
  day: Day
  runs = 0
  readonly seed: number
  readonly #isSame: (check: Verdict | undefined) => boolean
  readonly #options: ShrinkOptions
  readonly #tried = new Set<string>()

  constructor(
    day: Day,
    seed: number,
    isSame: (check: Verdict | undefined) => boolean,
    options: ShrinkOptions,
  ) {
    this.day = day
    this.seed = seed
    this.#isSame = isSame
    this.#options = options
  }

  /** Goes on with this day if it fails in the same way. */
  readonly goOn = (change: Partial<Day>): boolean => {
    const day = { ...this.day, ...change }
    const text = JSON.stringify(day)
    if (this.#options.isOver() || this.#tried.has(text)) return false
    this.#tried.add(text)
    try {
      defineDay(day)
    } catch {
      // What is left makes no day: a fault strikes a node that has been taken away, say.
      return false
    }
    this.runs += 1
    if (!this.#isSame(brokenBy(day, this.seed))) return false
    this.day = day
    this.#options.onSmaller?.(day)
    return true
  }
}

type Pass = (search: Shrinking) => void

/** Guests first: the fewer there are, the faster is every later run. */
const guests: Pass = (search) => {
  const came = planGuests(search.day, search.seed).map(({ n }) => n)
  const keep = (only: readonly number[]): boolean => search.goOn({ guests: { ...search.day.guests, only } })
  if (came.length > 1) fewest(came, keep)
}

const faults: Pass = (search) => {
  fewest(search.day.faults, (some) => search.goOn({ faults: some }))
}

/** Shorter faults: half as long, and half of that, while it still fails. */
const windows: Pass = (search) => {
  for (let n = 0; n < search.day.faults.length; n += 1) {
    for (let shorter = true; shorter; ) {
      const fault = search.day.faults[n] as Fault
      const lasts = 'for' in fault ? Math.floor(durationUs(fault.for) / 2) : 0
      const half = { ...fault, for: durationText(lasts) } as Fault
      shorter = lasts >= shortestUs && search.goOn({ faults: search.day.faults.with(n, half) })
    }
  }
}

const nodes: Pass = (search) => {
  for (const [n, { nodes: most }] of search.day.cluster.groups.entries()) {
    for (let count = 1; count < most; count += 1) {
      const { cluster } = search.day
      const groups = cluster.groups.map((group, i) => (i === n ? { ...group, nodes: count } : group))
      if (search.goOn({ cluster: { ...cluster, groups } })) break
    }
  }
}

/** Everything that differs from a day that says nothing of it: links, disk, kitchen, stock, habits. */
const options: Pass = (search) => {
  for (const path of differences(search.day)) {
    search.goOn({ [path[0]]: plainAt(search.day, path) })
  }
}

const passes: readonly Pass[] = [guests, faults, windows, nodes, options]

/** Leaves out what is not needed: halves, quarters, … and each one alone. */
function fewest<T>(all: readonly T[], stillFails: (some: readonly T[]) => boolean): void {
  let kept = all
  for (let size = kept.length; size >= 1; size = Math.floor(Math.min(size, kept.length) / 2)) {
    for (let from = 0; from < kept.length; ) {
      const some = [...kept.slice(0, from), ...kept.slice(from + size)]
      if (stillFails(some)) kept = some
      else from += size
    }
  }
}

type Path = readonly [section: keyof Day, field?: string]

/** Where they say what a day is about, and not how it is: never set back. */
const subject: ReadonlySet<string> = new Set([
  'name',
  'title',
  'open',
  'lastOrder',
  'close',
  'faults',
  'invariants',
  'slo',
  'settleWithin',
  'guests.arrivals',
  'guests.bursts',
  'guests.only',
  'cluster.groups',
])

/** The same day, with nothing said of how it is. */
function plainOf({ name, open, lastOrder, close, guests: { arrivals } }: Day): Day {
  return defineDay({ name, open, lastOrder, close, guests: { arrivals } })
}

/** The options in which this day differs from a plain one: `guests.cards`, `cluster.restart`. */
export function optionsOf(day: Day): readonly string[] {
  return differences(day).map((path) => path.join('.'))
}

function differences(day: Day): readonly Path[] {
  const plain = plainOf(day)
  return (Object.keys(day) as (keyof Day)[]).flatMap((section): Path[] => {
    if (subject.has(section)) return []
    const [ours, theirs]: readonly unknown[] = [day[section], plain[section]]
    if (!isPlainObject(ours) || !isPlainObject(theirs)) return isEqual(ours, theirs) ? [] : [[section]]
    return Object.keys(ours).flatMap((field): Path[] =>
      subject.has(`${section}.${field}`) || isEqual(ours[field], theirs[field]) ? [] : [[section, field]],
    )
  })
}

/** The section as it would be if this one field were plain. */
function plainAt(day: Day, [section, field]: Path): unknown {
  const theirs = plainOf(day)[section]
  if (field === undefined) return theirs
  return { ...(day[section] as object), [field]: (theirs as unknown as Record<string, unknown>)[field] }
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
