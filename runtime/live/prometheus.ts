/**
 * What one node counts and times, for a scrape and for whoever looks.
 *
 * Owns:     the counters, the latencies, and who is told of events.
 * Does not: call prom-client when something happens: an increment there costs 190 ns, here about 12. It is given
 *           the sums when somebody scrapes.
 */
import { Counter, Histogram, Registry } from 'prom-client'
import {
  type CounterName,
  counterNames,
  type InspectionEvent,
  type MessageWatcher,
  type NodeId,
  type Observer,
} from '#ports'
import {
  LatencyHistogram,
  type LatencySnapshot,
  type LatencySummary,
  mergeLatencies,
} from './latency-histogram.ts'

export const latencyNames = ['commit', 'request', 'recovery'] as const

export type LatencyName = (typeof latencyNames)[number]

/** Plain data; those of several nodes add up. */
export interface MetricsSnapshot {
  readonly counters: Readonly<Record<CounterName, number>>
  readonly latencies: Readonly<Record<LatencyName, LatencySnapshot>>
}

export class Metrics implements Observer {
  readonly node: NodeId
  /** Written by `watch` alone. */
  watched = false
  #counters = new Float64Array(counterNames.length)
  #latencies = record(latencyNames, () => new LatencyHistogram())
  /** Calls of `event`. While nobody watches it stays as it is. */
  eventsObserved = 0
  /** Set while somebody taps messages. */
  messages: MessageWatcher | undefined
  #watchers: readonly ((event: InspectionEvent) => void)[] = []

  constructor(node: NodeId) {
    this.node = node
  }

  count(name: CounterName, by = 1): void {
    const slot = slots[name]
    this.#counters[slot] = (this.#counters[slot] ?? 0) + by
  }

  time(name: LatencyName, ms: number): void {
    this.#latencies[name].add(ms)
  }

  event(event: InspectionEvent): void {
    this.eventsObserved += 1
    for (const see of this.#watchers) see(event)
  }

  /** Tells of every event until what is returned is called. */
  watch(see: (event: InspectionEvent) => void): () => void {
    this.#watchers = [...this.#watchers, see]
    this.watched = true
    return () => {
      this.#watchers = this.#watchers.filter((one) => one !== see)
      this.watched = this.#watchers.length > 0
    }
  }

  counters(): MetricsSnapshot['counters'] {
    return record(counterNames, (name) => this.#counters[slots[name]] ?? 0)
  }

  /** As a heartbeat carries them. */
  latencies(): Readonly<Record<LatencyName, LatencySummary>> {
    return record(latencyNames, (name) => this.#latencies[name].summary())
  }

  snapshot(): MetricsSnapshot {
    return {
      counters: this.counters(),
      latencies: record(latencyNames, (name) => this.#latencies[name].snapshot()),
    }
  }

  /** The text format of Prometheus, each value labelled with the node. */
  text(): Promise<string> {
    const registry = new Registry()
    registry.setDefaultLabels({ node: this.node })
    const { counters, latencies } = this.snapshot()
    for (const name of counterNames) {
      const metric = `brigade_${snake(name)}_total`
      const counter = new Counter({
        name: metric,
        help: `${words(name)}, since the process started.`,
        registers: [registry],
      })
      counter.inc(counters[name])
    }
    for (const name of latencyNames) {
      registry.registerMetric(
        new SummedHistogram(`brigade_${name}_seconds`, latencyHelp[name], latencies[name]),
      )
    }
    return registry.metrics()
  }
}

export function mergeMetrics(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  return {
    counters: record(counterNames, (name) =>
      snapshots.reduce((sum, { counters }) => sum + counters[name], 0),
    ),
    latencies: record(latencyNames, (name) =>
      mergeLatencies(snapshots.map(({ latencies }) => latencies[name])),
    ),
  }
}

const latencyHelp: Record<LatencyName, string> = {
  commit: 'From the close of a batch until it is durable.',
  request: 'From the arrival of a request at a node to its response.',
  recovery: 'From the grant of a shard until what it inherited is handled.',
}

// prom-client has no way to be given a histogram that was summed elsewhere, so this one answers for it.
class SummedHistogram extends Histogram<'le'> {
  readonly #latency: LatencySnapshot
  readonly #about: { readonly name: string; readonly help: string }

  constructor(name: string, help: string, latency: LatencySnapshot) {
    super({ name, help, registers: [] })
    this.#about = { name, help }
    this.#latency = latency
  }

  // What a registry calls for its text, and `get` for its values.
  async getForPromString(): Promise<object> {
    const { name, help } = this.#about
    const { count, sumMs, boundsMs, buckets } = this.#latency
    const bucket = (le: string | number, value: number): object => ({
      metricName: `${name}_bucket`,
      labels: { le },
      value,
    })
    const values = [
      ...boundsMs.map((bound, i) => bucket(bound / 1_000, buckets[i] ?? 0)),
      bucket('+Inf', count),
      { metricName: `${name}_sum`, labels: {}, value: sumMs / 1_000 },
      { metricName: `${name}_count`, labels: {}, value: count },
    ]
    return { name, help, type: 'histogram', aggregator: 'sum', values }
  }
}

const slots = record(counterNames, (_, slot) => slot)

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const words = (name: string): string => {
  const text = snake(name).replaceAll('_', ' ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

function record<K extends string, V>(names: readonly K[], make: (name: K, index: number) => V): Record<K, V> {
  return Object.fromEntries(names.map((name, index) => [name, make(name, index)])) as Record<K, V>
}
