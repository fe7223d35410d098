/**
 * Numbers for Prometheus: of this process, of its HTTP routes, and of every node.
 *
 * Owns:     the counters of the HTTP routes. They are typed arrays: counting costs nanoseconds, and text is made
 *           only when somebody scrapes.
 * Does not: count what nodes do; that comes with the cluster's view.
 */
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Projector } from '#projections'
import { type ClusterView, isUnowned, type Latency, type NodeState } from './cluster-client.ts'

type Buckets = Pick<Latency, 'count' | 'sumMs' | 'boundsMs' | 'buckets'>

const boundsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000]

export class RouteMetrics {
  readonly #statuses = new Float64Array(600)
  readonly #buckets = new Float64Array(boundsMs.length)
  #count = 0
  #sumMs = 0

  observe(status: number, ms: number): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
    this.#count += 1
    this.#sumMs += ms
    for (let i = boundsMs.length - 1; i >= 0 && ms <= (boundsMs[i] ?? 0); i -= 1) {
      this.#buckets[i] = (this.#buckets[i] ?? 0) + 1
    }
  }

  get statuses(): readonly (readonly [status: number, count: number])[] {
    return [...this.#statuses.entries()].filter(([, count]) => count > 0)
  }

  get latency(): Buckets {
    return { count: this.#count, sumMs: this.#sumMs, boundsMs, buckets: [...this.#buckets] }
  }
}

export class Metrics {
  readonly #routes = new Map<string, RouteMetrics>()
  readonly #process = new Registry()

  constructor() {
    collectDefaultMetrics({ register: this.#process })
  }

  /** The counters of one route. Asked for once per route, not per request. */
  route(method: string, path: string): RouteMetrics {
    const labels = labelsOf({ method, route: path })
    const route = this.#routes.get(labels) ?? new RouteMetrics()
    this.#routes.set(labels, route)
    return route
  }

  /** The text format of Prometheus. Without a view, what this process knows alone. */
  async text(view: ClusterView | undefined, projector: Projector): Promise<string> {
    const lines: string[] = []
    writeReadModels(lines, projector)
    this.#writeRoutes(lines)
    if (view !== undefined) writeCluster(lines, view)
    return `${await this.#process.metrics()}\n${lines.join('\n')}\n`
  }

  #writeRoutes(lines: string[]): void {
    const used = [...this.#routes].filter(([, route]) => route.latency.count > 0)
    head(lines, 'brigade_http_requests_total', 'counter', 'Requests answered, by route and status.')
    for (const [labels, route] of used) {
      for (const [status, count] of route.statuses) {
        lines.push(`brigade_http_requests_total{${labels},status="${status}"} ${count}`)
      }
    }
    head(lines, 'brigade_http_request_seconds', 'histogram', 'From a request to its answer, by route.')
    for (const [labels, route] of used)
      writeLatency(lines, 'brigade_http_request_seconds', labels, route.latency)
  }
}

function writeReadModels(lines: string[], projector: Projector): void {
  const { lagMs, asOf = 0 } = projector.freshness()
  head(
    lines,
    'brigade_projection_lag_seconds',
    'gauge',
    'What was durable so long ago is in the read models.',
  )
  lines.push(`brigade_projection_lag_seconds ${lagMs / 1_000}`)
  const waits = 'Shards of whose latest turns nobody says whether they are durable.'
  head(lines, 'brigade_projection_shards_waiting', 'gauge', waits)
  lines.push(`brigade_projection_shards_waiting ${projector.waiting.length}`)
  head(lines, 'brigade_projection_as_of_seconds', 'gauge', 'World time of the last turn in the read models.')
  lines.push(`brigade_projection_as_of_seconds ${asOf / 1_000_000}`)
  head(lines, 'brigade_projection_turns_total', 'counter', 'Turns folded into the read models, ever.')
  lines.push(`brigade_projection_turns_total ${projector.turns}`)
  head(lines, 'brigade_projection_live', 'gauge', 'Whether the read model is there.')
  for (const { name, state } of projector.view())
    lines.push(`brigade_projection_live{${labelsOf({ projection: name })}} ${state === 'live' ? 1 : 0}`)
}

const takesPart: ReadonlySet<NodeState> = new Set(['up', 'cordoned', 'leaving'])

function writeCluster(lines: string[], view: ClusterView): void {
  const nodes = view.nodes.map((node) => ({ node, labels: labelsOf({ node: node.id, group: node.group }) }))
  head(lines, 'brigade_node_up', 'gauge', 'Whether the node takes part.')
  for (const { node, labels } of nodes) {
    lines.push(`brigade_node_up{${labels}} ${takesPart.has(node.state) ? 1 : 0}`)
  }
  head(lines, 'brigade_node_shards', 'gauge', 'Shards that the node owns.')
  for (const { node, labels } of nodes) lines.push(`brigade_node_shards{${labels}} ${node.shardsOwned}`)
  head(lines, 'brigade_shards_unowned', 'gauge', 'Shards that nobody owns at the moment.')
  lines.push(`brigade_shards_unowned ${view.shards.filter(isUnowned).length}`)
  head(lines, 'brigade_shards_waiting', 'gauge', 'Shards that wait for a node of a newer build.')
  lines.push(`brigade_shards_waiting ${view.shards.filter(({ waitsFor }) => waitsFor !== undefined).length}`)

  for (const name of namesIn(view.nodes.map(({ counters }) => counters))) {
    const metric = `brigade_${snakeCase(name)}_total`
    head(lines, metric, 'counter', `\`${name}\` of a node, since its process started.`)
    for (const { node, labels } of nodes) {
      const count = node.counters[name]
      if (count !== undefined) lines.push(`${metric}{${labels}} ${count}`)
    }
  }
  for (const name of namesIn(view.nodes.map(({ gauges }) => gauges))) {
    const metric = `brigade_${snakeCase(name)}`
    head(lines, metric, 'gauge', `\`${name}\` of a node, now.`)
    for (const { node, labels } of nodes) {
      const value = node.gauges[name]
      if (value !== undefined) lines.push(`${metric}{${labels}} ${value}`)
    }
  }
  for (const name of namesIn(view.nodes.map(({ latencies }) => latencies))) {
    const metric = `brigade_${snakeCase(name)}_seconds`
    head(lines, metric, 'histogram', `\`${name}\` times of a node, since its process started.`)
    for (const { node, labels } of nodes) {
      const latency = node.latencies[name]
      if (latency !== undefined) writeLatency(lines, metric, labels, latency)
    }
  }
}

function head(lines: string[], name: string, type: 'counter' | 'gauge' | 'histogram', help: string): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
}

function writeLatency(lines: string[], name: string, labels: string, latency: Buckets): void {
  latency.boundsMs.forEach((bound, i) => {
    lines.push(`${name}_bucket{${labels},le="${bound / 1_000}"} ${latency.buckets[i] ?? 0}`)
  })
  lines.push(
    `${name}_bucket{${labels},le="+Inf"} ${latency.count}`,
    `${name}_sum{${labels}} ${latency.sumMs / 1_000}`,
    `${name}_count{${labels}} ${latency.count}`,
  )
}

function namesIn<Name extends string>(
  records: readonly Readonly<Partial<Record<Name, unknown>>>[],
): readonly Name[] {
  return [...new Set(records.flatMap((record) => Object.keys(record) as Name[]))].sort()
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const escaped = (value: string): string => value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
