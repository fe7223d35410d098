/**
 * What of the kitchen was told: one patch over the other, each time another map, never a changed one.
 */
import type { KitchenPatch, KitchenThing } from '#gateway'

export type Things = ReadonlyMap<string, KitchenThing>

export interface KitchenSeen {
  /** World time, in milliseconds. */
  readonly at: number
  readonly things: Things
}

export function patched(before: KitchenSeen | undefined, patch: KitchenPatch): KitchenSeen {
  const things = new Map(patch.whole ? [] : before?.things)
  for (const thing of patch.things)
    things.set(thing.id, { ...things.get(thing.id), ...thing } as KitchenThing)
  for (const id of patch.gone) things.delete(id)
  return { at: patch.at / 1_000, things }
}

/** An appliance is one type of three kinds: each of them is enough to find it. */
export type Of<Kind extends KitchenThing['kind']> = Kind extends unknown ? OfOne<KitchenThing, Kind> : never
type OfOne<Thing extends KitchenThing, Kind> = Thing extends unknown
  ? Kind extends Thing['kind']
    ? Thing
    : never
  : never

/** Those of some kinds, by their ids. */
export function thingsOf<Kind extends KitchenThing['kind']>(
  things: Things,
  ...kinds: readonly Kind[]
): readonly Of<Kind>[] {
  return [...things.values()]
    .filter((thing): thing is Of<Kind> => (kinds as readonly string[]).includes(thing.kind))
    .sort((a, b) => byName.compare(a.id, b.id))
}

const byName = new Intl.Collator('en', { numeric: true })
