/**
 * The rail: every live order at its stage, as long as it has been there.
 *
 * Owns:     the stages, when an order is late, how much of the rail each stage takes, and how many orders are one docket.
 * Does not: draw (`ticket-rail.vue`).
 *
 * Invariants:
 *   R1. Every order is on the rail: a stage that nobody has heard of comes last.
 *   R2. No docket lies on another: when there are too many, one stands for more orders.
 */
import type { ActorItem } from '../data/answers.ts'

/** Minutes of the world after which a guest would ask; an order gives up much later. */
const stages: ReadonlyMap<string, { readonly limitMin: number; readonly isUndo?: true }> = new Map([
  ['placed', { limitMin: 1 }],
  ['reserving', { limitMin: 2 }],
  ['revising', { limitMin: 2 }],
  ['paying', { limitMin: 5 }],
  ['confirmed', { limitMin: 2 }],
  ['queued', { limitMin: 20 }],
  ['cooking', { limitMin: 30 }],
  ['plating', { limitMin: 5 }],
  ['ready', { limitMin: 20 }],
  ['cancelling', { limitMin: 5, isUndo: true }],
  ['refunding', { limitMin: 5, isUndo: true }],
  ['releasing', { limitMin: 5, isUndo: true }],
])
export const limitsMin: ReadonlyMap<string, number> = new Map(
  [...stages].map(([name, { limitMin }]) => [name, limitMin]),
)
/** Drawn also while nobody is there: the way of an order that goes well. */
const always = ['placed', 'reserving', 'paying', 'confirmed', 'queued', 'cooking', 'plating', 'ready']
const unknownLimitMin = 10

export interface Docket {
  /** Of its oldest order. */
  readonly id: string
  readonly orders: number
  /** Of the oldest; 1 is the limit. */
  readonly age: number
}

export interface Stage {
  readonly name: string
  readonly isUndo: boolean
  readonly count: number
  readonly late: number
  readonly medianMs: number
  /** Where it begins, in px. */
  readonly x: number
  readonly dockets: readonly Docket[]
}

export interface Rail {
  readonly stages: readonly Stage[]
  readonly ordersPerDocket: number
  /** There is room for the ages beside the counts. */
  readonly hasAges: boolean
  readonly count: number
  readonly late: number
}

export const docketPitch = 8
const gap = 16
/** A name, its count and its age, in px; by letters, because nothing is measured. */
const labelWidth = (name: string, hasAges: boolean): number => name.length * 6 + (hasAges ? 62 : 26)

const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]

export function railOf(orders: readonly ActorItem[], now: number, width: number): Rail {
  const byStage = new Map(always.map((name): [string, Aged[]] => [name, []]))
  for (const { id, state, at } of orders) {
    const name = stageOf(state)
    const here = byStage.get(name) ?? []
    here.push({ id, ageMs: Math.max(0, now - Date.parse(at)) })
    byStage.set(name, here)
  }
  const known = [...stages.keys()]
  const names = [...byStage.keys()].sort((a, b) => placeIn(known, a) - placeIn(known, b))
  const widthsAt = (perDocket: number, hasAges: boolean): readonly number[] =>
    names.map((name) => widthOf(labelWidth(name, hasAges), byStage.get(name)?.length ?? 0, perDocket))
  const fits = (perDocket: number, hasAges: boolean): boolean => sumOf(widthsAt(perDocket, hasAges)) <= width
  const hasAges = fits(steps.at(-1) ?? 1, true)
  const ordersPerDocket = steps.find((step) => fits(step, hasAges)) ?? steps.at(-1) ?? 1
  const widths = widthsAt(ordersPerDocket, hasAges)
  // What is left over is shared out, so that stages stand at the same places while few orders come and go.
  const spare = Math.max(0, width - sumOf(widths)) / names.length
  let x = 0
  const shown = names.map((name, i): Stage => {
    const aged = (byStage.get(name) ?? []).sort((a, b) => b.ageMs - a.ageMs || (a.id < b.id ? -1 : 1))
    const limitMs = (stages.get(name)?.limitMin ?? unknownLimitMin) * 60_000
    const stage = {
      name,
      isUndo: stages.get(name)?.isUndo ?? false,
      count: aged.length,
      late: aged.filter(({ ageMs }) => ageMs > limitMs).length,
      medianMs: aged[aged.length >> 1]?.ageMs ?? 0,
      x,
      dockets: docketsOf(aged, ordersPerDocket, limitMs),
    }
    x += (widths[i] ?? 0) + spare
    return stage
  })
  return {
    stages: shown,
    ordersPerDocket,
    hasAges,
    count: orders.length,
    late: shown.reduce((sum, { late }) => sum + late, 0),
  }
}

interface Aged {
  readonly id: string
  readonly ageMs: number
}

const placeIn = (known: readonly string[], name: string): number =>
  known.includes(name) ? known.indexOf(name) : known.length

const widthOf = (label: number, count: number, perDocket: number): number =>
  Math.max(label, Math.ceil(count / perDocket) * docketPitch) + gap
const sumOf = (all: readonly number[]): number => all.reduce((sum, one) => sum + one, 0)

/** `paying` of `{ paying: 'charging' }`. */
function stageOf(state: unknown): string {
  if (typeof state === 'string') return state
  return Object.keys(state ?? {})[0] ?? 'unknown'
}

function docketsOf(aged: readonly Aged[], perDocket: number, limitMs: number): readonly Docket[] {
  const dockets: Docket[] = []
  for (let from = 0; from < aged.length; from += perDocket) {
    const group = aged.slice(from, from + perDocket)
    const [oldest] = group
    if (oldest !== undefined)
      dockets.push({ id: oldest.id, orders: group.length, age: oldest.ageMs / limitMs })
  }
  return dockets
}
