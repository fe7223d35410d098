/**
 * A guest with an account: registers, logs in and renews the session a moment before ordering.
 *
 * The messages are the gateway's, in its order, and each is sent until it is answered.
 *
 * Owns:     who the member is, and what it was given for the number that it presented.
 * Does not: order (`guest.ts`), or know a password or a token: actors never see one.
 *
 * Invariants:
 *   M1. Whatever is lost on the way, the first number is exchanged for the second or for nothing.
 */
import type { ActorId, Message } from '#actor'
import { type AccountView, accountRef, addressRef, sessionKeyOf, sessionRef } from '#actors'
import type { Answer } from './door.ts'
import { isWorthRepeating } from './door.ts'
import type { Restaurant } from './guest.ts'

const triesMax = 20
const timeoutMs = 5_000
// Between two tries: 200 ms, 400 ms, … 5 s.
const backoffUs = (tries: number): number => Math.min(5_000_000, 200_000 * 2 ** Math.min(tries - 1, 6))

export class SimMember {
  readonly account: string
  readonly #key: string
  readonly #restaurant: Restaurant
  readonly #isTwice: boolean

  /** `isTwice`: renews the session once more with the same number, as a client that never heard the answer. */
  constructor(account: string, key: string, isTwice: boolean, restaurant: Restaurant) {
    this.account = account
    this.#key = key
    this.#isTwice = isTwice
    this.#restaurant = restaurant
  }

  signIn(done: () => void): void {
    const { account } = this
    const address = `address-of-${account}`
    const session = sessionKeyOf(account, 'first')
    const register = {
      type: 'account.register',
      address,
      email: `${account}@guests.example`,
      hash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
      roles: ['customer'],
    } as Message
    const login = { type: 'account.login', session } as Message
    const logIn = (): void => this.#say(accountRef(account), login, done, () => this.#renew(session, done))
    this.#say(addressRef(address), { type: 'address.claim', account } as Message, done, () =>
      this.#say(accountRef(account), register, done, () => this.#whenKnown(1, logIn, done), this.#key),
    )
  }

  #whenKnown(looks: number, then: () => void, giveUp: () => void): void {
    this.#restaurant.door.query(accountRef(this.account), 'view', (answer) => {
      if (answer.kind === 'answer' && (answer.value as AccountView).state === 'active') then()
      else if (looks >= triesMax) giveUp()
      else this.#later(backoffUs(looks), () => this.#whenKnown(looks + 1, then, giveUp))
    })
  }

  #renew(session: string, done: () => void): void {
    const renew = (then: () => void): void =>
      this.#say(sessionRef(session), { type: 'session.rotate', counter: 1 } as Message, done, (answer) => {
        const given = answer.kind === 'done' ? (answer.reply as { counter?: number } | undefined) : undefined
        if (given?.counter !== undefined && given.counter !== 2)
          this.#restaurant.complaints.add(`session/${session} gave ${given.counter} for 1`)
        then()
      })
    renew(() => (this.#isTwice ? renew(done) : done()))
  }

  /** Until it is answered. What is not `done` then ends the errand. */
  #say(
    to: ActorId,
    message: Message,
    giveUp: () => void,
    then: (answer: Answer) => void,
    key?: string,
    tries = 1,
  ): void {
    const answered = (answer: Answer): void => {
      const isEarly = answer.kind === 'unknown' && message.type === 'session.rotate'
      if (answer.kind === 'done') then(answer)
      else if (!(isEarly || isWorthRepeating(answer)) || tries >= triesMax) giveUp()
      else this.#later(backoffUs(tries), () => this.#say(to, message, giveUp, then, key, tries + 1))
    }
    const { door } = this.#restaurant
    if (key !== undefined) door.command(to, message, `${key}:register`, answered)
    else door.send({ actor: to, body: { kind: 'command', message }, timeoutMs }, answered)
  }

  #later(delayUs: number, run: () => void): void {
    this.#restaurant.cluster.timeline.after(delayUs, run)
  }
}
