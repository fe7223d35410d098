import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'

// What a browser has to load before anything is seen.

const run = fileURLToPath(new URL('../scripts/run.mjs', import.meta.url))
const folder = fileURLToPath(new URL('../dist/inspector', import.meta.url))
const shellBytesMax = 220 * 1_024

beforeAll(
  () => void execFileSync(process.execPath, [run, 'inspector'], { stdio: ['ignore', 'ignore', 'inherit'] }),
)

test('the shell is at most 220 KB, its fonts included', () => {
  const page = readFileSync(join(folder, 'index.html'), 'utf8')
  const named = [...page.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path = '']) => path)
  const fonts = readdirSync(join(folder, 'assets')).filter((name) => name.endsWith('.woff2'))
  const files = [...named, ...fonts.map((name) => join('assets', name))]
  expect(files.some((path) => path.endsWith('.js'))).toBe(true)
  expect(fonts).toHaveLength(4)
  const bytes = files.reduce((sum, path) => sum + gzipSync(readFileSync(join(folder, path))).length, 0)
  expect(bytes).toBeLessThanOrEqual(shellBytesMax)
})

test('what draws in three dimensions is at most 210 KB more, and is no part of the shell', () => {
  const scripts = readdirSync(join(folder, 'assets')).filter((name) => name.endsWith('.js'))
  const drawing = scripts.filter((name) =>
    readFileSync(join(folder, 'assets', name), 'utf8').includes('webgl2'),
  )
  expect(drawing.length).toBeGreaterThan(0)
  expect(drawing.filter((name) => name.startsWith('index'))).toEqual([])
  const bytes = drawing.map((name) => gzipSync(readFileSync(join(folder, 'assets', name))).length)
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(210 * 1_024)
})

test('what others wrote goes out with its licences', () => {
  const text = readFileSync(join(folder, 'licenses.txt'), 'utf8')
  for (const name of [
    'vue-router',
    '@vue/runtime-dom',
    '@fontsource/ibm-plex-mono',
    '@fontsource-variable/archivo',
  ])
    expect(text).toMatch(new RegExp(`^${name}$`, 'm'))
  expect(text).toContain('SIL OPEN FONT LICENSE')
})

test('nothing in it is for Node', () => {
  const scripts = readdirSync(join(folder, 'assets')).filter((name) => name.endsWith('.js'))
  for (const name of scripts) {
    const text = readFileSync(join(folder, 'assets', name), 'utf8')
    expect(text, name).not.toMatch(/__vite-browser-external|["']node:/)
  }
})

test('the page itself has no script, no style, and names no other server', () => {
  const page = readFileSync(join(folder, 'index.html'), 'utf8')
  expect(page).not.toMatch(/<style|style=|<script(?![^>]* src=)|https?:/)
})
