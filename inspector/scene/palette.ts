/** The tokens of the style sheet, as the numbers that a graphics card takes. */
import { hueOf } from '../shell/node-hue.ts'
import type { View } from './drawer.ts'
import type { Rgb } from './drawn.ts'

/** As they are now: ask again when the theme has changed. */
export function tokensOf(element: HTMLElement): {
  readonly token: (name: string) => Rgb
  /** Of a node. */
  readonly hue: (node: string) => Rgb
} {
  const tokens = getComputedStyle(element)
  const known = new Map<string, Rgb>()
  const token = (name: string): Rgb => {
    const found = known.get(name) ?? rgbOf(tokens.getPropertyValue(name))
    known.set(name, found)
    return found
  }
  return { token, hue: (node) => token(/var\((--[\w-]+)\)/.exec(hueOf(node).color)?.[1] ?? '--edge') }
}

export function paletteOf(element: HTMLElement, nodes: readonly string[]): Pick<View, 'palette' | 'hues'> {
  const { token, hue } = tokensOf(element)
  const palette = {
    ink2: token('--ink-2'),
    ink3: token('--ink-3'),
    line2: token('--line-2'),
    line3: token('--line-3'),
    work: token('--work-line'),
    carbon: token('--carbon-line'),
    moving: token('--rail-ink'),
    warn: token('--warn'),
    bad: token('--bad'),
  }
  return { palette, hues: Object.fromEntries(nodes.map((node) => [node, hue(node)])) }
}

/** `#f2eddb`, or what is no colour: black. A token that names another has been followed by the browser. */
function rgbOf(text: string): Rgb {
  const [, red = '0', green = '0', blue = '0'] = /^#(..)(..)(..)$/.exec(text.trim()) ?? []
  const part = (digits: string): number => Number.parseInt(digits, 16) / 255
  return [part(red), part(green), part(blue)]
}
