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
  process.exitCode = 1
}
