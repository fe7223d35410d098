/**
 * Stock that staff keeps back for a while: all of what they name, or nothing.
 *
 * Owns:     which message each route sends, and what its outcomes mean.
 * Does not: hold or release anything (`reservation.ts` does), or touch what an order has reserved: its id is the
 *           order's, and no reservation of ours.
 *
 * Invariants:
 *   R1. What is answered is decided: a reservation that still asks its bins is waited for, and one that still gives
 *       back is, too. Who does not want to wait longer asks again with the same key.
 */
import { Type } from 'typebox'
import type { Instant } from '#actor'
import { ingredients, type ReservationMessage, type ReservationView, reservationRef } from '#actors'
import { type Auth, atLeast, byAccount, requireCaller } from '../auth/caller.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { etagOf, isStillGood, StillGood } from '../conditional.ts'
import { fingerprintOf, requestKeyOf, requiredKeyOf } from '../idempotency.ts'
import type { Keyring } from '../keyring.ts'
import { answerOf, doneOf, Problem, problemOf } from '../problems.ts'
import { pathOf, problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import { settled } from '../waiting.ts'
import { exact, keyed, keyHeader, reach, signInAs, written } from './route-parts.ts'

export interface ReservationRouteOptions {
  readonly client: ClusterClient
  readonly auth: Auth
  readonly keyring: Keyring
  readonly site: string
  readonly timeoutMs: () => number
}

const tags = ['inventory']
const path = '/api/v1/inventory/reservations'
const usualSeconds = 900
const OfReservation = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })
const Lines = Type.Array(
  Type.Object(
    {
      ingredient: Type.String({ minLength: 1, maxLength: 100 }),
      amount: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }),
    },
    exact,
  ),
  { minItems: 1, maxItems: 50 },
)
const ReservationBody = Type.Object(
  {
    id: Type.String(),
    state: Type.Enum(['held', 'released']),
    expiresAt: Timestamp,
    lines: Lines,
  },
  { ...exact, $id: 'Reservation' },
)
const ReservationRef = Type.Unsafe<ReturnType<typeof shown>>(Type.Ref('Reservation#'))

/** No order has such an id. */
const idOf = (intent: string): string => `res_${intent.slice(0, 32)}`
const isOurs = (id: string): boolean => id.startsWith('res_')
const nameOf = (id: string): string => `Reservation '${id}'`

interface Reading {
  readonly view: ReservationView
  readonly state: unknown
  readonly version: number
}

export function reservationRoutes(app: Server, options: ReservationRouteOptions): void {
  const { client, auth, keyring, site, timeoutMs } = options
  app.addSchema(ReservationBody)

  const read = async (id: string, trace: string): Promise<Reading> => {
    if (!isOurs(id)) throw problemOf({ kind: 'unknown' }, nameOf(id))
    const outcome = await client.request({
      actor: reservationRef(id),
      body: { kind: 'query', name: 'view' },
      timeoutMs: timeoutMs(),
      trace,
    })
    const { value, state, version } = answerOf(outcome, nameOf(id))
    return { view: value as ReservationView, state, version }
  }
  /** @throws Problem when it does not come to be so in time. */
  const readWhen = async (id: string, trace: string, isSo: (now: Reading) => boolean): Promise<Reading> => {
    const now = await settled(client, reservationRef(id), () => read(id, trace), isSo, timeoutMs())
    if (isSo(now)) return now
    throw problemOf({ kind: 'timeout' }, nameOf(id))
  }

  app.post(
    path,
    {
      schema: {
        summary: 'Keeps stock back: all of the lines, or nothing',
        description: 'For staff. It is free again when it is deleted, or at `expiresAt`.',
        tags,
        security: byAccount,
        headers: keyHeader(),
        body: Type.Object(
          {
            lines: Lines,
            expiresInSeconds: Type.Optional(
              Type.Integer({ minimum: 1, maximum: 86_400, default: usualSeconds }),
            ),
          },
          exact,
        ),
        response: {
          201: ReservationRef,
          ...problems(
            ...written,
            ...keyed,
            ...signInAs,
            'insufficient-stock',
            'reservation-expired',
            ...reach,
          ),
        },
      },
    },
    async (request, reply) => {
      const { account: subject } = await requireCaller(auth, request, ...atLeast('staff'))
      const key = requiredKeyOf(request.headers['idempotency-key'])
      const { lines, expiresInSeconds = usualSeconds } = request.body
      refuseUnknown(lines)
      const intent = requestKeyOf(keyring, { subject, method: 'POST', path: pathOf(request.url), key })
      const id = idOf(intent)
      const message: ReservationMessage = {
        type: 'reservation.hold',
        site,
        lines,
        expiresInMs: expiresInSeconds * 1_000,
        byStaff: true,
      }
      const outcome = await client.request({
        actor: reservationRef(id),
        body: { kind: 'command', message },
        key: intent,
        fingerprint: fingerprintOf(request.body),
        timeoutMs: timeoutMs(),
        trace: request.trace.context,
      })
      const { replayed } = doneOf(outcome, nameOf(id))
      const now = await readWhen(id, request.trace.context, (now) => !isAsking(now))
      if (replayed) reply.header('idempotent-replayed', 'true')
      const { shortages, outcome: end } = now.view
      if (end === 'refused') {
        const missing = shortages.map(({ ingredient }) => ingredient).join(', ')
        const detail = `There is too little left of: ${missing}.`
        throw new Problem('insufficient-stock', { detail, shortages })
      }
      reply.code(201).header('location', `${path}/${id}`).header('etag', etagOf(now.version))
      return shown(id, now)
    },
  )

  app.get(
    `${path}/:id`,
    {
      schema: {
        summary: 'What is kept back, and until when',
        description: 'For staff.',
        tags,
        security: byAccount,
        params: OfReservation,
        response: {
          200: ReservationRef,
          304: StillGood,
          ...problems('validation', ...signInAs, 'not-found', 'reservation-expired', ...reach),
        },
      },
    },
    async (request, reply) => {
      await requireCaller(auth, request, ...atLeast('staff'))
      const { id } = request.params
      const now = await readWhen(id, request.trace.context, (now) => !isAsking(now))
      if (now.view.outcome === 'refused') throw problemOf({ kind: 'unknown' }, nameOf(id))
      const body = shown(id, now)
      if (isStillGood(reply, etagOf(now.version))) return null
      return body
    },
  )

  app.delete(
    `${path}/:id`,
    {
      schema: {
        summary: 'Gives back what was kept',
        description: 'For staff. When it is answered, the stock is free.',
        tags,
        security: byAccount,
        params: OfReservation,
        response: {
          204: Type.Null({ description: 'Nothing is kept back any more.' }),
          ...problems('validation', ...signInAs, 'not-found', 'reservation-expired', ...reach),
        },
      },
    },
    async (request, reply) => {
      await requireCaller(auth, request, ...atLeast('staff'))
      const { id } = request.params
      const trace = request.trace.context
      const { view } = await read(id, trace)
      if (view.outcome === 'refused') throw problemOf({ kind: 'unknown' }, nameOf(id))
      if (view.outcome === null) {
        const outcome = await client.request({
          actor: reservationRef(id),
          body: { kind: 'command', message: { type: 'reservation.release' } },
          timeoutMs: timeoutMs(),
          trace,
        })
        // It ended meanwhile: how, is read next.
        if (outcome.kind !== 'archived') doneOf(outcome, nameOf(id))
      }
      shown(id, await readWhen(id, trace, ({ view }) => view.outcome !== null && view.pending.length === 0))
      reply.code(204)
      return null
    },
  )
}

/** A bin that is not there would never answer. */
function refuseUnknown(lines: readonly { readonly ingredient: string }[]): void {
  const errors = lines.flatMap(({ ingredient }, n) =>
    Object.hasOwn(ingredients, ingredient)
      ? []
      : [{ pointer: `#/lines/${n}/ingredient`, detail: `'${ingredient}' is no ingredient of this house` }],
  )
  const [first] = errors
  if (first !== undefined) throw new Problem('validation', { detail: `${first.detail}.`, errors })
}

const isAsking = ({ view, state }: Reading): boolean =>
  view.outcome === null && (state as { readonly open?: string }).open === 'asking'

/** @throws Problem when it has expired. */
function shown(id: string, { view: { outcome, expiresAt, lines } }: Reading) {
  const at = timestampOf(expiresAt as Instant)
  if (outcome === 'expired') throw new Problem('reservation-expired', `${nameOf(id)} expired at ${at}.`)
  return {
    id,
    state: outcome === null ? ('held' as const) : ('released' as const),
    expiresAt: at,
    lines: lines.map((line) => ({ ...line })),
  }
}
