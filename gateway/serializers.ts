/**
 * What writes answers by their schemas, made once for each schema.
 *
 * Fastify makes one for every status of every route. Most of those are the same problem document, and making them was
 * nine tenths of what the start of a gateway cost.
 *
 * Owns:     which serializers there are in this process: those of equal schemas are one.
 */
import serializerSelector from '@fastify/fast-json-stringify-compiler'
import type { FastifyServerOptions } from 'fastify'

type BuildSerializer = NonNullable<
  NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>['buildSerializer']
>
type Serializer = ReturnType<ReturnType<BuildSerializer>>

const factory = serializerSelector()
/** By the schemas that references lead to, and by the schema. */
const made = new Map<string, Map<string, Serializer>>()

export const buildSerializer: BuildSerializer = (shared, options) => {
  const compile = factory(shared, options)
  const inScope = JSON.stringify(shared)
  const known = made.get(inScope) ?? new Map<string, Serializer>()
  made.set(inScope, known)
  return (route) => {
    const schema = JSON.stringify(route.schema)
    const serializer = known.get(schema) ?? compile(route)
    known.set(schema, serializer)
    return serializer
  }
}
