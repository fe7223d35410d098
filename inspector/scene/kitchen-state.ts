/**
 * What the state of a thing means, in words and figures: for its picture, its label and its row of a table.
 *
 * Owns:     what trouble is, when a ticket is late, how warm is warm, and of which tone a dish is.
 * Does not: know a place or a colour (`kitchen-look.ts`).
 */
import type { Of } from '../model/kitchen.ts'

export const coldest = 20
const hottest = 280

/** 0 at 20 °C, 1 at 280. */
export const warmth = (celsius: number): number =>
  Math.min(1, Math.max(0, (celsius - coldest) / (hottest - coldest)))

/** Whether it does what it is for. `sensor`: it shows what is not so. */
export function troubleOf(thing: {
  readonly node: string | null
  readonly isStopped: boolean
  readonly fault?: string
  readonly sensor?: string
  readonly isWelded?: boolean
}): { readonly severity: 'warn' | 'bad'; readonly words: string } | undefined {
  const { node, isStopped, fault = '', sensor = 'ok', isWelded = false } = thing
  if (isStopped) return { severity: 'bad', words: 'stopped' }
  if (fault !== '') return { severity: 'bad', words: fault }
  if (isWelded) return { severity: 'bad', words: 'its relay is welded' }
  if (node === null) return { severity: 'warn', words: 'no owner' }
  if (sensor !== 'ok')
    return { severity: 'warn', words: sensor === 'drift' ? 'sensor drifted' : `sensor ${sensor}` }
  return undefined
}

/** How a ticket hangs: length by age, and what colour. */
export function hangs(
  { openedAt, promisedAt, state }: Pick<Of<'ticket'>, 'openedAt' | 'promisedAt' | 'state'>,
  worldNow: number,
): { readonly length: number; readonly kind: 'work' | 'late' | 'undone'; readonly lateMs: number } {
  const [from, until] = [openedAt / 1_000, promisedAt / 1_000]
  const share = (worldNow - from) / Math.max(1, until - from)
  const lateMs = worldNow - until
  const isUndone = ['cancelling', 'failing', 'cancelled', 'failed'].includes(state)
  return {
    length: 0.5 + 0.6 * Math.min(1, Math.max(0, share)),
    kind: isUndone ? 'undone' : lateMs > 0 && !hasEnded({ state }) ? 'late' : 'work',
    lateMs,
  }
}

/** It hangs on the rail no more. */
export const hasEnded = ({ state }: Pick<Of<'ticket'>, 'state'>): boolean =>
  ['plated', 'cancelled', 'failed'].includes(state)

/** Which alarm rings first, and how much of its time is left. */
export function ringsNext(
  { alarms }: Of<'kitchen-timer'>,
  worldNow: number,
): { readonly leftMs: number; readonly share: number } | undefined {
  const [next] = alarms
    .map(({ rings, leftMs }) => ({
      leftMs: rings === null ? leftMs : Math.max(0, rings / 1_000 - worldNow),
      ofMs: Math.max(1, leftMs),
    }))
    .sort((a, b) => a.leftMs - b.leftMs)
  return next && { leftMs: next.leftMs, share: Math.min(1, next.leftMs / next.ofMs) }
}

export type FoodTone = 'leaf' | 'red' | 'cream' | 'brown' | 'gold' | 'pink'
const tonesByWord: readonly (readonly [FoodTone, RegExp])[] = [
  ['leaf', /basil|lettuce|cucumber|leek$|salad/],
  ['brown', /chocolate|mushroom|burger|bun|steak|sirloin/],
  ['red', /tomato|beef|caprese|margherita|apples/],
  ['pink', /prawn|chicken|onion/],
  ['gold', /potato|lemon|butter|oil|cheddar|egg|quiche|gratin|tart|dough/],
]
/** What something to eat looks like from afar, by its name. */
export const toneOf = (name: string): FoodTone =>
  tonesByWord.find(([, words]) => words.test(name))?.[0] ?? 'cream'

/** `ord_1:0:1` of the job `ord_1:0:1.1.0`: the key of its plate. */
export const plateOf = (job: string): string => job.replace(/\.\d+\.\d+$/, '')
