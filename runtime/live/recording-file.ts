/**
 * The file of a recording: what one kernel was made with, and every step that it took.
 *
 * It begins with a line of text that names it. Entries follow, each with its length, the length's complement, and a
 * checksum. A process may be killed while it writes, so an end in the middle of an entry is an end.
 *
 * Owns:     the format, and the digest of outputs.
 * Does not: decide when a file begins and ends (`file-recorder.ts`), or replay (`#host`).
 *
 * Invariants:
 *   RF1. What is read is what was written, as far as it goes: a damaged entry is an error, and never skipped.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { ClusterError, type Instant, type Now } from '#actor'
import type { KernelStart, RecordedOutputs, RecordedStep } from '#host'
import { decodeValue, encodeValue } from './lmdb/codec.ts'

type Input = RecordedStep['input']
type Outputs = readonly { readonly kind: RecordedOutputs['kinds'][number] }[]

export interface Recording {
  readonly start: KernelStart
  /** The build that recorded it. */
  readonly code: string
  readonly steps: Iterable<RecordedStep>
}

const magic = Buffer.from('brigade recording 2\n')
/** A length that is not its complement's is damaged: believed, it could look like an end. */
const lengthBytes = 8

type Entry =
  | readonly ['kernel', start: KernelStart, code: string]
  | readonly ['input', world: Instant, runtime: Instant, input: Input]
  /** Absent after an input that led to nothing, unless it was the last. */
  | readonly ['outputs', digest: number, kinds: RecordedOutputs['kinds']]

export function startBytes(start: KernelStart, code: string): Buffer {
  return Buffer.concat([magic, bytesOf(['kernel', start, code])])
}

export function inputBytes(input: Input, { world, runtime }: Now): Buffer {
  return bytesOf(['input', world, runtime, input])
}

export function outputsBytes(outputs: Outputs): Buffer {
  return bytesOf(['outputs', digestOf(outputs), outputs.map(({ kind }) => kind)])
}

/** Of plain data: the checksum of its bytes. Two that differ have the same one once in four thousand million. */
export function digestOf(outputs: Outputs): number {
  return encodeValue(outputs).readUInt32LE(0)
}

/** Whether the file begins like a recording. False when it cannot be read. */
export function isRecording(file: string): boolean {
  const beginning = Buffer.alloc(magic.length)
  try {
    const open = openSync(file, 'r')
    readSync(open, beginning, 0, magic.length, 0)
    closeSync(open)
  } catch {
    return false
  }
  return beginning.equals(magic)
}

/** @throws ClusterError `RECORDING_DAMAGED`, also while its steps are read. */
export function readRecording(file: string): Recording {
  const damaged = (problem: string): ClusterError => new ClusterError('RECORDING_DAMAGED', { file, problem })
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    throw damaged((error as Error).message)
  }
  if (!bytes.subarray(0, magic.length).equals(magic)) throw damaged('it does not begin like one')
  const [first] = entriesIn(bytes, damaged)
  if (first?.[0] !== 'kernel') throw damaged('it ends before it says what it is of')
  return {
    start: first[1],
    code: first[2],
    steps: { [Symbol.iterator]: () => stepsIn(entriesIn(bytes, damaged)) },
  }
}

const nothing: RecordedOutputs = { digest: digestOf([]), kinds: [] }

function* stepsIn(entries: Iterable<Entry>): Generator<RecordedStep> {
  let pending: RecordedStep | undefined
  for (const entry of entries) {
    if (entry[0] === 'input') {
      if (pending !== undefined) yield { ...pending, outputs: nothing }
      pending = { input: entry[3], now: { world: entry[1], runtime: entry[2] } }
    } else if (entry[0] === 'outputs' && pending !== undefined) {
      yield { ...pending, outputs: { digest: entry[1], kinds: entry[2] } }
      pending = undefined
    }
  }
  if (pending !== undefined) yield pending
}

function* entriesIn(bytes: Buffer, damaged: (problem: string) => ClusterError): Generator<Entry> {
  let at = magic.length
  while (at + lengthBytes <= bytes.length) {
    const problem = `the entry at byte ${at} is not what was written`
    const length = bytes.readUInt32LE(at)
    if (bytes.readUInt32LE(at + 4) !== ~length >>> 0) throw damaged(problem)
    const end = at + lengthBytes + length
    if (end > bytes.length) return
    let entry: Entry
    try {
      entry = decodeValue(bytes.subarray(at + lengthBytes, end)) as Entry
    } catch {
      throw damaged(problem)
    }
    yield entry
    at = end
  }
}

function bytesOf(entry: Entry): Buffer {
  const value = encodeValue(entry)
  const bytes = Buffer.allocUnsafe(lengthBytes + value.length)
  bytes.writeUInt32LE(value.length, 0)
  bytes.writeUInt32LE(~value.length >>> 0, 4)
  value.copy(bytes, lengthBytes)
  return bytes
}
