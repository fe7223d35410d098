/**
 * What all appliances have in common: a machine whose state follows from what its sensor shows.
 *
 * The physics are brought up to the instant of each message and no further; between messages the actor sleeps
 * until the instant at which its sensor will have something to say, which the closed form gives. It decides on
 * readings only: the true temperature goes into the food and to the tip of a probe, and into the `truth` query of
 * tests. A food with a probe is done when two readings, apart by the time that its core needs, show it; one without,
 * or whose probe has died, when its time is over.
 *
 * Owns:     states, interlocks, the watch over its own heat, the answers to its station.
 * Does not: know the equations (`thermal.ts`), what tells an oven from a pan (`oven.ts`, `pan.ts`, `fryer.ts`), or
 *           what a probe makes of a temperature (`probe.ts`).
 *
 * Invariants:
 *   H1. No heat while the door is open, a fault stands or a restart is being recovered from.
 *   H2. Every job that was loaded is answered by one `appliance.unloaded`, or named in one `appliance.fault`.
 *   H3. Whoever asked for heat hears `appliance.ready` or `appliance.fault` within `heatingTimeMaxMs`.
 *   H4. A job's time ends by itself at most `extensionsMax` quarters late, and is then announced. No probe and no cold
 *       oven makes it later.
 */
import { assign, setup } from 'xstate'
import type { ActorId, ActorRef, ActorState, Birth, Delivered, Effect, Instant, Message, Query } from '#actor'
import { after, draw, keyOf, millisecondsBetween, minutes, seconds } from '#actor'
import type { Appliance } from '../orders/menu-data.ts'
import type { Plan } from '../plan.ts'
import { planned } from '../plan.ts'
import type { ApplianceCommand, ApplianceReport } from './appliance-messages.ts'
import { bankOf } from './appliance-messages.ts'
import { probeRef } from './probe-messages.ts'
import type { Reading, Samples, TelemetryRange } from './telemetry.ts'
import { noSamples, sampled, samplesOf } from './telemetry.ts'
import type { Control, Heat, Plant, Portion, Setting } from './thermal.ts'
import { advance, doneAfter, doneness, filled, opened, programme, raw, settled, until } from './thermal.ts'

/** What tells one kind of appliance from another. */
export interface ApplianceKind {
  readonly name: Appliance
  readonly plant: Plant
  /** How it heats, when nothing forbids it. */
  readonly control: (context: ApplianceContext) => Control
  /** The level that it chooses for itself; 0 where there is no such knob. */
  readonly level: (context: ApplianceContext) => number
}

export interface Food extends Portion {
  readonly job: string
  readonly celsius: number
  readonly minutes: number
  readonly since: Instant
  /** When its time is over, as it stands. */
  readonly ends: Instant
  readonly done: boolean
  /** The number of the bank's probe that looks at it; 0 for none. */
  readonly probe: number
  /** The probe was asked, and has not answered. */
  readonly asked: boolean
  /** What the probe last showed. */
  readonly shows: number | null
  /** Since when it shows the core at its temperature; 0 while it does not. */
  readonly warmSince: Instant
}

export interface ApplianceContext extends Heat {
  readonly id: ActorId
  /** The station that it serves; empty before it is opened. */
  readonly station: string
  readonly n: number
  readonly slots: number
  /** The instant for which `air`, `sensed`, `relay` and the foods hold. */
  readonly at: Instant
  /** What the sensor shows; null when it is silent. */
  readonly reading: Reading
  readonly samples: Samples
  /** °C to hold; 0 is off. */
  readonly target: number
  readonly level: number
  /** The reading has reached the target, and has not left it since. */
  readonly hot: boolean
  /** When it must be hot at the latest. */
  readonly heatBy: Instant
  /** When it will look at its sensor next; 0 for never. */
  readonly lookAt: Instant
  readonly doorOpen: boolean
  readonly sensor: 'ok' | 'stuck' | 'silent' | 'drift'
  readonly offset: number
  readonly welded: boolean
  /** A sibling failed: heat stays off until the recovery. */
  readonly held: boolean
  readonly fault: string
  readonly foods: readonly Food[]
}

type Timer =
  | { readonly type: 'appliance.look' }
  | { readonly type: 'appliance.ding'; readonly job: string }
  | { readonly type: 'appliance.recover' }
export type ApplianceEvent = Delivered<ApplianceCommand | Timer>

/** The longest that heating up or cooling down may take. Past it the appliance is broken. */
export const heatingTimeMaxMs = minutes(30)
const recoveryMs = seconds(10)
/** A look finds the reading on the wrong side of a threshold by its noise: look again after this. */
const lookAgainMs = seconds(2)
const lookAheadS = 3_600
const extensionsMax = 4
const quarter = (food: Food): number => minutes(food.minutes / 4)

/** Kelvin around the target: becomes hot within, stays hot within, and what is no longer a thermostat's error. */
const reached = { below: 6, above: 12 }
const kept = { below: 30, above: 60 }
const cool = 50

const noise = 0.8
const resolution = 0.5

export function setting(kind: ApplianceKind, c: ApplianceContext): Setting {
  return { control: control(kind, c), doorOpen: c.doorOpen, stuck: c.sensor === 'stuck' }
}

function control(kind: ApplianceKind, c: ApplianceContext): Control {
  if (c.doorOpen || c.fault !== '') return { kind: 'off' }
  if (c.welded) return { kind: 'power', share: 1 }
  if (c.held || !wanted(c)) return { kind: 'off' }
  return kind.control(c)
}

/** A pan whose knob was turned by hand heats towards no target. */
function wanted(c: ApplianceContext): boolean {
  return c.target > 0 || c.level > 0
}

/** The state at a later instant. */
export function advanced(kind: ApplianceKind, c: ApplianceContext, at: Instant): ApplianceContext {
  if (at <= c.at) return c
  const heat: Heat = { air: c.air, sensed: c.sensed, relay: c.relay }
  const later = advance(kind.plant, setting(kind, c), heat, c.foods, (at - c.at) / 1_000_000)
  return { ...c, ...later.heat, foods: later.portions, at }
}

/** What was shown up to a later instant. */
function samplesUntil(kind: ApplianceKind, before: ApplianceContext, until: Instant): Samples {
  let c = before
  return sampled(before.samples, until, (at) => {
    c = advanced(kind, c, at)
    return readingOf(c)
  })
}

/** A draw for this device and second, so that asking twice shows the same. */
function noisy(celsius: number, name: string, at: Instant): number {
  const error = noise * (2 * draw(0, name, Math.floor(at / 1_000_000)) - 1)
  return Math.round((celsius + error) / resolution) * resolution
}

export function readingOf(c: ApplianceContext): Reading {
  if (c.sensor === 'silent') return null
  if (c.sensor === 'stuck') return Math.round(c.sensed / resolution) * resolution
  return noisy(c.sensed + c.offset, c.id, c.at)
}

function tell(c: ApplianceContext, message: ApplianceReport): Effect {
  return { kind: 'tell', to: c.station as ActorRef, message }
}

const foodTimer = (job: string): string => `food:${job}`

/** A turn in the making: the context as it will be, and what it will have caused. */
class Draft {
  readonly kind: ApplianceKind
  readonly effects: Effect[] = []
  context: ApplianceContext

  constructor(kind: ApplianceKind, context: ApplianceContext) {
    this.kind = kind
    this.context = context
  }

  get from(): { kind: Appliance; n: number } {
    return { kind: this.kind.name, n: this.context.n }
  }

  set(change: Partial<ApplianceContext>): void {
    this.context = { ...this.context, ...change }
  }

  tell(message: ApplianceReport): void {
    this.effects.push(tell(this.context, message))
  }

  timer(id: string, delayMs: number, message: Timer): void {
    this.effects.push({ kind: 'schedule', id, delayMs, message, clock: 'world' })
  }

  cancel(id: string): void {
    this.effects.push({ kind: 'cancel', id })
  }
}

function plan(kind: ApplianceKind, before: ApplianceContext, event: ApplianceEvent): Plan<ApplianceContext> {
  const draft = new Draft(kind, advanced(kind, before, event.at))
  draft.set({ reading: readingOf(draft.context), samples: samplesUntil(kind, before, event.at) })
  if (event.type === 'appliance.look') draft.set({ lookAt: 0 as Instant })
  handle(draft, event)
  judge(draft)
  const { air, sensed, relay } = draft.context
  draft.set(settled({ air, sensed, relay }, control(kind, draft.context)))
  arm(draft)
  return { context: draft.context, effects: draft.effects }
}

function handle(draft: Draft, event: ApplianceEvent): void {
  switch (event.type) {
    case 'appliance.open':
      draft.set({ station: event.station, n: event.n, slots: event.slots })
      status(draft)
      break
    case 'appliance.check':
      status(draft)
      break
    case 'appliance.heat':
      heat(draft, event.celsius)
      break
    case 'appliance.load':
      load(draft, event)
      break
    case 'appliance.unload':
      unload(draft, event.job)
      break
    case 'appliance.ding':
      ding(draft, event.job)
      break
    case 'probe.reading':
      read(draft, event.job, event.celsius)
      break
    case 'appliance.break':
      fail(draft, event.reason)
      break
    case 'appliance.repair':
      repair(draft)
      break
    case 'appliance.door':
      draft.set({ doorOpen: event.open })
      break
    case 'appliance.level':
      draft.set({ level: event.level })
      break
    case 'appliance.run-away':
      draft.set({ welded: true })
      break
    case 'appliance.sensor':
      draft.set({ sensor: event.mode, offset: event.mode === 'drift' ? (event.offset ?? 0) : 0 })
      break
    case 'restarted':
      draft.set({ held: true })
      draft.timer('recover', recoveryMs, { type: 'appliance.recover' })
      break
    case 'appliance.recover':
      draft.set({ held: false })
      break
  }
}

function status(draft: Draft): void {
  const { fault, target, hot, foods } = draft.context
  const jobs = (done: boolean): string[] => foods.filter((food) => food.done === done).map(({ job }) => job)
  draft.tell({
    type: 'appliance.status',
    ...draft.from,
    fault,
    celsius: target,
    ready: hot,
    cooking: jobs(false),
    done: jobs(true),
  })
}

function heat(draft: Draft, celsius: number): void {
  const c = draft.context
  if (c.fault !== '') {
    status(draft)
  } else if (celsius !== c.target) {
    draft.set({ target: celsius, hot: false, heatBy: after(c.at, heatingTimeMaxMs) })
    draft.set({ level: draft.kind.level(draft.context) })
  } else if (c.hot) {
    draft.tell({ type: 'appliance.ready', ...draft.from, celsius })
  }
}

type Load = Extract<ApplianceCommand, { type: 'appliance.load' }>

function load(draft: Draft, { job, celsius, minutes: forMinutes, probe = 0 }: Load): void {
  const c = draft.context
  const refused = c.fault !== '' ? 'fault' : c.foods.length >= c.slots ? 'full' : 'not-ready'
  if (c.foods.some((food) => food.job === job)) {
    draft.tell({ type: 'appliance.loaded', ...draft.from, job })
  } else if (refused !== 'not-ready' || !c.hot || celsius !== c.target) {
    draft.tell({ type: 'appliance.refused', ...draft.from, job, reason: refused })
  } else {
    const food: Food = {
      ...raw,
      job,
      celsius,
      minutes: forMinutes,
      programme: programme(celsius, forMinutes),
      since: c.at,
      ends: after(c.at, minutes(forMinutes)),
      done: false,
      probe,
      asked: false,
      shows: null,
      warmSince: 0 as Instant,
    }
    draft.set({ ...filled(draft.kind.plant, c), foods: [...c.foods, food] })
    draft.set({ level: draft.kind.level(draft.context) })
    const first = minutes(forMinutes * (probe > 0 ? doneAfter : 1))
    draft.timer(foodTimer(job), first, { type: 'appliance.ding', job })
    draft.tell({ type: 'appliance.loaded', ...draft.from, job })
  }
}

function unload(draft: Draft, job: string): void {
  const c = draft.context
  const food = c.foods.find((one) => one.job === job)
  const outcome = food === undefined ? 'gone' : doneness(food, food.programme)
  if (food !== undefined) {
    draft.set({ ...opened(draft.kind.plant, c), foods: c.foods.filter((one) => one !== food) })
    draft.set({ level: draft.kind.level(draft.context) })
    if (!food.done) draft.cancel(foodTimer(job))
  }
  draft.tell({ type: 'appliance.unloaded', ...draft.from, job, outcome })
}

/** It is time to look at a food. */
function ding(draft: Draft, job: string): void {
  const food = cookingIn(draft, job)
  if (food === undefined) return
  const { at, hot } = draft.context
  if (at >= latest(food)) finish(draft, food)
  else if (food.asked) withoutProbe(draft, food)
  else if (food.probe > 0) askProbe(draft, food)
  else if (at < food.ends) lookAgain(draft, food, millisecondsBetween(at, food.ends))
  // Its time counts only in the heat: an appliance that has lost it gives another quarter.
  else if (hot) finish(draft, food)
  else lookAgain(draft, food, quarter(food))
}

const cookingIn = (draft: Draft, job: string): Food | undefined =>
  draft.context.foods.find((food) => food.job === job && !food.done)

/** H4. */
const latest = (food: Food): Instant =>
  after(food.since, minutes(food.minutes) + extensionsMax * quarter(food))

function change(draft: Draft, food: Food, to: Partial<Food>): void {
  draft.set({ foods: draft.context.foods.map((one) => (one.job === food.job ? { ...one, ...to } : one)) })
}

function finish(draft: Draft, food: Food): void {
  change(draft, food, { done: true, asked: false })
  draft.tell({ type: 'appliance.done', ...draft.from, job: food.job })
}

function lookAgain(draft: Draft, food: Food, inMs: number): void {
  const { at } = draft.context
  const ms = Math.min(inMs, millisecondsBetween(at, latest(food)))
  const then = after(at, ms)
  if (then > food.ends) change(draft, food, { ends: then })
  draft.timer(foodTimer(food.job), ms, { type: 'appliance.ding', job: food.job })
}

/** The answer comes at once. If it does not, the food is looked at again when its time is over. */
function askProbe(draft: Draft, food: Food): void {
  const { id, at } = draft.context
  const to = probeRef(bankOf(keyOf(id)), food.probe)
  const message = { type: 'probe.read', appliance: id, job: food.job, core: food.core } as const
  draft.effects.push({ kind: 'tell', to, message })
  change(draft, food, { asked: true })
  lookAgain(draft, food, Math.max(quarter(food), millisecondsBetween(at, food.ends)))
}

/** A probe that says nothing is of no use any more: from now on its time counts. */
function withoutProbe(draft: Draft, food: Food): void {
  const device = probeRef(bankOf(keyOf(draft.context.id)), food.probe)
  draft.effects.push({ kind: 'emit', event: { type: 'device.fault', device, reason: 'silent' } as Message })
  change(draft, food, { probe: 0, asked: false })
  ding(draft, food.job)
}

function read(draft: Draft, job: string, celsius: number): void {
  const food = cookingIn(draft, job)
  if (food === undefined || !food.asked) return
  const { at } = draft.context
  const { doneAt, needs } = food.programme
  const isWarm = celsius >= doneAt
  const warmSince = !isWarm ? (0 as Instant) : food.warmSince > 0 ? food.warmSince : at
  change(draft, food, { asked: false, shows: celsius, warmSince })
  if (isWarm && millisecondsBetween(warmSince, at) >= needs * 1_000) {
    draft.cancel(foodTimer(job))
    finish(draft, food)
  } else lookAgain(draft, food, isWarm ? Math.ceil(needs * 1_000) : quarter(food) / 2)
}

function fail(draft: Draft, reason: string): void {
  const { fault, foods, id } = draft.context
  if (fault !== '') return
  for (const food of foods) if (!food.done) draft.cancel(foodTimer(food.job))
  draft.set({ fault: reason, target: 0, level: 0, hot: false, foods: [] })
  draft.tell({ type: 'appliance.fault', ...draft.from, reason, jobs: foods.map(({ job }) => job) })
  draft.effects.push({ kind: 'emit', event: { type: 'device.fault', device: id, reason } as Message })
}

function repair(draft: Draft): void {
  draft.set({ fault: '', sensor: 'ok', offset: 0, welded: false, doorOpen: false })
  draft.tell({ type: 'appliance.repaired', ...draft.from })
}

/** What the reading means: hot, cold again, or broken. */
function judge(draft: Draft): void {
  const reading = readingOf(draft.context)
  draft.set({ reading })
  const { target, hot, fault, at, heatBy } = draft.context
  if (target === 0 || fault !== '') return
  const isHot = holds(draft.context)
  if (reading === null) fail(draft, 'sensor-silent')
  else if (hot && reading > target + kept.above) fail(draft, 'too-hot')
  else if (!isHot && !hot && at >= heatBy) fail(draft, 'no-heat')
  else if (isHot !== hot) turned(draft, isHot)
}

function holds({ reading, target, hot }: ApplianceContext): boolean {
  const { below, above } = hot ? kept : reached
  return reading !== null && reading >= target - below && reading <= target + above
}

function turned(draft: Draft, hot: boolean): void {
  const { at, target } = draft.context
  draft.set({ hot, heatBy: after(at, heatingTimeMaxMs) })
  draft.set({ level: draft.kind.level(draft.context) })
  draft.tell(
    hot
      ? { type: 'appliance.ready', ...draft.from, celsius: target }
      : { type: 'appliance.cold', ...draft.from },
  )
}

/** Sleeps until the sensor will have something to say. */
function arm(draft: Draft): void {
  const c = draft.context
  const lookAt = nextLook(draft.kind, c)
  if (lookAt === c.lookAt) return
  draft.set({ lookAt })
  if (lookAt === 0) draft.cancel('look')
  else draft.timer('look', (lookAt - c.at) / 1_000, { type: 'appliance.look' })
}

function nextLook(kind: ApplianceKind, c: ApplianceContext): Instant {
  const watch = watched(c)
  if (watch === undefined || holdsItself(kind, c)) return 0 as Instant
  const shifted = {
    ...(watch.above === undefined ? {} : { above: watch.above - c.offset }),
    ...(watch.below === undefined ? {} : { below: watch.below - c.offset }),
  }
  const waits = until(kind.plant, setting(kind, c), c, c.foods.length, shifted, lookAheadS)
  const deadline = c.target > 0 && !c.hot ? Math.max(c.heatBy, after(c.at, lookAgainMs)) : 0
  if (waits === undefined) return deadline as Instant
  const at = after(c.at, Math.max(lookAgainMs, Math.ceil(waits * 1_000)))
  return deadline > 0 && deadline < at ? (deadline as Instant) : at
}

/** A thermostat keeps what is near its band in it: there is nothing to wait for. */
function holdsItself(kind: ApplianceKind, c: ApplianceContext): boolean {
  const near = Math.abs(c.air + c.offset - c.target) < kept.below
  return c.hot && near && control(kind, c).kind === 'thermostat'
}

/** The readings that would change something. */
function watched(c: ApplianceContext): { above?: number; below?: number } | undefined {
  const { reading, target, hot, fault } = c
  if (reading === null) return undefined
  if (fault !== '' || target === 0) return reading > cool ? { below: cool } : undefined
  if (hot) return { above: target + kept.above, below: target - kept.below }
  return reading > target + reached.above
    ? { below: target + reached.above }
    : { above: target - reached.below }
}

type Standing = 'off' | 'preheating' | 'ready' | 'loaded' | 'cooling' | 'fault'

/** The one state that fits what the actor knows. */
function standing(c: ApplianceContext): Standing {
  if (c.fault !== '') return 'fault'
  if (c.foods.length > 0) return 'loaded'
  const reading = c.reading ?? 0
  if (!wanted(c)) return reading > cool ? 'cooling' : 'off'
  if (c.target === 0) return 'preheating'
  if (c.held || (!c.hot && reading > c.target + reached.above)) return 'cooling'
  return c.hot ? 'ready' : 'preheating'
}

export function applianceMachine(kind: ApplianceKind) {
  const turn = planned<ApplianceContext, ApplianceEvent>((context, event) => plan(kind, context, event))
  const does = { actions: ['answer', 'keep'] } as const
  return setup({
    types: {
      context: {} as ApplianceContext,
      events: {} as ApplianceEvent,
      input: {} as Birth,
    },
    actions: {
      answer: turn.effects,
      keep: assign(turn.context),
    },
    guards: {
      off: ({ context }) => standing(context) === 'off',
      preheating: ({ context }) => standing(context) === 'preheating',
      ready: ({ context }) => standing(context) === 'ready',
      loaded: ({ context }) => standing(context) === 'loaded',
      cooling: ({ context }) => standing(context) === 'cooling',
      fault: ({ context }) => standing(context) === 'fault',
    },
  }).createMachine({
    id: kind.name,
    version: '1',
    context: ({ input }) => ({
      id: input.id,
      station: '',
      n: 0,
      slots: 0,
      at: input.at,
      air: kind.plant.room,
      sensed: kind.plant.room,
      relay: false,
      reading: kind.plant.room,
      samples: noSamples(input.at),
      target: 0,
      level: 0,
      hot: false,
      heatBy: 0 as Instant,
      lookAt: 0 as Instant,
      doorOpen: false,
      sensor: 'ok',
      offset: 0,
      welded: false,
      held: false,
      fault: '',
      foods: [],
    }),
    on: {
      'probe.reading': does,
      'appliance.open': does,
      'appliance.check': does,
      'appliance.heat': does,
      'appliance.load': does,
      'appliance.unload': does,
      'appliance.ding': does,
      'appliance.look': does,
      'appliance.break': does,
      'appliance.repair': does,
      'appliance.door': does,
      'appliance.level': does,
      'appliance.run-away': does,
      'appliance.sensor': does,
      'appliance.recover': does,
      restarted: does,
    },
    initial: 'off',
    states: {
      off: {
        tags: 'rest',
        always: [
          { guard: 'fault', target: 'fault' },
          { guard: 'preheating', target: 'preheating' },
          { guard: 'ready', target: 'ready' },
          { guard: 'cooling', target: 'cooling' },
        ],
      },
      preheating: {
        tags: 'working',
        always: [
          { guard: 'fault', target: 'fault' },
          { guard: 'ready', target: 'ready' },
          { guard: 'cooling', target: 'cooling' },
          { guard: 'off', target: 'off' },
        ],
      },
      ready: {
        tags: 'rest',
        always: [
          { guard: 'fault', target: 'fault' },
          { guard: 'loaded', target: 'loaded' },
          { guard: 'preheating', target: 'preheating' },
          { guard: 'cooling', target: 'cooling' },
          { guard: 'off', target: 'off' },
        ],
      },
      loaded: {
        tags: 'working',
        always: [
          { guard: 'fault', target: 'fault' },
          { guard: 'ready', target: 'ready' },
          { guard: 'preheating', target: 'preheating' },
          { guard: 'cooling', target: 'cooling' },
          { guard: 'off', target: 'off' },
        ],
      },
      cooling: {
        tags: 'waiting',
        always: [
          { guard: 'fault', target: 'fault' },
          { guard: 'ready', target: 'ready' },
          { guard: 'loaded', target: 'loaded' },
          { guard: 'preheating', target: 'preheating' },
          { guard: 'off', target: 'off' },
        ],
      },
      fault: {
        tags: 'waiting',
        always: [
          { guard: 'off', target: 'off' },
          { guard: 'cooling', target: 'cooling' },
        ],
      },
    },
  })
}

/** What its station's screen shows, what it showed before, and what the physics say. */
export function applianceQueries(
  kind: ApplianceKind,
): Readonly<Record<'view' | 'telemetry' | 'truth', Query>> {
  const now = (state: ActorState, at: Instant): ApplianceContext =>
    advanced(kind, state.context as ApplianceContext, at)
  return {
    view: (state, _args, at) => {
      const c = now(state, at)
      return {
        kind: kind.name,
        state: state.value,
        station: c.station,
        reading: readingOf(c),
        target: c.target,
        level: c.level,
        doorOpen: c.doorOpen,
        slots: c.slots,
        fault: c.fault,
        foods: c.foods.map((food) => ({
          job: food.job,
          celsius: food.celsius,
          since: food.since,
          ends: food.ends,
          done: food.done,
          core: food.shows,
        })),
      }
    },
    telemetry: ({ context }, args, at) =>
      samplesOf(samplesUntil(kind, context as ApplianceContext, at), args as TelemetryRange),
    truth: (state, _args, at) => {
      const c = now(state, at)
      return {
        celsius: c.air,
        sensed: c.sensed,
        heating: c.relay,
        sensor: c.sensor,
        welded: c.welded,
        foods: c.foods.map((food) => ({
          job: food.job,
          core: food.core,
          above: food.above,
          doneness: doneness(food, food.programme),
        })),
      }
    },
  }
}
