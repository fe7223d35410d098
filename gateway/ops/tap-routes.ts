/**
 * Taps over HTTP: begun, read for as long as they last, and ended.
 *
 * Owns:     the routes, and the line of one reader: NDJSON, at the reader's pace.
 * Does not: keep messages (`taps.ts`).
 */
import type { FastifyReply } from 'fastify'
import { type Static, Type } from 'typebox'
import { messageFilterBounds } from '../message-filter.ts'
import { Problem } from '../problems.ts'
import { exact, written } from '../routes/route-parts.ts'
import { problems, type Server, takeOver } from '../server.ts'
import type { TapLine } from '../tap-words.ts'
import { type Tap, type TapReader, type Taps, tapsBounds } from './taps.ts'

const count = Type.Integer({ minimum: 0 })
const Counts = Type.Object(
  {
    matched: count,
    told: count,
    over: Type.Integer({ minimum: 0, description: 'Beyond the cap: counted, and not told.' }),
    lost: Type.Integer({ minimum: 0, description: 'On the way from their nodes.' }),
    nodes: Type.Array(Type.String(), { description: 'Those that have said that they are tapped.' }),
  },
  exact,
)
const TapView = Type.Object(
  {
    id: Type.String(),
    filter: Type.String(),
    perSecond: count,
    total: count,
    by: Type.String({ description: 'Who began it.' }),
    endsInMs: count,
    isFull: Type.Boolean(),
    counts: Counts,
  },
  { ...exact, $id: 'Tap' },
)
const TapRef = Type.Unsafe<Static<typeof TapView>>(Type.Ref('Tap#'))
const OfTap = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })
const perSecond = { default: 200, maximum: 1_000 }
const total = { default: 10_000, maximum: 100_000 }
const Asked = Type.Object(
  {
    filter: Type.Optional(
      Type.String({
        maxLength: messageFilterBounds.textMax,
        description:
          'Terms that all have to hold: `order=ord_… outcome!=handled waited>50ms`. Fields: to, from and actor (a type, or one actor), message, order, trace, outcome, via, node; size, waited, took, attempt. Default: every message.',
      }),
    ),
    perSecond: Type.Optional(Type.Integer({ minimum: 1, ...perSecond })),
    total: Type.Optional(Type.Integer({ minimum: 1, ...total })),
  },
  exact,
)
const tags = ['taps']

export function tapRoutes(app: Server, taps: Taps, heartbeatMs: number): void {
  const find = (id: string): Tap => {
    const tap = taps.find(id)
    if (tap === undefined) throw new Problem('not-found', `There is no tap '${id}'; it may have ended.`)
    return tap
  }
  app.addSchema(TapView)
  app.post(
    '/ops/v1/taps',
    {
      config: { looks: true },
      schema: {
        summary: 'Taps messages: from now on each that fits is told, or counted',
        description: [
          'Nodes look at messages only while somebody taps; what they refuse at the door (busy, moved) never was one. What is',
          'beyond `perSecond` is counted as over; after `total` it is full. It ends after',
          `${tapsBounds.lifeMs / 60_000} minutes, or when nobody reads it for ${tapsBounds.idleMs / 1_000} seconds,`,
          `${tapsBounds.leftMs / 1_000} after its last reader.`,
        ].join(' '),
        tags,
        body: Asked,
        response: {
          201: TapRef,
          ...problems(...written, 'tap-limit', 'audit-unavailable'),
        },
      },
    },
    async ({ body, operator }, reply) => {
      const { filter = '' } = body
      const { perSecond: each = perSecond.default, total: all = total.default } = body
      const tap = taps.begin({ filter: filter.trim(), perSecond: each, total: all }, operator)
      reply.code(201).header('location', `/ops/v1/taps/${tap.id}`)
      return shown(tap)
    },
  )
  app.get(
    '/ops/v1/taps',
    {
      schema: {
        summary: 'The taps that there are',
        tags,
        response: { 200: Type.Object({ items: Type.Array(TapRef) }, exact) },
      },
    },
    async () => ({ items: taps.all.map(shown) }),
  )
  app.get(
    '/ops/v1/taps/:id',
    {
      schema: {
        summary: 'One tap',
        tags,
        params: OfTap,
        response: { 200: TapRef, ...problems('not-found') },
      },
    },
    async ({ params }) => shown(find(params.id)),
  )
  app.get(
    '/ops/v1/taps/:id/messages',
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'What a tap tells, line by line, until it ends',
        description: [
          'NDJSON. A line has a `kind`: `message`; `counts`, when they have changed, and to show that it lives; `missed`, of a',
          'reader who was too slow or came late; and `end`, with why. Of each message: when, from whom, to whom, how large, how',
          'long it waited and took, what became of it, its trace; and its payload, without what is secret.',
        ].join(' '),
        tags,
        params: OfTap,
        querystring: Type.Object(
          { after: Type.Optional(Type.Integer({ minimum: 0, description: 'The last `n` that is known.' })) },
          exact,
        ),
        response: {
          200: {
            description: 'Lines, for as long as it lasts',
            content: { 'application/x-ndjson': { schema: Type.String() } },
          },
          ...problems('validation', 'not-found', 'too-many-streams'),
        },
      },
    },
    ({ params, query }, reply) => {
      readAsLines(find(params.id), reply, query.after ?? 0, heartbeatMs)
    },
  )
  app.delete(
    '/ops/v1/taps/:id',
    {
      config: { looks: true },
      schema: {
        summary: 'Ends a tap: no message is looked at for it any more',
        tags,
        params: OfTap,
        response: { 204: Type.Null(), ...problems('not-found', 'audit-unavailable') },
      },
    },
    async ({ params }, reply) => {
      taps.end(find(params.id), 'deleted')
      reply.code(204)
      return null
    },
  )
  app.addHook('preClose', (done) => {
    taps.close()
    done()
  })
}

function shown({
  id,
  filter,
  perSecond: each,
  total: all,
  by,
  endsInMs,
  isFull,
  counts,
}: Tap): Static<typeof TapView> {
  return {
    ...{ id, filter, perSecond: each, total: all, by, endsInMs, isFull },
    counts: { ...counts, nodes: [...counts.nodes] },
  }
}

/** @throws Problem `too-many-streams`. */
function readAsLines(tap: Tap, reply: FastifyReply, after: number, heartbeatMs: number): void {
  const { raw: out, request } = reply
  const { socket } = request.raw
  const write = (line: TapLine): void => void out.write(`${JSON.stringify(line)}\n`)
  let leave = (): void => {}
  let isSlow = false
  const beat = setInterval(() => {
    // Who takes nothing from one beat to the next is cut off.
    if (out.writableNeedDrain && isSlow) socket.destroy()
    isSlow = out.writableNeedDrain
    if (!isSlow) write({ kind: 'counts', ...tap.counts })
    void request.mayStay().then((may) => {
      if (!may) socket.destroy()
    })
  }, heartbeatMs)
  const letGo = (): void => {
    clearInterval(beat)
    leave()
  }
  const reader: TapReader = {
    get hasRoom() {
      return !out.writableNeedDrain
    },
    tell: ({ messages, counts, missed }) => {
      if (missed > 0) write({ kind: 'missed', missed })
      for (const message of messages) write({ kind: 'message', ...message })
      write({ kind: 'counts', ...counts })
    },
    end: (why) => {
      letGo()
      write({ kind: 'end', why })
      out.end()
    },
  }
  try {
    leave = tap.follow(reader, after)
  } catch (error) {
    clearInterval(beat)
    throw error
  }
  takeOver(reply, 200)
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) out.setHeader(name, value)
  out.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8', 'cache-control': 'no-store' })
  out.flushHeaders()
  if (socket.destroyed) letGo()
  else socket.once('close', letGo)
}
