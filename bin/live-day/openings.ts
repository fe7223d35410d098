/**
 * What a day's house opens with: its bins and its stations, as the day says.
 */
import type { ActorId, Message } from '#actor'
import { binRef, type Ingredient, ingredients, menuRef, stationNames, stationRef } from '#actors'
import { applianceOf, type Day, openingOf } from '#day'

export function openingsOf(day: Day, site: string): readonly (readonly [ActorId, Message])[] {
  const { par: scale } = day.stock
  const bins = Object.entries(ingredients).map(([name, { par, low }]) => {
    const opening = openingOf(day, name as Ingredient)
    const levels = { opening, par: Math.round(par * scale), low: Math.round(low * scale) }
    return [binRef(site, name), { type: 'bin.open', ...levels }] as const
  })
  const stations = stationNames.map((name) => {
    const { cooks, appliances, slots } = day.kitchen[name]
    const kind = applianceOf(name)
    const heat = { ovens: kind === 'oven' ? appliances : 0, pans: kind === 'pan' ? appliances : 0 }
    return [stationRef(site, name), { type: 'station.open', site, name, cooks, slots, ...heat }] as const
  })
  return [[menuRef(site), { type: 'menu.open' }], ...bins, ...stations]
}
