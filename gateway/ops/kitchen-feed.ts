/**
 * Looks at the kitchen for as long as somebody wants to see it.
 *
 * A thing of the kitchen is asked when it has had a turn, and never otherwise. What it shows between two turns follows from
 * what it answered: the heat of an appliance has a closed form, and is worked out here.
 *
 * Owns:     which actors are followed, what each of them showed last, and what of it was told.
 * Does not: know who looks (`stream.ts`).
 *
 * Invariants:
 *   KF1. Of one thing one question is on its way at most, of all of them `askedMax`, and none without a turn before it.
 *        Of many who changed none waits for ever.
 *   KF2. Each patch has what has changed since the one before, and `whole` what all of them have come to.
 */
import type { ActorId, Instant, Query } from '#actor'
import { keyOf, typeOf } from '#actor'
import {
  type ApplianceContext,
  advanced,
  type BinView,
  binRef,
  definitions,
  dishOfJob,
  fryerKind,
  ingredients,
  kitchenTimerRef,
  orderOfDish,
  ovenKind,
  panKind,
  probeRef,
  stationNames,
  stationRef,
  ticketRef,
} from '#actors'
import type { ClusterClient } from '../cluster-client.ts'
import type {
  KitchenPatch,
  KitchenProbe,
  KitchenStation,
  KitchenThing,
  KitchenTicket,
} from '../kitchen-words.ts'
import type { TimeControl } from '../time-control.ts'

export const kitchenBounds = {
  everyMs: 100,
  askedMax: 32,
  ticketsMax: 200,
  /** Who owns what is asked so often, and what sensors show is told exactly. */
  placesMs: 1_000,
  /** One who did not answer is asked again after this. */
  againMs: 1_000,
  /** A ticket that has ended is shown so long. */
  endedMs: 3_000,
} as const
const requestTimeoutMs = 3_000
/** Kelvin. Sensors flicker: what is less is told once a second. */
const readingStep = 2
const nextShown = 6

const plants = { oven: ovenKind, pan: panKind, fryer: fryerKind } as const
const isAppliance = (type: string): type is keyof typeof plants => type in plants
const viewOf = new Map<string, Query>(
  definitions.flatMap(({ type, queries }) => (queries?.view ? [[type, queries.view]] : [])),
)

interface Followed {
  readonly id: ActorId
  readonly stop: () => void
  isChanged: boolean
  isAsked: boolean
  askAfter: number
  askedAt: number
  shard: string
  isStopped: boolean
  value: unknown
  /** Undefined: there is no such actor, or nobody knows yet. */
  context: unknown
  goesAt: number
  told: KitchenThing | undefined
}

export class KitchenFeed {
  readonly #client: ClusterClient
  readonly #tell: (patch: KitchenPatch) => void
  readonly #time: Pick<TimeControl, 'view'> | undefined
  readonly #followed = new Map<string, Followed>()
  #owners = new Map<string, string>()
  #asked = 0
  #tickets = 0
  #placesAt = 0
  #isOver = false
  #wasSeeking = false
  readonly #timer: NodeJS.Timeout

  /** `time`: of a simulated cluster. */
  constructor(
    client: ClusterClient,
    site: string,
    tell: (patch: KitchenPatch) => void,
    time?: Pick<TimeControl, 'view'>,
  ) {
    this.#client = client
    this.#tell = tell
    this.#time = time
    for (const name of stationNames) {
      this.#follow(stationRef(site, name))
      this.#follow(kitchenTimerRef(site, name))
    }
    for (const name of Object.keys(ingredients)) this.#follow(binRef(site, name))
    void this.#findTickets()
    this.#timer = setInterval(() => this.#look(), kitchenBounds.everyMs)
    this.#look()
  }

  get whole(): KitchenPatch {
    const things = [...this.#followed.values()].flatMap(({ told }) => (told === undefined ? [] : [told]))
    return { whole: true, at: this.#client.worldNow(), things, gone: [] }
  }

  stop(): void {
    this.#isOver = true
    clearInterval(this.#timer)
    for (const { stop } of this.#followed.values()) stop()
    this.#followed.clear()
  }

  #follow(id: ActorId): void {
    if (this.#followed.has(id)) return
    const isTicket = typeOf(id) === 'ticket'
    if (isTicket && this.#tickets >= kitchenBounds.ticketsMax) return
    if (isTicket) this.#tickets += 1
    const followed: Followed = {
      id,
      stop: this.#client.watch(id, () => {
        followed.isChanged = true
      }),
      isChanged: true,
      isAsked: false,
      askAfter: 0,
      askedAt: Number.NEGATIVE_INFINITY,
      shard: '',
      isStopped: false,
      value: undefined,
      context: undefined,
      goesAt: Number.POSITIVE_INFINITY,
      told: undefined,
    }
    this.#followed.set(id, followed)
  }

  /** Those that are there already, or again: of the others the stations that cook them tell. */
  async #findTickets(): Promise<void> {
    const fits = ({ status }: { readonly status: string }): boolean => status === 'live'
    let cursor: string | undefined
    do {
      const page = await this.#client
        .actors({
          type: 'ticket',
          fits,
          limit: kitchenBounds.ticketsMax,
          ...(cursor !== undefined && { cursor }),
        })
        .catch(() => undefined)
      if (this.#isOver) return
      for (const { id } of page?.items ?? []) this.#follow(id)
      cursor = page?.nextCursor
    } while (cursor !== undefined && this.#tickets < kitchenBounds.ticketsMax)
  }

  #look(): void {
    const now = performance.now()
    const isSeeking = this.#time?.view().state === 'seeking'
    if (this.#wasSeeking && !isSeeking) void this.#findTickets()
    this.#wasSeeking = isSeeking
    const isExact = now - this.#placesAt >= kitchenBounds.placesMs
    if (isExact) {
      this.#placesAt = now
      void this.#findOwners()
    }
    this.#askWhoChanged(now)
    const things: KitchenPatch['things'][number][] = []
    const gone: string[] = []
    for (const followed of this.#followed.values()) {
      const difference = this.#difference(followed, isExact)
      if (difference !== undefined) things.push(difference)
      if (followed.goesAt > now) continue
      followed.stop()
      this.#followed.delete(followed.id)
      this.#tickets -= 1
      if (followed.told !== undefined) gone.push(followed.id)
    }
    if (things.length + gone.length > 0)
      this.#tell({ whole: false, at: this.#client.worldNow(), things, gone })
  }

  /** Who was asked longest ago comes first: of a cluster that answers slowly nobody is forgotten. */
  #askWhoChanged(now: number): void {
    const due = [...this.#followed.values()]
      .filter(({ isChanged, isAsked, askAfter }) => isChanged && !isAsked && askAfter <= now)
      .sort((a, b) => a.askedAt - b.askedAt)
    for (const followed of due.slice(0, kitchenBounds.askedMax - this.#asked)) void this.#ask(followed, now)
  }

  async #findOwners(): Promise<void> {
    try {
      const { shards } = await this.#client.cluster()
      this.#owners = new Map(shards.flatMap(({ shard, owner }) => (owner ? [[shard, owner]] : [])))
    } catch {
      // The owners before are the best that is known.
    }
  }

  async #ask(followed: Followed, now: number): Promise<void> {
    followed.isAsked = true
    followed.askedAt = now
    followed.isChanged = false
    this.#asked += 1
    const body = { kind: 'operate', command: { kind: 'inspect' } } as const
    const outcome = await this.#client.request({ actor: followed.id, body, timeoutMs: requestTimeoutMs })
    // Nobody looks any more: what it has to tell would only lead to more.
    if (this.#isOver) return
    this.#asked -= 1
    followed.isAsked = false
    if (outcome.kind === 'answer') this.#know(followed, outcome.state, outcome.value as Inside)
    else if (outcome.kind === 'unknown' || outcome.kind === 'archived') this.#lose(followed)
    else {
      followed.isChanged = true
      followed.askAfter = performance.now() + kitchenBounds.againMs
    }
  }

  #know(followed: Followed, value: unknown, { context, shard = '', status }: Inside): void {
    followed.goesAt = Number.POSITIVE_INFINITY
    followed.value = value
    followed.context = context
    followed.shard = shard
    followed.isStopped = status === 'stopped'
    const type = typeOf(followed.id)
    if (type === 'station') this.#followStation(followed)
    if (status === 'archived') this.#lose(followed)
  }

  /** A ticket has ended. Anything else is not there yet, and its first turn will tell. */
  #lose(followed: Followed): void {
    if (typeOf(followed.id) === 'ticket')
      followed.goesAt = Math.min(followed.goesAt, performance.now() + kitchenBounds.endedMs)
    else followed.context = undefined
  }

  #followStation({ id, context }: Followed): void {
    const bank = keyOf(id)
    const { units, queue, jobs } = context as StationInside
    for (const [index, { kind, n }] of units.entries()) {
      this.#follow(`${kind}/${bank}:${n}` as ActorId)
      this.#follow(probeRef(bank, index + 1))
    }
    for (const { job } of [...jobs, ...queue]) this.#follow(ticketRef(orderOfDish(keyOf(dishOfJob(job)))))
  }

  /** What is to be told of it; undefined when nothing is. */
  #difference(followed: Followed, isExact: boolean): (Partial<KitchenThing> & { id: string }) | undefined {
    if (followed.context === undefined) return undefined
    const shown = this.#shown(followed)
    const { told } = followed
    if (told === undefined) {
      followed.told = shown
      return shown
    }
    const flickers = (name: string, value: unknown, before: unknown): boolean =>
      name === 'reading' &&
      !isExact &&
      typeof value === 'number' &&
      typeof before === 'number' &&
      Math.abs(value - before) < readingStep
    const before = told as unknown as Readonly<Record<string, unknown>>
    const changes = Object.entries(shown).filter(
      ([name, value]) => !isSame(value, before[name]) && !flickers(name, value, before[name]),
    )
    if (changes.length === 0) return undefined
    followed.told = { ...told, ...Object.fromEntries(changes) } as KitchenThing
    return { id: followed.id, ...Object.fromEntries(changes) }
  }

  #shown(followed: Followed): KitchenThing {
    const { id, value, isStopped, shard } = followed
    const type = typeOf(id)
    const now = this.#client.worldNow()
    if (isAppliance(type))
      followed.context = advanced(plants[type], followed.context as ApplianceContext, now)
    const { context } = followed
    return shownAs(
      { id, node: this.#owners.get(shard) ?? null, isStopped, state: String(value) },
      value,
      context,
      now,
    )
  }
}

/** What an inspection tells, as far as it is needed here. */
interface Inside {
  readonly context: unknown
  readonly shard?: string
  readonly status: string
}

interface ShownActor {
  readonly id: ActorId
  readonly node: string | null
  readonly isStopped: boolean
  readonly state: string
}

/** Contexts, as far as their queries do not show them. */
interface StationInside {
  readonly queue: readonly { readonly job: string }[]
  readonly jobs: readonly { readonly job: string; readonly unit: number }[]
  readonly units: readonly { readonly kind: keyof typeof plants; readonly n: number }[]
}
interface TimerInside {
  readonly broken: boolean
  readonly alarms: readonly {
    readonly alarm: string
    readonly until: Instant
    readonly left: number
    readonly paused: boolean
  }[]
}

function shownAs(actor: ShownActor, value: unknown, context: unknown, now: Instant): KitchenThing {
  const { id } = actor
  const type = typeOf(id)
  const [, station = '', n = ''] = keyOf(id).split(':')
  const device = { ...actor, station, n: Number(n) }
  const view = viewOf.get(type)?.({ id, value, context, version: 0 }, undefined, now)
  switch (type) {
    case 'oven':
    case 'pan':
    case 'fryer': {
      const { sensor, welded: isWelded } = context as ApplianceContext
      const { reading, target, level, doorOpen, slots, fault, foods } = view as ApplianceContext
      return {
        ...{ ...device, kind: type, reading, target, level, doorOpen, slots, fault, sensor, isWelded },
        foods: foods.map(({ job, since, ends, done }) => ({ job, since, ends, done })),
      }
    }
    case 'probe': {
      const { reading, job, fault } = view as KitchenProbe
      return { ...device, kind: type, reading, job, fault, sensor: (context as KitchenProbe).sensor }
    }
    case 'kitchen-timer': {
      const { alarms, broken } = context as TimerInside
      return {
        ...{ ...device, kind: type, fault: broken ? 'stopped' : '' },
        alarms: alarms.map(({ alarm, until, left, paused }) => ({
          alarm,
          rings: paused || broken ? null : until,
          leftMs: left,
        })),
      }
    }
    case 'station': {
      const { queue, jobs, units } = context as StationInside
      const { name, cooks, served, spoilt } = view as KitchenStation
      return {
        ...{ ...actor, kind: type, name, served, spoilt, waiting: queue.length, working: jobs.length },
        cooks: cooks.map(({ n: number, here, job }) => {
          const unit = job === '' ? undefined : jobs.find((one) => one.job === job)?.unit
          return { n: number, here, job, unit: unit ?? -1 }
        }),
        units: units.map(({ kind, n: number }) => ({ kind, n: number })),
        next: queue.slice(0, nextShown).map(({ job }) => job),
      }
    }
    case 'ticket': {
      const { screen, openedAt, promisedAt, plates } = view as KitchenTicket
      return { ...actor, kind: type, screen, openedAt, promisedAt, plates }
    }
    default: {
      const { ingredient, unit, free, held, par, low, ordered } = view as BinView
      return { ...actor, kind: 'bin', ingredient, unit, free, held, par, low, ordered }
    }
  }
}

/** Of plain data, whose members come in the same order. */
const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
