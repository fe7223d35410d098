/**
 * Restaurant days, by name.
 *
 * Knows:          what happens on them, as data.
 * Does not know:  who runs them, or how.
 */
import type { Day } from '#day'
import { fridayRush } from './friday-rush.ts'
import { nodeDiesInTheRush } from './node-dies-in-the-rush.ts'
import { quietTuesday } from './quiet-tuesday.ts'
export declare const days: Readonly<Record<string, Day>>
export { fridayRush, nodeDiesInTheRush, quietTuesday }
