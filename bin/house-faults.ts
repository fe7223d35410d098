/**
 * What goes wrong in the kitchen on purpose, as messages to its actors: how each is broken and mended, and how it shows.
 *
 * Does not: send them (`live-faults.ts`, `simulated/simulated-faults.ts`).
 */
import type { Message } from '#actor'
import type { FaultKind, FaultParams } from '#gateway'

export interface HouseFault {
  breaks(params: FaultParams): Message
  readonly mends: Message
  /** The query that shows it. Absent: the state it is in. */
  readonly look?: 'view' | 'truth'
  shows(seen: unknown): boolean
}

interface Appliance {
  readonly fault?: string
  readonly doorOpen?: boolean
  readonly sensor?: string
  readonly welded?: boolean
}

const ofAppliance = (
  look: 'view' | 'truth',
  breaks: HouseFault['breaks'],
  shows: (shown: Appliance) => boolean,
): HouseFault => ({
  ...{ look, breaks },
  mends: { type: 'appliance.repair' },
  shows: (seen) => shows((seen ?? {}) as Appliance),
})
const said = (message: Message & Readonly<Record<string, unknown>>): Message => message

export const houseFaults: Readonly<Partial<Record<FaultKind, HouseFault>>> = {
  'appliance-breakdown': ofAppliance(
    'view',
    () => said({ type: 'appliance.break', reason: 'worn out' }),
    ({ fault = '' }) => fault !== '',
  ),
  'sensor-stuck': ofAppliance(
    'truth',
    () => said({ type: 'appliance.sensor', mode: 'stuck' }),
    ({ sensor }) => sensor === 'stuck',
  ),
  'sensor-drift': ofAppliance(
    'truth',
    ({ kelvin }) => said({ type: 'appliance.sensor', mode: 'drift', offset: kelvin }),
    ({ sensor }) => sensor === 'drift',
  ),
  'runaway-heat': ofAppliance(
    'truth',
    () => said({ type: 'appliance.run-away' }),
    ({ welded }) => welded === true,
  ),
  'door-open': ofAppliance(
    'view',
    () => said({ type: 'appliance.door', open: true }),
    ({ doorOpen }) => doorOpen === true,
  ),
  'probe-silent': {
    breaks: () => said({ type: 'probe.sensor', mode: 'silent' }),
    mends: { type: 'probe.repair' },
    shows: (state) => state === 'fault',
  },
  'timer-stopped': {
    breaks: () => said({ type: 'timer.break' }),
    mends: { type: 'timer.repair' },
    shows: (state) => state === 'fault',
  },
  'cook-ill': {
    breaks: () => said({ type: 'cook.shift', on: false }),
    mends: said({ type: 'cook.shift', on: true }),
    shows: (state) => state === 'off-shift',
  },
}

/** So much of what is free in a bin spoils. Undefined: it is empty. */
export function spoils(free: number, share: number): Message | undefined {
  const spoiled = Math.floor(free * share)
  return spoiled === 0 ? undefined : said({ type: 'bin.adjust', delta: -spoiled, reason: 'spoiled' })
}
