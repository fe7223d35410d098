/**
 * What a day's house opens with: its bins and its stations, as the day says.
 */
import type { ActorId, Message } from '#actor'
import { housePantry, menuRef, stationNames, stationRef } from '#actors'
import { type Day, pantryOf, stationOpen } from '#day'

export function openingsOf(day: Day, site: string): readonly (readonly [ActorId, Message])[] {
  const stations = stationNames.map((name) => [stationRef(site, name), stationOpen(day, site, name)] as const)
  return [[menuRef(site), { type: 'menu.open' }], ...housePantry(site, pantryOf(day)), ...stations]
}
