/**
 * The pantry over HTTP, for those who work here: what there is of everything, its marks, corrections, and what is brought.
 *
 * Owns:     which message each route sends, and what its outcomes mean.
 * Does not: count anything; the bins do. Or know what was ordered; the replenisher does.
 */
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Instant, Message } from '#actor'
import {
  type BinMessage,
  type BinView,
  binRef,
  ingredients,
  type ReplenisherMessage,
  replenisherRef,
  Unit,
} from '#actors'
import type { Outcome } from '#ports'
import { type Auth, atLeast, byAccount, requireCaller } from '../auth/caller.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { etagOf, isStillGood, requiredVersionOf, StillGood } from '../conditional.ts'
import { cursorOf, nextLink, PageQuery, pageSize, placeOf } from '../cursor.ts'
import { fingerprintOf, requestKeyOf, requiredKeyOf } from '../idempotency.ts'
import type { Keyring } from '../keyring.ts'
import { doneOf, Problem } from '../problems.ts'
import { pathOf, problems, type Server } from '../server.ts'
import { timestampOf } from '../timestamp.ts'
import { exact, keyed, keyHeader, matched, matchHeader, reach, signInAs, written } from './route-parts.ts'
import { readBin, type StockCache, type Stocked } from './stock-cache.ts'

export interface InventoryRouteOptions {
  readonly client: ClusterClient
  readonly auth: Auth
  readonly keyring: Keyring
  readonly site: string
  readonly stock: StockCache
  readonly timeoutMs: () => number
}

const tags = ['inventory']
const path = '/api/v1/inventory/ingredients'
const deliveriesPath = '/api/v1/inventory/deliveries'
const OfIngredient = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })
const natural = Type.Integer({ minimum: 0 })

const Lot = Type.Object(
  {
    amount: natural,
    expiresAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'Absent: it keeps for as long as anybody asks.' }),
    ),
  },
  exact,
)
const IngredientBody = Type.Object(
  {
    id: Type.String(),
    state: Type.Enum(['ok', 'low', 'empty', 'on-order']),
    version: natural,
    unit: Unit,
    par: Type.Integer({ minimum: 0, description: 'What is ordered up to.' }),
    low: Type.Integer({ minimum: 0, description: 'At this much or less there is an alert.' }),
    shelfLifeSeconds: Type.Integer({ minimum: 0, description: '0: it keeps for as long as anybody asks.' }),
    free: natural,
    held: natural,
    issued: natural,
    spoiled: natural,
    opening: natural,
    delivered: natural,
    adjusted: Type.Integer(),
    ordered: Type.Integer({ minimum: 0, description: 'Promised by suppliers, and not here yet.' }),
    waiting: Type.Integer({ minimum: 0, description: 'Who asked, and waits behind somebody.' }),
    lots: Type.Array(Lot, { description: 'The first to expire first.' }),
  },
  { ...exact, $id: 'Ingredient' },
)
const IngredientRef = Type.Unsafe<ReturnType<typeof shown>>(Type.Ref('Ingredient#'))

export function inventoryRoutes(app: Server, options: InventoryRouteOptions): void {
  const { client, auth, keyring, site, stock, timeoutMs } = options
  app.addSchema(IngredientBody)
  const names = Object.keys(ingredients).sort()
  const known = (id: string): string => {
    if (!Object.hasOwn(ingredients, id)) throw new Problem('not-found', `There is no ingredient '${id}'.`)
    return id
  }

  const write = async (
    ingredient: string,
    message: BinMessage,
    request: FastifyRequest,
    as: { readonly ifVersion: number; readonly subject?: string; readonly key?: string },
  ) => {
    const { subject = '', key, ifVersion } = as
    const scope = key && { subject, method: request.method, path: pathOf(request.url), key }
    const outcome = await client.request({
      actor: binRef(site, ingredient),
      body: { kind: 'command', message },
      ifVersion,
      ...(scope && { key: requestKeyOf(keyring, scope), fingerprint: fingerprintOf(request.body) }),
      timeoutMs: timeoutMs(),
      trace: request.trace.context,
    })
    return doneOf(outcome, `The bin of '${ingredient}'`)
  }

  app.get(
    path,
    {
      schema: {
        summary: 'What there is of everything',
        description: 'For staff. As the gateway knows it: by one message’s way it may be behind.',
        tags,
        security: byAccount,
        querystring: Type.Object(
          {
            ...PageQuery,
            low: Type.Optional(Type.Boolean({ description: 'Only what has run low, or out.' })),
          },
          exact,
        ),
        response: {
          200: Type.Object(
            { items: Type.Array(IngredientRef), nextCursor: Type.Optional(Type.String()) },
            exact,
          ),
          ...problems('validation', 'invalid-cursor', ...signInAs, 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      await requireCaller(auth, request, ...atLeast('staff'))
      const { limit = pageSize, cursor, low = false } = request.query
      const list = `ingredients ${low}`
      const after = cursor === undefined ? '' : (placeOf(keyring, list, cursor) as string)
      const bins = await Promise.all(names.filter((name) => name > after).map((name) => stock.read(name)))
      const found = low ? bins.filter(({ state }) => state !== 'ok') : bins
      const page = found.slice(0, limit)
      const last = page.at(-1)
      if (found.length === page.length || last === undefined) return { items: page.map(shown) }
      const nextCursor = cursorOf(keyring, list, last.ingredient)
      reply.header('link', nextLink(request.url, nextCursor))
      return { items: page.map(shown), nextCursor }
    },
  )

  app.get(
    `${path}/:id`,
    {
      schema: {
        summary: 'One ingredient, as its bin knows it',
        description: 'For staff.',
        tags,
        security: byAccount,
        params: OfIngredient,
        response: {
          200: IngredientRef,
          304: StillGood,
          ...problems('validation', ...signInAs, 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      await requireCaller(auth, request, ...atLeast('staff'))
      const bin = await readBin(client, site, known(request.params.id))
      if (isStillGood(reply, etagOf(bin.version))) return null
      return shown(bin)
    },
  )

  app.patch(
    `${path}/:id`,
    {
      schema: {
        summary: 'Changes the unit and the marks of an ingredient',
        description: 'For managers. `application/merge-patch+json`; what is not named stays.',
        tags,
        security: byAccount,
        params: OfIngredient,
        headers: matchHeader,
        body: Type.Object(
          {
            unit: Type.Optional(Unit),
            par: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
            low: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
            shelfLifeSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 31_536_000 })),
          },
          { ...exact, minProperties: 1 },
        ),
        response: {
          200: IngredientRef,
          ...problems(...written, ...signInAs, 'not-found', ...matched, ...reach),
        },
      },
    },
    async (request, reply) => {
      await requireCaller(auth, request, ...atLeast('manager'))
      const { shelfLifeSeconds, ...marks } = request.body
      const message: BinMessage = {
        type: 'bin.configure',
        ...marks,
        ...(shelfLifeSeconds !== undefined && { shelfLifeMs: shelfLifeSeconds * 1_000 }),
      }
      const ifVersion = requiredVersionOf(request.headers)
      const outcome = await write(known(request.params.id), message, request, { ifVersion })
      const said = outcome.reply as Message & { readonly par?: number; readonly low?: number }
      if (said.type === 'bin.low-above-par') {
        throw new Problem('validation', {
          detail: `The mark for an alert would be above what is ordered up to; they are ${said.low} and ${said.par}.`,
          errors: [{ pointer: '#/low', detail: 'must not be above par' }],
        })
      }
      reply.header('etag', etagOf(outcome.version))
      return shownAfter(outcome)
    },
  )

  app.post(
    `${path}/:id/adjustments`,
    {
      schema: {
        summary: 'Corrects the books by a count',
        description: 'For staff. `delta` is what there is more, or less, than the books say is free.',
        tags,
        security: byAccount,
        params: OfIngredient,
        headers: Type.Object({ ...keyHeader().properties, ...matchHeader.properties }),
        body: Type.Object(
          {
            delta: Type.Integer({ minimum: -1_000_000_000, maximum: 1_000_000_000 }),
            reason: Type.String({ minLength: 1, maxLength: 200 }),
          },
          exact,
        ),
        response: {
          201: IngredientRef,
          ...problems(...written, ...keyed, ...signInAs, 'not-found', 'negative-stock', ...matched, ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account: subject } = await requireCaller(auth, request, ...atLeast('staff'))
      const key = requiredKeyOf(request.headers['idempotency-key'])
      const ifVersion = requiredVersionOf(request.headers)
      const ingredient = known(request.params.id)
      const message: BinMessage = { type: 'bin.adjust', ...request.body }
      const outcome = await write(ingredient, message, request, { ifVersion, subject, key })
      const said = outcome.reply as Message & { readonly free?: number }
      if (said.type === 'bin.negative-stock') {
        throw new Problem('negative-stock', {
          detail: `Of '${ingredient}' ${said.free} is free: ${-request.body.delta} cannot be missing of it.`,
          headers: { etag: etagOf(outcome.version) },
        })
      }
      reply.code(201)
      reply.header('etag', etagOf(outcome.version))
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      return shownAfter(outcome)
    },
  )

  app.post(
    deliveriesPath,
    {
      schema: {
        summary: 'Takes a delivery in',
        description:
          'For staff. With `order` it is what came of that order, which is closed by it; told again, by whomever, it is not booked again. Without `order` nobody has ordered it.',
        tags,
        security: byAccount,
        headers: keyHeader(),
        body: Type.Object(
          {
            ingredient: Type.String({ minLength: 1, maxLength: 100 }),
            amount: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }),
            order: Type.Optional(
              Type.String({ minLength: 1, maxLength: 100, description: 'As the supplier’s note names it.' }),
            ),
            shelfLifeSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 31_536_000 })),
          },
          exact,
        ),
        response: {
          201: Type.Object(
            {
              ingredient: Type.String(),
              amount: Type.Integer({ minimum: 1, description: 'What was booked, when it was told first.' }),
              order: Type.Optional(Type.String()),
            },
            exact,
          ),
          ...problems(...written, ...keyed, ...signInAs, 'not-found', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { account: subject } = await requireCaller(auth, request, ...atLeast('staff'))
      const key = requiredKeyOf(request.headers['idempotency-key'])
      const { ingredient, order, amount, shelfLifeSeconds } = request.body
      known(ingredient)
      const message: ReplenisherMessage = {
        type: 'replenisher.receive',
        ingredient,
        amount,
        ...(order !== undefined && { order }),
        ...(shelfLifeSeconds !== undefined && { lifeMs: shelfLifeSeconds * 1_000 }),
      }
      const outcome = await client.request({
        actor: replenisherRef(site),
        body: { kind: 'command', message },
        key: requestKeyOf(keyring, { subject, method: request.method, path: pathOf(request.url), key }),
        fingerprint: fingerprintOf(request.body),
        timeoutMs: timeoutMs(),
        trace: request.trace.context,
      })
      const { reply: said, replayed } = doneOf(outcome, 'The replenisher')
      if (said?.type !== 'replenisher.received') {
        throw new Problem(
          'not-found',
          `The last order of '${ingredient}' is not '${order}': read the name on the supplier’s note again.`,
        )
      }
      reply.code(201)
      if (replayed) reply.header('idempotent-replayed', 'true')
      const { amount: booked } = said as Message & { readonly amount: number }
      return { ingredient, amount: booked, ...(order !== undefined && { order }) }
    },
  )
}

/** The bin as its reply tells it. */
function shownAfter({ reply, state, version }: Extract<Outcome, { kind: 'done' }>) {
  const view = reply as unknown as BinView
  return shown({ ...view, state: state as string, version })
}

function shown({ ingredient, site: _, shelfLifeMs, lots, state, ...books }: Stocked) {
  const { version, unit, par, low, free, held, issued, spoiled } = books
  const { opening, delivered, adjusted, ordered, waiting } = books
  return {
    id: ingredient,
    state: state as 'ok' | 'low' | 'empty' | 'on-order',
    version,
    unit,
    par,
    low,
    shelfLifeSeconds: Math.ceil(shelfLifeMs / 1_000),
    free,
    held,
    issued,
    spoiled,
    opening,
    delivered,
    adjusted,
    ordered,
    waiting,
    lots: lots.map(({ amount, expires }) => ({
      amount,
      ...(expires < Number.MAX_SAFE_INTEGER && { expiresAt: timestampOf(expires as Instant) }),
    })),
  }
}
