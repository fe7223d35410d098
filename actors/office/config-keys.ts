/**
 * What can be configured: every key with its type, range, default and meaning.
 *
 * Owns:     the registry, and whether a value suits a key.
 * Does not: say where a value comes from: the gateway lays default, start and stored over each other.
 */
import type { ConfigValue } from './operating-messages.ts'

export interface ConfigSpec {
  readonly default: ConfigValue
  /** Of an integer. */
  readonly min?: number
  readonly max?: number
  /** Whether a running gateway follows a change. Otherwise only the start can set it. */
  readonly isHot: boolean
  /** Never shown, never stored. */
  readonly isSecret?: boolean
  readonly about: string
}

type Given<V extends ConfigValue> = Omit<ConfigSpec, 'isHot' | 'default'> & { readonly default: V }
const hot = <V extends ConfigValue>(spec: Given<V>) => ({ ...spec, isHot: true }) as const
const fixed = <V extends ConfigValue>(spec: Given<V>) => ({ ...spec, isHot: false }) as const

export const configKeys = {
  'orders.open': hot({
    default: true as boolean,
    about:
      'Whether new orders are taken. Off, what was ordered is still cooked: the last order has been called.',
  }),
  'orders.guest-checkout': hot({
    default: true as boolean,
    about: 'Whether somebody without an account may order.',
  }),
  'orders.note-length-max': hot({
    default: 500 as number,
    min: 0,
    max: 500,
    about: 'How many characters the note of an order may have.',
  }),
  'orders.dishes-max': hot({
    default: 200 as number,
    min: 1,
    max: 2_500,
    about: 'How many plates one order may ask for, all its items together.',
  }),
  'orders.promise-slack-minutes': hot({
    default: 20 as number,
    min: 0,
    max: 180,
    about: 'World minutes on top of the longest dish, until which an order is promised.',
  }),
  'menu.cache-ttl-ms': hot({
    default: 30_000 as number,
    min: 0,
    max: 600_000,
    about: 'How old the menu of a gateway may be when the notice of a change was lost.',
  }),
  'gateway.request-timeout-ms': hot({
    default: 5_000 as number,
    min: 100,
    max: 30_000,
    about: 'How long a request waits for its actor, before it is answered 504.',
  }),
  'gateway.breaker-failures': hot({
    default: 5 as number,
    min: 1,
    max: 1_000,
    about: 'After so many failures in a row a department is not asked any more for a while.',
  }),
  'gateway.breaker-open-ms': hot({
    default: 2_000 as number,
    min: 100,
    max: 60_000,
    about: 'How long such a department is left alone, before the gateway asks it again.',
  }),
  'rate.burst': hot({
    default: 20 as number,
    min: 1,
    max: 100_000,
    about: 'Requests of one caller within a second.',
  }),
  'rate.sustained': hot({
    default: 600 as number,
    min: 1,
    max: 1_000_000,
    about: 'Requests of one caller within a minute.',
  }),
  'gateway.heartbeat-ms': fixed({
    default: 15_000 as number,
    min: 100,
    max: 60_000,
    about: 'How often a silent event stream shows that it lives.',
  }),
  'gateway.streams-max': fixed({
    default: 1_000 as number,
    min: 1,
    max: 100_000,
    about: 'Event streams of one gateway at once; each is a socket.',
  }),
  'gateway.streams-of-one-max': fixed({
    default: 20 as number,
    min: 1,
    max: 1_000,
    about: 'Event streams of one order, or of one account, at once.',
  }),
  'gateway.streams-from-one-max': fixed({
    default: 100 as number,
    min: 1,
    max: 100_000,
    about: 'Event streams that one address listens to at once.',
  }),
  'lists.kept-days': fixed({
    default: 30 as number,
    min: 1,
    max: 36_500,
    about:
      'World days for which lists show an order, a payment, a ticket that has ended, and an entry of the ledger.',
  }),
  'gateway.ops-token': fixed({
    default: '' as string,
    isSecret: true,
    about: 'What operators send as a bearer token. Empty: only this machine is answered.',
  }),
} as const satisfies Readonly<Record<string, ConfigSpec>>

export type ConfigKey = keyof typeof configKeys
export type ConfigValues = { readonly [Key in ConfigKey]: (typeof configKeys)[Key]['default'] }

export const isConfigKey = (key: string): key is ConfigKey => Object.hasOwn(configKeys, key)

/** What is wrong with a value for a key; undefined when it suits. */
export function configProblem(key: ConfigKey, value: unknown): string | undefined {
  const spec: ConfigSpec = configKeys[key]
  if (typeof value !== typeof spec.default) return `has to be a ${typeof spec.default}`
  if (typeof value !== 'number') return undefined
  if (!Number.isSafeInteger(value)) return 'has to be a whole number'
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = spec
  return value < min || value > max ? `has to be from ${min} to ${max}` : undefined
}
