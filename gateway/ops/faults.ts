/**
 * Breaking the cluster on purpose: what there is to break, what is broken, and mending it.
 *
 * Owns:     the routes, and the order in which strikes that may forbid each other are judged.
 * Does not: bring anything about: the cluster's `FaultControl` does.
 */
import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import { type ActorId, typeOf } from '#actor'
import type { NodeId } from '#ports'
import type { ActorListItem, ClusterClient, CommandOutcome } from '../cluster-client.ts'
import {
  type FaultControl,
  type FaultTarget,
  type FaultView,
  faultKinds,
  type SetFault,
} from '../fault-control.ts'
import { Problem } from '../problems.ts'
import { exact } from '../routes/route-parts.ts'
import { problems, type Server } from '../server.ts'
import type { TimeControl } from '../time-control.ts'
import { brokenBy, overBudget, radiusOf } from './fault-budget.ts'
import { faultSpecs } from './fault-catalogue.ts'
import { checked, checkScheduled, checkTarget, notHere, whyOff } from './fault-checks.ts'
import { FaultSchedule, type Place } from './fault-schedule.ts'
import {
  ActorName,
  FaultRef,
  Kind,
  kind,
  NodeName,
  Radius,
  ScheduleRef,
  Scheduling,
  Setting,
  ShownFault,
  ShownSchedule,
  shownFault,
  shownKind,
  shownRadius,
  shownSchedule,
} from './fault-views.ts'
import { refusalOf } from './nodes.ts'

const tags = ['faults']
/** A schedule that is not told for how long. */
const scheduleForMs = 600_000
const actorsMax = 5_000
const pageSize = 500
/** Of those that a fault can strike. */
const actorTypes = [
  ...new Set(
    Object.values(faultSpecs).flatMap(({ targets, types = [] }) => (targets.includes('actor') ? types : [])),
  ),
]

export interface FaultParts {
  readonly client: ClusterClient
  readonly faults: FaultControl | undefined
  readonly time?: TimeControl | undefined
}

export function faultRoutes(app: Server, { client, faults, time }: FaultParts): void {
  app.addSchema(ShownFault)
  app.addSchema(ShownSchedule)
  let schedule: FaultSchedule | undefined
  const control = (): FaultControl => {
    if (faults !== undefined) return faults
    throw new Problem('unsupported', notHere)
  }
  const strikeNow = async (fault: SetFault): Promise<CommandOutcome> => {
    const all = await control().faults()
    const broken = brokenBy(fault, all) ?? (await control().unfit(fault))
    if (broken !== undefined) return { kind: 'refused', reason: 'invalid-transition', detail: broken }
    const over = overBudget(await client.cluster(), fault, all)
    if (over !== undefined) return { kind: 'refused', reason: 'would-kill-quorum', detail: over }
    return control().strike(fault)
  }
  /** On their way. */
  const queues = new Map<string, Promise<unknown>>()
  /** One after the other, where one may forbid another: two at once would not see each other. */
  const strike = (fault: SetFault): Promise<CommandOutcome> => {
    const queue = fault.target.actor ?? (faultSpecs[fault.kind].stops === undefined ? fault.id : 'the budget')
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
    async () => ({ items: faultKinds.map((one) => shownKind(one, faults, whyOff(one, faults))) }),
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
      const fault = { kind: asked, target }
      const refused = brokenBy(fault, all) ?? (await faults?.unfit(fault)) ?? overBudget(cluster, fault, all)
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
          'would leave too few nodes, on an actor that has a fault already, and on one whose trouble the end of this would mend.',
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
      await Promise.all(queues.values())
      insist(await control().revert())
      reply.code(204)
      return null
    },
  )

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
    async () => ({ items: schedule === undefined ? [] : [shownSchedule(schedule)] }),
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
      return shownSchedule(schedule)
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
