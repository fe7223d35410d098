/** What is told of a state or an arrow of a chart to whoever points at it, and to whoever has it read aloud. */
import type { MachineChart } from '#gateway'
import { durationIn } from '../shell/words.ts'
import type { TransitionPlace } from './arrows.ts'
import { type layout, type StateBox, wordsOf } from './layout.ts'

export interface Row {
  readonly event: string
  readonly does: string
}

/** What it does on entry and exit, and what it takes without leaving it. */
export function aboutState(
  chart: MachineChart,
  box: StateBox | undefined,
): { readonly title: string; readonly rows: readonly Row[] } | undefined {
  const state = chart.states.find(({ id }) => id === box?.id)
  if (box === undefined || state === undefined) return undefined
  const rows = [
    ...(state.entry.length > 0 ? [{ event: 'on entry', does: state.entry.join(', ') }] : []),
    ...(state.exit.length > 0 ? [{ event: 'on exit', does: state.exit.join(', ') }] : []),
    ...state.transitions.flatMap(({ targets }, index) =>
      targets.length === 0 ? [aboutTransition(chart, { state: state.id, index })] : [],
    ),
  ]
  return { title: box.kind === 'any' ? 'any state' : state.id || chart.type, rows }
}

export function aboutTransition(chart: MachineChart, { state, index }: TransitionPlace): Row {
  const transition = chart.states.find(({ id }) => id === state)?.transitions[index]
  if (transition === undefined) return { event: '', does: '' }
  const { event, after, guard, actions } = transition
  const ms = after?.ms === undefined ? '' : `, ${durationIn(after.ms)}`
  const name = after === undefined ? event || 'at once' : `after ${after.delay}${ms}`
  return {
    event: wordsOf({ event: name, guard }),
    does: actions.length === 0 ? 'nothing else' : actions.join(', '),
  }
}

/** First what is to be read on it: whoever speaks to their machine says that. */
export function readAloud(
  { id, kind, name, note, stays, isActive }: StateBox & { readonly note: string; readonly isActive: boolean },
  arrows: ReturnType<typeof layout>['arrows'],
): string {
  const seen = [name, note, ...stays.map((line) => line.map(({ event }) => event).join(' '))]
  const ways = arrows
    .filter(({ from }) => from === id)
    .map(({ to, lines }) => `${to} by ${lines.map(wordsOf).join(', ') || 'itself'}`)
  return [
    seen.filter((words) => words !== '').join(' '),
    ...(kind === 'any' || id === name || id === '' ? [] : [id]),
    ...(isActive ? ['active'] : []),
    ...(ways.length > 0 ? [`leads to ${ways.join('; ')}`] : []),
  ].join(', ')
}
