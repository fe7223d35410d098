/**
 * What a day's house opens with: its bins and its stations, as the day says.
 */
import type { ActorId, Message } from '#actor'
import { housePantry, menuRef, stationNames, stationRef } from '#actors'
import { applianceOf, type Day, pantryOf } from '#day'

export function openingsOf(day: Day, site: string): readonly (readonly [ActorId, Message])[] {
  const stations = stationNames.map((name) => {
    const { cooks, appliances, slots } = day.kitchen[name]
    const kind = applianceOf(name)
    const heat = { ovens: kind === 'oven' ? appliances : 0, pans: kind === 'pan' ? appliances : 0 }
    return [stationRef(site, name), { type: 'station.open', site, name, cooks, slots, ...heat }] as const
  })
  return [[menuRef(site), { type: 'menu.open' }], ...housePantry(site, pantryOf(day)), ...stations]
}
