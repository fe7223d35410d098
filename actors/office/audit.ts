/**
 * What operators did in one day: the actor's journal is the record.
 *
 * Owns:     that a command is written down before it is carried out, and its outcome after.
 * Does not: keep the entries in its state, but for those whose outcome is still to come.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered } from '#actor'
import { defineActor, emit, reply } from '#actor'
import { AuditMessage } from './operation-messages.ts'

/** Of entries without an outcome the oldest is forgotten beyond this: it stays in the journal. */
export const openEntriesMax = 200

export interface AuditContext {
  readonly day: string
  readonly begun: number
  readonly ended: number
  readonly open: readonly string[]
}

export const auditMachine = setup({
  types: {
    context: {} as AuditContext,
    events: {} as Delivered<AuditMessage>,
    input: {} as Birth,
  },
  actions: {
    confirm: reply(({ context }) => ({ type: 'audit.kept', day: context.day })),
  },
}).createMachine({
  id: 'audit',
  version: '1',
  context: ({ input }) => ({ day: input.key, begun: 0, ended: 0, open: [] }),
  initial: 'kept',
  states: { kept: { tags: 'rest' } },
  on: {
    'audit.begin': {
      actions: [
        assign(({ context, event }) => ({
          begun: context.begun + 1,
          open: [...context.open, event.entry].slice(-openEntriesMax),
        })),
        emit(({ event: { at: _at, type: _type, from: _from, ...entry } }) => ({
          type: 'audit.begun',
          ...entry,
        })),
        'confirm',
      ],
    },
    'audit.end': [
      {
        guard: ({ context, event }) => context.open.includes(event.entry),
        actions: [
          assign(({ context, event }) => ({
            ended: context.ended + 1,
            open: context.open.filter((entry) => entry !== event.entry),
          })),
          emit(({ event: { entry, status } }) => ({ type: 'audit.ended', entry, status })),
          'confirm',
        ],
      },
      { actions: 'confirm' },
    ],
  },
})

export const audit = defineActor({
  type: 'audit',
  glyph: 'square',
  accepts: AuditMessage,
  creates: ['audit.begin'],
  machine: auditMachine,
  queries: { view: ({ context }) => context },
})
