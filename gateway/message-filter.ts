/**
 * The words that say which messages are meant: `order=ord_… outcome!=handled waited>50ms`.
 *
 * Owns:     their names, and what each is to a tap (`#activity`): an order is what its actors have for a key.
 * Does not: read terms (`filter-words.ts`), or hold messages against them. Nothing of Node is used here: pages have it, too.
 */
import { messageOutcomes, type TapTerm, vias } from '#activity'
import { type FilterFields, plainNumber, readTerms } from './filter-words.ts'

const duration = {
  units: { '': 1, us: 0.001, ms: 1, s: 1_000, m: 60_000 },
  called: 'time; write 5ms, 2s or 1m',
}

const words = {
  to: 'any',
  from: 'any',
  actor: 'any',
  message: 'any',
  order: 'any',
  trace: 'any',
  outcome: messageOutcomes,
  via: vias,
  node: 'any',
} as const
const numbers = {
  size: { units: { '': 1, B: 1, kB: 1_000 }, called: 'size; write 200, 200B or 2kB' },
  waited: duration,
  took: duration,
  attempt: plainNumber,
} as const
type Field = keyof typeof words | keyof typeof numbers | 'any'
const fields: FilterFields<Field> = { words, numbers, alone: 'any' }

export const messageFilterBounds = { textMax: 400, termsMax: 16, valuesMax: 16 } as const

/** `problem`: what is wrong, and what to write instead; then there are no terms to tap by. */
export function readMessageFilter(text: string): {
  readonly terms: readonly TapTerm[]
  readonly problem?: string
} {
  const { textMax, termsMax, valuesMax } = messageFilterBounds
  if (text.length > textMax) return wrong(`A filter has at most ${textMax} characters.`)
  const { terms, problem } = readTerms(text, fields)
  if (problem !== undefined) return wrong(problem)
  if (terms.length > termsMax) return wrong(`A filter has at most ${termsMax} terms.`)
  const many = terms.find(({ values }) => values.length > valuesMax)
  if (many !== undefined) return wrong(`${many.source}: at most ${valuesMax} values stand in one term.`)
  return {
    terms: terms.map(({ field, operator, values, numbers: asNumbers }) => ({
      field: field === 'order' ? 'key' : field,
      operator,
      values: asNumbers.length > 0 ? asNumbers.map(String) : values,
    })),
  }
}

const wrong = (problem: string) => ({ terms: [], problem })

/** As it stands in an address: the messages of one order, or from one actor to another. */
export const filterOf = (named: Readonly<Partial<Record<Field, string>>>): string =>
  Object.entries(named)
    .map(([field, value]) => `${field}=${/[\s,"]/.test(value) ? `"${value}"` : value}`)
    .join(' ')
