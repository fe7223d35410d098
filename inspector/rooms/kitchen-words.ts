/**
 * What is said of things of the kitchen: in labels, in the table beside the picture, and by who reads it aloud.
 *
 * Does not: know where anything is.
 */
import type { KitchenThing } from '#gateway'
import { shortOrder } from '../data/house-words.ts'
import { type Of, type Things, thingsOf } from '../model/kitchen.ts'
import { hangs, plateOf, ringsNext, troubleOf } from '../scene/kitchen-state.ts'
import { durationIn, manyOf } from '../shell/words.ts'
import { amountIn } from './stock-figures.ts'

export type Device = Of<'oven' | 'pan' | 'fryer' | 'probe' | 'kitchen-timer'>

/** `182 °C`; of a sensor that shows nothing, that. */
export const degrees = (reading: number | null): string =>
  reading === null ? '–' : `${Math.round(reading)} °C`

/** Its name where its station is known: `oven 3`. */
export function nameOf(thing: KitchenThing): string {
  switch (thing.kind) {
    case 'ticket':
      return `ticket ${shortOrder(thing.id.slice('ticket/'.length))}`
    case 'bin':
      return thing.ingredient
    case 'station':
      return `station ${thing.name}`
    case 'kitchen-timer':
      return 'timer'
    default:
      return `${thing.kind} ${thing.n}`
  }
}

export const markOf = ({ severity }: { readonly severity: 'warn' | 'bad' }): string =>
  severity === 'bad' ? '✕' : '▲'

/** One line, with what matters now. */
export function lineOf(thing: KitchenThing, worldNow: number): string {
  const trouble = troubleOf(thing)
  const mark = trouble === undefined ? '' : `${markOf(trouble)} `
  const wrong = trouble === undefined ? '' : `, ${trouble.words}`
  return `${mark}${nameOf(thing)} ${figureOf(thing, worldNow)}${wrong}`
}

function figureOf(thing: KitchenThing, worldNow: number): string {
  switch (thing.kind) {
    case 'oven':
    case 'pan':
    case 'fryer':
      return `${degrees(thing.reading)}${thing.target > 0 ? ` of ${thing.target}` : ''}${thing.doorOpen ? ', door open' : ''}`
    case 'probe':
      return degrees(thing.reading)
    case 'kitchen-timer': {
      const next = ringsNext(thing, worldNow)
      return next === undefined ? 'idle' : durationIn(next.leftMs)
    }
    case 'station':
      return `${thing.working} in work, ${thing.waiting} waiting`
    case 'ticket': {
      const { kind, lateMs } = hangs(thing, worldNow)
      return `${thing.state}${kind === 'late' ? `, ${durationIn(lateMs)} late` : ''}`
    }
    case 'bin':
      return `${amountIn(thing.free, thing.unit)}${thing.free === 0 ? ', empty' : thing.free <= thing.low ? ', low' : ''}`
  }
}

export interface DeviceRow {
  readonly device: Device
  readonly name: string
  /** What is wrong with it, marked; its machine's state when nothing is. */
  readonly state: string
  readonly now: string
  readonly set: string
  readonly inIt: string
  readonly trouble: ReturnType<typeof troubleOf>
}

/** Station by station, each appliance with its probe behind it. */
export function deviceRows(things: Things, worldNow: number): readonly DeviceRow[] {
  return thingsOf(things, 'station').flatMap(({ id, units }) => {
    const bank = id.slice('station/'.length)
    const ids = units.flatMap(({ kind, n }, index) => [`${kind}/${bank}:${n}`, `probe/${bank}:${index + 1}`])
    return [...ids, `kitchen-timer/${bank}:1`].flatMap((each): DeviceRow[] => {
      const device = things.get(each)
      if (
        device === undefined ||
        device.kind === 'station' ||
        device.kind === 'ticket' ||
        device.kind === 'bin'
      )
        return []
      return [rowOf(device, things, worldNow)]
    })
  })
}

function rowOf(device: Device, things: Things, worldNow: number): DeviceRow {
  const trouble = troubleOf(device)
  const state = trouble === undefined ? device.state : `${markOf(trouble)} ${trouble.words}`
  const common = { device, name: nameOf(device), state, trouble }
  if (device.kind === 'kitchen-timer') {
    const next = ringsNext(device, worldNow)
    const inIt = device.alarms.length === 0 ? '' : manyOf(device.alarms.length, 'alarm')
    return { ...common, now: next === undefined ? '' : durationIn(next.leftMs), set: '', inIt }
  }
  if (device.kind === 'probe')
    return { ...common, now: degrees(device.reading), set: '', inIt: dishOf(device.job, things) }
  const dishes = device.foods.map(({ job }) => dishOf(job, things))
  const counts = new Map<string, number>()
  for (const dish of dishes) counts.set(dish, (counts.get(dish) ?? 0) + 1)
  return {
    ...common,
    now: degrees(device.reading),
    set: device.target > 0 ? `${device.target}` : 'off',
    inIt: [...counts].map(([dish, count]) => (count > 1 ? `${count} ${dish}` : dish)).join(', '),
  }
}

/** What of the menu a job is for; of a ticket that is gone, nobody knows. */
export function dishOf(job: string, things: Things): string {
  if (job === '') return ''
  const key = plateOf(job)
  const ticket = things.get(`ticket/${key.replace(/:\d+:\d+$/, '')}`)
  return ticket?.kind === 'ticket' ? (ticket.plates.find((plate) => plate.key === key)?.dish ?? '') : 'a dish'
}
