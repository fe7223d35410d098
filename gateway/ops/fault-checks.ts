/**
 * What of a fault is checked before it strikes: its words, and that there is whom it strikes.
 *
 * Does not: know what is in force already (`fault-budget.ts`).
 */
import type { Static } from 'typebox'
import { type ActorId, typeOf } from '#actor'
import type { ClusterClient, ClusterView } from '../cluster-client.ts'
import type { Fault, FaultControl, FaultKind, FaultTarget } from '../fault-control.ts'
import { invalidRequest, Problem } from '../problems.ts'
import { actorOf } from './actors.ts'
import { struckNodes } from './fault-budget.ts'
import { canBeScheduled, faultSpecs, paramsValidator, usualParams } from './fault-catalogue.ts'
import type { Setting } from './fault-views.ts'

const lookTimeoutMs = 3_000

export const notHere = 'This gateway has nothing to break its cluster with.'
export const whyOff = (of: FaultKind, faults: FaultControl | undefined): string | undefined =>
  faults === undefined ? notHere : faults.off[of]

/** @throws Problem `validation`, `not-found`, `unsupported`. */
export async function checked(
  { kind: of, target, params = {}, forMs }: Static<typeof Setting>,
  client: ClusterClient,
  faults: FaultControl | undefined,
): Promise<Fault> {
  const off = whyOff(of, faults)
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
export function checkTarget(
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

export function checkScheduled(of: FaultKind, at: number, faults: FaultControl): void {
  const off = canBeScheduled(of)
    ? faults.off[of]
    : 'It cannot be undone, or stops everything: set it by hand.'
  if (off === undefined) return
  const pointer = `#/kinds/${at}`
  throw new Problem('validation', { detail: `${of}: ${off}`, errors: [{ pointer, detail: off }] })
}
