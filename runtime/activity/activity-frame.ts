/**
 * One look at a node: what has changed in it since the look before.
 *
 * Counters are cumulative since the watch began, so a frame that is missed makes no rate wrong. Rows are told when they
 * change; in a frame that is `whole`, all of them. Actors, words and edges have numbers, which are the node's own and hold
 * for one watch.
 *
 * Owns:     the columns and their order, and how a frame becomes bytes: the length of its head and how many numbers each
 *           section has, as unsigned 32-bit numbers, little-endian; the head as JSON; then the numbers as LEB128, which
 *           takes one byte for most of them.
 * Does not: look (`activity.ts`).
 */
import type { ActorId, Instant } from '#actor'
import type { InspectionEvent, NodeId, UsedBudget } from '#ports'

/** Of each type of actor; of all actors of it, also those that have no row. */
export const typeColumns = [
  'type',
  'residents',
  'mailbox',
  'handled',
  'failed',
  'restarts',
  'deadLetters',
] as const

/** Of each actor that is in memory, up to `activityBounds.actorsMax`, and of those they have heard of. */
export const actorColumns = [
  'actor',
  'type',
  'status',
  'state',
  'mailbox',
  'handled',
  'failed',
  'restarts',
] as const

/** Messages that `to` has handled, by who sent them and how they came. `from` is `outside` when no actor did. */
export const edgeColumns = ['from', 'to', 'via', 'count'] as const

/** Some of the messages that were handled: one of each `head.stride`. `agoUs`: microseconds of the world before the frame. */
export const flowColumns = ['from', 'to', 'via', 'message', 'agoUs'] as const

/** In the place of an actor: nobody of the cluster. */
export const outside = 0xffff_ffff

/** What an actor's row says of it. `elsewhere`: it is not in this node's memory, and only named. */
export const rowStatuses = ['elsewhere', 'loading', 'absent', 'live', 'stopped', 'archived'] as const

const sections = {
  types: typeColumns.length,
  actors: actorColumns.length,
  edges: edgeColumns.length,
  flow: flowColumns.length,
} as const
type Section = keyof typeof sections
const sectionNames = Object.keys(sections) as readonly Section[]

export interface FrameHead {
  readonly node: NodeId
  /** Grows with each process of this name. */
  readonly life: number
  /** Which watch of this life: numbers and counters begin anew with each. */
  readonly watch: number
  /** Grows by one with each frame of a watch. */
  readonly sequence: number
  /** World time, in microseconds. */
  readonly at: Instant
  readonly whole: boolean
  /** Of the first of `words`; those before it were told before. */
  readonly firstWord: number
  /** Types of actors, states and messages. */
  readonly words: readonly string[]
  /** Actors that have a row from now on, with its number. A number may have been another's. */
  readonly named: readonly (readonly [actor: number, id: ActorId])[]
  /** Actors that have left memory and were not heard of for a while: their numbers are free. */
  readonly gone: readonly number[]
  readonly stride: number
  /** All but turns, which are in the columns. */
  readonly incidents: readonly Incident[]
  readonly incidentsDropped: number
  /** Of the groups that have any; absent when none has. */
  readonly budgets?: readonly UsedBudget[]
}

export type Incident = Exclude<InspectionEvent, { readonly kind: 'turn' }>

/** Each section is rows of its columns, one after the other. */
export interface ActivityFrame extends Readonly<Record<Section, Uint32Array>> {
  readonly head: FrameHead
}

const word = Uint32Array.BYTES_PER_ELEMENT
const fixedBytes = (1 + sectionNames.length) * word
/** Of an unsigned 32-bit number as LEB128: seven bits in each. */
const numberBytesMax = 5

export function encodeActivity({ head, ...columns }: ActivityFrame): Uint8Array {
  const lengths = sectionNames.map((name) => columns[name].length)
  const text = new TextEncoder().encode(JSON.stringify(head))
  const numbers = lengths.reduce((sum, length) => sum + length, 0)
  const bytes = new Uint8Array(fixedBytes + text.length + numbers * numberBytesMax)
  const view = new DataView(bytes.buffer)
  for (const [n, length] of [text.length, ...lengths].entries()) view.setUint32(n * word, length, true)
  bytes.set(text, fixedBytes)
  let at = fixedBytes + text.length
  for (const name of sectionNames) {
    for (let value of columns[name]) {
      for (; value > 0x7f; value >>>= 7) bytes[at++] = (value & 0x7f) | 0x80
      bytes[at++] = value
    }
  }
  return bytes.slice(0, at)
}

/** @throws RangeError, SyntaxError for bytes that are no frame. */
export function decodeActivity(bytes: Uint8Array): ActivityFrame {
  const { head, lengths, at } = opened(bytes)
  const columns = {} as Record<Section, Uint32Array>
  let next = at
  const number = (): number => {
    let value = 0
    for (let shift = 0; shift < numberBytesMax * 7; shift += 7) {
      const byte = bytes[next++]
      if (byte === undefined) break
      value |= (byte & 0x7f) << shift
      if (byte <= 0x7f) return value >>> 0
    }
    throw notAFrame()
  }
  for (const [n, name] of sectionNames.entries()) {
    const column = new Uint32Array(lengths[n] ?? 0)
    for (let row = 0; row < column.length; row += 1) column[row] = number()
    columns[name] = column
  }
  if (next !== bytes.length) throw notAFrame()
  return { head, ...columns }
}

/** What a frame says of itself, without its rows. @throws RangeError, SyntaxError for bytes that are no frame. */
export const activityHead = (bytes: Uint8Array): FrameHead => opened(bytes).head

function opened(bytes: Uint8Array): { head: FrameHead; lengths: readonly number[]; at: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const at = fixedBytes + view.getUint32(0, true)
  const lengths = sectionNames.map((_, n) => view.getUint32((n + 1) * word, true))
  // Each number has one byte at least: bytes that lie cost no memory.
  if (lengths.reduce((sum, length) => sum + length, at) > bytes.length) throw notAFrame()
  const text = new TextDecoder().decode(bytes.subarray(fixedBytes, at))
  return { head: JSON.parse(text) as FrameHead, lengths, at }
}

const notAFrame = (): RangeError => new RangeError('The bytes are not as long as they say.')

/** Rows of `columns.length` numbers each, as objects: for tests and for what is not hot. */
export function rowsOf<Column extends string>(
  columns: readonly Column[],
  values: Uint32Array,
): readonly Readonly<Record<Column, number>>[] {
  return Array.from(
    { length: values.length / columns.length },
    (_, row) =>
      Object.fromEntries(columns.map((name, n) => [name, values[row * columns.length + n] ?? 0])) as Record<
        Column,
        number
      >,
  )
}
