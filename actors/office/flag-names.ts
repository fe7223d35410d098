/**
 * Which feature flags there are, and what each of them guards.
 *
 * Does not: decide for whom one is on: the stored rule does, and the gateway evaluates it (`gateway/flags.ts`).
 */
import type { FlagRule } from './operating-messages.ts'

export interface FlagSpec {
  readonly default: FlagRule
  readonly about: string
}

export const flagNames = {
  substitutions: {
    default: { kind: 'on' },
    about: 'Guests may let an ingredient be replaced by what the menu offers instead.',
  },
  'event-streams': {
    default: { kind: 'on' },
    about: 'Events are followed as a stream. Off, they are read page by page, and no connection stays open.',
  },
} as const satisfies Readonly<Record<string, FlagSpec>>

export type FlagName = keyof typeof flagNames

export const isFlagName = (name: string): name is FlagName => Object.hasOwn(flagNames, name)
