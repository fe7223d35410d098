/**
 * A cluster that is busier than any house: what its nodes would tell, and a gateway that plays it to whoever looks.
 *
 * Owns:     its actors and their messages: drawn from a seed, and looked at by the same `Activity` that looks at nodes.
 * Does not: run actors: what is measured with it is the page.
 */
import { Activity, encodeActivity, type Resident, restAfterLook } from '#activity'
import { type ActorId, drawInteger, type Instant } from '#actor'
import { startGateway } from '#gateway'
import type { MessageId, NodeId } from '#ports'
import { inspectorFolder } from '../../bin/page-folders.ts'
import { FakeCluster } from '../../gateway/testing/fake-cluster.ts'
import { buildPage } from './open-house.ts'

export interface Business {
  readonly actors: number
  readonly edges: number
  readonly messagesPerSecond: number
  /** So many actors a second are done, and others come in their place. */
  readonly comingsPerSecond: number
}

const nodes = ['node-1', 'node-2', 'node-3'].map((name) => name as NodeId)
const states: Readonly<Record<string, readonly string[]>> = {
  order: ['accepted', 'paying', 'cooking', 'ready'],
  payment: ['authorizing', 'authorized', 'captured'],
  ticket: ['queued', 'cooking', 'plated'],
  dish: ['waiting', 'prepared', 'done'],
  reservation: ['held', 'used'],
  bin: ['stocked', 'low'],
}
const types = Object.keys(states)
const tickMs = 100
const seed = 7

interface Actor extends Resident {
  readonly home: number
  state: string
  mailbox: number
}

export class BusyCluster {
  readonly #business: Business
  readonly #activities = nodes.map((node) => new Activity(node, { life: 1, watch: 1 }))
  readonly #actors: Actor[] = []
  #tick = 0
  #draws = 0
  #born = 0

  constructor(business: Business) {
    this.#business = business
    while (this.#actors.length < business.actors) this.#actors.push(this.#newActor())
  }

  /** What each node tells of the next tenth of a second. */
  next(isWholeWanted = false): readonly Uint8Array[] {
    const { messagesPerSecond, comingsPerSecond } = this.#business
    this.#tick += 1
    const at = (Date.UTC(2026, 4, 1, 18) * 1_000 + this.#tick * tickMs * 1_000) as Instant
    for (let n = due(comingsPerSecond, this.#tick); n > 0; n -= 1)
      this.#actors[this.#draw(this.#actors.length)] = this.#newActor()
    for (let n = due(messagesPerSecond, this.#tick); n > 0; n -= 1) this.#pass(at)
    return nodes.map((_, home) => {
      const residents = this.#actors.filter((actor) => actor.home === home)
      const activity = this.#activities[home] as Activity
      return encodeActivity(activity.frame(residents, at, isWholeWanted))
    })
  }

  /** A message along one of the edges. */
  #pass(at: Instant): void {
    const edge = this.#draw(this.#business.edges)
    const { actors } = this.#business
    const to = this.#actors[(edge * 7 + 3) % actors] as Actor
    const from = this.#actors[(edge * 13 + Math.floor(edge / actors)) % actors] as Actor
    const ofType = states[to.id.slice(0, to.id.indexOf('/'))] ?? ['']
    to.state = ofType[this.#draw(ofType.length)] ?? ''
    to.mailbox = this.#draw(40) === 0 ? 24 : 0
    this.#activities[to.home]?.seen({
      ...{ kind: 'turn', actor: to.id, from: from.id, id: `m${this.#draws}` as MessageId, at },
      ...{ message: 'order.goes-on', via: 'tell', state: to.state, changed: true },
    })
  }

  #newActor(): Actor {
    const n = this.#born++
    const type = types[n % types.length] ?? ''
    return {
      id: `${type}/${n}` as ActorId,
      ...{
        status: 'live',
        home: Math.floor(n / types.length) % nodes.length,
        state: states[type]?.[0] ?? '',
        mailbox: 0,
      },
    }
  }

  #draw(bound: number): number {
    return drawInteger(bound, seed, 'busy', this.#draws++)
  }
}

/** How many of so many a second come in this tenth of it. */
const due = (perSecond: number, tick: number): number =>
  Math.floor((perSecond * tick) / 10) - Math.floor((perSecond * (tick - 1)) / 10)

export interface Playing {
  readonly url: string
  /** Tenths of a second of its time that were told. */
  readonly ticks: () => number
  close(): Promise<void>
}

/**
 * Plays it from when the first page looks: as it would be told, or, `fast`, as fast as it can be made, to viewers who may be
 * sent as much.
 */
export async function play(busy: BusyCluster, { isFast = false } = {}): Promise<Playing> {
  buildPage('inspector')
  const fake = new FakeCluster([])
  fake.view = {
    id: 'busy',
    world: { now: fake.now, speed: 1 },
    nodes: nodes.map((id) => ({
      ...{ id, group: 'kitchen', state: 'up', life: 1, address: '', shardsOwned: 1 },
      ...{ counters: {}, gauges: {}, latencies: {} },
    })),
    shards: [],
  }
  const gateway = await startGateway({
    ...{ client: fake, site: 'main', port: 0, opsPort: 0, inspector: inspectorFolder },
    ...(isFast && { streamBounds: { bytesPerSecond: 2 ** 30, burstBytes: 2 ** 30 } }),
  })
  let [ticks, wholes] = [0, 0]
  let timer: NodeJS.Timeout | undefined
  const tick = (): number => {
    if (fake.viewers.size === 0) return 0
    const isWholeWanted = fake.wholes > wholes
    wholes = fake.wholes
    ticks += 1
    const told = busy.next(isWholeWanted)
    for (const bytes of told) for (const see of fake.viewers) see(bytes)
    return isWholeWanted ? 0 : told.reduce((sum, { length }) => sum + length, 0)
  }
  const go = (): void => {
    // A page that is handed more than it takes would only be told of gaps.
    for (let n = 1; isFast && n < ticksAtOnce; n += 1) tick()
    const bytes = tick()
    timer = setTimeout(go, isFast ? 1 : restAfterLook({ tookMs: 0, bytes }))
  }
  go()
  return {
    url: `${gateway.opsUrl}/`,
    ticks: () => ticks,
    close: async () => {
      clearTimeout(timer)
      await gateway.close()
    },
  }
}

const ticksAtOnce = 4
