/**
 * What goes wrong in the kitchen on purpose, as messages to its actors: how each is broken and mended, and how it shows.
 *
 * Does not: send them (`live-faults.ts`, `simulated/simulated-faults.ts`).
 */
import type { Message } from '#actor'
import type { ApplianceContext } from '#actors'
import type { Fault, FaultKind, FaultParams } from '#gateway'
import type { Outcome } from '#ports'

export interface HouseFault {
  breaks(params: FaultParams): Message
  readonly mends: Message
  /** Whether the actor is broken so, by this or by itself. */
  shows(seen: Seen): boolean
  /** What `mends` would undo: 'is off shift'. */
  trouble(seen: Seen): string | undefined
}

/** What an inspection of an actor tells of it. */
export interface Seen {
  readonly value: unknown
  readonly context: unknown
}

type Appliance = Pick<ApplianceContext, 'fault' | 'doorOpen' | 'sensor' | 'welded'>

function troubleOf({ fault, welded, doorOpen, sensor }: Appliance): string | undefined {
  if (fault !== '') return `is broken (${fault})`
  if (welded) return 'has a welded relay'
  if (doorOpen) return 'has an open door'
  return sensor === 'ok' ? undefined : `has a sensor that shows what is not so (${sensor})`
}

const ofAppliance = (breaks: HouseFault['breaks'], shows: (shown: Appliance) => boolean): HouseFault => ({
  breaks,
  mends: { type: 'appliance.repair' },
  shows: ({ context }) => shows(context as Appliance),
  trouble: ({ context }) => troubleOf(context as Appliance),
})
/** Whose state says whether it is as it should be. */
const ofState = (state: string, words: string, breaks: Message, mends: Message): HouseFault => ({
  breaks: () => breaks,
  mends,
  shows: ({ value }) => value === state,
  trouble: ({ value }) => (value === state ? words : undefined),
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
  'probe-silent': ofState('fault', 'is broken', said({ type: 'probe.sensor', mode: 'silent' }), {
    type: 'probe.repair',
  }),
  'timer-stopped': ofState('fault', 'is broken', { type: 'timer.break' }, { type: 'timer.repair' }),
  'cook-ill': ofState(
    'off-shift',
    'is off shift',
    said({ type: 'cook.shift', on: false }),
    said({ type: 'cook.shift', on: true }),
  ),
}

/** `FaultControl.unfit`, by the answer of its actor to an inspection. */
export function unfitness(
  { kind, target: { actor } }: Pick<Fault, 'kind' | 'target'>,
  outcome: Outcome,
): string | undefined {
  if (outcome.kind !== 'answer') return `${actor} does not answer (${outcome.kind}).`
  const trouble = houseFaults[kind]?.trouble(outcome.value as Seen)
  return trouble && `${actor} ${trouble}, and the end of this would undo that.`
}

/** So much of what is free in a bin spoils. Undefined: it is empty. */
export function spoils(free: number, share: number): Message | undefined {
  const spoiled = Math.floor(free * share)
  return spoiled === 0 ? undefined : said({ type: 'bin.adjust', delta: -spoiled, reason: 'spoiled' })
}
