/**
 * Office: what the house is run with.
 *
 * Knows:          settings, flags and commands of operators.
 * Does not know:  orders, stock, money or heat.
 */
import type { ActorDefinition } from '#actor'
import { supervise } from '#actor'
import { config } from './config.ts'
import { flags } from './flags.ts'

export { type ConfigContext, config, type StoredValue } from './config.ts'
export * from './config-keys.ts'
export * from './flag-names.ts'
export { type FlagsContext, flags, type StoredRule } from './flags.ts'
export * from './operating-messages.ts'

export const officeActors: readonly ActorDefinition[] = [config, flags]

export const officeTree = supervise({ name: 'office', children: officeActors })
