/**
 * Breaking a simulated cluster on purpose: every fault that a day can have, by hand.
 *
 * Owns:     what each kind of fault is in the words of a day, and which were set in which run of the day.
 * Does not: carry faults out (`#day`), or turn the time.
 *
 * Invariants:
 *   SF1. A fault is set by an intervention: wound back and run again, the day has it at the same event.
 */
import type { ActorId } from '#actor'
import {
  type Duration,
  durationUs,
  type Fault,
  type FaultByHand,
  type ReplayableDay,
  type Scene,
  type SimDay,
  timeText,
} from '#day'
import type { CommandOutcome, FaultControl, FaultKind, FaultView, SetFault, TimeControl } from '#gateway'
import { type HouseFault, houseFaults, type Seen, spoils, unfitness } from '../house-faults.ts'
import { inspected } from './looked-at.ts'

/** Until somebody reverts it: longer than a day. */
const forEver: Duration = '24h'
const rollFor: Duration = '60s'
const rememberedMax = 100
const spoilTriesMax = 10

interface Struck {
  readonly fault: SetFault
  readonly scene: Scene
  /** Of the timeline, in microseconds. */
  readonly at: number
  /** Whether its effect was seen. */
  readonly fired: () => boolean
  /** What a message has broken is broken until one has mended it. */
  readonly isMended?: () => boolean
  /** When somebody reverted it. */
  revertedAt?: number
  ended?: { readonly how: 'over' | 'reverted'; readonly at: number }
}

/** By the run of the day: a fork, or a day that is run again, has its own. */
const boards = new WeakMap<SimDay, Map<string, Struck>>()

function boardOf(day: SimDay): Map<string, Struck> {
  const board = boards.get(day) ?? new Map<string, Struck>()
  boards.set(day, board)
  return board
}

const onItsWay: CommandOutcome = {
  ...{ kind: 'refused', reason: 'unsupported' },
  detail: 'The world is on its way to another moment.',
}
const freezes: ReadonlySet<FaultKind> = new Set(['pause-node', 'long-gc'])

export class SimulatedFaults implements FaultControl {
  readonly off: FaultControl['off'] = {
    'delivery-late': 'What is due is written in the file of the day: give it the fault delivery-late.',
  }
  /** A simulated machine has one disk. */
  readonly only: FaultControl['only'] = { 'slow-disk': ['cluster'], 'full-disk': ['cluster'] }
  readonly #play: ReplayableDay
  readonly #time: Pick<TimeControl, 'view'>

  constructor(play: ReplayableDay, time: Pick<TimeControl, 'view'>) {
    this.#play = play
    this.#time = time
  }

  nowMs(): number {
    return this.#play.today.cluster.timeline.now / 1_000
  }

  async faults(): Promise<readonly FaultView[]> {
    const day = this.#play.today
    const all = [...boardOf(day).values()]
    for (const one of all) endIfOver(day, one)
    const isOver = ({ ended }: Struck): boolean => ended !== undefined
    const over = all.filter(isOver).reverse().slice(0, rememberedMax)
    return [...all.filter((one) => !isOver(one)), ...over].map((one) => viewOf(day, one))
  }

  async unfit(fault: Pick<SetFault, 'kind' | 'target'>): Promise<string | undefined> {
    if (houseFaults[fault.kind] === undefined) return undefined
    return unfitness(fault, inspected(this.#play.today, fault.target.actor as ActorId))
  }

  async strike(fault: SetFault): Promise<CommandOutcome> {
    const { node } = fault.target
    const { cluster } = this.#play.today
    if (this.#time.view().state === 'seeking') return onItsWay
    if (node !== undefined && cluster.stateOf(node) === 'ended')
      return { kind: 'refused', reason: 'node-gone', detail: `The process of ${node} has ended.` }
    this.#play.intervene((day) => set(day, fault))
    return { kind: 'accepted' }
  }

  async revert(id?: string): Promise<CommandOutcome> {
    if (this.#time.view().state === 'seeking') return onItsWay
    this.#play.intervene((day) => {
      const { cluster } = day
      const all = [...boardOf(day).values()]
      for (const one of all) endIfOver(day, one)
      for (const one of all) {
        const { node } = one.fault.target
        if (one.ended !== undefined || (id !== undefined && one.fault.id !== id)) continue
        one.revertedAt ??= cluster.timeline.now
        one.scene.endNow()
        endIfOver(day, one)
        const isFrozen = all.some(
          ({ fault, ended }) =>
            ended === undefined && fault.kind === 'pause-node' && fault.target.node === node,
        )
        if (node !== undefined && freezes.has(one.fault.kind) && !isFrozen) cluster.resume(node)
      }
      if (id !== undefined) return
      cluster.network.healCuts()
      for (const node of cluster.nodes) cluster.resume(node)
    })
    return { kind: 'accepted' }
  }
}

function set(day: SimDay, fault: SetFault): void {
  const at = day.cluster.timeline.now
  const begun = houseFaults[fault.kind] !== undefined ? breakInHouse(day, fault) : strike(day, fault)
  boardOf(day).set(fault.id, { fault, at, ...begun })
}

type Begun = Pick<Struck, 'scene' | 'fired' | 'isMended'>

function strike(day: SimDay, fault: SetFault): Begun {
  if (fault.kind === 'spoilage') return spoil(day, fault)
  const { scene, outcome }: FaultByHand = day.byHand.strike(wordsFor(day, fault))
  return { scene, fired: () => outcome.fired }
}

function breakInHouse(day: SimDay, { id, kind, target, params, forMs }: SetFault): Begun {
  const scene = day.byHand.byHand()
  const actor = target.actor as ActorId
  const house = houseFaults[kind]
  let hasFired = false
  let isMended = false
  if (house !== undefined) {
    scene.tell(actor, house.breaks(params), `${id} breaks`, () => {
      hasFired = isSeen(day, actor, house)
    })
    scene.later(durationOf(forMs), () =>
      scene.tell(actor, house.mends, `${id} mends`, () => {
        isMended = true
      }),
    )
  }
  return { scene, fired: () => hasFired, isMended: () => isMended }
}

function isSeen(day: SimDay, actor: ActorId, house: HouseFault): boolean {
  const outcome = inspected(day, actor)
  return outcome.kind === 'answer' && house.shows(outcome.value as Seen)
}

function spoil(day: SimDay, { id, target, params }: SetFault): Begun {
  const scene = day.byHand.byHand()
  const actor = target.actor as ActorId
  let hasFired = false
  const throwAway = (tries: number): void =>
    scene.query(actor, 'level', (free) => {
      const message = spoils(free as number, Number(params.share))
      if (message === undefined) return
      scene.tell(actor, message, `${id} ${tries}`, (answer) => {
        // Some of it was taken meanwhile: what is left has spoiled as well.
        const isLess = answer.kind === 'done' && answer.reply?.type === 'bin.negative-stock'
        if (isLess && tries < spoilTriesMax) throwAway(tries + 1)
        else hasFired = answer.kind === 'done'
      })
    })
  throwAway(1)
  return { scene, fired: () => hasFired }
}

const durationOf = (ms: number | undefined): Duration => (ms === undefined ? forEver : `${ms}ms`)

/** As the file of a day would say it. */
function wordsFor(day: SimDay, { kind, target, params, forMs }: SetFault): Fault {
  const at = timeText(day.cluster.worldNow) as Fault['at']
  const lasts = { at, for: durationOf(forMs) } as const
  const { node = '', a = [], b = [] } = target
  const between = [a, b] as const
  const oneWay = params.oneWay === true
  const by = durationOf(Number(params.byMs))
  const share = Number(params.share)
  switch (kind as Exclude<FaultKind, keyof typeof houseFaults>) {
    case 'crash-node':
      return { kind: 'crash-node', at, node }
    case 'pause-node':
      return { kind: 'pause-node', node, ...lasts }
    case 'long-gc':
      return { kind: 'long-gc', node, pause: durationOf(Number(params.pauseMs)), ...lasts }
    case 'drain-node':
      return { kind: 'drain-node', node, ...lasts }
    case 'rolling-restart':
      return { kind: 'rolling-restart', at, for: rollFor }
    case 'restart-cluster':
      return { kind: 'restart-cluster', at }
    case 'power-loss':
      return { kind: 'power-loss', at }
    case 'crash-at':
      return { kind: 'crash-at', node, point: params.point as 'before-append', ...lasts }
    case 'partition':
      return { kind: 'partition', between, oneWay, ...lasts }
    case 'delay-frames':
      return { kind: 'delay-frames', between, oneWay, by, ...lasts }
    case 'drop-frames':
      return { kind: 'drop-frames', between, oneWay, share, ...lasts }
    case 'duplicate-frames':
      return { kind: 'duplicate-frames', between, oneWay, share, ...lasts }
    case 'reorder-frames':
      return { kind: 'reorder-frames', between, oneWay, share, ...lasts }
    case 'corrupt-frames':
      return { kind: 'corrupt-frames', between, oneWay, share, ...lasts }
    case 'slow-disk':
      return { kind: 'slow-disk', by, ...lasts }
    case 'slow-reads':
      return { kind: 'slow-reads', by, ...lasts }
    case 'full-disk':
      return { kind: 'full-disk', ...lasts }
    case 'write-fails':
      return { kind: 'write-fails', node, written: params.written === true, ...lasts }
    case 'torn-write':
      return { kind: 'torn-write', ...lasts }
    case 'clock-step':
      return { kind: 'clock-step', node, by, ...lasts }
    case 'clock-drift':
      return { kind: 'clock-drift', node, rate: Number(params.rate), ...lasts }
    case 'turns-throw':
      return { kind: 'turns-throw', share, ...lasts }
    case 'provider-outage':
      return { kind: 'provider-outage', ...lasts }
    case 'provider-declines':
      return { kind: 'provider-declines', share, ...lasts }
    case 'provider-slow':
      return { kind: 'provider-slow', by, ...lasts }
    case 'provider-silent':
      return { kind: 'provider-silent', share, ...lasts }
    case 'supplier-outage':
      return { kind: 'supplier-outage', ...lasts }
    case 'mail-outage':
      return { kind: 'mail-outage', ...lasts }
    case 'sms-outage':
      return { kind: 'sms-outage', ...lasts }
    case 'webhook-outage':
      return { kind: 'webhook-outage', ...lasts }
    default:
      throw new Error(`'${kind}' has no words of a day.`)
  }
}

/** Lasting ones after their time; a killed node's when it takes part again. */
function endIfOver({ cluster }: SimDay, one: Struck): void {
  if (one.ended !== undefined || one.isMended?.() === false) return
  if (one.revertedAt !== undefined) {
    one.ended = { how: 'reverted', at: one.revertedAt }
    return
  }
  const { forMs, target } = one.fault
  const { now } = cluster.timeline
  if (forMs !== undefined) {
    const at = one.at + forMs * 1_000
    if (now >= at) one.ended = { how: 'over', at }
    return
  }
  if (!comesBack.has(one.fault.kind)) return
  const isUp = (node: string): boolean =>
    cluster.stateOf(node) === 'running' &&
    cluster.membership.members.some((member) => member.node === node && member.state === 'up')
  const struck = target.node === undefined ? cluster.nodes : [target.node]
  const lastsUs = one.fault.kind === 'rolling-restart' ? durationUs(rollFor) : 0
  if (now > one.at + lastsUs && struck.length > 0 && struck.every(isUp)) one.ended = { how: 'over', at: now }
}

/** What has no time of its own. */
const comesBack: ReadonlySet<FaultKind> = new Set([
  'crash-node',
  'rolling-restart',
  'restart-cluster',
  'power-loss',
  'spoilage',
])

function viewOf({ cluster }: SimDay, { fault, scene, at, fired, ended }: Struck): FaultView {
  const { now } = cluster.timeline
  const { forMs } = fault
  return {
    ...fault,
    met: Math.max(scene.count, fired() ? 1 : 0),
    ageMs: (now - at) / 1_000,
    ...(forMs !== undefined && { leftMs: Math.max(0, (at - now) / 1_000 + forMs) }),
    ...(ended && { ended: { how: ended.how, agoMs: (now - ended.at) / 1_000 } }),
  }
}
