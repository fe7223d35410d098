/**
 * What every list over a read model has in common: its filters of time, its page, how fresh it is, and what is
 * no longer there.
 *
 * Owns:     those parameters, the shape of a page, and the refusal while a model is not there.
 * Does not: know any model (`routes/lists.ts`, `routes/figures.ts`).
 */
import type { FastifyReply } from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { Instant } from '#actor'
import type { Key } from '#ports'
import type { Projection, Projector, Table } from '#projections'
import { cursorOf, nextLink, PageQuery, pageSize, placeOf } from './cursor.ts'
import type { Keyring } from './keyring.ts'
import { Problem } from './problems.ts'
import { exact } from './routes/route-parts.ts'
import { timestampOf } from './timestamp.ts'

export const Fresh = {
  asOf: Type.Optional(
    Type.String({ format: 'date-time', description: 'World time of the last turn that this shows.' }),
  ),
  lagMs: Type.Integer({ minimum: 0, description: 'What was durable so many milliseconds ago is in.' }),
}

/** What is no longer there. */
const Gone = {
  keptFrom: Type.Optional(
    Type.String({
      format: 'date-time',
      description:
        'What came to its end before this moment of the world is not here any more (`lists.kept-days`).',
    }),
  ),
  isCut: Type.Optional(
    Type.Literal(true, {
      description:
        'When this was built, the journal was cut already: what began before its first turn is not here.',
    }),
  ),
}

export const pageOf = <Item extends TSchema>(item: Item) =>
  Type.Object({ items: Type.Array(item), nextCursor: Type.Optional(Type.String()), ...Fresh, ...Gone }, exact)

const Moment = (description: string) => Type.Optional(Type.String({ maxLength: 40, description }))

export const ListQuery = {
  ...PageQuery,
  from: Moment('RFC 3339; nothing from before it.'),
  to: Moment('RFC 3339; nothing from this moment on.'),
  sort: Type.Optional(Type.Enum(['createdAt', '-createdAt'], { default: '-createdAt' })),
}
export interface ListQuery {
  readonly limit?: number
  readonly cursor?: string
  readonly from?: string
  readonly to?: string
  readonly sort?: 'createdAt' | '-createdAt'
}

export const listProblems = ['validation', 'invalid-cursor', 'not-ready'] as const

/** @throws Problem `validation` */
export function instantOf(parameter: 'from' | 'to', text: string | undefined): Instant | undefined {
  if (text === undefined) return undefined
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (Number.isNaN(ms)) {
    const detail = 'is not a moment such as 2026-05-01T18:00:00Z'
    throw new Problem('validation', {
      detail: `The query is wrong at ${parameter}: ${detail}.`,
      errors: [{ parameter, detail }],
    })
  }
  return (Math.max(0, ms) * 1_000) as Instant
}

/** @throws Problem `not-ready` while the model is being built for the first time, or has failed. */
export function assertThere(projector: Projector, { name }: Projection): void {
  if (!projector.isLive(name)) {
    throw new Problem('not-ready', `The list of ${name} is being built from the journal, or has failed.`)
  }
}

export const freshness = (
  projector: Projector,
  projection?: Projection,
): { asOf?: string; lagMs: number } => {
  const { asOf, lagMs } = projector.freshness(projection)
  return { lagMs, ...(asOf !== undefined && { asOf: timestampOf(asOf) }) }
}

const gone = (
  projector: Projector,
  { name }: Projection,
  { leavesBy }: Pick<Table<never>, 'leavesBy'>,
): { keptFrom?: string; isCut?: true } => {
  const { keptFrom } = projector.freshness()
  return {
    ...(leavesBy !== undefined && keptFrom !== undefined && { keptFrom: timestampOf(keptFrom) }),
    ...(projector.isCut(name) && { isCut: true }),
  }
}

interface Listed<Item> extends ReturnType<typeof freshness>, ReturnType<typeof gone> {
  readonly items: Item[]
  readonly nextCursor?: string
}

/** One page of a table, as its route answers it. */
export function listed<Row, Item>(
  { projector, keyring }: { readonly projector: Projector; readonly keyring: Keyring },
  projection: Projection,
  table: Table<Row>,
  list: {
    readonly query: ListQuery
    readonly url: string
    readonly reply: FastifyReply
    /** Further filters, so that a cursor is good for no other list. */
    readonly of: string
    readonly order: string
    readonly prefix?: Key
    readonly fits?: (row: Row) => boolean
    readonly shown: (row: Row) => Item
  },
): Listed<Item> {
  assertThere(projector, projection)
  const { query, url, reply, of, order, prefix, fits, shown } = list
  const { limit = pageSize, cursor, sort = '-createdAt' } = query
  const [from, to] = [instantOf('from', query.from), instantOf('to', query.to)]
  const name = `${projection.name} ${order} ${sort} ${from ?? ''} ${to ?? ''} ${of}`
  const { rows, next } = projector.page(projection, table, {
    order,
    limit,
    backwards: sort === '-createdAt',
    ...(prefix && { prefix }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(fits && { fits }),
    ...(cursor !== undefined && { after: placeOf(keyring, name, cursor) as Key }),
  })
  const page = {
    items: rows.map(shown),
    ...freshness(projector, projection),
    ...gone(projector, projection, table),
  }
  if (next === undefined) return page
  const nextCursor = cursorOf(keyring, name, next)
  reply.header('link', nextLink(url, nextCursor))
  return { ...page, nextCursor }
}
