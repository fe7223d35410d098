#!/usr/bin/env node
/**
 * The `brigade` command as npm installs it.
 *
 * In a clone it first installs and builds what is missing, with the same code as `npm start`.
 */
import { prepare } from '../scripts/run.mjs'

if (prepare()) {
  await import('../dist/bin/main.js')
} else {
  // What went wrong stands on stderr; a program is told that it did.
  if (process.argv.includes('--json')) {
    const message = 'brigade could not be installed and compiled. The reason is on standard error.'
    console.log(JSON.stringify({ error: { code: 'NOT_BUILT', message } }))
  }
  process.exitCode = 1
}
