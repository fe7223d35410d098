/** `GET /api/v1/menu`: what there is to eat today. */
import { Type } from 'typebox'
import { currency } from '#actors'
import { etagOf, isUnchanged } from '../conditional.ts'
import { problems, type Server } from '../server.ts'
import type { MenuCache, PublishedMenu } from './menu-cache.ts'
import { MoneyRef } from './order-body.ts'

const exact = { additionalProperties: false } as const

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

export function menuRoutes(app: Server, menu: MenuCache): void {
  app.get(
    '/api/v1/menu',
    {
      schema: {
        summary: 'Every dish with its price',
        tags: ['menu'],
        response: {
          200: Menu,
          304: Type.Null({ description: 'The copy named by `If-None-Match` is still good.' }),
          ...problems('not-ready', 'busy', 'entity-relocating', 'actor-timeout'),
        },
      },
    },
    async (request, reply) => {
      const { value: published, isStale } = await menu.readOrStale()
      if (isStale) {
        reply.header('cache-control', 'no-store')
        return { ...shown(published), degraded: true as const }
      }
      const etag = etagOf(published.edition)
      reply.header('etag', etag)
      reply.header('cache-control', 'public, max-age=30, stale-while-revalidate=60')
      if (isUnchanged(request.headers['if-none-match'], etag)) {
        reply.code(304)
        return null
      }
      return shown(published)
    },
  )
}

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
