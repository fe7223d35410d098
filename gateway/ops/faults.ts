/**
 * Breaking the cluster on purpose: what there is to break, what is broken, and mending it.
 *
 * Owns:     what of a fault is checked before it strikes: its words, that there is such a target, and the budget.
 * Does not: bring anything about: the cluster's `FaultControl` does.
 */
import { randomUUID } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { type ActorId, typeOf } from '#actor'
import type { NodeId } from '#ports'
import type { ActorListItem, ClusterClient, ClusterView, CommandOutcome } from '../cluster-client.ts'
import {
  type Fault,
  type FaultControl,
  type FaultKind,
  type FaultTarget,
  type FaultView,
  faultKinds,
  type SetFault,
} from '../fault-control.ts'
import { invalidRequest, Problem } from '../problems.ts'
import { exact } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'
import type { TimeControl } from '../time-control.ts'
import { actorOf } from './actors.ts'
import { brokenBy, overBudget, radiusOf, struckNodes } from './fault-budget.ts'
import { canBeScheduled, faultGroups, faultSpecs, paramsValidator, usualParams } from './fault-catalogue.ts'
import { FaultSchedule, type Place } from './fault-schedule.ts'
import { refusalOf } from './nodes.ts'

const tags = ['faults']
const count = Type.Integer({ minimum: 0 })
const NodeName = Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' })
const ActorName = Type.String({ minLength: 3, maxLength: 200 })
const Side = Type.Array(NodeName, { minItems: 1, maxItems: 100, uniqueItems: true })
const durationMs = Type.Integer({ minimum: 1, maximum: 86_400_000 })
const kind = Type.Enum([...faultKinds])
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
const Setting = Type.Object(
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
const ShownFault = Type.Object(shown, { ...exact, $id: 'Fault' })
export type ShownFault = Static<typeof ShownFault>
const FaultRef = Type.Unsafe<ShownFault>(Type.Ref('Fault#'))

const Kind = Type.Object(
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
const Radius = Type.Object(
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
const Scheduling = Type.Object(
  {
    seed,
    intervalMs: Type.Integer({ minimum: 1_000, maximum: 3_600_000 }),
    concurrency: Type.Integer({ minimum: 1, maximum: 5 }),
    kinds: Type.Array(kind, { minItems: 1, uniqueItems: true }),
    forMs: Type.Optional(Type.Integer({ minimum: 10_000, maximum: 86_400_000 })),
  },
  exact,
)
const Schedule = Type.Object(
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
const ScheduleRef = Type.Unsafe<Static<typeof Schedule>>(Type.Ref('FaultSchedule#'))

/** A schedule that is not told for how long. */
const scheduleForMs = 600_000
const actorsMax = 5_000
const pageSize = 500
const lookTimeoutMs = 3_000
/** Of those that a fault can strike. */
const actorTypes = [
  ...new Set(
    Object.values(faultSpecs).flatMap(({ targets, types = [] }) => (targets.includes('actor') ? types : [])),
  ),
]

const notHere = 'This gateway has nothing to break its cluster with.'

export interface FaultParts {
  readonly client: ClusterClient
  readonly faults: FaultControl | undefined
  readonly time?: TimeControl | undefined
}

export function faultRoutes(app: Server, { client, faults, time }: FaultParts): void {
  app.addSchema(ShownFault)
  app.addSchema(Schedule)
  let schedule: FaultSchedule | undefined
  const control = (): FaultControl => {
    if (faults !== undefined) return faults
    throw new Problem('unsupported', notHere)
  }
  const strikeNow = async (fault: SetFault): Promise<CommandOutcome> => {
    const all = await control().faults()
    const broken = brokenBy(fault, all)
    if (broken !== undefined) return { kind: 'refused', reason: 'invalid-transition', detail: broken }
    const over = overBudget(await client.cluster(), fault, all)
    if (over !== undefined) return { kind: 'refused', reason: 'would-kill-quorum', detail: over }
    return control().strike(fault)
  }
  const queues = new Map<string, Promise<unknown>>()
  /** One after the other, where one may forbid another: two at once would not see each other. */
  const strike = (fault: SetFault): Promise<CommandOutcome> => {
    const queue =
      fault.target.actor ?? (faultSpecs[fault.kind].stops === undefined ? undefined : 'the budget')
    if (queue === undefined) return control().strike(fault)
    const struck = (queues.get(queue) ?? Promise.resolve()).then(() => strikeNow(fault))
    const last = struck
      .catch(() => {})
      .then(() => {
        if (queues.get(queue) === last) queues.delete(queue)
      })
    queues.set(queue, last)
    return struck
  }
  const insist = (outcome: CommandOutcome): void => {
    if (outcome.kind !== 'accepted') throw refusalOf(outcome)
  }

  app.get(
    '/ops/v1/faults/catalog',
    {
      schema: {
        summary: 'Every kind of fault, and why one is not offered here',
        tags,
        response: { 200: Type.Object({ items: Type.Array(Kind) }, exact) },
      },
    },
    async () => ({ items: faultKinds.map((one) => kindShown(one, faults)) }),
  )
  app.get(
    '/ops/v1/faults/radius',
    {
      schema: {
        summary: 'What a fault would touch, before it strikes',
        tags,
        querystring: Type.Object(
          {
            kind,
            node: Type.Optional(NodeName),
            a: Type.Optional(Type.String({ maxLength: 1_000, description: 'Nodes, with commas.' })),
            b: Type.Optional(Type.String({ maxLength: 1_000 })),
            actor: Type.Optional(ActorName),
          },
          exact,
        ),
        response: { 200: Radius, ...problems('validation', 'not-found') },
      },
    },
    async ({ query: { kind: asked, node, a, b, actor } }) => {
      const target: FaultTarget = {
        ...(node !== undefined && { node }),
        ...(a !== undefined && { a: a.split(',') }),
        ...(b !== undefined && { b: b.split(',') }),
        ...(actor !== undefined && { actor }),
      }
      const cluster = await client.cluster()
      checkTarget(cluster, asked, target, faults)
      const spec = faultSpecs[asked]
      const { items, isAll } = await listed(client, spec.group === 'Outside' ? spec.types : undefined)
      const all = (await faults?.faults()) ?? []
      const refused = brokenBy({ target }, all) ?? overBudget(cluster, { kind: asked, target }, all)
      return {
        ...shownRadius(radiusOf(cluster, spec, target, items)),
        isAll,
        ...(refused !== undefined && { refusedBecause: refused }),
      }
    },
  )
  app.get(
    '/ops/v1/faults',
    {
      schema: {
        summary: 'Faults in force, and the last that are over',
        tags,
        response: {
          200: Type.Object({ items: Type.Array(FaultRef), ended: Type.Array(FaultRef) }, exact),
          ...problems('unsupported'),
        },
      },
    },
    async () => {
      const all = (await control().faults()).map(shownFault)
      return {
        items: all.filter(({ ended }) => ended === undefined),
        ended: all.filter(({ ended }) => ended !== undefined),
      }
    },
  )
  app.post(
    '/ops/v1/faults',
    {
      schema: {
        summary: 'Breaks something, until `forMs` has passed or somebody reverts it',
        description: [
          'Kinds, targets and parameters are in the catalogue; parameters that are left out are as usual. `forMs` is of the',
          'cluster’s own time: of the machine’s when it is live, of the world’s when it is simulated. It is refused when it',
          'would leave too few nodes, on an actor that has a fault already, and on one that is like that by itself.',
        ].join(' '),
        tags,
        body: Setting,
        response: {
          201: FaultRef,
          ...problems(
            'validation',
            'not-found',
            'would-kill-quorum',
            'node-gone',
            'last-node',
            'invalid-transition',
            'unsupported',
            'command-failed',
            'audit-unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const fault = await checked(request.body, client, faults)
      const set = { ...fault, id: `fault_${randomUUID().slice(0, 8)}`, by: request.operator }
      insist(await strike(set))
      reply.code(201).header('location', `/ops/v1/faults/${set.id}`)
      const view = (await control().faults()).find(({ id }) => id === set.id)
      return shownFault(view ?? { ...set, ageMs: 0, met: 0 })
    },
  )
  app.delete(
    '/ops/v1/faults/:id',
    {
      config: { mends: true },
      schema: {
        summary: 'Reverts one fault',
        tags,
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        response: {
          204: Type.Null(),
          ...problems('validation', 'not-found', 'invalid-transition', 'unsupported', 'command-failed'),
        },
      },
    },
    async ({ params: { id } }, reply) => {
      const fault = (await control().faults()).find((one) => one.id === id && one.ended === undefined)
      if (fault === undefined) throw new Problem('not-found', `No fault '${id}' is in force.`)
      const { undo, name } = faultSpecs[fault.kind]
      if (undo !== 'revert')
        throw new Problem(
          'invalid-transition',
          `'${name}' cannot be reverted: what it struck comes back by itself.`,
        )
      insist(await control().revert(id))
      reply.code(204)
      return null
    },
  )
  app.delete(
    '/ops/v1/faults',
    {
      config: { mends: true },
      schema: {
        summary: 'Reverts every fault, ends the schedule, heals every link and lets who is frozen go on',
        tags,
        response: { 204: Type.Null(), ...problems('unsupported', 'command-failed') },
      },
    },
    async (_request, reply) => {
      // One revert takes all, in the order in which they can be mended.
      await schedule?.cease()
      insist(await control().revert())
      reply.code(204)
      return null
    },
  )

  const scheduleOf = (one: FaultSchedule) => ({
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
  app.get(
    '/ops/v1/fault-schedules',
    {
      schema: {
        summary: 'The schedule that goes on, or the last one',
        description: 'It belongs to the gateway that was asked to begin it.',
        tags,
        response: { 200: Type.Object({ items: Type.Array(ScheduleRef) }, exact) },
      },
    },
    async () => ({ items: schedule === undefined ? [] : [scheduleOf(schedule)] }),
  )
  app.post(
    '/ops/v1/fault-schedules',
    {
      schema: {
        summary: 'Strikes faults that a seed draws, one after the other',
        description: [
          'The same seed, options and names of nodes and actors give the same faults. Never more nodes are down than may be, one',
          'that is back is left alone for a while, and at its end all is mended. Without `forMs` it goes on for ten minutes.',
        ].join(' '),
        tags,
        body: Scheduling,
        response: {
          201: ScheduleRef,
          ...problems('validation', 'schedule-running', 'unsupported', 'audit-unavailable'),
        },
      },
    },
    async ({ body, operator }, reply) => {
      const here = control()
      for (const [at, one] of body.kinds.entries()) checkScheduled(one, at, here)
      const id = `schedule_${randomUUID().slice(0, 8)}`
      const place = await placeOf(client)
      // Nothing is awaited from here on: of two at once the second sees the first.
      if (schedule?.isOver === false)
        throw new Problem('schedule-running', `The schedule of seed ${schedule.options.seed} goes on.`)
      schedule = new FaultSchedule({
        ...{ id, place, strike, by: operator, nowMs: () => here.nowMs() },
        isSeeking: () => time?.view().state === 'seeking',
        options: { forMs: scheduleForMs, ...body },
        over: async () => {
          const left = (await here.faults()).filter(
            (one) => one.schedule === id && one.ended === undefined && faultSpecs[one.kind].undo === 'revert',
          )
          const isTold = ({ kind }: FaultView): boolean => faultSpecs[kind].targets.includes('actor')
          const outcomes: CommandOutcome[] = []
          for (const one of left) if (!isTold(one)) outcomes.push(await here.revert(one.id))
          // Their actors may have been behind a link that was cut.
          outcomes.push(...(await Promise.all(left.filter(isTold).map(({ id }) => here.revert(id)))))
          return outcomes.find((outcome) => outcome.kind !== 'accepted') ?? { kind: 'accepted' }
        },
      })
      reply.code(201).header('location', '/ops/v1/fault-schedules')
      return scheduleOf(schedule)
    },
  )
  app.delete(
    '/ops/v1/fault-schedules',
    {
      config: { mends: true },
      schema: {
        summary: 'Ends the schedule, and reverts what of it is in force',
        tags,
        response: { 204: Type.Null(), ...problems('unsupported', 'command-failed') },
      },
    },
    async (_request, reply) => {
      if (schedule !== undefined) insist(await schedule.end())
      reply.code(204)
      return null
    },
  )
  app.addHook('preClose', (done) => {
    schedule?.stop()
    done()
  })
}

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

const shownRadius = (radius: ReturnType<typeof radiusOf>) => ({
  ...radius,
  nodes: [...radius.nodes],
  byType: [...radius.byType],
})

function kindShown(of: FaultKind, faults: FaultControl | undefined): Static<typeof Kind> {
  const { targets, types, params, ...spec } = faultSpecs[of]
  const offBecause = faults === undefined ? notHere : faults.off[of]
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

/** @throws Problem `validation`, `not-found`, `unsupported`. */
async function checked(
  { kind: of, target, params = {}, forMs }: Static<typeof Setting>,
  client: ClusterClient,
  faults: FaultControl | undefined,
): Promise<Fault> {
  const off = faults === undefined ? notHere : faults.off[of]
  if (off !== undefined) throw new Problem('unsupported', off)
  const whole = { ...usualParams(of), ...params }
  const validator = paramsValidator(of)
  if (!validator.Check(whole)) throw invalidRequest(validator.Errors(whole), 'body', '/params')
  const { lasts } = faultSpecs[of]
  const wrong = (pointer: string, detail: string): Problem =>
    new Problem('validation', {
      detail: `The body is wrong at ${pointer}: ${detail}.`,
      errors: [{ pointer, detail }],
    })
  if (forMs !== undefined && lasts === undefined)
    throw wrong('#/forMs', 'is not for this kind: what it strikes comes back by itself')
  if (forMs !== undefined && lasts !== undefined && (forMs < lasts.minMs || forMs > lasts.maxMs))
    throw wrong('#/forMs', `is from ${lasts.minMs} to ${lasts.maxMs} for this kind`)
  checkTarget(await client.cluster(), of, target, faults)
  if (target.actor !== undefined) await checkActor(target.actor, client)
  return { kind: of, target, params: whole as Fault['params'], ...(forMs !== undefined && { forMs }) }
}

/** @throws Problem `validation` when the kind strikes something else, `not-found` when there is no such node. */
function checkTarget(
  cluster: ClusterView,
  of: FaultKind,
  target: FaultTarget,
  faults: FaultControl | undefined,
): void {
  const spec = faultSpecs[of]
  const targets = faults?.only[of] ?? spec.targets
  const wrong = (detail: string): Problem =>
    new Problem('validation', {
      detail: `The target is wrong: it ${detail}.`,
      errors: [{ pointer: '#/target', detail }],
    })
  const { node, a, b, actor } = target
  const given = [
    ...(node === undefined ? [] : ['node']),
    ...(a === undefined && b === undefined ? [] : ['links']),
    ...(actor === undefined ? [] : ['actor']),
  ]
  const [meant = 'cluster'] = given
  if (given.length > 1 || !targets.some((one) => one === meant))
    throw wrong(`has to be of ${targets.map((one) => targetWords[one]).join(' or ')}`)
  if (meant === 'links' && (a === undefined || b === undefined)) throw wrong('has two sides, a and b')
  const both = a?.find((one) => b?.includes(one))
  if (both !== undefined) throw wrong(`has ${both} on both sides`)
  const known = new Set<string>(cluster.nodes.map(({ id }) => id))
  const unknown =
    meant === 'cluster' ? undefined : struckNodes(cluster, spec, target).find((one) => !known.has(one))
  if (unknown !== undefined) throw new Problem('not-found', `There is no node '${unknown}'.`)
  if (actor !== undefined && !(spec.types ?? []).includes(typeOf(actorOf(actor))))
    throw wrong(`is an actor of type ${(spec.types ?? []).join(' or ')}`)
}

const targetWords = { node: 'a node', links: 'links', actor: 'an actor', cluster: 'the whole: {}' } as const

async function checkActor(id: string, client: ClusterClient): Promise<void> {
  const body = { kind: 'operate', command: { kind: 'inspect' } } as const
  const outcome = await client.request({ actor: id as ActorId, body, timeoutMs: lookTimeoutMs })
  if (outcome.kind === 'unknown') throw new Problem('not-found', `There is no actor '${id}'.`)
}

function checkScheduled(of: FaultKind, at: number, faults: FaultControl): void {
  const off = canBeScheduled(of)
    ? faults.off[of]
    : 'It cannot be undone, or stops everything: set it by hand.'
  if (off === undefined) return
  const pointer = `#/kinds/${at}`
  throw new Problem('validation', { detail: `${of}: ${off}`, errors: [{ pointer, detail: off }] })
}

/** Of very many, the first. */
async function listed(
  client: ClusterClient,
  types?: readonly string[],
): Promise<{ readonly items: readonly ActorListItem[]; readonly isAll: boolean }> {
  const items: ActorListItem[] = []
  for (const type of types ?? [undefined]) {
    let cursor: string | undefined
    do {
      const page = await client.actors({
        limit: pageSize,
        fits: ({ status }) => status === 'live',
        ...(type !== undefined && { type }),
        ...(cursor !== undefined && { cursor }),
      })
      items.push(...page.items)
      cursor = page.nextCursor
    } while (cursor !== undefined && items.length < actorsMax)
    if (cursor !== undefined) return { items, isAll: false }
  }
  return { items, isAll: true }
}

async function placeOf(client: ClusterClient): Promise<Place> {
  const { nodes } = await client.cluster()
  const { items } = await listed(client, actorTypes)
  const actors: Record<string, ActorId[]> = {}
  for (const { id } of items) {
    const type = typeOf(id)
    actors[type] ??= []
    actors[type].push(id)
  }
  return { nodes: nodes.filter(({ group }) => group !== 'edge').map(({ id }) => id as NodeId), actors }
}
