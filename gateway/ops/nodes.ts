/**
 * Operating nodes: seeing them, and doing to them what a bad day does.
 *
 * Does not: know how a node is killed or started. The launcher carries the commands out.
 */
import { type Static, Type } from 'typebox'
import type { NodeId } from '#ports'
import {
  type ClusterClient,
  type CommandOutcome,
  isUnowned,
  type NewerBuild,
  type NodeCommand,
  type NodeView,
  nodeStates,
  type ShardPlace,
} from '../cluster-client.ts'
import { Problem } from '../problems.ts'
import { problems, type Server } from '../server.ts'
import { Timestamp, timestampOf } from '../timestamp.ts'

const exact = { additionalProperties: false } as const
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
    world: Type.Object({ now: Timestamp, speed: Type.Number() }, exact),
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
const Accepted = Type.Object({ accepted: Type.Literal(true), node: Type.Optional(Type.String()) }, exact)
const Partition = Type.Object(
  {
    kind: Type.Literal('partition'),
    a: Type.Array(NodeName, { minItems: 1, maxItems: 100, uniqueItems: true }),
    b: Type.Array(NodeName, { minItems: 1, maxItems: 100, uniqueItems: true }),
    forMs: Type.Optional(durationMs),
  },
  exact,
)

export function nodeRoutes(app: Server, client: ClusterClient): void {
  app.addSchema(Node)
  app.addSchema(Shard)

  app.get(
    '/ops/v1/cluster',
    { schema: { summary: 'Members, load and the clock of the world', tags, response: { 200: Cluster } } },
    async () => {
      const { id, world, nodes, shards } = await client.cluster()
      return {
        id,
        world: { now: timestampOf(world.now), speed: world.speed },
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

  const run = async (command: NodeCommand): Promise<Static<typeof Accepted>> => {
    const outcome = await client.command(command)
    if (outcome.kind !== 'accepted') throw refusalOf(outcome)
    return { accepted: true, ...(outcome.node !== undefined && { node: outcome.node }) }
  }
  const failures = problems(
    'validation',
    'not-found',
    'last-node',
    'node-gone',
    'invalid-transition',
    'unsupported',
    'command-failed',
  )
  const commands = [
    ['crash', 'Ends the process at once, as a power cut would (SIGKILL)'],
    ['resume', 'Lets a paused process go on (SIGCONT)'],
    ['cordon', 'Keeps its shards, takes no more'],
    ['uncordon', 'Takes shards again'],
  ] as const
  for (const [kind, summary] of commands) {
    app.post(
      `/ops/v1/nodes/:id/${kind}`,
      { schema: { summary, tags, params: OfNode, response: { 202: Accepted, ...failures } } },
      async ({ params }, reply) => {
        reply.code(202).header('location', `/ops/v1/nodes/${params.id}`)
        return run({ kind, node: params.id as NodeId })
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
        body: Type.Union([Type.Object({ forMs: Type.Optional(durationMs) }, exact), Type.Null()]),
        response: { 202: Accepted, ...failures },
      },
    },
    async ({ params, body }, reply) => {
      reply.code(202).header('location', `/ops/v1/nodes/${params.id}`)
      return run({
        kind: 'pause',
        node: params.id as NodeId,
        ...(body?.forMs !== undefined && { forMs: body.forMs }),
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
        body: Type.Union([Type.Object({ force: Type.Optional(Type.Boolean()) }, exact), Type.Null()]),
        response: { 202: Accepted, ...failures },
      },
    },
    async ({ params, body }, reply) => {
      reply.code(202).header('location', `/ops/v1/nodes/${params.id}`)
      return run({ kind: 'drain', node: params.id as NodeId, force: body?.force === true })
    },
  )
  app.post(
    '/ops/v1/nodes',
    {
      schema: {
        summary: 'Starts one more node of a group',
        tags,
        body: Type.Object({ group: NodeName }, exact),
        response: {
          202: Accepted,
          ...problems('validation', 'not-found', 'node-limit', 'unsupported', 'command-failed'),
        },
      },
    },
    async ({ body }, reply) => {
      const accepted = await run({ kind: 'add-node', group: body.group })
      reply.code(202)
      if (accepted.node !== undefined) reply.header('location', `/ops/v1/nodes/${accepted.node}`)
      return accepted
    },
  )
  app.post(
    '/ops/v1/faults',
    {
      schema: {
        summary: 'Cuts the links between two sets of nodes',
        tags: ['faults'],
        body: Partition,
        response: {
          201: Partition,
          ...problems('validation', 'not-found', 'node-gone', 'unsupported', 'command-failed'),
        },
      },
    },
    async ({ body }, reply) => {
      const { a, b, forMs } = body
      const cut = { kind: 'partition', a: a as NodeId[], b: b as NodeId[] } as const
      await run(forMs === undefined ? cut : { ...cut, forMs })
      reply.code(201).header('location', '/ops/v1/faults')
      return body
    },
  )
  app.delete(
    '/ops/v1/faults',
    {
      schema: {
        summary: 'Mends every link',
        tags: ['faults'],
        response: { 204: Type.Null(), ...problems('unsupported', 'command-failed') },
      },
    },
    async (_request, reply) => {
      await run({ kind: 'heal' })
      reply.code(204)
      return null
    },
  )
}

function refusalOf(outcome: Exclude<CommandOutcome, { readonly kind: 'accepted' }>): Problem {
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
