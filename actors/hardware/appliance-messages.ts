/**
 * What is said to an appliance, and what it says to its station.
 *
 * Owns:     both contracts, and the addresses of appliances.
 * Does not: know stations: an appliance is told whom it serves.
 *
 * Invariants:
 *   A1. Every command may be repeated: the answer is then the state as it is, and nothing happens twice.
 *   A2. A job that was loaded leaves the appliance by `appliance.unload` or by a fault, never by itself.
 */
import { Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'
import type { Appliance } from '../orders/menu-data.ts'
import { ProbeReading } from './probe-messages.ts'

const exact = { additionalProperties: false } as const
const job = Type.String({ minLength: 1, maxLength: 160 })
const celsius = Type.Number({ minimum: 0, maximum: 320 })

const common = [
  /** Creates it. `station` is the actor that commands it and hears from it. */
  Type.Object(
    {
      type: Type.Literal('appliance.open'),
      station: Type.String({ minLength: 1, maxLength: 200 }),
      n: Type.Integer({ minimum: 1 }),
      slots: Type.Integer({ minimum: 1, maximum: 100 }),
    },
    exact,
  ),
  /** The temperature to hold; 0 is off. Answered by `appliance.ready`, now or when it is reached. */
  Type.Object({ type: Type.Literal('appliance.heat'), celsius }, exact),
  /**
   * Answered by `appliance.loaded` or `appliance.refused`, and when it is done by `appliance.done`: after its time, or
   * when the core says so. `probe` is the number of the bank's probe that tells.
   */
  Type.Object(
    {
      type: Type.Literal('appliance.load'),
      job,
      celsius,
      minutes: Type.Number({ exclusiveMinimum: 0, maximum: 600 }),
      probe: Type.Optional(Type.Integer({ minimum: 1 })),
    },
    exact,
  ),
  ProbeReading,
  /** Answered by `appliance.unloaded`, whatever the food has come to. */
  Type.Object({ type: Type.Literal('appliance.unload'), job }, exact),
  /** Answered by `appliance.status`. */
  Type.Object({ type: Type.Literal('appliance.check') }, exact),
  /** It breaks: no heat, and what is in it is lost. */
  Type.Object(
    { type: Type.Literal('appliance.break'), reason: Type.String({ minLength: 1, maxLength: 100 }) },
    exact,
  ),
  /** The relay is welded: full heat, whatever is wanted. Only the door's switch still cuts it. */
  Type.Object({ type: Type.Literal('appliance.run-away') }, exact),
  /** `drift` shows `offset` kelvin too much, `silent` shows nothing. */
  Type.Object(
    {
      type: Type.Literal('appliance.sensor'),
      mode: Type.Union([
        Type.Literal('ok'),
        Type.Literal('stuck'),
        Type.Literal('silent'),
        Type.Literal('drift'),
      ]),
      offset: Type.Optional(Type.Number({ minimum: -200, maximum: 200 })),
    },
    exact,
  ),
  /** All faults are mended; it starts again from off. */
  Type.Object({ type: Type.Literal('appliance.repair') }, exact),
] as const

export const OvenCommand = Type.Union([
  ...common,
  /** No heat while it is open. */
  Type.Object({ type: Type.Literal('appliance.door'), open: Type.Boolean() }, exact),
])

export const PanCommand = Type.Union([
  ...common,
  /** Someone turns the knob. The pan's own choice comes back with the next `appliance.heat`. */
  Type.Object(
    { type: Type.Literal('appliance.level'), level: Type.Integer({ minimum: 0, maximum: 9 }) },
    exact,
  ),
])

export const FryerCommand = Type.Union([...common])

export type OvenCommand = MessageOf<typeof OvenCommand>
export type PanCommand = MessageOf<typeof PanCommand>
export type FryerCommand = MessageOf<typeof FryerCommand>
export type ApplianceCommand = OvenCommand | PanCommand | FryerCommand

const from = {
  /** Which appliance of the bank. */
  kind: Type.Union([Type.Literal('oven'), Type.Literal('pan'), Type.Literal('fryer')]),
  n: Type.Integer({ minimum: 1 }),
}

export const ApplianceReport = Type.Union([
  /** At the temperature that was asked for. */
  Type.Object({ type: Type.Literal('appliance.ready'), ...from, celsius }, exact),
  /** It was ready, and is not any more. */
  Type.Object({ type: Type.Literal('appliance.cold'), ...from }, exact),
  Type.Object({ type: Type.Literal('appliance.loaded'), ...from, job }, exact),
  Type.Object(
    {
      type: Type.Literal('appliance.refused'),
      ...from,
      job,
      reason: Type.Union([Type.Literal('fault'), Type.Literal('full'), Type.Literal('not-ready')]),
    },
    exact,
  ),
  /** A job's time is over, or its core has had enough; it goes on cooking until it is unloaded. */
  Type.Object({ type: Type.Literal('appliance.done'), ...from, job }, exact),
  /** `gone`: there was no such job. */
  Type.Object(
    {
      type: Type.Literal('appliance.unloaded'),
      ...from,
      job,
      outcome: Type.Union([
        Type.Literal('done'),
        Type.Literal('raw'),
        Type.Literal('burnt'),
        Type.Literal('gone'),
      ]),
    },
    exact,
  ),
  /** It stopped, and what was in it is lost: `jobs`. */
  Type.Object(
    { type: Type.Literal('appliance.fault'), ...from, reason: Type.String(), jobs: Type.Array(job) },
    exact,
  ),
  Type.Object({ type: Type.Literal('appliance.repaired'), ...from }, exact),
  Type.Object(
    {
      type: Type.Literal('appliance.status'),
      ...from,
      fault: Type.String(),
      /** The temperature it holds or seeks, and whether it is there. */
      celsius,
      ready: Type.Boolean(),
      cooking: Type.Array(job),
      done: Type.Array(job),
    },
    exact,
  ),
])
export type ApplianceReport = MessageOf<typeof ApplianceReport>

const key = (site: string, station: string, n: number): string => `${site}:${station}:${n}`

export const ovenRef = (site: string, station: string, n: number) =>
  ref<OvenCommand>('oven', key(site, station, n))
export const panRef = (site: string, station: string, n: number) =>
  ref<PanCommand>('pan', key(site, station, n))
export const fryerRef = (site: string, station: string, n: number) =>
  ref<FryerCommand>('fryer', key(site, station, n))

/** The address of one appliance of a bank, of whichever kind. It takes what every kind takes. */
export function applianceRef(kind: Appliance, site: string, station: string, n: number) {
  return ref<OvenCommand & PanCommand & FryerCommand>(kind, key(site, station, n))
}

/** `site:station` of `site:station:n`: a bank lives in one shard. */
export function bankOf(applianceKey: string): string {
  return applianceKey.slice(0, applianceKey.lastIndexOf(':'))
}
