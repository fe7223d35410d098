/**
 * What operators, through a gateway, say to the actors that they run the house with.
 *
 * Owns:     the contracts of configuration and flags, and their addresses: one of each per site.
 * Does not: know which keys and flags there are (`config-keys.ts`, `flag-names.ts`).
 */
import { Type } from 'typebox'
import type { MessageOf } from '#actor'
import { ref } from '#actor'

const exact = { additionalProperties: false } as const
const name = Type.String({ pattern: '^[a-z][a-z0-9.-]{0,63}$' })
/** Who did it, and what for. */
const signed = {
  by: Type.String({ minLength: 1, maxLength: 100 }),
  why: Type.Optional(Type.String({ maxLength: 200 })),
}

export const ConfigValue = Type.Union([Type.Boolean(), Type.Integer(), Type.String({ maxLength: 200 })])
export type ConfigValue = boolean | number | string

export const ConfigMessage = Type.Union([
  Type.Object({ type: Type.Literal('config.set'), key: name, value: ConfigValue, ...signed }, exact),
  /** The value of the layer below holds again. */
  Type.Object({ type: Type.Literal('config.unset'), key: name, ...signed }, exact),
])
export type ConfigMessage = MessageOf<typeof ConfigMessage>

export const accountsPerFlagMax = 100

/** For whom a flag is on. A share is of accounts, in percent: the same ones at every look. */
export const FlagRule = Type.Union([
  Type.Object({ kind: Type.Enum(['on', 'off']) }, exact),
  Type.Object({ kind: Type.Literal('share'), percent: Type.Integer({ minimum: 0, maximum: 100 }) }, exact),
  Type.Object(
    {
      kind: Type.Literal('accounts'),
      accounts: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: accountsPerFlagMax }),
    },
    exact,
  ),
])
export type FlagRule =
  | { readonly kind: 'on' | 'off' }
  | { readonly kind: 'share'; readonly percent: number }
  | { readonly kind: 'accounts'; readonly accounts: readonly string[] }

export const FlagsMessage = Type.Union([
  Type.Object({ type: Type.Literal('flags.set'), flag: name, rule: FlagRule, ...signed }, exact),
  Type.Object({ type: Type.Literal('flags.unset'), flag: name, ...signed }, exact),
])
export type FlagsMessage = MessageOf<typeof FlagsMessage>

export const configRef = (site: string) => ref<ConfigMessage>('config', site)
export const flagsRef = (site: string) => ref<FlagsMessage>('flags', site)
