/**
 * What an actor's author imports.
 *
 * Knows:          definitions, addresses, messages, effects, supervision, time as data.
 * Does not know:  clusters, nodes, storage, networks. Nothing here runs anything.
 */
export * from './actor-ref.ts'
export * from './assert.ts'
export * from './define-actor.ts'
export * from './draw.ts'
export * from './effects.ts'
export * from './errors.ts'
export * from './message.ts'
export * from './supervision.ts'
export * from './time.ts'
