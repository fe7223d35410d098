/**
 * One service after the other, for as long as the cluster runs.
 *
 * Owns:     when the next service begins, what it is stocked with, and which guests come: those of the plan who are
 *           still to come, and those of a service that was interrupted who wait for what they were promised.
 * Does not: show anything, or know what a guest does.
 */
import { binRef, type Ingredient, ingredients } from '#actors'
import { type Day, openingOf, planGuests, timeUs } from '#day'
import type { MachineAnchor } from '#live'
import { site } from '../../cluster.config.ts'
import { DayClock, midnightBefore } from '../live-day/day-clock.ts'
import { isWithoutOrder, LiveGuest } from '../live-day/guest.ts'
import { Operations } from '../live-day/operations.ts'
import { hangRoster } from '../live-day/roster.ts'
import { newRun } from '../live-day/run-live-day.ts'
import type { GuestBook, Service } from './guest-book.ts'

export interface Floor {
  readonly day: Day
  readonly seed: number
  readonly url: string
  readonly opsUrl: string
  readonly world: MachineAnchor
  readonly book: GuestBook
  /** Ends everything. */
  readonly signal: AbortSignal
  changed(guest: LiveGuest): void
  /** A service has begun. `deliveries` that were due and did not come are told by nobody. */
  began(service: Service, clock: DayClock, expected: number): void
}

/** Those who are not gone so long after closing are not waited for: the next service begins, and they stay. */
const lingerUs = 1_800_000_000

/** Rejects only when `signal` aborts. */
export async function playServices(floor: Floor): Promise<never> {
  for (let service = unfinished(floor); ; service = undefined) {
    await playService(floor, service ?? next(floor), service !== undefined)
  }
}

/** The one that was interrupted, if its doors are still open. */
function unfinished({ book, day, world, signal }: Floor): Service | undefined {
  const { service } = book
  if (service === undefined || service.day !== day.name) return undefined
  const clock = new DayClock(world, service.midnight, signal)
  return clock.now() < timeUs(day.close) ? service : undefined
}

function next({ book, day, seed, world }: Floor): Service {
  const number = (book.service?.number ?? 0) + 1
  const midnight = midnightBefore(timeUs(day.open), world)
  const service = { day: day.name, seed: seed + number - 1, run: newRun(), midnight, number }
  book.begin(service)
  return service
}

async function playService(floor: Floor, service: Service, goesOn: boolean): Promise<void> {
  const { day, book, url, opsUrl, signal, changed } = floor
  const clock = new DayClock(floor.world, service.midnight, signal)
  const operations = new Operations(opsUrl, clock)
  const plans = planGuests(day, service.seed)
  const told = (guest: LiveGuest): void => {
    noteIn(book, guest, service)
    changed(guest)
  }
  floor.began(service, clock, plans.length)
  if (service.number > 1 && !goesOn) await restock(day, operations)

  const world = { url, clock, run: service.run, changed: told }
  const startsAt = clock.now()
  const receipts = new Map(book.open)
  const visits = plans.flatMap((plan) => {
    const receipt = receipts.get(plan.n)
    if (receipt !== undefined) return new LiveGuest(plan, world).goOn(receipt)
    return goesOn && plan.at < startsAt ? [] : new LiveGuest(plan, world).visit()
  })
  const deliveries = day.stock.deliveries
    .filter(({ at }) => !goesOn || timeUs(at) >= startsAt)
    .map(({ at, ingredient, amount }) => operations.deliver(timeUs(at), binRef(site, ingredient), amount))
  const everyone = Promise.all([...visits, ...deliveries, hangRoster(day, clock, operations)])
  await Promise.race([everyone, clock.reached(timeUs(day.close) + lingerUs)])
}

export function noteIn(
  book: GuestBook,
  { plan, receipt, isSettled, state }: LiveGuest,
  service: Service,
): void {
  // Who lingers from an earlier service is in no book any more.
  if (book.service?.run !== service.run || book.gone.has(plan.n)) return
  if (receipt !== undefined && book.open.get(plan.n)?.total !== receipt.total)
    book.acknowledged(plan.n, receipt)
  if (isSettled || isWithoutOrder(state)) book.settled(plan.n, state)
}

/** Fills every bin up to what the day opens with. */
async function restock(day: Day, operations: Operations): Promise<void> {
  await Promise.all(
    Object.keys(ingredients).map(async (name) => {
      const bin = binRef(site, name)
      const seen = await operations.inspect(bin)
      if (seen.kind !== 'done') return
      const { context } = seen.body.inside as { readonly context?: { readonly free?: number } }
      const amount = openingOf(day, name as Ingredient) - (context?.free ?? Number.POSITIVE_INFINITY)
      const delivery = { type: 'bin.deliver', amount } as const
      if (amount > 0) await operations.tell(bin, delivery)
    }),
  )
}
