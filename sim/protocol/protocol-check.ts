/**
 * The small protocol check: a few shards and actors, no restaurant, and every fault at once.
 *
 * Requests enter through an edge node and hop along a path of actors. Nodes crash, freeze, drain, are announced
 * dead while they live; frames are lost, doubled and reordered; writes fail. Then everything heals, and each hop
 * must have happened exactly once, in order, nothing may have left a node before it was durable, and nobody who asked
 * may have been shown what was no longer so.
 *
 * Owns:     the little world, the random schedule, and the verdict.
 * Does not: know how the kernel keeps its promises. It sees requests, commits and what actors remember.
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
  type MessageOf,
  ref,
  supervise,
} from '#actor'
import { type NodeOptions, Registry } from '#host'
import type { MessageId, NodeId, Outcome, ScopeId, ShardId } from '#ports'
import { SimCluster } from '../cluster.ts'
import type { Commit, JournalMutant } from '../journal.ts'
import { ReadsCheck } from '../reads-check.ts'

export type ProtocolMutant = NonNullable<NodeOptions['broken']> | JournalMutant

export interface ProtocolOptions {
  readonly seed: number
  readonly broken?: ProtocolMutant
  readonly requests?: number
}

export interface ProtocolResult {
  readonly seed: number
  /** What was violated, in words; empty when all held. */
  readonly violations: readonly string[]
  readonly events: number
  readonly turns: number
  readonly crashes: number
}

const journalMutants: ReadonlySet<string> = new Set<JournalMutant>([
  'skip-seal',
  'accept-stale-position',
  'durable-at-visible',
  'keep-part-of-refused',
])

const Hop = Type.Object({
  type: Type.Literal('hop'),
  id: Type.String(),
  path: Type.Array(Type.String()),
  sender: Type.String(),
  /** The sender's count of what it sent to this actor: gaps and swaps show. */
  n: Type.Integer(),
  fails: Type.Boolean(),
  waitMs: Type.Integer(),
})
const Go = Type.Object({
  type: Type.Literal('go'),
  id: Type.String(),
  path: Type.Array(Type.String()),
  fails: Type.Boolean(),
})
const Contract = Type.Union([Hop, Go])
type WalkerMessage = MessageOf<typeof Contract>

interface Walker {
  readonly key: string
  readonly seen: readonly string[]
  readonly last: Readonly<Record<string, number>>
  readonly sent: Readonly<Record<string, number>>
  readonly wrong: readonly string[]
}

/** `failing` is asked in a turn whether it should throw: the one impurity, and it is the test's. */
function walker(failing: (id: string, key: string) => boolean): ActorDefinition {
  const machine = setup({
    types: { context: {} as Walker, events: {} as Delivered<WalkerMessage>, input: {} as Birth },
  }).createMachine({
    context: ({ input }) => ({ key: input.key, seen: [], last: {}, sent: {}, wrong: [] }),
    on: {
      hop: {
        actions: [
          assign(({ context, event }) => {
            const expected = (context.last[event.sender] ?? 0) + 1
            return {
              seen: [...context.seen, event.id],
              last: { ...context.last, [event.sender]: event.n },
              sent: event.waitMs > 0 ? context.sent : counted(context.sent, event.path[0]),
              wrong:
                event.sender === '' || event.n === expected
                  ? context.wrong
                  : [...context.wrong, `${event.id} from ${event.sender} is ${event.n}, not ${expected}`],
            }
          }),
          effects(({ context, event }) => {
            if (event.fails && failing(event.id, context.key))
              throw new Error(`${event.id} fails at ${context.key}`)
            const { id, path, fails } = event
            return event.waitMs > 0
              ? [
                  {
                    kind: 'schedule',
                    id,
                    delayMs: event.waitMs,
                    clock: 'runtime',
                    message: go(id, path, fails),
                  },
                ]
              : onward(context, event)
          }),
        ],
      },
      go: {
        actions: [
          assign(({ context, event }) => ({ sent: counted(context.sent, event.path[0]) })),
          effects(({ context, event }) => onward(context, event)),
        ],
      },
    },
  })
  return defineActor({
    type: 'walker',
    accepts: Contract,
    creates: ['hop'],
    machine,
    passivateAfter: 100,
    queries: { view: (s) => s.context },
  })
}

function go(id: string, path: readonly string[], fails: boolean): WalkerMessage {
  return { type: 'go', id, path: [...path], fails }
}

function counted(sent: Walker['sent'], to: string | undefined): Walker['sent'] {
  return to === undefined ? sent : { ...sent, [to]: (sent[to] ?? 0) + 1 }
}

function onward(context: Walker, event: { id: string; path: readonly string[]; fails: boolean }) {
  const [next, ...path] = event.path
  if (next === undefined) return []
  // Every third hop waits for a durable timer before it goes on.
  const waitMs = path.length > 0 && draw(1, `${event.id}/${path.length}`) < 0.3 ? 40 : 0
  const message = {
    type: 'hop',
    id: event.id,
    path,
    sender: context.key,
    n: context.sent[next] ?? 0,
    fails: event.fails,
    waitMs,
  }
  return [{ kind: 'tell' as const, to: ref('walker', next), message }]
}

interface Asked {
  readonly id: string
  readonly path: readonly string[]
  acknowledged: boolean
}

/** Microseconds: loads and writes overlap with whatever else happens. */
const slowDisk = { visible: [500, 200_000], flush: [500, 5_000], read: [500, 150_000] } as const

const walkers = ['a', 'b', 'c', 'd', 'e', 'f']
const shardCount = 4
/** Questions to actors while all goes wrong. */
const looks = 40
/** Who is still busy so long after all has healed gets more time: the disk may be slow, and there may be much to do. */
const healedMs = 10_000
const patienceMs = 100_000
const nodes = ['node-1', 'node-2', 'node-3']

/** Runs one random schedule and says what broke. */
export function checkProtocol(options: ProtocolOptions): ProtocolResult {
  const { seed, broken } = options
  const failed = new Map<string, number>()
  const registry = new Registry({
    departments: [
      {
        name: 'walk',
        shards: shardCount,
        actors: [
          walker((id, key) => {
            const times = failed.get(`${id}@${key}`) ?? 0
            failed.set(`${id}@${key}`, times + 1)
            return times < 2
          }),
        ],
      },
    ],
    supervision: supervise({ name: 'root', children: [], intensity: { restarts: 20, withinMs: 1_000 } }),
    freeze: true,
  })
  const inJournal = broken !== undefined && journalMutants.has(broken)
  const chance = (name: string, n = 0): number => draw(seed, name, n)
  const cluster = new SimCluster({
    seed,
    registry,
    groups: { mixed: ['walk'], edge: [] },
    nodes: [...nodes.map((node) => ({ node, group: 'mixed' })), { node: 'edge-1', group: 'edge' }],
    bounds: {
      passivationSweepMs: 150,
      activationsMax: 4,
      mailboxWindow: chance('has.window') < 0.5 ? 1 : 100,
      carefulMs: 200,
      batchTurnsMax: 4,
      channelWindow: 4,
      resendMinMs: 20,
      resendMaxMs: 200,
      attemptsMax: 50,
    },
    clusterBounds: { settleMs: 20, stableMs: 50, reviewMs: 100, heirMs: 100 },
    restartMs: 50,
    membershipDelayMaxUs: chance('has.late-news') < 0.5 ? 2_000 : 300_000,
    journal: {
      ...(chance('has.slow') < 0.3 ? { delays: slowDisk } : {}),
      ...(inJournal ? { break: new Set([broken as JournalMutant]) } : {}),
    },
    ...(broken !== undefined && !inJournal ? { broken: broken as NonNullable<NodeOptions['broken']> } : {}),
  })
  const watch = new CommitWatch(cluster)
  const asked: Asked[] = []
  const requests = options.requests ?? 24
  const span = 4_000

  for (let n = 0; n < requests; n += 1) {
    const length = 2 + Math.floor(chance('length', n) * 4)
    const path = Array.from(
      { length },
      (_, hop) => walkers[Math.floor(chance(`path.${hop}`, n) * walkers.length)] as string,
    )
    const request: Asked = { id: `r${n}`, path, acknowledged: false }
    asked.push(request)
    cluster.timeline.after(100_000 + Math.floor(chance('at', n) * span * 1_000), () =>
      ask(cluster, watch, request, chance('fails', n) < 0.2),
    )
  }
  for (let n = 0; n < looks; n += 1) {
    const key = walkers[Math.floor(chance('look', n) * walkers.length)] as string
    cluster.timeline.after(100_000 + Math.floor(chance('look.at', n) * span * 1_000), () =>
      look(cluster, watch, ref('walker', key)),
    )
  }
  schedule(cluster, chance, span)

  cluster.runFor(span + 500)
  heal(cluster)
  let waitedMs = 0
  do {
    cluster.runFor(healedMs)
    waitedMs += healedMs
  } while (waitedMs < patienceMs && !isQuiet(cluster))

  const violations = [...watch.violations, ...verdict(cluster, asked, watch.suspected)]
  return { seed, violations, events: cluster.timeline.events, turns: watch.turns, crashes: cluster.restarts }
}

/** A client that only repeats, with its key, until it is answered. */
function ask(cluster: SimCluster, watch: CommitWatch, request: Asked, fails: boolean): void {
  const again = (): void => void cluster.timeline.after(50_000, () => ask(cluster, watch, request, fails))
  const [first, ...path] = request.path
  const message = { type: 'hop', id: request.id, path, sender: '', n: 0, fails, waitMs: 0 }
  const sent = cluster.request(
    'edge-1',
    {
      actor: ref('walker', first as string),
      body: { kind: 'command', message },
      key: request.id,
      fingerprint: request.id,
      timeoutMs: 400,
    },
    (outcome: Outcome) => {
      if (outcome.kind !== 'done') return again()
      request.acknowledged = true
      watch.left(request.id)
    },
  )
  if (!sent) again()
}

function look(cluster: SimCluster, watch: CommitWatch, actor: ActorId): void {
  const problemOf = watch.reads.asked(actor)
  cluster.query('edge-1', actor, 'view', (outcome) => {
    const problem = problemOf(outcome)
    if (problem !== undefined) watch.violations.push(`read: ${problem}`)
  })
}

/** Nothing is on its way any more but dead letters. */
function isQuiet({ journal }: SimCluster): boolean {
  for (const _ of journal.rows('outbox')) return false
  for (const [, { dead }] of journal.rows('mailbox')) if (dead === undefined) return false
  return true
}

/** The random schedule of faults. Which kinds there are is drawn too, so that some runs are calm in most ways. */
function schedule(cluster: SimCluster, chance: (name: string, n?: number) => number, span: number): void {
  const has = (kind: string): boolean => chance(`has.${kind}`) < 0.5
  const pick = (name: string, n: number): NodeId =>
    nodes[Math.floor(chance(name, n) * nodes.length)] as NodeId
  const at = (name: string, n: number, run: () => void): void =>
    void cluster.timeline.after(150_000 + Math.floor(chance(`${name}.at`, n) * span * 1_000), run)

  if (has('lossy')) cluster.network.shape({ drop: 0.05, duplicate: 0.05, reorder: 0.1 })
  const times = (kind: string): number[] =>
    has(kind) ? Array.from({ length: 1 + Math.floor(chance(`${kind}.n`) * 4) }, (_, n) => n) : []
  for (const n of times('crash')) at('crash', n, () => cluster.crash(pick('crash.who', n)))
  for (const n of times('pause'))
    at('pause', n, () => cluster.pause(pick('pause.who', n), chance('pause.for', n) < 0.7 ? 150 : 2_000))
  for (const n of times('drain')) {
    at('drain', n, () => {
      const node = pick('drain.who', n)
      cluster.drain(node)
      cluster.timeline.after(300_000, () => cluster.crash(node))
    })
  }
  for (const n of times('move')) {
    at('move', n, () => {
      const node = pick('move.who', n)
      const state = cluster.membership.members.find((m) => m.node === node)?.state
      if (state === 'up') cluster.membership.setState(node, 'leaving')
      cluster.timeline.after(60_000 + Math.floor(chance('move.for', n) * 100_000), () =>
        cluster.membership.setState(node, 'up'),
      )
    })
  }
  for (const n of times('lie')) {
    at('lie', n, () => {
      const node = pick('lie.who', n)
      if (cluster.membership.members.filter((m) => m.group === 'mixed').length < 2) return
      cluster.membership.announceEnd(node)
      // Much later the truth: it ends, and a new process takes its name.
      cluster.timeline.after(400_000 + Math.floor(chance('lie.for', n) * 600_000), () => cluster.crash(node))
    })
  }
  for (const n of times('cut')) {
    at('cut', n, () => {
      const node = pick('cut.who', n)
      const others = [...nodes.filter((other) => other !== node), 'edge-1'] as NodeId[]
      const cut = cluster.network.cut([node], others, chance('cut.way', n) < 0.5 ? 'both' : 'one-way')
      cluster.timeline.after(300_000, () => cut.heal())
    })
  }
  for (const n of times('write'))
    at('write', n, () => cluster.journal.failNext(pick('write.who', n), chance('write.ok', n) < 0.5))
  for (const n of times('full')) {
    at('full', n, () => {
      const full = cluster.journal.fill()
      cluster.timeline.after(200_000, () => full.heal())
    })
  }
}

function heal(cluster: SimCluster): void {
  cluster.network.healAll()
  cluster.journal.healAll()
}

/** What the actors remember, once all is quiet, against what was asked. */
function verdict(cluster: SimCluster, asked: readonly Asked[], suspected: ReadonlySet<string>): string[] {
  const found: string[] = []
  const seen = new Map<string, readonly string[]>()
  let open = walkers.length
  for (const key of walkers) {
    cluster.query('edge-1', ref('walker', key), 'view', (outcome) => {
      open -= 1
      if (outcome.kind === 'answer') {
        const context = outcome.value as Walker
        seen.set(key, context.seen)
        // What follows a dead letter on its way is out of step by that one.
        if (suspected.size === 0) found.push(...context.wrong.map((wrong) => `order: at ${key}, ${wrong}`))
      } else if (outcome.kind !== 'unknown') found.push(`stuck: ${key} answers ${outcome.kind}`)
    })
  }
  cluster.runFor(3_000)
  if (open > 0) found.push(`stuck: ${open} queries have no answer`)
  for (const request of asked) {
    const expected = tally(request.path)
    for (const key of walkers) {
      const times = (seen.get(key) ?? []).filter((id) => id === request.id).length
      const wanted = expected.get(key) ?? 0
      if (times > wanted) found.push(`doubled: ${request.id} at ${key}, ${times} times instead of ${wanted}`)
      if (times < wanted && request.acknowledged && !suspected.has(request.id))
        found.push(`lost: ${request.id} at ${key}, ${times} times instead of ${wanted}`)
    }
    // A suspect is answered that it failed, each time that it comes.
    if (!request.acknowledged && !suspected.has(request.id))
      found.push(`stuck: ${request.id} was never acknowledged`)
  }
  return found
}

function tally(path: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of path) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

/** Watches every commit: who may write a shard, and whether anything left before it was durable. */
class CommitWatch {
  readonly violations: string[] = []
  readonly reads = new ReadsCheck()
  turns = 0
  readonly #owner = new Map<ShardId, { readonly scope: ScopeId; readonly epoch: number }>()
  readonly #scopeOf = new Map<MessageId, ScopeId>()
  readonly #durable = new Set<MessageId>()
  readonly #durableRequests = new Set<string>()
  /** Requests of which a message was on trial in two deaths: a dead letter by rule, not a loss. */
  readonly suspected = new Set<string>()

  constructor(cluster: SimCluster) {
    cluster.journal.onCommit((commit) => this.#committed(commit))
    cluster.journal.onDurable((commit) => {
      if (commit.kind !== 'appended') return
      for (const record of commit.batch.records) {
        this.reads.record(record)
        this.#durable.add(record.id)
        if (record.message.type === 'hop' && record.from === undefined)
          this.#durableRequests.add((record.message as unknown as { id: string }).id)
      }
    })
  }

  /** An answer reached the client. */
  left(request: string): void {
    if (!this.#durableRequests.has(request))
      this.violations.push(`leaked: ${request} was answered before it was durable`)
  }

  #committed(commit: Commit): void {
    if (commit.kind === 'acquired') {
      const before = this.#owner.get(commit.shard)
      if (commit.epoch !== (before?.epoch ?? 0) + 1)
        this.violations.push(`epoch: ${commit.shard} went from ${before?.epoch ?? 0} to ${commit.epoch}`)
      this.#owner.set(commit.shard, { scope: commit.scope, epoch: commit.epoch })
      return
    }
    if (commit.kind !== 'appended') return
    for (const write of commit.batch.writes) {
      if (write.table !== 'mailbox' || write.value?.dead === undefined) continue
      const { dead, envelope } = write.value
      if (dead.reason === 'poison') this.suspected.add((envelope.message as unknown as { id: string }).id)
      else
        this.violations.push(`dead letter: ${envelope.id} to ${envelope.to}, ${dead.reason}: ${dead.detail}`)
    }
    for (const record of commit.batch.records) {
      this.turns += 1
      const owner = this.#owner.get(record.shard)
      if (owner?.scope !== commit.scope)
        this.violations.push(
          `owner: ${commit.scope} wrote ${record.shard}, which ${owner?.scope ?? 'nobody'} owns`,
        )
      this.#scopeOf.set(record.id, commit.scope)
      if (record.from === undefined || record.cause === undefined) continue
      const origin = this.#scopeOf.get(record.cause)
      if (origin !== commit.scope && !this.#durable.has(record.cause)) {
        this.violations.push(`leaked: ${record.id} reached ${record.actor} before its cause was durable`)
      }
    }
  }
}
