/**
 * The words that say which actors are meant: `type=order state!=ready node=node-2 path~ord_ mailbox>0`.
 *
 * Owns:     the fields, and what of a filter the operator API selects by itself.
 * Does not: read terms (`gateway/filter-words.ts`), or hold actors against them by itself (`actor-table.ts`).
 */
import { isNumberSo } from '#activity'
import { type FilterFields, type FilterTerm, plainNumber, readTerms } from '../../gateway/filter-words.ts'

const words = {
  type: 'any',
  state: 'any',
  node: 'any',
  status: ['live', 'stopped', 'archived'],
  path: 'any',
} as const
const numbers = {
  mailbox: plainNumber,
  rate: plainNumber,
  restarts: plainNumber,
  version: plainNumber,
  /** Seconds. */
  age: { units: { '': 1, s: 1, m: 60, h: 3_600, d: 86_400 }, called: 'age; write 30s, 5m, 2h or 1d' },
} as const
type TextField = keyof typeof words
type NumberField = keyof typeof numbers
export type Field = TextField | NumberField
export type Term = FilterTerm<Field>

export interface Filter {
  readonly terms: readonly Term[]
  /** What is wrong, and what to write instead; undefined when nothing is. */
  readonly problem?: string
}

/** Of an actor, what a filter can ask for. */
export interface Asked {
  readonly text: (field: TextField) => string
  /** `age` in seconds of the world. */
  readonly number: (field: NumberField) => number
}

const fields: FilterFields<Field> = { words, numbers, alone: 'path' }
const isNumber = (field: Field): field is NumberField => field in numbers
const isText = (field: Field): field is TextField => field in words

export const readFilter = (text: string): Filter => readTerms(text, fields)

export const fits = (terms: readonly Term[], actor: Asked): boolean =>
  terms.every((term) => holds(term, actor))

function holds({ field, operator, values, numbers: wanted }: Term, actor: Asked): boolean {
  if (isNumber(field)) return isNumberSo(actor.number(field), operator, wanted)
  const is = actor.text(field)
  const found = values.some((value) =>
    operator.includes('~')
      ? is.includes(value)
      : is === value || (field === 'state' && is.startsWith(`${value}.`)),
  )
  return found !== operator.startsWith('!')
}

/** What the API selects by: it takes one value of each, and `=` alone, and of the path a part. */
export interface Selector {
  readonly type?: string
  readonly node?: string
  readonly status?: string
  readonly state?: string
  readonly path?: string
}

const fitsApi: Readonly<Record<TextField, RegExp>> = {
  type: /^[a-z][a-z0-9-]{0,63}$/,
  state: /^.{1,100}$/,
  node: /^.{1,64}$/,
  status: /^.+$/,
  path: /^.{1,100}$/,
}

/** `left`: what it cannot select. An inner state is selected by the one around it, and is still left. */
export function selectorOf(terms: readonly Term[]): {
  readonly selector: Selector
  readonly left: readonly Term[]
} {
  const selector: { -readonly [Key in keyof Selector]: Selector[Key] } = {}
  const left: Term[] = []
  for (const term of terms) {
    const [value = '', ...others] = term.values
    const { field } = term
    const isPlain = field === 'path' ? term.operator === '~' : term.operator === '='
    if (
      !isText(field) ||
      !isPlain ||
      others.length > 0 ||
      selector[field] !== undefined ||
      !fitsApi[field].test(value)
    ) {
      left.push(term)
      continue
    }
    selector[field] = field === 'state' ? (value.split('.')[0] ?? value) : value
    if (field === 'state' && value.includes('.')) left.push(term)
  }
  return { selector, left }
}

/** Why not everything that fits can be commanded at once; undefined: it can. */
export function whyNoBatch(terms: readonly Term[]): string | undefined {
  const { selector, left } = selectorOf(terms)
  if (selector.type === undefined) return 'Off: a command to many is for one type. Write type=… first.'
  if (selector.status === 'archived') return 'Off: what is archived takes no commands.'
  const [first] = left
  return first === undefined
    ? undefined
    : `Off: a command to many is selected by the cluster, which cannot select by ${first.source}.`
}
