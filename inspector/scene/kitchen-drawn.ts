/**
 * What a picture of the kitchen is made of: solid bodies, marks on floors and fronts, and the colours of both.
 *
 * Owns:     the kinds of things, and how a colour is made of others.
 * Does not: draw (`kitchen-scene.ts`), or decide what is drawn (`kitchen-look.ts`).
 */
import type { Rgb } from './drawn.ts'
import { type At, middleOf, sizeOf } from './kitchen-plan.ts'
import type { FoodTone } from './kitchen-state.ts'
import type { Body } from './kitchen-view.ts'

export interface KitchenPalette {
  readonly floor: Rgb
  readonly joint: Rgb
  readonly wall: Rgb
  readonly tile: Rgb
  readonly steel: Rgb
  readonly steelDark: Rgb
  readonly iron: Rgb
  readonly cloth: Rgb
  readonly apron: Rgb
  readonly skin: Rgb
  readonly line: Rgb
  readonly ink: Rgb
  readonly inkDim: Rgb
  readonly work: Rgb
  readonly carbon: Rgb
  readonly chosen: Rgb
  readonly warn: Rgb
  readonly bad: Rgb
  readonly heat: readonly Rgb[]
  readonly foods: Readonly<Record<FoodTone, Rgb>>
  readonly node: (node: string | null) => Rgb
}

/** Bodies that light falls on; `glow` shines by itself, `glass` is seen through. */
export const shapes = ['box', 'cylinder', 'sphere', 'glow', 'glass'] as const
export interface Solid {
  readonly shape: (typeof shapes)[number]
  readonly at: At
  readonly size: At
  readonly color: Rgb
  /** Round x, and then round z. */
  readonly turn?: readonly [x: number, z: number]
}

/** A `ticket` stands upright and hides what is behind it; the others lie on what they are on. */
export const marks = ['zone', 'ring', 'arc', 'glow', 'disc', 'ticket', 'cross', 'flash', 'bar'] as const
export interface Mark {
  readonly shape: (typeof marks)[number]
  readonly at: At
  readonly size: readonly [width: number, height: number]
  readonly color: Rgb
  readonly alpha: number
  /** Of an arc, how much is left; of a ticket, how many of its plates are done; of a flash, how far it is. */
  readonly share?: number
  readonly isDashed?: boolean
  /** Of a ticket: its plates. */
  readonly lines?: number
  readonly faces: 'up' | 'front' | 'right'
}

export interface Look {
  readonly solids: readonly Solid[]
  /** On the floor and on fronts. */
  readonly marks: readonly Mark[]
  /** Upright, and opaque. */
  readonly cards: readonly Mark[]
  readonly bodies: readonly Body[]
}

export const boxed = (min: At, max: At, color: Rgb, shape: Solid['shape'] = 'box'): Solid => ({
  shape,
  at: middleOf({ min, max }),
  size: sizeOf({ min, max }),
  color,
})

export function heatColor(share: number, ramp: readonly Rgb[]): Rgb {
  const place = Math.min(0.9999, Math.max(0, share)) * (ramp.length - 1)
  const n = Math.floor(place)
  return mixed(ramp[n] ?? black, ramp[n + 1] ?? black, place - n)
}
export const black: Rgb = [0, 0, 0]
export const mixed = (a: Rgb, b: Rgb, share: number): Rgb => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
]
