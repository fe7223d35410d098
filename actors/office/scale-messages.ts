/**
 * What operators say to the autoscaler of a group.
 *
 * Owns:     the contract of its policy, and its address: one for each group of nodes.
 */
import { Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'

const exact = { additionalProperties: false } as const
export const nodesMax = 40

/** By what a group is busy: its processors, or the messages that wait. `off`: it is left as it is. */
export const scalePolicies = ['off', 'cpu', 'mailbox'] as const

export interface ScalePolicy {
  readonly min: number
  readonly max: number
  /** Of each node. `cpu`: percent of a processor; `mailbox`: messages. */
  readonly target: number
  readonly policy: (typeof scalePolicies)[number]
}

export const AutoscalerMessage = Type.Object(
  {
    type: Type.Literal('autoscaler.set'),
    min: Type.Integer({ minimum: 1, maximum: nodesMax }),
    max: Type.Integer({ minimum: 1, maximum: nodesMax }),
    target: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    policy: Type.Enum([...scalePolicies]),
    /** The one that it replaces; 0: there is none yet. The version of the actor says nothing: it looks all the time. */
    revision: Type.Integer({ minimum: 0 }),
    by: Type.String({ minLength: 1, maxLength: 100 }),
    why: Type.Optional(Type.String({ maxLength: 200 })),
  },
  exact,
)
export type AutoscalerMessage = MessageOf<typeof AutoscalerMessage>

export const autoscalerRef = (group: string) => ref<AutoscalerMessage>('autoscaler', group)
