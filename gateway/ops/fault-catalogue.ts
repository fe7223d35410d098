/**
 * Every kind of fault: what it does, whom it strikes, its parameters and their ranges, and how it ends.
 *
 * Does not: say which of them a cluster can honour: its `FaultControl` does.
 */
import { type TObject, type TProperties, Type } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { type FaultKind, type FaultTargetKind, faultKinds } from '../fault-control.ts'
import { exact } from '../routes/route-parts.ts'

export const faultGroups = ['Process', 'Network', 'Disk and clock', 'Outside', 'Kitchen', 'Stock'] as const

export interface FaultSpec {
  readonly name: string
  readonly group: (typeof faultGroups)[number]
  readonly about: string
  readonly targets: readonly FaultTargetKind[]
  /** Of an actor: its type is one of these. Of the whole: who feels it. */
  readonly types?: readonly string[]
  readonly params: TObject
  /** How long it may last, and usually does. Absent: it is over when what it struck is back. */
  readonly lasts?: { readonly minMs: number; readonly maxMs: number; readonly usualMs: number }
  /** `never`: what it has done stays done. `by-itself`: what it struck comes back, and nothing can hasten it. */
  readonly undo: 'revert' | 'by-itself' | 'never'
  /** A node is down for it. `all`: every one, and it says so by its name. */
  readonly stops?: 'one' | 'all'
}

const hourMs = 3_600_000
const lasts = (usualMs: number, minMs = 100, maxMs = hourMs) => ({ lasts: { minMs, maxMs, usualMs } })
const none: TObject = Type.Object({}, exact)
const of = (params: TProperties): TObject => Type.Object(params, exact)
const ms = (usual: number, maximum: number, minimum = 1) => Type.Integer({ minimum, maximum, default: usual })
const share = (usual: number) => Type.Number({ exclusiveMinimum: 0, maximum: 1, default: usual })
const oneWay = Type.Optional(
  Type.Boolean({ default: false, description: 'Only what the first side sends to the second.' }),
)
const onLinks = { group: 'Network', targets: ['links'], undo: 'revert', ...lasts(15_000) } as const
const ofParty = (...types: string[]) =>
  ({ group: 'Outside', targets: ['cluster'], types, undo: 'revert', ...lasts(30_000) }) as const
const ofKitchen = (...types: string[]) =>
  ({ group: 'Kitchen', targets: ['actor'], types, undo: 'revert', ...lasts(60_000) }) as const
const appliances = ['oven', 'pan', 'fryer']

export const faultSpecs: Readonly<Record<FaultKind, FaultSpec>> = {
  'crash-node': {
    ...{ name: 'Kill −9', group: 'Process', targets: ['node'], params: none },
    about:
      'Its memory is gone at once. The journal keeps what was durable, others take its shards, and it starts again.',
    ...{ undo: 'by-itself', stops: 'one' },
  },
  'pause-node': {
    ...{ name: 'Freeze', group: 'Process', targets: ['node'], params: none, ...lasts(700, 100, 60_000) },
    about: 'It stands still and goes on. Longer than the bound of its heartbeat, and it is killed for dead.',
    ...{ undo: 'revert', stops: 'one' },
  },
  'long-gc': {
    ...{ name: 'Long collection', group: 'Process', targets: ['node'], ...lasts(15_000) },
    params: of({ pauseMs: ms(300, 900, 10) }),
    about:
      'Its loop stands still again and again, and runs for as long in between, as with a heap that is full.',
    undo: 'revert',
  },
  'drain-node': {
    ...{ name: 'Drain', group: 'Process', targets: ['node'], params: none, ...lasts(20_000, 1_000) },
    about: 'It hands its shards over and ends. At the end it is started again.',
    ...{ undo: 'revert', stops: 'one' },
  },
  'rolling-restart': {
    ...{ name: 'Rolling restart', group: 'Process', targets: ['cluster'], params: none },
    about: 'Every node with shards hands over and starts again, one after the other.',
    ...{ undo: 'by-itself', stops: 'one' },
  },
  'restart-cluster': {
    ...{ name: 'Kill all', group: 'Process', targets: ['cluster'], params: none },
    about: 'Every node with shards is killed in the same moment. All of them start again.',
    ...{ undo: 'by-itself', stops: 'all' },
  },
  'power-loss': {
    ...{ name: 'Power loss', group: 'Process', targets: ['cluster'], params: none },
    about: 'Every process ends at once, and what was not flushed is gone.',
    ...{ undo: 'by-itself', stops: 'all' },
  },
  'crash-at': {
    ...{ name: 'Kill at a point', group: 'Process', targets: ['node'], ...lasts(60_000) },
    params: of({
      point: Type.Enum(['before-append', 'before-durable', 'before-reply', 'before-accept'], {
        default: 'before-durable',
      }),
    }),
    about: 'It is killed when it next comes to this point of a write.',
    ...{ undo: 'revert', stops: 'one' },
  },
  partition: {
    ...onLinks,
    name: 'Cut',
    params: of({ oneWay }),
    about: 'No frame passes. Nobody takes anybody’s shards: what is sent waits in outboxes.',
  },
  'delay-frames': {
    ...onLinks,
    name: 'Delay',
    params: of({ byMs: ms(80, 10_000), oneWay }),
    about: 'Every frame comes so much later.',
  },
  'drop-frames': {
    ...onLinks,
    name: 'Drop',
    params: of({ share: share(0.2), oneWay }),
    about: 'A share of the frames never comes. Channels send again.',
  },
  'duplicate-frames': {
    ...onLinks,
    name: 'Duplicate',
    params: of({ share: share(0.3), oneWay }),
    about: 'A share of the frames comes twice. The second is known by its number.',
  },
  'reorder-frames': {
    ...onLinks,
    name: 'Reorder',
    params: of({ share: share(0.2), oneWay }),
    about: 'A share of the frames waits a little, and later ones overtake it.',
  },
  'corrupt-frames': {
    ...onLinks,
    name: 'Corrupt frames',
    params: of({ share: share(0.05), oneWay }),
    about: 'A share arrives damaged. It is noticed, and the link is made anew.',
  },
  'slow-disk': {
    ...{ name: 'Slow disk', group: 'Disk and clock', targets: ['cluster', 'node'], ...lasts(20_000) },
    params: of({ byMs: ms(100, 10_000) }),
    about: 'Every flush is told so much later. Nothing leaves before what it depends on is durable.',
    undo: 'revert',
  },
  'slow-reads': {
    ...{ name: 'Slow reads', group: 'Disk and clock', targets: ['cluster'], ...lasts(20_000) },
    params: of({ byMs: ms(100, 10_000) }),
    about: 'Whoever loads a shard or an actor waits.',
    undo: 'revert',
  },
  'full-disk': {
    ...{ name: 'Full disk', group: 'Disk and clock', targets: ['cluster', 'node'], params: none },
    ...lasts(10_000),
    about: 'Nothing more fits. What cannot be written is refused, and comes again when there is room.',
    undo: 'revert',
  },
  'write-fails': {
    ...{ name: 'Failed write', group: 'Disk and clock', targets: ['node'], ...lasts(30_000) },
    params: of({ written: Type.Boolean({ default: false, description: 'It is on the disk all the same.' }) }),
    about: 'The next write of the node fails. The node cannot know whether it is on the disk.',
    undo: 'revert',
  },
  'torn-write': {
    ...{ name: 'Torn write', group: 'Disk and clock', targets: ['cluster'], params: none, ...lasts(30_000) },
    about: 'Power is lost in the middle of the next flush: a write is on the disk in part.',
    ...{ undo: 'revert', stops: 'all' },
  },
  'clock-step': {
    ...{ name: 'Clock jumps', group: 'Disk and clock', targets: ['node'], ...lasts(30_000) },
    params: of({ byMs: ms(5_000, 600_000) }),
    about: 'Its clock jumps ahead. Set right at the end, it stands still until it has caught up.',
    undo: 'revert',
  },
  'clock-drift': {
    ...{ name: 'Clock drifts', group: 'Disk and clock', targets: ['node'], ...lasts(60_000) },
    params: of({ rate: Type.Number({ minimum: 0.5, maximum: 2, default: 1.05 }) }),
    about: 'Its clock runs at another rate.',
    undo: 'revert',
  },
  'turns-throw': {
    ...{ name: 'Turns throw', group: 'Process', targets: ['cluster'], ...lasts(20_000) },
    params: of({ share: share(0.01) }),
    about: 'A share of all turns throws before it begins. Supervisors decide.',
    undo: 'revert',
  },
  'provider-outage': {
    ...ofParty('payment'),
    name: 'Provider is out',
    params: none,
    about: 'The payment provider answers 503, and does nothing.',
  },
  'provider-declines': {
    ...ofParty('payment'),
    name: 'Provider declines',
    params: of({ share: share(0.5) }),
    about: 'It declines a share of good cards.',
  },
  'provider-slow': {
    ...ofParty('payment'),
    name: 'Provider is slow',
    params: of({ byMs: ms(2_000, 60_000) }),
    about: 'It answers so much later.',
  },
  'provider-silent': {
    ...ofParty('payment'),
    name: 'Accepts, then silence',
    params: of({ share: share(0.3) }),
    about: 'It does what it is asked, and of a share nobody hears.',
  },
  'supplier-outage': {
    ...ofParty('replenisher'),
    name: 'Suppliers are out',
    params: none,
    about: 'No supplier takes an order, or tells of one.',
  },
  'mail-outage': {
    ...ofParty('notification'),
    name: 'Mail is out',
    params: none,
    about: 'The mail server takes nothing.',
  },
  'sms-outage': {
    ...ofParty('notification'),
    name: 'SMS is out',
    params: none,
    about: 'The provider of text messages takes nothing.',
  },
  'webhook-outage': {
    ...ofParty('webhook'),
    name: 'Webhooks find nobody',
    params: none,
    about: 'No receiver of a webhook answers.',
  },
  'appliance-breakdown': {
    ...ofKitchen(...appliances),
    name: 'Appliance breaks',
    params: none,
    about: 'What is in it is lost, and its cook is told. It is repaired at the end.',
  },
  'sensor-stuck': {
    ...ofKitchen(...appliances),
    name: 'Sensor sticks',
    params: none,
    about: 'It shows what it last showed.',
  },
  'sensor-drift': {
    ...ofKitchen(...appliances),
    name: 'Sensor drifts',
    params: of({ kelvin: Type.Number({ minimum: -200, maximum: 200, default: 40 }) }),
    about: 'It shows so many kelvin too much; below zero, too little.',
  },
  'runaway-heat': {
    ...ofKitchen(...appliances),
    name: 'Runaway heat',
    params: none,
    about: 'Full heat, whatever is wanted.',
  },
  'door-open': {
    ...ofKitchen('oven'),
    name: 'Door left open',
    params: none,
    about: 'It cools, and no oven heats with an open door.',
  },
  'probe-silent': {
    ...ofKitchen('probe'),
    name: 'Probe is silent',
    params: none,
    about: 'It shows nothing: what cooks there is done by its time.',
  },
  'timer-stopped': {
    ...ofKitchen('kitchen-timer'),
    name: 'Timer stands still',
    params: none,
    about: 'What rests is taken by the clock on the wall.',
  },
  'cook-ill': {
    ...ofKitchen('cook'),
    name: 'Cook falls ill',
    params: none,
    about: 'The cook goes home at once, and is well again at the end.',
  },
  spoilage: {
    ...{ name: 'Spoilage', group: 'Stock', targets: ['actor'], types: ['bin'], undo: 'never' },
    params: of({ share: share(0.5) }),
    about: 'A share of what is free is thrown away, and written down as spoiled.',
  },
  'delivery-late': {
    ...{ name: 'Delivery is late', group: 'Stock', targets: ['actor'], types: ['bin'], undo: 'never' },
    params: none,
    about: 'The next delivery of an ingredient comes later.',
  },
}

const validators = new Map<FaultKind, Validator>()

export function paramsValidator(kind: FaultKind): Validator {
  const known = validators.get(kind) ?? Compile(faultSpecs[kind].params)
  validators.set(kind, known)
  return known
}

/** What a parameter is when nobody says. */
export function usualParams(kind: FaultKind): Readonly<Record<string, unknown>> {
  const { properties, required = [] } = faultSpecs[kind].params as unknown as {
    readonly properties: Readonly<Record<string, { readonly default?: unknown }>>
    readonly required?: readonly string[]
  }
  return Object.fromEntries(required.map((name) => [name, properties[name]?.default]))
}

/** A schedule strikes what mends, and never everything. */
export const canBeScheduled = (kind: FaultKind): boolean =>
  faultSpecs[kind].undo !== 'never' && faultSpecs[kind].stops !== 'all' && kind !== 'rolling-restart'

export const isFaultKind = (kind: string): kind is FaultKind =>
  (faultKinds as readonly string[]).includes(kind)
