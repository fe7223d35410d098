/**
 * A station: it takes dishes, gives them to its cooks and its bank of appliances, and says what became of them.
 *
 * Cooks live in its shard; appliances perhaps on another node. It knows both by what they say: everything is
 * told by message, watched by message, and said again on the next patrol when nothing was heard.
 *
 * Owns:     the queue, which cook has which job and knows what, and which slot is whose.
 * Does not: know recipes or dishes beyond one step (`dish.ts`), nor heat (`hardware/appliance.ts`).
 *
 * Invariants:
 *   S1. A job is in the queue, in the line, or forgotten: never in two places.
 *   S2. A job holds at most one cook and one slot, and gives them back however it ends.
 *   S3. What an appliance holds that the station does not want is unloaded and thrown away.
 *   S4. Whatever was told and not answered is told again on patrol; who stays silent is given up (`silentPatrolsMax`).
 */
import { Type } from 'typebox'
import { assign, setup } from 'xstate'
import type { ActorId, Birth, Delivered, Effect, Instant, Message } from '#actor'
import { after, defineActor, minutes } from '#actor'
import type { ApplianceReport as UnitReport } from '../hardware/appliance-messages.ts'
import { ApplianceReport, applianceRef } from '../hardware/appliance-messages.ts'
import { probeRef } from '../hardware/probe-messages.ts'
import { kitchenTimerRef } from '../hardware/timer-messages.ts'
import type { Appliance } from '../orders/menu-data.ts'
import type { Plan } from '../plan.ts'
import { planned } from '../plan.ts'
import { handsMs, patrolMs, remindersMax, silentPatrolsMax, suspectMs } from './kitchen-delays.ts'
import type { CookCommand, CrewMember, JobReport } from './kitchen-messages.ts'
import {
  CookReport,
  cookRef,
  dishOfJob,
  JobCommand,
  means,
  StationClose,
  StationOpen,
  StationRoster,
  stationKey,
} from './kitchen-messages.ts'
import type { Cook, Job, Line, Outcome, Phase, Unit, Waiting } from './station-line.ts'
import { assignable, queued } from './station-line.ts'

interface StationContext extends Line {
  readonly id: ActorId
  readonly site: string
  readonly name: string
  /** Takes jobs. */
  readonly open: boolean
  readonly served: number
  readonly spoilt: number
}

type StationMessage =
  | StationOpen
  | StationRoster
  | { readonly type: 'station.close' }
  | JobCommand
  | CookReport
  | UnitReport
type StationEvent = Delivered<StationMessage>
type Take = Extract<JobCommand, { type: 'job.take' }>
type Status = Extract<UnitReport, { type: 'appliance.status' }>

/** A turn in the making. */
class Draft {
  readonly effects: Effect[] = []
  /** Jobs that came to the queue, or ask how they stand in it. */
  readonly waited: string[] = []
  readonly at: Instant
  context: StationContext

  constructor(context: StationContext, at: Instant) {
    this.context = context
    this.at = at
  }

  set(change: Partial<StationContext>): void {
    this.context = { ...this.context, ...change }
  }

  job(id: string): Job | undefined {
    return this.context.jobs.find(({ job }) => job === id)
  }

  change(job: Job, to: Partial<Job>): void {
    this.set({ jobs: this.context.jobs.map((one) => (one.job === job.job ? { ...one, ...to } : one)) })
  }

  /** A new phase: whatever was tried before counts no more. */
  enter(job: Job, phase: Phase, to: Partial<Job> = {}): void {
    this.change(job, { phase, tries: 0, dueAt: this.at, ...to })
  }

  forget(job: Job): void {
    this.set({ jobs: this.context.jobs.filter((one) => one.job !== job.job) })
  }

  changeCook(n: number, to: Partial<Cook>): void {
    this.set({ cooks: this.context.cooks.map((cook) => (cook.n === n ? { ...cook, ...to } : cook)) })
  }

  changeUnit(index: number, to: Partial<Unit>): void {
    this.set({ units: this.context.units.map((unit, n) => (n === index ? { ...unit, ...to } : unit)) })
  }

  tellDish(message: JobReport): void {
    this.effects.push({ kind: 'tell', to: dishOfJob(message.job), message })
  }

  tellCook(n: number, message: CookCommand): void {
    const { site, name } = this.context
    this.effects.push({ kind: 'tell', to: cookRef(site, name, n), message })
  }

  tellUnit(index: number, message: UnitCommand): void {
    const { site, name, units } = this.context
    const unit = units[index]
    if (unit !== undefined) {
      this.effects.push({ kind: 'tell', to: applianceRef(unit.kind, site, name, unit.n), message })
    }
  }
}

/** What the station tells an appliance. */
type UnitCommand =
  | { readonly type: 'appliance.open'; readonly station: string; readonly n: number; readonly slots: number }
  | { readonly type: 'appliance.heat'; readonly celsius: number }
  | {
      readonly type: 'appliance.load'
      readonly job: string
      readonly celsius: number
      readonly minutes: number
      readonly probe?: number
    }
  | { readonly type: 'appliance.unload'; readonly job: string }
  | { readonly type: 'appliance.check' }

function plan(context: StationContext, event: StationEvent): Plan<StationContext> {
  const draft = new Draft(context, event.at)
  handle(draft, event)
  begin(draft)
  return { context: draft.context, effects: draft.effects }
}

function handle(draft: Draft, event: StationEvent): void {
  switch (event.type) {
    case 'station.open':
      open(draft, event)
      break
    case 'station.close':
      draft.set({ open: false })
      break
    case 'station.roster':
      for (const member of event.crew) roster(draft, member)
      break
    case 'job.take':
      take(draft, event)
      break
    case 'job.drop':
      drop(draft, event.job)
      break
    case 'job.collect':
      collect(draft, event.job)
      break
    case 'cook.here':
      cookHere(draft, event.n, event.job)
      break
    case 'cook.away':
      cookAway(draft, event.n)
      break
    case 'cook.done':
      cookDone(draft, event.n, event.job)
      break
    case 'appliance.ready':
    case 'appliance.cold':
    case 'appliance.loaded':
    case 'appliance.refused':
    case 'appliance.done':
    case 'appliance.unloaded':
    case 'appliance.fault':
    case 'appliance.repaired':
    case 'appliance.status':
      heard(draft, event)
      break
  }
}

// The house ------------------------------------------------------------------------------------------------------

function open(draft: Draft, { site, name, cooks, ovens, pans, fryers, slots }: StationOpen): void {
  if (draft.context.site === '') {
    const bank = (kind: Appliance, count: number): readonly Unit[] => numbered(count, (n) => newUnit(kind, n))
    draft.set({
      site,
      name,
      slots,
      cooks: numbered(cooks, (n) => ({ n, skills: means, here: false, job: '' })),
      units: [...bank('oven', ovens), ...bank('pan', pans), ...bank('fryer', fryers)],
    })
    for (const index of draft.context.units.keys()) {
      openUnit(draft, index)
      const to = probeRef(stationKey(site, name), probeOf(index))
      draft.effects.push({ kind: 'tell', to, message: { type: 'probe.open' } })
    }
    const timer = kitchenTimerRef(site, name)
    draft.effects.push({ kind: 'tell', to: timer, message: { type: 'timer.open' } })
    for (const { n } of draft.context.cooks) openCook(draft, n)
  } else if (!draft.context.open) {
    for (const { n } of draft.context.cooks) draft.tellCook(n, { type: 'cook.shift', on: true })
  }
  draft.set({ open: true })
}

/** The number of the probe beside the unit at this index. */
const probeOf = (index: number): number => index + 1

function roster(draft: Draft, { n, skills, shift, breaks }: CrewMember): void {
  if (!draft.context.cooks.some((cook) => cook.n === n)) return
  draft.changeCook(n, { skills: skills ?? means })
  draft.tellCook(n, { type: 'cook.roster', ...(shift && { shift }), breaks })
}

function numbered<T>(count: number, of: (n: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => of(index + 1))
}

function newUnit(kind: Appliance, n: number): Unit {
  return { kind, n, is: 'up', celsius: 0, ready: false, asked: 0, spoilt: 0, until: 0 as Instant }
}

function openUnit(draft: Draft, index: number): void {
  const { id, slots, units } = draft.context
  const n = units[index]?.n ?? 0
  draft.tellUnit(index, { type: 'appliance.open', station: id, n, slots })
}

function openCook(draft: Draft, n: number): void {
  draft.tellCook(n, { type: 'cook.open', station: draft.context.id, n })
}

/** The last job is out and no more will come: cooks go home, and the heat off. */
function goHome(draft: Draft): void {
  for (const { n } of draft.context.cooks) draft.tellCook(n, { type: 'cook.shift', on: false })
  for (const [index, unit] of draft.context.units.entries()) if (unit.celsius > 0) heat(draft, index, 0)
}

// Jobs -----------------------------------------------------------------------------------------------------------

function take(draft: Draft, { type: _, ...wish }: Take): void {
  const { queue, cooks, units } = draft.context
  const { job } = wish
  const known = draft.job(job)
  const refused = !draft.context.open
    ? 'station-closed'
    : !cooks.some(({ skills }) => skills.includes(wish.means))
      ? 'no-cooks'
      : wish.means !== 'hands' && !units.some(({ kind }) => kind === wish.means)
        ? 'no-appliance'
        : undefined
  if (known !== undefined) say(draft, known)
  else if (queue.some((waiting) => waiting.job === job)) draft.waited.push(job)
  else if (refused !== undefined) draft.tellDish({ type: 'job.refused', job, reason: refused })
  else wait(draft, wish)
}

function wait(draft: Draft, waiting: Waiting): void {
  draft.set({ queue: queued(draft.context.queue, waiting) })
  draft.waited.push(waiting.job)
}

/** Says how a job stands. */
function say(draft: Draft, { job, phase, outcome }: Job): void {
  if (phase === 'clearing') return
  if (phase === 'done') draft.tellDish({ type: 'job.done', job, outcome })
  else if (phase === 'prep' || phase === 'holding' || phase === 'loading') {
    draft.tellDish({ type: 'job.assigned', job })
  } else draft.tellDish({ type: 'job.cooking', job })
}

/** Begins what may begin: every turn may have freed a cook or a slot, or brought a job. */
function begin(draft: Draft): void {
  for (const { waiting, cook, unit } of assignable(draft.context, draft.at)) {
    const ms = waiting.means === 'hands' ? minutes(waiting.minutes) : handsMs
    const job: Job = {
      ...waiting,
      phase: 'prep',
      cook,
      unit,
      dueAt: after(draft.at, ms),
      outcome: 'done',
      tries: 0,
    }
    draft.set({
      queue: draft.context.queue.filter((one) => one !== waiting),
      jobs: [...draft.context.jobs, job],
    })
    draft.changeCook(cook, { job: job.job })
    draft.tellCook(cook, { type: 'cook.work', job: job.job, ms })
    draft.tellDish({ type: 'job.assigned', job: job.job })
    if (unit >= 0) prepare(draft, unit, waiting.celsius)
  }
  // Only those that still wait: the others have just heard better.
  for (const job of draft.waited) {
    const ahead = draft.context.queue.findIndex((waiting) => waiting.job === job)
    if (ahead >= 0) draft.tellDish({ type: 'job.queued', job, ahead })
  }
}

function prepare(draft: Draft, index: number, celsius: number): void {
  const unit = draft.context.units[index]
  if (unit === undefined) return
  if (unit.is === 'suspect') draft.changeUnit(index, { is: 'up', spoilt: 1 })
  if (unit.celsius !== celsius) heat(draft, index, celsius)
}

function heat(draft: Draft, index: number, celsius: number): void {
  draft.changeUnit(index, { celsius, ready: false })
  draft.tellUnit(index, { type: 'appliance.heat', celsius })
}

function drop(draft: Draft, id: string): void {
  const job = draft.job(id)
  const waiting = draft.context.queue.find((one) => one.job === id)
  if (waiting !== undefined) draft.set({ queue: draft.context.queue.filter((one) => one !== waiting) })
  if (job !== undefined) discard(draft, job)
  draft.tellDish({ type: 'job.dropped', job: id, wasted: job !== undefined })
}

function discard(draft: Draft, job: Job): void {
  if (job.phase === 'clearing') return
  if (job.phase === 'prep' || job.phase === 'holding' || job.phase === 'done') {
    release(draft, job)
    draft.forget(job)
  } else {
    draft.enter(job, 'clearing')
    draft.tellUnit(job.unit, { type: 'appliance.unload', job: job.job })
  }
}

/** The cook puts it down. */
function release(draft: Draft, { phase, cook, job }: Job): void {
  if (phase !== 'prep') return
  draft.changeCook(cook, { job: '' })
  draft.tellCook(cook, { type: 'cook.drop', job })
}

function collect(draft: Draft, id: string): void {
  const job = draft.job(id)
  if (job?.phase === 'done') draft.forget(job)
}

/** Back to the queue, where its promise puts it. */
function requeue(draft: Draft, job: Job): void {
  release(draft, job)
  draft.forget(job)
  const { job: id, promisedAt, means, celsius, minutes: time, probed } = job
  wait(draft, { job: id, promisedAt, means, celsius, minutes: time, probed })
}

function finish(draft: Draft, job: Job, outcome: Outcome): void {
  draft.enter(job, 'done', { outcome, cook: 0, unit: -1 })
  draft.tellDish({ type: 'job.done', job: job.job, outcome })
  if (outcome === 'done') draft.set({ served: draft.context.served + 1 })
  else draft.set({ spoilt: draft.context.spoilt + 1 })
}

// Cooks ----------------------------------------------------------------------------------------------------------

function cookHere(draft: Draft, n: number, inHand: string): void {
  const cook = draft.context.cooks.find((one) => one.n === n)
  if (cook === undefined) return
  draft.changeCook(n, { here: true })
  const job = draft.job(cook.job)
  if (job !== undefined && job.job !== inHand) work(draft, job)
  if (job === undefined && inHand !== '') draft.tellCook(n, { type: 'cook.drop', job: inHand })
}

function work(draft: Draft, { job, cook, means, minutes: time }: Job): void {
  draft.tellCook(cook, { type: 'cook.work', job, ms: means === 'hands' ? minutes(time) : handsMs })
}

function cookAway(draft: Draft, n: number): void {
  const cook = draft.context.cooks.find((one) => one.n === n)
  if (cook === undefined) return
  draft.changeCook(n, { here: false, job: '' })
  const job = draft.job(cook.job)
  if (job !== undefined) requeue(draft, job)
}

function cookDone(draft: Draft, n: number, id: string): void {
  const cook = draft.context.cooks.find((one) => one.n === n)
  if (cook?.job !== id) return
  draft.changeCook(n, { job: '' })
  const job = draft.job(id)
  if (job?.phase !== 'prep') return
  if (job.means === 'hands') {
    finish(draft, job, 'done')
  } else {
    draft.enter(job, 'holding', { cook: 0 })
    loadWaiting(draft, job.unit)
  }
}

// Appliances -----------------------------------------------------------------------------------------------------

/** Loads what waits for a unit that is hot. */
function loadWaiting(draft: Draft, index: number): void {
  if (draft.context.units[index]?.ready !== true) return
  for (const job of draft.context.jobs) {
    if (job.unit !== index || job.phase !== 'holding') continue
    draft.enter(job, 'loading', { dueAt: draft.at })
    load(draft, job)
  }
}

function load(draft: Draft, { job, unit, celsius, minutes: time, probed }: Job): void {
  const probe = probed && { probe: probeOf(unit) }
  draft.tellUnit(unit, { type: 'appliance.load', job, celsius, minutes: time, ...probe })
}

function heard(draft: Draft, report: UnitReport): void {
  const { units } = draft.context
  const index = units.findIndex(({ kind, n }) => kind === report.kind && n === report.n)
  const unit = units[index]
  if (unit === undefined) return
  if (unit.asked > 0) draft.changeUnit(index, { asked: 0 })
  switch (report.type) {
    case 'appliance.ready':
      if (unit.celsius === report.celsius) hot(draft, index)
      break
    case 'appliance.cold':
      draft.changeUnit(index, { ready: false })
      break
    case 'appliance.fault':
      lose(draft, index, 'fault', report.jobs)
      break
    case 'appliance.repaired':
      mended(draft, index)
      break
    case 'appliance.status':
      compare(draft, index, report)
      break
    default:
      ofJob(draft, index, report)
  }
}

function hot(draft: Draft, index: number): void {
  draft.changeUnit(index, { ready: true })
  loadWaiting(draft, index)
}

type OfJob = Extract<UnitReport, { readonly job: string }>

function ofJob(draft: Draft, index: number, report: OfJob): void {
  const known = draft.job(report.job)
  const job = known?.unit === index ? known : undefined
  switch (report.type) {
    case 'appliance.loaded':
      if (job === undefined) draft.tellUnit(index, { type: 'appliance.unload', job: report.job })
      else if (job.phase === 'loading') cooking(draft, job)
      break
    case 'appliance.refused':
      if (job?.phase === 'clearing') draft.forget(job)
      else if (job?.phase === 'loading') refused(draft, job, report.reason)
      break
    case 'appliance.done':
      if (job === undefined) draft.tellUnit(index, { type: 'appliance.unload', job: report.job })
      else if (job.phase === 'cooking' || job.phase === 'loading') unload(draft, job)
      break
    case 'appliance.unloaded':
      if (job?.phase === 'clearing') draft.forget(job)
      else if (job?.phase === 'unloading') unloaded(draft, index, job, report.outcome)
      break
  }
}

function cooking(draft: Draft, job: Job): void {
  // Twice its time, for the extensions that a raw dish is given.
  draft.enter(job, 'cooking', { dueAt: after(draft.at, minutes(2 * job.minutes)) })
  draft.tellDish({ type: 'job.cooking', job: job.job })
}

function unload(draft: Draft, job: Job): void {
  draft.enter(job, 'unloading')
  draft.tellUnit(job.unit, { type: 'appliance.unload', job: job.job })
}

function refused(draft: Draft, job: Job, reason: 'fault' | 'full' | 'not-ready'): void {
  if (reason === 'not-ready') {
    draft.enter(job, 'holding')
    heat(draft, job.unit, job.celsius)
  } else requeue(draft, job)
}

function unloaded(draft: Draft, index: number, job: Job, outcome: Outcome | 'gone'): void {
  finish(draft, job, outcome === 'gone' ? 'failed' : outcome)
  const spoilt = outcome === 'done' ? 0 : (draft.context.units[index]?.spoilt ?? 0) + 1
  draft.changeUnit(index, { spoilt })
  if (spoilt >= 2) suspect(draft, index)
}

/** Two in a row: whatever it says of itself, it is not to be trusted for a while. */
function suspect(draft: Draft, index: number): void {
  for (const job of draft.context.jobs) {
    if (job.unit !== index) continue
    if (job.phase === 'prep' || job.phase === 'holding') requeue(draft, job)
    else if (job.phase === 'cooking' || job.phase === 'loading') unload(draft, job)
  }
  heat(draft, index, 0)
  draft.changeUnit(index, { is: 'suspect', until: after(draft.at, suspectMs) })
  const { id, units } = draft.context
  const { kind, n } = units[index] ?? {}
  draft.effects.push({ kind: 'emit', event: { type: 'device.suspect', station: id, kind, n } as Message })
}

/** It broke, or is silent: what was in it is gone, the rest finds another place. */
function lose(draft: Draft, index: number, is: 'fault' | 'silent', inside: readonly string[]): void {
  draft.changeUnit(index, { is, celsius: 0, ready: false, spoilt: 0 })
  for (const job of draft.context.jobs) {
    if (job.unit !== index) continue
    if (job.phase === 'clearing') draft.forget(job)
    else if (job.phase === 'cooking' || job.phase === 'unloading' || inside.includes(job.job)) {
      finish(draft, job, 'failed')
    } else requeue(draft, job)
  }
}

function mended(draft: Draft, index: number): void {
  const unit = draft.context.units[index]
  if (unit?.is === 'fault' || unit?.is === 'silent') lose(draft, index, 'fault', [])
  draft.changeUnit(index, { is: 'up', spoilt: 0 })
}

/** Its own word against what the station believes of it. */
function compare(draft: Draft, index: number, status: Status): void {
  const unit = draft.context.units[index]
  if (unit === undefined) return
  if (status.fault !== '') {
    if (unit.is !== 'fault') lose(draft, index, 'fault', [])
    return
  }
  if (unit.is === 'fault' || unit.is === 'silent') draft.changeUnit(index, { is: 'up' })
  const here = (job: string): Job | undefined => {
    const known = draft.job(job)
    return known?.unit === index ? known : undefined
  }
  const inside = [...status.cooking, ...status.done]
  for (const job of inside) {
    if (here(job) === undefined) draft.tellUnit(index, { type: 'appliance.unload', job })
  }
  for (const job of draft.context.jobs) {
    if (job.unit !== index || inside.includes(job.job)) continue
    if (job.phase === 'cooking' || job.phase === 'unloading') finish(draft, job, 'failed')
    else if (job.phase === 'clearing') draft.forget(job)
  }
  for (const id of status.done) {
    const job = here(id)
    if (job?.phase === 'cooking' || job?.phase === 'loading') unload(draft, job)
  }
  const { celsius } = draft.context.units[index] ?? unit
  if (status.celsius !== celsius) heat(draft, index, celsius)
  else if (status.ready) hot(draft, index)
  else draft.changeUnit(index, { ready: false })
}

// The patrol -----------------------------------------------------------------------------------------------------

function patrol(context: StationContext, event: StationEvent): Plan<StationContext> {
  const draft = new Draft(context, event.at)
  for (const index of context.units.keys()) watch(draft, index)
  for (const { n, here } of context.cooks) if (!here) openCook(draft, n)
  for (const { job } of draft.context.jobs) {
    const now = draft.job(job)
    if (now !== undefined && draft.at >= now.dueAt) remind(draft, now)
  }
  begin(draft)
  return { context: draft.context, effects: draft.effects }
}

/** Asks the appliances in use, and those that are lost. */
function watch(draft: Draft, index: number): void {
  const unit = draft.context.units[index]
  if (unit === undefined) return
  const lost = unit.is === 'silent' || unit.is === 'fault'
  if (!lost && !draft.context.jobs.some((job) => job.unit === index)) return
  if (lost) openUnit(draft, index)
  else if (unit.asked >= silentPatrolsMax) lose(draft, index, 'silent', [])
  else draft.tellUnit(index, { type: 'appliance.check' })
  draft.changeUnit(index, { asked: unit.asked + 1 })
}

/** Says again what should have been answered. */
function remind(draft: Draft, job: Job): void {
  draft.change(job, { tries: job.tries + 1 })
  switch (job.phase) {
    case 'prep':
      if (job.tries < silentPatrolsMax) work(draft, job)
      else cookAway(draft, job.cook)
      break
    case 'holding':
      draft.tellUnit(job.unit, { type: 'appliance.heat', celsius: job.celsius })
      break
    case 'loading':
      load(draft, job)
      break
    case 'cooking':
      draft.tellUnit(job.unit, { type: 'appliance.check' })
      break
    case 'unloading':
    case 'clearing':
      draft.tellUnit(job.unit, { type: 'appliance.unload', job: job.job })
      break
    case 'done':
      if (job.tries < remindersMax) say(draft, job)
      else draft.forget(job)
      break
  }
}

// The machine ----------------------------------------------------------------------------------------------------

const turn = planned(plan)
const round = planned(patrol)
const leaving = planned<StationContext, StationEvent>((context, event) => {
  const draft = new Draft(context, event.at)
  goHome(draft)
  return { context: draft.context, effects: draft.effects }
})
const does = { actions: ['answer', 'keep'] } as const

const machine = setup({
  types: {
    context: {} as StationContext,
    events: {} as StationEvent,
    input: {} as Birth,
  },
  actions: {
    answer: turn.effects,
    keep: assign(turn.context),
    lookRound: round.effects,
    keepRound: assign(round.context),
    leave: leaving.effects,
    keepLeft: assign(leaving.context),
  },
  guards: {
    busy: ({ context }) => context.open && context.queue.length + context.jobs.length > 0,
    quiet: ({ context }) => context.open && context.queue.length + context.jobs.length === 0,
    closing: ({ context }) => !context.open && context.queue.length + context.jobs.length > 0,
    closed: ({ context }) => !context.open && context.queue.length + context.jobs.length === 0,
  },
  delays: { patrol: patrolMs },
}).createMachine({
  id: 'station',
  version: '1',
  context: ({ input }) => ({
    id: input.id,
    site: '',
    name: '',
    open: false,
    slots: 0,
    cooks: [],
    units: [],
    queue: [],
    jobs: [],
    served: 0,
    spoilt: 0,
  }),
  on: {
    'station.open': does,
    'station.close': does,
    'station.roster': does,
    'job.take': does,
    'job.drop': does,
    'job.collect': does,
    'cook.here': does,
    'cook.away': does,
    'cook.done': does,
    'appliance.ready': does,
    'appliance.cold': does,
    'appliance.loaded': does,
    'appliance.refused': does,
    'appliance.done': does,
    'appliance.unloaded': does,
    'appliance.fault': does,
    'appliance.repaired': does,
    'appliance.status': does,
  },
  initial: 'closed',
  states: {
    closed: {
      tags: 'rest',
      always: [
        { guard: 'busy', target: 'busy' },
        { guard: 'quiet', target: 'quiet' },
      ],
    },
    /** Open, and nothing to do. */
    quiet: {
      tags: 'rest',
      always: [
        { guard: 'busy', target: 'busy' },
        { guard: 'closed', target: 'closed', actions: ['leave', 'keepLeft'] },
      ],
    },
    busy: {
      tags: 'working',
      always: [
        { guard: 'quiet', target: 'quiet' },
        { guard: 'closing', target: 'closing' },
        { guard: 'closed', target: 'closed', actions: ['leave', 'keepLeft'] },
      ],
      after: { patrol: { target: 'busy', reenter: true, actions: ['lookRound', 'keepRound'] } },
    },
    /** Takes no more, and finishes what it has. */
    closing: {
      tags: 'working',
      always: [
        { guard: 'closed', target: 'closed', actions: ['leave', 'keepLeft'] },
        { guard: 'busy', target: 'busy' },
        { guard: 'quiet', target: 'quiet' },
      ],
      after: { patrol: { target: 'closing', reenter: true, actions: ['lookRound', 'keepRound'] } },
    },
  },
})

export const station = defineActor({
  type: 'station',
  glyph: 'disc',
  accepts: Type.Union([
    StationOpen,
    StationClose,
    StationRoster,
    ...JobCommand.anyOf,
    ...CookReport.anyOf,
    ...ApplianceReport.anyOf,
  ]),
  creates: ['station.open'],
  machine,
  queries: {
    view: ({ value, context }) => {
      const { site, name, queue, jobs, cooks, units, slots, served, spoilt } = context as StationContext
      return { state: value, site, name, queue, jobs, cooks, units, slots, served, spoilt }
    },
  },
  shardKey: (key) => key,
})
