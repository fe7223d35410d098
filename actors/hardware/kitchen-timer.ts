/**
 * A kitchen timer: what rests, proves or cools is timed by the station's, not by somebody's memory.
 *
 * Owns:     alarms on the world clock, each with whoever hears it.
 * Does not: know what an alarm is for.
 *
 * Invariants:
 *   M1. An alarm rings once, or not at all when it was stopped. A restart in between costs no time.
 *   M2. What cannot be set is refused at once, and whoever wanted to hear it knows.
 */
import { assign, setup } from 'xstate'
import type { ActorId, ActorRef, Birth, Delivered, Effect, Instant, Message } from '#actor'
import { after, defineActor, millisecondsBetween } from '#actor'
import type { Plan } from '../plan.ts'
import { planned } from '../plan.ts'
import { bankOf } from './appliance-messages.ts'
import type { TimerReport } from './timer-messages.ts'
import { TimerCommand } from './timer-messages.ts'

interface Alarm {
  readonly alarm: string
  /** Who hears it; empty for the whole kitchen. */
  readonly rings: string
  /** When it rings, while it runs. */
  readonly until: Instant
  /** What is left, in milliseconds, while it stands still. */
  readonly left: number
  readonly paused: boolean
}

interface TimerContext {
  readonly id: ActorId
  readonly alarms: readonly Alarm[]
  /** The latest that have rung, the last one last. */
  readonly rung: readonly string[]
  readonly broken: boolean
}

type Due = { readonly type: 'timer.due'; readonly alarm: string }
type TimerEvent = Delivered<TimerCommand | Due>

export const alarmsMax = 200
const rungMax = 50

class Draft {
  readonly effects: Effect[] = []
  readonly at: Instant
  context: TimerContext

  constructor(context: TimerContext, at: Instant) {
    this.context = context
    this.at = at
  }

  find(alarm: string): Alarm | undefined {
    return this.context.alarms.find((one) => one.alarm === alarm)
  }

  set(change: Partial<TimerContext>): void {
    this.context = { ...this.context, ...change }
  }

  put(alarm: Alarm): void {
    this.set({ alarms: [...this.context.alarms.filter((one) => one.alarm !== alarm.alarm), alarm] })
  }

  forget({ alarm }: Alarm): void {
    this.set({ alarms: this.context.alarms.filter((one) => one.alarm !== alarm) })
  }

  tell(rings: string, message: TimerReport): void {
    this.effects.push({ kind: 'tell', to: rings as ActorRef<TimerReport>, message })
  }

  run(alarm: Alarm): void {
    this.put({ ...alarm, until: after(this.at, alarm.left), paused: false })
    const message: Due = { type: 'timer.due', alarm: alarm.alarm }
    this.effects.push({ kind: 'schedule', id: alarm.alarm, delayMs: alarm.left, message, clock: 'world' })
  }

  halt(alarm: Alarm, paused: boolean): void {
    this.put({ ...alarm, left: Math.max(1, millisecondsBetween(this.at, alarm.until)), paused })
    this.effects.push({ kind: 'cancel', id: alarm.alarm })
  }
}

function plan(context: TimerContext, event: TimerEvent): Plan<TimerContext> {
  const draft = new Draft(context, event.at)
  handle(draft, event)
  return { context: draft.context, effects: draft.effects }
}

function handle(draft: Draft, event: TimerEvent): void {
  switch (event.type) {
    case 'timer.set':
      set(draft, event.alarm, event.ms, event.rings ?? '')
      break
    case 'timer.due':
      ring(draft, event.alarm)
      break
    case 'timer.pause':
    case 'timer.resume':
    case 'timer.stop':
      change(draft, event.type, event.alarm)
      break
    case 'timer.break':
      if (draft.context.broken) break
      for (const alarm of draft.context.alarms) if (!alarm.paused) draft.halt(alarm, false)
      draft.set({ broken: true })
      fault(draft)
      break
    case 'timer.repair':
      if (!draft.context.broken) break
      draft.set({ broken: false })
      for (const alarm of draft.context.alarms) if (!alarm.paused) draft.run(alarm)
      break
  }
}

function set(draft: Draft, alarm: string, left: number, rings: string): void {
  const { alarms, rung, broken } = draft.context
  if (draft.find(alarm) !== undefined || rung.includes(alarm)) return
  if (!broken && alarms.length < alarmsMax) draft.run({ alarm, rings, until: draft.at, left, paused: false })
  else if (rings !== '') draft.tell(rings, { type: 'timer.refused', alarm })
}

function ring(draft: Draft, id: string): void {
  const alarm = draft.find(id)
  if (alarm === undefined) return
  draft.forget(alarm)
  draft.set({ rung: [...draft.context.rung, id].slice(-rungMax) })
  if (alarm.rings !== '') draft.tell(alarm.rings, { type: 'timer.rang', alarm: id })
  else emit(draft, { type: 'timer.rang', alarm: id })
}

function change(draft: Draft, type: 'timer.pause' | 'timer.resume' | 'timer.stop', id: string): void {
  const alarm = draft.find(id)
  const { broken } = draft.context
  if (alarm === undefined) return
  if (type === 'timer.stop') {
    draft.forget(alarm)
    if (!alarm.paused && !broken) draft.effects.push({ kind: 'cancel', id })
  } else if (type === 'timer.pause' && !alarm.paused) {
    if (broken) draft.put({ ...alarm, paused: true })
    else draft.halt(alarm, true)
  } else if (type === 'timer.resume' && alarm.paused) {
    if (broken) draft.put({ ...alarm, paused: false })
    else draft.run(alarm)
  }
}

function fault(draft: Draft): void {
  emit(draft, { type: 'device.fault', reason: 'stopped' })
}

function emit(draft: Draft, event: Message & { readonly reason?: string; readonly alarm?: string }): void {
  draft.effects.push({ kind: 'emit', event: { ...event, device: draft.context.id } as Message })
}

const turn = planned(plan)
const does = { actions: ['answer', 'keep'] } as const

const machine = setup({
  types: {
    context: {} as TimerContext,
    events: {} as TimerEvent,
    input: {} as Birth,
  },
  actions: {
    answer: turn.effects,
    keep: assign(turn.context),
  },
  guards: {
    broken: ({ context }) => context.broken,
    running: ({ context }) => !context.broken && context.alarms.length > 0,
    idle: ({ context }) => !context.broken && context.alarms.length === 0,
  },
}).createMachine({
  id: 'kitchen-timer',
  version: '1',
  context: ({ input }) => ({ id: input.id, alarms: [], rung: [], broken: false }),
  on: {
    'timer.open': {},
    'timer.set': does,
    'timer.due': does,
    'timer.pause': does,
    'timer.resume': does,
    'timer.stop': does,
    'timer.break': does,
    'timer.repair': does,
  },
  initial: 'idle',
  states: {
    idle: {
      tags: 'rest',
      always: [
        { guard: 'broken', target: 'fault' },
        { guard: 'running', target: 'running' },
      ],
    },
    running: {
      tags: 'working',
      always: [
        { guard: 'broken', target: 'fault' },
        { guard: 'idle', target: 'idle' },
      ],
    },
    fault: {
      tags: 'waiting',
      always: [
        { guard: 'running', target: 'running' },
        { guard: 'idle', target: 'idle' },
      ],
    },
  },
})

export const kitchenTimer = defineActor({
  type: 'kitchen-timer',
  glyph: 'disc',
  accepts: TimerCommand,
  creates: ['timer.open', 'timer.set'],
  machine,
  queries: {
    view: ({ value, context }, _args, at) => {
      const { alarms, broken } = context as TimerContext
      return {
        kind: 'kitchen-timer',
        state: value,
        fault: broken ? 'stopped' : '',
        alarms: alarms.map(({ alarm, until, left, paused }) => ({
          alarm,
          leftMs: paused || broken ? left : Math.max(0, millisecondsBetween(at, until)),
          paused,
        })),
      }
    },
  },
  shardKey: bankOf,
})
