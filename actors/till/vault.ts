/**
 * One stored card: the provider's token, and as much of the number as lets its owner recognise it.
 *
 * The gateway has exchanged the card before it comes here: no card number ever is a message.
 *
 * Owns:     the token, and that the owner's wallet lists what can be paid with and nothing else.
 * Does not: list (`wallet.ts`), or pay: whoever places an order is told the token by the gateway.
 *
 * Invariants:
 *   V1. A card is `stored` only when its owner's wallet lists it, and `removed` only when it lists it no more.
 *   V2. Nothing can be paid with what is being removed, and of what is removed the token is forgotten.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered } from '#actor'
import { cancel, defineActor, emit, reply, schedule, seconds, tell } from '#actor'
import { stateName } from '../state-name.ts'
import { VaultMessage, walletRef } from './messages.ts'

/** Runtime clock: a wallet that does not answer is asked again. Asking twice does no harm. */
const askAgainMs = seconds(5)

interface VaultContext {
  readonly method: string
  readonly owner: string
  readonly token: string | null
  readonly last4: string
  readonly brand: string
}

/** The entry's own timer: ask the wallet again. */
type VaultTimer = { readonly type: 'vault.again' }

const vaultMachine = setup({
  types: {
    context: {} as VaultContext,
    events: {} as Delivered<VaultMessage | VaultTimer>,
    input: {} as Birth,
  },
  guards: {
    isSame: ({ context, event }) =>
      event.type === 'vault.store' && event.token === context.token && event.owner === context.owner,
  },
  actions: {
    say: reply(({ context: { method, last4, brand } }) => ({ type: 'vault.view', method, last4, brand })),
    askToAdd: tell(
      ({ context }) => walletRef(context.owner),
      ({ context: { method, last4, brand } }) => ({ type: 'wallet.add', method, last4, brand }),
    ),
    askToRemove: tell(
      ({ context }) => walletRef(context.owner),
      ({ context: { method } }) => ({ type: 'wallet.remove', method }),
    ),
    waitABit: schedule('again', askAgainMs, { type: 'vault.again' }, { clock: 'runtime' }),
    waitNoMore: cancel('again'),
    forget: assign({ token: null }),
    publishStored: emit(({ context: { method, owner, last4, brand } }) => ({
      type: 'payment-method.stored',
      method,
      owner,
      last4,
      brand,
    })),
    publishRemoved: emit(({ context: { method, owner } }) => ({
      type: 'payment-method.removed',
      method,
      owner,
    })),
  },
}).createMachine({
  id: 'vault',
  version: '1',
  context: ({ input }) => ({ method: input.key, owner: '', token: null, last4: '', brand: '' }),
  initial: 'created',
  states: {
    created: {
      tags: 'rest',
      on: {
        'vault.store': {
          target: 'storing',
          actions: [
            assign(({ event: { owner, token, last4, brand } }) => ({ owner, token, last4, brand })),
            'say',
          ],
        },
      },
    },
    storing: {
      tags: 'waiting',
      entry: ['askToAdd', 'waitABit'],
      exit: 'waitNoMore',
      on: {
        'vault.store': { guard: 'isSame', actions: 'say' },
        'wallet.added': 'stored',
        'wallet.full': 'refused',
        'vault.remove': { target: 'removing', actions: 'say' },
        'vault.again': { target: 'storing', reenter: true },
      },
    },
    stored: {
      tags: 'rest',
      entry: 'publishStored',
      on: {
        'vault.store': { guard: 'isSame', actions: 'say' },
        'wallet.added': {},
        'vault.remove': { target: 'removing', actions: 'say' },
      },
    },
    removing: {
      tags: 'waiting',
      entry: ['askToRemove', 'waitABit'],
      exit: 'waitNoMore',
      on: {
        'vault.remove': { actions: 'say' },
        'wallet.added': {},
        'wallet.full': {},
        'wallet.removed': 'removed',
        'vault.again': { target: 'removing', reenter: true },
      },
    },
    refused: { tags: 'rest', type: 'final', entry: 'forget' },
    removed: { tags: 'rest', type: 'final', entry: ['forget', 'publishRemoved'] },
  },
})

/** A stored card, as the gateway reads it. The token is shown to nobody outside. */
export interface VaultView {
  readonly method: string
  readonly state: string
  readonly owner: string
  readonly token: string | null
  readonly last4: string
  readonly brand: string
}

export const vault = defineActor({
  type: 'vault',
  glyph: 'square',
  accepts: VaultMessage,
  creates: ['vault.store'],
  // The wallet may answer twice.
  ignores: ['wallet.added', 'wallet.full', 'wallet.removed', 'vault.remove'],
  machine: vaultMachine,
  queries: {
    view: ({ value, context }): VaultView => ({ ...(context as VaultContext), state: stateName(value) }),
  },
})
