/** The colours of the kitchen, of the tokens of the style sheet: steel, tiles, cloth and food, by night and by day. */
import type { Theme } from '../shell/appearance.ts'
import type { Rgb } from './drawn.ts'
import { type KitchenPalette, mixed } from './kitchen-drawn.ts'
import type { Light } from './kitchen-scene.ts'
import { tokensOf } from './palette.ts'

export interface KitchenColors {
  readonly palette: KitchenPalette
  readonly light: Light
  /** What is written on paper, and its edge, where it has one. */
  readonly paperInk: Rgb
  readonly paperEdge: Rgb | undefined
}

export function kitchenColorsOf(element: HTMLElement, theme: Theme): KitchenColors {
  const { token, hue } = tokensOf(element)
  const heat = [0, 1, 2, 3, 4, 5].map((n) => token(`--heat-${n}`))
  const shared = {
    line: token('--line-3'),
    ink: token('--ink-1'),
    inkDim: token('--ink-3'),
    carbon: token('--carbon'),
    chosen: token('--rail-ink'),
    warn: token('--warn'),
    bad: token('--bad'),
    heat,
    node: (name: string | null) => (name === null ? token('--ink-3') : hue(name)),
  }
  const [paper, hot] = [token('--paper'), token('--bad')]
  if (theme === 'dark') {
    const glow = (n: number): Rgb => heat[n] ?? paper
    return {
      palette: {
        ...shared,
        floor: mixed(token('--bg-3'), token('--line-1'), 0.5),
        joint: token('--bg-1'),
        wall: mixed(token('--bg-3'), token('--line-2'), 0.45),
        tile: mixed(token('--line-2'), token('--line-3'), 0.45),
        steel: mixed(token('--line-3'), token('--ink-2'), 0.3),
        steelDark: mixed(token('--line-2'), token('--line-3'), 0.25),
        iron: token('--bg-0'),
        cloth: mixed(paper, token('--ink-2'), 0.12),
        apron: token('--bg-3'),
        skin: mixed(paper, glow(3), 0.42),
        work: paper,
        foods: {
          leaf: mixed(token('--ok'), token('--bg-0'), 0.42),
          red: mixed(glow(2), glow(3), 0.4),
          cream: token('--paper-2'),
          brown: mixed(glow(1), glow(2), 0.5),
          gold: mixed(glow(4), token('--paper-2'), 0.3),
          pink: mixed(glow(3), paper, 0.62),
        },
      },
      light: { sun: 2.3, sky: 1.5, skyColor: token('--ink-2'), groundColor: token('--bg-1'), shadow: 0.75 },
      paperInk: token('--paper-ink'),
      paperEdge: undefined,
    }
  }
  return {
    palette: {
      ...shared,
      floor: mixed(token('--bg-3'), token('--bg-2'), 0.4),
      joint: token('--line-2'),
      wall: token('--bg-2'),
      tile: token('--bg-1'),
      steel: mixed(token('--bg-1'), token('--line-2'), 0.55),
      steelDark: mixed(token('--line-2'), token('--line-3'), 0.35),
      iron: token('--ink-2'),
      cloth: token('--bg-1'),
      apron: token('--ink-3'),
      skin: mixed(paper, token('--heat-3'), 0.4),
      work: token('--work-fill'),
      foods: {
        leaf: mixed(token('--ok'), token('--bg-1'), 0.35),
        red: mixed(token('--heat-4'), hot, 0.25),
        cream: mixed(paper, token('--bg-1'), 0.4),
        brown: token('--heat-5'),
        gold: token('--heat-2'),
        pink: token('--heat-1'),
      },
    },
    light: { sun: 2, sky: 2, skyColor: token('--bg-1'), groundColor: token('--line-2'), shadow: 0.5 },
    paperInk: token('--paper-ink'),
    paperEdge: token('--work-edge'),
  }
}
