/**
 * The feature flags of one site: for whom each of them is on.
 *
 * Owns:     the rules that operators have set, by whom, when and why.
 * Does not: evaluate them. A gateway does, from its copy, without asking.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered, Instant } from '#actor'
import { defineActor, emit, reply } from '#actor'
import { isFlagName } from './flag-names.ts'
import { type FlagRule, FlagsMessage } from './operating-messages.ts'

export interface StoredRule {
  readonly rule: FlagRule
  readonly by: string
  readonly at: Instant
  readonly why: string | null
}

export interface FlagsContext {
  readonly site: string
  /** By flag: as many as there are flags. */
  readonly rules: Readonly<Record<string, StoredRule>>
}

export const flagsMachine = setup({
  types: {
    context: {} as FlagsContext,
    events: {} as Delivered<FlagsMessage>,
    input: {} as Birth,
  },
  actions: {
    show: reply(({ context }) => ({ type: 'flags.view', ...context })),
    announce: emit(({ context: { site }, event }) => ({
      type: 'flags.changed',
      site,
      ...('flag' in event && { flag: event.flag, by: event.by }),
    })),
  },
}).createMachine({
  id: 'flags',
  version: '1',
  context: ({ input }) => ({ site: input.key, rules: {} }),
  initial: 'kept',
  states: { kept: { tags: 'rest' } },
  on: {
    'flags.set': [
      {
        guard: ({ event }) => isFlagName(event.flag),
        actions: [
          assign(({ context, event: { flag, rule, by, at, why = null } }) => ({
            rules: { ...context.rules, [flag]: { rule, by, at, why } },
          })),
          'announce',
          'show',
        ],
      },
      { actions: reply(({ event: { flag } }) => ({ type: 'flags.unknown', flag })) },
    ],
    'flags.unset': {
      actions: [
        assign(({ context, event }) => {
          const { [event.flag]: _dropped, ...rules } = context.rules
          return { rules }
        }),
        'announce',
        'show',
      ],
    },
  },
})

export const flags = defineActor({
  type: 'flags',
  glyph: 'square',
  accepts: FlagsMessage,
  creates: ['flags.set', 'flags.unset'],
  machine: flagsMachine,
  queries: { view: ({ context }) => context },
})
