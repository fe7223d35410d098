/**
 * The way of one order, from its journal: what it has been through, where it is, and what is still to come.
 *
 * Does not: say why it is where it is (`why-it-waits.ts`).
 */
import type { Turn } from '../data/house.ts'

export interface Step {
  readonly stage: string
  /** When it came to it; absent: it is to come. */
  readonly at?: number
  /** How long it was there. */
  readonly tookMs?: number
  readonly is: 'done' | 'now' | 'to-come' | 'undone' | 'end'
}

const wayOn = [
  'placed',
  'reserving',
  'paying',
  'confirmed',
  'queued',
  'cooking',
  'plating',
  'ready',
  'completed',
]
const undoing: ReadonlySet<string> = new Set(['cancelling', 'refunding', 'releasing'])
export const ends: ReadonlySet<string> = new Set(['completed', 'rejected', 'cancelled', 'expired'])

const stageOf = (state: unknown): string =>
  typeof state === 'string' ? state : (Object.keys(state ?? {})[0] ?? 'unknown')

/** `turns`: oldest first. */
export function stepsOf(turns: readonly Turn[]): readonly Step[] {
  const entered: { readonly stage: string; readonly at: number }[] = []
  for (const { state, at } of turns) {
    const stage = stageOf(state)
    if (entered.at(-1)?.stage !== stage) entered.push({ stage, at: Date.parse(at) })
  }
  const last = entered.at(-1)
  const been = entered.map(({ stage, at }, i): Step => {
    const next = entered[i + 1]
    const base = { stage, at, ...(next !== undefined && { tookMs: next.at - at }) }
    if (undoing.has(stage)) return { ...base, is: 'undone' }
    if (ends.has(stage)) return { ...base, is: stage === 'completed' ? 'end' : 'undone' }
    return { ...base, is: next === undefined ? 'now' : 'done' }
  })
  if (last === undefined || undoing.has(last.stage) || ends.has(last.stage)) return been
  const here = wayOn.indexOf(last.stage === 'revising' ? 'reserving' : last.stage)
  return [...been, ...wayOn.slice(here + 1).map((stage): Step => ({ stage, is: 'to-come' }))]
}
