/**
 * The models of the statistical oracles, run on the bare timeline.
 *
 * One long run each, cut into batches: the first is left out, because it began with an empty house, and the means of
 * the others are close to independent (batch means: Law, Simulation Modeling and Analysis, 9.5.3). A batch is many
 * times longer than the queue remembers.
 *
 * Owns:     what is run, and the batch means of what is measured. A unit of time is a second.
 * Does not: know what should come out (`formulas.ts`).
 */
import { Timeline } from '#sim'
import { constant, exponential, hyperexponential, sine } from './chance.ts'
import { arrivals, type Customer, Line, type Planted } from './queue.ts'

/** By what was measured, the mean of each batch. */
export type Measured = Readonly<Record<string, readonly number[]>>

export interface Length {
  readonly seed: number
  /** Of customers, or of periods: each of the 20 that count, and of the one that does not. */
  readonly batch: number
  readonly planted?: Planted
}

export const batches = 20
const second = 1_000_000

/** The means of equally many values each; the first batch is left out. */
class BatchMeans {
  readonly means: number[] = []
  readonly #size: number
  #sum = 0
  #count = 0
  #skip = 1

  constructor(size: number) {
    this.#size = size
  }

  get isFull(): boolean {
    return this.means.length === batches
  }

  add(value: number): void {
    this.#sum += value
    this.#count += 1
    if (this.#count < this.#size) return
    if (this.#skip > 0) this.#skip -= 1
    else if (!this.isFull) this.means.push(this.#sum / this.#size)
    this.#sum = 0
    this.#count = 0
  }
}

/** Runs until all is measured. */
function runUntil(timeline: Timeline, isDone: () => boolean): void {
  while (!isDone()) timeline.run({ eventsMax: 10_000 })
}

export type Service = 'exponential' | 'constant' | 'variable'

/** Longer than this is late. */
export const lateAfter = 1

/** M/M/c and M/G/1, mean service 1: the wait in line, and the share that waits long. */
export function waitingLine(
  model: {
    readonly servers: number
    readonly busy: number
    readonly service?: Service
    readonly patience?: number
  },
  { seed, batch, planted }: Length,
): Measured {
  const { servers, busy, service = 'exponential' } = model
  const timeline = new Timeline(seed)
  const draw = timeline.stream('service')
  const services: Readonly<Record<Service, () => number>> = {
    exponential: exponential(second, draw),
    constant: constant(second),
    variable: hyperexponential(second, 4, draw),
  }
  const [wait, late] = [new BatchMeans(batch), new BatchMeans(batch)]
  const line = new Line(timeline, {
    servers,
    service: services[service],
    onLeave: ({ arrivedAt, startedAt }) => {
      const waited = (startedAt - arrivedAt) / second
      wait.add(waited)
      late.add(waited > lateAfter ? 1 : 0)
    },
    ...(planted && { planted }),
  })
  const gap = exponential(second / (servers * busy), timeline.stream('gap'))
  arrivals(timeline, gap, (n) => line.arrive(n))
  runUntil(timeline, () => wait.isFull)
  return { wait: wait.means, late: late.means }
}

/** M/M/3/10: the share that is turned away, and how many are inside over time. */
export function boundedLine(
  { servers, room, rate }: { readonly servers: number; readonly room: number; readonly rate: number },
  { seed, batch, planted }: Length,
): Measured {
  const timeline = new Timeline(seed)
  const blocked = new BatchMeans(batch)
  const inside = new BatchMeans(1)
  let [arrived, area, since] = [0, 0, 0]
  const line = new Line(timeline, {
    servers,
    room,
    service: exponential(second, timeline.stream('service')),
    onLeave: ({ fate }) => blocked.add(fate === 'turned-away' ? 1 : 0),
    ...(planted && { planted }),
  })
  arrivals(timeline, exponential(second / rate, timeline.stream('gap')), (n) => {
    arrived += 1
    if (arrived % batch === 0) {
      inside.add((line.area - area) / (timeline.now - since))
      ;[area, since] = [line.area, timeline.now]
    }
    line.arrive(n)
  })
  runUntil(timeline, () => blocked.isFull && inside.isFull)
  return { blocked: blocked.means, inside: inside.means }
}

/** M/M/10+M: the shares that have to wait, and that give up. */
export function impatientLine(
  model: { readonly servers: number; readonly rate: number; readonly impatience: number },
  { seed, batch, planted }: Length,
): Measured {
  const timeline = new Timeline(seed)
  const [waits, givesUp] = [new BatchMeans(batch), new BatchMeans(batch)]
  const line = new Line(timeline, {
    servers: model.servers,
    service: exponential(second, timeline.stream('service')),
    patience: exponential(second / model.impatience, timeline.stream('patience')),
    onLeave: ({ fate, arrivedAt, startedAt }) => {
      waits.add(fate === 'gave-up' || startedAt > arrivedAt ? 1 : 0)
      givesUp.add(fate === 'gave-up' ? 1 : 0)
    },
    ...(planted && { planted }),
  })
  arrivals(timeline, exponential(second / model.rate, timeline.stream('gap')), (n) => line.arrive(n))
  runUntil(timeline, () => waits.isFull)
  return { waits: waits.means, givesUp: givesUp.means }
}

/** Host, kitchen, pass; some of what reaches the pass goes back to the kitchen: time inside. */
export function network(
  model: {
    readonly rate: number
    readonly desks: readonly { readonly servers: number; readonly service: number }[]
    readonly remade: number
  },
  { seed, batch, planted }: Length,
): Measured {
  const timeline = new Timeline(seed)
  const time = new BatchMeans(batch)
  const cameAt = new Map<number, number>()
  const again = timeline.stream('remade')
  const desk = (name: string, onLeave: (customer: Customer) => void): Line => {
    const { servers = 1, service = 1 } = model.desks[['host', 'kitchen', 'pass'].indexOf(name)] ?? {}
    return new Line(timeline, {
      servers,
      service: exponential(second / service, timeline.stream(name)),
      onLeave,
      ...(planted && { planted }),
    })
  }
  const pass = desk('pass', ({ n }) => {
    if (again() < model.remade) kitchen.arrive(n)
    else {
      time.add((timeline.now - (cameAt.get(n) ?? 0)) / second)
      cameAt.delete(n)
    }
  })
  const kitchen = desk('kitchen', ({ n }) => pass.arrive(n))
  const host = desk('host', ({ n }) => kitchen.arrive(n))
  arrivals(timeline, exponential(second / model.rate, timeline.stream('gap')), (n) => {
    cameAt.set(n, timeline.now)
    host.arrive(n)
  })
  runUntil(timeline, () => time.isFull)
  return { time: time.means }
}

/**
 * M_t/M/∞ with the rate λ̄ (1 + β sin γt), by thinning (Lewis and Shedler 1979). The number inside is read 64 times
 * a period; mean, peak and lag are those of the wave through the readings of a batch of periods.
 */
export function tidalHouse(
  model: { readonly rate: number; readonly swing: number; readonly period: number; readonly stay: number },
  { seed, batch, planted }: Length,
): Measured {
  const timeline = new Timeline(seed)
  const { rate, swing, period, stay } = model
  const turn = (2 * Math.PI) / (period * second)
  const line = new Line(timeline, {
    servers: Number.POSITIVE_INFINITY,
    service: exponential(stay * second, timeline.stream('stay')),
    onLeave: () => {},
    ...(planted && { planted }),
  })
  const keep = timeline.stream('keep')
  arrivals(timeline, exponential(second / (rate * (1 + swing)), timeline.stream('gap')), (n) => {
    if (keep() * (1 + swing) < 1 + swing * sine(turn * timeline.now)) line.arrive(n)
  })
  const readings = 64
  const taken = batch * readings
  const result = { mean: [] as number[], peak: [] as number[], lag: [] as number[] }
  let [sum, sines, cosines] = [0, 0, 0]
  const read = (k: number): void => {
    const angle = (2 * Math.PI * k) / readings
    sum += line.inside
    sines += line.inside * sine(angle)
    cosines += line.inside * sine(angle + Math.PI / 2)
    if ((k + 1) % taken === 0) {
      // The first batch began with an empty house.
      if (k + 1 > taken) {
        const [along, across] = [(2 * sines) / taken, (-2 * cosines) / taken]
        result.mean.push(sum / taken)
        result.peak.push(sum / taken + Math.sqrt(along ** 2 + across ** 2))
        result.lag.push((Math.atan2(across, along) * period) / (2 * Math.PI))
      }
      sum = sines = cosines = 0
    }
    readAt(k + 1)
  }
  const readAt = (k: number): void => {
    timeline.after(Math.round((k * period * second) / readings) - timeline.now, () => read(k))
  }
  readAt(0)
  runUntil(timeline, () => result.lag.length === batches)
  return result
}

/** M/M/1//N: machines that break down, and one who repairs them: the share of time that a machine runs. */
export function repairShop(
  model: { readonly machines: number; readonly upTime: number; readonly repairTime: number },
  { seed, batch, planted }: Length,
): Measured {
  const timeline = new Timeline(seed)
  const { machines, upTime, repairTime } = model
  const runs = new BatchMeans(1)
  const lasts = exponential(upTime * second, timeline.stream('up'))
  let [repaired, area, since] = [0, 0, 0]
  const line: Line = new Line(timeline, {
    servers: 1,
    service: exponential(repairTime * second, timeline.stream('repair')),
    onLeave: ({ n }) => {
      repaired += 1
      if (repaired % batch === 0) {
        runs.add(1 - (line.area - area) / (timeline.now - since) / machines)
        ;[area, since] = [line.area, timeline.now]
      }
      timeline.after(lasts(), () => line.arrive(n))
    },
    ...(planted && { planted }),
  })
  for (let n = 0; n < machines; n += 1) timeline.after(lasts(), () => line.arrive(n))
  runUntil(timeline, () => runs.isFull)
  return { runs: runs.means }
}
