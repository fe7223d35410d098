/**
 * The accounts that are admins and not locked: the one place where the last of them can be told.
 *
 * Two admins who take each other's role at the same moment are two accounts in two shards; none of them can count.
 * So an account that would stop being an admin asks here first, and one turn decides. An account enters after it
 * became an admin and leaves before it stops being one: the roll may lack an admin, but never names one too many.
 *
 * Owns:     the count.
 * Does not: give or take a role (`account.ts`). A lock for failed log-ins does not ask: it ends by itself, and
 *           without it an admin's password could be guessed for ever.
 *
 * Invariants:
 *   R1. Once there was an admin, there always is one.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered } from '#actor'
import { defineActor, effects, tell } from '#actor'
import { AdminRollMessage, accountRef } from './messages.ts'

/** Further admins are admins and not counted. */
export const adminsCountedMax = 100

export interface AdminRollContext {
  readonly admins: readonly string[]
}

export const adminRollMachine = setup({
  types: {
    context: {} as AdminRollContext,
    events: {} as Delivered<AdminRollMessage>,
    input: {} as Birth,
  },
  guards: {
    isNew: ({ context: { admins }, event }) =>
      event.type === 'roll.enter' && !admins.includes(event.account) && admins.length < adminsCountedMax,
    isLast: ({ context: { admins }, event }) =>
      event.type === 'roll.leave' && admins.length === 1 && admins[0] === event.account,
  },
  actions: {
    enter: assign(({ context, event }) =>
      event.type === 'roll.enter' ? { admins: [...context.admins, event.account] } : {},
    ),
    strike: assign(({ context, event }) => ({
      admins: context.admins.filter((one) => event.type !== 'roll.leave' || one !== event.account),
    })),
    answer: effects(({ event }, { type }: { type: 'roll.left' | 'roll.refused' }) =>
      event.type === 'roll.leave' ? [tell(accountRef(event.account), { type, wish: event.wish })] : [],
    ),
  },
}).createMachine({
  id: 'admin-roll',
  version: '1',
  context: { admins: [] },
  initial: 'open',
  states: {
    open: {
      tags: 'rest',
      on: {
        'roll.enter': [{ guard: 'isNew', actions: 'enter' }, {}],
        'roll.leave': [
          { guard: 'isLast', actions: { type: 'answer', params: { type: 'roll.refused' } } },
          { actions: ['strike', { type: 'answer', params: { type: 'roll.left' } }] },
        ],
      },
    },
  },
})

export const adminRoll = defineActor({
  type: 'admin-roll',
  glyph: 'square',
  accepts: AdminRollMessage,
  creates: ['roll.enter', 'roll.leave'],
  machine: adminRollMachine,
  queries: { admins: ({ context }) => (context as AdminRollContext).admins },
})
