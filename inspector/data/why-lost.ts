/**
 * Why there is no line to the stream, in words.
 *
 * A browser tells a page nothing of an upgrade that was refused: whoever was refused asks for the same place over HTTP, and is
 * told there.
 */
import { streamProtocol } from '../../gateway/stream-protocol.ts'
import type { Refusal } from './operator.ts'

/** Of a line that was there. */
export function whyCut(code: number): string {
  if (code === 1008) return 'This page may not look any more.'
  return code === 1001 ? 'The gateway ends.' : 'The line was cut.'
}

/** `answer`: what is said over HTTP; undefined: nothing. `another-build`: it speaks otherwise than this page. */
export function whyRefused(answer: Refusal | undefined): string | 'another-build' {
  if (answer === undefined) return 'Nobody answers.'
  const { code, status, title, detail = title } = answer
  if (code === 'too-many-streams') return `Too many viewers. ${detail}`
  if (status === 401 || status === 403) return `Not allowed. ${detail}`
  if (code !== 'upgrade-required') return detail
  // There is a place, and it is not refused: something between the two lets no WebSocket through.
  return detail.includes(streamProtocol)
    ? 'It cannot be reached: no WebSocket gets through.'
    : 'another-build'
}
