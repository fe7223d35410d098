/**
 * Histories for tests of projections: real machines of order, payment and ticket, played by a drawn plot, and their
 * turns written to scopes as nodes would that die and take over from each other.
 */
import fc from 'fast-check'
import type { ActorId, Effect, Instant, Message } from '#actor'
import { orderRef, paymentRef, ticketRef } from '#actors'
import type {
  JournalRecord,
  MessageId,
  Position,
  RecordPlace,
  ScopeId,
  ShardId,
  TurnSource,
  Turns,
} from '#ports'

/** What the kernel's `Machine` does, as far as it is needed here. */
export interface PlayedMachine {
  birth(birth: { id: ActorId; key: string; at: Instant }): { state: State }
  turn(
    state: State,
    event: Message & { readonly at: Instant },
  ): { state: State; effects: readonly Effect[] } | 'not-accepted'
}
interface State {
  readonly value: unknown
  readonly context: unknown
  readonly done: boolean
}
/** By actor type. */
export type Machines = ReadonlyMap<string, PlayedMachine>

/** Plays actors, and keeps what a node would journal. */
export class Stage {
  readonly records: JournalRecord[] = []
  readonly #machines: Machines
  readonly #states = new Map<ActorId, { state: State; sequence: number }>()
  now = (Date.UTC(2026, 4, 1, 18) * 1_000) as Instant

  constructor(machines: Machines) {
    this.#machines = machines
  }

  tell(actor: ActorId, message: Message): void {
    const [type = '', key = ''] = actor.split('/')
    const machine = this.#machines.get(type) as PlayedMachine
    const known = this.#states.get(actor)
    const state = known?.state ?? machine.birth({ id: actor, key, at: this.now }).state
    if (state.done) return
    const turn = machine.turn(state, { ...message, at: this.now })
    if (turn === 'not-accepted') return
    const events = turn.effects.flatMap((effect) => (effect.kind === 'emit' ? [effect.event] : []))
    const sequence = (known?.sequence ?? 0) + 1
    this.#states.set(actor, { state: turn.state, sequence })
    this.records.push({
      shard: 'orders.0' as ShardId,
      actor,
      sequence,
      at: this.now,
      id: `${actor} ${sequence}` as MessageId,
      message,
      state: turn.state.value,
      ...(events.length > 0 && { events }),
    })
  }
}

export const plots = [
  'completed',
  'sold out',
  'declined',
  'cancelled while cooking',
  'given up',
  'paid and refunded',
  'still cooking',
] as const
type Plot = (typeof plots)[number]

export type Told = readonly [actor: ActorId, message: Message]

const minuteUs = 60_000_000

/** One order's evening: its messages, each to its actor. */
export function evening(id: string, plot: Plot, portions: number, guest?: string): readonly Told[] {
  const toOrder = (type: string, more: object = {}): Told => [orderRef(id), { type, ...more }]
  const toPayment = (type: string, more: object = {}): Told => [paymentRef(id), { type, ...more }]
  const toTicket = (type: string, more: object = {}): Told => [ticketRef(id), { type, ...more }]
  const amount = 1_050 * portions
  const promisedAt = Date.UTC(2026, 4, 1, 19) * 1_000
  const provider = (status: string, more: object = {}): Told =>
    toPayment('call.done', { call: 'x', result: { status, captured: 0, refunded: 0, ...more } })
  const plate = `${id}:0:1`

  const placed = toOrder('order.place', {
    site: 'main',
    items: [{ dish: 'caprese', quantity: portions, price: 1_050 }],
    needs: [{ ingredient: 'tomato', amount: 1 }],
    total: amount,
    serve: 'collect',
    promisedAt,
    token: 'tok_ok',
    ...(guest !== undefined && { guest }),
  })
  const shortages = [{ ingredient: 'tomato', needed: 2, free: 1 }]
  if (plot === 'sold out') return [placed, toOrder('reservation.refused', { shortages })]

  const paying = [
    placed,
    toOrder('reservation.held'),
    toPayment('payment.request', { amount, token: 'tok_ok' }),
  ]
  const reason = 'card-declined'
  if (plot === 'declined')
    return [
      ...paying,
      provider('declined', { reason }),
      toOrder('payment.declined', { reason }),
      toOrder('reservation.released'),
    ]

  const paid = [
    ...paying,
    provider('authorized'),
    provider('captured', { captured: amount }),
    toOrder('payment.captured', { amount }),
  ]
  const refunded = [
    toPayment('payment.cancel'),
    provider('refunded', { captured: amount, refunded: amount }),
    toOrder('payment.settled', { refunded: amount }),
    toOrder('reservation.released'),
  ]
  if (plot === 'given up') return [...paid, toOrder('reservation.expired'), ...refunded]
  if (plot === 'paid and refunded')
    return [...paid, toOrder('order.cancel', { reason: 'words of a guest' }), ...refunded]

  const cooking = [
    ...paid,
    toOrder('reservation.committed'),
    toTicket('ticket.open', {
      order: id,
      site: 'main',
      items: [{ line: 0, dish: 'caprese', quantity: 1 }],
      promisedAt,
    }),
    toTicket('dish.begun', { plate }),
    toOrder('ticket.started'),
  ]
  switch (plot) {
    case 'still cooking':
      return cooking
    case 'cancelled while cooking':
      return [
        ...cooking,
        toOrder('order.cancel'),
        toTicket('ticket.cancel'),
        toTicket('dish.cancelled', { plate, wasted: true }),
        toOrder('ticket.cancelled', { wasted: true }),
        ...refunded,
      ]
    case 'completed':
      return [
        ...cooking,
        toTicket('dish.plated', { plate }),
        toOrder('ticket.plating'),
        toTicket('xstate.after.plating.ticket.plating'),
        toOrder('ticket.plated'),
        toOrder('order.collect'),
        toPayment('payment.close'),
      ]
  }
}

/** Batches of several scopes, in the order in which they were written. */
export type Written = readonly (readonly [
  scope: ScopeId,
  position: Position,
  records: readonly JournalRecord[],
])[]

/** Evenings at once, each actor's turns where its owner of that moment writes. */
export const historyOf = (machines: Machines): fc.Arbitrary<Written> =>
  fc
    .record({
      orders: fc.array(
        fc.record({
          plot: fc.constantFrom(...plots),
          portions: fc.integer({ min: 1, max: 4 }),
          guest: fc.option(fc.constantFrom('ada', 'bob'), { nil: undefined }),
        }),
        { minLength: 1, maxLength: 8 },
      ),
      /** Whose turn it is, how many minutes pass, who writes, and whether a batch ends. */
      steps: fc.array(fc.tuple(fc.nat(7), fc.nat(70), fc.nat(3), fc.boolean()), {
        minLength: 150,
        maxLength: 150,
      }),
    })
    .map(({ orders, steps }) => {
      const stage = new Stage(machines)
      const left = orders.map(({ plot, portions, guest }, n) => [...evening(`o${n}`, plot, portions, guest)])
      const places = new Map<ActorId, RecordPlace>()
      const positions = new Map<ScopeId, number>()
      const open = new Map<ScopeId, JournalRecord[]>()
      const written: [ScopeId, Position, JournalRecord[]][] = []
      const close = (scope: ScopeId): void => {
        const batch = open.get(scope)
        if (batch === undefined) return
        open.delete(scope)
        written.push([scope, positions.get(scope) as Position, batch])
      }
      const owners = new Map<ActorId, ScopeId>()
      const play = (whose: number, minutes: number, writer: number, ends: boolean): void => {
        const plot = left[whose % left.length]
        const next = plot?.shift()
        if (next === undefined) return
        const [actor, message] = next
        stage.now = (stage.now + minutes * minuteUs) as Instant
        const before = stage.records.length
        stage.tell(actor, message)
        const record = stage.records[before]
        if (record === undefined) return
        const scope = `s${writer}` as ScopeId
        // Who takes over sees what the last owner wrote: its batch is closed.
        const owner = owners.get(actor)
        if (owner !== undefined && owner !== scope) close(owner)
        owners.set(actor, scope)
        let batch = open.get(scope)
        if (batch === undefined) {
          batch = []
          open.set(scope, batch)
          positions.set(scope, (positions.get(scope) ?? 0) + 1)
        }
        const place: RecordPlace = [scope, positions.get(scope) as Position, batch.length]
        const previous = places.get(actor)
        places.set(actor, place)
        batch.push({ ...record, ...(previous && { previous }) })
        if (ends) close(scope)
      }
      for (const step of steps) play(...step)
      for (const [n, plot] of left.entries()) while (plot.length > 0) play(n, 1, n % 3, true)
      for (const scope of [...open.keys()]) close(scope)
      return written
    })

/** Tells batches, as many at a time as `take` says, in whatever order respects the actors; the first ones are gone. */
export function sourceOf(
  batches: () => readonly (readonly JournalRecord[])[],
  journal = (): string => 'a',
  trimmed = (): number => 0,
): TurnSource {
  return {
    async turns(after, { limit, upTo }): Promise<Turns> {
      const all = batches()
      const end = upTo?.batches ?? all.length
      const records: JournalRecord[] = []
      let n = after?.journal === journal() ? (after.marks.batches ?? 0) : 0
      const isCut = n < Math.min(trimmed(), end)
      for (; n < end && records.length < limit; n += 1) if (n >= trimmed()) records.push(...(all[n] ?? []))
      return { journal: journal(), marks: { batches: n }, records, more: n < end, ...(isCut && { isCut }) }
    },
  }
}
