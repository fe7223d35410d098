/**
 * A mutant: one bug, planted on purpose, that the project's own checks have to find.
 *
 * It is a change of one place of one source file, applied to a copy of the project (`build.ts`). The code that is
 * shipped knows nothing of it: docs/adr/0007.
 *
 * Owns:     what a mutant is, and how its change is made.
 * Does not: list them (`registry/`) or look for what finds them (`hunt.ts`).
 *
 * Invariants:
 *   M1. A change is made in exactly one place, or not at all: a mutant whose place has gone is an error, and never a
 *       mutant that happens to survive.
 */
import type { Day } from '#day'

export const layers = [
  'kernel',
  'host',
  'cluster',
  'journal',
  'transport',
  'actors',
  'projections',
  'gateway',
] as const
export type Layer = (typeof layers)[number]

export const isLayer = (name: string): name is Layer => (layers as readonly string[]).includes(name)

/**
 * What may find a mutant: `explore`, drawn evenings under faults (`sim/day`); `protocol` and `errands`, the two checks
 * of the commit protocol under random schedules (`sim/protocol`); or a suite of tests, by its path.
 */
export type Hunter = 'explore' | 'protocol' | 'errands' | `${string}.test.ts`

export interface Mutant {
  /** Kebab-case; says what is wrong. */
  readonly id: string
  readonly where: Layer
  /** The bug in one sentence. */
  readonly what: string
  /** From the root of the repository. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** Tried in this order, until one of them finds it. */
  readonly by: readonly Hunter[]
  /** Of drawn evenings those that could show it at all: `explore` passes over the others. Default: all. */
  readonly likely?: (day: Day) => boolean
  /** Written by somebody who has not read the checks. Reported apart. */
  readonly author?: 'blind'
}

/** Hunters that run in the simulator: before them the plain evening has to hold with the mutant in it. */
export const isSimulated = (hunter: Hunter): hunter is 'explore' | 'protocol' | 'errands' =>
  !hunter.endsWith('.test.ts')

/**
 * The text of the file with the bug in it.
 *
 * @throws Error when the place is not there, or is not the only one.
 */
export function planted(text: string, { id, file, find, replace }: Mutant): string {
  const places = text.split(find).length - 1
  if (places === 1) return text.replace(find, () => replace)
  throw new Error(
    `Mutant '${id}' fits ${places === 0 ? 'nowhere' : `in ${places} places`} in ${file}. Mend its \`find\` in bin/mutants/registry, or take the mutant out.`,
  )
}
