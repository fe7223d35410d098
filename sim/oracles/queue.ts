/**
 * A waiting line with servers, as bare events on the timeline: what the simulator adds to it is nothing.
 *
 * Owns:     who waits, who is served, who is turned away and who gives up.
 * Does not: measure. Whoever asks is told of every customer that leaves, and of how many there are over time.
 */
import { EventClass, type SimEvent, type Timeline } from '#sim'

export interface Customer {
  readonly n: number
  /** Microseconds, of this line. */
  arrivedAt: number
  startedAt: number
  endedAt: number
  fate: 'waiting' | 'served' | 'turned-away' | 'gave-up'
  givesUp?: SimEvent
}

export interface LineRules {
  readonly servers: number
  /** Microseconds of the next service. */
  readonly service: () => number
  /** Of everybody, in line and at the servers; beyond it they are turned away. */
  readonly room?: number
  /** Microseconds that the next one would wait. */
  readonly patience?: () => number
  readonly onLeave: (customer: Customer) => void
  /** A mistake, made on purpose. */
  readonly planted?: Planted
}

/** The last comes first; one customer in a thousand is forgotten; one service in a hundred is cut short by half. */
export type Planted = 'last-come' | 'loses-some' | 'hurries'

export class Line {
  readonly #timeline: Timeline
  readonly #rules: LineRules
  #waiting: Customer[] = []
  #head = 0
  #busy = 0
  #inside = 0
  #area = 0
  #since = 0
  #begun = 0

  constructor(timeline: Timeline, rules: LineRules) {
    this.#timeline = timeline
    this.#rules = rules
  }

  /** Customers × microseconds so far, exactly: the integral of how many are inside. */
  get area(): number {
    return this.#area + this.#inside * (this.#timeline.now - this.#since)
  }

  get inside(): number {
    return this.#inside
  }

  arrive(n: number): void {
    const now = this.#timeline.now
    const customer: Customer = { n, arrivedAt: now, startedAt: now, endedAt: now, fate: 'waiting' }
    const { servers, room = Number.POSITIVE_INFINITY, patience } = this.#rules
    if (this.#inside >= room) {
      this.#leave(customer, 'turned-away')
      return
    }
    this.#change(1)
    if (this.#busy < servers) {
      this.#begin(customer)
      return
    }
    this.#waiting.push(customer)
    if (patience === undefined) return
    customer.givesUp = this.#timeline.after(patience(), () => {
      this.#change(-1)
      this.#leave(customer, 'gave-up')
    })
  }

  #begin(customer: Customer): void {
    const { service, planted } = this.#rules
    if (customer.givesUp !== undefined) this.#timeline.cancel(customer.givesUp)
    this.#busy += 1
    this.#begun += 1
    customer.startedAt = this.#timeline.now
    let takes = service()
    if (planted === 'hurries' && this.#begun % 100 === 0) takes = Math.floor(takes / 2)
    this.#timeline.at(this.#timeline.now + takes, EventClass.end, () => this.#end(customer))
  }

  #end(customer: Customer): void {
    this.#busy -= 1
    this.#change(-1)
    this.#leave(customer, 'served')
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (next.fate !== 'waiting') continue
      this.#begin(next)
      return
    }
  }

  #next(): Customer | undefined {
    const { planted } = this.#rules
    if (this.#head === this.#waiting.length) return undefined
    if (planted === 'last-come') return this.#waiting.pop()
    const next = this.#waiting[this.#head] as Customer
    this.#head += 1
    if (this.#head > 1_000) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
    if (planted !== 'loses-some' || next.n % 1_000 !== 999) return next
    this.#change(-1)
    return this.#next()
  }

  #leave(customer: Customer, fate: Customer['fate']): void {
    customer.fate = fate
    customer.endedAt = this.#timeline.now
    this.#rules.onLeave(customer)
  }

  #change(by: number): void {
    const now = this.#timeline.now
    this.#area += this.#inside * (now - this.#since)
    this.#since = now
    this.#inside += by
  }
}

/** Customers 0, 1, 2, … at these gaps, for ever or as many as are said; the first comes after the first gap. */
export function arrivals(
  timeline: Timeline,
  gap: () => number,
  arrive: (n: number) => void,
  count = Number.POSITIVE_INFINITY,
): void {
  const next = (n: number): void => {
    if (n === count) return
    timeline.at(timeline.now + gap(), EventClass.arrival, () => {
      arrive(n)
      next(n + 1)
    })
  }
  next(0)
}
