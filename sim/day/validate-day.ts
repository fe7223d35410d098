/**
 * What is wrong with a day, with the place and the remedy.
 *
 * Types make most of these impossible where a day is written; here they are found also when it is run untyped.
 *
 * Owns:     what makes a day impossible, and what a way of running it cannot honour.
 * Does not: fill in defaults (`define-day.ts`), or know faults (`faults/validate-faults.ts`).
 */
import { ClusterError } from '#actor'
import { departments, ingredients, means, recipes, speedMax, speedProblem, stationNames } from '#actors'
import { defaultBounds } from '#host'
import { deliveries } from '#sim'
import type { Day } from './day.ts'
import { applianceOf, cards, checkNames, usualCharacter } from './day.ts'
import type { FaultKind } from './faults/fault.ts'
import { checkFaults } from './faults/validate-faults.ts'
import { situations } from './situations.ts'
import { parseSlo } from './slo.ts'
import { durationUs, timeUs } from './time-of-day.ts'
import { checkDuration, checkNumber, checkTime, checkWithin, oneOf, type Refuse } from './validate-field.ts'

/** How a day can be run. */
export type Mode =
  | { readonly kind: 'sim' }
  /** `speed`: how many seconds of the restaurant pass in a real one. */
  | { readonly kind: 'live'; readonly speed: number }

/** @throws ClusterError `DAY_INVALID`. */
export function validateDay(day: Day): void {
  const invalid: Refuse = (place, problem, remedy) => {
    throw new ClusterError('DAY_INVALID', { day: String(day.name), place, problem, remedy })
  }
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(day.name)) {
    invalid('name', `'${day.name}' is not kebab-case`, "Write it like 'friday-rush'.")
  }
  checkClock(day, invalid)
  checkGuests(day, invalid)
  checkKitchen(day, invalid)
  checkRoster(day, invalid)
  checkStock(day, invalid)
  checkPayments(day, invalid)
  checkCluster(day, invalid)
  checkFaults(day, invalid)
  for (const name of day.sometimes) oneOf(name, situations, 'sometimes', 'situation', invalid)
  for (const name of day.invariants) oneOf(name, checkNames, 'invariants', 'check', invalid)
  for (const [measure, expressions] of Object.entries(day.slo)) {
    oneOf(measure, ['order.accept'], `slo['${measure}']`, 'measure', invalid)
    for (const text of expressions) {
      if (parseSlo(text) === undefined) {
        invalid(`slo['${measure}']`, `'${text}' is not understood`, "Write it like 'p95 < 200ms'.")
      }
    }
  }
}

/**
 * A field that nobody knows is a slip of the pen, and what it was meant to say would be skipped.
 *
 * @throws ClusterError `DAY_INVALID`.
 */
export function checkFields(
  day: string,
  sections: readonly (readonly [place: string, section: object, known: object])[],
): void {
  for (const [place, section, known] of sections) {
    for (const field of Object.keys(section)) {
      if (Object.hasOwn(known, field)) continue
      throw new ClusterError('DAY_INVALID', {
        day: String(day),
        place: `${place}${field}`,
        problem: 'there is no such field',
        remedy: `Use one of ${Object.keys(known).join(', ')}.`,
      })
    }
  }
}

/**
 * Whether this way of running it honours all that the day says.
 *
 * @throws ClusterError `DAY_FAULT_UNSUPPORTED` or `DAY_INVALID`.
 */
export function checkMode(day: Day, mode: Mode): void {
  if (mode.kind === 'sim') return
  const unsupported = (place: string, what: string, remedy: string): never => {
    throw new ClusterError('DAY_FAULT_UNSUPPORTED', { day: day.name, place, what, mode: mode.kind, remedy })
  }
  for (const [n, { kind }] of day.faults.entries()) {
    if (liveFaults.has(kind)) continue
    unsupported(`faults[${n}]`, kind, `Run it in the simulator, or use one of ${[...liveFaults].join(', ')}.`)
  }
  for (const field of Object.keys(usualCharacter) as (keyof typeof usualCharacter)[]) {
    if (day.cluster.character[field] === usualCharacter[field]) continue
    unsupported(
      `cluster.character.${field}`,
      'the character of links and disk',
      'Run it in the simulator, or leave it out: a live cluster has the links and the disk that it has.',
    )
  }
  if (Object.keys(day.cluster.bounds).length > 0) {
    unsupported('cluster.bounds', 'bounds of its own', 'Run it in the simulator, or leave them out.')
  }
  const problem = speedProblem(mode.speed)
  if (problem !== undefined) {
    throw new ClusterError('DAY_INVALID', {
      day: day.name,
      place: '--speed',
      problem,
      remedy: `Run it at ×${speedMax} or slower.`,
    })
  }
}

/** What a live cluster can be made to suffer. */
const liveFaults: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'crash-node',
  'pause-node',
  'provider-outage',
  'supplier-outage',
  'delivery-late',
  'delivery-short',
  'spoilage',
  'appliance-breakdown',
  'restart-cluster',
])

function checkClock(day: Day, invalid: Refuse): void {
  for (const place of ['open', 'lastOrder', 'close'] as const) checkTime(day[place], place, invalid)
  for (const place of ['drainLimit', 'settleWithin'] as const) checkDuration(day[place], place, invalid)
  if (timeUs(day.close) <= timeUs(day.open)) {
    invalid(
      'close',
      `'${day.close}' is not after open ('${day.open}')`,
      'A day ends before midnight: close later, or open earlier.',
    )
  }
  if (timeUs(day.lastOrder) <= timeUs(day.open) || timeUs(day.lastOrder) > timeUs(day.close)) {
    invalid(
      'lastOrder',
      `'${day.lastOrder}' is not between open ('${day.open}') and close ('${day.close}')`,
      'Leave it out to take orders until closing time.',
    )
  }
}

function checkGuests(day: Day, invalid: Refuse): void {
  const { arrivals, bursts, portions, dishes } = day.guests
  if (arrivals.length < 2) {
    invalid('guests.arrivals', 'fewer than two points make no curve', 'Give the first and the last time.')
  }
  let last = -1
  for (const [n, { at, perHour }] of arrivals.entries()) {
    const place = `guests.arrivals[${n}]`
    checkTime(at, `${place}.at`, invalid)
    if (timeUs(at) < timeUs(day.open) || timeUs(at) > timeUs(day.close)) {
      invalid(
        `${place}.at`,
        `'${at}' is outside of the day ('${day.open}' to '${day.close}')`,
        'Nobody comes while it is closed: move the point.',
      )
    }
    if (timeUs(at) <= last)
      invalid(`${place}.at`, `'${at}' is not after the point before`, 'Sort the points.')
    last = timeUs(at)
    checkNumber(perHour, 0, 100_000, `${place}.perHour`, invalid)
  }
  if (arrivals.every(({ perHour }) => perHour === 0)) {
    invalid('guests.arrivals', 'nobody ever comes', 'Give at least one point a rate above 0.')
  }
  for (const [n, { at, guests, within }] of bursts.entries()) {
    const place = `guests.bursts[${n}]`
    checkTime(at, `${place}.at`, invalid)
    checkDuration(within, `${place}.within`, invalid)
    checkNumber(guests, 1, 10_000, `${place}.guests`, invalid)
    if (!Number.isInteger(guests)) {
      invalid(`${place}.guests`, `${guests} is not a whole number`, 'Nobody comes in halves.')
    }
    if (timeUs(at) < timeUs(day.open) || timeUs(at) + durationUs(within) > timeUs(day.lastOrder)) {
      invalid(
        place,
        `it is not between '${day.open}' and the last order, '${day.lastOrder}'`,
        'Nobody is let in before or after: move it.',
      )
    }
  }
  if (portions.length === 0)
    invalid('guests.portions', 'it is empty', 'Give at least { count: 1, weight: 1 }.')
  for (const [n, { count, weight }] of portions.entries()) {
    checkNumber(count, 1, 50, `guests.portions[${n}].count`, invalid)
    if (!Number.isInteger(count)) {
      invalid(`guests.portions[${n}].count`, `${count} is not a whole number`, 'Nobody orders half a plate.')
    }
    checkNumber(weight, 0, 1e6, `guests.portions[${n}].weight`, invalid)
  }
  for (const dish of Object.keys(dishes)) {
    oneOf(dish, Object.keys(recipes), `guests.dishes['${dish}']`, 'dish', invalid)
  }
  for (const card of Object.keys(day.guests.cards)) {
    oneOf(card, cards, `guests.cards['${card}']`, 'card', invalid)
  }
  checkWeights(dishes, 'guests.dishes', invalid)
  checkWeights(day.guests.cards, 'guests.cards', invalid)
  for (const field of ['tableShare', 'cancelShare', 'reviseShare', 'repeatShare', 'noShowShare'] as const) {
    checkNumber(day.guests[field], 0, 1, `guests.${field}`, invalid)
  }
  for (const field of ['refundShare', 'members'] as const) {
    checkNumber(day.guests[field] ?? 0, 0, 1, `guests.${field}`, invalid)
  }
  for (const field of ['cancelWithin', 'promise', 'patience'] as const) {
    checkDuration(day.guests[field], `guests.${field}`, invalid)
  }
  const { only = [] } = day.guests
  if (!Array.isArray(only) || !only.every((n) => Number.isInteger(n) && n >= 0)) {
    invalid('guests.only', 'it is no list of whole numbers', 'Name guests by their number, from 0: [3, 17].')
  }
}

function checkKitchen(day: Day, invalid: Refuse): void {
  for (const name of Object.keys(day.kitchen)) {
    oneOf(name, stationNames, `kitchen['${name}']`, 'station', invalid)
  }
  for (const name of stationNames) {
    const { cooks, appliances, fryers, slots } = day.kitchen[name]
    checkNumber(cooks, 1, 200, `kitchen['${name}'].cooks`, invalid)
    checkNumber(fryers, name === 'grill' ? 1 : 0, 100, `kitchen['${name}'].fryers`, invalid)
    if (applianceOf(name) === undefined) continue
    checkNumber(appliances, 1, 100, `kitchen['${name}'].appliances`, invalid)
    checkNumber(slots, 1, 100, `kitchen['${name}'].slots`, invalid)
  }
}

function checkRoster({ kitchen, roster }: Day, invalid: Refuse): void {
  for (const [n, { station, cook, skills = [], shift, breaks = [] }] of roster.entries()) {
    const place = `roster[${n}]`
    oneOf(station, stationNames, `${place}.station`, 'station', invalid)
    checkNumber(cook, 1, kitchen[station].cooks, `${place}.cook`, invalid)
    for (const skill of skills) oneOf(skill, means, `${place}.skills`, 'skill', invalid)
    for (const end of ['from', 'to'] as const) {
      if (shift !== undefined) checkTime(shift[end], `${place}.shift.${end}`, invalid)
    }
    checkNumber(breaks.length, 0, 8, `${place}.breaks.length`, invalid)
    for (const pause of breaks) {
      checkTime(pause.at, `${place}.breaks.at`, invalid)
      checkDuration(pause.for, `${place}.breaks.for`, invalid)
    }
  }
}

function checkStock(day: Day, invalid: Refuse): void {
  const known = Object.keys(ingredients)
  checkNumber(day.stock.par, 0, 1_000, 'stock.par', invalid)
  checkNumber(day.stock.shelfLife, 0.001, 1_000, 'stock.shelfLife', invalid)
  for (const [ingredient, amount] of Object.entries(day.stock.opening)) {
    oneOf(ingredient, known, `stock.opening['${ingredient}']`, 'ingredient', invalid)
    checkNumber(amount, 0, 1e9, `stock.opening['${ingredient}']`, invalid)
  }
  for (const [n, { at, ingredient, amount }] of day.stock.deliveries.entries()) {
    const place = `stock.deliveries[${n}]`
    checkWithin(day, at, `${place}.at`, invalid)
    oneOf(ingredient, known, `${place}.ingredient`, 'ingredient', invalid)
    checkNumber(amount, 1, 1e9, `${place}.amount`, invalid)
  }
}

function checkPayments(day: Day, invalid: Refuse): void {
  checkDuration(day.payments.latency, 'payments.latency', invalid)
  checkNumber(day.payments.declineShare, 0, 1, 'payments.declineShare', invalid)
}

function checkCluster(day: Day, invalid: Refuse): void {
  const { groups, shards, bounds, character, review, heartbeat, restart } = day.cluster
  checkNumber(shards, 1, 1_024, 'cluster.shards', invalid)
  for (const [field, value] of Object.entries(bounds)) {
    oneOf(field, Object.keys(defaultBounds), 'cluster.bounds', 'bound', invalid)
    checkNumber(value, 1, 1e12, `cluster.bounds.${field}`, invalid)
  }
  checkDuration(review, 'cluster.review', invalid)
  checkDuration(heartbeat, 'cluster.heartbeat', invalid)
  checkDuration(restart, 'cluster.restart', invalid)
  checkDuration(character.delay, 'cluster.character.delay', invalid)
  if (character.clockSkew !== '0s') {
    checkDuration(character.clockSkew, 'cluster.character.clockSkew', invalid)
  }
  for (const field of ['news', 'flush', 'write', 'read'] as const) {
    checkDuration(character[field], `cluster.character.${field}`, invalid)
  }
  const shares = ['dropShare', 'dropAcknowledgementShare', 'duplicateShare', 'reorderShare'] as const
  for (const field of shares) {
    checkNumber(character[field], 0, 1, `cluster.character.${field}`, invalid)
  }
  oneOf(character.delivery, deliveries, 'cluster.character.delivery', 'delivery', invalid)
  const known = Object.keys(departments)
  for (const [n, group] of groups.entries()) {
    const place = `cluster.groups[${n}]`
    checkNumber(group.nodes, 1, 100, `${place}.nodes`, invalid)
    if (group.departments === 'all') continue
    for (const name of group.departments) oneOf(name, known, `${place}.departments`, 'department', invalid)
  }
  if (new Set(groups.map(({ name }) => name)).size < groups.length) {
    invalid('cluster.groups', 'two groups have the same name', 'Give each its own.')
  }
  for (const name of known) {
    if (groups.some((group) => group.departments === 'all' || group.departments.includes(name))) continue
    invalid('cluster.groups', `no group hosts '${name}'`, 'Add it to the departments of a group.')
  }
  if (groups.every(({ departments: hosted }) => hosted.length > 0)) {
    invalid(
      'cluster.groups',
      'there is no edge, so no guest can come in',
      "Add a group without departments: { name: 'edge', nodes: 1, departments: [] }.",
    )
  }
}

function checkWeights(
  weights: Readonly<Record<string, number | undefined>>,
  place: string,
  invalid: Refuse,
): void {
  let sum = 0
  for (const [name, weight = 0] of Object.entries(weights)) {
    checkNumber(weight, 0, 1e6, `${place}['${name}']`, invalid)
    sum += weight
  }
  if (sum <= 0) invalid(place, 'all weights are 0', 'Give at least one of them a weight above 0.')
}
