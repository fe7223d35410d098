/**
 * W3C trace context: which trace a request belongs to, our span in it, and what came with it.
 *
 * Owns:     reading `traceparent`, `tracestate` and `baggage`, and making a new `traceparent`. A header that is malformed
 *           starts a new trace or is left out; it is never a reason to refuse a request.
 *
 * Invariants:
 *   TC1. What goes on is bounded: each turn that a request causes keeps it. Of `baggage`, only what says that the request
 *        is synthetic, and of which load run; the rest is somebody else's, and goes no further.
 */
import { randomFillSync } from 'node:crypto'
import { traceText } from '#ports'

export interface TraceContext {
  readonly traceId: string
  /** `traceparent` of our own span, for the caller. */
  readonly parent: string
  /** The same with `tracestate` and `baggage`: what goes on to the cluster. */
  readonly context: string
}

type Header = string | string[] | undefined

const noTrace = '0'.repeat(32)
const noSpan = '0'.repeat(16)
const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

export function traceOf(headers: Readonly<Record<string, Header>>): TraceContext {
  const match = typeof headers.traceparent === 'string' ? shape.exec(headers.traceparent) : null
  const [, version, traceId, spanId, flags, more] = match ?? []
  const isValid =
    traceId !== undefined &&
    version !== 'ff' &&
    traceId !== noTrace &&
    spanId !== noSpan &&
    (version !== '00' || more === undefined)
  const id = isValid ? traceId : randomHex(16)
  // Sampled, and random: the two flags of a trace that begins here.
  const parent = `00-${id}-${randomHex(8)}-${isValid ? flags : '03'}`
  const context = traceText({
    traceparent: parent,
    tracestate: isValid ? stateIn(headers.tracestate) : '',
    baggage: baggageIn(headers.baggage),
  })
  return { traceId: id, parent, context }
}

const stateCharactersMax = 512
const stateMembersMax = 32
const stateMember =
  /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** Whole, or nothing: members mean something to those who wrote them, in their order. */
function stateIn(header: Header): string {
  if (typeof header !== 'string' || header.length > stateCharactersMax) return ''
  const members = membersIn(header)
  const areGood = members.length <= stateMembersMax && members.every((member) => stateMember.test(member))
  return areGood ? members.join(',') : ''
}

const carried = /^(synthetic|load\.run)=[\w.~-]{1,64}$/

function baggageIn(header: Header): string {
  if (typeof header !== 'string') return ''
  // Behind a semicolon stand properties of a member.
  const members = membersIn(header).map((member) => member.replace(/\s*;.*$/, ''))
  const ours = new Map(
    members.filter((member) => carried.test(member)).map((member) => [keyOf(member), member]),
  )
  return [...ours.values()].join(',')
}

const keyOf = (member: string): string => member.slice(0, member.indexOf('='))
const membersIn = (header: string): readonly string[] =>
  header
    .split(',')
    .map((member) => member.trim())
    .filter(Boolean)

// The system's source is asked for many bytes at once; a call for each request costs more than the request's hash.
const pool = Buffer.alloc(8_192)
let taken = pool.length

function randomHex(bytes: number): string {
  if (taken + bytes > pool.length) {
    randomFillSync(pool)
    taken = 0
  }
  taken += bytes
  return pool.toString('hex', taken - bytes, taken)
}
