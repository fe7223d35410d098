import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'

// What a phone has to load before anything is seen. Its types come after it, and the page does not wait for them.

const run = fileURLToPath(new URL('../scripts/run.mjs', import.meta.url))
const folder = fileURLToPath(new URL('../dist/storefront', import.meta.url))
const bytesMax = 60 * 1_024

beforeAll(
  () => void execFileSync(process.execPath, [run, 'storefront'], { stdio: ['ignore', 'ignore', 'inherit'] }),
)
const page = (): string => readFileSync(join(folder, 'index.html'), 'utf8')

test('the page, its script and its style are at most 60 KB', () => {
  const named = [...page().matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path = '']) => path)
  expect(named.some((path) => path.endsWith('.js'))).toBe(true)
  expect(named.some((path) => path.endsWith('.css'))).toBe(true)
  const files = ['index.html', ...named]
  const bytes = files.reduce((sum, path) => sum + gzipSync(readFileSync(join(folder, path))).length, 0)
  expect(bytes).toBeLessThanOrEqual(bytesMax)
})

test('the page itself has no script, no style, and names no other server', () => {
  expect(page()).not.toMatch(/<style|style=|<script(?![^>]* src=)|https?:/)
})

test('nothing in it is for Node, and what others wrote goes out with its licences', () => {
  for (const name of readdirSync(join(folder, 'assets')).filter((one) => one.endsWith('.js')))
    expect(readFileSync(join(folder, 'assets', name), 'utf8'), name).not.toMatch(
      /__vite-browser-external|["']node:/,
    )
  const text = readFileSync(join(folder, 'licenses.txt'), 'utf8')
  for (const name of ['@vue/runtime-dom', '@fontsource-variable/archivo'])
    expect(text).toMatch(new RegExp(`^${name}$`, 'm'))
})
