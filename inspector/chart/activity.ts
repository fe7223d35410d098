/**
 * Where an actor is in its chart, where it was, and which way it went last.
 *
 * Owns:     state values read as ids of the chart, and which transitions lead from one to the next.
 * Does not: know guards: of the ways that lead from where it was to where it is, it takes the first.
 */
import type { MachineChart } from '#gateway'
import type { ChartState, TransitionPlace } from './arrows.ts'

/** What of a turn is read here. */
export interface Turn {
  readonly at: string
  readonly message: { readonly type: string }
  readonly state: unknown
}

/** A state value as ids of the innermost states, in the value's order. */
export function leavesOf(value: unknown): readonly string[] {
  return namesIn(value, '')
}

function namesIn(value: unknown, outer: string): readonly string[] {
  const within = (name: string): string => (outer === '' ? name : `${outer}.${name}`)
  if (typeof value === 'string') return [within(value)]
  if (typeof value !== 'object' || value === null) return outer === '' ? [] : [outer]
  const entries = Object.entries(value)
  if (entries.length === 0) return outer === '' ? [] : [outer]
  return entries.flatMap(([name, inner]) => namesIn(inner, within(name)))
}

/** Those, and the states round them. */
export function activeOf(value: unknown): ReadonlySet<string> {
  return new Set(leavesOf(value).flatMap(withOuter))
}

/** It, the state round it, and so on to the machine, whose id is empty. */
function withOuter(id: string): readonly string[] {
  return id === '' ? [''] : [id, ...withOuter(id.slice(0, Math.max(0, id.lastIndexOf('.'))))]
}

/**
 * Where a message can lead from here: ids of states, or an empty one where it is stayed. The innermost state is asked
 * first, and those round it only where all its ways are guarded. `isSure`: there is one way, without a guard.
 */
export function waysOf(
  chart: MachineChart,
  value: unknown,
  type: string,
): { readonly targets: readonly string[]; readonly isSure: boolean } {
  const states = new Map(chart.states.map((state) => [state.id, state]))
  const targets = new Set<string>()
  let guards = 0
  for (const leaf of leavesOf(value)) {
    for (const id of withOuter(leaf)) {
      const ways = (states.get(id)?.transitions ?? []).filter(({ event }) => event === type)
      for (const way of ways)
        for (const target of way.targets.length === 0 ? [''] : way.targets) targets.add(target)
      guards += ways.filter(({ guard }) => guard !== undefined).length
      if (ways.some(({ guard }) => guard === undefined)) break
    }
  }
  return { targets: [...targets], isSure: guards === 0 }
}

/** How long an actor was in each state when it was there last, by turns from the oldest on. Not where it is. */
export function staysOf(turns: readonly Turn[]): ReadonlyMap<string, number> {
  const stays = new Map<string, number>()
  const entered = new Map<string, number>()
  for (const { at, state } of turns) {
    const now = Date.parse(at)
    const active = activeOf(state)
    for (const [id, since] of entered) {
      if (active.has(id)) continue
      stays.set(id, now - since)
      entered.delete(id)
    }
    for (const id of active) if (!entered.has(id)) entered.set(id, now)
  }
  return stays
}

/** When it came to where it is, by turns from the oldest on; undefined when that was before them. */
export function sinceOf(turns: readonly Turn[]): string | undefined {
  const last = turns.at(-1)
  if (last === undefined) return undefined
  const here = leavesOf(last.state).join()
  const before = turns.findLastIndex(({ state }) => leavesOf(state).join() !== here)
  return turns[before + 1]?.at
}

/**
 * The transitions that took an actor from one state value to another with a message of that type, first to last: the
 * one for the message, and what was taken at once after it. Empty when it stayed, or when no way is found.
 */
export function firedBetween(
  chart: MachineChart,
  before: unknown,
  type: string,
  after: unknown,
): readonly TransitionPlace[] {
  const states = new Map(chart.states.map((state) => [state.id, state]))
  const ends = new Set(leavesOf(after))
  const taken = new Map<string, TransitionPlace>()
  for (const leaf of leavesOf(before)) {
    for (const place of wayFrom(states, leaf, type, ends)) taken.set(`${place.state} ${place.index}`, place)
  }
  return [...taken.values()]
}

type States = ReadonlyMap<string, ChartState>

function wayFrom(
  states: States,
  leaf: string,
  type: string,
  ends: ReadonlySet<string>,
): readonly TransitionPlace[] {
  for (const state of withOuter(leaf)) {
    for (const [index, { event, targets }] of (states.get(state)?.transitions ?? []).entries()) {
      if (event !== type) continue
      const place = { state, index }
      // A message that it stays for may yet make a guard hold.
      const entered = targets.length === 0 ? [leaf] : targets.flatMap((target) => enteredBy(states, target))
      const stays = targets.length === 0 && ends.has(leaf)
      if (stays) return []
      const rest = atOnce(states, entered, ends)
      if (rest !== undefined) return targets.length === 0 ? rest : [place, ...rest]
    }
  }
  return []
}

/** The transitions without an event from one of these states to one of the ends: the shortest way. */
function atOnce(
  states: States,
  from: readonly string[],
  ends: ReadonlySet<string>,
): readonly TransitionPlace[] | undefined {
  const seen = new Set(from)
  let ways: { readonly at: string; readonly way: readonly TransitionPlace[] }[] = from.map((at) => ({
    at,
    way: [],
  }))
  while (ways.length > 0) {
    const there = ways.find(({ at }) => ends.has(at))
    if (there !== undefined) return there.way
    ways = ways.flatMap(({ at, way }) =>
      withOuter(at).flatMap((state) =>
        (states.get(state)?.transitions ?? []).flatMap(({ event, targets }, index) => {
          if (event !== '') return []
          const next = targets.flatMap((target) => enteredBy(states, target)).filter((id) => !seen.has(id))
          for (const id of next) seen.add(id)
          return next.map((id) => ({ at: id, way: [...way, { state, index }] }))
        }),
      ),
    )
  }
  return undefined
}

/** Where one is after entering a state. */
function enteredBy(states: States, id: string): readonly string[] {
  const state = states.get(id)
  if (state?.type === 'parallel') {
    const inside = [...states.keys()].filter((other) => other.slice(0, other.lastIndexOf('.')) === id)
    return inside.flatMap((region) => enteredBy(states, region))
  }
  return state?.initial === undefined ? [id] : enteredBy(states, state.initial)
}
