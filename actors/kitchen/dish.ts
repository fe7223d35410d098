/**
 * One portion on its way through the stations.
 *
 * It asks the station of its next step to take it, follows what becomes of it, and goes on. What comes back raw,
 * burnt or not at all is made again from the beginning.
 *
 * Owns:     which step of which attempt is being made, and the patience for it.
 * Does not: choose cooks or appliances (`station.ts`), or talk to the order (`ticket.ts`).
 *
 * Invariants:
 *   D1. It is plated only after each step of its recipe was done, in order, within one attempt.
 *   D2. Only the current job moves it: what is said of another changes nothing.
 *   D3. It leaves no job behind at a station: each is collected, or dropped.
 *   D4. No wait is endless: an unanswered question is asked again, and then given up.
 */
import { Type } from 'typebox'
import { and, assign, not, setup } from 'xstate'
import type { Birth, Delivered, Instant } from '#actor'
import { defineActor, effects, emit, millisecondsBetween, ref, tell } from '#actor'
import { kitchenTimerRef, TimerReport } from '../hardware/timer-messages.ts'
import type { Step } from '../orders/menu-data.ts'
import { recipeOf } from '../orders/menu-data.ts'
import {
  askAgainMs,
  attemptsMax,
  remindersMax,
  restMaxMs,
  restMs,
  stepTimeMaxMs,
  stopAgainMs,
  unansweredMax,
} from './kitchen-delays.ts'
import type { DishReport, JobReport as Report } from './kitchen-messages.ts'
import { DishCommand, JobReport, jobId, stationRef, stepOfJob } from './kitchen-messages.ts'

interface DishContext {
  readonly key: string
  readonly order: string
  readonly site: string
  readonly dish: string
  readonly promisedAt: number
  /** From 1. */
  readonly attempt: number
  /** Index into the recipe's steps. */
  readonly step: number
  /** When this step was asked for. */
  readonly since: Instant
  readonly unanswered: number
  /** A cook has begun, or may have: its ingredients are used. */
  readonly begun: boolean
  /** Why it is given up; empty while it is not. */
  readonly reason: string
  /** How often the ticket was told the end. */
  readonly told: number
}

type DishEvent = Delivered<DishCommand | Report | TimerReport>

const steps = (context: DishContext): readonly Step[] => recipeOf(context.dish)?.steps ?? []
const currentStep = (context: DishContext): Step | undefined => steps(context)[context.step]
const currentJob = (context: DishContext): string => jobId(context.key, context.attempt, context.step)

const ticketOf = (context: DishContext) => ref<DishReport>('ticket', context.order)

const timerOf = (context: DishContext) =>
  kitchenTimerRef(context.site, currentStep(context)?.station ?? 'none')

const station = (context: DishContext) => stationAt(context, context.step)
function stationAt(context: DishContext, step: number) {
  return stationRef(context.site, steps(context)[step]?.station ?? 'none')
}

const dishSetup = setup({
  types: {
    context: {} as DishContext,
    events: {} as DishEvent,
    input: {} as Birth,
  },
  actions: {
    take: effects(({ context }) => {
      const step = currentStep(context)
      if (step === undefined) return []
      return [
        tell(station(context), {
          type: 'job.take',
          job: currentJob(context),
          promisedAt: context.promisedAt,
          means: step.heat?.appliance ?? 'hands',
          celsius: step.heat?.celsius ?? 0,
          minutes: step.minutes,
          probed: step.heat?.probed ?? false,
        }),
      ]
    }),
    drop: tell(
      ({ context }) => station(context),
      ({ context }) => ({ type: 'job.drop', job: currentJob(context) }),
    ),
    dropStray: tell(
      ({ context, event }) => stationAt(context, stepOfJob((event as Report).job)),
      ({ event }) => ({ type: 'job.drop', job: (event as Report).job }),
    ),
    collect: tell(
      ({ context, event }) => stationAt(context, stepOfJob((event as Report).job)),
      ({ event }) => ({ type: 'job.collect', job: (event as Report).job }),
    ),
    setTimer: tell(
      ({ context }) => timerOf(context),
      ({ context }) => ({
        type: 'timer.set',
        alarm: currentJob(context),
        ms: restMs,
        rings: `dish/${context.key}`,
      }),
    ),
    stopTimer: tell(
      ({ context }) => timerOf(context),
      ({ context }) => ({ type: 'timer.stop', alarm: currentJob(context) }),
    ),
    nextStep: assign(({ context, event }) => ({ step: context.step + 1, since: event.at, unanswered: 0 })),
    again: assign(({ context, event }) => ({
      attempt: context.attempt + 1,
      step: 0,
      since: event.at,
      unanswered: 0,
    })),
    answered: assign({ unanswered: 0 }),
    countAsking: assign(({ context }) => ({ unanswered: context.unanswered + 1 })),
    begin: assign({ begun: true }),
    waste: assign(({ context, event }) => ({
      begun: context.begun || (event.type === 'job.dropped' && event.wasted),
    })),
    silent: assign({ reason: 'station-silent', unanswered: 0 }),
    slow: assign({ reason: 'too-slow', unanswered: 0 }),
    spoilt: assign(({ event }) => ({ reason: (event as Report & { outcome: string }).outcome })),
    refused: assign(({ event }) => ({ reason: (event as Report & { reason: string }).reason })),
    countTelling: assign(({ context }) => ({ told: context.told + 1 })),
    tellBegun: effects(({ context }) =>
      context.begun ? [tell(ticketOf(context), { type: 'dish.begun', plate: context.key })] : [],
    ),
    tellBegunOnce: effects(({ context }) =>
      context.begun ? [] : [tell(ticketOf(context), { type: 'dish.begun', plate: context.key })],
    ),
    tellPlated: tell(
      ({ context }) => ticketOf(context),
      ({ context }) => ({ type: 'dish.plated', plate: context.key }),
    ),
    tellFailed: tell(
      ({ context }) => ticketOf(context),
      ({ context }) => ({
        type: 'dish.failed',
        plate: context.key,
        reason: context.reason,
        wasted: context.begun,
      }),
    ),
    tellCancelled: tell(
      ({ context }) => ticketOf(context),
      ({ context }) => ({ type: 'dish.cancelled', plate: context.key, wasted: context.begun }),
    ),
    publishRemade: emit(({ context, event }) => ({
      type: 'dish.remade',
      order: context.order,
      dish: context.dish,
      attempt: context.attempt,
      outcome: (event as Report & { outcome: string }).outcome,
    })),
  },
  guards: {
    mine: ({ context, event }) => (event as Report).job === currentJob(context),
    well: ({ event }) => (event as Report & { outcome: string }).outcome === 'done',
    lastStep: ({ context }) => context.step + 1 >= steps(context).length,
    heated: ({ context }) => currentStep(context)?.heat !== undefined,
    mayTryAgain: ({ context }) => context.attempt < attemptsMax,
    unheard: ({ context }) => context.unanswered >= unansweredMax,
    overdue: ({ context, event }) => millisecondsBetween(context.since, event.at) > stepTimeMaxMs,
    givenUp: ({ context }) => context.reason !== '',
    unconfirmed: ({ context }) => context.told > remindersMax,
  },
  delays: {
    askAgain: askAgainMs,
    stopAgain: stopAgainMs,
    rest: restMaxMs,
  },
})

/** What may still come from a station when the dish is past it. */
const late = {
  'job.queued': {},
  'job.assigned': {},
  'job.prep': {},
  'job.cooking': {},
  'job.refused': {},
  'job.dropped': {},
  'job.done': { actions: 'collect' },
} as const

const machine = dishSetup.createMachine({
  id: 'dish',
  version: '1',
  context: ({ input }) => ({
    key: input.key,
    order: '',
    site: '',
    dish: '',
    promisedAt: 0,
    attempt: 1,
    step: 0,
    since: input.at,
    unanswered: 0,
    begun: false,
    reason: '',
    told: 0,
  }),
  // While it is being made: the states after that say what they do otherwise.
  on: {
    'dish.open': { actions: 'tellBegun' },
    'dish.cancel': { target: '.stopping', actions: 'answered' },
    'dish.confirm': {},
    'job.queued': [
      { guard: not('mine'), actions: 'dropStray' },
      { guard: 'overdue', target: '.stopping', actions: 'slow' },
      { target: '.waiting', actions: 'answered' },
    ],
    'job.assigned': [{ guard: 'mine', target: '.assigned', actions: 'answered' }, { actions: 'dropStray' }],
    'job.prep': [{ guard: 'mine', target: '.prep', actions: ['answered', 'tellBegunOnce', 'begin'] }, {}],
    'job.cooking': [
      { guard: 'mine', target: '.cooking', actions: ['answered', 'tellBegunOnce', 'begin'] },
      { actions: 'dropStray' },
    ],
    'job.done': [
      { guard: not('mine'), actions: 'collect' },
      {
        guard: and(['well', 'lastStep', 'heated']),
        target: '.resting',
        actions: ['collect', 'tellBegunOnce', 'begin'],
      },
      { guard: and(['well', 'lastStep']), target: '.plated', actions: ['collect', 'tellBegunOnce', 'begin'] },
      {
        guard: 'well',
        target: '.waiting',
        actions: ['collect', 'tellBegunOnce', 'begin', 'nextStep', 'take'],
      },
      {
        guard: 'mayTryAgain',
        target: '.waiting',
        actions: ['collect', 'tellBegunOnce', 'begin', 'publishRemade', 'again', 'take'],
      },
      { target: '.failed', actions: ['collect', 'begin', 'spoilt'] },
    ],
    'job.refused': [{ guard: 'mine', target: '.failed', actions: 'refused' }, {}],
    'job.dropped': {},
    'timer.rang': {},
    'timer.refused': {},
  },
  initial: 'new',
  states: {
    new: {
      tags: 'working',
      on: {
        'dish.open': {
          target: 'waiting',
          actions: [
            assign(({ event }) => ({
              order: event.order,
              site: event.site,
              dish: event.dish,
              promisedAt: event.promisedAt,
            })),
            'take',
          ],
        },
      },
    },
    /** In the queue of a station, or on the way there. */
    waiting: {
      tags: 'waiting',
      after: {
        askAgain: [
          { guard: 'unheard', target: 'stopping', actions: 'silent' },
          { guard: 'overdue', target: 'stopping', actions: 'slow' },
          { target: 'waiting', reenter: true, actions: ['countAsking', 'take'] },
        ],
      },
    },
    /** A cook and, if it needs one, a slot of an appliance are its own. */
    assigned: {
      tags: 'waiting',
      after: {
        askAgain: [
          { guard: 'unheard', target: 'stopping', actions: 'silent' },
          { guard: 'overdue', target: 'stopping', actions: 'slow' },
          { target: 'assigned', reenter: true, actions: ['countAsking', 'take'] },
        ],
      },
    },
    /** In a cook's hands. */
    prep: {
      tags: 'working',
      on: {
        'job.assigned': [{ guard: 'mine', actions: 'answered' }, { actions: 'dropStray' }],
      },
      after: {
        askAgain: [
          { guard: 'unheard', target: 'stopping', actions: 'silent' },
          { guard: 'overdue', target: 'stopping', actions: 'slow' },
          { target: 'prep', reenter: true, actions: ['countAsking', 'take'] },
        ],
      },
    },
    /** In the heat. */
    cooking: {
      tags: 'working',
      on: {
        'job.prep': {},
      },
      after: {
        askAgain: [
          { guard: 'unheard', target: 'stopping', actions: 'silent' },
          { guard: 'overdue', target: 'stopping', actions: 'slow' },
          { target: 'cooking', reenter: true, actions: ['countAsking', 'take'] },
        ],
      },
    },
    resting: {
      tags: 'waiting',
      entry: 'setTimer',
      on: {
        ...late,
        'dish.cancel': { target: 'cancelled', actions: 'stopTimer' },
        'timer.rang': 'plated',
      },
      after: { rest: { target: 'plated', actions: 'stopTimer' } },
    },
    /** Its job is being taken back from the station. */
    stopping: {
      tags: ['working', 'undone'],
      entry: ['drop', 'countAsking'],
      on: {
        ...late,
        // Said before the cook was told to stop.
        'job.prep': [{ guard: 'mine', actions: 'begin' }, {}],
        'job.cooking': [{ guard: 'mine', actions: 'begin' }, {}],
        'dish.cancel': {},
        'dish.open': {},
        'job.dropped': [
          { guard: and(['mine', 'givenUp']), target: 'failed', actions: 'waste' },
          { guard: 'mine', target: 'cancelled', actions: 'waste' },
          {},
        ],
        'job.done': [
          { guard: not('mine'), actions: 'collect' },
          { guard: 'givenUp', target: 'failed', actions: ['collect', 'begin'] },
          { target: 'cancelled', actions: ['collect', 'begin'] },
        ],
        'job.refused': [
          { guard: and(['mine', 'givenUp']), target: 'failed' },
          { guard: 'mine', target: 'cancelled' },
          {},
        ],
      },
      after: {
        // Nobody knows whether a cook has begun: what may be used does not go back.
        stopAgain: [
          { guard: and(['unheard', 'givenUp']), target: 'failed', actions: 'begin' },
          { guard: 'unheard', target: 'cancelled', actions: 'begin' },
          { target: 'stopping', reenter: true },
        ],
      },
    },
    plated: {
      tags: 'rest',
      entry: ['tellPlated', 'countTelling'],
      on: {
        ...late,
        'dish.open': { target: 'plated', reenter: true },
        'dish.cancel': { target: 'plated', reenter: true },
        'dish.confirm': 'served',
      },
      after: {
        askAgain: [
          { guard: 'unconfirmed', target: 'served' },
          { target: 'plated', reenter: true },
        ],
      },
    },
    failed: {
      tags: ['rest', 'undone'],
      entry: ['tellFailed', 'countTelling'],
      on: {
        ...late,
        'dish.open': { target: 'failed', reenter: true },
        'dish.cancel': { target: 'failed', reenter: true },
        'dish.confirm': 'discarded',
      },
      after: {
        askAgain: [
          { guard: 'unconfirmed', target: 'discarded' },
          { target: 'failed', reenter: true },
        ],
      },
    },
    cancelled: {
      tags: ['rest', 'undone'],
      entry: ['tellCancelled', 'countTelling'],
      on: {
        ...late,
        'dish.open': { target: 'cancelled', reenter: true },
        'dish.cancel': { target: 'cancelled', reenter: true },
        'dish.confirm': 'discarded',
      },
      after: {
        askAgain: [
          { guard: 'unconfirmed', target: 'discarded' },
          { target: 'cancelled', reenter: true },
        ],
      },
    },
    served: { tags: 'rest', type: 'final' },
    discarded: { tags: ['rest', 'undone'], type: 'final' },
  },
})

const accepts = Type.Union([...DishCommand.anyOf, ...JobReport.anyOf, ...TimerReport.anyOf])

export const dish = defineActor({
  type: 'dish',
  glyph: 'docket',
  accepts,
  creates: ['dish.open'],
  ignores: accepts.anyOf.map((message) => message.properties.type.const),
  machine,
  queries: {
    view: ({ value, context }) => {
      const c = context as DishContext
      return { state: value, what: currentStep(c)?.what ?? '', of: steps(c).length, ...c }
    },
  },
})
