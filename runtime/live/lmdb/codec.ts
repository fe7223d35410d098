/**
 * Values as bytes: a checksum, then msgpack.
 *
 * Rows are packed as arrays in a fixed order of fields, a third of the size of objects with names. LMDB gives
 * back overwritten bytes without an error, so every value carries a checksum.
 *
 * Owns:     the order of fields. A layout may grow at its end; any other change needs a new `dataFormat`.
 * Does not: know the tables (`tables.ts`).
 */
import { crc32 } from 'node:zlib'
import { Packr, RESERVE_START_SPACE } from 'msgpackr'

// No record structures: a value must be readable without any other.
const packr = new Packr({ useRecords: false })
const checksumBytes = 4
// The checksum is taken over the whole value with zeros in its own place, so that writing makes no second view.
const ofItsPlace = crc32(Buffer.alloc(checksumBytes))

/** The bytes are the caller's own: nothing writes to them again. */
export function encodeValue(value: unknown): Buffer {
  const bytes = packr.pack(value, RESERVE_START_SPACE | checksumBytes)
  bytes.writeUInt32LE(0, 0)
  bytes.writeUInt32LE(crc32(bytes), 0)
  return bytes
}

/** @throws Error when the bytes are not what was written. */
export function decodeValue(bytes: Buffer): unknown {
  const packed = bytes.subarray(checksumBytes)
  if (bytes.length <= checksumBytes || crc32(packed, ofItsPlace) !== bytes.readUInt32LE(0)) {
    throw new Error('A stored value is damaged: its checksum is wrong. Run `brigade check`.')
  }
  return packr.unpack(packed)
}

export interface Layout<Row> {
  readonly toStored: (row: Row) => unknown
  readonly fromStored: (stored: unknown) => Row
}

/** Stored as it is: for numbers, and for rows that are few. */
export function asItIs<Row>(): Layout<Row> {
  return { toStored: (row) => row, fromStored: (stored) => stored as Row }
}

type Fields<Row> = { readonly [F in keyof Required<Row>]: 'plain' | Layout<NonNullable<Row[F]>> }

/** Stored as an array, in the order in which the fields are named here. An absent field stays absent. */
export function positional<Row extends object>(fields: Fields<Row>): Layout<Row> {
  const names = Object.keys(fields) as (keyof Row & string)[]
  const layouts = names.map((name) => {
    const field = fields[name]
    return field === 'plain' ? undefined : (field as Layout<unknown>)
  })
  const toStored = (row: Row): unknown[] => {
    const stored: unknown[] = []
    let length = 0
    for (let i = 0; i < names.length; i += 1) {
      const value = row[names[i] as keyof Row]
      stored.push(value === undefined ? value : (layouts[i]?.toStored(value) ?? value))
      if (value !== undefined) length = i + 1
    }
    stored.length = length
    return stored
  }
  const fromStored = (stored: unknown): Row => {
    const row: Record<string, unknown> = {}
    for (const [i, value] of (stored as unknown[]).entries()) {
      const name = names[i]
      if (value !== undefined && name !== undefined) row[name] = layouts[i]?.fromStored(value) ?? value
    }
    return row as Row
  }
  return { toStored, fromStored }
}

/** Each one in turn. */
export function listOf<Row>(layout: Layout<Row>): Layout<readonly Row[]> {
  return {
    toStored: (rows) => rows.map(layout.toStored),
    fromStored: (stored) => (stored as unknown[]).map(layout.fromStored),
  }
}
