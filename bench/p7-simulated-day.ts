/**
 * P7: a restaurant day of twelve hours in virtual time, with all its checks, and the short evenings of a search.
 *
 * Method: each day is played five times and the median counts, in seconds of CPU of all threads: on a machine that
 * does nothing else that is the time on the wall or a little more. The evenings are those that `brigade explore`
 * draws, one in eight of them strict.
 */
import { cpus } from 'node:os'
import { type Day, type DayResult, drawDay, runSimDay } from '#day'
import { fridayRush as friday } from '#scenarios'
import { cpuMs, median, type Report } from './side-by-side.ts'

const rounds = 5
const seed = 7
const evenings = 24
/** As in a search. */
const strictEvery = 8
const searchSeeds = 10_000

interface Played {
  readonly result: DayResult
  readonly cpuSeconds: number
}

function played(day: Day, nodes?: number): Played {
  const from = cpuMs()
  const result = runSimDay(day, { seed, wall: () => performance.now(), ...(nodes && { nodes }) })
  const broken = result.checks.find(({ id, held }) => !held && !id.startsWith('slo'))
  if (broken !== undefined) throw new Error(`${day.name}: ${broken.id}: ${broken.detail}`)
  return { result, cpuSeconds: (cpuMs() - from) / 1_000 }
}

/** In turns; round 0 warms up and does not count. */
function playedInTurns(...ways: readonly (() => Played)[]): readonly (readonly Played[])[] {
  const all = ways.map((): Played[] => [])
  for (let round = 0; round <= rounds; round += 1) {
    for (const [n, way] of ways.entries()) {
      const one = way()
      if (round > 0) all[n]?.push(one)
    }
  }
  return all
}

/** The day for so many guests, more or less. */
function forGuests(day: Day, wanted: number, had: number): Day {
  const arrivals = day.guests.arrivals.map(({ at, perHour }) => ({ at, perHour: (perHour * wanted) / had }))
  return { ...day, guests: { ...day.guests, arrivals } }
}

function search(): { cpuSeconds: number; guests: number; faults: number; events: number } {
  const from = cpuMs()
  const least = {
    guests: Number.POSITIVE_INFINITY,
    faults: Number.POSITIVE_INFINITY,
    events: Number.POSITIVE_INFINITY,
  }
  for (let n = 1; n <= evenings; n += 1) {
    const day = drawDay(n)
    const result = runSimDay(day, { seed: n, strict: n % strictEvery === 0 })
    const broken = result.checks.find(({ held }) => !held)
    if (broken !== undefined) throw new Error(`Evening ${n}: ${broken.id}: ${broken.detail}`)
    least.guests = Math.min(least.guests, result.orders.attempted)
    least.faults = Math.min(least.faults, day.faults.length)
    least.events = Math.min(least.events, result.events)
  }
  return { ...least, cpuSeconds: (cpuMs() - from) / 1_000 }
}

export async function measure(): Promise<Report> {
  const guests = played(friday).result.orders.attempted
  const smaller = forGuests(friday, 1_000, guests)
  const [day = [], wide = []] = playedInTurns(
    () => played(friday),
    () => played(smaller, 5),
  )
  const { events } = (day[0] as Played).result
  const boundSeconds = (10 * events) / 1_000_000 + 0.5
  const cpuSeconds = median(day.map((one) => one.cpuSeconds))
  const found = search()
  return {
    promise: 'P7',
    title: `a simulated day: ${friday.name}, seed ${seed}, with all checks`,
    figures: [
      { what: 'guests', value: guests, unit: 'guests' },
      { what: 'events', value: events, unit: 'events' },
      { what: 'on the wall', value: median(day.map(({ result }) => result.wallSeconds)), unit: 's' },
      { what: 'CPU', value: cpuSeconds, unit: 's' },
      { what: 'CPU for an event', value: (cpuSeconds * 1_000_000) / events, unit: 'µs' },
      {
        what: `CPU for an evening of a search, of ${evenings}`,
        value: found.cpuSeconds / evenings,
        unit: 's',
      },
    ],
    goals: [
      { what: 'events for a guest', value: events / guests, unit: 'events', atLeast: 100 },
      {
        what: 'the day: 10 µs for each event, and 0.5 s',
        value: cpuSeconds,
        unit: 's',
        atMost: boundSeconds,
      },
      {
        what: '1,000 guests on 5 nodes',
        value: median(wide.map((one) => (one.cpuSeconds * 1_000) / one.result.orders.attempted)),
        unit: 's',
        atMost: 2,
      },
      { what: 'an evening of a search: guests, the least', value: found.guests, unit: 'guests', atLeast: 40 },
      { what: 'an evening of a search: faults, the least', value: found.faults, unit: 'faults', atLeast: 4 },
      {
        what: 'an evening of a search: events, the least',
        value: found.events,
        unit: 'events',
        atLeast: 5_000,
      },
      {
        what: `${searchSeeds.toLocaleString('en')} evenings, on ${cpus().length} cores`,
        value: (found.cpuSeconds * searchSeeds) / evenings / cpus().length / 60,
        unit: 'min',
        atMost: 60,
      },
    ],
    notMeasured: [
      'loading the program: about half a second before the day begins',
      'what the cores of a search take from each other: its rate is that of one, times their number',
    ],
  }
}
