/**
 * The second protocol check: what actors wait for. Asks with deadlines, outbound calls, timers on both clocks, tombstones.
 *
 * Each errand is a clerk of its own. It asks a desk, again and again under one id until it is answered in time; has
 * a stamp put by a party outside; naps on the world clock and on the runtime clock; tells a ledger; and is done.
 * Clerks are passivated as soon as they wait. Nodes crash, freeze and hand over, clocks jump, writes fail, and the
 * whole machine loses power. Then every errand must be closed once, by a clerk that saw every answer and every
 * timer once, and nothing may be left that somebody waits for.
 *
 * Owns:     the little world, the random schedule, and the verdict.
 * Does not: check channels and hops: `protocol-check.ts` does.
 */
import { Type } from 'typebox'
import { assign, setup } from 'xstate'
import {
  type ActorDefinition,
  type ActorId,
  ask,
  type Birth,
  call,
  type Delivered,
  defineActor,
  draw,
  type Instant,
  type MessageOf,
  ref,
  reply,
  schedule,
  supervise,
  tell,
} from '#actor'
import { type NodeOptions, Registry } from '#host'
import type { NodeId, Outcome, ShardId } from '#ports'
import { SimCluster } from '../cluster.ts'
import type { OutsideModel } from '../outside.ts'

export type ErrandMutant = NonNullable<NodeOptions['broken']>

export interface ErrandResult {
  readonly seed: number
  /** What was violated, in words; empty when all held. */
  readonly violations: readonly string[]
  readonly turns: number
  readonly crashes: number
  readonly powerCuts: number
}

const Clerk = Type.Union([
  Type.Object({ type: Type.Literal('errand'), id: Type.String(), desk: Type.String() }),
  Type.Object({ type: Type.Literal('ready'), round: Type.Integer() }),
  Type.Object({ type: Type.Literal('rang'), clock: Type.String(), round: Type.Integer() }),
])
const Desk = Type.Union([
  Type.Object({ type: Type.Literal('fetch'), round: Type.Integer(), id: Type.String() }),
])
const Ledger = Type.Union([
  Type.Object({ type: Type.Literal('close'), id: Type.String() }),
  Type.Object({ type: Type.Literal('note'), id: Type.String() }),
])

interface ClerkContext {
  readonly key: string
  readonly desk: string
  readonly round: number
  readonly rang: readonly string[]
  readonly wrong: readonly string[]
}

const ledgers = ['one', 'two']
const desks = ['x', 'y', 'z']

function clerk(): ActorDefinition {
  const types = {
    context: {} as ClerkContext,
    events: {} as Delivered<MessageOf<typeof Clerk>>,
    input: {} as Birth,
  }
  const house = setup({ types })
  const amiss = (what: string) => ({
    actions: house.assign({ wrong: ({ context }) => [...context.wrong, what] }),
  })
  const alarm = (round: number, delayMs: number) =>
    schedule('alarm', delayMs, { type: 'rang', clock: 'runtime', round }, { clock: 'runtime' })
  const fetch = ask(
    'fetch',
    ({ context }: { context: ClerkContext }) => ref('desk', context.desk),
    ({ context }) => ({ type: 'fetch', round: context.round, id: context.key }),
    60,
  )
  const next = house.assign({ round: ({ context }) => context.round + 1 })
  const machine = house.createMachine({
    context: ({ input }) => ({ key: input.key, desk: '', round: 0, rang: [], wrong: [] }),
    initial: 'new',
    states: {
      new: {
        on: {
          errand: {
            target: 'fetching',
            actions: [assign(({ event }) => ({ desk: event.desk })), next, fetch],
          },
        },
      },
      fetching: {
        on: {
          ready: [
            { guard: ({ context, event }) => event.round === context.round, target: 'stamping' },
            amiss('an answer to an earlier question'),
          ],
          'ask.timeout': { actions: [next, fetch] },
          rang: amiss('a timer that was not set'),
        },
      },
      stamping: {
        entry: [
          alarm(1, 30),
          call({ id: 'stamp', handler: 'stamp', args: null, deadlineMs: 500, attemptsMax: 3 }),
        ],
        on: {
          ready: amiss('a second answer'),
          'ask.timeout': amiss('a timeout after the answer'),
          rang: [{ guard: ({ event }) => event.round === 1 }, amiss('a timer of later')],
          'call.done': 'napping',
          'call.failed': 'napping',
        },
      },
      napping: {
        entry: [
          alarm(2, 400),
          schedule('nap', 150, { type: 'rang', clock: 'world', round: 2 }, { clock: 'world' }),
        ],
        on: {
          ready: amiss('a second answer'),
          'call.done': amiss('a second result'),
          'call.failed': amiss('a second result'),
          rang: [
            { guard: ({ event }) => event.round !== 2, ...amiss('a timer that was replaced') },
            { guard: ({ context, event }) => context.rang.includes(event.clock), ...amiss('a timer twice') },
            { guard: ({ context }) => context.rang.length === 1, target: 'done' },
            { actions: assign(({ context, event }) => ({ rang: [...context.rang, event.clock] })) },
          ],
        },
      },
      done: {
        type: 'final',
        entry: tell(
          ({ context }: { context: ClerkContext }) => ref('ledger', ledgerOf(context.key)),
          ({ context }) => ({ type: 'close', id: context.key }),
        ),
      },
    },
  })
  return defineActor({
    type: 'clerk',
    accepts: Clerk,
    creates: ['errand'],
    machine,
    passivateAfter: 1,
    queries: { view: (state) => state },
  })
}

/** Its turns fail now and then, so that answers come late. */
function desk(failing: (id: string, round: number) => boolean): ActorDefinition {
  const types = { events: {} as Delivered<MessageOf<typeof Desk>>, input: {} as Birth }
  const answer = reply(({ event }: { event: { round: number; id: string } }) => {
    if (failing(event.id, event.round)) throw new Error('not now')
    return { type: 'ready', round: event.round }
  })
  const machine = setup({ types }).createMachine({ context: {}, on: { fetch: { actions: answer } } })
  return defineActor({ type: 'desk', accepts: Desk, creates: ['fetch'], machine, passivateAfter: 50 })
}

function ledger(): ActorDefinition {
  const types = {
    context: {} as { readonly lines: readonly string[] },
    events: {} as Delivered<MessageOf<typeof Ledger>>,
    input: {} as Birth,
  }
  const house = setup({ types })
  const machine = house.createMachine({
    context: { lines: [] },
    on: {
      close: { actions: assign(({ context, event }) => ({ lines: [...context.lines, event.id] })) },
      note: { actions: assign(({ context, event }) => ({ lines: [...context.lines, event.id] })) },
    },
  })
  return defineActor({
    type: 'ledger',
    accepts: Ledger,
    creates: ['close', 'note'],
    machine,
    passivateAfter: 1,
    queries: { lines: (state) => (state.context as { lines: readonly string[] }).lines },
  })
}

const ledgerOf = (key: string): string => ledgers[Number(key.slice(1)) % ledgers.length] as string

/** Someone outside who sends each thing again until it is heard, or, without a key, once. */
interface Sent {
  readonly id: string
  readonly keyed: boolean
  readonly actor: ActorId
  readonly message: { readonly type: string; readonly id: string }
  outcome?: Outcome['kind']
}

const nodes = ['node-1', 'node-2', 'node-3'] as NodeId[]
const span = 3_000
/** How often a node has to hand over what it owns, and how many notes are sent around each time. */
const moves = 5
const crowd = 12

type Chance = (name: string, n?: number) => number

const moveAt = (chance: Chance, n: number): number =>
  150_000 + Math.floor(chance('move.at', n) * span * 1_000)

const noteOf = (id: string): Sent => ({
  id,
  keyed: false,
  actor: ref('ledger', ledgerOf(id)),
  message: { type: 'note', id },
})

/** Runs one random schedule and says what broke. */
export function checkErrands({ seed, broken }: { seed: number; broken?: ErrandMutant }): ErrandResult {
  const chance: Chance = (name, n = 0) => draw(seed, `errand.${name}`, n)
  const tries = new Map<string, number>()
  const registry = new Registry({
    departments: [
      {
        name: 'office',
        shards: 4,
        actors: [
          clerk(),
          desk((id, round) => {
            const times = tries.get(`${id}/${round}`) ?? 0
            tries.set(`${id}/${round}`, times + 1)
            // Only the first questions: a desk that never catches up would answer nobody in time.
            return round <= 2 && times < 1 && draw(seed, id, round) < 0.4
          }),
          ledger(),
        ],
      },
    ],
    supervision: supervise({ name: 'root', children: [], intensity: { restarts: 1_000, withinMs: 1_000 } }),
    freeze: true,
  })
  const asked = new Set<string>()
  const violations: string[] = []
  const stamp: OutsideModel = (_args, { key, draw: next }) => {
    if (!asked.has(key)) violations.push(`leaked: the call ${key} was made before it was durable`)
    const late = next() < 0.2
    // Most come about when the alarm of this wait rings: either may be first.
    return {
      afterUs: late ? 600_000 : 20_000 + Math.floor(next() * 20_000),
      outcome: next() < 0.2 ? { kind: 'unknown', detail: 'busy' } : { kind: 'done', result: 1 },
    }
  }
  const cluster = new SimCluster({
    seed,
    registry,
    groups: { mixed: ['office'], edge: [] },
    nodes: [...nodes.map((node) => ({ node, group: 'mixed' })), { node: 'edge-1', group: 'edge' }],
    bounds: {
      passivationSweepMs: 4,
      carefulMs: 100,
      resendMinMs: 20,
      resendMaxMs: 200,
      // With one turn a write, messages wait; with more, they share their batch's fate.
      ...(chance('slow') < 0.5
        ? { batchTurnsMax: 1, batchesInFlightMax: 1 }
        : { batchTurnsMax: 4, batchesInFlightMax: 2 }),
    },
    clusterBounds: { settleMs: 20, stableMs: 50, reviewMs: 100, heirMs: 100 },
    models: new Map([['stamp', stamp]]),
    restartMs: 50,
    ...(broken === undefined ? {} : { broken }),
  })
  let turns = 0
  const suspected = new Set<string>()
  const latest = new Map<ShardId, Instant>()
  cluster.journal.onDurable((commit) => {
    if (commit.kind !== 'appended') return
    for (const { shard, at } of commit.batch.records) {
      turns += 1
      if (at < (latest.get(shard) ?? 0)) violations.push(`clock: ${shard} went back to ${at}`)
      latest.set(shard, at)
    }
    for (const { table, value } of commit.batch.writes) {
      if (table === 'calls' && value !== undefined) asked.add(value.key)
      if (table !== 'mailbox' || value?.dead === undefined) continue
      const { envelope, dead } = value
      const { id } = envelope.message as { id?: string }
      if (dead.reason === 'poison') suspected.add(id ?? '').add(envelope.to.slice('clerk/'.length))
      else
        violations.push(
          `dead letter: ${envelope.message.type} to ${envelope.to}, ${dead.reason}: ${dead.detail}`,
        )
    }
  })

  const sent = Array.from({ length: 24 }, (_, n): Sent => {
    const id = `e${n}`
    const keyed = n % 3 > 0
    const desk = desks[Math.floor(chance('desk', n) * desks.length)] as string
    return keyed
      ? { id, keyed, actor: ref('clerk', id), message: { type: 'errand', id, desk } as Sent['message'] }
      : noteOf(id)
  })
  for (const [n, each] of sent.entries())
    cluster.timeline.after(100_000 + Math.floor(chance('at', n) * span * 1_000), () => send(cluster, each))
  for (let n = 0; n < moves * crowd; n += 1) {
    const each = noteOf(`m${n}`)
    const at = moveAt(chance, Math.floor(n / crowd)) + Math.floor(chance('crowd', n) * 6_000)
    sent.push(each)
    cluster.timeline.after(at, () => send(cluster, each))
  }
  const powerCuts = faults(cluster, chance)

  cluster.runFor(span + 500)
  cluster.network.healAll()
  cluster.runFor(12_000)
  violations.push(...verdict(cluster, sent, suspected))
  return { seed, violations, turns, crashes: cluster.restarts, powerCuts }
}

function send(cluster: SimCluster, each: Sent): void {
  const { id, keyed, actor, message } = each
  const again = (): void => void cluster.timeline.after(50_000, () => send(cluster, each))
  const named = keyed ? { key: id, fingerprint: id } : {}
  let heard = false
  const body = { kind: 'command', message } as const
  const isSent = cluster.request('edge-1', { actor, body, timeoutMs: 400, ...named }, ({ kind }) => {
    heard = true
    if (kind !== 'done' && keyed) again()
    else each.outcome = kind
  })
  // An edge that dies answers nobody.
  if (isSent) cluster.timeline.after(600_000, () => !heard && keyed && again())
  else again()
}

/** Returns how often the power goes. */
function faults(cluster: SimCluster, chance: Chance): number {
  const pick = (name: string, n: number): NodeId =>
    nodes[Math.floor(chance(name, n) * nodes.length)] as NodeId
  const some = (kind: string, strike: (n: number) => void): number => {
    if (chance(`has.${kind}`) > 0.5) return 0
    const times = 1 + Math.floor(chance(`${kind}.n`) * 3)
    for (let n = 0; n < times; n += 1)
      cluster.timeline.after(150_000 + Math.floor(chance(`${kind}.at`, n) * span * 1_000), () => strike(n))
    return times
  }
  // No doubled frames: a request without a key would run twice by the network's doing.
  if (chance('has.lossy') < 0.5) cluster.network.shape({ drop: 0.03, duplicate: 0, reorder: 0.1 })
  some('crash', (n) => cluster.crash(pick('crash.who', n)))
  some('pause', (n) => cluster.pause(pick('pause.who', n), chance('pause.for', n) < 0.7 ? 150 : 2_000))
  some('write', (n) => cluster.journal.failNext(pick('write.who', n), chance('write.ok', n) < 0.5))
  some('clock', (n) =>
    cluster.clockOf(pick('clock.who', n))?.step(Math.floor(chance('clock.by', n) * 400_000)),
  )
  for (let n = 0; n < moves; n += 1) {
    const node = pick('move.who', n)
    cluster.timeline.after(moveAt(chance, n) + 3_000, () => {
      if (cluster.membership.members.find((member) => member.node === node)?.state !== 'up') return
      cluster.membership.setState(node, 'leaving')
      // It wakes to find, all at once, what was sent to it and that it has to let go.
      cluster.pause(node, 10)
      cluster.timeline.after(100_000, () => cluster.membership.setState(node, 'up'))
    })
  }
  return some('power', () => {
    cluster.journal.losePower()
    for (const node of cluster.nodes) cluster.crash(node)
  })
}

/** What is left, and what clerks and ledgers remember, once all is quiet. */
function verdict(cluster: SimCluster, sent: readonly Sent[], suspected: ReadonlySet<string>): string[] {
  const found: string[] = []
  for (const table of ['timers', 'asks', 'calls'] as const) {
    for (const [key, { actor }] of cluster.journal.rows(table)) {
      if (!suspected.has(actor.slice('clerk/'.length))) found.push(`left over: ${table} ${key.join(' ')}`)
    }
  }
  const lines: string[] = []
  let open = ledgers.length
  for (const name of ledgers) {
    cluster.query('edge-1', ref('ledger', name), 'lines', (outcome) => {
      open -= 1
      if (outcome.kind === 'answer') lines.push(...(outcome.value as readonly string[]))
      else if (outcome.kind !== 'unknown') found.push(`stuck: the ledger ${name} answers ${outcome.kind}`)
    })
  }
  for (const { id, actor } of sent.filter(({ keyed }) => keyed)) {
    open += 1
    cluster.query('edge-1', actor, 'view', (outcome) => {
      open -= 1
      if (outcome.kind !== 'answer') {
        if (!suspected.has(id)) found.push(`stuck: ${actor} answers ${outcome.kind}`)
        return
      }
      const { wrong } = (outcome.value as { context: ClerkContext }).context
      found.push(...wrong.map((what) => `${actor} got ${what}`))
      if (outcome.state !== 'done' && !suspected.has(id))
        found.push(`stuck: ${actor} is ${JSON.stringify(outcome.state)}`)
    })
  }
  cluster.runFor(3_000)
  if (open > 0) found.push(`stuck: ${open} queries have no answer`)
  for (const { id, keyed, outcome } of sent) {
    const times = lines.filter((line) => line === id).length
    if (times > 1) found.push(`doubled: ${id}, ${times} times`)
    if (times < 1 && (keyed || outcome === 'done') && !suspected.has(id)) found.push(`lost: ${id}`)
  }
  return found
}
