/**
 * One guest of a live day: the same plan as in the simulator, carried out over HTTP.
 *
 * Owns:     the guest's own log: what was asked, what was answered, and what the guest therefore believes.
 * Does not: decide who comes or what they want (`#day`). No member of a live day has a program that listens: a webhook
 *           would call somebody out there.
 *
 * Invariants:
 *   G1. Every try to place an order carries the same key.
 *   G2. An order is acknowledged only by an answer that this guest received; it is refused only if no try of it
 *       can have been heard.
 *
 * How long a guest stays at the table is a matter of the restaurant's time. How long one goes on asking a door
 * that does not answer is a matter of this machine's: a failover takes no less because the world runs faster.
 */
import type { Instant } from '#actor'
import { durationMs, durationUs, type GuestOrder, type GuestPlan, settledStates } from '#day'
import { testTokens } from '#outside'
import { Account } from './account.ts'
import type { DayClock } from './day-clock.ts'
import { type Answer, type Asked, ask, insist } from './requests.ts'
import type { Staff } from './staff.ts'

export interface GuestWorld {
  readonly url: string
  readonly clock: DayClock
  /** Of this run: keys of two runs never meet. At least 16 characters. */
  readonly run: string
  /** Whom guests complain to. Without it nobody does. */
  readonly staff?: Staff
  /** Told at each change, and at each complaint. */
  changed?(guest: LiveGuest): void
}

/** What a guest holds in hand once an order is acknowledged. */
export interface Receipt {
  readonly order: string
  readonly token: string
  /** In the smallest unit of the currency, as the guest last saw it: an order that was revised has another. */
  readonly total: number
  /** Microseconds since the day's midnight. */
  readonly acknowledgedAt: number
}

interface ShownOrder {
  readonly id: string
  readonly state: string
  readonly version: number
  readonly total: { readonly amount: number }
  readonly orderToken?: string
}

/** Of a guest's state: refused, or without an answer that they could wait for. */
export const isWithoutOrder = (state: string): boolean => state === 'turned away' || state === 'unsure'

/** An order of which the pantry is asked: it cannot be paid for in these. */
const asking: ReadonlySet<string> = new Set(['placed', 'reserving', 'revising'])
const settledNames: ReadonlySet<string> = new Set(settledStates)
const lookFirstMs = 300
const lookAgainMs = 1_500
const repeatAfterMs = 2_000
/** Whoever asks to cancel or to collect goes on asking for so long. */
const errandMs = durationMs('1m')
/** A member logs in so long before ordering. */
const memberEarlyUs = durationUs('1m')

export class LiveGuest {
  readonly plan: GuestPlan
  readonly key: string
  /** `coming`, `ordering`, then the state of the order as the guest last saw it; `turned away` or `unsure` without one. */
  state = 'coming'
  receipt: Receipt | undefined
  /** Milliseconds from the intended time to the acknowledgement. */
  latencyMs: number | undefined
  /** What the guest was told that cannot be: an order that is gone, a second one for the same key. */
  readonly complaints: string[] = []
  #outcome: GuestOrder['outcome'] = 'unknown'
  readonly #world: GuestWorld
  /** Of a member. */
  readonly #account: Account | undefined
  #accountId: string | undefined

  constructor(plan: GuestPlan, world: GuestWorld) {
    this.plan = plan
    this.key = `${world.run}-${plan.key}`
    this.#world = world
    if (!plan.isMember) return
    this.#account = new Account(world.url, {
      email: `${this.key}@guests.example`,
      password: `the word of ${this.key}`,
    })
  }

  get isSettled(): boolean {
    return settledNames.has(this.state)
  }

  /** `orderOf` knows which order a key would have made, of an account if need be: a guest without an answer does not. */
  log(orderOf: (key: string, account?: string) => string): GuestOrder {
    const { receipt } = this
    if (receipt === undefined) return { order: orderOf(this.key, this.#accountId), outcome: this.#outcome }
    return {
      order: receipt.order,
      outcome: this.#outcome,
      acknowledgedAt: receipt.acknowledgedAt as Instant,
    }
  }

  /** Comes at its time, and resolves when nothing more is wanted or awaited. */
  async visit(): Promise<void> {
    await Promise.all([this.#signIn(), this.#world.clock.reached(this.plan.at)])
    this.#see('ordering')
    const receipt = await this.#place()
    if (receipt !== undefined) await this.#stay(receipt)
  }

  /** Goes on with an order that was acknowledged before this process began. */
  async goOn(receipt: Receipt): Promise<void> {
    this.receipt = receipt
    this.#outcome = 'acknowledged'
    this.#see('placed')
    await this.#stay(receipt)
  }

  /** Registers, logs in and renews the session. A session that is not renewed is not needed to order. */
  async #signIn(): Promise<void> {
    const { clock } = this.#world
    const { plan } = this
    const account = this.#account
    if (account === undefined) return
    await clock.reached(plan.at - memberEarlyUs)
    const untilMs = this.#leavesAtMs
    const { answer } = await insist(clock, untilMs, () => account.register(`${this.key}-register`))
    if (answer.kind !== 'done') return
    this.#accountId = answer.body.id
    const given = await account.renew(plan.repeats ? 2 : 1, clock, untilMs)
    if (new Set(given).size > 1) this.#complain(`session of ${answer.body.id} gave two tokens for one`)
  }

  get #leavesAtMs(): number {
    return this.#world.clock.realMsOf(this.plan.at) + this.plan.patienceUs / 1_000
  }

  async #place(): Promise<Receipt | undefined> {
    const { clock } = this.#world
    const intendedMs = clock.realMsOf(this.plan.at)
    const { answer, heard } = await insist(clock, this.#leavesAtMs, () =>
      this.#send<ShownOrder>('', this.#order()),
    )
    if (answer.kind !== 'done') {
      this.#outcome = heard || answer.kind === 'unknown' ? 'unknown' : 'refused'
      this.#see(this.#outcome === 'refused' ? 'turned away' : 'unsure')
      return undefined
    }
    const { id, orderToken = '', total, state } = answer.body
    this.latencyMs = Math.round((performance.now() - intendedMs) * 1_000) / 1_000
    this.#outcome = 'acknowledged'
    this.receipt = { order: id, token: orderToken, total: total.amount, acknowledgedAt: clock.now() }
    this.#see(state)
    return this.receipt
  }

  async #stay(receipt: Receipt): Promise<void> {
    const { plan } = this
    await Promise.all([
      this.#follow(receipt),
      ...(plan.repeats ? [this.#repeat(receipt)] : []),
      ...(plan.cancelAfterUs === undefined ? [] : [this.#cancel(receipt, plan.cancelAfterUs)]),
      ...(plan.revision === undefined ? [] : [this.#revise(receipt, plan.revision)]),
      ...(plan.refund === undefined ? [] : [this.#complainOf(receipt, plan.refund)]),
    ])
  }

  /** Would have something else, and pays for whatever the pantry had. */
  async #revise(receipt: Receipt, { afterUs, wishes }: NonNullable<GuestPlan['revision']>): Promise<void> {
    await this.#world.clock.reached(receipt.acknowledgedAt + afterUs)
    await this.#errand(async () => {
      const seen = await this.#read(receipt)
      if (seen.kind !== 'done') return seen
      const { version } = seen.body
      const answer = await this.#send(
        `/${receipt.order}/items`,
        { items: itemsOf(wishes) },
        receipt,
        `revise-${version}`,
        {
          method: 'PATCH',
          match: version,
        },
      )
      return answer.kind === 'refused' && answer.status === 412 ? again : answer
    })
    await this.#errand(async () => {
      const token = testTokens[this.plan.card]
      const answer = await this.#send(`/${receipt.order}/payments`, { token }, receipt, 'pay')
      if (answer.kind !== 'refused' || answer.code !== 'invalid-transition') return answer
      const seen = await this.#read(receipt)
      return seen.kind !== 'done' || asking.has(seen.body.state) ? again : answer
    })
  }

  /** The house gives back these shares of the bill, all of them at once, if there is so much to give back. */
  async #complainOf(receipt: Receipt, { afterUs, shares }: NonNullable<GuestPlan['refund']>): Promise<void> {
    const { clock, staff } = this.#world
    if (staff === undefined) return
    await clock.reached(receipt.acknowledgedAt + afterUs)
    await Promise.all(
      shares.map((share, n) =>
        staff.refund(receipt.order, Math.ceil(share * receipt.total), `${this.key}-refund-${n}`),
      ),
    )
  }

  async #repeat(receipt: Receipt): Promise<void> {
    const { clock } = this.#world
    await clock.pause(repeatAfterMs)
    const { answer } = await this.#errand(() => this.#send<ShownOrder>('', this.#order()))
    if (answer.kind === 'done' && answer.body.id !== receipt.order) {
      this.#complain(`order/${answer.body.id} was made of the key of order/${receipt.order}`)
    }
  }

  async #cancel(receipt: Receipt, afterUs: number): Promise<void> {
    await this.#world.clock.reached(receipt.acknowledgedAt + afterUs)
    await this.#errand(() => this.#send(`/${receipt.order}/cancellation`, undefined, receipt, 'cancel'))
  }

  /** Looks at it until it is settled, and collects it when it is ready. */
  async #follow(receipt: Receipt): Promise<void> {
    const { clock } = this.#world
    const { plan } = this
    const wantsAt = plan.at + plan.promiseUs
    for (let pauseMs = lookFirstMs; !this.isSettled; pauseMs = lookAgainMs) {
      await clock.pause(pauseMs)
      const answer = await this.#read(receipt)
      if (answer.kind === 'refused' && answer.status === 404) {
        this.#complain(`order/${receipt.order} was acknowledged, and is gone`)
        return
      }
      if (answer.kind !== 'done') continue
      this.receipt = { ...receipt, total: answer.body.total.amount }
      this.#see(answer.body.state)
      if (answer.body.state !== 'ready' || !plan.collects || plan.serve !== 'collect') continue
      if (clock.now() < wantsAt) continue
      await this.#errand(() => this.#send(`/${receipt.order}/collection`, undefined, receipt, 'collect'))
    }
  }

  #errand<Body>(send: () => Promise<Answer<Body>>): Promise<{ readonly answer: Answer<Body> }> {
    return insist(this.#world.clock, performance.now() + errandMs, send)
  }

  #read({ order, token }: Receipt): Promise<Answer<ShownOrder>> {
    return this.#ask(`/orders/${order}`, { headers: { 'x-order-token': token } })
  }

  /** Who may change their mind pays later. */
  #order(): unknown {
    const { wishes, card, serve, revision } = this.plan
    return {
      items: itemsOf(wishes),
      ...(revision === undefined && { payment: { token: testTokens[card] } }),
      serve,
    }
  }

  #send<Body>(
    path: string,
    body: unknown,
    receipt?: Receipt,
    what?: string,
    { method = 'POST', match }: { readonly method?: 'POST' | 'PATCH'; readonly match?: number } = {},
  ): Promise<Answer<Body>> {
    return this.#ask<Body>(`/orders${path}`, {
      method,
      body,
      headers: {
        'idempotency-key': what === undefined ? this.key : `${this.key}-${what}`,
        ...(match !== undefined && { 'if-match': `"${match}"` }),
        ...(receipt && { 'x-order-token': receipt.token }),
      },
    })
  }

  /** A member asks as the account that the order is of, without its token. */
  #ask<Body>(path: string, asked: Asked): Promise<Answer<Body>> {
    if (this.#account === undefined) return ask(`${this.#world.url}/api/v1${path}`, asked)
    const { 'x-order-token': _, ...headers } = asked.headers ?? {}
    return this.#account.ask(path, { ...asked, headers })
  }

  #complain(words: string): void {
    this.complaints.push(words)
    this.#world.changed?.(this)
  }

  #see(state: string): void {
    if (state === this.state) return
    this.state = state
    this.#world.changed?.(this)
  }
}

/** Nothing has come of it: it is to be tried once more. */
const again = { kind: 'unknown', retryAfterMs: 0 } as const

const itemsOf = (wishes: GuestPlan['wishes']) => wishes.map(({ dish, quantity }) => ({ dish, quantity }))
