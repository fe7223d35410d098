/**
 * Operating nodes: seeing them, and doing to them what a bad day does.
 *
 * Does not: know how a node is killed or started. The launcher carries the commands out.
 */
import { type Static, Type } from 'typebox'
import { type Goal, nodesPerGoalMax } from '#actors'
import type { NodeId } from '#ports'
import {
  type ClusterClient,
  type ClusterView,
  type CommandOutcome,
  isUnowned,
  type NewerBuild,
  type NodeCommand,
  type NodeView,
  nodeStates,
  type ShardPlace,
} from '../cluster-client.ts'
import type { Departments } from '../departments.ts'
import { Problem } from '../problems.ts'
import { exact } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'
import type { Incidents } from './incidents.ts'
import { Accepted, keyHeader, type Operations } from './operations.ts'

const tags = ['cluster']
const NodeName = Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' })
const OfNode = Type.Object({ id: NodeName })
const durationMs = Type.Integer({ minimum: 1, maximum: 86_400_000 })
const count = Type.Integer({ minimum: 0 })
const Latencies = Type.Record(
  Type.String(),
  Type.Object(
    {
      count,
      sumMs: Type.Number(),
      maxMs: Type.Number(),
      p50Ms: Type.Number(),
      p95Ms: Type.Number(),
      p99Ms: Type.Number(),
      boundsMs: Type.Array(Type.Number()),
      buckets: Type.Array(count),
    },
    exact,
  ),
)

const Node = Type.Object(
  {
    id: Type.String(),
    group: Type.String(),
    state: Type.Enum([...nodeStates]),
    life: count,
    address: Type.String(),
    pid: Type.Optional(count),
    shardsOwned: count,
    counters: Type.Record(Type.String(), Type.Number()),
    gauges: Type.Record(Type.String(), Type.Number()),
    latencies: Latencies,
  },
  { ...exact, $id: 'Node' },
)
const NodeRef = Type.Unsafe<Static<typeof Node>>(Type.Ref('Node#'))
const build = { type: Type.String(), needs: Type.String(), has: Type.String() }
const Shard = Type.Object(
  {
    shard: Type.String(),
    epoch: count,
    owner: Type.Optional(Type.String()),
    waitsFor: Type.Optional(
      Type.Object(build, {
        ...exact,
        description: 'Nobody owns it: a newer build wrote to it, with that version of a machine.',
      }),
    ),
  },
  { ...exact, $id: 'Shard' },
)
const ShardRef = Type.Unsafe<Static<typeof Shard>>(Type.Ref('Shard#'))
const Cluster = Type.Object(
  {
    id: Type.String(),
    isReadOnly: Type.Boolean({ description: 'Nothing is changed through this listener.' }),
    world: Type.Object(
      {
        now: Timestamp,
        speed: Type.Number(),
        isSimulated: Type.Boolean({ description: 'Its time can be turned: see `/ops/v1/time`.' }),
      },
      exact,
    ),
    nodes: Type.Array(NodeRef),
    shards: Type.Object(
      {
        total: count,
        unowned: Type.Integer({ minimum: 0, description: 'To be taken within a second or two.' }),
        waiting: Type.Array(Type.Object({ ...build, shards: count }, exact), {
          description: 'Left to a node of a newer build, by the machine that it needs.',
        }),
      },
      exact,
    ),
  },
  exact,
)
const Invariant = Type.Object({ id: Type.String(), holds: Type.Boolean(), detail: Type.String() }, exact)

const said: Goal = { kind: 'said' }
const nodesAtOnceMax = 10
const commandFailures = [
  'audit-unavailable',
  'idempotency-key-invalid',
  'idempotency-key-reused',
  'request-in-progress',
  'busy',
  'dependency-open',
  'entity-relocating',
  'actor-timeout',
] as const

interface NodeRoutesParts {
  readonly client: ClusterClient
  readonly operations: Operations
  readonly departments: Departments
  readonly incidents: Incidents
  readonly isSimulated: boolean
  readonly isReadOnly: boolean
}

export function nodeRoutes(
  app: Server,
  { client, operations, departments, incidents, isSimulated, isReadOnly }: NodeRoutesParts,
): void {
  app.addSchema(Node)
  app.addSchema(Shard)

  app.get(
    '/ops/v1/cluster',
    { schema: { summary: 'Members, load and the clock of the world', tags, response: { 200: Cluster } } },
    async () => {
      const { id, world, nodes, shards } = await client.cluster()
      return {
        id,
        isReadOnly,
        world: { now: timestampOf(world.now), speed: world.speed, isSimulated },
        nodes: nodes.map(shownNode),
        shards: {
          total: shards.length,
          unowned: shards.filter(isUnowned).length,
          waiting: waitingFor(shards),
        },
      }
    },
  )
  app.get(
    '/ops/v1/nodes',
    {
      schema: {
        summary: 'All nodes',
        tags,
        response: { 200: Type.Object({ items: Type.Array(NodeRef) }, exact) },
      },
    },
    async () => ({ items: (await client.cluster()).nodes.map(shownNode) }),
  )
  app.get(
    '/ops/v1/nodes/:id',
    {
      schema: {
        summary: 'One node',
        tags,
        params: OfNode,
        response: { 200: NodeRef, ...problems('validation', 'not-found') },
      },
    },
    async ({ params }) => {
      const node = (await client.cluster()).nodes.find(({ id }) => id === params.id)
      if (node === undefined) throw new Problem('not-found', `There is no node '${params.id}'.`)
      return shownNode(node)
    },
  )
  app.get(
    '/ops/v1/shards',
    {
      schema: {
        summary: 'Every shard and its owner',
        tags,
        response: { 200: Type.Object({ items: Type.Array(ShardRef) }, exact) },
      },
    },
    async () => ({ items: [...(await client.cluster()).shards] }),
  )

  const carryOut = async (command: NodeCommand): Promise<readonly NodeId[]> => {
    const outcome = await client.command(command)
    if (outcome.kind !== 'accepted') throw refusalOf(outcome)
    return outcome.nodes ?? []
  }
  /** Of these nodes as they are now, or of all that run: they are up in a later life. */
  const upAgain = async (names?: readonly string[]): Promise<Goal> => {
    const { nodes } = await client.cluster()
    const lives = new Map(nodes.map(({ id, life }) => [id as string, life]))
    const meant = names ?? nodes.filter(({ state }) => state !== 'down').map(({ id }) => id)
    const goal = meant.slice(0, nodesPerGoalMax)
    return { kind: 'up', nodes: goal.map((node) => ({ node, afterLife: lives.get(node) ?? 0 })) }
  }
  const failures = problems(
    'validation',
    'not-found',
    'last-node',
    'node-gone',
    'invalid-transition',
    'unsupported',
    'command-failed',
    ...commandFailures,
  )
  app.post(
    '/ops/v1/nodes/:id/crash',
    {
      schema: {
        summary: 'Ends the process at once, as a power cut would (SIGKILL)',
        description: 'The operation is done when a new process of that name takes part.',
        tags,
        params: OfNode,
        headers: keyHeader,
        response: { 202: Accepted, ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      return operations.run(request, reply, id, async () => {
        const goal = await upAgain([id])
        await carryOut({ kind: 'crash', node: id as NodeId })
        return { goal }
      })
    },
  )
  const commands = [
    ['resume', 'Lets a paused process go on (SIGCONT)'],
    ['cordon', 'Keeps its shards, takes no more'],
    ['uncordon', 'Takes shards again'],
  ] as const
  for (const [kind, summary] of commands) {
    app.post(
      `/ops/v1/nodes/:id/${kind}`,
      {
        ...(kind === 'resume' && { config: { mends: true } as const }),
        schema: {
          summary,
          tags,
          params: OfNode,
          headers: keyHeader,
          response: { 202: Accepted, ...failures },
        },
      },
      async (request, reply) => {
        const node = request.params.id as NodeId
        return operations.run(request, reply, node, async () => {
          await carryOut({ kind, node })
          return { goal: said }
        })
      },
    )
  }
  app.post(
    '/ops/v1/nodes/:id/pause',
    {
      schema: {
        summary: 'Freezes the process (SIGSTOP); the launcher ends it when it stays frozen too long',
        tags,
        params: OfNode,
        headers: keyHeader,
        body: Type.Union([Type.Object({ forMs: Type.Optional(durationMs) }, exact), Type.Null()]),
        response: { 202: Accepted, ...failures },
      },
    },
    async (request, reply) => {
      const node = request.params.id as NodeId
      const forMs = request.body?.forMs
      return operations.run(request, reply, node, async () => {
        await carryOut({ kind: 'pause', node, ...(forMs !== undefined && { forMs }) })
        return { goal: said }
      })
    },
  )
  app.post(
    '/ops/v1/nodes/:id/drain',
    {
      schema: {
        summary: 'Hands its shards over, then ends; `force` also for the last node of a group',
        tags,
        params: OfNode,
        headers: keyHeader,
        body: Type.Union([Type.Object({ force: Type.Optional(Type.Boolean()) }, exact), Type.Null()]),
        response: { 202: Accepted, ...failures },
      },
    },
    async (request, reply) => {
      const node = request.params.id as NodeId
      const force = request.body?.force === true
      return operations.run(request, reply, node, async () => {
        await carryOut({ kind: 'drain', node, force })
        return { goal: { kind: 'gone', node } }
      })
    },
  )
  app.post(
    '/ops/v1/nodes',
    {
      schema: {
        summary: 'Starts more nodes of a group: one, or as many as `count` says',
        tags,
        headers: keyHeader,
        body: Type.Object(
          { group: NodeName, count: Type.Optional(Type.Integer({ minimum: 1, maximum: nodesAtOnceMax })) },
          exact,
        ),
        response: {
          202: Accepted,
          ...problems(
            'validation',
            'not-found',
            'node-limit',
            'unsupported',
            'command-failed',
            ...commandFailures,
          ),
        },
      },
    },
    async (request, reply) => {
      const { group, count: asked } = request.body
      return operations.run(request, reply, group, async () => {
        const before = await upAgain([])
        const nodes = await carryOut({
          kind: 'add-node',
          group,
          ...(asked !== undefined && { count: asked }),
        })
        const [node] = nodes
        const goal = nodes.length === 0 ? before : await upAgain(nodes)
        return { goal, answer: { ...(node !== undefined && { node }), nodes: [...nodes] } }
      })
    },
  )
  app.post(
    '/ops/v1/cluster/rolling-restart',
    {
      schema: {
        summary: 'Restarts every node, one after the other: each hands its shards over and is awaited',
        tags,
        headers: keyHeader,
        response: { 202: Accepted, ...failures },
      },
    },
    async (request, reply) =>
      operations.run(request, reply, 'cluster', async () => {
        const goal = await upAgain()
        await carryOut({ kind: 'rolling-restart' })
        return { goal }
      }),
  )
  app.get(
    '/ops/v1/invariants',
    {
      schema: {
        summary: 'What should hold at any time, as far as it can be seen without looking at everything',
        tags,
        response: { 200: Type.Object({ items: Type.Array(Invariant) }, exact) },
      },
    },
    async () => ({ items: invariantsOf(await client.cluster(), departments, incidents) }),
  )
}

export function refusalOf(outcome: Exclude<CommandOutcome, { readonly kind: 'accepted' }>): Problem {
  switch (outcome.kind) {
    case 'unknown-node':
      return new Problem('not-found', `There is no node '${outcome.node}'.`)
    case 'unknown-group':
      return new Problem(
        'not-found',
        `There is no group '${outcome.group}'. Groups: ${outcome.known.join(', ')}.`,
      )
    case 'refused':
      return new Problem(outcome.reason, outcome.detail)
    case 'failed':
      return new Problem('command-failed', outcome.detail)
  }
}

/** Shards that have no owner for longer than any recovery takes. */
const recoveryBoundMs = 5_000
/** More messages than this that wait on one node are a backlog. */
const backlogMax = 10_000

function invariantsOf(
  { nodes, shards }: ClusterView,
  { states }: Departments,
  { unownedMs }: Incidents,
): Static<typeof Invariant>[] {
  const total = (gauge: string): number => nodes.reduce((sum, { gauges }) => sum + (gauges[gauge] ?? 0), 0)
  const unowned = shards.filter(isUnowned).length
  const waiting = shards.filter(({ waitsFor }) => waitsFor !== undefined).length
  const silent = Object.keys(states).filter((name) => states[name] === 'silent')
  const behind = nodes.filter(({ gauges }) => (gauges.mailboxRows ?? 0) > backlogMax).map(({ id }) => id)
  const dead = total('deadLettersNow')
  return [
    {
      id: 'every-shard-owned',
      holds: unowned === 0 || unownedMs < recoveryBoundMs,
      detail:
        unowned > 0 && unownedMs < recoveryBoundMs
          ? `${unowned} of ${shards.length} are on their way to another owner`
          : `${unowned} of ${shards.length} have no owner`,
    },
    { id: 'no-shard-waits-for-a-build', holds: waiting === 0, detail: `${waiting} wait for a newer build` },
    { id: 'no-dead-letters', holds: dead === 0, detail: `${dead} messages could not be handled` },
    {
      id: 'no-backlog',
      holds: behind.length === 0,
      detail: `${total('mailboxRows')} messages wait${behind.length === 0 ? '' : `, too many on ${behind.join(', ')}`}`,
    },
    {
      id: 'departments-answer',
      holds: silent.length === 0,
      detail: silent.length === 0 ? 'all of them' : `silent: ${silent.join(', ')}`,
    },
  ]
}

function waitingFor(shards: readonly ShardPlace[]): (NewerBuild & { shards: number })[] {
  const builds = new Map<string, NewerBuild & { shards: number }>()
  for (const { waitsFor } of shards) {
    if (waitsFor === undefined) continue
    const name = `${waitsFor.type} ${waitsFor.needs}`
    builds.set(name, { ...waitsFor, shards: (builds.get(name)?.shards ?? 0) + 1 })
  }
  return [...builds.values()]
}

function shownNode(node: NodeView): Static<typeof Node> {
  return {
    ...node,
    counters: { ...node.counters },
    gauges: { ...node.gauges },
    latencies: Object.fromEntries(
      Object.entries(node.latencies).map(([name, latency]) => [
        name,
        { ...latency, boundsMs: [...latency.boundsMs], buckets: [...latency.buckets] },
      ]),
    ),
  }
}
