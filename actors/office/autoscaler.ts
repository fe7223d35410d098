/**
 * How many nodes a group has: more when they are busy, fewer when they are not.
 *
 * It looks at the cluster every few seconds, and asks for one node more or one fewer at a time. Between two changes it
 * rests: a node that has just come takes a moment to carry its share.
 *
 * Owns:     the policy of one group (the key), what it has seen, and the decision.
 * Does not: start or drain a node: the launcher does. Each change is an operation, as if an operator had given it.
 *
 * Invariants:
 *   AS1. It asks for no node beyond `max` and drains none at or below `min`.
 *   AS2. It decides nothing on load while a node of the group comes, goes or is paused.
 *   AS3. A node is drained only when the others would stay below `easeTo` of the target: one that came for load and one
 *        that goes for want of it never chase each other.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered, Instant } from '#actor'
import { assert, call, defineActor, emit, reply, schedule, seconds, tell } from '#actor'
import { type ClusterLoad, clusterCalls, isThere, type NodeLoad, type ScaleArgs } from './cluster-contract.ts'
import { type Goal, operationRef } from './operation-messages.ts'
import { AutoscalerMessage, type ScalePolicy } from './scale-messages.ts'

/** Each look is two turns. */
export const lookEveryMs = seconds(2)
/** After a change, done or refused. */
export const restMs = seconds(10)
/** So many looks in a row have to say the same. */
export const busyLooks = 3
export const idleLooks = 5
/** Of the target: where the load of the others has to stay for a node to go. */
export const easeTo = 0.7

export interface AutoscalerContext extends ScalePolicy {
  readonly group: string
  /** Grows with each policy. */
  readonly revision: number
  readonly by: string
  readonly at: Instant
  readonly why: string | null
  /** What was seen last; null after a change, for it counts no longer. */
  readonly seen: ClusterLoad | null
  /** Of the target, in percent, at the last look that could tell. */
  readonly loadPercent: number | null
  /** Looks in a row: above zero they were busy, below idle. */
  readonly streak: number
  readonly looks: number
  readonly changes: number
  readonly asked: ScaleArgs | null
}

type Timer = { readonly type: 'autoscaler.look' | 'autoscaler.rested' }

export interface Judged {
  readonly loadPercent: number | null
  readonly streak: number
  readonly ask: ScaleArgs | null
}

type Knowledge = Pick<AutoscalerContext, 'group' | 'seen' | 'streak'> & ScalePolicy

/** What a look means, after the one before it. */
export function judged(known: Knowledge, now: ClusterLoad): Judged {
  const { group, min, max, target } = known
  const nodes = now.nodes.filter((node) => node.group === group && isThere(node))
  const newest = nodes.at(-1)
  const add: ScaleArgs = { kind: 'add', group, nodes: nodes.length }
  const drain: ScaleArgs | null =
    newest === undefined ? null : { kind: 'drain', group, node: newest.node, nodes: nodes.length }
  const nothing = { loadPercent: null, streak: 0, ask: null }
  if (newest === undefined || nodes.some(({ state }) => state !== 'up' && state !== 'cordoned'))
    return nothing
  if (nodes.length < min) return { ...nothing, ask: add }
  if (nodes.length > max) return { ...nothing, ask: drain }
  const load = loadOf(known, nodes, now.atMs)
  if (load === undefined) return nothing

  const share = load / nodes.length / target
  const shareOfOthers = nodes.length === 1 ? Number.POSITIVE_INFINITY : load / (nodes.length - 1) / target
  const streak =
    share > 1 ? Math.max(0, known.streak) + 1 : shareOfOthers < easeTo ? Math.min(0, known.streak) - 1 : 0
  const loadPercent = Math.round(share * 100)
  if (streak >= busyLooks && nodes.length < max) return { loadPercent, streak, ask: add }
  if (streak <= -idleLooks && nodes.length > min) return { loadPercent, streak, ask: drain }
  return { loadPercent, streak, ask: null }
}

/** Of all together, in the unit of the target. Undefined: there is nothing to compare with. */
function loadOf({ policy, seen }: Knowledge, nodes: readonly NodeLoad[], atMs: number): number | undefined {
  if (policy === 'mailbox') return nodes.reduce((sum, { mailbox }) => sum + mailbox, 0)
  if (seen === null || atMs <= seen.atMs) return undefined
  let usedMs = 0
  for (const { node, life, cpuMs } of nodes) {
    const before = seen.nodes.find((one) => one.node === node && one.life === life)
    if (before === undefined) return undefined
    usedMs += cpuMs - before.cpuMs
  }
  return (usedMs / (atMs - seen.atMs)) * 100
}

const loadIn = (event: unknown): ClusterLoad => (event as { readonly result: ClusterLoad }).result

/** What has to be seen for the change to be done. */
export function goalOf({ asked, seen }: Pick<AutoscalerContext, 'asked' | 'seen'>, result: unknown): Goal {
  const { added = [] } = result as { readonly added?: readonly string[] }
  if (asked?.kind === 'drain') return { kind: 'gone', node: asked.node }
  // A call that came twice finds that it is so already.
  if (added.length === 0) return { kind: 'said' }
  const lifeOf = (name: string): number => seen?.nodes.find(({ node }) => node === name)?.life ?? 0
  return { kind: 'up', nodes: added.map((node) => ({ node, afterLife: lifeOf(node) })) }
}

export function autoscalerView(context: AutoscalerContext, state: string) {
  const { seen: _seen, looks: _looks, streak: _streak, asked: _asked, ...shown } = context
  return { ...shown, state }
}

const operationOf = ({ group, changes }: AutoscalerContext) => operationRef(`op_scale-${group}-${changes}`)
const begun = ({ asked, group }: AutoscalerContext): string =>
  asked?.kind === 'drain' ? asked.node : `a node more of ${group}`

export const autoscalerMachine = setup({
  types: {
    context: {} as AutoscalerContext,
    events: {} as Delivered<AutoscalerMessage | Timer>,
    input: {} as Birth,
  },
  actions: {
    lookLater: schedule('look', lookEveryMs, { type: 'autoscaler.look' }, { clock: 'runtime' }),
    look: call(({ context }) => ({
      id: `look-${context.looks}`,
      handler: clusterCalls.load,
      args: {},
      deadlineMs: seconds(10),
      attemptsMax: 1,
    })),
    countLook: assign(({ context }) => ({ looks: context.looks + 1 })),
    judge: assign(({ context, event }) => {
      const now = loadIn(event)
      const { ask, ...rest } = judged(context, now)
      return { ...rest, asked: ask, seen: now }
    }),
    countChange: assign(({ context }) => ({ changes: context.changes + 1 })),
    beginOperation: tell(
      ({ context }) => operationOf(context),
      ({ context }) => ({
        type: 'operation.begin',
        what: 'autoscaler',
        target: begun(context),
        by: 'autoscaler',
      }),
    ),
    scale: call(({ context }) => {
      const { asked, min, max, changes } = context
      assert(asked !== null, 'AS1', 'it knows what it asks for')
      assert(
        asked.kind === 'add' ? asked.nodes < max : asked.nodes > min,
        'AS1',
        `${asked.kind} at ${asked.nodes}`,
      )
      return {
        id: `scale-${changes}`,
        handler: clusterCalls.scale,
        args: asked,
        deadlineMs: seconds(30),
        attemptsMax: 3,
      }
    }),
    announce: emit(({ context: { group, asked } }) => ({ type: 'autoscaler.changed', group, asked })),
    rest: schedule('rest', restMs, { type: 'autoscaler.rested' }, { clock: 'runtime' }),
    forgetLoad: assign({ seen: null, streak: 0, loadPercent: null, asked: null }),
    keepPolicy: assign(({ context, event }) => {
      if (event.type !== 'autoscaler.set') return {}
      const revision = context.revision + 1
      const { min, max, target, policy, by, why = null, at } = event
      return { revision, min, max, target, policy, by, why, at, seen: null, streak: 0, loadPercent: null }
    }),
    show: reply(({ context }) => ({ type: 'autoscaler.view', ...autoscalerView(context, '') })),
  },
  guards: {
    isOff: ({ context }) => context.policy === 'off',
    isOn: ({ context }) => context.policy !== 'off',
  },
}).createMachine({
  id: 'autoscaler',
  version: '1',
  context: ({ input }) => ({
    group: input.key,
    revision: 0,
    min: 1,
    max: 1,
    target: 1,
    policy: 'off',
    by: '',
    at: input.at,
    why: null,
    seen: null,
    loadPercent: null,
    streak: 0,
    looks: 0,
    changes: 0,
    asked: null,
  }),
  initial: 'off',
  on: {
    'autoscaler.set': [
      {
        guard: ({ context, event }) => event.revision !== context.revision,
        actions: reply(({ context: { revision } }) => ({ type: 'autoscaler.stale', revision })),
      },
      {
        guard: ({ event: { min, max } }) => min > max,
        actions: reply({ type: 'autoscaler.refused', problem: 'min is more than max' }),
      },
      { actions: ['keepPolicy', 'show'] },
    ],
  },
  states: {
    off: { tags: 'rest', always: { guard: 'isOn', target: 'watching' } },
    watching: {
      tags: 'rest',
      entry: 'lookLater',
      on: {
        'autoscaler.look': [
          { guard: 'isOff', target: 'off' },
          { target: 'looking', actions: ['countLook', 'look'] },
        ],
      },
    },
    looking: {
      tags: 'working',
      on: {
        'call.done': { target: 'deciding', actions: 'judge' },
        // Nobody could look now: somebody looks again.
        'call.failed': 'watching',
      },
    },
    deciding: {
      tags: 'working',
      always: [
        { guard: 'isOff', target: 'off' },
        { guard: ({ context }) => context.asked === null, target: 'watching' },
        { target: 'scaling', actions: ['countChange', 'beginOperation', 'scale'] },
      ],
    },
    scaling: {
      tags: 'working',
      on: {
        'call.done': {
          target: 'resting',
          actions: [
            tell(
              ({ context }) => operationOf(context),
              ({ context, event }) => ({
                type: 'operation.started',
                goal: goalOf(context, (event as { readonly result: unknown }).result) as never,
              }),
            ),
            'announce',
          ],
        },
        'call.failed': {
          target: 'resting',
          actions: tell(
            ({ context }) => operationOf(context),
            ({ event }) => ({
              type: 'operation.fail',
              detail: (event as { readonly detail: string }).detail.slice(0, 500) || 'it was not carried out',
            }),
          ),
        },
      },
    },
    resting: {
      tags: 'waiting',
      entry: ['forgetLoad', 'rest'],
      on: { 'autoscaler.rested': [{ guard: 'isOff', target: 'off' }, { target: 'watching' }] },
    },
  },
})

export const autoscaler = defineActor({
  type: 'autoscaler',
  glyph: 'disc',
  accepts: AutoscalerMessage,
  creates: ['autoscaler.set'],
  machine: autoscalerMachine,
  queries: { view: ({ context, value }) => autoscalerView(context as AutoscalerContext, value as string) },
})
