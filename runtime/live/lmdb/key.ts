/**
 * Keys as bytes whose order is the order of their parts.
 *
 * A string is its UTF-8 and a NUL, a number is eight bytes, big end first: so rows of one prefix lie together,
 * and a range is the prefix and the prefix with its last byte one higher.
 *
 * Owns:     that encoding.
 * Does not: know which parts a table's key has (`tables.ts`).
 */
import { type Key, keyBytes, keyBytesMax } from '#ports'

/** Of each part: a string or a number. */
export type KeyShape = readonly ('text' | 'number')[]

/** @throws TypeError when the key is too long, holds NUL, or a number that is not a whole one from 0. */
export function encodeKey(key: Key): Buffer {
  const size = keyBytes(key)
  if (size > keyBytesMax) throw new TypeError(`A key of ${size} bytes is longer than ${keyBytesMax}: ${key}`)
  const bytes = Buffer.allocUnsafe(size)
  let end = 0
  for (const part of key)
    end = typeof part === 'number' ? addNumber(bytes, end, part) : addText(bytes, end, part)
  return end === size ? bytes : bytes.subarray(0, end)
}

export function decodeKey(bytes: Buffer, shape: KeyShape): Key {
  let start = 0
  return shape.map((kind) => {
    const from = start
    if (kind === 'number') {
      start = from + 8
      return bytes.readUInt32BE(from) * 2 ** 32 + bytes.readUInt32BE(from + 4)
    }
    const end = bytes.indexOf(0, from)
    start = end + 1
    return bytes.toString('utf8', from, end)
  })
}

/** Every key that begins with these parts, the last of which is a string. */
export function keysFrom(prefix: Key): { readonly start: Buffer; readonly end: Buffer } {
  const start = encodeKey(prefix)
  const end = Buffer.from(start)
  end[end.length - 1] = 1
  return { start, end }
}

function addNumber(bytes: Buffer, at: number, part: number): number {
  if (!Number.isSafeInteger(part) || part < 0) throw new TypeError(`A key cannot hold the number ${part}.`)
  bytes.writeUInt32BE(Math.floor(part / 2 ** 32), at)
  return bytes.writeUInt32BE(part % 2 ** 32, at + 4)
}

// Nearly every part is short ASCII, for which a loop is faster than a call into the engine.
function addText(bytes: Buffer, at: number, part: string): number {
  let end = at
  for (let i = 0; i < part.length; i += 1) {
    const unit = part.charCodeAt(i)
    if (unit === 0) throw new TypeError('A key cannot hold NUL.')
    if (unit > 0x7f) {
      if (part.includes('\0')) throw new TypeError('A key cannot hold NUL.')
      end = at + bytes.write(part, at, 'utf8')
      break
    }
    bytes[end] = unit
    end += 1
  }
  bytes[end] = 0
  return end + 1
}
