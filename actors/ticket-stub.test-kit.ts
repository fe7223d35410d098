/**
 * A ticket that does what a test says: the kitchen's side of the contract with an order, without a kitchen.
 */
import { Type } from 'typebox'
import { setup } from 'xstate'
import type { Birth, Delivered, MessageOf } from '#actor'
import { defineActor, tell } from '#actor'
import { TicketCommand } from './kitchen/ticket-messages.ts'
import { orderRef } from './orders/messages.ts'

const StubMessage = Type.Union([
  ...TicketCommand.anyOf,
  Type.Object({ type: Type.Literal('stub.next') }),
  Type.Object({ type: Type.Literal('stub.fail') }),
])

const machine = setup({
  types: {
    context: {} as { order: string },
    events: {} as Delivered<MessageOf<typeof StubMessage>>,
    input: {} as Birth,
  },
  actions: {
    started: tell(({ context }) => orderRef(context.order), { type: 'ticket.started' }),
    plating: tell(({ context }) => orderRef(context.order), { type: 'ticket.plating' }),
    plated: tell(({ context }) => orderRef(context.order), { type: 'ticket.plated' }),
    refused: tell(({ context }) => orderRef(context.order), {
      type: 'ticket.failed',
      reason: 'station-closed',
      wasted: false,
    }),
    failed: tell(({ context }) => orderRef(context.order), {
      type: 'ticket.failed',
      reason: 'oven-broken',
      wasted: true,
    }),
    returned: tell(({ context }) => orderRef(context.order), { type: 'ticket.cancelled', wasted: false }),
    wasted: tell(({ context }) => orderRef(context.order), { type: 'ticket.cancelled', wasted: true }),
  },
}).createMachine({
  context: ({ input }) => ({ order: input.key }),
  initial: 'new',
  states: {
    new: { on: { 'ticket.open': 'waiting' } },
    waiting: {
      on: {
        'stub.next': { target: 'cooking', actions: 'started' },
        'stub.fail': { target: 'over', actions: 'refused' },
        'ticket.cancel': { target: 'over', actions: 'returned' },
      },
    },
    cooking: {
      on: {
        'stub.next': { target: 'plating', actions: 'plating' },
        'stub.fail': { target: 'over', actions: 'failed' },
        'ticket.cancel': { target: 'over', actions: 'wasted' },
      },
    },
    plating: {
      on: {
        'stub.next': { target: 'over', actions: 'plated' },
        'stub.fail': { target: 'over', actions: 'failed' },
        'ticket.cancel': { target: 'over', actions: 'wasted' },
      },
    },
    over: { type: 'final' },
  },
})

export const ticketStub = defineActor({
  type: 'ticket',
  accepts: StubMessage,
  creates: ['ticket.open'],
  ignores: ['ticket.cancel', 'stub.next', 'stub.fail'],
  machine,
})
