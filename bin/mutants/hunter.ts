/**
 * The simulated hunters, in a thread of a build with a mutant in it.
 *
 * Owns:     which days and seeds are tried, and what counts as found.
 *
 * Invariants:
 *   H1. What is found does not depend on how fast the machine is; how many seeds are tried until time is up does.
 */
import { parentPort } from 'node:worker_threads'
import { type Day, defineDay, drawDay } from '#day'
import { checkErrands, checkProtocol } from '#sim'
import { brokenBy } from '../explore/trial.ts'
import { mutants } from './registry/index.ts'

export type SimulatedHunter = 'plain' | 'explore' | 'protocol' | 'errands'

export interface Task {
  /** Of the mutant that is in this build. */
  readonly id: string
  readonly by: SimulatedHunter
  readonly forMs: number
  /** Try this seed and no other. */
  readonly only?: number
}

export interface Finding {
  /** Tried, the last one included. */
  readonly seeds: number
  /** The last one. */
  readonly seed?: number
  /** What broke under it. Absent: nothing did. */
  readonly check?: string
  readonly detail?: string
}

/** Most seeds of each: what needs more of them is not found in any hour that somebody would wait. */
const seedsMax: Readonly<Record<SimulatedHunter, number>> = {
  plain: 2,
  explore: 1_000,
  protocol: 1_000,
  errands: 1_000,
}

/** An evening without any fault, with three nodes and good links, and guests who order, cancel and repeat. */
const plain: Day = defineDay({
  name: 'plain',
  open: '18:00',
  lastOrder: '18:45',
  close: '19:00',
  guests: {
    arrivals: [
      { at: '18:00', perHour: 80 },
      { at: '18:45', perHour: 80 },
    ],
    cards: { ok: 97, declined: 3 },
    cancelShare: 0.05,
  },
})

type Broken = Required<Pick<Finding, 'check' | 'detail'>>

function broken(by: SimulatedHunter, seed: number, day: Day): Broken | undefined {
  if (by === 'protocol' || by === 'errands') {
    const { violations } = (by === 'protocol' ? checkProtocol : checkErrands)({ seed })
    const [detail] = violations
    return detail === undefined ? undefined : { check: by, detail }
  }
  const check = brokenBy(day, seed)
  return check && { check: check.id, detail: check.detail ?? '' }
}

function hunt({ id, by, forMs, only }: Task): Finding {
  const { likely = () => true } = mutants.find((mutant) => mutant.id === id) ?? {}
  const endsAt = performance.now() + forMs
  let seeds = 0
  for (let seed = only ?? 1; ; seed += 1) {
    const day = by === 'explore' ? drawDay(seed) : plain
    if (by === 'explore' && !likely(day)) continue
    seeds += 1
    let found: Broken | undefined
    try {
      found = broken(by, seed, day)
    } catch (error) {
      // A broken kernel may also break an assertion: that is noticing it, too.
      found = { check: 'assertion', detail: String(error) }
    }
    if (found !== undefined) return { seeds, seed, ...found }
    if (only !== undefined || seeds >= seedsMax[by] || performance.now() > endsAt) return { seeds }
  }
}

parentPort?.on('message', (task: Task) => parentPort?.postMessage(hunt(task)))
