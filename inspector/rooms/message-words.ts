/**
 * What stands in the row of a message, and what of it is handed on: to a shell, and to other rooms.
 *
 * Does not: know how rows are drawn.
 */
import { filterOf } from '../../gateway/message-filter.ts'
import type { TapEnd, ToldMessage } from '../../gateway/tap-words.ts'
import { calledIn, shortId } from '../actor/shown.ts'
import { durationIn } from '../shell/words.ts'

export interface OutcomeWords {
  readonly mark: '' | '▲' | '✕' | '·'
  readonly severity: 'bad' | 'warn' | 'dimmer' | ''
  readonly words: string
}

/** Only what somebody may have to see to is marked. */
export function outcomeOf({ outcome, attempt }: Pick<ToldMessage, 'outcome' | 'attempt'>): OutcomeWords {
  const nth = attempt > 1 ? `, try ${attempt}` : ''
  switch (outcome) {
    case 'handled':
      return { mark: '', severity: '', words: `handled${nth}` }
    case 'refused':
      return { mark: '▲', severity: 'warn', words: `refused${nth}` }
    case 'retried':
      return { mark: '▲', severity: 'warn', words: `failed, try ${attempt}` }
    case 'failed':
      return { mark: '✕', severity: 'bad', words: `failed${nth}` }
    case 'dead-letter':
      return { mark: '✕', severity: 'bad', words: 'dead letter' }
    case 'void':
      return { mark: '·', severity: 'dimmer', words: 'void' }
  }
}

/** What became of it, in a sentence. */
export const outcomeMeans: Readonly<Record<ToldMessage['outcome'], string>> = {
  handled: 'Its turn is done.',
  refused: 'Its actor takes no such thing now.',
  retried: 'Its turn failed. It is tried again after a while.',
  failed: 'Its turn failed. It waits for its actor to be started, or its shard to be loaded again.',
  'dead-letter': 'It will not be handled unless somebody replays it.',
  void: 'It stood for something that nobody waits for any more.',
}

/** Who sent it. */
export function senderIn({ from, via, to }: Pick<ToldMessage, 'from' | 'via' | 'to'>): string {
  if (from === to) return 'itself'
  if (from !== undefined) return shortId(from)
  return via === 'timer' ? 'its timer' : via === 'call' ? 'a call' : 'outside'
}

export const messageIn = ({ message }: Pick<ToldMessage, 'message'>): string => calledIn(message)

/** `310 µs`, `41 ms`; of a time that was not taken nothing. */
export function timeIn(us: number | undefined): string {
  if (us === undefined) return ''
  return us < 1_000 ? `${us} µs` : us < 10_000 ? `${(us / 1_000).toFixed(1)} ms` : durationIn(us / 1_000)
}

/** `212 B`, `3.4 kB`. */
export const sizeIn = (bytes: number): string =>
  bytes < 1_000 ? `${bytes} B` : `${Number((bytes / 1_000).toPrecision(3))} kB`

/** The order that it is about, by the key of either actor. */
export function orderOf({ from = '', to }: Pick<ToldMessage, 'from' | 'to'>): string | undefined {
  return /\/(ord_[0-9a-f]+)/.exec(to)?.[1] ?? /\/(ord_[0-9a-f]+)/.exec(from)?.[1]
}

export const traceIdOf = (trace: string): string => trace.slice(3, 35)

/** The address of the room that shows these messages. */
export const messagesAt = (named: Parameters<typeof filterOf>[0]): string =>
  `/messages?filter=${encodeURIComponent(filterOf(named))}`

const inShell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Sends it once more. Undefined: what was redacted, left out, or is the runtime's own cannot be sent. */
export function curlOf({ to, payload, via }: ToldMessage, base: string): string | undefined {
  const text = payload === undefined ? undefined : JSON.stringify({ message: payload })
  if (text === undefined || text.includes('<redacted>') || via === 'timer' || via === 'call') return undefined
  const url = new URL(`/ops/v1/actors/${encodeURIComponent(to)}/messages`, base)
  return `curl -X POST ${inShell(url.href)} -H 'content-type: application/json' -d ${inShell(text)}`
}

export const endMeans: Readonly<Record<TapEnd, string>> = {
  expired: 'The tap has ended: it was open for ten minutes.',
  full: 'The tap has ended: it has told 100,000 messages.',
  deleted: 'Somebody has ended the tap.',
  idle: 'The tap has ended: nobody has read it for a while.',
  'gateway-closes': 'The tap has ended with its gateway.',
}
