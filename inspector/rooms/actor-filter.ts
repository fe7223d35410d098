/**
 * The words that say which actors are meant: `type=order state!=ready node=node-2 path~ord_ mailbox>0`.
 *
 * Owns:     the language, what is said of what cannot be read, and what of it the operator API selects by itself.
 * Does not: hold actors against it by itself (`actor-table.ts`).
 *
 * Terms stand side by side and all have to hold. Values with a comma are alternatives; one with a space stands in
 * quotes; a word alone is a part of the path.
 */
const texts = ['type', 'state', 'node', 'status', 'path'] as const
const numbers = ['mailbox', 'rate', 'restarts', 'version', 'age'] as const
type TextField = (typeof texts)[number]
type NumberField = (typeof numbers)[number]
export type Field = TextField | NumberField

export interface Term {
  readonly field: Field
  readonly operator: '=' | '!=' | '~' | '!~' | '<' | '>' | '<=' | '>='
  readonly values: readonly string[]
  /** As it was written. */
  readonly source: string
}

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

const isText = (field: string): field is TextField => (texts as readonly string[]).includes(field)
const isNumber = (field: string): field is NumberField => (numbers as readonly string[]).includes(field)
const statuses = ['live', 'stopped', 'archived']
const ageUnits: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400 }

export function readFilter(text: string): Filter {
  const terms: Term[] = []
  for (const [source] of text.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    const term = readTerm(source)
    if (typeof term === 'string') return { terms, problem: term }
    terms.push(term)
  }
  return { terms }
}

function readTerm(source: string): Term | string {
  const quotes = source.split('"').length - 1
  if (quotes % 2 === 1) return `${source}: a quote is not closed.`
  const parts = /^([A-Za-z]*)(!=|!~|<=|>=|=|~|<|>)(.*)$/.exec(source)
  if (parts === null) {
    const word = source.replaceAll('"', '')
    return { field: 'path', operator: '~', values: [word], source }
  }
  const [, field = '', operator = '', rest = ''] = parts
  if (!isText(field) && !isNumber(field)) {
    const near = [...texts, ...numbers].find((one) => field !== '' && one.startsWith(field[0] ?? ''))
    const known = [...texts, ...numbers].join(', ')
    return `${source}: nobody knows '${field}'${near === undefined ? '' : `, perhaps '${near}'`}. There are ${known}.`
  }
  const values = rest.split(',').map((value) => value.replaceAll('"', ''))
  if (values.some((value) => value === '')) return `${source}: what ${field} is compared with is missing.`
  if (isNumber(field)) {
    if (operator.includes('~'))
      return `${source}: ${field} is a number; compare it with =, !=, <, >, <= or >=.`
    const wrong = values.find((value) => Number.isNaN(numberOf(field, value)))
    if (wrong !== undefined)
      return `${source}: '${wrong}' is no ${field === 'age' ? 'age; write 30s, 5m, 2h or 1d' : 'number'}.`
    if (values.length > 1 && !operator.endsWith('='))
      return `${source}: ${field} is compared with one number at a time.`
  } else {
    if (/[<>]/.test(operator)) return `${source}: ${field} is a word; compare it with =, !=, ~ or !~.`
    const unknown = field === 'status' && values.find((value) => !statuses.includes(value))
    if (unknown) return `${source}: no status is '${unknown}'. There are ${statuses.join(', ')}.`
  }
  return { field, operator: operator as Term['operator'], values, source }
}

function numberOf(field: NumberField, value: string): number {
  if (field !== 'age') return /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(value) ?? []
  return amount === undefined ? Number.NaN : Number(amount) * (ageUnits[unit] ?? 1)
}

export const fits = (terms: readonly Term[], actor: Asked): boolean =>
  terms.every((term) => holds(term, actor))

function holds({ field, operator, values }: Term, actor: Asked): boolean {
  if (isNumber(field)) {
    const is = actor.number(field)
    const [first = Number.NaN] = values.map((value) => numberOf(field, value))
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
        return values.some((value) => numberOf(field, value) === is) === (operator === '=')
    }
  }
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
