import { type TSchema, Type } from 'typebox'
import { Check } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { definitions } from '#actors'
import { machineChart } from '#gateway'
import { blankOf, type Field, fieldOf, problemsOf } from './fields.ts'

const messages = definitions.flatMap((definition) => machineChart(definition).messages)

/** Something in every field, optional ones too. */
function filled(field: Field): unknown {
  switch (field.kind) {
    case 'text':
      return 'x'.repeat(Math.max(1, field.lengthMin))
    case 'list':
      return Array.from({ length: Math.max(1, field.lengthMin) }, () => filled(field.item))
    case 'object':
      return Object.fromEntries(field.members.map((member) => [member.name, filled(member.field)]))
    case 'either':
      return filled(field.options.at(-1) as Field)
    default:
      return blankOf(field)
  }
}

describe.each(messages)('$type', ({ schema }) => {
  // What is written as JSON is the contract's to judge.
  const field = fieldOf(JSON.parse(JSON.stringify(schema)))
  test.each([
    ['untouched', blankOf(field)],
    ['filled', filled(field)],
    ['nothing', null],
  ])('%s: it has a problem where the contract refuses it', (_, value) => {
    const refused = !Check(schema as TSchema, value)
    if (JSON.stringify(field).includes('"json"'))
      expect(problemsOf(field, value).length > 0 && !refused).toBe(false)
    else expect([value, problemsOf(field, value).length > 0]).toEqual([value, refused])
  })
})

const line = Type.Object({
  dish: Type.String({ minLength: 1, maxLength: 3 }),
  quantity: Type.Integer({ minimum: 1, maximum: 9 }),
})
const order = fieldOf(
  Type.Object({
    items: Type.Array(line, { minItems: 1 }),
    serve: Type.Union([Type.Literal('table'), Type.Literal('collect')]),
    note: Type.Optional(Type.Union([Type.String({ maxLength: 5 }), Type.Null()])),
  }),
)
const good = { items: [{ dish: 'pie', quantity: 2 }], serve: 'table' }

test('what is untouched is as little as may be', () => {
  expect(blankOf(order)).toEqual({ items: [{ dish: '', quantity: 1 }], serve: 'table' })
})

const wrong: readonly (readonly [unknown, string, string])[] = [
  [{ ...good, items: [] }, 'items', 'has at least 1 entries'],
  [{ ...good, items: [{ dish: '', quantity: 1 }] }, 'items[0].dish', 'has 1 to 3 characters'],
  [
    { ...good, items: [{ dish: 'pie', quantity: 1.5 }] },
    'items[0].quantity',
    'is a whole number from 1 to 9',
  ],
  [{ ...good, serve: 'boat' }, 'serve', 'is one of table, collect'],
  [{ ...good, note: 'far too long' }, 'note', 'has at most 5 characters'],
  [7, '', 'is an object'],
]
for (const [value, path, words] of wrong) {
  test(`${JSON.stringify(value)}: ${path} ${words}`, () => {
    expect(problemsOf(order, value)).toEqual([{ path, words }])
  })
}
test('one that is right has no problem', () => {
  for (const note of [undefined, null, 'thin']) expect(problemsOf(order, { ...good, note })).toEqual([])
})
