/**
 * The cards that one account has stored, as its owner sees them.
 *
 * Owns:     the list, and how long it may be.
 * Does not: hold what one can pay with (`vault.ts`).
 *
 * Invariants:
 *   W1. At most `methodsMax` cards, each once; every message of a card is answered, also when it comes again.
 *   W2. When its account has closed, every card that it listed is removed, and none is added.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered } from '#actor'
import { defineActor, effects, tell } from '#actor'
import { vaultRef, WalletMessage } from './messages.ts'

export const methodsMax = 20

export interface StoredMethod {
  readonly method: string
  readonly last4: string
  readonly brand: string
}

export interface WalletView {
  readonly methods: readonly StoredMethod[]
}

const walletMachine = setup({
  types: {
    context: {} as WalletView,
    events: {} as Delivered<WalletMessage>,
    input: {} as Birth,
  },
  guards: {
    isListed: ({ context, event }) =>
      'method' in event && context.methods.some(({ method }) => method === event.method),
    isFull: ({ context }) => context.methods.length >= methodsMax,
  },
  actions: {
    list: assign(({ context, event }) => {
      if (event.type !== 'wallet.add') return {}
      const { method, last4, brand } = event
      return { methods: [...context.methods, { method, last4, brand }] }
    }),
    strike: assign(({ context, event }) => ({
      methods: context.methods.filter(
        ({ method }) => event.type !== 'wallet.remove' || method !== event.method,
      ),
    })),
    removeAll: effects(({ context }) =>
      context.methods.map(({ method }) => tell(vaultRef(method), { type: 'vault.remove' })),
    ),
    sayAdded: tell(({ event }) => vaultRef('method' in event ? event.method : ''), { type: 'wallet.added' }),
    sayFull: tell(({ event }) => vaultRef('method' in event ? event.method : ''), { type: 'wallet.full' }),
    sayRemoved: tell(({ event }) => vaultRef('method' in event ? event.method : ''), {
      type: 'wallet.removed',
    }),
  },
}).createMachine({
  id: 'wallet',
  version: '1',
  context: { methods: [] },
  initial: 'open',
  states: {
    open: {
      tags: 'rest',
      on: {
        'wallet.add': [
          { guard: 'isListed', actions: 'sayAdded' },
          { guard: 'isFull', actions: 'sayFull' },
          { actions: ['list', 'sayAdded'] },
        ],
        'wallet.remove': { actions: ['strike', 'sayRemoved'] },
        'wallet.close': { target: 'closed', actions: 'removeAll' },
      },
    },
    closed: {
      tags: 'rest',
      on: {
        'wallet.add': { actions: 'sayFull' },
        'wallet.remove': { actions: ['strike', 'sayRemoved'] },
        'wallet.close': {},
      },
    },
  },
})

export const wallet = defineActor({
  type: 'wallet',
  glyph: 'square',
  accepts: WalletMessage,
  // A card may be removed before its wallet has heard of it; an account may close before it has one.
  creates: ['wallet.add', 'wallet.remove', 'wallet.close'],
  machine: walletMachine,
  queries: { view: ({ context }) => context as WalletView },
})
