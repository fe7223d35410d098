/**
 * The same waiting line as supervised machine actors in a simulated cluster: a door that lets customers in, a line,
 * and a clerk for each server. Every gap and every service is a durable timer of a machine.
 *
 * Owns:     the little world, and the path that it took as its journal tells it.
 * Does not: know what anybody should have waited (`recursions.ts`).
 *
 * On one node, once its actors are in memory, a message is handled in the instant in which it was sent, and a timer fires in the instant for which it
 * was set; writes are behind, and nothing waits for them. So the whole path is exact. Over several nodes messages take
 * time, and a node may die; what stays exact is the line's own view: when it saw a customer come, sent one to a clerk,
 * and heard that the clerk was done.
 */
import { Type } from 'typebox'
import { assign, setup } from 'xstate'
import {
  type ActorDefinition,
  type ActorId,
  type Birth,
  type Delivered,
  defineActor,
  draw,
  effects,
  emit,
  type MessageOf,
  ref,
  supervise,
  tell,
} from '#actor'
import { Registry } from '#host'
import { SimCluster } from '#sim'
import { exponential } from './chance.ts'
import type { Planted } from './queue.ts'
import type { Path } from './recursions.ts'

export interface ActorQueueOptions {
  readonly seed: number
  readonly servers: number
  /** Of the servers' time, the share that is asked for. */
  readonly busy: number
  readonly customers: number
  readonly nodes: number
  /** Seconds between two deaths of a node, whichever is next. */
  readonly crashEvery?: number
  readonly planted?: Planted
}

/** What happened, by the clock of the turns. */
export interface ActorQueuePath extends Path {
  readonly waits: readonly number[]
  readonly crashes: number
}

const second = 1_000_000

const n = Type.Integer({ minimum: 0 })
/** Creates an actor and has it loaded. */
const Wake = Type.Object({ type: Type.Literal('wake') })
const Door = Type.Union([Wake, Type.Object({ type: Type.Literal('open') })])
const LineMessage = Type.Union([
  Wake,
  Type.Object({ type: Type.Literal('come'), n }),
  Type.Object({ type: Type.Literal('served'), n, clerk: n }),
])
const Clerk = Type.Union([Wake, Type.Object({ type: Type.Literal('serve'), n })])

export function gapOf(
  seed: number,
  { servers, busy }: Pick<ActorQueueOptions, 'servers' | 'busy'>,
  n: number,
) {
  return exponential(second / (servers * busy), () => draw(seed, 'gap', n))()
}
export function serviceOf(seed: number, n: number): number {
  return exponential(second, () => draw(seed, 'service', n))()
}

function door(options: ActorQueueOptions): ActorDefinition {
  const types = { context: {} as { readonly n: number }, events: {} as Delivered<MessageOf<typeof Door>> }
  const machine = setup({
    types,
    delays: { gap: ({ context }) => gapOf(options.seed, options, context.n) / 1_000 },
    guards: { last: ({ context }) => context.n === options.customers },
  }).createMachine({
    context: { n: 0 },
    on: { wake: {} },
    initial: 'shut',
    states: {
      shut: { on: { open: 'open' } },
      open: {
        always: { guard: 'last', target: 'over' },
        after: {
          gap: {
            target: 'open',
            reenter: true,
            actions: [
              tell(ref('line', 'one'), ({ context }: { context: { n: number } }) => ({
                type: 'come',
                n: context.n,
              })),
              assign({ n: ({ context }) => context.n + 1 }),
            ],
          },
        },
      },
      over: { type: 'final' },
    },
  })
  return defineActor({ type: 'door', accepts: Door, creates: ['wake'], machine })
}

interface LineContext {
  readonly free: readonly number[]
  readonly waiting: readonly number[]
  /** Told to serve in this turn. */
  readonly sent: readonly { readonly n: number; readonly clerk: number }[]
}

function line({ servers, planted }: ActorQueueOptions): ActorDefinition {
  type Event = Delivered<MessageOf<typeof LineMessage>>
  const pair = (context: LineContext): Partial<LineContext> => {
    const [clerk, ...free] = context.free
    const last = planted === 'last-come'
    const next = last ? context.waiting.at(-1) : context.waiting[0]
    if (clerk === undefined || next === undefined) return { sent: [] }
    const waiting = last ? context.waiting.slice(0, -1) : context.waiting.slice(1)
    return { free, waiting, sent: [{ n: next, clerk }] }
  }
  const machine = setup({
    types: { context: {} as LineContext, events: {} as Event, input: {} as Birth },
    actions: {
      queue: assign(({ context, event }) => {
        if (event.type !== 'come') return {}
        if (planted === 'loses-some' && event.n % 1_000 === 999) return { sent: [] }
        const waiting = [...context.waiting, event.n]
        return { waiting, ...pair({ ...context, waiting }) }
      }),
      free: assign(({ context, event }) => {
        if (event.type !== 'served') return {}
        const free = [...context.free, event.clerk]
        return { free, ...pair({ ...context, free }) }
      }),
      send: effects(({ context }: { context: LineContext }) =>
        context.sent.flatMap(({ n, clerk }) => [
          tell(ref('clerk', String(clerk)), { type: 'serve', n }),
          emit({ type: 'sent', n }),
        ]),
      ),
    },
  }).createMachine({
    context: { free: Array.from({ length: servers }, (_, clerk) => clerk), waiting: [], sent: [] },
    on: { wake: {}, come: { actions: ['queue', 'send'] }, served: { actions: ['free', 'send'] } },
  })
  return defineActor({ type: 'line', accepts: LineMessage, creates: ['wake'], machine })
}

function clerk({ seed, planted }: ActorQueueOptions): ActorDefinition {
  interface Context {
    readonly clerk: number
    readonly n: number
  }
  const machine = setup({
    types: {
      context: {} as Context,
      events: {} as Delivered<MessageOf<typeof Clerk>>,
      input: {} as Birth,
    },
    delays: {
      service: ({ context }) => {
        const takes = serviceOf(seed, context.n)
        return (planted === 'hurries' && context.n % 100 === 99 ? Math.floor(takes / 2) : takes) / 1_000
      },
    },
    actions: {
      take: assign({ n: ({ context, event }) => (event.type === 'serve' ? event.n : context.n) }),
      tellServed: tell(ref('line', 'one'), ({ context }: { context: Context }) => ({
        type: 'served',
        n: context.n,
        clerk: context.clerk,
      })),
    },
  }).createMachine({
    context: ({ input }) => ({ clerk: Number(input.key), n: 0 }),
    on: { wake: {} },
    initial: 'idle',
    states: {
      idle: { on: { serve: { target: 'serving', actions: 'take' } } },
      serving: { after: { service: { target: 'idle', actions: 'tellServed' } } },
    },
  })
  return defineActor({ type: 'clerk', accepts: Clerk, creates: ['wake'], machine })
}

/** Runs until the last customer is served. */
export function runActorQueue(options: ActorQueueOptions): ActorQueuePath {
  const { seed, servers, nodes, customers, crashEvery, planted } = options
  const actors = [door(options), line(options), clerk(options)]
  const cluster = new SimCluster({
    seed,
    registry: new Registry({
      departments: actors.map((actor) => ({ name: actor.type, shards: 4, actors: [actor] })),
      supervision: supervise({ name: 'root', children: actors }),
    }),
    groups: { node: actors.map(({ type }) => type), edge: [] },
    nodes: [
      ...Array.from({ length: nodes }, (_, k) => ({ node: `node-${k + 1}`, group: 'node' })),
      { node: 'edge-1', group: 'edge' },
    ],
    restartMs: 300,
  })
  const came: number[] = []
  const sent: number[] = []
  const served: number[] = []
  let over = 0
  cluster.journal.onDurable((commit) => {
    if (commit.kind !== 'appended') return
    for (const { actor, at, message, events = [] } of commit.batch.records) {
      if (actor !== 'line/one') continue
      const heard = message as MessageOf<typeof LineMessage>
      if (heard.type === 'come') came[heard.n] = at
      if (heard.type === 'served') served[heard.n] = at
      over += heard.type === 'served' ? 1 : 0
      for (const event of events) sent[(event as unknown as { readonly n: number }).n] = at
    }
  })
  const command = (actor: ActorId, type: string): void => {
    const body = { kind: 'command', message: { type } } as const
    cluster.request('edge-1', { actor, body, key: type, timeoutMs: 5_000 }, () => {})
    cluster.runFor(1_000)
  }
  cluster.runFor(2_000)
  for (let clerk = 0; clerk < servers; clerk += 1) command(ref('clerk', String(clerk)), 'wake')
  command(ref('line', 'one'), 'wake')
  command(ref('door', 'front'), 'wake')
  command(ref('door', 'front'), 'open')
  const wanted = planted === 'loses-some' ? customers - Math.floor(customers / 1_000) : customers
  for (let crash = 0; over < wanted; crash += 1) {
    cluster.runFor((crashEvery ?? 1_000) * 1_000)
    if (crashEvery !== undefined) cluster.crash(`node-${(crash % nodes) + 1}`)
  }
  return {
    gaps: came.map((at, n) => at - (came[n - 1] ?? 0)),
    services: served.map((at, n) => at - (sent[n] ?? 0)),
    waits: sent.map((at, n) => at - (came[n] ?? 0)),
    crashes: cluster.restarts,
  }
}
