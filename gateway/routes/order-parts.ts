/**
 * What belongs to an order and is somebody else's: `GET /orders/{id}?expand=…`.
 *
 * Owns:     which parts there are, and that a department that does not answer makes its part degraded, and not the
 *           whole answer late or wrong.
 */
import { Type } from 'typebox'
import { type PaymentView, paymentRef, type ReservationView, reservationRef, ticketRef } from '#actors'
import type { ClusterClient } from '../cluster-client.ts'
import { PaymentRef, paymentBody } from './payment-body.ts'
import { exact } from './route-parts.ts'

const Degraded = Type.Object(
  { degraded: Type.Literal(true, { description: 'It is there, and its department does not answer now.' }) },
  exact,
)
const Lines = Type.Array(Type.Object({ ingredient: Type.String(), amount: Type.Integer() }, exact))

export const orderParts = {
  payment: Type.Optional(Type.Union([PaymentRef, Degraded])),
  ticket: Type.Optional(
    Type.Union([Type.Object({ id: Type.String(), state: Type.String() }, exact), Degraded]),
  ),
  reservations: Type.Optional(
    Type.Union([
      Type.Array(Type.Object({ id: Type.String(), state: Type.String(), lines: Lines }, exact)),
      Degraded,
    ]),
  ),
}

const names = ['payment', 'ticket', 'reservations'] as const
type PartName = (typeof names)[number]

export const ExpandQuery = Type.Object({
  expand: Type.Optional(
    Type.String({
      pattern: `^(${names.join('|')})(,(${names.join('|')})){0,${names.length - 1}}$`,
      description: `Parts to show with it: ${names.join(', ')}. What there is not yet is left out; \`degraded\` is what cannot be told now.`,
    }),
  ),
})

/** A part is no reason to wait longer. */
const partTimeoutMs = 1_000

const parts = {
  payment: { ref: paymentRef, shown: (value, version) => paymentBody(value as PaymentView, version) },
  ticket: {
    ref: ticketRef,
    shown: (value, _version, id) => ({ id, state: String((value as { state: unknown }).state) }),
  },
  reservations: {
    ref: reservationRef,
    shown: (value, _version, id) => {
      const { state, lines } = value as ReservationView
      return [{ id, state, lines: lines.map(({ ingredient, amount }) => ({ ingredient, amount })) }]
    },
  },
} as const satisfies Record<
  PartName,
  {
    readonly ref: (
      id: string,
    ) => ReturnType<typeof paymentRef> | ReturnType<typeof ticketRef> | ReturnType<typeof reservationRef>
    readonly shown: (value: unknown, version: number, id: string) => unknown
  }
>

/** The wanted parts of an order, and a text that changes when any of them does. */
export async function expanded(
  client: ClusterClient,
  id: string,
  expand: string,
  trace: string,
): Promise<{ readonly parts: Readonly<Record<string, unknown>>; readonly versions: string }> {
  const wanted = names.filter((name) => expand.split(',').includes(name))
  const found = await Promise.all(
    wanted.map(async (name) => {
      const outcome = await client.request({
        actor: parts[name].ref(id),
        body: { kind: 'query', name: 'view' },
        timeoutMs: partTimeoutMs,
        trace,
      })
      if (outcome.kind === 'unknown') return { name, version: 0 }
      if (outcome.kind !== 'answer') return { name, version: -1, part: { degraded: true } }
      return { name, version: outcome.version, part: parts[name].shown(outcome.value, outcome.version, id) }
    }),
  )
  return {
    parts: Object.fromEntries(found.flatMap(({ name, part }) => (part === undefined ? [] : [[name, part]]))),
    versions: found.map(({ name, version }) => `${name}:${version}`).join(' '),
  }
}
