/**
 * What the actors of one node do, as columns, and the messages that fit a filter, one by one: for people, while somebody looks.
 *
 * Knows:          what a node has in memory (`Resident`), and its observer's events.
 * Does not know:  how a frame travels, or who draws it. The codec needs nothing of Node, so browsers have it too.
 */

/** What the column `via` counts, and what becomes of a message. */
export { messageOutcomes, vias } from '#ports'
export * from './activity.ts'
export * from './activity-frame.ts'
export * from './look-pace.ts'
export * from './message-tap.ts'
