/**
 * An actor's history, taken once more through its machine: what the journal says is what the machine does.
 *
 * Owns:     what a journal record means to a machine, that of a turn and that of an act of the runtime.
 * Does not: read journals, or keep the states of many actors (the checks of a day do).
 */
import { keyOf } from '#actor'
import type { JournalRecord, SnapshotRow } from '#ports'
import type { LiveState, Transition } from './machine.ts'
import type { ActorType } from './registry.ts'
import { delivered, emittedBy } from './turns.ts'

export type Step =
  | { readonly kind: 'state'; readonly state: LiveState }
  /** The record is not what the machine does with this message in this state. */
  | { readonly kind: 'problem'; readonly problem: string }
  /** Another version of the machine has been here: what it did cannot be done again. */
  | { readonly kind: 'migrated' }

/** Where the turn of this record leads from `before`; undefined before the actor's first. */
export function stepOf(type: ActorType, before: LiveState | undefined, record: JournalRecord): Step {
  const { actor, at, note } = record
  if (note === 'migrated') return { kind: 'migrated' }
  try {
    if (note === 'reset') {
      return compared(record, type.machine.birth({ id: actor, key: keyOf(actor), at }).state)
    }
    if (note !== undefined) {
      return before === undefined ? wrong(record, 'comes before any turn') : compared(record, before)
    }
    const born = before === undefined ? type.machine.birth({ id: actor, key: keyOf(actor), at }) : undefined
    const state = before ?? (born as Transition).state
    const turn = type.machine.turn(state, delivered(record, at))
    if (turn === 'not-accepted') return wrong(record, `is not accepted in ${shown(state.value)}`)
    const events = emittedBy([...(born?.effects ?? []), ...turn.effects])
    if (!isSame(events, record.events)) {
      return wrong(record, `emits ${shown(events)}, and the journal says ${shown(record.events)}`)
    }
    return compared(record, turn.state)
  } catch (error) {
    return wrong(record, `fails: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Whether the snapshot is this state. */
export function isStoredAs(type: ActorType, state: LiveState, { state: stored }: SnapshotRow): boolean {
  return isSame(type.machine.store(state), stored)
}

function compared(record: JournalRecord, state: LiveState): Step {
  if (isSame(state.value, record.state)) return { kind: 'state', state }
  return wrong(record, `leads to ${shown(state.value)}, and the journal says ${shown(record.state)}`)
}

function wrong({ actor, sequence, message, note }: JournalRecord, what: string): Step {
  return { kind: 'problem', problem: `turn ${sequence} of ${actor}, ${note ?? `'${message.type}'`}, ${what}` }
}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))

type Fields = Readonly<Record<string, unknown>>

/** Of plain data. A field that is undefined is one that is not there: that is how it comes back from a store. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  const [inA, inB] = [a, b] as [Fields, Fields]
  for (const key of Object.keys(inA)) if (!isSame(inA[key], inB[key])) return false
  for (const key of Object.keys(inB)) if (inB[key] !== undefined && inA[key] === undefined) return false
  return Array.isArray(a) === Array.isArray(b)
}
