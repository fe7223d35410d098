/**
 * What every customer of a first-come-first-served queue waits, computed without a simulator.
 *
 * Owns:     the two recursions, in whole microseconds: with the same gaps and service times a simulated queue
 *           agrees with them to the last one.
 */

/** Of each customer, from the first: time since the one before, and time in service. */
export interface Path {
  readonly gaps: readonly number[]
  readonly services: readonly number[]
}

/**
 * One server: W' = max(0, W + S − T).
 *
 * Source: Lindley, The theory of queues with a single server (1952).
 */
export function lindleyWaits({ gaps, services }: Path): readonly number[] {
  const waits: number[] = []
  let work = 0
  for (const [n, service] of services.entries()) {
    const wait = n === 0 ? 0 : Math.max(0, work - (gaps[n] as number))
    waits.push(wait)
    work = wait + service
  }
  return waits
}

/**
 * Any number of servers: the work that each of them still has, least first, when a customer comes.
 *
 * Source: Kiefer and Wolfowitz, On the theory of queues with many servers (1955).
 */
export function kieferWolfowitzWaits(servers: number, { gaps, services }: Path): readonly number[] {
  const waits: number[] = []
  let work: number[] = Array.from({ length: servers }, () => 0)
  for (const [n, service] of services.entries()) {
    const gap = n === 0 ? 0 : (gaps[n] as number)
    work = work.map((left) => Math.max(0, left - gap)).sort((a, b) => a - b)
    const [wait = 0] = work
    waits.push(wait)
    work[0] = wait + service
  }
  return waits
}
