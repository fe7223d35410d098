/** The menu: what there is to eat today, and what managers change of it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Message } from '#actor'
import { currency, type MenuItem, type MenuMessage, menuRef } from '#actors'
import { type Auth, atLeast, byAccount, requireCaller } from '../auth/caller.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { etagOf, isStillGood, requiredVersionOf, StillGood } from '../conditional.ts'
import { doneOf, Problem } from '../problems.ts'
import { problems, type Server } from '../server.ts'
import type { MenuCache, PublishedMenu } from './menu-cache.ts'
import { MoneyGiven, MoneyRef } from './order-body.ts'
import { exact, matched, reach, signInAs, written } from './route-parts.ts'

export interface MenuRouteOptions {
  readonly client: ClusterClient
  readonly auth: Auth
  readonly site: string
  readonly menu: MenuCache
  readonly timeoutMs: () => number
}

const tags = ['menu']
const path = '/api/v1/menu'
const cacheControl = 'public, max-age=30, stale-while-revalidate=60'

const Menu = Type.Object(
  {
    site: Type.String(),
    edition: Type.Integer({ minimum: 0 }),
    degraded: Type.Optional(
      Type.Literal(true, { description: 'Nobody can tell the menu now: this is how it was known last.' }),
    ),
    items: Type.Array(
      Type.Object(
        {
          dish: Type.String({ description: 'What an order names.' }),
          name: Type.String(),
          price: MoneyRef,
          available: Type.Boolean(),
          ingredients: Type.Array(
            Type.Object(
              {
                ingredient: Type.String(),
                substitute: Type.Optional(Type.String({ description: 'What can stand in for it.' })),
              },
              exact,
            ),
          ),
        },
        exact,
      ),
    ),
  },
  exact,
)
const name = Type.String({ minLength: 1, maxLength: 100 })
const Ingredients = Type.Array(
  Type.Object(
    {
      ingredient: name,
      amount: Type.Integer({ minimum: 1, description: 'In a portion: grams or pieces.' }),
      substitute: Type.Optional(name),
    },
    exact,
  ),
  { minItems: 1, maxItems: 50 },
)
const Item = Type.Object(
  { dish: name, name, price: MoneyRef, available: Type.Boolean(), ingredients: Ingredients },
  exact,
)
const OfDish = Type.Object({ id: name })
const writes = [...written, ...matched, ...signInAs, 'invalid-transition', ...reach] as const

export function menuRoutes(app: Server, options: MenuRouteOptions): void {
  const { client, auth, site, menu, timeoutMs } = options

  const write = async (message: MenuMessage, request: FastifyRequest, ifVersion?: number) => {
    const outcome = await client.request({
      actor: menuRef(site),
      body: { kind: 'command', message },
      ...(ifVersion !== undefined && { ifVersion }),
      timeoutMs: timeoutMs(),
      trace: request.trace.context,
    })
    return doneOf(outcome, `The menu of '${site}'`)
  }
  const listed = async (dish: string) => {
    const { items, version } = await menu.read()
    const item = items.find((one) => one.dish === dish)
    if (item === undefined) throw new Problem('not-found', `There is no dish '${dish}' on the menu.`)
    return { item, version }
  }

  app.get(
    path,
    {
      schema: {
        summary: 'Every dish with its price',
        tags,
        response: {
          200: Menu,
          304: StillGood,
          ...problems('not-ready', ...reach),
        },
      },
    },
    async (_request, reply) => {
      const { value: published, isStale } = await menu.readOrStale()
      if (isStale) {
        return { ...shown(published), degraded: true as const }
      }
      const etag = etagOf(published.edition)
      reply.header('cache-control', cacheControl)
      if (isStillGood(reply, etag)) return null
      return shown(published)
    },
  )

  app.get(
    `${path}/items/:id`,
    {
      schema: {
        summary: 'One dish, with all that a portion takes',
        description: 'The `ETag` is what a change of it has to send as `If-Match`.',
        tags,
        params: OfDish,
        response: {
          200: Item,
          304: StillGood,
          ...problems('validation', 'not-found', 'not-ready', ...reach),
        },
      },
    },
    async (request, reply) => {
      const { item, version } = await listed(request.params.id)
      reply.header('cache-control', cacheControl)
      if (isStillGood(reply, etagOf(version))) return null
      return shownItem(item)
    },
  )

  app.put(
    `${path}/items/:id`,
    {
      schema: {
        summary: 'Puts a dish on the menu, or replaces it',
        description:
          'For managers. `If-Match` with the ETag of what it replaces, or `If-None-Match: *` for one that is not on the menu. While a draft is open it goes into the draft.',
        tags,
        security: byAccount,
        params: OfDish,
        headers: Type.Object({
          'if-match': Type.Optional(Type.String()),
          'if-none-match': Type.Optional(Type.String()),
        }),
        body: Type.Object(
          { name, price: MoneyGiven, available: Type.Optional(Type.Boolean()), ingredients: Ingredients },
          exact,
        ),
        response: { 200: Item, 201: Item, ...problems(...writes, 'no-recipe') },
      },
    },
    async (request, reply) => {
      await requireCaller(auth, request, ...atLeast('manager'))
      const { id: dish } = request.params
      const { name, price, available = true, ingredients } = request.body
      const version = requiredVersionOf(request.headers)
      if (price.currency !== currency) {
        throw new Problem('validation', {
          detail: `Prices are in ${currency} here.`,
          errors: [{ pointer: '#/price/currency', detail: `must be ${currency}` }],
        })
      }
      const item = { dish, name, price: price.amount, available, needs: ingredients }
      // There is a menu, so version 0 stands for "no such dish" and not for "no such actor".
      const isNew = version === 0
      const message: MenuMessage = { type: 'menu.put', item, ...(isNew && { isNew }) }
      const outcome = await write(message, request, isNew ? undefined : version)
      assertPut(outcome.reply, dish)
      return told(reply, isNew ? 201 : 200, outcome.version, item)
    },
  )

  app.patch(
    `${path}/items/:id/availability`,
    {
      schema: {
        summary: 'Takes a dish off the menu, or puts it back, at once',
        description: 'For managers.',
        tags,
        security: byAccount,
        params: OfDish,
        headers: Type.Object({ 'if-match': Type.Optional(Type.String()) }),
        body: Type.Object({ available: Type.Boolean() }, exact),
        response: { 200: Item, ...problems(...writes, 'not-found', 'not-ready') },
      },
    },
    async (request, reply) => {
      await requireCaller(auth, request, ...atLeast('manager'))
      const { item } = await listed(request.params.id)
      const { available } = request.body
      const version = requiredVersionOf(request.headers)
      const outcome = await write({ type: 'menu.avail', dish: item.dish, available }, request, version)
      return told(reply, 200, outcome.version, { ...item, available })
    },
  )
}

function assertPut(reply: Message | undefined, dish: string): void {
  if (reply?.type === 'menu.taken') {
    throw new Problem('precondition-failed', `There is a dish '${dish}' on the menu already.`)
  }
  if (reply?.type !== 'menu.no-recipe') return
  const { lacks } = reply as Message & { readonly lacks: string }
  throw new Problem('no-recipe', `The house lacks ${lacks}.`)
}

function told(reply: FastifyReply, status: 200 | 201, version: number, item: MenuItem) {
  reply.code(status)
  reply.header('etag', etagOf(version))
  return shownItem(item)
}

const shownItem = ({ dish, name, price, available, needs }: MenuItem) => ({
  dish,
  name,
  price: { amount: price, currency },
  available,
  ingredients: needs.map((need) => ({ ...need })),
})

const shown = ({ site, edition, items }: PublishedMenu) => ({
  site,
  edition,
  items: items.map(({ dish, name, price, available, needs }) => ({
    dish,
    name,
    price: { amount: price, currency },
    available,
    ingredients: needs.map(({ ingredient, substitute }) => ({
      ingredient,
      ...(substitute !== undefined && { substitute }),
    })),
  })),
})
