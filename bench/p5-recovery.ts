/**
 * P5: how long the actors of a node are silent when it is killed or frozen, beside comedy's respawn.
 *
 * Method: a real cluster of three nodes and an edge, 500 orders a minute at even times. The node that owns most shards
 * is killed with SIGKILL; from that instant on four orders of its own are asked for over HTTP, each again until it
 * answers, and each answer counts. The next one is killed when all three are members again. A frozen node is stopped
 * with SIGSTOP and never resumed: the launcher has to notice.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import comedy from 'comedy'
import type { ActorId } from '#actor'
import type { NodeId, ShardId } from '#ports'
import { type RunningCluster, startCluster } from '#up'
import { restaurantCluster } from '../cluster.config.ts'
import { median, quantile, type Report } from './side-by-side.ts'
import { newFolder, removeFolders } from './store.ts'

const kills = 50
const freezes = 10
const respawns = 10
const asked = 4
const ordersKept = 120
const ordersPerMinute = 500
const againMs = 5

interface Order {
  readonly id: string
  readonly orderToken: string
}

/** What the bench knows of the cluster, and what it does to it. */
class Patient {
  readonly #cluster: RunningCluster
  readonly #registry = restaurantCluster().registry
  #orders: Order[] = []
  #isOpen = true
  #arrivals: NodeJS.Timeout | undefined

  static async start(): Promise<Patient> {
    const settings = { restartsMax: kills + freezes }
    const cluster = await startCluster({
      dataFolder: newFolder(),
      port: 0,
      opsPort: 0,
      kitchenScale: 20,
      stockScale: 1_000,
      launcherSettings: settings,
    })
    return new Patient(cluster)
  }

  private constructor(cluster: RunningCluster) {
    this.#cluster = cluster
  }

  /** Guests come and order, whoever else waits, until `close`. Resolves when there are orders to ask for. */
  async load(): Promise<void> {
    this.#arrivals = setInterval(() => void this.#place(), 60_000 / ordersPerMinute)
    while (this.#orders.length < ordersKept / 2) await sleep(50)
  }

  async close(): Promise<void> {
    this.#isOpen = false
    clearInterval(this.#arrivals)
    await this.#cluster.close()
  }

  /** Sends the signal to the node that owns most, and returns how long each of its orders was silent, in ms. */
  async strike(signal: 'SIGKILL' | 'SIGSTOP'): Promise<readonly number[]> {
    const owners = await this.#settled()
    const counts = new Map<NodeId, number>()
    for (const [, owner] of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1)
    const victim = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0]
    const its = new Set(owners.flatMap(([shard, owner]) => (owner === victim ? [shard] : [])))
    const orders = this.#orders.filter(({ id }) => its.has(this.#registry.shardOf(`order/${id}` as ActorId)))
    if (orders.length < asked) throw new Error(`${victim} owns only ${orders.length} orders.`)
    const pid = (await this.#nodes()).find(({ node }) => node === victim)?.pid
    if (pid === undefined) throw new Error(`${victim} has no process.`)
    process.kill(pid, signal)
    const struckAt = performance.now()
    return Promise.all(
      orders.slice(-asked).map(async (order) => {
        while (!(await this.#answers(order))) await sleep(againMs)
        return performance.now() - struckAt
      }),
    )
  }

  /** Waits until every node is a member, owns something, and no shard is without owner. */
  async #settled(): Promise<readonly (readonly [ShardId, NodeId])[]> {
    for (;;) {
      const nodes = await this.#nodes()
      const shards = await this.#shards()
      const owning = new Set(shards.map(({ owner }) => owner))
      const kitchens = nodes.filter(({ group }) => group !== 'edge')
      if (
        nodes.every(({ phase }) => phase === 'up') &&
        shards.every(({ owner }) => owner !== undefined) &&
        kitchens.every(({ node }) => owning.has(node))
      ) {
        return shards.map(({ shard, owner }) => [shard, owner as NodeId])
      }
      await sleep(50)
    }
  }

  async #nodes() {
    const outcome = await this.#cluster.launcher.execute({ kind: 'status' })
    if (outcome.kind !== 'status') throw new Error(`The launcher answers '${outcome.kind}'.`)
    return outcome.nodes
  }

  async #shards() {
    const response = await fetch(`${this.#cluster.opsUrl}/ops/v1/shards`)
    return ((await response.json()) as { items: { shard: ShardId; owner?: NodeId }[] }).items
  }

  async #place(): Promise<void> {
    const key = crypto.randomUUID()
    while (this.#isOpen) {
      const response = await fetch(`${this.#cluster.url}/api/v1/orders`, {
        method: 'POST',
        headers: { 'idempotency-key': key, 'content-type': 'application/json' },
        body: JSON.stringify({ items: [{ dish: 'caprese', quantity: 1 }], payment: { token: 'tok_ok' } }),
      }).catch(() => undefined)
      const text = await response?.text().catch(() => undefined)
      if (response?.status === 201 && text !== undefined) {
        this.#orders = [...this.#orders, JSON.parse(text) as Order].slice(-ordersKept)
        return
      }
      await sleep(50)
    }
  }

  async #answers({ id, orderToken }: Order): Promise<boolean> {
    const response = await fetch(`${this.#cluster.url}/api/v1/orders/${id}`, {
      headers: { authorization: `Bearer ${orderToken}` },
    }).catch(() => undefined)
    await response?.arrayBuffer().catch(() => undefined)
    return response?.status === 200
  }
}

/** From SIGKILL of a forked comedy actor to its next answer, in ms. It respawns because it is told to. */
async function comedyRespawn(): Promise<readonly number[]> {
  const system = comedy.createSystem({ test: true })
  const root = await system.rootActor()
  const path = `/${fileURLToPath(new URL('./comedy-asked.js', import.meta.url))}`
  const actor = await root.createChild(path, { mode: 'forked', onCrash: 'respawn' })
  const silences: number[] = []
  for (let round = 0; round < respawns; round += 1) {
    const { pid } = (await actor.sendAndReceive('whoAreYou')) as { pid: number }
    process.kill(pid, 'SIGKILL')
    const struckAt = performance.now()
    while (!(await answersAs(actor, pid))) await sleep(againMs)
    silences.push(performance.now() - struckAt)
  }
  await system.destroy()
  return silences
}

/** Somebody else than the killed one answers. What was asked of that one may never be answered. */
async function answersAs(actor: comedy.ActorRef, killed: number): Promise<boolean> {
  const answer = actor.sendAndReceive('whoAreYou').then(
    ({ pid }: { pid: number }) => pid !== killed,
    () => false,
  )
  return Promise.race([answer, sleep(50, false)])
}

export async function measure(): Promise<Report> {
  const silences = { killed: [] as number[], frozen: [] as number[] }
  const patient = await Patient.start()
  try {
    await patient.load()
    for (let round = 0; round < kills; round += 1) silences.killed.push(...(await patient.strike('SIGKILL')))
    for (let round = 0; round < freezes; round += 1)
      silences.frozen.push(...(await patient.strike('SIGSTOP')))
  } finally {
    await patient.close()
    removeFolders()
  }
  const respawn = await comedyRespawn()
  const { killed, frozen } = silences
  return {
    promise: 'P5',
    title: `silence of a node's actors: ${kills} times SIGKILL, ${freezes} times frozen, ${ordersPerMinute} orders a minute`,
    figures: [
      { what: 'killed: worst', value: Math.max(...killed), unit: 'ms' },
      { what: 'frozen: median', value: median(frozen), unit: 'ms' },
      { what: 'comedy: a killed process answers again, median', value: median(respawn), unit: 'ms' },
    ],
    goals: [
      { what: 'killed: median', value: median(killed), unit: 'ms', atMost: 300 },
      { what: 'killed: 99 of 100', value: quantile(killed, 0.99), unit: 'ms', atMost: 1_000 },
      { what: 'frozen: 99 of 100', value: quantile(frozen, 0.99), unit: 'ms', atMost: 3_000 },
    ],
    notMeasured: ['a machine that is lost: all processes share this one', 'comedy notices no frozen process'],
  }
}
