/**
 * A command of an operator that takes a while: it ends when its effect is seen, whoever gave it and whatever ends
 * meanwhile.
 *
 * Owns:     how far it is, and the looks at the cluster until it is done.
 * Does not: carry the command out: a gateway does, once, and says so.
 *
 * Invariants:
 *   OP1. Every operation ends: when its effect is seen, when the command is refused, or when it takes too long.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered, Instant } from '#actor'
import { call, cancel, defineActor, emit, hours, minutes, reply, schedule, seconds } from '#actor'
import { type ClusterLoad, clusterCalls, isThere } from './cluster-contract.ts'
import { type Goal, OperationMessage } from './operation-messages.ts'

/** A gateway that has begun one says within this whether the command was taken. */
export const saidWithinMs = seconds(60)
/** What takes longer has failed. */
export const overdueMs = minutes(10)
/** How long an ended one can be asked about. */
export const keptMs = hours(24)
const lookFirstMs = 300
const lookMaxMs = seconds(5)

export interface OperationContext {
  readonly id: string
  readonly what: string
  readonly target: string
  readonly by: string
  readonly begunAt: Instant
  readonly endedAt: Instant | null
  readonly goal: Goal
  readonly done: number
  readonly total: number
  readonly detail: string | null
  readonly looks: number
}

type Timer = { readonly type: 'operation.look' | 'operation.overdue' | 'operation.forget' }

/** How many parts of a goal are reached in this picture, and how many there are. */
export function progressOf(
  goal: Goal,
  { nodes }: ClusterLoad,
): { readonly done: number; readonly total: number } {
  const named = (name: string) => nodes.find(({ node }) => node === name)
  switch (goal.kind) {
    case 'said':
      return { done: 1, total: 1 }
    case 'gone': {
      const node = named(goal.node)
      return { done: node === undefined || !isThere(node) ? 1 : 0, total: 1 }
    }
    case 'up': {
      const reached = goal.nodes.filter(({ node, afterLife }) => {
        const seen = named(node)
        return (
          seen !== undefined && seen.life > afterLife && (seen.state === 'up' || seen.state === 'cordoned')
        )
      })
      return { done: reached.length, total: goal.nodes.length }
    }
  }
}

const loadIn = (event: unknown): ClusterLoad => (event as { readonly result: ClusterLoad }).result
const isReached = (goal: Goal, event: unknown): boolean => {
  const { done, total } = progressOf(goal, loadIn(event))
  return done >= total
}

export function operationView(context: OperationContext, state: string) {
  const { looks: _looks, goal: _goal, ...shown } = context
  return { ...shown, state }
}

export const operationMachine = setup({
  types: {
    context: {} as OperationContext,
    events: {} as Delivered<OperationMessage | Timer>,
    input: {} as Birth,
  },
  actions: {
    lookSoon: schedule(
      'look',
      ({ context }) => Math.min(lookMaxMs, Math.round(lookFirstMs * 1.5 ** context.looks)),
      { type: 'operation.look' },
      { clock: 'runtime' },
    ),
    look: call(({ context }) => ({
      id: `look-${context.looks}`,
      handler: clusterCalls.load,
      args: {},
      deadlineMs: seconds(10),
      attemptsMax: 3,
    })),
    countLook: assign(({ context }) => ({ looks: context.looks + 1 })),
    end: assign(({ event }) => ({ endedAt: event.at })),
    announce: emit(({ context: { id, what, target, by, detail } }) => ({
      type: 'operation.ended',
      id,
      what,
      target,
      by,
      ...(detail !== null && { detail }),
    })),
    stopLooking: cancel('look'),
    notOverdue: cancel('overdue'),
    keep: schedule('forget', keptMs, { type: 'operation.forget' }, { clock: 'runtime' }),
  },
}).createMachine({
  id: 'operation',
  version: '1',
  context: ({ input }) => ({
    id: input.key,
    what: '',
    target: '',
    by: '',
    begunAt: input.at,
    endedAt: null,
    goal: { kind: 'said' },
    done: 0,
    total: 1,
    detail: null,
    looks: 0,
  }),
  initial: 'new',
  states: {
    new: {
      tags: 'rest',
      on: {
        'operation.begin': {
          target: 'pending',
          actions: [
            assign(({ event: { what, target, by, at } }) => ({ what, target, by, begunAt: at })),
            schedule('overdue', saidWithinMs, { type: 'operation.overdue' }, { clock: 'runtime' }),
            reply(({ context: { id } }) => ({ type: 'operation.begun', id })),
          ],
        },
      },
    },
    pending: {
      tags: 'waiting',
      on: {
        'operation.started': [
          {
            guard: ({ event }) => event.goal.kind === 'said',
            target: 'done',
            actions: assign(({ event }) => ({ goal: event.goal, done: 1 })),
          },
          {
            target: 'running',
            actions: [
              assign(({ event: { goal } }) => ({ goal, total: goal.kind === 'up' ? goal.nodes.length : 1 })),
              schedule('overdue', overdueMs, { type: 'operation.overdue' }, { clock: 'runtime' }),
              'lookSoon',
            ],
          },
        ],
        'operation.overdue': {
          target: 'failed',
          actions: assign({ detail: 'whether the command was carried out is not known' }),
        },
        'operation.fail': { target: 'failed', actions: assign(({ event }) => ({ detail: event.detail })) },
      },
    },
    running: {
      tags: 'working',
      on: {
        'operation.look': { actions: ['countLook', 'look'] },
        'call.done': [
          {
            guard: ({ context, event }) => isReached(context.goal, event),
            target: 'done',
            actions: assign(({ context, event }) => progressOf(context.goal, loadIn(event))),
          },
          {
            actions: [assign(({ context, event }) => progressOf(context.goal, loadIn(event))), 'lookSoon'],
          },
        ],
        // Whoever looked is gone, or could not: somebody else looks again.
        'call.failed': { actions: 'lookSoon' },
        'operation.overdue': {
          target: 'failed',
          actions: assign({ detail: 'its effect was not seen in time' }),
        },
        'operation.fail': { target: 'failed', actions: assign(({ event }) => ({ detail: event.detail })) },
      },
    },
    done: {
      tags: 'rest',
      entry: ['end', 'announce', 'stopLooking', 'notOverdue', 'keep'],
      on: { 'operation.forget': 'forgotten' },
    },
    failed: {
      tags: 'rest',
      entry: ['end', 'announce', 'stopLooking', 'notOverdue', 'keep'],
      on: { 'operation.forget': 'forgotten' },
    },
    forgotten: { tags: 'rest', type: 'final' },
  },
})

export const operation = defineActor({
  type: 'operation',
  glyph: 'square',
  accepts: OperationMessage,
  creates: ['operation.begin'],
  ignores: ['operation.started', 'operation.fail'],
  machine: operationMachine,
  queries: { view: ({ context, value }) => operationView(context as OperationContext, value as string) },
})
