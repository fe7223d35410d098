/**
 * What an account says of itself: its name, how to reach it, and what it likes.
 *
 * Owns:     that, with a version that an editor names.
 * Does not: decide who may read it, or send anything.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered } from '#actor'
import { defineActor, reply } from '#actor'
import type { Preferences } from './messages.ts'
import { ProfileMessage } from './messages.ts'

export interface ProfileContext {
  readonly account: string
  readonly email: string
  readonly name: string | null
  readonly phone: string | null
  readonly locale: string | null
  readonly preferences: Preferences
}

export type ProfileView = ProfileContext

/** Of somebody who has left. What was said before leaves the journal with its retention. */
const nobody = { email: '', name: null, phone: null, locale: null, preferences: {} } as const

export const profileMachine = setup({
  types: {
    context: {} as ProfileContext,
    events: {} as Delivered<ProfileMessage>,
    input: {} as Birth,
  },
  actions: {
    show: reply(({ context }) => ({ type: 'profile.view', ...context })),
  },
}).createMachine({
  id: 'profile',
  version: '1',
  context: ({ input }) => ({ account: input.key, ...nobody }),
  initial: 'empty',
  states: {
    empty: {
      on: {
        'profile.open': {
          target: 'open',
          actions: assign(({ event: { email, name = null, locale = null } }) => ({ email, name, locale })),
        },
      },
    },
    open: {
      on: {
        'profile.open': {},
        'profile.change': {
          actions: [
            assign(({ context, event: { name, phone, locale } }) => ({
              name: name === undefined ? context.name : name,
              phone: phone === undefined ? context.phone : phone,
              locale: locale === undefined ? context.locale : locale,
            })),
            'show',
          ],
        },
        'profile.prefer': {
          actions: [assign({ preferences: ({ event }) => event.preferences }), 'show'],
        },
        'profile.close': { target: 'closed', actions: assign(nobody) },
      },
    },
    closed: { type: 'final' },
  },
})

export const profile = defineActor({
  type: 'profile',
  accepts: ProfileMessage,
  creates: ['profile.open'],
  // Its account may say it again.
  ignores: ['profile.open', 'profile.close'],
  machine: profileMachine,
  queries: { view: ({ context }): ProfileView => context as ProfileContext },
})
