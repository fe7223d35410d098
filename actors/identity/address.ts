/**
 * One e-mail address, and the account that it belongs to.
 *
 * Its key is a keyed hash that the gateway makes of the normalised address, so whoever reads the journal reads no
 * address here. A claim is provisional: it keeps others away while the account is made, and lapses if none is.
 *
 * Owns:     whose the address is.
 * Does not: know the address itself, or the account beyond its id.
 *
 * Invariants:
 *   A1. At any time an address belongs to at most one account.
 *   A2. Only the account's own `address.confirm` makes it belong to the account, and only its `address.release`
 *       gives it back. A claim ends by itself.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered } from '#actor'
import { cancel, defineActor, emit, minutes, reply, schedule, tell } from '#actor'
import { AddressMessage, accountRef } from './messages.ts'

/** How long a claim waits for its account, on the runtime clock. */
export const claimLastsMs = minutes(10)

export interface AddressContext {
  readonly account: string | null
}

/** The address's own timer: nobody has confirmed the claim. */
type AddressTimer = { readonly type: 'address.lapse' }

/** `account` is whose it is, or will be when it confirms. */
export interface AddressView {
  readonly state: string
  readonly account: string | null
}

export const addressMachine = setup({
  types: {
    context: {} as AddressContext,
    events: {} as Delivered<AddressMessage | AddressTimer>,
    input: {} as Birth,
  },
  guards: {
    isOwner: ({ context, event }) => 'account' in event && event.account === context.account,
  },
  actions: {
    take: assign({ account: ({ event }) => ('account' in event ? event.account : null) }),
    free: assign({ account: null }),
    show: reply(({ context: { account } }) => ({ type: 'address.view', account })),
    limitClaim: schedule('lapse', claimLastsMs, { type: 'address.lapse' }, { clock: 'runtime' }),
    endClaim: cancel('lapse'),
    sayConfirmed: tell(({ context }) => accountRef(context.account ?? ''), { type: 'address.confirmed' }),
    sayRefused: tell(({ event }) => accountRef('account' in event ? event.account : ''), {
      type: 'address.refused',
    }),
    sayReleased: tell(({ event }) => accountRef('account' in event ? event.account : ''), {
      type: 'address.released',
    }),
    publishConfirmed: emit(({ context: { account } }) => ({ type: 'address.confirmed', account })),
    publishFreed: emit(({ context: { account } }) => ({ type: 'address.freed', account })),
  },
}).createMachine({
  id: 'address',
  version: '1',
  context: { account: null },
  initial: 'free',
  states: {
    free: {
      tags: 'rest',
      entry: 'free',
      on: {
        'address.claim': { target: 'claimed', actions: ['take', 'show'] },
        // Its claim has lapsed, and nobody came between.
        'address.confirm': { target: 'confirmed', actions: 'take' },
        'address.release': { actions: 'sayReleased' },
      },
    },
    claimed: {
      tags: 'waiting',
      entry: 'limitClaim',
      exit: 'endClaim',
      on: {
        'address.claim': [{ guard: 'isOwner', actions: ['show', 'limitClaim'] }, { actions: 'show' }],
        'address.confirm': [{ guard: 'isOwner', target: 'confirmed' }, { actions: 'sayRefused' }],
        'address.release': [
          { guard: 'isOwner', target: 'free', actions: 'sayReleased' },
          { actions: 'sayReleased' },
        ],
        'address.lapse': 'free',
      },
    },
    confirmed: {
      tags: 'rest',
      entry: ['sayConfirmed', 'publishConfirmed'],
      on: {
        'address.claim': { actions: 'show' },
        'address.confirm': [{ guard: 'isOwner', actions: 'sayConfirmed' }, { actions: 'sayRefused' }],
        'address.release': [
          { guard: 'isOwner', target: 'free', actions: ['sayReleased', 'publishFreed'] },
          { actions: 'sayReleased' },
        ],
      },
    },
  },
})

export const address = defineActor({
  type: 'address',
  glyph: 'square',
  accepts: AddressMessage,
  creates: ['address.claim', 'address.confirm'],
  machine: addressMachine,
  queries: {
    view: ({ value, context }): AddressView => ({ state: value as string, ...(context as AddressContext) }),
  },
})
