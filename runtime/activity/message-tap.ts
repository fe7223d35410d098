/**
 * Every message of one node that fits, one by one, while somebody taps it.
 *
 * Owns:     what fits, what is told of a message, and the cap: what is over it is counted in place of being told.
 * Does not: know the words of a filter as people write it, how a batch travels, or when a tap ends.
 *
 * Invariants:
 *   MT1. Of each message that fits, or of each try of it, one is told or counted as over; never both, never neither.
 *   MT2. What does not fit costs a comparison, and no object.
 */
import { type ActorId, type Instant, keyOf } from '#actor'
import {
  type Envelope,
  type MessageId,
  type MessageOutcome,
  type MessageWatcher,
  type NodeId,
  type SeenMessage,
  traceHeaders,
  type Via,
  viaOf,
} from '#ports'

/** Known before its turn. `actor`: who sends or takes it; `key`: of either of them; `any`: an actor, or the message. */
export const tapTexts = ['to', 'from', 'actor', 'key', 'message', 'via', 'trace', 'node', 'any'] as const
/** Known after it. Times are milliseconds; `size` is bytes. */
export const tapNumbers = ['size', 'waited', 'took', 'attempt'] as const
export type TapText = (typeof tapTexts)[number] | 'outcome'
export type TapNumber = (typeof tapNumbers)[number]

/** All terms of a filter have to hold; of the values of one, one has to. */
export interface TapTerm {
  readonly field: TapText | TapNumber
  readonly operator: '=' | '!=' | '~' | '!~' | '<' | '>' | '<=' | '>='
  readonly values: readonly string[]
}

export interface TapOrder {
  readonly terms: readonly TapTerm[]
  /** Messages that a node tells in one second. */
  readonly perSecond: number
}

export interface TappedMessage {
  readonly at: Instant
  readonly id: MessageId
  /** Absent: it came from outside, or from a timer. */
  readonly from?: ActorId
  readonly to: ActorId
  readonly via: Via
  readonly message: string
  /** Of the message as JSON. */
  readonly bytes: number
  /** That JSON; absent when it is too long to be told. */
  readonly payload?: string
  readonly outcome: MessageOutcome
  readonly detail?: string
  readonly attempt: number
  readonly sequence?: number
  readonly waitedUs: number
  /** Absent where turns take no time: in a simulated world. */
  readonly tookUs?: number
  readonly trace?: string
}

/** What a node tells at once. Counts are of all since the tap began there. */
export interface TapBatch {
  readonly node: NodeId
  readonly life: number
  /** Which tap of this life. */
  readonly run: number
  readonly matched: number
  readonly over: number
  /** With those of this batch. */
  readonly told: number
  readonly messages: readonly TappedMessage[]
}

export const tapBounds = {
  /** Of one message. A longer one is told without it. */
  payloadBytesMax: 8 * 1_024,
  /** Of the payloads of one batch. */
  batchBytesMax: 512 * 1_024,
} as const

/** All taps of one node. */
export class MessageTaps implements MessageWatcher {
  readonly #about: { readonly node: NodeId; readonly life: number }
  /** Milliseconds that go on during a turn; undefined in a simulated world. */
  readonly #stopwatch: (() => number) | undefined
  readonly #taps = new Map<string, MessageTap>()
  #runs = 0
  /** Messages that were held against filters. */
  looked = 0

  constructor(about: { readonly node: NodeId; readonly life: number }, stopwatch?: () => number) {
    this.#about = about
    this.#stopwatch = stopwatch
  }

  get isEmpty(): boolean {
    return this.#taps.size === 0
  }

  has(id: string): boolean {
    return this.#taps.has(id)
  }

  add(id: string, order: TapOrder): void {
    this.#runs += 1
    this.#taps.set(id, new MessageTap(this.#about, this.#runs, order))
  }

  remove(id: string): void {
    this.#taps.delete(id)
  }

  /** What there is to tell. `nowMs`: of any clock that goes on. */
  *take(nowMs: number): Generator<readonly [id: string, batch: TapBatch]> {
    for (const [id, tap] of this.#taps) {
      const batch = tap.take(nowMs)
      if (batch !== undefined) yield [id, batch]
    }
  }

  begin(envelope: Envelope): number | undefined {
    this.looked += 1
    for (const tap of this.#taps.values()) if (tap.wants(envelope)) return this.#stopwatch?.() ?? 0
    return undefined
  }

  ended(seen: SeenMessage): void {
    const tookUs =
      this.#stopwatch === undefined ? undefined : Math.round((this.#stopwatch() - seen.begun) * 1_000)
    for (const tap of this.#taps.values()) if (tap.wants(seen.envelope)) tap.see(seen, tookUs)
  }
}

class MessageTap {
  readonly #about: Pick<TapBatch, 'node' | 'life' | 'run'>
  readonly #perSecond: number
  readonly #before: readonly ((envelope: Envelope) => boolean)[]
  readonly #after: readonly ((message: TappedMessage) => boolean)[]
  #matched = 0
  #over = 0
  #told = 0
  #messages: TappedMessage[] = []
  #payloadBytes = 0
  /** Of this second. */
  #left: number
  #since: number | undefined
  #matchedTold = -1

  constructor(about: { readonly node: NodeId; readonly life: number }, run: number, order: TapOrder) {
    this.#about = { ...about, run }
    this.#perSecond = order.perSecond
    this.#left = order.perSecond
    const { node } = about
    this.#before = order.terms.flatMap((term) => beforeTurn(term, node) ?? [])
    this.#after = order.terms.flatMap((term) => afterTurn(term) ?? [])
  }

  wants(envelope: Envelope): boolean {
    for (const holds of this.#before) if (!holds(envelope)) return false
    return true
  }

  see(seen: SeenMessage, tookUs: number | undefined): void {
    // Nobody asks what only the message as told can answer: what is over the cap is counted, and not put into words.
    if (this.#after.length === 0 && this.#left === 0) {
      this.#matched += 1
      this.#over += 1
      return
    }
    const message = tappedOf(seen, tookUs)
    for (const holds of this.#after) if (!holds(message)) return
    this.#matched += 1
    if (this.#left === 0) {
      this.#over += 1
      return
    }
    this.#left -= 1
    this.#told += 1
    this.#messages.push(this.#shortened(message))
  }

  /** Undefined: nothing has fitted since. The first one says that it is there. */
  take(nowMs: number): TapBatch | undefined {
    this.#since ??= nowMs
    if (nowMs - this.#since >= 1_000) {
      this.#since = nowMs
      this.#left = this.#perSecond
    }
    if (this.#matched === this.#matchedTold) return undefined
    this.#matchedTold = this.#matched
    const messages = this.#messages
    this.#messages = []
    this.#payloadBytes = 0
    return { ...this.#about, matched: this.#matched, over: this.#over, told: this.#told, messages }
  }

  #shortened(message: TappedMessage): TappedMessage {
    const { payload, ...others } = message
    const isTooLong =
      message.bytes > tapBounds.payloadBytesMax ||
      this.#payloadBytes + message.bytes > tapBounds.batchBytesMax
    if (payload === undefined || isTooLong) return others
    this.#payloadBytes += message.bytes
    return message
  }
}

function tappedOf(seen: SeenMessage, tookUs: number | undefined): TappedMessage {
  const { envelope, outcome, detail, at, attempt, waitedUs, sequence } = seen
  const { id, from, to, message, trace } = envelope
  const payload = JSON.stringify(message)
  return {
    at,
    id,
    ...(from !== undefined && { from }),
    to,
    via: viaOf(envelope),
    message: message.type,
    bytes: bytesOf(payload),
    payload,
    outcome,
    ...(detail !== undefined && { detail }),
    attempt,
    ...(sequence !== undefined && { sequence }),
    waitedUs,
    ...(tookUs !== undefined && { tookUs }),
    ...traceIn(trace),
  }
}

function traceIn(text: string | undefined): { readonly trace?: string } {
  const { traceparent: trace } = traceHeaders(text)
  return trace === undefined ? {} : { trace }
}

/** Of a text as UTF-8. */
function bytesOf(text: string): number {
  let bytes = text.length
  for (let n = 0; n < text.length; n += 1) {
    const code = text.charCodeAt(n)
    if (code < 0x80) continue
    // Each half of a surrogate pair stands for two bytes of four.
    bytes += code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2
  }
  return bytes
}

function beforeTurn(term: TapTerm, node: NodeId): ((envelope: Envelope) => boolean) | undefined {
  switch (term.field) {
    case 'to':
      return matching(term, ({ to }, value, isPart) => isActor(to, value, isPart))
    case 'from':
      return matching(term, ({ from }, value, isPart) => isActor(from, value, isPart))
    case 'actor':
      return matching(
        term,
        ({ to, from }, value, isPart) => isActor(to, value, isPart) || isActor(from, value, isPart),
      )
    case 'key':
      return matching(
        term,
        ({ to, from }, value, isPart) => isOfKey(to, value, isPart) || isOfKey(from, value, isPart),
      )
    case 'message':
      return matching(term, ({ message }, value, isPart) => isText(message.type, value, isPart))
    case 'via':
      return matching(term, (envelope, value, isPart) => isText(viaOf(envelope), value, isPart))
    case 'trace':
      return matching(term, ({ trace = '' }, value, isPart) => isTrace(trace, value, isPart))
    case 'node':
      return matching(term, (_, value, isPart) => isText(node, value, isPart))
    case 'any':
      return matching(
        term,
        ({ to, from = '', message }, value) =>
          to.includes(value) || from.includes(value) || message.type.includes(value),
      )
    default:
      return undefined
  }
}

function matching(
  { operator, values }: TapTerm,
  isOne: (envelope: Envelope, value: string, isPart: boolean) => boolean,
): (envelope: Envelope) => boolean {
  const isPart = operator.includes('~')
  const isWanted = !operator.startsWith('!')
  const [only] = values
  // Most filters name one of each.
  if (values.length === 1 && only !== undefined)
    return (envelope) => isOne(envelope, only, isPart) === isWanted
  return (envelope) => values.some((value) => isOne(envelope, value, isPart)) === isWanted
}

const isText = (text: string, value: string, isPart: boolean): boolean =>
  isPart ? text.includes(value) : text === value

/** `order` is a type, `order/1` one of it, and `outside` nobody. */
function isActor(id: ActorId | undefined, value: string, isPart: boolean): boolean {
  if (id === undefined) return isText('outside', value, isPart)
  if (isPart) return id.includes(value)
  return value.includes('/') ? id === value : id.startsWith(value) && id[value.length] === '/'
}

/** Also those whose key goes on behind it: `dish/1:0:2` is of `1`. */
function isOfKey(id: ActorId | undefined, value: string, isPart: boolean): boolean {
  if (id === undefined) return false
  const key = keyOf(id)
  if (isPart) return key.includes(value)
  return key.startsWith(value) && (key.length === value.length || key[value.length] === ':')
}

/** A trace, or one span of it. */
const isTrace = (trace: string, value: string, isPart: boolean): boolean =>
  isPart ? trace.slice(0, 55).includes(value) : trace.slice(3, 35) === value || trace.slice(0, 55) === value

function afterTurn({ field, operator, values }: TapTerm): ((message: TappedMessage) => boolean) | undefined {
  if (field === 'outcome')
    return ({ outcome }) =>
      values.some((value) => isText(outcome, value, operator.includes('~'))) === !operator.startsWith('!')
  if (!isNumber(field)) return undefined
  const numbers = values.map(Number)
  return (message) => isNumberSo(numberOf(message, field), operator, numbers)
}

/** Whether a term holds of a number: equality with one of these, or an order with the only one. */
export function isNumberSo(is: number, operator: TapTerm['operator'], wanted: readonly number[]): boolean {
  const [first = Number.NaN] = wanted
  switch (operator) {
    case '<':
      return is < first
    case '>':
      return is > first
    case '<=':
      return is <= first
    case '>=':
      return is >= first
    default:
      return wanted.includes(is) === (operator === '=')
  }
}

const isNumber = (field: string): field is TapNumber => (tapNumbers as readonly string[]).includes(field)

function numberOf({ bytes, waitedUs, tookUs = 0, attempt }: TappedMessage, field: TapNumber): number {
  switch (field) {
    case 'size':
      return bytes
    case 'waited':
      return waitedUs / 1_000
    case 'took':
      return tookUs / 1_000
    case 'attempt':
      return attempt
  }
}
