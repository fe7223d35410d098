/**
 * Words over a canvas: a pool of elements that are placed by transform, and never made for one frame.
 *
 * Owns:     its elements.
 * Does not: decide what is said (`put` is told, each frame).
 */
export interface Label {
  readonly text: string
  readonly x: number
  readonly y: number
  /** How it is written: whoever has the layer says it in its style. */
  readonly kind: string
  /** A custom property: the colour of a node. */
  readonly color?: string
}

export const labelsMax = 150

export class Labels {
  readonly #layer: HTMLElement
  readonly #pool: HTMLElement[] = []

  constructor(layer: HTMLElement) {
    this.#layer = layer
  }

  /** The first ones win: of two that would lie on each other, the later one is left out. */
  put(labels: readonly Label[]): void {
    const shown = apart(labels).slice(0, labelsMax)
    for (const [n, { text, x, y, kind, color = '' }] of shown.entries()) {
      const element = this.#pool[n] ?? this.#add()
      if (element.textContent !== text) element.textContent = text
      if (element.dataset.kind !== kind) element.dataset.kind = kind
      element.style.color = color
      element.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px) translate(-50%, -50%)`
      element.hidden = false
    }
    for (const element of this.#pool.slice(shown.length)) element.hidden = true
  }

  #add(): HTMLElement {
    const element = document.createElement('span')
    this.#layer.append(element)
    this.#pool.push(element)
    return element
  }
}

/** Room for a letter, and for a line. */
const [letterPx, linePx] = [5.6, 14]

export function apart(labels: readonly Label[]): readonly Label[] {
  const kept: Label[] = []
  for (const label of labels) {
    const isFree = kept.every(
      ({ x, y, text }) =>
        Math.abs(x - label.x) > ((text.length + label.text.length) * letterPx) / 2 ||
        Math.abs(y - label.y) > linePx,
    )
    if (isFree) kept.push(label)
  }
  return kept
}

/** In pixels. */
export interface Circle {
  readonly x: number
  readonly y: number
  readonly r: number
}

/** So far words may lie on an edge. */
const touchPx = 3

/** Where the words of a circle lie on no other: below it, or above. Undefined: nowhere. */
export function nameOf(
  text: string,
  own: Circle,
  others: readonly Circle[],
): { readonly x: number; readonly y: number } | undefined {
  const half = (text.length * letterPx) / 2
  return [own.y + own.r + linePx / 2, own.y - own.r - linePx / 2]
    .map((y) => ({ x: own.x, y }))
    .find(({ x, y }) =>
      others.every((other) => {
        const across = Math.max(0, Math.abs(other.x - x) - half)
        const along = Math.max(0, Math.abs(other.y - y) - linePx / 2)
        return other === own || Math.hypot(across, along) >= other.r - touchPx
      }),
    )
}
