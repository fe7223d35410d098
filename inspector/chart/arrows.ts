/**
 * What of a machine is drawn, and in which words: one arrow for all that leads from one state to the same other one, and
 * inside a state what it takes without leaving it.
 *
 * Owns:     which transitions share an arrow, and the lines of its label.
 * Does not: say where anything is drawn (`layout.ts`).
 *
 * Invariants:
 *   C1. Each transition is in one arrow, or is stayed for in one state; never in both or neither.
 *   C2. A guard is named where it decides between ways, and nowhere else: pointing at an arrow shows the rest.
 */
import type { MachineChart } from '#gateway'

export type ChartState = MachineChart['states'][number]
export type ChartTransition = ChartState['transitions'][number]

/** A transition by the place where it stands: its state's id, and its place in that state's list. */
export interface TransitionPlace {
  readonly state: string
  readonly index: number
}

export interface Line {
  /** Its event, or the delay's name; empty when it is taken at once. */
  readonly event: string
  readonly guard?: string
  /** Of a timer: the event that its end brings. */
  readonly timer?: string
}

export interface ChartArrow {
  readonly from: string
  readonly to: string
  readonly transitions: readonly TransitionPlace[]
  readonly lines: readonly Line[]
}

/** What a state takes without leaving it: all its transitions for one event. */
export interface Stay {
  readonly state: string
  readonly event: string
  readonly indexes: readonly number[]
}

export interface Drawn {
  readonly arrows: readonly ChartArrow[]
  readonly stays: readonly Stay[]
}

export function drawn(chart: MachineChart): Drawn {
  const arrows = new Map<string, { -readonly [K in keyof ChartArrow]: ChartArrow[K] }>()
  const stays: Stay[] = []
  for (const state of chart.states) {
    for (const [index, transition] of state.transitions.entries()) {
      const { event, targets } = transition
      if (targets.length === 0) addStay(stays, state.id, shortName(chart.type, event), index)
      for (const to of targets) {
        const key = `${state.id}\n${to}`
        const arrow = arrows.get(key) ?? { from: state.id, to, transitions: [], lines: [] }
        arrows.set(key, arrow)
        arrow.transitions = [...arrow.transitions, { state: state.id, index }]
        arrow.lines = withLine(arrow.lines, lineOf(chart.type, state, transition))
      }
    }
  }
  return { arrows: [...arrows.values()], stays }
}

function addStay(stays: Stay[], state: string, event: string, index: number): void {
  const at = stays.findIndex((stay) => stay.state === state && stay.event === event)
  const before = stays[at]
  if (before === undefined) stays.push({ state, event, indexes: [index] })
  else stays[at] = { ...before, indexes: [...before.indexes, index] }
}

function withLine(lines: readonly Line[], line: Line): readonly Line[] {
  if (line.event === '' && line.guard === undefined) return lines
  return lines.some(({ event, guard }) => event === line.event && guard === line.guard)
    ? lines
    : [...lines, line]
}

function lineOf(type: string, state: ChartState, transition: ChartTransition): Line {
  const { event, after, guard } = transition
  const branches = state.transitions.filter((other) => other.event === event)
  const decides = branches.some(({ targets }) => targets.join() !== transition.targets.join())
  return {
    event: after === undefined ? shortName(type, event) : delayOf(after),
    ...((decides || (event === '' && guard !== undefined)) && {
      guard: guardOf(guard),
    }),
    ...(after !== undefined && { timer: event }),
  }
}

/** One that stands in the machine without a name is code, and not told. */
const guardOf = (guard: string | undefined): string =>
  guard === undefined ? 'else' : guard === 'inline' ? '…' : guard

const delayOf = ({ delay }: { readonly delay: string }): string =>
  /^\d+$/.test(delay) ? `${delay} ms` : delay

/** An actor's own messages bear its name; in its own chart that is said already. */
export const shortName = (type: string, event: string): string =>
  event.startsWith(`${type}.`) ? event.slice(type.length + 1) : event
