import { afterAll, describe, expect, test } from 'vitest'
import type { AnyMessage, Message } from '#actor'
import { Floor, Stage, unreached } from '../floor.test-kit.ts'
import { vaultRef, walletRef } from './messages.ts'
import type { VaultView } from './vault.ts'
import { vault } from './vault.ts'
import type { WalletView } from './wallet.ts'
import { methodsMax, wallet } from './wallet.ts'

const reached = new Set<string>()
afterAll(() => {
  expect(unreached(vault, reached)).toEqual([])
  expect(unreached(wallet, reached)).toEqual([])
})

const store = { type: 'vault.store', owner: 'acc_1', token: 'tok_ok', last4: '4242', brand: 'visa' } as const
const remove = { type: 'vault.remove' } as const

function walk(...messages: readonly AnyMessage[]) {
  const stage = new Stage(vault, 'pm_1')
  const kinds: string[] = []
  for (const message of messages) {
    const effects = stage.send(message)
    if (effects === undefined) throw new Error(`${message.type} is not accepted in ${stage.state}`)
    kinds.push(
      ...effects.map((effect) =>
        effect.kind === 'tell' || effect.kind === 'reply' ? effect.message.type : effect.kind,
      ),
    )
    reached.add(`vault:${stage.state}`).add(`vault>${message.type}`)
  }
  return { stage, kinds, state: stage.state, view: stage.query<VaultView>('view') }
}

describe('a stored card', () => {
  test('V1: is stored when the wallet lists it', () => {
    expect(walk(store).state).toBe('storing')
    const { state, view } = walk(store, { type: 'wallet.added' })
    expect([state, view]).toEqual([
      'stored',
      { method: 'pm_1', state: 'stored', owner: 'acc_1', token: 'tok_ok', last4: '4242', brand: 'visa' },
    ])
  })

  test('V1: is removed when the wallet lists it no more, and nothing of it can be used then', () => {
    const removing = walk(store, { type: 'wallet.added' }, remove, remove)
    expect(removing.state).toBe('removing')
    const { state, view } = walk(store, { type: 'wallet.added' }, remove, { type: 'wallet.removed' })
    expect([state, view.token]).toEqual(['removed', null])
  })

  test('is refused when the wallet is full, and forgotten', () => {
    const { state, view } = walk(store, { type: 'wallet.full' })
    expect([state, view.token]).toEqual(['refused', null])
  })

  test('asks the wallet again until there is an answer', () => {
    const again = { type: 'vault.again' }
    expect(walk(store, again, again).kinds.filter((kind) => kind === 'wallet.add')).toHaveLength(3)
    expect(walk(store, remove, again).kinds.filter((kind) => kind === 'wallet.remove')).toHaveLength(2)
    expect(walk(store, { type: 'wallet.added' }).kinds.at(-2)).toBe('cancel')
  })

  test('takes whatever comes twice, and never another card under its name', () => {
    const stored = walk(store, store, { type: 'wallet.added' }, { type: 'wallet.added' }, store)
    expect(stored.state).toBe('stored')
    expect(stored.stage.send({ ...store, token: 'tok_slow' })).toBeUndefined()
    expect(stored.stage.send({ ...store, owner: 'acc_2' })).toBeUndefined()
    const crossed = walk(store, remove, { type: 'wallet.added' }, { type: 'wallet.full' })
    expect(crossed.state).toBe('removing')
  })
})

describe('a wallet', () => {
  const stage = (): Stage => new Stage(wallet, 'acc_1')
  const add = (method: string): Message & Record<string, string> => ({
    type: 'wallet.add',
    method,
    last4: '4242',
    brand: 'visa',
  })
  const answers = (one: Stage, message: AnyMessage) => {
    const effects = one.send(message) ?? []
    reached.add(`wallet:${one.state}`).add(`wallet>${message.type}`)
    return effects.map((effect) => (effect.kind === 'tell' ? [effect.to, effect.message.type] : effect.kind))
  }

  test('W1: lists each card once, and answers whatever comes again', () => {
    const one = stage()
    for (let n = 0; n < 2; n += 1)
      expect(answers(one, add('pm_1'))).toEqual([[vaultRef('pm_1'), 'wallet.added']])
    expect(one.query<WalletView>('view').methods).toEqual([{ method: 'pm_1', last4: '4242', brand: 'visa' }])
    for (let n = 0; n < 2; n += 1) {
      const answer = answers(one, { type: 'wallet.remove', method: 'pm_1' })
      expect(answer).toEqual([[vaultRef('pm_1'), 'wallet.removed']])
    }
    expect(one.query<WalletView>('view').methods).toEqual([])
  })

  test('W2: of an account that has closed it lets every card go, and takes none', () => {
    const one = stage()
    for (const method of ['pm_1', 'pm_2']) answers(one, add(method))
    expect(answers(one, { type: 'wallet.close' })).toEqual([
      [vaultRef('pm_1'), 'vault.remove'],
      [vaultRef('pm_2'), 'vault.remove'],
    ])
    expect(answers(one, { type: 'wallet.close' })).toEqual([])
    expect(answers(one, { type: 'wallet.remove', method: 'pm_1' })).toEqual([
      [vaultRef('pm_1'), 'wallet.removed'],
    ])
    expect(answers(one, add('pm_3'))).toEqual([[vaultRef('pm_3'), 'wallet.full']])
    expect(answers(stage(), { type: 'wallet.close' })).toEqual([])
  })

  test('W1: has a bound', () => {
    const one = stage()
    for (let n = 0; n < methodsMax; n += 1) answers(one, add(`pm_${n}`))
    expect(answers(one, add('pm_more'))).toEqual([[vaultRef('pm_more'), 'wallet.full']])
    expect(answers(one, add('pm_0'))).toEqual([[vaultRef('pm_0'), 'wallet.added']])
    expect(one.query<WalletView>('view').methods).toHaveLength(methodsMax)
  })
})

test('W2: a card that was on its way when its account closed is refused, one that was stored is forgotten', () => {
  for (const steps of [0, 1, 2, 3]) {
    const floor = new Floor({ actors: [vault, wallet] })
    floor.tell(vaultRef('pm_1'), store)
    for (let n = 0; n < steps; n += 1) floor.step()
    floor.tell(walletRef('acc_1'), { type: 'wallet.close' })
    floor.elapse(60_000)
    expect(['refused', 'removed']).toContain(floor.stage(vaultRef('pm_1')).state)
    expect(floor.stage(vaultRef('pm_1')).query<VaultView>('view').token).toBeNull()
    expect(floor.stage(walletRef('acc_1')).query<WalletView>('view').methods).toEqual([])
    expect([floor.unhandled, floor.timers]).toEqual([[], []])
  }
})

test('together, in any order of messages, the wallet ends up with what is stored', () => {
  for (let seed = 0; seed < 40; seed += 1) {
    let step = seed
    const floor = new Floor({
      actors: [vault, wallet],
      choose: (bound) => {
        step = (step * 1_103_515_245 + 12_345) % 2_147_483_648
        return step % bound
      },
    })
    for (let n = 0; n < 3; n += 1) floor.tell(vaultRef(`pm_${n}`), store)
    for (let n = 0; n < seed % 5; n += 1) floor.step()
    floor.tell(vaultRef('pm_1'), remove)
    floor.elapse(60_000)
    const { methods } = floor.stage(walletRef('acc_1')).query<WalletView>('view')
    expect(methods.map(({ method }) => method).toSorted()).toEqual(['pm_0', 'pm_2'])
    expect(floor.stage(vaultRef('pm_1')).state).toBe('removed')
    expect(floor.unhandled).toEqual([])
    expect(floor.timers).toEqual([])
  }
})
