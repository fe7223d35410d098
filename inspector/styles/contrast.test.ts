import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

// What a person has to read, against what it stands on: WCAG 2.2, level AA, computed from the tokens.

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')

function tokensOf(selector: string): ReadonlyMap<string, string> {
  const start = css.indexOf(selector)
  const block = css.slice(start, css.indexOf('}', start))
  return new Map(
    [...block.matchAll(/--([a-z0-9-]+):\s*([^;]+);/g)].map(([, name = '', value = '']) => [name, value]),
  )
}
const themes = { dark: tokensOf('[data-theme="dark"]'), light: tokensOf('[data-theme="light"]') }

function colorOf(theme: ReadonlyMap<string, string>, name: string): string {
  const value = theme.get(name) ?? themes.dark.get(name) ?? ''
  const inner = /^var\(--(.*)\)$/.exec(value)?.[1]
  return inner === undefined ? value : colorOf(theme, inner)
}
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

const text = 4.5
const graphic = 3
const pairs: readonly (readonly [ink: string, ground: string, least: number])[] = [
  ...['ink-1', 'ink-2'].flatMap((ink) =>
    ['bg-0', 'bg-1', 'bg-2', 'bg-3'].map((ground) => [ink, ground, text] as const),
  ),
  ...['bg-0', 'bg-1', 'bg-2'].map((ground) => ['ink-3', ground, text] as const),
  ...['ok', 'warn', 'bad'].flatMap((ink) =>
    ['bg-0', 'bg-1', 'bg-2'].map((ground) => [ink, ground, text] as const),
  ),
  ...['node-a', 'node-b', 'node-c', 'edge'].flatMap((ink) =>
    ['bg-0', 'bg-1'].map((ground) => [ink, ground, text] as const),
  ),
  ...['d', 'e', 'f', 'g', 'h'].map((node) => [`node-${node}`, 'bg-1', graphic] as const),
  ['paper-ink', 'paper', text],
  ['paper-ink-2', 'paper', text],
  ['paper-ink', 'work-fill', text],
  ['carbon-ink', 'carbon', text],
  ['carbon-line', 'bg-0', text],
  ['on-bad', 'bad', text],
  ['on-chosen', 'chosen', text],
  ['on-chosen-2', 'chosen', text],
  ['line-3', 'bg-0', graphic],
  ['line-3', 'bg-1', graphic],
  ['rail-ink', 'bg-0', graphic],
  ['rail-ink', 'bg-1', graphic],
]

describe.each(['dark', 'light'] as const)('%s', (name) => {
  const theme = themes[name]
  test.each(pairs)('%s can be read on %s (%d : 1)', (ink, ground, least) => {
    expect(contrast(colorOf(theme, ink), colorOf(theme, ground))).toBeGreaterThanOrEqual(least)
  })

  test('work can be told from what it lies on, by its fill or by its edge', () => {
    const ground = colorOf(theme, 'bg-0')
    const edge = colorOf(theme, 'work-edge')
    const shown = edge === 'transparent' ? colorOf(theme, 'work-fill') : edge
    expect(contrast(shown, ground)).toBeGreaterThanOrEqual(graphic)
  })
})

test('both themes name the same colours', () => {
  const ofDark = [...themes.dark.keys()].sort()
  expect([...themes.light.keys()].sort()).toEqual(ofDark)
})
