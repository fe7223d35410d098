/**
 * What a day was like, in numbers: how many were served, how soon, at what price, and how busy the kitchen was.
 *
 * They are read from the journal's turns and from what the guests know, so a simulated day and a live one are measured
 * by the same code. Times are of the restaurant's clock, but for the wait at the door: that is real time.
 *
 * Owns:     which indicators there are, how each is measured, and how it is written.
 * Does not: say how sure they are (`study.ts`), or judge the day (its checks do).
 *
 * Invariants:
 *   K1. Each is a total, a mean or a share of one day: numbers that may be averaged over days.
 */
import type { StationName } from '#actors'
import { stationNames } from '#actors'
import { type Day, type DayResult, durationUs, timeUs } from '#day'
import type { JournalRecord } from '#ports'
import type { Commit } from '#sim'
import { type Histogram, histogramOf } from '#statistics'

/** How a number is written: a share is one of 1 and is told in per cent. */
export type Unit = 'count' | 'minutes' | 'share' | 'ms' | 'euro'

export interface Kpi {
  readonly id: string
  readonly title: string
  /** What it counts, in a sentence. */
  readonly about: string
  readonly unit: Unit
  /** Which way is good. */
  readonly better: 'more' | 'less' | 'neither'
}

const stationKpis = stationNames.map(
  (station): Kpi => ({
    id: `busy.${station}`,
    title: `cooks busy, ${station}`,
    about: `Of the opening hours of the ${station}'s cooks, the share in which they had something in hand.`,
    unit: 'share',
    better: 'neither',
  }),
)

export const kpis: readonly Kpi[] = [
  {
    id: 'completed',
    title: 'orders completed',
    about: 'Orders that were served or collected.',
    unit: 'count',
    better: 'more',
  },
  {
    id: 'ticket-time',
    title: 'ticket time',
    about: 'From the acceptance of an order until it is ready on the pass, on average.',
    unit: 'minutes',
    better: 'less',
  },
  {
    id: 'queue-time',
    title: '  until a cook begins',
    about: 'The part of the ticket time before the first dish is begun.',
    unit: 'minutes',
    better: 'less',
  },
  {
    id: 'late',
    title: 'later than promised',
    about: 'Of the orders that were ready, the share that took longer than the day promises its guests.',
    unit: 'share',
    better: 'less',
  },
  {
    id: 'wait',
    title: 'wait at the door',
    about:
      'From the moment at which a guest means to order until it is acknowledged, on average, in real time.',
    unit: 'ms',
    better: 'less',
  },
  {
    id: 'reneged',
    title: 'gave up at the door',
    about: 'Of the guests who tried to order, the share that left without an acknowledgement.',
    unit: 'share',
    better: 'less',
  },
  {
    id: 'rejected',
    title: 'orders rejected',
    about: 'Of the acknowledged orders, the share that could not be made or paid.',
    unit: 'share',
    better: 'less',
  },
  {
    id: 'cancelled',
    title: 'orders cancelled',
    about: 'Of the acknowledged orders, the share that was called off by its guest, or expired.',
    unit: 'share',
    better: 'less',
  },
  {
    id: 'revenue',
    title: 'revenue',
    about: 'The bills of completed orders.',
    unit: 'euro',
    better: 'more',
  },
  ...stationKpis,
]

/** A day, measured. All of it is plain data, and small. */
export interface DayKpis {
  /** By the id of the indicator. An indicator without a case (no order was ever ready) is not a number. */
  readonly values: Readonly<Record<string, number>>
  /** Minutes of each order that was ready. */
  readonly ticketTimes: Histogram
  readonly halfHours: readonly HalfHour[]
}

/** Orders that were accepted in this half hour. */
export interface HalfHour {
  /** Minutes since midnight, of its beginning. */
  readonly at: number
  readonly accepted: number
  /** Of those that were ready later on, together. */
  readonly ready: number
  readonly minutes: number
  /** Orders between acceptance and the pass, on average over the half hour. */
  readonly open: number
}

interface Ticket {
  readonly acceptedAt: number
  begunAt?: number
  readyAt?: number
  /** Ready, or ended without. */
  outAt?: number
}

interface Cook {
  readonly station: StationName
  busySince: number | undefined
}

const minuteUs = 60_000_000
const halfHourUs = 30 * minuteUs
const binMinutes = 0.5

/** Takes notes while the journal is told, in any order that keeps each actor's turns in theirs. */
export class KpiLog {
  readonly #day: Day
  readonly #tickets = new Map<string, Ticket>()
  readonly #cooks = new Map<string, Cook>()
  readonly #busyUs = new Map<StationName, number>()

  constructor(day: Day) {
    this.#day = day
  }

  commit(commit: Commit): void {
    if (commit.kind !== 'appended') return
    for (const record of commit.batch.records) {
      if (record.actor.startsWith('order/')) this.#order(record)
      else if (record.actor.startsWith('cook/')) this.#cook(record)
    }
  }

  /** What is known when the day is over. */
  close({ orders, money, latencyMs }: Pick<DayResult, 'orders' | 'money' | 'latencyMs'>): DayKpis {
    const tickets = [...this.#tickets.values()]
    const ready = tickets.filter(({ readyAt }) => readyAt !== undefined)
    const minutes = ready.map(({ acceptedAt, readyAt = 0 }) => (readyAt - acceptedAt) / minuteUs)
    const queued = ready.map(({ acceptedAt, begunAt, readyAt = 0 }) => (begunAt ?? readyAt) - acceptedAt)
    const promised = durationUs(this.#day.guests.promise) / minuteUs
    const { acknowledged, attempted } = orders
    return {
      values: {
        completed: orders.completed,
        'ticket-time': meanOf(minutes),
        'queue-time': meanOf(queued) / minuteUs,
        late: share(minutes.filter((took) => took > promised).length, ready.length),
        wait: latencyMs['order.accept'].mean,
        reneged: share(orders.refused + orders.unknown, attempted),
        rejected: share(orders.rejected, acknowledged),
        cancelled: share(orders.cancelled + orders.expired, acknowledged),
        revenue: money.billed / 100,
        ...Object.fromEntries(stationNames.map((station) => [`busy.${station}`, this.#busyShare(station)])),
      },
      ticketTimes: histogramOf(minutes, binMinutes),
      halfHours: this.#halfHours(tickets),
    }
  }

  #order({ actor, message, at, events = [] }: JournalRecord): void {
    if (message.type === 'order.place' && !this.#tickets.has(actor)) {
      this.#tickets.set(actor, { acceptedAt: at })
    }
    const ticket = this.#tickets.get(actor)
    if (ticket === undefined) return
    for (const { type } of events) {
      if (type === 'cooking.started') ticket.begunAt ??= at
      if (type === 'order.ready') ticket.readyAt ??= at
      if (outOfTheKitchen.has(type)) ticket.outAt ??= at
    }
  }

  #cook({ actor, state, at }: JournalRecord): void {
    let cook = this.#cooks.get(actor)
    if (cook === undefined) {
      // cook/site:station:n
      cook = { station: actor.split(':')[1] as StationName, busySince: undefined }
      this.#cooks.set(actor, cook)
    }
    if (cook.busySince !== undefined) this.#addBusy(cook.station, cook.busySince, at)
    cook.busySince = state === 'working' ? at : undefined
  }

  #addBusy(station: StationName, from: number, to: number): void {
    const { open, close } = this.#day
    const within = Math.min(to, timeUs(close)) - Math.max(from, timeUs(open))
    if (within > 0) this.#busyUs.set(station, (this.#busyUs.get(station) ?? 0) + within)
  }

  #busyShare(station: StationName): number {
    const { open, close, kitchen } = this.#day
    return share(this.#busyUs.get(station) ?? 0, kitchen[station].cooks * (timeUs(close) - timeUs(open)))
  }

  #halfHours(tickets: readonly Ticket[]): readonly HalfHour[] {
    const { open, close } = this.#day
    const slots: HalfHour[] = []
    for (let from = timeUs(open); from < timeUs(close); from += halfHourUs) {
      const to = from + halfHourUs
      const accepted = tickets.filter(({ acceptedAt }) => acceptedAt >= from && acceptedAt < to)
      const ready = accepted.filter(({ readyAt }) => readyAt !== undefined)
      const minutes = ready.map(({ acceptedAt, readyAt = 0 }) => (readyAt - acceptedAt) / minuteUs)
      const openUs = tickets.map(({ acceptedAt, outAt = to }) =>
        Math.max(0, Math.min(outAt, to) - Math.max(acceptedAt, from)),
      )
      slots.push({
        at: from / minuteUs,
        accepted: accepted.length,
        ready: ready.length,
        minutes: sumOf(minutes),
        open: sumOf(openUs) / halfHourUs,
      })
    }
    return slots
  }
}

/** The order waits for the kitchen no longer. */
const outOfTheKitchen: ReadonlySet<string> = new Set([
  'order.ready',
  'order.rejected',
  'order.cancelled',
  'order.expired',
])

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
const meanOf = (values: readonly number[]): number => sumOf(values) / values.length
const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
