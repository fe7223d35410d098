// What was found once has to hold from then on: `npx brigade explore` writes these files, a repair keeps them.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { defineDay, runSimDay } from '#day'

const folder = fileURLToPath(new URL('regressions/', import.meta.url))
const files = readdirSync(folder).filter((file) => file.endsWith('.json'))

test.each(files)('%s holds, and its faults strike', (file) => {
  const { day, seed } = JSON.parse(readFileSync(folder + file, 'utf8'))
  const { checks, faults } = runSimDay(defineDay(day), { seed })
  expect(checks.filter(({ held }) => !held)).toEqual([])
  // One that was made smaller may need no fault.
  expect(faults.length === 0 || faults.some(({ fired }) => fired)).toBe(true)
})
