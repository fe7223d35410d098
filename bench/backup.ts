/**
 * What a backup costs those who order meanwhile.
 *
 * Method: a real cluster of three nodes and an edge takes orders over HTTP at even times. Stretches without and with a
 * backup follow each other; in the latter one backup after the other is made, in a process of its own as an operator
 * does it. Each stretch's p50 and p95 are compared with those of the stretch before it. The first pair warms up.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type RunningCluster, startCluster } from '#up'
import { median, quantile, type Report } from './side-by-side.ts'
import { bytesIn, newFolder, removeFolders } from './store.ts'

const pairs = 6
const stretchMs = 6_000
const ordersPerMinute = 600
/** Before the first pair, so that there is something to copy. */
const ordersBefore = 500

const backup = fileURLToPath(new URL('../../bin/fixtures/backup.mjs', import.meta.url))
const run = promisify(execFile)

/** Orders, and answers how many milliseconds each took that was placed since it was asked last. */
class Guests {
  readonly #url: string
  readonly #running = new Set<Promise<void>>()
  #took: number[] = []
  refused = 0

  constructor({ url }: RunningCluster) {
    this.#url = url
  }

  /** Even times, however long the answers take. */
  async orderFor(ms: number): Promise<readonly number[]> {
    await Promise.all(this.#running)
    this.#took = []
    const timer = setInterval(() => this.order(), 60_000 / ordersPerMinute)
    await sleep(ms)
    clearInterval(timer)
    await Promise.all(this.#running)
    return this.#took
  }

  order(): Promise<void> {
    const placing = this.#place().finally(() => this.#running.delete(placing))
    this.#running.add(placing)
    return placing
  }

  async #place(): Promise<void> {
    const from = performance.now()
    const response = await fetch(`${this.#url}/api/v1/orders`, {
      method: 'POST',
      headers: { 'idempotency-key': crypto.randomUUID(), 'content-type': 'application/json' },
      body: JSON.stringify({ items: [{ dish: 'caprese', quantity: 1 }], payment: { token: 'tok_ok' } }),
    })
    await response.arrayBuffer()
    if (response.status !== 201) this.refused += 1
    this.#took.push(performance.now() - from)
  }
}

interface Stretch {
  readonly p50: number
  readonly p95: number
}
const stretchOf = (took: readonly number[]): Stretch => ({
  p50: quantile(took, 0.5),
  p95: quantile(took, 0.95),
})

export async function measure(): Promise<Report> {
  const dataFolder = newFolder()
  const backups = newFolder()
  const cluster = await startCluster({ dataFolder, port: 0, opsPort: 0, kitchenScale: 20, stockScale: 1_000 })
  const alone: Stretch[] = []
  const beside: Stretch[] = []
  const tookMs: number[] = []
  try {
    const guests = new Guests(cluster)
    for (let n = 0; n < ordersBefore; n += 10)
      await Promise.all(Array.from({ length: 10 }, () => guests.order()))
    for (let pair = 0; pair <= pairs; pair += 1) {
      const without = stretchOf(await guests.orderFor(stretchMs))
      const until = performance.now() + stretchMs
      const ordering = guests.orderFor(stretchMs)
      let n = 0
      for (; performance.now() < until; n += 1) {
        const from = performance.now()
        await run(process.execPath, [backup, dataFolder, join(backups, `${pair}-${n}`)])
        if (pair > 0) tookMs.push(performance.now() - from)
      }
      const withOne = stretchOf(await ordering)
      if (pair === 0) continue
      alone.push(without)
      beside.push(withOne)
    }
    if (guests.refused > 0) throw new Error(`${guests.refused} orders were refused.`)
    const ratio = (of: keyof Stretch): number =>
      median(beside.map((stretch, n) => stretch[of] / (alone[n]?.[of] ?? Number.NaN)))
    const middle = (stretches: readonly Stretch[], of: keyof Stretch) => median(stretches.map((it) => it[of]))
    return {
      promise: 'backup',
      title: `backups beside ${ordersPerMinute} orders a minute: ${tookMs.length} of them in ${pairs} stretches`,
      figures: [
        { what: 'a backup, from its command to its end', value: median(tookMs), unit: 'ms' },
        { what: 'the store that it copies', value: bytesIn(dataFolder) / 2 ** 20, unit: 'MiB' },
        { what: 'an order without one: p50', value: middle(alone, 'p50'), unit: 'ms' },
        { what: 'an order without one: p95', value: middle(alone, 'p95'), unit: 'ms' },
        { what: 'an order beside one: p50', value: middle(beside, 'p50'), unit: 'ms' },
        { what: 'an order beside one: p95', value: middle(beside, 'p95'), unit: 'ms' },
      ],
      goals: [
        { what: 'p50 of an order, beside to without', value: ratio('p50'), unit: '×', atMost: 2 },
        { what: 'p95 of an order, beside to without', value: ratio('p95'), unit: '×', atMost: 3 },
      ],
      notMeasured: ['a store that does not fit into the memory of the machine'],
    }
  } finally {
    await cluster.close()
    removeFolders()
  }
}
