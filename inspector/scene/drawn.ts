/**
 * What a picture of the cluster is made of, and how that is laid out for a graphics card.
 *
 * Owns:     the kinds of things, and the columns in which each is handed from the worker to the scene.
 * Does not: draw (`topology-scene.ts`), or decide what is drawn (`topology-look.ts`).
 */

/** Numbers of the shapes that the fragment of a mark knows. */
export const shapes = [
  'docket',
  'square',
  'diamond',
  'disc',
  'plate',
  'group',
  'cross',
  'dot',
  'halo',
] as const
export type Shape = (typeof shapes)[number]
export const fills = ['solid', 'waiting', 'rest', 'dashed', 'dotted'] as const
export type Fill = (typeof fills)[number]

export type Rgb = readonly [red: number, green: number, blue: number]

export interface Mark {
  readonly x: number
  readonly y: number
  readonly r: number
  readonly shape: Shape
  readonly fill: Fill
  readonly color: Rgb
  readonly alpha: number
}

export interface Link {
  readonly from: readonly [x: number, y: number]
  readonly to: readonly [x: number, y: number]
  /** In pixels. */
  readonly width: number
  readonly color: Rgb
  readonly alpha: number
  readonly isDashed: boolean
}

/** Of a message: dot, ring, bar, cross. Then, of an actor: rings that grow where it is. */
export type PointKind = 0 | 1 | 2 | 3 | 4
export interface Flight {
  readonly from: readonly [x: number, y: number]
  readonly to: readonly [x: number, y: number]
  readonly delayMs: number
  readonly forMs: number
  readonly color: Rgb
  readonly kind: PointKind
}

/** Numbers of each thing, by column. */
export const markWidths = { aAt: 3, aLook: 4, aColor: 3 } as const
export const linkWidths = { aFrom: 2, aTo: 2, aStyle: 3, aColor: 3 } as const
/** `aWhen`: when it leaves, in milliseconds from now, and how long it takes. */
export const flightWidths = { position: 3, aTo: 2, aWhen: 2, aColor: 3, aKind: 1 } as const

export interface Packed<Widths extends Readonly<Record<string, number>>> {
  readonly count: number
  readonly columns: Readonly<Record<keyof Widths, Float32Array>>
}

export const packedMarks = (marks: readonly Mark[]): Packed<typeof markWidths> =>
  packed(markWidths, marks, ({ x, y, r, shape, fill, color, alpha }) => ({
    aAt: [x, y, r],
    aLook: [shapes.indexOf(shape), fills.indexOf(fill), alpha, 0],
    aColor: color,
  }))

export const packedLinks = (links: readonly Link[]): Packed<typeof linkWidths> =>
  packed(linkWidths, links, ({ from, to, width, alpha, isDashed, color }) => ({
    aFrom: from,
    aTo: to,
    aStyle: [width, alpha, isDashed ? 1 : 0],
    aColor: color,
  }))

export const packedFlights = (flights: readonly Flight[]): Packed<typeof flightWidths> =>
  packed(flightWidths, flights, ({ from, to, delayMs, forMs, color, kind }) => ({
    position: [...from, 0],
    aTo: to,
    aWhen: [delayMs, forMs],
    aColor: color,
    aKind: [kind],
  }))

/** Rows as columns of numbers. */
export function packed<Widths extends Readonly<Record<string, number>>, Row>(
  widths: Widths,
  rows: readonly Row[],
  numbersOf: (row: Row) => Readonly<Record<keyof Widths, readonly number[]>>,
): Packed<Widths> {
  const names = Object.keys(widths) as (keyof Widths)[]
  const columns = {} as Record<keyof Widths, Float32Array>
  for (const name of names) columns[name] = new Float32Array(rows.length * (widths[name] ?? 0))
  for (const [n, row] of rows.entries()) {
    const numbers = numbersOf(row)
    for (const name of names) columns[name].set(numbers[name], n * (widths[name] ?? 0))
  }
  return { count: rows.length, columns }
}
