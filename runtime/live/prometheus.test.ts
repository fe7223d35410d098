import { describe, expect, test } from 'vitest'
import { drawInteger, type Instant } from '#actor'
import type { InspectionEvent, NodeId, ShardId } from '#ports'
import { LatencyHistogram, mergeLatencies } from './latency-histogram.ts'
import { Metrics, mergeMetrics } from './prometheus.ts'

const node = 'node-1' as NodeId
const quarantined = (n: number): InspectionEvent => ({
  kind: 'quarantined',
  shard: `orders.${n}` as ShardId,
  at: n as Instant,
})

describe('latencies', () => {
  // From 1 µs to 10 minutes, as many in each decade.
  const latencies = Array.from({ length: 20_000 }, (_, n) => {
    const decade = 10 ** drawInteger(8, 1, 'decade', n)
    return (decade * (1 + drawInteger(1_000, 1, 'part', n) / 100)) / 1_000
  })
  const sorted = latencies.toSorted((x, y) => x - y)
  const histogramOf = (values: readonly number[]) => {
    const histogram = new LatencyHistogram()
    for (const value of values) histogram.add(value)
    return histogram.snapshot()
  }

  test('every quantile is right to 3 %, and never too low', () => {
    const { p50Ms, p95Ms, p99Ms, maxMs, count, sumMs } = histogramOf(latencies)
    for (const [share, found] of [
      [0.5, p50Ms],
      [0.95, p95Ms],
      [0.99, p99Ms],
    ] as const) {
      const exact = sorted[Math.ceil(share * sorted.length) - 1]!
      expect(found).toBeGreaterThanOrEqual(exact - 0.001)
      expect(found).toBeLessThanOrEqual(exact * 1.032 + 0.001)
    }
    expect([count, maxMs]).toEqual([20_000, sorted.at(-1)])
    expect(sumMs).toBeCloseTo(
      latencies.reduce((sum, ms) => sum + ms, 0),
      3,
    )
  })

  test('quantiles of a million-fold range of single values are that value', () => {
    for (let us = 1; us < 2 ** 30; us = us * 3 + 1) {
      const { p50Ms, p99Ms } = histogramOf([us / 1_000])
      expect([p50Ms, p99Ms]).toEqual([us / 1_000, us / 1_000])
    }
  })

  test('what is longer than the range, negative or nothing at all is still counted', () => {
    const { count, p50Ms, maxMs } = histogramOf([10_000_000, 10_000_000, -1])
    expect([count, maxMs]).toEqual([3, 10_000_000])
    expect(p50Ms).toBeGreaterThan(2_000_000)
    expect(histogramOf([])).toMatchObject({ count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 })
  })

  test('those of two nodes add up to those of one that saw both', () => {
    const halves = [latencies.slice(0, 7_000), latencies.slice(7_000)].map(histogramOf)
    const { sumMs, ...merged } = mergeLatencies(halves)
    const { sumMs: sumOfAll, ...all } = histogramOf(latencies)
    expect(merged).toEqual(all)
    expect(sumMs).toBeCloseTo(sumOfAll, 3)
  })

  test('buckets are cumulative', () => {
    const { boundsMs, buckets } = histogramOf([0.1, 1.5, 1.6, 300, 60_000])
    const atMost = (ms: number): number | undefined => buckets[boundsMs.indexOf(ms)]
    expect([atMost(0.5), atMost(1), atMost(2), atMost(200), atMost(500), atMost(30_000)]).toEqual([
      1, 1, 3, 3, 4, 4,
    ])
  })
})

describe('metrics', () => {
  test('a scrape is text in the format of Prometheus, labelled with the node', async () => {
    const metrics = new Metrics(node)
    metrics.count('turns')
    metrics.count('turns', 4)
    metrics.count('deadLetters', 2)
    metrics.time('commit', 1.5)
    metrics.time('commit', 300)
    const lines = (await metrics.text()).split('\n')
    for (const line of [
      '# TYPE brigade_turns_total counter',
      'brigade_turns_total{node="node-1"} 5',
      'brigade_dead_letters_total{node="node-1"} 2',
      'brigade_appends_refused_total{node="node-1"} 0',
      '# TYPE brigade_commit_seconds histogram',
      'brigade_commit_seconds_bucket{le="0.001",node="node-1"} 0',
      'brigade_commit_seconds_bucket{le="0.002",node="node-1"} 1',
      'brigade_commit_seconds_bucket{le="+Inf",node="node-1"} 2',
      'brigade_commit_seconds_sum{node="node-1"} 0.3015',
      'brigade_commit_seconds_count{node="node-1"} 2',
      'brigade_recovery_seconds_count{node="node-1"} 0',
    ]) {
      expect(lines).toContain(line)
    }
    expect(await metrics.text()).toBe(lines.join('\n'))
  })

  test('those of several nodes add up', () => {
    const [first, second] = [new Metrics(node), new Metrics('node-2' as NodeId)]
    first.count('turns', 3)
    second.count('turns', 4)
    second.time('request', 7)
    const { counters, latencies } = mergeMetrics([first.snapshot(), second.snapshot()])
    expect([counters.turns, latencies.request.count, latencies.request.p50Ms]).toEqual([7, 1, 7])
  })

  test('a snapshot survives JSON', () => {
    const metrics = new Metrics(node)
    metrics.time('request', 7)
    expect(JSON.parse(JSON.stringify(metrics.snapshot()))).toEqual(metrics.snapshot())
  })
})

describe('events', () => {
  test('are told to whoever watches, and observed by nobody when nobody does', () => {
    const metrics = new Metrics(node)
    const told: InspectionEvent[] = []
    expect([metrics.watched, metrics.eventsObserved]).toEqual([false, 0])
    const stop = metrics.watch((event) => told.push(event))
    const stopOther = metrics.watch((event) => told.push(event))
    metrics.event(quarantined(1))
    expect([metrics.watched, told]).toEqual([true, [quarantined(1), quarantined(1)]])
    stop()
    stop()
    metrics.event(quarantined(2))
    expect([metrics.watched, told.length]).toEqual([true, 3])
    stopOther()
    expect([metrics.watched, metrics.eventsObserved]).toEqual([false, 2])
  })
})
