/**
 * A cook: a pair of hands at one station.
 *
 * Owns:     whether the hands are free, and when they will be.
 * Does not: choose the work: the station does.
 *
 * Invariants:
 *   C1. One job at a time; the latest that the station gave.
 *   C2. Every job taken up ends in `cook.done`, in `cook.away`, or with the station's own word.
 */
import { Type } from 'typebox'
import { and, assign, setup } from 'xstate'
import type { ActorRef, Birth, Delivered, Instant } from '#actor'
import { after, defineActor, minutes, tell } from '#actor'
import type { CookReport } from './kitchen-messages.ts'
import { CookCommand, dishOfJob, stationOf } from './kitchen-messages.ts'

interface CookContext {
  readonly station: string
  readonly n: number
  /** In hand; empty when the hands are free. */
  readonly job: string
  /** Finished last: asked for again, it is still finished. */
  readonly last: string
  readonly ms: number
  /** When the job in hand will be finished. */
  readonly until: Instant
  /** The length of the break that begins after the job in hand; 0 for none. */
  readonly breakMs: number
}

type CookEvent = Delivered<CookCommand>
type Work = Extract<CookCommand, { type: 'cook.work' }>

const machine = setup({
  types: {
    context: {} as CookContext,
    events: {} as CookEvent,
    input: {} as Birth,
  },
  actions: {
    takeUp: assign(({ event }) => {
      const { job, ms } = event as Work
      return { job, ms, until: after(event.at, ms) }
    }),
    putDown: assign({ job: '' }),
    finish: assign(({ context }) => ({ job: '', last: context.job })),
    planBreak: assign(({ event }) => ({
      breakMs: minutes((event as Extract<CookCommand, { type: 'cook.break' }>).minutes),
    })),
    breakOver: assign({ breakMs: 0 }),
    tellDish: tell(
      ({ context }) => dishOfJob(context.job),
      ({ context }) => ({ type: 'job.prep', job: context.job }),
    ),
    tellHere: tell(
      ({ context }) => context.station as ActorRef<CookReport>,
      ({ context }) => ({ type: 'cook.here', n: context.n, job: context.job }),
    ),
    tellAway: tell(
      ({ context }) => context.station as ActorRef<CookReport>,
      ({ context }) => ({ type: 'cook.away', n: context.n }),
    ),
    tellDone: tell(
      ({ context }) => context.station as ActorRef<CookReport>,
      ({ context }) => ({ type: 'cook.done', n: context.n, job: context.job }),
    ),
    tellDoneAgain: tell(
      ({ context }) => context.station as ActorRef<CookReport>,
      ({ context }) => ({ type: 'cook.done', n: context.n, job: context.last }),
    ),
  },
  guards: {
    unplaced: ({ context }) => context.station === '',
    doneBefore: ({ context, event }) => (event as Work).job === context.last,
    inHand: ({ context, event }) => (event as Work).job === context.job,
    starting: ({ event }) => (event as Extract<CookCommand, { type: 'cook.shift' }>).on,
    breakDue: ({ context }) => context.breakMs > 0,
  },
  delays: {
    hands: ({ context }) => context.ms,
    break: ({ context }) => context.breakMs,
  },
}).createMachine({
  id: 'cook',
  version: '1',
  context: ({ input }) => ({ station: '', n: 0, job: '', last: '', ms: 0, until: input.at, breakMs: 0 }),
  on: {
    'cook.open': { actions: 'tellAway' },
    'cook.work': { actions: 'tellAway' },
    'cook.drop': {},
    'cook.break': {},
    'cook.shift': {},
    restarted: { actions: 'tellAway' },
  },
  initial: 'off-shift',
  states: {
    'off-shift': {
      on: {
        'cook.open': [
          {
            guard: 'unplaced',
            target: 'idle',
            actions: [assign(({ event }) => ({ station: event.station, n: event.n })), 'tellHere'],
          },
          { actions: 'tellAway' },
        ],
        'cook.shift': [{ guard: 'starting', target: 'idle', actions: 'tellHere' }, { actions: 'tellAway' }],
      },
    },
    idle: {
      on: {
        'cook.open': { actions: 'tellHere' },
        'cook.work': [
          { guard: 'doneBefore', actions: 'tellDoneAgain' },
          { target: 'working', actions: 'takeUp' },
        ],
        'cook.break': { target: 'on-break', actions: 'planBreak' },
        'cook.shift': [
          { guard: 'starting', actions: 'tellHere' },
          { target: 'off-shift', actions: 'tellAway' },
        ],
        restarted: { actions: 'tellHere' },
      },
    },
    working: {
      entry: 'tellDish',
      on: {
        'cook.open': { actions: 'tellHere' },
        'cook.work': [
          { guard: 'inHand', actions: 'tellDish' },
          { target: 'working', reenter: true, actions: 'takeUp' },
        ],
        'cook.drop': [
          { guard: and(['inHand', 'breakDue']), target: 'on-break', actions: 'putDown' },
          { guard: 'inHand', target: 'idle', actions: 'putDown' },
          {},
        ],
        'cook.break': { actions: 'planBreak' },
        'cook.shift': [
          { guard: 'starting', actions: 'tellHere' },
          { target: 'off-shift', actions: ['putDown', 'breakOver', 'tellAway'] },
        ],
        restarted: { actions: 'tellHere' },
      },
      after: {
        hands: [
          { guard: 'breakDue', target: 'on-break', actions: ['tellDone', 'finish'] },
          { target: 'idle', actions: ['tellDone', 'finish'] },
        ],
      },
    },
    'on-break': {
      entry: 'tellAway',
      on: {
        'cook.shift': [{ guard: 'starting' }, { target: 'off-shift', actions: 'breakOver' }],
      },
      after: { break: { target: 'idle', actions: ['breakOver', 'tellHere'] } },
    },
  },
})

export const cook = defineActor({
  type: 'cook',
  accepts: Type.Union([...CookCommand.anyOf]),
  creates: ['cook.open'],
  machine,
  queries: {
    view: ({ value, context }) => ({ state: value, ...(context as CookContext) }),
  },
  shardKey: stationOf,
})
