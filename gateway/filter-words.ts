/**
 * The words that say which of many are meant: `type=order state!=ready path~ord_ mailbox>0`.
 *
 * Terms stand side by side and all have to hold. Values with a comma between them are alternatives; one with a space or a
 * comma in it stands in quotes; a word alone is a part of one field.
 *
 * Owns:     how terms are read, and what is said of what cannot be read, and what to write instead.
 * Does not: know what the fields are of, or hold anything against them. Nothing of Node is used here: pages have it, too.
 */
export type Operator = '=' | '!=' | '~' | '!~' | '<' | '>' | '<=' | '>='

export interface FilterTerm<Field extends string> {
  readonly field: Field
  readonly operator: Operator
  readonly values: readonly string[]
  /** The values as numbers, in the smallest unit of the field; none of a field of words. */
  readonly numbers: readonly number[]
  /** As it was written. */
  readonly source: string
}

export interface FilterFields<Field extends string> {
  /** Compared as words; those of a list are the only ones. */
  readonly words: Readonly<Partial<Record<Field, readonly string[] | 'any'>>>
  /** Compared as numbers. */
  readonly numbers: Readonly<Partial<Record<Field, NumberWords>>>
  /** What a word alone is a part of. */
  readonly alone: Field
}

export interface NumberWords {
  /** What may stand behind a number, and how much that is; `''`: nothing. */
  readonly units: Readonly<Record<string, number>>
  /** `age; write 30s, 5m, 2h or 1d`. */
  readonly called: string
}

export const plainNumber: NumberWords = { units: { '': 1 }, called: 'number' }

export function readTerms<Field extends string>(
  text: string,
  fields: FilterFields<Field>,
): { readonly terms: readonly FilterTerm<Field>[]; readonly problem?: string } {
  const terms: FilterTerm<Field>[] = []
  for (const [source] of text.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    const term = readTerm(source, fields)
    if (typeof term === 'string') return { terms, problem: term }
    terms.push(term)
  }
  return { terms }
}

/** With an even number of quotes behind it. */
const commaOutsideQuotes = /,(?=(?:[^"]*"[^"]*")*[^"]*$)/

function readTerm<Field extends string>(
  source: string,
  { words, numbers: numbersOf, alone }: FilterFields<Field>,
): FilterTerm<Field> | string {
  const quotes = source.split('"').length - 1
  if (quotes % 2 === 1) return `${source}: a quote is not closed.`
  const parts = /^([A-Za-z]*)(!=|!~|<=|>=|=|~|<|>)(.*)$/.exec(source)
  if (parts === null)
    return { field: alone, operator: '~', values: [source.replaceAll('"', '')], numbers: [], source }
  const [, name = '', operator = '', rest = ''] = parts
  const known = [...Object.keys(words), ...Object.keys(numbersOf)]
  if (!known.includes(name)) {
    const near = known.find((one) => name !== '' && one.startsWith(name[0] ?? ''))
    return `${source}: nobody knows '${name}'${near === undefined ? '' : `, perhaps '${near}'`}. There are ${known.join(', ')}.`
  }
  const field = name as Field
  const values = rest.split(commaOutsideQuotes).map((value) => value.replaceAll('"', ''))
  if (values.some((value) => value === '')) return `${source}: what ${field} is compared with is missing.`
  const number = numbersOf[field]
  const problem =
    number === undefined
      ? problemOfWords(field, operator, values, words[field])
      : problemOfNumbers(field, operator, values, number)
  if (problem !== undefined) return `${source}: ${problem}`
  const numbers = number === undefined ? [] : values.map((value) => numberIn(value, number))
  return { field, operator: operator as Operator, values, numbers, source }
}

function problemOfWords(
  field: string,
  operator: string,
  values: readonly string[],
  known: readonly string[] | 'any' = 'any',
): string | undefined {
  if (/[<>]/.test(operator)) return `${field} is a word; compare it with =, !=, ~ or !~.`
  const unknown = known === 'any' ? undefined : values.find((value) => !known.includes(value))
  return unknown === undefined
    ? undefined
    : `no ${field} is '${unknown}'. There are ${[...known].join(', ')}.`
}

function problemOfNumbers(
  field: string,
  operator: string,
  values: readonly string[],
  number: NumberWords,
): string | undefined {
  if (operator.includes('~')) return `${field} is a number; compare it with =, !=, <, >, <= or >=.`
  const wrong = values.find((value) => Number.isNaN(numberIn(value, number)))
  if (wrong !== undefined) return `'${wrong}' is no ${number.called}.`
  return values.length > 1 && /[<>]/.test(operator)
    ? `${field} is compared with one number at a time.`
    : undefined
}

function numberIn(value: string, { units }: NumberWords): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(value) ?? []
  return amount === undefined ? Number.NaN : Number(amount) * (units[unit] ?? Number.NaN)
}
