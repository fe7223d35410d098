/**
 * A message's JSON Schema, as fields that a person can fill in.
 *
 * Owns:     which part of a schema becomes which field, what stands in it at first, and what is wrong with what is
 *           written there, in words. What no field fits is written as JSON.
 * Does not: decide: the actor's contract does, when the message comes. What has no problem here may be refused there.
 */

export type Field =
  | { readonly kind: 'fixed'; readonly value: unknown }
  | {
      readonly kind: 'text'
      readonly lengthMin: number
      readonly lengthMax: number
      readonly pattern?: string
    }
  | {
      readonly kind: 'number'
      readonly whole: boolean
      readonly min?: number
      readonly max?: number
      readonly above?: number
    }
  | { readonly kind: 'flag' }
  | { readonly kind: 'choice'; readonly values: readonly unknown[] }
  | { readonly kind: 'list'; readonly item: Field; readonly lengthMin: number; readonly lengthMax: number }
  | { readonly kind: 'object'; readonly members: readonly Member[] }
  | { readonly kind: 'either'; readonly options: readonly Field[] }
  | { readonly kind: 'json' }

export interface Member {
  readonly name: string
  readonly field: Field
  readonly isOptional: boolean
}

export interface FieldProblem {
  /** `items[0].quantity`; empty: the whole. */
  readonly path: string
  readonly words: string
}

interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly [bound: string]: unknown
}

export function fieldOf(given: unknown): Field {
  const schema = given as Schema
  if ('const' in schema) return { kind: 'fixed', value: schema.const }
  if (schema.enum !== undefined) return { kind: 'choice', values: schema.enum }
  if (schema.anyOf !== undefined) return eitherOf(schema.anyOf)
  const number = (name: string): number | undefined =>
    typeof schema[name] === 'number' ? schema[name] : undefined
  switch (schema.type) {
    case 'null':
      return { kind: 'fixed', value: null }
    case 'boolean':
      return { kind: 'flag' }
    case 'string':
      return {
        kind: 'text',
        lengthMin: number('minLength') ?? 0,
        lengthMax: number('maxLength') ?? Number.POSITIVE_INFINITY,
        ...(typeof schema.pattern === 'string' && { pattern: schema.pattern }),
      }
    case 'integer':
    case 'number': {
      const [min, max, above] = [number('minimum'), number('maximum'), number('exclusiveMinimum')]
      return {
        kind: 'number',
        whole: schema.type === 'integer',
        ...(min !== undefined && { min }),
        ...(max !== undefined && { max }),
        ...(above !== undefined && { above }),
      }
    }
    case 'array':
      if (schema.items === undefined) return { kind: 'json' }
      return {
        kind: 'list',
        item: fieldOf(schema.items),
        lengthMin: number('minItems') ?? 0,
        lengthMax: number('maxItems') ?? Number.POSITIVE_INFINITY,
      }
    case 'object':
      return schema.properties === undefined ? { kind: 'json' } : objectOf(schema.properties, schema.required)
    default:
      return { kind: 'json' }
  }
}

function eitherOf(schemas: readonly Schema[]): Field {
  const options = schemas.map(fieldOf)
  const values = options.flatMap((option) => (option.kind === 'fixed' ? [option.value] : []))
  return values.length === options.length ? { kind: 'choice', values } : { kind: 'either', options }
}

const objectOf = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Field => ({
  kind: 'object',
  members: Object.entries(properties).map(([name, schema]) => ({
    name,
    field: fieldOf(schema),
    isOptional: !required.includes(name),
  })),
})

/** What stands in a field that nobody has touched: as little as may be. */
export function blankOf(field: Field): unknown {
  switch (field.kind) {
    case 'fixed':
      return field.value
    case 'text':
      return ''
    case 'number':
      return field.min ?? (field.above === undefined ? 0 : field.above + 1)
    case 'flag':
      return false
    case 'choice':
      return field.values[0]
    case 'list':
      return Array.from({ length: field.lengthMin }, () => blankOf(field.item))
    case 'object':
      return Object.fromEntries(
        field.members
          .filter(({ isOptional }) => !isOptional)
          .map((member) => [member.name, blankOf(member.field)]),
      )
    case 'either':
      return field.options[0] === undefined ? null : blankOf(field.options[0])
    case 'json':
      return {}
  }
}

/** Of several forms that a value may have, the first that it has. */
export function formOf(options: readonly Field[], value: unknown): Field | undefined {
  return (
    options.find((option) => problemsOf(option, value).length === 0) ??
    options.find((option) => isKindOf(option, value))
  )
}

export function problemsOf(field: Field, value: unknown, path = ''): readonly FieldProblem[] {
  const wrong = (words: string): readonly FieldProblem[] => [{ path, words }]
  switch (field.kind) {
    case 'json':
      return []
    case 'fixed':
      return value === field.value ? [] : wrong(`is ${JSON.stringify(field.value)}`)
    case 'flag':
      return typeof value === 'boolean' ? [] : wrong('is true or false')
    case 'choice':
      return field.values.includes(value) ? [] : wrong(`is one of ${field.values.map(String).join(', ')}`)
    case 'text':
      return isText(field, value) ? [] : wrong(wordsForText(field))
    case 'number':
      return isNumber(field, value) ? [] : wrong(wordsForNumber(field))
    case 'list': {
      if (!Array.isArray(value)) return wrong('is a list')
      if (value.length < field.lengthMin || value.length > field.lengthMax)
        return wrong(`has ${rangeIn(field.lengthMin, field.lengthMax)} entries`)
      return value.flatMap((item, at) => problemsOf(field.item, item, `${path}[${at}]`))
    }
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('is an object')
      const members = value as Readonly<Record<string, unknown>>
      return field.members.flatMap(({ name, field: inner, isOptional }) => {
        if (members[name] === undefined && isOptional) return []
        return problemsOf(inner, members[name], path === '' ? name : `${path}.${name}`)
      })
    }
    case 'either': {
      if (field.options.some((option) => problemsOf(option, value).length === 0)) return []
      const form = formOf(field.options, value)
      return form === undefined
        ? wrong('has none of the forms that it may have')
        : problemsOf(form, value, path)
    }
  }
}

type OfKind<Kind extends Field['kind']> = Extract<Field, { kind: Kind }>

function isKindOf(field: Field, value: unknown): boolean {
  switch (field.kind) {
    case 'text':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number'
    case 'list':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    default:
      return false
  }
}

function isText({ lengthMin, lengthMax, pattern }: OfKind<'text'>, value: unknown): boolean {
  if (typeof value !== 'string') return false
  const { length } = [...value]
  if (length < lengthMin || length > lengthMax) return false
  return pattern === undefined || new RegExp(pattern, 'u').test(value)
}

function wordsForText({ lengthMin, lengthMax, pattern }: OfKind<'text'>): string {
  const length =
    lengthMin === 0 && lengthMax === Number.POSITIVE_INFINITY
      ? 'text'
      : `${rangeIn(lengthMin, lengthMax)} characters`
  return pattern === undefined ? `has ${length}` : `has ${length}, like ${pattern}`
}

function isNumber({ whole, min, max, above }: OfKind<'number'>, value: unknown): boolean {
  if (typeof value !== 'number' || !Number.isFinite(value) || (whole && !Number.isInteger(value)))
    return false
  return value >= (min ?? value) && value <= (max ?? value) && value > (above ?? Number.NEGATIVE_INFINITY)
}

export function wordsForNumber({ whole, min, max, above }: OfKind<'number'>): string {
  const kind = whole ? 'a whole number' : 'a number'
  const from = above === undefined ? (min === undefined ? '' : ` from ${min}`) : ` above ${above}`
  return `is ${kind}${from}${max === undefined ? '' : `${from === '' ? ' up' : ''} to ${max}`}`
}

const rangeIn = (min: number, max: number): string =>
  max === Number.POSITIVE_INFINITY
    ? `at least ${min}`
    : min === 0
      ? `at most ${max}`
      : min === max
        ? String(min)
        : `${min} to ${max}`
