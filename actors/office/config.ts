/**
 * The stored layer of the configuration of one site.
 *
 * Owns:     what operators have set, by whom, when and why. Its version is the configuration's.
 * Does not: know defaults, or what the environment has set: a gateway lays this over both.
 *
 * Invariants:
 *   CF1. Every stored value suits its key, and no secret is stored.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered, Instant } from '#actor'
import { assert, defineActor, emit, reply } from '#actor'
import { type ConfigSpec, configKeys, configProblem, isConfigKey } from './config-keys.ts'
import { ConfigMessage, type ConfigValue } from './operating-messages.ts'

export interface StoredValue {
  readonly value: ConfigValue
  readonly by: string
  readonly at: Instant
  readonly why: string | null
}

export interface ConfigContext {
  readonly site: string
  /** By key: as many as there are keys. */
  readonly values: Readonly<Record<string, StoredValue>>
}

/** What is wrong with storing this; undefined when it may be stored. */
function refusalOf(key: string, value: ConfigValue): string | undefined {
  if (!isConfigKey(key)) return `there is no key '${key}'`
  const spec: ConfigSpec = configKeys[key]
  if (!spec.isHot) return 'only the start sets it'
  return configProblem(key, value)
}

export const configMachine = setup({
  types: {
    context: {} as ConfigContext,
    events: {} as Delivered<ConfigMessage>,
    input: {} as Birth,
  },
  actions: {
    show: reply(({ context }) => ({ type: 'config.view', ...context })),
  },
}).createMachine({
  id: 'config',
  version: '1',
  context: ({ input }) => ({ site: input.key, values: {} }),
  initial: 'kept',
  states: { kept: { tags: 'rest' } },
  on: {
    'config.set': [
      {
        guard: ({ event }) => refusalOf(event.key, event.value) === undefined,
        actions: [
          assign(({ context, event: { key, value, by, at, why = null } }) => {
            assert(refusalOf(key, value) === undefined, 'CF1', key)
            return { values: { ...context.values, [key]: { value, by, at, why } } }
          }),
          emit(({ context: { site }, event: { key, value, by } }) => ({
            type: 'config.changed',
            site,
            key,
            value,
            by,
          })),
          'show',
        ],
      },
      {
        actions: reply(({ event: { key, value } }) => ({
          type: 'config.refused',
          key,
          problem: refusalOf(key, value) ?? '',
        })),
      },
    ],
    'config.unset': {
      actions: [
        assign(({ context, event }) => {
          const { [event.key]: _dropped, ...values } = context.values
          return { values }
        }),
        emit(({ context: { site }, event: { key, by } }) => ({ type: 'config.changed', site, key, by })),
        'show',
      ],
    },
  },
})

export const config = defineActor({
  type: 'config',
  glyph: 'square',
  accepts: ConfigMessage,
  creates: ['config.set', 'config.unset'],
  machine: configMachine,
  queries: { view: ({ context }) => context },
})
