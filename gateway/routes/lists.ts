/**
 * Lists of orders, payments, tickets and accounts, read from the read models.
 *
 * Owns:     their filters, and who sees which rows.
 * Does not: ask an actor: what is shown may be a moment old, and says how old.
 *
 * Invariants:
 *   L1. A customer sees the orders of their own account and nobody else's, whatever the filters are.
 */
import { Type } from 'typebox'
import { accountRoles, currency } from '#actors'
import {
  type OrderRow,
  ordersProjection,
  orderTable,
  type PaymentRow,
  type Projector,
  paymentsProjection,
  paymentTable,
  type TicketRow,
  ticketsProjection,
  ticketTable,
  type UserRow,
  usersProjection,
  userTable,
} from '#projections'
import { type Auth, atLeast, byAccount, hasRole, requireCaller } from '../auth/caller.ts'
import type { Keyring } from '../keyring.ts'
import { Problem } from '../problems.ts'
import { ListQuery, listed, listProblems, pageOf } from '../read-models.ts'
import { problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { MoneyRef, OrderRef, orderBody, ordersPath } from './order-body.ts'
import { exact, signInAs } from './route-parts.ts'

export interface ListRouteOptions {
  readonly auth: Auth
  readonly keyring: Keyring
  readonly projector: Projector
}

const count = Type.Integer({ minimum: 0 })
const id = Type.String({ minLength: 1, maxLength: 100 })
const stateOf = <const Names extends readonly string[]>(names: Names) => Type.Optional(Type.Enum([...names]))

/** Those of its machine in which an order can be seen. */
export const orderStates = [
  'placed',
  'reserving',
  'revising',
  'paying',
  'confirmed',
  'queued',
  'cooking',
  'plating',
  'ready',
  'completed',
  'rejected',
  'cancelling',
  'refunding',
  'releasing',
  'cancelled',
  'expired',
] as const

export const Payment = Type.Object(
  {
    id: Type.String(),
    order: Type.String(),
    state: Type.String(),
    version: count,
    amount: MoneyRef,
    captured: MoneyRef,
    refunded: MoneyRef,
    reason: Type.Optional(Type.String()),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  exact,
)
const Ticket = Type.Object(
  {
    id: Type.String(),
    order: Type.String(),
    state: Type.String(),
    version: count,
    items: Type.Array(Type.Object({ dish: Type.String(), quantity: count }, exact)),
    openedAt: Timestamp,
    promisedAt: Timestamp,
    startedAt: Type.Optional(Timestamp),
    platingAt: Type.Optional(Timestamp),
    endedAt: Type.Optional(Timestamp),
  },
  exact,
)
const userStates = ['registering', 'active', 'locked', 'closing', 'closed'] as const
const ListedUser = Type.Object(
  {
    id: Type.String(),
    roles: Type.Array(Type.Enum([...accountRoles])),
    state: Type.Enum([...userStates]),
    lockedBy: Type.Optional(Type.Enum(['failures', 'operator'])),
    version: count,
    createdAt: Timestamp,
  },
  exact,
)

export function listRoutes(app: Server, { auth, keyring, projector }: ListRouteOptions): void {
  const models = { projector, keyring }

  app.get(
    ordersPath,
    {
      schema: {
        summary: 'Orders: your own, and for staff everybody’s',
        tags: ['orders'],
        security: byAccount,
        querystring: Type.Object(
          {
            ...ListQuery,
            state: stateOf(orderStates),
            guest: Type.Optional({ ...id, description: 'An account. A customer may name only their own.' }),
          },
          exact,
        ),
        response: { 200: pageOf(OrderRef), ...problems(...listProblems, ...signInAs) },
      },
    },
    async (request, reply) => {
      const { query, url } = request
      const caller = await requireCaller(auth, request)
      const isHouse = hasRole(caller, ...atLeast('staff'))
      const guest = query.guest ?? (isHouse ? undefined : caller.account)
      if (!isHouse && guest !== caller.account)
        throw new Problem('forbidden', 'These are the orders of another account.')
      const { state } = query
      const way =
        guest !== undefined
          ? { order: 'byGuest', prefix: [guest] }
          : state !== undefined
            ? { order: 'byState', prefix: [state] }
            : { order: 'byTime' }
      return listed(models, ordersProjection, orderTable, {
        query,
        url,
        reply,
        of: `${guest ?? ''} ${state ?? ''}`,
        ...way,
        ...(state !== undefined && { fits: (row) => row.state === state }),
        shown: shownOrder,
      })
    },
  )

  app.get(
    '/api/v1/payments',
    {
      schema: {
        summary: 'Payments; for staff',
        tags: ['payments'],
        security: byAccount,
        querystring: Type.Object({ ...ListQuery, state: Type.Optional(id) }, exact),
        response: { 200: pageOf(Payment), ...problems(...listProblems, ...signInAs) },
      },
    },
    async (request, reply) => {
      const { query, url } = request
      await requireCaller(auth, request, ...atLeast('staff'))
      const { state } = query
      return listed(models, paymentsProjection, paymentTable, {
        query,
        url,
        reply,
        of: state ?? '',
        ...(state === undefined ? { order: 'byTime' } : { order: 'byState', prefix: [state] }),
        shown: shownPayment,
      })
    },
  )

  app.get(
    '/api/v1/kitchen/tickets',
    {
      schema: {
        summary: 'Tickets of the kitchen; for staff. `open=true`: those that are open, oldest promise first',
        tags: ['kitchen'],
        security: byAccount,
        querystring: Type.Object(
          {
            ...ListQuery,
            state: Type.Optional(id),
            open: Type.Optional(
              Type.Literal('true', { description: '`from` and `to` then are about the promise.' }),
            ),
          },
          exact,
        ),
        response: { 200: pageOf(Ticket), ...problems(...listProblems, ...signInAs) },
      },
    },
    async (request, reply) => {
      const { query, url } = request
      await requireCaller(auth, request, ...atLeast('staff'))
      const { state, open } = query
      const way =
        open !== undefined
          ? { order: 'byPromise' }
          : state !== undefined
            ? { order: 'byState', prefix: [state] }
            : { order: 'byTime' }
      return listed(models, ticketsProjection, ticketTable, {
        query: open === undefined ? query : { sort: 'createdAt', ...query },
        url,
        reply,
        of: `${open ?? ''} ${state ?? ''}`,
        ...way,
        ...(state !== undefined && { fits: (row) => row.state === state }),
        shown: shownTicket,
      })
    },
  )

  app.get(
    '/api/v1/users',
    {
      schema: {
        summary: 'Accounts',
        description: 'Role admin. The e-mail address of one of them: GET /users/{id}.',
        tags: ['users'],
        security: byAccount,
        querystring: Type.Object(
          { ...ListQuery, state: stateOf(userStates), role: stateOf(accountRoles) },
          exact,
        ),
        response: { 200: pageOf(ListedUser), ...problems(...listProblems, ...signInAs) },
      },
    },
    async (request, reply) => {
      const { query, url } = request
      await requireCaller(auth, request, 'admin')
      const { state, role } = query
      return listed(models, usersProjection, userTable, {
        query,
        url,
        reply,
        of: `${state ?? ''} ${role ?? ''}`,
        ...(state === undefined ? { order: 'byTime' } : { order: 'byState', prefix: [state] }),
        ...(role !== undefined && { fits: ({ roles }) => roles.some((its) => its === role) }),
        shown: shownUser,
      })
    },
  )
}

export const shownOrder = ({ total, version, ...row }: OrderRow) =>
  orderBody({ ...row, total: { amount: total, currency } }, version)

function shownUser({ roles, lockedBy, createdAt, ...row }: UserRow) {
  return {
    ...row,
    roles: [...roles],
    ...(lockedBy !== null && { lockedBy }),
    createdAt: timestampOf(createdAt),
  }
}

const money = (amount: number) => ({ amount, currency })

export function shownPayment({
  id,
  amount,
  captured,
  refunded,
  reason,
  createdAt,
  updatedAt,
  ...row
}: PaymentRow) {
  return {
    ...row,
    id,
    order: id,
    amount: money(amount),
    captured: money(captured),
    refunded: money(refunded),
    ...(reason !== null && { reason }),
    createdAt: timestampOf(createdAt),
    updatedAt: timestampOf(updatedAt),
  }
}

function shownTicket({ id, state, version, items, ...times }: TicketRow) {
  const { openedAt, promisedAt, startedAt, platingAt, endedAt } = times
  return {
    id,
    order: id,
    state,
    version,
    items: items.map((item) => ({ ...item })),
    openedAt: timestampOf(openedAt),
    promisedAt: timestampOf(promisedAt),
    ...(startedAt !== null && { startedAt: timestampOf(startedAt) }),
    ...(platingAt !== null && { platingAt: timestampOf(platingAt) }),
    ...(endedAt !== null && { endedAt: timestampOf(endedAt) }),
  }
}
