/**
 * A short evening drawn from a seed, for a search: which faults and troubles there are, not only how many.
 *
 * Every class of trouble is switched on or off for itself, so that some evenings have nothing but crashes and
 * others everything at once.
 *
 * Owns:     the evening: its guests, its cluster, its links. Its faults are drawn by `draw-faults.ts`.
 * Does not: run it. The day that comes out is like any other.
 *
 * Invariants:
 *   S1. The same seed draws the same day.
 *   S2. It is a day like any other: faults find their victims whole, and end before the doors close.
 */
import { type DishName, recipes, stationNames } from '#actors'
import { deliveries as frameDeliveries } from '#sim'
import type { Character, Day, Duty, Group, Guests } from './day.ts'
import { applianceOf, checkNames } from './day.ts'
import { defineDay, usualKitchen } from './define-day.ts'
import { Dice } from './dice.ts'
import { drawFaults, minutesUntilHealed } from './draw-faults.ts'
import type { TimeOfDay } from './time-of-day.ts'
import { timeText, timeUs } from './time-of-day.ts'

const open: TimeOfDay = '18:00'
const minuteUs = 60_000_000
const certainGuests = 40
const dishNames = Object.keys(recipes) as DishName[]

export function drawDay(seed: number): Day {
  const dice = new Dice(seed)
  const cluster = {
    groups: drawGroups(dice),
    shards: dice.pick('shards', [1, 2, 4, 8]),
    bounds: drawBounds(dice),
    review: dice.pick('review', ['30s', '2m']),
    heartbeat: dice.pick('heartbeat', ['500ms', '1s', '5s']),
    restart: dice.pick('restart', ['300ms', '2s', '20s', '90s']),
    character: drawCharacter(dice),
  } as const
  const stock = {
    par: dice.pick('stock', [0.05, 0.08, 1, 3]),
    // Some of it expires while the guests are at table.
    shelfLife: dice.pick('shelfLife', [1, 1, 0.005]),
    lead: dice.pick('lead', ['1m', '5m', '30m']),
    deliveries: [
      { at: after(10), ingredient: 'mozzarella', amount: 4_000 },
      { at: after(20), ingredient: 'pizza-dough', amount: 20 },
    ],
  } as const
  const nodesDownMax = dice.pick('down', [1, 1, 2, 9])
  const { deliveries } = stock
  const isSmall = dice.happens('kitchen', 0.3)
  const kitchen = isSmall ? smallKitchen : usualKitchen
  const faults = drawFaults(dice, { cluster, deliveries, kitchen, nodesDownMax, minute: after })
  const minutes = Math.max(40, minutesUntilHealed(faults, timeUs(open)))
  const roster = drawRoster(dice, kitchen, minutes)
  const perHour = (dice.whole('walkIns', 4, 12) / minutes) * 60
  return defineDay({
    name: 'explored',
    title: titleOf(cluster, isSmall, roster.length),
    open,
    lastOrder: after(minutes),
    close: after(minutes + 15),
    guests: {
      arrivals: [
        { at: open, perHour },
        { at: after(minutes), perHour },
      ],
      bursts: drawBursts(dice, minutes),
      // Many orders of few dishes: what can go wrong is between actors, not in the pan.
      portions: [
        { count: 1, weight: 6 },
        { count: 2, weight: 2 },
        { count: 4, weight: 1 },
      ],
      // All of them want the same, of a pantry that may have little of it.
      ...(dice.happens('one-dish', 0.2) && { dishes: { [dice.pick('dish', dishNames)]: 1 } }),
      ...drawHabits(dice),
    },
    kitchen,
    roster,
    stock,
    payments: {
      latency: dice.pick('latency', ['5ms', '40ms', '1s']),
      declineShare: dice.pick('decline', [0, 0, 0.1]),
    },
    cluster,
    faults,
    nodesDownMax,
    // A fault that met nobody is counted by the search: here it was chance, and no slip of whoever wrote the day.
    invariants: checkNames.filter((name) => name !== 'faults-fired'),
    slo: {},
  })
}

const small = { cooks: 3, appliances: 3, fryers: 0, slots: 3 }
const smallKitchen = { grill: { ...small, fryers: 1 }, oven: small, 'garde-manger': small, pastry: small }

/** Some have breaks, some come late or leave early, some know only one thing. The first cook is always there. */
function drawRoster(dice: Dice, kitchen: Day['kitchen'], minutes: number): Day['roster'] {
  if (dice.happens('roster', 0.5)) return []
  return stationNames.flatMap((station, s) =>
    Array.from({ length: kitchen[station].cooks }, (_, n): Duty => {
      const k = 100 * s + n
      const from = dice.whole('roster.from', 0, 5, k)
      const shift = { from: after(from), to: after(from + dice.whole('roster.lasts', 5, minutes, k)) }
      const pause = { at: after(dice.whole('roster.break', 1, minutes, k)), for: '10m' } as const
      const heat = applianceOf(station)
      return {
        station,
        cook: n + 1,
        ...(n > 0 && dice.happens('roster.shift', 0.3, k) && { shift }),
        ...(dice.happens('roster.breaks', 0.3, k) && { breaks: [pause] }),
        ...(n > 0 && heat !== undefined && dice.happens('roster.skills', 0.3, k) && { skills: [heat] }),
      }
    }).filter((duty) => Object.keys(duty).length > 2),
  )
}

/** So many come for certain, whoever walks in besides: some of them at once, the others over the whole evening. */
function drawBursts(dice: Dice, minutes: number): Guests['bursts'] {
  const count = dice.happens('bursts', 0.3) ? dice.whole('bursts.count', 1, 2) : 0
  const bursts = Array.from({ length: count }, (_, n) => ({
    at: after(dice.whole('burst.at', 1, minutes - 1, n)),
    guests: 15,
    within: dice.pick('burst.within', ['200ms', '5s'], n),
  }))
  const alone = bursts.reduce((left, { guests }) => left - guests, certainGuests)
  return [{ at: open, guests: alone, within: `${minutes}m` }, ...bursts]
}

function drawGroups(dice: Dice): readonly Group[] {
  const edge = { name: 'edge', nodes: dice.whole('edges', 1, 2), departments: [] }
  if (dice.happens('split', 0.3)) {
    return [
      {
        name: 'front',
        nodes: dice.whole('front', 1, 2),
        departments: ['identity', 'orders', 'pantry', 'till', 'office'],
      },
      ...(dice.happens('hardware', 0.5)
        ? [
            { name: 'back', nodes: dice.whole('back', 1, 2), departments: ['kitchen'] },
            { name: 'hardware', nodes: dice.whole('hardware.nodes', 1, 2), departments: ['hardware'] },
          ]
        : [{ name: 'back', nodes: dice.whole('back', 1, 3), departments: ['kitchen', 'hardware'] }]),
      edge,
    ]
  }
  return [{ name: 'node', nodes: dice.whole('nodes', 1, 5), departments: 'all' }, edge]
}

/** Usual, or so small that what is rare in a large house happens all the time. */
function drawBounds(dice: Dice): Day['cluster']['bounds'] {
  const small = <const T>(what: string, values: readonly T[]) =>
    dice.happens(`bounds.${what}`, 0.5) ? { [what]: dice.pick(`bounds.${what}.value`, values) } : {}
  // Who goes on trying for ever leaves no dead letter, however often its turns throw: its shard is given up instead.
  const stubborn = dice.happens('bounds.stubborn', 0.15) ? { attemptsMax: 1_000 } : {}
  if (dice.happens('bounds.usual', 0.25)) return stubborn
  return {
    ...stubborn,
    ...small('batchTurnsMax', [1, 2, 5]),
    ...small('batchesInFlightMax', [1, 4]),
    ...small('activationsMax', [4, 12]),
    ...small('mailboxWindow', [1, 3]),
    ...small('channelWindow', [1, 4]),
    ...small('passivationSweepMs', [2_000, 10_000]),
    ...drawRetention(dice),
  }
}

/** Turns are trimmed while their orders are open. */
function drawRetention(dice: Dice): Day['cluster']['bounds'] {
  if (!dice.happens('retention', 0.4)) return {}
  return {
    journalKeptMs: dice.pick('retention.kept', [1_000, 60_000, 600_000]),
    retentionLookMs: dice.pick('retention.look', [1_000, 20_000]),
  }
}

/** How frames are delivered, and how slow the disk is. */
function drawCharacter(dice: Dice): Character {
  const share = (what: string, shares: readonly number[]): number =>
    dice.happens(what, 0.5) ? dice.pick(`${what}.share`, shares) : 0
  return {
    delay: dice.pick('delay', ['50us', '200us', '2ms', '20ms']),
    clockSkew: dice.pick('clockSkew', ['0s', '5ms', '2s']),
    news: dice.pick('news', ['2ms', '2ms', '500ms', '2s']),
    flush: dice.pick('flush', ['200us', '2ms', '10ms', '50ms']),
    write: dice.pick('write', ['1ms', '20ms']),
    read: dice.pick('read', ['200us', '200us', '5ms', '100ms']),
    dropShare: share('drop', [0.001, 0.01, 0.05]),
    dropAcknowledgementShare: share('dropAcknowledgement', [0.05, 0.3]),
    duplicateShare: share('duplicate', [0.1, 0.5]),
    reorderShare: share('reorder', [0.05, 0.5]),
    delivery: dice.pick('delivery', ['in-order', ...frameDeliveries]),
  }
}

function drawHabits(dice: Dice): Omit<Guests, 'arrivals' | 'bursts' | 'portions' | 'dishes' | 'promise'> {
  return {
    cards: dice.happens('cards', 0.5)
      ? { ok: 60, declined: 10, slow: 10, flaky: 10, timeoutCaptured: 10 }
      : { ok: 1 },
    tableShare: dice.pick('table', [0, 0.7, 1]),
    cancelShare: dice.pick('cancel', [0, 0.02, 0.3]),
    cancelWithin: dice.pick('cancelWithin', ['10s', '15m']),
    reviseShare: dice.pick('revise', [0, 0.1, 0.4]),
    repeatShare: dice.pick('repeat', [0, 0.1, 0.5]),
    noShowShare: dice.pick('noShow', [0, 0, 0, 0.03]),
    refundShare: dice.pick('refund', [0, 0.02, 0.3]),
    members: dice.pick('members', [0, 0.2, 1]),
    patience: dice.pick('patience', ['30s', '2m']),
  }
}

const after = (minutes: number): TimeOfDay => timeText(timeUs(open) + minutes * minuteUs) as TimeOfDay

function titleOf(
  { groups, bounds, restart, character }: Day['cluster'],
  isSmall: boolean,
  duties: number,
): string {
  const { delay, clockSkew, news, flush, write, read, delivery, ...shares } = character
  const share = (name: string, value: number): readonly string[] =>
    value === 0 ? [] : [`${name} ${Number((value * 100).toFixed(1))} %`]
  return [
    groups.map(({ name, nodes }) => `${nodes} ${name}`).join(' + '),
    `delay ${delay}`,
    `flush ${flush}`,
    `write ${write}`,
    `read ${read}`,
    ...(news === '2ms' ? [] : [`news ${news}`]),
    ...(clockSkew === '0s' ? [] : [`clocks ${clockSkew} apart`]),
    `restart ${restart}`,
    ...(delivery === 'in-order' ? [] : [`frames ${delivery}`]),
    ...share('drop', shares.dropShare),
    ...share('drop acknowledgements', shares.dropAcknowledgementShare),
    ...share('duplicate', shares.duplicateShare),
    ...share('reorder', shares.reorderShare),
    ...Object.entries(bounds).map(([bound, value]) => `${bound} ${value}`),
    ...(isSmall ? ['small kitchen'] : []),
    ...(duties === 0 ? [] : [`${duties} on a roster`]),
  ].join(', ')
}
