/**
 * The house in figures, for its managers: hours, and the ledger.
 *
 * Owns:     the averages and shares that are made of an hour's sums.
 */
import type { FastifyReply } from 'fastify'
import { type Static, Type } from 'typebox'
import { currency } from '#actors'
import {
  accounts,
  accountTable,
  type EntryRow,
  emptyHour,
  entryTable,
  type KpiRow,
  kpiProjection,
  kpiTable,
  ledgerProjection,
  type Projector,
} from '#projections'
import { type Auth, byAccount, requireCaller } from '../auth/caller.ts'
import type { Keyring } from '../keyring.ts'
import { Fresh, ListQuery, listed, listProblems, pageOf } from '../read-models.ts'
import { problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { MoneyRef } from './order-body.ts'
import { exact, signInAs } from './route-parts.ts'

const count = Type.Integer({ minimum: 0 })
const id = Type.String({ minLength: 1, maxLength: 100 })

const figures = {
  orders: Type.Object(
    { placed: count, completed: count, rejected: count, cancelled: count, expired: count },
    exact,
  ),
  reasons: Type.Array(Type.Object({ end: Type.String(), reason: Type.String(), orders: count }, exact)),
  conversion: Type.Optional(
    Type.Number({ description: 'Of the orders placed then, the share that was completed so far.' }),
  ),
  revenue: MoneyRef,
  tickets: count,
  averageTicketSeconds: Type.Optional(Type.Number({ description: 'From the ticket to the pass.' })),
  averageCookingSeconds: Type.Optional(Type.Number({ description: 'From the first cook to the last dish.' })),
}
const Hour = Type.Object(
  {
    site: Type.String(),
    hour: Timestamp,
    ...figures,
    ordersPerMinute: Type.Number({ description: 'Placed in this hour, over sixty minutes.' }),
  },
  exact,
)
const Entry = Type.Object(
  {
    id: Type.String(),
    order: Type.String(),
    at: Timestamp,
    kind: Type.Enum(['captured', 'refunded', 'earned']),
    debit: Type.String(),
    credit: Type.String(),
    amount: MoneyRef,
  },
  exact,
)
const Balance = Type.Object(
  {
    account: Type.Enum([...accounts]),
    debits: count,
    credits: count,
    balance: Type.Integer({ description: 'Debits less credits, in cents.' }),
  },
  exact,
)

export const LedgerQuery = Type.Object({ ...ListQuery, order: Type.Optional(id) }, exact)
export const Ledger = Type.Object(
  { ...pageOf(Entry).properties, ...Fresh, balances: Type.Array(Balance) },
  exact,
)

export function figureRoutes(
  app: Server,
  options: { readonly auth: Auth; readonly keyring: Keyring; readonly projector: Projector },
): void {
  const { auth } = options

  app.get(
    '/api/v1/kpi',
    {
      schema: {
        summary: 'Orders, money and times, hour by hour of the world clock; for managers',
        description: '`total` is about the hours of this page.',
        tags: ['figures'],
        security: byAccount,
        querystring: Type.Object({ ...ListQuery, site: Type.Optional(id) }, exact),
        response: {
          200: Type.Object({ ...pageOf(Hour).properties, total: Type.Object(figures, exact) }, exact),
          ...problems(...listProblems, ...signInAs),
        },
      },
    },
    async (request, reply) => {
      const { query, url } = request
      await requireCaller(auth, request, 'manager')
      const { site } = query
      let sum = emptyHour('', 0 as KpiRow['hour'])
      const page = listed(options, kpiProjection, kpiTable, {
        query,
        url,
        reply,
        of: site ?? '',
        order: 'byTime',
        ...(site !== undefined && { fits: (row) => row.site === site }),
        shown: (row) => {
          sum = added(sum, row)
          const ordersPerMinute = rounded(row.placed / 60)
          return { site: row.site, hour: timestampOf(row.hour), ...figuresOf(row), ordersPerMinute }
        },
      })
      return { ...page, total: figuresOf(sum) }
    },
  )

  app.get(
    '/api/v1/ledger',
    {
      schema: {
        summary: 'Every movement of money, and the balances of the accounts; for managers',
        tags: ['figures'],
        security: byAccount,
        querystring: LedgerQuery,
        response: {
          200: Ledger,
          ...problems(...listProblems, ...signInAs),
        },
      },
    },
    async (request, reply) => {
      const { query, url } = request
      await requireCaller(auth, request, 'manager')
      return ledgerPage(options, query, url, reply)
    },
  )
}

export function ledgerPage(
  models: { readonly projector: Projector; readonly keyring: Keyring },
  query: Static<typeof LedgerQuery>,
  url: string,
  reply: FastifyReply,
): Static<typeof Ledger> {
  const { order } = query
  const page = listed(models, ledgerProjection, entryTable, {
    query,
    url,
    reply,
    of: order ?? '',
    ...(order === undefined ? { order: 'byTime' } : { order: 'byOrder', prefix: [order] }),
    shown: shownEntry,
  })
  const balances = accounts.map((account) => {
    const { debits, credits } = models.projector.row(ledgerProjection, accountTable, [account]) ?? {
      debits: 0,
      credits: 0,
    }
    return { account, debits, credits, balance: debits - credits }
  })
  return { ...page, balances }
}

const shownEntry = ({ at, amount, ...entry }: EntryRow) => ({
  ...entry,
  at: timestampOf(at),
  amount: { amount, currency },
})

/** To four digits. */
const rounded = (value: number): number => Math.round(value * 10_000) / 10_000

function figuresOf(row: KpiRow) {
  const {
    placed,
    converted,
    completed,
    rejected,
    cancelled,
    expired,
    revenue,
    tickets,
    ticketUs,
    cookingUs,
  } = row
  return {
    orders: { placed, completed, rejected, cancelled, expired },
    reasons: Object.entries(row.reasons)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, orders]) => {
        const [end = '', reason = ''] = key.split(' ')
        return { end, reason, orders }
      }),
    revenue: { amount: revenue, currency },
    tickets,
    ...(placed > 0 && { conversion: rounded(converted / placed) }),
    ...(tickets > 0 && {
      averageTicketSeconds: rounded(ticketUs / tickets / 1_000_000),
      averageCookingSeconds: rounded(cookingUs / tickets / 1_000_000),
    }),
  }
}

function added(sum: KpiRow, row: KpiRow): KpiRow {
  const reasons = { ...sum.reasons }
  for (const [key, n] of Object.entries(row.reasons)) reasons[key] = (reasons[key] ?? 0) + n
  return {
    ...sum,
    placed: sum.placed + row.placed,
    converted: sum.converted + row.converted,
    completed: sum.completed + row.completed,
    rejected: sum.rejected + row.rejected,
    cancelled: sum.cancelled + row.cancelled,
    expired: sum.expired + row.expired,
    revenue: sum.revenue + row.revenue,
    tickets: sum.tickets + row.tickets,
    ticketUs: sum.ticketUs + row.ticketUs,
    cookingUs: sum.cookingUs + row.cookingUs,
    reasons,
  }
}
