/**
 * A restaurant day, from the first light to the last plate, in virtual time.
 *
 * Owns:     the order of a day: the house opens, guests come, faults strike, the doors close, the last orders
 *           settle, and then everything is judged.
 * Does not: know a wall clock (`wall` is given to it) or print (`report.ts`).
 *
 * Invariants:
 *   R1. Same day, seed and code: the same result but for `wallSeconds`, whoever ran what before.
 *   R2. The house is open before the first guest comes.
 */
import type { ActorId, Instant, Message } from '#actor'
import { assert, draw } from '#actor'
import type { MenuItem, StationRoster } from '#actors'
import {
  binRef,
  departments,
  housePantry,
  menuRef,
  paymentRef,
  replenisherRef,
  restaurant,
  stationNames,
  stationRef,
} from '#actors'
import { Registry } from '#host'
import { OfficeLedger, ProviderLedger, type ProviderNews, SupplierLedger, type SupplyRecord } from '#outside'
import type { Commit, SimClusterOptions } from '#sim'
import { ReadsCheck, runtimeEpoch, SimCluster } from '#sim'
import { DayChecker, verdict } from './checks/day-checker.ts'
import { Problems } from './checks/problems.ts'
import { type SuppliedEntry, suppliedBy } from './checks/stock.ts'
import { clusterModels } from './cluster-model.ts'
import type { Day } from './day.ts'
import { crewOf, hashOfDay, nodesOf, pantryOf, stationOpen } from './day.ts'
import type { DayResult } from './day-result.ts'
import { deliveriesOf } from './deliveries.ts'
import { Door, isWorthRepeating } from './door.ts'
import { Faults } from './faults/faults.ts'
import { newerBuild } from './faults/newer-build.ts'
import { ThrowingTurns } from './faults/throwing-turns.ts'
import { SimGuest } from './guest.ts'
import { planGuests } from './guests.ts'
import { OfficeModel } from './office-model.ts'
import { ProviderModel } from './provider-model.ts'
import type { Latency } from './slo.ts'
import { latencyOf, parseSlo } from './slo.ts'
import { SupplierModel, suppliersOf } from './supplier-model.ts'
import { type Duration, durationMs, durationUs, timeText, timeUs } from './time-of-day.ts'
import { TraceHash } from './trace-hash.ts'
import { checkMode } from './validate-day.ts'

export interface SimDayOptions extends Pick<SimClusterOptions, 'observer' | 'recorder'> {
  /**
   * What is handed over is copied, and what machines are given is frozen: the same day, a good deal slower, and an
   * actor that changes what it was given is found.
   */
  readonly strict?: boolean
  /** A rule of the runtime that is broken on purpose, to show that the checks notice. */
  readonly broken?: SimClusterOptions['broken']
  /** Of the actors, from 0 to 1: those whose history is replayed. Default: all of a short day, few of a long one. */
  readonly replayShare?: number
  /** Told of every write when it is durable, in the order of the log. */
  readonly onCommit?: (commit: Commit) => void
}

export interface DayRun extends SimDayOptions {
  readonly seed: number
  /** Of every group that hosts something, instead of what the day says. */
  readonly nodes?: number
  /** Which code ran it. */
  readonly commit?: string
  /** A stopwatch, in milliseconds. */
  readonly wall?: () => number
  /** Told every half hour of the day. */
  readonly onProgress?: (progress: DayProgress) => void
}

export interface DayProgress {
  /** Microseconds since midnight. */
  readonly at: number
  readonly arrived: number
  readonly expected: number
}

/** Where a simulated day is set. */
export const site = 'house'
const minuteUs = 60_000_000
/** Before opening time, so that nodes are up and the house is open when the doors are. */
const earlyUs = 2 * minuteUs
/** A member logs in so long before ordering. */
const memberEarlyUs = minuteUs
const progressUs = 30 * minuteUs
/** Clocks of nodes are apart, and a message may have waited: a timer is late only after this. */
const overdueUs = 5 * minuteUs
const callbackTriesMax = 3
/** The world outside is not perfect: letters are lost, and so are answers. */
const usualOffice = { latencyMs: 60, failShare: 0.01, silentShare: 0.005 }
/** What came so long ago is in its bin, once all faults are over. */
export const bookedWithinUs = 15 * minuteUs
/** Far more than any day has: who needs more goes in circles. */
const eventsMax = 50_000_000

export class SimDay {
  readonly day: Day
  readonly seed: number
  readonly registry: Registry
  readonly cluster: SimCluster
  readonly door: Door
  readonly provider: ProviderModel
  readonly office: OfficeModel
  readonly supplier: SupplierModel
  readonly guests: readonly SimGuest[]
  readonly #checker: DayChecker
  readonly #faults: Faults
  readonly #trace = new TraceHash()
  readonly #reads = new ReadsCheck()
  /** Of guests who were told what was not so. */
  readonly #complaints = new Problems()
  #menu: readonly MenuItem[] = []
  #toOpen = 0
  #takings = 0

  constructor(
    day: Day,
    seed: number,
    { observer, recorder, broken, onCommit, replayShare, strict = false }: SimDayOptions = {},
  ) {
    checkMode(day, { kind: 'sim' })
    const guests = planGuests(day, seed)
    this.day = day
    this.seed = seed
    const { groups, bounds, character, review, heartbeat, restart } = day.cluster
    const builds = buildsOf(day, strict)
    const turns = new ThrowingTurns(seed)
    for (const build of builds) turns.reach(build)
    // The newest reads what all of them have written.
    this.registry = builds.at(-1) as Registry
    this.provider = new ProviderModel(
      new ProviderLedger({
        latencyMs: durationMs(day.payments.latency),
        declineShare: day.payments.declineShare,
      }),
      (news, afterUs) => this.cluster.timeline.after(afterUs, () => this.#callBack(news, 1)),
    )
    this.office = new OfficeModel(new OfficeLedger(usualOffice))
    this.supplier = new SupplierModel(
      new SupplierLedger(suppliersOf(day)),
      () => this.cluster.worldNow as Instant,
      (record) => this.#at(record.arrivesAt, () => this.#takeIn(record)),
    )
    const around = (lasts: Duration): [number, number] => [
      Math.ceil(durationUs(lasts) / 4),
      Math.ceil(durationUs(lasts) * 1.5),
    ]
    this.cluster = new SimCluster({
      seed,
      registry: builds[0] as Registry,
      copies: strict,
      groups: Object.fromEntries(
        groups.map((group) => [
          group.name,
          group.departments === 'all' ? Object.keys(departments) : group.departments,
        ]),
      ),
      nodes: nodesOf(groups),
      bounds,
      clusterBounds: { idleReviewMs: durationMs(review) },
      models: new Map([
        ...this.provider.models,
        ...this.office.models,
        ...this.supplier.models,
        ...clusterModels(() => this.cluster),
      ]),
      network: {
        delayUs: durationUs(character.delay),
        tailUs: 50,
        tailMaxUs: 20_000,
        drop: character.dropShare,
        dropAcknowledgements: character.dropAcknowledgementShare,
        duplicate: character.duplicateShare,
        reorder: character.reorderShare,
        corrupt: 0,
        framesMax: 1_024,
        delivery: character.delivery,
      },
      journal: {
        delays: {
          visible: around(character.write),
          flush: around(character.flush),
          read: around(character.read),
        },
      },
      world: { world: (timeUs(day.open) - earlyUs) as Instant, runtime: runtimeEpoch, speed: 1 },
      membershipDelayMaxUs: durationUs(character.news),
      heartbeatMs: durationMs(heartbeat),
      restartMs: durationMs(restart),
      ...(observer && { observer }),
      ...(recorder && { recorder }),
      ...(broken && { broken }),
    })
    const skewUs = durationUs(character.clockSkew)
    for (const { node } of nodesOf(groups)) {
      const aheadUs = Math.round((2 * draw(seed, `clock.${node}`, 0) - 1) * skewUs)
      if (aheadUs !== 0) this.cluster.missetClock(node, { aheadUs, rate: 1 })
    }
    const edges = groups.filter((group) => group.departments.length === 0)
    this.door = new Door(
      this.cluster,
      nodesOf(edges).map(({ node }) => node),
    )
    this.#checker = new DayChecker({
      isOneLog: true,
      registry: this.registry,
      isArchived: (scope, position) => this.cluster.archive.has(scope, position),
      seed,
      share: replayShare ?? shareFor(guests.length),
    })
    this.#faults = new Faults({
      day,
      cluster: this.cluster,
      door: this.door,
      provider: this.provider,
      office: this.office,
      supplier: this.supplier,
      site,
      turns,
      builds,
      shardsOf: (node) => this.#checker.owner.shardsOf(node),
    })
    this.cluster.journal.onDurable((commit) => {
      turns.spare(() => this.#checker.commit(commit))
      if (commit.kind === 'appended') for (const record of commit.batch.records) this.#reads.record(record)
      this.#faults.commit(commit)
      this.#trace.add(commit)
      onCommit?.(commit)
    })
    const house = {
      cluster: this.cluster,
      door: this.door,
      site,
      menu: () => this.#menu,
      reads: this.#reads,
      complaints: this.#complaints,
    }
    this.guests = guests.map((plan) => new SimGuest(plan, house))
    this.#open()
    this.#faults.schedule()
    this.#deliver()
    for (const guest of this.guests) {
      if (guest.plan.isMember) this.#at(guest.plan.at - memberEarlyUs, () => guest.comeIn())
      this.#at(guest.plan.at, () => guest.arrive())
    }
    this.#at(timeUs(day.open), () => assert(this.#toOpen === 0 && this.#menu.length > 0, 'R2'))
  }

  /** What somebody breaks by hand, beside the day's own faults. */
  get byHand(): Pick<Faults, 'strike' | 'byHand'> {
    return this.#faults
  }

  /** Runs until this time of the day, in microseconds since midnight. */
  advance(to: number): void {
    const { timeline, worldNow } = this.cluster
    const until = timeline.now + Math.max(0, to - worldNow)
    if (timeline.run({ until, eventsMax: eventsMax - timeline.events }) !== 'limit') return
    throw new Error(
      `The day does not get on: ${eventsMax} events, and it is ${timeText(this.cluster.worldNow)}.`,
    )
  }

  /** Nobody is in the house any more, and nothing of their orders is left in the cluster. */
  get isOver(): boolean {
    if (this.guests.some((guest) => !guest.isGone)) return false
    return this.#checker.isQuiet((table) => this.cluster.journal.rows(table))
  }

  /** Of what became durable so far. */
  get traceHash(): string {
    return this.#trace.value
  }

  /** Judges the day as it stands. */
  result({ commit = '', wallSeconds = 0 } = {}): DayResult {
    const { day, seed, cluster, provider } = this
    const { orders, money, verdicts } = this.#checker.close({
      log: this.guests.filter(({ plan }) => plan.at <= cluster.worldNow).map(({ log }) => log),
      provider: provider.ledger.payments,
      carried: this.office.ledger.deeds,
      supplied: this.#supplied(),
      rows: (table) => cluster.journal.rows(table),
      healedAt: this.#faults.healedAt as Instant,
      settleWithinUs: durationUs(day.settleWithin),
      dueBefore: (cluster.worldNow - overdueUs) as Instant,
      sometimes: day.sometimes,
    })
    const accepted = latencyOf(this.guests.flatMap(({ latencyMs }) => latencyMs ?? []))
    const notFired = new Problems()
    for (const { kind, target, at, fired } of this.#faults.outcomes) {
      if (!fired) notFired.add(`${kind} of ${target} at ${at} had no effect`)
    }
    const judged = [
      ...verdicts,
      verdict('reads', this.#complaints),
      ...(day.faults.length === 0 ? [] : [verdict('faults-fired', notFired)]),
    ]
    const hosting = day.cluster.groups.filter((group) => group.departments.length > 0)
    return {
      day: day.name,
      mode: 'sim',
      seed,
      commit,
      optionsHash: hashOfDay(day),
      traceHash: this.traceHash,
      virtualSeconds: cluster.timeline.now / 1_000_000,
      wallSeconds,
      events: cluster.timeline.events,
      orders,
      money,
      checks: [
        ...judged.filter(({ id }) => (day.invariants as readonly string[]).includes(id)),
        ...(day.slo['order.accept'] ?? []).map((text) => judgeSlo('order.accept', text, accepted)),
      ],
      faults: this.#faults.outcomes,
      reached: this.#checker.reached.counts,
      latencyMs: { 'order.accept': accepted },
      nodes: hosting.reduce((sum, { nodes }) => sum + nodes, 0),
      restarts: cluster.restarts,
      command: `npx brigade day ${day.name} --seed ${seed}`,
    }
  }

  #open(): void {
    const { day } = this
    const tell = (actor: ActorId, message: Message, done = (): void => {}): void => {
      this.#toOpen += 1
      this.#insist(actor, message, `open:${actor}`, () => {
        this.#toOpen -= 1
        done()
      })
    }
    // The nodes want a moment to share the shards.
    this.cluster.timeline.after(minuteUs / 2, () => {
      for (const [bin, opening] of housePantry(site, pantryOf(day))) tell(bin, opening)
      for (const name of stationNames) {
        const station = stationRef(site, name)
        const crew = crewOf(day, name)
        const roster: StationRoster = { type: 'station.roster', crew }
        tell(station, stationOpen(day, site, name), () => {
          if (crew.length > 0) this.#insist(station, roster, `roster:${station}`)
        })
      }
      this.#insist(menuRef(site), { type: 'menu.open' }, 'open:menu', () => this.#readMenu())
    })
  }

  #readMenu(): void {
    this.door.query(menuRef(site), 'items', (answer) => {
      if (answer.kind === 'answer') this.#menu = (answer.value as { items: readonly MenuItem[] }).items
      else this.cluster.timeline.after(1_000_000, () => this.#readMenu())
    })
  }

  #deliver(): void {
    for (const [n, { at, ingredient, amount, trouble }] of deliveriesOf(this.day).entries()) {
      const message = { type: 'bin.deliver', amount } as Message
      this.#at(at, () =>
        this.#insist(binRef(site, ingredient), message, `delivery:${n}`, () => {
          if (trouble !== undefined) this.#faults.delivered(trouble)
        }),
      )
    }
  }

  /** Somebody of the house tells that an order has come. */
  #takeIn({ order, ingredient, brings: amount }: SupplyRecord): void {
    this.#takings += 1
    const message = { type: 'replenisher.receive', ...{ order, ingredient, amount } }
    this.#insist(replenisherRef(site), message, `taking:${this.#takings}`)
  }

  #supplied(): readonly SuppliedEntry[] {
    const now = this.cluster.worldNow
    const bookedBefore = now - bookedWithinUs
    return suppliedBy(this.supplier.ledger.orders, { now, bookedBefore, wellSince: this.#faults.healedAt })
  }

  #insist(actor: ActorId, message: Message, key: string, done: () => void = () => {}): void {
    this.door.command(actor, message, key, (answer) => {
      if (answer.kind === 'done') done()
      else if (isWorthRepeating(answer)) {
        this.cluster.timeline.after(1_000_000, () => this.#insist(actor, message, key, done))
      }
    })
  }

  /** As a request at the door, like the provider's callback; without an answer a few times more. */
  #callBack({ payment, ...said }: ProviderNews, tries: number): void {
    const actor = paymentRef(payment)
    const message = { type: 'payment.news', ...said } as Message
    this.door.send({ actor, body: { kind: 'command', message }, timeoutMs: 5_000 }, (answer) => {
      if (!isWorthRepeating(answer) || tries >= callbackTriesMax) return
      this.cluster.timeline.after(1_000_000, () => this.#callBack({ payment, ...said }, tries + 1))
    })
  }

  #at(time: number, run: () => void): void {
    this.cluster.timeline.after(Math.max(0, time - this.cluster.worldNow), run)
  }
}

/** The build of the actors that a day begins with, and one for each upgrade. */
function buildsOf({ cluster: { shards }, faults }: Day, freeze: boolean): readonly Registry[] {
  const upgrades = faults.filter(({ kind }) => kind === 'rolling-upgrade').length
  return Array.from(
    { length: upgrades + 1 },
    (_, n) =>
      new Registry({
        departments: Object.entries(departments).map(([name, actors]) => ({
          name,
          shards,
          actors: n === 0 ? actors : newerBuild(actors, n),
        })),
        supervision: restaurant,
        freeze,
      }),
  )
}

/** A replayed turn costs as much as a turn: a day of more guests than this replays fewer of its actors. */
const guestsReplayed = 100
const shareFor = (guests: number): number => Math.min(1, guestsReplayed / Math.max(1, guests))

/** Runs a whole day. */
export function runSimDay(day: Day, run: DayRun): DayResult {
  const { seed, nodes, commit = '', wall = () => 0, onProgress = () => {} } = run
  const startedAt = wall()
  const sized = nodes === undefined ? day : withNodes(day, nodes)
  const running = new SimDay(sized, seed, run)
  const close = timeUs(sized.close)
  const limit = close + durationUs(sized.drainLimit)
  for (let at = timeUs(sized.open); at < close; at += progressUs) {
    running.advance(at)
    onProgress(progressOf(running, at))
  }
  running.advance(close)
  for (let at = close; at < limit && !running.isOver; at += minuteUs) running.advance(at + minuteUs)
  onProgress(progressOf(running, running.cluster.worldNow))
  const result = running.result({ commit, wallSeconds: (wall() - startedAt) / 1_000 })
  return nodes === undefined ? result : { ...result, command: `${result.command} --nodes ${nodes}` }
}

/** The same day on another number of nodes, in every group that hosts something. */
export function withNodes(day: Day, nodes: number): Day {
  const groups = day.cluster.groups.map((group) =>
    group.departments.length === 0 ? group : { ...group, nodes },
  )
  return { ...day, cluster: { ...day.cluster, groups } }
}

function progressOf({ guests }: SimDay, at: number): DayProgress {
  return { at, arrived: guests.filter(({ plan }) => plan.at <= at).length, expected: guests.length }
}

function judgeSlo(measure: string, text: string, latency: Latency): DayResult['checks'][number] {
  const slo = parseSlo(text)
  const id = `slo ${measure} ${text}`
  if (slo === undefined || latency[slo.percentile] < slo.belowMs) return { id, held: true }
  return { id, held: false, detail: `it was ${latency[slo.percentile]} ms` }
}
