/**
 * A cook: a pair of hands at one station.
 *
 * Owns:     whether the hands are free, when they will be, and when the cook is there at all.
 * Does not: choose the work: the station does, which also knows what the cook can do.
 *
 * Invariants:
 *   C1. One job at a time; the latest that the station gave.
 *   C2. Every job taken up ends in `cook.done`, in `cook.away`, or with the station's own word.
 */
import { Type } from 'typebox'
import { and, assign, setup } from 'xstate'
import type { ActorRef, Birth, Delivered, Effect, Instant, Message } from '#actor'
import { after, defineActor, effects, millisecondsBetween, minutes, tell } from '#actor'
import type { CookReport } from './kitchen-messages.ts'
import { CookCommand, dishOfJob, stationOf } from './kitchen-messages.ts'

/** A roster has at most so many (`kitchen-messages.ts`). */
const breaksMax = 8

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
  /** The shift is over after the job in hand. */
  readonly leaving: boolean
}

type Clock = { readonly type: 'cook.come' | 'cook.leave' }
type CookEvent = Delivered<CookCommand | Clock>
type Roster = Extract<CookCommand, { type: 'cook.roster' }>
type Work = Extract<CookCommand, { type: 'cook.work' }>

/** One timer for each thing that a roster can say, set or taken back: a new roster leaves nothing of the old one. */
function timesOf({ shift, breaks }: Roster, now: Instant): readonly Effect[] {
  const at = (id: string, then: number | undefined, message: Message): Effect =>
    then === undefined || then <= now
      ? { kind: 'cancel', id }
      : {
          kind: 'schedule',
          id,
          delayMs: millisecondsBetween(now, then as Instant),
          message,
          clock: 'world',
        }
  return [
    at('come', shift?.from, { type: 'cook.come' }),
    at('leave', shift?.to, { type: 'cook.leave' }),
    ...Array.from({ length: breaksMax }, (_, n) => {
      const pause: CookCommand = { type: 'cook.break', minutes: breaks[n]?.minutes ?? 1 }
      return at(`break:${n}`, breaks[n]?.at, pause)
    }),
  ]
}

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
    plan: effects(({ event }) => timesOf(event as Roster, event.at)),
    leaveSoon: assign({ leaving: true }),
    stay: assign({ leaving: false }),
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
    leaving: ({ context }) => context.leaving,
    tooEarly: ({ event }) => ((event as Roster).shift?.from ?? 0) > event.at,
  },
  delays: {
    hands: ({ context }) => context.ms,
    break: ({ context }) => context.breakMs,
  },
}).createMachine({
  id: 'cook',
  version: '1',
  context: ({ input }) => ({
    station: '',
    n: 0,
    job: '',
    last: '',
    ms: 0,
    until: input.at,
    breakMs: 0,
    leaving: false,
  }),
  on: {
    'cook.open': { actions: 'tellAway' },
    'cook.work': { actions: 'tellAway' },
    'cook.drop': {},
    'cook.break': {},
    'cook.shift': {},
    'cook.roster': { actions: 'plan' },
    'cook.come': { actions: 'stay' },
    'cook.leave': {},
    restarted: { actions: 'tellAway' },
  },
  initial: 'off-shift',
  states: {
    'off-shift': {
      tags: 'rest',
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
        'cook.come': { target: 'idle', actions: 'tellHere' },
      },
    },
    idle: {
      tags: 'rest',
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
        'cook.roster': [
          { guard: 'tooEarly', target: 'off-shift', actions: ['plan', 'tellAway'] },
          { actions: 'plan' },
        ],
        'cook.leave': { target: 'off-shift', actions: 'tellAway' },
        restarted: { actions: 'tellHere' },
      },
    },
    working: {
      tags: 'working',
      entry: 'tellDish',
      on: {
        'cook.open': { actions: 'tellHere' },
        'cook.work': [
          { guard: 'inHand', actions: 'tellDish' },
          { target: 'working', reenter: true, actions: 'takeUp' },
        ],
        'cook.drop': [
          {
            guard: and(['inHand', 'leaving']),
            target: 'off-shift',
            actions: ['putDown', 'breakOver', 'stay', 'tellAway'],
          },
          { guard: and(['inHand', 'breakDue']), target: 'on-break', actions: 'putDown' },
          { guard: 'inHand', target: 'idle', actions: 'putDown' },
          {},
        ],
        'cook.break': { actions: 'planBreak' },
        'cook.shift': [
          { guard: 'starting', actions: 'tellHere' },
          { target: 'off-shift', actions: ['putDown', 'breakOver', 'stay', 'tellAway'] },
        ],
        'cook.roster': [{ guard: 'tooEarly', actions: ['plan', 'leaveSoon'] }, { actions: 'plan' }],
        'cook.leave': { actions: 'leaveSoon' },
        restarted: { actions: 'tellHere' },
      },
      after: {
        hands: [
          {
            guard: 'leaving',
            target: 'off-shift',
            actions: ['tellDone', 'finish', 'breakOver', 'stay', 'tellAway'],
          },
          { guard: 'breakDue', target: 'on-break', actions: ['tellDone', 'finish'] },
          { target: 'idle', actions: ['tellDone', 'finish'] },
        ],
      },
    },
    'on-break': {
      tags: 'rest',
      entry: 'tellAway',
      on: {
        'cook.shift': [{ guard: 'starting' }, { target: 'off-shift', actions: 'breakOver' }],
        'cook.leave': { target: 'off-shift', actions: 'breakOver' },
      },
      after: { break: { target: 'idle', actions: ['breakOver', 'tellHere'] } },
    },
  },
})

export const cook = defineActor({
  type: 'cook',
  glyph: 'disc',
  accepts: Type.Union([...CookCommand.anyOf]),
  creates: ['cook.open'],
  machine,
  queries: {
    view: ({ value, context }) => ({ state: value, ...(context as CookContext) }),
  },
  shardKey: stationOf,
})
