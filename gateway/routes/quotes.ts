/** `POST /api/v1/quotes`: what it would cost, and whether there is enough of everything. A look, and no promise. */
import { type Static, Type } from 'typebox'
import { after } from '#actor'
import { currency, quote } from '#actors'
import type { ClusterClient } from '../cluster-client.ts'
import { problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import type { MenuCache } from './menu-cache.ts'
import { MoneyRef, Wishes } from './order-body.ts'
import { refusedWishes, wishesOf } from './orders.ts'
import { exact } from './route-parts.ts'
import { type StockCache, stockTtlMs } from './stock-cache.ts'

const Quote = Type.Object(
  {
    items: Type.Array(
      Type.Object({ dish: Type.String(), quantity: Type.Integer({ minimum: 1 }), price: MoneyRef }, exact),
    ),
    total: MoneyRef,
    shortages: Type.Array(
      Type.Object({ ingredient: Type.String(), needed: Type.Integer(), free: Type.Integer() }, exact),
      { description: 'Of these there is too little now.' },
    ),
    validUntil: Type.Unsafe<Static<typeof Timestamp>>({
      ...Timestamp,
      description: 'Until then the gateway answers the same, unless it hears of a change.',
    }),
  },
  exact,
)

export function quoteRoutes(
  app: Server,
  {
    client,
    menu,
    stock,
  }: { readonly client: ClusterClient; readonly menu: MenuCache; readonly stock: StockCache },
): void {
  app.post(
    '/api/v1/quotes',
    {
      schema: {
        summary: 'What an order would cost, and what there is too little of',
        description: 'Nothing is held: another order may come first.',
        tags: ['orders'],
        body: Type.Object({ items: Wishes }, exact),
        response: {
          200: Quote,
          ...problems(
            'validation',
            'malformed-json',
            'payload-too-large',
            'unsupported-media-type',
            'menu-changed',
            'not-found',
            'not-ready',
            'busy',
            'storage-full',
            'entity-relocating',
            'actor-stopped',
            'actor-timeout',
            'actor-failed',
          ),
        },
      },
    },
    async ({ body }) => {
      const published = await menu.read()
      const priced = quote(published.items, wishesOf(body.items))
      if (priced.refused.length > 0) throw refusedWishes(priced, body.items)
      const shortages = await stock.shortages(priced.needs)
      return {
        items: priced.items.map(({ dish, quantity, price }) => ({
          dish,
          quantity,
          price: { amount: price, currency },
        })),
        total: { amount: priced.total, currency },
        shortages: shortages.map((shortage) => ({ ...shortage })),
        validUntil: timestampOf(after(client.worldNow(), stockTtlMs)),
      }
    },
  )
}
