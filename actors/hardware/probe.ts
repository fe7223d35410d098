/**
 * The probe: a thin sensor that is put into a food to learn how warm its core is.
 *
 * The tip takes a few seconds to follow what it touches, so a reading is still a little of the food before. It is not
 * waited for: what the tip has come to after those seconds is what is shown.
 *
 * Owns:     the sensor: lag, noise, resolution, and what it shows when it is broken. Its display holds what it last showed.
 * Does not: judge whether a food is done: the appliance does, by what is shown.
 *
 * Invariants:
 *   P1. Asked for one food at one instant it shows one value.
 *   P2. A dead probe says nothing at all: whoever asks has to have another way.
 */
import { assign, setup } from 'xstate'
import type { ActorId, ActorRef, Birth, Delivered, Instant } from '#actor'
import { defineActor, draw, effects, millisecondsBetween, tell } from '#actor'
import { bankOf } from './appliance-messages.ts'
import { exp } from './exact-math.ts'
import type { ProbeReading } from './probe-messages.ts'
import { ProbeCommand } from './probe-messages.ts'
import type { Reading, Samples, TelemetryRange } from './telemetry.ts'
import { noSamples, sampled, samplesOf } from './telemetry.ts'

interface ProbeContext {
  readonly id: ActorId
  /** When it was last put into something, and what the tip had come to then. */
  readonly at: Instant
  readonly tip: number
  readonly sensor: 'ok' | 'stuck' | 'silent' | 'drift'
  readonly offset: number
  /** The food that it was last in; empty when there was none. */
  readonly job: string
  /** What it last showed; null when it has never shown anything. */
  readonly reading: Reading
  readonly samples: Samples
}

type ProbeEvent = Delivered<ProbeCommand>
type Read = Extract<ProbeCommand, { type: 'probe.read' }>
type Trouble = Extract<ProbeCommand, { type: 'probe.sensor' }>

const room = 22
/** Time constants of the tip in food and in air, and how long it is left in before it is read; seconds. */
const lag = 3
const lagInAir = 60
const settling = 12

const noise = 0.5
const resolution = 0.1

/** What the tip has come to after its seconds in this core. */
function tipIn({ tip, at }: ProbeContext, core: number, now: Instant): number {
  const before = room + (tip - room) * exp(-millisecondsBetween(at, now) / 1_000 / lagInAir)
  return core + (before - core) * exp(-settling / lag)
}

function shown(context: ProbeContext, { job }: Read, tip: number, now: Instant): number {
  if (context.sensor === 'stuck') return context.reading ?? room
  const error = noise * (2 * draw(0, `${context.id}/${job}`, Math.floor(now / 1_000_000)) - 1)
  return Math.round((tip + context.offset + error) / resolution) / (1 / resolution)
}

/** Between two events its display stays as it is. */
function samplesUntil(context: ProbeContext, until: Instant): Samples {
  return sampled(context.samples, until, () => displayed(context))
}

const displayed = ({ sensor, reading }: ProbeContext): Reading => (sensor === 'silent' ? null : reading)

const machine = setup({
  types: {
    context: {} as ProbeContext,
    events: {} as ProbeEvent,
    input: {} as Birth,
  },
  actions: {
    sample: assign(({ context, event }) => ({ samples: samplesUntil(context, event.at) })),
    show: effects(({ context, event }) => {
      const { appliance, job, core } = event as Read
      const celsius = shown(context, event as Read, tipIn(context, core, event.at), event.at)
      return [tell(appliance as ActorRef<ProbeReading>, { type: 'probe.reading', job, celsius })]
    }),
    keep: assign(({ context, event }) => {
      const read = event as Read
      const tip = tipIn(context, read.core, event.at)
      return { tip, at: event.at, job: read.job, reading: shown(context, read, tip, event.at) }
    }),
    warm: assign(({ context, event }) => ({
      tip: tipIn(context, (event as Read).core, event.at),
      at: event.at,
    })),
    trouble: assign(({ event }) => {
      const { mode, offset = 0 } = event as Trouble
      return { sensor: mode, offset: mode === 'drift' ? offset : 0 }
    }),
    mend: assign({ sensor: 'ok', offset: 0 }),
  },
  guards: {
    dies: ({ event }) => (event as Trouble).mode === 'silent',
  },
}).createMachine({
  id: 'probe',
  version: '1',
  context: ({ input }) => ({
    id: input.id,
    at: input.at,
    tip: room,
    sensor: 'ok',
    offset: 0,
    job: '',
    reading: null,
    samples: noSamples(input.at),
  }),
  on: {
    'probe.open': {},
    'probe.sensor': [
      { guard: 'dies', target: '.fault', actions: ['sample', 'trouble'] },
      { target: '.ready', actions: ['sample', 'trouble'] },
    ],
    'probe.repair': { target: '.ready', actions: ['sample', 'mend'] },
  },
  initial: 'ready',
  states: {
    ready: { tags: 'rest', on: { 'probe.read': { actions: ['sample', 'show', 'keep'] } } },
    fault: { tags: 'waiting', on: { 'probe.read': { actions: 'warm' } } },
  },
})

export const probe = defineActor({
  type: 'probe',
  glyph: 'disc',
  accepts: ProbeCommand,
  creates: ['probe.open'],
  machine,
  queries: {
    /** What its display shows. That it sticks or has drifted is not seen by looking at it. */
    view: ({ value, context }) => {
      const shown = context as ProbeContext
      return {
        kind: 'probe',
        state: value,
        fault: value === 'fault' ? 'silent' : '',
        job: shown.job,
        reading: displayed(shown),
        readAt: shown.at,
      }
    },
    telemetry: ({ context }, args, at) =>
      samplesOf(samplesUntil(context as ProbeContext, at), args as TelemetryRange),
    truth: ({ context }) => {
      const { tip, sensor, offset } = context as ProbeContext
      return { celsius: tip, sensor, offset }
    },
  },
  shardKey: bankOf,
})
