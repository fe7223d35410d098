/**
 * The sequence of one order: what it and those it talks to were told, as arrows between lifelines, over the nodes they were on.
 *
 * Owns:     the order of arrows, which of them are drawn as one, where time is torn, and which node an actor was on.
 * Does not: draw (`sequence-chart.vue`), or know what was told to those whose journals were not read.
 *
 * Invariants:
 *   S1. Nothing stands above what caused it.
 *   S2. An actor is on the node that gave what it said its name: a message is named by the node of its sender.
 */
import type { Turn } from '../data/house.ts'
import { moneyIn } from '../data/house-words.ts'
import { durationIn } from '../shell/words.ts'

export interface Journal {
  readonly actor: string
  /** Any order. */
  readonly turns: readonly Turn[]
  /** Where it is now, as far as it is known. */
  readonly node?: string
}

export interface Lifeline {
  readonly name: string
  /** An actor that can be opened. */
  readonly actor?: string
  readonly glyph: 'docket' | 'square' | 'diamond' | 'disc' | 'none'
}

export interface Arrow {
  /** Places of lifelines; the same: a clock of its own. */
  readonly from: number
  readonly to: number
  readonly words: string
  /** From when it was caused until it was taken in; absent when nobody knows. */
  readonly tookMs?: number
  readonly count: number
  readonly at: number
  readonly kind: 'told' | 'answer' | 'clock' | 'undo'
  /** World time that passed before it, when it is more than the drawing shows. */
  readonly tornMs?: number
  /** Of its receiver, after it. */
  readonly state: string
}

export interface Band {
  readonly lifeline: number
  readonly node: string
  /** Rows. */
  readonly from: number
  readonly to: number
}

export interface Sequence {
  readonly lifelines: readonly Lifeline[]
  readonly arrows: readonly Arrow[]
  readonly bands: readonly Band[]
}

const glyphs: Readonly<Record<string, Lifeline['glyph']>> = {
  order: 'docket',
  ticket: 'docket',
  dishes: 'docket',
  reservation: 'square',
  bins: 'square',
  payment: 'diamond',
}
/** Of these there are many: they share one lifeline. */
const together: Readonly<Record<string, string>> = { bin: 'bins', dish: 'dishes', notification: 'notices' }
const places = ['outside', 'bins', 'reservation', 'order', 'payment', 'provider', 'ticket', 'dishes']
const undoes = /cancel|refund|release|void|waste|expired|refused|declined|failed/
const tornAfterMs = 60_000

const typeOf = (actor: string): string => actor.slice(0, Math.max(0, actor.indexOf('/')))
/** The node that named it. */
export const nodeIn = (id: string): string => id.split('.')[0] ?? ''

function senderOf({ from, message }: Turn, actor: string): string {
  if (from !== undefined) return together[typeOf(from)] ?? typeOf(from)
  if (message.type.startsWith('call.')) return 'provider'
  if (message.type.startsWith('xstate.') || isOwnTimer(actor, message.type)) return typeOf(actor)
  return 'outside'
}
const isOwnTimer = (actor: string, type: string): boolean =>
  type === `${typeOf(actor)}.again` || type === `${typeOf(actor)}.waited`

export function sequenceOf(journals: readonly Journal[]): Sequence {
  const told = inOrder(
    journals.flatMap(({ actor, turns }) => turns.map((turn) => ({ actor, turn, at: Date.parse(turn.at) }))),
  )
  const names = new Set(told.flatMap(({ actor, turn }) => [senderOf(turn, actor), typeOf(actor)]))
  const known = [...names].sort((a, b) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1))
  const lifelines = known.map((name): Lifeline => {
    const actor = journals.find((journal) => typeOf(journal.actor) === name)?.actor
    return { name, glyph: glyphs[name] ?? 'none', ...(actor !== undefined && { actor }) }
  })
  const atOf = new Map(told.map(({ turn, at }) => [turn.id, at]))
  const arrows: Arrow[] = []
  const nodes: (readonly { readonly lifeline: number; readonly node: string }[])[] = []
  for (const { actor, turn, at } of told) {
    const causedAt = turn.cause === undefined ? undefined : atOf.get(turn.cause)
    const arrow = arrowOf(known, { actor, turn, at, causedAt, before: arrows.at(-1) })
    const last = arrows.at(-1)
    const seen = sayingsOf(journals, known, turn, actor)
    if (last !== undefined && isSame(last, arrow)) {
      arrows[arrows.length - 1] = { ...last, count: last.count + 1, state: arrow.state }
      nodes[nodes.length - 1] = [...(nodes.at(-1) ?? []), ...seen]
    } else {
      arrows.push(arrow)
      nodes.push(seen)
    }
  }
  return { lifelines, arrows, bands: bandsOf(journals, known, nodes) }
}

interface Told {
  readonly actor: string
  readonly turn: Turn
  readonly at: number
}

/** By time, and nothing above its cause (S1). */
function inOrder(all: readonly Told[]): readonly Told[] {
  const byId = new Map(all.map((one) => [one.turn.id, one]))
  const done = new Set<string>()
  const ordered: Told[] = []
  const place = (one: Told): void => {
    if (done.has(one.turn.id)) return
    done.add(one.turn.id)
    const cause = one.turn.cause === undefined ? undefined : byId.get(one.turn.cause)
    if (cause !== undefined) place(cause)
    ordered.push(one)
  }
  for (const one of [...all].sort(
    (a, b) => a.at - b.at || (a.actor === b.actor ? a.turn.sequence - b.turn.sequence : 0),
  ))
    place(one)
  return ordered
}

const placeOf = (name: string): number => (places.includes(name) ? places.indexOf(name) : places.length)

function arrowOf(
  known: readonly string[],
  told: Told & { readonly causedAt: number | undefined; readonly before: Arrow | undefined },
): Arrow {
  const { actor, turn, at, causedAt, before } = told
  const from = known.indexOf(senderOf(turn, actor))
  const to = known.indexOf(typeOf(actor))
  const isClock = from === to
  const passed = before === undefined ? 0 : at - before.at
  return {
    from,
    to,
    words: wordsOf(turn),
    count: 1,
    at,
    kind: isClock ? 'clock' : undoes.test(turn.message.type) ? 'undo' : isAnswer(turn) ? 'answer' : 'told',
    state: stateOf(turn.state),
    ...(causedAt !== undefined && { tookMs: Math.max(0, at - causedAt) }),
    ...(passed > tornAfterMs && { tornMs: passed }),
  }
}

/** What is named for its sender is what that one reports. */
const isAnswer = ({ from, message }: Turn): boolean =>
  message.type.startsWith('call.') || (from !== undefined && message.type.startsWith(`${typeOf(from)}.`))

const isSame = (a: Arrow, b: Arrow): boolean =>
  a.from === b.from && a.to === b.to && a.words === b.words && b.tornMs === undefined

function wordsOf({ message }: Turn): string {
  const { type } = message
  if (type.startsWith('xstate.after.')) return `${type.split('.')[2] ?? 'timer'} is over`
  if (type.startsWith('call.')) {
    const status = (message.result as { readonly status?: unknown } | undefined)?.status
    const call = String(message.call ?? '').replace(/^provider\./, '')
    return `${call}: ${typeof status === 'string' ? status : type === 'call.done' ? 'done' : 'no answer'}`
  }
  const amount = message.amount ?? message.total
  return typeof amount === 'number' && /payment|place/.test(type) ? `${type} ${moneyIn(amount)}` : type
}

const stateOf = (state: unknown): string =>
  typeof state === 'string'
    ? state
    : Object.entries(state ?? {})
        .flat()
        .join('.')

/** S2: who said this was on the node that named it. Its own calls and timers are named where it is itself. */
function sayingsOf(
  journals: readonly Journal[],
  known: readonly string[],
  turn: Turn,
  actor: string,
): readonly { readonly lifeline: number; readonly node: string }[] {
  const sender = senderOf(turn, actor)
  const speaker = sender === 'provider' ? typeOf(actor) : sender
  const hasJournal = journals.some((journal) => typeOf(journal.actor) === speaker)
  return hasJournal ? [{ lifeline: known.indexOf(speaker), node: nodeIn(turn.id) }] : []
}

/** A lifeline is on a node from the row after it was last heard from another one. */
function bandsOf(
  journals: readonly Journal[],
  known: readonly string[],
  rows: readonly (readonly { readonly lifeline: number; readonly node: string }[])[],
): readonly Band[] {
  return journals.flatMap(({ actor, node: nowOn }): Band[] => {
    const lifeline = known.indexOf(typeOf(actor))
    if (lifeline < 0) return []
    const heard = rows.flatMap((row, i) =>
      row.filter((one) => one.lifeline === lifeline).map(({ node }) => ({ i, node })),
    )
    if (heard.length === 0)
      return nowOn === undefined ? [] : [{ lifeline, node: nowOn, from: 0, to: rows.length }]
    const bands: Band[] = []
    for (const { i, node } of heard) {
      const last = bands.at(-1)
      if (last === undefined) bands.push({ lifeline, node, from: 0, to: rows.length })
      else if (last.node !== node) {
        bands[bands.length - 1] = { ...last, to: i }
        bands.push({ lifeline, node, from: i, to: rows.length })
      }
    }
    const last = bands.at(-1)
    if (last !== undefined && nowOn !== undefined && last.node !== nowOn) {
      bands[bands.length - 1] = { ...last, to: rows.length }
      bands.push({ lifeline, node: nowOn, from: rows.length, to: rows.length + 1 })
    }
    return bands
  })
}

/** `19:42:04.280`, and after the first of an hour from the minutes on. */
export function journalTime(at: number, before: number | undefined): string {
  const full = new Date(at).toISOString().slice(11, 23)
  if (before === undefined || full.slice(0, 2) !== new Date(before).toISOString().slice(11, 13)) return full
  return full.slice(3)
}

export const tornWords = (ms: number): string => `${durationIn(ms)} later`
