/**
 * What goes wrong in the kitchen on purpose, as messages to its actors: how each is broken and mended, and how it shows.
 *
 * Does not: send them (`live-faults.ts`, `simulated/simulated-faults.ts`).
 */
import type { ActorId, Message } from '#actor'
import type { ApplianceContext } from '#actors'
import type { CommandOutcome, FaultKind, FaultParams } from '#gateway'

export interface HouseFault {
  breaks(params: FaultParams): Message
  readonly mends: Message
  /** Whether the actor is broken so, by this or by itself. */
  shows(seen: Seen): boolean
}

/** What an inspection of an actor tells of it. */
export interface Seen {
  readonly value: unknown
  readonly context: unknown
}

type Appliance = Pick<ApplianceContext, 'fault' | 'doorOpen' | 'sensor' | 'welded'>

const ofAppliance = (breaks: HouseFault['breaks'], shows: (shown: Appliance) => boolean): HouseFault => ({
  breaks,
  mends: { type: 'appliance.repair' },
  shows: ({ context }) => shows(context as Appliance),
})
const said = (message: Message & Readonly<Record<string, unknown>>): Message => message

export const houseFaults: Readonly<Partial<Record<FaultKind, HouseFault>>> = {
  'appliance-breakdown': ofAppliance(
    () => said({ type: 'appliance.break', reason: 'worn out' }),
    ({ fault }) => fault !== '',
  ),
  'sensor-stuck': ofAppliance(
    () => said({ type: 'appliance.sensor', mode: 'stuck' }),
    ({ sensor }) => sensor === 'stuck',
  ),
  'sensor-drift': ofAppliance(
    ({ kelvin }) => said({ type: 'appliance.sensor', mode: 'drift', offset: kelvin }),
    ({ sensor }) => sensor === 'drift',
  ),
  'runaway-heat': ofAppliance(
    () => said({ type: 'appliance.run-away' }),
    ({ welded }) => welded,
  ),
  'door-open': ofAppliance(
    () => said({ type: 'appliance.door', open: true }),
    ({ doorOpen }) => doorOpen,
  ),
  'probe-silent': {
    breaks: () => said({ type: 'probe.sensor', mode: 'silent' }),
    mends: { type: 'probe.repair' },
    shows: ({ value }) => value === 'fault',
  },
  'timer-stopped': {
    breaks: () => said({ type: 'timer.break' }),
    mends: { type: 'timer.repair' },
    shows: ({ value }) => value === 'fault',
  },
  'cook-ill': {
    breaks: () => said({ type: 'cook.shift', on: false }),
    mends: said({ type: 'cook.shift', on: true }),
    shows: ({ value }) => value === 'off-shift',
  },
}

/** It would be mended at the end of a fault that has not broken it: a cook who is off shift would be sent to work. */
export const brokenAlready = (actor: ActorId): CommandOutcome => ({
  ...{ kind: 'refused', reason: 'invalid-transition' },
  detail: `${actor} is like that already.`,
})

/** So much of what is free in a bin spoils. Undefined: it is empty. */
export function spoils(free: number, share: number): Message | undefined {
  const spoiled = Math.floor(free * share)
  return spoiled === 0 ? undefined : said({ type: 'bin.adjust', delta: -spoiled, reason: 'spoiled' })
}
