import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { contractOf } from './openapi-contract.ts'

const Cup = Type.Object({ ml: Type.Integer() }, { additionalProperties: false })
const check = contractOf({
  components: { schemas: { Cup } },
  paths: {
    '/cups/{id}': {
      get: {
        responses: {
          200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Cup' } } } },
          204: { description: 'none' },
        },
      },
    },
  },
})
const response = (status: number, type?: string): Response =>
  new Response(null, { status, headers: type === undefined ? {} : { 'content-type': type } })
const json = 'application/json; charset=utf-8'

test('an answer as described passes', () => {
  check(response(200, json), 'GET', '/cups/1?full=1', { ml: 200 })
  check(response(204), 'GET', '/cups/1', undefined)
})

const wrong = [
  ['a wrong member behind a reference', response(200, json), { ml: 'much' }, /not as described/],
  ['an unknown member', response(200, json), { ml: 1, colour: 'red' }, /not as described/],
  ['another content type', response(200, 'text/html'), '<p>', /as text\/html is not described/],
  ['another status', response(404, json), {}, /→ 404 is not described/],
  ['a body where there is none', response(204, json), {}, /should have no body/],
] as const
for (const [claim, answer, body, message] of wrong) {
  test(`${claim} does not`, () => {
    expect(() => check(answer, 'GET', '/cups/1', body)).toThrow(message)
  })
}
