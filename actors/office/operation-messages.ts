/**
 * What is said about the commands of operators: that one goes on, that it has ended, and who gave it.
 *
 * Owns:     the contracts of operations and of the audit, and their addresses.
 */
import { Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'

const exact = { additionalProperties: false } as const
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const node = text(64)
export const nodesPerGoalMax = 40

/** What has to be seen for a command to be done. */
export const Goal = Type.Union([
  /** Nothing more: it was done when it was said. */
  Type.Object({ kind: Type.Literal('said') }, exact),
  /** The node has no process, and will have none. */
  Type.Object({ kind: Type.Literal('gone'), node }, exact),
  /** Each of these nodes takes part, in a later life than this one. */
  Type.Object(
    {
      kind: Type.Literal('up'),
      nodes: Type.Array(Type.Object({ node, afterLife: Type.Integer({ minimum: 0 }) }, exact), {
        maxItems: nodesPerGoalMax,
      }),
    },
    exact,
  ),
])
export type Goal =
  | { readonly kind: 'said' }
  | { readonly kind: 'gone'; readonly node: string }
  | { readonly kind: 'up'; readonly nodes: readonly { readonly node: string; readonly afterLife: number }[] }

export const OperationMessage = Type.Union([
  Type.Object(
    { type: Type.Literal('operation.begin'), what: text(100), target: text(200), by: text(100) },
    exact,
  ),
  /** The command was taken; now its effect is waited for. */
  Type.Object({ type: Type.Literal('operation.started'), goal: Goal }, exact),
  Type.Object({ type: Type.Literal('operation.fail'), detail: text(500) }, exact),
])
export type OperationMessage = MessageOf<typeof OperationMessage>

const entry = text(64)
export const AuditMessage = Type.Union([
  /** Before the command is carried out. */
  Type.Object(
    {
      type: Type.Literal('audit.begin'),
      entry,
      who: text(100),
      what: text(100),
      target: text(700),
      trace: text(100),
      reason: Type.Optional(Type.String({ maxLength: 200 })),
      /** What was sent, without what is secret: JSON. */
      body: Type.Optional(Type.String({ maxLength: 2_000 })),
    },
    exact,
  ),
  Type.Object(
    {
      type: Type.Literal('audit.end'),
      entry,
      status: Type.Integer({ minimum: 100, maximum: 599 }),
    },
    exact,
  ),
])
export type AuditMessage = MessageOf<typeof AuditMessage>

export const operationRef = (id: string) => ref<OperationMessage>('operation', id)
/** One of each day, in UTC by the world clock: `2026-05-01`. */
export const auditRef = (day: string) => ref<AuditMessage>('audit', day)
