/**
 * What is said to a kitchen timer, and what it says.
 *
 * Owns:     both contracts, and the address of a station's timer.
 *
 * Invariants:
 *   A3. An alarm is known by its id: setting it again changes nothing, also after it has rung.
 */
import { Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'

const exact = { additionalProperties: false } as const
const alarm = Type.String({ minLength: 1, maxLength: 160 })

export const TimerCommand = Type.Union([
  /** Creates it. So does `timer.set`, because whoever sets it may be faster than the station that opens. */
  Type.Object({ type: Type.Literal('timer.open') }, exact),
  /** `rings` is the actor that hears it; without one it rings for everybody in the kitchen. */
  Type.Object(
    {
      type: Type.Literal('timer.set'),
      alarm,
      ms: Type.Integer({ minimum: 1, maximum: 36_000_000 }),
      rings: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    },
    exact,
  ),
  Type.Object({ type: Type.Literal('timer.pause'), alarm }, exact),
  Type.Object({ type: Type.Literal('timer.resume'), alarm }, exact),
  Type.Object({ type: Type.Literal('timer.stop'), alarm }, exact),
  /** It stands still: nothing rings until it is repaired. */
  Type.Object({ type: Type.Literal('timer.break') }, exact),
  /** It goes on with what was left. */
  Type.Object({ type: Type.Literal('timer.repair') }, exact),
])
export type TimerCommand = MessageOf<typeof TimerCommand>

export const TimerReport = Type.Union([
  Type.Object({ type: Type.Literal('timer.rang'), alarm }, exact),
  /** It is broken, or has as many alarms as it can. */
  Type.Object({ type: Type.Literal('timer.refused'), alarm }, exact),
])
export type TimerReport = MessageOf<typeof TimerReport>

/** Each station has one. */
export const kitchenTimerRef = (site: string, station: string) =>
  ref<TimerCommand>('kitchen-timer', `${site}:${station}:1`)
