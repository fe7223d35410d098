/**
 * The house as operators read it: its orders, what each waits for, its payments and its ledger.
 *
 * The same rows and shapes that its staff and managers get by the public listener, which a page of this one cannot ask.
 *
 * Does not: change anything. What is told to an order is a message to an actor (`actors.ts`).
 */
import { Type } from 'typebox'
import { type OrderStory, orderRef } from '#actors'
import {
  type OrderRow,
  ordersProjection,
  orderTable,
  type Projector,
  paymentsProjection,
  paymentTable,
} from '#projections'
import type { ClusterClient } from '../cluster-client.ts'
import type { Keyring } from '../keyring.ts'
import { answerOf } from '../problems.ts'
import { ListQuery, listed, listProblems, pageOf } from '../read-models.ts'
import { Ledger, LedgerQuery, ledgerPage } from '../routes/figures.ts'
import { Payment, shownOrder, shownPayment } from '../routes/lists.ts'
import { Money, Order, OrderRef } from '../routes/order-body.ts'
import { Story, storyBody } from '../routes/orders.ts'
import { exact, reach } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'

const tags = ['house']
const requestTimeoutMs = 3_000

export function houseRoutes(
  app: Server,
  options: { readonly client: ClusterClient; readonly keyring: Keyring; readonly projector: Projector },
): void {
  app.addSchema(Money)
  app.addSchema(Order)

  app.get(
    '/ops/v1/orders',
    {
      schema: {
        summary: 'Orders, newest first',
        description: 'A page may be empty and not the last: only one without `nextCursor` is.',
        tags,
        querystring: Type.Object(
          {
            ...ListQuery,
            open: Type.Optional(Type.Literal('true', { description: 'Only those that have not ended.' })),
          },
          exact,
        ),
        response: { 200: pageOf(OrderRef), ...problems(...listProblems) },
      },
    },
    async ({ query, url }, reply) =>
      listed(options, ordersProjection, orderTable, {
        query,
        url,
        reply,
        of: query.open ?? '',
        order: 'byTime',
        ...(query.open !== undefined && { fits: ({ endedAt }: OrderRow) => endedAt === null }),
        shown: shownOrder,
      }),
  )
  app.get(
    '/ops/v1/orders/:id/story',
    {
      schema: {
        summary: 'What an order waits for, since when, and what happens next',
        tags,
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
        response: { 200: Story, ...problems('validation', 'not-found', ...reach) },
      },
    },
    async ({ params: { id }, trace }) => {
      const outcome = await options.client.request({
        actor: orderRef(id),
        body: { kind: 'query', name: 'story' },
        timeoutMs: requestTimeoutMs,
        trace: trace.context,
      })
      return storyBody(answerOf(outcome, `Order '${id}'`).value as OrderStory)
    },
  )
  app.get(
    '/ops/v1/payments',
    {
      schema: {
        summary: 'Payments, newest first',
        tags,
        querystring: Type.Object(ListQuery, exact),
        response: { 200: pageOf(Payment), ...problems(...listProblems) },
      },
    },
    async ({ query, url }, reply) =>
      listed(options, paymentsProjection, paymentTable, {
        query,
        url,
        reply,
        of: '',
        order: 'byTime',
        shown: shownPayment,
      }),
  )
  app.get(
    '/ops/v1/ledger',
    {
      schema: {
        summary: 'Every movement of money, and the balances of the accounts',
        tags,
        querystring: LedgerQuery,
        response: { 200: Ledger, ...problems(...listProblems) },
      },
    },
    async ({ query, url }, reply) => ledgerPage(options, query, url, reply),
  )
}
