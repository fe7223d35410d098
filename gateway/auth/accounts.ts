/**
 * What the gateway asks of accounts, addresses, sessions and profiles, for the routes of both listeners.
 *
 * Owns:     the order of a registration, and waiting for what those actors settle among themselves.
 * Does not: know HTTP beyond problems, or hash a password.
 *
 * Invariants:
 *   A1. A registration that was broken off anywhere is finished by a retry with the same key, through any gateway.
 */
import type { ActorId, Message } from '#actor'
import {
  type AccountMessage,
  type AccountRole,
  type AccountView,
  type AddressView,
  accountRef,
  addressRef,
  type Credentials,
  type ProfileMessage,
  type ProfileView,
  profileRef,
  type SessionMessage,
  type SessionView,
  sessionRef,
} from '#actors'
import type { Outcome } from '#ports'
import type { ClusterClient } from '../cluster-client.ts'
import type { Keyring } from '../keyring.ts'
import { answerOf, doneOf, Problem } from '../problems.ts'
import { settled } from '../waiting.ts'

export interface Versioned<T> {
  readonly view: T
  readonly version: number
}

export interface Registration {
  /** Derived from the idempotency key. */
  readonly account: string
  readonly key: string
  /** Of the body, keyed: there is a password in it. */
  readonly fingerprint: string
  readonly email: string
  readonly roles: readonly AccountRole[]
  readonly name?: string
  readonly locale?: string
}

export const accountIdOf = (intent: string): string => `usr_${intent.slice(0, 32)}`

/** E-mail addresses that differ only in this are one. */
export const normalised = (email: string): string => email.normalize('NFKC').trim().toLowerCase()

/** Asked about like an account when there is none, so that an answer takes as long. */
const nobody = 'usr_nobody'

type Handled = Extract<Outcome, { readonly kind: 'done' }>

export class Accounts {
  readonly #client: ClusterClient
  readonly #serviceKeyring: Keyring
  readonly #timeoutMs: () => number

  constructor(client: ClusterClient, serviceKeyring: Keyring, timeoutMs: () => number) {
    this.#client = client
    this.#serviceKeyring = serviceKeyring
    this.#timeoutMs = timeoutMs
  }

  /**
   * Resolves when the account is there and its address belongs to it; tells whether it was there before.
   *
   * @throws Problem `email-taken`, and what cannot be reached.
   */
  async register(
    registration: Registration,
    hash: () => Promise<string>,
    trace: string,
  ): Promise<{ readonly isReplayed: boolean }> {
    const { account, key, fingerprint, roles, name, locale } = registration
    const email = normalised(registration.email)
    const address = this.#addressKeyOf(email)
    // A retry does not claim again: its account may have been closed since, and the address be another's.
    if ((await this.find(account, trace)) === undefined) await this.#claim(address, account, email, trace)
    const message: AccountMessage = {
      type: 'account.register',
      address,
      email,
      hash: await hash(),
      roles: [...roles],
      ...(name !== undefined && { name }),
      ...(locale !== undefined && { locale }),
    }
    const outcome = await this.#client.request({
      actor: accountRef(account),
      body: { kind: 'command', message },
      key,
      fingerprint,
      timeoutMs: this.#timeoutMs(),
      trace,
    })
    const handled = doneOf(outcome, `Account '${account}'`)
    const { view } = await this.#settled(account, trace, ({ state }) => state !== 'registering')
    if (view.state === 'refused') throw taken(email)
    return { isReplayed: handled.replayed === true }
  }

  /** What a password for this address is checked against; without an account after the same questions. */
  async credentialsOf(
    email: string,
    trace: string,
  ): Promise<(Credentials & { readonly account: string }) | undefined> {
    const address = await this.#queried<AddressView>(
      addressRef(this.#addressKeyOf(normalised(email))),
      'view',
      trace,
    )
    const owner = address?.view.state === 'confirmed' ? address.view.account : null
    const account = owner ?? nobody
    const credentials = await this.#queried<Credentials>(accountRef(account), 'credentials', trace)
    return credentials && { account, ...credentials.view }
  }

  async find(account: string, trace: string): Promise<Versioned<AccountView> | undefined> {
    return this.#queried<AccountView>(accountRef(account), 'view', trace)
  }

  async read(account: string, trace: string): Promise<Versioned<AccountView>> {
    const found = await this.find(account, trace)
    if (found === undefined) throw new Problem('not-found', `Account '${account}' does not exist.`)
    return found
  }

  async profileOf(account: string, trace: string): Promise<Versioned<ProfileView>> {
    const found = await this.#queried<ProfileView>(profileRef(account), 'view', trace)
    if (found === undefined) throw new Problem('not-found', `Account '${account}' has no profile.`)
    return found
  }

  /** Undefined: there is none, or it has ended. */
  async sessionOf(session: string, trace: string): Promise<SessionView | undefined> {
    const found = await this.#queried<SessionView>(sessionRef(session), 'view', trace)
    return found === undefined || ended.has(found.view.state) ? undefined : found.view
  }

  /** Resolves when the session can be asked for. @throws Problem when it is not opened in time. */
  async opened(session: string, trace: string): Promise<void> {
    const read = () => this.sessionOf(session, trace)
    const found = await settled(
      this.#client,
      sessionRef(session),
      read,
      (view) => view !== undefined,
      this.#timeoutMs(),
    )
    if (found === undefined) throw new Problem('actor-timeout', 'The session was not opened in time.')
  }

  async tell(
    to: ActorId,
    message: AccountMessage | SessionMessage | ProfileMessage,
    trace: string,
    ifVersion?: number,
  ): Promise<Outcome> {
    return this.#client.request({
      actor: to,
      body: { kind: 'command', message },
      timeoutMs: this.#timeoutMs(),
      trace,
      ...(ifVersion !== undefined && { ifVersion }),
    })
  }

  /**
   * Tells an account to change, and how it stands when it has, or has been refused by the roll of admins.
   *
   * @throws Problem `last-admin` when `isDone` does not hold then.
   */
  async change(
    account: string,
    message: AccountMessage,
    isDone: (view: AccountView) => boolean,
    trace: string,
    ifVersion?: number,
  ): Promise<Versioned<AccountView>> {
    const what = `Account '${account}'`
    const outcome = await this.tell(accountRef(account), message, trace, ifVersion)
    if (typeOfReply(doneOf(outcome, what)) === 'account.waiting') {
      throw new Problem('request-in-progress', `Another change of account '${account}' is not finished yet.`)
    }
    const found = await this.#settled(account, trace, ({ isWaiting }) => !isWaiting)
    if (found.view.isWaiting) throw new Problem('actor-timeout', `${what} was not changed in time.`)
    if (isDone(found.view)) return found
    throw new Problem('last-admin', `${what} is the last admin.`)
  }

  async #claim(address: string, account: string, email: string, trace: string): Promise<void> {
    const outcome = await this.#client.request({
      actor: addressRef(address),
      body: { kind: 'command', message: { type: 'address.claim', account } as Message },
      timeoutMs: this.#timeoutMs(),
      trace,
    })
    const { reply } = doneOf(outcome, 'The e-mail address')
    if ((reply as (Message & AddressView) | undefined)?.account !== account) throw taken(email)
  }

  async #settled(
    account: string,
    trace: string,
    isSettled: (view: AccountView) => boolean,
  ): Promise<Versioned<AccountView>> {
    return settled(
      this.#client,
      accountRef(account),
      () => this.read(account, trace),
      ({ view }) => isSettled(view),
      this.#timeoutMs(),
    )
  }

  async #queried<T>(actor: ActorId, name: string, trace: string): Promise<Versioned<T> | undefined> {
    const outcome = await this.#client.request({
      actor,
      body: { kind: 'query', name },
      timeoutMs: this.#timeoutMs(),
      trace,
    })
    if (outcome.kind === 'unknown') return undefined
    const { value, version } = answerOf(outcome, `'${actor}'`)
    return { view: value as T, version }
  }

  /** Whoever has the data and not the service key cannot find an address in it by trying. */
  #addressKeyOf(email: string): string {
    return this.#serviceKeyring.digest(`e-mail address\n${email}`)
  }
}

const ended: ReadonlySet<string> = new Set(['revoked', 'expired'])

const taken = (email: string): Problem =>
  new Problem('email-taken', `There is an account for ${email} already.`)

export const typeOfReply = ({ reply }: Handled): string | undefined => reply?.type
