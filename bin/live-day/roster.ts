/**
 * Hangs up a day's roster: every station is told who can do what, and is there when.
 */
import { stationNames, stationRef } from '#actors'
import { crewOf, type Day } from '#day'
import { site } from '../../cluster.config.ts'
import type { DayClock } from './day-clock.ts'
import type { Operations } from './operations.ts'

const triesMax = 60
const againMs = 500

/** Told again until it is heard: a roster says the same twice. */
export async function hangRoster(day: Day, clock: DayClock, operations: Operations): Promise<void> {
  await Promise.all(
    stationNames.map(async (name) => {
      const crew = crewOf(day, name, clock.midnight)
      if (crew.length === 0) return
      const roster = { type: 'station.roster', crew } as const
      for (let tries = 1; (await operations.tell(stationRef(site, name), roster)) === undefined; tries += 1) {
        if (tries === triesMax)
          throw new Error(`The station '${name}' does not take the roster of '${day.name}'.`)
        await clock.pause(againMs)
      }
    }),
  )
}
