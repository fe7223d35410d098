/**
 * What an account says of itself: its name, how to reach it, and what it likes.
 *
 * Owns:     that, with a version that an editor names; and that its inbox hears where it can be reached.
 * Does not: decide who may read it, or send anything.
 *
 * Invariants:
 *   P1. The account's inbox is told of each change of e-mail address or phone once, and of nothing else.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered } from '#actor'
import { defineActor, effects, reply, tell } from '#actor'
import { type Contact, inboxRef } from '../office/messages.ts'
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

const contactOf = ({ email, phone }: ProfileContext): Contact => ({
  email: email === '' ? null : email,
  phone,
})

/** Where it can be reached when this message has been taken. */
function contactAfter(context: ProfileContext, event: Delivered<ProfileMessage>): Contact {
  const contact = contactOf(context)
  switch (event.type) {
    case 'profile.open':
      return { ...contact, email: event.email }
    case 'profile.change':
      return { ...contact, phone: event.phone === undefined ? contact.phone : event.phone }
    case 'profile.close':
      return { email: null, phone: null }
    default:
      return contact
  }
}

export const profileMachine = setup({
  types: {
    context: {} as ProfileContext,
    events: {} as Delivered<ProfileMessage>,
    input: {} as Birth,
  },
  actions: {
    /** Before the change: it says what was. */
    tellInbox: effects(({ context, event }) => {
      const was = contactOf(context)
      const is = contactAfter(context, event)
      if (was.email === is.email && was.phone === is.phone) return []
      return [tell(inboxRef(context.account), { type: 'inbox.contact', was, is })]
    }),
    show: reply(({ context }) => ({ type: 'profile.view', ...context })),
  },
}).createMachine({
  id: 'profile',
  version: '1',
  context: ({ input }) => ({ account: input.key, ...nobody }),
  initial: 'empty',
  states: {
    empty: {
      tags: 'rest',
      on: {
        'profile.open': {
          target: 'open',
          actions: [
            'tellInbox',
            assign(({ event: { email, name = null, locale = null } }) => ({ email, name, locale })),
          ],
        },
      },
    },
    open: {
      tags: 'rest',
      on: {
        'profile.open': {},
        'profile.change': {
          actions: [
            'tellInbox',
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
        'profile.close': { target: 'closed', actions: ['tellInbox', assign(nobody)] },
      },
    },
    closed: { tags: 'rest', type: 'final' },
  },
})

export const profile = defineActor({
  type: 'profile',
  glyph: 'square',
  accepts: ProfileMessage,
  creates: ['profile.open'],
  // Its account may say it again.
  ignores: ['profile.open', 'profile.close'],
  machine: profileMachine,
  queries: { view: ({ context }): ProfileView => context as ProfileContext },
})
