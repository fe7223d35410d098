/**
 * How faults are asked for and told over HTTP: the schemas of their routes, and what is put into them.
 *
 * Does not: decide whether a fault may strike (`fault-checks.ts`).
 */
import { type Static, Type } from 'typebox'
import {
  type Fault,
  type FaultControl,
  type FaultKind,
  type FaultTarget,
  type FaultView,
  faultKinds,
} from '../fault-control.ts'
import { exact } from '../routes/route-parts.ts'
import type { radiusOf } from './fault-budget.ts'
import { canBeScheduled, faultGroups, faultSpecs } from './fault-catalogue.ts'
import type { FaultSchedule } from './fault-schedule.ts'

const count = Type.Integer({ minimum: 0 })
export const NodeName = Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' })
export const ActorName = Type.String({ minLength: 3, maxLength: 200 })
const Side = Type.Array(NodeName, { minItems: 1, maxItems: 100, uniqueItems: true })
const durationMs = Type.Integer({ minimum: 1, maximum: 86_400_000 })
export const kind = Type.Enum([...faultKinds])
const Target = Type.Object(
  {
    node: Type.Optional(NodeName),
    a: Type.Optional(Side),
    b: Type.Optional(Side),
    actor: Type.Optional(ActorName),
  },
  {
    ...exact,
    description:
      '`node`; the links between the sides `a` and `b`; `actor`; or `{}`: the whole. The catalogue says which.',
  },
)
const Params = Type.Record(Type.String(), Type.Union([Type.Number(), Type.Boolean(), Type.String()]))
export const Setting = Type.Object(
  {
    kind,
    target: Target,
    params: Type.Optional(Params),
    forMs: Type.Optional(durationMs),
  },
  exact,
)
const shown = {
  id: Type.String(),
  kind,
  target: Target,
  params: Params,
  forMs: Type.Optional(durationMs),
  by: Type.String(),
  schedule: Type.Optional(Type.String()),
  ageMs: Type.Integer(),
  leftMs: Type.Optional(Type.Integer({ description: 'Until it ends by itself.' })),
  fired: Type.Boolean({ description: 'Its effect was seen. That it was asked for is no proof.' }),
  met: Type.Integer({ minimum: 0, description: 'How often it was seen.' }),
  ended: Type.Optional(Type.Object({ how: Type.Enum(['over', 'reverted']), agoMs: Type.Integer() }, exact)),
}
export const ShownFault = Type.Object(shown, { ...exact, $id: 'Fault' })
export type ShownFault = Static<typeof ShownFault>
export const FaultRef = Type.Unsafe<ShownFault>(Type.Ref('Fault#'))

export const Kind = Type.Object(
  {
    kind,
    name: Type.String(),
    group: Type.Enum([...faultGroups]),
    about: Type.String(),
    targets: Type.Array(Type.Enum(['node', 'links', 'actor', 'cluster'])),
    types: Type.Optional(Type.Array(Type.String())),
    params: Type.Unknown({ description: 'JSON Schema of `params`.' }),
    lasts: Type.Optional(
      Type.Object({ minMs: Type.Integer(), maxMs: Type.Integer(), usualMs: Type.Integer() }, exact),
    ),
    undo: Type.Enum(['revert', 'by-itself', 'never']),
    stops: Type.Optional(Type.Enum(['one', 'all'])),
    canBeScheduled: Type.Boolean(),
    offBecause: Type.Optional(Type.String()),
  },
  exact,
)
export const Radius = Type.Object(
  {
    nodes: Type.Array(Type.String()),
    shards: count,
    actors: count,
    byType: Type.Array(Type.Object({ type: Type.String(), actors: count }, exact)),
    openOrders: count,
    /** Of very many actors the rest is not counted. */
    isAll: Type.Boolean(),
    refusedBecause: Type.Optional(Type.String()),
  },
  exact,
)
const seed = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })
export const Scheduling = Type.Object(
  {
    seed,
    intervalMs: Type.Integer({ minimum: 1_000, maximum: 3_600_000 }),
    concurrency: Type.Integer({ minimum: 1, maximum: 5 }),
    kinds: Type.Array(kind, { minItems: 1, uniqueItems: true }),
    forMs: Type.Optional(Type.Integer({ minimum: 10_000, maximum: 86_400_000 })),
  },
  exact,
)
export const ShownSchedule = Type.Object(
  {
    id: Type.String(),
    by: Type.String(),
    seed,
    intervalMs: count,
    concurrency: count,
    kinds: Type.Array(kind),
    forMs: count,
    ageMs: count,
    isOver: Type.Boolean(),
    items: Type.Array(
      Type.Object(
        {
          n: count,
          atMs: count,
          kind,
          target: Target,
          params: Params,
          forMs: count,
          fault: Type.Optional(Type.String({ description: 'It has struck.' })),
          skipped: Type.Optional(Type.String({ description: 'Why it has not.' })),
        },
        exact,
      ),
    ),
  },
  { ...exact, $id: 'FaultSchedule' },
)
export const ScheduleRef = Type.Unsafe<Static<typeof ShownSchedule>>(Type.Ref('FaultSchedule#'))

export function shownFault(fault: FaultView): ShownFault {
  const { target, params, ageMs, leftMs, met, ended } = fault
  return {
    ...fault,
    target: targetShown(target),
    params: { ...params },
    ...{ ageMs: Math.round(ageMs), met, fired: met > 0 },
    ...(leftMs !== undefined && { leftMs: Math.round(leftMs) }),
    ...(ended && { ended: { how: ended.how, agoMs: Math.round(ended.agoMs) } }),
  }
}

/** Arrays of an answer are its own. */
const targetShown = ({ node, a, b, actor }: FaultTarget): Static<typeof Target> => ({
  ...(node !== undefined && { node }),
  ...(a !== undefined && { a: [...a] }),
  ...(b !== undefined && { b: [...b] }),
  ...(actor !== undefined && { actor }),
})

const plain = <Item extends Fault>(item: Item) => ({
  ...item,
  target: targetShown(item.target),
  params: { ...item.params },
})

export const shownRadius = (radius: ReturnType<typeof radiusOf>) => ({
  ...radius,
  nodes: [...radius.nodes],
  byType: [...radius.byType],
})

export function shownKind(
  of: FaultKind,
  faults: FaultControl | undefined,
  offBecause: string | undefined,
): Static<typeof Kind> {
  const { targets, types, params, ...spec } = faultSpecs[of]
  return {
    kind: of,
    ...spec,
    targets: [...(faults?.only[of] ?? targets)],
    ...(types && { types: [...types] }),
    params,
    canBeScheduled: canBeScheduled(of),
    ...(offBecause !== undefined && { offBecause }),
  }
}

export const shownSchedule = (one: FaultSchedule) => ({
  ...one.options,
  ...{
    id: one.id,
    by: one.by,
    isOver: one.isOver,
    ageMs: Math.round(one.ageMs),
    items: one.items.map(plain),
  },
  kinds: [...one.options.kinds],
})
