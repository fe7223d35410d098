/**
 * A short evening drawn from a seed, for a search: which faults and troubles there are, not only how many.
 *
 * Every class of trouble is switched on or off for itself, so that some evenings have nothing but crashes and
 * others everything at once: what hides behind one fault is seen in an evening that is without it.
 *
 * Owns:     what is drawn, and from which values.
 * Does not: run it. The day that comes out is like any other.
 *
 * Invariants:
 *   S1. The same seed draws the same day.
 *   S2. A node that is struck was up: of a group with several nodes one at least is spared, and what came
 *       down is back before it is struck again.
 *   S3. Every fault ends before the doors close.
 */
import { draw } from '#actor'
import type { StationName } from '#actors'
import { crashPoints } from '#sim'
import type { Character, Day, Fault, FaultKind, Group, Guests } from './day.ts'
import { checkNames, nodesOf } from './day.ts'
import { defineDay } from './define-day.ts'
import type { Duration, TimeOfDay } from './time-of-day.ts'
import { durationUs, timeText, timeUs } from './time-of-day.ts'

const open: TimeOfDay = '18:00'
const minuteUs = 60_000_000
const faultKinds: readonly FaultKind[] = [
  'crash-node',
  'crash-at',
  'pause-node',
  'write-fails',
  'partition',
  'provider-outage',
  'appliance-breakdown',
  'restart-cluster',
  'power-loss',
]
const heatedStations: readonly StationName[] = ['grill', 'oven', 'pastry']

export function drawDay(seed: number): Day {
  const dice = new Dice(seed)
  const groups = drawGroups(dice)
  const restart = dice.pick('restart', ['300ms', '2s', '20s', '90s'])
  const faults = drawFaults(dice, groups, restart)
  const lastEnd = Math.max(...faults.map((fault) => endOf(fault) - timeUs(open)))
  const minutes = Math.max(45, Math.ceil(lastEnd / minuteUs))
  const perHour = (dice.whole('guests', 80, 120) / minutes) * 60
  const isSmall = dice.happens('kitchen', 0.3)
  const small = { cooks: 3, appliances: 3, slots: 3 }
  const character = drawCharacter(dice)
  return defineDay({
    name: 'explored',
    title: titleOf(groups, character, restart, isSmall),
    open,
    lastOrder: after(minutes),
    close: after(minutes + 15),
    guests: {
      arrivals: [
        { at: open, perHour },
        { at: after(minutes), perHour },
      ],
      ...drawHabits(dice),
    },
    ...(isSmall && { kitchen: { grill: small, oven: small, 'garde-manger': small, pastry: small } }),
    stock: { par: dice.pick('stock', [0.3, 1, 3]) },
    payments: {
      latency: dice.pick('latency', ['5ms', '40ms', '1s']),
      declineShare: dice.pick('decline', [0, 0, 0.1]),
    },
    cluster: {
      groups,
      shards: dice.pick('shards', [1, 2, 4, 8]),
      review: dice.pick('review', ['5s', '30s']),
      heartbeat: dice.pick('heartbeat', ['500ms', '1s', '5s']),
      restart,
      character,
    },
    faults,
    // A fault that met nobody is counted by the search: here it was chance, and no slip of whoever wrote the day.
    invariants: checkNames.filter((name) => name !== 'faults-fired'),
    slo: {},
  })
}

function drawGroups(dice: Dice): readonly Group[] {
  const edge = { name: 'edge', nodes: dice.whole('edges', 1, 2), departments: [] }
  if (dice.happens('split', 0.3)) {
    return [
      { name: 'front', nodes: dice.whole('front', 1, 2), departments: ['orders', 'pantry', 'till'] },
      { name: 'back', nodes: dice.whole('back', 1, 3), departments: ['kitchen', 'hardware'] },
      edge,
    ]
  }
  return [{ name: 'node', nodes: dice.whole('nodes', 1, 5), departments: 'all' }, edge]
}

/** How frames are delivered, and how slow the disk is. */
function drawCharacter(dice: Dice): Character {
  const share = (what: string, shares: readonly number[]): number =>
    dice.happens(what, 0.5) ? dice.pick(`${what}.share`, shares) : 0
  return {
    delay: dice.pick('delay', ['50us', '200us', '2ms', '20ms']),
    flush: dice.pick('flush', ['200us', '2ms', '10ms', '50ms']),
    dropShare: share('drop', [0.001, 0.01, 0.05]),
    dropAcknowledgementShare: share('dropAcknowledgement', [0.05, 0.3]),
    duplicateShare: share('duplicate', [0.01, 0.1]),
    reorderShare: share('reorder', [0.05, 0.5]),
  }
}

function drawHabits(dice: Dice): Omit<Guests, 'arrivals' | 'portions' | 'dishes' | 'promise'> {
  return {
    cards: dice.happens('cards', 0.5)
      ? { ok: 60, declined: 10, slow: 10, flaky: 10, timeoutCaptured: 10 }
      : { ok: 1 },
    tableShare: dice.pick('table', [0, 0.7, 1]),
    cancelShare: dice.pick('cancel', [0, 0.02, 0.3]),
    cancelWithin: dice.pick('cancelWithin', ['10s', '15m']),
    repeatShare: dice.pick('repeat', [0, 0.1, 0.5]),
    noShowShare: dice.pick('noShow', [0, 0.05]),
    patience: dice.pick('patience', ['30s', '2m']),
  }
}

function drawFaults(dice: Dice, groups: readonly Group[], restart: Duration): readonly Fault[] {
  const on = faultKinds.filter((kind) => dice.happens(`fault.${kind}`, 0.4))
  const kinds = on.length === 0 ? faultKinds : on
  const wanted = dice.whole('faults', 4, 8)
  const pace = dice.pick('pace', [1, 2, 4])
  const awayUs = durationUs(restart) + 10_000_000
  /** When what was struck is whole again, in microseconds since midnight. */
  const wholeAt = new Map<string, number>()
  const faults: Fault[] = []
  for (let n = 0; faults.length < wanted; n += 1) {
    const at = after(dice.whole('first', 2, 5) + n * pace)
    const isWhole = (target: string): boolean => (wholeAt.get(target) ?? 0) <= timeUs(at)
    const fault = drawFault(dice, n, dice.pick('kind', kinds, n), at, groups, isWhole)
    if (fault === undefined) continue
    faults.push(fault)
    const end = endOf(fault) + Math.max(minuteUs, awayUs)
    for (const target of targetsOf(fault, groups)) wholeAt.set(target, end)
  }
  return faults
}

/** Undefined: everything that it could strike is down as it is. */
function drawFault(
  dice: Dice,
  n: number,
  kind: FaultKind,
  at: TimeOfDay,
  groups: readonly Group[],
  isWhole: (target: string) => boolean,
): Fault | undefined {
  // Most are short and a few are long: 1/√u is Pareto with exponent 2.
  const lasts: Duration = `${Math.min(12, Math.floor(3 / Math.sqrt(1 - dice.uniform('lasts', n))))}m`
  const nodes = nodesOf(groups)
  switch (kind) {
    case 'crash-node':
    case 'crash-at':
    case 'write-fails':
    case 'pause-node': {
      const spared = groups.flatMap(({ name, nodes: size, departments }) => {
        if ((kind === 'crash-at' || kind === 'write-fails') && departments.length === 0) return []
        const up = nodes.filter(({ node, group }) => group === name && isWhole(node))
        return up.length > 1 || (up.length === 1 && size === 1) ? up : []
      })
      if (spared.length === 0) return undefined
      const { node } = dice.pick('node', spared, n)
      if (kind === 'crash-node') return { kind, node, at }
      if (kind === 'crash-at')
        return { kind, node, point: dice.pick('point', crashPoints, n), at, for: lasts }
      if (kind === 'write-fails')
        return { kind, node, written: dice.happens('written', 0.5, n), at, for: lasts }
      return { kind, node, at, for: dice.pick('pause', ['200ms', '700ms', '3s', '20s'], n) }
    }
    case 'partition': {
      const [first, ...others] = nodes.map(({ node }) => node) as [string, ...string[]]
      const sides = [[first], []] as [string[], string[]]
      for (const node of others) sides[dice.pick(`side.${node}`, [0, 1], n)]?.push(node)
      // The last one is an edge, which does nothing without the others.
      if (sides[1].length === 0) sides[1].push(sides[0].pop() as string)
      return {
        kind,
        between: dice.happens('turned', 0.5, n) ? [sides[1], sides[0]] : sides,
        oneWay: dice.happens('oneWay', 0.3, n),
        at,
        for: lasts,
      }
    }
    case 'provider-outage':
      return isWhole('provider') ? { kind, at, for: lasts } : undefined
    case 'appliance-breakdown': {
      const station = dice.pick('station', heatedStations, n)
      const appliance = dice.whole('appliance', 1, 3, n)
      return isWhole(`${station} ${appliance}`) ? { kind, station, appliance, at, for: lasts } : undefined
    }
    case 'restart-cluster':
    case 'power-loss':
      return { kind, at }
  }
}

function targetsOf(fault: Fault, groups: readonly Group[]): readonly string[] {
  switch (fault.kind) {
    case 'crash-node':
    case 'crash-at':
    case 'pause-node':
    case 'write-fails':
      return [fault.node]
    case 'restart-cluster':
    case 'power-loss':
      return nodesOf(groups).map(({ node }) => node)
    case 'appliance-breakdown':
      return [`${fault.station} ${fault.appliance}`]
    case 'provider-outage':
      return ['provider']
    case 'partition':
      return []
  }
}

const endOf = (fault: Fault): number => timeUs(fault.at) + ('for' in fault ? durationUs(fault.for) : 0)
const after = (minutes: number): TimeOfDay => timeText(timeUs(open) + minutes * minuteUs) as TimeOfDay

function titleOf(
  groups: readonly Group[],
  { delay, flush, dropShare, dropAcknowledgementShare, duplicateShare, reorderShare }: Character,
  restart: Duration,
  isSmall: boolean,
): string {
  const share = (name: string, value: number): readonly string[] =>
    value === 0 ? [] : [`${name} ${Number((value * 100).toFixed(1))} %`]
  return [
    groups.map(({ name, nodes }) => `${nodes} ${name}`).join(' + '),
    `delay ${delay}`,
    `flush ${flush}`,
    `restart ${restart}`,
    ...share('drop', dropShare),
    ...share('drop acknowledgements', dropAcknowledgementShare),
    ...share('duplicate', duplicateShare),
    ...share('reorder', reorderShare),
    ...(isSmall ? ['small kitchen'] : []),
  ].join(', ')
}

/** Draws by name: one more of them changes none of the others. */
class Dice {
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  uniform(what: string, n = 0): number {
    return draw(this.#seed, `explore.${what}`, n)
  }

  happens(what: string, share: number, n = 0): boolean {
    return this.uniform(what, n) < share
  }

  whole(what: string, least: number, most: number, n = 0): number {
    return least + Math.floor(this.uniform(what, n) * (most - least + 1))
  }

  pick<const T>(what: string, choices: readonly T[], n = 0): T {
    return choices[this.whole(what, 0, choices.length - 1, n)] as T
  }
}
