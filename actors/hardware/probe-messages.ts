/**
 * What is said to a probe, and what it shows.
 *
 * Owns:     both contracts, and the addresses of probes. A bank has one beside each appliance, with its place in the
 *           station's list (from 1) as its number.
 */
import { Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'

const exact = { additionalProperties: false } as const
const job = Type.String({ minLength: 1, maxLength: 160 })

export const ProbeCommand = Type.Union([
  /** Creates it. */
  Type.Object({ type: Type.Literal('probe.open') }, exact),
  /**
   * It is put into a food. `core` is no knowledge of the appliance's: it is the heat that the tip meets there.
   * Answered by `probe.reading`; by nothing when the probe is dead.
   */
  Type.Object(
    {
      type: Type.Literal('probe.read'),
      appliance: Type.String({ minLength: 1, maxLength: 200 }),
      job,
      core: Type.Number(),
    },
    exact,
  ),
  /** `stuck` shows what it last showed, `drift` shows `offset` kelvin too much, `silent` shows nothing. */
  Type.Object(
    {
      type: Type.Literal('probe.sensor'),
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
  Type.Object({ type: Type.Literal('probe.repair') }, exact),
])
export type ProbeCommand = MessageOf<typeof ProbeCommand>

export const ProbeReading = Type.Object(
  { type: Type.Literal('probe.reading'), job, celsius: Type.Number() },
  exact,
)
export type ProbeReading = MessageOf<typeof ProbeReading>

/** `bank` is `site:station`. */
export const probeRef = (bank: string, n: number) => ref<ProbeCommand>('probe', `${bank}:${n}`)
