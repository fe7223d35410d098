/**
 * How large a message or an answer may be, so that it fits a frame between nodes wherever its receiver is.
 *
 * Owns:     the bound. What it counts: a character of text, a byte of binary data, nine for any other value. Encoded that is
 *           at most three times as much (a character of UTF-16 is up to three bytes of UTF-8).
 * Does not: encode. A frame that is too long all the same is counted by the transport, and not sent.
 */

/** A third of a frame (`frameBytesMax` in `live/ws/outgoing-link.ts`), with room for its envelope. */
const messageSizeMax = 2 * 2 ** 20
export const tooLarge = `larger than ${messageSizeMax / 2 ** 20} MiB`

// Deeper than any message; less deep than the stack.
const depthMax = 200

/** It stops counting when it knows. What contains itself is too large. */
export const isTooLarge = (message: unknown): boolean => roomAfter(message, messageSizeMax, 0) < 0

function roomAfter(value: unknown, room: number, depth: number): number {
  if (typeof value === 'string') return room - value.length
  if (typeof value !== 'object' || value === null) return room - 9
  if (ArrayBuffer.isView(value)) return room - value.byteLength
  let left = depth > depthMax ? -1 : room - 9
  for (const name in value) {
    if (left < 0) break
    left = roomAfter((value as Record<string, unknown>)[name], left - name.length, depth + 1)
  }
  return left
}
