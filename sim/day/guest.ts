/**
 * One guest of a simulated day, from the wish to the plate.
 *
 * Owns:     the guest's own log: what was asked, what was answered, and what the guest therefore believes.
 * Does not: decide who comes or what they want (`guests.ts`).
 *
 * Invariants:
 *   G1. Every try to place an order carries the same key.
 *   G2. An order is acknowledged only by an answer that this guest received; it is refused only if no try of it
 *       can have been heard.
 */
import { type ActorId, draw, type Instant, type Message } from '#actor'
import type { InboxMessage, MenuItem, OrderMessage, OrderView, WebhookMessage } from '#actors'
import { defaultPreferences, inboxRef, orderRef, paymentRef, quote, webhookRef } from '#actors'
import { bouncing, testTokens } from '#outside'
import type { ReadsCheck, SimCluster } from '#sim'
import type { GuestOrder } from './checks/orders.ts'
import { settledStates } from './checks/orders.ts'
import type { Problems } from './checks/problems.ts'
import type { Answer, Door } from './door.ts'
import { isWorthRepeating, orderIdOf } from './door.ts'
import type { GuestPlan } from './guests.ts'
import { SimMember } from './member.ts'

/** What a guest sees of the restaurant. */
export interface Restaurant {
  readonly cluster: SimCluster
  readonly door: Door
  readonly site: string
  readonly menu: () => readonly MenuItem[]
  readonly reads: ReadsCheck
  readonly complaints: Problems
}

const settledNames: ReadonlySet<string> = new Set(settledStates)

// Between two tries of one request: 200 ms, 400 ms, … 5 s.
const backoffUs = (tries: number): number => Math.min(5_000_000, 200_000 * 2 ** Math.min(tries - 1, 6))
const triesMax = 20
const lookAgainUs = 3 * 60_000_000
const looksMax = 200
const repeatAfterUs = 2_000_000
/** Everybody looks once whether the order is really there. */
const glanceAfterUs = 1_000_000
/** Of members: whose mailbox is not there, who wants text messages, who has a program that listens. */
const bouncingShare = 0.02
const textingShare = 0.2
const listeningShare = 0.1

export class SimGuest {
  readonly plan: GuestPlan
  readonly order: string
  /** Milliseconds from the intended time to the acknowledgement. */
  latencyMs: number | undefined
  #restaurant: Restaurant
  readonly #member: SimMember | undefined
  #outcome: GuestOrder['outcome'] = 'unknown'
  #acknowledgedAt: Instant | undefined
  #mayHaveBeenHeard = false
  #errands = 0

  constructor(plan: GuestPlan, restaurant: Restaurant) {
    this.plan = plan
    this.order = orderIdOf(plan.key)
    this.#restaurant = restaurant
    if (plan.isMember) this.#member = new SimMember(this.#account, plan.key, plan.repeats, restaurant)
  }

  /** A member logs in a moment before ordering. An order counts as the account's also where that does not work in time. */
  comeIn(): void {
    this.#errand(0, (done) => (this.#member === undefined ? done() : this.#member.signIn(done)))
  }

  /** Nothing more is wanted or awaited. */
  get isGone(): boolean {
    return this.#errands === 0
  }

  get log(): GuestOrder {
    const acknowledgedAt = this.#acknowledgedAt
    return {
      order: this.order,
      outcome: this.#outcome,
      ...(acknowledgedAt === undefined ? {} : { acknowledgedAt }),
    }
  }

  arrive(): void {
    const { menu, site } = this.#restaurant
    const { plan } = this
    const { items, needs, total } = quote(menu(), plan.wishes)
    const message: OrderMessage = {
      type: 'order.place',
      site,
      items: [...items],
      needs: [...needs],
      total,
      serve: plan.serve,
      promisedAt: plan.at + plan.promiseUs,
      ...(plan.revision === undefined && { token: testTokens[plan.card] }),
      ...(plan.isMember && { guest: this.#account }),
    }
    if (plan.isMember) this.#register()
    this.#errands += 1
    this.#place(message, total, 1)
  }

  get #account(): string {
    return `guest-${this.plan.n}`
  }

  /** Says where letters go. Some want text messages as well, some have a program that listens. */
  #register(): void {
    const account = this.#account
    const habit = draw(0, `${this.plan.key}.habit`)
    const prefer: InboxMessage = {
      type: 'inbox.prefer',
      contact: {
        email: `${habit < bouncingShare ? bouncing : 'mail'}.${account}@example.org`,
        phone: `+49301${String(this.plan.n).padStart(6, '0')}`,
      },
      ...(habit > 1 - textingShare && {
        preferences: { ...defaultPreferences, ready: ['in-app', 'email', 'sms', 'push'] },
      }),
    }
    this.#settle(inboxRef(account), prefer, 'prefer')
    if (draw(0, `${this.plan.key}.habit`, 1) >= listeningShare) return
    const create: WebhookMessage = {
      type: 'webhook.create',
      account,
      url: 'https://example.org/orders',
      events: ['order.created', 'order.ready', 'order.completed'],
    }
    this.#settle(webhookRef(`whk_${account}`), create, 'webhook')
  }

  #settle(actor: ActorId, message: Message, what: string): void {
    this.#errand(0, (done) => this.#insist(message, what, 1, done, actor))
  }

  #place(message: OrderMessage, total: number, tries: number): void {
    this.#command(message, this.plan.key, (answer) => {
      const leavesAt = this.plan.at + this.plan.patienceUs
      if (answer.kind === 'done') this.#acknowledged(message, total)
      else if (answer.kind === 'timeout' || answer.kind === 'running') this.#mayHaveBeenHeard = true
      if (answer.kind === 'done') return
      if (isWorthRepeating(answer) && this.#restaurant.cluster.worldNow < leavesAt) {
        this.#later(backoffUs(tries), () => this.#place(message, total, tries + 1))
      } else {
        this.#outcome = this.#mayHaveBeenHeard ? 'unknown' : 'refused'
        this.#errands -= 1
      }
    })
  }

  #acknowledged(message: OrderMessage, total: number): void {
    const { plan } = this
    const now = this.#restaurant.cluster.worldNow
    this.#outcome = 'acknowledged'
    this.#acknowledgedAt = now
    this.latencyMs = (now - plan.at) / 1_000
    this.#errand(glanceAfterUs, (done) => this.#view(done))
    if (plan.repeats) this.#errand(repeatAfterUs, (done) => this.#command(message, plan.key, done))
    if (plan.cancelAfterUs !== undefined) {
      this.#errand(plan.cancelAfterUs, (done) => this.#insist({ type: 'order.cancel' }, 'cancel', 1, done))
    }
    for (const [n, share] of plan.refund?.shares.entries() ?? []) {
      this.#errand(plan.refund?.afterUs ?? 0, (done) => this.#complain(n, Math.ceil(share * total), done))
    }
    if (plan.revision !== undefined) this.#errand(plan.revision.afterUs, (done) => this.#revise(done))
    if (plan.serve === 'collect' && plan.collects) {
      this.#errand(Math.max(0, plan.at + plan.promiseUs - now), (done) => this.#look(1, done))
    }
    this.#errands -= 1
  }

  /** Would have something else, and pays for whatever the pantry had. */
  #revise(done: () => void): void {
    const { plan } = this
    const { items, needs, total } = quote(this.#restaurant.menu(), plan.revision?.wishes ?? plan.wishes)
    const promisedAt = plan.at + plan.promiseUs
    const message = { type: 'order.revise', items: [...items], needs: [...needs], total, promisedAt } as const
    this.#insist(message, 'revise', 1, () => this.#pay(1, done))
  }

  /** It is not to be paid for as long as the pantry is asked. */
  #pay(tries: number, done: () => void): void {
    const message: OrderMessage = { type: 'order.pay', token: testTokens[this.plan.card] }
    this.#command(message, `${this.plan.key}:pay`, (answer) => {
      const isSoon = answer.kind === 'not-accepted' && isAsking(answer.state)
      if ((!isSoon && !isWorthRepeating(answer)) || tries >= triesMax) done()
      else this.#later(backoffUs(tries), () => this.#pay(tries + 1, done))
    })
  }

  /** Looks whether it is ready, and again, until it is or never will be. */
  #look(looks: number, done: () => void): void {
    this.#view((answer) => {
      const state = answer.kind === 'answer' ? (answer.value as OrderView).state : undefined
      if (state === 'ready') this.#insist({ type: 'order.collect' }, 'collect', 1, done)
      else if (looks >= looksMax || isOver(answer, state)) done()
      else this.#later(lookAgainUs, () => this.#look(looks + 1, done))
    })
  }

  #view(done: (answer: Answer) => void): void {
    const { door, reads, complaints } = this.#restaurant
    const order = orderRef(this.order)
    const problemOf = reads.asked(order)
    door.query(order, 'view', (answer) => {
      const problem = answer.kind === 'unreachable' ? undefined : problemOf(answer)
      if (problem !== undefined) complaints.add(problem)
      done(answer)
    })
  }

  /** Somebody of the house gives money back, as it would for a guest who complains. */
  #complain(n: number, amount: number, done: () => void): void {
    const message = { type: 'payment.refund', refund: `re_${this.order}_${n}`, amount } as Message
    this.#insist(message, `refund-${n}`, 1, done, paymentRef(this.order))
  }

  #insist(message: Message, what: string, tries: number, done: () => void, to?: ActorId): void {
    const answered = (answer: Answer): void => {
      if (!isWorthRepeating(answer) || tries >= triesMax) done()
      else this.#later(backoffUs(tries), () => this.#insist(message, what, tries + 1, done, to))
    }
    this.#command(message, `${this.plan.key}:${what}`, answered, to)
  }

  #errand(afterUs: number, begin: (done: () => void) => void): void {
    this.#errands += 1
    this.#later(afterUs, () =>
      begin(() => {
        this.#errands -= 1
      }),
    )
  }

  #command(
    message: Message,
    key: string,
    done: (answer: Answer) => void,
    to: ActorId = orderRef(this.order),
  ): void {
    this.#restaurant.door.command(to, message, key, done)
  }

  #later(delayUs: number, run: () => void): void {
    this.#restaurant.cluster.timeline.after(delayUs, run)
  }
}

const isAsking = (state: unknown): boolean =>
  state === 'placed' || state === 'reserving' || state === 'revising'

function isOver(answer: Answer, state: string | undefined): boolean {
  if (answer.kind === 'archived' || answer.kind === 'unknown') return true
  return state !== undefined && settledNames.has(state)
}
