/**
 * What is wrong with the faults of a day, with the place and the remedy.
 *
 * Owns:     which fields each kind of fault has; the budget of nodes that are down; that a fault finds its victim
 *           whole, and that all have healed before liveness is demanded.
 */
import { ingredients, stationNames } from '#actors'
import { defaultBounds } from '#host'
import { crashPoints } from '#sim'
import type { Day } from '../day.ts'
import { applianceOf, nodesOf } from '../day.ts'
import { type Duration, durationText, durationUs, timeText, timeUs } from '../time-of-day.ts'
import { checkDuration, checkNumber, checkWithin, oneOf, type Refuse } from '../validate-field.ts'
import { clusterWide, downOf, endOf, type Fault, type FaultKind, type Of, objectOf } from './fault.ts'

/** A node that is back is left alone for at least this long. */
export const stableUs = 10_000_000

type Check = (value: never, place: string, day: Day, invalid: Refuse, fault: Fault) => void
/** What a fault of this kind may say. `undefined` is let through where a field may be left out. */
type FieldsOf<Kind extends FaultKind> = {
  readonly [Field in Exclude<keyof Of<Kind>, 'kind' | 'at'>]-?: Check
}

const lasts = { for: duration }
const node = { node: anyNode }
const links = { between: sides, oneWay: optionalFlag }
const appliance = { station: heated, appliance: oneOfBank }
const delivery = { ingredient: oneThatIsDue }

const fields: { readonly [Kind in FaultKind]: FieldsOf<Kind> } = {
  'crash-node': node,
  'crash-at': { node: writingNode, point: crashPoint, ...lasts },
  'pause-node': { ...node, ...lasts },
  'long-gc': { ...node, pause: shorterThanHeartbeat, ...lasts },
  'drain-node': { node: writingNode, ...lasts },
  'rolling-restart': { for: enoughForAll },
  'rolling-upgrade': { for: enoughForAll },
  'add-node': { group: hostingGroup, ...lasts },
  'restart-cluster': {},
  'launcher-dies': {},
  'power-loss': {},
  'torn-write': lasts,
  'write-fails': { node: writingNode, written: flag, ...lasts },
  'slow-disk': { by: duration, ...lasts },
  'slow-reads': { by: duration, ...lasts },
  'full-disk': lasts,
  'clock-step': { ...node, by: duration, back: optionalFlag, ...lasts },
  'clock-drift': { ...node, rate, ...lasts },
  'turns-throw': { share: throwShare, ...lasts },
  partition: { between: sides, oneWay: optionalFlag, ...lasts },
  'partition-ring': { nodes: ring, ...lasts },
  'delay-frames': { ...links, by: duration, ...lasts },
  'drop-frames': { ...links, share, ...lasts },
  'duplicate-frames': { ...links, share, ...lasts },
  'reorder-frames': { ...links, share, ...lasts },
  'corrupt-frames': { ...links, share, ...lasts },
  'provider-outage': lasts,
  'provider-declines': { share, ...lasts },
  'provider-slow': { by: duration, ...lasts },
  'provider-silent': { share, ...lasts },
  'mail-outage': lasts,
  'sms-outage': lasts,
  'webhook-outage': lasts,
  'supplier-outage': lasts,
  'appliance-breakdown': { ...appliance, ...lasts },
  'sensor-stuck': { ...appliance, ...lasts },
  'sensor-drift': { ...appliance, kelvin, ...lasts },
  'runaway-heat': { ...appliance, ...lasts },
  'probe-silent': { ...appliance, ...lasts },
  'timer-stopped': { station: heated, ...lasts },
  'door-open': { ...appliance, station: withDoors, ...lasts },
  'cook-ill': { station: anyStation, cook: oneOfCooks, ...lasts },
  'delivery-late': { ...delivery, by: duration },
  'delivery-short': { ...delivery, share },
  spoilage: { ingredient, share },
}

export const faultKinds = Object.keys(fields) as readonly FaultKind[]

export function checkFaults(day: Day, invalid: Refuse): void {
  for (const [n, fault] of day.faults.entries()) checkFault(day, fault, `faults[${n}]`, invalid)
  checkNumber(day.nodesDownMax, 0, 1_000, 'nodesDownMax', invalid)
  const conflict = conflictOf(day)
  if (conflict !== undefined) invalid(conflict.place, conflict.problem, conflict.remedy)
}

/** Why these faults cannot be on one day, if they cannot. */
export function conflictOf(day: Troubled): Conflict | undefined {
  return goneVictim(day) ?? twoTroubles(day) ?? beyondBudget(day)
}

export type Troubled = Pick<Day, 'faults' | 'nodesDownMax'> & {
  readonly cluster: Pick<Day['cluster'], 'groups' | 'restart' | 'heartbeat'>
}

interface Conflict {
  readonly place: string
  readonly problem: string
  readonly remedy: string
}

function checkFault(day: Day, fault: Fault, place: string, invalid: Refuse): void {
  const kind: string = fault.kind
  oneOf(kind, faultKinds, `${place}.kind`, 'fault', invalid)
  checkWithin(day, fault.at, `${place}.at`, invalid)
  const own: Readonly<Record<string, Check>> = fields[fault.kind]
  for (const field of Object.keys(fault)) {
    if (field === 'kind' || field === 'at' || Object.hasOwn(own, field)) continue
    const known = ['at', ...Object.keys(own)].join(', ')
    invalid(`${place}.${field}`, `a ${kind} has no such field`, `It has ${known}.`)
  }
  const said: Readonly<Record<string, unknown>> = { ...fault }
  for (const [field, check] of Object.entries(own)) {
    check(said[field] as never, `${place}.${field}`, day, invalid, fault)
  }
  if (endOf(fault) <= timeUs(day.close)) return
  invalid(
    place,
    `it lasts until ${timeText(endOf(fault))}, and the house closes at ${day.close}`,
    'What is demanded of the last orders holds only in a house that is whole: let it end earlier.',
  )
}

// ── whom it finds ──

interface Away {
  readonly n: number
  readonly fault: Fault
  readonly from: number
  readonly until: number
}

const backUs = ({ cluster }: Troubled): number => durationUs(cluster.restart) + durationUs(cluster.heartbeat)

/** How long a fault may keep somebody away. */
function awayFor(day: Troubled, fault: Fault, n: number): Away {
  return { n, fault, from: timeUs(fault.at), until: endOf(fault) + backUs(day) }
}

/** Whoever is struck is there, and has been for a moment. */
function goneVictim(day: Troubled): Conflict | undefined {
  const aways = new Map<string, Away[]>()
  for (const [n, fault] of day.faults.entries()) {
    for (const victim of downOf(fault, day.cluster.groups)) {
      aways.set(victim, [...(aways.get(victim) ?? []), awayFor(day, fault, n)])
    }
  }
  for (const [victim, each] of aways) {
    const pair = pairTooClose(each, stableUs)
    if (pair === undefined) continue
    const [before, after] = pair
    return {
      place: `faults[${after.n}].at`,
      problem: `${victim} may be away until ${clock(before.until)} for faults[${before.n}], and is then left alone for ${durationText(stableUs)}`,
      remedy: 'Let it strike later, or somebody else.',
    }
  }
  return undefined
}

/** Nothing suffers two troubles of which the end of one would end both. */
function twoTroubles({ faults }: Troubled): Conflict | undefined {
  const troubles = new Map<string, Away[]>()
  for (const [n, fault] of faults.entries()) {
    const object = objectOf(fault)
    if (object === undefined) continue
    const from = timeUs(fault.at)
    const until = 'for' in fault ? endOf(fault) : from + 1
    troubles.set(object, [...(troubles.get(object) ?? []), { n, fault, from, until }])
  }
  for (const [object, each] of troubles) {
    const pair = pairTooClose(each, 0)
    if (pair === undefined) continue
    const [before, after] = pair
    return {
      place: `faults[${after.n}].at`,
      problem: `${object} has the trouble of faults[${before.n}] until ${clock(before.until)}`,
      remedy: 'Let it begin when the other is over: the end of one would end both.',
    }
  }
  return undefined
}

function pairTooClose(aways: readonly Away[], apartUs: number): readonly [Away, Away] | undefined {
  const sorted = [...aways].sort((a, b) => a.from - b.from || a.n - b.n)
  for (const [n, after] of sorted.entries()) {
    const before = sorted[n - 1]
    if (before !== undefined && after.from <= before.until + apartUs) return [before, after]
  }
  return undefined
}

/** Never more nodes down at once than the day says. What ends all of them says so by its name. */
function beyondBudget(day: Troubled): Conflict | undefined {
  const aways = day.faults.flatMap((fault, n): readonly Away[] => {
    const isCounted = !clusterWide.has(fault.kind) && downOf(fault, day.cluster.groups).length > 0
    return isCounted ? [awayFor(day, fault, n)] : []
  })
  for (const { n, from } of aways) {
    const down = aways.filter((away) => away.from <= from && from < away.until)
    if (down.length <= day.nodesDownMax) continue
    return {
      place: `faults[${n}]`,
      problem: `at ${clock(from)} ${down.length} nodes may be down at once, for ${down.map((away) => `faults[${away.n}]`).join(', ')}`,
      remedy: `Let them strike further apart, or say nodesDownMax: ${down.length}.`,
    }
  }
  return undefined
}

/** `19:30`, and seconds where there are some. */
function clock(us: number): string {
  const seconds = Math.ceil((us % 60_000_000) / 1_000_000)
  return seconds === 0 ? timeText(us) : `${timeText(us)} and ${seconds} s`
}

// ── fields ──

function duration(value: Duration, place: string, _: Day, invalid: Refuse): void {
  checkDuration(value, place, invalid)
}

function flag(value: boolean, place: string, _: Day, invalid: Refuse): void {
  if (typeof value !== 'boolean') invalid(place, `${value} is not true or false`, 'Say which of the two.')
}

function optionalFlag(value: boolean | undefined, place: string, day: Day, invalid: Refuse): void {
  if (value !== undefined) flag(value, place, day, invalid)
}

function share(value: number, place: string, _: Day, invalid: Refuse): void {
  checkNumber(value, 0.000_001, 1, place, invalid)
}

/** A message that fails too often is a dead letter, and its order stuck: it must not be chance. */
function throwShare(value: number, place: string, { cluster }: Day, invalid: Refuse): void {
  checkNumber(value, 0.000_001, isStubborn(cluster) ? 0.5 : 0.1, place, invalid)
}

/** A message is tried so often that it is never given up, though half of its turns throw. */
export const isStubborn = ({ bounds }: Pick<Day['cluster'], 'bounds'>): boolean =>
  (bounds.attemptsMax ?? defaultBounds.attemptsMax) >= 100

function rate(value: number, place: string, _: Day, invalid: Refuse): void {
  checkNumber(value, 0.1, 10, place, invalid)
}

/** Further than that no sensor goes. */
function kelvin(value: number, place: string, _: Day, invalid: Refuse): void {
  checkNumber(value, -200, 200, place, invalid)
  if (value === 0)
    invalid(place, 'a drift of 0 is none', 'Say by how much it is off, or leave the fault out.')
}

function anyNode(value: string, place: string, { cluster }: Day, invalid: Refuse): void {
  const nodes = nodesOf(cluster.groups).map((one) => one.node)
  oneOf(value, nodes, place, 'node', invalid)
}

/** An edge writes nothing, and owns nothing. */
function writingNode(value: string, place: string, { cluster }: Day, invalid: Refuse): void {
  const hosting = cluster.groups.filter((group) => group.departments.length > 0)
  const nodes = nodesOf(hosting).map((one) => one.node)
  oneOf(value, nodes, place, 'node with shards', invalid)
}

function hostingGroup(value: string, place: string, { cluster }: Day, invalid: Refuse): void {
  const hosting = cluster.groups.filter((group) => group.departments.length > 0)
  const names = hosting.map(({ name }) => name)
  oneOf(value, names, place, 'group with shards', invalid)
}

function crashPoint(value: string, place: string, _: Day, invalid: Refuse): void {
  oneOf(value, crashPoints, place, 'point', invalid)
}

function shorterThanHeartbeat(value: Duration, place: string, { cluster }: Day, invalid: Refuse): void {
  checkDuration(value, place, invalid)
  if (durationUs(value) < durationUs(cluster.heartbeat)) return
  invalid(
    place,
    `'${value}' is no shorter than the heartbeat bound ('${cluster.heartbeat}'), and would be a kill`,
    'Make it shorter, or use pause-node.',
  )
}

function enoughForAll(value: Duration, place: string, day: Day, invalid: Refuse, fault: Fault): void {
  checkDuration(value, place, invalid)
  const nodes = downOf(fault, day.cluster.groups).length
  const least = nodes * leastPerNodeUs(day.cluster)
  if (durationUs(value) >= least) return
  invalid(
    place,
    `'${value}' is too short for ${nodes} nodes, one after the other`,
    `Give it at least '${durationText(least)}'.`,
  )
}

/** What a node needs in a rolling restart: a quarter of it is for draining, then it ends, comes back and is stable. */
export function leastPerNodeUs(cluster: Pick<Day['cluster'], 'restart' | 'heartbeat'>): number {
  return 2 * (durationUs(cluster.restart) + durationUs(cluster.heartbeat)) + stableUs
}

function sides(
  value: readonly (readonly string[])[] | undefined,
  place: string,
  day: Day,
  invalid: Refuse,
  fault: Fault,
): void {
  if (value === undefined && fault.kind !== 'partition') return
  if (!Array.isArray(value) || value.length !== 2) {
    invalid(place, 'it has not two sides', "Name nodes on each: [['node-1'], ['node-2', 'node-3']].")
  }
  for (const [side, members] of value?.entries() ?? []) {
    if (members.length === 0) {
      invalid(`${place}[${side}]`, 'this side is empty', 'Name at least one node on each side.')
    }
    for (const member of members) anyNode(member, `${place}[${side}]`, day, invalid)
  }
}

function ring(value: readonly string[], place: string, day: Day, invalid: Refuse): void {
  if (!Array.isArray(value) || new Set(value).size < 4) {
    invalid(place, 'fewer than four nodes make no ring in which some are apart', 'Name four or more.')
  }
  for (const member of value) anyNode(member, place, day, invalid)
}

function anyStation(value: string, place: string, _: Day, invalid: Refuse): void {
  oneOf(value, stationNames, place, 'station', invalid)
}

function heated(value: string, place: string, day: Day, invalid: Refuse): void {
  anyStation(value, place, day, invalid)
  const stations = stationNames.filter((name) => applianceOf(name) !== undefined)
  oneOf(value, stations, place, 'station with appliances', invalid)
}

function withDoors(value: string, place: string, day: Day, invalid: Refuse): void {
  anyStation(value, place, day, invalid)
  const stations = stationNames.filter((name) => applianceOf(name) === 'oven')
  oneOf(value, stations, place, 'station with doors', invalid)
}

function oneOfBank(value: number, place: string, { kitchen }: Day, invalid: Refuse, fault: Fault): void {
  const { station } = fault as Of<'appliance-breakdown'>
  const { appliances, fryers } = kitchen[station]
  within(value, appliances + fryers, place, `the ${station}`, invalid)
}

function oneOfCooks(value: number, place: string, { kitchen }: Day, invalid: Refuse, fault: Fault): void {
  const { station } = fault as Of<'cook-ill'>
  within(value, kitchen[station].cooks, place, `the crew of the ${station}`, invalid)
}

function within(value: number, count: number, place: string, whose: string, invalid: Refuse): void {
  if (Number.isInteger(value) && value >= 1 && value <= count) return
  invalid(place, `${whose} has ${count}, and no number ${value}`, 'Name one that is there, from 1.')
}

function ingredient(value: string, place: string, _: Day, invalid: Refuse): void {
  oneOf(value, Object.keys(ingredients), place, 'ingredient', invalid)
}

function oneThatIsDue(value: string, place: string, day: Day, invalid: Refuse, fault: Fault): void {
  ingredient(value, place, day, invalid)
  const due = day.stock.deliveries.filter((one) => one.ingredient === value).map(({ at }) => at)
  if (due.includes(fault.at)) return
  invalid(
    place,
    `no ${value} is due at ${fault.at}`,
    due.length === 0
      ? 'Order some in stock.deliveries.'
      : `It strikes when the delivery is due: at ${due.join(', ')}.`,
  )
}
