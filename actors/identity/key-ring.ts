/**
 * The keys that sign access tokens: one that signs, and those before it, for as long as a token of theirs may live.
 *
 * A gateway makes the key pair and seals the private one with the service key, which is not stored with the data.
 * Two gateways that rotate at once name the same predecessor: the first is taken, and the other learns of it.
 *
 * Owns:     which keys there are, in which order, and when the next one is due (runtime clock).
 * Does not: make, open or use a key.
 *
 * Invariants:
 *   K1. There is exactly one active key, from the first one on; it alone has a sealed private key.
 *   K2. A key verifies for `retiringMs` after it signed last, which is longer than a token lives.
 */
import { assign, setup } from 'xstate'
import type { Birth, Delivered, Instant } from '#actor'
import { defineActor, effects, emit, hours, reply, schedule } from '#actor'
import { KeyRingMessage } from './messages.ts'

export const keyLastsMs = hours(30 * 24)
export const retiringMs = hours(1)
/** A rotation that would need more has to wait until one is retired. */
export const retiringMax = 4
/** Of those that verify nothing more; they are kept to be looked at. */
export const retiredMax = 4

export interface RingKey {
  readonly kid: string
  readonly status: 'active' | 'retiring' | 'retired'
  readonly x: string
  /** Of the active one. */
  readonly sealed: string | null
  readonly since: Instant
}

export interface KeyRingContext {
  /** The active one first. */
  readonly keys: readonly RingKey[]
}

/** The ring's own timers. */
type KeyRingTimer =
  | { readonly type: 'key-ring.age' }
  | { readonly type: 'key-ring.retire'; readonly kid: string }

export interface KeyRingView {
  readonly keys: readonly RingKey[]
  /** The active key is old: whoever reads this makes another. */
  readonly isDue: boolean
}

const activeOf = ({ keys }: KeyRingContext): string | null => keys[0]?.kid ?? null
const withStatus = (keys: readonly RingKey[], status: RingKey['status']) =>
  keys.filter((key) => key.status === status)

function rotated({ keys }: KeyRingContext, key: RingKey): readonly RingKey[] {
  const before = keys.map(
    (one): RingKey => (one.status === 'active' ? { ...one, status: 'retiring', sealed: null } : one),
  )
  return [key, ...before]
}

function retired({ keys }: KeyRingContext, kid: string): readonly RingKey[] {
  const after = keys.map(
    (one): RingKey => (one.kid === kid && one.status === 'retiring' ? { ...one, status: 'retired' } : one),
  )
  const kept = withStatus(after, 'retired').slice(0, retiredMax)
  return after.filter((one) => one.status !== 'retired' || kept.includes(one))
}

export const keyRingMachine = setup({
  types: {
    context: {} as KeyRingContext,
    events: {} as Delivered<KeyRingMessage | KeyRingTimer>,
    input: {} as Birth,
  },
  guards: {
    follows: ({ context, event }) => event.type === 'key-ring.rotate' && event.after === activeOf(context),
    isFull: ({ context: { keys } }) => withStatus(keys, 'retiring').length >= retiringMax,
  },
  actions: {
    limitAge: schedule('age', keyLastsMs, { type: 'key-ring.age' }, { clock: 'runtime' }),
    // Before `add`: it is the key that signs until then.
    limitRetiring: effects(({ context }) => {
      const kid = activeOf(context)
      if (kid === null) return []
      return [schedule(`retire-${kid}`, retiringMs, { type: 'key-ring.retire', kid }, { clock: 'runtime' })]
    }),
    add: assign(({ context, event }) => {
      if (event.type !== 'key-ring.rotate') return {}
      const { kid, x, sealed, at } = event
      return { keys: rotated(context, { kid, x, sealed, status: 'active', since: at }) }
    }),
    retire: assign(({ context, event }) =>
      event.type === 'key-ring.retire' ? { keys: retired(context, event.kid) } : {},
    ),
    show: reply(({ context: { keys } }) => ({ type: 'key-ring.view', keys, isDue: false })),
    sayFull: reply({ type: 'key-ring.full' }),
    publish: emit(({ context }) => ({ type: 'key-ring.rotated', kid: activeOf(context) })),
  },
}).createMachine({
  id: 'key-ring',
  version: '1',
  context: { keys: [] },
  initial: 'empty',
  states: {
    empty: { tags: 'rest' },
    current: { tags: 'rest', entry: 'limitAge', on: { 'key-ring.age': 'due' } },
    due: { tags: 'waiting' },
  },
  on: {
    'key-ring.rotate': [
      { guard: 'isFull', actions: 'sayFull' },
      {
        guard: 'follows',
        target: '.current',
        reenter: true,
        actions: ['limitRetiring', 'add', 'show', 'publish'],
      },
      { actions: 'show' },
    ],
    'key-ring.retire': { actions: 'retire' },
  },
})

export const keyRing = defineActor({
  type: 'key-ring',
  glyph: 'diamond',
  accepts: KeyRingMessage,
  creates: ['key-ring.rotate'],
  machine: keyRingMachine,
  queries: {
    view: ({ value, context }): KeyRingView => ({
      keys: (context as KeyRingContext).keys,
      isDue: value === 'due',
    }),
  },
})
