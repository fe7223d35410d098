/** Which class each state of a machine has, as the machine itself says; one that was asked for is kept. */
import { ask } from './operator.ts'

export type StateClass = 'working' | 'waiting' | 'undone' | 'rest'
/** By the path of a state, such as `paying.charging`. */
export type StateClasses = ReadonlyMap<string, StateClass>

interface Chart {
  readonly states: readonly {
    readonly id: string
    readonly class?: 'working' | 'waiting' | 'rest'
    readonly undone?: true
  }[]
}

const known = new Map<string, Promise<StateClasses>>()

export function classesOf(type: string): Promise<StateClasses> {
  const found = known.get(type) ?? askClasses(type)
  known.set(type, found)
  found.catch(() => known.delete(type))
  return found
}

async function askClasses(type: string): Promise<StateClasses> {
  const { states } = await ask<Chart>(`machines/${encodeURIComponent(type)}`)
  const classes = new Map<string, StateClass>()
  for (const { id, class: its, undone } of states) {
    if (its === undefined) continue
    classes.set(id, undone && its !== 'rest' ? 'undone' : its)
  }
  return classes
}
