import { afterAll, describe, expect, test } from 'vitest'
import { type AnyMessage, drawInteger } from '#actor'
import { Floor, Stage, unreached } from '../floor.test-kit.ts'
import { inbox } from '../office/inbox.ts'
import { inboxRef } from '../office/messages.ts'
import { walletRef } from '../till/messages.ts'
import { wallet } from '../till/wallet.ts'
import {
  type AccountView,
  account,
  askAgainMs,
  failuresMax,
  quietMs,
  restMs,
  sessionsMax,
} from './account.ts'
import { claimLastsMs } from './address.ts'
import { identityActors } from './index.ts'
import type { AccountMessage, AccountRole } from './messages.ts'
import { accountRef, addressRef, adminRollRef, profileRef, sessionKeyOf, sessionRef } from './messages.ts'

// With the address, the sessions, the profile and the roll of admins as they are.

const reached = new Set<string>()
const password = '$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA'
const set = (...roles: AccountRole[]): AccountMessage => ({ type: 'account.set-roles', roles })
const login = (n: number | string, id = 'a'): AccountMessage => ({
  type: 'account.login',
  session: sessionKeyOf(id, String(n)),
})
const wrong: AccountMessage = { type: 'account.login-failed' }

class House extends Floor {
  constructor(choose?: (bound: number) => number) {
    super({ actors: [...identityActors, inbox, wallet], ...(choose && { choose }) })
  }
  register(id = 'a', roles: AccountRole[] = ['customer'], address = `address-of-${id}`): this {
    this.tell(addressRef(address), { type: 'address.claim', account: id })
    this.settle()
    const email = `${id}@example.org`
    this.say({ type: 'account.register', address, email, hash: password, roles, name: id }, id)
    return this
  }
  say(message: AccountMessage, id = 'a'): AnyMessage | undefined {
    const before = this.replies.length
    this.tell(accountRef(id), message)
    this.settle()
    for (const name of this.reached) reached.add(name)
    return this.replies[before]
  }
  view(id = 'a'): AccountView {
    return this.stage(accountRef(id)).query('view')
  }
  stateOf(n: number | string, id = 'a'): string | undefined {
    return this.stages.get(sessionRef(sessionKeyOf(id, String(n))))?.state
  }
  get admins(): readonly string[] {
    return this.stage(adminRollRef).query('admins')
  }
  passes(ms: number): void {
    this.elapse(ms)
    for (const name of this.reached) reached.add(name)
  }
}

describe('registering', () => {
  test('ends with a confirmed address, a profile, and an account that may log in', () => {
    const house = new House().register()
    expect(house.view()).toMatchObject({ state: 'active', roles: ['customer'], email: 'a@example.org' })
    expect(house.stage(addressRef('address-of-a')).query('view')).toEqual({
      state: 'confirmed',
      account: 'a',
    })
    expect(house.stage(profileRef('a')).query('view')).toMatchObject({ email: 'a@example.org', name: 'a' })
    expect(house.events).toContainEqual(
      expect.objectContaining({ type: 'account.registered', account: 'a', address: 'address-of-a' }),
    )
    expect(house.unhandled).toEqual([])
  })

  test('of two accounts for one address one is refused, and nothing of its person is kept', () => {
    const house = new House().register('a', ['customer'], 'same').register('b', ['customer'], 'same')
    expect(house.view('a').state).toBe('active')
    expect(house.view('b')).toMatchObject({ state: 'refused', email: '' })
    expect(house.stage(accountRef('b')).query('credentials')).toMatchObject({ hash: '' })
  })

  test('goes on after its claim has lapsed, if nobody came between', () => {
    const house = new House()
    house.tell(addressRef('late'), { type: 'address.claim', account: 'a' })
    house.elapse(claimLastsMs)
    house.register('a', ['customer'], 'late')
    expect(house.view().state).toBe('active')
  })

  test('asks again while its address is silent', () => {
    const stage = new Stage(account, 'a')
    const register = {
      type: 'account.register',
      address: 'x',
      email: 'a@b.c',
      hash: password,
      roles: ['customer'],
    }
    const asked = stage.send(register)
    expect(asked).toContainEqual(
      expect.objectContaining({ kind: 'schedule', id: 'again', delayMs: askAgainMs, clock: 'runtime' }),
    )
    const ask = { kind: 'tell', to: 'address/x', message: { type: 'address.confirm', account: 'a' } }
    expect(asked).toContainEqual(ask)
    reached.add(`account:${stage.state}`)
    expect(stage.send({ type: 'account.ask-again' })).toContainEqual(ask)
  })
})

describe('logging in', () => {
  test('opens a session, and says so twice to who asks twice', () => {
    const house = new House().register()
    expect(house.say(login(1))).toEqual({ type: 'account.welcome' })
    expect(house.say(login(1))).toEqual({ type: 'account.welcome' })
    expect([house.view().sessions, house.stateOf(1)]).toEqual([['a.1'], 'active'])
    expect(house.unhandled).toEqual([])
  })

  test('ends the oldest session when there are too many', () => {
    const house = new House().register()
    for (let n = 0; n <= sessionsMax; n += 1) house.say(login(n))
    expect([house.stateOf(0), house.stateOf(1)]).toEqual(['revoked', 'active'])
    expect(house.view().sessions).toHaveLength(sessionsMax)
    expect(house.view().sessions).not.toContain('a.0')
  })

  test('a session that ends leaves the list', () => {
    const house = new House().register()
    house.say(login(1))
    house.tell(sessionRef('a.1'), { type: 'session.revoke' })
    house.settle()
    expect(house.view().sessions).toEqual([])
  })

  test('A2: wrong passwords lock it for a while, also for the right one', () => {
    const house = new House().register()
    for (let n = 1; n < failuresMax; n += 1) house.say(wrong)
    expect(house.view().state).toBe('active')
    house.say(wrong)
    expect(house.view()).toMatchObject({ state: 'locked', lockedBy: 'failures' })
    house.say(wrong)
    expect(house.say(login(1))).toEqual({ type: 'account.locked', by: 'failures' })
    house.passes(restMs - 1)
    expect(house.view().state).toBe('locked')
    house.passes(1)
    expect(house.say(login(1))).toEqual({ type: 'account.welcome' })
  })

  test('wrong passwords are forgotten after a quiet time and after a right one, not before', () => {
    const house = new House().register()
    const almost = () => {
      for (let n = 1; n < failuresMax; n += 1) house.say(wrong)
    }
    almost()
    house.passes(quietMs)
    almost()
    house.say(login(1))
    almost()
    expect(house.view().state).toBe('active')
    house.passes(quietMs - 1)
    house.say(wrong)
    expect(house.view().state).toBe('locked')
  })
})

describe('locking', () => {
  test('by an admin lasts until it is unlocked, and ends every session', () => {
    const house = new House().register()
    house.say(login(1))
    expect(house.say({ type: 'account.lock' })).toEqual({ type: 'account.done' })
    expect(house.say({ type: 'account.lock' })).toEqual({ type: 'account.done' })
    expect(house.view()).toMatchObject({ state: 'locked', lockedBy: 'operator', sessions: [] })
    expect(house.stateOf(1)).toBe('revoked')
    house.say(wrong)
    house.passes(10 * restMs)
    expect(house.say(login(2))).toEqual({ type: 'account.locked', by: 'operator' })
    house.say({ type: 'account.unlock' })
    expect(house.say({ type: 'account.unlock' })).toEqual({ type: 'account.done' })
    expect(house.say(login(2))).toEqual({ type: 'account.welcome' })
  })

  test('for wrong passwords can be ended before its time', () => {
    const house = new House().register()
    for (let n = 0; n < failuresMax; n += 1) house.say(wrong)
    house.say({ type: 'account.unlock' })
    expect(house.view()).toMatchObject({ state: 'active', lockedBy: null })
  })
})

describe('admins', () => {
  test('A3: the last one cannot lose the role, be locked or close', () => {
    const house = new House().register('a', ['admin'])
    for (const message of [set('customer'), { type: 'account.lock' }, { type: 'account.close' }] as const) {
      expect(house.say(message)).toEqual({ type: 'account.done' })
      expect(house.view()).toMatchObject({ state: 'active', roles: ['admin'], isWaiting: false })
    }
    expect(house.admins).toEqual(['a'])
  })

  test('the last but one can', () => {
    for (const [message, state] of [
      [set('staff'), 'active'],
      [{ type: 'account.lock' }, 'locked'],
      [{ type: 'account.close' }, 'closed'],
    ] as const) {
      const house = new House().register('a', ['admin']).register('b', ['admin'])
      house.say(message)
      expect([house.view().state, house.admins]).toEqual([state, ['b']])
    }
  })

  test('a role that is given counts, and a lock that is taken back counts again', () => {
    const house = new House().register('a', ['admin']).register('b')
    house.say(set('customer', 'admin'), 'b')
    house.say({ type: 'account.lock' })
    expect(house.admins).toEqual(['b'])
    house.say(set('customer'), 'b')
    expect(house.view('b').roles).toContain('admin')
    house.say({ type: 'account.unlock' })
    house.say(set('customer'), 'b')
    expect([house.view('b').roles, house.admins]).toEqual([['customer'], ['a']])
  })

  test('while one change waits for the roll, another is told so', () => {
    const stage = new Stage(account, 'a')
    stage.send({
      type: 'account.register',
      address: 'x',
      email: 'a@b.c',
      hash: password,
      roles: ['admin'],
    })
    stage.send({ type: 'address.confirmed' })
    stage.send(set('staff'))
    for (const message of [set('customer'), { type: 'account.lock' }, { type: 'account.close' }]) {
      expect(stage.send(message)).toEqual([{ kind: 'reply', message: { type: 'account.waiting' } }])
    }
    expect(stage.send({ type: 'account.ask-again' })).toContainEqual({
      kind: 'tell',
      to: 'admin-roll/all',
      message: { type: 'roll.leave', account: 'a', wish: 1 },
    })
    // An answer to a wish that is over decides nothing.
    stage.send({ type: 'roll.refused', wish: 1 })
    stage.send(set('staff'))
    stage.send({ type: 'roll.left', wish: 1 })
    expect(stage.query<AccountView>('view')).toMatchObject({ roles: ['admin'], isWaiting: true })
    stage.send({ type: 'roll.left', wish: 2 })
    expect(stage.query<AccountView>('view')).toMatchObject({ roles: ['staff'], isWaiting: false })
  })

  test('whatever the order of messages, one stays', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      let n = 0
      const house = new House((bound) => drawInteger(bound, seed, 'channel', n++))
      house.register('a', ['admin']).register('b', ['admin']).register('c', ['admin'])
      house.tell(accountRef('a'), set('staff'))
      house.tell(accountRef('b'), { type: 'account.lock' })
      house.tell(accountRef('c'), { type: 'account.close' })
      house.settle()
      const left = ['a', 'b', 'c'].filter((id) => {
        const { state, roles } = house.view(id)
        return state === 'active' && roles.includes('admin')
      })
      expect([left.length, left]).toEqual([1, house.admins])
    }
  })
})

describe('closing', () => {
  test('gives the address back, ends sessions and profile, and leaves nothing of the person', () => {
    const house = new House().register()
    house.say(login(1))
    house.say({ type: 'account.close' })
    expect(house.view()).toMatchObject({ state: 'closed', email: '', sessions: expect.anything() })
    expect([house.stateOf(1), house.stage(profileRef('a')).state]).toEqual(['revoked', 'closed'])
    expect([house.stage(walletRef('a')).state, house.stage(inboxRef('a')).state]).toEqual([
      'closed',
      'closed',
    ])
    expect(house.stage(addressRef('address-of-a')).query('view')).toEqual({ state: 'free', account: null })
    expect(house.unhandled).toEqual([])
    house.register('b', ['customer'], 'address-of-a')
    expect(house.view('b').state).toBe('active')
  })

  test('asks again while the address is silent', () => {
    const stage = new Stage(account, 'a')
    stage.send({
      type: 'account.register',
      address: 'x',
      email: 'a@b.c',
      hash: password,
      roles: ['customer'],
    })
    stage.send({ type: 'address.confirmed' })
    stage.send({ type: 'account.close' })
    reached.add(`account:${stage.state}`)
    const ask = { kind: 'tell', to: 'address/x', message: { type: 'address.release', account: 'a' } }
    expect(stage.send({ type: 'account.ask-again' })).toContainEqual(ask)
    expect(stage.send({ type: 'account.close' })).toEqual([
      { kind: 'reply', message: { type: 'account.done' } },
    ])
  })
})

afterAll(() => expect(unreached(account, reached)).toEqual([]))
